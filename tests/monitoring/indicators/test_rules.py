from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.monitoring.indicators.queries import DEFINITIONS, TARGETS
from services.monitoring.indicators.rules import (
    BoardFacts,
    ComplaintFact,
    Indicator,
    MeetingFact,
    MoneyFact,
    NullReason,
    Outcome,
    PlanFact,
    Source,
    TermFact,
    channeled_received,
    complaints_resolved,
    last_day,
    mandate_valid,
    measured_on,
    month_of,
    months,
    outcome,
    plan_ratified,
    roll_up,
    women_in_meetings,
)

MARCH = date(2026, 3, 1)
A, B, C = (Source("planning", f"things/{number}", number) for number in range(3))
DAYS = st.dates(date(2020, 1, 1), date(2029, 12, 31))


def number(found: Outcome) -> tuple[int | None, int | None] | NullReason:
    return found.null_reason or (found.numerator, found.denominator)


class TestPlanRatified:
    PLAN = PlanFact(date(2026, 1, 20), date(2026, 1, 1), date(2028, 12, 31), A)

    @pytest.mark.parametrize(
        ("day", "counted"),
        [
            ("2026-01-19", 0),
            ("2026-01-20", 1),
            ("2028-12-31", 1),
            ("2029-01-01", 0),
        ],
    )
    def test_counts_from_its_ratification_to_its_last_day(self, day: str, counted: int) -> None:
        assert number(plan_ratified([self.PLAN], on=date.fromisoformat(day))) == (counted, 1)

    def test_does_not_count_before_its_first_day(self) -> None:
        early = PlanFact(date(2025, 11, 1), date(2026, 1, 1), date(2028, 12, 31), A)
        assert number(plan_ratified([early], on=date(2025, 12, 31))) == (0, 1)

    def test_counts_a_board_once_and_names_every_plan_behind_it(self) -> None:
        second = PlanFact(date(2026, 2, 1), date(2026, 2, 1), date(2026, 12, 31), B)
        found = plan_ratified([self.PLAN, second], on=date(2026, 3, 31))
        assert (number(found), found.behind) == ((1, 1), (A, B))

    def test_a_board_without_a_plan_counts_in_the_denominator(self) -> None:
        assert number(plan_ratified([], on=MARCH)) == (0, 1)


class TestWomenInMeetings:
    def test_adds_the_meetings_of_the_month_up(self) -> None:
        meetings = [
            MeetingFact(date(2026, 3, 1), 40, 18, A),
            MeetingFact(date(2026, 3, 31), 10, 2, B),
            MeetingFact(date(2026, 4, 1), 99, 99, C),
        ]
        found = women_in_meetings(meetings, month=MARCH)
        assert (number(found), found.behind) == ((20, 50), (A, B))

    def test_is_null_without_a_meeting(self) -> None:
        assert number(women_in_meetings([], month=MARCH)) is NullReason.NO_MEETING

    @pytest.mark.parametrize(("attendees", "women"), [(40, None), (None, None), (None, 3), (0, 0)])
    def test_is_null_where_nobody_counted_never_zero(self, attendees: int | None, women: int | None) -> None:
        found = women_in_meetings([MeetingFact(MARCH, attendees, women, A)], month=MARCH)
        assert (number(found), found.behind) == (NullReason.NOT_COUNTED, (A,))

    def test_leaves_meetings_out_where_nobody_counted(self) -> None:
        meetings = [MeetingFact(MARCH, 40, 0, A), MeetingFact(MARCH, 60, None, B)]
        found = women_in_meetings(meetings, month=MARCH)
        assert (number(found), found.behind) == ((0, 40), (A,))


class TestComplaintsResolved:
    def test_counts_those_about_the_month(self) -> None:
        complaints = [
            ComplaintFact(date(2026, 3, 1), resolved=True),
            ComplaintFact(date(2026, 3, 31), resolved=False),
            ComplaintFact(date(2026, 2, 28), resolved=True),
        ]
        assert number(complaints_resolved(complaints, month=MARCH)) == (1, 2)

    def test_is_null_without_a_complaint_never_perfect(self) -> None:
        assert number(complaints_resolved([], month=MARCH)) is NullReason.NO_COMPLAINT


class TestMandateValid:
    TERM = TermFact(date(2023, 5, 1), date(2026, 4, 30), A)

    @pytest.mark.parametrize(
        ("day", "expected"),
        [
            ("2023-04-30", NullReason.NO_TERM_RECORDED),
            ("2023-05-01", (1, 1)),
            ("2026-04-30", (1, 1)),
            ("2026-05-01", (0, 1)),
        ],
    )
    def test_both_days_of_a_term_belong_to_it(self, day: str, expected: object) -> None:
        assert number(mandate_valid([self.TERM], on=date.fromisoformat(day))) == expected

    def test_a_lapsed_mandate_names_the_last_term(self) -> None:
        older = TermFact(date(2020, 5, 1), date(2023, 4, 30), B)
        assert mandate_valid([older, self.TERM], on=date(2027, 1, 1)).behind == (A,)


