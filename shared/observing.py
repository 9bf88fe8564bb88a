"""What a request leaves behind: its id, its measures and, when it wrote or failed, a line in the log."""

import re
import time
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, start_http_server
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.identity import new_id
from shared.log import log, request_id, traceparent

REQUEST_ID = re.compile(r"^[A-Za-z0-9._-]{1,64}$")
REGISTRY = CollectorRegistry()
REQUESTS = Counter("http_requests", "Requests answered", ["method", "route", "status"], registry=REGISTRY)
SECONDS = Histogram("http_request_seconds", "Seconds to the first byte of a reply", ["route"], registry=REGISTRY)
LAG = Gauge(
    "journal_lag", "Entries of a followed journal that have not taken effect here", ["followed"], registry=REGISTRY
)
SEALED = Gauge("journal_position", "Sealed position of this service's journal", registry=REGISTRY)


def serve_metrics(port: int | None, *, host: str) -> None:
    """Serve the process's measures on a port of their own; none when there is no port."""
    if port is not None:
        start_http_server(port, addr=host, registry=REGISTRY)


class Observing:
    """Gives every request an id, passes its trace on and counts what became of it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers: dict[bytes, bytes] = dict(scope["headers"])
        given = headers.get(b"x-request-id", b"").decode("latin-1")
        current = given if REQUEST_ID.match(given) else str(new_id())
        request_id.set(current)
        traceparent.set(headers[b"traceparent"].decode("latin-1") if b"traceparent" in headers else None)
        started = time.perf_counter()
        status = 500
        seconds = 0.0

        async def observed(message: Message) -> None:
            nonlocal status, seconds
            if message["type"] == "http.response.start":
                status = message["status"]
                seconds = time.perf_counter() - started
                message["headers"] = [*message.get("headers", ()), (b"x-request-id", current.encode())]
            await send(message)

        try:
            await self.app(scope, receive, observed)
        finally:
            self._note(scope, status=status, seconds=seconds)

    def _note(self, scope: Scope, *, status: int, seconds: float) -> None:
        route: Any = scope.get("route")
        template = getattr(route, "path", "unknown")
        REQUESTS.labels(scope["method"], template, status).inc()
        SECONDS.labels(template).observe(seconds)
        if scope["method"] != "GET" or status >= 400:
            log.info("request", method=scope["method"], route=template, status=status, ms=round(seconds * 1000, 1))
