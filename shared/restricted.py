"""Restricted reading: who may see what names a person leaves an entry for the auditors, before the first byte."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile
from typing import Any

from fastapi import Request, Response
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from shared.clock import Now
from shared.database import database_of
from shared.journal import Change, record
from shared.permissions import Anyone, Caller
from shared.places import lies_within


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
        emergency = self.sight.caller.emergency
        data = {"asked": asked, "count": len(rows)} | ({"emergency": emergency} if emergency else {})
        place = place_of_reading(asked.get("region"), self.sight.caller.regions)
        change = Change(self.action, self.subject, place, data)
        record(session, change, by=self.sight.caller, now=self.sight.now)


def place_of_reading(asked: str | None, regions: Sequence[str]) -> str | None:
    """Return where a reading took place: the region asked for, or what all of the caller's own lie in; None anywhere.

    Who asks for a wider region than their own reads no more than their own: nor does it hide them from its auditors.
    """
    if asked is not None and lies_within(asked, regions):
        return asked
    levels = zip(*(region.split(".") for region in regions), strict=False)
    shared = takewhile(lambda parts: len(set(parts)) == 1, levels)
    return ".".join(parts[0] for parts in shared).removeprefix("*") or None


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
