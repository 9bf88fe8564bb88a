from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registry.learning.rules import (
    CommunityKind,
    CommunityMisplaced,
    OutsideLife,
    quarters_over,
    require_fitting_region,
    require_within_life,
)

DAYS = st.dates(date(1999, 1, 1), date(2100, 12, 31))


class TestQuartersOver:
    @given(st.integers(1999, 2100), DAYS)
    def test_are_whole_lie_behind_and_follow_each_other(self, year: int, on: date) -> None:
        quarters = quarters_over(year, on)

        assert all(first.year == last.year == year and last < on for first, last in quarters)
        assert all(later[0] - earlier[1] == timedelta(days=1) for earlier, later in pairwise(quarters))
        assert len(quarters) == (4 if on.year > year else 0 if on.year < year else (on.month - 1) // 3)


class TestPlace:
    @pytest.mark.parametrize(
        ("kind", "code", "fits"),
        [
            (CommunityKind.KELURAHAN, "34.71.03.1001", True),
            (CommunityKind.KELURAHAN, "34.71", False),
            (CommunityKind.CITY, "34.71", True),
            (CommunityKind.CITY, "34", False),
            (CommunityKind.CITY, "34.71.03", False),
        ],
    )
    def test_fits_the_kind(self, kind: CommunityKind, code: str, *, fits: bool) -> None:
        if fits:
            require_fitting_region(kind, code)
            return
        with pytest.raises(CommunityMisplaced):
            require_fitting_region(kind, code)


class TestLife:
    @given(DAYS, DAYS, st.none() | DAYS)
    def test_holds_from_the_first_to_the_last_day(self, day: date, founded_on: date, closed_on: date | None) -> None:
        inside = founded_on <= day and (closed_on is None or day <= closed_on)
        try:
            require_within_life(day, founded_on=founded_on, closed_on=closed_on, pointer="/held_on")
        except OutsideLife:
            assert not inside
        else:
            assert inside
