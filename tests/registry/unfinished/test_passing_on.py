"""What is unfinished in a kelurahan is told when it passes on, and keeps an assignment from ending unnoticed."""

import asyncio
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registry.database import sync_conflicts
from services.registry.facilitators.rules import is_shortened
from services.registry.unfinished.rules import Unfinished, address
from shared.clock import read_clock, today
from shared.conflicts import keep
from shared.pushing import Clash
from tests.house import Running, code_of, etag, new_id
from tests.registry.duplicates.story import told
from tests.registry.electing import begin
from tests.registry.facilitators.staff import (
    HERE,
    THERE,
    a_facilitator,
    an_assignment,
    coordinator,
    entries,
    with_account,
)
from tests.registry.handovers.test_routes import acknowledge, hand_over, served
from tests.registry.learning.test_routes import KBK, SESSION, add, record
from tests.registry.placing import merged
from tests.registry.programmes.test_routes import enrolled
from tests.registry.racing import warm
from tests.registry.signing import bearer, sign_in
from tests.shared.importing import BOARD, Sender, csv_file

TODAY = today(read_clock())
REGION = "/registry/v1/{}?region=" + HERE


async def everything_begun(registry: Running) -> str:
    """Begin one of each thing in one kelurahan; return the learning community's address."""
    await begin(registry)
    await told(registry)
    await enrolled(registry, starts_on=str(TODAY + timedelta(days=30)))
    kbk = await record(registry, KBK)
    session = await add(registry, kbk, "sessions", SESSION)
    for task in ("Menghubungi puskesmas", "Menghubungi PDAM"):
        body = {"task": task, "responsible": "Puskesmas Gondokusuman", "due_on": "2020-03-31"}
        reply = await add(registry, kbk, "follow-ups", body | {"learning_session_id": session.json()["id"]})
        assert reply.status_code == 201, reply.text
    return str(kbk.headers["Location"])


def expected(kbk: str) -> list[dict[str, Any]]:
    return [
        {"kelurahan_code": HERE, "subject": subject, "count": count, "address": where}
        for subject, count, where in (
            ("duplicates", 1, REGION.format("duplicates")),
            ("elections", 1, REGION.format("elections") + "&state=open"),
            ("enrolments", 1, REGION.format("enrolments") + "&state=awaited"),
            ("follow_ups", 2, f"{kbk}/follow-ups?done=false"),
        )
    ]


async def end(
    registry: Running, assignment: httpx.Response, headers: dict[str, str] | None = None, **changes: Any
) -> httpx.Response:
    by = headers or coordinator(registry)
    return await registry.http.patch(assignment.headers["Location"], json=changes, headers=by | etag(assignment))


class TestAHandover:
    async def test_lists_what_registry_knows_where_it_is_listed(self, registry: Running) -> None:
        kbk = await everything_begun(registry)
        giver, receiver = await a_facilitator(registry), await a_facilitator(registry)
        for code in (HERE, THERE):
            await an_assignment(registry, giver, code)

        handover = await hand_over(registry, giver, receiver)

        found = handover.json()["unfinished"]
        assert found == expected(kbk)
        for one in found:
            seen = await registry.http.get(one["address"], headers=registry.token("facilitator", regions=(HERE,)))
            assert (seen.status_code, len(seen.json()["items"])) == (200, one["count"])
        (entry,) = await entries(registry, "handover.recorded")
        assert entry["data"]["unfinished"] == found

    async def test_keeps_it_as_it_was_when_it_was_recorded(self, registry: Running) -> None:
        giver, receiver = await a_facilitator(registry), await a_facilitator(registry)
        await an_assignment(registry, giver)

        handover = await hand_over(registry, giver, receiver)
        await everything_begun(registry)

        seen = await registry.http.get(handover.headers["Location"], headers=coordinator(registry))
        assert handover.json()["unfinished"] == seen.json()["unfinished"] == []

    async def test_lists_what_the_givers_account_left_open(self, registry: Running) -> None:
        giver, account = await with_account(registry, "34.71")
        await an_assignment(registry, giver)
        by = bearer(await sign_in(registry, account.json()["username"]))
        sender = Sender(registry)
        sender.headers = by
        assert (await sender.send(csv_file([BOARD]))).status_code == 202
        clash = Clash("boards", UUID(new_id()), {"name": "Satu"}, {"name": "Dua"}, None)
        async with registry.database.transaction() as session:
            await keep(session, sync_conflicts, [clash], account=UUID(account.json()["id"]), now=read_clock())

        handover = await hand_over(registry, giver, await a_facilitator(registry))

        found = handover.json()["unfinished"]
        assert [(one["subject"], one["kelurahan_code"], one["count"]) for one in found] == [
            ("conflicts", None, 1),
            ("jobs", None, 1),
        ]
        for one in found:
            assert len((await registry.http.get(one["address"], headers=by)).json()["items"]) == one["count"]

    async def test_counts_a_place_of_two_codes_once(self, registry: Running) -> None:
        await begin(registry)
        giver = await a_facilitator(registry)
        for code in (HERE, THERE):
            await an_assignment(registry, giver, code)

        async with merged(registry, HERE, into=THERE):
            found = (await hand_over(registry, giver, await a_facilitator(registry))).json()["unfinished"]

        (one,) = found
        assert (one["count"], one["address"]) == (1, f"/registry/v1/elections?region={THERE}&state=open")

    async def test_costs_as_many_statements_of_many_kelurahan(self, registry: Running) -> None:
        counts = []
        for codes in ([HERE], [HERE, THERE]):
            giver, receiver = await a_facilitator(registry), await a_facilitator(registry)
            for code in codes:
                await an_assignment(registry, giver, code)
            with registry.counted() as sent:
                await hand_over(registry, giver, receiver)
            counts.append(len([one for one in sent if "learning_community_id" in one]))

        assert counts == [1, 1]


