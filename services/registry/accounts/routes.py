"""Accounts and clients over HTTP, for operators."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request, Response

from services.registry.accounts import queries, service
from services.registry.accounts.models import Account, Client
from services.registry.accounts.schemas import (
    AccountChange,
    AccountDraft,
    AccountQuery,
    AccountView,
    ClientDraft,
    ClientQuery,
    ClientView,
    NewClientView,
)
from services.registry.dependencies import AccountReader, AccountWriter
from shared.clock import Now
from shared.database import Reading
from shared.lists import Page, page
from shared.permissions import Anyone
from shared.replies import expected_version, item_reply, saved
from shared.routing import router
from shared.writing import SecretReply, Writing

accounts = router("/registry/v1/accounts", tags=["accounts"])
clients = router("/registry/v1/clients", tags=["accounts"])


async def account_to_change(id: UUID, request: Request, session: Writing, caller: Anyone) -> Account:
    """Give the account of the path, locked, in the version the caller last saw."""
    version = expected_version(request.headers.get("if-match"))
    return await service.locked_account(session, id, version=version, by=caller)


async def client_to_change(id: UUID, request: Request, session: Writing, caller: Anyone) -> Client:
    """Give the client of the path, locked, in the version the caller last saw."""
    version = expected_version(request.headers.get("if-match"))
    return await service.locked_client(session, id, version=version, by=caller)


AccountToChange = Annotated[Account, Depends(account_to_change)]
ClientToChange = Annotated[Client, Depends(client_to_change)]


@accounts.get("", response_model=Page[AccountView])
async def list_accounts(
    request: Request, caller: AccountReader, connection: Reading, query: Annotated[AccountQuery, Query()]
) -> Response:
    """List the accounts whose regions the caller serves."""
    statement = queries.accounts(query, caller)
    return await page(
        request,
        connection,
        statement,
        query=query,
        order=queries.ACCOUNT_ORDERS[query.sort],
        shape=queries.account_view,
    )


@accounts.post("", status_code=201, response_model=AccountView)
async def open_account(by: AccountWriter, session: Writing, draft: AccountDraft, now: Now) -> Response:
    """Open an account."""
    account, new = await service.open_account(session, draft, by=by, now=now)
    return saved(queries.account_view(account), status=201 if new else 200, location=f"{accounts.prefix}/{account.id}")


@accounts.get("/{id}", response_model=AccountView)
async def read_account(id: UUID, request: Request, caller: AccountReader, connection: Reading) -> Response:
    """Read one account."""
    return item_reply(request, await queries.one_account(connection, id, caller))


@accounts.patch("/{id}", response_model=AccountView)
async def change_account(
    by: AccountWriter, session: Writing, account: AccountToChange, change: AccountChange, now: Now
) -> Response:
    """Edit an account (JSON Merge Patch); a change of roles or regions ends its sessions."""
    await service.change_account(session, account, change, by=by, now=now)
    return saved(queries.account_view(account))


@accounts.post("/{id}/suspension", response_model=AccountView)
async def suspend_account(by: AccountWriter, session: Writing, account: AccountToChange, now: Now) -> Response:
    """Suspend an account; every service refuses its tokens within five seconds."""
    await service.suspend(session, account, by=by, now=now)
    return saved(queries.account_view(account))


@accounts.delete("/{id}/suspension", response_model=AccountView)
async def restore_account(by: AccountWriter, session: Writing, account: AccountToChange, now: Now) -> Response:
    """End a suspension."""
    await service.restore(session, account, by=by, now=now)
    return saved(queries.account_view(account))


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


@clients.get("/{id}", response_model=ClientView)
async def read_client(id: UUID, request: Request, caller: AccountReader, connection: Reading) -> Response:
    """Read one client."""
    return item_reply(request, await queries.one_client(connection, id, caller))


@clients.post("/{id}/suspension", response_model=ClientView)
async def suspend_client(by: AccountWriter, session: Writing, client: ClientToChange, now: Now) -> Response:
    """Suspend a client; every service refuses its tokens within five seconds."""
    await service.suspend_client(session, client, by=by, now=now)
    return saved(queries.client_view(client))
