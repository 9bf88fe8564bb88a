"""An operator's database may sort texts as a language does, which looks past dots first; codes are compared by their bytes all the same."""

from collections.abc import AsyncIterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from services.registry.app import MIGRATIONS
from shared.migrations import upgrade
from tests.house import Prepared, Running, lay_the_ground, run

LANGUAGE = "registry_sorted_by_language"


@pytest.fixture
async def registry(prepared: Prepared, tmp_path: Path) -> AsyncIterator[Running]:
    server = prepared.server
    template = prepared.template("registry")
    with psycopg.connect(server.superuser_url, autocommit=True) as connection:
        owner = connection.execute(
            "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = %s", [template]
        ).fetchone()
        assert owner is not None
        try:
            connection.execute(
                sql.SQL(
                    "CREATE DATABASE {} OWNER {} TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'en-US-u-ka-shifted'"
                ).format(sql.Identifier(LANGUAGE), sql.Identifier(owner[0]))
            )
        except psycopg.errors.FeatureNotSupported:
            pytest.skip("this PostgreSQL sorts by no language")
    url = server.url(template).replace(template, LANGUAGE)
    upgrade(MIGRATIONS, url=url)
    lay_the_ground(prepared, "registry", url=url)
    async with run(prepared, "registry", tmp_path, database_url=url) as running:
        yield running
    server.drop_database(LANGUAGE)


async def test_accounts_are_found_by_the_regions_they_serve(registry: Running) -> None:
    nation, city = registry.token("operator", regions=("*",)), registry.token("operator", regions=("34.71",))
    for number, region in enumerate(("34.71", "34.71.03", "34.72", "34.7")):
        draft = {
            "username": f"contoh-{number}",
            "password": "sandi-contoh-panjang",
            "display_name": "Contoh",
            "roles": ["volunteer"],
            "regions": [region],
        }
        reply = await registry.http.post("/registry/v1/accounts", json=draft, headers=nation)
        assert reply.status_code in {201, 422}, reply.text

    seen = await registry.http.get("/registry/v1/accounts?sort=username", headers=city)

    assert [item["username"] for item in seen.json()["items"]] == ["contoh-0", "contoh-1"]
