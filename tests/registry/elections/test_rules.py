from dataclasses import asdict, replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registry.elections.clerks import (
    ClerkMissing,
    TallyEnteredBefore,
    TallyEnteredByWithdrawer,
    TallyEnteredTwice,
    TallyWithdrawnByClerk,
    number_of_tally,
    require_no_clerk,
)
from services.registry.elections.queries import ELECTION_RULES
from services.registry.elections.rules import (
    NEXT,
    Act,
    ElectionRules,
    ElectionState,
    ElectionStateWrong,
    Result,
    door_to_door_allowed,
    programme_faults,
    reaches,
    result_of,
    shown_poor,
    state_after,
)
from services.registry.elections.sheets import Sheet, ballot_faults, differences, meeting_faults, pointer_to
from shared.rulesets import in_force

RULES = ElectionRules(
    eligible_tolerance_percent=10,
    turnout_percent=30,
    least_names_per_ballot=2,
    most_names_per_ballot=3,
    least_pokja_persons=3,
    women_percent=30,
    most_periods=2,
)
COUNT = st.integers(0, 400)
GOOD = Sheet(
    eligible_men=50,
    eligible_women=50,
    voters_men=18,
    voters_women=22,
    voters_poor=9,
    voters_poor_missing=None,
    attending_men=None,
    attending_women=None,
    collected_men=None,
    collected_women=None,
    papers_valid=38,
    papers_invalid=2,
    papers_names=21,
    delegates_men=8,
    delegates_women=7,
    delegates_poor=4,
    delegates_poor_missing=None,
    door_to_door=False,
    handled_separately=None,
    minutes_reference="BA/1",
)


def faults(sheet: Sheet, names_per_ballot: int = 3) -> dict[str, str]:
    found = ballot_faults(sheet, names_per_ballot=names_per_ballot, rules=RULES)
    return {one.code: one.pointer for one in found}


