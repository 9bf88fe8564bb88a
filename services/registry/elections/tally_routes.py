"""The tallies of an election's sheets over HTTP; replies to writes name nobody, as everywhere (decision 0013)."""

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request, Response

from services.registry.dependencies import ElectionApprover, ElectionWriter, PersonalSight, PersonalVault
from services.registry.elections import comparing, meetings, queries, tallies
from services.registry.elections.models import Ballot, Election, Meeting
from services.registry.elections.schemas import ElectionView
from services.registry.elections.tally_schemas import (
    BallotChange,
    BallotDraft,
    BallotQuery,
    BallotView,
    MeetingChange,
    MeetingDraft,
    MeetingView,
    TallyQuery,
    TallyWithdrawal,
)
from shared.clock import Now
from shared.database import Reading
from shared.items import in_version, locked, one_of, to_change, to_extend
from shared.lists import Page, page
from shared.permissions import Anyone
from shared.replies import expected_version, item_reply, saved
from shared.restricted import stored_nowhere
from shared.routing import router
from shared.writing import Writing

routes = router("/registry/v1/elections", tags=["elections"])
of_ballots = router("/registry/v1/ballots", tags=["elections"])
of_meetings = router("/registry/v1/election-meetings", tags=["elections"])

ElectionToChange = Annotated[Election, Depends(to_change(Election, queries.one_election))]
ElectionToExtend = Annotated[Election, Depends(to_extend(Election))]
BallotToChange = Annotated[Ballot, Depends(to_change(Ballot, comparing.one_ballot))]


async def _election_of_ballot(id: UUID, session: Writing, by: ElectionWriter) -> Election:
    return await tallies.election_of(session, Ballot, id, by=by)


async def _election_of_meeting(id: UUID, session: Writing, by: ElectionWriter) -> Election:
    return await tallies.election_of(session, Meeting, id, by=by)


async def _meeting_to_change(
    id: UUID, request: Request, session: Writing, caller: Anyone, vault: PersonalVault
) -> Meeting:
    """Return a tally of a meeting as `to_change` does; of a stale one, `current` tells which names differ, masked."""
    version = expected_version(request.headers.get("if-match"))
    meeting = await locked(session, Meeting, id, by=caller)
    return await in_version(meeting, version, lambda: comparing.one_meeting(session, id, caller, vault=vault))


ElectionOfBallot = Annotated[Election, Depends(_election_of_ballot)]
ElectionOfMeeting = Annotated[Election, Depends(_election_of_meeting)]
MeetingToChange = Annotated[Meeting, Depends(_meeting_to_change)]


@routes.post("/{id}/tally-withdrawal", response_model=ElectionView)
async def withdraw_tally(
    by: ElectionApprover, session: Writing, election: ElectionToChange, draft: TallyWithdrawal, now: Now
) -> Response:
    """Withdraw a tally whose clerk is gone, so that another person enters its sheet: nobody who entered it may."""
    await tallies.withdraw(session, election, draft, by=by, now=now)
    return saved(await queries.one_election(session, election.id, by, now))


@routes.get("/{id}/ballots", response_model=Page[BallotView])
async def list_ballots(
    id: UUID, request: Request, caller: Anyone, connection: Reading, query: Annotated[BallotQuery, Query()]
) -> Response:
    """List the tallies of an election's RT ballots.

    Until a second person has entered a sheet, only the first sees what they entered.
    """
    statement = comparing.ballots(id, query, caller)
    order = comparing.BALLOTS_RECORDED
    of = one_of(Election, id, caller)
    return await page(request, connection, statement, query=query, order=order, shape=comparing.ballot_view, of=of)


