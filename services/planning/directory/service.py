"""Use cases of the directory: keep the copies, and answer who is there and with whose mandate."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import cast
from uuid import UUID

import msgspec
from sqlalchemy import Subquery, Table, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.planning.clients.registry import BoardFact, RegistryClient
from services.planning.database import Base, places
from services.planning.directory.models import AccountStanding, Board, Group, Partner, Term
from services.planning.directory.rules import BoardElsewhere, BoardUnknown, MandateMissing, has_mandate
from shared.database import Database
from shared.following import Entry, Handler, copy_newer
from shared.places import place_row

STANDING_MEMORY = timedelta(minutes=20)
"""A little longer than an access token lives; older revocations have no living token left."""


class PlaceRow(msgspec.Struct):
    """What is copied of a region."""

    code: str
    code_now: str
    name: str
    level: str
    valid_from: date | None
    valid_to: date | None


class BoardRow(msgspec.Struct):
    """What is copied of a board."""

    id: UUID
    kelurahan_code: str
    name: str
    version: int


class TermRow(msgspec.Struct):
    """What is copied of a term."""

    id: UUID
    board_id: UUID
    starts_on: date
    ends_on: date
    version: int


class GroupRow(msgspec.Struct):
    """What is copied of a group."""

    id: UUID
    board_id: UUID
    kelurahan_code: str
    name: str
    kind: str
    version: int


class PartnerRow(msgspec.Struct):
    """What is copied of a partner."""

    id: UUID
    name: str
    kind: str
    version: int
    active: bool = True


class StandingRow(msgspec.Struct):
    """What is copied of an account or client."""

    id: UUID
    suspended: bool
    not_before: datetime | None
    version: int


async def copy_places(session: AsyncSession, entries: Sequence[Entry]) -> None:
    """Copy the villages among some regions; entries come in order, so the last one holds."""
    found = [msgspec.convert(entry.data, PlaceRow) for entry in entries]
    rows = {
        place.code: place_row(
            place.code,
            name=place.name,
            code_now=place.code_now,
            valid_from=place.valid_from,
            valid_to=place.valid_to,
        )
        for place in found
        if place.level == "village"
    }
    if not rows:
        return
    statement = insert(places).values(list(rows.values()))
    changed = {column.name: statement.excluded[column.name] for column in places.c if not column.primary_key}
    await session.execute(statement.on_conflict_do_update(index_elements=[places.c.kelurahan_code], set_=changed))


def _copies(model: type[Base], row: type[msgspec.Struct]) -> Handler:
    table = cast("Table", model.__table__)

    async def copy(session: AsyncSession, entries: Sequence[Entry]) -> None:
        rows = [msgspec.structs.asdict(msgspec.convert(entry.data, row)) for entry in entries]
        await copy_newer(session, table, rows)

    return copy


HANDLERS: Mapping[str, Handler] = {
    "region.recorded": copy_places,
    "board.recorded": _copies(Board, BoardRow),
    "board.changed": _copies(Board, BoardRow),
    "term.recorded": _copies(Term, TermRow),
    "group.recorded": _copies(Group, GroupRow),
    "group.changed": _copies(Group, GroupRow),
    "partner.recorded": _copies(Partner, PartnerRow),
    "partner.changed": _copies(Partner, PartnerRow),
    "account.opened": _copies(AccountStanding, StandingRow),
    "account.changed": _copies(AccountStanding, StandingRow),
    "account.suspended": _copies(AccountStanding, StandingRow),
    "account.restored": _copies(AccountStanding, StandingRow),
    "client.opened": _copies(AccountStanding, StandingRow),
    "client.suspended": _copies(AccountStanding, StandingRow),
}
"""What becomes of each action in registry's journal; the others are counted and skipped."""


async def load_standings(database: Database, *, now: datetime) -> Mapping[UUID, float]:
    """Return from when the tokens of recently revoked accounts and clients count."""
    statement = select(AccountStanding.id, AccountStanding.suspended, AccountStanding.not_before).where(
        or_(AccountStanding.suspended, AccountStanding.not_before > now - STANDING_MEMORY)
    )
    async with database.reads.connect() as connection:
        rows = (await connection.execute(statement)).all()
    return {row.id: float("inf") if row.suspended else row.not_before.timestamp() for row in rows}


async def board_in(session: AsyncSession, board_id: UUID, *, registry: RegistryClient) -> BoardFact:
    """Return a board from the copy, or from registry when it is too new for the copy.

    BoardUnknown when registry says that there is none; OwnerFailed when it does not answer.
    """
    board = await session.get(Board, board_id)
    if board is not None:
        return BoardFact(id=board.id, kelurahan_code=board.kelurahan_code, name=board.name, version=board.version)
    fact = await registry.board(board_id)
    if fact is None:
        raise BoardUnknown(pointer="/board_id", board_id=board_id)
    return fact


async def require_board(session: AsyncSession, board_id: UUID, *, code: str, registry: RegistryClient) -> None:
    """Refuse unless a board works in a kelurahan; codes are compared as they are today."""
    board = await board_in(session, board_id, registry=registry)
    codes = (board.kelurahan_code, code)
    known = await session.execute(
        select(places.c.kelurahan_code, places.c.code_now).where(places.c.kelurahan_code.in_(codes))
    )
    now_codes = {row.kelurahan_code: row.code_now for row in known}
    if now_codes.get(board.kelurahan_code, board.kelurahan_code) != now_codes.get(code, code):
        raise BoardElsewhere(pointer="/board_id", board_code=board.kelurahan_code, code=code)


async def require_mandate(
    session: AsyncSession, board_id: UUID, *, on: date, registry: RegistryClient, pointer: str
) -> None:
    """Refuse unless a term of the board covers a day (EL-8); registry is asked before refusing."""
    copied = (await session.execute(select(Term.starts_on, Term.ends_on).where(Term.board_id == board_id))).all()
    if has_mandate(copied, on):
        return
    if not has_mandate(await registry.terms(board_id), on):
        raise MandateMissing(pointer=pointer, day=on)


def board_names() -> Subquery:
    """Return the boards known here, to be joined for their names; a board may be too new to be known."""
    return select(Board.id, Board.name).subquery("board_names")
