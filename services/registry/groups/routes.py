"""Groups over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request, Response

from services.registry.dependencies import GroupReader, GroupWriter, PersonalSight, PersonalVault
from services.registry.groups import books, endings, members, queries, readiness, service
from services.registry.groups.book_schemas import (
    LiabilityDraft,
    LiabilityEntry,
    LiabilityQuery,
    SavingsMonthChange,
    SavingsMonthDraft,
    SavingsMonthQuery,
    SavingsMonthView,
)
from services.registry.groups.models import Group, Membership, SavingsMonth
from services.registry.groups.schemas import (
    DissolutionDraft,
    GroupChange,
    GroupDraft,
    GroupQuery,
    GroupView,
    MembershipChange,
    MembershipDraft,
    MembershipQuery,
    MembershipView,
    OverlapQuery,
    OverlapView,
    ReadinessQuery,
    ReadinessView,
)
from shared.clock import AsOf, Now, today
from shared.database import Reading
from shared.items import child_to_change, one_of, to_change, to_extend
from shared.lists import Page, page
from shared.replies import item_reply, reply, saved, to_json
from shared.restricted import stored_nowhere
from shared.routing import router
from shared.writing import Writing

routes = router("/registry/v1/groups", tags=["groups"])

GroupToChange = Annotated[Group, Depends(to_change(Group, queries.one_group))]
GroupToExtend = Annotated[Group, Depends(to_extend(Group))]
MembershipToChange = Annotated[
    Membership,
    Depends(child_to_change(Group, Membership, of="group_id", at="membership_id", represent=queries.one_membership)),
]
SavingsMonthToChange = Annotated[
    SavingsMonth,
    Depends(
        child_to_change(Group, SavingsMonth, of="group_id", at="savings_month_id", represent=books.one_savings_month)
    ),
]


@routes.get("", response_model=Page[GroupView])
async def list_groups(
    request: Request, caller: GroupReader, connection: Reading, query: Annotated[GroupQuery, Query()], now: Now
) -> Response:
    """List groups in the caller's own regions."""
    return await page(
        request,
        connection,
        queries.groups(query, caller),
        query=query,
        order=queries.ORDERS[query.sort],
        shape=queries.group_view,
        parameters={"on": query.as_of or today(now)},
    )


@routes.post("", status_code=201, response_model=GroupView)
async def record_group(by: GroupWriter, session: Writing, draft: GroupDraft, now: Now) -> Response:
    """Record a group."""
    group_id, new = await service.record_group(session, draft, by=by, now=now)
    group = await queries.one_group(session, group_id, by, now)
    return saved(group, status=201 if new else 200, location=f"{routes.prefix}/{group_id}")


@routes.get("/overlaps", response_model=Page[OverlapView])
async def list_overlaps(
    request: Request,
    caller: GroupReader,
    sight: PersonalSight,
    vault: PersonalVault,
    query: Annotated[OverlapQuery, Query()],
    now: Now,
) -> Response:
    """List who belongs to two economic groups at once, or leads two groups: shown, not refused."""
    statement, order = readiness.overlaps(query, caller, unmasked=sight.unmasked)
    found = await page(
        request,
        sight.connection,
        statement,
        query=query,
        order=order,
        shape=readiness.overlap_view(vault if sight.unmasked else None),
        parameters={"on": query.as_of or today(now)},
        seen=sight.noting("memberships.read", "groups/overlaps", query),
    )
    return stored_nowhere(found)


@routes.get("/{id}", response_model=GroupView)
async def read_group(id: UUID, request: Request, caller: GroupReader, connection: Reading, now: AsOf) -> Response:
    """Read one group."""
    return item_reply(request, await queries.one_group(connection, id, caller, now))


@routes.patch("/{id}", response_model=GroupView)
async def change_group(
    by: GroupWriter, session: Writing, group: GroupToChange, change: GroupChange, now: Now
) -> Response:
    """Edit a group, or correct its end (JSON Merge Patch)."""
    await endings.change_group(session, group, change, by=by, now=now)
    return saved(await queries.one_group(session, group.id, by, now))


@routes.get("/{id}/joint-liabilities", response_model=Page[LiabilityEntry])
async def list_joint_liabilities(
    id: UUID, request: Request, caller: GroupReader, connection: Reading, query: Annotated[LiabilityQuery, Query()]
) -> Response:
    """List what a group's members signed to answer for each other's loans, the latest first."""
    return await page(
        request,
        connection,
        books.liabilities(id, query, caller),
        query=query,
        order=books.LIABILITIES_NEWEST_FIRST,
        shape=books.liability_view,
        of=one_of(Group, id, caller),
    )


@routes.post("/{id}/joint-liability", response_model=GroupView)
async def sign_joint_liability(
    by: GroupWriter, session: Writing, group: GroupToChange, draft: LiabilityDraft, now: Now
) -> Response:
    """Record the statement in which members answer for each other's loans (tanggung renteng); the last one counts."""
    await service.sign_liability(session, group, draft, by=by, now=now)
    return saved(await queries.one_group(session, group.id, by, now))


