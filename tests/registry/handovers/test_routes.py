import asyncio
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import text

from services.registry.facilitators import service as facilitators
from shared.permissions import Caller
from tests.house import Running, code_of, etag, new_id
from tests.registry.facilitators.staff import (
    FAR,
    HANDOVERS,
    HERE,
    THERE,
    THIRD,
    a_facilitator,
    an_assignment,
    coordinator,
    entries,
    themselves,
    with_account,
)
from tests.registry.racing import warm
from tests.registry.signing import claims_of, refreshed, sign_in

DAY = "2024-06-01"
LATER = "2024-06-08"


async def hand_over(
    registry: Running,
    giver: httpx.Response,
    receiver: httpx.Response,
    headers: dict[str, str] | None = None,
    **changes: Any,
) -> httpx.Response:
    draft = {"to_facilitator_id": receiver.json()["id"], "handed_over_on": DAY, "in_progress": []} | changes
    address = f"{giver.headers['Location']}/handovers"
    return await registry.http.post(address, json=draft, headers=headers or coordinator(registry))


async def acknowledge(
    registry: Running, handover: httpx.Response, headers: dict[str, str], day: str = LATER
) -> httpx.Response:
    address = f"{handover.headers['Location']}/acknowledgement"
    return await registry.http.post(address, json={"acknowledged_on": day}, headers=headers | etag(handover))


async def withdraw(registry: Running, handover: httpx.Response, headers: dict[str, str]) -> httpx.Response:
    return await registry.http.post(f"{handover.headers['Location']}/withdrawal", headers=headers | etag(handover))


async def two(registry: Running, *codes: str) -> tuple[httpx.Response, httpx.Response]:
    """Return who gives, assigned to the kelurahan, and who receives."""
    giver, receiver = await a_facilitator(registry), await a_facilitator(registry)
    for code in codes or (HERE, THERE):
        await an_assignment(registry, giver, code)
    return giver, receiver


async def served(registry: Running, facilitator: httpx.Response, query: str = "") -> list[tuple[str, str, str | None]]:
    address = f"{facilitator.headers['Location']}/assignments{query}"
    items = (await registry.http.get(address, headers=coordinator(registry))).json()["items"]
    return [(item["kelurahan_code"], item["starts_on"], item["ends_on"]) for item in items]


async def regions(registry: Running, account: httpx.Response) -> list[str]:
    headers = registry.token("operator", regions=("*",))
    return list((await registry.http.get(account.headers["Location"], headers=headers)).json()["regions"])


