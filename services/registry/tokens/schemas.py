"""Token requests and answers (OAuth 2, RFC 6749)."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from shared.lists import PageQuery


class GrantType(StrEnum):
    """The ways to a token."""

    PASSWORD = "password"  # noqa: S105 - the name of a grant
    REFRESH_TOKEN = "refresh_token"  # noqa: S105 - the name of a grant
    CLIENT_CREDENTIALS = "client_credentials"


class TokenRequest(BaseModel):
    """A token request, as an OAuth 2 form."""

    model_config = ConfigDict(extra="forbid")

    grant_type: GrantType
    username: str | None = Field(None, max_length=80)
    password: str | None = Field(None, max_length=200)
    refresh_token: str | None = Field(None, max_length=200)
    client_id: str | None = Field(None, max_length=80)
    client_secret: str | None = Field(None, max_length=200)
    scope: str | None = Field(None, max_length=4000, description="Fewer scopes than the account has; all when absent")


class TokenView(BaseModel):
    """An access token, and for people a refresh token that is good once."""

    access_token: str
    token_type: str = Field(examples=["Bearer"])
    expires_in: int = Field(description="Seconds")
    refresh_token: str | None
    scope: str


class KeyView(BaseModel):
    """A public key (RFC 7517)."""

    kid: str
    kty: str
    alg: str
    use: str
    n: str
    e: str


class KeySet(BaseModel):
    """The keys that verify access tokens."""

    keys: list[KeyView]


class AuthorizationServer(BaseModel):
    """Where tokens come from (RFC 8414)."""

    issuer: str
    token_endpoint: str
    jwks_uri: str
    grant_types_supported: list[str]
    token_endpoint_auth_methods_supported: list[str]
    scopes_supported: list[str]
    response_types_supported: list[str]
    service_documentation: str


class StandingView(BaseModel):
    """What an account or program may now."""

    id: UUID
    person_id: UUID | None = Field(description="Null for a program")
    roles: list[str]
    scopes: list[str]
    regions: list[str]
    org: UUID | None


class OwnSessionView(BaseModel):
    """A sign-in that can still be refreshed."""

    id: UUID
    started_at: datetime
    refreshed_at: datetime
    expires_at: datetime


class OwnSessionQuery(PageQuery):
    """Filters of the list of one's own sessions."""


class SessionsEnded(BaseModel):
    """How many sessions ended."""

    ended: int
