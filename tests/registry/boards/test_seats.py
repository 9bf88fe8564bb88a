from dataclasses import dataclass
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registry.boards.rules import (
    Office,
    Organ,
    Position,
    SaysOfRules,
    Seat,
    arrival_faults,
    said,
    seat_faults,
    statute_term_faults,
)

START = date(2020, 1, 1)
DAYS = st.dates(date(2020, 1, 1), date(2020, 2, 1))
ENDS = st.one_of(st.none(), DAYS)


@dataclass(frozen=True)
class Version:
    adopted_on: date
    seats: int | None = None
    term_years: int | None = None
    most_periods: int | None = None
    doubling_forbidden: bool | None = None
    refresh_allowed: bool | None = None


FORBIDDEN: list[SaysOfRules] = [Version(START, doubling_forbidden=True)]


def seat(organ: Organ | None, *, starts_on: date = START, ends_on: date | None = None, who: object = 1) -> Seat:
    return Seat(who, organ, starts_on, ends_on)


def codes(new: Seat, *held: Seat, statutes: list[SaysOfRules] = FORBIDDEN) -> set[str]:
    return {fault.code for fault in seat_faults(new, held, statutes=statutes, pointer="/person_id")}


class TestTwoSeats:
    @pytest.mark.parametrize(
        ("one", "other", "code"),
        [
            (Organ.SECRETARIAT, None, "seat.doubled"),
            (Organ.SECRETARIAT, Organ.UPK, "seat.doubled"),
            (Organ.SECRETARIAT, Organ.UPL, "seat.doubled"),
            (Organ.SECRETARIAT, Organ.UPS, "seat.doubled"),
            (Organ.SUPERVISORS, Organ.UPK, "seat.supervises_itself"),
            (Organ.UPS, Organ.UPS, "seat.twice"),
            (Organ.SUPERVISORS, Organ.SECRETARIAT, None),
            (Organ.ADVISERS, Organ.SECRETARIAT, None),
            (Organ.UPK, None, None),
            (None, None, None),
        ],
    )
    def test_exclude_each_other_whichever_comes_first(
        self, one: Organ | None, other: Organ | None, code: str | None
    ) -> None:
        expected = set() if code is None else {code}

        assert codes(seat(one), seat(other)) == codes(seat(other), seat(one)) == expected
        assert codes(seat(one), seat(other, who=2)) == set()

    @pytest.mark.parametrize(
        ("told", "other_told", "other_name", "code"),
        [
            (False, True, "siti  aminah", "seat.same_name"),
            (True, False, "Siti Aminah", "seat.same_name"),
            (False, False, "Siti Aminah", "seat.same_name"),
            (True, True, "Siti Aminah", None),
            (False, False, "Siti Aminah Dua", None),
            (False, False, None, None),
        ],
    )
    def test_of_namesakes_exclude_each_other_until_both_persons_are_told(
        self, told: bool, other_told: bool, other_name: str | None, code: str | None
    ) -> None:
        one = Seat(1, Organ.SECRETARIAT, START, None, "Siti Aminah", told)
        other = Seat(2, None, START, None, other_name, other_told)

        assert codes(one, other) == ({code} if code else set())
        assert codes(one, other, statutes=[]) == set()
        assert codes(Seat(1, None, START, None), Seat(2, Organ.SECRETARIAT, START, None, told=False)) == set()

    @pytest.mark.parametrize("statutes", [[], [Version(START)], [Version(START, doubling_forbidden=False)]])
    def test_may_be_doubled_unless_statutes_forbid_it(self, statutes: list[SaysOfRules]) -> None:
        assert codes(seat(Organ.SECRETARIAT), seat(None), statutes=statutes) == set()
        assert codes(seat(Organ.SUPERVISORS), seat(Organ.UPK), statutes=statutes) == {"seat.supervises_itself"}

    def test_are_judged_by_the_statutes_of_the_day_on_which_both_begin_to_be_held(self) -> None:
        statutes: list[SaysOfRules] = [Version(date(2021, 1, 1), doubling_forbidden=True)]
        earlier, later = date(2020, 6, 1), date(2021, 6, 1)

        assert codes(seat(Organ.SECRETARIAT, starts_on=earlier), seat(None), statutes=statutes) == set()
        assert codes(seat(Organ.SECRETARIAT, starts_on=later), seat(None), statutes=statutes) == {"seat.doubled"}

    @given(DAYS, ENDS, DAYS, ENDS)
    def test_exclude_each_other_only_when_held_on_one_day(
        self, starts: date, ends: date | None, other_starts: date, other_ends: date | None
    ) -> None:
        def held(first: date, last: date | None) -> set[date]:
            end = date(2020, 2, 2) if last is None else last
            return {first + timedelta(days=n) for n in range((end - first).days + 1)}

        common = held(starts, ends) & held(other_starts, other_ends)
        if not (held(starts, ends) and held(other_starts, other_ends)):
            return
        found = codes(
            seat(Organ.UPK, starts_on=starts, ends_on=ends),
            seat(Organ.SUPERVISORS, starts_on=other_starts, ends_on=other_ends),
        )

        assert bool(found) is bool(common)


