"""Use cases of the kelurahan meeting's tallies: two persons enter its sheet, and the names of who was elected lie sealed."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.elections import service as elections
from services.registry.elections.clerks import require_own_tally, require_standing
from services.registry.elections.comparing import MEETING, meeting_of, member_view, opened_names
from services.registry.elections.models import Election, Meeting
from services.registry.elections.rules import Act, Standing, state_after
from services.registry.elections.sheets import Difference, differences, meeting_faults
from services.registry.elections.tallies import (
    columns_of,
    compared,
    meeting_change,
    meetings_of,
    require_valid,
    started,
    still_counting,
)
from services.registry.elections.tally_schemas import ElectedMember, MeetingChange, MeetingDraft
from services.registry.personal import service as personal
from shared.identity import new_id
from shared.items import changes, claim
from shared.journal import record
from shared.occurrence import require_not_future
from shared.permissions import Caller
from shared.vault import Vault


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
    require_valid(meeting_faults(present=meeting.present_men + meeting.present_women, votes=votes))
    session.add(meeting)
    await session.flush()
    rows = {row.id: row for row in (await session.execute(meeting_of(election.id))).all()}
    other = next(iter(still_counting(await meetings_of(session, election), but=meeting.id)), None)
    found: Sequence[Difference] = []
    if other is not None:
        found = differences(_read_meeting(rows[meeting.id], vault), _read_meeting(rows[other.id], vault))
    changed = compared(meeting, other, found, now=now)
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
    start = started(election, await meetings_of(session, election), by=by)
    meeting = Meeting(**columns_of(draft.model_dump()), **start, **claimed.columns(now))
    _keep_members(session, meeting, draft.members, vault)
    changed = await _keep_meeting(session, election, meeting, vault, by=by, now=now)
    record(session, meeting_change("election_meeting.entered", meeting), by=by, now=now)
    if changed is not None:
        record(session, meeting_change("election_meeting.compared", changed), by=by, now=now)
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
    require_standing(meeting.standing)
    election.state = state_after(election.state, Act.ENTER)
    for name, value in columns_of(changes(change)).items():
        setattr(meeting, name, value)
    if "members" in change.model_fields_set:
        await personal.discard(session, meeting.member_records)
        _keep_members(session, meeting, change.members, vault)
    meeting.changed_at = now
    changed = await _keep_meeting(session, election, meeting, vault, by=by, now=now)
    record(session, meeting_change("election_meeting.corrected", meeting), by=by, now=now)
    if changed is not None:
        record(session, meeting_change("election_meeting.compared", changed), by=by, now=now)


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
