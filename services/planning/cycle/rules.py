"""What a residents' meeting is, and why a part of its attendance may be missing (CY-5, KPI-04, KPI-05)."""

from enum import StrEnum


class MeetingKind(StrEnum):
    """What a residents' meeting was held for."""

    PLAN_RATIFICATION = "plan_ratification"


class Decision(StrEnum):
    """What the meeting decided."""

    ACCEPTED = "accepted"
    REFUSED = "refused"


class WomenNotCounted(StrEnum):
    """Why the number of women is missing; a missing number is never zero."""

    NOT_RECORDED = "not_recorded"
    LIST_LOST = "list_lost"


class PoorNotCounted(StrEnum):
    """Why the number of poor people is missing; a missing number is never zero."""

    NOT_RECORDED = "not_recorded"
    LIST_LOST = "list_lost"
    NO_POVERTY_LIST = "no_poverty_list"
