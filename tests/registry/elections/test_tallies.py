import asyncio
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from services.registry.personal.models import PersonalRecord
from tests.house import Running, code_of, etag, new_id
from tests.registry.electing import (
    DELEGATE,
    Story,
    ballot,
    begin,
    correct,
    day,
    items,
    meeting,
    members,
    noted,
    payloads,
    status,
    with_voters,
)
from tests.registry.racing import warm


@pytest.fixture
async def story(registry: Running) -> Story:
    return await begin(registry)


class TestBlindEntry:
    async def test_hides_the_first_tally_from_everybody_else_until_the_second_is_there(
        self, registry: Running, story: Story
    ) -> None:
        first = await story.enter("ballots", ballot(), story.first)
        everybody = [story.second, registry.token("city_coordinator", "auditor", "supervisor"), {}]

        own = await items(story, "ballots", story.first)
        others = [await items(story, "ballots", headers) for headers in everybody if headers]
        direct = [await registry.http.get(first.headers["Location"], headers=headers) for headers in everybody]
        edit = story.second | {"If-Match": first.headers["ETag"]}
        edited = await registry.http.patch(first.headers["Location"], json={"door_to_door": True}, headers=edit)

        assert [one["standing"] for one in own] == ["waiting"]
        assert (others, await status(story, "ballots", {})) == ([[], []], 404)
        assert [one.status_code for one in (*direct, edited)] == [404] * 4

    async def test_shows_both_once_two_persons_have_entered_the_sheet(self, story: Story) -> None:
        await story.enter_twice("ballots", ballot())

        for headers in (story.first, story.second):
            assert [one["standing"] for one in await items(story, "ballots", headers)] == ["agreed", "agreed"]

    async def test_tells_nothing_of_the_numbers_elsewhere(self, registry: Running, story: Story) -> None:
        await story.enter("ballots", ballot(), story.first)

        gates = await story.gates()
        election = await story.read(story.second)
        entries = await payloads(registry)

        assert [one["message"] for one in gates["missing"]] == [
            "Baru 1 dari 2 lembar RT yang masuk.",
            "RT 001 RW 001: belum dimasukkan orang kedua.",
            "Rapat kelurahan belum dimasukkan.",
        ]
        turnout = election.json()["turnout"]
        assert (turnout["numerator"], turnout["collected"]) == (None, None)
        assert {turnout["null_reason"], turnout["collected_null_reason"]} == {"not_counted"}
        (entered,) = [one["data"] for one in entries if one["action"] == "ballot.entered"]
        assert (entered["standing"], entered["counted"]) == ("waiting", None)

    async def test_takes_one_tally_of_a_person_even_with_another_account(self, registry: Running) -> None:
        person = new_id()
        story = await begin(registry)
        first = await story.enter("ballots", ballot(), registry.token("volunteer", person=person))

        again = await story.enter("ballots", ballot(), registry.token("facilitator", person=person))

        assert (again.status_code, code_of(again)) == (409, "tally.entered_before")
        assert again.json()["tally_id"] == first.json()["id"]

    async def test_takes_two_tallies_and_no_third(self, registry: Running, story: Story) -> None:
        await story.enter_twice("ballots", ballot())

        third = await story.enter("ballots", ballot(), registry.token("volunteer"))

        assert (third.status_code, code_of(third)) == (409, "tally.entered_twice")

    @pytest.mark.parametrize("rw", ["001", None])
    async def test_knows_the_sheet_however_its_number_is_written(self, story: Story, rw: str | None) -> None:
        await story.enter("ballots", ballot() | {"rt": "03", "rw": rw}, story.first)

        second = await story.enter("ballots", ballot() | {"rt": "3", "rw": rw}, story.second)
        other = await story.enter("ballots", ballot() | {"rt": "3A", "rw": rw}, story.second)

        assert [(one.json()["rt"], one.json()["standing"]) for one in (second, other)] == [
            ("003", "agreed"),
            ("003A", "waiting"),
        ]

    async def test_needs_a_person(self, registry: Running, story: Story) -> None:
        reply = await story.enter("ballots", ballot(), registry.token("facilitator", person=None))

        assert (reply.status_code, code_of(reply)) == (403, "tally.clerk_missing")

    async def test_makes_two_that_come_at_once_the_first_and_the_second(self, registry: Running, story: Story) -> None:
        await warm(registry)

        replies = await asyncio.gather(
            *(story.enter("ballots", ballot(), clerk) for clerk in (story.first, story.second, story.first))
        )

        assert sorted(one.status_code for one in replies) == [201, 201, 409]
        assert sorted(one["number"] for one in await items(story, "ballots", story.certifier)) == [1, 2]

    async def test_takes_the_same_id_once(self, story: Story) -> None:
        body = ballot() | {"id": new_id()}

        first = await story.enter("ballots", body, story.first)
        again = await story.enter("ballots", body, story.first)
        stolen = await story.enter("ballots", body, story.second)

        assert (first.status_code, again.status_code) == (201, 200)
        assert again.json() == first.json()
        assert (stolen.status_code, code_of(stolen)) == (409, "id.taken")

    async def test_refuses_without_scope_or_region(self, registry: Running, story: Story) -> None:
        replies = [
            await story.enter("ballots", ballot(), headers)
            for headers in ({}, registry.token("auditor"), registry.token("volunteer", regions=("33.74",)))
        ]

        assert [code_of(one) for one in replies] == ["token.missing", "scope.missing", "resource.not_found"]


