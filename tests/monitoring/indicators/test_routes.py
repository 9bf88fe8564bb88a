import asyncio
import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from services.monitoring.facts.service import boards_of
from services.monitoring.indicators.service import overdue, values_digest
from services.monitoring.integrity.service import CHUNK, keep_current, recompute, take_over
from shared.clock import read_clock
from tests.house import Running, code_of, new_id
from tests.monitoring.story import (
    BACIRO,
    DEMANGAN,
    a_board,
    a_disbursement,
    a_known_board,
    a_meeting,
    a_partner,
    a_plan,
    a_term,
    an_activity,
    an_agreement,
    entry,
    heard,
    tell,
)
from tests.registry.placing import merged

VALUES = "/monitoring/v1/values"
EMPTY = hashlib.sha256().hexdigest()
JUNE = datetime(2024, 6, 15, 5, tzinfo=UTC)


async def values(monitoring: Running, **filters: Any) -> dict[str, tuple[int | None, int | None] | str]:
    """Return the values by month: numerator and denominator, or the reason why there is none."""
    reply = await monitoring.http.get(VALUES, params={"limit": 500} | filters)
    assert reply.status_code == 200, reply.text
    return {
        one["month"]: one["null_reason"] or (one["numerator"], one["denominator"])
        for one in reversed(reply.json()["items"])
    }


async def a_whole_story(monitoring: Running) -> dict[str, Any]:
    """Tell of a board that elects, plans, meets and is channeled money; the clock stands in June 2024."""
    board = a_board(founded_on="2024-01-10")
    term, plan, meeting = a_term(board), a_plan(board), a_meeting(board)
    partner = a_partner()
    activity = an_activity(board, plan)
    agreement = an_agreement(board, activity, partner)
    paid = a_disbursement(agreement)
    told = [
        entry("board.recorded", board),
        entry("term.recorded", term),
        entry("plan.ratified", plan),
        entry("meeting.held", meeting),
        entry("partner.recorded", partner, place=None),
        entry("activity.ratified", activity),
        entry("agreement.accepted", agreement),
        entry("disbursement.confirmed", paid),
    ]
    await tell(monitoring, *told, now=JUNE)
    return {"board": board, "term": term, "plan": plan, "meeting": meeting, "agreement": agreement, "paid": paid}


class TestValues:
    async def test_run_from_the_founding_month_to_this_one(self, monitoring: Running) -> None:
        await a_whole_story(monitoring)
        assert await values(monitoring, indicator="KPI-03") == {
            "2024-01": (0, 1),
            "2024-02": (1, 1),
            "2024-03": (1, 1),
            "2024-04": (1, 1),
            "2024-05": (1, 1),
            "2024-06": (1, 1),
        }
        assert (await values(monitoring, indicator="KPI-04")) == {
            "2024-02": (18, 40),
            **dict.fromkeys(("2024-01", "2024-03", "2024-04", "2024-05", "2024-06"), "no_meeting"),
        }
        assert set((await values(monitoring, indicator="MANDATE")).values()) == {(1, 1)}
        assert set((await values(monitoring, indicator="KPI-13")).values()) == {"no_complaint"}
        assert list((await values(monitoring, indicator="CHANNELING")).values()) == [
            *["nothing_committed"] * 4,
            (0, 40_000_000),
            (15_000_000, 40_000_000),
        ]

    async def test_are_restated_when_a_report_comes_late_or_is_corrected(self, monitoring: Running) -> None:
        story = await a_whole_story(monitoring)
        late = a_meeting(story["board"], held_on="2024-03-02", total=10, women=9)
        await tell(monitoring, entry("meeting.held", late), now=JUNE)
        assert (await values(monitoring, indicator="KPI-04"))["2024-03"] == (9, 10)

        corrected = late | {"held_on": "2024-04-02", "version": 2}
        await tell(monitoring, entry("meeting.held", corrected), now=JUNE)
        found = await values(monitoring, indicator="KPI-04")
        assert (found["2024-03"], found["2024-04"]) == ("no_meeting", (9, 10))

        reply = await monitoring.http.get(VALUES, params={"indicator": "KPI-04"})
        assert {one["month"]: one["version"] for one in reply.json()["items"]} == {
            "2024-01": 1, "2024-02": 1, "2024-03": 3, "2024-04": 2, "2024-05": 1, "2024-06": 1,
        }  # fmt: skip

    async def test_ignore_an_older_version_that_comes_again(self, monitoring: Running) -> None:
        story = await a_whole_story(monitoring)
        newer = story["meeting"] | {"attendance": {"total": 50, "women": 25, "poor": 3}, "version": 2}
        await tell(monitoring, entry("meeting.held", newer), entry("meeting.held", story["meeting"]), now=JUNE)
        assert (await values(monitoring, indicator="KPI-04"))["2024-02"] == (25, 50)

    async def test_are_filtered_and_paged(self, monitoring: Running) -> None:
        story = await a_whole_story(monitoring)
        await a_known_board(monitoring, place=DEMANGAN, founded_on="2024-05-01")
        board_id = story["board"]["id"]
        spring = await values(
            monitoring, indicator="KPI-03", board_id=board_id, month_from="2024-03", month_to="2024-04"
        )
        assert list(spring) == ["2024-03", "2024-04"]
        there = await monitoring.http.get(VALUES, params={"region": DEMANGAN, "limit": 3})
        assert {one["kelurahan_code"] for one in there.json()["items"]} == {DEMANGAN}
        everything: list[str] = []
        cursor: dict[str, str] = {}
        while True:
            page = (await monitoring.http.get(VALUES, params={"board_id": board_id, "limit": 7} | cursor)).json()
            everything += [one["id"] for one in page["items"]]
            if page["next"] is None:
                break
            cursor = {"cursor": page["next"]}
        assert len(everything) == len(set(everything)) == 30

    @pytest.mark.parametrize(
        "wrong", [{"month_from": "2024-13"}, {"indicator": "KPI-99"}, {"region": "34.7"}, {"colour": "red"}]
    )
    async def test_refuse_what_they_do_not_know(self, monitoring: Running, wrong: dict[str, str]) -> None:
        reply = await monitoring.http.get(VALUES, params=wrong)
        assert (reply.status_code, code_of(reply)) == (400, "query.invalid")

    async def test_are_for_every_cache(self, monitoring: Running) -> None:
        await a_whole_story(monitoring)
        first = await monitoring.http.get(VALUES)
        assert first.headers["Cache-Control"].startswith("public")
        again = await monitoring.http.get(VALUES, headers={"If-None-Match": first.headers["ETag"]})
        assert again.status_code == 304


