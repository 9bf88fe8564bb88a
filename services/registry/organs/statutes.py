"""Use cases of a board's statutes: adopted, taken to the notary, corrected."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.boards import service as boards
from services.registry.boards.service import Board, Statute
from services.registry.organs import rules
from services.registry.organs.schemas import StatuteChange, StatuteDraft
from services.registry.organs.service import refuse
from shared.items import changes, claim
from shared.journal import Change, record
from shared.occurrence import require_not_future
from shared.permissions import Caller
from shared.rulesets import in_force


async def adopt_statutes(
    session: AsyncSession, board: Board, draft: StatuteDraft, *, by: Caller, now: datetime
) -> tuple[UUID, bool]:
    """Record the statutes that residents agreed on for a locked board (§2.3); who sits already is not unseated."""
    claimed = await claim(session, Statute, draft, by=by, within=board.id)
    if claimed.existing:
        return claimed.id, False
    require_not_future(draft.adopted_on, now=now, pointer="/adopted_on")
    statute = Statute(
        **draft.model_dump(exclude={"id"}),
        board_id=board.id,
        kelurahan_code=board.kelurahan_code,
        **claimed.columns(now),
    )
    _require_valid(statute, now=now)
    session.add(statute)
    await session.flush()
    record(session, _statute_change("statute.recorded", statute), by=by, now=now)
    return statute.id, True


async def change_statutes(
    session: AsyncSession, statute: Statute, change: StatuteChange, *, by: Caller, now: datetime
) -> None:
    """Record that statutes of a locked board were taken to the notary, or correct them."""
    for name, value in changes(change).items():
        setattr(statute, name, value)
    _require_valid(statute, now=now)
    statute.changed_at = now
    await session.flush()
    record(session, _statute_change("statute.changed", statute), by=by, now=now)


def _require_valid(statute: Statute, *, now: datetime) -> None:
    if statute.notarised_on is not None:
        require_not_future(statute.notarised_on, now=now, pointer="/notarised_on")
    guideline = in_force(boards.TERM_RULES, statute.adopted_on).values
    found = rules.statute_faults(
        seats=statute.seats,
        term_years=statute.term_years,
        adopted_on=statute.adopted_on,
        notarised_on=statute.notarised_on,
        has_deed=bool(statute.notary or statute.deed_number),
        least_seats=guideline.least_seats,
        most_seats=guideline.most_seats,
        odd=guideline.odd,
        longest_years=guideline.longest_years,
    )
    refuse(rules.StatuteInvalid, found)


def statute_record(statute: Statute) -> dict[str, Any]:
    """Return statutes as their journal keeps them: the rules they set, and that they were notarised."""
    return {
        "id": statute.id,
        "board_id": statute.board_id,
        "kind": statute.kind,
        "adopted_on": statute.adopted_on,
        "notarised_on": statute.notarised_on,
        "deed_number": statute.deed_number,
        "seats": statute.seats,
        "term_years": statute.term_years,
        "most_periods": statute.most_periods,
        "doubling_forbidden": statute.doubling_forbidden,
        "refresh_allowed": statute.refresh_allowed,
        "version": statute.version,
    }


def _statute_change(action: str, statute: Statute) -> Change:
    data = statute_record(statute)
    return Change(action, f"statutes/{statute.id}", statute.kelurahan_code, data, statute.adopted_on)
