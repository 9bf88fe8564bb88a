"""The gateway's own judgement: tokens, sizes, limits, routes, headers and problems in two languages."""

import base64
import json
import re
import subprocess
import time
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from deploy.local import gateway
from deploy.local.errors import RefusedError
from deploy.local.places import PROJECT
from shared.batch import BatchDraft, faults_of
from tests.architecture.reading import application
from tests.deploy.front import Front

BOARDS = "/registry/v1/boards"
PROBLEM_MEMBERS = {"type", "title", "status", "detail", "code", "instance", "request_id"}


def problem(answer: httpx.Response, *, status: int, code: str) -> dict[str, object]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    body: dict[str, object] = answer.json()
    assert set(body) == PROBLEM_MEMBERS
    assert body["status"] == status
    assert body["code"] == code
    assert body["type"] == f"/registry/v1/problems/{code}"
    assert body["instance"] == answer.request.url.path
    assert body["request_id"] == answer.headers["x-request-id"]
    return body


def test_the_configuration_is_valid(tmp_path: Path) -> None:
    ports = {"registry": 8001, "planning": 8002, "monitoring": 8003}
    config = tmp_path / "envoy.yaml"
    config.write_text(
        gateway.render(gateway.values(ports, host="::", port=8080, admin_port=9901, issuer="https://tridaya.id"))
    )
    subprocess.run(  # noqa: S603
        gateway.validation(config), check=True, capture_output=True
    )


def test_a_missing_value_is_named() -> None:
    with pytest.raises(RefusedError, match="no value for ADMIN_PORT, CORS_ORIGIN_REGEX, GATEWAY_HOST"):
        gateway.render({})


def test_what_is_slowed_down_one_by_one_comes_in_no_batch() -> None:
    blocks = re.split(r"^ +- name: ", gateway.TEMPLATE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    matched = re.compile(r"match: \{ (?:path: ([^,]+),|safe_regex: \{ regex: '\^([^']+)\$' \})")
    slowed = [block for block in blocks if "route:" in block and ("LocalRateLimit" in block or "*guesses" in block)]
    assert len(slowed) > 2
    for block in slowed:
        found = matched.search(block)
        assert found is not None, block
        for address in expanded(found[1] or found[2]):
            service = application(address.split("/")[1])
            item = {"method": "POST", "path": address, "idempotency_key": "k"}
            draft = BatchDraft.model_validate({"requests": [item]})
            assert faults_of(draft, service=service.state.service, alone=service.state.alone), address


def expanded(pattern: str) -> list[str]:
    """Return the addresses of `a/(b|c)`."""
    choice = re.search(r"\((.*)\)", pattern)
    return [pattern] if choice is None else [pattern.replace(choice[0], one) for one in choice[1].split("|")]


def test_a_good_token_and_a_missing_one_pass(front: Front) -> None:
    token = front.token()
    assert front.get(f"{BOARDS}?limit=1", token=token).status_code == 200
    _, path, headers, _ = front.stub.seen[-1]
    assert path == f"{BOARDS}?limit=1"
    assert headers["authorization"] == f"Bearer {token}"
    assert front.get(BOARDS).status_code == 200


def unsigned() -> str:
    parts = (
        {"alg": "none", "kid": "one"},
        {"iss": "http://localhost:8080", "aud": "tridaya", "exp": int(time.time()) + 600},
    )
    return ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts) + "."


def stranger() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


@pytest.mark.parametrize(
    "fault", ["garbage", "none", "hs256", "audience", "no audience", "issuer", "expired", "no expiry", "other key"]
)
def test_a_bad_token_is_refused_in_both_languages(front: Front, fault: str) -> None:
    token = {
        "garbage": lambda: "no.token.atall",
        "none": unsigned,
        "hs256": lambda: front.token(key="s" * 32, algorithm="HS256"),
        "audience": lambda: front.token(aud="another"),
        "no audience": lambda: front.token(aud=None),
        "issuer": lambda: front.token(iss="https://elsewhere.test"),
        "expired": lambda: front.token(exp=int(time.time()) - 60),
        "no expiry": lambda: front.token(exp=None),
        "other key": lambda: front.token(key=stranger()),
    }[fault]()
    before = len(front.stub.seen)
    for service in ("registry", "planning", "monitoring"):
        told = problem(front.get(f"/{service}/v1/boards?q=1", token=token), status=401, code="token.invalid")
        assert told["title"] == "Token tidak sah"
    english = front.get(BOARDS, token=token, accept_language="en-GB,en;q=0.9")
    assert problem(english, status=401, code="token.invalid")["title"] == "Invalid token"
    assert english.headers["content-language"] == "en"
    assert "Bearer" in english.headers["www-authenticate"]
    assert len(front.stub.seen) == before


def test_signing_in_needs_no_good_token(front: Front) -> None:
    headers = {"authorization": f"Bearer {front.token(exp=1)}"}
    assert (
        front.client.post("/registry/v1/tokens", headers=headers, data={"grant_type": "refresh_token"}).status_code
        == 200
    )
    assert front.get("/.well-known/jwks.json", token="garbage").status_code == 200


def test_a_token_in_the_address_counts_for_nothing(front: Front) -> None:
    assert front.get(f"{BOARDS}?access_token=garbage").status_code == 200


@pytest.mark.parametrize(
    "path",
    ["/metrics", "/registry/metrics", "/planning", "/planning/docs", "/registry/v10/boards", "/admin", "/registryv1"],
)
def test_other_addresses_are_unknown(front: Front, path: str) -> None:
    assert problem(front.get(f"{path}?secret=1"), status=404, code="route.unknown")["title"] == "Alamat tidak dikenal"


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/docs",
        "/docs/app.js",
        "/.well-known/oauth-authorization-server",
        "/registry/readyz",
        "/planning/v1/openapi.json",
        "/monitoring/v1",
    ],
)
def test_served_addresses_arrive_unchanged(front: Front, path: str) -> None:
    assert front.get(path).status_code == 200
    assert front.stub.paths()[-1] == path


