"""What a residents' meeting is, and why a part of its attendance may be missing (CY-5, KPI-04, KPI-05)."""

from enum import StrEnum


class MeetingKind(StrEnum):
    """What a residents' meeting was held for."""

    PLAN_RATIFICATION = "plan_ratification"


class Decision(StrEnum):
    """What the meeting decided."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
