"""One's own account as it goes out."""

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel, Field


class Waiting(BaseModel):
    """What waits for somebody, and where it is listed."""

    subject: str = Field(examples=["emergencies"])
    count: int
    address: str = Field(examples=["/registry/v1/emergencies?acknowledged=false"])


class OwnAccountView(BaseModel):
    """One's own account, and what this token opens."""

    id: UUID
    username: str
    display_name: str
    person_id: UUID
    org: UUID | None
    roles: list[str] = Field(description="Those of today")
    regions: list[str] = Field(description="Those of today")
    starts_on: date | None = Field(description="Since when; null when nothing holds today")
    ends_on: date | None = Field(description="Their last day; null: they hold on")
    scopes: list[str] = Field(description="Of this token, with what boards have delegated")
    emergency: UUID | None = Field(description="The emergency that opened this token")
    waiting: list[Waiting] = Field(description="What waits for oneself; empty: nothing does")
    version: int
    recorded_at: datetime
    changed_at: datetime
