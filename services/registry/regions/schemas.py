"""Regions as they go out."""

from datetime import date, datetime
from enum import StrEnum

from pydantic import BaseModel, Field

from services.registry.regions.rules import Kind, Level
from shared.lists import PlacedQuery
from shared.places import RegionCode


class RegionView(BaseModel):
    """A region."""

    code: str
    parent_code: str | None
    name: str
    level: Level
    kind: Kind
    valid_from: date | None = Field(description="Null where the official list gives no date")
    valid_to: date | None = Field(description="Null while it is valid")
    legal_basis: str | None = Field(description="Null where the official list names none")
    version: int
    recorded_at: datetime
    changed_at: datetime


class RegionSort(StrEnum):
    """How regions may be sorted."""

    CODE = "code"
    NAME = "name"


class RegionQuery(PlacedQuery):
    """Filters of the list of regions."""

    level: Level | None = None
    kind: Kind | None = None
    parent: RegionCode | None = Field(None, description="Only the regions right below this one")
    q: str | None = Field(
        None, min_length=2, max_length=100, description="Words of the name, or how they begin; or the code's beginning"
    )
    sort: RegionSort = RegionSort.CODE
