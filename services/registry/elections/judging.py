"""What is missing of an election and what is only told: its sheets, its programme and its board's rules put together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from services.registry.boards import service as boards
from services.registry.elections.comparing import SHEET, meeting_of, opened_names, sheets_of
from services.registry.elections.gates import Assembly, Counted, Elected, Programme, missing, warnings
from services.registry.elections.models import Delegate
from services.registry.elections.queries import COMMITTEE, in_own_region, rules_of
from services.registry.elections.rules import UNDER_WAY, ElectionState, Standing
from services.registry.elections.sheets import Sheet
from services.registry.residents import service as residents
from shared.errors import Fault, ResourceNotFound
from shared.permissions import Caller
from shared.vault import Vault

ERASED = "—erased—"
"""Stands for an elected member whose name was erased since; such an election cannot be certified."""


def pokja_of(election: Any) -> dict[str, int]:
    return {name: getattr(election, f"committee_{name}") for name in COMMITTEE if name.endswith("_pokja")}


@dataclass(frozen=True, slots=True)
class Judged:
    """What is missing of an election and what is only told, with the term that its meeting elected."""

    state: ElectionState
    missing: Sequence[Fault]
    warnings: Sequence[Fault]
    term: boards.TermDraft | None
    elected: Sequence[Elected]


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


def _told(tallies: Sequence[Any]) -> list[bool]:
    """Return of which elected members somebody who entered the sheet knew the person's id."""
    first, second = tallies
    return [
        bool(one["person_id"] or other["person_id"]) for one, other in zip(first.members, second.members, strict=True)
    ]


def _assembly_of(tallies: Sequence[Any], term: boards.TermDraft | None, periods: Mapping[UUID, int]) -> Assembly | None:
    if not tallies:
        return None
    first = tallies[0]
    officers = term.officers if term else []
    members = [
        Elected(
            person_id=officer.person_id,
            woman=one["sex"] == residents.Sex.FEMALE,
            periods=periods.get(officer.person_id, 0) if officer.person_id else 0,
            named=officer.name != ERASED,
            told=bool(one["person_id"] or other["person_id"]),
        )
        for one, other, officer in zip(first.members, tallies[-1].members, officers, strict=False)
    ]
    return Assembly(first.id, _standing_of(tallies), first.held_on, first.present_men + first.present_women, members)


def _recorded(count: residents.AdultCount | None) -> dict[str, Any]:
    return {} if count is None else {"adults": count.adults, "of_unknown_age": count.of_unknown_age}


async def judge(session: AsyncSession, election: Any, vault: Vault) -> Judged:
    """Judge an election by its own rule set and by the board's rules for terms (EL-7, EL-8)."""
    rules = rules_of(election.ruleset)
    recorded = await residents.adults_of_neighbourhoods(session, election.kelurahan_code, on=election.ballots_from)
    ballots = [
        Counted(
            ballot_id=row.id,
            rw=row.rw,
            rt=row.rt,
            standing=row.standing,
            sheet=Sheet(**{name: getattr(row, name) for name in SHEET}) if row.standing is Standing.AGREED else None,
            **_recorded(recorded.get((row.rt, row.rw))),
        )
        for row in (await session.execute(sheets_of(election.id))).all()
    ]
    tallies = (await session.execute(meeting_of(election.id))).all()
    listed = (
        await session.scalars(
            select(Delegate.person_id).where(Delegate.election_id == election.id, Delegate.withdrawn_at.is_(None))
        )
    ).all()
    term = _term_of(election, tallies, vault)
    periods: Mapping[UUID, int] = {}
    of_term: Sequence[Fault] = []
    if term is not None and election.state in UNDER_WAY:
        persons = [officer.person_id for officer in term.officers if officer.person_id is not None]
        periods = await boards.periods_served(session, election.board_id, persons, before=term.elected_on)
        of_term = await boards.faults_of_term(session, election.board_id, term, told=_told(tallies), vault=vault)
        statutes = await boards.statutes_of(session, election.board_id)
        own = boards.said(statutes, term.elected_on, lambda one: one.most_periods)
        rules = replace(rules, most_periods=own or rules.most_periods)
    assembly = _assembly_of(tallies, term, periods)
    programme = Programme(
        election.state,
        election.rt_count,
        pokja_of(election),
        election.committee_chair_person_id,
        election.committee_chair_resigned_on,
    )
    found = [replace(fault, pointer=_in_election(fault.pointer)) for fault in of_term]
    return Judged(
        election.state,
        missing(programme, ballots, assembly, of_term=found, rules=rules),
        warnings(ballots, assembly, listed=set(listed), rules=rules),
        term,
        assembly.members if assembly else [],
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
        return await judge(session, election, vault)
