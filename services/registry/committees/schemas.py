"""Committees as they come in and go out."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from pydantic import BaseModel, Field

from services.registry.committees.rules import CommitteeKind, CommitteeRole, DocumentKind
from shared.items import Body, Draft, may_change
from shared.lists import PageQuery, PlacedQuery
from shared.places import RegionCode

KIND = "kpk_d (Komite Penanggulangan Kemiskinan Daerah), tkpkd, tkpk (Tim Koordinasi Penanggulangan Kemiskinan)"
ROLE = (
    "chair (ketua), deputy_chair (wakil ketua), secretary (sekretaris), deputy_secretary (wakil sekretaris),"
    " member (anggota)"
)
OFFICE = "The office that sits (jabatan), never a person's name"
DOCUMENT = (
    "poverty_strategy (SPK-D/SPKD), city_programme (PJM Pronangkis Kota/Kabupaten), poverty_budget (APBD for poverty),"
    " report (laporan)"
)


class DecreeTerms(Body):
    """What a decree says."""

    kind: CommitteeKind = Field(description=KIND)
    name: str = Field(min_length=3, max_length=200, examples=["TKPK Kota Yogyakarta"])
    number: str = Field(min_length=1, max_length=100, description="Number of the decree (SK)")
    signed_on: date = Field(description="Not in the future")
    starts_on: date = Field(description="The first day it holds")
    ends_on: date | None = Field(None, description="The last day it holds; null while nobody ended it")


class CommitteeDraft(Draft):
    """A committee to be recorded, with the decree that set it up."""

    region_code: RegionCode
    decree: DecreeTerms


class DecreeDraft(DecreeTerms, Draft):
    """A further decree on a committee."""


class DecreeChange(Body):
    """What may be corrected, or the day a decree ended; what is absent stays (RFC 7396)."""

    kind: CommitteeKind = may_change()
    name: str = may_change(min_length=3, max_length=200)
    number: str = may_change(min_length=1, max_length=100)
    signed_on: date = may_change()
    starts_on: date = may_change()
    ends_on: date | None = may_change()


class DecreeView(BaseModel):
    """A decree."""

    id: UUID
    committee_id: UUID
    kind: CommitteeKind
    name: str
    number: str
    signed_on: date
    starts_on: date
    ends_on: date | None
    version: int
    recorded_at: datetime
    changed_at: datetime


class DecreeInForce(BaseModel):
    """The latest decree that began, and whether it still holds."""

    id: UUID
    kind: CommitteeKind
    name: str
    number: str
    signed_on: date
    starts_on: date
    ends_on: date | None
    lapsed: bool = Field(description="True once it has ended and no other followed")


class CommitteeView(BaseModel):
    """A committee as of a day."""

    id: UUID
    region_code: str
    region_code_now: str
    region_name: str
    decree: DecreeInForce | None = Field(description="Null before its first decree begins")
    version: int
    recorded_at: datetime
    changed_at: datetime


class CommitteeSort(StrEnum):
    """How committees may be sorted."""

    RECORDED = "recorded"
    REGION = "region"


class CommitteeQuery(PlacedQuery):
    """Filters of the list of committees."""

    kind: CommitteeKind | None = Field(None, description="By the latest decree on the day")
    q: str | None = Field(
        None, min_length=2, max_length=100, description="Words of any name it was given, or how they begin"
    )
    as_of: date | None = Field(None, description="Committees set up by this day, as they were; today when absent")
    sort: CommitteeSort = CommitteeSort.RECORDED


class DatedQuery(PageQuery):
    """Filters of what a committee has for a while."""

    as_of: date | None = Field(None, description="Only what holds on this day; all when absent")


class CommitteeMemberDraft(Draft):
    """An office that sits on a committee."""

    institution: str = Field(min_length=2, max_length=200, examples=["Bappeda"])
    office: str = Field(min_length=2, max_length=200, description=OFFICE, examples=["Kepala Bappeda"])
    role: CommitteeRole = Field(description=ROLE)
    starts_on: date
    ends_on: date | None = Field(None, description="The last day; null while it sits")


class CommitteeMemberChange(Body):
    """What may be corrected, or the day a seat ended; what is absent stays (RFC 7396)."""

    institution: str = may_change(min_length=2, max_length=200)
    office: str = may_change(min_length=2, max_length=200)
    starts_on: date = may_change()
    ends_on: date | None = may_change()


class CommitteeMemberView(BaseModel):
    """A member of a committee: an office, not a person."""

    id: UUID
    committee_id: UUID
    institution: str
    office: str = Field(description=OFFICE)
    role: CommitteeRole = Field(description=ROLE)
    starts_on: date
    ends_on: date | None
    version: int
    recorded_at: datetime
    changed_at: datetime


class CommitteeDocumentDraft(Draft):
    """A document that a committee prepared."""

    kind: DocumentKind = Field(description=DOCUMENT)
    title: str = Field(min_length=3, max_length=200)
    reference: str = Field(min_length=1, max_length=200, description="Number, or where it is published")
    dated_on: date = Field(description="Not in the future")


class CommitteeDocumentChange(Body):
    """What may be corrected; what is absent stays (RFC 7396)."""

    title: str = may_change(min_length=3, max_length=200)
    reference: str = may_change(min_length=1, max_length=200)
    dated_on: date = may_change()


class CommitteeDocumentView(BaseModel):
    """A document of a committee, by its reference."""

    id: UUID
    committee_id: UUID
    kind: DocumentKind = Field(description=DOCUMENT)
    title: str
    reference: str
    dated_on: date
    version: int
    recorded_at: datetime
    changed_at: datetime


class CommitteeDocumentQuery(PageQuery):
    """Filters of the list of a committee's documents."""

    kind: DocumentKind | None = None
