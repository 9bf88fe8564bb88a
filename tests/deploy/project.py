"""A small project of the same shape: the real `deploy`, and services that only answer."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

REAL = Path(__file__).parents[2]

SERVICE = """
import os, sys, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

NAME, ACT = __package__.rsplit(".", 1)[1], sys.argv[1]
OWN = {name: value for name, value in os.environ.items() if name.startswith(NAME.upper() + "_")}


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        body = b'{"keys": []}'
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


if ACT == "migrate":
    import psycopg

    if "no space" in os.environ.get("STUB", ""):
        sys.exit("could not extend file: No space left on device")
    psycopg.connect(OWN[NAME.upper() + "_DATABASE_URL"], autocommit=True).execute("CREATE TABLE IF NOT EXISTS kept (id int)")
elif ACT == "serve":
    if NAME in os.environ.get("STUB_FAILS", ""):
        sys.exit("no such setting")
    ThreadingHTTPServer((OWN[NAME.upper() + "_HOST"], int(OWN[NAME.upper() + "_PORT"])), Handler).serve_forever()
elif ACT == "work":
    time.sleep(3600)
"""


def make_project(folder: Path) -> Path:
    for service in ("registry", "planning", "monitoring"):
        (folder / "services" / service).mkdir(parents=True)
        (folder / "services" / service / "__main__.py").write_text(SERVICE)
    (folder / "deploy").symlink_to(REAL / "deploy")
    return folder


def command(project: Path, *words: str, **environment: str) -> subprocess.Popen[str]:
    """A command of the house in that project, as a shell without a terminal starts it."""
    own = {"TRIDAYA_DEMO": "0"} | environment
    return subprocess.Popen(  # noqa: S603
        [sys.executable, "-m", "deploy.local", *words],
        cwd=project,
        env=os.environ | own,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def said(project: Path, *words: str, **environment: str) -> tuple[int, str]:
    """The exit code and everything that a command says."""
    process = command(project, *words, **environment)
    output, _ = process.communicate(timeout=60)
    return process.returncode, output


def until(what: Callable[[], object], *, patience: float = 20) -> None:
    end = time.monotonic() + patience
    while not what():
        assert time.monotonic() < end, "It took too long."
        time.sleep(0.05)


def processes_of(project: Path) -> list[str]:
    """Everything that still runs for this project, the database's processes included."""
    found = []
    for cmdline in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = cmdline.read_bytes().replace(b"\0", b" ").decode(errors="replace")
            where = str((cmdline.parent / "cwd").readlink())
        except OSError:
            continue
        if str(project) in line or where.startswith(str(project)):
            found.append(line)
    return found