@routes.post("/{id}/dissolution", response_model=GroupView)
async def dissolve_group(
    by: GroupWriter, session: Writing, group: GroupToChange, draft: DissolutionDraft, now: Now
) -> Response:
    """Record that a group ended."""
    await endings.dissolve_group(session, group, draft, by=by, now=now)
    return saved(await queries.one_group(session, group.id, by, now))


@routes.get("/{id}/readiness", response_model=ReadinessView)
async def read_readiness(
    id: UUID,
    request: Request,
    caller: GroupReader,
    connection: Reading,
    query: Annotated[ReadinessQuery, Query()],
    now: Now,
) -> Response:
    """Read what is asked of a group of its kind, and how it stands before each gate."""
    found = await readiness.readiness_of(connection, id, caller, on=query.as_of or today(now))
    return reply(request, to_json(found))


@routes.get("/{id}/memberships", response_model=Page[MembershipView])
async def list_memberships(
    id: UUID,
    request: Request,
    caller: GroupReader,
    sight: PersonalSight,
    vault: PersonalVault,
    query: Annotated[MembershipQuery, Query()],
    now: Now,
) -> Response:
    """List who belongs or belonged to a group; whoever sees their names leaves an entry for the auditors."""
    found = await page(
        request,
        sight.connection,
        queries.memberships(query, caller, unmasked=sight.unmasked),
        query=query,
        order=queries.MEMBERSHIPS_BY_DAY,
        shape=queries.membership_view(vault if sight.unmasked else None),
        parameters={"on": query.as_of or today(now), "group": id},
        seen=sight.noting("memberships.read", f"groups/{id}", query),
        of=one_of(Group, id, caller),
    )
    return stored_nowhere(found)


@routes.post("/{id}/memberships", status_code=201, response_model=MembershipView)
async def join_group(
    by: GroupWriter, session: Writing, group: GroupToExtend, draft: MembershipDraft, now: Now
) -> Response:
    """Record that a resident joined a group."""
    membership_id, new = await members.join_group(session, group, draft, by=by, now=now)
    membership = await queries.one_membership(session, group.id, membership_id, by, now)
    address = f"{routes.prefix}/{group.id}/memberships/{membership_id}"
    return saved(membership, status=201 if new else 200, location=address)


@routes.get("/{id}/memberships/{membership_id}", response_model=MembershipView)
async def read_membership(
    id: UUID,
    membership_id: UUID,
    request: Request,
    caller: GroupReader,
    sight: PersonalSight,
    vault: PersonalVault,
    now: Now,
) -> Response:
    """Read one membership; whoever sees the name leaves an entry for the auditors."""
    row = await queries.membership_row(sight.connection, id, membership_id, caller, now, unmasked=sight.unmasked)
    sight.noting("memberships.read", f"memberships/{membership_id}")([row])
    view = queries.membership_view(vault if sight.unmasked else None)
    return stored_nowhere(item_reply(request, view(row)))


@routes.patch("/{id}/memberships/{membership_id}", response_model=MembershipView)
async def change_membership(
    by: GroupWriter, session: Writing, membership: MembershipToChange, change: MembershipChange, now: Now
) -> Response:
    """Correct a membership, or say when and why it ended (JSON Merge Patch)."""
    await members.change_membership(session, membership, change, by=by, now=now)
    return saved(await queries.one_membership(session, membership.group_id, membership.id, by, now))


@routes.get("/{id}/savings-months", response_model=Page[SavingsMonthView])
async def list_savings_months(
    id: UUID, request: Request, caller: GroupReader, connection: Reading, query: Annotated[SavingsMonthQuery, Query()]
) -> Response:
    """List what a group saved month by month, the latest first."""
    statement = books.savings_months(id, query, caller)
    return await page(
        request,
        connection,
        statement,
        query=query,
        order=books.MONTHS_NEWEST_FIRST,
        shape=books.savings_month_view,
        of=one_of(Group, id, caller),
    )


@routes.post("/{id}/savings-months", status_code=201, response_model=SavingsMonthView)
async def record_savings_month(
    by: GroupWriter, session: Writing, group: GroupToExtend, draft: SavingsMonthDraft, now: Now
) -> Response:
    """Record what a group saved in a month; each month once."""
    month_id, new = await members.record_savings(session, group, draft, by=by, now=now)
    month = await books.one_savings_month(session, group.id, month_id, by, now)
    address = f"{routes.prefix}/{group.id}/savings-months/{month_id}"
    return saved(month, status=201 if new else 200, location=address)


@routes.get("/{id}/savings-months/{savings_month_id}", response_model=SavingsMonthView)
async def read_savings_month(
    id: UUID, savings_month_id: UUID, request: Request, caller: GroupReader, connection: Reading, now: Now
) -> Response:
    """Read what a group saved in one month."""
    return item_reply(request, await books.one_savings_month(connection, id, savings_month_id, caller, now))


@routes.patch("/{id}/savings-months/{savings_month_id}", response_model=SavingsMonthView)
async def change_savings_month(
    by: GroupWriter, session: Writing, month: SavingsMonthToChange, change: SavingsMonthChange, now: Now
) -> Response:
    """Correct what a group saved in a month (JSON Merge Patch)."""
    await members.change_savings(session, month, change, by=by, now=now)
    return saved(await books.one_savings_month(session, month.group_id, month.id, by, now))
