"""The public API as the story uses it: sign-ins, creations with ids of their own, acts on a version just seen."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import UUID, uuid5

import httpx

SEED = UUID("3471d000-0000-5000-8000-747269646179")
AT_ONCE = 8
TRIES = 12
PAUSE = 0.5
MOST_AT_ONCE = 100
REFUSED = 400
TOKEN_AGE = 600.0
BUSY = {429, 502, 503, 504}
PASSING = {"idempotency.still_running"}

Json = dict[str, Any]
T = TypeVar("T")


class StoppedError(Exception):
    """The story cannot go on; the message is the one line a person reads."""


def named(*parts: object) -> str:
    """Return the id of something in the story: the same each time it is told."""
    return str(uuid5(SEED, "/".join(map(str, parts))))


async def together(jobs: Iterable[Awaitable[T]]) -> list[T]:
    """Do all at once; the first failure ends the others."""
    tasks = [asyncio.ensure_future(job) for job in jobs]
    try:
        return list(await asyncio.gather(*tasks))
    finally:
        for task in tasks:
            task.cancel()


@dataclass(frozen=True, slots=True)
class Reply:
    """What was answered: the item and the version it has now."""

    status: int
    body: Json
    etag: str
    headers: Mapping[str, str]

    def __getitem__(self, name: str) -> Any:
        return self.body[name]


@dataclass
class Api:
    """The way to the gateway; how many requests there were, and no more than a few at once."""

    url: str
    asked: int = 0
    advance: Callable[[], None] = field(default=lambda: None)

    def __post_init__(self) -> None:
        self._http = httpx.AsyncClient(base_url=self.url, timeout=60, limits=httpx.Limits(max_connections=AT_ONCE))
        self._gate = asyncio.Semaphore(AT_ONCE)

    async def close(self) -> None:
        await self._http.aclose()

    async def send(self, method: str, path: str, *, who: str, **options: Any) -> httpx.Response:
        """Send one request, again while the house is busy; StoppedError when it is refused."""
        why = "no answer"
        for attempt in range(TRIES):
            try:
                async with self._gate:
                    reply = await self._http.request(method, path, **options)
            except httpx.TransportError as error:
                why = repr(error)
            else:
                self.asked += 1
                if reply.is_success:
                    return reply
                why = _why(reply)
                if reply.status_code not in BUSY and _code(reply) not in PASSING:
                    break
                await asyncio.sleep(min(float(reply.headers.get("Retry-After", 0)), 30))
            await asyncio.sleep(PAUSE * min(attempt + 1, 4))
        line = f"{method} {path} as {who}: {why}"
        raise StoppedError(line)


def _code(reply: httpx.Response) -> str:
    try:
        return str(reply.json()["code"])
    except (ValueError, KeyError, TypeError):
        return ""


def _why(reply: httpx.Response) -> str:
    """Say a problem in one line: its code and what it points at."""
    code = _code(reply)
    if not code:
        return f"answered {reply.status_code}"
    return _why_not(reply.status_code, reply.json())


def _why_not(status: int, problem: Json) -> str:
    faults = "; ".join(f"{fault.get('pointer')} {fault.get('message')}" for fault in problem.get("errors") or [])
    return f"{problem.get('code')} ({status}): {faults or problem.get('detail')}"


class Visitor:
    """Whoever asks without an account."""

    who = "nobody"

    def __init__(self, api: Api) -> None:
        self.api = api

    async def _headers(self) -> dict[str, str]:
        return {}

    async def get(self, path: str, *, headers: Mapping[str, str] | None = None, **query: Any) -> Reply:
        sent = {**await self._headers(), **(headers or {})}
        return _reply(await self.api.send("GET", path, who=self.who, params=query, headers=sent))

    async def items(self, path: str, **query: Any) -> list[Json]:
        """Return the first page of a list."""
        return list((await self.get(path, **query))["items"])

    async def post(
        self,
        path: str,
        body: Json | None = None,
        *,
        etag: str = "",
        headers: Mapping[str, str] | None = None,
        about: str = "",
    ) -> Reply:
        """Create or act; whatever is sent again, about the same thing, takes effect once."""
        about = about or (body or {}).get("id", "")
        key = named("key", self.who, path, about or body)
        sent = {**await self._headers(), "Idempotency-Key": key, **(headers or {})}
        if etag:
            sent["If-Match"] = etag
        return _reply(await self.api.send("POST", path, who=self.who, json=body, headers=sent))

    async def post_all(self, batch: str, writes: list[tuple[str, Json]]) -> None:
        """Create many things with ids of their own, in their order and in few requests; StoppedError at a refusal."""
        for start in range(0, len(writes), MOST_AT_ONCE):
            part = writes[start : start + MOST_AT_ONCE]
            requests = [
                {
                    "method": "POST",
                    "path": path,
                    "body": body,
                    "idempotency_key": named("key", self.who, path, body["id"]),
                }
                for path, body in part
            ]
            reply = await self.post(batch, {"requests": requests})
            for (path, _), verdict in zip(part, reply["responses"], strict=True):
                if verdict["status"] >= REFUSED:
                    line = f"POST {path} as {self.who}: {_why_not(verdict['status'], verdict['body'])}"
                    raise StoppedError(line)

    async def act(self, item: str, act: str, body: Json | None = None) -> Reply:
        """Act on an item in the version it has now."""
        return await self.post(f"{item}/{act}", body, etag=(await self.get(item)).etag)

    async def upload(self, path: str, content: bytes, *, query: Mapping[str, str]) -> Reply:
        """Send one picture; what is said of it goes beside it."""
        key = named("key", self.who, path, *query.values())
        sent = {**await self._headers(), "Idempotency-Key": key, "Content-Type": "image/jpeg"}
        options = {"params": dict(query), "content": content, "headers": sent}
        return _reply(await self.api.send("POST", path, who=self.who, **options))


class Person(Visitor):
    """Somebody with an account, or a program with a client; signed in once and reused."""

    def __init__(self, api: Api, who: str, form: Mapping[str, str]) -> None:
        super().__init__(api)
        self.who = who
        self._form = dict(form)
        self._token = ""
        self._signed_in_at = 0.0
        self._signing_in = asyncio.Lock()

    async def _headers(self) -> dict[str, str]:
        async with self._signing_in:
            if not self._token or time.monotonic() - self._signed_in_at > TOKEN_AGE:
                reply = await self.api.send("POST", "/registry/v1/tokens", who=self.who, data=self._form)
                self._token, self._signed_in_at = str(reply.json()["access_token"]), time.monotonic()
        return {"Authorization": f"Bearer {self._token}"}


def person(api: Api, username: str, password: str) -> Person:
    return Person(api, username, {"grant_type": "password", "username": username, "password": password})


def program(api: Api, client_id: str, secret: str) -> Person:
    form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret}
    return Person(api, client_id, form)


def _reply(reply: httpx.Response) -> Reply:
    kind = reply.headers.get("content-type", "")
    body = reply.json() if kind.startswith("application/json") else {}
    return Reply(reply.status_code, body, reply.headers.get("etag", ""), reply.headers)
