from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registry.facilitators import rules as module
from services.registry.facilitators.rules import (
    AssignmentOutsideEmployment,
    FacilitationRules,
    FacilitatorRole,
    Load,
    load_of,
    require_employed,
)
from shared.rulesets import load

RULES = load(Path(module.__file__).with_name("rulesets.json"), FacilitationRules)[0].values
DATES = st.dates(date(2023, 1, 1), date(2026, 1, 1))


@given(st.sampled_from(FacilitatorRole), st.integers(0, 40))
def test_a_load_is_told_of_who_works_in_a_team(role: FacilitatorRole, kelurahan: int) -> None:
    found = load_of(role, kelurahan, rules=RULES)

    assert (found is None) == (role not in RULES.team)
    if found is not None:
        assert (found is Load.ABOVE) == (kelurahan > 10)
        assert (found is Load.BELOW) == (kelurahan < 7)


@given(DATES, st.none() | DATES, DATES, st.none() | DATES)
def test_nobody_is_assigned_outside_the_employment(
    starts_on: date, ends_on: date | None, employed_from: date, employed_to: date | None
) -> None:
    inside = employed_from <= starts_on <= (employed_to or date.max)
    inside = inside and (ends_on is None or ends_on <= (employed_to or date.max))

    if inside:
        require_employed(starts_on, ends_on, employed_from=employed_from, employed_to=employed_to, pointer="/starts_on")
    else:
        with pytest.raises(AssignmentOutsideEmployment):
            require_employed(
                starts_on, ends_on, employed_from=employed_from, employed_to=employed_to, pointer="/starts_on"
            )
