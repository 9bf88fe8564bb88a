"""Erasures as they come in and go out."""

from uuid import UUID

from pydantic import BaseModel, Field

from services.registry.residents.erasure import Erasure


class ErasureDraft(Erasure):
    """Whose names are erased, why, and since when it is asked for."""

    person_id: UUID


class ErasureView(BaseModel):
    """What an erasure reached."""

    person_id: UUID
    rows: dict[str, int] = Field(description="Rows of the person by table; they stay, without a name")
