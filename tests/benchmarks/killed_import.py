"""A file of 100,000 households through which worker, service and database are killed by turns: it completes once.

python -m tests.benchmarks.killed_import --rows 100000
"""

import time
from typing import Annotated, Any

import httpx
import psycopg
import typer

from tests.benchmarks.imports import importer, registry_alone
from tests.shared.importing import CODE, csv_file

REFUSED_EVERY = 1_000
KILLED = ("registry-worker", "registry", "postgres", "registry-worker", "registry")
PATIENCE = 3_600.0
TABLES = ("households", "personal_records", "journal_entries WHERE action = 'household.recorded'")


def _file(rows: int) -> bytes:
    known = {"Kode kelurahan": CODE, "RT": "003", "RW": "002"}
    days = ["2999-01-01" if number % REFUSED_EVERY == 0 else "2024-01-15" for number in range(rows)]
    return csv_file([known | {"Sejak": day, "Alamat": f"Jalan {number}"} for number, day in enumerate(days)])


def _seen(http: httpx.Client, address: str) -> dict[str, Any] | None:
    try:
        reply = http.get(address)
        return dict(reply.raise_for_status().json())
    except httpx.HTTPError:
        return None


def main(rows: Annotated[int, typer.Option(min=10_000, help="Households of the file")] = 100_000) -> None:
    """Import, kill at even distances, and count what became of it."""
    with registry_alone([CODE]) as house:
        with importer(house) as http:
            reply = http.post(
                "/registry/v1/imports?kind=households&mode=commit",
                content=_file(rows),
                headers={"Content-Type": "text/csv"},
            ).raise_for_status()
        started, address = time.perf_counter(), f"/registry/v1/imports/{reply.json()['id']}"
        kills = list(enumerate(KILLED, start=1))
        view: dict[str, Any] = {}
        while time.perf_counter() - started < PATIENCE:
            # A token lives for a quarter of an hour.
            with importer(house) as http:
                until = time.perf_counter() + 300
                while time.perf_counter() < until and (view := _seen(http, address) or view).get("waiting", rows):
                    done = rows - view.get("waiting", rows)
                    if kills and done >= rows * kills[0][0] / (len(KILLED) + 1):
                        name = kills.pop(0)[1]
                        house.kill(name)
                        time.sleep(0.2)
                        house.restart(name)
                        typer.echo(f"{name} killed after {done:,} rows and {time.perf_counter() - started:.0f} s")
                    time.sleep(0.3)
            if view.get("waiting") == 0:
                break
        seconds = time.perf_counter() - started
        refused = len(range(0, rows, REFUSED_EVERY))
        typer.echo(f"{rows:,} rows in {seconds:.0f} s; {view}")
        if kills or (view.get("accepted"), view.get("refused")) != (rows - refused, refused):
            typer.echo("MISSED: not every row has its verdict, or not everything was killed")
            raise typer.Exit(1)
        with psycopg.connect(house.database_url("registry")) as connection:
            for table in TABLES:
                found: Any = connection.execute(f"SELECT count(*) FROM {table}").fetchone()  # type: ignore[arg-type]  # noqa: S608
                typer.echo(f"{table}: {found[0]:,} (wanted {rows - refused:,})")
                if found[0] != rows - refused:
                    raise typer.Exit(1)
        typer.echo("it completed once: reached")


if __name__ == "__main__":
    typer.run(main)
