"""How clients and their secrets are read: by operators who serve all their regions, and by the client itself."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, not_, select, true
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from services.registry.accounts.service import outside
from services.registry.api_clients.models import Client, ClientSecret
from services.registry.api_clients.schemas import SecretQuery
from shared.errors import ResourceNotFound
from shared.lists import Order
from shared.permissions import Caller
from shared.places import NATION

CLIENTS_RECORDED = Order(Client.id.expression, UUID, Client.id.expression)
SECRETS_RECORDED = Order(ClientSecret.id.expression, UUID, ClientSecret.id.expression)
_SECRET = tuple(column for column in ClientSecret.__table__.c if column.name != "secret_hash")


def _served(caller: Caller) -> ColumnElement[bool]:
    return true() if NATION in caller.regions else not_(outside(Client.regions, caller))


def clients(caller: Caller) -> Select[Any]:
    """Return the statement of the clients whose every region the caller serves."""
    return select(*Client.__table__.c).where(_served(caller))


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


def secrets(client_id: UUID, query: SecretQuery, caller: Caller, *, now: datetime) -> Select[Any]:
    """Return the statement of a client's secrets."""
    of_client = and_(Client.id == client_id, Client.id == ClientSecret.client_id)
    statement = select(*_SECRET).join(Client, of_client).where(_served(caller))
    if query.holds is None:
        return statement
    holds = ClientSecret.holds_at(now)
    return statement.where(holds if query.holds else not_(holds))


async def one_secret(
    connection: AsyncConnection, client_id: UUID, secret_id: UUID, caller: Caller, *, now: datetime
) -> dict[str, Any]:
    """Return one secret of a client, or ResourceNotFound."""
    statement = secrets(client_id, SecretQuery(), caller, now=now).where(ClientSecret.id == secret_id)
    row = (await connection.execute(statement)).one_or_none()
    if row is None:
        raise ResourceNotFound
    return secret_view(row)


def secret_view(secret: Any) -> dict[str, Any]:
    """Return a secret as SecretView."""
    return {
        "id": secret.id,
        "client_id": secret.client_id,
        "expires_at": secret.expires_at,
        "retired_at": secret.retired_at,
        "last_used_at": secret.last_used_at,
        "version": secret.version,
        "recorded_at": secret.recorded_at,
        "changed_at": secret.changed_at,
    }


async def holding(connection: AsyncConnection | AsyncSession, client_id: UUID, *, now: datetime) -> Sequence[Any]:
    """Return the secrets of a client that open, by their dates, the earliest first."""
    statement = select(*_SECRET).where(ClientSecret.client_id == client_id, ClientSecret.holds_at(now))
    return (await connection.execute(statement.order_by(ClientSecret.id))).all()


def self_view(caller: Caller, rows: Sequence[Any]) -> dict[str, Any]:
    """Return what a program's token proves as SelfView."""
    return {
        "verified": True,
        "id": caller.account_id,
        "name": caller.client_id,
        "org": caller.org,
        "roles": sorted(caller.roles),
        "scopes": sorted(caller.scopes),
        "regions": list(caller.regions),
        "secrets": [
            {
                "id": row.id,
                "recorded_at": row.recorded_at,
                "expires_at": row.expires_at,
                "last_used_at": row.last_used_at,
            }
            for row in rows
        ],
    }


def partner_client_view(row: Any) -> dict[str, Any]:
    """Return a row as PartnerClientView."""
    return {
        "id": row.id,
        "name": row.name,
        "regions": row.regions,
        "suspended": row.suspended,
        "recorded_at": row.recorded_at,
    }
