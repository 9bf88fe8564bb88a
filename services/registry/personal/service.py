"""Use cases of personal records: keep, change, open, erase; and find who may be recorded twice.

What is kept is not journaled, the rows it stands behind are. A pair that may be one person is.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import FromClause, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.personal.matching import (
    AUDIENCES,
    Person,
    clear,
    digest_of,
    kk_digest_of,
    match_keys,
    nik_digest,
    note,
    open_pairs,
    opened,
    queue,
)
from services.registry.personal.models import Duplicate, PersonalRecord
from services.registry.personal.rules import Dismissal, DuplicateState, PersonalErased, Reason
from shared.errors import Invalid, Text
from shared.journal import Change, record
from shared.loading import copy_rows
from shared.permissions import Caller
from shared.statements import among
from shared.vault import Vault

__all__ = [
    "AUDIENCES",
    "Dismissal",
    "Duplicate",
    "DuplicateState",
    "Erasing",
    "Person",
    "PersonalErased",
    "Reason",
    "kk_digest_of",
    "nik_digest",
    "note",
    "opened",
]


class Relinking(StrEnum):
    """Why a row or an account meant another person than it should: salah orang, orang yang tercatat dua kali."""

    WRONG_PERSON = "wrong_person"
    RECORDED_TWICE = "recorded_twice"


class RelinkingUnexplained(Invalid):
    code = "person.unexplained"
    title = Text("Alasan dan orangnya tidak lengkap", "Person and reason incomplete")
    detail = Text(
        "`person_id` diperbaiki bersama alasannya, `person_reason`; keduanya atau tidak sama sekali.",
        "`person_id` is corrected with its reason, `person_reason`: both or neither.",
    )
    fix = Text("Sebutkan keduanya.", "Give both.")


def relinked(edited: dict[str, Any]) -> tuple[UUID, Relinking] | None:
    """Take a correction of whose something is out of a merge patch, if there is one."""
    person, reason = edited.pop("person_id", None), edited.pop("person_reason", None)
    if (person is None) != (reason is None):
        raise RelinkingUnexplained(pointer="/person_reason" if reason is None else "/person_id")
    return None if person is None or reason is None else (person, reason)


@dataclass(frozen=True, slots=True)
class Erasing:
    """One erasure, as every slice is told of it: all ids of the person, why, since when it is asked for, by whom."""

    persons: frozenset[UUID]
    reason: str
    requested_on: date
    by: Caller
    now: datetime


def personal_records() -> FromClause:
    """Return the records as other slices join them by id; open a row with `opened`."""
    return PersonalRecord.__table__.alias("personal")


def keep(
    session: AsyncSession,
    vault: Vault,
    *,
    record_id: UUID,
    person_id: UUID,
    kelurahan_code: str,
    fields: Mapping[str, Any],
) -> PersonalRecord:
    """Keep the personal fields of a row under its id, sealed; `nik` and `kk_number` among them also as digests."""
    wrapped, sealed = vault.sealed(record_id, fields)
    kept = PersonalRecord(
        id=record_id,
        kelurahan_code=kelurahan_code,
        person_id=person_id,
        wrapped_key=wrapped,
        sealed=sealed,
        nik_digest=digest_of(session, fields),
        kk_digest=kk_digest_of(session, fields),
        match_keys=[],
    )
    session.add(kept)
    return kept


async def keep_people(
    session: AsyncSession, vault: Vault, people: Sequence[Person], *, among: FromClause, by: Caller, now: datetime
) -> None:
    """Keep persons who were just recorded, and queue whoever of them may be somebody recorded already.

    One person or thousands: the statements grow with their number by five hundreds. The rows they stand behind are
    written before, since `among` gives them too: id, birth_year, sex and household_id of all who may be compared.
    It comes late in its transaction, for it locks out who records the same people at once.
    """
    rows = []
    for person in people:
        wrapped, sealed = vault.sealed(person.id, person.fields)
        row = {
            "id": person.id,
            "kelurahan_code": person.kelurahan_code,
            "person_id": person.person_id,
            "wrapped_key": wrapped,
            "sealed": sealed,
            "nik_digest": digest_of(session, person.fields),
            "match_keys": match_keys(session, person),
        }
        rows.append(row)
    if rows:
        await copy_rows(session, PersonalRecord.__table__, rows)
        await queue(session, vault, people, among=among, by=by, now=now)


async def record_of(session: AsyncSession, record_id: UUID) -> PersonalRecord:
    """Return a record, locked, to be changed with the row that it stands behind."""
    return await session.get_one(PersonalRecord, record_id, with_for_update=True)


async def fields_of(session: AsyncSession, vault: Vault, ids: Sequence[UUID]) -> dict[UUID, dict[str, Any]]:
    """Return the personal fields of several records; of what was erased nothing."""
    records = await session.scalars(select(PersonalRecord).where(PersonalRecord.id.in_(ids)))
    return {kept.id: opened(vault, kept) for kept in records if kept.wrapped_key is not None}


async def rename(session: AsyncSession, vault: Vault, record_id: UUID, edited: Mapping[str, Any]) -> None:
    """Edit the personal fields behind a row, or PersonalErased."""
    kept = await record_of(session, record_id)
    if kept.erased_at is not None:
        raise PersonalErased
    change(session, vault, kept, edited)


def change(session: AsyncSession, vault: Vault, kept: PersonalRecord, edited: Mapping[str, Any]) -> dict[str, Any]:
    """Edit the personal fields of a record that is locked; return them as they are now."""
    fields = opened(vault, kept) | dict(edited)
    kept.wrapped_key, kept.sealed = vault.sealed(kept.id, fields)
    kept.nik_digest, kept.kk_digest = digest_of(session, fields), kk_digest_of(session, fields)
    return fields


async def keep_kk_digests(session: AsyncSession, vault: Vault, ids: Sequence[UUID]) -> None:
    """Give records that were kept before KK numbers had digests theirs; one that is being written gets it there."""
    lacking = select(PersonalRecord).where(PersonalRecord.id.in_(ids), PersonalRecord.kk_digest.is_(None))
    for kept in await session.scalars(lacking.with_for_update(skip_locked=True)):
        kept.kk_digest = kk_digest_of(session, opened(vault, kept))


async def queue_again(
    session: AsyncSession, vault: Vault, person: Person, *, among: FromClause, by: Caller, now: datetime
) -> None:
    """Compare a person whose record or row was changed: pairs that are no longer alike leave the queue.

    A pair that was dismissed comes back only when more speaks for it than at its dismissal.
    """
    await session.flush()
    kept = await session.get_one(PersonalRecord, person.id)
    kept.match_keys = match_keys(session, person)
    await session.flush()
    found = await queue(session, vault, [person], among=among, by=by, now=now)
    standing: Sequence[Duplicate] = (await session.scalars(open_pairs(person.id))).all()
    await clear(session, (one for one in standing if (one.first_id, one.second_id) not in found), by=by, now=now)


async def leave_queue(session: AsyncSession, *ids: UUID, by: Caller, now: datetime) -> None:
    """Take the open pairs of rows that no longer stand out of the queue."""
    await clear(session, await session.scalars(open_pairs(*ids)), by=by, now=now)


async def found(session: AsyncSession, record_id: UUID) -> PersonalRecord | None:
    """Return the record behind a row that may have none, locked."""
    return await session.get(PersonalRecord, record_id, with_for_update=True)


def close(session: AsyncSession, *, record_id: UUID, person_id: UUID, kelurahan_code: str, now: datetime) -> None:
    """Keep of a row only that what named its person was erased, so that nobody fills it in again."""
    session.add(
        PersonalRecord(id=record_id, kelurahan_code=kelurahan_code, person_id=person_id, match_keys=[], erased_at=now)
    )


async def records_of(session: AsyncSession, persons: Collection[UUID]) -> Sequence[UUID]:
    """Return the ids of the rows behind which some persons stand."""
    return (await session.scalars(select(PersonalRecord.id).where(PersonalRecord.person_id.in_(persons)))).all()


async def untie(session: AsyncSession, model: type[Any], erasing: Erasing) -> int:
    """Keep of a slice's rows of an erased person nothing by which a guess could be tried; return how many there are."""
    of_person = model.person_id.in_(erasing.persons)
    untied = update(model).where(of_person).values(creation_digest=b"").returning(model.id)
    return len((await session.scalars(untied)).all())


