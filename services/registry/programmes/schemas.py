"""Programmes and enrolments as they come in and go out."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from pydantic import BaseModel, Field

from services.registry.programmes.rules import Decision, EnrolmentState
from shared.attendanceviews import Attendance
from shared.items import Body, Draft, may_change
from shared.lists import PlacedQuery
from shared.places import KelurahanCode

MOST = 100_000
"""More people than any kelurahan can gather; a slip of the finger beyond."""


class WordsView(BaseModel):
    """What a phase called the same things; every one of these names means the one word used here."""

    board: list[str] = Field(description="The residents' own institution", examples=[["BKM", "LKM"]])
    city_committee: list[str] = Field(description="The city's committee for poverty reduction")
    city_strategy: list[str] = Field(description="The city's strategy for poverty reduction")
    grant: list[str] = Field(description="The grant to the community")


class SourceView(BaseModel):
    """Where the data of a phase come from."""

    version: str
    legal_basis: str
    rules: list[str]
    confidence: str


class ProgrammeView(BaseModel):
    """A phase of the programme."""

    code: str
    name: str
    other_names: list[str]
    first_year: int
    last_year: int = Field(description="As published: the last in which enrolments begin")
    words: WordsView
    source: SourceView


class ReadinessMeeting(Body):
    """The meeting in which all residents accept or refuse the programme (Rembug Kesiapan Masyarakat, RKM)."""

    held_on: date = Field(description="The day it was held; not in the future")
    attendance: Attendance
    decision: Decision = Field(description="accepted (diterima) or refused (ditolak)")
    minutes_reference: str = Field(
        min_length=1, max_length=200, description="Number of the minutes (berita acara)", examples=["BA/01/2015"]
    )


class ReadinessMeetingView(BaseModel):
    """The meeting in which all residents accepted or refused the programme."""

    held_on: date
    attendance: Attendance
    decision: Decision
    minutes_reference: str


class EnrolmentDraft(Draft):
    """The outcome of a readiness meeting; a refusal is recorded too, and enrols nobody."""

    kelurahan_code: KelurahanCode
    programme: str = Field(min_length=1, max_length=40, description="Code of the phase", examples=["kotaku"])
    readiness_meeting: ReadinessMeeting
    starts_on: date | None = Field(
        None,
        description="First day of taking part; the meeting's day when absent. Null where residents refused, also later",
    )


class EnrolmentChange(Body):
    """What may be edited; what is absent stays (RFC 7396)."""

    ends_on: date | None = may_change(description="Last day of taking part; null while it goes on")


class EnrolmentView(BaseModel):
    """What the residents of a kelurahan decided about a phase, and how long they took part."""

    id: UUID
    kelurahan_code: str
    kelurahan_code_now: str
    kelurahan_name: str
    programme: str
    state: EnrolmentState = Field(description="On the day asked for: `awaited` before the first day of taking part")
    readiness_meeting: ReadinessMeetingView
    starts_on: date | None = Field(description="Null where residents refused, also later")
    ends_on: date | None = Field(description="Null while it goes on")
    version: int
    recorded_at: datetime
    changed_at: datetime


class EnrolmentSort(StrEnum):
    """How enrolments may be sorted."""

    RECORDED = "recorded"
    LATEST = "latest"


class EnrolmentQuery(PlacedQuery):
    """Filters of the list of enrolments."""

    programme: str | None = Field(None, min_length=1, max_length=40, description="Code of the phase")
    state: EnrolmentState | None = Field(None, description="How the enrolment stands on the day")
    decision: Decision | None = None
    as_of: date | None = Field(None, description="Meetings held by this day, as they stood then; today when absent")
    sort: EnrolmentSort = Field(EnrolmentSort.RECORDED, description="`latest`: by the meeting's day, backwards")
