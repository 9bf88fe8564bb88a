"""Use cases of emergencies. What is read under one says so in its entry; the reason stays out of the journal."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.accounts.holders import holder_of
from services.registry.accounts.service import Role, how_many_serve
from services.registry.emergencies.models import Emergency
from services.registry.emergencies.queries import unseen
from services.registry.emergencies.rules import (
    EMERGENCY_LIFE,
    UNWATCHED,
    AcknowledgedAlready,
    EmergencyNotPersonal,
    EmergencyOpen,
    EmergencyOver,
    OwnEmergency,
    opened,
    told,
)
from services.registry.emergencies.schemas import EmergencyDraft
from services.registry.settings import Settings
from services.registry.tokens import service as tokens
from shared.clock import today
from shared.database import Database
from shared.items import IdTaken, claim, require_place, same_place
from shared.journal import Audience, Change, record
from shared.permissions import STANDING_MEMORY, Caller, ScopeMissing
from shared.places import lies_within

__all__ = ["unseen"]

AUDIENCES = {
    "emergency.declared": Audience.READINGS,
    "emergency.ended": Audience.READINGS,
    "emergency.acknowledged": Audience.READINGS,
}
DECLARING = "registry:emergencies:write"
WATCHING = ({Role.SUPERVISOR}, {Role.AUDITOR}, {Role.CITY_COORDINATOR, Role.CITY_COMMITTEE})
"""Who watches over a kelurahan, the nearest first, as `told` takes them."""


async def _note(session: AsyncSession, emergency: Emergency, action: str, *, by: Caller, now: datetime) -> None:
    """Save and journal an emergency; `suspended` and `not_before` tell every service from when its token is void."""
    emergency.changed_at = now
    await session.flush()
    data = {
        "id": emergency.id,
        "kelurahan_code": emergency.kelurahan_code,
        "account_id": emergency.account_id,
        "kind": emergency.kind,
        "told": emergency.told,
        "expires_at": emergency.expires_at,
        "acknowledged_at": emergency.acknowledged_at,
        "suspended": emergency.ended_at is not None,
        "not_before": emergency.ended_at,
        "version": emergency.version,
    }
    record(session, Change(action, f"emergencies/{emergency.id}", emergency.kelurahan_code, data), by=by, now=now)


async def declare(
    session: AsyncSession, settings: Settings, draft: EmergencyDraft, *, by: Caller, now: datetime
) -> tuple[UUID, dict[str, Any], bool]:
    """Declare an emergency; return its id, its token, shown only now, and whether it is new.

    Declared again with the same id while it is open, it gives another token, which ends when the first does.
    """
    region = await require_place(session, Emergency, draft.kelurahan_code, by=by)
    if by.account_id is None or by.person_id is None:
        raise EmergencyNotPersonal
    claimed = await claim(session, Emergency, draft, by=by)
    # As the account is now, not as it was when its token was made; its lock keeps two emergencies apart.
    holder = await holder_of(session, by.account_id, on=today(now), alone=True)
    if holder.person_id is None or DECLARING not in holder.scopes or not lies_within(region, holder.regions):
        raise EmergencyNotPersonal
    if claimed.existing:
        emergency = await session.get_one(Emergency, claimed.id)
        if emergency.account_id != by.account_id:
            raise IdTaken
        if emergency.ended_at is not None or emergency.expires_at <= now:
            raise EmergencyOver
    else:
        await _require_none_open(session, by.account_id, draft.kelurahan_code, now=now)
        counts = await how_many_serve(session, region, WATCHING, on=today(now), but=by.person_id)
        whom, how_many = told(counts)
        emergency = Emergency(
            told=whom,
            told_accounts=how_many,
            kelurahan_code=draft.kelurahan_code,
            account_id=holder.id,
            person_id=holder.person_id,
            kind=draft.kind,
            reason=draft.reason,
            expires_at=now + EMERGENCY_LIFE,
            ended_at=None,
            acknowledged_at=None,
            acknowledged_by=None,
            **claimed.columns(now),
        )
        session.add(emergency)
        await _note(session, emergency, "emergency.declared", by=by, now=now)
    token = await tokens.issue(
        session,
        settings,
        holder,
        tokens.Terms(
            scopes=opened(holder.scopes),
            regions=[region],
            roles=[],
            ends_at=emergency.expires_at,
            life=EMERGENCY_LIFE,
            emergency=emergency.id,
        ),
        now=now,
    )
    return emergency.id, token, not claimed.existing


async def _require_none_open(session: AsyncSession, account_id: UUID, code: str, *, now: datetime) -> None:
    found = select(Emergency.id).where(
        Emergency.account_id == account_id, same_place(Emergency, code), Emergency.is_open(now)
    )
    existing = await session.scalar(found.limit(1))
    if existing is not None:
        raise EmergencyOpen(region=code, members={"existing": existing})


async def end(session: AsyncSession, emergency: Emergency, *, by: Caller, now: datetime) -> None:
    """End an emergency that is locked before its hour is over: every service refuses its token within seconds."""
    if not by.may(DECLARING):
        _require_watching(emergency, by=by)
    if emergency.ended_at is not None or emergency.expires_at <= now:
        raise EmergencyOver
    emergency.ended_at = now
    await _note(session, emergency, "emergency.ended", by=by, now=now)


async def acknowledge(session: AsyncSession, emergency: Emergency, *, by: Caller, now: datetime) -> None:
    """Take note of an emergency that is locked, as somebody else than who declared it."""
    _require_watching(emergency, by=by)
    if by.person_id is None or emergency.person_id == by.person_id:
        raise OwnEmergency
    if emergency.acknowledged_at is not None:
        raise AcknowledgedAlready
    emergency.acknowledged_at, emergency.acknowledged_by = now, by.account_id
    await _note(session, emergency, "emergency.acknowledged", by=by, now=now)


def _require_watching(emergency: Emergency, *, by: Caller) -> None:
    """Refuse whoever stands in for supervisors where there is one, or an auditor."""
    if not by.may(Emergency.read_scope) and emergency.told not in UNWATCHED:
        raise ScopeMissing(scope=Emergency.read_scope, members={"scope": [Emergency.read_scope]})


async def load_standings(database: Database, *, now: datetime) -> Mapping[UUID, float]:
    """Return the emergencies whose tokens are void though their hour may not be over."""
    async with database.reads.connect() as connection:
        rows = await connection.execute(select(Emergency.id).where(Emergency.ended_at > now - STANDING_MEMORY))
        return {row.id: float("inf") for row in rows}
