"""Pairs of residents as they come in and go out."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from pydantic import BaseModel, Field

from services.registry.duplicates.rules import Taken
from services.registry.personal.service import Dismissal, DuplicateState, Reason
from services.registry.residents.service import ResidentView
from shared.items import Body
from shared.lists import PlacedQuery


class DuplicateView(BaseModel):
    """Two residents who may be one person, and what was decided about them; nobody is named."""

    id: UUID
    kelurahan_code: str
    kelurahan_code_now: str
    elsewhere_code: str | None = Field(
        description="The kelurahan of the first when it is another: they share a NIK; such two are not merged"
    )
    first_id: UUID
    second_id: UUID
    score: int = Field(description="How alike they are, 0 to 100")
    reasons: list[Reason] = Field(description="What speaks for and against their being one person")
    state: DuplicateState
    dismissal: Dismissal | None = Field(description="Why they are two persons; null unless dismissed")
    kept_id: UUID | None = Field(description="Whose record stands for both; null unless merged")
    version: int
    recorded_at: datetime
    changed_at: datetime


class Comparison(DuplicateView):
    """A pair with both residents side by side; one in a kelurahan that the caller does not serve is null."""

    first: ResidentView | None
    second: ResidentView | None


class DuplicateSort(StrEnum):
    """How pairs may be sorted: the most alike first, or as they were found."""

    SCORE = "score"
    RECORDED = "recorded"


class DuplicateQuery(PlacedQuery):
    """Filters of the queue."""

    state: DuplicateState = Field(DuplicateState.OPEN, description="`open` is what waits to be judged")
    least_score: int | None = Field(None, ge=0, le=100, description="Only pairs at least so alike")
    resident_id: UUID | None = Field(None, description="Only pairs in which this resident stands")
    sort: DuplicateSort = DuplicateSort.SCORE


class MergeDraft(Body):
    """Which of the two stands for the person, and what of the other wins."""

    kept_id: UUID = Field(description="`first_id` or `second_id`: the record that stands for both from now on")
    take: list[Taken] = Field(
        default_factory=list, max_length=len(Taken), description="Fields whose value of the absorbed one wins"
    )


class DismissalDraft(Body):
    """Why the two are not the same person."""

    reason: Dismissal = Field(description="Kembar, kerabat, bernama sama, dua orang")
