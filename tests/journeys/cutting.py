"""A line that breaks in the middle: it hangs up when it has carried so many bytes of an answer."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

PIECE = 16 * 1024


class Line:
    """What the line has carried; `breaks` answers longer than `limit` are cut."""

    def __init__(self, port: int, *, limit: int, breaks: int) -> None:
        self.broken = 0
        self._port, self._limit, self._breaks = port, limit, breaks
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"

    def close(self) -> None:
        self._listening.close()

    def carry(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listening.accept()
                far = socket.create_connection(("127.0.0.1", self._port))
                threading.Thread(target=self._pass_on, args=(near, far, None), daemon=True).start()
                threading.Thread(target=self._pass_on, args=(far, near, self._limit), daemon=True).start()

    def _pass_on(self, come: socket.socket, go: socket.socket, limit: int | None) -> None:
        left = limit
        with suppress(OSError), come, go:
            while piece := come.recv(PIECE):
                if left is not None and len(piece) > left and self.broken < self._breaks:
                    # What fits still arrives, so that the answer has begun when it breaks.
                    self.broken += 1
                    go.sendall(piece[:left])
                    break
                left = None if left is None else max(left - len(piece), 0)
                go.sendall(piece)
            # Closing alone would wait for the thread that reads the other way.
            come.shutdown(socket.SHUT_RDWR)
            go.shutdown(socket.SHUT_RDWR)


@contextmanager
def cutting(port: int, *, limit: int, breaks: int) -> Iterator[Line]:
    """Open a line to a port that breaks so many times."""
    line = Line(port, limit=limit, breaks=breaks)
    threading.Thread(target=line.carry, daemon=True).start()
    yield line
    line.close()
