"""Groups as they come in and go out."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from pydantic import BaseModel, Field

from services.registry.groups.rules import Bond, GroupKind
from shared.items import Body, Draft, may_change
from shared.lists import PlacedQuery

Members = Field(ge=1, le=1000, description="Persons")
Women = Field(ge=0, le=1000, description="Persons; at most all members")


class GroupDraft(Draft):
    """A group to be recorded under a board, in the board's kelurahan."""

    board_id: UUID
    name: str = Field(min_length=2, max_length=200, examples=["KSM Contoh Lestari"])
    kind: GroupKind = Field(description="Lingkungan, sosial, ekonomi, atau panitia (KSM-2)")
    bond: Bond = Field(description="Kesamaan kepentingan, kegiatan, atau domisili (KSM-1)")
    formed_on: date = Field(description="Not in the future")
    members: int = Members
    women: int = Women


class GroupChange(Body):
    """What may be edited; what is absent stays (RFC 7396)."""

    name: str = may_change(min_length=2, max_length=200)
    members: int = may_change(ge=1, le=1000)
    women: int = may_change(ge=0, le=1000)


class GroupView(BaseModel):
    """A group."""

    id: UUID
    kelurahan_code: str
    kelurahan_code_now: str
    board_id: UUID
    board_name: str
    name: str
    kind: GroupKind
    bond: Bond
    formed_on: date
    members: int = Members
    women: int = Women
    version: int
    recorded_at: datetime
    changed_at: datetime


class GroupSort(StrEnum):
    """How groups may be sorted."""

    RECORDED = "recorded"
    NAME = "name"


class GroupQuery(PlacedQuery):
    """Filters of the list of groups."""

    board_id: UUID | None = None
    kind: GroupKind | None = None
    q: str | None = Field(None, min_length=2, max_length=100, description="Words of the name, or how they begin")
    sort: GroupSort = GroupSort.RECORDED
