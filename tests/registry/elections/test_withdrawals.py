"""A tally whose clerk is gone is withdrawn by somebody who entered neither, and another person enters the sheet."""

import asyncio
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select

from services.registry.personal.models import PersonalRecord
from tests.house import Running, code_of, etag, new_id
from tests.registry.electing import (
    Story,
    a_board,
    ballot,
    begin,
    correct,
    items,
    meeting,
    members,
    open_election,
    payloads,
)
from tests.registry.racing import warm

REASON = "Pencatat pindah ke luar kota"


@pytest.fixture
async def story(registry: Running) -> Story:
    return await begin(registry)


async def withdraw(
    story: Story, tally: str | httpx.Response, headers: dict[str, str] | None = None, **changes: Any
) -> httpx.Response:
    by = story.certifier if headers is None else headers
    seen = {} if "If-Match" in by else etag(await story.read())
    tally_id = tally if isinstance(tally, str) else tally.json()["id"]
    body = {"tally_id": tally_id, "reason": REASON} | changes
    return await story.registry.http.post(f"{story.address}/tally-withdrawal", json=body, headers=by | seen)


async def differing(story: Story) -> tuple[httpx.Response, httpx.Response]:
    """Enter the sheet of an RT twice, the first time wrongly, by a clerk who will not come back."""
    wrong = await story.enter("ballots", ballot(papers={"valid": 37, "invalid": 3, "names": 21}), story.first)
    return wrong, await story.enter("ballots", ballot(), story.second)


class TestWithdrawal:
    async def test_lets_another_person_enter_the_sheet_so_that_it_counts(self, registry: Running, story: Story) -> None:
        wrong, right = await differing(story)
        await story.enter_twice("ballots", ballot(2))
        await story.enter_twice("meetings", meeting())
        third = registry.token("volunteer")

        withdrawn = await withdraw(story, wrong)
        alone = (await items(story, "ballots", story.second))[0]
        again = await story.enter("ballots", ballot(), third)
        certified = await story.certify(registry.token("city_committee"))

        assert (withdrawn.status_code, withdrawn.json()["state"]) == (200, "open")
        assert (alone["id"], alone["number"], alone["standing"]) == (right.json()["id"], 1, "waiting")
        assert alone["version"] == right.json()["version"] + 1
        assert (again.json()["number"], again.json()["standing"]) == (2, "agreed")
        assert (certified.status_code, certified.json()["turnout"]["numerator"]) == (200, 80)

    async def test_makes_the_other_tally_blind_again(self, registry: Running, story: Story) -> None:
        wrong, right = await differing(story)
        await withdraw(story, wrong)

        third = registry.token("volunteer")
        seen = [await items(story, "ballots", headers) for headers in (third, story.certifier, story.first)]
        direct = await registry.http.get(right.headers["Location"], headers=third)

        assert [[one["id"] for one in found] for found in seen] == [[], [], [wrong.json()["id"]]]
        assert direct.status_code == 404

    async def test_of_a_tally_that_is_alone_shows_none_of_its_numbers(self, story: Story) -> None:
        await story.enter("ballots", ballot(), story.first)
        waiting = next(one for one in (await story.gates())["missing"] if one["code"] == "ballot.waiting")

        withdrawn = await withdraw(story, waiting["pointer"].removeprefix("/ballots/"))
        codes = [one["code"] for one in (await story.gates())["missing"]]
        again = await story.enter("ballots", ballot(), story.first)

        assert withdrawn.status_code == 200
        assert withdrawn.json().keys() == (await story.read()).json().keys()
        assert codes == ["ballots.missing", "meeting.missing"]
        assert (again.status_code, again.json()["number"]) == (201, 1)

    async def test_opens_an_election_that_was_counted(self, story: Story) -> None:
        await story.count()
        tally = (await items(story, "ballots", story.first))[0]

        withdrawn = await withdraw(story, tally["id"])
        refused = await story.certify()

        assert (withdrawn.json()["state"], withdrawn.json()["turnout"]["numerator"]) == ("open", None)
        assert (refused.status_code, code_of(refused)) == (403, "approval.own_work")

    async def test_of_both_leaves_the_sheet_to_two_others(self, registry: Running, story: Story) -> None:
        for tally in await differing(story):
            await withdraw(story, tally)

        others = [await story.enter("ballots", ballot(), registry.token("volunteer")) for _ in range(2)]

        assert [(one.json()["number"], one.json()["standing"]) for one in others] == [(1, "waiting"), (2, "agreed")]

    async def test_of_a_meetings_tally_forgets_the_names_it_kept(self, registry: Running, story: Story) -> None:
        for rt in (1, 2):
            await story.enter_twice("ballots", ballot(rt))
        other = members()
        other[2] |= {"name": "Warga Lain"}
        wrong = await story.enter("meetings", meeting(members=other), story.first)
        await story.enter("meetings", meeting(), story.second)
        told = next(one for one in (await story.gates())["missing"] if one["code"] == "meeting.differs")

        withdrawn = await withdraw(story, told["pointer"].removeprefix("/meetings/"))
        async with registry.database.reads.connect() as connection:
            kept = await connection.scalar(select(func.count()).select_from(PersonalRecord))
        again = await story.enter("meetings", meeting(), registry.token("volunteer"))
        certified = await story.certify(registry.token("city_committee"))
        facilitator = await items(story, "meetings", registry.token("facilitator"))

        assert told["pointer"] == f"/meetings/{wrong.json()['id']}"
        assert (withdrawn.status_code, kept, again.json()["standing"]) == (200, 9, "agreed")
        assert certified.status_code == 200
        assert [one["standing"] for one in facilitator] == ["withdrawn", "agreed", "agreed"]
        assert {one["name"] for one in facilitator[0]["members"]} == {None}
        assert [one["name"] for one in facilitator[1]["members"]] == [one["name"] for one in members()]


