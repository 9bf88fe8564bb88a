"""Who is not who they say: refused at the gateway, and again by the service behind it."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from functools import partial
from typing import Any

import httpx
import pytest
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from deploy.local.places import SERVICES
from tests.journeys.home import Home, SignedIn, eventually, refused

pytestmark = pytest.mark.xdist_group("house")

ENDED = 5.0


def encoded(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def parts_of(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    header, claims, _ = token.split(".")
    return tuple(json.loads(base64.urlsafe_b64decode(part + "==")) for part in (header, claims))


def rs256(header: dict[str, Any], claims: dict[str, Any], key: rsa.RSAPrivateKey) -> str:
    said = f"{encoded(json.dumps(header).encode())}.{encoded(json.dumps(claims).encode())}"
    return f"{said}.{encoded(key.sign(said.encode(), padding.PKCS1v15(), hashes.SHA256()))}"


def is_refused(person: SignedIn) -> bool:
    return person.get("/planning/v1/journal/head").status_code == 401


class Forge:
    """A good token, the very key that signed it, and what can be made of them."""

    def __init__(self, home: Home) -> None:
        self.good = home.somebody("facilitator", "34.71").token
        self.header, self.claims = parts_of(self.good)
        with home.database("registry") as connection:
            row = connection.execute(
                "SELECT private_pem FROM signing_keys WHERE kid = %s", [self.header["kid"]]
            ).fetchone()
        assert row is not None
        pem = Fernet(home.house.secrets["key_encryption"]).decrypt(bytes(row[0]))
        key = serialization.load_pem_private_key(pem, None)
        assert isinstance(key, rsa.RSAPrivateKey)
        self.key = key

    def signed(self, **claims: Any) -> str:
        return rs256(self.header, self.claims | claims, self.key)

    def bad(self) -> Iterator[tuple[str, str]]:
        now = int(time.time())
        other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        yield "another key", rs256(self.header, self.claims, other)
        yield "an unknown key", rs256(self.header | {"kid": "invented"}, self.claims, other)
        claims = encoded(json.dumps(self.claims).encode())
        yield "alg none", f"{encoded(json.dumps(self.header | {'alg': 'none'}).encode())}.{claims}."
        public = self.key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        said = f"{encoded(json.dumps(self.header | {'alg': 'HS256'}).encode())}.{claims}"
        yield "HS256", f"{said}.{encoded(hmac.new(public, said.encode(), hashlib.sha256).digest())}"
        yield "expired", self.signed(iat=now - 2000, exp=now - 1000)
        yield "another audience", self.signed(aud="elsewhere")
        yield "another issuer", self.signed(iss="https://elsewhere.example")
        changed = encoded(json.dumps(self.claims | {"regions": ["*"]}).encode())
        header, _, signature = self.good.split(".")
        yield "changed claims", f"{header}.{changed}.{signature}"
        yield "no token at all", "invented"


@pytest.fixture(scope="module")
def forge(home: Home) -> Forge:
    return Forge(home)


@pytest.mark.parametrize("service", SERVICES)
def test_a_bad_token_is_refused_by_the_gateway_and_by_the_service_behind_it(
    home: Home, forge: Forge, service: str
) -> None:
    path = f"/{service}/v1/journal/head"
    with home.direct(service) as direct:
        for http in (home.http, direct):
            # The forge's own hand is good: what follows is refused for its fault alone.
            assert SignedIn(http, forge.signed()).get(path).status_code == 200
            for _fault, token in forge.bad():
                refused(SignedIn(http, token).get(path), 401, "token.invalid")


def test_a_token_that_ended_is_refused_when_its_verification_is_cached(home: Home, forge: Forge) -> None:
    now = int(time.time())
    # The gateway forgives ten seconds of a clock that is wrong, the service five.
    brief = SignedIn(home.http, forge.signed(iat=now - 5, exp=now, jti="brief"))
    with home.direct("planning") as direct:
        for http in (direct, home.http):
            assert SignedIn(http, brief.token).get("/planning/v1/journal/head").status_code == 200
        for http in (direct, home.http):
            person = SignedIn(http, brief.token)
            eventually(partial(is_refused, person), within=now + 8 - time.time())
            refused(person.get("/planning/v1/journal/head"), 401, "token.invalid")


def test_a_suspended_account_is_refused_by_every_service_within_five_seconds(home: Home) -> None:
    username, account = home.open_account("facilitator", "34.71")
    person = home.sign_in(username)
    clients = {service: home.direct(service) for service in SERVICES}

    def replies() -> dict[str, httpx.Response]:
        return {
            name: SignedIn(http, person.token).get(f"/{name}/v1/journal/head", Cache_Control="no-cache")
            for name, http in clients.items()
        }

    assert {reply.status_code for reply in replies().values()} == {200}
    home.operator.act(f"/registry/v1/accounts/{account['id']}", "suspension").raise_for_status()
    eventually(lambda: all(reply.status_code == 401 for reply in replies().values()), within=ENDED)
    for service, reply in replies().items():
        refused(reply, 401, "account.suspended")
        refused(person.get(f"/{service}/v1/journal/head"), 401, "account.suspended")
        clients[service].close()
    again = home.http.post(
        "/registry/v1/tokens",
        data={"grant_type": "password", "username": username, "password": "sandi-contoh-panjang"},
    )
    assert again.status_code == 401
    home.operator.act(f"/registry/v1/accounts/{account['id']}", "suspension")


def test_a_refresh_token_used_twice_ends_its_whole_family(home: Home) -> None:
    username, _ = home.open_account("facilitator", "34.71")
    first = home.token(grant_type="password", username=username, password="sandi-contoh-panjang")
    second = home.token(grant_type="refresh_token", refresh_token=first["refresh_token"])
    for stolen in (first, second):
        reply = home.http.post(
            "/registry/v1/tokens", data={"grant_type": "refresh_token", "refresh_token": stolen["refresh_token"]}
        )
        refused(reply, 401, "credentials.wrong")
