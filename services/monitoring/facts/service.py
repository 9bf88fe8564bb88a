"""Use cases of facts: keep the copies, and say which boards some entries are about."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Subquery, exists, select, true
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from services.monitoring.clients.planning import (
    ActivityFact,
    AgreementFact,
    DisbursementFact,
    MeetingFact,
    PlanFact,
    ProgressFact,
)
from services.monitoring.clients.registry import BoardFact, OfficerFact, PartnerFact, RegistryClient, TermFact
from services.monitoring.database import places
from services.monitoring.facts.models import (
    AccountStanding,
    Activity,
    Agreement,
    Board,
    Disbursement,
    Meeting,
    Officer,
    Partner,
    Plan,
    Progress,
    Term,
)
from services.monitoring.facts.queries import activities, agreements, board, meetings, plan
from shared.asking import told
from shared.copying import StandingFact, copied_standings, copies, copies_places, forgets, forgets_places
from shared.database import Database
from shared.following import Entry, Handler

__all__ = ["activities", "agreements", "board", "meetings", "plan"]

Connection = AsyncConnection | AsyncSession

_BOARDS = copies(Board.__table__, BoardFact)
_TERMS = copies(Term.__table__, TermFact)
_OFFICERS = copies(Officer.__table__, OfficerFact)
_PARTNERS = copies(Partner.__table__, PartnerFact)
_STANDINGS = copies(AccountStanding.__table__, StandingFact)
_PLANS = copies(Plan.__table__, PlanFact)
_ACTIVITIES = copies(Activity.__table__, ActivityFact, columns=ActivityFact.columns)
_AGREEMENTS = copies(Agreement.__table__, AgreementFact)
_DISBURSEMENTS = copies(Disbursement.__table__, DisbursementFact)

OF_REGISTRY: Mapping[str, Handler] = {
    "region.recorded": copies_places(places),
    "region.withdrawn": forgets_places(places),
    "board.recorded": _BOARDS,
    "board.changed": _BOARDS,
    "board.succeeded": _BOARDS,
    "board.dissolved": _BOARDS,
    "board.withdrawn": forgets(Board.__table__),
    "term.recorded": _TERMS,
    "term.ended": _TERMS,
    "officer.recorded": _OFFICERS,
    "officer.changed": _OFFICERS,
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

OF_PLANNING: Mapping[str, Handler] = {
    "plan.drafted": _PLANS,
    "plan.changed": _PLANS,
    "plan.ratified": _PLANS,
    "meeting.held": copies(Meeting.__table__, MeetingFact, columns=MeetingFact.columns),
    "activity.drafted": _ACTIVITIES,
    "activity.changed": _ACTIVITIES,
    "activity.withdrawn": forgets(Activity.__table__),
    "activity.ratified": _ACTIVITIES,
    "activity.started": _ACTIVITIES,
    "activity.finished": _ACTIVITIES,
    "activity.reopened": _ACTIVITIES,
    "activity.handed_over": _ACTIVITIES,
    "progress.recorded": copies(Progress.__table__, ProgressFact),
    "agreement.offered": _AGREEMENTS,
    "agreement.accepted": _AGREEMENTS,
    "agreement.withdrawn": _AGREEMENTS,
    "disbursement.sent": _DISBURSEMENTS,
    "disbursement.confirmed": _DISBURSEMENTS,
    "disbursement.disputed": _DISBURSEMENTS,
}
"""What becomes of each action in planning's journal."""

_MATTERS = ("board.", "term.", "plan.", "meeting.", "agreement.", "disbursement.")


def boards_of(entries: Iterable[Entry]) -> set[UUID]:
    """Return the boards whose indicators some entries may have changed."""
    found: set[UUID] = set()
    for entry in entries:
        if entry.action.startswith(_MATTERS):
            found.add(UUID(entry.data["id" if entry.action.startswith("board.") else "board_id"]))
    return found


async def load_standings(database: Database, *, now: datetime) -> Mapping[UUID, float]:
    """Return from when the tokens of recently revoked accounts and clients count."""
    return await copied_standings(database, AccountStanding.__table__, now=now)