class TestAHandover:
    async def test_lets_both_serve_until_the_receiver_acknowledges_and_loses_nothing(self, registry: Running) -> None:
        giver, receiver = await two(registry)
        plan = f"plans/{new_id()}"
        lines = [
            {"kelurahan_code": HERE, "kind": "plan", "subject": plan, "count": None},
            {"kelurahan_code": THERE, "kind": "loans", "subject": None, "count": 12},
        ]

        handover = await hand_over(registry, giver, receiver, in_progress=lines)

        assert handover.status_code == 201, handover.text
        assert (handover.json()["state"], handover.json()["in_progress"]) == ("pending", lines)
        assert [one["kelurahan_code"] for one in handover.json()["kelurahan"]] == [HERE, THERE]
        on_the_day = f"?as_of={LATER}"
        assert await served(registry, giver, on_the_day) == [(HERE, "2024-02-01", None), (THERE, "2024-02-01", None)]
        assert await served(registry, receiver, on_the_day) == [(HERE, DAY, None), (THERE, DAY, None)]

        seen = await registry.http.get(handover.headers["Location"], headers=themselves(registry, receiver))
        assert seen.json() == handover.json()
        done = await acknowledge(registry, handover, themselves(registry, receiver))

        assert (done.status_code, done.json()["state"]) == (200, "acknowledged")
        assert done.json()["in_progress"] == lines
        assert await served(registry, giver) == [(HERE, "2024-02-01", LATER), (THERE, "2024-02-01", LATER)]
        assert await served(registry, receiver) == [(HERE, DAY, None), (THERE, DAY, None)]
        (recorded,), (acknowledged,) = [
            await entries(registry, f"handover.{verb}") for verb in ("recorded", "acknowledged")
        ]
        assert recorded["data"]["in_progress"] == acknowledged["data"]["in_progress"] == lines
        assert (recorded["place"], acknowledged["occurred_on"]) == ("34.71", LATER)
        assert len(await entries(registry, "assignment.changed")) == 2

    async def test_passes_only_what_is_named_and_each_only_once_at_a_time(self, registry: Running) -> None:
        giver, receiver = await two(registry)
        third = await a_facilitator(registry)

        one = await hand_over(registry, giver, receiver, kelurahan_codes=[HERE])
        again = await hand_over(registry, giver, third, kelurahan_codes=[HERE])
        rest = await hand_over(registry, giver, third)
        nothing = await hand_over(registry, giver, third)

        assert [item["kelurahan_code"] for item in one.json()["kelurahan"]] == [HERE]
        assert again.json()["errors"][0]["code"] == "handover.under_way"
        assert [item["kelurahan_code"] for item in rest.json()["kelurahan"]] == [THERE]
        assert (nothing.status_code, code_of(nothing)) == (409, "handover.nothing")

    async def test_to_somebody_who_serves_there_already_opens_nothing_twice(self, registry: Running) -> None:
        giver, receiver = await two(registry, HERE)
        before = await an_assignment(registry, receiver, HERE)

        handover = await hand_over(registry, giver, receiver)
        withdrawn = await withdraw(registry, handover, coordinator(registry))

        (passing,) = handover.json()["kelurahan"]
        assert (passing["to_assignment_id"], passing["opened"]) == (before.json()["id"], False)
        assert withdrawn.status_code == 200
        assert await served(registry, receiver) == [(HERE, "2024-02-01", None)]

    async def test_of_somebody_who_left_ends_with_the_employment(self, registry: Running) -> None:
        giver, receiver = await two(registry, HERE)
        await registry.http.patch(
            giver.headers["Location"], json={"ends_on": "2024-06-03"}, headers=coordinator(registry) | etag(giver)
        )

        handover = await hand_over(registry, giver, receiver)
        await acknowledge(registry, handover, themselves(registry, receiver))

        assert await served(registry, giver) == [(HERE, "2024-02-01", "2024-06-03")]

    async def test_withdrawn_ends_what_it_opened_and_may_be_made_anew(self, registry: Running) -> None:
        giver, receiver = await two(registry, HERE)
        handover = await hand_over(registry, giver, receiver)

        withdrawn = await withdraw(registry, handover, coordinator(registry))
        late = await acknowledge(registry, withdrawn_as(handover, withdrawn), themselves(registry, receiver))
        anew = await hand_over(registry, giver, await a_facilitator(registry))

        assert (withdrawn.json()["state"], anew.status_code) == ("withdrawn", 201)
        assert (late.status_code, code_of(late)) == (409, "handover.state")
        ((_, _, ends_on),) = await served(registry, receiver)
        assert ends_on is not None
        assert len(await served(registry, giver, "?as_of=2999-01-01")) == 1


def withdrawn_as(handover: httpx.Response, current: httpx.Response) -> httpx.Response:
    """Return the handover as it is now, at its address."""
    current.headers["Location"] = handover.headers["Location"]
    return current


