"""Invitations as they come in and go out; a code only ever goes out once."""

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel, Field, SecretStr

from services.registry.accounts.service import Role
from services.registry.invitations.rules import LEAST_PASSWORD, InvitationState
from shared.items import Body, Draft
from shared.lists import PageQuery
from shared.names import PersonName
from shared.places import ServedRegion


class InvitationDraft(Draft):
    """A person who shall get an account, and what it may."""

    username: str = Field(min_length=3, max_length=80, pattern=r"^[a-z0-9._-]+$")
    display_name: PersonName = Field(min_length=1, max_length=200, description="Seen by operators only")
    person_id: UUID | None = Field(None, description="The person's id, when the person is known already")
    roles: list[Role] = Field(min_length=1)
    regions: list[ServedRegion] = Field(min_length=1, description="All of them in all the roles")
    starts_on: date | None = Field(None, description="First day of the roles; today when absent")
    ends_on: date | None = Field(None, description="Last day of the roles; without one they hold on")
    org: UUID | None = Field(None, description="The partner the person works for")


class NewCodeDraft(Draft):
    """A new code for an account that is there: the first was lost, or the password is to be reset."""


class InvitationView(BaseModel):
    """An invitation, without its code."""

    id: UUID
    account_id: UUID
    username: str
    state: InvitationState
    expires_at: datetime
    accepted_at: datetime | None
    revoked_at: datetime | None
    version: int
    recorded_at: datetime
    changed_at: datetime


class NewInvitationView(InvitationView):
    """An invitation with its code, which is shown now and never again: hand it over on paper or read it out."""

    code: str


class InvitationQuery(PageQuery):
    """Filters of the list of invitations."""

    state: InvitationState | None = None
    account_id: UUID | None = None


class Acceptance(Body):
    """The code that was handed over, and the password that its holder chooses."""

    code: SecretStr = Field(min_length=1, max_length=80)
    password: SecretStr = Field(min_length=LEAST_PASSWORD, max_length=200)


class AcceptanceView(BaseModel):
    """The name to sign in with from now on."""

    username: str


class PasswordChange(Body):
    """One's old password and the new one."""

    old_password: SecretStr = Field(max_length=200)
    new_password: SecretStr = Field(min_length=LEAST_PASSWORD, max_length=200)


class PasswordView(BaseModel):
    """When the password was changed: all sessions have ended, this one too."""

    username: str
    changed_at: datetime
