import asyncio
from typing import Any

import pytest

from tests.house import Running, code_of, etag, new_id
from tests.registry.electing import ELECTIONS, PROGRAMME, a_board, ballot, begin, day, open_election
from tests.registry.racing import warm


class TestOpenElection:
    async def test_answers_with_its_programme(self, registry: Running) -> None:
        board = await a_board(registry)

        reply = await open_election(registry, board)

        assert reply.status_code == 201
        assert reply.headers["Location"] == f"{ELECTIONS}/{reply.json()['id']}"
        assert (reply.json()["state"], reply.json()["ruleset"]) == ("open", "elections-2008-1")
        assert (reply.json()["board_name"], reply.json()["kelurahan_name"]) == ("BKM Contoh", "Baciro")
        assert reply.json()["committee"]["election_pokja"] == 5

    @pytest.mark.parametrize(
        ("change", "pointer", "code"),
        [
            ({"ballots_until": day(-31)}, "/ballots_until", "election.order"),
            ({"meeting_on": day(-21)}, "/meeting_on", "election.order"),
            ({"term_ends_on": day(-5)}, "/term_ends_on", "term.order"),
            ({"term_ends_on": day(1300)}, "/term_ends_on", "term.too_long"),
            ({"names_per_ballot": 4}, "/names_per_ballot", "election.names_per_ballot"),
            (
                {
                    "committee": {"election_pokja": 0, "statutes_pokja": 0, "monitoring_pokja": 1}
                    | {"person_ids": [new_id(), new_id()]}
                },
                "/committee/person_ids",
                "election.committee_persons",
            ),
            ({"committee": {"election_pokja": 3, "statutes_pokja": 3}}, "/committee/monitoring_pokja", "field.missing"),
            ({"rt_count": 0}, "/rt_count", None),
            ({"candidates": []}, "/candidates", "field.unknown"),
        ],
    )
    async def test_names_the_wrong_place(
        self, registry: Running, change: dict[str, Any], pointer: str, code: str | None
    ) -> None:
        reply = await open_election(registry, await a_board(registry), **change)

        assert reply.status_code == 422
        found = {one["pointer"]: one["code"] for one in reply.json()["errors"]}
        assert pointer in found
        assert code is None or found[pointer] == code

    async def test_needs_a_board_that_is_there(self, registry: Running) -> None:
        reply = await open_election(registry, new_id())

        assert (reply.status_code, code_of(reply)) == (422, "board.unknown")

    async def test_refuses_without_token_scope_or_region(self, registry: Running) -> None:
        body = PROGRAMME | {"board_id": await a_board(registry)}
        headers = [{}, registry.token("auditor"), registry.token("facilitator", regions=("33.74",))]

        replies = [await registry.http.post(ELECTIONS, json=body, headers=one) for one in headers]

        assert [code_of(one) for one in replies] == ["token.missing", "scope.missing", "region.missing"]

    async def test_takes_the_same_id_once(self, registry: Running) -> None:
        board, identity = await a_board(registry), new_id()

        first = await open_election(registry, board, id=identity)
        again = await open_election(registry, board, id=identity)
        other = await open_election(registry, board, id=identity, rt_count=7)

        assert [one.status_code for one in (first, again, other)] == [201, 200, 409]
        assert (again.json(), code_of(other)) == (first.json(), "id.taken")

    async def test_opens_one_of_two_that_come_at_once(self, registry: Running) -> None:
        board = await a_board(registry)
        await warm(registry)

        replies = await asyncio.gather(*(open_election(registry, board) for _ in range(3)))

        assert sorted(one.status_code for one in replies) == [201, 409, 409]
        assert {code_of(one) for one in replies if one.status_code == 409} == {"election.under_way"}


class TestChangeElection:
    async def test_merges_what_is_named_and_keeps_the_rest(self, registry: Running) -> None:
        story = await begin(registry)
        change = {"meeting_on": day(-9), "committee": {"chair_resigned_on": day(-12)}}

        reply = await registry.http.patch(
            story.address, json=change, headers=registry.token("facilitator") | etag(story.election)
        )

        before, after = story.election.json(), reply.json()
        assert (after["meeting_on"], after["committee"]["chair_resigned_on"]) == (day(-9), day(-12))
        assert after["committee"] | {"chair_resigned_on": None} == before["committee"]
        assert after["version"] == before["version"] + 1

    async def test_cannot_change_what_the_sheets_were_judged_by(self, registry: Running) -> None:
        story = await begin(registry)

        reply = await registry.http.patch(
            story.address, json={"names_per_ballot": 2}, headers=registry.token("facilitator") | etag(story.election)
        )

        assert (reply.status_code, reply.json()["errors"][0]["code"]) == (422, "field.unknown")

    @pytest.mark.parametrize(("end", "code"), [(day(-6), "term.order"), (day(1300), "term.too_long")])
    async def test_keeps_a_term_that_can_be(self, registry: Running, end: str, code: str) -> None:
        story = await begin(registry)

        reply = await registry.http.patch(
            story.address, json={"term_ends_on": end}, headers=registry.token("facilitator") | etag(story.election)
        )

        assert (reply.status_code, code_of(reply)) == (422, "election.invalid")
        assert [(one["pointer"], one["code"]) for one in reply.json()["errors"]] == [("/term_ends_on", code)]

    async def test_reopens_and_counts_anew(self, registry: Running) -> None:
        story = await begin(registry)
        await story.count()
        states = []

        for awaited in (3, 2):
            seen = etag(await story.read())
            reply = await registry.http.patch(
                story.address, json={"rt_count": awaited}, headers=registry.token("facilitator") | seen
            )
            states.append((reply.json()["state"], reply.json()["turnout"]["numerator"]))

        assert states == [("open", None), ("counted", 80)]

    async def test_counts_nothing_while_there_are_more_sheets_than_rt(self, registry: Running) -> None:
        story = await begin(registry)
        await story.count()
        seen = etag(await story.read())
        headers = registry.token("facilitator") | seen
        fewer = await registry.http.patch(story.address, json={"rt_count": 1}, headers=headers)

        assert (fewer.json()["state"], fewer.json()["turnout"]["numerator"]) == ("open", None)
        missing = (await story.gates())["missing"]
        assert [(one["code"], one["pointer"]) for one in missing] == [("ballots.too_many", "/ballots")]

    async def test_needs_the_version_that_was_seen(self, registry: Running) -> None:
        story = await begin(registry)
        headers = registry.token("facilitator")
        await story.enter("ballots", ballot(), story.first)

        missing = await registry.http.patch(story.address, json={"rt_count": 3}, headers=headers)
        stale = await registry.http.patch(story.address, json={"rt_count": 3}, headers=headers | etag(story.election))

        assert (missing.status_code, stale.status_code, code_of(stale)) == (428, 412, "version.stale")


class TestListElections:
    async def test_finds_by_board_state_and_region(self, registry: Running) -> None:
        story = await begin(registry)
        board = story.election.json()["board_id"]
        headers = registry.token("facilitator")

        found = [
            len((await registry.http.get(f"{ELECTIONS}?{query}", headers=headers)).json()["items"])
            for query in (f"board_id={board}", f"board_id={new_id()}", "state=open", "state=certified", "region=33.74")
        ]

        assert found == [1, 0, 1, 0, 0]