class TestDifferences:
    async def test_are_shown_to_both_line_by_line(self, story: Story) -> None:
        await story.enter("ballots", ballot(), story.first)
        papers = {"valid": 37, "invalid": 3, "names": 21}
        second = await story.enter("ballots", ballot(papers=papers, minutes_reference="BA/2"), story.second)

        assert second.json()["standing"] == "differs"
        assert second.json()["differences"] == [
            {"pointer": "/papers/valid", "this": 37, "other": 38},
            {"pointer": "/papers/invalid", "this": 3, "other": 2},
            {"pointer": "/minutes_reference", "this": "BA/2", "other": "BA/RT1/2026"},
        ]
        mine = next(one for one in await items(story, "ballots", story.first) if one["number"] == 1)
        assert mine["differences"][0] == {"pointer": "/papers/valid", "this": 38, "other": 37}

    async def test_are_settled_by_correcting_ones_own_entry(self, story: Story) -> None:
        first = await story.enter("ballots", ballot(), story.first)
        second = await story.enter("ballots", ballot(minutes_reference="BA/RT1/2025"), story.second)

        foreign = await correct(story, first, {"minutes_reference": "BA/RT1/2025"}, story.second)
        settled = await correct(story, second, {"minutes_reference": "BA/RT1/2026"}, story.second)

        assert (foreign.status_code, code_of(foreign)) == (403, "tally.of_another")
        assert (settled.json()["standing"], settled.json()["differences"]) == ("agreed", [])
        assert {one["standing"] for one in await items(story, "ballots", story.first)} == {"agreed"}

    async def test_keep_a_sheet_from_counting(self, story: Story) -> None:
        await story.count()
        tally = (await items(story, "ballots", story.first))[0]
        one = await story.registry.http.get(f"/registry/v1/ballots/{tally['id']}", headers=story.first)
        one.headers["Location"] = f"/registry/v1/ballots/{tally['id']}"

        await correct(story, one, {"papers": {"names": 20}}, story.first)
        reopened = await story.read()
        await correct(story, one, {"papers": {"names": 21}}, story.first)

        assert (reopened.json()["state"], reopened.json()["turnout"]["numerator"]) == ("open", None)
        assert ((await story.read()).json()["state"], (await story.gates())["ready"]) == ("counted", True)

    async def test_need_the_version_that_was_seen(self, story: Story) -> None:
        first, _ = await story.enter_twice("ballots", ballot())
        address, change = first.headers["Location"], {"door_to_door": True}

        missing = await story.registry.http.patch(address, json=change, headers=story.first)
        stale = await story.registry.http.patch(address, json=change, headers=story.first | etag(first))

        assert (missing.status_code, stale.status_code) == (428, 412)
        assert stale.json()["current"]["standing"] == "agreed"


