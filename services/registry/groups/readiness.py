"""How groups stand: what is known of one on a day, judged gate by gate, and who is in two of them."""

from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, select, true
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession
from sqlalchemy.orm import aliased

from services.registry.database import places
from services.registry.groups.gates import Standing, is_ready, judgements
from services.registry.groups.models import Group, Membership, SavingsMonth
from services.registry.groups.queries import (
    CHAIRS_OTHERS,
    GROUP,
    GROUP_RULES,
    IN_OTHER_BORROWING,
    LIABILITY,
    LISTED,
    ON,
    PERSONS,
    named,
    shown_name,
)
from services.registry.groups.rules import GroupKind, MemberRole, savings_run
from services.registry.groups.schemas import OverlapKind, OverlapQuery
from services.registry.residents.service import persons
from shared.errors import ResourceNotFound
from shared.items import in_place, visible
from shared.lists import Order
from shared.occurrence import require_begun
from shared.permissions import Caller
from shared.rulesets import in_force
from shared.statements import fetch
from shared.vault import Vault

_THEN, _SIGNER = aliased(Membership), persons(ON).alias("signers")
_BELONGED_WHEN_SIGNED = (
    select(_THEN.id)
    .join(_SIGNER, _SIGNER.c.id == _THEN.resident_id)
    .where(
        _SIGNER.c.person_id == PERSONS.c.person_id,
        _THEN.group_id == Membership.group_id,
        _THEN.holds_on(LIABILITY.c.signed_on),
    )
    .correlate(PERSONS, Membership, LIABILITY)
    .exists()
)


def _persons(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.count(PERSONS.c.person_id.distinct()).filter(condition)


_COUNTED = (
    select(
        _persons(true()).label("members"),
        _persons(PERSONS.c.woman).label("women"),
        _persons(PERSONS.c.poor.is_(True)).label("poor"),
        _persons(PERSONS.c.poor.is_(False)).label("not_poor"),
        _persons(Membership.trained_on <= ON).label("trained"),
        _persons(~_BELONGED_WHEN_SIGNED).label("joined_since"),
        _persons(IN_OTHER_BORROWING > 0).label("borrowing_elsewhere"),
        func.bool_or((Membership.role == MemberRole.CHAIR) & (CHAIRS_OTHERS > 0)).label("chairs_others"),
    )
    .select_from(Membership)
    .join(PERSONS, PERSONS.c.id == Membership.resident_id)
    .where(Membership.group_id == Group.id, Membership.holds_on(ON))
    .lateral("counted")
)
# A month of group activity with savings (KSM-4): the group met, and somebody saved.
_SAVED = (
    select(
        func.count().label("months_recorded"),
        func.array_agg(SavingsMonth.month)
        .filter(SavingsMonth.meeting_held, SavingsMonth.savings_rupiah > 0)
        .label("months"),
    )
    .where(SavingsMonth.group_id == Group.id, SavingsMonth.month <= ON)
    .lateral("saved")
)
_STANDING = (
    select(
        Group.id,
        Group.kind,
        Group.formed_on,
        Group.members.label("members_recorded"),
        Group.women.label("women_recorded"),
        (Group.dissolved_on < ON).label("over"),
        LIABILITY.c.signatories,
        LISTED.label("listed"),
        *_COUNTED.c,
        *_SAVED.c,
    )
    .join(places, in_place(Group))
    .outerjoin(LIABILITY, true())
    .join(_COUNTED, true())
    .join(_SAVED, true())
)


async def readiness_of(
    connection: AsyncConnection | AsyncSession, group_id: UUID, caller: Caller, *, on: date
) -> dict[str, Any]:
    """Return a group's readiness on a day as ReadinessView, or ResourceNotFound or NotYet; the rules are those of that day."""
    rows = await fetch(
        connection, _STANDING.where(Group.id == GROUP, visible(Group, caller)), {"on": on, "group": group_id}
    )
    if not rows:
        raise ResourceNotFound
    row = rows[0]
    require_begun(row.formed_on, on=on)
    ruleset = in_force(GROUP_RULES, on)
    run = savings_run(row.months or [], on)
    members, women = (0, 0) if row.over else (row.members_recorded, row.women_recorded)
    kind = GroupKind(row.kind)
    judged = judgements(
        Standing(
            kind=kind,
            members=row.members if row.listed else members,
            women=row.women if row.listed else women,
            listed=row.listed,
            poor=row.poor,
            not_poor=row.not_poor,
            trained=row.trained,
            savings_run=run if row.months_recorded else None,
            signatories=row.signatories,
            joined_since=row.joined_since,
        ),
        ruleset.values,
    )
    return {
        "group_id": row.id,
        "kind": row.kind,
        "as_of": on,
        "ready": is_ready(judged),
        "gates": [
            {
                "gate": one.gate,
                "rule": one.rule,
                "state": one.state,
                "count": one.count,
                "of": one.of,
                "needed": one.needed,
                "reason": one.reason,
            }
            for one in judged
        ],
        "savings_run": run,
        "members_in_other_borrowing_groups": row.borrowing_elsewhere if kind is GroupKind.ECONOMIC else 0,
        "chair_leads_other_groups": bool(row.chairs_others),
        "ruleset": ruleset.version,
        "legal_basis": ruleset.legal_basis,
    }


def overlaps(query: OverlapQuery, caller: Caller, *, unmasked: bool) -> tuple[Select[Any], Order]:
    """Return the statement of the persons in two groups at once, and its order; it takes `on`.

    A person is one wherever they live or lived; they are shown as the resident who joined last.
    """
    here = (
        Group.kind == GroupKind.ECONOMIC if query.of is OverlapKind.BORROWING else Membership.role == MemberRole.CHAIR
    )
    found = (
        select(
            func.array_agg(
                aggregate_order_by(PERSONS.c.resident_id, Membership.starts_on.desc(), PERSONS.c.resident_id)
            )[1].label("id"),
            func.json_agg(
                aggregate_order_by(
                    func.json_build_object(
                        "group_id",
                        Group.id,
                        "kelurahan_code",
                        Membership.kelurahan_code,
                        "name",
                        Group.name,
                        "kind",
                        Group.kind,
                        "role",
                        Membership.role,
                        "starts_on",
                        Membership.starts_on,
                    ),
                    Membership.starts_on,
                    Group.id,
                )
            ).label("groups"),
        )
        .select_from(Membership)
        .join(Group, Group.id == Membership.group_id)
        .join(PERSONS, PERSONS.c.id == Membership.resident_id)
        .join(places, in_place(Membership))
        .where(visible(Membership, caller), query.lies_in_region(places), Membership.holds_on(ON), here)
        .group_by(PERSONS.c.person_id)
        .having(func.count(Membership.group_id.distinct()) > 1)
        .subquery("found")
    )
    statement = named(select(*found.c), found.c.id, unmasked=unmasked)
    return statement, Order(found.c.id, UUID, found.c.id)


def overlap_view(vault: Vault | None) -> Callable[[Any], dict[str, Any]]:
    """Return what shapes a row as OverlapView; with a vault the name is shown."""

    def view(row: Any) -> dict[str, Any]:
        return {
            "resident_id": row.id,
            **shown_name(row, vault),
            "groups": row.groups,
        }

    return view
