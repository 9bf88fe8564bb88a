"""Who may be somebody recorded already: looked for, compared, and put into the queue or taken out of it."""

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import FromClause, Select, String, any_, bindparam, or_, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.database import places
from services.registry.personal.models import Duplicate
from services.registry.personal.queries import likes, locks
from services.registry.personal.rules import (
    DuplicateState,
    Likeness,
    LikenessRules,
    Reader,
    Traits,
    known_number,
    known_year,
)
from shared.canonical import keyed_digest
from shared.identity import new_id
from shared.journal import Audience, Change, record
from shared.permissions import Caller
from shared.rulesets import load
from shared.statements import fetch, remembered
from shared.vault import Vault
from shared.writing import advisory_number

AUDIENCES = {
    "duplicate.found": Audience.REGION,
    "duplicate.cleared": Audience.REGION,
}
READER = Reader(load(Path(__file__).with_name("rulesets.json"), LikenessRules)[-1].values)
CHUNK = 500
"""Persons whose likes are looked for in one statement."""


@dataclass(frozen=True)
class Person:
    """A person as recorded: the fields that are sealed, and what of the row beside them is compared."""

    id: UUID
    person_id: UUID
    kelurahan_code: str
    fields: Mapping[str, Any]
    birth_year: int | None = None
    sex: str | None = None
    household_id: UUID | None = None

    @cached_property
    def traits(self) -> Traits:
        return _traits(self.fields, birth_year=self.birth_year, sex=self.sex, household_id=self.household_id)


def nik_digest(session: AsyncSession, nik: str) -> bytes:
    """Return by what the same NIK is found again, without keeping it."""
    return keyed_digest(session.info["hmac_key"], b"nik", nik.encode())


def digest_of(session: AsyncSession, fields: Mapping[str, Any]) -> bytes | None:
    """Return by what a person's NIK is found again; nothing where it is missing or can be nobody's."""
    nik = known_number(fields.get("nik"))
    return None if nik is None else nik_digest(session, nik)


def kk_digest_of(session: AsyncSession, fields: Mapping[str, Any]) -> bytes | None:
    """Return by what a household's KK number is found again; nothing where it is missing or can be nobody's."""
    number = known_number(fields.get("kk_number"))
    return None if number is None else keyed_digest(session.info["hmac_key"], b"kk", number.encode())


def opened(vault: Vault, row: Any) -> dict[str, Any]:
    """Return the personal fields of a record or joined row; nothing once it was erased."""
    if row.wrapped_key is None:
        return {}
    return vault.opened(row.id, bytes(row.wrapped_key), bytes(row.sealed))


def _traits(fields: Mapping[str, Any], *, birth_year: int | None, sex: str | None, household_id: UUID | None) -> Traits:
    day = fields.get("birth_date")
    born = None if day is None else date.fromisoformat(str(day))
    return Traits(
        name=READER.words(fields.get("name")),
        nik=known_number(fields.get("nik")),
        birth_year=known_year(birth_year if born is None else born.year),
        birth_date=born,
        sex=sex,
        household_id=household_id,
    )


def duplicate_record(duplicate: Any) -> dict[str, Any]:
    """Return a pair as its journal keeps it: which rows, how alike and why, nobody's name."""
    return {
        "id": duplicate.id,
        "kelurahan_code": duplicate.kelurahan_code,
        "elsewhere_code": duplicate.elsewhere_code,
        "first_id": duplicate.first_id,
        "second_id": duplicate.second_id,
        "score": duplicate.score,
        "reasons": duplicate.reasons,
        "state": duplicate.state,
        "dismissal": duplicate.dismissal,
        "kept_id": duplicate.kept_id,
        "version": duplicate.version,
    }


def note(session: AsyncSession, action: str, duplicate: Any, *, by: Caller, now: datetime) -> None:
    """Journal what happened to a pair."""
    data = duplicate_record(duplicate)
    record(session, Change(action, f"duplicates/{duplicate.id}", duplicate.kelurahan_code, data), by=by, now=now)


