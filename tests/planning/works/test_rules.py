from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.planning.works.rules import HandoverTooEarly, progress_faults, require_finished_by

DAY = date(2024, 5, 1)


@dataclass(frozen=True)
class Reported:
    percent: int
    occurred_on: date


def codes(percent: int, *, before: int | None = None, after: int | None = None, corrects: bool = False) -> list[str]:
    found = progress_faults(
        percent,
        before=None if before is None else Reported(before, DAY),
        after=None if after is None else Reported(after, DAY + timedelta(days=9)),
        corrects=corrects,
        volume_done=None,
        planned_volume=Decimal(100),
        agreed=False,
    )
    return [fault.code for fault in found]


def volume_codes(done: str, *, agreed: bool) -> list[str]:
    found = progress_faults(
        50,
        before=None,
        after=None,
        corrects=False,
        volume_done=Decimal(done),
        planned_volume=Decimal("120.500"),
        agreed=agreed,
    )
    return [fault.code for fault in found]


@pytest.mark.parametrize(
    ("percent", "before", "after", "expected"),
    [
        (0, None, None, []),
        (40, 40, 40, []),
        (39, 40, None, ["progress.falls"]),
        (41, None, 40, ["progress.exceeds_later"]),
        (50, 60, 40, ["progress.falls", "progress.exceeds_later"]),
    ],
)
def test_what_is_built_does_not_vanish(
    percent: int, before: int | None, after: int | None, expected: list[str]
) -> None:
    assert codes(percent, before=before, after=after) == expected
    assert codes(percent, before=before, after=after, corrects=True) == []


@given(st.lists(st.integers(0, 100), max_size=12))
def test_without_corrections_only_rising_reports_are_taken(tried: list[int]) -> None:
    taken: list[int] = []
    for percent in tried:
        if not codes(percent, before=taken[-1] if taken else None):
            taken.append(percent)

    assert taken == sorted(taken)
    assert set(tried) <= set(taken) or any(later < earlier for earlier, later in pairwise(tried))


@pytest.mark.parametrize(
    ("done", "agreed", "expected"),
    [("120.5", False, []), ("120.501", False, ["progress.volume_exceeds_plan"]), ("200", True, [])],
)
def test_more_volume_than_planned_needs_the_minutes_of_a_meeting(done: str, agreed: bool, expected: list[str]) -> None:
    assert volume_codes(done, agreed=agreed) == expected


def test_nothing_is_handed_over_before_it_is_finished() -> None:
    require_finished_by(DAY, finished_on=DAY)
    with pytest.raises(HandoverTooEarly):
        require_finished_by(DAY - timedelta(days=1), finished_on=DAY)
