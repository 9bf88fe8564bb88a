"""Clerks at a terminal: through the gateway, without any setting of a service, over lines that break."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from uuid import uuid4

import pytest

from deploy.local.places import PROJECT
from tests.journeys.cutting import cutting
from tests.journeys.home import DEMANGAN, Home, SignedIn, eventually
from tests.journeys.line import BadLine
from tests.shared.importing import csv_file

pytestmark = pytest.mark.xdist_group("house")

MANY = 4_000


def file(folder: Path, *names: str) -> Path:
    day = {"Kode kelurahan": DEMANGAN, "Tanggal berdiri": "2020-01-01"}
    made = folder / f"{uuid4().hex}.csv"
    made.write_bytes(csv_file([day | {"Nama": name} for name in names]))
    return made


def begun(home: Home, by: SignedIn | None, *words: str | Path, url: str | None = None) -> "subprocess.Popen[str]":
    """Begin a command with nothing around it but an address and a token."""
    environment = {"PATH": os.environ["PATH"], "TRIDAYA_URL": url or home.house.gateway_url}
    environment |= {"TRIDAYA_TOKEN": by.token} if by else {}
    command = [sys.executable, "-m", "services.registry", *map(str, words)]
    return subprocess.Popen(  # noqa: S603 - our own program
        command,
        env=environment,
        cwd=PROJECT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(home: Home, by: SignedIn | None, *words: str | Path, url: str | None = None) -> tuple[int, str, str]:
    program = begun(home, by, *words, url=url)
    told, wrong = program.communicate(timeout=180)
    return program.returncode, told, wrong


def test_a_clerk_brings_a_file_in_and_takes_the_list_out(home: Home, tmp_path: Path) -> None:
    clerk = home.somebody("facilitator", "34.71")
    name = f"BKM {uuid4().hex[:12]}"
    sent = file(tmp_path, f"{name} Satu", f"{name} Dua", "X")

    code, told, _ = run(home, clerk, "import", "boards", sent, "--check")
    assert (code, "boards (check): 3 rows: 2 accepted, 0 existing, 1 refused" in told) == (1, True), told
    mend = tmp_path / "mend.csv"
    code, told, wrong = run(home, clerk, "import", "boards", sent, "--corrected", mend)
    assert (code, "  Nama: At least 3 characters. (1: row 4)" in told) == (1, True), told + wrong
    again = run(home, clerk, "import", "boards", sent)
    assert (again[0], "was sent before" in again[2]) == (1, True)
    mend.write_text(mend.read_text("utf-8-sig").replace("X,", f"{name} Tiga,"), "utf-8")
    assert run(home, clerk, "import", "boards", mend)[0] == 0

    out = tmp_path / "boards.csv"
    code, told, wrong = run(home, clerk, "export", "boards", "--filter", f"q={name}", "-o", out)
    assert (code, f"{out}: 3 rows" in told) == (0, True), wrong
    assert sorted(line.split(name)[1][1:5] for line in out.read_text("utf-8-sig").splitlines()[1:]) == [
        "Dua,",
        "Satu",
        "Tiga",
    ]
    assert "succeeded" in run(home, clerk, "jobs")[1]
    home.sealed("registry")
    code, told, _ = run(home, None, "verify-journal")
    assert (code, told.startswith("registry: holds. ")) == (0, True)
    assert run(home, None, "verify-journal", "--since", told.splitlines()[1].strip())[0] == 0


def test_who_is_nobody_or_calls_into_the_void_is_told_so(home: Home, tmp_path: Path) -> None:
    sent = file(tmp_path, "BKM Contoh")
    nobody = SignedIn(home.http, "nonsense")

    assert run(home, None, "import", "boards", sent)[0] == 2
    code, told, wrong = run(home, nobody, "import", "boards", sent)
    assert (code, told, "token.invalid" in wrong, "nonsense" in wrong) == (2, "", True, False), wrong
    code, _, wrong = run(home, nobody, "import", "boards", sent, url="http://127.0.0.1:9")
    assert (code, "cannot be reached" in wrong, "Traceback" in wrong) == (3, True, False)
    assert run(home, nobody, "jobs", url="http://invented.invalid")[0] == 3


def test_a_list_over_a_broken_line_comes_whole_or_not_at_all(home: Home, tmp_path: Path) -> None:
    clerk, out = home.somebody("facilitator", "34.71"), tmp_path / "regions.csv"
    words = ("export", "regions", "-o", out)
    port = home.house.ports["gateway"]

    with cutting(port, limit=4_000, breaks=1) as line:
        code, told, wrong = run(home, clerk, *words, url=line.url)
    assert (code, line.broken, out.exists()) == (0, 1, True), told + wrong
    whole = out.read_bytes()
    out.write_bytes(b"of yesterday")
    with cutting(port, limit=4_000, breaks=9) as line:
        code, _, wrong = run(home, clerk, *words, url=line.url)
    assert (code, "Broken off" in wrong, line.broken) == (4, True, 2), wrong
    assert [one.name for one in tmp_path.iterdir()] == ["regions.csv"]
    assert (out.read_bytes(), len(whole) > 4_000) == (b"of yesterday", True)


def test_a_lost_reply_to_a_file_doubles_nothing(home: Home, tmp_path: Path) -> None:
    clerk, name = home.somebody("facilitator", "34.71"), f"BKM {uuid4().hex[:12]}"

    with BadLine(home.house.gateway_url) as line:
        code, told, wrong = run(home, clerk, "import", "boards", file(tmp_path, name), url=line.url)

    assert (code, line.lost["POST /registry/v1/imports"] > 0) == (0, True), told + wrong
    assert len(clerk.get(f"/registry/v1/boards?q={name}").json()["items"]) == 1


def test_who_stops_watching_stops_nothing_and_calls_it_off_by_name(home: Home, tmp_path: Path) -> None:
    clerk = home.somebody("facilitator", "34.71")
    # Tests that run behind a shell ignore it, and what they start would, too.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    watching = begun(home, clerk, "import", "boards", file(tmp_path, *(f"BKM Lama {one}" for one in range(MANY))))

    def running() -> list[str]:
        return [one["id"] for one in clerk.get("/registry/v1/jobs?state=running").json()["items"]]

    eventually(running, within=60)
    time.sleep(1)  # the watcher asks every half second
    watching.send_signal(signal.SIGINT)
    _, wrong = watching.communicate(timeout=30)
    (job,) = running()
    assert (watching.returncode, f"`jobs {job}`" in wrong, "Traceback" in wrong) == (130, True, False), wrong

    code, told, wrong = run(home, clerk, "jobs", job, "--cancel")
    assert (code, "cancelled" in told) == (0, True), wrong
    assert running() == []
    found = clerk.get(f"/registry/v1/imports/{job}").json()
    assert found["waiting"] > 0
    eventually(lambda: clerk.act(f"/registry/v1/imports/{job}", "undo").status_code in {200, 409})
