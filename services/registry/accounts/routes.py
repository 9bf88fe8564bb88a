"""Accounts and clients over HTTP, for operators."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request, Response
from sqlalchemy import select

from services.registry.accounts import service
from services.registry.accounts.models import Account, Client
from services.registry.accounts.schemas import (
    AccountChange,
    AccountDraft,
    AccountQuery,
    AccountSort,
    AccountView,
    ClientDraft,
    ClientQuery,
    ClientView,
    NewClientView,
)
from services.registry.dependencies import AccountReader, AccountWriter
from shared.clock import Now
from shared.database import Reading
from shared.errors import ResourceNotFound
from shared.lists import Order, Page, page
from shared.permissions import Anyone
from shared.replies import expected_version, item_reply, saved
from shared.routing import router
from shared.writing import SecretReply, Writing

accounts = router("/registry/v1/accounts", tags=["accounts"])
clients = router("/registry/v1/clients", tags=["accounts"])

ACCOUNT_ORDERS = {
    AccountSort.RECORDED: Order(Account.id.expression, UUID, Account.id.expression),
    AccountSort.USERNAME: Order(Account.username.expression, str, Account.id.expression),
}
CLIENTS_RECORDED = Order(Client.id.expression, UUID, Client.id.expression)


async def account_to_change(id: UUID, request: Request, session: Writing, caller: Anyone) -> Account:
    """Give the account of the path, locked, in the version the caller last saw."""
    version = expected_version(request.headers.get("if-match"))
    return await service.locked_account(session, id, version=version, by=caller)


AccountToChange = Annotated[Account, Depends(account_to_change)]


@accounts.get("", response_model=Page[AccountView])
async def list_accounts(
    request: Request, caller: AccountReader, connection: Reading, query: Annotated[AccountQuery, Query()]
) -> Response:
    """List the accounts whose regions the caller serves."""
    statement = service.accounts(query, caller)
    return await page(
        request, connection, statement, query=query, order=ACCOUNT_ORDERS[query.sort], shape=service.account_view
    )


@accounts.post("", status_code=201, response_model=AccountView)
async def open_account(by: AccountWriter, session: Writing, draft: AccountDraft, now: Now) -> Response:
    """Open an account."""
    account, new = await service.open_account(session, draft, by=by, now=now)
    return saved(service.account_view(account), status=201 if new else 200, location=f"{accounts.prefix}/{account.id}")


@accounts.get("/{id}", response_model=AccountView)
async def read_account(id: UUID, request: Request, caller: AccountReader, connection: Reading) -> Response:
    """Read one account."""
    row = (await connection.execute(service.accounts(AccountQuery(), caller).where(Account.id == id))).one_or_none()
    if row is None:
        raise ResourceNotFound
    return item_reply(request, service.account_view(row))


@accounts.patch("/{id}", response_model=AccountView)
async def change_account(
    by: AccountWriter, session: Writing, account: AccountToChange, change: AccountChange, now: Now
) -> Response:
    """Edit an account (JSON Merge Patch); a change of roles or regions ends its sessions."""
    await service.change_account(session, account, change, by=by, now=now)
    return saved(service.account_view(account))


@accounts.post("/{id}/suspension", response_model=AccountView)
async def suspend_account(by: AccountWriter, session: Writing, account: AccountToChange, now: Now) -> Response:
    """Suspend an account; every service refuses its tokens within five seconds."""
    await service.suspend(session, account, by=by, now=now)
    return saved(service.account_view(account))


@accounts.delete("/{id}/suspension", response_model=AccountView)
async def restore_account(by: AccountWriter, session: Writing, account: AccountToChange, now: Now) -> Response:
    """End a suspension."""
    await service.restore(session, account, by=by, now=now)
    return saved(service.account_view(account))


@clients.get("", response_model=Page[ClientView])
async def list_clients(
    request: Request, _caller: AccountReader, connection: Reading, query: Annotated[ClientQuery, Query()]
) -> Response:
    """List the programs that may sign in."""
    return await page(
        request, connection, select(*Client.__table__.c), query=query, order=CLIENTS_RECORDED, shape=service.client_view
    )


@clients.post("", status_code=201, response_model=NewClientView)
async def open_client(
    by: AccountWriter, session: Writing, _secret: SecretReply, draft: ClientDraft, now: Now
) -> Response:
    """Open a partner's client; its secret is in this reply and nowhere else."""
    client, secret = await service.open_client(session, draft, by=by, now=now)
    return saved(client | {"client_secret": secret}, status=201, location=f"{clients.prefix}/{client['id']}")
