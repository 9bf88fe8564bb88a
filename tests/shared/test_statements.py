"""Statements on the driver itself: the same rows and the same failures as in SQLAlchemy's own way."""

from typing import Any

import psycopg
import pytest
from sqlalchemy import Integer, bindparam, func, literal, select
from sqlalchemy.exc import DBAPIError, OperationalError

from services.registry.boards.models import Board
from services.registry.boards.queries import boards
from services.registry.boards.rules import LegalStatus
from services.registry.boards.schemas import BoardQuery
from shared.permissions import NOBODY, Caller
from shared.statements import fetch, write
from tests.house import Running

ONE = select(literal(1).label("one"))
OPEN = select((bindparam("number", type_=Integer) + 1).label("next"))


class TestFetch:
    async def test_gives_named_rows(self, registry: Running) -> None:
        async with registry.database.reads.connect() as connection:
            assert [row.one for row in await fetch(connection, ONE)] == [1]

    async def test_takes_what_a_statement_leaves_open(self, registry: Running) -> None:
        async with registry.database.reads.connect() as connection:
            assert [(await fetch(connection, OPEN, {"number": number}))[0].next for number in (1, 2)] == [2, 3]

    async def test_misses_what_nobody_gave(self, registry: Running) -> None:
        async with registry.database.reads.connect() as connection:
            with pytest.raises(DBAPIError):
                await fetch(connection, OPEN)

    async def test_asks_for_terms_by_their_text(self, registry: Running) -> None:
        several = select(Board.id).where(
            Board.legal_status.in_([LegalStatus.NONE, LegalStatus.BADAN_HUKUM]), Board.legal_status != LegalStatus.NONE
        )
        async with registry.database.reads.connect() as connection:
            written = write(several, connection.dialect)
            assert await fetch(connection, several) == []

        assert {value for value in written.values.values() if type(value) is str} == {"none", "badan_hukum"}

    async def test_says_what_failed_as_sqlalchemy_does(self, registry: Running) -> None:
        async with registry.database.reads.connect() as connection:
            with pytest.raises(DBAPIError) as caught:
                await fetch(connection, select(literal(1) / func.length("")))

        assert isinstance(caught.value.orig, psycopg.errors.DivisionByZero)

    async def test_a_lost_connection_takes_the_others_with_it(self, registry: Running) -> None:
        reads = registry.database.reads
        async with reads.connect() as lost, reads.connect() as other, registry.database.writes.connect() as operator:
            for connection in (lost, other):
                raw: Any = await connection.get_raw_connection()
                await operator.execute(select(func.pg_terminate_backend(raw.driver_connection.info.backend_pid)))
            with pytest.raises(OperationalError):
                await fetch(lost, ONE)

        for _ in range(4):
            async with reads.connect() as connection:
                assert (await fetch(connection, ONE))[0].one == 1


class TestRemembered:
    CITY = Caller(scopes=frozenset({"registry:boards:read"}), regions=("34.71",))

    def test_a_question_is_its_filters_and_its_caller(self) -> None:
        asked = boards(BoardQuery(q="mekar", limit=5), self.CITY)

        assert asked == boards(BoardQuery(q="mekar", limit=9, cursor="x"), self.CITY)
        assert asked != boards(BoardQuery(q="rukun"), self.CITY)
        assert asked != boards(BoardQuery(q="mekar"), NOBODY)
        assert len({asked, boards(BoardQuery(q="mekar"), self.CITY)}) == 1

    async def test_pages_of_one_question_differ_by_cursor_and_length(self, registry: Running) -> None:
        token = registry.token("facilitator")
        for number in range(3):
            body = {"kelurahan_code": "34.71.03.1001", "name": f"BKM {number}", "founded_on": "2020-01-01"}
            assert (await registry.http.post("/registry/v1/boards", json=body, headers=token)).status_code == 201

        pages = [await registry.http.get(f"/registry/v1/boards?limit={limit}", headers=token) for limit in (1, 2, 3)]
        further = await registry.http.get(pages[0].links["next"]["url"], headers=token)

        assert [len(page.json()["items"]) for page in pages] == [1, 2, 3]
        assert further.json()["items"] == pages[1].json()["items"][1:]
