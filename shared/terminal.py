"""Commands that speak to the API as anybody may: files in, whole lists out, jobs, and the journal verified."""

import hashlib
import re
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, NoReturn
from uuid import UUID

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from shared.calling import (
    Api,
    CallerSettings,
    Json,
    RefusedError,
    UnreachableError,
    UnsignedError,
    credentials,
    is_address,
)
from shared.exporting import ENDINGS
from shared.fetching import BrokenOffError, fetch, written_whole
from shared.identity import new_id
from shared.jobs import OPEN, JobState
from shared.sheets import CSV, NDJSON, XLSX

VERIFIER = Path(__file__).parents[1] / "deploy" / "verify_journal.py"
KINDS_OF_FILES = {".csv": CSV, ".xlsx": XLSX, ".ndjson": NDJSON}
LIST = re.compile(r"[a-z][a-z0-9-]*(/[a-z0-9-]+)*")
POLL_SECONDS = 0.5
MOST_ROWS = 5_000
"""Refused rows that are summed up; the corrected file has all of them."""

MOST_NAMED = 8
ROWS_REFUSED, REFUSED, UNREACHABLE, UNFINISHED, INTERRUPTED = 1, 2, 3, 4, 130
"""What the shell is told when not all went well."""


class ListForm(StrEnum):
    """A form of whole lists."""

    CSV = "csv"
    NDJSON = "ndjson"
    PARQUET = "parquet"


Url = Annotated[str | None, typer.Option(help="Address of the gateway; else TRIDAYA_URL, else http://localhost:8080")]


def _tell(line: str) -> None:
    """Say something to a person; what is asked for goes to the standard output alone."""
    Console(stderr=True, soft_wrap=True, highlight=False).print(line, markup=False)


def _refuse(line: str) -> NoReturn:
    _tell(line)
    raise typer.Exit(REFUSED)


def _at_a_terminal() -> bool:
    return sys.stdin.isatty()


def _ask() -> tuple[str, str]:
    name: str = typer.prompt("User name", err=True)
    password: str = typer.prompt("Password", hide_input=True, err=True)
    return name, password


def _address(settings: CallerSettings, url: str | None) -> str:
    address = url or settings.url
    if not is_address(address):
        _refuse("--url is no http:// or https:// address.")
    return address


@contextmanager
def _speaking(service: str, url: str | None) -> Iterator[Api]:
    """Open the API; whatever goes wrong is told in words and by the exit code."""
    settings = CallerSettings()
    address = _address(settings, url)
    try:
        form = credentials(settings, _ask if _at_a_terminal() else None)
        api = Api(address, service, token=settings.token, credentials=form, language=settings.language)
        try:
            yield api
        finally:
            api.close()
    except UnsignedError:
        _refuse(
            "Who is asking? Set TRIDAYA_TOKEN, or TRIDAYA_CLIENT_ID and TRIDAYA_CLIENT_SECRET, or ask from a terminal."
        )
    except RefusedError as refusal:
        for line in refusal.lines():
            _tell(line)
        raise typer.Exit(UNREACHABLE if refusal.status >= 500 else REFUSED) from refusal
    except UnreachableError as error:
        _tell(str(error))
        raise typer.Exit(UNREACHABLE) from error
    except BrokenOffError as error:
        _tell(f"Broken off: {error}. Nothing was saved.")
        raise typer.Exit(UNFINISHED) from error
    except KeyboardInterrupt as error:
        _tell("Interrupted.")
        raise typer.Exit(INTERRUPTED) from error
    except OSError as error:
        _refuse(f"{error.filename or 'file'}: {error.strerror}")


def _progress(*columns: Any) -> Progress:
    return Progress(TextColumn("{task.description}"), *columns, TimeElapsedColumn(), console=Console(stderr=True))


def _watched(api: Api, job_id: str) -> Json:
    """Wait for the end of a job, showing how far it is."""
    with _progress(BarColumn(), MofNCompleteColumn()) as progress:
        task = progress.add_task("queued", total=None)
        while True:
            job = api.read(api.path("jobs", job_id))
            progress.update(task, description=job["state"], completed=job["done"], total=job["total"])
            if job["state"] not in OPEN:
                return job
            time.sleep(POLL_SECONDS)


