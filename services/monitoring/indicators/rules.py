"""What each indicator counts: numerator and denominator, or the reason why there is no number (§7.1, §7.6, §8)."""

import calendar
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from shared.errors import Text


class Indicator(StrEnum):
    """What is measured of a board each month."""

    PLAN_RATIFIED = "KPI-03"
    WOMEN_IN_MEETINGS = "KPI-04"
    COMPLAINTS_RESOLVED = "KPI-13"
    MANDATE_VALID = "MANDATE"
    CHANNELED_RECEIVED = "CHANNELING"


class NullReason(StrEnum):
    """Why a board has no number in a month; a missing number is never zero."""

    BOARD_NOT_FOUNDED_YET = "board_not_founded_yet"
    NOT_COMPUTED_YET = "not_computed_yet"
    NO_MEETING = "no_meeting"
    NOT_COUNTED = "not_counted"
    NO_COMPLAINT = "no_complaint"
    NO_TERM_RECORDED = "no_term_recorded"
    NOTHING_COMMITTED = "nothing_committed"


@dataclass(frozen=True, slots=True)
class Definition:
    """What an indicator means, in words; `version` grows when the rule changes, and every value is then restated."""

    code: Indicator
    version: int
    rule: str
    name: Text
    numerator: Text
    denominator: Text
    unit: Text
    null_cases: dict[NullReason, Text]


@dataclass(frozen=True, slots=True)
class Target:
    """What a guideline asks of an indicator, in percent; None where no guideline says."""

    indicator: Indicator
    percent: int | None


@dataclass(frozen=True, slots=True)
class Source:
    """A record behind a number: what it is about and where its owner journaled it."""

    service: str
    subject: str
    position: int


@dataclass(frozen=True, slots=True)
class PlanFact:
    """A plan that residents ratified, with its first and last day."""

    ratified_on: date
    starts_on: date
    ends_on: date
    source: Source


@dataclass(frozen=True, slots=True)
class TermFact:
    """A board's term, first and last day included."""

    starts_on: date
    ends_on: date
    source: Source


@dataclass(frozen=True, slots=True)
class MeetingFact:
    """A meeting and who was counted (persons); None where nobody counted."""

    held_on: date
    attendees: int | None
    women: int | None
    source: Source


@dataclass(frozen=True, slots=True)
class MoneyFact:
    """Rupiah that were committed, or received, on a day."""

    day: date
    rupiah: int
    source: Source


@dataclass(frozen=True, slots=True)
class ComplaintFact:
    """A complaint: when what it is about happened, and whether its complainant calls it resolved."""

    occurred_on: date
    resolved: bool


@dataclass(frozen=True, slots=True)
class BoardFacts:
    """All that the indicators of one board are computed from; the complaints lie with their own slice."""

    plans: Sequence[PlanFact] = ()
    terms: Sequence[TermFact] = ()
    meetings: Sequence[MeetingFact] = ()
    committed: Sequence[MoneyFact] = ()
    received: Sequence[MoneyFact] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """A number as numerator and denominator, or the reason why there is none, and the records behind it."""

    numerator: int | None = None
    denominator: int | None = None
    null_reason: NullReason | None = None
    behind: tuple[Source, ...] = ()


@dataclass(frozen=True, slots=True)
class Board:
    """A board whose values are computed."""

    id: UUID
    kelurahan_code: str
    founded_on: date


def month_of(day: date) -> date:
    """Return the first day of a day's month, which stands for the month."""
    return day.replace(day=1)


def next_month(month: date) -> date:
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


def last_day(month: date) -> date:
    return month.replace(day=calendar.monthrange(month.year, month.month)[1])


def months(first: date, last: date) -> Iterator[date]:
    """Yield every month from that of one day to that of another."""
    month = month_of(first)
    while month <= last:
        yield month
        month = next_month(month)


