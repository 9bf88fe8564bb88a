"""Who audits readings finds those that took place nowhere in particular."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.database import Database
from tests.house import Running
from tests.registry.residents.story import RESIDENTS, somebody


async def test_a_reading_of_the_whole_country_is_shown_to_its_auditors_though_kelurahan_moved(
    registry: Running,
) -> None:
    everywhere = registry.token("auditor", regions=("*",))
    await registry.http.get(RESIDENTS, headers=everywhere)
    await registry.seal()
    places = registry.tables.places
    here = places.c.kelurahan_code == "33.74.01.1001"
    async with registry.database.writes.begin() as connection:
        await connection.execute(update(places).where(here).values(code_now="33.74.02.1001"))

    try:
        seen = (await registry.http.get("/registry/v1/journal", headers=everywhere)).json()["items"]
    finally:
        async with registry.database.writes.begin() as connection:
            await connection.execute(update(places).where(here).values(code_now="33.74.01.1001"))

    assert [one["type"] for one in seen] == ["residents.read"]


async def test_as_many_are_noted_as_an_export_sends_though_somebody_records_at_once(
    registry: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    await somebody(registry)
    opened = Database.export

    @asynccontextmanager
    async def meanwhile(database: Database) -> AsyncIterator[AsyncConnection]:
        await somebody(registry, name="Warga Kedua Contoh", nik=None, nik_absent_reason="not_asked")
        async with opened(database) as connection:
            yield connection

    monkeypatch.setattr(Database, "export", meanwhile)
    by = registry.token("auditor") | {"Accept": "application/x-ndjson"}
    reply = await registry.http.get(RESIDENTS, headers=by)
    await registry.seal()
    entries = (await registry.http.get("/registry/v1/journal", headers=registry.token("auditor"))).json()["items"]

    counts = [one["data"]["data"]["count"] for one in entries if one["type"] == "residents.read"]
    assert counts == [len(reply.text.splitlines())] == [2]
