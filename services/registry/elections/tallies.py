"""Use cases of tallies: two persons enter each sheet without seeing each other's numbers, and correct their own."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.elections import service as elections
from services.registry.elections.comparing import SHEET
from services.registry.elections.models import Ballot, Election, Meeting, Tally
from services.registry.elections.queries import rules_of
from services.registry.elections.rules import Act, Standing, state_after
from services.registry.elections.sheets import (
    GROUPS,
    Difference,
    Sheet,
    TallyInvalid,
    ballot_faults,
    differences,
    number_of_tally,
    require_own_tally,
)
from services.registry.elections.tally_schemas import (
    BallotChange,
    BallotDraft,
)
from shared.errors import Fault, ResourceNotFound
from shared.items import changes, claim, locked
from shared.journal import Audience, Change, record
from shared.permissions import Caller

T = TypeVar("T", bound=Tally)

AUDIENCES = {
    "ballot.entered": Audience.REGION,
    "ballot.corrected": Audience.REGION,
    "ballot.compared": Audience.REGION,
    "election_meeting.entered": Audience.REGION,
    "election_meeting.corrected": Audience.REGION,
    "election_meeting.compared": Audience.REGION,
    "election_meetings.read": Audience.READINGS,
}


def ballot_record(ballot: Ballot) -> dict[str, Any]:
    """Return a tally as its journal keeps it: no numbers before both agree, for the second person reads it too."""
    counted = {
        "eligible": ballot.eligible_men + ballot.eligible_women,
        "voters": ballot.voters_men + ballot.voters_women,
        "collected": None if ballot.collected_men is None else ballot.collected_men + (ballot.collected_women or 0),
        "valid": ballot.papers_valid,
        "invalid": ballot.papers_invalid,
        "delegates": ballot.delegates_men + ballot.delegates_women,
        "door_to_door": ballot.door_to_door,
    }
    return {
        "id": ballot.id,
        "kelurahan_code": ballot.kelurahan_code,
        "election_id": ballot.election_id,
        "rw": ballot.rw,
        "rt": ballot.rt,
        "number": ballot.number,
        "standing": ballot.standing,
        "counted": counted if ballot.standing is Standing.AGREED else None,
        "version": ballot.version,
    }


def meeting_record(meeting: Meeting) -> dict[str, Any]:
    """Return a meeting's tally as its journal keeps it: numbers once both agree, and never who was elected."""
    counted = {
        "held_on": meeting.held_on,
        "present": meeting.present_men + meeting.present_women,
        "observers": meeting.observers,
        "members": len(meeting.members),
    }
    return {
        "id": meeting.id,
        "kelurahan_code": meeting.kelurahan_code,
        "election_id": meeting.election_id,
        "number": meeting.number,
        "standing": meeting.standing,
        "counted": counted if meeting.standing is Standing.AGREED else None,
        "version": meeting.version,
    }


def _ballot_change(action: str, ballot: Ballot) -> Change:
    return Change(action, f"ballots/{ballot.id}", ballot.kelurahan_code, ballot_record(ballot))


def meeting_change(action: str, meeting: Meeting) -> Change:
    data = meeting_record(meeting)
    return Change(action, f"election-meetings/{meeting.id}", meeting.kelurahan_code, data)


def columns_of(given: dict[str, Any]) -> dict[str, Any]:
    """Return the columns of what a draft or a merge patch names: its groups laid flat."""
    flat: dict[str, Any] = {}
    for name, value in given.items():
        if name in GROUPS:
            members = dict.fromkeys(("men", "women")) if value is None else value
            flat |= {f"{name}_{member}": one for member, one in members.items()}
        elif name not in {"id", "members"}:
            flat[name] = value
    return flat


def require_valid(found: Sequence[Fault]) -> None:
    if found:
        raise TallyInvalid(faults=found, count=len(found))


