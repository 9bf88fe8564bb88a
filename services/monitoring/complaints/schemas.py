"""Complaints as they come in and go out."""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, Field

from services.monitoring.complaints.rules import AccusedKind, Category, Channel, ComplaintScope, ComplaintState
from shared.attachments import MOST_BYTES, MediaType
from shared.items import Body, Draft
from shared.lists import Bounded, PlacedQuery
from shared.places import KelurahanCode
from shared.tables import LARGEST_RUPIAH

MONTH = r"^(19|20)\d{2}-(0[1-9]|1[0-2])$"


class EvidenceDraft(Draft):
    """A photo or paper of the complainant's, to be sent in parts."""

    media_type: MediaType
    size: int = Field(ge=1, le=MOST_BYTES, description="Bytes there are to send")
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$", description="SHA-256 of those bytes, in hexadecimal")


class Accused(Body):
    """Whom a complaint is about; whoever is named here never sees it."""

    kind: AccusedKind
    officer_id: UUID | None = Field(None, description="An elected officer of the board; with kind `officer` only")


class ComplaintDraft(Draft):
    """A complaint to be filed; no account is needed."""

    kelurahan_code: KelurahanCode
    board_id: UUID | None = Field(None, description="The kelurahan's only board when absent")
    activity_id: UUID | None = Field(None, description="The activity that it is about, if any")
    scope: ComplaintScope
    category: Category
    text: str = Field(
        min_length=1, max_length=4000, description="Seen by those who handle complaints, not by those accused"
    )
    accused: Accused
    occurred_on: date = Field(description="When it happened; not in the future")
    channel: Channel = Field(description="How it came in; `website` when filed by the complainant")
    amount_reported_rupiah: int | None = Field(None, ge=1, le=LARGEST_RUPIAH, description="Rupiah said to be missing")
    contact: str | None = Field(
        None,
        max_length=200,
        description="How the complainant may be reached; read only where needed, and each reading is recorded",
    )


class ComplaintReceipt(BaseModel):
    """What a complainant gets: the code is shown here and never again."""

    id: UUID
    tracking_code: str | None = Field(
        description="Opens the complaint at /monitoring/v1/complaints/tracked; null when the same id is sent again "
        "without the Idempotency-Key that it was first sent with"
    )
    kelurahan_code: str
    board_id: UUID | None
    scope: ComplaintScope
    state: ComplaintState
    occurred_on: date
    version: int
    recorded_at: datetime


class Step(BaseModel):
    """One step of a complaint's history, with the answer or the complainant's note."""

    state: ComplaintState
    text: str | None
    recorded_at: datetime


class TrackedComplaint(BaseModel):
    """A complaint as its complainant follows it."""

    id: UUID
    kelurahan_code: str
    kelurahan_name: str
    board_id: UUID | None
    scope: ComplaintScope
    state: ComplaintState
    occurred_on: date
    resolved_on: date | None
    steps: list[Step]
    photos: int = Field(description="Photos that the complainant added")
    version: int
    recorded_at: datetime
    changed_at: datetime


class Photo(BaseModel):
    """A photo of a complaint; read it at /complaints/{id}/photos/{digest}."""

    digest: str
    media_type: str
    width: int = Field(description="Pixels")
    height: int = Field(description="Pixels")


class AccusedView(BaseModel):
    """Whom a complaint is about."""

    kind: AccusedKind
    officer_id: UUID | None


class ComplaintView(BaseModel):
    """A complaint as those see it who handle it."""

    id: UUID
    kelurahan_code: str
    kelurahan_code_now: str
    kelurahan_name: str
    board_id: UUID | None
    activity_id: UUID | None
    scope: ComplaintScope
    category: Category
    text: str
    accused: AccusedView
    channel: Channel
    amount_reported_rupiah: int | None
    contact_given: bool = Field(description="Whether the complainant may be reached; see /complaints/{id}/contact")
    occurred_on: date
    state: ComplaintState
    resolved_on: date | None
    steps: list[Step]
    photos: list[Photo]
    version: int
    recorded_at: datetime
    changed_at: datetime


class ComplaintQuery(PlacedQuery):
    """Filters of the list of complaints."""

    state: ComplaintState | None = None
    scope: ComplaintScope | None = None
    board_id: UUID | None = None
    occurred_from: date | None = None
    occurred_to: date | None = None


class Answer(Body):
    """What is answered to a complainant."""

    text: str = Field(min_length=1, max_length=4000)


class Confirmation(Body):
    """What the complainant says of the answer."""

    resolved: bool = Field(description="True ends the complaint; false opens it again")
    note: str | None = Field(None, max_length=2000)


class Contact(BaseModel):
    """How a complainant may be reached."""

    id: UUID
    contact: str | None


class StatisticsQuery(Bounded):
    """Which complaints to count."""

    month: str | None = Field(None, pattern=MONTH, description="Month in which it happened", examples=["2026-03"])
    board_id: UUID | None = None
    activity_id: UUID | None = Field(None, description="Counts under 5 are not shown for a single activity")


class ComplaintCount(BaseModel):
    """How many complaints are of one scope and in one state."""

    scope: ComplaintScope
    state: ComplaintState
    count: int | None
    null_reason: Literal["fewer_than_five"] | None


class Statistics(BaseModel):
    """Complaints counted by scope and state."""

    region: str | None
    month: str | None
    board_id: UUID | None
    activity_id: UUID | None
    counts: list[ComplaintCount]
    total: int | None = Field(description="Null where it would give a count away that is not shown")
