"""Use cases of elections: open, edit, count, certify, annul."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.boards import service as boards
from services.registry.elections.judging import judge, pokja_of
from services.registry.elections.models import Ballot, Election, Meeting
from services.registry.elections.queries import ELECTION_RULES
from services.registry.elections.rules import (
    UNDER_WAY,
    Act,
    CertifiedTooEarly,
    ElectionInvalid,
    ElectionNotReady,
    ElectionState,
    ElectionUnderWay,
    Standing,
    programme_faults,
    state_after,
)
from services.registry.elections.schemas import Annulment, Certification, ElectionChange, ElectionDraft
from services.registry.programmes import service as programmes
from shared.foureyes import require_other_eyes, touch
from shared.items import changes, claim, locked
from shared.journal import Audience, Change, record
from shared.occurrence import require_not_future
from shared.permissions import Caller
from shared.rulesets import in_force
from shared.vault import Vault

__all__ = ["UNDER_WAY", "Election"]

AUDIENCES = {
    "election.opened": Audience.REGION,
    "election.changed": Audience.REGION,
    "election.counted": Audience.REGION,
    "election.certified": Audience.PUBLIC,
    "election.annulled": Audience.REGION,
}


def election_record(election: Election) -> dict[str, Any]:
    """Return an election as its journal keeps it: no person of its committee, no reason in somebody's words."""
    return {
        "id": election.id,
        "kelurahan_code": election.kelurahan_code,
        "board_id": election.board_id,
        "state": election.state,
        "ruleset": election.ruleset,
        "ballots_from": election.ballots_from,
        "ballots_until": election.ballots_until,
        "meeting_on": election.meeting_on,
        "rt_count": election.rt_count,
        "names_per_ballot": election.names_per_ballot,
        "voters": election.voters,
        "eligible": election.eligible,
        "collected": election.collected,
        "term_id": election.term_id,
        "certified_on": election.certified_on,
        "annulled_on": election.annulled_on,
        "version": election.version,
    }


def _change(action: str, election: Election, *, occurred_on: date | None = None) -> Change:
    data = election_record(election)
    return Change(action, f"elections/{election.id}", election.kelurahan_code, data, occurred_on)


def _columns(given: dict[str, Any]) -> dict[str, Any]:
    """Return the columns of what a draft or a merge patch names: its committee laid flat."""
    flat = {name: value for name, value in given.items() if name not in {"id", "committee"}}
    return flat | {f"committee_{name}": value for name, value in given.get("committee", {}).items()}


def _judge(election: Election, board: boards.Board) -> None:
    """Refuse a programme that breaks a rule (EL-4, EL-8), by the rule set of the first day of its ballots.

    A board that residents dissolved holds no election afterwards.
    """
    for name in ("ballots_from", "meeting_on", "term_starts_on"):
        boards.require_not_dissolved(board, getattr(election, name), pointer=f"/{name}")
    ruleset = in_force(ELECTION_RULES, election.ballots_from)
    election.ruleset = ruleset.version
    found = programme_faults(
        ballots_from=election.ballots_from,
        ballots_until=election.ballots_until,
        meeting_on=election.meeting_on,
        names_per_ballot=election.names_per_ballot,
        committee=sum(pokja_of(election).values()),
        person_ids=election.committee_person_ids,
        of_term=boards.term_faults(
            starts_on=election.term_starts_on,
            ends_on=election.term_ends_on,
            positions=(),
            persons=(),
            rules=in_force(boards.TERM_RULES, election.meeting_on).values,
        ),
        rules=ruleset.values,
    )
    if found:
        raise ElectionInvalid(faults=found, count=len(found))


async def open_election(session: AsyncSession, draft: ElectionDraft, *, by: Caller, now: datetime) -> tuple[UUID, bool]:
    """Open an election of a board the caller serves; return its id and whether it is new.

    The board's lock keeps two elections of one board from being under way at once.
    """
    code = await boards.place_of(session, draft.board_id, by=by)
    claimed = await claim(session, Election, draft, by=by)
    if claimed.existing:
        return claimed.id, False
    board = await locked(session, boards.Board, draft.board_id, by=by)
    await programmes.require_not_refused(session, code, on=draft.ballots_from)
    other = await session.scalar(
        select(Election.id).where(Election.board_id == draft.board_id, Election.state.in_(UNDER_WAY))
    )
    if other is not None:
        raise ElectionUnderWay(election_id=other, members={"election_id": str(other)})
    election = Election(
        **_columns(draft.model_dump()),
        kelurahan_code=code,
        state=ElectionState.OPEN,
        touched_by=[],
        **claimed.columns(now),
    )
    _judge(election, board)
    session.add(election)
    await session.flush()
    record(session, _change("election.opened", election), by=by, now=now)
    return election.id, True


