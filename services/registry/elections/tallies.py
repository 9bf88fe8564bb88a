"""Use cases of tallies: two persons enter each sheet without seeing each other's numbers, and correct their own."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.elections import service as elections
from services.registry.elections.comparing import MEETING, SHEET, meeting_of, member_view, opened_names
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
    meeting_faults,
    number_of_tally,
    require_own_tally,
)
from services.registry.elections.tally_schemas import (
    BallotChange,
    BallotDraft,
    ElectedMember,
    MeetingChange,
    MeetingDraft,
)
from services.registry.personal import service as personal
from shared.errors import Fault, ResourceNotFound
from shared.identity import new_id
from shared.items import changes, claim, locked
from shared.journal import Audience, Change, record
from shared.occurrence import require_not_future
from shared.permissions import Caller
from shared.vault import Vault

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


def _meeting_change(action: str, meeting: Meeting) -> Change:
    data = meeting_record(meeting)
    return Change(action, f"election-meetings/{meeting.id}", meeting.kelurahan_code, data)


def _columns(given: dict[str, Any]) -> dict[str, Any]:
    """Return the columns of what a draft or a merge patch names: its groups laid flat."""
    flat: dict[str, Any] = {}
    for name, value in given.items():
        if name in GROUPS:
            members = dict.fromkeys(("men", "women")) if value is None else value
            flat |= {f"{name}_{member}": one for member, one in members.items()}
        elif name not in {"id", "members"}:
            flat[name] = value
    return flat


def _require_valid(found: Sequence[Fault]) -> None:
    if found:
        raise TallyInvalid(faults=found, count=len(found))


def _enter(election: Election, others: Sequence[T], *, by: Caller) -> dict[str, Any]:
    """Return the columns that every new tally of a sheet of a locked election starts with."""
    election.state = state_after(election.state, Act.ENTER)
    return {
        "number": number_of_tally(by.person_id, {one.entered_by: one.id for one in others}),
        "entered_by": by.person_id,
        "standing": Standing.WAITING,
        "election_id": election.id,
        "kelurahan_code": election.kelurahan_code,
    }


def _compare(this: T, other: T | None, found: Sequence[Difference], *, now: datetime) -> T | None:
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
    _require_valid(ballot_faults(Sheet(**_read(ballot)), names_per_ballot=election.names_per_ballot, rules=rules))
    found = differences(_read(ballot), _read(other)) if other is not None else []
    changed = _compare(ballot, other, found, now=now)
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
    started = _enter(election, others, by=by)
    ballot = Ballot(**_columns(draft.model_dump()), **started, **claimed.columns(now))
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
    for name, value in _columns(changes(change)).items():
        setattr(ballot, name, value)
    ballot.changed_at = now
    others = await _ballots_of(session, election, rt=ballot.rt, rw=ballot.rw)
    other = next((one for one in others if one.id != ballot.id), None)
    changed = await _keep_ballot(session, election, ballot, other, by=by, now=now)
    record(session, _ballot_change("ballot.corrected", ballot), by=by, now=now)
    if changed is not None:
        record(session, _ballot_change("ballot.compared", changed), by=by, now=now)


def _keep_members(session: AsyncSession, meeting: Meeting, members: Sequence[ElectedMember], vault: Vault) -> None:
    """Keep who was elected: the names sealed, each in a record of its own; the rest in the row."""
    meeting.members = [
        {
            "record_id": str(new_id()),
            "person_id": str(one.person_id) if one.person_id else None,
            "sex": one.sex.value,
            "votes": one.votes,
            "position": one.position.value,
        }
        for one in members
    ]
    meeting.member_records = [UUID(one["record_id"]) for one in meeting.members]
    for one, record_id in zip(members, meeting.member_records, strict=True):
        personal.keep(
            session,
            vault,
            record_id=record_id,
            person_id=one.person_id or record_id,
            kelurahan_code=meeting.kelurahan_code,
            fields={"name": one.name},
        )


def _read_meeting(row: Any, vault: Vault) -> Mapping[str, Any]:
    names = opened_names(row, vault)
    read = {name: getattr(row, name) for name in MEETING} | {"held_on": str(row.held_on)}
    return read | {"members": [member_view(one, names) for one in row.members]}


async def _keep_meeting(
    session: AsyncSession, election: Election, meeting: Meeting, vault: Vault, *, by: Caller, now: datetime
) -> Meeting | None:
    """Judge a meeting's tally line by line and compare it with the other; return the other one if that changed it."""
    require_not_future(meeting.held_on, now=now, pointer="/held_on")
    votes = [one["votes"] for one in meeting.members]
    _require_valid(meeting_faults(present=meeting.present_men + meeting.present_women, votes=votes))
    session.add(meeting)
    await session.flush()
    rows = {row.id: row for row in (await session.execute(meeting_of(election.id))).all()}
    other = await session.scalar(select(Meeting).where(Meeting.election_id == election.id, Meeting.id != meeting.id))
    found: Sequence[Difference] = []
    if other is not None:
        found = differences(_read_meeting(rows[meeting.id], vault), _read_meeting(rows[other.id], vault))
    changed = _compare(meeting, other, found, now=now)
    await session.flush()
    await elections.count_anew(session, election, by=by, now=now)
    return changed


