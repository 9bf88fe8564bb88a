"""How groups, their members and their savings are read: in the caller's own regions."""

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Date,
    Label,
    ScalarSelect,
    Select,
    Uuid,
    bindparam,
    exists,
    func,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import array
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession
from sqlalchemy.orm import aliased

from services.registry.boards.service import board_names, called_on
from services.registry.database import places
from services.registry.groups.models import Group, JointLiability, Membership
from services.registry.groups.rules import CountedFrom, GroupKind, GroupRules, MemberRole
from services.registry.groups.schemas import (
    GroupQuery,
    GroupSort,
    MembershipQuery,
)
from services.registry.personal import service as personal
from services.registry.residents.service import persons, rows_of
from shared.clock import today
from shared.errors import ResourceNotFound
from shared.items import in_place, visible
from shared.lists import Order
from shared.occurrence import require_begun
from shared.permissions import Caller
from shared.rulesets import in_force, load
from shared.searching import finds
from shared.statements import fetch, remembered
from shared.vault import Vault

GROUP_RULES = load(Path(__file__).with_name("rulesets.json"), GroupRules)
ORDERS = {
    GroupSort.RECORDED: Order(Group.id.expression, UUID, Group.id.expression),
    GroupSort.NAME: Order(Group.name.expression, str, Group.id.expression),
}
MEMBERSHIPS_BY_DAY = Order(Membership.starts_on.expression, date, Membership.id.expression)
ON: BindParameter[date] = bindparam("on", type_=Date)
"""The day groups are shown as of: today, or `as_of`."""

GROUP: BindParameter[UUID] = bindparam("group", type_=Uuid)
"""The group whose members are read."""

_BOARDS = board_names()
PERSONS = persons(ON)
"""Residents as the members of groups, judged on the day."""

_COUNTED = (
    select(
        array(
            [
                func.count(PERSONS.c.person_id.distinct()),
                func.count(PERSONS.c.person_id.distinct()).filter(PERSONS.c.woman),
            ]
        )
    )
    .select_from(Membership)
    .join(PERSONS, PERSONS.c.id == Membership.resident_id)
    .where(Membership.group_id == Group.id, Membership.holds_on(ON))
    .scalar_subquery()
)
LIABILITY = (
    select(JointLiability.signed_on, JointLiability.document_reference, JointLiability.signatories)
    .where(JointLiability.group_id == Group.id, JointLiability.signed_on <= ON)
    .order_by(JointLiability.signed_on.desc(), JointLiability.id.desc())
    .limit(1)
    .lateral("liability")
)
"""The joint liability of a group that was signed last by the day."""

# Among the columns, not joined: so it is counted for the groups of a page only.
LISTED = exists().where(Membership.group_id == Group.id)
"""Whether the members of a group are listed, today or once: then they are counted."""

_GROUPS = (
    select(
        Group.id,
        Group.kelurahan_code,
        places.c.code_now,
        Group.board_id,
        Group.name,
        Group.kind,
        Group.bond,
        Group.formed_on,
        Group.members,
        Group.women,
        LISTED.label("listed"),
        _COUNTED.label("counted"),
        Group.dissolved_on,
        (Group.dissolved_on < ON).label("over"),
        *LIABILITY.c,
        Group.version,
        Group.recorded_at,
        Group.changed_at,
    )
    .join(places, in_place(Group))
    .join(_BOARDS, _BOARDS.c.id == Group.board_id)
    .outerjoin(LIABILITY, true())
)


def _board_name(on: Any) -> Label[str]:
    now = _BOARDS.c.name
    return (now if on is None else called_on(Group.board_id, on, else_=now)).label("board_name")