def started(election: Election, others: Sequence[T], *, by: Caller) -> dict[str, Any]:
    """Return the columns that every new tally of a sheet of a locked election starts with."""
    election.state = state_after(election.state, Act.ENTER)
    return {
        "number": number_of_tally(by.person_id, {one.entered_by: one.id for one in others}),
        "entered_by": by.person_id,
        "standing": Standing.WAITING,
        "election_id": election.id,
        "kelurahan_code": election.kelurahan_code,
    }


def compared(this: T, other: T | None, found: Sequence[Difference], *, now: datetime) -> T | None:
    """Note how two tallies of a sheet stand; return the other one if that changed it."""
    if other is None:
        return None
    this.standing = Standing.DIFFERS if found else Standing.AGREED
    if other.standing is this.standing:
        return None
    other.standing, other.changed_at = this.standing, now
    return other


def _read(ballot: Ballot) -> dict[str, Any]:
    return {name: getattr(ballot, name) for name in SHEET}


async def _ballots_of(session: AsyncSession, election: Election, *, rt: str, rw: str | None) -> Sequence[Ballot]:
    same = (Ballot.rt == rt, Ballot.rw.is_not_distinct_from(rw))
    statement = select(Ballot).where(Ballot.election_id == election.id, *same).order_by(Ballot.number)
    return (await session.scalars(statement)).all()


async def _keep_ballot(
    session: AsyncSession, election: Election, ballot: Ballot, other: Ballot | None, *, by: Caller, now: datetime
) -> Ballot | None:
    """Judge an RT's tally line by line and compare it with the other; return the other one if that changed it."""
    rules = rules_of(election.ruleset)
    require_valid(ballot_faults(Sheet(**_read(ballot)), names_per_ballot=election.names_per_ballot, rules=rules))
    found = differences(_read(ballot), _read(other)) if other is not None else []
    changed = compared(ballot, other, found, now=now)
    session.add(ballot)
    await session.flush()
    await elections.count_anew(session, election, by=by, now=now)
    return changed


async def enter_ballot(
    session: AsyncSession, election: Election, draft: BallotDraft, *, by: Caller, now: datetime
) -> tuple[UUID, bool]:
    """Enter the sheet of an RT's ballot into a locked election; return the tally's id and whether it is new."""
    claimed = await claim(session, Ballot, draft, by=by, within=election.id)
    if claimed.existing:
        return claimed.id, False
    others = await _ballots_of(session, election, rt=draft.rt, rw=draft.rw)
    start = started(election, others, by=by)
    ballot = Ballot(**columns_of(draft.model_dump()), **start, **claimed.columns(now))
    changed = await _keep_ballot(session, election, ballot, others[0] if others else None, by=by, now=now)
    record(session, _ballot_change("ballot.entered", ballot), by=by, now=now)
    if changed is not None:
        record(session, _ballot_change("ballot.compared", changed), by=by, now=now)
    return ballot.id, True


async def correct_ballot(
    session: AsyncSession, election: Election, ballot: Ballot, change: BallotChange, *, by: Caller, now: datetime
) -> None:
    """Correct the tally of an RT's ballot that the caller entered; both it and its election are locked."""
    require_own_tally(by.person_id, ballot.entered_by)
    election.state = state_after(election.state, Act.ENTER)
    for name, value in columns_of(changes(change)).items():
        setattr(ballot, name, value)
    ballot.changed_at = now
    others = await _ballots_of(session, election, rt=ballot.rt, rw=ballot.rw)
    other = next((one for one in others if one.id != ballot.id), None)
    changed = await _keep_ballot(session, election, ballot, other, by=by, now=now)
    record(session, _ballot_change("ballot.corrected", ballot), by=by, now=now)
    if changed is not None:
        record(session, _ballot_change("ballot.compared", changed), by=by, now=now)


async def election_of(session: AsyncSession, model: type[Tally], tally_id: UUID, *, by: Caller) -> Election:
    """Return a tally's election, locked: first the election, then its tallies, as entering does it."""
    election_id = await session.scalar(select(model.election_id).where(model.id == tally_id))
    if election_id is None:
        raise ResourceNotFound
    return await locked(session, Election, election_id, by=by)
