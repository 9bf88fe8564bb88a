"""Households and residents over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request, Response

from services.registry.dependencies import PersonalReader, PersonalVault, ResidentReader, ResidentWriter
from services.registry.residents import homes, moves, publishing, queries, service, welfare
from services.registry.residents.models import Household, Resident, WelfareStatus
from services.registry.residents.schemas import (
    Found,
    HouseholdChange,
    HouseholdDraft,
    HouseholdMove,
    HouseholdQuery,
    HouseholdView,
    Lookup,
    ResidentChange,
    ResidentDraft,
    ResidentMove,
    ResidentQuery,
    ResidentView,
    Statistics,
    StatisticsQuery,
    WelfareChange,
    WelfareDraft,
    WelfareQuery,
    WelfareView,
)
from shared.clock import AsOf, Now, today
from shared.database import Reading, Snapshot
from shared.items import child_to_change, one_of, to_change, to_extend
from shared.lists import Page, page
from shared.permissions import Anyone, ScopeMissing
from shared.replies import item_reply, reply, saved, to_json
from shared.restricted import Restricted, Sight, stored_nowhere
from shared.routing import router
from shared.statements import fetch
from shared.writing import SecretReply, Writing

households = router("/registry/v1/households", tags=["residents"])
residents = router("/registry/v1/residents", tags=["residents"])

PERSONAL_READ = "registry:personal:read"
PersonalSight = Annotated[Sight, Depends(Restricted(PERSONAL_READ), scope="function")]
HouseholdToChange = Annotated[Household, Depends(to_change(Household, queries.one_household))]
HouseholdToExtend = Annotated[Household, Depends(to_extend(Household))]
WelfareToChange = Annotated[
    WelfareStatus,
    Depends(
        child_to_change(
            Household,
            WelfareStatus,
            of="household_id",
            at="welfare_status_id",
            represent=queries.one_welfare_status,
        )
    ),
]
ResidentToChange = Annotated[Resident, Depends(to_change(Resident, queries.one_resident))]


async def _household_of_resident(id: UUID, session: Writing, caller: Anyone) -> Household:
    return await service.household_of(session, id, by=caller)


async def _homes_of_move(
    id: UUID, session: Writing, caller: ResidentWriter, move: ResidentMove
) -> tuple[Household, Household]:
    return await service.homes_of_move(session, id, move.household_id, by=caller)


HouseholdOfResident = Annotated[Household, Depends(_household_of_resident)]
HomesOfMove = Annotated[tuple[Household, Household], Depends(_homes_of_move)]


@households.get("", response_model=Page[HouseholdView])
async def list_households(
    request: Request,
    caller: ResidentReader,
    sight: PersonalSight,
    vault: PersonalVault,
    query: Annotated[HouseholdQuery, Query()],
    now: Now,
) -> Response:
    """List households of the caller's regions; whoever sees their addresses leaves an entry for the auditors."""
    found = await page(
        request,
        sight.connection,
        queries.households(query, caller, unmasked=sight.unmasked),
        query=query,
        order=queries.HOUSEHOLDS,
        shape=queries.household_view(caller, vault if sight.unmasked else None),
        parameters={"on": query.as_of or today(now)},
        seen=sight.noting("households.read", "households", query),
    )
    return stored_nowhere(found)


@households.post("", status_code=201, response_model=HouseholdView)
async def record_household(
    by: ResidentWriter, session: Writing, vault: PersonalVault, draft: HouseholdDraft, now: Now
) -> Response:
    """Record a household in a kelurahan that the caller serves."""
    household_id, new = await homes.record_household(session, vault, draft, by=by, now=now)
    household = await queries.one_household(session, household_id, by, now)
    return saved(household, status=201 if new else 200, location=f"{households.prefix}/{household_id}")


