"""Commands that speak to the API as anybody may: files in, whole lists out, jobs, and the journal verified."""

import gc
import hashlib
import re
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn
from uuid import UUID

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from shared import asked
from shared import wording as say
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
from shared.fetching import BrokenOffError, fetch, written_whole
from shared.identity import new_id
from shared.jobstates import OPEN, JobState
from shared.mediatypes import GIVEN, TAKEN
from shared.wording import put

VERIFIER = Path(__file__).parents[1] / "deploy" / "verify_journal.py"
LIST = re.compile(r"[a-z][a-z0-9-]*(/[a-z0-9-]+)*")
POLL_SECONDS = 0.5
MOST_ROWS = 5_000
"""Refused rows that are summed up; the corrected file has all of them."""

MOST_NAMED = 8
ROWS_REFUSED, REFUSED, UNREACHABLE, UNFINISHED, INTERRUPTED = 1, 2, 3, 4, 130
"""What the shell is told when not all went well."""


def _tell(line: str) -> None:
    """Say something to a person; what is asked for goes to the standard output alone."""
    Console(stderr=True, soft_wrap=True, highlight=False).print(line, markup=False)


def _refuse(line: str) -> NoReturn:
    _tell(line)
    raise typer.Exit(REFUSED)


def _at_a_terminal() -> bool:
    return sys.stdin.isatty()


def _ask() -> tuple[str, str]:
    name: str = typer.prompt(put(say.USER_NAME), err=True)
    password: str = typer.prompt(put(say.PASSWORD), hide_input=True, err=True)
    return name, password


def _address(settings: CallerSettings, url: str | None) -> str:
    address = url or settings.url
    if not is_address(address):
        _refuse(put(say.NO_ADDRESS))
    return address


@contextmanager
def _speaking(service: str, url: str | None) -> Iterator[Api]:
    """Open the API; whatever goes wrong is told in words and by the exit code."""
    settings = CallerSettings()
    address = _address(settings, url)
    try:
        form = credentials(settings, _ask if _at_a_terminal() else None)
        api = Api(address, service, token=settings.token, credentials=form)
        try:
            yield api
        finally:
            api.close()
    except UnsignedError:
        _refuse(put(say.WHO_ASKS))
    except RefusedError as refusal:
        for line in refusal.lines():
            _tell(line)
        raise typer.Exit(UNREACHABLE if refusal.status >= 500 else REFUSED) from refusal
    except UnreachableError as error:
        _tell(str(error))
        raise typer.Exit(UNREACHABLE) from error
    except BrokenOffError as error:
        _tell(put(say.NOTHING_SAVED, why=error))
        raise typer.Exit(UNFINISHED) from error
    except KeyboardInterrupt as error:
        _tell(put(say.INTERRUPTED))
        raise typer.Exit(INTERRUPTED) from error
    except BrokenPipeError:
        # Whoever read what was told had enough of it.
        raise
    except OSError as error:
        _refuse(f"{error.filename or put(say.NO_FILE)}: {error.strerror}")


def _progress(*columns: Any) -> Progress:
    return Progress(TextColumn("{task.description}"), *columns, TimeElapsedColumn(), console=Console(stderr=True))


def _watched(api: Api, job_id: str) -> Json:
    """Wait for the end of a job, showing how far it is."""
    with _progress(BarColumn(), MofNCompleteColumn()) as progress:
        task = progress.add_task(put(say.STATES[JobState.QUEUED]), total=None)
        while True:
            job = api.read(api.path("jobs", job_id))
            progress.update(task, description=put(say.STATES[job["state"]]), completed=job["done"], total=job["total"])
            if job["state"] not in OPEN:
                return job
            time.sleep(POLL_SECONDS)


def _told_import(api: Api, found: Json) -> None:
    typer.echo(put(say.VERDICTS, **found | {"mode": put(say.MODES[found["mode"]])}))
    if not found["refused"]:
        return
    wrong = defaultdict[tuple[str, str], list[int]](list)
    for number, row in enumerate(api.items(api.path("imports", found["id"], "rows"), verdict="refused", limit=500)):
        if number == MOST_ROWS:
            typer.echo(put(say.OF_THE_FIRST, most=MOST_ROWS))
            break
        for fault in row["faults"]:
            wrong[fault["column"] or "-", fault["message"]].append(row["number"])
    for (column, message), rows in sorted(wrong.items(), key=lambda one: -len(one[1])):
        named = ", ".join(map(str, rows[:MOST_NAMED])) + (", …" if len(rows) > MOST_NAMED else "")
        typer.echo(put(say.WRONG, column=column, message=message, count=len(rows), rows=named))


def _sent(api: Api, file: Path, kind: str, *, check: bool, again: bool) -> Json:
    """Send a file and return its job; a file to be kept is sent once, however often this is run."""
    form = TAKEN.get(file.suffix.lower().removeprefix("."))
    if form is None:
        _refuse(put(say.ENDS_IN, file=file.name, endings=", ".join(f".{one}" for one in TAKEN)))
    content, mode = file.read_bytes(), "check" if check else "commit"
    # A check keeps nothing, and what it says is true for its day only: it is never answered from memory.
    once = "" if check or again else hashlib.sha256(f"{kind}\n{mode}\n{form}\n".encode() + content).hexdigest()
    headers = {"Content-Type": form, "Idempotency-Key": once or str(new_id())}
    params = {"kind": kind, "mode": mode}
    reply = api.send("POST", api.path("imports"), params=params, content=content, headers=headers)
    if once and reply.headers.get("Idempotency-Replayed") == "true":
        _tell(put(say.SENT_BEFORE))
    return dict(reply.json())


