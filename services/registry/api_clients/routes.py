"""Clients and their secrets over HTTP: for operators, and for a client itself."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request, Response

from services.registry.api_clients import queries, service
from services.registry.api_clients.models import Client, ClientSecret
from services.registry.api_clients.rules import NotAClient
from services.registry.api_clients.schemas import (
    ClientChange,
    ClientDraft,
    ClientQuery,
    ClientView,
    NewClientView,
    NewSecretView,
    PartnerClientQuery,
    PartnerClientView,
    SecretDraft,
    SecretQuery,
    SecretView,
    SelfView,
)
from services.registry.dependencies import AccountReader, AccountWriter
from services.registry.partners.service import partner_of
from shared.clock import Now
from shared.database import Reading
from shared.lists import Page, page
from shared.permissions import Anyone, SignedIn
from shared.replies import expected_version, item_reply, saved, to_json
from shared.routing import router
from shared.writing import SecretReply, Writing

clients = router("/registry/v1/clients", tags=["clients"])
partners = router("/registry/v1/partners", tags=["clients"])


async def client_to_change(id: UUID, request: Request, session: Writing, caller: Anyone) -> Client:
    """Give the client of the path, locked, in the version the caller last saw."""
    version = expected_version(request.headers.get("if-match"))
    return await service.locked_client(session, id, version=version, by=caller)


async def client_to_extend(id: UUID, session: Writing, caller: Anyone) -> Client:
    """Give the client of the path, locked, whatever its version."""
    return await service.locked_client(session, id, version=None, by=caller)


ClientToChange = Annotated[Client, Depends(client_to_change)]
ClientToExtend = Annotated[Client, Depends(client_to_extend)]


async def secret_to_change(
    client: ClientToExtend, client_secret_id: UUID, request: Request, session: Writing
) -> ClientSecret:
    """Give the secret of the path, its client locked, in the version the caller last saw."""
    version = expected_version(request.headers.get("if-match"))
    return await service.locked_secret(session, client, client_secret_id, version=version)


SecretToChange = Annotated[ClientSecret, Depends(secret_to_change)]


@clients.get("", response_model=Page[ClientView])
async def list_clients(
    request: Request, caller: AccountReader, connection: Reading, query: Annotated[ClientQuery, Query()]
) -> Response:
    """List the programs that may sign in."""
    return await page(
        request,
        connection,
        queries.clients(caller),
        query=query,
        order=queries.CLIENTS_RECORDED,
        shape=queries.client_view,
    )


@clients.post("", status_code=201, response_model=NewClientView)
async def open_client(
    by: AccountWriter, session: Writing, _secret: SecretReply, draft: ClientDraft, now: Now
) -> Response:
    """Open a partner's client; its secret is in this reply and nowhere else."""
    client, secret, new = await service.open_client(session, draft, by=by, now=now)
    shown = queries.client_view(client) | {"client_secret": secret}
    return saved(shown, status=201 if new else 200, location=f"{clients.prefix}/{client.id}")


@clients.get("/self", response_model=SelfView)
async def read_own_client(caller: SignedIn, connection: Reading, now: Now) -> Response:
    """Test one's own token: answered, it verified, and this is what it opens and when its secrets end."""
    if caller.person_id is not None or caller.account_id is None:
        raise NotAClient
    rows = await queries.holding(connection, caller.account_id, now=now)
    headers = {"Cache-Control": "private, no-store"}
    return Response(to_json(queries.self_view(caller, rows)), media_type="application/json", headers=headers)


@clients.get("/{id}", response_model=ClientView)
async def read_client(id: UUID, request: Request, caller: AccountReader, connection: Reading) -> Response:
    """Read one client."""
    return item_reply(request, await queries.one_client(connection, id, caller))


@clients.patch("/{id}", response_model=ClientView)
async def change_client(
    by: AccountWriter, session: Writing, client: ClientToChange, change: ClientChange, now: Now
) -> Response:
    """Give a partner's client other regions or scopes (JSON Merge Patch), within five seconds in every service."""
    await service.change_client(session, client, change, by=by, now=now)
    return saved(queries.client_view(client))


@clients.post("/{id}/suspension", response_model=ClientView)
async def suspend_client(by: AccountWriter, session: Writing, client: ClientToChange, now: Now) -> Response:
    """Suspend a client; every service refuses its tokens within five seconds."""
    await service.suspend(session, client, by=by, now=now)
    return saved(queries.client_view(client))


@clients.delete("/{id}/suspension", response_model=ClientView)
async def restore_client(by: AccountWriter, session: Writing, client: ClientToChange, now: Now) -> Response:
    """End a suspension; the client signs in anew."""
    await service.restore(session, client, by=by, now=now)
    return saved(queries.client_view(client))


@clients.get("/{id}/secrets", response_model=Page[SecretView])
async def list_secrets(
    id: UUID,
    request: Request,
    caller: AccountReader,
    connection: Reading,
    query: Annotated[SecretQuery, Query()],
    now: Now,
) -> Response:
    """List a client's secrets by their dates."""
    return await page(
        request,
        connection,
        queries.secrets(id, query, caller, now=now),
        query=query,
        order=queries.SECRETS_RECORDED,
        shape=queries.secret_view,
        of=queries.clients(caller).where(Client.id == id),
    )


@clients.post("/{id}/secrets", status_code=201, response_model=NewSecretView)
async def add_secret(
    by: AccountWriter, session: Writing, _secret: SecretReply, client: ClientToExtend, draft: SecretDraft, now: Now
) -> Response:
    """Give a client a second secret, in this reply and nowhere else; both hold until the old one ends."""
    secret, shown, new = await service.add_secret(session, client, draft, by=by, now=now)
    address = f"{clients.prefix}/{client.id}/secrets/{secret.id}"
    body = queries.secret_view(secret) | {"client_secret": shown}
    return saved(body, status=201 if new else 200, location=address)


@clients.get("/{id}/secrets/{client_secret_id}", response_model=SecretView)
async def read_secret(
    id: UUID, client_secret_id: UUID, request: Request, caller: AccountReader, connection: Reading, now: Now
) -> Response:
    """Read when a client's secret was used and ends; never the secret itself."""
    return item_reply(request, await queries.one_secret(connection, id, client_secret_id, caller, now=now))


@clients.delete("/{id}/secrets/{client_secret_id}", response_model=SecretView)
async def retire_secret(
    by: AccountWriter, session: Writing, client: ClientToExtend, secret: SecretToChange, now: Now
) -> Response:
    """Retire the old secret; used within the last hour, what it opened is void within five seconds too."""
    await service.retire_secret(session, client, secret, by=by, now=now)
    return saved(queries.secret_view(secret))


@partners.get("/{id}/clients", response_model=Page[PartnerClientView])
async def list_partner_clients(
    id: UUID, request: Request, caller: SignedIn, connection: Reading, query: Annotated[PartnerClientQuery, Query()]
) -> Response:
    """List a partner's programs: to its own people and programs, and to operators who serve all their regions."""
    return await page(
        request,
        connection,
        service.clients_of(id, caller),
        query=query,
        order=queries.CLIENTS_RECORDED,
        shape=queries.partner_client_view,
        of=partner_of(id),
    )
