import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registry.volunteers.rules import (
    SMALLEST_PUBLIC_COUNT,
    SexMissing,
    VolunteerInvalid,
    VolunteerRole,
    require_roles,
    shown_by_sex,
)

COUNTS = st.integers(0, 50)


@given(COUNTS, COUNTS)
def test_women_and_men_are_told_apart_only_where_neither_are_few(women: int, men: int) -> None:
    shown = shown_by_sex(women=women, men=men)

    few = any(0 < count < SMALLEST_PUBLIC_COUNT for count in (women, men))
    assert (shown.women is None) == (shown.men is None) == few
    assert (shown.missing is SexMissing.SUPPRESSED) == few
    if not few:
        assert (shown.women, shown.men) == (women, men)


@given(st.lists(st.sampled_from(VolunteerRole), max_size=8))
def test_a_role_is_named_once(roles: list[VolunteerRole]) -> None:
    if len(set(roles)) == len(roles):
        require_roles(roles)
    else:
        with pytest.raises(VolunteerInvalid) as refused:
            require_roles(roles)
        assert len(refused.value.faults) == len(roles) - len(set(roles))
