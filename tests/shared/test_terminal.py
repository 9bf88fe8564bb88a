"""The commands of clerks and operators against a running service: files in, lists out, jobs called off."""

import asyncio
import json
import socket
import stat
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import typer
import uvicorn
from sqlalchemy import text
from typer.testing import CliRunner, Result

from shared import exporting
from shared.app import background
from shared.terminal import add_client_commands
from tests.house import Running, new_id
from tests.shared.importing import BOARD, csv_file, telling, who
from tests.shared.test_importing import BOARDS, count

Commands = Callable[..., Awaitable[Result]]


@pytest.fixture
async def url(registry: Running) -> AsyncIterator[str]:
    """Serve registry at a port, in this process."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        config = uvicorn.Config(registry.app, lifespan="off", log_level="warning", access_log=False)
        server = uvicorn.Server(config)
        serving = asyncio.ensure_future(server.serve(sockets=[listening]))
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        server.should_exit = True
        await serving


@pytest.fixture
def commands(registry: Running, url: str, monkeypatch: pytest.MonkeyPatch) -> Commands:
    """Run a command as somebody with a token, beside the service."""
    cli = typer.Typer()
    add_client_commands(cli, service="registry")
    token = registry.token("facilitator", sub=new_id())["Authorization"].removeprefix("Bearer ")
    monkeypatch.setattr("shared.calling.TRIES", 2)
    monkeypatch.setattr("shared.terminal.POLL_SECONDS", 0.01)

    async def run(*words: str | Path, **environment: str | None) -> Result:
        known: dict[str, str | None] = {"TRIDAYA_URL": url, "TRIDAYA_TOKEN": token, "LC_ALL": "C"}
        told = CliRunner().invoke
        return await asyncio.to_thread(told, cli, [str(word) for word in words], env=known | environment)

    return run


@pytest.fixture
async def worker(registry: Running) -> AsyncIterator[None]:
    everybody = telling(lambda: who(registry.token("facilitator")))
    async with background(registry.app.state.jobs.keep_working(registry.database, everybody)):
        yield


def saved(folder: Path, *names: str, name: str = "boards.csv") -> Path:
    file = folder / name
    file.write_bytes(csv_file([BOARD | {"Nama": one} for one in names]))
    return file


@pytest.mark.usefixtures("worker")
async def test_an_import_keeps_every_row_and_a_second_run_doubles_nothing(
    registry: Running, commands: Commands, tmp_path: Path
) -> None:
    file = saved(tmp_path, "BKM Satu", "BKM Dua")

    first = await commands("import", "boards", file)
    again = await commands("import", "boards", file)

    assert (first.exit_code, again.exit_code) == (0, 0), first.output
    assert first.stdout == "boards (commit): 2 rows: 2 accepted, 0 existing, 0 refused, 0 withdrawn, 0 waiting\n"
    assert again.stdout == first.stdout
    assert "was sent before" in again.stderr
    assert await count(registry, "boards") == 2
    anew = await commands("import", "boards", file, "--again")
    assert (anew.exit_code, "2 refused" in anew.stdout, await count(registry, "imports")) == (1, True, 2)
    assert await count(registry, "boards") == 2


@pytest.mark.usefixtures("worker")
async def test_an_import_tells_what_is_wrong_by_column_and_saves_it_without_naming_anybody(
    commands: Commands, tmp_path: Path
) -> None:
    file, wrong = saved(tmp_path, "BKM Rahasia", "X", "Y"), tmp_path / "wrong.csv"

    done = await commands("import", "boards", file, "--corrected", wrong)

    assert done.exit_code == 1
    assert "  Nama: At least 3 characters. (2: row 3, 4)\n" in done.stdout
    assert "Rahasia" not in done.output
    assert wrong.read_text("utf-8-sig").splitlines()[1].startswith("34.71.03.1001,X,2008-05-17,3,")
    assert stat.S_IMODE(wrong.stat().st_mode) == 0o600
    before = wrong.read_bytes()
    assert (await commands("import", "boards", file, "--corrected", wrong)).exit_code == 2
    assert wrong.read_bytes() == before
    told = await commands("import", "boards", file, "--check", LC_ALL="id_ID.UTF-8")
    assert "  Nama: Paling sedikit 3 karakter. (2: baris 3, 4)\n" in told.stdout


@pytest.mark.usefixtures("worker")
async def test_an_import_only_looks_when_asked_to_check(registry: Running, commands: Commands, tmp_path: Path) -> None:
    file = saved(tmp_path, "BKM Satu")

    for _ in range(2):
        done = await commands("import", "boards", file, "--check")
        assert done.exit_code == 0
        assert done.stdout.startswith("boards (check): 1 rows: 1 accepted")
        assert "sent before" not in done.stderr
    assert (await count(registry, "boards"), await count(registry, "imports")) == (0, 2)


@pytest.mark.usefixtures("worker")
async def test_a_clerk_is_spoken_to_in_indonesian(commands: Commands, boards: int, tmp_path: Path) -> None:
    file, out, here = saved(tmp_path, "BKM Satu", "X"), tmp_path / "boards.csv", {"LANG": "id_ID.UTF-8", "LC_ALL": None}

    done = await commands("import", "boards", file, "--corrected", tmp_path / "mend.csv", **here)
    taken = await commands("export", "boards", "-o", out, **here)
    listed = await commands("jobs", **here)
    wrong = await commands("export", "colours", "-o", out, **here)
    void = await commands("jobs", "--url", "http://127.0.0.1:9", **here)

    assert done.stdout.splitlines() == [
        "boards (simpan): 2 baris: 1 diterima, 0 sudah ada, 1 ditolak, 0 ditarik, 0 menunggu",
        "  Nama: Paling sedikit 3 karakter. (1: baris 3)",
        f"Yang perlu diperbaiki: {tmp_path / 'mend.csv'}",
    ]
    assert taken.stdout.startswith(f"{out}: {boards + 1} baris, ")
    assert "import     selesai    2/2" in listed.stdout
    assert wrong.stderr.splitlines()[-2].startswith("Ditolak (404 resource.not_found): Yang diminta tidak ada")
    assert "tidak dapat dihubungi" in void.stderr
    assert (
        await commands("jobs", "--cancel", **here | {"TRIDAYA_LANGUAGE": "en"})
    ).stderr == "Which one? `jobs ID --cancel`\n"


def test_what_only_speaks_to_the_api_loads_nothing_of_a_service() -> None:
    loaded = "import sys, services.registry.__main__; print(*sys.modules, sep='\\n')"
    done = subprocess.run([sys.executable, "-c", loaded], check=True, capture_output=True, text=True)  # noqa: S603 - our own

    heavy = {"sqlalchemy", "fastapi", "procrastinate", "openpyxl", "pyarrow", "services.registry.app"}
    assert heavy & set(done.stdout.splitlines()) == set()


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (("boards.txt", b"x", "boards"), "a file ends in .csv, .xlsx, .ndjson"),
        (("boards.csv", b"Nama\nX\n", "boards"), "import.columns_invalid"),
        (("boards.csv", b"", "boards"), "file.unreadable"),
        (("boards.xlsx", b"nonsense", "boards"), "file.unreadable"),
        (("boards.csv", b"Nama\nX\n", "colours"), "query.invalid"),
    ],
)
async def test_an_import_refuses_what_is_no_such_file(
    commands: Commands, tmp_path: Path, wrong: tuple[str, bytes, str], told: str
) -> None:
    name, content, kind = wrong
    file = tmp_path / name
    file.write_bytes(content)

    done = await commands("import", kind, file)

    assert (done.exit_code, told in done.stderr) == (2, True), done.output


async def test_an_import_needs_a_file_and_somebody_who_may(commands: Commands, tmp_path: Path) -> None:
    file = saved(tmp_path, "BKM Satu")

    assert (await commands("import", "boards", tmp_path / "absent.csv")).exit_code == 2
    assert (await commands("import", "boards", file, "--url", "localhost:1")).exit_code == 2
    nobody = await commands("import", "boards", file, TRIDAYA_TOKEN=None)
    assert (nobody.exit_code, "Who is asking?" in nobody.stderr) == (2, True)
    wrong = await commands("import", "boards", file, TRIDAYA_TOKEN="nonsense")
    assert (wrong.exit_code, "token.invalid" in wrong.stderr) == (2, True)
    assert "nonsense" not in wrong.output


async def test_an_import_says_when_nobody_answers(commands: Commands, tmp_path: Path) -> None:
    done = await commands("import", "boards", saved(tmp_path, "BKM Satu"), "--url", "http://127.0.0.1:9")

    assert (done.exit_code, "cannot be reached" in done.stderr) == (3, True)


async def test_jobs_are_found_and_called_off(commands: Commands, tmp_path: Path) -> None:
    sent = await commands("import", "boards", saved(tmp_path, "BKM Satu", "BKM Dua"), "--no-wait")
    job = sent.stdout.strip()

    assert job in (await commands("jobs")).stdout
    assert "queued" in (await commands("jobs", job)).stdout
    called_off = await commands("jobs", job, "--cancel")
    assert (called_off.exit_code, "cancelled" in called_off.stdout) == (0, True), called_off.output
    assert (await commands("jobs", "--state", "queued")).stdout == ""
    again = await commands("jobs", job, "--cancel")
    assert (again.exit_code, "job.ended" in again.stderr) == (2, True)
    assert (await commands("jobs", new_id())).exit_code == 2
    assert (await commands("jobs", "--cancel")).exit_code == 2

    waited = await commands("import", "boards", tmp_path / "boards.csv", "--corrected", tmp_path / "left.csv")
    assert (waited.exit_code, "2 waiting" in waited.stdout) == (4, True)
    assert len((tmp_path / "left.csv").read_text("utf-8-sig").splitlines()) == 3


@pytest.fixture
async def boards(registry: Running) -> int:
    headers = registry.token("facilitator")
    for number in range(5):
        draft = {"kelurahan_code": "34.71.03.1001", "name": f"BKM {number}", "founded_on": "2020-01-01"}
        assert (await registry.http.post(BOARDS, json=draft, headers=headers)).status_code == 201
    return 5


@pytest.mark.parametrize("form", ["csv", "ndjson", "parquet"])
async def test_an_export_saves_every_byte_and_says_so(
    registry: Running, commands: Commands, boards: int, tmp_path: Path, form: str
) -> None:
    file = tmp_path / f"boards.{form}"
    file.write_bytes(b"of yesterday")

    done = await commands("export", "boards", "--format", form, "-o", file)

    assert done.exit_code == 0, done.output
    media = {"csv": "text/csv", "ndjson": "application/x-ndjson"}.get(form)
    if media is not None:
        whole = await registry.http.get(BOARDS, headers=registry.token("facilitator") | {"Accept": media})
        assert file.read_bytes() == whole.content
    assert f"{boards} rows, {file.stat().st_size:,} bytes, sha256 " in done.stdout
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert there(tmp_path) == [file.name]


async def test_an_export_takes_filters(commands: Commands, boards: int, tmp_path: Path) -> None:
    file = tmp_path / "boards.ndjson"
    words = ("export", "boards", "--format", "ndjson", "-o", file)

    assert (await commands(*words, "--filter", "q=BKM 3", "--filter", "region=34.71")).exit_code == 0
    assert [json.loads(line)["name"] for line in file.read_text().splitlines()] == ["BKM 3"]
    for wrong in (("--filter", "colour=red"), ("--filter", "limit=3"), ("--filter", "q"), ("--filter", "q=a") * 2):
        assert (await commands(*words, *wrong)).exit_code == 2
    for name in ("../tokens", "colours", "Boards", "boards?q=a"):
        assert (await commands("export", name, "-o", file)).exit_code == 2
    assert [json.loads(line)["name"] for line in file.read_text().splitlines()] == ["BKM 3"]
    assert (await commands("export", "boards", "-o", tmp_path / "absent" / "boards.csv")).exit_code == 2


async def test_an_export_leaves_nothing_of_a_list_that_broke_off_twice(
    commands: Commands, boards: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = breaking(monkeypatch, times=2)

    done = await commands("export", "boards", "-o", tmp_path / "boards.csv")

    assert (done.exit_code, "Broken off" in done.stderr) == (4, True), done.output
    assert there(tmp_path) == []
    assert broken() == 2


async def test_an_export_asks_once_more_for_a_list_that_broke_off(
    commands: Commands, boards: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = breaking(monkeypatch, times=1)

    done = await commands("export", "boards", "-o", tmp_path / "boards.csv")

    assert (done.exit_code, broken()) == (0, 1), done.output
    assert len((tmp_path / "boards.csv").read_text("utf-8-sig").splitlines()) == boards + 1


@pytest.mark.parametrize("form", ["csv", "ndjson", "parquet"])
async def test_an_export_counts_the_rows_that_arrived(
    commands: Commands, boards: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    noted = exporting._noted  # noqa: SLF001

    async def forgetful(*given: Any) -> None:
        given[-1].rows -= 1
        await noted(*given)

    monkeypatch.setattr(exporting, "_noted", forgetful)
    done = await commands("export", "boards", "--format", form, "-o", tmp_path / "boards")

    assert (done.exit_code, f"{boards} rows came; by its receipt {boards - 1}" in done.stderr) == (4, True), done.output
    assert there(tmp_path) == []


def there(folder: Path) -> list[str]:
    return [one.name for one in folder.iterdir()]


def breaking(monkeypatch: pytest.MonkeyPatch, *, times: int) -> Callable[[], int]:
    """Let lists break off after their first rows; tell how many did."""
    pieces, broken = exporting._pieces, 0  # noqa: SLF001

    async def breaking_off(*given: Any) -> AsyncIterator[bytes]:
        nonlocal broken
        async for piece in pieces(*given):
            yield piece
            if broken < times:
                broken += 1
                raise ConnectionResetError

    monkeypatch.setattr(exporting, "_pieces", breaking_off)
    return lambda: broken


async def test_a_person_at_a_terminal_is_asked_and_the_password_not_shown(
    registry: Running, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    cli = typer.Typer()
    add_client_commands(cli, service="registry")
    cli.command("other")(lambda: None)
    monkeypatch.setattr("shared.terminal._at_a_terminal", lambda: True)
    environment = {"TRIDAYA_URL": url, "TRIDAYA_TOKEN": None}

    done = await asyncio.to_thread(CliRunner().invoke, cli, ["jobs"], input="siti\nsandi-yang-salah\n", env=environment)

    assert (done.exit_code, "credentials" in done.stderr) == (2, True), done.output
    assert "User name: siti" in done.output
    assert "sandi-yang-salah" not in done.output


async def test_the_journal_is_verified_and_a_break_named(
    registry: Running, commands: Commands, boards: int, capfd: pytest.CaptureFixture[str]
) -> None:
    await registry.seal()
    assert (await commands("verify-journal")).exit_code == 0
    told = capfd.readouterr().out
    noted = told.splitlines()[1].strip()
    assert told.startswith(f"registry: holds. {boards} links; {boards} payloads opened")
    assert (await commands("verify-journal", "--since", noted)).exit_code == 0
    assert f"registry: holds since {boards}. 0 links" in capfd.readouterr().out

    async with registry.database.writes.begin() as connection:
        await connection.execute(text("UPDATE journal_entries SET nonce = payload_digest WHERE position = 3"))
    assert (await commands("verify-journal")).exit_code == 1
    assert "registry: BROKEN at position 3: " in capfd.readouterr().out
    assert (await commands("verify-journal", "--since", "registry:2:abc")).exit_code == 2
    assert (await commands("verify-journal", "--url", "http://127.0.0.1:9")).exit_code == 3
    assert (await commands("verify-journal", "--url", "README.md")).exit_code == 2