class TestWhoMay:
    async def test_record_one_is_the_coordinators_to_say(self, registry: Running) -> None:
        giver, receiver = await two(registry)

        for headers, status, code in (
            (registry.token("facilitator"), 403, "scope.missing"),
            (registry.token("board_officer"), 403, "scope.missing"),
            (coordinator(registry, regions=("33.74",)), 404, "resource.not_found"),
        ):
            reply = await hand_over(registry, giver, receiver, headers=headers)
            assert (reply.status_code, code_of(reply)) == (status, code)
        address = f"{giver.headers['Location']}/handovers"
        assert (await registry.http.post(address, json={})).status_code == 401

    async def test_acknowledge_one_is_only_the_receiver(self, registry: Running) -> None:
        giver, receiver = await two(registry)
        handover = await hand_over(registry, giver, receiver)

        for headers, status, code in (
            (themselves(registry, giver), 403, "handover.not_receiver"),
            (coordinator(registry), 403, "handover.not_receiver"),
            (registry.token("facilitator", person=None), 403, "handover.not_receiver"),
            (registry.token("facilitator", regions=(HERE,)), 404, "resource.not_found"),
            (registry.token("partner"), 403, "scope.missing"),
        ):
            reply = await acknowledge(registry, handover, headers)
            assert (reply.status_code, code_of(reply)) == (status, code)
        address = f"{handover.headers['Location']}/acknowledgement"
        missing = await registry.http.post(
            address, json={"acknowledged_on": LATER}, headers=themselves(registry, receiver)
        )
        assert (missing.status_code, code_of(missing)) == (428, "version.missing")

    async def test_who_recorded_it_cannot_also_receive_it(self, registry: Running) -> None:
        giver, receiver = await two(registry)
        both = coordinator(registry, person=receiver.json()["person_id"])

        handover = await hand_over(registry, giver, receiver, headers=both)
        reply = await acknowledge(registry, handover, both)

        assert (reply.status_code, code_of(reply)) == (403, "approval.own_work")

    async def test_withdraw_one_is_the_coordinators_too(self, registry: Running) -> None:
        giver, receiver = await two(registry)
        handover = await hand_over(registry, giver, receiver)

        refused = await withdraw(registry, handover, themselves(registry, receiver))

        assert (refused.status_code, code_of(refused)) == (403, "scope.missing")


class TestRefusals:
    @pytest.mark.parametrize(
        ("change", "pointer", "code"),
        [
            ({"to_facilitator_id": new_id()}, "/to_facilitator_id", "facilitator.unknown"),
            ({"handed_over_on": "2999-01-01"}, "/handed_over_on", "date.in_the_future"),
            ({"kelurahan_codes": [THIRD]}, "/kelurahan_codes/0", "handover.not_assigned"),
            ({"kelurahan_codes": [HERE, HERE]}, "/kelurahan_codes/1", "handover.twice"),
            ({"kelurahan_codes": []}, "/kelurahan_codes", "list.too_short"),
            (
                {"in_progress": [{"kelurahan_code": THIRD, "kind": "loans", "count": 1}]},
                "/in_progress/0/kelurahan_code",
                "handover.not_handed",
            ),
            (
                {"in_progress": [{"kelurahan_code": HERE, "kind": "loans"}]},
                "/in_progress/0",
                "handover.which_or_how_many",
            ),
            (
                {"in_progress": [{"kelurahan_code": HERE, "kind": "plan", "subject": f"elections/{new_id()}"}]},
                "/in_progress/0/subject",
                "handover.wrong_reference",
            ),
            (
                {"in_progress": [{"kelurahan_code": HERE, "kind": "plan", "subject": "Ibu Contoh"}]},
                "/in_progress/0/subject",
                "value.pattern",
            ),
            (
                {"in_progress": [{"kelurahan_code": HERE, "kind": "plan", "count": 1, "note": "x"}]},
                "/in_progress/0/note",
                "field.unknown",
            ),
        ],
    )
    async def test_name_the_wrong_place_and_change_nothing(
        self, registry: Running, change: dict[str, Any], pointer: str, code: str
    ) -> None:
        giver, receiver = await two(registry)

        reply = await hand_over(registry, giver, receiver, **change)

        assert reply.status_code == 422, reply.text
        assert (reply.json()["errors"][0]["pointer"], reply.json()["errors"][0]["code"]) == (pointer, code)
        assert await served(registry, receiver) == []
        assert await entries(registry, "handover.recorded") == []

    async def test_of_the_same_person_and_of_who_was_not_employed(self, registry: Running) -> None:
        giver, _ = await two(registry)
        same = await a_facilitator(registry, person_id=giver.json()["person_id"], role="senior_facilitator")
        late = await a_facilitator(registry, starts_on="2024-07-01")
        wide = coordinator(registry, regions=("*",))
        far = await a_facilitator(registry, region_code="33.74", headers=wide)

        for receiver, code in (
            (giver, "handover.same_person"),
            (same, "handover.same_person"),
            (late, "assignment.outside_employment"),
            (far, "assignment.elsewhere"),
        ):
            reply = await hand_over(registry, giver, receiver, headers=wide)
            assert (reply.status_code, code_of(reply)) == (422, code)
            assert reply.json()["errors"][0]["pointer"] == "/to_facilitator_id"

    async def test_of_an_acknowledgement_before_the_day_or_ahead(self, registry: Running) -> None:
        giver, receiver = await two(registry)
        handover = await hand_over(registry, giver, receiver)
        headers = themselves(registry, receiver)

        early = await acknowledge(registry, handover, headers, day="2024-05-31")
        ahead = await acknowledge(registry, handover, headers, day="2999-01-01")

        assert (early.status_code, code_of(early)) == (422, "handover.acknowledged_too_early")
        assert (ahead.status_code, code_of(ahead)) == (422, "date.in_the_future")

    async def test_do_not_stand_in_the_way_of_a_repetition(self, registry: Running) -> None:
        giver, receiver = await two(registry)
        identity, key = new_id(), {"Idempotency-Key": new_id()}
        by = coordinator(registry)

        first = await hand_over(registry, giver, receiver, headers=by | key, id=identity)
        replayed = await hand_over(registry, giver, receiver, headers=by | key, id=identity)
        again = await hand_over(registry, giver, receiver, headers=by, id=identity)

        assert (first.status_code, replayed.status_code, again.status_code) == (201, 201, 200)
        assert replayed.headers["Idempotency-Replayed"] == "true"
        assert len(await served(registry, receiver)) == 2