class TestComplaints:
    async def test_count_in_the_month_they_are_about_in_the_transaction_that_files_them(
        self, monitoring: Running
    ) -> None:
        board = await a_known_board(monitoring, founded_on="2026-01-01")
        draft = {
            "kelurahan_code": BACIRO,
            "scope": "financial",
            "category": "other",
            "text": "x",
            "accused": {"kind": "other"},
            "occurred_on": "2026-02-05",
            "channel": "website",
        }
        for scope in ("financial", "administrative", "information"):
            await monitoring.http.post("/monitoring/v1/complaints", json=draft | {"scope": scope})
        found = await values(monitoring, indicator="KPI-13", board_id=board["id"])
        assert (found["2026-01"], found["2026-02"]) == ("no_complaint", (0, 2))

        handler = monitoring.token("facilitator")
        filed = await monitoring.http.post("/monitoring/v1/complaints", json=draft | {"occurred_on": "2026-01-31"})
        code = {"Tracking-Code": filed.json()["tracking_code"]}
        await monitoring.http.post(
            f"/monitoring/v1/complaints/{filed.json()['id']}/answer",
            json={"text": "x"},
            headers=handler | {"If-Match": '"1"'},
        )
        done = await monitoring.http.post(
            "/monitoring/v1/complaints/tracked/confirmation",
            json={"resolved": True},
            headers=code | {"If-Match": '"2"'},
        )
        assert done.status_code == 200, done.text
        assert (await values(monitoring, indicator="KPI-13"))["2026-01"] == (1, 1)


class TestExplain:
    async def explained(self, monitoring: Running, indicator: str, month: str) -> dict[str, Any]:
        found = await monitoring.http.get(
            VALUES, params={"indicator": indicator, "month_from": month, "month_to": month}
        )
        reply = await monitoring.http.get(f"{VALUES}/{found.json()['items'][0]['id']}/explain")
        assert reply.status_code == 200, reply.text
        return dict(reply.json())

    async def test_names_the_records_behind_and_where_they_stand_in_their_journals(self, monitoring: Running) -> None:
        story = await a_whole_story(monitoring)
        found = await self.explained(monitoring, "CHANNELING", "2024-06")
        assert (found["numerator"], found["denominator"], found["agrees"]) == (15_000_000, 40_000_000, True)
        assert {one["subject"] for one in found["records"]} == {
            f"agreements/{story['agreement']['id']}",
            f"disbursements/{story['paid']['id']}",
        }
        assert all(one["service"] == "planning" and one["position"] > 0 for one in found["records"])
        assert found["definition"]["targets"][0]["confidence"]
        mandate = await self.explained(monitoring, "MANDATE", "2024-03")
        assert [one["service"] for one in mandate["records"]] == ["registry"]
        assert mandate["measured_on"] == "2024-03-31"

    async def test_counts_complaints_and_names_none(self, monitoring: Running) -> None:
        await a_whole_story(monitoring)
        draft = {
            "kelurahan_code": BACIRO,
            "scope": "financial",
            "category": "other",
            "text": "x",
            "accused": {"kind": "other"},
            "occurred_on": "2024-03-05",
            "channel": "website",
        }
        assert (await monitoring.http.post("/monitoring/v1/complaints", json=draft)).status_code == 201
        found = await self.explained(monitoring, "KPI-13", "2024-03")
        assert (found["denominator"], found["records"], found["records_withheld"]) == (1, [], 1)

    async def test_tells_when_what_is_published_is_not_what_the_records_say(self, monitoring: Running) -> None:
        await a_whole_story(monitoring)
        async with monitoring.database.writes.begin() as connection:
            await connection.execute(text("UPDATE indicator_values SET numerator = 40 WHERE numerator = 18"))
        found = await self.explained(monitoring, "KPI-04", "2024-02")
        assert (found["value"]["numerator"], found["numerator"], found["agrees"]) == (40, 18, False)

    async def test_knows_nothing_of_an_unknown_value(self, monitoring: Running) -> None:
        reply = await monitoring.http.get(f"{VALUES}/{new_id()}/explain")
        assert (reply.status_code, code_of(reply)) == (404, "resource.not_found")


