"""Messages that are due claimed from among many, as a worker does each round.

python -m tests.benchmarks.claiming --webhooks 40 --due 1000
"""

import asyncio
import statistics
import tempfile
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer
from sqlalchemy import insert, text, update

from deploy.local.postgres import Postgres
from services.registry.app import SERVICE
from shared.authority import Authorities
from shared.clock import read_clock
from shared.delivering import Deliveries
from shared.identity import new_id
from shared.outgoing import Answer, Outgoing
from shared.permissions import Caller
from tests.house import Issuer, Running, prepare, run

ROUNDS, OF_AN_ACCOUNT = 30, 4


class Unsent(Outgoing):
    """Sends nothing, so that only what the database does is measured."""

    async def post(self, url: str, *, headers: dict[str, str], body: bytes) -> Answer:
        del url, headers, body
        return Answer(503, None)


async def _fill(registry: Running, webhooks: int, due: int, *, now: datetime) -> None:
    tables, accounts = registry.tables, [new_id() for _ in range(-(-webhooks // OF_AN_ACCOUNT))]
    hooks = [
        {
            "id": new_id(),
            "account": accounts[number // OF_AN_ACCOUNT],
            "url": "https://example.org/hook",
            "subjects": [],
            "regions": [],
            "position": 0,
            "secret_number": 1,
            "secret_since": now,
            "version": 1,
            "recorded_at": now,
            "changed_at": now,
        }
        for number in range(webhooks)
    ]
    async with registry.database.writes.begin() as connection:
        await connection.execute(insert(tables.webhooks), hooks)
        # One owner's messages all wait longer than another's, so that whoever looks by age alone passes by most of them.
        for age, hook in enumerate(hooks):
            messages = [
                {
                    "id": new_id(),
                    "webhook_id": hook["id"],
                    "position": number,
                    "state": "waiting",
                    "body": b'{"erased":false}' + b" " * 800,
                    "tries": 0,
                    "next_try_at": now - timedelta(seconds=age * due + number),
                    "recorded_at": now,
                    "changed_at": now,
                }
                for number in range(due)
            ]
            await connection.execute(insert(tables.webhook_deliveries), messages)
        await connection.execute(text("ANALYZE webhook_deliveries"))


async def _measure(webhooks: int, due: int, folder: Path, server: Postgres) -> None:
    async def may(account: UUID) -> Caller:
        return Caller(account_id=account)

    async def nobody() -> dict[UUID, float]:
        return {}

    prepared, now, took = prepare(server, Issuer(), folder), read_clock(), []
    async with run(prepared, "registry", folder / "registry") as registry:
        await _fill(registry, webhooks, due, now=now)
        outgoing = Unsent(allow_private=True)
        authorities = Authorities(may, nobody)
        key = registry.app.state.settings.hmac_key
        deliveries = Deliveries(SERVICE, registry.tables, registry.database, authorities, outgoing, key)
        waiting = registry.tables.webhook_deliveries
        for _ in range(ROUNDS):
            started = time.perf_counter()
            await deliveries.send(now=now)
            took.append(time.perf_counter() - started)
            async with registry.database.writes.begin() as connection:
                await connection.execute(update(waiting).where(waiting.c.next_try_at > now).values(next_try_at=now))
        await outgoing.close()
    middle = statistics.median(took)
    typer.echo(
        f"{webhooks * due:,} due for {webhooks} webhooks: a round of {middle * 1000:.0f} ms (at most {max(took):.2f} s)"
    )


def main(
    webhooks: Annotated[int, typer.Option(min=1, help="Webhooks, four of each account")] = 40,
    due: Annotated[int, typer.Option(min=1, max=1_000, help="Messages due for each")] = 1_000,
) -> None:
    """Measure a round of claiming, signing and noting where many messages are due."""
    with tempfile.TemporaryDirectory(prefix="benchmarks-") as folder:
        server = Postgres(Path(folder) / "postgres", durable=False)
        try:
            asyncio.run(_measure(webhooks, due, Path(folder), server))
        finally:
            server.destroy()


if __name__ == "__main__":
    typer.run(main)
