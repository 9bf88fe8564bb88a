"""Votes collected door to door (EL-5): kept apart from those of voters who attended, from the sheet to the result."""

from typing import Any

import pytest
from sqlalchemy import update

from tests.house import Running
from tests.registry.electing import Story, ballot, begin, correct, items, meeting, payloads, with_voters

COLLECTED: dict[str, Any] = {
    "door_to_door": True,
    "attending": {"men": 10, "women": 12},
    "collected": {"men": 5, "women": 3},
}
"""Thirty voters of a hundred adults, of whom 22 attended."""


@pytest.fixture
async def story(registry: Running) -> Story:
    return await begin(registry)


def told(reply: Any) -> list[tuple[str, str]]:
    return [(one["pointer"], one["code"]) for one in reply.json()["errors"]]


class TestSheet:
    async def test_says_how_many_voted_by_which_way(self, story: Story) -> None:
        first, second = await story.enter_twice("ballots", with_voters(30, **COLLECTED))

        for reply in (first, second):
            assert reply.json()["voters"] == {"men": 15, "women": 15, "poor": 0, "poor_missing": None}
            assert {name: reply.json()[name] for name in COLLECTED} == COLLECTED
        assert (second.json()["result"], second.json()["standing"]) == ("valid", "agreed")

    async def test_says_nothing_of_it_where_all_attended(self, story: Story) -> None:
        reply = await story.enter("ballots", ballot(), story.first)

        assert (reply.json()["door_to_door"], reply.json()["attending"], reply.json()["collected"]) == (
            False,
            None,
            None,
        )

    @pytest.mark.parametrize(
        ("change", "expected"),
        [
            (
                {"attending": None, "collected": None},
                [("/attending", "ballot.ways_missing"), ("/collected", "ballot.ways_missing")],
            ),
            ({"collected": None}, [("/collected", "ballot.ways_missing")]),
            (
                {"door_to_door": False},
                [("/attending", "ballot.ways_superfluous"), ("/collected", "ballot.ways_superfluous")],
            ),
            ({"collected": {"men": 6, "women": 3}}, [("/collected/men", "ballot.ways_differ")]),
            (
                {"attending": {"men": 9, "women": 13}},
                [("/collected/men", "ballot.ways_differ"), ("/collected/women", "ballot.ways_differ")],
            ),
            ({"collected": {"men": 5}}, [("/collected/women", "field.missing")]),
        ],
    )
    async def test_that_does_not_add_up_says_which_line(
        self, story: Story, change: dict[str, Any], expected: list[tuple[str, str]]
    ) -> None:
        reply = await story.enter("ballots", with_voters(30, **COLLECTED | change), story.first)

        assert (reply.status_code, told(reply)) == (422, expected)
        assert await items(story, "ballots", story.first) == []

    async def test_is_compared_way_by_way(self, story: Story) -> None:
        await story.enter("ballots", with_voters(30, **COLLECTED), story.first)
        other = COLLECTED | {"attending": {"men": 11, "women": 12}, "collected": {"men": 4, "women": 3}}

        second = await story.enter("ballots", with_voters(30, **other), story.second)

        assert second.json()["differences"] == [
            {"pointer": "/attending/men", "this": 11, "other": 10},
            {"pointer": "/collected/men", "this": 4, "other": 5},
        ]

    async def test_is_corrected_to_one_where_all_attended_and_back(self, story: Story) -> None:
        tally = await story.enter("ballots", with_voters(30), story.first)
        half = await correct(story, tally, {"door_to_door": True, "attending": {"men": 10}}, story.first)
        apart = await correct(story, tally, COLLECTED, story.first)
        moved = {"attending": {"women": 11}, "collected": {"women": 4}}
        shifted = await correct(story, tally, moved, story.first)
        none = {"door_to_door": False, "attending": None, "collected": None}
        together = await correct(story, tally, none, story.first)

        assert (half.status_code, told(half)) == (
            422,
            [("/attending", "ballot.ways_missing"), ("/collected", "ballot.ways_missing")],
        )
        assert apart.json()["attending"] == COLLECTED["attending"]
        assert shifted.json()["attending"] == {"men": 10, "women": 11}
        assert (together.status_code, together.json()["attending"]) == (200, None)


