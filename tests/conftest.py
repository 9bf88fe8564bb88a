"""Real services on a real, migrated PostgreSQL, emptied before every test."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack

import pytest
from hypothesis import HealthCheck, settings

from deploy.local.postgres import Postgres
from tests.house import House, Issuer, Prepared, Running, prepare

settings.register_profile(
    "tridaya", deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
settings.load_profile("tridaya")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what asks a database, so that those tests can run alone on another PostgreSQL."""
    for item in items:
        if isinstance(item, pytest.Function) and "server" in item.fixturenames:
            item.add_marker(pytest.mark.database)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    postgres = Postgres(tmp_path_factory.mktemp("postgres"), durable=False)
    yield postgres
    postgres.destroy()


@pytest.fixture(scope="session")
def issuer() -> Issuer:
    return Issuer()


@pytest.fixture(scope="session")
def prepared(server: Postgres, issuer: Issuer, tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    return prepare(server, issuer, tmp_path_factory.mktemp("keys"))


@pytest.fixture(scope="session")
async def house(prepared: Prepared, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """Give the services of this test process: each started once, emptied before every test."""
    async with AsyncExitStack() as stack:
        yield House(prepared, tmp_path_factory.mktemp("house"), stack)


@pytest.fixture
async def registry(house: House) -> Running:
    return await house.emptied("registry")


@pytest.fixture
async def planning(house: House) -> Running:
    return await house.emptied("planning")


@pytest.fixture
async def monitoring(house: House) -> Running:
    return await house.emptied("monitoring")