@remembered
def groups(query: GroupQuery, caller: Caller) -> Select[Any]:
    """Return the statement of the list of groups; it takes the day as `on`."""
    statement = _GROUPS.add_columns(_board_name(None if query.as_of is None else ON)).where(visible(Group, caller))
    if query.as_of is not None:
        statement = statement.where(Group.formed_on <= ON, or_(Group.dissolved_on.is_(None), Group.dissolved_on >= ON))
    if query.region is not None:
        statement = statement.where(query.lies_in_region(places))
    if query.board_id is not None:
        statement = statement.where(Group.board_id == query.board_id)
    if query.kind is not None:
        statement = statement.where(Group.kind == query.kind)
    if query.q is not None:
        statement = statement.where(finds(Group.name, query.q))
    return statement


def group_view(row: Any) -> dict[str, Any]:
    """Return a row as GroupView: who is listed is counted, else the numbers are those it was recorded with."""
    members, women = row.counted if row.listed else (0, 0) if row.over else (row.members, row.women)
    rules = in_force(GROUP_RULES, row.formed_on).values
    liability = None
    if row.signed_on is not None:
        liability = {
            "signed_on": row.signed_on,
            "document_reference": row.document_reference,
            "signatories": row.signatories,
        }
    return {
        "id": row.id,
        "kelurahan_code": row.kelurahan_code,
        "kelurahan_code_now": row.code_now,
        "board_id": row.board_id,
        "board_name": row.board_name,
        "name": row.name,
        "kind": row.kind,
        "bond": row.bond,
        "formed_on": row.formed_on,
        "dissolved_on": row.dissolved_on,
        "members": members,
        "women": women,
        "counted_from": CountedFrom.MEMBERSHIPS if row.listed else CountedFrom.RECORDED,
        "below_minimum": members < rules.least(GroupKind(row.kind)),
        "joint_liability": liability,
        "version": row.version,
        "recorded_at": row.recorded_at,
        "changed_at": row.changed_at,
    }


@remembered
def _group(caller: Caller) -> Select[Any]:
    return _GROUPS.add_columns(_board_name(ON)).where(Group.id == bindparam("id", type_=Uuid), visible(Group, caller))


async def one_group(
    connection: AsyncConnection | AsyncSession, group_id: UUID, caller: Caller, now: datetime
) -> dict[str, Any]:
    """Return one group as of the day of `now`, or ResourceNotFound or NotYet."""
    rows = await fetch(connection, _group(caller), {"id": group_id, "on": today(now)})
    if not rows:
        raise ResourceNotFound
    require_begun(rows[0].formed_on, on=today(now))
    return group_view(rows[0])


_PERSONAL: Any = personal.personal_records()
_OWN, _MEMBERS, _THEIRS, _OF_THEIRS, _PERSONS_THERE = (
    aliased(Membership),
    persons(ON).alias("members"),
    aliased(Membership),
    aliased(Group),
    persons(ON).alias("persons_there"),
)
# Once for a statement, not once for a row: records may stand for each other.
_OF_MEMBERS = (
    select(
        _PERSONS_THERE.c.person_id,
        _THEIRS.group_id,
        (_OF_THEIRS.kind == GroupKind.ECONOMIC).label("borrows"),
        (_THEIRS.role == MemberRole.CHAIR).label("leads"),
    )
    .join_from(_THEIRS, _OF_THEIRS, _OF_THEIRS.id == _THEIRS.group_id)
    .join(_PERSONS_THERE, _PERSONS_THERE.c.id == _THEIRS.resident_id)
    .where(
        _THEIRS.resident_id.in_(
            rows_of(
                select(_MEMBERS.c.person_id).join(_OWN, _OWN.resident_id == _MEMBERS.c.id).where(_OWN.group_id == GROUP)
            )
        ),
        _THEIRS.holds_on(ON),
    )
    .cte("of_members")
    .prefix_with("MATERIALIZED")
)


def _elsewhere(condition: ColumnElement[bool]) -> ScalarSelect[int]:
    """Return how many other groups a membership's person belongs to on the day, in whatever kelurahan."""
    return (
        select(func.count(_OF_MEMBERS.c.group_id.distinct()))
        .where(
            _OF_MEMBERS.c.person_id == PERSONS.c.person_id,
            _OF_MEMBERS.c.group_id != Membership.group_id,
            condition,
        )
        .correlate(PERSONS, Membership)
        .scalar_subquery()
    )


