"""Which program a token is issued to: found by name, proven by one of its secrets, in good standing."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.accounts.holders import Found, Holder, recent_standings, require_standing
from services.registry.accounts.service import scopes_of
from services.registry.api_clients.models import Client, ClientSecret
from services.registry.api_clients.rules import MOST_SECRETS, opens
from services.registry.regions.service import codes_now
from shared.database import Database


async def find_client(session: AsyncSession, name: str, *, now: datetime) -> Found:
    """Return the program of a name, with the hashes of the secrets that hold; as many are tried when there are fewer."""
    statement = (
        select(Client.id, ClientSecret.id.label("secret_id"), ClientSecret.secret_hash)
        .join(ClientSecret, ClientSecret.client_id == Client.id)
        .where(Client.name == name, ClientSecret.holds_at(now))
        .order_by(ClientSecret.id.desc())
        .limit(MOST_SECRETS)
    )
    rows = (await session.execute(statement)).all()
    return Found(
        id=rows[0].id if rows else None,
        hashes={row.secret_id: row.secret_hash for row in rows},
        tried=MOST_SECRETS,
    )


async def use_secret(session: AsyncSession, secret_id: UUID, *, now: datetime) -> bool:
    """Note the use of a secret of a client that is locked; False when it has ended since it was proven."""
    used = update(ClientSecret).where(ClientSecret.id == secret_id, ClientSecret.holds_at(now))
    # Beside the version: a use is no edit that somebody else would have to see first.
    return await session.scalar(used.values(last_used_at=now).returning(ClientSecret.id)) is not None


async def client_holder_of(session: AsyncSession, client_id: UUID) -> Holder:
    """Return who a program is as it is now; it cannot change before the token is signed."""
    client = await session.get_one(Client, client_id, with_for_update={"read": True})
    holder = Holder(
        id=client.id,
        person_id=None,
        client_id=client.name,
        roles=client.roles,
        scopes=opens(client.scopes, of_roles=scopes_of(client.roles), of_partner=client.org is not None),
        regions=await codes_now(session, client.regions),
        org=client.org,
        suspended=client.suspended,
        not_before=client.not_before,
    )
    require_standing(holder)
    return holder


async def load_standings(database: Database, *, now: datetime) -> Mapping[UUID, float]:
    """Return from when the tokens of recently revoked clients count."""
    return await recent_standings(database, Client.__table__, now=now)
