"""How elections and delegates are read: one statement each."""

from datetime import date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import Select, bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from services.registry.boards.service import board_names
from services.registry.database import places
from services.registry.elections.models import Delegate, Election
from services.registry.elections.rules import ElectionRules, TurnoutMissing
from services.registry.elections.schemas import DelegateQuery, ElectionQuery, ElectionSort
from services.registry.personal import service as personal
from shared.errors import ResourceNotFound
from shared.items import in_scope, visible
from shared.lists import Order
from shared.permissions import Caller
from shared.places import called_now
from shared.rulesets import load
from shared.statements import fetch, remembered
from shared.vault import Vault

ELECTION_RULES = load(Path(__file__).with_name("rulesets.json"), ElectionRules)
ORDERS = {
    ElectionSort.RECORDED: Order(Election.id.expression, UUID, Election.id.expression),
    ElectionSort.LATEST: Order(Election.meeting_on.expression, date, Election.id.expression, descending=True),
}
DELEGATES_RECORDED = Order(Delegate.id.expression, UUID, Delegate.id.expression)

COMMITTEE = [
    "election_pokja",
    "statutes_pokja",
    "monitoring_pokja",
    "person_ids",
    "chair_person_id",
    "chair_resigned_on",
]
_BOARDS = board_names()
_ELECTIONS = (
    select(
        *Election.__table__.c,
        places.c.code_now,
        called_now(places).label("kelurahan_name"),
        _BOARDS.c.name.label("board_name"),
    )
    .join(places, places.c.kelurahan_code == Election.kelurahan_code)
    .join(_BOARDS, _BOARDS.c.id == Election.board_id)
)


def rules_of(version: str) -> ElectionRules:
    """Return the values of the rule set that judges an election."""
    return next((one.values for one in ELECTION_RULES if one.version == version), ELECTION_RULES[-1].values)


def _elections(caller: Caller) -> Select[Any]:
    return _ELECTIONS.add_columns(in_scope(Election, caller).label("full")).where(visible(Election, caller))


@remembered
def _election(caller: Caller) -> Select[Any]:
    return _elections(caller).where(Election.id == bindparam("id"))


@remembered
def elections(query: ElectionQuery, caller: Caller) -> Select[Any]:
    """Return the statement of the list of elections."""
    statement = _elections(caller)
    if query.region is not None:
        statement = statement.where(query.lies_in_region(places))
    if query.board_id is not None:
        statement = statement.where(Election.board_id == query.board_id)
    if query.state is not None:
        statement = statement.where(Election.state == query.state)
    return statement


def _turnout(row: Any) -> dict[str, Any]:
    missing = TurnoutMissing.NOT_COUNTED if row.voters is None else None
    return {
        "numerator": row.voters,
        "denominator": row.eligible,
        "null_reason": missing,
        "collected": row.collected,
        "collected_null_reason": (missing or TurnoutMissing.NOT_RECORDED) if row.collected is None else None,
    }


def election_view(row: Any) -> dict[str, Any]:
    """Return a row as ElectionView."""
    return {
        "id": row.id,
        "view": "full" if row.full else "public",
        "kelurahan_code": row.kelurahan_code,
        "kelurahan_code_now": row.code_now,
        "kelurahan_name": row.kelurahan_name,
        "board_id": row.board_id,
        "board_name": row.board_name,
        "state": row.state,
        "ruleset": row.ruleset,
        "ballots_from": row.ballots_from,
        "ballots_until": row.ballots_until,
        "meeting_on": row.meeting_on,
        "term_starts_on": row.term_starts_on,
        "term_ends_on": row.term_ends_on,
        "rt_count": row.rt_count,
        "names_per_ballot": row.names_per_ballot,
        "committee": {name: getattr(row, f"committee_{name}") for name in COMMITTEE} if row.full else None,
        "turnout": _turnout(row),
        "term_id": row.term_id,
        "certified_on": row.certified_on,
        "certification_reference": row.certification_reference,
        "annulled_on": row.annulled_on,
        "annulment_reason": row.annulment_reason if row.full else None,
        "version": row.version,
        "recorded_at": row.recorded_at,
        "changed_at": row.changed_at,
    }


async def one_election(
    connection: AsyncConnection | AsyncSession, election_id: UUID, caller: Caller, _now: datetime
) -> dict[str, Any]:
    """Return one election as the caller may see it, or ResourceNotFound."""
    rows = await fetch(connection, _election(caller), {"id": election_id})
    if not rows:
        raise ResourceNotFound
    return election_view(rows[0])


def in_own_region(election_id: UUID, caller: Caller) -> Select[Any]:
    """Return the statement of one election that the caller may see in full."""
    joined = select(*Election.__table__.c).join(places, places.c.kelurahan_code == Election.kelurahan_code)
    return joined.where(Election.id == election_id, in_scope(Election, caller))


def _delegates(election_id: UUID, caller: Caller) -> Select[Any]:
    kept = personal.personal_records()
    return (
        select(*Delegate.__table__.c, places.c.code_now, kept.c.wrapped_key, kept.c.sealed)
        .join(places, places.c.kelurahan_code == Delegate.kelurahan_code)
        .outerjoin(kept, kept.c.id == Delegate.id)
        .where(Delegate.election_id == election_id, visible(Delegate, caller))
    )


def delegates(election_id: UUID, query: DelegateQuery, caller: Caller) -> Select[Any]:
    """Return the statement of an election's delegates who are listed, each with its sealed record."""
    statement = _delegates(election_id, caller).where(Delegate.withdrawn_at.is_(None))
    for name in ("rw", "rt", "sex"):
        if (wanted := getattr(query, name)) is not None:
            statement = statement.where(getattr(Delegate, name) == wanted)
    return statement


def delegate_view(row: Any, *, vault: Vault | None) -> dict[str, Any]:
    """Return a row as DelegateView; name and poverty only where a vault is given."""
    return {
        "id": row.id,
        "kelurahan_code": row.kelurahan_code,
        "kelurahan_code_now": row.code_now,
        "election_id": row.election_id,
        "rt": row.rt,
        "rw": row.rw,
        "sex": row.sex,
        "poor": row.poor if vault is not None else None,
        "name": personal.opened(vault, row).get("name") if vault is not None else None,
        "person_id": row.person_id,
        "withdrawn_at": row.withdrawn_at,
        "version": row.version,
        "recorded_at": row.recorded_at,
        "changed_at": row.changed_at,
    }


async def delegate_row(
    connection: AsyncConnection | AsyncSession, election_id: UUID, delegate_id: UUID, caller: Caller
) -> Any:
    """Return the row of one delegate, withdrawn or not, or ResourceNotFound; shape it with `delegate_view`."""
    rows = await fetch(connection, _delegates(election_id, caller).where(Delegate.id == delegate_id))
    if not rows:
        raise ResourceNotFound
    return rows[0]


async def one_delegate(
    session: AsyncSession, election_id: UUID, delegate_id: UUID, caller: Caller, _now: datetime
) -> dict[str, Any]:
    """Return one delegate, masked: replies to writes name nobody."""
    return delegate_view(await delegate_row(session, election_id, delegate_id, caller), vault=None)