class TestResult:
    async def test_is_below_the_threshold_until_the_votes_collected_lift_it(self, story: Story) -> None:
        low = with_voters(29, **COLLECTED | {"collected": {"men": 4, "women": 3}})
        tallies = await story.enter_twice("ballots", low)
        before = [one["code"] for one in (await story.gates())["missing"]]
        more = {"voters": {"men": 15}, "collected": {"men": 5}, "papers": {"valid": 30}}
        for tally, clerk in zip(tallies, (story.first, story.second), strict=True):
            lifted = await correct(story, tally, more, clerk)

        assert (tallies[0].json()["result"], "ballot.below_threshold" in before) == ("below_threshold", True)
        assert (lifted.json()["result"], lifted.json()["standing"]) == ("valid", "agreed")
        assert "ballot.below_threshold" not in [one["code"] for one in (await story.gates())["missing"]]

    @pytest.mark.parametrize(("attending", "needless"), [(29, False), (30, True)])
    async def test_tells_where_votes_were_collected_although_enough_attended(
        self, story: Story, attending: int, *, needless: bool
    ) -> None:
        ways = {
            "attending": {"men": 15, "women": attending - 15},
            "collected": {"men": 5, "women": 35 - attending},
        }
        first, _ = await story.enter_twice("ballots", with_voters(40, door_to_door=True, **ways))

        found = [(one["code"], one["pointer"]) for one in (await story.gates())["warnings"]]
        expected = ("ballot.collected_needlessly", f"/ballots/{first.json()['id']}/collected")
        assert (expected in found) is needless

    async def test_counts_them_in_the_turnout_and_tells_how_many_they_are(
        self, registry: Running, story: Story
    ) -> None:
        await story.enter_twice("ballots", with_voters(30, **COLLECTED))
        await story.enter_twice("ballots", ballot(2))
        await story.enter_twice("meetings", meeting())

        certified = await story.certify()
        shown = await items(story, "ballots", {})

        assert certified.json()["turnout"] == {
            "numerator": 70,
            "denominator": 200,
            "null_reason": None,
            "collected": 8,
            "collected_null_reason": None,
        }
        assert [(one["door_to_door"], one["collected"]) for one in shown] == [
            (True, COLLECTED["collected"]),
            (False, None),
        ]
        entries = await payloads(registry)
        (entry,) = [one["data"] for one in entries if one["action"] == "election.certified"]
        counted = [one["data"]["counted"] for one in entries if one["action"] == "ballot.compared"]
        assert (entry["voters"], entry["collected"]) == (70, 8)
        assert [(one["voters"], one["collected"]) for one in counted] == [(30, 8), (40, None)]


class TestSheetsThatNotedOnlyThatVotesWereCollected:
    """As sheets were entered before the two ways were told apart."""

    async def test_keep_an_election_from_being_certified_until_they_say_how_many(
        self, registry: Running, story: Story
    ) -> None:
        await story.enter_twice("ballots", with_voters(30, **COLLECTED))
        await story.enter_twice("ballots", ballot(2))
        await _forget_the_ways(registry)
        await story.enter_twice("meetings", meeting())
        counted = await story.read()

        refused = await story.certify()
        tallies = await items(story, "ballots", story.first)
        for tally, clerk in zip(
            [one for one in tallies if one["rt"] == "001"], (story.first, story.second), strict=True
        ):
            reply = await registry.http.get(f"/registry/v1/ballots/{tally['id']}", headers=clerk)
            reply.headers["Location"] = f"/registry/v1/ballots/{tally['id']}"
            assert (reply.json()["door_to_door"], reply.json()["collected"]) == (True, None)
            await correct(story, reply, COLLECTED, clerk)
        certified = await story.certify()

        assert counted.json()["turnout"]["collected_null_reason"] == "not_recorded"
        assert (counted.json()["turnout"]["numerator"], counted.json()["turnout"]["collected"]) == (70, None)
        assert told(refused) == [(f"/ballots/{tallies[0]['id']}/collected", "ballot.not_told_apart")]
        assert (certified.status_code, certified.json()["turnout"]["collected"]) == (200, 8)


async def _forget_the_ways(registry: Running) -> None:
    ways = ("attending_men", "attending_women", "collected_men", "collected_women")
    async with registry.database.writes.begin() as connection:
        await connection.execute(update(registry.tables.ballots).values(dict.fromkeys(ways)))
