import asyncio
from typing import Any

import pytest

from tests.house import Running, code_of, etag, new_id
from tests.registry.electing import CERTIFICATION, Story, ballot, begin, day, meeting, members, open_election
from tests.registry.racing import warm


@pytest.fixture
async def story(registry: Running) -> Story:
    return await begin(registry)


def codes(reply: Any) -> dict[str, str]:
    return {one["code"]: one["pointer"] for one in reply.json()["errors"]}


class TestCertification:
    async def test_gives_the_board_its_term_and_its_officers(self, registry: Running, story: Story) -> None:
        await story.count()
        counted = await story.read()

        certified = await story.certify()
        term = await registry.http.get(
            f"/registry/v1/boards/{certified.json()['board_id']}/terms/{certified.json()['term_id']}"
        )

        assert (counted.json()["state"], certified.status_code) == ("counted", 200)
        assert certified.json()["state"] == "certified"
        turnout = certified.json()["turnout"]
        assert (turnout["numerator"], turnout["denominator"], turnout["null_reason"]) == (80, 200, None)
        assert (term.json()["elected_on"], term.json()["ends_on"]) == (day(-10), day(1000))
        assert term.json()["election_id"] == certified.json()["id"]
        named = {one["name"]: one["position"] for one in term.json()["officers"]}
        assert named == {one["name"]: one["position"] for one in members()}

    async def test_keeps_the_ids_that_either_clerk_knew(self, registry: Running, story: Story) -> None:
        person = new_id()
        known = members()
        known[4] |= {"person_id": person}
        for rt in (1, 2):
            await story.enter_twice("ballots", ballot(rt))
        await story.enter("meetings", meeting(), story.first)
        second = await story.enter("meetings", meeting(members=known), story.second)

        certified = await story.certify()
        term = await registry.http.get(
            f"/registry/v1/boards/{certified.json()['board_id']}/terms/{certified.json()['term_id']}"
        )

        assert second.json()["standing"] == "agreed"
        assert person in {one["person_id"] for one in term.json()["officers"] if one["name"] == "Warga Contoh 4"}

    async def test_names_everything_that_is_missing(self, story: Story) -> None:
        await story.enter_twice("ballots", ballot(1))

        refused = await story.certify()
        gates = await story.gates()

        assert (refused.status_code, code_of(refused)) == (409, "election.not_ready")
        assert codes(refused) == {"ballots.missing": "/ballots", "meeting.missing": "/meeting"}
        assert [(one["code"], one["pointer"]) for one in gates["missing"]] == list(codes(refused).items())
        assert (gates["ready"], gates["state"]) == (False, "open")

    @pytest.mark.parametrize("clerk", ["first", "second"])
    async def test_is_refused_to_who_entered_a_tally_whatever_their_account(
        self, registry: Running, clerk: str
    ) -> None:
        person = new_id()
        story = await begin(registry)
        setattr(story, clerk, registry.token("volunteer", person=person))
        await story.count()

        refused = await story.certify(registry.token("facilitator", person=person))

        assert (refused.status_code, code_of(refused)) == (403, "approval.own_work")
        assert (await story.read()).json()["state"] == "counted"

    async def test_is_open_to_who_opened_the_election_and_entered_nothing(self, registry: Running) -> None:
        story = await begin(registry)
        await story.count()
        assert (await story.certify(registry.token("facilitator"))).status_code == 200

    async def test_is_refused_to_a_program(self, registry: Running, story: Story) -> None:
        await story.count()

        refused = await story.certify(registry.token("facilitator", person=None))

        assert (refused.status_code, code_of(refused)) == (403, "approval.own_work")

    async def test_is_won_by_one_of_two_that_come_at_once_and_the_other_is_told(
        self, registry: Running, story: Story
    ) -> None:
        await story.count()
        seen = etag(await story.read())
        await warm(registry)

        replies = await asyncio.gather(
            *(
                registry.http.post(
                    f"{story.address}/certification", json=CERTIFICATION, headers=registry.token("supervisor") | seen
                )
                for _ in range(2)
            )
        )
        won, lost = sorted(replies, key=lambda one: one.status_code)
        terms = await registry.http.get(f"/registry/v1/boards/{won.json()['board_id']}/terms")

        assert (won.status_code, lost.status_code, code_of(lost)) == (200, 412, "version.stale")
        assert lost.json()["current"]["state"] == "certified"
        assert len(terms.json()["items"]) == 1

    async def test_is_refused_when_a_sheet_was_corrected_since_it_was_looked_at(
        self, registry: Running, story: Story
    ) -> None:
        await story.count()
        seen = etag(await story.read())
        tally = await registry.http.get(f"{story.address}/ballots?rt=1&number=1", headers=story.first)
        item = tally.json()["items"][0]
        address = f"/registry/v1/ballots/{item['id']}"
        one = await registry.http.get(address, headers=story.first)
        corrected = await registry.http.patch(address, json={"papers": {"names": 20}}, headers=story.first | etag(one))

        stale = await registry.http.post(
            f"{story.address}/certification", json=CERTIFICATION, headers=story.certifier | seen
        )

        assert corrected.json()["standing"] == "differs"
        assert (stale.status_code, stale.json()["current"]["state"]) == (412, "open")

    async def test_needs_the_version_and_the_scope_and_the_region(self, registry: Running, story: Story) -> None:
        await story.count()
        address = f"{story.address}/certification"

        missing = await registry.http.post(address, json=CERTIFICATION, headers=story.certifier)
        volunteer = await story.certify(registry.token("volunteer"))
        elsewhere = await story.certify(registry.token("supervisor", regions=("33.74",)))
        nobody = await story.certify({})

        assert (missing.status_code, code_of(missing)) == (428, "version.missing")
        assert (volunteer.status_code, code_of(volunteer)) == (403, "scope.missing")
        assert (elsewhere.status_code, code_of(elsewhere)) == (404, "resource.not_found")
        assert nobody.status_code == 401

    async def test_answers_a_repeated_key_as_before(self, registry: Running, story: Story) -> None:
        await story.count()
        headers = story.certifier | etag(await story.read()) | {"Idempotency-Key": new_id()}

        replies = [
            await registry.http.post(f"{story.address}/certification", json=CERTIFICATION, headers=headers)
            for _ in range(2)
        ]

        assert [one.status_code for one in replies] == [200, 200]
        assert replies[0].content == replies[1].content
        assert replies[1].headers["Idempotency-Replayed"] == "true"

    @pytest.mark.parametrize(
        ("certified_on", "code"), [(day(1), "date.in_the_future"), (day(-11), "election.certified_too_early")]
    )
    async def test_has_a_day_after_the_meeting(self, story: Story, certified_on: str, code: str) -> None:
        await story.count()

        refused = await story.certify(certified_on=certified_on)

        assert (refused.status_code, codes(refused)[code]) == (422, "/certified_on")

    async def test_is_final(self, registry: Running, story: Story) -> None:
        await story.count()
        await story.certify()

        again = await story.certify()
        late = await story.enter("ballots", ballot(3), story.first)
        seen = etag(await story.read())
        edited = await registry.http.patch(
            story.address, json={"rt_count": 3}, headers=registry.token("facilitator") | seen
        )

        assert {(one.status_code, code_of(one)) for one in (again, late, edited)} == {(409, "election.state")}
        assert [one["code"] for one in (await story.gates())["missing"]] == ["election.closed"]


