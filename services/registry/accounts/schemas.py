"""Accounts as they come in and go out; a password never goes out."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from pydantic import BaseModel, Field, SecretStr

from services.registry.accounts.rules import Role
from services.registry.personal.service import Relinking
from shared.items import Body, Draft, may_change
from shared.lists import PageQuery, PlacedQuery
from shared.names import PersonName
from shared.places import ServedRegion


class AccountDraft(Draft):
    """An account to be opened."""

    username: str = Field(min_length=3, max_length=80, pattern=r"^[a-z0-9._-]+$")
    password: SecretStr = Field(min_length=12, max_length=200)
    display_name: PersonName = Field(min_length=1, max_length=200, description="Seen by operators only")
    person_id: UUID | None = Field(None, description="The person's id, when the person is known already")
    roles: list[Role] = Field(min_length=1)
    regions: list[ServedRegion] = Field(min_length=1, description="All of them in all the roles")
    starts_on: date | None = Field(None, description="First day of the roles; today when absent")
    ends_on: date | None = Field(None, description="Last day of the roles; without one they hold on")
    org: UUID | None = Field(None, description="The partner the person works for")


class AccountChange(Body):
    """What may be edited; what is absent stays. Roles and regions hold from today on."""

    person_id: UUID = may_change(description="Whose it is, if linked wrongly; with `person_reason`. Ends its sessions")
    person_reason: Relinking = may_change()

    display_name: PersonName = may_change(min_length=1, max_length=200)
    roles: list[Role] = may_change(min_length=1)
    regions: list[ServedRegion] = may_change(min_length=1)


class AccountView(BaseModel):
    """An account, for operators."""

    id: UUID
    username: str
    display_name: str
    person_id: UUID
    roles: list[Role] = Field(description="Those of today")
    regions: list[str] = Field(description="Those of today")
    org: UUID | None
    suspended: bool
    not_before: datetime | None = Field(description="Tokens issued earlier are void")
    invited: bool = Field(description="True until the person has chosen a password")
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


class AuthorityDraft(Draft):
    """What an account shall be allowed, from one day to another: all the roles in all the regions (wewenang)."""

    roles: list[Role] = Field(min_length=1)
    regions: list[ServedRegion] = Field(min_length=1)
    starts_on: date | None = Field(None, description="First day, today or later; today when absent")
    ends_on: date | None = Field(None, description="Last day; without one it holds on")


class AuthorityChange(Body):
    """When an authority ends; null lets it hold on."""

    ends_on: date | None = may_change(description="Last day, today or later")


class AuthorityView(BaseModel):
    """What an account may from one day to another. Of one account at most one holds on any day."""

    id: UUID
    account_id: UUID
    roles: list[Role]
    regions: list[str]
    starts_on: date
    ends_on: date | None = Field(description="Last day; null: holds on")
    revoked_at: datetime | None = Field(description="Taken back before its time")
    version: int
    recorded_at: datetime
    changed_at: datetime


class AuthorityQuery(PageQuery):
    """Filters of the list of an account's authorities."""

    as_of: date | None = Field(None, description="Only what holds on a day")
