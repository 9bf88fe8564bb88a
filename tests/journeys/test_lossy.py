"""One story told twice, on a good line and on one that loses answers: what is there afterwards is the same, row for row."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from tests.journeys.home import Home
from tests.journeys.insistent import Insistent, Naming
from tests.journeys.line import BadLine
from tests.journeys.neighbourhood import HOUSEHOLDS, Neighbourhood
from tests.journeys.partner import Bank
from tests.journeys.rows import Rows, differences, rows_of, told
from tests.journeys.story import ago

pytestmark = pytest.mark.xdist_group("house")


def left_by(home: Home, called: Naming, tell: Callable[[], Any]) -> Rows:
    """Return what a story leaves behind."""
    home.followed()
    before = rows_of(home)
    tell()
    home.followed()
    return told(before, rows_of(home), called.names)


@pytest.fixture
def line(home: Home) -> Iterator[BadLine]:
    with BadLine(home.house.gateway_url) as line:
        yield line


def test_a_story_on_a_line_that_loses_answers_ends_as_on_a_good_one(home: Home, line: BadLine) -> None:
    bank = Bank(home)
    good, bad = Naming("terang", "34.71.04.1001"), Naming("kabut", "34.71.04.1002")
    clean = left_by(home, good, Neighbourhood(home, bank, home.house.gateway_url, good).tell)
    lossy = left_by(home, bad, Neighbourhood(home, bank, line.url, bad).tell)

    writes = {kind: count for kind, count in line.lost.items() if not kind.startswith("GET")}
    assert len(writes) > 30, writes
    assert sum(writes.values()) > 0.3 * sum(line.seen[kind] for kind in writes)
    assert {table for table, rows in clean.items() if rows} >= {"registry.personal_records", "planning.disbursements"}
    found = differences(clean, lossy)
    assert not found, json.dumps(found, indent=1)


def test_what_compares_them_sees_what_took_effect_twice(home: Home, line: BadLine) -> None:
    by = home.somebody("facilitator", "34.71")
    # Of such items there may be two alike: nothing but its id or key keeps one from being made twice.
    draft = {"kelurahan_code": "34.71.04.1003", "rt": "003", "rw": "005", "starts_on": ago(400)}
    forgetful = Naming("lupa", "34.71.04.1003")

    def told_on(url: str) -> Rows:
        with httpx.Client(base_url=url, timeout=60) as http:
            somebody = Insistent(http, by.token, forgetful, who="somebody")
            return left_by(home, forgetful, lambda: somebody.json("POST", HOUSEHOLDS, draft))

    clean, lossy = told_on(home.house.gateway_url), told_on(line.url)
    found = differences(clean, lossy)
    assert found.keys() >= {"registry.households", "registry.journal_entries"}
    assert all(not only_clean and only_lossy for only_clean, only_lossy in found.values()), json.dumps(found, indent=1)