class TestRefusals:
    @pytest.mark.parametrize("clerk", ["first", "second"])
    async def test_keep_who_entered_the_sheet_from_withdrawing_whatever_their_account(
        self, registry: Running, clerk: str
    ) -> None:
        person = new_id()
        story = await begin(registry)
        setattr(story, clerk, registry.token("volunteer", person=person))
        for tally in await differing(story):
            refused = await withdraw(story, tally, registry.token("facilitator", person=person))
            assert (refused.status_code, code_of(refused)) == (403, "tally.withdrawn_by_clerk")

    async def test_keep_a_clerk_whose_tally_was_withdrawn_from_withdrawing_the_other(self, registry: Running) -> None:
        person = new_id()
        story = await begin(registry)
        story.first = registry.token("volunteer", person=person)
        wrong, right = await differing(story)
        await withdraw(story, wrong)

        refused = await withdraw(story, right, registry.token("facilitator", person=person))

        assert (refused.status_code, code_of(refused)) == (403, "tally.withdrawn_by_clerk")

    async def test_keep_out_programs_other_regions_and_who_may_not_approve(
        self, registry: Running, story: Story
    ) -> None:
        wrong, _ = await differing(story)
        headers = [
            registry.token("facilitator", person=None),
            registry.token("volunteer"),
            registry.token("supervisor", regions=("33.74",)),
            {},
        ]

        replies = [await withdraw(story, wrong, one) for one in headers]
        missing = await registry.http.post(
            f"{story.address}/tally-withdrawal",
            json={"tally_id": wrong.json()["id"], "reason": REASON},
            headers=story.certifier,
        )

        assert [code_of(one) for one in (*replies, missing)] == [
            "tally.withdrawn_by_clerk",
            "scope.missing",
            "resource.not_found",
            "token.missing",
            "version.missing",
        ]

    @pytest.mark.parametrize(
        ("change", "pointer", "code"),
        [
            ({"tally_id": new_id()}, "/tally_id", "tally.unknown"),
            ({"reason": "x"}, "/reason", None),
            ({"reason": None}, "/reason", None),
            ({"number": 1}, "/number", "field.unknown"),
        ],
    )
    async def test_name_the_wrong_place(
        self, story: Story, change: dict[str, Any], pointer: str, code: str | None
    ) -> None:
        wrong, _ = await differing(story)

        reply = await withdraw(story, wrong, **change)

        assert reply.status_code == 422
        assert [(one["pointer"], code and one["code"]) for one in reply.json()["errors"]] == [(pointer, code)]

    async def test_know_tallies_of_their_own_election_only(self, registry: Running, story: Story) -> None:
        opened = await open_election(registry, await a_board(registry, "34.71.03.1002"))
        foreign = await Story(registry, opened).enter("ballots", ballot(), story.first)

        reply = await withdraw(story, foreign)

        assert (reply.status_code, code_of(reply)) == (422, "tally.unknown")

    async def test_keep_a_withdrawn_tally_from_being_changed(self, story: Story) -> None:
        wrong, _ = await differing(story)
        await withdraw(story, wrong)

        again = await withdraw(story, wrong)
        corrected = await correct(story, wrong, {"papers": {"valid": 38, "invalid": 2}}, story.first)

        assert {(one.status_code, code_of(one)) for one in (again, corrected)} == {(409, "tally.withdrawn")}

    async def test_keep_who_withdrew_from_entering_the_sheet_and_from_certifying(self, registry: Running) -> None:
        person = new_id()
        story = await begin(registry)
        facilitator = registry.token("facilitator", person=person)
        wrong, _ = await differing(story)
        await withdraw(story, wrong, facilitator)

        entered = await story.enter("ballots", ballot(), facilitator)
        elsewhere = await story.enter("ballots", ballot(2), facilitator)
        await story.enter("ballots", ballot(2), story.second)
        await story.enter("ballots", ballot(), registry.token("volunteer"))
        await story.enter_twice("meetings", meeting())
        certified = await story.certify(facilitator)

        assert (entered.status_code, code_of(entered)) == (403, "tally.entered_by_withdrawer")
        assert elsewhere.status_code == 201
        assert (certified.status_code, code_of(certified)) == (403, "approval.own_work")

    async def test_begin_with_certification(self, story: Story) -> None:
        await story.count()
        tally = (await items(story, "ballots", story.first))[0]
        await story.certify()

        reply = await withdraw(story, tally["id"])

        assert (reply.status_code, code_of(reply)) == (409, "election.state")


