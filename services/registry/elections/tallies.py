"""Use cases of tallies: two persons enter each sheet without seeing each other's numbers, and correct their own."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.elections import service as elections
from services.registry.elections.clerks import (
    TallyUnknown,
    number_of_tally,
    require_no_clerk,
    require_own_tally,
    require_standing,
)
from services.registry.elections.comparing import SHEET
from services.registry.elections.models import Ballot, Election, Meeting, Tally
from services.registry.elections.queries import rules_of
from services.registry.elections.rules import Act, Standing, state_after
from services.registry.elections.sheets import GROUPS, Difference, Sheet, TallyInvalid, ballot_faults, differences
from services.registry.elections.tally_schemas import (
    BallotChange,
    BallotDraft,
    TallyWithdrawal,
)
from services.registry.personal import service as personal
from shared.errors import Fault, ResourceNotFound
from shared.items import changes, claim, locked
from shared.journal import Audience, Change, record
from shared.permissions import Caller

T = TypeVar("T", bound=Tally)

AUDIENCES = {
    "ballot.entered": Audience.REGION,
    "ballot.corrected": Audience.REGION,
    "ballot.compared": Audience.REGION,
    "ballot.withdrawn": Audience.REGION,
    "election_meeting.entered": Audience.REGION,
    "election_meeting.corrected": Audience.REGION,
    "election_meeting.compared": Audience.REGION,
    "election_meeting.withdrawn": Audience.REGION,
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


def _tally_change(tally: Ballot | Meeting, *, of_ballot: str, of_meeting: str) -> Change:
    if isinstance(tally, Meeting):
        return meeting_change(of_meeting, tally)
    return _ballot_change(of_ballot, tally)


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


def still_counting(sheet: Sequence[T], *, but: UUID | None = None) -> list[T]:
    """Return those tallies of a sheet that were not withdrawn, without one that is in hand, the first one first."""
    return [one for one in sheet if one.standing is not Standing.WITHDRAWN and one.id != but]


def started(election: Election, sheet: Sequence[T], *, by: Caller) -> dict[str, Any]:
    """Return the columns that every new tally of a sheet of a locked election starts with."""
    election.state = state_after(election.state, Act.ENTER)
    entered = {one.entered_by: one.id for one in still_counting(sheet)}
    withdrawers = {one.withdrawn_by for one in sheet if one.withdrawn_by is not None}
    return {
        "number": number_of_tally(by.person_id, entered, withdrawers=withdrawers),
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


async def meetings_of(session: AsyncSession, election: Election) -> Sequence[Meeting]:
    """Return the tallies of the sheet of an election's meeting, also those that were withdrawn."""
    statement = select(Meeting).where(Meeting.election_id == election.id).order_by(Meeting.number)
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
    sheet = await _ballots_of(session, election, rt=draft.rt, rw=draft.rw)
    start = started(election, sheet, by=by)
    ballot = Ballot(**columns_of(draft.model_dump()), **start, **claimed.columns(now))
    other = next(iter(still_counting(sheet)), None)
    changed = await _keep_ballot(session, election, ballot, other, by=by, now=now)
    record(session, _ballot_change("ballot.entered", ballot), by=by, now=now)
    if changed is not None:
        record(session, _ballot_change("ballot.compared", changed), by=by, now=now)
    return ballot.id, True


async def correct_ballot(
    session: AsyncSession, election: Election, ballot: Ballot, change: BallotChange, *, by: Caller, now: datetime
) -> None:
    """Correct the tally of an RT's ballot that the caller entered; both it and its election are locked."""
    require_own_tally(by.person_id, ballot.entered_by)
    require_standing(ballot.standing)
    election.state = state_after(election.state, Act.ENTER)
    for name, value in columns_of(changes(change)).items():
        setattr(ballot, name, value)
    ballot.changed_at = now
    sheet = await _ballots_of(session, election, rt=ballot.rt, rw=ballot.rw)
    other = next(iter(still_counting(sheet, but=ballot.id)), None)
    changed = await _keep_ballot(session, election, ballot, other, by=by, now=now)
    record(session, _ballot_change("ballot.corrected", ballot), by=by, now=now)
    if changed is not None:
        record(session, _ballot_change("ballot.compared", changed), by=by, now=now)


async def _sheet_of(session: AsyncSession, election: Election, tally_id: UUID) -> Sequence[Ballot | Meeting]:
    """Return all tallies of the sheet that a tally was read from, or else those of the meeting's."""
    ballot = await session.scalar(select(Ballot).where(Ballot.id == tally_id, Ballot.election_id == election.id))
    if ballot is None:
        return await meetings_of(session, election)
    return await _ballots_of(session, election, rt=ballot.rt, rw=ballot.rw)


async def withdraw(
    session: AsyncSession, election: Election, draft: TallyWithdrawal, *, by: Caller, now: datetime
) -> None:
    """Withdraw a tally of a locked election, so that another person may enter its sheet: its clerk may be gone.

    Nobody who entered the sheet may, nor sees who withdraws a tally that is alone its numbers. The other tally waits
    for a second person again, as the first one; names that the withdrawn one kept are forgotten.
    """
    election.state = state_after(election.state, Act.WITHDRAW)
    sheet = await _sheet_of(session, election, draft.tally_id)
    tally = next((one for one in sheet if one.id == draft.tally_id), None)
    if tally is None:
        raise TallyUnknown(pointer="/tally_id", tally_id=draft.tally_id)
    require_no_clerk(by.person_id, {one.entered_by for one in sheet})
    require_standing(tally.standing)
    tally.standing, tally.changed_at = Standing.WITHDRAWN, now
    tally.withdrawn_by, tally.withdrawal_reason = by.person_id, draft.reason
    if isinstance(tally, Meeting):
        await personal.discard(session, tally.member_records)
        tally.creation_digest = b""
    # Before the other one takes its number.
    await session.flush()
    remaining = still_counting(sheet)
    for other in remaining:
        other.standing, other.number, other.changed_at = Standing.WAITING, 1, now
    await elections.count_anew(session, election, by=by, now=now)
    withdrawn = _tally_change(tally, of_ballot="ballot.withdrawn", of_meeting="election_meeting.withdrawn")
    record(session, withdrawn, by=by, now=now)
    for other in remaining:
        alone = _tally_change(other, of_ballot="ballot.compared", of_meeting="election_meeting.compared")
        record(session, alone, by=by, now=now)


async def election_of(session: AsyncSession, model: type[Tally], tally_id: UUID, *, by: Caller) -> Election:
    """Return a tally's election, locked: first the election, then its tallies, as entering does it."""
    election_id = await session.scalar(select(model.election_id).where(model.id == tally_id))
    if election_id is None:
        raise ResourceNotFound
    return await locked(session, Election, election_id, by=by)