@households.get("/statistics", response_model=Statistics)
async def read_household_statistics(
    request: Request, connection: Snapshot, query: Annotated[StatisticsQuery, Query()], now: Now
) -> Response:
    """Count the households and people of a region, and how many of them are poor; everybody may know."""
    return reply(request, to_json(await publishing.statistics(connection, query, on=query.as_of or today(now))))


@households.get("/{id}", response_model=HouseholdView)
async def read_household(
    id: UUID, request: Request, caller: ResidentReader, sight: PersonalSight, vault: PersonalVault, now: AsOf
) -> Response:
    """Read one household."""
    row = await queries.household_row(sight.connection, id, caller, now, unmasked=sight.unmasked)
    sight.noting("households.read", f"households/{id}")([row])
    view = queries.household_view(caller, vault if sight.unmasked else None)
    return stored_nowhere(item_reply(request, view(row)))


@households.patch("/{id}", response_model=HouseholdView)
async def change_household(
    by: ResidentWriter,
    session: Writing,
    vault: PersonalVault,
    household: HouseholdToChange,
    change: HouseholdChange,
    now: Now,
) -> Response:
    """Edit a household, or end it (JSON Merge Patch)."""
    await homes.change_household(session, vault, household, change, by=by, now=now)
    return saved(await queries.one_household(session, household.id, by, now))


@households.post("/{id}/move", response_model=HouseholdView)
async def move_household(
    by: ResidentWriter,
    session: Writing,
    vault: PersonalVault,
    household: HouseholdToChange,
    move: HouseholdMove,
    now: Now,
) -> Response:
    """Move a household: its record is closed, and another opened at the new place for the same people.

    The reply is the closed one; the other is in `moved_to` and `Location`. Needs the place it leaves; the new one may
    be outside the caller's regions.
    """
    moved_to = await moves.move_household(session, vault, household, move, by=by, now=now)
    closed = await queries.one_household(session, household.id, by, now)
    return saved(closed, location=f"{households.prefix}/{moved_to}")


@households.get("/{id}/welfare-statuses", response_model=Page[WelfareView])
async def list_welfare_statuses(
    id: UUID,
    request: Request,
    caller: ResidentReader,
    connection: Reading,
    query: Annotated[WelfareQuery, Query()],
) -> Response:
    """List what the community decided about a household's welfare, the latest first."""
    statement = queries.welfare_statuses(id, caller, as_of=query.as_of)
    return await page(
        request,
        connection,
        statement,
        query=query,
        order=queries.WELFARE_LATEST_FIRST,
        shape=queries.welfare_view,
        of=one_of(Household, id, caller),
    )


@households.get("/{id}/welfare-statuses/{welfare_status_id}", response_model=WelfareView)
async def read_welfare_status(
    id: UUID, welfare_status_id: UUID, request: Request, caller: ResidentReader, connection: Reading, now: Now
) -> Response:
    """Read one decision about a household's welfare."""
    return item_reply(request, await queries.one_welfare_status(connection, id, welfare_status_id, caller, now))


@households.post("/{id}/welfare-statuses", status_code=201, response_model=WelfareView)
async def record_welfare_status(
    by: ResidentWriter, session: Writing, household: HouseholdToExtend, draft: WelfareDraft, now: Now
) -> Response:
    """Record what a residents' meeting decided about a household by the community's own criteria (PS-2)."""
    status_id, new = await welfare.record_status(session, household, draft, by=by, now=now)
    status = await queries.one_welfare_status(session, household.id, status_id, by, now)
    address = f"{households.prefix}/{household.id}/welfare-statuses/{status_id}"
    return saved(status, status=201 if new else 200, location=address)


@households.patch("/{id}/welfare-statuses/{welfare_status_id}", response_model=WelfareView)
async def change_welfare_status(
    by: ResidentWriter, session: Writing, status: WelfareToChange, change: WelfareChange, now: Now
) -> Response:
    """End a decision that no longer holds, or correct its reference (JSON Merge Patch)."""
    await welfare.change_status(session, status, change, by=by, now=now)
    return saved(await queries.one_welfare_status(session, status.household_id, status.id, by, now))


