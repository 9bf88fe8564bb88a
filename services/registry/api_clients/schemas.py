"""Clients as they come in and go out; secrets only ever go out once."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, Field

from services.registry.api_clients.rules import LONGEST_OVERLAP_DAYS, ProgramScope
from shared.items import Body, Draft, may_change
from shared.lists import PageQuery
from shared.places import ServedRegion


class ClientDraft(Draft):
    """A program of a partner that shall sign in by itself."""

    name: str = Field(min_length=3, max_length=80, pattern=r"^[a-z0-9._-]+$")
    org: UUID = Field(description="The partner it belongs to")
    regions: list[ServedRegion] = Field(min_length=1)


class ClientChange(Body):
    """What may be edited; what is absent stays. Its tokens are void, and the next one opens what is said here."""

    regions: list[ServedRegion] = may_change(min_length=1)
    scopes: list[ProgramScope] = may_change(description="An empty list leaves what is public")


class ClientView(BaseModel):
    """A program's way to sign in."""

    id: UUID
    name: str
    roles: list[str]
    scopes: list[str] = Field(description="Of its tokens")
    regions: list[str]
    org: UUID | None
    suspended: bool
    version: int
    recorded_at: datetime
    changed_at: datetime


class NewClientView(ClientView):
    """A program's way to sign in, with the secret that is shown once and never kept."""

    client_secret: str


class ClientQuery(PageQuery):
    """Filters of the list of clients."""


class SecretDraft(Draft):
    """A second secret, which holds beside the first one until that ends."""

    overlap_days: int | None = Field(
        None,
        ge=1,
        le=LONGEST_OVERLAP_DAYS,
        description="The other secret ends after so many days; without it that holds until it is deleted",
    )


class SecretView(BaseModel):
    """A secret by its dates; what it is was shown once."""

    id: UUID
    client_id: UUID
    expires_at: datetime | None = Field(description="It opens nothing from then on; null: until it is deleted")
    retired_at: datetime | None
    last_used_at: datetime | None = Field(description="The last sign-in with it; null: never")
    version: int
    recorded_at: datetime
    changed_at: datetime


class NewSecretView(SecretView):
    """A secret that is shown now and never again."""

    client_secret: str


class SecretQuery(PageQuery):
    """Filters of the list of a client's secrets."""

    holds: bool | None = Field(None, description="Only those that open, or only those that no longer do")


class KnownSecret(BaseModel):
    """A secret of one's own, by its dates."""

    id: UUID
    recorded_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None


class SelfView(BaseModel):
    """What a program's token proves: that it verified here, whose it is and what it opens."""

    verified: bool = Field(description="Always true: a token that does not verify is answered with 401")
    id: UUID
    name: str
    org: UUID | None
    roles: list[str] = Field(description="Of the token")
    scopes: list[str] = Field(description="Of the token")
    regions: list[str] = Field(description="Of the token")
    secrets: list[KnownSecret] = Field(description="Those that hold")


class PartnerClientView(BaseModel):
    """A program of a partner that signs in by itself."""

    id: UUID
    name: str
    regions: list[str]
    suspended: bool
    recorded_at: datetime


class PartnerClientQuery(PageQuery):
    """Pages of the list of a partner's programs."""
