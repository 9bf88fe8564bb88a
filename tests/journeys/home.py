"""A real house for journeys: every process of `make run`, reached through its gateway."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import httpx
import psycopg

from deploy.local.house import House
from deploy.local.places import PROJECT, SERVICES

PASSWORD = "sandi-contoh-panjang"
KRICAK, KARANGWARU, DEMANGAN = "34.71.01.1001", "34.71.01.1002", "34.71.03.1001"
PATIENCE = 30.0


def eventually(check: Callable[[], Any], *, within: float = PATIENCE, told: Callable[[], Any] | None = None) -> Any:
    """Return the first answer that is true; the last one of a time that ran out fails."""
    until = time.monotonic() + within
    while not (found := check()):
        assert time.monotonic() < until, (f"not true within {within:g} s", told and told())
        time.sleep(0.1)
    return found


class Home:
    """The house and ways to sign in."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.http = httpx.Client(base_url=house.gateway_url, timeout=30)
        name, password = house.operator
        self.operator = self.sign_in(name, password)

    def direct(self, service: str) -> httpx.Client:
        """Return the way around the gateway."""
        return httpx.Client(base_url=f"http://127.0.0.1:{self.house.ports[service]}", timeout=30)

    def command(self, service: str, *words: str) -> str:
        """Run a command of a service as an operator would."""
        done = subprocess.run(  # noqa: S603
            [sys.executable, "-m", f"services.{service}", *words],
            env=self.house.environment(service),
            cwd=PROJECT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def token(self, **form: str) -> dict[str, Any]:
        reply = self.http.post("/registry/v1/tokens", data=form)
        assert reply.status_code == 200, reply.text
        return dict(reply.json())

    def sign_in(self, username: str, password: str = PASSWORD) -> "SignedIn":
        tokens = self.token(grant_type="password", username=username, password=password)
        return SignedIn(self.http, tokens["access_token"])

    def open_account(self, role: str, *regions: str, **more: Any) -> tuple[str, dict[str, Any]]:
        """Open an account for one role and return its name and its view."""
        username = f"{role.replace('_', '-')}-{uuid4().hex[:8]}"
        draft = {
            "username": username,
            "password": PASSWORD,
            "display_name": "Contoh",
            "roles": [role],
            "regions": list(regions),
        }
        return username, self.operator.made("/registry/v1/accounts", draft | more)

    def somebody(self, role: str, *regions: str, **more: Any) -> "SignedIn":
        """Open an account for one role and sign in."""
        return self.sign_in(self.open_account(role, *regions, **more)[0])

    def database(self, service: str) -> "psycopg.Connection[Any]":
        return psycopg.connect(self.house.database_url(service), autocommit=True)

    def position(self, service: str) -> int:
        return int(self.http.get(f"/{service}/v1/journal/head").json()["position"])

    def sealed(self, service: str) -> int:
        """Wait until everything committed is sealed; return the journal's position."""

        def nothing_waits() -> bool:
            with self.database(service) as connection:
                row = connection.execute("SELECT count(*) FROM journal_entries WHERE position IS NULL").fetchone()
                return row == (0,)

        eventually(nothing_waits)
        return self.position(service)

    def followed(self) -> None:
        """Wait until planning and monitoring know everything that was sealed upstream."""
        upstream = {service: self.sealed(service) for service in ("registry", "planning")}

        def lag() -> list[Any]:
            return [
                (service, one)
                for service in ("planning", "monitoring")
                for one in self.http.get(f"/{service}/readyz").json()["followed"]
                if one["failure"] is not None or one["position"] < upstream[one["service"]]
            ]

        eventually(lambda: not lag(), told=lag)

    def verify(self, *words: str) -> tuple[int, str]:
        """Run the stand-alone verifier without any sign-in."""
        done = subprocess.run(  # noqa: S603
            [sys.executable, "-I", "deploy/verify_journal.py", self.house.gateway_url, *words],
            cwd=PROJECT,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    def ready(self) -> None:
        self.house.wait_until_ready()
        eventually(lambda: all(self.http.get(f"/{name}/readyz").status_code == 200 for name in SERVICES))


class SignedIn:
    """Somebody who sends requests through the gateway."""

    def __init__(self, http: httpx.Client, token: str) -> None:
        self.http = http
        self.token = token

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        sent.setdefault("Authorization", f"Bearer {self.token}")
        content = None if body is None else json.dumps(body)
        if content is not None:
            sent["Content-Type"] = "application/json"
        return self.http.request(method, path, content=content, headers=sent)

    def get(self, path: str, **headers: str) -> httpx.Response:
        return self.send("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> httpx.Response:
        return self.send("POST", path, body, **headers)

    def act(self, item: str, act: str, body: Any = None, **headers: str) -> httpx.Response:
        """Act on an item in the version it has now."""
        return self.post(f"{item}/{act}", body, If_Match=self.get(item).headers["ETag"], **headers)

    def made(self, path: str, body: Any, **headers: str) -> dict[str, Any]:
        """Create something and return it."""
        return done(self.post(path, body, **headers))


def done(reply: httpx.Response) -> dict[str, Any]:
    """Return what an accepted request answered."""
    assert reply.status_code in {200, 201}, reply.text
    return dict(reply.json())


def refused(reply: httpx.Response, status: int, code: str) -> None:
    """Hold a refusal against its documented code, top level or of one of its faults."""
    assert reply.headers["content-type"].startswith("application/problem+json"), reply.text
    problem = reply.json()
    codes = {problem["code"], *(fault["code"] for fault in problem.get("errors") or [])}
    assert (reply.status_code, code in codes) == (status, True), reply.text


class Meanwhile(threading.Thread):
    """Something that goes on in the background; what it raises comes out at the end."""

    def __init__(self, work: Callable[[Callable[[], bool]], None]) -> None:
        super().__init__(daemon=True)
        self._work = work
        self._ended = threading.Event()
        self._error: BaseException | None = None

    def run(self) -> None:
        try:
            self._work(self._ended.is_set)
        except BaseException as error:
            self._error = error

    def finish(self) -> None:
        self._ended.set()
        self.join(60)
        assert not self.is_alive()
        if self._error is not None:
            raise self._error
