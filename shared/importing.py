"""Imports: a file's rows, kept sealed and judged a chunk at a time, each chunk in one transaction with its verdicts.

Check and commit are one path; a check ends each chunk's SAVEPOINT by rolling it back, which hides nothing, for rows that
may clash stand in one chunk. A worker that dies leaves whole chunks behind, and the next one goes on behind them.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Row,
    Select,
    String,
    Table,
    Uuid,
    bindparam,
    delete,
    func,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSON, JSONB
from sqlalchemy.ext.asyncio import AsyncSession

from shared.asking import Unanswered
from shared.authority import AuthorityUnknownError
from shared.canonical import keyed_digest
from shared.clock import read_clock
from shared.importables import Importable, Outcome, attempt
from shared.jobs import PAUSE_SECONDS, Running
from shared.permissions import NOBODY, AccountSuspended, Caller, ScopeMissing
from shared.vault import Vault
from shared.verdicts import told_faults

WORK = "import"
KEPT = timedelta(days=30)
MOST_NAMED = 100
_INTEGERS = ARRAY(Integer)


class ImportMode(StrEnum):
    """What an import is for: to see the verdicts, or to keep what they accept."""

    CHECK = "check"
    COMMIT = "commit"


class RowVerdict(StrEnum):
    """What became of a row."""

    WAITING = "waiting"
    ACCEPTED = "accepted"
    EXISTING = "existing"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


def import_tables(metadata: MetaData) -> tuple[Table, Table]:
    """Declare imports and their rows; what a row says is sealed, and gone once it was accepted."""
    imports = Table(
        "imports",
        metadata,
        Column("id", Uuid, primary_key=True),
        Column("kind", String(40), nullable=False),
        Column("mode", String(10), nullable=False),
        Column("account", Uuid, nullable=False),
        Column("caller", JSONB, nullable=False),
        # In the order of the file: what is to be mended comes back in columns as they were.
        Column("headers", JSON, nullable=False),
        Column("rows", Integer, nullable=False),
        *(Column(one.value, Integer, nullable=False) for one in RowVerdict),
        Column("version", BigInteger, nullable=False),
        Column("recorded_at", DateTime(timezone=True), nullable=False),
        Column("changed_at", DateTime(timezone=True), nullable=False),
        CheckConstraint("mode IN ('check', 'commit')", name="mode"),
        CheckConstraint("waiting + accepted + existing + refused + withdrawn = rows", name="counted"),
        Index("ix_imports_of_account", "account", "id"),
        Index("ix_imports_recorded_at", "recorded_at"),
        info={"class": "local"},
    )
    rows = Table(
        "import_rows",
        metadata,
        Column("import_id", Uuid, primary_key=True),
        Column("number", Integer, primary_key=True),
        Column("chunk", Integer, nullable=False),
        Column("item_id", Uuid, nullable=False),
        Column("verdict", String(10), nullable=False),
        Column("faults", JSONB, nullable=False),
        Column("wrapped_key", LargeBinary),
        Column("sealed", LargeBinary),
        CheckConstraint("verdict IN ('waiting', 'accepted', 'existing', 'refused', 'withdrawn')", name="verdict"),
        CheckConstraint("(verdict IN ('waiting', 'refused')) = (sealed IS NOT NULL)", name="sealed"),
        Index("ix_import_rows_by_verdict", "import_id", "verdict", "number"),
        Index("ix_import_rows_waiting", "import_id", "chunk", postgresql_where="verdict = 'waiting'"),
        info={"class": "local"},
    )
    return imports, rows


def vault_of(secret: bytes) -> Vault:
    """Return what seals and opens the cells of rows."""
    return Vault([keyed_digest(secret, b"import_rows")])


def caller_of(kept: Mapping[str, Any]) -> Caller:
    """Return who sent a file, with the authority of that moment."""
    account, person, org = (UUID(kept[name]) if kept[name] else None for name in ("account_id", "person_id", "org"))
    return Caller(
        account_id=account,
        person_id=person,
        client_id=kept["client_id"],
        org=org,
        roles=frozenset(kept["roles"]),
        scopes=frozenset(kept["scopes"]),
        regions=tuple(kept["regions"]),
    )


class Importing:
    """A service's importables, and the work that judges their files."""

    def __init__(self, importables: Sequence[Importable]) -> None:
        self.by_kind = {one.kind: one for one in importables}

    async def run(self, job: Running) -> Mapping[str, Any]:
        """Judge the rows of a file that wait for it; done again, it goes on where it was."""
        while await self._chunk_answered(job, await self._sender(job)):
            pass
        imports = job.table.metadata.tables["imports"]
        async with job.database.reads.connect() as connection:
            row = (await connection.execute(select(imports).where(imports.c.id == job.id))).one()
        return {"kind": row.kind, "mode": row.mode, "rows": row.rows} | {one: getattr(row, one) for one in RowVerdict}

    async def _sender(self, job: Running) -> Caller:
        """Return who sent a file with what they may now; AccountSuspended or ScopeMissing when they may no more.

        While nobody tells, it waits: nothing is recorded for somebody who may be suspended.
        """
        imports = job.table.metadata.tables["imports"]
        async with job.database.reads.connect() as connection:
            row = (await connection.execute(select(imports).where(imports.c.id == job.id))).one_or_none()
        if row is None:
            return NOBODY
        while True:
            try:
                now = await job.authorities.of(row.account)
            except AuthorityUnknownError:
                await asyncio.sleep(PAUSE_SECONDS)
                continue
            if now is None:
                raise AccountSuspended
            caller, scope = caller_of(row.caller), self.by_kind[row.kind].scope
            if not now.may(scope):
                raise ScopeMissing(scope=scope)
            return replace(caller, roles=now.roles, scopes=caller.scopes & now.scopes, regions=now.regions)

    async def _chunk_answered(self, job: Running, sender: Caller) -> bool:
        answers: dict[Any, Any] = {}
        while True:
            try:
                return await self._chunk(job, sender, answers)
            except Unanswered as missing:
                answers[missing.question] = await missing.ask()

    async def _chunk(self, job: Running, sender: Caller, answers: dict[Any, Any]) -> bool:
        """Judge the next rows; return whether any waited."""
        imports, rows = (job.table.metadata.tables[name] for name in ("imports", "import_rows"))
        async with job.database.transaction() as session:
            session.info["answers"] = answers
            # Locked: a second worker that takes the first for dead waits here, and finds the chunk done.
            known_as = (
                await session.execute(select(imports).where(imports.c.id == job.id).with_for_update())
            ).one_or_none()
            if known_as is None:
                return False
            waiting = (rows.c.import_id == job.id, rows.c.verdict == RowVerdict.WAITING)
            first = select(func.min(rows.c.chunk)).where(*waiting).scalar_subquery()
            chunk = (
                await session.execute(select(rows).where(*waiting, rows.c.chunk == first).order_by(rows.c.number))
            ).all()
            if not chunk:
                return False
            verdicts = await self._judge(session, known_as, chunk, sender)
            await _note(session, rows, chunk, verdicts, import_id=job.id)
            counts = Counter(verdict for verdict, _ in verdicts)
            counted = {one.value: imports.c[one.value] + count for one, count in counts.items()}
            counted["waiting"] = imports.c.waiting - len(chunk)
            seen = {"version": imports.c.version + 1, "changed_at": read_clock()}
            await session.execute(update(imports).where(imports.c.id == job.id).values(**counted, **seen))
            await job.advance(session, known_as.rows - known_as.waiting + len(chunk), total=known_as.rows)
        return True

    async def _judge(
        self, session: AsyncSession, known_as: Row[Any], chunk: Sequence[Row[Any]], sender: Caller
    ) -> list[tuple[RowVerdict, list[dict[str, Any]]]]:
        importable = self.by_kind[known_as.kind]
        vault = vault_of(session.info["hmac_key"])
        found: dict[int, list[dict[str, Any]]] = {}
        drafts = []
        for row in chunk:
            cells = vault.opened(row.item_id, bytes(row.wrapped_key), bytes(row.sealed))
            draft = importable.read(cells, row.item_id)
            faults = list(row.faults)
            if isinstance(draft, list):
                faults += told_faults(importable, draft)
            if faults or isinstance(draft, list):
                found[row.number] = faults
            else:
                drafts.append((row.number, draft))
        outcomes = await _outcomes(session, importable, known_as, [draft for _, draft in drafts], by=sender)
        new: dict[int, RowVerdict] = {}
        for (number, _), outcome in zip(drafts, outcomes, strict=True):
            if isinstance(outcome, bool):
                new[number] = RowVerdict.ACCEPTED if outcome else RowVerdict.EXISTING
            else:
                found[number] = told_faults(importable, outcome)
        return [(new.get(row.number, RowVerdict.REFUSED), found.get(row.number, [])) for row in chunk]