class TestSheet:
    @pytest.mark.parametrize(
        ("change", "pointer", "code"),
        [
            (
                {"voters": {"men": 51, "women": 22, "poor": 0}, "papers": {"valid": 73, "invalid": 0, "names": 21}},
                "/voters/men",
                "ballot.voters_exceed_eligible",
            ),
            ({"voters": {"men": 18, "women": 22, "poor": 41}}, "/voters/poor", "ballot.poor_exceed"),
            ({"voters": {"men": 18, "women": 22}}, "/voters/poor", "ballot.reason_missing"),
            (
                {"voters": {"men": 18, "women": 22, "poor": 1, "poor_missing": "list_lost"}},
                "/voters/poor_missing",
                "ballot.reason_superfluous",
            ),
            ({"papers": {"valid": 38, "invalid": 3, "names": 21}}, "/papers/valid", "ballot.papers_differ"),
            ({"papers": {"valid": 38, "invalid": 2, "names": 115}}, "/papers/names", "ballot.too_many_names"),
            (
                {"papers": {"valid": 38, "invalid": 2, "names": 1}, "delegates": {"men": 1, "women": 0, "poor": 0}},
                "/papers/names",
                "ballot.too_few_names",
            ),
            ({"delegates": {"men": 11, "women": 11, "poor": 0}}, "/delegates", "ballot.delegates_exceed_names"),
            ({"handled_separately": "BA/9"}, "/handled_separately", "ballot.not_separate"),
            ({"rt": "000"}, "/rt", None),
            ({"rt": 1}, "/rt", "value.not_text"),
            ({"colour": "red"}, "/colour", "field.unknown"),
            ({"papers": {"valid": "38", "invalid": 2, "names": 21}}, "/papers/valid", "value.not_integer"),
        ],
    )
    async def test_that_does_not_add_up_says_which_line(
        self, story: Story, change: dict[str, Any], pointer: str, code: str | None
    ) -> None:
        reply = await story.enter("ballots", ballot() | change, story.first)

        assert reply.status_code == 422
        found = {one["pointer"]: one["code"] for one in reply.json()["errors"]}
        assert pointer in found
        assert code is None or found == {pointer: code}
        assert await items(story, "ballots", story.first) == []

    async def test_is_valid_from_thirty_of_a_hundred_adults_on(self, story: Story) -> None:
        """Test case 2 of §13.2: 29 votes are not valid and door to door is allowed; 30 are valid (EL-5)."""
        below, _ = await story.enter_twice("ballots", with_voters(29))
        reached, _ = await story.enter_twice("ballots", with_voters(30, rt="002"))

        assert (below.json()["result"], below.json()["door_to_door_allowed"]) == ("below_threshold", True)
        assert (reached.json()["result"], reached.json()["door_to_door_allowed"]) == ("valid", False)
        missing = [one for one in (await story.gates())["missing"] if one["code"].startswith("ballot.")]
        assert [(one["code"], one["pointer"]) for one in missing] == [
            ("ballot.below_threshold", f"/ballots/{below.json()['id']}/voters")
        ]

    async def test_below_the_threshold_is_mended_door_to_door_or_handled_separately(self, story: Story) -> None:
        low = await story.enter_twice("ballots", with_voters(29))
        none = await story.enter_twice("ballots", with_voters(0, rt="002"))
        collected = {
            "voters": {"men": 15, "women": 15},
            "papers": {"valid": 30},
            "door_to_door": True,
            "attending": {"men": 14, "women": 15},
            "collected": {"men": 1, "women": 0},
            "minutes_reference": "BA/RT1/2026b",
        }

        for tally, clerk in zip(low, (story.first, story.second), strict=True):
            assert (await correct(story, tally, collected, clerk)).status_code == 200
        for tally, clerk in zip(none, (story.first, story.second), strict=True):
            separately = {"handled_separately": "BA/RT2/2026b", "delegates": {"men": 1, "women": 1}}
            assert (await correct(story, tally, separately, clerk)).status_code == 200
        few = [one | {"votes": 9 - number} for number, one in enumerate(members())]
        await story.enter_twice("meetings", meeting(present={"men": 10, "women": 7}, members=few))

        kinds = {one["result"] for one in await items(story, "ballots", story.certifier)}
        assert kinds == {"valid", "without_vote"}
        assert (await story.gates())["missing"] == []