def months_back(day: date, count: int) -> date:
    """Return the first of as many months as are counted, the last of which is a day's own."""
    number = day.year * 12 + day.month - count
    return date(number // 12, number % 12 + 1, 1)


def measured_on(month: date, *, today: date) -> date:
    """Return the day on which a month is measured: its last, or today while it runs."""
    return min(last_day(month), today)


def plan_ratified(plans: Iterable[PlanFact], *, on: date) -> Outcome:
    """Count a board whose residents ratified a plan that covers a day (KPI-03)."""
    covering = [plan for plan in plans if plan.ratified_on <= on and plan.starts_on <= on <= plan.ends_on]
    return Outcome(1 if covering else 0, 1, behind=tuple(plan.source for plan in covering))


def women_in_meetings(meetings: Iterable[MeetingFact], *, month: date) -> Outcome:
    """Count women among the attendees of a month's meetings (KPI-04)."""
    held = [meeting for meeting in meetings if month_of(meeting.held_on) == month]
    if not held:
        return Outcome(null_reason=NullReason.NO_MEETING)
    counted = [(one.women, one.attendees, one.source) for one in held if one.women is not None and one.attendees]
    women = sum(number for number, _, _ in counted)
    attendees = sum(number for _, number, _ in counted if number is not None)
    if not attendees:
        return Outcome(null_reason=NullReason.NOT_COUNTED, behind=tuple(one.source for one in held))
    return Outcome(women, attendees, behind=tuple(source for _, _, source in counted))


def complaints_resolved(complaints: Iterable[ComplaintFact], *, month: date) -> Outcome:
    """Count resolved complaints among those about a month (KPI-13); who complained stays unsaid."""
    received = [one for one in complaints if month_of(one.occurred_on) == month]
    if not received:
        return Outcome(null_reason=NullReason.NO_COMPLAINT)
    return Outcome(sum(one.resolved for one in received), len(received))


def mandate_valid(terms: Iterable[TermFact], *, on: date) -> Outcome:
    """Count a board that is within a term on a day (EL-8); null before its first term."""
    begun = [term for term in terms if term.starts_on <= on]
    if not begun:
        return Outcome(null_reason=NullReason.NO_TERM_RECORDED)
    running = [term for term in begun if on <= term.ends_on]
    behind = running or [max(begun, key=lambda term: term.ends_on)]
    return Outcome(1 if running else 0, 1, behind=tuple(term.source for term in behind))


def channeled_received(committed: Iterable[MoneyFact], received: Iterable[MoneyFact], *, on: date) -> Outcome:
    """Sum received and committed rupiah up to a day (§8)."""
    promised = [money for money in committed if money.day <= on]
    arrived = [money for money in received if money.day <= on]
    total = sum(money.rupiah for money in promised)
    if not total:
        return Outcome(null_reason=NullReason.NOTHING_COMMITTED)
    behind = tuple(money.source for money in (*promised, *arrived))
    return Outcome(sum(money.rupiah for money in arrived), total, behind=behind)


def outcome(indicator: Indicator, facts: BoardFacts, *, month: date, today: date) -> Outcome:
    """Return one indicator of one board in one month, from facts of registry and planning."""
    on = measured_on(month, today=today)
    match indicator:
        case Indicator.PLAN_RATIFIED:
            return plan_ratified(facts.plans, on=on)
        case Indicator.WOMEN_IN_MEETINGS:
            return women_in_meetings(facts.meetings, month=month)
        case Indicator.MANDATE_VALID:
            return mandate_valid(facts.terms, on=on)
        case Indicator.CHANNELED_RECEIVED:
            return channeled_received(facts.committed, facts.received, on=on)
        case Indicator.COMPLAINTS_RESOLVED:
            message = "complaints lie with their own slice"
            raise ValueError(message)


@dataclass(frozen=True, slots=True)
class RollUp:
    """Values of several boards added up; the boards without a number are counted by reason."""

    numerator: int
    denominator: int
    boards: int
    null_boards: dict[NullReason, int]


def roll_up(outcomes: Iterable[Outcome]) -> RollUp:
    """Add values up: the sum of the numerators over the sum of the denominators, never a mean of ratios."""
    numerator = denominator = boards = 0
    missing: dict[NullReason, int] = {}
    for one in outcomes:
        if one.null_reason is not None:
            missing[one.null_reason] = missing.get(one.null_reason, 0) + 1
        else:
            numerator += one.numerator or 0
            denominator += one.denominator or 0
            boards += 1
    return RollUp(numerator, denominator, boards, missing)
