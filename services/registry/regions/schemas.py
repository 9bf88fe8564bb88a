"""Regions, their successions and the bridge to BPS as they come in and go out."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from pydantic import BaseModel, Field

from services.registry.regions.rules import Kind, Level, SuccessionKind
from shared.items import Body, Draft
from shared.lists import PageQuery, PlacedQuery
from shared.places import RegionCode

BPS_CODE = r"^[0-9]{2}([0-9]{2}([0-9]{3}([0-9]{3})?)?)?$"
REPUBLIC = date(1945, 8, 17)
"""No act of Indonesian law is older."""

MOST_NAMED = 100
"""Regions that one act names; what lies below them comes along."""


class RegionView(BaseModel):
    """A region as it stood on the day asked for, or as it last stood before."""

    code: str
    code_now: str = Field(description="Under which code its recorded rows stand today")
    parent_code: str | None
    name: str
    level: Level
    kind: Kind
    valid: bool = Field(description="False when it no longer was a region on that day")
    valid_from: date | None = Field(description="First day; null where nobody says since when")
    valid_to: date | None = Field(description="Last day; null while it is valid")
    legal_basis: str | None = Field(description="Null where the official list names none")
    predecessors: list[str] = Field(description="Codes of the regions it was made of, its own for a new name")
    succession_id: UUID | None = Field(description="The act that made it so; null where it came with the list")
    version: int
    recorded_at: datetime
    changed_at: datetime


class RegionDraft(Draft):
    """A region to be added to the list; its level, kind and parent follow from its code."""

    code: RegionCode
    name: str = Field(min_length=1, max_length=200)
    valid_from: date | None = Field(None, ge=REPUBLIC, description="First day; null where nobody says since when")
    valid_to: date | None = Field(None, description="Last day; null while it is valid")
    legal_basis: str | None = Field(None, min_length=3, max_length=200, description="The regulation")


class RegionSort(StrEnum):
    """How regions may be sorted."""

    CODE = "code"
    NAME = "name"


class RegionQuery(PlacedQuery):
    """Filters of the list of regions."""

    as_of: date | None = Field(None, description="Regions valid on this day; today when absent")
    level: Level | None = None
    kind: Kind | None = None
    parent: RegionCode | None = Field(None, description="Only the regions right below this one")
    bps_code: str | None = Field(
        None, pattern=BPS_CODE, description="Only the regions that BPS counted under this code on the day"
    )
    q: str | None = Field(
        None,
        min_length=2,
        max_length=100,
        description="Words of the name, or how they begin, or the code's beginning; without `as_of` former ones, too",
    )
    sort: RegionSort = RegionSort.CODE


class LineageView(BaseModel):
    """A region that another one became, or came from, by one act."""

    code: str
    name: str
    kind: Kind
    effective_on: date = Field(description="First day of what the act made")
    succession_id: UUID
    succession_kind: SuccessionKind
    legal_basis: str
    inherits: bool = Field(description="Rows recorded under the predecessor stay with this successor")


class LineageQuery(PageQuery):
    """Filters of the lists of successors and predecessors."""


class BridgeView(BaseModel):
    """The BPS code of a region, for a time."""

    id: UUID
    kemendagri_code: str
    bps_code: str
    valid_from: date | None = Field(description="First day; null where nobody says since when")
    valid_to: date | None = Field(description="Last day; null while it is valid")
    legal_basis: str | None
    version: int
    recorded_at: datetime
    changed_at: datetime


class BridgeQuery(PageQuery):
    """Filters of a region's BPS codes."""

    as_of: date | None = Field(None, description="Only the one valid on this day; all when absent")


class Taken(Body):
    """A region right below that a successor gets, with all that lies below it."""

    code: RegionCode
    new_code: RegionCode


class SuccessorDraft(Body):
    """A region that the act opens."""

    code: RegionCode
    name: str | None = Field(
        None, min_length=1, max_length=200, description="Needed for a new region; else the predecessor's stays"
    )
    takes: list[Taken] = Field(
        [], max_length=1000, description="What it gets under codes of its own; the rest follows the heir as numbered"
    )


class SuccessionDraft(Draft):
    """An act of law to be recorded: which regions end the day before, which begin."""

    kind: SuccessionKind = Field(
        description="split (pemekaran), merge (penggabungan), rename (ganti nama), change_of_kind (desa menjadi"
        " kelurahan), renumbering (penomoran ulang)"
    )
    effective_on: date = Field(ge=REPUBLIC, description="First day of what it makes; not in the future")
    legal_basis: str = Field(
        min_length=3, max_length=200, description="The regulation", examples=["Perda Kota Yogyakarta 5/2023"]
    )
    predecessors: list[RegionCode] = Field(min_length=1, max_length=MOST_NAMED)
    successors: list[SuccessorDraft] = Field(min_length=1, max_length=MOST_NAMED)
    heir: RegionCode | None = Field(
        None, description="Of a split: the successor with which boards and all recorded rows stay (pewaris)"
    )
    minutes_reference: str | None = Field(
        None, min_length=1, max_length=200, description="Of a split: the minutes (berita acara) that name the heir"
    )


class SuccessionView(BaseModel):
    """An act of law that made other regions of some."""

    id: UUID
    kind: SuccessionKind
    effective_on: date
    legal_basis: str
    minutes_reference: str | None
    predecessors: list[str]
    successors: list[SuccessorDraft]
    heir: str | None
    version: int
    recorded_at: datetime
    changed_at: datetime


class SuccessionSort(StrEnum):
    """How successions may be sorted."""

    RECORDED = "recorded"
    LATEST = "latest"


class SuccessionQuery(PageQuery):
    """Filters of the list of successions."""

    kind: SuccessionKind | None = None
    predecessor: RegionCode | None = Field(None, description="Only acts that name this region as one that ends")
    as_of: date | None = Field(None, description="Only acts in effect by this day")
    sort: SuccessionSort = Field(SuccessionSort.RECORDED, description="`latest`: by effective day, backwards")
