"""Volunteers over HTTP."""

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request, Response

from services.registry.dependencies import PersonalSight, PersonalVault, VolunteerReader, VolunteerWriter
from services.registry.volunteers import queries, service
from services.registry.volunteers.models import Volunteer
from services.registry.volunteers.schemas import (
    StatisticsQuery,
    VolunteerChange,
    VolunteerDraft,
    VolunteerQuery,
    VolunteerStatisticsView,
    VolunteerView,
)
from shared.clock import Now, today
from shared.database import Reading
from shared.items import to_change
from shared.lists import Page, page
from shared.permissions import Anyone
from shared.replies import item_reply, saved
from shared.restricted import stored_nowhere
from shared.routing import router
from shared.writing import Writing

routes = router("/registry/v1/volunteers", tags=["volunteers"])

VolunteerToChange = Annotated[Volunteer, Depends(to_change(Volunteer, queries.one_volunteer))]


@routes.get("", response_model=Page[VolunteerView])
async def list_volunteers(
    request: Request,
    _caller: VolunteerReader,
    sight: PersonalSight,
    vault: PersonalVault,
    query: Annotated[VolunteerQuery, Query()],
    now: Now,
) -> Response:
    """List volunteers in the caller's own regions; who may read what names a person leaves an entry by it."""
    reply = await page(
        request,
        sight.connection,
        queries.volunteers(query, sight.caller),
        query=query,
        order=queries.RECORDED,
        shape=partial(queries.volunteer_view, names=vault if sight.unmasked else None),
        parameters={"on": query.as_of or today(now)},
        seen=sight.noting("volunteers.read", "volunteers", query),
    )
    return stored_nowhere(reply)


@routes.post("", status_code=201, response_model=VolunteerView)
async def record_volunteer(
    by: VolunteerWriter, session: Writing, vault: PersonalVault, draft: VolunteerDraft, now: Now
) -> Response:
    """Record a volunteer; the reply does not repeat what names the person."""
    volunteer_id, new = await service.record_volunteer(session, draft, vault=vault, by=by, now=now)
    volunteer = await queries.one_volunteer(session, volunteer_id, by, now)
    return saved(volunteer, status=201 if new else 200, location=f"{routes.prefix}/{volunteer_id}")


@routes.get("/statistics", response_model=Page[VolunteerStatisticsView])
async def list_volunteer_statistics(
    request: Request, _caller: Anyone, connection: Reading, query: Annotated[StatisticsQuery, Query()], now: Now
) -> Response:
    """List how many volunteers each kelurahan has, by sex and role; everyone sees the numbers."""
    return await page(
        request,
        connection,
        queries.statistics(query),
        query=query,
        order=queries.BY_PLACE[query.boundaries],
        shape=partial(queries.statistics_view, original=query.original),
        parameters={"on": query.as_of or today(now)},
    )


@routes.get("/{id}", response_model=VolunteerView)
async def read_volunteer(
    id: UUID, request: Request, _caller: VolunteerReader, sight: PersonalSight, vault: PersonalVault
) -> Response:
    """Read one volunteer."""
    row = await queries.volunteer_row(sight.connection, id, sight.caller)
    sight.noting("volunteers.read", f"volunteers/{id}")([row])
    view = queries.volunteer_view(row, names=vault if sight.unmasked else None)
    return stored_nowhere(item_reply(request, view))


@routes.patch("/{id}", response_model=VolunteerView)
async def change_volunteer(
    by: VolunteerWriter,
    session: Writing,
    vault: PersonalVault,
    volunteer: VolunteerToChange,
    change: VolunteerChange,
    now: Now,
) -> Response:
    """Edit a volunteer (JSON Merge Patch); the last day is `ends_on`."""
    await service.change_volunteer(session, volunteer, change, vault=vault, by=by, now=now)
    return saved(await queries.one_volunteer(session, volunteer.id, by, now))
