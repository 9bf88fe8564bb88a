from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registry.sign_ins.rules import FIRST_PAUSE, LONGEST_PAUSE, pause_after
from services.registry.tokens.rules import ScopeNotHeld, narrowed

SCOPES = st.lists(st.sampled_from(["a:b:read", "a:b:write", "c:d:read", "c:d:approve"]), unique=True)


class TestNarrowed:
    @given(SCOPES, SCOPES)
    def test_never_gives_more_than_is_held(self, held: list[str], wanted: list[str]) -> None:
        try:
            given_scopes = narrowed(held, wanted)
        except ScopeNotHeld:
            assert set(wanted) - set(held)
        else:
            assert set(given_scopes) == set(wanted) <= set(held)

    def test_gives_all_when_nothing_is_asked_for(self) -> None:
        assert narrowed(["a:b:read"], None) == ["a:b:read"]

    def test_gives_none_when_none_is_asked_for(self) -> None:
        assert narrowed(["a:b:read"], []) == []


class TestPauseAfter:
    @given(st.integers(0, 10_000), st.integers(1, 50))
    def test_never_shrinks_and_ends_at_the_longest(self, failures: int, free: int) -> None:
        pause, more = pause_after(failures, free=free), pause_after(failures + 1, free=free)

        assert timedelta() <= pause <= more <= LONGEST_PAUSE
        assert (pause == timedelta()) is (failures < free)

    @pytest.mark.parametrize(("failures", "factor"), [(5, 1), (6, 2), (7, 4)])
    def test_doubles(self, failures: int, factor: int) -> None:
        assert pause_after(failures, free=5) == FIRST_PAUSE * factor