class TestChanneledReceived:
    def test_adds_up_over_all_months_so_far(self) -> None:
        committed = [MoneyFact(date(2026, 1, 5), 100, A), MoneyFact(date(2026, 4, 1), 900, B)]
        received = [MoneyFact(date(2026, 2, 5), 60, C), MoneyFact(date(2026, 4, 1), 500, C)]
        found = channeled_received(committed, received, on=date(2026, 3, 31))
        assert (number(found), found.behind) == ((60, 100), (A, C))

    def test_is_null_while_nothing_is_committed(self) -> None:
        assert number(channeled_received([], [], on=MARCH)) is NullReason.NOTHING_COMMITTED


class TestMonths:
    @given(DAYS, DAYS)
    def test_follow_each_other_from_one_day_to_another(self, first: date, last: date) -> None:
        found = list(months(first, last))
        assert found == sorted(set(found))
        assert bool(found) == (month_of(first) <= last)
        if found:
            assert (found[0], found[-1]) == (month_of(first), month_of(last))
        assert all(last_day(one) + timedelta(1) == two for one, two in pairwise(found))

    @given(DAYS, DAYS)
    def test_a_month_is_measured_when_it_ends_and_never_in_the_future(self, day: date, today: date) -> None:
        found = measured_on(month_of(day), today=today)
        assert found <= today
        assert found in {last_day(day), today}


OUTCOMES = st.one_of(
    st.builds(
        lambda numerator, rest: Outcome(numerator, numerator + rest), st.integers(0, 10**9), st.integers(0, 10**9)
    ),
    st.sampled_from([Outcome(null_reason=reason) for reason in NullReason]),
)


class TestRollUp:
    @given(st.lists(OUTCOMES), st.lists(OUTCOMES))
    def test_a_region_is_the_sum_of_its_parts(self, one: list[Outcome], other: list[Outcome]) -> None:
        whole, left, right = roll_up([*one, *other]), roll_up(one), roll_up(other)
        assert whole.numerator == left.numerator + right.numerator
        assert whole.denominator == left.denominator + right.denominator
        assert whole.boards == left.boards + right.boards
        assert whole.boards + sum(whole.null_boards.values()) == len(one) + len(other)

    @given(st.lists(OUTCOMES), st.randoms())
    def test_the_order_does_not_matter(self, outcomes: list[Outcome], chance: object) -> None:
        shuffled = list(outcomes)
        chance.shuffle(shuffled)  # type: ignore[attr-defined]
        assert roll_up(shuffled) == roll_up(outcomes)

    def test_is_no_mean_of_ratios(self) -> None:
        found = roll_up([Outcome(1, 1), Outcome(0, 9), Outcome(null_reason=NullReason.NO_MEETING)])
        assert (found.numerator, found.denominator, found.boards) == (1, 10, 2)
        assert found.null_boards == {NullReason.NO_MEETING: 1}


FACTS = st.builds(
    BoardFacts,
    plans=st.lists(st.builds(PlanFact, DAYS, DAYS, DAYS, st.just(A)), max_size=3),
    terms=st.lists(st.builds(TermFact, DAYS, DAYS, st.just(A)), max_size=3),
    meetings=st.lists(
        st.builds(MeetingFact, DAYS, st.none() | st.integers(0, 90), st.none() | st.integers(0, 90), st.just(A)),
        max_size=5,
    ),
    committed=st.lists(st.builds(MoneyFact, DAYS, st.integers(0, 10**12), st.just(A)), max_size=3),
    received=st.lists(st.builds(MoneyFact, DAYS, st.integers(0, 10**12), st.just(A)), max_size=3),
)


@given(FACTS, DAYS, DAYS, st.sampled_from([one for one in Indicator if one is not Indicator.COMPLAINTS_RESOLVED]))
def test_every_outcome_is_a_number_or_a_reason_that_its_definition_names(
    facts: BoardFacts, day: date, today: date, indicator: Indicator
) -> None:
    found = outcome(indicator, facts, month=month_of(day), today=today)
    if found.null_reason is None:
        assert found.numerator is not None
        assert found.denominator
    else:
        assert (found.numerator, found.denominator) == (None, None)
        assert found.null_reason in DEFINITIONS[indicator].null_cases


def test_every_indicator_has_a_definition_and_a_target_with_its_basis() -> None:
    assert set(DEFINITIONS) == set(Indicator)
    assert {one.values.indicator for one in TARGETS} == set(Indicator)
    assert all(one.legal_basis and one.confidence for one in TARGETS)