class TestBoardsRules:
    """The rules of terms are the board's own (EL-7, EL-8, EL-11): an election asks them."""

    @pytest.mark.parametrize(
        ("elected", "code", "pointer"),
        [
            (members(8), "term.seats", "/meeting/members"),
            (members(10), "term.not_odd", "/meeting/members"),
            (members(15), "term.seats", "/meeting/members"),
            ([one | {"position": "member"} for one in members()], "term.one_koordinator", "/meeting/members"),
        ],
    )
    async def test_decide_who_can_be_certified(
        self, story: Story, elected: list[dict[str, Any]], code: str, pointer: str
    ) -> None:
        await story.count(members=elected)

        refused = await story.certify()

        assert (refused.status_code, codes(refused)[code]) == (409, pointer)

    async def test_keep_a_person_to_one_seat(self, story: Story) -> None:
        person = new_id()
        twice = members()
        for number in (2, 5):
            twice[number] |= {"person_id": person}
        await story.count(members=twice)

        refused = await story.certify()

        pointers = [one["pointer"] for one in refused.json()["errors"]]
        assert pointers == ["/meeting/members/2/person_id", "/meeting/members/5/person_id"]

    async def test_keep_a_term_out_of_another(self, registry: Running) -> None:
        story = await begin(registry)
        board = story.election.json()["board_id"]
        officers = [{"name": one["name"], "position": one["position"]} for one in members()]
        earlier = {"starts_on": day(-900), "ends_on": day(100), "elected_on": day(-910), "officers": officers}
        await registry.http.post(
            f"/registry/v1/boards/{board}/terms", json=earlier, headers=registry.token("facilitator")
        )
        await story.count()

        refused = await story.certify()

        assert codes(refused) == {"term.overlaps": "/term_starts_on"}

    async def test_are_those_of_its_own_statutes(self, registry: Running, story: Story) -> None:
        statutes = {"kind": "articles", "adopted_on": day(-400), "minutes_reference": "BA/AD", "seats": 11}
        board = story.election.json()["board_id"]
        adopted = await registry.http.post(
            f"/registry/v1/boards/{board}/statutes", json=statutes, headers=registry.token("facilitator")
        )
        await story.count()

        refused = await story.certify()

        assert adopted.status_code == 201, adopted.text
        assert codes(refused) == {"term.not_the_statutes_seats": "/meeting/members"}