@residents.get("", response_model=Page[ResidentView])
async def list_residents(
    request: Request,
    caller: ResidentReader,
    sight: PersonalSight,
    vault: PersonalVault,
    query: Annotated[ResidentQuery, Query()],
    now: Now,
) -> Response:
    """List residents of the caller's regions; whoever sees their names leaves an entry for the auditors."""
    if query.vulnerability is not None and not sight.unmasked:
        raise ScopeMissing(scope=PERSONAL_READ, members={"scope": [PERSONAL_READ]})
    found = await page(
        request,
        sight.connection,
        queries.residents(query, caller, unmasked=sight.unmasked),
        query=query,
        order=queries.RESIDENTS,
        shape=queries.resident_view(caller, vault if sight.unmasked else None),
        parameters={"on": query.as_of or today(now)},
        seen=sight.noting("residents.read", "residents", query),
    )
    return stored_nowhere(found)


@residents.post("", status_code=201, response_model=ResidentView)
async def record_resident(
    by: ResidentWriter, session: Writing, vault: PersonalVault, draft: ResidentDraft, now: Now
) -> Response:
    """Record a resident in a household that the caller serves."""
    resident_id, new = await service.record_resident(session, vault, draft, by=by, now=now)
    resident = await queries.one_resident(session, resident_id, by, now)
    return saved(resident, status=201 if new else 200, location=f"{residents.prefix}/{resident_id}")


@residents.post("/lookup", response_model=Found)
async def look_up_residents(
    by: PersonalReader, session: Writing, _kept: SecretReply, vault: PersonalVault, lookup: Lookup, now: Now
) -> Response:
    """Find everybody with a NIK in the caller's regions; that you looked is recorded, not for which NIK."""
    digest = queries.digest_to_find(session, lookup.nik)
    rows = await fetch(session, queries.residents_with_nik(by), {"digest": digest, "on": today(now)})
    sight = Sight(await session.connection(), by, now, session)
    sight.noting("residents.looked_up", "residents")(rows)
    view = queries.resident_view(by, vault)
    return stored_nowhere(Response(to_json({"items": [view(row) for row in rows]}), media_type="application/json"))


@residents.get("/{id}", response_model=ResidentView)
async def read_resident(
    id: UUID, request: Request, caller: ResidentReader, sight: PersonalSight, vault: PersonalVault, now: AsOf
) -> Response:
    """Read one resident."""
    row = await queries.resident_row(sight.connection, id, caller, now, unmasked=sight.unmasked)
    sight.noting("residents.read", f"residents/{id}")([row])
    view = queries.resident_view(caller, vault if sight.unmasked else None)
    return stored_nowhere(item_reply(request, view(row)))


@residents.patch("/{id}", response_model=ResidentView)
async def change_resident(
    by: ResidentWriter,
    session: Writing,
    vault: PersonalVault,
    household: HouseholdOfResident,
    resident: ResidentToChange,
    change: ResidentChange,
    now: Now,
) -> Response:
    """Edit a resident, or end the record of who died or left (JSON Merge Patch)."""
    await service.change_resident(session, vault, household, resident, change, by=by, now=now)
    return saved(await queries.one_resident(session, resident.id, by, now))


@residents.post("/{id}/move", response_model=ResidentView)
async def move_resident(
    by: ResidentWriter,
    session: Writing,
    vault: PersonalVault,
    homes: HomesOfMove,
    resident: ResidentToChange,
    move: ResidentMove,
    now: Now,
) -> Response:
    """Let a resident join another household: their record here is closed, and another opened there.

    The reply is the closed one; the other is in `moved_to` and `Location`.
    """
    moved_to = await moves.move_resident(session, vault, homes, resident, move, by=by, now=now)
    closed = await queries.one_resident(session, resident.id, by, now)
    return saved(closed, location=f"{residents.prefix}/{moved_to}")
