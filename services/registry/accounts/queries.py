"""How accounts and clients are read: by operators who serve all their regions."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, exists, func, not_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.accounts.models import Account, Client
from services.registry.accounts.schemas import AccountQuery, AccountSort
from shared.errors import ResourceNotFound
from shared.lists import Order
from shared.permissions import Caller
from shared.places import NATION, within_any

ACCOUNT_ORDERS = {
    AccountSort.RECORDED: Order(Account.id.expression, UUID, Account.id.expression),
    AccountSort.USERNAME: Order(Account.username.expression, str, Account.id.expression),
}
CLIENTS_RECORDED = Order(Client.id.expression, UUID, Client.id.expression)
_SECRET = {"password_hash", "secret_hash", "creation_digest"}


def _served(regions: Any, caller: Caller) -> ColumnElement[bool]:
    """Return the condition that the caller serves every one of the regions."""
    region = func.unnest(regions).column_valued("region")
    # An array's texts sort as the database does, a code by its bytes.
    outside = not_(within_any(region.collate("C"), caller.regions))
    return not_(exists(select(region).where(outside)))


def accounts(query: AccountQuery, caller: Caller) -> Select[Any]:
    """Return the statement of the accounts whose every region the caller serves."""
    statement: Select[Any] = select(*(column for column in Account.__table__.c if column.name not in _SECRET))
    if NATION not in caller.regions:
        statement = statement.where(_served(Account.regions, caller))
    if query.region is not None:
        statement = statement.where(Account.regions.contains([query.region]))
    if query.role is not None:
        statement = statement.where(Account.roles.contains([query.role.value]))
    if query.suspended is not None:
        statement = statement.where(Account.suspended == query.suspended)
    return statement


def account_view(account: Any) -> dict[str, Any]:
    """Return an account as AccountView."""
    return {
        "id": account.id,
        "username": account.username,
        "display_name": account.display_name,
        "person_id": account.person_id,
        "roles": account.roles,
        "regions": account.regions,
        "org": account.org,
        "suspended": account.suspended,
        "not_before": account.not_before,
        "version": account.version,
        "recorded_at": account.recorded_at,
        "changed_at": account.changed_at,
    }


async def one_account(connection: AsyncConnection, account_id: UUID, caller: Caller) -> dict[str, Any]:
    """Return one account, or ResourceNotFound."""
    statement = accounts(AccountQuery(), caller).where(Account.id == account_id)
    row = (await connection.execute(statement)).one_or_none()
    if row is None:
        raise ResourceNotFound
    return account_view(row)


def clients(caller: Caller) -> Select[Any]:
    """Return the statement of the clients whose every region the caller serves."""
    statement: Select[Any] = select(*(column for column in Client.__table__.c if column.name not in _SECRET))
    return statement if NATION in caller.regions else statement.where(_served(Client.regions, caller))


def client_view(client: Any) -> dict[str, Any]:
    """Return a client as ClientView."""
    return {
        "id": client.id,
        "name": client.name,
        "roles": client.roles,
        "scopes": client.scopes,
        "regions": client.regions,
        "org": client.org,
        "suspended": client.suspended,
        "version": client.version,
        "recorded_at": client.recorded_at,
        "changed_at": client.changed_at,
    }


async def one_client(connection: AsyncConnection, client_id: UUID, caller: Caller) -> dict[str, Any]:
    """Return one client, or ResourceNotFound."""
    row = (await connection.execute(clients(caller).where(Client.id == client_id))).one_or_none()
    if row is None:
        raise ResourceNotFound
    return client_view(row)