class TestMeeting:
    @pytest.mark.parametrize(
        ("change", "pointer", "code"),
        [
            ({"present": {"men": 0, "women": 0}}, "/present", "meeting.nobody_present"),
            ({"present": {"men": 19, "women": 0}}, "/members/0/votes", "meeting.votes_exceed_present"),
            ({"present": {"men": 4, "women": 4}}, "/members", "meeting.members_exceed_present"),
            ({"held_on": day(1)}, "/held_on", "date.in_the_future"),
            ({"members": []}, "/members", None),
        ],
    )
    async def test_that_does_not_add_up_says_which_line(
        self, story: Story, change: dict[str, Any], pointer: str, code: str | None
    ) -> None:
        reply = await story.enter("meetings", meeting() | change, story.first)

        assert reply.status_code == 422
        found = {one["pointer"]: one["code"] for one in reply.json()["errors"]}
        assert pointer in found
        assert code is None or found[pointer] == code

    async def test_is_compared_member_by_member_and_case_does_not_count(self, story: Story) -> None:
        await story.enter("meetings", meeting(), story.first)
        other = members()
        other[1] |= {"name": "  warga  CONTOH 1 "}
        other[2] |= {"name": "Warga Lain", "votes": 3}

        second = await story.enter("meetings", meeting(members=other), story.second)

        assert second.json()["differences"] == [
            {"pointer": "/members/2/name", "this": None, "other": None},
            {"pointer": "/members/2/votes", "this": 3, "other": 18},
        ]

    async def test_names_the_elected_only_to_who_may_read_names_and_that_leaves_an_entry(
        self, registry: Running, story: Story
    ) -> None:
        first = await story.enter("meetings", meeting(), story.first)
        other = members()
        other[2] |= {"name": "Warga Lain"}
        second = await story.enter("meetings", meeting(members=other), story.second)
        address = second.headers["Location"]
        corrected = await correct(story, second, {"observers": 7}, story.second)
        stale = await registry.http.patch(address, json={"observers": 8}, headers=story.second | etag(second))
        masked = [
            await registry.http.get(one, headers=headers)
            for one in (address, f"{story.address}/meetings")
            for headers in (story.first, story.certifier, registry.token("government", "supervisor"))
        ]
        before = await noted(registry)
        shown = await registry.http.get(address, headers=registry.token("facilitator"))
        listed = await registry.http.get(f"{story.address}/meetings", headers=registry.token("auditor"))
        elsewhere = await registry.http.get(
            f"{story.address}/meetings", headers=registry.token("auditor", regions=("33.74",))
        )

        assert (corrected.status_code, stale.status_code) == (200, 412)
        assert not [one.text for one in (first, second, corrected, stale, *masked) if "Warga" in one.text]
        line = {"pointer": "/members/2/name", "this": None, "other": None}
        told = [one["differences"] for one in (stale.json()["current"], masked[0].json())]
        assert told == [[{"pointer": "/observers", "this": 7, "other": 6}, line]] * 2
        assert before == []
        assert shown.json()["members"][2]["name"] == "Warga Lain"
        difference = {"pointer": "/members/2/name", "this": "Warga Lain", "other": "Warga Contoh 2"}
        assert difference in shown.json()["differences"]
        assert [one["members"][2]["name"] for one in listed.json()["items"]] == ["Warga Contoh 2", "Warga Lain"]
        assert "no-store" in shown.headers["Cache-Control"]
        assert "no-store" in listed.headers["Cache-Control"]
        assert elsewhere.status_code == 404
        assert await noted(registry) == [1, 2]

    async def test_leaves_no_name_in_the_replies_that_are_kept(self, registry: Running, story: Story) -> None:
        key = {"Idempotency-Key": new_id()}
        first = await story.enter("meetings", meeting(), story.first | key)
        again = await story.enter("meetings", meeting(), story.first | key)

        async with registry.database.reads.connect() as connection:
            bodies = list(await connection.scalars(select(registry.tables.idempotency_keys.c.body)))
        assert again.headers["Idempotency-Replayed"] == "true"
        assert again.json() == first.json()
        assert len(bodies) == 1
        assert b"Warga" not in bytes(bodies[0])

    async def test_is_settled_by_replacing_the_list_and_forgets_the_wrong_name(
        self, registry: Running, story: Story
    ) -> None:
        await story.enter("meetings", meeting(), story.first)
        other = members()
        other[2] |= {"name": "Warga Lain"}
        second = await story.enter("meetings", meeting(members=other), story.second)

        settled = await correct(story, second, {"members": members()}, story.second)
        async with registry.database.reads.connect() as connection:
            records = (await connection.execute(select(PersonalRecord.id, PersonalRecord.sealed))).all()

        assert settled.json()["standing"] == "agreed"
        assert len(records) == 18
        assert all(b"Warga" not in bytes(one.sealed) for one in records)

    async def test_does_not_seat_more_than_the_rt_sent(self, story: Story) -> None:
        for rt in (1, 2):
            await story.enter_twice("ballots", ballot(rt))
        await story.enter_twice("meetings", meeting(present={"men": 20, "women": 11}))

        assert [(one["code"], one["pointer"]) for one in (await story.gates())["missing"]] == [
            ("meeting.present_exceed_delegates", "/meeting/present")
        ]

    async def test_cannot_be_certified_once_a_name_was_erased(self, registry: Running, story: Story) -> None:
        await story.count()
        async with registry.database.writes.begin() as connection:
            await connection.execute(PersonalRecord.__table__.delete())

        assert "members.name_erased" in {one["code"] for one in (await story.gates())["missing"]}


