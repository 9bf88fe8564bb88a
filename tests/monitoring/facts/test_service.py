from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest
from sqlalchemy import select

from services.monitoring.facts import service as facts
from services.monitoring.facts.models import Activity, Board, Meeting, Progress
from shared.clock import read_clock
from tests.house import Running, new_id
from tests.monitoring.story import (
    BACIRO,
    a_board,
    a_disbursement,
    a_meeting,
    a_partner,
    a_plan,
    a_term,
    an_activity,
    an_agreement,
    an_officer,
    entry,
    tell,
)

BOARD, PLAN, PARTNER = a_board(), a_plan({"id": new_id()}), a_partner()
ACTIVITY = an_activity(BOARD, PLAN)
AGREEMENT = an_agreement(BOARD, ACTIVITY, PARTNER)
REPORT = {"id": new_id(), "activity_id": ACTIVITY["id"], "number": 1, "percent": 30, "version": 1}
STANDING = {"id": new_id(), "suspended": False, "not_before": None, "version": 1}
TOLD: Mapping[str, dict[str, Any]] = {
    "board.recorded": BOARD,
    "term.recorded": a_term(BOARD),
    "officer.recorded": an_officer(BOARD, {"id": new_id()}),
    "partner.recorded": PARTNER,
    "account.opened": STANDING,
    "plan.ratified": PLAN,
    "meeting.held": a_meeting(BOARD),
    "activity.ratified": ACTIVITY,
    "progress.recorded": REPORT,
    "agreement.accepted": AGREEMENT,
    "disbursement.confirmed": a_disbursement(AGREEMENT),
}
FIELDS = [(action, field) for action, told in TOLD.items() for field in told]


async def rows(monitoring: Running, model: Any) -> list[Any]:
    async with monitoring.database.reads.connect() as connection:
        return list((await connection.execute(select(*model.__table__.c))).all())


@pytest.mark.parametrize(("action", "field"), FIELDS)
async def test_a_record_that_lacks_a_field_stops_the_follower_instead_of_being_guessed(
    monitoring: Running, action: str, field: str
) -> None:
    told = entry(action, TOLD[action], occurred_on=date(2025, 1, 1))
    lacking = replace(told, data={name: value for name, value in told.data.items() if name != field})
    handler = {**facts.OF_REGISTRY, **facts.OF_PLANNING}[action]
    with pytest.raises(msgspec.ValidationError, match=field):
        async with monitoring.database.transaction() as session:
            await handler(session, [lacking])


async def test_fields_that_owners_add_later_do_not_matter(monitoring: Running) -> None:
    await tell(monitoring, entry("board.recorded", BOARD | {"colour": "green"}))
    assert [row.name for row in await rows(monitoring, Board)] == ["BKM Contoh"]


async def test_every_copy_knows_its_place_and_where_it_was_read(monitoring: Running) -> None:
    told = entry("meeting.held", TOLD["meeting.held"])
    await tell(monitoring, told)
    row = (await rows(monitoring, Meeting))[0]
    assert (row.kelurahan_code, row.source_position) == (BACIRO, told.position)
    assert (row.attendance_total, row.attendance_women, row.attendance_poor) == (40, 18, None)


async def test_an_older_version_never_overwrites_a_newer_one(monitoring: Running) -> None:
    newer = ACTIVITY | {"state": "finished", "version": 3}
    await tell(monitoring, entry("activity.finished", newer), entry("activity.ratified", ACTIVITY))
    assert [(row.state, row.version) for row in await rows(monitoring, Activity)] == [("finished", 3)]


async def test_sources_that_give_nothing_are_left_out(monitoring: Running) -> None:
    await tell(monitoring, entry("activity.ratified", ACTIVITY))
    assert (await rows(monitoring, Activity))[0].funding == {
        "blm": 40_000_000,
        "swadaya": 10_000_000,
        "channeling": 40_000_000,
    }


async def test_progress_happened_when_its_entry_says(monitoring: Running) -> None:
    await tell(monitoring, entry("progress.recorded", REPORT, occurred_on=date(2025, 6, 7)))
    assert [row.occurred_on for row in await rows(monitoring, Progress)] == [date(2025, 6, 7)]


async def test_only_villages_become_places_and_the_last_word_holds(monitoring: Running) -> None:
    def region(code: str, code_now: str) -> dict[str, Any]:
        return {"id": code, "code": code, "code_now": code_now, "name": "Contoh", "valid_from": None, "valid_to": None}

    told = [
        region("34.71", "34.71"),
        region("34.71.03.1009", "34.71.03.1009"),
        region("34.71.03.1009", "34.99.01.1001"),
    ]
    entries = [entry("region.recorded", one, place=one["code"]) for one in told]
    async with monitoring.database.transaction() as session:
        await facts.OF_REGISTRY["region.recorded"](session, entries)
        assert await facts.place_now(session, "34.71.03.1009") == "34.99.01.1001"
        assert await facts.place_now(session, "34.71") is None
        await session.rollback()


async def test_standings_name_the_suspended_and_the_recently_revoked_alone(monitoring: Running) -> None:
    now = read_clock()
    told = {
        "suspended": {"suspended": True, "not_before": (now - timedelta(days=9)).isoformat()},
        "revoked": {"suspended": False, "not_before": now.isoformat()},
        "long ago": {"suspended": False, "not_before": (now - timedelta(hours=2)).isoformat()},
        "never": {"suspended": False, "not_before": None},
    }
    ids = {name: new_id() for name in told}
    for name, standing in told.items():
        await tell(monitoring, entry("account.changed", {"id": ids[name], "version": 1} | standing, place=None))
    found = await facts.load_standings(monitoring.database, now=now)
    assert {str(one): since for one, since in found.items()} == {
        ids["suspended"]: float("inf"),
        ids["revoked"]: now.timestamp(),
    }


def test_entries_name_the_boards_whose_values_they_may_change() -> None:
    told = [entry(action, TOLD[action]) for action in ("board.recorded", "meeting.held", "progress.recorded")]
    assert facts.boards_of(told) == {UUID(BOARD["id"])}
    assert facts.boards_of([entry("activity.ratified", ACTIVITY), entry("partner.recorded", PARTNER)]) == set()
