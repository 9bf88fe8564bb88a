"""Use cases of the directory: keep the copies, and answer who is there and with whose mandate."""

from collections.abc import Mapping
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Subquery, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.planning.clients.registry import BoardFact, GroupFact, PartnerFact, RegistryClient, TermFact
from services.planning.database import followed_journals, places
from services.planning.directory.models import AccountStanding, Board, Group, Partner, Term
from services.planning.directory.rules import (
    BoardElsewhere,
    BoardUnknown,
    MandateMissing,
    PartnerInactive,
    PartnerUnknown,
    has_mandate,
)
from shared.asking import told
from shared.copying import StandingFact, copied_standings, copies, copies_places, forgets, forgets_places
from shared.database import Database
from shared.following import Handler

_BOARDS = copies(Board.__table__, BoardFact)
_TERMS = copies(Term.__table__, TermFact)
_GROUPS = copies(Group.__table__, GroupFact)
_PARTNERS = copies(Partner.__table__, PartnerFact)
_STANDINGS = copies(AccountStanding.__table__, StandingFact)

HANDLERS: Mapping[str, Handler] = {
    "region.recorded": copies_places(places),
    "region.withdrawn": forgets_places(places),
    "board.recorded": _BOARDS,
    "board.changed": _BOARDS,
    "board.succeeded": _BOARDS,
    "board.dissolved": _BOARDS,
    "board.withdrawn": forgets(Board.__table__),
    "term.recorded": _TERMS,
    "term.ended": _TERMS,
    "group.recorded": _GROUPS,
    "group.changed": _GROUPS,
    "group.withdrawn": forgets(Group.__table__),
    "partner.recorded": _PARTNERS,
    "partner.changed": _PARTNERS,
    "partner.verified": _PARTNERS,
    "partner.verification_withdrawn": _PARTNERS,
    "account.opened": _STANDINGS,
    "account.changed": _STANDINGS,
    "account.suspended": _STANDINGS,
    "account.restored": _STANDINGS,
    "client.opened": _STANDINGS,
    "client.changed": _STANDINGS,
    "client.suspended": _STANDINGS,
    "client.restored": _STANDINGS,
    "emergency.declared": _STANDINGS,
    "emergency.ended": _STANDINGS,
}
"""What becomes of each action in registry's journal; the others are counted and skipped."""


async def load_standings(database: Database, *, now: datetime) -> Mapping[UUID, float]:
    """Return from when the tokens of recently revoked accounts and clients count."""
    return await copied_standings(database, AccountStanding.__table__, now=now)


async def board_in(session: AsyncSession, board_id: UUID, *, registry: RegistryClient) -> BoardFact:
    """Return a board from the copy, or from registry when it is too new for the copy.

    BoardUnknown when registry says that there is none; OwnerFailed when it does not answer.
    """
    board = await session.get(Board, board_id)
    if board is not None:
        return BoardFact(id=board.id, kelurahan_code=board.kelurahan_code, name=board.name, version=board.version)
    fact = told(session, ("board", board_id), lambda: registry.board(board_id))
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
    if not has_mandate(told(session, ("terms", board_id), lambda: registry.terms(board_id)), on):
        raise MandateMissing(pointer=pointer, day=on)


async def require_partner(session: AsyncSession, partner_id: UUID, *, registry: RegistryClient) -> None:
    """Refuse a partner that is unknown or no longer channels; registry is asked before refusing."""
    copied = await session.scalar(select(Partner.active).where(Partner.id == partner_id))
    if copied:
        return
    fact = told(session, ("partner", partner_id), lambda: registry.partner(partner_id))
    if fact is None:
        raise PartnerUnknown(pointer="/partner_id", partner_id=partner_id)
    if not fact.active:
        raise PartnerInactive


async def registry_position(session: AsyncSession) -> int:
    """Return how far registry's journal has taken effect here: what a judgement of now relies on."""
    position = await session.scalar(
        select(followed_journals.c.position).where(followed_journals.c.service == "registry")
    )
    return position or 0


def partner_names() -> Subquery:
    """Return the partners known here, to be joined for their names; a partner may be too new to be known."""
    return select(Partner.id, Partner.name).subquery("partner_names")


def board_names() -> Subquery:
    """Return the boards known here, to be joined for their names; a board may be too new to be known."""
    return select(Board.id, Board.name).subquery("board_names")
