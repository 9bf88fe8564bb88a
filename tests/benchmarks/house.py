"""What is measured: registry behind the real gateway on its own PostgreSQL, and the floors beside it."""

import os
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from deploy.local.house import House
from deploy.local.parts import Program
from deploy.local.places import SERVICES
from deploy.local.ports import answers, free_port
from tests.benchmarks import city
from tests.benchmarks.requests import BOARDS, PAGE

PASSWORD = "sandi-pengukuran-panjang"
PATIENCE = 60.0
LIMIT = "max_tokens: 4000, tokens_per_fill: 2000"
NO_LIMIT = "max_tokens: 1000000, tokens_per_fill: 1000000"
BESIDES = tuple(f"{service}{use}" for service in SERVICES for use in ("", "-worker") if service + use != "registry")


@dataclass(slots=True)
class Measured:
    """The running parts, and how to reach them."""

    house: House
    floors: Program
    floors_port: int
    boards: list[str]

    @property
    def port(self) -> int:
        return self.house.ports["registry"]

    @property
    def gateway_port(self) -> int:
        return self.house.ports["gateway"]

    def token(self) -> str:
        """Sign the facilitator of the city in; a token lives for a quarter of an hour."""
        return sign_in(self.house, "facilitator", PASSWORD)

    def statements(self) -> dict[str, list[str]]:
        return dict(httpx.get(f"http://127.0.0.1:{self.floors_port}/statements").json())

    def cursor(self, token: str) -> str:
        """Return the cursor of a page far down, by the longest pages there are."""
        headers = {"Authorization": f"Bearer {token}"}
        left, cursor = (PAGE - 1) * 50, ""
        with httpx.Client(base_url=f"http://127.0.0.1:{self.port}", headers=headers, timeout=30) as http:
            while left:
                limit = min(left, 500)
                given: dict[str, Any] = {"region": city.CITY, "limit": limit} | ({"cursor": cursor} if cursor else {})
                cursor = http.get(BOARDS, params=given).raise_for_status().json()["next"]
                left -= limit
        return cursor


def sign_in(house: House, username: str, password: str) -> str:
    form = {"grant_type": "password", "username": username, "password": password}
    reply = httpx.post(f"http://127.0.0.1:{house.ports['registry']}/registry/v1/tokens", data=form, timeout=30)
    return str(reply.raise_for_status().json()["access_token"])


def _open_account(house: House) -> None:
    token = sign_in(house, *house.operator)
    draft = {
        "username": "facilitator",
        "password": PASSWORD,
        "display_name": "Contoh",
        "roles": ["facilitator"],
        "regions": [city.CITY],
    }
    url = f"http://127.0.0.1:{house.ports['registry']}/registry/v1/accounts"
    httpx.post(url, json=draft, headers={"Authorization": f"Bearer {token}"}, timeout=30).raise_for_status()


def _without_limit(house: House) -> None:
    """Let the gateway pass what a benchmark sends; everything else of it stays."""
    config = house.folder / "run" / "envoy.yaml"
    text = config.read_text(encoding="utf-8")
    assert LIMIT in text, "the gateway's limit is another one now"
    house.halt("gateway")
    config.write_text(text.replace(LIMIT, NO_LIMIT), encoding="utf-8")
    house.parts["gateway"].start()


def _floors(house: House, port: int, environment: Mapping[str, str]) -> Program:
    command = [sys.executable, "-m", "uvicorn", "--factory", "tests.benchmarks.floors:create_floors"]
    options = ["--port", str(port), "--no-access-log", "--log-level", "warning", "--timeout-keep-alive", "75"]
    own = {name: value for name, value in environment.items() if name != "REGISTRY_METRICS_PORT"}
    log = house.log("floors")
    return Program("floors", [*command, *options], log=log, environment=own, folder=house.root)


def wait_for(port: int, path: str) -> float:
    """Return how many seconds it took until somebody answered."""
    started = time.monotonic()
    while not answers(port, path):
        if time.monotonic() - started > PATIENCE:
            message = f"{path} did not answer on port {port} within {PATIENCE:g} s"
            raise TimeoutError(message)
        time.sleep(0.02)
    return time.monotonic() - started


@contextmanager
def measured(rows: int) -> Iterator[Measured]:
    """Start everything that is measured, with a city of so many boards; what is not measured stands still."""
    for service in SERVICES:
        # The city is generated, never into a database that somebody uses.
        os.environ.pop(f"{service.upper()}_DATABASE_URL", None)
    with tempfile.TemporaryDirectory(prefix="benchmarks-") as folder, ExitStack() as ending:
        house = House.start(Path(folder))
        ending.callback(house.destroy)
        for name in BESIDES:
            house.halt(name)
        city.generate(house.database_url("registry"), rows=rows)
        _open_account(house)
        _without_limit(house)
        boards = city.some_boards(house.database_url("registry"), count=500)
        token, port = sign_in(house, "facilitator", PASSWORD), free_port()
        told = {"FLOORS_TOKEN": token, "FLOORS_BOARD": boards[0]}
        floors = _floors(house, port, house.environment("registry") | told)
        floors.start()
        ending.callback(floors.stop)
        wait_for(port, "/nothing")
        wait_for(house.ports["gateway"], "/registry/readyz")
        yield Measured(house, floors, port, boards)
