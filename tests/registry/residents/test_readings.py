"""Who audits readings finds those that took place nowhere in particular."""

from sqlalchemy import update

from tests.house import Running
from tests.registry.residents.test_residents import RESIDENTS


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
