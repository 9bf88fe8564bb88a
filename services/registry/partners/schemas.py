"""Partners as they come in and go out."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from pydantic import BaseModel, Field

from services.registry.partners.rules import Evidence, PartnerKind, VerificationEnd, Withdrawal
from shared.items import Body, Draft, may_change
from shared.lists import PageQuery, PlacedQuery
from shared.names import PersonName
from shared.phones import Phone
from shared.places import RegionCode

WEBSITE = r"^https?://[^\s]+$"
MAILBOX = r"^[^\s@]+@[^\s@]+\.[^\s@]+$"
TAX_NUMBER = r"^([0-9]{15}|[0-9]{16})$"

SEAT = "Where it sits (kedudukan), a city as a rule"
REGISTRATION = "Number of its deed, legal recognition or decree; public"
TAX = "Its NPWP, 15 or 16 digits without signs; public"
INSTITUTION = "The institution's own mailbox, public; not a person's"


class ContactDraft(Body):
    """Who speaks for a partner; kept sealed and never in a list."""

    name: PersonName = Field(min_length=2, max_length=200)
    phone: Phone | None = Field(None, max_length=20)


class ContactChange(Body):
    """What may be edited of the contact person (RFC 7396)."""

    name: PersonName = may_change(min_length=2, max_length=200)
    phone: Phone | None = may_change(max_length=20)


class PartnerDraft(Draft):
    """A partner to be recorded."""

    name: str = Field(min_length=2, max_length=200, examples=["Bank Contoh Rakyat"])
    kind: PartnerKind = Field(description="LSM, bank, perguruan tinggi, perusahaan, asosiasi atau dinas")
    website: str | None = Field(None, max_length=300, pattern=WEBSITE)
    region_code: RegionCode | None = Field(None, description=SEAT)
    registration_number: str | None = Field(None, min_length=1, max_length=100, description=REGISTRATION)
    tax_number: str | None = Field(None, pattern=TAX_NUMBER, description=TAX)
    mailbox: str | None = Field(None, max_length=200, pattern=MAILBOX, description=INSTITUTION)
    contact: ContactDraft | None = Field(None, description="Needs region_code; read at /contact by who serves there")


class PartnerChange(Body):
    """What may be edited; what is absent stays (RFC 7396). Another name or number has to be verified anew."""

    name: str = may_change(min_length=2, max_length=200)
    website: str | None = may_change(max_length=300, pattern=WEBSITE)
    active: bool = may_change()
    region_code: RegionCode | None = may_change(description=SEAT)
    registration_number: str | None = may_change(min_length=1, max_length=100, description=REGISTRATION)
    tax_number: str | None = may_change(pattern=TAX_NUMBER, description=TAX)
    mailbox: str | None = may_change(max_length=200, pattern=MAILBOX, description=INSTITUTION)
    contact: ContactChange | None = may_change(description="Null erases it")


class VerificationDraft(Body):
    """That somebody saw the evidence of who a partner is."""

    evidence: Evidence
    evidence_reference: str = Field(
        min_length=1, max_length=200, description="Its number and date", examples=["AHU-0012345.AH.01.04 of 2024"]
    )
    verified_on: date = Field(description="The day it was seen; not in the future")
    expires_on: date | None = Field(None, description="The last day that the evidence is good; null when it has no end")


class WithdrawalDraft(Body):
    """Why a verification is taken back."""

    because: Withdrawal
    reference: str | None = Field(None, min_length=1, max_length=200, description="The document that says so")


class VerificationView(BaseModel):
    """A verification of a partner, of now or before."""

    id: UUID
    verified_on: date
    evidence: Evidence
    evidence_reference: str
    expires_on: date | None
    verified_by: UUID | None = Field(description="Account; null in the public view, or where it was not kept")
    ended_on: date | None = Field(description="The first day on which it counts no more")
    ended_because: VerificationEnd | None
    ended_reference: str | None = Field(description="Null in the public view")
    ended_by: UUID | None = Field(description="Account; null in the public view")
    recorded_at: datetime
    changed_at: datetime


class VerificationQuery(PageQuery):
    """Pages of the list of a partner's verifications."""


class PartnerView(BaseModel):
    """A partner; as of a day before its last change without website, tax number and mailbox, not kept by day."""

    id: UUID
    name: str
    kind: PartnerKind
    website: str | None
    active: bool = Field(description="False once it no longer channels")
    region_code: str | None = Field(description=SEAT)
    registration_number: str | None
    tax_number: str | None
    mailbox: str | None
    verified: bool = Field(description="Somebody saw the evidence of who it is, and it is good today")
    verified_on: date | None
    evidence: Evidence | None
    evidence_reference: str | None
    expires_on: date | None = Field(description="The last day that the verification is good")
    version: int
    recorded_at: datetime
    changed_at: datetime


class ContactView(BaseModel):
    """Who speaks for a partner; both null when nobody is recorded or the reader does not serve its seat."""

    name: str | None
    phone: str | None


class PartnerSort(StrEnum):
    """How partners may be sorted."""

    RECORDED = "recorded"
    NAME = "name"


class PartnerQuery(PlacedQuery):
    """Filters of the list of partners."""

    q: str | None = Field(None, min_length=2, max_length=100, description="Words of the name, or how they begin")
    kind: PartnerKind | None = None
    active: bool | None = None
    verified: bool | None = Field(None, description="Whether somebody saw the evidence of who it is, good on the day")
    as_of: date | None = Field(None, description="As recorded by this day; today when absent")
    sort: PartnerSort = PartnerSort.RECORDED
