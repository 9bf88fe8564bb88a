"""Whole lists at full size: peak memory above that of an empty list, and time against a bare COPY of the same rows.

python -m tests.benchmarks.whole_lists --rows 1000000
"""

import hashlib
import os
import time
from pathlib import Path
from typing import Annotated

import httpx
import psycopg
import typer

from shared.forms import FORMS
from tests.benchmarks.house import Measured, measured

BOARDS = "/registry/v1/boards"
EMPTY, FULL = "region=99", "region=34.71"
MOST_MIB = 50


def _pid(port: int) -> int:
    """Return the process that listens on a port: the service, whose memory is looked at."""
    for command in Path("/proc").glob("[0-9]*/environ"):
        try:
            environment = command.read_bytes()
            started = (command.parent / "cmdline").read_bytes()
        except OSError:
            continue
        if f"REGISTRY_PORT={port}".encode() in environment and b"services.registry\0serve" in started:
            return int(command.parent.name)
    raise LookupError(port)


def _peak_mib(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) / 1024


def _streamed(house: Measured, query: str, form: str) -> tuple[float, int]:
    """Take a list through the gateway; return seconds and rows as its receipt tells, once the bytes agree."""
    pid = _pid(house.port)
    # The highest mark so far is forgotten, so that each stream has its own.
    Path(f"/proc/{pid}/clear_refs").write_text("5", encoding="utf-8")
    started, digest = time.perf_counter(), hashlib.sha256()
    with (
        httpx.Client(base_url=f"http://127.0.0.1:{house.gateway_port}", timeout=600) as http,
        http.stream("GET", f"{BOARDS}?{query}", headers={"Accept": form}) as reply,
    ):
        reply.raise_for_status()
        for piece in reply.iter_bytes():
            digest.update(piece)
        seconds = time.perf_counter() - started
        receipt = http.get(f"/registry/v1/exports/{reply.headers['Export-Id']}").json()
    assert receipt["sha256"] == digest.hexdigest(), "what arrived is not what was sent"
    return seconds, int(receipt["rows"])


def _copied(url: str) -> float:
    started = time.perf_counter()
    with (
        psycopg.connect(url) as connection,
        connection.cursor() as cursor,
        cursor.copy("COPY (SELECT * FROM boards ORDER BY id) TO STDOUT (FORMAT csv)") as copy,
        Path(os.devnull).open("wb") as sink,
    ):
        sink.writelines(copy)
    return time.perf_counter() - started


def main(rows: Annotated[int, typer.Option(min=1_000, help="Boards of the generated city")] = 1_000_000) -> None:
    """Measure whole lists in every form."""
    with measured(rows) as house:
        bare = _copied(house.house.database_url("registry"))
        typer.echo(f"bare COPY to CSV of the same table: {bare:.1f} s")
        pid = _pid(house.port)
        for form in FORMS:
            _streamed(house, EMPTY, form)
            empty = _peak_mib(pid)
            seconds, sent = _streamed(house, FULL, form)
            above = _peak_mib(pid) - empty
            verdict = "reached" if above <= MOST_MIB else "MISSED"
            typer.echo(
                f"{form}: {sent:,} rows in {seconds:.1f} s ({seconds / bare:.1f} x COPY), "
                f"{above:.0f} MiB above an empty list ({MOST_MIB}: {verdict})"
            )


if __name__ == "__main__":
    typer.run(main)