def _save_corrected(api: Api, import_id: str, path: Path) -> None:
    reply = api.send("GET", api.path("imports", import_id, "corrected"))
    with written_whole(path) as part:
        part.write(reply.content)
    typer.echo(put(say.TO_MEND, file=path))


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
    state = put(say.STATES[job["state"]])
    return f"{job['id']}  {job['recorded_at'][:19]}  {job['kind']:<10} {state:<10} {far}{message}"


class Client:
    """The commands of one service; none of them needs the service's own settings."""

    def __init__(self, service: str) -> None:
        self._service = service

    def bring_in(
        self,
        kind: asked.Kind,
        file: asked.File,
        *,
        check: asked.Check = False,
        wait: asked.Wait = True,
        corrected: asked.Corrected = None,
        again: asked.Again = False,
        url: asked.Url = None,
    ) -> None:
        """Send a file and tell what became of its rows."""
        if corrected is not None and corrected.exists():
            _refuse(put(say.IS_THERE, file=corrected))
        with _speaking(self._service, url) as api:
            job = _sent(api, file, kind, check=check, again=again)
            if not wait:
                typer.echo(job["id"])
                return
            try:
                job = _watched(api, job["id"])
            except KeyboardInterrupt as error:
                _tell(put(say.GOES_ON, id=job["id"]))
                raise typer.Exit(INTERRUPTED) from error
            found = api.read(api.path("imports", job["id"]))
            _told_import(api, found)
            if corrected is not None and found["refused"] + found["waiting"]:
                _save_corrected(api, job["id"], corrected)
        if job["state"] != JobState.SUCCEEDED:
            _tell(put(say.UNFINISHED, state=put(say.STATES[job["state"]]), message=job["message"] or ""))
            raise typer.Exit(UNFINISHED)
        if found["refused"]:
            raise typer.Exit(ROWS_REFUSED)

    def take_out(
        self,
        name: asked.ListName,
        file: asked.Output,
        *,
        given: asked.Filters = None,
        form: asked.Format = asked.ListForm.CSV,
        url: asked.Url = None,
    ) -> None:
        """Save a whole list, once every byte and row of its receipt has arrived."""
        filters = dict(one.split("=", 1) for one in given or () if "=" in one)
        if not LIST.fullmatch(name) or len(filters) < len(given or ()):
            _refuse(put(say.LIST_OR_FILTER))
        with _speaking(self._service, url) as api, _progress(DownloadColumn()) as progress:
            task = progress.add_task(name, total=None)

            def arrived(size: int) -> None:
                progress.update(task, completed=size)

            receipt = fetch(api, api.path(name), file, form=GIVEN[form], filters=filters, arrived=arrived)
        typer.echo(put(say.SAVED, **receipt | {"file": file}))

    def look_at_jobs(
        self,
        job_id: asked.JobId = None,
        *,
        cancel: asked.Cancel = False,
        state: asked.State = None,
        url: asked.Url = None,
    ) -> None:
        """Look at jobs, or call one off."""
        if cancel and job_id is None:
            _refuse(put(say.WHICH_ONE))
        with _speaking(self._service, url) as api:
            if job_id is not None:
                job = _called_off(api, job_id) if cancel else api.read(api.path("jobs", str(job_id)))
                typer.echo(_job_line(job))
                return
            filters = {"state": state.value} if state else {}
            for job in api.read(api.path("jobs"), **filters)["items"]:
                typer.echo(_job_line(job))

    def verify_journal(self, *, since: asked.Since = None, url: asked.Url = None) -> None:
        """Verify the journal with the published verifier."""
        if since is not None and not re.fullmatch(rf"{self._service}:[1-9]\d*:[0-9a-f]{{64}}", since):
            _refuse(put(say.SINCE, service=self._service))
        words = [_address(CallerSettings(), url), "--service", self._service, *(["--since", since] if since else [])]
        # As a program of its own, exactly as anybody else runs it; a token reaches it as TRIDAYA_TOKEN.
        done = subprocess.run([sys.executable, "-I", str(VERIFIER), *words], check=False)  # noqa: S603
        if done.returncode:
            raise typer.Exit(ROWS_REFUSED if done.returncode == 1 else UNREACHABLE)


def add_client_commands(cli: typer.Typer, *, service: str) -> None:
    """Add the commands to a service's command line."""
    client = Client(service)
    cli.command("import", help=put(say.IMPORT))(client.bring_in)
    cli.command("export", help=put(say.EXPORT))(client.take_out)
    cli.command("jobs", help=put(say.JOBS))(client.look_at_jobs)
    cli.command("verify-journal", help=put(say.VERIFY_JOURNAL))(client.verify_journal)


CLIENT_COMMANDS = {"import", "export", "jobs", "verify-journal"}


def run(service: str, whole: Callable[[], typer.Typer]) -> None:
    """Run a command of a service; what only speaks to the API starts without loading the service."""
    if sys.argv[1:2] and sys.argv[1] in CLIENT_COMMANDS:
        cli = typer.Typer(no_args_is_help=True, add_completion=False)
        add_client_commands(cli, service=service)
        cli()
    # What loading makes stays to the end: to look it through for garbage took a quarter of every start.
    gc.disable()
    cli = whole()
    gc.freeze()
    gc.enable()
    cli()
