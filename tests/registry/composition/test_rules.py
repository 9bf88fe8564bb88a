from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registry.composition.rules import (
    Declared,
    PoorUnknown,
    Untold,
    declaration_faults,
    declared_since,
    occupations,
    office_faults,
    other_offices,
    poor_share,
    share,
)

KNOWN = st.lists(st.one_of(st.none(), st.booleans()), max_size=13)


def officer(*, poor: bool | None = None, occupation: str | None = None, offices: list[str] | None = None) -> Declared:
    return Declared(None, poor, occupation, offices)


class TestShare:
    @given(KNOWN)
    def test_counts_what_is_known_and_tells_how_much_is_not(self, known: list[bool | None]) -> None:
        found = share(known)

        assert found.unknown == known.count(None)
        assert (found.numerator is None) is (found.denominator is None) is (found.null_reason is not None)
        if found.denominator is not None:
            assert (found.numerator, found.denominator) == (known.count(True), len(known) - known.count(None))

    def test_is_null_and_not_zero_when_nothing_is_known(self) -> None:
        assert share([]).null_reason is Untold.NOBODY_IN_OFFICE
        assert share([None, None]).null_reason is Untold.NOTHING_DECLARED
        assert share([False]).numerator == 0


class TestPoorOfficers:
    @given(st.integers(0, 13), st.integers(0, 13), st.integers(0, 13), st.booleans())
    def test_are_told_only_where_no_single_one_is(self, poor: int, others: int, unknown: int, as_elected: bool) -> None:
        board = [officer(poor=True)] * poor + [officer(poor=False)] * others + [officer()] * unknown

        found = poor_share(board, as_elected=as_elected)

        told = as_elected and unknown == 0 and poor + others > 0 and (poor == 0 or (poor >= 5 and others > 0))
        assert (found.numerator is not None) is told
        if told:
            assert (found.numerator, found.denominator) == (poor, poor + others)
        else:
            assert found.null_reason is not None

    def test_are_not_told_for_a_reason(self) -> None:
        def reason(poor: int, others: int, unknown: int = 0, *, as_elected: bool = True) -> Untold | None:
            board = [officer(poor=True)] * poor + [officer(poor=False)] * others + [officer()] * unknown
            return poor_share(board, as_elected=as_elected).null_reason

        assert reason(2, 7) is Untold.FEWER_THAN_FIVE
        assert reason(9, 0) is Untold.ALL_ALIKE
        assert reason(5, 3, 1) is Untold.NOT_ALL_DECLARED
        assert reason(5, 4, as_elected=False) is Untold.CHANGED_SINCE_ELECTION
        assert reason(0, 0, 9) is Untold.NOTHING_DECLARED
        assert reason(0, 9) is None


def test_offices_are_counted_each_and_occupations_once_for_each_person() -> None:
    board = [
        officer(occupation="trader", offices=["rw_head", "party"]),
        officer(occupation="retired", offices=["rw_head"]),
        officer(occupation="trader", offices=[]),
        officer(),
    ]

    assert other_offices(board) == [("rw_head", 2), ("party", 1)]
    assert occupations(board) == [("trader", 2), ("retired", 1)]


def test_a_value_or_its_reason_is_declared_never_both_or_none() -> None:
    found = declaration_faults(
        [
            ("woman", None, None),
            ("poor", True, PoorUnknown.DECLINED),
            ("occupation", "trader", None),
            ("other_offices", ["party", "party"], None),
        ]
    )

    assert [(fault.pointer, fault.code) for fault in found] == [
        ("/woman_unknown_reason", "declaration.reason_missing"),
        ("/poor_unknown_reason", "declaration.reason_superfluous"),
        ("/other_offices", "declaration.named_twice"),
    ]


@pytest.mark.parametrize(
    ("starts_on", "declared_on", "allowed"),
    [
        ("2024-02-01", "2024-01-19", False),
        ("2024-02-01", "2024-01-20", True),
        ("2024-02-01", "2026-06-30", True),
        ("2024-02-01", "2026-07-01", False),
        ("2025-03-01", "2025-02-28", False),
        ("2025-03-01", "2025-03-01", True),
    ],
)
def test_a_declaration_is_made_from_the_election_or_the_first_day_of_who_follows_until_the_office_ends(
    starts_on: str, declared_on: str, allowed: bool
) -> None:
    since = declared_since(
        starts_on=date.fromisoformat(starts_on), term_starts_on=date(2024, 2, 1), elected_on=date(2024, 1, 20)
    )

    found = office_faults(date.fromisoformat(declared_on), since=since, until=date(2026, 6, 30))

    assert [one.code for one in found] == ([] if allowed else ["declaration.outside_office"])
