"""Anyone checks every journal; one changed byte is found and named."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import pytest

from deploy.local.places import SERVICES
from tests.journeys.home import KRICAK, Home

pytestmark = pytest.mark.xdist_group("house")


@pytest.fixture
def recorded(home: Home) -> Home:
    home.somebody("facilitator", "34.71").made(
        "/registry/v1/boards",
        {"kelurahan_code": KRICAK, "name": f"BKM Terbaca {uuid4().hex[:12]}", "founded_on": "2023-01-15"},
    )
    home.sealed("registry")
    return home


@contextmanager
def changed(home: Home, column: str, position: int) -> Iterator[None]:
    """Change one byte of an entry behind everybody's back, and put it back afterwards."""
    with home.database("registry") as connection:
        found = f"SELECT {column} FROM journal_entries WHERE position = %s"  # noqa: S608
        row: Any = connection.execute(found, [position]).fetchone()
        good = bytes(row[0])
        middle = len(good) // 2
        bad = good[:middle] + bytes([good[middle] ^ 1]) + good[middle + 1 :]
        statement = f"UPDATE journal_entries SET {column} = %s WHERE position = %s"  # noqa: S608
        connection.execute(statement, [bad, position])
        try:
            yield
        finally:
            connection.execute(statement, [good, position])


def test_a_reader_without_any_sign_in_verifies_the_whole_chain_of_each_journal(recorded: Home) -> None:
    code, told = recorded.verify()
    assert code == 0, told
    for service in SERVICES:
        assert f"{service}: holds" in told
    # Accounts were opened, so some payloads are closed; the chain holds all the same.
    assert " 0 closed to you" not in told.partition("planning:")[0]


@pytest.mark.parametrize("column", ["payload", "payload_digest", "digest"])
def test_one_byte_changed_in_the_database_is_found_and_named(recorded: Home, column: str) -> None:
    with recorded.database("registry") as connection:
        row: Any = connection.execute(
            "SELECT max(position) FROM journal_entries WHERE action = 'board.recorded'"
        ).fetchone()
    position = int(row[0])
    with changed(recorded, column, position):
        code, told = recorded.verify("--service", "registry")
        assert (code, f"position {position}" in told) == (1, True), told
    assert recorded.verify("--service", "registry")[0] == 0


def test_a_closed_payload_that_was_changed_is_found_by_who_may_open_it(recorded: Home, tmp_path: Any) -> None:
    with recorded.database("registry") as connection:
        row: Any = connection.execute(
            "SELECT max(position) FROM journal_entries WHERE action = 'account.opened'"
        ).fetchone()
    position = int(row[0])
    secret = recorded.house.secrets["monitoring_client"]
    token = recorded.token(grant_type="client_credentials", client_id="monitoring", client_secret=secret)
    file = tmp_path / "token.txt"
    file.write_text(token["access_token"])
    with changed(recorded, "payload", position):
        assert recorded.verify("--service", "registry")[0] == 0
        code, told = recorded.verify("--service", "registry", "--token-file", str(file))
        assert (code, f"position {position}" in told) == (1, True), told