async def _outcomes(
    session: AsyncSession, importable: Importable, known_as: Row[Any], drafts: Sequence[Any], *, by: Caller
) -> Sequence[Outcome]:
    """Record drafts; for a check only to see what becomes of them."""
    if not drafts:
        return ()
    async with attempt(session, kept=known_as.mode == ImportMode.COMMIT):
        return await importable.record(session, drafts, by, read_clock())


async def _note(
    session: AsyncSession,
    rows: Table,
    chunk: Sequence[Row[Any]],
    verdicts: Sequence[tuple[RowVerdict, list[dict[str, Any]]]],
    *,
    import_id: UUID,
) -> None:
    """Keep the verdicts; what an accepted row said stands in its item now."""
    refused = [
        {"at": row.number, "told": faults}
        for row, (verdict, faults) in zip(chunk, verdicts, strict=True)
        if verdict is RowVerdict.REFUSED
    ]
    connection = await session.connection()
    for kind in (RowVerdict.ACCEPTED, RowVerdict.EXISTING):
        numbers = [row.number for row, (verdict, _) in zip(chunk, verdicts, strict=True) if verdict is kind]
        done = rows.c.number == func.any(bindparam("numbers", numbers, type_=_INTEGERS))
        noted = update(rows).where(rows.c.import_id == import_id, done)
        await connection.execute(noted.values(verdict=kind, wrapped_key=None, sealed=None))
    if refused:
        at = (rows.c.import_id == import_id, rows.c.number == bindparam("at"))
        await connection.execute(
            update(rows).where(*at).values(verdict=RowVerdict.REFUSED, faults=bindparam("told")), refused
        )


def imports_of(imports: Table, account: UUID | None) -> Select[Any]:
    """Return the statement of an account's imports, each with the state of its job."""
    jobs = imports.metadata.tables["jobs"]
    return select(imports, jobs.c.state).join(jobs, jobs.c.id == imports.c.id).where(imports.c.account == account)


async def forget_old_imports(session: AsyncSession, imports: Table, rows: Table, *, now: datetime) -> None:
    """Delete imports that are older than the promise, and what their rows said; their jobs go at the same time."""
    old = imports.c.recorded_at < now - KEPT
    await session.execute(delete(rows).where(rows.c.import_id.in_(select(imports.c.id).where(old))))
    await session.execute(delete(imports).where(old))
