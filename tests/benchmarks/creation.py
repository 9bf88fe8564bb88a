"""Residents recorded singly, with the search for who is recorded already and without it, in turns.

python -m tests.benchmarks.creation --rows 10000
"""

import asyncio
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any
from unittest.mock import patch

import typer

from deploy.local.postgres import Postgres
from services.registry.personal import service as personal
from tests.house import Issuer, Running, new_id, prepare, run
from tests.registry.personal.invented_residents import Invented, invented

PLACE = "34.71.03.1001"
MOST = 2.0
ROUNDS, AT_ONCE, IN_A_HOME = 20, 20, 4


async def _unsearched(*_args: Any, **_named: Any) -> list[Any]:
    return []


async def _homes(registry: Running, count: int) -> list[str]:
    headers, homes = registry.token("facilitator"), []
    for _ in range(count):
        home = {"kelurahan_code": PLACE, "starts_on": "2015-01-01", "address": "Gang Contoh"}
        reply = await registry.http.post("/registry/v1/households", json=home, headers=headers)
        homes.append(reply.raise_for_status().json()["id"])
    return homes


async def _seconds(registry: Running, homes: Sequence[str], people: Sequence[Invented]) -> float:
    """Return the seconds that it takes to record people, few in each home."""
    headers = registry.token("facilitator")
    started = time.perf_counter()
    for number, one in enumerate(people):
        body: dict[str, Any] = {"id": new_id(), "household_id": homes[number // IN_A_HOME], "name": one.name}
        body |= {"sex": one.sex} | ({"nik": one.nik} if one.nik else {"nik_absent_reason": "not_shown"})
        body |= {"birth_year": one.birth_year} if one.birth_year else {"birth_year_absent_reason": "not_known"}
        (await registry.http.post("/registry/v1/residents", json=body, headers=headers)).raise_for_status()
    return time.perf_counter() - started


async def _measure(rows: int, folder: Path, server: Postgres) -> None:
    people = list(invented(rows + 2 * ROUNDS * AT_ONCE)[0])
    prepared = prepare(server, Issuer(), folder)
    async with run(prepared, "registry", folder / "registry") as registry:

        async def some(count: int) -> float:
            homes = await _homes(registry, count // IN_A_HOME)
            return await _seconds(registry, homes, [people.pop() for _ in range(count)])

        await some(rows)
        ratios = []
        for _ in range(ROUNDS):
            searched = await some(AT_ONCE)
            with patch.object(personal, "queue", _unsearched):
                ratios.append(searched / await some(AT_ONCE))
    middle = statistics.median(ratios)
    typer.echo(f"{rows:,} in one kelurahan: {middle:.2f} times ({min(ratios):.2f} to {max(ratios):.2f})")
    typer.echo(f"within {MOST} times the time without the search: {'reached' if middle <= MOST else 'MISSED'}")


def main(rows: Annotated[int, typer.Option(min=100, help="Residents who are there already")] = 5_000) -> None:
    """Measure what the search for duplicates costs a creation."""
    with tempfile.TemporaryDirectory(prefix="benchmarks-") as folder:
        server = Postgres(Path(folder) / "postgres", durable=False)
        try:
            asyncio.run(_measure(rows, Path(folder), server))
        finally:
            server.destroy()


if __name__ == "__main__":
    typer.run(main)
