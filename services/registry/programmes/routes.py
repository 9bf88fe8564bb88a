"""Programmes and enrolments over HTTP; everybody may read all of it."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request, Response

from services.registry.dependencies import EnrolmentWriter
from services.registry.programmes import queries, service
from services.registry.programmes.models import Enrolment
from services.registry.programmes.schemas import (
    EnrolmentChange,
    EnrolmentDraft,
    EnrolmentQuery,
    EnrolmentView,
    ProgrammeView,
)
from shared.clock import AsOf, Now, today
from shared.database import Reading
from shared.errors import ResourceNotFound
from shared.items import to_change
from shared.lists import Page, page
from shared.permissions import Anyone
from shared.replies import item_reply, reply, saved, to_json
from shared.routing import router
from shared.writing import Writing

programmes = router("/registry/v1/programmes", tags=["programmes"])
enrolments = router("/registry/v1/enrolments", tags=["programmes"])

EnrolmentToChange = Annotated[Enrolment, Depends(to_change(Enrolment, queries.one_enrolment))]


@programmes.get("", response_model=Page[ProgrammeView])
async def list_programmes(request: Request) -> Response:
    """List the phases of the programme: years, names and where they are known from."""
    items = [queries.programme_view(one) for one in service.PROGRAMMES.values()]
    return reply(request, to_json({"items": items, "next": None}))


@programmes.get("/{code}", response_model=ProgrammeView)
async def read_programme(code: str, request: Request) -> Response:
    """Read one phase."""
    if code not in service.PROGRAMMES:
        raise ResourceNotFound
    return reply(request, to_json(queries.programme_view(service.PROGRAMMES[code])))


@enrolments.get("", response_model=Page[EnrolmentView])
async def list_enrolments(
    request: Request, _caller: Anyone, connection: Reading, query: Annotated[EnrolmentQuery, Query()], now: Now
) -> Response:
    """List what readiness meetings decided, and which kelurahan take part."""
    return await page(
        request,
        connection,
        queries.enrolments(query),
        query=query,
        order=queries.ORDERS[query.sort],
        shape=queries.enrolment_view,
        parameters={"on": query.as_of or today(now)},
    )


@enrolments.post("", status_code=201, response_model=EnrolmentView)
async def record_enrolment(by: EnrolmentWriter, session: Writing, draft: EnrolmentDraft, now: Now) -> Response:
    """Record what a readiness meeting decided: accepted, it enrols the kelurahan; refused, it stops there."""
    enrolment_id, new = await service.record_enrolment(session, draft, by=by, now=now)
    enrolment = await queries.one_enrolment(session, enrolment_id, by, now)
    return saved(enrolment, status=201 if new else 200, location=f"{enrolments.prefix}/{enrolment_id}")


@enrolments.get("/{id}", response_model=EnrolmentView)
async def read_enrolment(id: UUID, request: Request, caller: Anyone, connection: Reading, now: AsOf) -> Response:
    """Read one enrolment."""
    return item_reply(request, await queries.one_enrolment(connection, id, caller, now))


@enrolments.patch("/{id}", response_model=EnrolmentView)
async def change_enrolment(
    by: EnrolmentWriter, session: Writing, enrolment: EnrolmentToChange, change: EnrolmentChange, now: Now
) -> Response:
    """End an enrolment with its last day (JSON Merge Patch)."""
    await service.change_enrolment(session, enrolment, change, by=by, now=now)
    return saved(await queries.one_enrolment(session, enrolment.id, by, now))
