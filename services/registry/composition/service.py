"""Use cases of composition: what officers declare about themselves."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.boards.service import Board, Officer, Term
from services.registry.composition.models import Declaration
from services.registry.composition.rules import (
    DeclarationInvalid,
    OfficerUnknown,
    declaration_faults,
    declared_since,
    office_faults,
)
from services.registry.composition.schemas import DeclarationDraft
from shared.items import claim
from shared.journal import Audience, Change, record
from shared.occurrence import require_not_future
from shared.permissions import Caller

AUDIENCES = {"declaration.recorded": Audience.REGION, "declarations.read": Audience.READINGS}


def declaration_record(declaration: Declaration) -> dict[str, Any]:
    """Return a declaration as its journal keeps it: that there is one, not what it says."""
    return {
        "id": declaration.id,
        "board_id": declaration.board_id,
        "officer_id": declaration.officer_id,
        "declared_on": declaration.declared_on,
        "version": declaration.version,
    }


async def declare(
    session: AsyncSession, board: Board, draft: DeclarationDraft, *, by: Caller, now: datetime
) -> tuple[UUID, bool]:
    """Record what an officer of a locked board says of themselves; what is not known has its reason."""
    claimed = await claim(session, Declaration, draft, by=by, within=board.id)
    if claimed.existing:
        return claimed.id, False
    require_not_future(draft.declared_on, now=now, pointer="/declared_on")
    known = select(Officer, Term).join(Term, Term.id == Officer.term_id)
    row = (
        await session.execute(known.where(Officer.id == draft.officer_id, Officer.board_id == board.id))
    ).one_or_none()
    if row is None:
        raise OfficerUnknown(pointer="/officer_id", id=draft.officer_id)
    officer, term = row
    since = declared_since(starts_on=officer.starts_on, term_starts_on=term.starts_on, elected_on=term.elected_on)
    until = min(officer.ends_on or term.ends_on, term.ends_on)
    found = office_faults(draft.declared_on, since=since, until=until)
    found += declaration_faults(
        [
            ("woman", draft.woman, draft.woman_unknown_reason),
            ("poor", draft.poor, draft.poor_unknown_reason),
            ("occupation", draft.occupation, draft.occupation_unknown_reason),
            ("other_offices", draft.other_offices, draft.other_offices_unknown_reason),
        ]
    )
    if found:
        raise DeclarationInvalid(faults=found, count=len(found))
    declaration = Declaration(
        officer_id=draft.officer_id,
        board_id=board.id,
        kelurahan_code=board.kelurahan_code,
        declared_on=draft.declared_on,
        woman=draft.woman,
        woman_unknown=draft.woman_unknown_reason,
        poor=draft.poor,
        poor_unknown=draft.poor_unknown_reason,
        occupation=draft.occupation,
        occupation_unknown=draft.occupation_unknown_reason,
        other_offices=None if draft.other_offices is None else [one.value for one in draft.other_offices],
        other_offices_unknown=draft.other_offices_unknown_reason,
        **claimed.columns(now),
    )
    session.add(declaration)
    await session.flush()
    change = Change(
        "declaration.recorded",
        f"declarations/{declaration.id}",
        declaration.kelurahan_code,
        declaration_record(declaration),
        declaration.declared_on,
    )
    record(session, change, by=by, now=now)
    return declaration.id, True