class TestRollUps:
    async def test_add_up_in_todays_boundaries_or_the_original_ones(self, monitoring: Running) -> None:
        gone, whole = "34.71.03.1001", "34.71.03.1002"
        await a_known_board(monitoring, place=gone)
        asked = {"indicator": "KPI-04", "month": "2024-02"}
        async with merged(monitoring, gone, into=whole):
            found = [
                await self.rolled_up(monitoring, **asked, region=region, boundaries=boundaries)
                for region in (gone, whole)
                for boundaries in ("today", "original")
            ]

        assert [sum(missing["boards"] for missing in one["boards_null"]) for one in found] == [0, 1, 1, 0]

    async def rolled_up(self, monitoring: Running, **asked: str) -> dict[str, Any]:
        with monitoring.counted() as statements:
            reply = await monitoring.http.get("/monitoring/v1/rollups", params=asked)
        assert reply.status_code == 200, reply.text
        assert len(statements) == 1
        return dict(reply.json())

    async def test_are_the_sum_of_their_parts_on_every_level(self, monitoring: Running) -> None:
        places = ("34.71.03.1001", "34.71.03.1002", "34.71.04.1001", "33.74.01.1001")
        for number, place in enumerate(places):
            board = await a_known_board(monitoring, place=place)
            meeting = a_meeting(board, total=10 + number, women=number)
            await tell(monitoring, entry("meeting.held", meeting, place=place))
        asked = {"indicator": "KPI-04", "month": "2024-02"}

        async def sums(**region: str) -> tuple[int, int, int]:
            found = await self.rolled_up(monitoring, **asked, **region)
            return found["numerator"], found["denominator"], found["boards_counted"]

        parts = [await sums(region=place) for place in places]
        assert parts == [(0, 10, 1), (1, 11, 1), (2, 12, 1), (3, 13, 1)]
        assert await sums(region="34.71.03") == (1, 21, 2)
        assert await sums(region="34.71") == (3, 33, 3)
        assert await sums() == (6, 46, 4)

    async def test_tell_how_many_boards_have_no_number_and_why(self, monitoring: Running) -> None:
        await a_known_board(monitoring)
        await a_known_board(monitoring, place=DEMANGAN, founded_on="2024-09-01")
        found = await self.rolled_up(monitoring, indicator="KPI-04", month="2024-08", region="34.71")
        assert (found["numerator"], found["denominator"], found["boards_counted"]) == (None, None, 0)
        assert found["boards_null"] == [
            {"reason": "board_not_founded_yet", "boards": 1},
            {"reason": "no_meeting", "boards": 1},
        ]


