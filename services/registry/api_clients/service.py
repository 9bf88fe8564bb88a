"""Use cases of clients and their secrets; what travels in the journal opens nothing."""

import secrets as random
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.accounts.holders import hashed, matching
from services.registry.accounts.service import SERVICE_SCOPES, Role, UsernameTaken, require_regions, require_served
from services.registry.api_clients import queries
from services.registry.api_clients.models import Client, ClientSecret
from services.registry.api_clients.queries import CLIENTS_RECORDED
from services.registry.api_clients.queries import clients as served_clients
from services.registry.api_clients.rules import (
    MOST_SECRETS,
    LastSecret,
    ProgramScope,
    SecretOver,
    SecretsFull,
    ServiceClient,
    ending,
)
from services.registry.api_clients.schemas import ClientChange, ClientDraft, SecretDraft
from services.registry.partners import service as partners
from services.registry.regions.service import codes_now
from shared.clock import today
from shared.errors import ResourceNotFound
from shared.identity import new_id
from shared.items import changes, claim
from shared.journal import Audience, Change, record
from shared.permissions import STANDING_MEMORY, Caller
from shared.places import NATION
from shared.replies import VersionStale

__all__ = ["CLIENTS_RECORDED", "served_clients"]

AUDIENCES = {
    "client.opened": Audience.INTERNAL,
    "client.changed": Audience.INTERNAL,
    "client.suspended": Audience.INTERNAL,
    "client.restored": Audience.INTERNAL,
    "secret.added": Audience.INTERNAL,
    "secret.changed": Audience.INTERNAL,
    "secret.retired": Audience.INTERNAL,
}


async def _note(session: AsyncSession, client: Client, action: str, *, by: Caller, now: datetime) -> None:
    client.changed_at = now
    await session.flush()
    data = {
        "id": client.id,
        "scopes": client.scopes,
        "regions": client.regions,
        "suspended": client.suspended,
        "not_before": client.not_before,
        "version": client.version,
    }
    record(session, Change(action, f"clients/{client.id}", None, data), by=by, now=now)


async def _note_secret(session: AsyncSession, secret: ClientSecret, action: str, *, by: Caller, now: datetime) -> None:
    secret.changed_at = now
    await session.flush()
    data = {
        "id": secret.id,
        "client_id": secret.client_id,
        "expires_at": secret.expires_at,
        "retired_at": secret.retired_at,
        "version": secret.version,
    }
    record(session, Change(action, f"client-secrets/{secret.id}", None, data), by=by, now=now)


def _secret(client_id: UUID, secret_hash: str, *, now: datetime, secret_id: UUID, digest: bytes = b"") -> ClientSecret:
    return ClientSecret(
        id=secret_id,
        version=1,
        creation_digest=digest,
        recorded_at=now,
        changed_at=now,
        client_id=client_id,
        secret_hash=secret_hash,
        expires_at=None,
        retired_at=None,
        last_used_at=None,
    )


async def _holding(session: AsyncSession, client: Client, *, now: datetime) -> list[ClientSecret]:
    """Return the secrets that open, of a client that is locked."""
    found = select(ClientSecret).where(ClientSecret.client_id == client.id, ClientSecret.holds_at(now))
    return list(await session.scalars(found.order_by(ClientSecret.id).with_for_update()))


async def open_client(
    session: AsyncSession, draft: ClientDraft, *, by: Caller, now: datetime
) -> tuple[Client, str, bool]:
    """Open a partner's client with the least scopes; return it with its secret, shown only now, and whether it is new.

    Made again with the same id it gets a new secret and loses all others: the first may have been lost with its reply.
    """
    await require_regions(session, draft.regions, by=by)
    claimed = await claim(session, Client, draft, by=by)
    shown = random.token_urlsafe(32)
    if claimed.existing:
        client = await session.get_one(Client, claimed.id, with_for_update=True)
        require_served(await codes_now(session, client.regions), by=by)
        for old in await _holding(session, client, now=now):
            old.retired_at = now
            await _note_secret(session, old, "secret.retired", by=by, now=now)
        client.not_before = now
        await _note(session, client, "client.changed", by=by, now=now)
        await _add(session, client, shown, by=by, now=now)
        return client, shown, False
    if await session.scalar(select(Client.id).where(Client.name == draft.name)):
        raise UsernameTaken(name=draft.name)
    await partners.require_verified(session, draft.org, pointer="/org", on=today(now))
    client = Client(
        name=draft.name,
        roles=[Role.PARTNER.value],
        scopes=sorted(str(one) for one in ProgramScope),
        regions=sorted(draft.regions),
        org=draft.org,
        suspended=False,
        not_before=None,
        **claimed.columns(now),
    )
    session.add(client)
    await _note(session, client, "client.opened", by=by, now=now)
    await _add(session, client, shown, by=by, now=now)
    return client, shown, True


async def _add(session: AsyncSession, client: Client, shown: str, *, by: Caller, now: datetime) -> None:
    secret = _secret(client.id, await hashed(shown), now=now, secret_id=new_id())
    session.add(secret)
    await _note_secret(session, secret, "secret.added", by=by, now=now)


