"""Restricted reading: who may see what names a person leaves an entry for the auditors, before the first byte."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fastapi import Request, Response
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from shared.clock import Now
from shared.database import database_of
from shared.journal import Change, record
from shared.permissions import Anyone, Caller


@dataclass(frozen=True, slots=True)
class Sight:
    """A connection to read on, and whether what it reads is shown unmasked.

    Unmasked it is a transaction that keeps the entry of this reading; masked it is a plain read.
    """

    connection: AsyncConnection
    caller: Caller
    now: datetime
    session: AsyncSession | None

    @property
    def unmasked(self) -> bool:
        return self.session is not None

    def noting(self, action: str, subject: str, query: BaseModel | None = None) -> "Noting":
        """Return what notes the rows that are shown: for `page(seen=…)`, or to be called with the one row read."""
        return Noting(self, action, subject, query)


@dataclass(frozen=True, slots=True)
class Noting:
    """Keeps one entry for one reading: who looked, for what, where, how many rows came, and by which emergency; not which persons."""

    sight: Sight
    action: str
    subject: str
    query: BaseModel | None

    def __call__(self, rows: Sequence[Any]) -> None:
        session = self.sight.session
        if session is None:
            return
        asked = self.query.model_dump(mode="json", exclude={"cursor"}, exclude_none=True) if self.query else {}
        place = asked.get("region") or (self.sight.caller.regions[0] if len(self.sight.caller.regions) == 1 else None)
        emergency = self.sight.caller.emergency
        data = {"asked": asked, "count": len(rows)} | ({"emergency": emergency} if emergency else {})
        change = Change(self.action, self.subject, None if place == "*" else place, data)
        record(session, change, by=self.sight.caller, now=self.sight.now)


class Restricted:
    """A dependency: a Sight, unmasked for callers with one of the scopes."""

    def __init__(self, *scopes: str) -> None:
        self.scopes = scopes

    async def __call__(self, request: Request, caller: Anyone, now: Now) -> AsyncIterator[Sight]:
        database = database_of(request)
        if any(caller.may(scope) for scope in self.scopes):
            async with database.transaction() as session:
                yield Sight(await session.connection(), caller, now, session)
        else:
            async with database.reads.connect() as connection:
                yield Sight(connection, caller, now, None)


def stored_nowhere(response: Response) -> Response:
    """Let no cache keep a reply: what may be erased tomorrow lies nowhere else."""
    response.headers["Cache-Control"] = "private, no-store"
    return response
