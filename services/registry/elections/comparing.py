"""How tallies are read: each beside the other tally of its sheet, in one statement."""

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from datetime import date, datetime
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession
from sqlalchemy.orm import aliased

from services.registry.database import places
from services.registry.elections.models import Ballot, Election, Meeting, Tally
from services.registry.elections.queries import rules_of
from services.registry.elections.rules import Standing, door_to_door_allowed, result_of, shown_poor
from services.registry.elections.sheets import Difference, Sheet, differences
from services.registry.elections.tally_schemas import BallotQuery, TallyQuery
from services.registry.personal import service as personal
from shared.errors import ResourceNotFound
from shared.items import in_scope, visible
from shared.lists import Order
from shared.permissions import Caller
from shared.statements import fetch, remembered
from shared.vault import Vault

BALLOTS_RECORDED = Order(Ballot.id.expression, UUID, Ballot.id.expression)
MEETINGS_RECORDED = Order(Meeting.id.expression, UUID, Meeting.id.expression)
SHEET = [field.name for field in fields(Sheet)]
MEETING = ["held_on", "present_men", "present_women", "observers", "members", "minutes_reference"]
Names = Mapping[UUID, str | None]


def _tallies(model: type[Tally], caller: Caller, *, same_sheet: Sequence[str], compared: Sequence[str]) -> Select[Any]:
    """Return the statement of tallies, each beside the other tally of its sheet."""
    other: Any = aliased(model, name="other")
    known: Any = model
    sheet = and_(
        other.kelurahan_code == known.kelurahan_code,
        other.election_id == known.election_id,
        other.id != known.id,
        other.standing != Standing.WITHDRAWN,
        known.standing != Standing.WITHDRAWN,
        *(getattr(other, name).is_not_distinct_from(getattr(known, name)) for name in same_sheet),
    )
    return (
        select(
            *known.__table__.c,
            places.c.code_now,
            Election.ruleset,
            other.id.label("other_id"),
            *(getattr(other, name).label(f"other_{name}") for name in compared),
            in_scope(model, caller).label("full"),
        )
        .join(places, places.c.kelurahan_code == known.kelurahan_code)
        .join(Election, Election.id == known.election_id)
        .outerjoin(other, sheet)
        .where(visible(model, caller))
    )


def _filtered(statement: Select[Any], model: type[Tally], query: TallyQuery) -> Select[Any]:
    if query.number is not None:
        statement = statement.where(model.number == query.number)
    if query.standing is not None:
        statement = statement.where(model.standing == query.standing)
    return statement


def _tally_view(row: Any, found: Sequence[Difference]) -> dict[str, Any]:
    return {
        "id": row.id,
        "view": "full" if row.full else "public",
        "kelurahan_code": row.kelurahan_code,
        "kelurahan_code_now": row.code_now,
        "election_id": row.election_id,
        "number": row.number,
        "entered_by": row.entered_by if row.full else None,
        "standing": row.standing,
        "withdrawal_reason": row.withdrawal_reason if row.full else None,
        "differences": [{"pointer": one.pointer, "this": one.this, "other": one.other} for one in found],
    }


def _compared(row: Any, names: Sequence[str], read: Callable[[str, Any], Any]) -> Sequence[Difference]:
    if row.other_id is None:
        return []
    this = {name: read(name, getattr(row, name)) for name in names}
    return differences(this, {name: read(name, getattr(row, f"other_{name}")) for name in names})


def _ballots(caller: Caller) -> Select[Any]:
    return _tallies(Ballot, caller, same_sheet=["rt", "rw"], compared=SHEET)


@remembered
def _ballot(caller: Caller) -> Select[Any]:
    return _ballots(caller).where(Ballot.id == bindparam("id"))


def ballots(election_id: UUID, query: BallotQuery, caller: Caller) -> Select[Any]:
    """Return the statement of the tallies of an election's RT ballots."""
    statement = _filtered(_ballots(caller).where(Ballot.election_id == election_id), Ballot, query)
    if query.rw is not None:
        statement = statement.where(Ballot.rw == query.rw)
    if query.rt is not None:
        statement = statement.where(Ballot.rt == query.rt)
    return statement


def _counted_view(row: Any, group: str) -> dict[str, Any]:
    poor, missing = getattr(row, f"{group}_poor"), getattr(row, f"{group}_poor_missing")
    poor, missing = shown_poor(poor, missing, full=row.full)
    return {
        "men": getattr(row, f"{group}_men"),
        "women": getattr(row, f"{group}_women"),
        "poor": poor,
        "poor_missing": missing,
    }


def _way_view(row: Any, way: str) -> dict[str, Any] | None:
    men, women = getattr(row, f"{way}_men"), getattr(row, f"{way}_women")
    return None if men is None else {"men": men, "women": women}


def ballot_view(row: Any) -> dict[str, Any]:
    """Return a row as BallotView: small counts of poor people only in the full view."""
    eligible = row.eligible_men + row.eligible_women
    result = result_of(voters=row.voters_men + row.voters_women, eligible=eligible, rules=rules_of(row.ruleset))
    found = _compared(row, SHEET, lambda _name, value: value) if row.full else []
    return _tally_view(row, found) | {
        "rt": row.rt,
        "rw": row.rw,
        "eligible": {"men": row.eligible_men, "women": row.eligible_women},
        "voters": _counted_view(row, "voters"),
        "attending": _way_view(row, "attending"),
        "collected": _way_view(row, "collected"),
        "papers": {"valid": row.papers_valid, "invalid": row.papers_invalid, "names": row.papers_names},
        "delegates": _counted_view(row, "delegates"),
        "door_to_door": row.door_to_door,
        "handled_separately": row.handled_separately,
        "minutes_reference": row.minutes_reference,
        "result": result,
        "door_to_door_allowed": door_to_door_allowed(result),
        "version": row.version,
        "recorded_at": row.recorded_at,
        "changed_at": row.changed_at,
    }


