from datetime import date, timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registry.boards.rules import (
    Position,
    TermInvalid,
    TermRules,
    require_valid_term,
    term_faults,
    years_after,
)
from services.registry.boards.service import TERM_RULES
from shared.rulesets import in_force

RULES = TermRules(least_seats=9, most_seats=13, odd=True, longest_years=3)
DAYS = st.dates(date(1999, 1, 1), date(2090, 1, 1))
SEATS = st.lists(st.sampled_from(Position), max_size=20)


def codes(starts_on: date, ends_on: date, positions: list[Position], persons: list[object] | None = None) -> set[str]:
    people = persons if persons is not None else [uuid4() for _ in positions]
    found = term_faults(starts_on=starts_on, ends_on=ends_on, positions=positions, persons=people, rules=RULES)
    return {fault.code for fault in found}


def seats(count: int, koordinators: int = 1) -> list[Position]:
    return [Position.KOORDINATOR] * koordinators + [Position.MEMBER] * (count - koordinators)


class TestTerm:
    @given(DAYS, st.integers(1, 1095), st.sampled_from([9, 11, 13]))
    def test_is_valid_with_an_odd_board_one_koordinator_and_at_most_three_years(
        self, starts_on: date, days: int, count: int
    ) -> None:
        assert codes(starts_on, starts_on + timedelta(days=days), seats(count)) == set()

    @given(SEATS)
    def test_needs_nine_to_thirteen_seats(self, positions: list[Position]) -> None:
        found = codes(date(2020, 1, 1), date(2022, 1, 1), positions)

        assert ("term.seats" in found) is not (9 <= len(positions) <= 13)
        assert ("term.not_odd" in found) is (len(positions) % 2 == 0)
        assert ("term.one_koordinator" in found) is (positions.count(Position.KOORDINATOR) != 1)

    @given(DAYS, DAYS)
    def test_ends_after_it_starts_and_within_three_years(self, starts_on: date, ends_on: date) -> None:
        found = codes(starts_on, ends_on, seats(9))

        assert ("term.order" in found) is (ends_on <= starts_on)
        assert ("term.too_long" in found) is (ends_on > years_after(starts_on, 3))

    @given(st.lists(st.integers(0, 12), min_size=9, max_size=9))
    def test_gives_a_person_one_seat(self, persons: list[int]) -> None:
        found = term_faults(
            starts_on=date(2020, 1, 1),
            ends_on=date(2022, 1, 1),
            positions=seats(9),
            persons=persons,
            rules=RULES,
        )

        named = {fault.pointer for fault in found if fault.code == "term.one_seat"}
        assert named == {f"/officers/{i}/person_id" for i, one in enumerate(persons) if persons.count(one) > 1}

    def test_is_refused_with_every_fault_at_once(self) -> None:
        with pytest.raises(TermInvalid) as refused:
            require_valid_term(
                starts_on=date(2020, 1, 2), ends_on=date(2020, 1, 1), positions=[], persons=[], rules=RULES
            )

        assert [fault.code for fault in refused.value.faults] == [
            "term.seats",
            "term.not_odd",
            "term.one_koordinator",
            "term.order",
        ]
        assert refused.value.values["count"] == 4


class TestYearsAfter:
    @given(DAYS, st.integers(0, 9))
    def test_keeps_day_and_month_but_for_the_leap_day(self, day: date, years: int) -> None:
        later = years_after(day, years)

        assert later.year == day.year + years
        assert (later.month, later.day) in {(day.month, day.day), (2, 28)}

    def test_of_a_leap_day_is_the_28th(self) -> None:
        assert years_after(date(2020, 2, 29), 3) == date(2023, 2, 28)
        assert years_after(date(2020, 2, 29), 4) == date(2024, 2, 29)


@pytest.mark.parametrize("day", [date(1999, 1, 1), date(2010, 6, 1), date(2030, 1, 1), date(1990, 1, 1)])
def test_a_rule_set_is_in_force_on_every_day(day: date) -> None:
    assert in_force(TERM_RULES, day).values == RULES