class TestRecompute:
    async def digest(self, monitoring: Running) -> tuple[int, str]:
        async with monitoring.database.snapshot() as connection:
            return await values_digest(connection)

    async def chore(self, monitoring: Running, now: datetime) -> bool:
        async with monitoring.database.transaction() as session:
            return await keep_current(session, now)

    async def test_gives_the_same_values_however_often_and_in_whatever_order(self, monitoring: Running) -> None:
        story = await a_whole_story(monitoring)
        board_id = UUID(story["board"]["id"])

        first = await self.digest(monitoring)
        assert first[0] == 30
        for _ in range(2):
            async with monitoring.database.transaction() as session:
                await recompute(session, [board_id], now=JUNE)
        assert await self.digest(monitoring) == first
        reply = await monitoring.http.get(VALUES, params={"limit": 500})
        assert {one["version"] for one in reply.json()["items"]} == {1}, "nothing was written again"

        async with monitoring.database.writes.begin() as connection:
            await connection.execute(text("DELETE FROM indicator_values"))
        async with monitoring.database.transaction() as session:
            await recompute(session, [board_id], now=JUNE)
        assert await self.digest(monitoring) == first

    async def test_what_comes_at_once_counts_all_of_it(self, monitoring: Running) -> None:
        """Each transaction sees only its own new meeting until the others are through."""
        board = await a_known_board(monitoring, founded_on="2026-01-01")
        meetings = [a_meeting(board, held_on="2026-02-05", total=10, women=number) for number in range(4)]
        await asyncio.gather(*(tell(monitoring, entry("meeting.held", one)) for one in meetings))
        assert (await values(monitoring, indicator="KPI-04"))["2026-02"] == (6, 40)

    async def test_many_are_put_off_and_come_to_the_same(self, monitoring: Running) -> None:
        boards = [a_board(founded_on="2024-01-10") for _ in range(CHUNK + 5)]

        await tell(monitoring, *(entry("board.recorded", one) for one in boards), now=JUNE)

        assert await self.digest(monitoring) == (0, EMPTY)
        assert [await self.chore(monitoring, JUNE) for _ in range(3)] == [True, True, False]
        found = await self.digest(monitoring)
        assert found[0] == len(boards) * 30
        async with monitoring.database.transaction() as session:
            await recompute(session, [UUID(one["id"]) for one in boards], now=JUNE)
        assert await self.digest(monitoring) == found

    async def test_what_is_put_off_while_it_is_computed_is_computed_again(self, monitoring: Running) -> None:
        board = await a_known_board(monitoring, founded_on="2026-01-01")
        others = [entry("board.recorded", a_board(founded_on="2026-01-01")) for _ in range(CHUNK)]
        meeting = entry("meeting.held", a_meeting(board, held_on="2026-02-05", total=10, women=6))

        async with monitoring.database.transaction() as session:
            await recompute(session, [UUID(board["id"])], now=read_clock())
            many = asyncio.create_task(tell(monitoring, meeting, *others))
            await asyncio.sleep(0.3)
            assert not many.done()
        await many
        while await self.chore(monitoring, read_clock()):
            pass

        assert (await values(monitoring, indicator="KPI-04", board_id=board["id"]))["2026-02"] == (6, 10)

    async def test_what_is_put_off_while_it_waits_for_its_turn_is_computed_in_full(self, monitoring: Running) -> None:
        board = await a_known_board(monitoring, founded_on="2026-01-01")
        async with monitoring.database.transaction() as session:
            await session.execute(text("UPDATE computed_boards SET day = current_date - 1"))
        many = [
            entry("meeting.held", a_meeting(board, held_on="2026-02-05", total=10, women=6)),
            *(entry("board.recorded", a_board(founded_on="2026-01-01")) for _ in range(CHUNK)),
        ]

        async with monitoring.database.transaction() as session:
            await heard(session, *many)
            await take_over(session, boards_of(many), now=read_clock())
            overdue_since_yesterday = asyncio.create_task(self.chore(monitoring, read_clock()))
            await asyncio.sleep(0.3)
            assert not overdue_since_yesterday.done()
        await overdue_since_yesterday
        while await self.chore(monitoring, read_clock()):
            pass

        assert (await values(monitoring, indicator="KPI-04", board_id=board["id"]))["2026-02"] == (6, 10)

    async def test_a_new_month_and_a_lapsed_mandate_need_no_record(self, monitoring: Running) -> None:
        story = await a_whole_story(monitoring)
        later = datetime(2027, 1, 20, 5, tzinfo=UTC)

        async def chore(now: datetime) -> int:
            async with monitoring.database.transaction() as session:
                boards, since = await overdue(session, now=now, limit=10)
                await recompute(session, boards, now=now, since=since)
                return len(boards)

        assert await chore(JUNE) == 0, "computed today already"
        assert await chore(later) == 1
        assert await chore(later + timedelta(hours=1)) == 0
        mandate = await values(monitoring, indicator="MANDATE", board_id=story["board"]["id"])
        assert (mandate["2026-12"], mandate["2027-01"]) == ((1, 1), (0, 1))
        assert (await values(monitoring, indicator="KPI-13"))["2027-01"] == "no_complaint"
        assert len(mandate) == 37


async def test_definitions_say_what_is_measured_and_how_sure_the_target_is(monitoring: Running) -> None:
    reply = await monitoring.http.get("/monitoring/v1/indicators")
    found = {one["code"]: one for one in reply.json()["items"]}
    assert list(found) == ["KPI-03", "KPI-04", "KPI-13", "MANDATE", "CHANNELING"]
    assert [one["percent"] for one in found["KPI-04"]["targets"]] == [30, 40]
    assert found["CHANNELING"]["null_cases"][0]["reason"] == "nothing_committed"