@routes.post("/{id}/ballots", status_code=201, response_model=BallotView)
async def enter_ballot(
    by: ElectionWriter, session: Writing, election: ElectionToExtend, draft: BallotDraft, now: Now
) -> Response:
    """Enter the sheet of an RT's ballot; two different persons enter each, and it counts once both agree."""
    ballot_id, new = await tallies.enter_ballot(session, election, draft, by=by, now=now)
    ballot = await comparing.one_ballot(session, ballot_id, by, now)
    return saved(ballot, status=201 if new else 200, location=f"{of_ballots.prefix}/{ballot_id}")


@of_ballots.get("/{id}", response_model=BallotView)
async def read_ballot(id: UUID, request: Request, caller: Anyone, connection: Reading, now: Now) -> Response:
    """Read one tally of an RT's ballot, and in what it differs from the other."""
    return item_reply(request, await comparing.one_ballot(connection, id, caller, now))


@of_ballots.patch("/{id}", response_model=BallotView)
async def correct_ballot(
    by: ElectionWriter,
    session: Writing,
    election: ElectionOfBallot,
    ballot: BallotToChange,
    change: BallotChange,
    now: Now,
) -> Response:
    """Correct a tally of an RT's ballot (JSON Merge Patch): only the person who entered it may."""
    await tallies.correct_ballot(session, election, ballot, change, by=by, now=now)
    return saved(await comparing.one_ballot(session, ballot.id, by, now))


@routes.get("/{id}/meetings", response_model=Page[MeetingView])
async def list_meetings(
    id: UUID,
    request: Request,
    sight: PersonalSight,
    query: Annotated[TallyQuery, Query()],
    vault: PersonalVault,
) -> Response:
    """List the tallies of an election's kelurahan meeting; names with registry:personal:read, which leaves an entry."""
    found = await page(
        request,
        sight.connection,
        comparing.meetings(id, query, sight.caller),
        query=query,
        order=comparing.MEETINGS_RECORDED,
        shape=partial(comparing.meeting_view, vault=vault, unmasked=sight.unmasked),
        seen=sight.noting("election_meetings.read", f"elections/{id}", query),
        of=one_of(Election, id, sight.caller),
    )
    return stored_nowhere(found) if sight.unmasked else found


@routes.post("/{id}/meetings", status_code=201, response_model=MeetingView)
async def enter_meeting(
    by: ElectionWriter,
    session: Writing,
    election: ElectionToExtend,
    draft: MeetingDraft,
    vault: PersonalVault,
    now: Now,
) -> Response:
    """Enter the sheet of the kelurahan meeting; two different persons do, and it counts once both agree."""
    meeting_id, new = await meetings.enter_meeting(session, election, draft, vault, by=by, now=now)
    row = await comparing.meeting_row(session, meeting_id, by)
    meeting = comparing.meeting_view(row, vault=vault, unmasked=False)
    return saved(meeting, status=201 if new else 200, location=f"{of_meetings.prefix}/{meeting_id}")


@of_meetings.get("/{id}", response_model=MeetingView)
async def read_meeting(id: UUID, request: Request, sight: PersonalSight, vault: PersonalVault) -> Response:
    """Read one tally of a kelurahan meeting, and in what it differs from the other."""
    row = await comparing.meeting_row(sight.connection, id, sight.caller)
    sight.noting("election_meetings.read", f"election-meetings/{id}")([row])
    found = item_reply(request, comparing.meeting_view(row, vault=vault, unmasked=sight.unmasked))
    return stored_nowhere(found) if sight.unmasked else found


@of_meetings.patch("/{id}", response_model=MeetingView)
async def correct_meeting(
    by: ElectionWriter,
    session: Writing,
    election: ElectionOfMeeting,
    meeting: MeetingToChange,
    change: MeetingChange,
    vault: PersonalVault,
    now: Now,
) -> Response:
    """Correct a tally of a kelurahan meeting (JSON Merge Patch): only the person who entered it may."""
    await meetings.correct_meeting(session, election, meeting, change, vault, by=by, now=now)
    row = await comparing.meeting_row(session, meeting.id, by)
    return saved(comparing.meeting_view(row, vault=vault, unmasked=False))
