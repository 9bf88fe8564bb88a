"""What webhooks are opened and edited with, and how they and their deliveries are shown."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, Field

from shared.items import Body, may_change
from shared.lists import PageQuery
from shared.places import RegionCode
from shared.webhooks import DeliveryState

Subject = Annotated[str, Field(pattern=r"^[a-z_-]+/([0-9a-f-]{36}|[0-9.]{2,13})?$")]
"""A kind, `boards/`, or one of it: `boards/{id}`, `regions/{code}`."""


class WebhookDraft(Body):
    """Where to send what."""

    url: str = Field(max_length=2000, description="https address that answers 2xx within ten seconds")
    subjects: list[Subject] = Field(
        default_factory=list,
        max_length=50,
        description="Only these subjects, `boards/` for all of a kind; empty for all",
    )
    regions: list[RegionCode] = Field(
        default_factory=list, max_length=50, description="Only these regions; empty for all"
    )
    after: int | None = Field(None, ge=0, description="Journal position to begin after; absent: from now on")


class WebhookChange(Body):
    """What may be edited; what is absent stays (RFC 7396)."""

    url: str = may_change(max_length=2000)
    subjects: list[Subject] = may_change(max_length=50)
    regions: list[RegionCode] = may_change(max_length=50)
    paused: bool = may_change()


class WebhookView(BaseModel):
    """A webhook."""

    id: UUID
    url: str
    subjects: list[str]
    regions: list[str]
    paused: str | None = Field(
        description="Why nothing is sent: `by_owner`, `gone` (the address answered 410); null while it is"
    )
    position: int = Field(description="How far the journal was looked through for it")
    version: int
    recorded_at: datetime
    changed_at: datetime


class NewWebhookView(WebhookView):
    """A webhook with its secret, which is shown only now."""

    secret: str = Field(description="Standard Webhooks secret, `whsec_…`")


class ReplayDraft(Body):
    """From where to send again."""

    after: int = Field(ge=0, description="Journal position after which everything is sent again, as it may be seen now")


class DeliveryView(BaseModel):
    """One event on its way to a webhook."""

    id: UUID = Field(description="The `webhook-id` that every try carries")
    position: int
    state: DeliveryState
    tries: int
    next_try_at: datetime | None
    last_status: int | None = Field(description="What the address answered last; null when it did not")
    last_failure: str | None = Field(description="`timeout`, `unreachable`, `address_forbidden`, or `erased`: not sent")
    recorded_at: datetime
    changed_at: datetime


class WebhookQuery(PageQuery):
    """Filters of the list of webhooks."""


class DeliveryQuery(PageQuery):
    """Filters of the list of deliveries."""

    state: DeliveryState | None = None


def webhook_view(row: Any) -> dict[str, Any]:
    """Return a row as WebhookView."""
    names = ("id", "url", "subjects", "regions", "paused", "position", "version", "recorded_at", "changed_at")
    return {name: getattr(row, name) for name in names}


def delivery_view(row: Any) -> dict[str, Any]:
    """Return a row as DeliveryView."""
    names = ("id", "position", "state", "tries", "next_try_at", "last_status", "last_failure", "recorded_at")
    return {name: getattr(row, name) for name in (*names, "changed_at")}