IN_OTHER_BORROWING = _elsewhere(_OF_MEMBERS.c.borrows)
CHAIRS_OTHERS = _elsewhere(_OF_MEMBERS.c.leads)
_MEMBERSHIPS = (
    select(
        *Membership.__table__.c,
        PERSONS.c.resident_id.label("person"),
        IN_OTHER_BORROWING.label("elsewhere"),
    )
    .join(PERSONS, PERSONS.c.id == Membership.resident_id)
    .join(places, in_place(Membership))
)


class _Sealed(NamedTuple):
    """A personal record as it is opened."""

    id: UUID
    wrapped_key: bytes | None
    sealed: bytes | None


def named(statement: Select[Any], resident_id: Any, *, unmasked: bool) -> Select[Any]:
    """Add what names the person of each row, still sealed."""
    if not unmasked:
        return statement
    columns = (_PERSONAL.c.id.label("personal_id"), _PERSONAL.c.wrapped_key, _PERSONAL.c.sealed)
    return statement.add_columns(*columns).outerjoin(_PERSONAL, _PERSONAL.c.id == resident_id)


def shown_name(row: Any, vault: Vault | None) -> dict[str, Any]:
    """Return the name of a row's person, and why it is not there."""
    if vault is None:
        return {"personal": "masked", "name": None}
    if row.wrapped_key is None:
        return {"personal": "erased", "name": None}
    opened = personal.opened(vault, _Sealed(row.personal_id, row.wrapped_key, row.sealed))
    return {"personal": "shown", "name": opened.get("name")}


@remembered
def memberships(query: MembershipQuery, caller: Caller, *, unmasked: bool) -> Select[Any]:
    """Return the statement of a group's memberships; it takes the `group` and the day as `on`."""
    statement = _MEMBERSHIPS.where(Membership.group_id == GROUP, visible(Membership, caller))
    if query.role is not None:
        statement = statement.where(Membership.role == query.role)
    if query.as_of is not None:
        statement = statement.where(Membership.holds_on(ON))
    return named(statement, PERSONS.c.resident_id, unmasked=unmasked)


def membership_view(vault: Vault | None) -> Callable[[Any], dict[str, Any]]:
    """Return what shapes a row as MembershipView; with a vault the name is shown."""

    def view(row: Any) -> dict[str, Any]:
        return {
            "id": row.id,
            "group_id": row.group_id,
            "kelurahan_code": row.kelurahan_code,
            "resident_id": row.person,
            **shown_name(row, vault),
            "role": row.role,
            "starts_on": row.starts_on,
            "ends_on": row.ends_on,
            "ended_because": row.ended_because,
            "trained_on": row.trained_on,
            "other_borrowing_groups": row.elsewhere,
            "version": row.version,
            "recorded_at": row.recorded_at,
            "changed_at": row.changed_at,
        }

    return view


async def membership_row(
    connection: AsyncConnection | AsyncSession,
    group_id: UUID,
    membership_id: UUID,
    caller: Caller,
    now: datetime,
    *,
    unmasked: bool,
) -> Any:
    """Return the row of one membership, or ResourceNotFound."""
    statement = _MEMBERSHIPS.where(
        Membership.group_id == GROUP, Membership.id == membership_id, visible(Membership, caller)
    )
    rows = await fetch(
        connection, named(statement, PERSONS.c.resident_id, unmasked=unmasked), {"on": today(now), "group": group_id}
    )
    if not rows:
        raise ResourceNotFound
    return rows[0]


async def one_membership(
    connection: AsyncConnection | AsyncSession, group_id: UUID, membership_id: UUID, caller: Caller, now: datetime
) -> dict[str, Any]:
    """Return one membership masked, as every reply to a write shows it."""
    row = await membership_row(connection, group_id, membership_id, caller, now, unmasked=False)
    return membership_view(None)(row)
