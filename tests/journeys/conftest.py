"""One real house for all journeys: they run one after the other, in one process of the tests."""

from collections.abc import Iterator

import pytest

from deploy.local.house import House
from tests.journeys.home import Home


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    # Durable: what was acknowledged must survive the kill of the database.
    house = House.start(tmp_path_factory.mktemp("house"), durable=True)
    try:
        made = Home(house)
        made.command("registry", "import-regions", "deploy/demo/regions")
        made.followed()
        yield made
        made.http.close()
    finally:
        house.destroy()