async def locked_client(session: AsyncSession, client_id: UUID, *, version: int | None, by: Caller) -> Client:
    """Return a client that the caller may change, locked, in the version last seen where one is given."""
    client = await session.get(Client, client_id, with_for_update=True)
    if client is None or not all(map(by.serves, await codes_now(session, client.regions))):
        raise ResourceNotFound
    if version is not None and client.version != version:
        raise VersionStale(version=client.version, members={"current": queries.client_view(client)})
    return client


async def change_client(
    session: AsyncSession, client: Client, change: ClientChange, *, by: Caller, now: datetime
) -> None:
    """Give a partner's client that is locked other regions, of those the caller serves, or scopes.

    What was issued before is void within seconds: the next token says what holds from now on.
    """
    if client.org is None:
        raise ServiceClient
    edited = changes(change)
    await require_regions(session, edited.get("regions", []), by=by)
    given = {name: sorted({str(one) for one in value}) for name, value in edited.items()}
    if any(getattr(client, name) != value for name, value in given.items()):
        client.not_before = now
    for name, value in given.items():
        setattr(client, name, value)
    await _note(session, client, "client.changed", by=by, now=now)


async def suspend(session: AsyncSession, client: Client, *, by: Caller, now: datetime) -> None:
    """Suspend a client: every service refuses its tokens within seconds."""
    client.suspended, client.not_before = True, now
    await _note(session, client, "client.suspended", by=by, now=now)


async def restore(session: AsyncSession, client: Client, *, by: Caller, now: datetime) -> None:
    """Let a suspended client sign in again; its old tokens stay void."""
    client.suspended, client.not_before = False, now
    await _note(session, client, "client.restored", by=by, now=now)


async def add_secret(
    session: AsyncSession, client: Client, draft: SecretDraft, *, by: Caller, now: datetime
) -> tuple[ClientSecret, str, bool]:
    """Give a client that is locked a second secret; return it with what it is, shown only now, and whether it is new.

    Made again with the same id it is another secret: the first may have been lost with its reply.
    """
    claimed = await claim(session, ClientSecret, draft, by=by, within=client.id)
    shown = random.token_urlsafe(32)
    holding = await _holding(session, client, now=now)
    if claimed.existing:
        secret = next((one for one in holding if one.id == claimed.id), None)
        if secret is None:
            raise SecretOver
        secret.secret_hash, secret.last_used_at = await hashed(shown), None
        await _note_secret(session, secret, "secret.changed", by=by, now=now)
        return secret, shown, False
    if len(holding) >= MOST_SECRETS:
        raise SecretsFull(count=len(holding))
    if draft.overlap_days is not None:
        for old in holding:
            old.expires_at = ending(old.expires_at, now=now, overlap_days=draft.overlap_days)
            await _note_secret(session, old, "secret.changed", by=by, now=now)
    secret = _secret(client.id, await hashed(shown), now=now, secret_id=claimed.id, digest=claimed.digest)
    session.add(secret)
    await _note_secret(session, secret, "secret.added", by=by, now=now)
    return secret, shown, True


async def locked_secret(session: AsyncSession, client: Client, secret_id: UUID, *, version: int) -> ClientSecret:
    """Return a secret of a client that is locked, in the version last seen."""
    secret = await session.get(ClientSecret, secret_id, with_for_update=True)
    if secret is None or secret.client_id != client.id:
        raise ResourceNotFound
    if secret.version != version:
        raise VersionStale(version=secret.version, members={"current": queries.secret_view(secret)})
    return secret


async def retire_secret(
    session: AsyncSession, client: Client, secret: ClientSecret, *, by: Caller, now: datetime
) -> None:
    """Retire one of two secrets. Where it was used of late, what it opened is void too, within seconds."""
    holding = await _holding(session, client, now=now)
    if secret not in holding:
        raise SecretOver
    if len(holding) == 1:
        raise LastSecret
    secret.retired_at = now
    await _note_secret(session, secret, "secret.retired", by=by, now=now)
    # A secret that nobody used for longer than a token lives is followed without a gap.
    if secret.last_used_at is not None and secret.last_used_at > now - STANDING_MEMORY:
        client.not_before = now
        await _note(session, client, "client.changed", by=by, now=now)


async def ensure_service_client(session: AsyncSession, *, name: str, secret: str, now: datetime) -> None:
    """Open a service's own client, or give it the secret that it was started with beside the one before it."""
    client = await session.scalar(select(Client).where(Client.name == name).with_for_update())
    if client is None:
        client = Client(
            id=new_id(),
            version=1,
            creation_digest=b"",
            recorded_at=now,
            changed_at=now,
            name=name,
            roles=[],
            scopes=sorted(SERVICE_SCOPES[name]),
            regions=[NATION],
            org=None,
            suspended=False,
            not_before=None,
        )
        session.add(client)
        await session.flush()
    holding = await _holding(session, client, now=now)
    if await matching({one.id: one.secret_hash for one in holding}, secret, tried=MOST_SECRETS) is not None:
        return
    for old in holding[1:]:
        old.retired_at = now
    session.add(_secret(client.id, await hashed(secret), now=now, secret_id=new_id()))


def clients_of(org: UUID, caller: Caller) -> Select[Any]:
    """Return the statement of a partner's clients: all of them for the partner, for others as operators see them."""
    if caller.org == org:
        caller = replace(caller, regions=(NATION,))
    elif not caller.may("registry:accounts:read"):
        caller = replace(caller, regions=())
    return queries.clients(caller).where(Client.org == org)
