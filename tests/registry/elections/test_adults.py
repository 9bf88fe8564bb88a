"""Eligible adults of a sheet beside the residents whom registry has recorded in that RT (EL-3)."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from services.registry.elections.rules import eligible_differ, told_count
from tests.house import Running, etag
from tests.registry.electing import PROGRAMME, Story, ballot, begin, day
from tests.registry.placing import merged
from tests.registry.residents.story import a_household, a_resident

YEAR = int(str(PROGRAMME["ballots_from"])[:4])
"""Of the election; who reaches 17 in it is an adult."""


@pytest.fixture
async def story(registry: Running) -> Story:
    return await begin(registry)


async def people(registry: Running, count: int, *, home: dict[str, Any] | None = None, **changes: Any) -> list[str]:
    """Record so many residents of RT 001 RW 001, twenty in a household; return their addresses."""
    recorded = []
    known: dict[str, Any] = {"nik": None, "nik_absent_reason": "not_asked", "phone": None, "birth_year": 1970} | changes
    for start in range(0, count, 20):
        card = {"kk_number": None, "kk_absent_reason": "not_asked", "rt": "1", "rw": "1"}
        household = await a_household(registry, **card | (home or {}))
        assert household.status_code == 201, household.text
        for number in range(start, min(count, start + 20)):
            reply = await a_resident(registry, household, name=f"Orang {_spelled(number)}", **known)
            assert reply.status_code == 201, reply.text
            recorded.append(reply.headers["Location"])
    return recorded


def _spelled(number: int) -> str:
    return "".join(
        ["Satu", "Dua", "Tiga", "Empat", "Lima", "Enam", "Tujuh", "Lapan", "Bilan", "Nol"][int(digit)]
        for digit in str(number)
    )


def adults(count: int, **changes: Any) -> dict[str, Any]:
    """Return a sheet of RT 001 with so many eligible adults, all of whom voted."""
    voters = {"men": count, "women": 0}
    return ballot(
        eligible=voters,
        voters=voters | {"poor": 0},
        papers={"valid": count, "invalid": 0, "names": 2},
        delegates={"men": 1, "women": 1, "poor": 0},
        **changes,
    )


async def told(story: Story, sheet: dict[str, Any]) -> list[dict[str, str]]:
    """Enter a sheet twice; return what the gates tell of its eligible adults."""
    first, _ = await story.enter_twice("ballots", sheet)
    found = [one for one in (await story.gates())["warnings"] if one["code"] == "ballot.eligible_differ"]
    assert {one["pointer"] for one in found} <= {f"/ballots/{first.json()['id']}/eligible"}
    return found


class TestWarning:
    async def test_names_both_numbers_and_refuses_nothing(self, registry: Running, story: Story) -> None:
        await people(registry, 10)

        (warning,) = await told(story, adults(12))
        await story.enter_twice("ballots", ballot(2))
        few = [{"name": f"Warga {one}", "sex": "female", "votes": 3} for one in "ABCDEFGHI"]
        few = [one | {"position": "member" if number else "koordinator"} for number, one in enumerate(few)]
        present = {"held_on": day(-10), "present": {"men": 8, "women": 3}, "observers": 0, "members": few}
        await story.enter_twice("meetings", present | {"minutes_reference": "BA/KEL"})

        assert "12 warga dewasa di lembar, sedangkan yang tercatat 10 " in warning["message"]
        assert (await story.certify()).status_code == 200

    @pytest.mark.parametrize(("eligible", "warned"), [(8, True), (9, False), (11, False), (12, True)])
    async def test_begins_beyond_the_tolerance(
        self, registry: Running, story: Story, eligible: int, *, warned: bool
    ) -> None:
        await people(registry, 10)

        assert bool(await told(story, adults(eligible))) is warned

    async def test_is_given_once_both_tallies_agree(self, registry: Running, story: Story) -> None:
        await people(registry, 10)
        await story.enter("ballots", adults(30), story.first)

        assert "ballot.eligible_differ" not in [one["code"] for one in (await story.gates())["warnings"]]

    @pytest.mark.parametrize(
        "elsewhere",
        [
            {"rt": "2"},
            {"rw": "2"},
            {"rw": None},
            {"kelurahan_code": "34.71.03.1002"},
        ],
    )
    async def test_is_not_given_where_nobody_is_recorded_in_that_rt(
        self, registry: Running, story: Story, elsewhere: dict[str, Any]
    ) -> None:
        await people(registry, 6, home=elsewhere)

        assert await told(story, adults(30)) == []

    async def test_counts_adults_of_the_day_of_the_election(self, registry: Running, story: Story) -> None:
        await people(registry, 6)
        await people(registry, 5, birth_year=YEAR - 17)
        await people(registry, 5, birth_year=YEAR - 16)
        await people(registry, 5, starts_on=day(-29), home={"starts_on": day(-29)})
        for one in await people(registry, 5):
            ended = {"ends_on": day(-31), "ended_because": "left"}
            headers = registry.token("facilitator")
            seen = etag(await registry.http.get(one, headers=headers))
            assert (await registry.http.patch(one, json=ended, headers=headers | seen)).status_code == 200
        merged_away = (await people(registry, 1))[0].rpartition("/")[2]
        async with registry.database.writes.begin() as connection:
            residents = registry.tables.residents
            kept = select(residents.c.id).where(residents.c.id != merged_away).limit(1).scalar_subquery()
            await connection.execute(residents.update().where(residents.c.id == merged_away).values(merged_into=kept))

        (warning,) = await told(story, adults(20))

        assert "yang tercatat 11 " in warning["message"]

    async def test_leaves_open_what_those_of_unknown_age_are(self, registry: Running, story: Story) -> None:
        await people(registry, 10)
        await people(registry, 10, birth_year=None, birth_year_absent_reason="not_known")

        assert await told(story, adults(21)) == []

    async def test_finds_those_recorded_under_a_former_code(self, registry: Running, story: Story) -> None:
        await people(registry, 6, home={"kelurahan_code": "34.71.03.1002"})

        async with merged(registry, "34.71.03.1002", into="34.71.03.1001"):
            (warning,) = await told(story, adults(20))

        assert "yang tercatat 6 " in warning["message"]

    @pytest.mark.parametrize("count", [1, 4])
    async def test_tells_no_count_that_would_point_at_somebody(
        self, registry: Running, story: Story, count: int
    ) -> None:
        await people(registry, count)
        await people(registry, count, birth_year=None, birth_year_absent_reason="not_known")

        (warning,) = await told(story, adults(20))

        assert "yang tercatat <5 dan <5 yang umurnya" in warning["message"]

    async def test_costs_one_statement_however_many_live_there(self, registry: Running, story: Story) -> None:
        await story.enter_twice("ballots", adults(20))
        counts = []
        for _ in range(2):
            with registry.counted() as sent:
                await story.gates()
            counts.append(len(sent))
            await people(registry, 25)

        assert counts[0] == counts[1]


class TestEligibleDiffer:
    @given(st.integers(0, 500), st.integers(0, 500), st.integers(0, 50), st.integers(0, 100))
    def test_is_judged_exactly(self, eligible: int, adults: int, unknown: int, percent: int) -> None:
        nearest = min(range(adults, adults + unknown + 1), key=lambda one: abs(one - eligible))
        beyond = abs(eligible - nearest) * 100 > nearest * percent

        assert eligible_differ(eligible, adults=adults, of_unknown_age=unknown, percent=percent) is beyond

    @given(st.integers(0, 50))
    def test_hides_fewer_than_five(self, count: int) -> None:
        assert told_count(count) == (str(count) if count >= 5 else "<5")