async def enter_meeting(
    session: AsyncSession, election: Election, draft: MeetingDraft, vault: Vault, *, by: Caller, now: datetime
) -> tuple[UUID, bool]:
    """Enter the sheet of the kelurahan meeting into a locked election; return the tally's id and whether it is new."""
    claimed = await claim(session, Meeting, draft, by=by, within=election.id)
    if claimed.existing:
        return claimed.id, False
    others = (await session.scalars(select(Meeting).where(Meeting.election_id == election.id))).all()
    started = _enter(election, others, by=by)
    meeting = Meeting(**_columns(draft.model_dump()), **started, **claimed.columns(now))
    _keep_members(session, meeting, draft.members, vault)
    changed = await _keep_meeting(session, election, meeting, vault, by=by, now=now)
    record(session, _meeting_change("election_meeting.entered", meeting), by=by, now=now)
    if changed is not None:
        record(session, _meeting_change("election_meeting.compared", changed), by=by, now=now)
    return meeting.id, True


async def correct_meeting(
    session: AsyncSession,
    election: Election,
    meeting: Meeting,
    change: MeetingChange,
    vault: Vault,
    *,
    by: Caller,
    now: datetime,
) -> None:
    """Correct the tally of the meeting that the caller entered; both it and its election are locked."""
    require_own_tally(by.person_id, meeting.entered_by)
    election.state = state_after(election.state, Act.ENTER)
    for name, value in _columns(changes(change)).items():
        setattr(meeting, name, value)
    if "members" in change.model_fields_set:
        await personal.discard(session, meeting.member_records)
        _keep_members(session, meeting, change.members, vault)
    meeting.changed_at = now
    changed = await _keep_meeting(session, election, meeting, vault, by=by, now=now)
    record(session, _meeting_change("election_meeting.corrected", meeting), by=by, now=now)
    if changed is not None:
        record(session, _meeting_change("election_meeting.compared", changed), by=by, now=now)


async def election_of(session: AsyncSession, model: type[Tally], tally_id: UUID, *, by: Caller) -> Election:
    """Return a tally's election, locked: first the election, then its tallies, as entering does it."""
    election_id = await session.scalar(select(model.election_id).where(model.id == tally_id))
    if election_id is None:
        raise ResourceNotFound
    return await locked(session, Election, election_id, by=by)


async def same_person(session: AsyncSession, persons: frozenset[UUID]) -> frozenset[UUID]:
    """Return ids of a person with those by which the other tally of a kelurahan meeting knows the same elected member.

    Who was elected without an id of their own goes by the record of each tally; once both agree, their lines are one.
    """
    records = await personal.records_of(session, persons)
    elections_of = select(Meeting.election_id).where(Meeting.member_records.overlap(records))
    agreed = select(Meeting.election_id, Meeting.members).where(
        Meeting.election_id.in_(elections_of), Meeting.standing == Standing.AGREED
    )
    lines: dict[tuple[UUID, int], set[UUID]] = {}
    for election_id, members in await session.execute(agreed):
        for line, one in enumerate(members):
            lines.setdefault((election_id, line), set()).add(UUID(one["person_id"] or one["record_id"]))
    return persons.union(*(line for line in lines.values() if line & persons))


async def erase_elected(session: AsyncSession, erasing: personal.Erasing) -> int:
    """Erase what the tallies that elected a person hold beside the sealed names; return how many there are."""
    records = await personal.records_of(session, erasing.persons)
    of_person = update(Meeting).where(Meeting.member_records.overlap(records)).values(creation_digest=b"")
    return len((await session.scalars(of_person.returning(Meeting.id))).all())