async def untie_named(
    session: AsyncSession, model: type[Any], erasing: Erasing, *, told: Callable[[Any], Change]
) -> int:
    """Do as `untie` with rows that showed a name: of those it was taken from now, each has another version, and is `told` of."""
    count = await untie(session, model, erasing)
    named = select(model).join(PersonalRecord, PersonalRecord.id == model.id)
    of_person = named.where(model.person_id.in_(erasing.persons), PersonalRecord.erased_at == erasing.now)
    rows = (await session.scalars(of_person.order_by(model.id).with_for_update(of=model))).all()
    for row in rows:
        row.changed_at = erasing.now
    await session.flush()
    for row in rows:
        record(session, told(row), by=erasing.by, now=erasing.now)
    return count


async def dismiss_again(session: AsyncSession, became: Mapping[UUID, UUID], *, by: Caller, now: datetime) -> None:
    """Dismiss the pairs of rows that were opened anew, where those of the rows they follow were, and nothing more speaks.

    `became` names the row that follows each; of a pair one may have been opened anew, or both.
    """
    among = or_(Duplicate.first_id.in_(became), Duplicate.second_id.in_(became))
    dismissed = select(Duplicate).where(Duplicate.state == DuplicateState.DISMISSED, among)
    judged = {
        frozenset(became.get(one, one) for one in (pair.first_id, pair.second_id)): pair
        for pair in await session.scalars(dismissed)
    }
    again = []
    for pair in await session.scalars(open_pairs(*became.values())) if judged else ():
        before = judged.get(frozenset((pair.first_id, pair.second_id)))
        if before is not None and pair.score <= before.score:
            pair.state, pair.dismissal, pair.changed_at = DuplicateState.DISMISSED, before.dismissal, now
            again.append(pair)
    await session.flush()
    for pair in again:
        note(session, "duplicate.dismissed", pair, by=by, now=now)


