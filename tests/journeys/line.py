"""A bad line: what is sent arrives and is acted on, but many an answer never comes back."""

import re
import threading
from collections import Counter
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random
from typing import Any, Self

import httpx

UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
HOPS = {"connection", "keep-alive", "transfer-encoding", "content-length", "date", "server"}
SHARE = 0.3


class BadLine(ThreadingHTTPServer):
    """A way to the gateway that loses the first answer to each kind of request, and `share` of all that follow.

    The same requests lose the same answers, however often others are sent in between.
    """

    daemon_threads = True

    def __init__(self, url: str, *, share: float = SHARE, seed: int = 1) -> None:
        super().__init__(("127.0.0.1", 0), _Passing)
        self.share, self.seed = share, seed
        self.far = httpx.Client(base_url=url, timeout=60)
        self.seen: Counter[str] = Counter()
        self.lost: Counter[str] = Counter()
        """Answers that were lost although the request had been accepted, by kind."""
        self.bytes_back = 0
        self.loses: Callable[[str, int], bool] = self.by_chance
        self._lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()
        self.far.close()

    def by_chance(self, kind: str, number: int) -> bool:
        return number == 1 or Random(f"{self.seed}/{kind}/{number}").random() < self.share

    def answered(self, kind: str, reply: httpx.Response, body: bytes) -> bool:
        """Note an answer and tell whether it gets lost."""
        with self._lock:
            self.seen[kind] += 1
            lost = self.loses(kind, self.seen[kind])
            if lost and reply.is_success:
                self.lost[kind] += 1
            self.bytes_back += 0 if lost else len(body)
            return lost

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that hang up."""


class _Passing(BaseHTTPRequestHandler):
    server: BadLine
    protocol_version = "HTTP/1.1"

    def _pass(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name: value for name, value in self.headers.items() if name.lower() not in {"host", "connection"}}
        with self.server.far.stream(self.command, self.path, content=body, headers=headers) as reply:
            answer = b"".join(reply.iter_raw())
        kind = f"{self.command} {UUID.sub('*', self.path.split('?')[0])}"
        if self.server.answered(kind, reply, answer):
            self.close_connection = True
            return
        self.send_response_only(reply.status_code)
        for name, value in reply.headers.multi_items():
            if name.lower() not in HOPS:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_GET = do_POST = do_PATCH = do_DELETE = _pass  # noqa: N815

    def log_message(self, *_: object) -> None:
        """Keep quiet."""
