"""Calling the API from a command line: signed in, patient with a busy server, plain about what it refuses."""

import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeAlias, TypeVar

import httpx
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.wording import REFUSED, REQUEST, STRANGE, UNREACHABLE, language_here, put

Json: TypeAlias = dict[str, Any]
T = TypeVar("T")

TOKENS = "/registry/v1/tokens"
TRIES = 5
LONGEST_PAUSE = 60.0
BUSY = {429, 502, 503, 504}
STILL_RUNNING = "idempotency.still_running"
TIMEOUT = httpx.Timeout(150.0, connect=10.0)
"""The gateway gives a file 120 s."""


class CallerSettings(BaseSettings):
    """How somebody at a command line reaches the API and signs in; secrets come from here or a prompt, never from words."""

    model_config = SettingsConfigDict(env_prefix="TRIDAYA_", extra="ignore", frozen=True)

    url: str = Field("http://localhost:8080", description="Address of the gateway")
    token: SecretStr | None = Field(None, description="An access token")
    client_id: str | None = Field(None, description="A program's name")
    client_secret: SecretStr | None = Field(None, description="A program's secret")


class RefusedError(Exception):
    """The server refused; holds its problem document."""

    def __init__(self, status: int, problem: Json) -> None:
        super().__init__(f"{status}")
        self.status = status
        self.problem = problem

    @property
    def code(self) -> str:
        return str(self.problem.get("code", ""))

    def lines(self) -> list[str]:
        """Return what to tell a person."""
        problem = self.problem
        detail = problem.get("detail", put(STRANGE))
        told = [put(REFUSED, status=self.status, code=self.code, detail=detail)]
        told += [f"  {one['pointer'] or '-'}: {one['message']}" for one in problem.get("errors") or ()]
        return [*told, *([put(REQUEST, id=problem["request_id"])] if problem.get("request_id") else [])]


class UnreachableError(Exception):
    """No answer came, however often it was asked."""


class UnsignedError(Exception):
    """Nobody said who is asking."""


def credentials(settings: CallerSettings, ask: Callable[[], tuple[str, str]] | None) -> Json | None:
    """Return the form that signs in, None when a token was given; `ask` asks a person, where there is one."""
    if settings.token:
        return None
    if settings.client_id and settings.client_secret:
        secret = settings.client_secret.get_secret_value()
        return {"grant_type": "client_credentials", "client_id": settings.client_id, "client_secret": secret}
    if ask is None:
        raise UnsignedError
    username, password = ask()
    return {"grant_type": "password", "username": username, "password": password}


class Api:
    """One service's API behind the gateway, for one person or program."""

    def __init__(self, url: str, service: str, *, token: SecretStr | None, credentials: Json | None) -> None:
        self.service = service
        self._token = token.get_secret_value() if token else ""
        self._credentials = credentials
        headers = {"Accept-Language": language_here()}
        # No redirect is followed: a token goes to the address that was given and nowhere else.
        self._http = httpx.Client(base_url=url.rstrip("/"), headers=headers, timeout=TIMEOUT)

    def close(self) -> None:
        self._http.close()

    @property
    def token(self) -> str:
        """Return a token that is good now."""
        if not self._token and self._credentials is not None:
            form = self._credentials
            granted = self._patiently(lambda: self._judged(self._http.post(TOKENS, data=form)))
            self._token = str(granted.json()["access_token"])
        return self._token

    def path(self, *parts: str) -> str:
        return "/".join((f"/{self.service}/v1", *parts))

    def send(self, method: str, path: str, **how: Any) -> httpx.Response:
        """Return the answer to a request that may be sent twice: a read, or a write with its Idempotency-Key."""
        return self._patiently(lambda: self._judged(self._http.request(method, path, **self._signed(how))))

    def read(self, path: str, **params: str | int) -> Json:
        return dict(self.send("GET", path, params=params).json())

    def items(self, path: str, **params: str | int) -> Iterator[Json]:
        """Give the items of a list, page after page."""
        cursor: dict[str, str | int] = {}
        while True:
            page = self.read(path, **params, **cursor)
            yield from page["items"]
            if page["next"] is None:
                return
            cursor = {"cursor": page["next"]}

    @contextmanager
    def stream(self, path: str, **how: Any) -> Iterator[httpx.Response]:
        """Open an answer that is read piece by piece; what breaks while it is read is the reader's own to judge."""

        def opened() -> httpx.Response:
            request = self._http.build_request("GET", path, **self._signed(how))
            return self._judged(self._http.send(request, stream=True))

        response = self._patiently(opened)
        try:
            yield response
        finally:
            response.close()

    def _signed(self, how: Mapping[str, Any]) -> Json:
        headers = {**how.get("headers", {}), **({"Authorization": f"Bearer {self.token}"} if self.token else {})}
        return {**how, "headers": headers}

    @staticmethod
    def _judged(response: httpx.Response) -> httpx.Response:
        """Return an accepted answer, or raise what was refused."""
        if response.is_success:
            return response
        try:
            response.read()
            problem = response.json()
        except (httpx.TransportError, ValueError):
            problem = {}
        finally:
            response.close()
        refusal = RefusedError(response.status_code, problem if isinstance(problem, dict) else {})
        if response.headers.get("Retry-After", "").isdecimal():
            refusal.problem = refusal.problem | {"retry_after": int(response.headers["Retry-After"])}
        raise refusal

    def _patiently(self, ask: Callable[[], T]) -> T:
        """Ask again while replies are lost or the server is busy, and once with a new token when one has ended."""
        why: object = ""
        for attempt in range(TRIES):
            pause = float(2**attempt) / 2
            try:
                return ask()
            except httpx.TransportError as error:
                why = error
            except RefusedError as refusal:
                ended = refusal.status == 401 and self._token and self._credentials is not None
                if ended and attempt < TRIES - 1:
                    self._token, pause = "", 0.0
                elif (refusal.status in BUSY or refusal.code == STILL_RUNNING) and attempt < TRIES - 1:
                    pause = min(float(refusal.problem.get("retry_after", pause)), LONGEST_PAUSE)
                else:
                    raise
            if attempt < TRIES - 1:
                time.sleep(pause)
        raise UnreachableError(put(UNREACHABLE, address=self._http.base_url, why=why))


def is_address(url: str) -> bool:
    return re.fullmatch(r"https?://[^/\s@?#]+(/[^\s?#]*)?", url) is not None
