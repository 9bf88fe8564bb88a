"""A server that answers by a script, for what a real one does only now and then: busy, silent, or with a broken line."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = tuple[int, dict[str, str], bytes] | None
"""Status, headers and body; None hangs up without a word."""


class Script:
    """What was asked, and what is answered next."""

    def __init__(self, answer: Callable[[int, str], Answer]) -> None:
        self.asked: list[tuple[str, dict[str, str], bytes]] = []
        self.answer = answer
        self.url = ""


@contextmanager
def scripted(answer: Callable[[int, str], Answer]) -> Iterator[Script]:
    """Serve a script: it is told how many were asked before, and the path."""
    script = Script(answer)

    class Answering(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            script.asked.append((self.path, dict(self.headers), content))
            found = script.answer(len(script.asked) - 1, self.path)
            if found is None:
                self.close_connection = True
                return
            status, headers, body = found
            self.send_response(status)
            for name, value in ({"Content-Length": str(len(body))} | headers).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815 - the library's own name

        def log_message(self, *_: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    script.url = f"http://127.0.0.1:{server.server_port}"
    yield script
    server.shutdown()
    server.server_close()