class TestWhatTheAccountsMay:
    async def test_passes_with_the_kelurahan(self, registry: Running) -> None:
        giver, giving = await with_account(registry, HERE, THERE)
        receiver, taking = await with_account(registry, THIRD)
        await an_assignment(registry, giver, HERE)
        held, coming = [await sign_in(registry, one.json()["username"]) for one in (giving, taking)]

        handover = await hand_over(registry, giver, receiver)
        assert handover.json()["access"] == {"shared": [HERE], "receiver_lacks": [], "giver_keeps": []}
        assert await regions(registry, giving) == [HERE, THERE]
        assert await regions(registry, taking) == [HERE, THIRD]
        token = await refreshed(registry, coming)
        assert claims_of(token)["regions"] == [HERE, THIRD]

        headers = {"Authorization": f"Bearer {token.json()['access_token']}"}
        done = await acknowledge(registry, handover, headers)

        assert done.status_code == 200, done.text
        assert done.json()["access"] == {"shared": [HERE], "receiver_lacks": [], "giver_keeps": []}
        assert await regions(registry, giving) == [THERE]
        assert code_of(await refreshed(registry, held)) == "credentials.wrong"

    async def test_goes_back_when_it_is_withdrawn(self, registry: Running) -> None:
        giver, giving = await with_account(registry, HERE)
        receiver, taking = await with_account(registry, THIRD)
        await an_assignment(registry, giver, HERE)

        handover = await hand_over(registry, giver, receiver)
        await withdraw(registry, handover, coordinator(registry))

        assert await regions(registry, giving) == [HERE]
        assert await regions(registry, taking) == [THIRD]

    async def test_tells_what_an_operator_has_still_to_do(self, registry: Running) -> None:
        giver, giving = await with_account(registry, "34.71")
        without = await a_facilitator(registry)
        await an_assignment(registry, giver, HERE)

        handover = await hand_over(registry, giver, without)
        done = await acknowledge(registry, handover, themselves(registry, without))

        assert done.json()["access"] == {"shared": [], "receiver_lacks": [HERE], "giver_keeps": [HERE]}
        assert await regions(registry, giving) == ["34.71"]

    async def test_gives_nobody_a_role_that_the_giver_did_not_have(self, registry: Running) -> None:
        giver, _ = await with_account(registry, HERE)
        receiver, taking = await with_account(registry, THIRD, role="city_coordinator")
        await an_assignment(registry, giver, HERE)

        handover = await hand_over(registry, giver, receiver)

        assert handover.json()["access"] == {"shared": [], "receiver_lacks": [HERE], "giver_keeps": []}
        assert await regions(registry, taking) == [THIRD]


