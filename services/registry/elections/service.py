"""Use cases of elections: open, edit, tell what is missing, certify, annul."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from services.registry.boards import service as boards
from services.registry.elections.gates import Assembly, Counted, Elected, Programme, missing, warnings
from services.registry.elections.models import Ballot, Delegate, Election, Meeting
from services.registry.elections.queries import (
    COMMITTEE,
    ELECTION_RULES,
    SHEET,
    in_own_region,
    meeting_of,
    opened_names,
    rules_of,
    sheets_of,
)
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
from services.registry.elections.sheets import Sheet
from services.registry.programmes import service as programmes
from services.registry.residents.service import Sex
from shared.errors import Fault, ResourceNotFound
from shared.items import changes, claim, locked, require_other_eyes, touch
from shared.journal import Audience, Change, record
from shared.occurrence import require_not_future
from shared.permissions import Caller
from shared.rulesets import in_force
from shared.vault import Vault

__all__ = ["UNDER_WAY", "Election"]

ERASED = "—erased—"
"""Stands for an elected member whose name was erased since; such an election cannot be certified."""

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


def _judge(election: Election) -> None:
    """Refuse a programme that breaks a rule (EL-4), by the rule set of the first day of its ballots."""
    ruleset = in_force(ELECTION_RULES, election.ballots_from)
    election.ruleset = ruleset.version
    found = programme_faults(
        ballots_from=election.ballots_from,
        ballots_until=election.ballots_until,
        meeting_on=election.meeting_on,
        names_per_ballot=election.names_per_ballot,
        committee=sum(_pokja(election).values()),
        person_ids=election.committee_person_ids,
        rules=ruleset.values,
    )
    if found:
        raise ElectionInvalid(faults=found, count=len(found))


def _pokja(election: Any) -> dict[str, int]:
    return {name: getattr(election, f"committee_{name}") for name in COMMITTEE if name.endswith("_pokja")}


async def open_election(session: AsyncSession, draft: ElectionDraft, *, by: Caller, now: datetime) -> tuple[UUID, bool]:
    """Open an election of a board the caller serves; return its id and whether it is new.

    The board's lock keeps two elections of one board from being under way at once.
    """
    code = await boards.place_of(session, draft.board_id, by=by)
    claimed = await claim(session, Election, draft, by=by)
    if claimed.existing:
        return claimed.id, False
    await locked(session, boards.Board, draft.board_id, by=by)
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
    _judge(election)
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
    _judge(election)
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
            ).where(Ballot.election_id == election.id)
        )
    ).one()
    standings = (await session.scalars(select(Meeting.standing).where(Meeting.election_id == election.id))).all()
    meeting = bool(standings) and all(one is Standing.AGREED for one in standings)
    action = "election.changed"
    election.voters = election.eligible = None
    if meeting and not sheets.unsettled and sheets.sheets == election.rt_count:
        election.state = state_after(election.state, Act.COUNT)
        election.voters, election.eligible = sheets.voters, sheets.eligible
        action = "election.counted"
    await session.flush()
    record(session, _change(action, election), by=by, now=now)


@dataclass(frozen=True, slots=True)
class Judged:
    """What is missing of an election and what is only told, with the term that its meeting elected."""

    state: ElectionState
    missing: Sequence[Fault]
    warnings: Sequence[Fault]
    term: boards.TermDraft | None


def _standing_of(tallies: Sequence[Any]) -> Standing:
    """Return how the tallies of a meeting stand: one alone waits for the other, whatever it says."""
    return tallies[0].standing if len(tallies) == 2 else Standing.WAITING


def _term_of(election: Any, tallies: Sequence[Any], vault: Vault) -> boards.TermDraft | None:
    """Return the term that an election makes, once both tallies of its meeting agree; ids from whoever knew them."""
    if _standing_of(tallies) is not Standing.AGREED:
        return None
    first, second = tallies
    names = opened_names(first, vault)
    members = zip(first.members, second.members, strict=True)
    officers = [
        boards.OfficerDraft(
            person_id=one["person_id"] or other["person_id"] or UUID(one["record_id"]),
            name=names.get(UUID(one["record_id"])) or ERASED,
            position=one["position"],
        )
        for one, other in members
    ]
    return boards.TermDraft(
        starts_on=election.term_starts_on,
        ends_on=election.term_ends_on,
        elected_on=first.held_on,
        officers=officers,
    )


def _assembly_of(tallies: Sequence[Any], term: boards.TermDraft | None, periods: Mapping[UUID, int]) -> Assembly | None:
    if not tallies:
        return None
    first = tallies[0]
    officers = term.officers if term else []
    members = [
        Elected(
            person_id=officer.person_id,
            woman=one["sex"] == Sex.FEMALE,
            periods=periods.get(officer.person_id, 0) if officer.person_id else 0,
            named=officer.name != ERASED,
            told=bool(one["person_id"] or other["person_id"]),
        )
        for one, other, officer in zip(first.members, tallies[-1].members, officers, strict=False)
    ]
    return Assembly(_standing_of(tallies), first.held_on, first.present_men + first.present_women, members)


async def _judged(session: AsyncSession, election: Any, vault: Vault) -> Judged:
    """Judge an election by its own rule set and by the board's rules for terms (EL-7, EL-8)."""
    rules = rules_of(election.ruleset)
    ballots = [
        Counted(
            ballot_id=row.id,
            rw=row.rw,
            rt=row.rt,
            standing=row.standing,
            sheet=Sheet(**{name: getattr(row, name) for name in SHEET}) if row.standing is Standing.AGREED else None,
        )
        for row in (await session.execute(sheets_of(election.id))).all()
    ]
    tallies = (await session.execute(meeting_of(election.id))).all()
    listed = (await session.scalars(select(Delegate.person_id).where(Delegate.election_id == election.id))).all()
    term = _term_of(election, tallies, vault)
    periods: Mapping[UUID, int] = {}
    of_term: Sequence[Fault] = []
    if term is not None and election.state in UNDER_WAY:
        persons = [officer.person_id for officer in term.officers if officer.person_id is not None]
        periods = await boards.periods_served(session, election.board_id, persons, before=term.elected_on)
        of_term = await boards.faults_of_term(session, election.board_id, term)
        statutes = await boards.statutes_of(session, election.board_id)
        own = boards.said(statutes, term.elected_on, lambda one: one.most_periods)
        rules = replace(rules, most_periods=own or rules.most_periods)
    assembly = _assembly_of(tallies, term, periods)
    programme = Programme(
        election.state,
        election.rt_count,
        _pokja(election),
        election.committee_chair_person_id,
        election.committee_chair_resigned_on,
    )
    found = [replace(fault, pointer=_in_election(fault.pointer)) for fault in of_term]
    return Judged(
        election.state,
        missing(programme, ballots, assembly, of_term=found, rules=rules),
        warnings(ballots, assembly, listed=set(listed), rules=rules),
        term,
    )


def _in_election(pointer: str) -> str:
    """Return where in an election stands what the board's rules find in the term that it makes."""
    if pointer.startswith("/officers"):
        return "/meeting/members" + pointer.removeprefix("/officers")
    return f"/term_{pointer.removeprefix('/')}" if pointer in {"/starts_on", "/ends_on"} else pointer


async def gates(connection: AsyncConnection, election_id: UUID, vault: Vault, *, by: Caller) -> Judged:
    """Return what is missing of an election in the caller's regions, or ResourceNotFound."""
    async with AsyncSession(connection) as session:
        election = (await session.execute(in_own_region(election_id, by))).one_or_none()
        if election is None:
            raise ResourceNotFound
        return await _judged(session, election, vault)


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
    judged = await _judged(session, election, vault)
    if judged.missing or judged.term is None:
        raise ElectionNotReady(faults=judged.missing, count=len(judged.missing))
    if draft.certified_on < judged.term.elected_on:
        raise CertifiedTooEarly(pointer="/certified_on", held_on=judged.term.elected_on)
    following = state_after(election.state, Act.CERTIFY)
    election.term_id, _ = await boards.record_term(
        session, board, judged.term, vault=vault, by=by, now=now, election_id=election.id
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