def _digest(session: AsyncSession, *parts: str) -> int:
    keyed = hashlib.blake2b("\n".join(parts).encode(), digest_size=8, key=session.info["hmac_key"][:64])
    return advisory_number(keyed.digest())


def match_keys(session: AsyncSession, person: Person) -> list[int]:
    return sorted({_digest(session, person.kelurahan_code, key) for key in READER.keys(person.traits)})


async def queue(
    session: AsyncSession, vault: Vault, people: Sequence[Person], *, among: FromClause, by: Caller, now: datetime
) -> set[tuple[UUID, UUID]]:
    """Put the likes of persons into the queue; return all pairs that are alike.

    One place may have had several codes: who was recorded under any of them is looked for.
    """
    standing = await _standing(session, {person.kelurahan_code for person in people})
    await _lock(session, people, standing)
    rows: dict[tuple[UUID, UUID], dict[str, Any]] = {}
    known = {person.id: person.traits for person in people}
    codes = {person.id: person.kelurahan_code for person in people}
    statement = likes(among)
    for start in range(0, len(people), CHUNK):
        for like in await fetch(session, statement, _sought(session, people[start : start + CHUNK], known, standing)):
            pair = (min(like.sought_id, like.id), max(like.sought_id, like.id))
            if pair in rows:
                continue
            if like.id not in known:
                fields = opened(vault, like)
                known[like.id] = _traits(
                    fields, birth_year=like.birth_year, sex=like.sex, household_id=like.household_id
                )
                codes[like.id] = like.kelurahan_code
            found = READER.likeness(known[pair[0]], known[pair[1]])
            if found.score >= READER.rules.least_score:
                first, second = (codes[one] for one in pair)
                together = any({first, second} <= here.codes for here in standing.values())
                rows[pair] = _row(session, pair, found, second, None if together else first, now=now)
    await _save(session, list(rows.values()), by=by, now=now)
    return set(rows)


@dataclass(frozen=True, slots=True)
class _Standing:
    """Where a code stands today, and all the codes that stand there."""

    code_now: str
    codes: frozenset[str]


@remembered
def _places() -> Select[Any]:
    asked = any_(bindparam("codes", type_=ARRAY(String)))
    standing = select(places.c.code_now).where(places.c.kelurahan_code == asked)
    return select(places.c.kelurahan_code, places.c.code_now).where(places.c.code_now.in_(standing))


async def _standing(session: AsyncSession, codes: Collection[str]) -> dict[str, _Standing]:
    """Return where some codes stand today, by code."""
    here: dict[str, set[str]] = {}
    now: dict[str, str] = {}
    for row in await fetch(session, _places(), {"codes": sorted(codes)}):
        here.setdefault(row.code_now, set()).add(row.kelurahan_code)
        now[row.kelurahan_code] = row.code_now
    return {code: _Standing(now[code], frozenset(here[now[code]])) for code in codes}


def _locks(
    session: AsyncSession, people: Sequence[Person], standing: Mapping[str, _Standing]
) -> Iterator[tuple[int, bool]]:
    """Give the locks that keep two who are alike from being recorded at once without seeing each other; shared or not.

    One person shares the kelurahan and has the years in which its likes were born to itself, and so with the NIK.
    Many, or one who may be born in any year, have all of it to themselves. All take them in the same order.
    """
    alone = people[0] if len(people) == 1 else None
    year = alone.traits.birth_year if alone is not None else None
    for code in sorted({standing[person.kelurahan_code].code_now for person in people}):
        yield _digest(session, "kelurahan", code), year is not None
        if year is not None:
            yield from (
                (_digest(session, "year", code, str(at)), False)
                for at in range(year, year + READER.rules.years_apart + 1)
            )
    niks = sorted({nik for person in people if (nik := known_number(person.fields.get("nik")))})
    if niks:
        yield _digest(session, "niks"), alone is not None
        if alone is not None:
            yield _digest(session, "nik", niks[0]), False


