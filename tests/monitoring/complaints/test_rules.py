from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.monitoring.complaints.rules import (
    ALPHABET,
    NEXT,
    AccusedKind,
    AccusedUnclear,
    ComplaintState,
    StepNotPossible,
    read_code,
    require_clear_accused,
    require_next,
    shown_count,
    written_code,
)


@given(st.binary(min_size=16, max_size=16))
def test_a_written_code_reads_back_as_its_bits(bits: bytes) -> None:
    code = written_code(bits)
    assert read_code(code) == bits
    assert set(code) <= set(ALPHABET) | {"-"}
    assert [len(group) for group in code.split("-")] == [5, 5, 4, 4, 4, 4]


@given(st.binary(min_size=16, max_size=16), st.binary(min_size=16, max_size=16))
def test_two_codes_are_the_same_only_for_the_same_bits(one: bytes, other: bytes) -> None:
    assert (written_code(one) == written_code(other)) == (one == other)


@given(st.binary(min_size=16, max_size=16), st.randoms())
def test_a_code_survives_paper_and_telephone(bits: bytes, chance: st.DrawFn) -> None:
    heard = written_code(bits).replace("-", " ").lower()
    heard = "".join({"0": "o", "1": "l"}.get(letter, letter) for letter in heard)
    assert read_code(heard) == bits


@pytest.mark.parametrize(
    "code", ["", "0", "7ZZZZ", "U" * 26, "Z" * 26, "0" * 27, "0" * 25, "00000-00000-0000-0000-0000-000!", "é" * 26]
)
def test_what_cannot_be_a_code_reads_as_none(code: str) -> None:
    assert read_code(code) is None


def test_every_step_that_the_table_lacks_is_refused() -> None:
    for state in ComplaintState:
        for to in ComplaintState:
            if to in NEXT[state]:
                require_next(state, to)
            else:
                with pytest.raises(StepNotPossible):
                    require_next(state, to)


def test_only_the_complainant_ends_a_complaint_and_only_after_an_answer() -> None:
    before_resolved = {state for state in ComplaintState if ComplaintState.RESOLVED in NEXT[state]}
    assert before_resolved == {ComplaintState.ANSWERED}
    assert NEXT[ComplaintState.RESOLVED] == frozenset()


@pytest.mark.parametrize(
    ("kind", "officer", "board", "clear"),
    [
        (AccusedKind.OFFICER, True, True, True),
        (AccusedKind.OFFICER, False, True, False),
        (AccusedKind.BOARD, False, True, True),
        (AccusedKind.BOARD, False, False, False),
        (AccusedKind.BOARD, True, True, False),
        (AccusedKind.OTHER, False, False, True),
        (AccusedKind.OTHER, True, True, False),
    ],
)
def test_it_must_be_clear_from_whom_a_complaint_is_kept(
    kind: AccusedKind, officer: bool, board: bool, clear: bool
) -> None:
    given_officer, given_board = uuid4() if officer else None, uuid4() if board else None
    if clear:
        require_clear_accused(kind, officer=given_officer, board=given_board)
    else:
        with pytest.raises(AccusedUnclear):
            require_clear_accused(kind, officer=given_officer, board=given_board)


@pytest.mark.parametrize(
    ("count", "below", "shown"), [(0, True, 0), (1, True, None), (4, True, None), (5, True, 5), (1, False, 1)]
)
def test_small_counts_are_hidden_below_the_kelurahan_only(count: int, below: bool, shown: int | None) -> None:
    assert shown_count(count, below_kelurahan=below) == shown