class TestAnAssignment:
    async def test_ends_by_a_handover_while_something_is_unfinished(self, registry: Running) -> None:
        kbk = await everything_begun(registry)
        giver, receiver = await a_facilitator(registry), await a_facilitator(registry)
        assignment = await an_assignment(registry, giver)

        for last in ("2024-12-31", str(TODAY + timedelta(days=1)), "2999-12-31"):
            refused = await end(registry, assignment, ends_on=last)
            assert (refused.status_code, code_of(refused)) == (409, "assignment.in_progress")
            assert refused.json()["unfinished"] == expected(kbk)
            assert "5" in refused.json()["detail"]
        assert await entries(registry, "assignment.changed") == []

        handover = await hand_over(registry, giver, receiver)
        themselves = registry.token("facilitator", person=receiver.json()["person_id"])
        assert (await acknowledge(registry, handover, themselves)).status_code == 200
        ((_, _, last_day),) = await served(registry, giver)
        assert last_day is not None

    async def test_ends_with_a_reason_where_nobody_can_hand_over(self, registry: Running) -> None:
        await everything_begun(registry)
        facilitator, account = await with_account(registry, HERE, THERE)
        assignment = await an_assignment(registry, facilitator)

        ended = await end(registry, assignment, ends_on=str(TODAY), ended_because="died")

        assert (ended.status_code, ended.json()["ended_because"]) == (200, "died")
        others = registry.token("facilitator")
        for headers, shown in ((coordinator(registry), "died"), (others, None)):
            one = await registry.http.get(assignment.headers["Location"], headers=headers)
            address = f"{facilitator.headers['Location']}/assignments"
            (listed,) = (await registry.http.get(address, headers=headers)).json()["items"]
            assert one.json()["ended_because"] == listed["ended_because"] == shown
        (entry,) = await entries(registry, "assignment.changed")
        assert "died" not in str(entry)
        operator = registry.token("operator", regions=("*",))
        seen = await registry.http.get(account.headers["Location"], headers=operator)
        assert seen.json()["regions"] == [THERE]

    async def test_of_who_left_is_handed_over_afterwards(self, registry: Running) -> None:
        await begin(registry)
        giver, receiver = await a_facilitator(registry), await a_facilitator(registry)
        await end(registry, await an_assignment(registry, giver), ends_on="2024-06-01", ended_because="resigned")

        handover = await hand_over(registry, giver, receiver, handed_over_on="2024-06-01")

        assert (handover.status_code, len(handover.json()["unfinished"])) == (201, 1)

    async def test_ends_by_itself_where_nothing_is(self, registry: Running) -> None:
        await everything_begun(registry)
        facilitator = await a_facilitator(registry)
        assignment = await an_assignment(registry, facilitator, THERE)

        ended = await end(registry, assignment, ends_on="2024-12-31")
        # What is over already is only corrected.
        over = await an_assignment(registry, await a_facilitator(registry), ends_on="2024-12-31")
        corrected = await end(registry, over, ends_on="2024-11-30")
        longer = await end(registry, await an_assignment(registry, facilitator, ends_on="2999-01-01"), ends_on=None)

        assert [one.status_code for one in (ended, corrected, longer)] == [200, 200, 200]

    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            ({"ended_because": "resigned"}, "assignment.reason_without_end"),
            ({"ends_on": None, "ended_because": "resigned"}, "assignment.reason_without_end"),
            ({"ends_on": "2024-12-31", "ended_because": "tired"}, "value.not_a_choice"),
        ],
    )
    async def test_names_a_reason_that_says_nothing(
        self, registry: Running, changes: dict[str, Any], code: str
    ) -> None:
        assignment = await an_assignment(registry, await a_facilitator(registry))

        reply = await end(registry, assignment, **changes)

        (fault,) = reply.json()["errors"]
        assert (reply.status_code, fault["pointer"], fault["code"]) == (422, "/ended_because", code)

    async def test_forgets_the_reason_when_it_goes_on(self, registry: Running) -> None:
        assignment = await an_assignment(registry, await a_facilitator(registry))
        ended = await end(registry, assignment, ends_on="2024-12-31", ended_because="mistaken")
        ended.headers["Location"] = assignment.headers["Location"]

        again = await end(registry, ended, ends_on=None)

        assert (again.json()["ends_on"], again.json()["ended_because"]) == (None, None)

    async def test_of_two_who_end_it_at_once_one_does(self, registry: Running) -> None:
        await begin(registry)
        assignment = await an_assignment(registry, await a_facilitator(registry))
        await warm(registry)

        replies = await asyncio.gather(
            *(end(registry, assignment, ends_on="2024-12-31", ended_because=one) for one in ("resigned", "dismissed"))
        )

        assert sorted(one.status_code for one in replies) == [200, 412]


DAYS = st.dates(date(2024, 1, 1), date(2026, 1, 1))


@given(st.none() | DAYS, st.none() | DAYS, DAYS)
def test_only_what_goes_on_and_gets_an_earlier_end_is_shortened(
    before: date | None, after: date | None, on: date
) -> None:
    found = is_shortened(before, after, today=on)

    assert found == (after is not None and (before or date.max) >= on and after < (before or date.max))


def test_each_subject_has_an_address() -> None:
    found = {address(one, region=HERE, what="x") for one in Unfinished}

    assert len(found) == len(Unfinished)
    assert all(one.startswith("/registry/v1/") for one in found)