async def change_election(
    session: AsyncSession, election: Election, change: ElectionChange, *, by: Caller, now: datetime
) -> None:
    """Edit the programme of a locked election that is under way."""
    election.state = state_after(election.state, Act.EDIT)
    for name, value in _columns(changes(change)).items():
        setattr(election, name, value)
    _judge(election, await session.get_one(boards.Board, election.board_id, with_for_update={"read": True}))
    await count_anew(session, election, by=by, now=now)


async def count_anew(session: AsyncSession, election: Election, *, by: Caller, now: datetime) -> None:
    """Note that a locked election was edited, and count it once all its sheets are there and agreed (KPI-01)."""
    touch(election, by=by)
    election.changed_at = now
    agreed = Ballot.standing == Standing.AGREED
    first = Ballot.number == 1
    sheets = (
        await session.execute(
            select(
                func.count().filter(first).label("sheets"),
                func.count().filter(~agreed).label("unsettled"),
                func.sum(Ballot.voters_men + Ballot.voters_women).filter(first).label("voters"),
                func.sum(Ballot.eligible_men + Ballot.eligible_women).filter(first).label("eligible"),
                func.coalesce(func.sum(Ballot.collected_men + Ballot.collected_women).filter(first), 0).label(
                    "collected"
                ),
                func.count().filter(first, Ballot.door_to_door, Ballot.collected_men.is_(None)).label("not_told_apart"),
            ).where(Ballot.election_id == election.id, Ballot.standing != Standing.WITHDRAWN)
        )
    ).one()
    of_meeting = select(Meeting.standing).where(Meeting.election_id == election.id)
    standings = (await session.scalars(of_meeting.where(Meeting.standing != Standing.WITHDRAWN))).all()
    meeting = bool(standings) and all(one is Standing.AGREED for one in standings)
    action = "election.changed"
    election.voters = election.eligible = election.collected = None
    if meeting and not sheets.unsettled and sheets.sheets == election.rt_count:
        election.state = state_after(election.state, Act.COUNT)
        election.voters, election.eligible = sheets.voters, sheets.eligible
        election.collected = None if sheets.not_told_apart else sheets.collected
        action = "election.counted"
    await session.flush()
    record(session, _change(action, election), by=by, now=now)


async def certify(
    session: AsyncSession, election: Election, draft: Certification, vault: Vault, *, by: Caller, now: datetime
) -> None:
    """Certify a locked election: its board gets the term and the officers that residents elected (EL-1).

    Nobody who entered or changed a number of it may (four eyes); what is missing is named, all of it.
    """
    if election.state not in UNDER_WAY:
        state_after(election.state, Act.CERTIFY)
    require_other_eyes(election, by=by)
    require_not_future(draft.certified_on, now=now, pointer="/certified_on")
    board = await locked(session, boards.Board, election.board_id, by=by)
    judged = await judge(session, election, vault)
    if judged.missing or judged.term is None:
        raise ElectionNotReady(faults=judged.missing, count=len(judged.missing))
    if draft.certified_on < judged.term.elected_on:
        raise CertifiedTooEarly(pointer="/certified_on", held_on=judged.term.elected_on)
    following = state_after(election.state, Act.CERTIFY)
    proof = boards.Proof(election.id, [one.woman for one in judged.elected], [one.told for one in judged.elected])
    election.term_id, _ = await boards.record_term(
        session, board, judged.term, vault=vault, by=by, now=now, proof=proof
    )
    election.state, election.certified_on = following, draft.certified_on
    election.certification_reference, election.touched_by, election.changed_at = draft.minutes_reference, [], now
    await session.flush()
    record(session, _change("election.certified", election, occurred_on=draft.certified_on), by=by, now=now)


async def annul(session: AsyncSession, election: Election, draft: Annulment, *, by: Caller, now: datetime) -> None:
    """Annul a locked election that is under way; its sheets stay, and the board may open another."""
    require_not_future(draft.annulled_on, now=now, pointer="/annulled_on")
    election.state = state_after(election.state, Act.ANNUL)
    election.annulled_on, election.annulment_reason, election.changed_at = draft.annulled_on, draft.reason, now
    await session.flush()
    record(session, _change("election.annulled", election, occurred_on=draft.annulled_on), by=by, now=now)