class TestTurnout:
    @pytest.mark.parametrize(
        ("voters", "result"), [(29, Result.BELOW_THRESHOLD), (30, Result.VALID), (0, Result.WITHOUT_VOTE)]
    )
    def test_of_a_hundred_adults_is_valid_from_thirty_on(self, voters: int, result: Result) -> None:
        assert result_of(voters=voters, eligible=100, rules=RULES) is result
        assert door_to_door_allowed(result) is (voters < 30)

    @given(st.integers(0, 10**6), st.integers(0, 10**6), st.integers(1, 100))
    def test_is_judged_exactly(self, part: int, whole: int, percent: int) -> None:
        least = -(-whole * percent // 100)

        assert reaches(part, whole, percent=percent) is (whole > 0 and part >= least)


class TestSheetThatAddsUp:
    @given(st.data())
    def test_has_no_fault(self, data: st.DataObject) -> None:
        eligible = data.draw(st.tuples(st.integers(0, 300), st.integers(1, 300)))
        men, women = data.draw(st.integers(0, eligible[0])), data.draw(st.integers(0, eligible[1]))
        valid = data.draw(st.integers(0, men + women))
        names = data.draw(st.integers(2, valid * 3)) if valid else 0
        delegates = data.draw(st.integers(0, names))
        sheet = replace(
            GOOD,
            eligible_men=eligible[0],
            eligible_women=eligible[1],
            voters_men=men,
            voters_women=women,
            voters_poor=data.draw(st.integers(0, men + women)),
            papers_valid=valid,
            papers_invalid=men + women - valid,
            papers_names=names,
            delegates_men=delegates,
            delegates_women=0,
            delegates_poor=data.draw(st.integers(0, delegates)),
        )

        assert faults(sheet) == {}


class TestSheet:
    @given(COUNT, COUNT, COUNT, COUNT)
    def test_has_no_more_voters_than_adults_of_each_sex(self, men: int, women: int, of_men: int, of_women: int) -> None:
        sheet = replace(GOOD, voters_men=men, voters_women=women, eligible_men=of_men, eligible_women=of_women)
        found = ballot_faults(sheet, names_per_ballot=3, rules=RULES)

        named = {one.pointer for one in found if one.code == "ballot.voters_exceed_eligible"}
        assert named == {
            pointer for pointer, more in (("/voters/men", men > of_men), ("/voters/women", women > of_women)) if more
        }

    @given(st.booleans(), *(st.one_of(st.none(), st.integers(0, 30)) for _ in range(4)))
    def test_says_by_which_way_all_voted_exactly_where_votes_were_collected(
        self, door_to_door: bool, men: int | None, women: int | None, of_men: int | None, of_women: int | None
    ) -> None:
        ways = {"attending_men": men, "attending_women": women, "collected_men": of_men, "collected_women": of_women}
        found = {one for one in faults(replace(GOOD, door_to_door=door_to_door, **ways)) if "ways" in one}

        if not door_to_door:
            assert found == (set() if set(ways.values()) == {None} else {"ballot.ways_superfluous"})
        elif None in ways.values():
            assert found == {"ballot.ways_missing"}
        else:
            assert found == (set() if (men + of_men, women + of_women) == (18, 22) else {"ballot.ways_differ"})

    @given(st.integers(0, 18), st.integers(0, 22))
    def test_adds_up_however_its_voters_are_divided_between_the_ways(self, men: int, women: int) -> None:
        apart = {"attending_men": men, "attending_women": women}
        apart |= {"collected_men": 18 - men, "collected_women": 22 - women}

        assert faults(replace(GOOD, door_to_door=True, **apart)) == {}

    @given(COUNT, COUNT)
    def test_has_a_ballot_for_each_voter(self, valid: int, invalid: int) -> None:
        found = faults(replace(GOOD, papers_valid=valid, papers_invalid=invalid))

        assert ("ballot.papers_differ" in found) is (valid + invalid != 40)

    @given(COUNT, st.integers(2, 3))
    def test_has_at_most_so_many_names_as_fit_on_its_valid_ballots(self, names: int, per_ballot: int) -> None:
        found = faults(replace(GOOD, papers_names=names), per_ballot)

        assert ("ballot.too_many_names" in found) is (names > 38 * per_ballot)
        assert ("ballot.too_few_names" in found) is (names < 2)

    @given(COUNT, COUNT)
    def test_sends_nobody_who_was_not_named(self, men: int, women: int) -> None:
        sheet = replace(GOOD, delegates_men=men, delegates_women=women)

        assert ("ballot.delegates_exceed_names" in faults(sheet)) is (men + women > 21)

    def test_without_a_vote_may_send_delegates_when_it_was_handled_separately(self) -> None:
        none = replace(GOOD, voters_men=0, voters_women=0, voters_poor=0, papers_valid=0, papers_invalid=0)
        none = replace(none, papers_names=0, delegates_poor=0)

        assert faults(none) == {"ballot.delegates_exceed_names": "/delegates"}
        assert faults(replace(none, handled_separately="BA/2")) == {}

    def test_of_nobody_is_no_sheet(self) -> None:
        assert "ballot.nobody_eligible" in faults(replace(GOOD, eligible_men=0, eligible_women=0))


class TestMeeting:
    @given(st.integers(0, 60), st.lists(st.integers(1, 60), max_size=15))
    def test_gives_nobody_more_votes_than_delegates_are_present(self, present: int, votes: list[int]) -> None:
        found = {one.pointer for one in meeting_faults(present=present, votes=votes)}

        assert {one for one in found if one.endswith("/votes")} == {
            f"/members/{index}/votes" for index, given_ in enumerate(votes) if given_ > present
        }
        assert ("/members" in found) is (len(votes) > present)
        assert ("/present" in found) is (present == 0)


class TestDifferences:
    @given(st.sets(st.sampled_from(sorted(asdict(GOOD))), max_size=5))
    def test_are_exactly_the_lines_that_were_read_otherwise(self, changed: set[str]) -> None:
        this = asdict(GOOD)
        other: dict[str, Any] = this | {name: f"other {name}" for name in changed}

        assert {one.pointer for one in differences(this, other)} == {pointer_to(name) for name in changed}
        assert differences(this, this) == []

    def test_of_lists_of_another_length_say_how_many(self) -> None:
        one = {"members": [{"name": "A", "votes": 1}]}
        two = {"members": [{"name": "a ", "votes": 1}, {"name": "B", "votes": 1}]}

        (found,) = differences(one, two)

        assert (found.pointer, found.this, found.other) == ("/members", 1, 2)

    @pytest.mark.parametrize(("known", "other", "same"), [("x", None, True), (None, "x", True), ("x", "y", False)])
    def test_of_ids_count_where_both_knew_one(self, known: str | None, other: str | None, *, same: bool) -> None:
        found = differences({"members": [{"person_id": known}]}, {"members": [{"person_id": other}]})

        assert (found == []) is same


class TestClerks:
    def test_are_counted_as_persons(self) -> None:
        first, second, tally = uuid4(), uuid4(), uuid4()

        assert number_of_tally(first, {}, withdrawers=()) == 1
        assert number_of_tally(second, {first: tally}, withdrawers=()) == 2
        for clerk, refusal in ((first, TallyEnteredBefore), (uuid4(), TallyEnteredTwice), (None, ClerkMissing)):
            with pytest.raises(refusal):
                number_of_tally(clerk, {first: tally, second: uuid4()}, withdrawers=())

    @given(st.sets(st.integers(0, 3), max_size=2), st.sets(st.integers(0, 3)), st.integers(0, 3))
    def test_who_withdrew_a_tally_of_a_sheet_never_enters_it(
        self, clerks: set[int], withdrawers: set[int], person: int
    ) -> None:
        entered = {UUID(int=one): uuid4() for one in clerks}
        gone = {UUID(int=one) for one in withdrawers}

        if person in withdrawers:
            with pytest.raises(TallyEnteredByWithdrawer):
                number_of_tally(UUID(int=person), entered, withdrawers=gone)
        elif person not in clerks and len(clerks) < 2:
            assert number_of_tally(UUID(int=person), entered, withdrawers=gone) == len(clerks) + 1

    def test_do_not_withdraw_from_their_own_sheet(self) -> None:
        clerk = uuid4()

        require_no_clerk(uuid4(), {clerk})
        for person in (clerk, None):
            with pytest.raises(TallyWithdrawnByClerk):
                require_no_clerk(person, {clerk})


class TestStates:
    @given(st.sampled_from(ElectionState), st.sampled_from(Act))
    def test_are_followed_as_the_table_says(self, state: ElectionState, act: Act) -> None:
        if (state, act) in NEXT:
            assert state_after(state, act) is NEXT[state, act]
        else:
            with pytest.raises(ElectionStateWrong):
                state_after(state, act)

    def test_end_with_certified_and_annulled(self) -> None:
        assert {state for state, _ in NEXT} == {ElectionState.OPEN, ElectionState.COUNTED}


class TestProgramme:
    @given(st.integers(-9, 9), st.integers(-9, 9), st.integers(1, 5), st.integers(0, 3), st.integers(0, 3))
    def test_has_its_days_in_order_and_two_or_three_names(
        self, until: int, meeting: int, names: int, committee: int, ids: int
    ) -> None:
        start = date(2026, 1, 20)
        found = programme_faults(
            ballots_from=start,
            ballots_until=start + timedelta(days=until),
            meeting_on=start + timedelta(days=meeting),
            names_per_ballot=names,
            committee=committee,
            person_ids=[UUID(int=number) for number in range(ids)],
            of_term=(),
            rules=RULES,
        )

        assert {one.pointer for one in found} == {
            pointer
            for pointer, wrong in (
                ("/ballots_until", until < 0),
                ("/meeting_on", meeting < until),
                ("/names_per_ballot", names not in {2, 3}),
                ("/committee/person_ids", ids > committee),
            )
            if wrong
        }


class TestShownPoor:
    @given(st.integers(0, 50))
    def test_hides_fewer_than_five_from_the_public_only(self, count: int) -> None:
        assert shown_poor(count, None, full=True) == (count, None)
        assert shown_poor(count, None, full=False) == ((count, None) if count >= 5 else (None, "fewer_than_five"))
        assert shown_poor(None, "list_lost", full=False) == (None, "list_lost")


@pytest.mark.parametrize("day", [date(1999, 1, 1), date(2012, 7, 29), date(2030, 1, 1), date(1990, 1, 1)])
def test_a_rule_set_is_in_force_on_every_day(day: date) -> None:
    assert in_force(ELECTION_RULES, day).values == RULES
