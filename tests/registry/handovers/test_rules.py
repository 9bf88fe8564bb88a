from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registry.handovers.rules import (
    NEXT,
    NOUNS,
    Act,
    HandoverState,
    HandoverStateWrong,
    InProgress,
    Item,
    item_faults,
    kelurahan_faults,
    state_after,
)

CODES = st.sampled_from(["34.71.03.1001", "34.71.03.1002", "34.71.04.1001"])


@pytest.mark.parametrize("state", HandoverState)
@pytest.mark.parametrize("act", Act)
def test_only_a_pending_handover_goes_on(state: HandoverState, act: Act) -> None:
    if (state, act) in NEXT:
        assert state is HandoverState.PENDING
        assert state_after(state, act) is not HandoverState.PENDING
    else:
        with pytest.raises(HandoverStateWrong):
            state_after(state, act)


@given(st.lists(CODES, max_size=4), st.sets(CODES), st.sets(CODES))
def test_what_is_handed_over_is_held_once_and_not_under_way(asked: list[str], held: set[str], busy: set[str]) -> None:
    found = kelurahan_faults(asked, held=held, under_way=busy, day="2024-01-01")

    sound = len(set(asked)) == len(asked) and set(asked) <= held - busy
    assert (found == []) == sound
    assert {one.pointer for one in found} <= {f"/kelurahan_codes/{index}" for index in range(len(asked))}


@given(st.sampled_from(InProgress), st.booleans(), st.none() | st.integers(1, 9), st.booleans())
def test_a_line_names_one_thing_of_its_kind_or_says_how_many(
    kind: InProgress, fitting: bool, count: int | None, named: bool
) -> None:
    noun = NOUNS[kind] if fitting else "strangers"
    subject = f"{noun}/{uuid4()}" if named else None
    codes = {one.code for one in item_faults([Item("34.71.03.1001", kind, subject, count)], handed=["34.71.03.1001"])}

    assert ("handover.which_or_how_many" in codes) == (named == (count is not None))
    assert ("handover.wrong_reference" in codes) == (named and (not fitting or NOUNS[kind] is None))


def test_a_line_stands_once_and_where_something_is_handed_over() -> None:
    line = Item("34.71.03.1002", InProgress.LOANS, None, 3)

    found = item_faults([line, line], handed=["34.71.03.1001"])

    assert [(one.pointer, one.code) for one in found] == [
        ("/in_progress/0/kelurahan_code", "handover.not_handed"),
        ("/in_progress/1/kelurahan_code", "handover.not_handed"),
        ("/in_progress/1", "handover.twice"),
    ]