def test_sizes(front: Front) -> None:
    large, photo, too_large = b"x" * (1 << 20) + b"x", b"x" * 5_000_000, b"x" * 5_800_000
    problem(front.client.post(BOARDS, content=large), status=413, code="body.too_large")
    for path in ("/planning/v1/activities/7d0f/photos", "/monitoring/v1/complaints/tracked/photos"):
        assert front.client.post(path, content=photo).status_code == 200
        assert front.stub.seen[-1][3] == len(photo)
        problem(front.client.post(path, content=too_large), status=413, code="body.too_large")
    problem(
        front.client.post("/planning/v1/activities/7d0f/more/photos", content=photo), status=413, code="body.too_large"
    )
    swollen = front.get(BOARDS, cookie="x" * 40_000)
    assert (swollen.status_code, swollen.json()["code"]) == (431, "headers.too_large")


def test_reads_are_repeated_and_writes_never(front: Front) -> None:
    for method, path, expected in (("GET", "", 3), ("POST", "", 1), ("PATCH", "", 1), ("GET", "journal/", 1)):
        before = len(front.stub.seen)
        answer = front.client.request(method, f"/planning/v1/{path}unavailable")
        assert (answer.status_code, answer.json()) == (503, {"code": "own.answer"})
        assert len(front.stub.seen) - before == expected


@pytest.mark.parametrize("guessed", ["tokens", "invitations/acceptance", "accounts/self/password"])
def test_too_many_guesses(front: Front, guessed: str) -> None:
    answers = [front.client.post(f"/registry/v1/{guessed}") for _ in range(150)]
    limited = [answer for answer in answers if answer.status_code == 429]
    assert limited
    problem(limited[0], status=429, code="rate.limited")
    assert limited[0].headers["retry-after"] == "1"
    assert limited[0].headers["ratelimit-limit"] == "60"
    assert limited[0].headers["ratelimit-remaining"] == "0"
    assert "x-ratelimit-limit" not in limited[0].headers
    assert front.get(BOARDS).status_code == 200


def test_headers_in_and_out(front: Front) -> None:
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    answer = front.get(
        BOARDS, x_request_id="phone-7", traceparent=trace, x_auth_subject="root", x_envoy_max_retries="9"
    )
    seen = front.stub.seen[-1][2]
    assert (answer.headers["x-request-id"], seen["x-request-id"]) == ("phone-7", "phone-7")
    assert seen["traceparent"] == trace
    assert "x-auth-subject" not in seen
    assert "x-envoy-max-retries" not in seen
    assert seen["x-forwarded-for"]
    assert answer.headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "server" not in answer.headers
    assert front.get("/docs").headers["content-security-policy"] == "default-src 'self'"
    assert front.get(BOARDS).headers["x-request-id"]


def test_compressed_answers_keep_their_tag_and_their_cache_rules(front: Front) -> None:
    plain = front.get("/planning/v1/list", accept_encoding="identity")
    packed = front.get("/planning/v1/list", accept_encoding="gzip")
    assert (plain.headers["etag"], packed.headers["etag"]) == ('"v1"', 'W/"v1"')
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.json() == plain.json()
    assert packed.headers["cache-control"] == "private"
    assert "Authorization" in packed.headers["vary"]


def answered_with() -> set[str]:
    """Return the headers of answers that tell a client something a browser does not hand over by itself."""
    source = "".join(file.read_text(encoding="utf-8") for file in (PROJECT / "shared").glob("*.py"))
    found = set(re.findall(r'(?:"|\[")([A-Z][A-Za-z]+(?:-[A-Z][a-z]+)+|ETag|Link|Location)"(?::|\] =)', source))
    handed_over = {"Cache-Control", "Content-Language", "Content-Length", "Content-Type"}
    of_requests = {"Accept-Language", "Host", "If-Match", "Idempotency-Key", "Upload-Offset"}
    for_browsers = {"Content-Security-Policy", "X-Content-Type-Options", "X-Frame-Options", "WWW-Authenticate"}
    return found - handed_over - of_requests - for_browsers


def test_browsers_of_allowed_origins_may_call(front: Front) -> None:
    asked = {"origin": "http://localhost:5173", "access-control-request-method": "PATCH"}
    allowed = front.client.options(BOARDS, headers=asked)
    assert allowed.headers["access-control-allow-origin"] == "http://localhost:5173"
    assert "if-match" in allowed.headers["access-control-allow-headers"]
    exposed = front.get(BOARDS, origin="http://localhost:5173").headers["access-control-expose-headers"]
    assert answered_with() - set(exposed.split(", ")) == set()
    refused = front.get(BOARDS, token="bad", origin="http://localhost:5173")
    assert refused.headers["access-control-allow-origin"] == "http://localhost:5173"
    assert "access-control-allow-origin" not in front.get(BOARDS, origin="https://evil.test").headers


def test_the_log_tells_neither_queries_nor_tokens(front: Front) -> None:
    token = front.token()
    front.get(f"{BOARDS}?q=secret-name", token=token, tracking_code="secret-code", x_request_id="to-find")
    until = time.monotonic() + 15
    while "to-find" not in (written := front.log.read_text()) and time.monotonic() < until:
        time.sleep(0.2)
    line = next(json.loads(line) for line in written.splitlines() if "to-find" in line)
    assert (line["path"], line["status"], line["route"]) == (BOARDS, 200, "registry-read")
    for secret in ("secret-name", "secret-code", token):
        assert secret not in written