class TestAtOnce:
    async def test_two_of_the_same_kelurahan_pass_it_once(self, registry: Running) -> None:
        giver, receiver = await two(registry, HERE)
        other = await a_facilitator(registry)
        await warm(registry)

        replies = await asyncio.gather(
            *(hand_over(registry, giver, one, kelurahan_codes=[HERE]) for one in (receiver, other, receiver))
        )

        assert sorted(reply.status_code for reply in replies) == [201, 422, 422]

    async def test_two_who_hand_over_to_each_other_both_may(self, registry: Running) -> None:
        one, other = await two(registry, HERE)
        await an_assignment(registry, other, THERE)
        await warm(registry)

        replies = await asyncio.gather(
            hand_over(registry, one, other, kelurahan_codes=[HERE]),
            hand_over(registry, other, one, kelurahan_codes=[THERE]),
        )

        assert [reply.status_code for reply in replies] == [201, 201]

    async def test_who_waits_for_one_of_two_facilitators_holds_not_the_later_one(self, registry: Running) -> None:
        # So that two who hand over to each other never wait for each other in a circle.
        lower, higher = sorted(UUID(one.json()["id"]) for one in await two(registry, HERE))
        by = Caller(account_id=UUID(new_id()), regions=("34.71",))

        async def lock_both() -> None:
            async with registry.database.transaction() as session:
                await facilitators.locked_pair(session, higher, lower, by=by)

        async with registry.database.transaction() as session:
            await facilitators.locked_one(session, lower)
            waiting = asyncio.create_task(lock_both())
            while not await session.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")):
                continue  # each question lets the other go on
            free = text("SELECT id FROM facilitators WHERE id = :id FOR UPDATE SKIP LOCKED")
            assert await session.scalar(free, {"id": higher}) == higher
        await waiting

    async def test_acknowledged_and_withdrawn_at_once_it_is_one_of_both(self, registry: Running) -> None:
        giver, receiver = await two(registry, HERE)
        handover = await hand_over(registry, giver, receiver)
        await warm(registry)

        replies = await asyncio.gather(
            acknowledge(registry, handover, themselves(registry, receiver)),
            withdraw(registry, handover, coordinator(registry)),
        )

        assert sorted(reply.status_code for reply in replies) == [200, 412]


class TestList:
    async def test_shows_a_citys_and_ones_own(self, registry: Running) -> None:
        giver, receiver = await two(registry)
        handover = await hand_over(registry, giver, receiver)

        async def states(headers: dict[str, str], query: str = "") -> list[str]:
            reply = await registry.http.get(f"{HANDOVERS}?{query}", headers=headers)
            return [item["state"] for item in reply.json()["items"]]

        assert await states(coordinator(registry), f"facilitator_id={giver.json()['id']}") == ["pending"]
        assert await states(coordinator(registry), f"facilitator_id={receiver.json()['id']}&region=34") == ["pending"]
        assert await states(coordinator(registry), "state=withdrawn") == []
        assert await states(themselves(registry, receiver)) == await states(themselves(registry, giver)) == ["pending"]
        assert await states(registry.token("facilitator", regions=(HERE,))) == []
        assert await states(registry.token("auditor", regions=(FAR,))) == []
        assert (await registry.http.get(HANDOVERS)).status_code == 401
        assert handover.json()["access"]["receiver_lacks"] == [HERE, THERE]