async def one_ballot(
    connection: AsyncConnection | AsyncSession, ballot_id: UUID, caller: Caller, _now: datetime
) -> dict[str, Any]:
    """Return one tally of an RT's ballot as the caller may see it, or ResourceNotFound."""
    rows = await fetch(connection, _ballot(caller), {"id": ballot_id})
    if not rows:
        raise ResourceNotFound
    return ballot_view(rows[0])


def _sealed_names() -> Any:
    """Return the sealed names behind all tallies of a meeting's sheet, as one JSON value beside the row."""
    kept, tally = personal.personal_records().c, aliased(Meeting, name="named")
    one = func.json_build_object(
        "id",
        kept.id,
        "wrapped_key",
        func.encode(kept.wrapped_key, "base64"),
        "sealed",
        func.encode(kept.sealed, "base64"),
    )
    held = and_(tally.election_id == Meeting.election_id, kept.id == func.any(tally.member_records))
    return select(func.json_agg(one)).select_from(tally).where(held).correlate(Meeting).scalar_subquery()


def opened_names(row: Any, vault: Vault) -> Names:
    """Return the names of elected members by the id of their record; None once one was erased."""
    found: dict[UUID, str | None] = {}
    for one in row.sealed_names or []:
        sealed = {key: one[key] and base64.b64decode(one[key]) for key in ("wrapped_key", "sealed")}
        record = SimpleNamespace(id=UUID(one["id"]), **sealed)
        found[record.id] = personal.opened(vault, record).get("name")
    return found


def member_view(member: Mapping[str, Any], names: Names) -> dict[str, Any]:
    """Return one elected member of a tally with the name from its record."""
    shown = {key: member[key] for key in ("person_id", "sex", "votes", "position")}
    return {"name": names.get(UUID(member["record_id"]))} | shown


def _meetings(caller: Caller) -> Select[Any]:
    statement = _tallies(Meeting, caller, same_sheet=[], compared=MEETING)
    return statement.add_columns(_sealed_names().label("sealed_names"))


@remembered
def _meeting(caller: Caller) -> Select[Any]:
    return _meetings(caller).where(Meeting.id == bindparam("id"))


def sheets_of(election_id: UUID) -> Select[Any]:
    """Return the statement of the RT sheets of an election, each by its first tally."""
    columns = (Ballot.id, Ballot.rt, Ballot.rw, Ballot.standing, *(getattr(Ballot, name) for name in SHEET))
    return (
        select(*columns)
        .where(Ballot.election_id == election_id, Ballot.number == 1, Ballot.standing != Standing.WITHDRAWN)
        .order_by(Ballot.rt, Ballot.rw, Ballot.id)
    )


def meeting_of(election_id: UUID) -> Select[Any]:
    """Return the statement of both tallies of an election's meeting, the first one first."""
    columns = (*Meeting.__table__.c, _sealed_names().label("sealed_names"))
    stands = (Meeting.election_id == election_id, Meeting.standing != Standing.WITHDRAWN)
    return select(*columns).where(*stands).order_by(Meeting.number)


def meetings(election_id: UUID, query: TallyQuery, caller: Caller) -> Select[Any]:
    """Return the statement of the tallies of an election's kelurahan meeting."""
    return _filtered(_meetings(caller).where(Meeting.election_id == election_id), Meeting, query)


def meeting_view(row: Any, *, vault: Vault, unmasked: bool) -> dict[str, Any]:
    """Return a row as MeetingView: names only in the full view, unmasked; masked it still tells which differ, not how."""
    names = opened_names(row, vault) if row.full else {}

    def read(column: str, value: Any) -> Any:
        if column == "members":
            return [member_view(one, names) for one in value]
        return str(value) if isinstance(value, date) else value

    found = _compared(row, MEETING, read) if row.full else []
    if not unmasked:
        found = [Difference(one.pointer, None, None) if one.of_name else one for one in found]
    members = [member_view(one, names if unmasked else {}) for one in row.members]
    return _tally_view(row, found) | {
        "held_on": row.held_on,
        "present": {"men": row.present_men, "women": row.present_women},
        "observers": row.observers,
        "members": members if row.full else [one | {"person_id": None} for one in members],
        "minutes_reference": row.minutes_reference,
        "version": row.version,
        "recorded_at": row.recorded_at,
        "changed_at": row.changed_at,
    }


async def meeting_row(connection: AsyncConnection | AsyncSession, meeting_id: UUID, caller: Caller) -> Any:
    """Return the row of one tally of a kelurahan meeting, or ResourceNotFound; shape it with `meeting_view`."""
    rows = await fetch(connection, _meeting(caller), {"id": meeting_id})
    if not rows:
        raise ResourceNotFound
    return rows[0]


async def one_meeting(session: AsyncSession, meeting_id: UUID, caller: Caller, *, vault: Vault) -> dict[str, Any]:
    """Return one tally of a kelurahan meeting, masked, for whoever saw it in an earlier version."""
    return meeting_view(await meeting_row(session, meeting_id, caller), vault=vault, unmasked=False)
