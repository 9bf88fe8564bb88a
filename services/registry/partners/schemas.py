"""Partners as they come in and go out."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from pydantic import BaseModel, Field

from services.registry.partners.rules import PartnerKind
from shared.items import Body, Draft, may_change
from shared.lists import PageQuery

WEBSITE = r"^https?://[^\s]+$"


class PartnerDraft(Draft):
    """A partner to be recorded."""

    name: str = Field(min_length=2, max_length=200, examples=["Bank Contoh Rakyat"])
    kind: PartnerKind = Field(description="LSM, bank, perguruan tinggi, perusahaan, asosiasi atau dinas")
    website: str | None = Field(None, max_length=300, pattern=WEBSITE)


class PartnerChange(Body):
    """What may be edited; what is absent stays (RFC 7396)."""

    name: str = may_change(min_length=2, max_length=200)
    website: str | None = may_change(max_length=300, pattern=WEBSITE)
    active: bool = may_change()


class PartnerView(BaseModel):
    """A partner."""

    id: UUID
    name: str
    kind: PartnerKind
    website: str | None
    active: bool = Field(description="False once it no longer channels")
    version: int
    recorded_at: datetime
    changed_at: datetime


class PartnerSort(StrEnum):
    """How partners may be sorted."""

    RECORDED = "recorded"
    NAME = "name"


class PartnerQuery(PageQuery):
    """Filters of the list of partners."""

    q: str | None = Field(None, min_length=2, max_length=100, description="Words of the name, or how they begin")
    kind: PartnerKind | None = None
    active: bool | None = None
    sort: PartnerSort = PartnerSort.RECORDED