class TestStatutes:
    def test_say_what_the_latest_that_speaks_of_it_says(self) -> None:
        versions: list[SaysOfRules] = [
            Version(date(2010, 1, 1), seats=9, doubling_forbidden=True),
            Version(date(2014, 1, 1), seats=11),
            Version(date(2018, 1, 1), doubling_forbidden=False),
        ]

        def seats(on: date) -> int | None:
            return said(versions, on, lambda one: one.seats)

        assert [seats(date(year, 6, 1)) for year in (2009, 2012, 2016, 2020)] == [None, 9, 11, 11]
        assert said(versions, date(2020, 1, 1), lambda one: one.doubling_forbidden) is False
        assert said(reversed(versions), date(2016, 1, 1), lambda one: one.doubling_forbidden) is True

    def test_may_ask_more_of_a_term_than_the_guideline(self) -> None:
        statutes: list[SaysOfRules] = [Version(START, seats=11, term_years=2)]
        found = statute_term_faults(
            starts_on=date(2021, 1, 1),
            ends_on=date(2023, 1, 2),
            seats=9,
            elected_on=date(2021, 1, 1),
            statutes=statutes,
        )

        assert [fault.code for fault in found] == ["term.not_the_statutes_seats", "term.longer_than_statutes"]


def office(who: int, first: int, last: int, position: Position = Position.MEMBER) -> Office:
    return Office(who, position, START + timedelta(days=first), START + timedelta(days=last))


OFFICES = st.tuples(st.integers(0, 20), st.integers(0, 20)).map(sorted)


class TestArrival:
    @given(st.lists(OFFICES, max_size=8), OFFICES)
    def test_never_seats_more_than_were_elected(self, spans: list[list[int]], own: list[int]) -> None:
        others = [office(n, *span) for n, span in enumerate(spans)]
        arriving = office(99, *own)
        most = max(
            sum(one.covers(START + timedelta(days=day)) for one in [*others, arriving])
            for day in range(own[0], own[1] + 1)
        )

        found = {fault.code for fault in arrival_faults(arriving, others, seats=4)}

        assert ("officer.no_seat_free" in found) is (most > 4)

    def test_gives_a_person_one_seat_and_a_board_one_koordinator(self) -> None:
        held = [office(1, 0, 5, Position.KOORDINATOR), office(2, 0, 9)]
        early = arrival_faults(office(2, 5, 9, Position.KOORDINATOR), held, seats=9)
        after = arrival_faults(office(1, 6, 9, Position.KOORDINATOR), held, seats=9)

        assert [fault.code for fault in early] == ["term.one_koordinator", "term.one_seat"]
        assert after == []