class TestWithdrawnTally:
    async def test_is_seen_in_the_own_region_once_its_election_has_ended_and_never_in_public(
        self, registry: Running, story: Story
    ) -> None:
        wrong, _ = await differing(story)
        await withdraw(story, wrong)
        await story.enter("ballots", ballot(), registry.token("volunteer"))
        await story.enter_twice("ballots", ballot(2))
        await story.enter_twice("meetings", meeting())
        before = await items(story, "ballots", registry.token("auditor"))
        own = next(one for one in await items(story, "ballots", story.first) if one["id"] == wrong.json()["id"])

        await story.certify(registry.token("city_committee"))
        after = await items(story, "ballots", registry.token("auditor"))
        public = await items(story, "ballots", {})

        assert "withdrawn" not in {one["standing"] for one in before}
        assert (own["standing"], own["withdrawal_reason"], own["differences"]) == ("withdrawn", REASON, [])
        seen = {one["id"]: one for one in after}[wrong.json()["id"]]
        assert (seen["withdrawal_reason"], seen["papers"]["valid"], seen["differences"]) == (REASON, 37, [])
        assert [(one["rt"], one["papers"]["valid"]) for one in public] == [("001", 38), ("002", 38)]
        assert {one["withdrawal_reason"] for one in public} == {None}

    async def test_leaves_an_entry_without_its_numbers_and_the_reason(self, registry: Running, story: Story) -> None:
        wrong, right = await differing(story)
        await withdraw(story, wrong)

        entries = await payloads(registry)
        (withdrawn,) = [one for one in entries if one["action"] == "ballot.withdrawn"]
        alone = [one["data"] for one in entries if one["action"] == "ballot.compared"][-1]

        assert withdrawn["data"]["id"] == wrong.json()["id"]
        assert (withdrawn["data"]["standing"], withdrawn["data"]["counted"]) == ("withdrawn", None)
        assert (alone["id"], alone["standing"], alone["counted"]) == (right.json()["id"], "waiting", None)
        assert not [one for one in map(str, entries) if REASON in one]

    async def test_is_what_its_id_names_when_it_is_sent_again(self, story: Story) -> None:
        body = ballot() | {"id": new_id()}
        await story.enter("ballots", body, story.first)
        await withdraw(story, body["id"])

        again = await story.enter("ballots", body, story.first)

        assert (again.status_code, again.json()["standing"]) == (200, "withdrawn")


