"""What is asked of a group before it works, and before its first loan, gate by gate (KSM-3, KSM-4)."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from services.registry.groups.rules import GroupKind, GroupRules


class Gate(StrEnum):
    """What is asked of a group before it works or borrows (KSM-3, KSM-4)."""

    MEMBERS = "members"
    WOMEN = "women"
    POOR = "poor"
    TRAINED = "trained"
    SAVINGS = "savings"
    JOINT_LIABILITY = "joint_liability"


class GateState(StrEnum):
    """How a group stands before a gate."""

    MET = "met"
    NOT_MET = "not_met"
    UNKNOWN = "unknown"


class GateReason(StrEnum):
    """Why a gate is not met, or cannot be judged."""

    TOO_FEW = "too_few"
    NO_MEMBER = "no_member"
    MEMBERS_NOT_LISTED = "members_not_listed"
    WELFARE_UNDECIDED = "welfare_undecided"
    NOT_ALL_POOR = "not_all_poor"
    NOT_ALL_TRAINED = "not_all_trained"
    NO_SAVINGS_RECORDED = "no_savings_recorded"
    RUN_TOO_SHORT = "run_too_short"
    NOT_SIGNED = "not_signed"
    NOT_ALL_SIGNED = "not_all_signed"
    JOINED_SINCE = "joined_since"


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of a group on a day (persons, months); what was not counted is None."""

    kind: GroupKind
    members: int
    women: int
    listed: bool
    poor: int
    not_poor: int
    trained: int
    savings_run: int | None
    signatories: int | None
    joined_since: int


@dataclass(frozen=True, slots=True)
class Judgement:
    """How a group stands before one gate: what was counted, of how many, and how many it takes."""

    gate: Gate
    rule: str
    state: GateState
    count: int | None
    of: int | None
    needed: int
    reason: GateReason | None


def judgements(standing: Standing, rules: GroupRules) -> list[Judgement]:
    """Return how a group stands before each gate of its kind.

    Any kind needs members (KSM-3), an economic group more before its first loan (KSM-4). Its books are judged where
    they are kept, by whoever lends.
    """
    found = [_members(standing, rules)]
    if standing.kind is GroupKind.ECONOMIC:
        found += [
            _women(standing, rules),
            _poor(standing),
            _trained(standing),
            _savings(standing, rules),
            _joint_liability(standing),
        ]
    return found


def is_ready(judged: Iterable[Judgement]) -> bool | None:
    """Tell whether every gate is met; None when none is missed but some cannot be judged."""
    states = {one.state for one in judged}
    if GateState.NOT_MET in states:
        return False
    return None if GateState.UNKNOWN in states else True


def _members(standing: Standing, rules: GroupRules) -> Judgement:
    least = rules.least(standing.kind)
    met = standing.members >= least
    state, reason = (GateState.MET, None) if met else (GateState.NOT_MET, GateReason.TOO_FEW)
    return Judgement(Gate.MEMBERS, "KSM-3", state, standing.members, None, least, reason)


def _women(standing: Standing, rules: GroupRules) -> Judgement:
    # Whole women: of seven members a third is three.
    needed = -(-standing.members * rules.least_women_percent // 100)
    state, reason = GateState.MET, None
    if standing.members == 0:
        state, reason = GateState.UNKNOWN, GateReason.NO_MEMBER
    elif standing.women < needed:
        state, reason = GateState.NOT_MET, GateReason.TOO_FEW
    return Judgement(Gate.WOMEN, "KSM-4", state, standing.women, standing.members, needed, reason)


def _unlisted(gate: Gate, standing: Standing) -> Judgement | None:
    """Return the judgement of what only a list of members tells, where there is none."""
    if not standing.listed:
        reason = GateReason.MEMBERS_NOT_LISTED
    elif standing.members == 0:
        reason = GateReason.NO_MEMBER
    else:
        return None
    return Judgement(gate, "KSM-4", GateState.UNKNOWN, None, None, standing.members, reason)


def _poor(standing: Standing) -> Judgement:
    unlisted = _unlisted(Gate.POOR, standing)
    if unlisted is not None:
        return unlisted
    state, reason = GateState.MET, None
    if standing.not_poor:
        state, reason = GateState.NOT_MET, GateReason.NOT_ALL_POOR
    elif standing.poor < standing.members:
        state, reason = GateState.UNKNOWN, GateReason.WELFARE_UNDECIDED
    return Judgement(Gate.POOR, "KSM-4", state, standing.poor, standing.members, standing.members, reason)


def _trained(standing: Standing) -> Judgement:
    unlisted = _unlisted(Gate.TRAINED, standing)
    if unlisted is not None:
        return unlisted
    met = standing.trained == standing.members
    state, reason = (GateState.MET, None) if met else (GateState.NOT_MET, GateReason.NOT_ALL_TRAINED)
    return Judgement(Gate.TRAINED, "KSM-4", state, standing.trained, standing.members, standing.members, reason)


def _savings(standing: Standing, rules: GroupRules) -> Judgement:
    needed = rules.least_savings_months
    state, reason = GateState.MET, None
    if standing.savings_run is None:
        state, reason = GateState.UNKNOWN, GateReason.NO_SAVINGS_RECORDED
    elif standing.savings_run < needed:
        state, reason = GateState.NOT_MET, GateReason.RUN_TOO_SHORT
    return Judgement(Gate.SAVINGS, "KSM-4", state, standing.savings_run, None, needed, reason)


def _joint_liability(standing: Standing) -> Judgement:
    # Who signed and left since answers no longer for the members there are.
    signed = None if standing.signatories is None else min(standing.signatories, standing.members)
    state, reason = GateState.MET, None
    if standing.signatories is None:
        state, reason = GateState.NOT_MET, GateReason.NOT_SIGNED
    elif standing.signatories < standing.members:
        state, reason = GateState.NOT_MET, GateReason.NOT_ALL_SIGNED
    elif standing.joined_since:
        state, reason = GateState.NOT_MET, GateReason.JOINED_SINCE
    return Judgement(Gate.JOINT_LIABILITY, "KSM-4", state, signed, standing.members, standing.members, reason)