def _told_import(api: Api, found: Json) -> None:
    counts = ", ".join(f"{found[one]:,} {one}" for one in ("accepted", "existing", "refused", "withdrawn", "waiting"))
    typer.echo(f"{found['kind']} ({found['mode']}): {found['rows']:,} rows: {counts}")
    if not found["refused"]:
        return
    wrong = defaultdict[tuple[str, str], list[int]](list)
    for number, row in enumerate(api.items(api.path("imports", found["id"], "rows"), verdict="refused", limit=500)):
        if number == MOST_ROWS:
            typer.echo(f"of the first {MOST_ROWS:,} refused rows:")
            break
        for fault in row["faults"]:
            wrong[fault["column"] or "-", fault["message"]].append(row["number"])
    for (column, message), rows in sorted(wrong.items(), key=lambda one: -len(one[1])):
        named = ", ".join(map(str, rows[:MOST_NAMED])) + (", …" if len(rows) > MOST_NAMED else "")
        typer.echo(f"  {column}: {message} ({len(rows):,}: row {named})")


def _sent(api: Api, file: Path, kind: str, *, check: bool, again: bool) -> Json:
    """Send a file and return its job; a file to be kept is sent once, however often this is run."""
    form = KINDS_OF_FILES.get(file.suffix.lower())
    if form is None:
        _refuse(f"{file.name}: a file ends in {', '.join(KINDS_OF_FILES)}.")
    content, mode = file.read_bytes(), "check" if check else "commit"
    # A check keeps nothing, and what it says is true for its day only: it is never answered from memory.
    once = "" if check or again else hashlib.sha256(f"{kind}\n{mode}\n{form}\n".encode() + content).hexdigest()
    headers = {"Content-Type": form, "Idempotency-Key": once or str(new_id())}
    params = {"kind": kind, "mode": mode}
    reply = api.send("POST", api.path("imports"), params=params, content=content, headers=headers)
    if once and reply.headers.get("Idempotency-Replayed") == "true":
        _tell("This file was sent before; this is what became of it. To send it anew: --again")
    return dict(reply.json())


def _save_corrected(api: Api, import_id: str, path: Path) -> None:
    reply = api.send("GET", api.path("imports", import_id, "corrected"))
    with written_whole(path) as part:
        part.write(reply.content)
    typer.echo(f"What is to be mended: {path}")


def _called_off(api: Api, job_id: UUID) -> Json:
    """Call a job off in the state it has now, which may change while it is asked."""
    path, key = api.path("jobs", str(job_id)), str(new_id())
    while True:
        seen = api.send("GET", path)
        headers = {"If-Match": seen.headers["ETag"], "Idempotency-Key": key}
        try:
            return dict(api.send("POST", f"{path}/cancellation", headers=headers).json())
        except RefusedError as refusal:
            if refusal.status != 412:
                raise


def _job_line(job: Json) -> str:
    far = f"{job['done']:,}/{job['total']:,}" if job["total"] is not None else f"{job['done']:,}"
    message = f"  {job['message']}" if job["message"] else ""
    return f"{job['id']}  {job['recorded_at'][:19]}  {job['kind']:<10} {job['state']:<10} {far}{message}"


