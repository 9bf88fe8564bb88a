"""Use cases of personal records: keep, change, open, erase. None of it is journaled; the rows they stand behind are."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import FromClause, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.personal.models import PersonalRecord
from shared.canonical import keyed_digest
from shared.vault import Vault


def personal_records() -> FromClause:
    """Return the records as other slices join them by id; open a row with `opened`."""
    return PersonalRecord.__table__.alias("personal")


def nik_digest(session: AsyncSession, nik: str) -> bytes:
    """Return by what the same NIK is found again, without keeping it."""
    return keyed_digest(session.info["hmac_key"], b"nik", nik.encode())


def keep(
    session: AsyncSession,
    vault: Vault,
    *,
    record_id: UUID,
    person_id: UUID,
    kelurahan_code: str,
    fields: Mapping[str, Any],
) -> PersonalRecord:
    """Keep the personal fields of a row under its id, sealed; a `nik` among them also as a digest."""
    wrapped, sealed = vault.sealed(record_id, fields)
    kept = PersonalRecord(
        id=record_id,
        kelurahan_code=kelurahan_code,
        person_id=person_id,
        wrapped_key=wrapped,
        sealed=sealed,
        nik_digest=nik_digest(session, fields["nik"]) if fields.get("nik") else None,
    )
    session.add(kept)
    return kept


def change(session: AsyncSession, vault: Vault, kept: PersonalRecord, edited: Mapping[str, Any]) -> dict[str, Any]:
    """Edit the personal fields of a record that is locked; return them as they are now."""
    fields = opened(vault, kept) | dict(edited)
    kept.wrapped_key, kept.sealed = vault.sealed(kept.id, fields)
    kept.nik_digest = nik_digest(session, fields["nik"]) if fields.get("nik") else None
    return fields


def opened(vault: Vault, row: Any) -> dict[str, Any]:
    """Return the personal fields of a record or joined row; nothing once it was erased."""
    if row.wrapped_key is None:
        return {}
    return vault.opened(row.id, bytes(row.wrapped_key), bytes(row.sealed))


async def erase(session: AsyncSession, person_id: UUID, *, now: datetime) -> int:
    """Destroy the keys of everything that names a person; return how many records that were."""
    gone = await session.execute(
        update(PersonalRecord)
        .where(PersonalRecord.person_id == person_id, PersonalRecord.erased_at.is_(None))
        .values(wrapped_key=None, sealed=None, nik_digest=None, erased_at=now)
    )
    return int(getattr(gone, "rowcount", 0))