class TestAtOnce:
    async def test_one_of_two_withdraws_and_the_other_is_told(self, registry: Running, story: Story) -> None:
        tallies = await differing(story)
        seen = etag(await story.read())
        await warm(registry)

        replies = await asyncio.gather(
            *(withdraw(story, tally, registry.token("supervisor") | seen) for tally in tallies)
        )

        won, lost = sorted(replies, key=lambda one: one.status_code)
        assert (won.status_code, lost.status_code, code_of(lost)) == (200, 412, "version.stale")
        assert lost.json()["current"]["version"] == won.json()["version"]
        entries = [one["action"] for one in await payloads(registry)]
        assert entries.count("ballot.withdrawn") == 1

    async def test_a_key_sent_twice_withdraws_once(self, registry: Running, story: Story) -> None:
        wrong, right = await differing(story)
        headers = story.certifier | etag(await story.read()) | {"Idempotency-Key": new_id()}
        await warm(registry)

        replies = await asyncio.gather(*(withdraw(story, wrong, headers) for _ in range(2)))
        later = await withdraw(story, wrong, headers)

        assert {one.status_code for one in replies} <= {200, 409}
        assert (later.status_code, later.headers["Idempotency-Replayed"]) == (200, "true")
        assert [one["id"] for one in await items(story, "ballots", story.second)] == [right.json()["id"]]

    @pytest.mark.parametrize("attempt", range(3))
    async def test_a_correction_comes_before_or_not_at_all(self, registry: Running, story: Story, attempt: int) -> None:
        del attempt
        wrong, right = await differing(story)
        seen = etag(await registry.http.get(wrong.headers["Location"], headers=story.first))
        approver = story.certifier | etag(await story.read())
        await warm(registry)

        corrected, withdrawn = await asyncio.gather(
            registry.http.patch(
                wrong.headers["Location"],
                json={"papers": {"valid": 38, "invalid": 2}},
                headers=story.first | seen,
            ),
            withdraw(story, wrong, approver),
        )

        standings = {one["id"]: one["standing"] for one in await items(story, "ballots", story.first)}
        if corrected.status_code == 200:
            assert (withdrawn.status_code, code_of(withdrawn)) == (412, "version.stale")
            assert standings == {wrong.json()["id"]: "agreed", right.json()["id"]: "agreed"}
        else:
            assert (withdrawn.status_code, corrected.status_code) == (200, 412)
            assert standings == {wrong.json()["id"]: "withdrawn"}

    async def test_two_new_clerks_become_the_second_and_are_refused(self, registry: Running, story: Story) -> None:
        wrong, _ = await differing(story)
        await withdraw(story, wrong)
        await warm(registry)

        replies = await asyncio.gather(
            *(story.enter("ballots", ballot(), registry.token("volunteer")) for _ in range(3))
        )

        assert sorted(one.status_code for one in replies) == [201, 409, 409]
        assert {code_of(one) for one in replies if one.status_code == 409} == {"tally.entered_twice"}
