"""Signing in over HTTP, and the documents that gateways and clients discover it by."""

import base64
import binascii
from typing import Annotated
from uuid import UUID

from fastapi import Form, Query, Request, Response

from services.registry.accounts.holders import known_scopes
from services.registry.dependencies import StandingReader
from services.registry.settings import Settings
from services.registry.tokens import keys, queries, service
from services.registry.tokens.rules import CredentialsWrong, GrantInvalid
from services.registry.tokens.schemas import (
    AuthorizationServer,
    GrantType,
    KeySet,
    OwnSessionQuery,
    OwnSessionView,
    SessionsEnded,
    StandingView,
    TokenRequest,
    TokenView,
)
from shared.clock import Now
from shared.database import Reading, database_of
from shared.errors import ResourceNotFound
from shared.lists import Page, page
from shared.permissions import SignedIn
from shared.replies import to_json
from shared.routing import router
from shared.writing import Writing

routes = router(tags=["tokens"], judges_token=False)
own = router("/registry/v1/accounts/self", tags=["accounts"])


def _basic(request: Request) -> tuple[str, str] | None:
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise CredentialsWrong from error
    return name, secret


@routes.post("/registry/v1/tokens", response_model=TokenView)
async def issue_token(
    request: Request,
    now: Now,
    form: Annotated[TokenRequest, Form()],
) -> Response:
    """Sign in: by password, by refresh token (good once) or as a program by client credentials."""
    settings: Settings = request.app.state.settings
    database = database_of(request)
    address = request.client.host if request.client else ""
    wanted = form.scope.split() if form.scope else None
    match form.grant_type:
        case GrantType.PASSWORD:
            if not form.username or form.password is None:
                raise GrantInvalid(grant=form.grant_type.value, fields="username, password")
            granted = await service.sign_in(
                database,
                settings,
                username=form.username,
                password=form.password,
                address=address,
                wanted=wanted,
                now=now,
            )
        case GrantType.REFRESH_TOKEN:
            if not form.refresh_token:
                raise GrantInvalid(grant=form.grant_type.value, fields="refresh_token")
            granted = await service.refresh(
                database, settings, token=form.refresh_token, wanted=wanted, address=address, now=now
            )
        case GrantType.CLIENT_CREDENTIALS:
            client = _basic(request) or (form.client_id, form.client_secret)
            if not client[0] or client[1] is None:
                raise GrantInvalid(grant=form.grant_type.value, fields="client_id, client_secret")
            granted = await service.sign_client_in(
                database,
                settings,
                client_id=client[0],
                client_secret=client[1],
                address=address,
                wanted=wanted,
                now=now,
            )
    return Response(to_json(granted), media_type="application/json", headers={"Cache-Control": "no-store"})


@routes.get("/.well-known/jwks.json", response_model=KeySet)
async def read_keys(connection: Reading, now: Now) -> Response:
    """Read the public keys that verify access tokens."""
    document = await keys.published_keys(connection, now=now)
    return Response(to_json(document), media_type="application/json", headers={"Cache-Control": "public, max-age=60"})


@routes.get(
    "/.well-known/oauth-authorization-server",
    response_model=AuthorizationServer,
)
async def read_authorization_server(request: Request) -> Response:
    """Discover where tokens come from (RFC 8414)."""
    issuer: str = request.app.state.settings.issuer
    body = {
        "issuer": issuer,
        "token_endpoint": f"{issuer}/registry/v1/tokens",
        "jwks_uri": f"{issuer}/.well-known/jwks.json",
        "grant_types_supported": [grant.value for grant in GrantType],
        "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
        "scopes_supported": known_scopes(),
        "response_types_supported": [],
        "service_documentation": f"{issuer}/docs",
    }
    return Response(to_json(body), media_type="application/json", headers={"Cache-Control": "public, max-age=3600"})


standings = router("/registry/v1/standings", tags=["tokens"])


@standings.get("/{id}", response_model=StandingView)
async def read_standing(id: UUID, request: Request, _caller: StandingReader, now: Now) -> Response:
    """Read what an account or program may now, for the house's own services: they act for it without its token."""
    async with database_of(request).transaction() as session:
        holder = await service.standing_of(session, id, now=now)
    if holder is None:
        raise ResourceNotFound
    names = ("id", "person_id", "roles", "scopes", "regions", "org")
    body = to_json({name: getattr(holder, name) for name in names})
    return Response(body, media_type="application/json", headers={"Cache-Control": "private, no-store"})


@own.get("/sessions", response_model=Page[OwnSessionView])
async def list_own_sessions(
    request: Request, caller: SignedIn, connection: Reading, query: Annotated[OwnSessionQuery, Query()], now: Now
) -> Response:
    """List one's own sign-ins that can still be refreshed, the latest first."""
    return await page(
        request,
        connection,
        queries.sessions(caller, now=now),
        query=query,
        order=queries.NEWEST_FIRST,
        shape=queries.session_view,
    )


@own.post("/sessions/end", response_model=SessionsEnded)
async def end_own_sessions(by: SignedIn, session: Writing, now: Now) -> Response:
    """End all of one's own sessions; every service refuses their tokens within five seconds, this one too."""
    ended = await service.end_sessions(session, by=by, now=now)
    return Response(to_json({"ended": ended}), media_type="application/json", headers={"Cache-Control": "no-store"})


@own.post("/sessions/{session_id}/end", response_model=SessionsEnded)
async def end_own_session(session_id: UUID, by: SignedIn, session: Writing, now: Now) -> Response:
    """End one of one's own sessions: it is not refreshed any more, and its last token ends within fifteen minutes."""
    ended = await service.end_session(session, session_id, by=by, now=now)
    return Response(to_json({"ended": ended}), media_type="application/json", headers={"Cache-Control": "no-store"})
