from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from sqlalchemy import select

from services.planning.database import places
from services.planning.directory.models import Board, Term
from services.planning.directory.service import HANDLERS, load_standings
from tests.house import Running, new_id
from tests.planning.story import KELURAHAN, copied, entry

NOW = datetime(2024, 6, 1, 12, tzinfo=UTC)


def board(version: int, name: str, identity: str) -> dict[str, object]:
    return {"id": identity, "kelurahan_code": KELURAHAN, "name": name, "version": version, "unread": [1]}


async def names(planning: Running) -> list[str]:
    async with planning.database.reads.connect() as connection:
        return list(await connection.scalars(select(Board.name)))


class TestCopies:
    async def test_keep_the_newest_version_whatever_the_order(self, planning: Running) -> None:
        identity = new_id()

        async with planning.database.transaction() as session:
            entries = [entry("board.changed", board(v, f"BKM {v}", identity)) for v in (2, 3, 1)]
            await HANDLERS["board.changed"](session, entries)
        await copied(planning, "board.recorded", **board(1, "BKM 1", identity))

        assert await names(planning) == ["BKM 3"]

    async def test_let_a_mandate_end_when_its_term_does(self, planning: Running) -> None:
        term = {"id": new_id(), "board_id": new_id(), "starts_on": "2023-01-01", "ends_on": "2025-12-31", "version": 1}
        await copied(planning, "term.recorded", **term)
        await copied(planning, "term.ended", **term | {"ends_on": "2024-03-31", "version": 2})

        async with planning.database.reads.connect() as connection:
            assert list(await connection.scalars(select(Term.ends_on))) == [date(2024, 3, 31)]

    async def test_take_only_villages_as_places(self, planning: Running) -> None:
        dates = {"valid_from": None, "valid_to": None}
        village = {"code": "34.71.09.1001", "code_now": "34.71.09.1009", "name": "Baru", "level": "village"} | dates
        district = {"code": "34.71.09", "code_now": "34.71.09", "name": "Kecamatan", "level": "district"} | dates

        await copied(planning, "region.recorded", **village)
        await copied(planning, "region.recorded", **district)

        async with planning.database.reads.connect() as connection:
            found = (await connection.execute(places.select().where(places.c.code_now.startswith("34.71.09")))).all()
        assert [(row.kelurahan_code, row.code_now) for row in found] == [("34.71.09.1001", "34.71.09.1009")]


class TestStandings:
    async def test_tell_who_is_suspended_and_from_when_others_count(self, planning: Running) -> None:
        suspended, revoked, old, fine = (new_id() for _ in range(4))
        # An emergency's token lives for an hour: so long a revocation must be remembered.
        recent = NOW - timedelta(minutes=61)
        for identity, is_suspended, not_before in (
            (suspended, True, None),
            (revoked, False, recent.isoformat()),
            (old, False, (NOW - timedelta(hours=2)).isoformat()),
            (fine, False, None),
        ):
            await copied(
                planning, "account.changed", id=identity, suspended=is_suspended, not_before=not_before, version=1
            )

        standings = await load_standings(planning.database, now=NOW)

        assert standings == {UUID(suspended): float("inf"), UUID(revoked): recent.timestamp()}
