from dataclasses import replace
from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registry.groups.gates import Gate, GateReason, GateState, Judgement, Standing, is_ready, judgements
from services.registry.groups.rules import GroupKind, GroupRules, month_before, savings_run

RULES = GroupRules(least_members=3, least_members_economic=5, least_women_percent=30, least_savings_months=3)
READY = Standing(
    kind=GroupKind.ECONOMIC,
    members=6,
    women=2,
    listed=True,
    poor=6,
    not_poor=0,
    trained=6,
    savings_run=3,
    signatories=6,
    joined_since=0,
)
MONTHS = st.builds(date, st.integers(2000, 2040), st.integers(1, 12), st.just(1))


def judged(**changes: object) -> dict[Gate, Judgement]:
    return {one.gate: one for one in judgements(replace(READY, **changes), RULES)}  # type: ignore[arg-type]


class TestJudgements:
    def test_let_a_group_through_that_has_everything(self) -> None:
        assert {one.state for one in judged().values()} == {GateState.MET}
        assert is_ready(judged().values()) is True

    @pytest.mark.parametrize(
        ("changes", "gate", "state", "reason"),
        [
            ({"members": 4, "poor": 4, "trained": 4}, Gate.MEMBERS, GateState.NOT_MET, GateReason.TOO_FEW),
            ({"women": 1}, Gate.WOMEN, GateState.NOT_MET, GateReason.TOO_FEW),
            ({"poor": 5, "not_poor": 1}, Gate.POOR, GateState.NOT_MET, GateReason.NOT_ALL_POOR),
            ({"poor": 5}, Gate.POOR, GateState.UNKNOWN, GateReason.WELFARE_UNDECIDED),
            ({"listed": False}, Gate.POOR, GateState.UNKNOWN, GateReason.MEMBERS_NOT_LISTED),
            ({"listed": False}, Gate.TRAINED, GateState.UNKNOWN, GateReason.MEMBERS_NOT_LISTED),
            ({"members": 0}, Gate.WOMEN, GateState.UNKNOWN, GateReason.NO_MEMBER),
            ({"trained": 5}, Gate.TRAINED, GateState.NOT_MET, GateReason.NOT_ALL_TRAINED),
            ({"savings_run": 2}, Gate.SAVINGS, GateState.NOT_MET, GateReason.RUN_TOO_SHORT),
            ({"savings_run": None}, Gate.SAVINGS, GateState.UNKNOWN, GateReason.NO_SAVINGS_RECORDED),
            ({"signatories": None}, Gate.JOINT_LIABILITY, GateState.NOT_MET, GateReason.NOT_SIGNED),
            ({"signatories": 5}, Gate.JOINT_LIABILITY, GateState.NOT_MET, GateReason.NOT_ALL_SIGNED),
            ({"joined_since": 1}, Gate.JOINT_LIABILITY, GateState.NOT_MET, GateReason.JOINED_SINCE),
        ],
    )
    def test_say_which_gate_is_closed_and_why(
        self, changes: dict[str, object], gate: Gate, state: GateState, reason: GateReason
    ) -> None:
        found = judged(**changes)

        assert (found[gate].state, found[gate].reason) == (state, reason)
        assert is_ready(found.values()) is not True

    def test_cannot_tell_what_nobody_counted(self) -> None:
        assert is_ready(judged(savings_run=None).values()) is None
        assert is_ready(judged(savings_run=None, women=0).values()) is False

    @given(st.sampled_from([one for one in GroupKind if one is not GroupKind.ECONOMIC]), st.integers(0, 40))
    def test_ask_other_groups_for_members_only(self, kind: GroupKind, members: int) -> None:
        found = judged(kind=kind, members=members)

        assert set(found) == {Gate.MEMBERS}
        assert (found[Gate.MEMBERS].state is GateState.MET) is (members >= 3)

    @given(st.integers(1, 60), st.integers(0, 60))
    def test_ask_for_whole_women(self, members: int, women: int) -> None:
        found = judged(members=members, women=women)[Gate.WOMEN]

        assert (found.state is GateState.MET) is (women * 100 >= members * 30)
        assert found.needed * 100 >= members * 30 > (found.needed - 1) * 100


class TestSavingsRun:
    def test_ends_at_a_gap(self) -> None:
        months = [date(2024, month, 1) for month in (1, 2, 4, 5, 6)]

        assert savings_run(months, date(2024, 6, 15)) == 3
        assert savings_run(months, date(2024, 7, 31)) == 3
        assert savings_run(months, date(2024, 8, 1)) == 0
        assert savings_run(months, date(2024, 3, 31)) == 2
        assert savings_run(months, date(2024, 4, 1)) == 1
        assert savings_run([], date(2024, 4, 1)) == 0

    def test_goes_on_over_the_turn_of_the_year(self) -> None:
        assert savings_run([date(2023, 11, 1), date(2023, 12, 1), date(2024, 1, 1)], date(2024, 1, 20)) == 3

    @given(st.lists(MONTHS), st.dates(date(2000, 1, 1), date(2040, 12, 31)))
    def test_counts_months_that_follow_each_other_up_to_the_day(self, months: list[date], on: date) -> None:
        run = savings_run(months, on)

        counted = [on.replace(day=1)] if on.replace(day=1) in months else [month_before(on)]
        while len(counted) <= run:
            counted.append(month_before(counted[-1]))
        assert all(month in months for month in counted[:run])
        assert counted[run] not in months
        assert all(earlier == month_before(later) for later, earlier in pairwise(counted))