async def discard(session: AsyncSession, record_ids: Collection[UUID]) -> None:
    """Delete the records of rows that were replaced: what was written wrongly is kept nowhere."""
    await session.execute(delete(PersonalRecord).where(PersonalRecord.id.in_(record_ids)))


async def forget(session: AsyncSession, ids: Sequence[UUID], *, by: Caller, now: datetime) -> None:
    """Delete the records of rows that were taken back, and whatever pairs they stood in."""
    await clear(session, await session.scalars(open_pairs(*ids)), by=by, now=now)
    await session.execute(delete(PersonalRecord).where(PersonalRecord.id.in_(ids)))


async def named_elsewhere(session: AsyncSession, persons: Collection[UUID], *, apart_from: str) -> set[UUID]:
    """Return those persons whom a table names that is neither the one given nor that of the records."""
    found: set[UUID] = set()
    for table in PersonalRecord.metadata.sorted_tables:
        if table.name in {apart_from, PersonalRecord.__tablename__}:
            continue
        for column in table.c:
            if column.name == "person_id" or column.name.endswith("_person_id"):
                found |= set(await session.scalars(select(column).where(among(column, persons)).distinct()))
            elif column.name.endswith("_person_ids"):
                named = await session.scalars(select(column).where(column.overlap(list(persons))))
                found |= {one for every in named for one in every if one in persons}
    return found


async def erase(session: AsyncSession, person_id: UUID, *, by: Caller, now: datetime) -> int:
    """Destroy the keys of everything that names a person; return how many records that were."""
    erased = await session.scalars(
        update(PersonalRecord)
        .where(PersonalRecord.person_id == person_id, PersonalRecord.erased_at.is_(None))
        .values(wrapped_key=None, sealed=None, nik_digest=None, kk_digest=None, match_keys=[], erased_at=now)
        .returning(PersonalRecord.id)
    )
    gone = erased.all()
    await leave_queue(session, *gone, by=by, now=now)
    return len(gone)
