"""HTTP between services: one client per owner, with a token, a timeout and a checked answer."""

import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager

import httpx
from pydantic import BaseModel, ValidationError

from shared.errors import Text, UpstreamFailed
from shared.log import request_id, traceparent


class OwnerFailed(UpstreamFailed):
    code = "upstream.failed"
    title = Text("Layanan lain gagal", "Another service failed")
    detail = Text(
        "Layanan {service} tidak menjawab sebagaimana mestinya.", "The service {service} did not answer as it should."
    )
    fix = Text("Ulangi beberapa saat lagi.", "Try again in a while.")


@contextmanager
def upstream(service: str) -> Iterator[None]:
    """Turn every failure of a call, an answer of the wrong shape included, into OwnerFailed."""
    try:
        yield
    except (httpx.HTTPError, ValidationError, ValueError) as error:
        raise OwnerFailed(service=service) from error


def refused_with(response: httpx.Response, code: str) -> bool:
    """Tell whether the owner itself said so: a bare 404 may be a wrong address or a gateway slip."""
    if not response.headers.get("content-type", "").startswith("application/problem+json"):
        return False
    problem = response.json()
    return isinstance(problem, dict) and problem.get("code") == code


class Granted(BaseModel):
    """What is read of a granted token."""

    access_token: str
    expires_in: int


class ServiceAuth(httpx.Auth):
    """Signs requests with the service's own token, got with its client credentials."""

    requires_response_body = True

    def __init__(self, *, token_url: str, client_id: str, client_secret: str) -> None:
        self._token_url = token_url
        self._form = {
            "grant_type": "client_credentials",
            "client_id": client_id,
            "client_secret": client_secret,
        }
        self._token = ""
        self._good_until = 0.0

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        if time.monotonic() > self._good_until:
            granted = yield httpx.Request("POST", self._token_url, data=self._form)
            if granted.status_code != httpx.codes.OK:
                message = f"no token: {granted.status_code}"
                raise httpx.RequestError(message, request=request)
            answer = Granted.model_validate_json(granted.content)
            self._token = answer.access_token
            self._good_until = time.monotonic() + answer.expires_in * 0.8
        request.headers["Authorization"] = f"Bearer {self._token}"
        response = yield request
        if response.status_code == httpx.codes.UNAUTHORIZED:
            self._good_until = 0.0


async def _pass_on(request: httpx.Request) -> None:
    if (current := request_id.get()) is not None:
        request.headers["X-Request-Id"] = current
    if (trace := traceparent.get()) is not None:
        request.headers["traceparent"] = trace


def service_http(*, base_url: str, auth: httpx.Auth, timeout: float = 2.0) -> httpx.AsyncClient:
    """Return an HTTP client for one owner that passes the request's id and trace on."""
    return httpx.AsyncClient(base_url=base_url, auth=auth, timeout=timeout, event_hooks={"request": [_pass_on]})
