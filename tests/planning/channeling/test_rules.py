from datetime import date
from itertools import product
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.planning.channeling.rules import (
    NEXT,
    Act,
    AgreementState,
    CommitmentExceeded,
    DateTooEarly,
    DisbursementState,
    GapExceeded,
    OpportunityState,
    PersonalDataFound,
    ReasonMissing,
    ReasonSuperfluous,
    Side,
    left_of,
    other,
    require_from,
    require_impersonal,
    require_within,
    side_of,
    state_after,
    verdict,
)
from shared.errors import Conflict
from shared.tables import LARGEST_RUPIAH

amounts = st.integers(1, LARGEST_RUPIAH)
STATES = [*OpportunityState, *AgreementState, *DisbursementState]


@given(gap=amounts, asked=st.lists(amounts, max_size=20))
def test_promises_never_exceed_the_gap_and_a_refusal_says_what_is_left(gap: int, asked: list[int]) -> None:
    promised: list[int] = []
    for amount in asked:
        left = left_of(gap, promised)
        if amount <= left:
            require_within(amount, left=left, refusal=GapExceeded)
            promised.append(amount)
        else:
            with pytest.raises(GapExceeded) as refusal:
                require_within(amount, left=left, refusal=GapExceeded)
            assert refusal.value.members == {"left_rupiah": left}

    assert sum(promised) <= gap


@given(committed=amounts, sent=st.lists(amounts, max_size=20))
def test_what_is_sent_never_exceeds_the_commitment(committed: int, sent: list[int]) -> None:
    moved: list[int] = []
    for amount in sent:
        if amount <= left_of(committed, moved):
            require_within(amount, left=left_of(committed, moved), refusal=CommitmentExceeded)
            moved.append(amount)
        else:
            with pytest.raises(CommitmentExceeded):
                require_within(amount, left=left_of(committed, moved), refusal=CommitmentExceeded)

    assert left_of(committed, moved) >= 0


@given(sent=amounts, received=st.integers(0, LARGEST_RUPIAH), reason=st.none() | st.just("Kurang dua lembar"))
def test_the_whole_is_received_and_everything_else_disputed_with_a_reason(
    sent: int, received: int, reason: str | None
) -> None:
    if received == sent:
        if reason is None:
            assert verdict(sent=sent, received=received, reason=None) is Act.CONFIRM
        else:
            with pytest.raises(ReasonSuperfluous):
                verdict(sent=sent, received=received, reason=reason)
    elif reason is None:
        with pytest.raises(ReasonMissing):
            verdict(sent=sent, received=received, reason=None)
    else:
        assert verdict(sent=sent, received=received, reason=reason) is Act.DISPUTE


@pytest.mark.parametrize(("state", "act"), list(product(STATES, Act)))
def test_what_no_table_allows_is_refused(state: OpportunityState, act: Act) -> None:
    if (state, act) in NEXT:
        assert type(state_after(state, act)) is type(state)
    else:
        with pytest.raises(Conflict) as refusal:
            state_after(state, act)
        assert refusal.value.members == {"state": state.value}


def test_money_once_received_stays_received() -> None:
    assert not [act for state, act in NEXT if state is DisbursementState.RECEIVED]
    assert not [act for state, act in NEXT if state is AgreementState.WITHDRAWN]
    assert not [act for state, act in NEXT if state is OpportunityState.CLOSED]


def test_whoever_belongs_to_an_organisation_speaks_for_it_alone() -> None:
    assert side_of(None) is Side.BOARD
    assert side_of(uuid4()) is Side.PARTNER
    assert [other(side) for side in Side] == [Side.PARTNER, Side.BOARD]


@pytest.mark.parametrize(
    "summary",
    [
        "Hubungi 0812-3456-7890 untuk survei",
        "Hubungi +62 812 3456 7890",
        "NIK 3471031505700001 perlu jamban",
        "Tulis ke ketua.rt03@contoh.id",
    ],
)
def test_a_public_summary_holds_no_personal_data(summary: str) -> None:
    with pytest.raises(PersonalDataFound):
        require_impersonal(summary)


@pytest.mark.parametrize(
    "summary", ["Kurang Rp 10.000.000 dari Rp 150.000.000", "Drainase 120 m, 40 KK, 2024-2026", "RT 03/RW 05, 0,85 m"]
)
def test_sums_and_measures_are_no_personal_data(summary: str) -> None:
    require_impersonal(summary)


def test_days_come_in_their_order() -> None:
    require_from(date(2024, 1, 1), earliest=date(2024, 1, 1), pointer="/x")
    with pytest.raises(DateTooEarly):
        require_from(date(2023, 12, 31), earliest=date(2024, 1, 1), pointer="/x")
