"""A load generator in a process of its own: plain sockets, one request at a time on each, as fast as answers come."""

import asyncio
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from itertools import count
from typing import cast
from uuid import uuid4

import uvloop

CONNECTIONS = 16
PATIENCE = 30.0
FIRST_DAY = date(2021, 1, 1)


@dataclass(frozen=True, slots=True)
class Request:
    """What to ask for; `{id}` is one of `ids` in turn, `{key}` a fresh UUID, `{day}` another day every time."""

    port: int
    path: str
    method: str = "GET"
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""
    ids: tuple[str, ...] = ("",)
    first: int = 0


@dataclass(frozen=True, slots=True)
class Answered:
    """How it went: answers, those that were no success, and milliseconds of the middle and of the slowest hundredth."""

    answers: int
    failures: int
    seconds: float
    middle: float
    slowest: float

    @property
    def rate(self) -> float:
        return self.answers / self.seconds


def encoded(request: Request) -> Iterator[bytes]:
    """Make the bytes of one request after the other."""
    varies = any("{" in part for part in (request.path, request.body, *request.headers.values()))
    ready = b""
    for number in count(request.first):
        if varies or not ready:
            known = {
                "{id}": request.ids[number % len(request.ids)],
                "{key}": str(uuid4()) if varies else "",
                "{day}": str(FIRST_DAY + timedelta(days=number % 25_000)),
            }
            body = request.body
            lines = [f"{request.method} {request.path} HTTP/1.1", "Host: localhost"]
            lines += [f"{name}: {value}" for name, value in request.headers.items()]
            head = "\r\n".join(lines)
            for mark, value in known.items():
                head, body = head.replace(mark, value), body.replace(mark, value)
            length = f"\r\nContent-Length: {len(body.encode())}" if body else ""
            ready = f"{head}{length}\r\n\r\n{body}".encode()
        yield ready


class Caller(asyncio.Protocol):
    """One connection: it sends the next request when the answer to the last has come whole."""

    def __init__(self, requests: Iterator[bytes], until: float) -> None:
        self.requests = requests
        self.until = until
        self.done = asyncio.get_running_loop().create_future()
        self.took: list[float] = []
        self.failures = 0
        self._received = bytearray()
        self._whole = 0
        self._sent = 0.0
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's own transports are none of asyncio's by class.
        self._transport = cast("asyncio.Transport", transport)
        self._send()

    def _send(self) -> None:
        self._sent = time.perf_counter()
        self._transport.write(next(self.requests))

    def data_received(self, data: bytes) -> None:
        self._received += data
        if not self._whole:
            end = self._received.find(b"\r\n\r\n")
            if end < 0:
                return
            head = bytes(self._received[:end]).lower()
            start = head.find(b"content-length:")
            length = int(head[start + 15 :].split(b"\r\n", 1)[0]) if start >= 0 else 0
            self._whole = end + 4 + length
            self.failures += not head.startswith(b"http/1.1 2")
        if len(self._received) >= self._whole:
            now = time.perf_counter()
            self.took.append(now - self._sent)
            self._received.clear()
            self._whole = 0
            if now < self.until:
                self._send()
            else:
                self._transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_result(error)


async def call(request: Request, *, seconds: float) -> Answered:
    """Ask on all connections for some seconds."""
    started = time.perf_counter()
    loop = asyncio.get_running_loop()
    requests = encoded(request)
    callers = [Caller(requests, started + seconds) for _ in range(CONNECTIONS)]
    for caller in callers:
        await loop.create_connection(lambda made=caller: made, "127.0.0.1", request.port)  # type: ignore[misc]
    async with asyncio.timeout(seconds + PATIENCE):
        await asyncio.gather(*(caller.done for caller in callers))
    took = sorted(one * 1000 for caller in callers for one in caller.took)
    return Answered(
        answers=len(took),
        failures=sum(caller.failures for caller in callers),
        seconds=time.perf_counter() - started,
        middle=statistics.median(took),
        slowest=took[len(took) * 99 // 100],
    )


def measure(request: Request, *, seconds: float) -> Answered:
    """Ask from another process, so that the generator's own work is nobody else's."""
    asked = json.dumps({"request": asdict(request), "seconds": seconds})
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.load"], input=asked, capture_output=True, text=True, check=True
    )
    return Answered(**json.loads(done.stdout))


if __name__ == "__main__":
    told = json.load(sys.stdin)
    answered = uvloop.run(call(Request(**told["request"]), seconds=told["seconds"]))
    sys.stdout.write(json.dumps(asdict(answered)))
