"""Learning communities as they come in and go out."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.registry.learning.rules import (
    CommunityKind,
    MeasureMissing,
    SessionForm,
    Topic,
)
from shared.attendanceviews import Attendance
from shared.items import Body, Draft, may_change
from shared.lists import Bounded, PageQuery, PlacedQuery
from shared.places import REGION_NOW, RegionCode

MOST = 100_000
KIND = "kelurahan (KBK, Komunitas Belajar Kelurahan) or city (KBP, Komunitas Belajar Perkotaan)"
FORM = "discussion (diskusi tematik), field_visit (kunjungan lapangan), training (pelatihan), mediation (mediasi)"
TOPICS = (
    "poverty (kemiskinan), planning (perencanaan), environment (lingkungan), social (sosial), economic (ekonomi),"
    " finance (keuangan), institution (kelembagaan), settlement (permukiman), values (nilai), dispute (sengketa),"
    " other (lainnya)"
)
Topics = Annotated[list[Topic], Field(min_length=1, max_length=5, description=TOPICS)]
Cases = Field(ge=0, le=1000, description="Disputes that the session settled or took up (kasus yang dimediasi)")


class LearningCommunityDraft(Draft):
    """A learning community to be recorded."""

    kind: CommunityKind = Field(description=KIND)
    region_code: RegionCode
    name: str = Field(min_length=3, max_length=200, examples=["KBK Contoh Maju"])
    founded_on: date = Field(description="Not in the future")


class LearningCommunityChange(Body):
    """What may be corrected, or the day it ended; what is absent stays (RFC 7396)."""

    name: str = may_change(min_length=3, max_length=200)
    closed_on: date | None = may_change(description="Its last day; not in the future")


class LearningCommunityView(BaseModel):
    """A learning community."""

    id: UUID
    kind: CommunityKind = Field(description=KIND)
    region_code: str
    region_code_now: str
    region_name: str
    name: str
    founded_on: date
    closed_on: date | None = Field(description="Its last day; null while it lives")
    version: int
    recorded_at: datetime
    changed_at: datetime


class LearningCommunitySort(StrEnum):
    """How learning communities may be sorted."""

    RECORDED = "recorded"
    NAME = "name"


class LearningCommunityQuery(PlacedQuery):
    """Filters of the list of learning communities."""

    kind: CommunityKind | None = None
    q: str | None = Field(None, min_length=2, max_length=100, description="Words of the name, or how they begin")
    as_of: date | None = Field(None, description="Only those that lived on this day; all when absent")
    sort: LearningCommunitySort = LearningCommunitySort.RECORDED


class SessionDraft(Draft):
    """A session that was held."""

    held_on: date = Field(description="Not in the future, and while the community lived")
    form: SessionForm = Field(description=FORM)
    topics: Topics
    title: str = Field(min_length=3, max_length=200, examples=["Meninjau PJM setelah harga BBM naik"])
    attendance: Attendance
    cases_mediated: int = Cases


class SessionChange(Body):
    """What may be corrected; what is absent stays (RFC 7396)."""

    topics: Topics = may_change()
    title: str = may_change(min_length=3, max_length=200)
    attendance: Attendance = may_change()
    cases_mediated: int = may_change(ge=0, le=1000)


class SessionView(BaseModel):
    """A session."""

    id: UUID
    learning_community_id: UUID
    held_on: date
    form: SessionForm = Field(description=FORM)
    topics: list[Topic] = Field(description=TOPICS)
    title: str
    attendance: Attendance
    cases_mediated: int = Cases
    version: int
    recorded_at: datetime
    changed_at: datetime


class SessionQuery(PageQuery):
    """Filters of the list of a community's sessions."""

    form: SessionForm | None = None
    topic: Topic | None = None
    held_from: date | None = None
    held_to: date | None = None


class FollowUpDraft(Draft):
    """What a session agreed that an institution does by a day."""

    learning_session_id: UUID
    task: str = Field(min_length=3, max_length=500, description="What is to be done; it names no person")
    responsible: str = Field(min_length=2, max_length=200, description="Institution that does it", examples=["BKM"])
    due_on: date = Field(description="Not before the session")


class FollowUpChange(Body):
    """What may be corrected, or the day it was done; what is absent stays (RFC 7396)."""

    task: str = may_change(min_length=3, max_length=500)
    responsible: str = may_change(min_length=2, max_length=200)
    due_on: date = may_change()
    done_on: date | None = may_change(description="Not in the future, and not before the session")


class FollowUpView(BaseModel):
    """A follow-up."""

    id: UUID
    learning_community_id: UUID
    learning_session_id: UUID
    task: str
    responsible: str
    due_on: date
    done_on: date | None = Field(description="Null while it is not done")
    version: int
    recorded_at: datetime
    changed_at: datetime


class FollowUpQuery(PageQuery):
    """Filters of the list of a community's follow-ups."""

    learning_session_id: UUID | None = None
    done: bool | None = None


class YearQuery(BaseModel):
    """Which year is measured."""

    model_config = ConfigDict(extra="forbid")

    year: int | None = Field(None, ge=1999, le=2100, description="The year that runs when absent")


class MeasuresQuery(Bounded, YearQuery):
    """What is measured, where and when."""

    kind: CommunityKind | None = None


class Measure(BaseModel):
    """A numerator and a denominator that add up along regions, or the reason why there are none."""

    numerator: int | None
    denominator: int | None
    null_reason: MeasureMissing | None


class MeasuresView(BaseModel):
    """What one learning community, or all of a region, did in a year (§9)."""

    region: str | None = Field(description="Null for the nation")
    region_now: str | None = Field(description=REGION_NOW)
    year: int
    as_of: date = Field(description="The day it was judged: today")
    communities: int = Field(description="Communities that lived in the year")
    active: Measure = Field(description="Communities that met in each quarter that is over, of those that had one")
    active_quarters: Measure = Field(description="Quarters with a session, of the quarters that are over")
    sessions: int
    women: Measure = Field(description="Women of all who attended, where women were counted (persons)")
    poor: Measure = Field(description="Poor of all who attended, where they were counted (persons)")
    follow_ups_done: Measure = Field(description="Follow-ups done, of those that the year's sessions agreed")
    follow_ups_overdue: int = Field(description="Not done though their day has passed")
    cases_mediated: int