async def _lock(session: AsyncSession, people: Sequence[Person], standing: Mapping[str, _Standing]) -> None:
    numbers, shared = zip(*_locks(session, people, standing), strict=True)
    await fetch(session, locks(), {"numbers": list(numbers), "shared": list(shared)})


def _sought(
    session: AsyncSession,
    people: Sequence[Person],
    known: Mapping[UUID, Traits],
    standing: Mapping[str, _Standing],
) -> dict[str, list[Any]]:
    """Return the parameters of `likes` for some persons."""
    found: dict[str, list[Any]] = {"ids": [], "persons": [], "probes": [], "niks": [], "households": []}
    for person in people:
        codes = standing[person.kelurahan_code].codes
        probes = {_digest(session, code, key) for code in codes for key in READER.probes(known[person.id])}
        found["ids"].append(person.id)
        found["persons"].append(person.person_id)
        found["probes"].append(f"{{{','.join(map(str, sorted(probes)))}}}")
        found["niks"].append(digest_of(session, person.fields))
        found["households"].append(person.household_id)
    return found


def _row(
    session: AsyncSession,
    pair: tuple[UUID, UUID],
    found: Likeness,
    code: str,
    elsewhere_code: str | None,
    *,
    now: datetime,
) -> dict[str, Any]:
    first, second = pair
    return {
        "id": new_id(),
        "kelurahan_code": code,
        "elsewhere_code": elsewhere_code,
        "first_id": first,
        "second_id": second,
        "score": found.score,
        "reasons": [reason.value for reason in found.reasons],
        "state": DuplicateState.OPEN,
        "version": 1,
        "creation_digest": keyed_digest(session.info["hmac_key"], b"duplicates", first.bytes, second.bytes),
        "recorded_at": now,
        "changed_at": now,
    }


async def _save(session: AsyncSession, rows: Sequence[dict[str, Any]], *, by: Caller, now: datetime) -> None:
    """Open the pairs that are new, alike again, or more alike than when they were dismissed."""
    for start in range(0, len(rows), CHUNK):
        new = upsert(Duplicate).values(rows[start : start + CHUNK])
        more = or_(
            Duplicate.state == DuplicateState.CLEARED,
            (Duplicate.state == DuplicateState.OPEN) & (Duplicate.score != new.excluded.score),
            (Duplicate.state == DuplicateState.DISMISSED) & (Duplicate.score < new.excluded.score),
        )
        values = {
            "score": new.excluded.score,
            "reasons": new.excluded.reasons,
            "state": DuplicateState.OPEN,
            "dismissal": None,
            "version": Duplicate.version + 1,
            "changed_at": new.excluded.changed_at,
        }
        pair = ["kelurahan_code", "first_id", "second_id"]
        saving = new.on_conflict_do_update(index_elements=pair, set_=values, where=more).returning(Duplicate)
        for duplicate in await session.scalars(saving, execution_options={"populate_existing": True}):
            note(session, "duplicate.found", duplicate, by=by, now=now)


def open_pairs(*ids: UUID) -> Select[Duplicate]:
    """Return the open pairs in which one of some rows stands."""
    among = or_(Duplicate.first_id.in_(ids), Duplicate.second_id.in_(ids))
    return select(Duplicate).where(Duplicate.state == DuplicateState.OPEN, among)


async def clear(session: AsyncSession, pairs: Iterable[Duplicate], *, by: Caller, now: datetime) -> None:
    """Take pairs out of the queue, of whom one was changed or erased so that nothing is left to judge."""
    cleared = list(pairs)
    for duplicate in cleared:
        duplicate.state, duplicate.changed_at = DuplicateState.CLEARED, now
    await session.flush()
    for duplicate in cleared:
        note(session, "duplicate.cleared", duplicate, by=by, now=now)
