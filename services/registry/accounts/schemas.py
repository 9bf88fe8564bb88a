"""Accounts and clients as they come in and go out; secrets only ever go out once."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field, SecretStr

from services.registry.accounts.rules import Role
from shared.items import Body, Draft, may_change
from shared.lists import PageQuery, PlacedQuery
from shared.places import CODE, NATION

ServedRegion = Annotated[
    str,
    Field(
        pattern=rf"{CODE.pattern}|^\*$", description=f"A region code, or {NATION} for the nation", examples=["34.71"]
    ),
]


class AccountDraft(Draft):
    """An account to be opened."""

    username: str = Field(min_length=3, max_length=80, pattern=r"^[a-z0-9._-]+$")
    password: SecretStr = Field(min_length=12, max_length=200)
    display_name: str = Field(min_length=1, max_length=200, description="Seen by operators only")
    person_id: UUID | None = Field(None, description="The person's id, when the person is known already")
    roles: list[Role] = Field(min_length=1)
    regions: list[ServedRegion] = Field(min_length=1, description="All of them in all the roles")
    org: UUID | None = Field(None, description="The partner the person works for")


class AccountChange(Body):
    """What may be edited; what is absent stays."""

    display_name: str = may_change(min_length=1, max_length=200)
    roles: list[Role] = may_change(min_length=1)
    regions: list[ServedRegion] = may_change(min_length=1)


class AccountView(BaseModel):
    """An account, for operators."""

    id: UUID
    username: str
    display_name: str
    person_id: UUID
    roles: list[Role]
    regions: list[str]
    org: UUID | None
    suspended: bool
    not_before: datetime | None = Field(description="Tokens issued earlier are void")
    version: int
    recorded_at: datetime
    changed_at: datetime


class AccountSort(StrEnum):
    """How accounts may be sorted."""

    RECORDED = "recorded"
    USERNAME = "username"


class AccountQuery(PlacedQuery):
    """Filters of the list of accounts."""

    role: Role | None = None
    suspended: bool | None = None
    sort: AccountSort = AccountSort.RECORDED


class ClientDraft(Draft):
    """A program of a partner that shall sign in by itself."""

    name: str = Field(min_length=3, max_length=80, pattern=r"^[a-z0-9._-]+$")
    org: UUID = Field(description="The partner it belongs to")
    regions: list[ServedRegion] = Field(min_length=1)


class ClientView(BaseModel):
    """A program's way to sign in."""

    id: UUID
    name: str
    roles: list[str]
    scopes: list[str]
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
