from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.planning.plans.rules import Act, PlanState, PlanStateWrong, last_day, state_after
from services.planning.plans.service import PLAN_RULES
from shared.rulesets import in_force


class TestLastDay:
    @pytest.mark.parametrize(
        ("starts_on", "ends_on"),
        [
            (date(2024, 1, 1), date(2026, 12, 31)),
            (date(2023, 7, 15), date(2026, 7, 14)),
            (date(2024, 2, 29), date(2027, 2, 28)),
        ],
    )
    def test_is_the_day_before_the_anniversary(self, starts_on: date, ends_on: date) -> None:
        assert last_day(starts_on, years=3) == ends_on

    @given(st.dates(date(1999, 1, 1), date(2090, 1, 1)), st.integers(1, 5))
    def test_a_following_plan_begins_the_day_after_and_none_is_lost(self, starts_on: date, years: int) -> None:
        following = last_day(starts_on, years=years) + timedelta(days=1)

        assert abs((following - starts_on).days - years * 365.25) < 2

    def test_the_guideline_asks_for_three_years(self) -> None:
        assert in_force(PLAN_RULES, date(2024, 1, 1)).values.horizon_years == 3


class TestStateAfter:
    def test_residents_ratify_a_draft(self) -> None:
        assert state_after(PlanState.DRAFT, Act.RATIFY) is PlanState.RATIFIED

    @pytest.mark.parametrize("act", list(Act))
    def test_nothing_is_done_to_a_ratified_plan(self, act: Act) -> None:
        with pytest.raises(PlanStateWrong):
            state_after(PlanState.RATIFIED, act)
