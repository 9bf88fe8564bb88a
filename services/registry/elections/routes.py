"""Elections over HTTP, with the tallies of their sheets and their delegates.

Replies to writes are kept beside their keys, where no erasure would find a name: they name nobody (decision 0013).
"""

from collections.abc import Sequence
from functools import partial
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Query, Request, Response

from services.registry.dependencies import (
    ElectionApprover,
    ElectionReader,
    ElectionWriter,
    PersonalSight,
    PersonalVault,
)
from services.registry.elections import comparing, delegates, judging, meetings, queries, service, tallies
from services.registry.elections.models import Ballot, Election, Meeting
from services.registry.elections.schemas import (
    Annulment,
    Certification,
    DelegateDraft,
    DelegateQuery,
    DelegateView,
    ElectionChange,
    ElectionDraft,
    ElectionQuery,
    ElectionView,
    GatesView,
)
from services.registry.elections.tally_schemas import (
    BallotChange,
    BallotDraft,
    BallotQuery,
    BallotView,
    MeetingChange,
    MeetingDraft,
    MeetingView,
    TallyQuery,
)
from shared.clock import Now
from shared.database import Reading
from shared.errors import Fault, Language
from shared.items import to_change, to_extend
from shared.lists import Page, page
from shared.permissions import Anyone
from shared.problems import language_of
from shared.replies import item_reply, reply, saved, to_json
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


ElectionOfBallot = Annotated[Election, Depends(_election_of_ballot)]
ElectionOfMeeting = Annotated[Election, Depends(_election_of_meeting)]
MeetingToChange = Annotated[Meeting, Depends(to_change(Meeting, comparing.one_meeting))]


@routes.get("", response_model=Page[ElectionView])
async def list_elections(
    request: Request, caller: Anyone, connection: Reading, query: Annotated[ElectionQuery, Query()]
) -> Response:
    """List elections with their turnout: everyone the certified ones, in the own regions all."""
    statement = queries.elections(query, caller)
    order = queries.ORDERS[query.sort]
    return await page(request, connection, statement, query=query, order=order, shape=queries.election_view)


@routes.post("", status_code=201, response_model=ElectionView)
async def open_election(by: ElectionWriter, session: Writing, draft: ElectionDraft, now: Now) -> Response:
    """Open an election of a board: its dates, its committee, and how residents vote."""
    election_id, new = await service.open_election(session, draft, by=by, now=now)
    election = await queries.one_election(session, election_id, by, now)
    return saved(election, status=201 if new else 200, location=f"{routes.prefix}/{election_id}")


@routes.get("/{id}", response_model=ElectionView)
async def read_election(id: UUID, request: Request, caller: Anyone, connection: Reading, now: Now) -> Response:
    """Read one election."""
    return item_reply(request, await queries.one_election(connection, id, caller, now))


@routes.patch("/{id}", response_model=ElectionView)
async def change_election(
    by: ElectionWriter, session: Writing, election: ElectionToChange, change: ElectionChange, now: Now
) -> Response:
    """Edit the programme of an election (JSON Merge Patch) until it is certified."""
    await service.change_election(session, election, change, by=by, now=now)
    return saved(await queries.one_election(session, election.id, by, now))


def _gates(found: Sequence[Fault], language: Language) -> list[dict[str, Any]]:
    return [
        {"pointer": one.pointer, "code": one.code, "message": one.message.said(language, one.values)} for one in found
    ]


@routes.get("/{id}/gates", response_model=GatesView)
async def read_gates(
    id: UUID, request: Request, caller: ElectionReader, connection: Reading, vault: PersonalVault
) -> Response:
    """Read what still keeps an election from being certified, all of it, and what is only told."""
    judged = await judging.gates(connection, id, vault, by=caller)
    language = language_of(request.headers.get("accept-language"))
    body = {
        "election_id": id,
        "state": judged.state,
        "ready": not judged.missing,
        "missing": _gates(judged.missing, language),
        "warnings": _gates(judged.warnings, language),
    }
    return reply(request, to_json(body), headers={"Content-Language": language})


@routes.post("/{id}/certification", response_model=ElectionView)
async def certify_election(
    by: ElectionApprover,
    session: Writing,
    election: ElectionToChange,
    draft: Certification,
    vault: PersonalVault,
    now: Now,
) -> Response:
    """Certify an election: its board gets the term and the officers that residents elected.

    Nobody who entered or changed a number of it may. A refusal names everything that is missing.
    """
    await service.certify(session, election, draft, vault, by=by, now=now)
    return saved(await queries.one_election(session, election.id, by, now))


@routes.post("/{id}/annulment", response_model=ElectionView)
async def annul_election(
    by: ElectionApprover, session: Writing, election: ElectionToChange, draft: Annulment, now: Now
) -> Response:
    """Annul an election that is not certified, with the reason; the board may then open another."""
    await service.annul(session, election, draft, by=by, now=now)
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
    return await page(request, connection, statement, query=query, order=order, shape=comparing.ballot_view)


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


@routes.get("/{id}/delegates", response_model=Page[DelegateView])
async def list_delegates(
    id: UUID,
    request: Request,
    _caller: ElectionReader,
    sight: PersonalSight,
    query: Annotated[DelegateQuery, Query()],
    vault: PersonalVault,
) -> Response:
    """List an election's delegates in the own regions; names with registry:personal:read, which leaves an entry."""
    found = await page(
        request,
        sight.connection,
        queries.delegates(id, query, sight.caller),
        query=query,
        order=queries.DELEGATES_RECORDED,
        shape=partial(queries.delegate_view, vault=vault, unmasked=sight.unmasked),
        seen=sight.noting("delegates.read", f"elections/{id}", query),
    )
    return stored_nowhere(found)


@routes.post("/{id}/delegates", status_code=201, response_model=DelegateView)
async def record_delegate(
    by: ElectionWriter,
    session: Writing,
    election: ElectionToExtend,
    draft: DelegateDraft,
    vault: PersonalVault,
    now: Now,
) -> Response:
    """Record a delegate whom an RT sends to the kelurahan meeting."""
    delegate_id, new = await delegates.record_delegate(session, election, draft, vault, by=by, now=now)
    row = await queries.one_delegate(session, election.id, delegate_id, by)
    delegate = queries.delegate_view(row, vault=vault, unmasked=False)
    return saved(delegate, status=201 if new else 200)
