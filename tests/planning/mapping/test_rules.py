import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.planning.mapping.rules import CountMissing, ProblemInvalid, require_valid_counts, shown_count


class TestCounts:
    @given(households=st.integers(0, 1000), poor=st.integers(0, 1000))
    def test_poor_households_are_part_of_the_households(self, households: int, poor: int) -> None:
        if poor <= households:
            require_valid_counts(households=households, poor_households=poor)
        else:
            with pytest.raises(ProblemInvalid):
                require_valid_counts(households=households, poor_households=poor)

    def test_nobody_counted_is_no_fault(self) -> None:
        require_valid_counts(households=3, poor_households=None)


class TestShownCount:
    @given(st.integers(0, 1000))
    def test_the_public_never_sees_a_count_under_five(self, count: int) -> None:
        shown, missing = shown_count(count, full=False)

        assert (shown, missing) == ((count, None) if count >= 5 else (None, CountMissing.FEWER_THAN_FIVE))

    @given(st.integers(0, 1000))
    def test_the_own_region_sees_every_count(self, count: int) -> None:
        assert shown_count(count, full=True) == (count, None)

    @pytest.mark.parametrize("full", [True, False])
    def test_what_was_not_counted_is_never_zero(self, *, full: bool) -> None:
        assert shown_count(None, full=full) == (None, CountMissing.NOT_COUNTED)
