"""A server that speaks S3, as an outside program with an environment of its own: what it needs cannot live in ours."""

import fcntl
import hashlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

PINS = Path(__file__).with_name("requirements.txt")
NAME = "papers"
SIGNED = {"Authorization": "AWS4-HMAC-SHA256 Credential=invented/20260101/us-east-1/s3/aws4_request"}


def python_of_the_server() -> Path:
    """Return the server's own Python, made once for its pins and used by all processes of the tests."""
    known = hashlib.sha256(PINS.read_bytes()).hexdigest()[:12]
    # Beside our own environment: made anew together with it, and in nobody's way.
    folder = Path(sys.prefix) / f"bucket-{known}"
    with Path(f"{folder}.lock").open("w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "made").exists():
            words = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes", "-r", PINS]
            for command in ([sys.executable, "-m", "venv", "--clear", folder], [folder / "bin/python", *words]):
                subprocess.run(command, check=True)  # noqa: S603
            (folder / "made").touch()
    return folder / "bin/python"


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@dataclass
class Bucket:
    """A bucket and its server, which can fall silent, and speak again with all it had."""

    port: int = field(default_factory=free_port)
    url: str = f"s3://{NAME}/house"

    def __post_init__(self) -> None:
        words = [python_of_the_server(), "-m", "moto.server", "-p", str(self.port)]
        self._server = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603
        self.http = httpx.Client(base_url=f"http://127.0.0.1:{self.port}/{NAME}", headers=SIGNED, timeout=30)
        until = time.monotonic() + 60
        while True:
            try:
                assert self.http.put("").status_code == 200
            except httpx.TransportError:
                assert time.monotonic() < until, "the server of the bucket does not start"
                time.sleep(0.1)
            else:
                return

    def known_to(self, patch: pytest.MonkeyPatch) -> None:
        """Set the variables by which a service finds it."""
        for name, value in (
            ("ACCESS_KEY_ID", "invented"),
            ("SECRET_ACCESS_KEY", "invented"),
            ("REGION", "us-east-1"),
            ("ENDPOINT", f"http://127.0.0.1:{self.port}"),
            ("ALLOW_HTTP", "true"),
        ):
            patch.setenv(f"AWS_{name}", value)

    def keeps_versions(self) -> None:
        """Let it keep what is overwritten or deleted."""
        wanted = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"
        assert self.http.put("?versioning", content=wanted).status_code == 200

    @contextmanager
    def silent(self) -> Iterator[None]:
        """Let it take connections and answer nothing; and services wait for it but a moment."""
        os.kill(self._server.pid, signal.SIGSTOP)
        try:
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr("shared.storage.SECONDS", 0.3)
                yield
        finally:
            os.kill(self._server.pid, signal.SIGCONT)

    def ends(self) -> None:
        self.http.close()
        self._server.kill()
        self._server.wait()