class TestCommittee:
    async def test_has_three_pokja_of_three_persons(self, registry: Running) -> None:
        story = await begin(
            registry, committee={"election_pokja": 3, "statutes_pokja": 2, "monitoring_pokja": 0, "person_ids": []}
        )
        await story.count()

        refused = await story.certify()

        pointers = [one["pointer"] for one in refused.json()["errors"]]
        assert pointers == ["/committee/statutes_pokja", "/committee/monitoring_pokja"]

    @pytest.mark.parametrize(("resigned", "ready"), [(None, False), (day(-9), False), (day(-10), True)])
    async def test_has_a_chair_who_resigns_before_being_elected(
        self, registry: Running, resigned: str | None, *, ready: bool
    ) -> None:
        chair = new_id()
        committee = {"election_pokja": 5, "statutes_pokja": 3, "monitoring_pokja": 4, "chair_person_id": chair}
        story = await begin(registry, committee=committee | {"chair_resigned_on": resigned})
        elected = members()
        elected[1] |= {"person_id": chair}
        await story.count(members=elected)

        gates = await story.gates()

        assert gates["ready"] is ready
        assert [one["pointer"] for one in gates["missing"]] == ([] if ready else ["/meeting/members/1"])


class TestWarnings:
    async def test_tell_of_targets_and_keep_nothing_from_being_certified(self, registry: Running) -> None:
        story = await begin(registry)
        few = {"men": 15, "women": 1, "poor": 0}
        for rt in (1, 2):
            await story.enter_twice("ballots", ballot(rt, delegates=few))
        await story.enter_twice("meetings", meeting(members=members(women=2)))

        gates = await story.gates()

        assert [one["code"] for one in gates["warnings"]] == ["delegates.few_women", "members.few_women"]
        assert "30 %" in gates["warnings"][0]["message"]
        assert (await story.certify()).status_code == 200

    async def test_tell_of_a_third_period(self, registry: Running) -> None:
        story = await begin(registry)
        person, board = new_id(), story.election.json()["board_id"]
        for starts in (-2400, -1200):
            officers = [
                {"name": one["name"], "position": one["position"]} | ({"person_id": person} if number == 3 else {})
                for number, one in enumerate(members())
            ]
            term = {"starts_on": day(starts), "ends_on": day(starts + 1000), "elected_on": day(starts - 9)}
            reply = await registry.http.post(
                f"/registry/v1/boards/{board}/terms",
                json=term | {"officers": officers},
                headers=registry.token("facilitator"),
            )
            assert reply.status_code == 201
        elected = members()
        elected[3] |= {"person_id": person}
        await story.count(members=elected)

        gates = await story.gates()

        assert [(one["code"], one["pointer"]) for one in gates["warnings"]] == [
            ("members.periods", "/meeting/members/3")
        ]
        assert gates["ready"] is True

    async def test_take_the_most_periods_from_the_boards_own_statutes(self, registry: Running, story: Story) -> None:
        person, board = new_id(), story.election.json()["board_id"]
        statutes = {"kind": "articles", "adopted_on": day(-400), "minutes_reference": "BA/AD", "most_periods": 1}
        officers = [{"name": one["name"], "position": one["position"]} for one in members()]
        officers[3]["person_id"] = person
        term = {"starts_on": day(-1200), "ends_on": day(-200), "elected_on": day(-1209), "officers": officers}
        for kind, body in (("statutes", statutes), ("terms", term)):
            reply = await registry.http.post(
                f"/registry/v1/boards/{board}/{kind}", json=body, headers=registry.token("facilitator")
            )
            assert reply.status_code == 201, reply.text
        elected = members()
        elected[3] |= {"person_id": person}
        await story.count(members=elected)

        gates = await story.gates()
        refused = await story.certify()

        assert [one["code"] for one in gates["warnings"]] == ["members.periods"]
        assert [(one["code"], one["pointer"]) for one in gates["missing"]] == [
            ("term.too_many_periods", "/meeting/members/3/person_id")
        ]
        assert (refused.status_code, codes(refused)) == (
            409,
            {"term.too_many_periods": "/meeting/members/3/person_id"},
        )

    async def test_speak_the_readers_language(self, registry: Running, story: Story) -> None:
        english = story.certifier | {"Accept-Language": "en"}

        reply = await registry.http.get(f"{story.address}/gates", headers=english)

        assert reply.json()["missing"][0]["message"] == "Only 0 of 2 RT sheets have been entered."
        assert (await story.gates())["missing"][0]["message"] == "Baru 0 dari 2 lembar RT yang masuk."