class Client:
    """The commands of one service; none of them needs the service's own settings."""

    def __init__(self, service: str) -> None:
        self._service = service

    def bring_in(
        self,
        kind: Annotated[str, typer.Argument(help="What a row is, such as boards")],
        file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="CSV, XLSX or NDJSON")],
        *,
        check: Annotated[bool, typer.Option("--check", help="Only see the verdicts; keep nothing")] = False,
        wait: Annotated[bool, typer.Option(help="Wait for the verdicts")] = True,
        corrected: Annotated[
            Path | None, typer.Option(dir_okay=False, help="Save the refused rows here, with what is wrong")
        ] = None,
        again: Annotated[bool, typer.Option("--again", help="Send it though it was sent before")] = False,
        url: Url = None,
    ) -> None:
        """Send a file. Exit code 0: every row is accepted; 1: some are not; 2: refused; 3: unreachable; 4: unfinished."""
        if corrected is not None and corrected.exists():
            _refuse(f"{corrected} is there already.")
        with _speaking(self._service, url) as api:
            job = _sent(api, file, kind, check=check, again=again)
            if not wait:
                typer.echo(job["id"])
                return
            try:
                job = _watched(api, job["id"])
            except KeyboardInterrupt as error:
                _tell(f"The import goes on without you. Look with `jobs {job['id']}`, call it off with `--cancel`.")
                raise typer.Exit(INTERRUPTED) from error
            found = api.read(api.path("imports", job["id"]))
            _told_import(api, found)
            if corrected is not None and found["refused"] + found["waiting"]:
                _save_corrected(api, job["id"], corrected)
        if job["state"] != JobState.SUCCEEDED:
            _tell(f"Unfinished: {job['state']}. {job['message'] or ''}")
            raise typer.Exit(UNFINISHED)
        if found["refused"]:
            raise typer.Exit(ROWS_REFUSED)

    def take_out(
        self,
        name: Annotated[str, typer.Argument(metavar="LIST", help="The list's address behind /v1/, such as boards")],
        file: Annotated[Path, typer.Option("-o", "--output", dir_okay=False, help="Where to save it")],
        *,
        given: Annotated[
            list[str] | None, typer.Option("--filter", metavar="NAME=VALUE", help="A filter; may be repeated")
        ] = None,
        form: Annotated[ListForm, typer.Option("--format")] = ListForm.CSV,
        url: Url = None,
    ) -> None:
        """Save a whole list. Exit code 0: all of it, proven by its receipt; 2: refused; 3: unreachable; 4: broken off."""
        filters = dict(one.split("=", 1) for one in given or () if "=" in one)
        if not LIST.fullmatch(name) or len(filters) < len(given or ()):
            _refuse("A list is named as in its address, such as boards, and each filter once, as NAME=VALUE.")
        media = next(media for media, ending in ENDINGS.items() if ending == form)
        with _speaking(self._service, url) as api, _progress(DownloadColumn()) as progress:
            task = progress.add_task(name, total=None)

            def arrived(size: int) -> None:
                progress.update(task, completed=size)

            receipt = fetch(api, api.path(name), file, form=media, filters=filters, arrived=arrived)
        typer.echo(f"{file}: {receipt['rows']:,} rows, {receipt['size']:,} bytes, sha256 {receipt['sha256']}")

    def look_at_jobs(
        self,
        job_id: Annotated[UUID | None, typer.Argument(metavar="[ID]", help="One job; else the latest")] = None,
        *,
        cancel: Annotated[bool, typer.Option("--cancel", help="Call it off: parts done stay")] = False,
        state: Annotated[JobState | None, typer.Option(help="Only jobs in this state")] = None,
        url: Url = None,
    ) -> None:
        """Look at your jobs. Exit code 0: done; 2: refused, as when it has ended; 3: unreachable."""
        if cancel and job_id is None:
            _refuse("Which one? `jobs ID --cancel`")
        with _speaking(self._service, url) as api:
            if job_id is not None:
                job = _called_off(api, job_id) if cancel else api.read(api.path("jobs", str(job_id)))
                typer.echo(_job_line(job))
                return
            filters = {"state": state.value} if state else {}
            for job in api.read(api.path("jobs"), **filters)["items"]:
                typer.echo(_job_line(job))

    def verify_journal(
        self,
        *,
        since: Annotated[
            str | None, typer.Option(metavar="SERVICE:POSITION:DIGEST", help="Go on from what was verified before")
        ] = None,
        url: Url = None,
    ) -> None:
        """Verify the journal with the published verifier. Exit code 0: it holds; 1: broken, and where; 3: cannot be told."""
        if since is not None and not re.fullmatch(rf"{self._service}:[1-9]\d*:[0-9a-f]{{64}}", since):
            _refuse(f"--since is the second line of a verdict: {self._service}:POSITION:DIGEST, the digest in full.")
        words = [_address(CallerSettings(), url), "--service", self._service, *(["--since", since] if since else [])]
        # As a program of its own, exactly as anybody else runs it; a token reaches it as TRIDAYA_TOKEN.
        done = subprocess.run([sys.executable, "-I", str(VERIFIER), *words], check=False)  # noqa: S603
        if done.returncode:
            raise typer.Exit(ROWS_REFUSED if done.returncode == 1 else UNREACHABLE)


def add_client_commands(cli: typer.Typer, *, service: str) -> None:
    """Add the commands to a service's command line."""
    client = Client(service)
    cli.command("import")(client.bring_in)
    cli.command("export")(client.take_out)
    cli.command("jobs")(client.look_at_jobs)
    cli.command("verify-journal")(client.verify_journal)