def is_officer(officer_id: Any, person_id: UUID) -> ColumnElement[bool]:
    """Return the condition that an officer's id, a column, is a person's."""
    return exists(select(true()).where(Officer.id == officer_id, Officer.person_id == person_id))


def sat_on_board(board_id: Any, person_id: UUID) -> ColumnElement[bool]:
    """Return the condition that a person sits or ever sat on a board, a column."""
    return exists(select(true()).where(Officer.board_id == board_id, Officer.person_id == person_id))


@dataclass(frozen=True, slots=True)
class Standing:
    """Where something stands: its board and today's code of its kelurahan."""

    board_id: UUID
    code_now: str


async def place_now(session: AsyncSession, code: str) -> str | None:
    """Return today's code of a kelurahan, None when there is none of that code."""
    return await session.scalar(select(places.c.code_now).where(places.c.kelurahan_code == code))


_KINDS: Mapping[str, tuple[type[Board | Officer | Activity], Any]] = {
    "board": (Board, Board.id),
    "officer": (Officer, Officer.board_id),
    "activity": (Activity, Activity.board_id),
}


async def standing(session: AsyncSession, kind: str, item_id: UUID) -> Standing | None:
    """Return where a board, an officer or an activity stands, None when no copy of it is here."""
    model, board_id = _KINDS[kind]
    found = await session.execute(
        select(board_id.label("board_id"), places.c.code_now)
        .join(places, places.c.kelurahan_code == model.kelurahan_code)
        .where(model.id == item_id)
    )
    row = found.one_or_none()
    return None if row is None else Standing(row.board_id, row.code_now)


async def asked_standing(session: AsyncSession, board_id: UUID, *, registry: RegistryClient) -> Standing | None:
    """Return where a board stands that is too new for the copy, None when registry says that there is none."""
    code = told(session, ("board", board_id), lambda: registry.board_place(board_id))
    code_now = None if code is None else await place_now(session, code)
    return None if code_now is None else Standing(board_id, code_now)


async def only_board(session: AsyncSession, code_now: str) -> UUID | None:
    """Return the board of a kelurahan where there is exactly one."""
    found = await session.execute(
        select(Board.id)
        .join(places, places.c.kelurahan_code == Board.kelurahan_code)
        .where(places.c.code_now == code_now)
        .limit(2)
    )
    ids = found.scalars().all()
    return ids[0] if len(ids) == 1 else None


@dataclass(frozen=True, slots=True)
class Records:
    """What is known of some boards, each a sequence of rows: with `id`, `board_id` and `source_position`."""

    plans: Sequence[Row[Any]]
    terms: Sequence[Row[Any]]
    meetings: Sequence[Row[Any]]
    agreements: Sequence[Row[Any]]
    disbursements: Sequence[Row[Any]]


async def boards(connection: Connection, board_ids: Collection[UUID]) -> Sequence[Any]:
    """Return id, kelurahan_code and founded_on of those boards that are known."""
    statement = select(Board.id, Board.kelurahan_code, Board.founded_on).where(Board.id.in_(board_ids))
    return (await connection.execute(statement)).all()


async def all_boards(connection: Connection) -> list[UUID]:
    """Return every board that is known."""
    return list((await connection.execute(select(Board.id).order_by(Board.id))).scalars())


async def records(connection: Connection, board_ids: Collection[UUID]) -> Records:
    """Return what counts of some boards: ratified plans, terms, meetings, accepted agreements, money that arrived."""

    async def rows(
        model: type[Plan | Term | Meeting | Agreement | Disbursement], *conditions: Any
    ) -> Sequence[Row[Any]]:
        statement = select(*model.__table__.c).where(model.board_id.in_(board_ids), *conditions).order_by(model.id)
        return (await connection.execute(statement)).all()

    return Records(
        plans=await rows(Plan, Plan.ratified_on.is_not(None)),
        terms=await rows(Term),
        meetings=await rows(Meeting),
        agreements=await rows(Agreement, Agreement.state == "agreed"),
        disbursements=await rows(Disbursement, Disbursement.state == "received"),
    )


def board_places() -> Subquery:
    """Return the boards as other slices may join them: id, kelurahan_code and founded_on."""
    return select(Board.id, Board.kelurahan_code, Board.founded_on).subquery("board_places")
