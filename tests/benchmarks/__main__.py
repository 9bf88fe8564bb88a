"""Measure, and write docs/measurements.md."""

from pathlib import Path
from typing import Annotated

import httpx
import psycopg
import typer

from deploy.local.places import PROJECT
from tests.benchmarks import city, report, rounds
from tests.benchmarks.house import measured
from tests.benchmarks.load import CONNECTIONS
from tests.benchmarks.requests import LIST

REPORT = PROJECT / "docs" / "measurements.md"


def main(
    rows: Annotated[int, typer.Option(min=100_000, help="Boards of the generated city")] = city.ROWS,
    number: Annotated[int, typer.Option("--rounds", min=1, help="How often every target is measured")] = 5,
    seconds: Annotated[float, typer.Option(min=0.5, help="How long each time")] = 3.0,
    output: Annotated[Path, typer.Option(help="Where the report is written")] = REPORT,
) -> None:
    """Measure the exemplar list, a read and a write against their floors, and write the report."""
    typer.echo(f"starting the house and generating {rows:,} boards")
    with measured(rows) as house:
        found = rounds.run(house, rounds=number, seconds=seconds, say=typer.echo)
        url = house.house.database_url("registry")
        with psycopg.connect(url) as connection:
            row = connection.execute("SELECT count(*) FROM terms").fetchone()
        headers = {"Authorization": f"Bearer {house.token()}"}
        page = httpx.get(f"http://127.0.0.1:{house.port}{LIST}", headers=headers).raise_for_status()
        about = {
            "rows": rows,
            "terms": row[0] if row else 0,
            "kelurahan": city.KELURAHAN,
            "connections": CONNECTIONS,
            "seconds": seconds,
            "rounds": number,
            "city": city.CITY,
            "page_bytes": len(page.content),
        }
        statements = house.statements()
        text = report.written(found, footprint=rounds.footprint(house), statements=statements, about=about, url=url)
    before = output.read_text(encoding="utf-8") if output.exists() else ""
    _, mark, apart = before.partition(report.APART)
    output.write_text(f"{text}\n{mark}{apart}" if mark else text, encoding="utf-8")
    typer.echo(f"{output.name} is written")


if __name__ == "__main__":
    typer.run(main)