class TestAnnulment:
    async def test_ends_an_election_so_that_another_may_be_opened(self, registry: Running, story: Story) -> None:
        board = story.election.json()["board_id"]
        refused = await open_election(registry, board)
        annulled = await registry.http.post(
            f"{story.address}/annulment",
            json={"annulled_on": day(0), "reason": "Kotak suara RT 3 rusak"},
            headers=story.certifier | etag(await story.read()),
        )
        again = await open_election(registry, board)

        assert (refused.status_code, code_of(refused)) == (409, "election.under_way")
        assert refused.json()["election_id"] == story.election.json()["id"]
        assert (annulled.json()["state"], annulled.json()["annulment_reason"]) == ("annulled", "Kotak suara RT 3 rusak")
        assert again.status_code == 201
        assert (await story.read({})).status_code == 404

    async def test_needs_a_reason_and_an_election_that_is_not_certified(self, registry: Running, story: Story) -> None:
        await story.count()
        without = await registry.http.post(
            f"{story.address}/annulment",
            json={"annulled_on": day(0)},
            headers=story.certifier | etag(await story.read()),
        )
        await story.certify()
        late = await registry.http.post(
            f"{story.address}/annulment",
            json={"annulled_on": day(0), "reason": "Terlambat"},
            headers=story.certifier | etag(await story.read()),
        )

        assert (without.status_code, codes(without)["field.missing"]) == (422, "/reason")
        assert (late.status_code, code_of(late)) == (409, "election.state")