class TestPublicView:
    async def test_begins_with_certification_and_hides_small_counts_of_poor_people(
        self, registry: Running, story: Story
    ) -> None:
        await story.count()
        before = [await status(story, kind, {}) for kind in ("ballots", "meetings")]

        await story.certify()
        ballots, meetings = await items(story, "ballots", {}), await items(story, "meetings", {})
        elections = await registry.http.get("/registry/v1/elections")
        full = await items(story, "ballots", story.certifier)
        sealed = await items(story, "meetings", story.certifier)

        assert before == [404, 404]
        assert [(one["view"], one["rt"], one["entered_by"]) for one in ballots] == [
            ("public", "001", None),
            ("public", "002", None),
        ]
        assert ballots[0]["voters"] == {"men": 18, "women": 22, "poor": 9, "poor_missing": None}
        assert ballots[0]["delegates"] == {"men": 8, "women": 7, "poor": None, "poor_missing": "fewer_than_five"}
        assert full[0]["delegates"]["poor"] == 4
        assert [one["name"] for one in meetings[0]["members"]] == [None] * 9
        assert {one["name"] for tally in sealed for one in tally["members"]} == {None}
        (election,) = elections.json()["items"]
        assert (election["view"], election["committee"]) == ("public", None)
        assert (election["turnout"]["numerator"], election["turnout"]["denominator"]) == (80, 200)

    async def test_of_an_open_election_is_not_there(self, registry: Running, story: Story) -> None:
        await story.count()

        assert (await story.read({})).status_code == 404
        assert (await registry.http.get("/registry/v1/elections")).json()["items"] == []
        elsewhere = registry.token("supervisor", regions=("33.74",))
        assert (await registry.http.get(f"{story.address}/gates", headers=elsewhere)).status_code == 404
        assert (await registry.http.get(f"{story.address}/gates")).status_code == 401


class TestJournal:
    async def test_keeps_an_entry_for_each_change_and_names_nobody(self, registry: Running, story: Story) -> None:
        person = new_id()
        known = members()
        known[1] |= {"person_id": person}
        await story.enter("delegates", DELEGATE, story.first)
        await story.count(members=known)
        before = await payloads(registry)

        assert not [one for one in map(str, before) if "Warga Contoh" in one or "Ibu Contoh" in one or person in one]
        actions = [one["action"] for one in before]
        assert actions.count("ballot.entered") == 4
        assert actions.count("ballot.compared") == 2
        assert actions.count("election_meeting.entered") == 2
        assert "election.counted" in actions

        certified = await story.certify()
        await registry.seal()
        public = await registry.http.get("/registry/v1/journal")
        seen = [one["data"] for one in public.json()["items"] if one["data"]]
        (entry,) = [one for one in seen if one["action"] == "election.certified"]
        assert (entry["data"]["voters"], entry["data"]["eligible"]) == (80, 200)
        assert UUID(entry["data"]["term_id"]) == UUID(certified.json()["term_id"])
        assert {one["action"] for one in seen if one["action"].split(".")[0] in {"ballot", "election_meeting"}} == set()
