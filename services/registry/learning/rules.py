"""Where a learning community stands, when it lived, and which quarters it is judged by (§9)."""

from datetime import date, timedelta
from enum import StrEnum
from itertools import pairwise

from shared.errors import Invalid, Text


class CommunityKind(StrEnum):
    """Whose community it is: a kelurahan's or a city's."""

    KELURAHAN = "kelurahan"
    CITY = "city"


class SessionForm(StrEnum):
    """How a session was held."""

    DISCUSSION = "discussion"
    FIELD_VISIT = "field_visit"
    TRAINING = "training"
    MEDIATION = "mediation"


class Topic(StrEnum):
    """What a session was about."""

    POVERTY = "poverty"
    PLANNING = "planning"
    ENVIRONMENT = "environment"
    SOCIAL = "social"
    ECONOMIC = "economic"
    FINANCE = "finance"
    INSTITUTION = "institution"
    SETTLEMENT = "settlement"
    VALUES = "values"
    DISPUTE = "dispute"
    OTHER = "other"


class MeasureMissing(StrEnum):
    """Why there is no number; a missing number is never zero."""

    NO_COMMUNITY = "no_community"
    NO_SESSION = "no_session"
    NOT_COUNTED = "not_counted"
    NO_FOLLOW_UP = "no_follow_up"
    NO_QUARTER_OVER = "no_quarter_over"


class CommunityMisplaced(Invalid):
    code = "learning.misplaced"
    title = Text("Wilayah tidak sesuai", "Unfitting region")
    detail = Text(
        "KBK berdiri di kelurahan atau desa, KBP di kota atau kabupaten; {region} bukan itu.",
        "A KBK stands in a kelurahan or desa, a KBP in a city or regency; {region} is not one.",
    )
    fix = Text("Periksa jenis dan kode wilayahnya.", "Check the kind and the region code.")


class OutsideLife(Invalid):
    code = "learning.outside_life"
    title = Text("Di luar masa komunitas", "Outside the community's life")
    detail = Text(
        "Komunitas ini dibentuk {founded_on} dan {day} di luar masanya.",
        "This community was founded on {founded_on}, and {day} lies outside its life.",
    )
    fix = Text(
        "Periksa tanggalnya, atau tanggal komunitas berakhir.", "Check the date, or the day the community ended."
    )


class BeforeTheSession(Invalid):
    code = "follow_up.before_the_session"
    title = Text("Sebelum pertemuan", "Before the session")
    detail = Text(
        "Pertemuannya baru pada {held_on}; {day} lebih awal.", "The session was on {held_on}; {day} is earlier."
    )
    fix = Text("Periksa tanggalnya.", "Check the date.")


def require_fitting_region(kind: CommunityKind, code: str) -> None:
    """Refuse a KBK that stands in no kelurahan and a KBP that stands in no city or regency (§9)."""
    if code.count(".") != (3 if kind is CommunityKind.KELURAHAN else 1):
        raise CommunityMisplaced(pointer="/region_code", region=code)


def require_within_life(day: date, *, founded_on: date, closed_on: date | None, pointer: str) -> None:
    """Refuse a day before a community was founded or after its last one."""
    if day < founded_on or (closed_on is not None and day > closed_on):
        raise OutsideLife(pointer=pointer, founded_on=founded_on, day=day)


def require_from(day: date | None, *, held_on: date, pointer: str) -> None:
    """Refuse a day of a follow-up that lies before the session that agreed it."""
    if day is not None and day < held_on:
        raise BeforeTheSession(pointer=pointer, held_on=held_on, day=day)


def quarters_over(year: int, on: date) -> list[tuple[date, date]]:
    """Return first and last day of each quarter of a year that is over on a day: only those are judged."""
    starts = [date(year, month, 1) for month in (1, 4, 7, 10)] + [date(year + 1, 1, 1)]
    quarters = [(first, following - timedelta(days=1)) for first, following in pairwise(starts)]
    return [(first, last) for first, last in quarters if last < on]
