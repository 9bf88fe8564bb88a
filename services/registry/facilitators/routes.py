"""Facilitators and their assignments over HTTP."""

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request, Response

from services.registry.dependencies import FacilitatorReader, FacilitatorWriter, PersonalSight, PersonalVault
from services.registry.facilitators import assignments, queries, service
from services.registry.facilitators.models import Assignment, Facilitator
from services.registry.facilitators.schemas import (
    AssignmentChange,
    AssignmentDraft,
    AssignmentQuery,
    AssignmentView,
    CoverageQuery,
    CoverageView,
    FacilitatorChange,
    FacilitatorDraft,
    FacilitatorQuery,
    FacilitatorView,
    GapQuery,
    GapView,
)
from shared.clock import AsOf, Now
from shared.database import Reading
from shared.items import child_to_change, to_change, to_extend
from shared.lists import Page, page
from shared.permissions import Anyone
from shared.replies import item_reply, reply, saved, to_json
from shared.restricted import stored_nowhere
from shared.routing import router
from shared.writing import Writing

routes = router("/registry/v1/facilitators", tags=["facilitators"])

FacilitatorToChange = Annotated[Facilitator, Depends(to_change(Facilitator, service.one_facilitator))]
FacilitatorToExtend = Annotated[Facilitator, Depends(to_extend(Facilitator))]
AssignmentToChange = Annotated[
    Assignment,
    Depends(
        child_to_change(
            Facilitator, Assignment, of="facilitator_id", at="assignment_id", represent=queries.one_assignment
        )
    ),
]


@routes.get("", response_model=Page[FacilitatorView])
async def list_facilitators(
    request: Request,
    _caller: FacilitatorReader,
    sight: PersonalSight,
    vault: PersonalVault,
    query: Annotated[FacilitatorQuery, Query()],
    now: Now,
) -> Response:
    """List facilitators of the caller's own regions and those who serve them; reading names leaves an entry."""
    found = await page(
        request,
        sight.connection,
        queries.facilitators(query, sight.caller),
        query=query,
        order=queries.RECORDED,
        shape=partial(
            queries.facilitator_view,
            rules=service.rules_on(queries.day_of(query, now)).values,
            names=vault if sight.unmasked else None,
        ),
        parameters={"on": queries.day_of(query, now)},
        seen=sight.noting("facilitators.read", "facilitators", query),
    )
    return stored_nowhere(found)


@routes.post("", status_code=201, response_model=FacilitatorView)
async def record_facilitator(
    by: FacilitatorWriter, session: Writing, vault: PersonalVault, draft: FacilitatorDraft, now: Now
) -> Response:
    """Record a facilitator; the reply does not repeat what names the person."""
    facilitator_id, new = await service.record_facilitator(session, draft, vault=vault, by=by, now=now)
    facilitator = await service.one_facilitator(session, facilitator_id, by, now)
    return saved(facilitator, status=201 if new else 200, location=f"{routes.prefix}/{facilitator_id}")


@routes.get("/coverage", response_model=CoverageView)
async def read_coverage(
    request: Request, _caller: Anyone, connection: Reading, query: Annotated[CoverageQuery, Query()], now: Now
) -> Response:
    """Read how many kelurahan of a region have facilitators, of which roles, and who serves too many; for everyone."""
    day = queries.day_of(query, now)
    covered = await queries.coverage(connection, query, on=day, ruleset=service.rules_on(day))
    return reply(request, to_json(covered))


@routes.get("/gaps", response_model=Page[GapView])
async def list_gaps(
    request: Request, _caller: Anyone, connection: Reading, query: Annotated[GapQuery, Query()], now: Now
) -> Response:
    """List the kelurahan without a facilitator; everyone sees them."""
    return await page(
        request,
        connection,
        queries.gaps(query),
        query=query,
        order=queries.GAPS_BY_CODE,
        shape=queries.gap_view,
        parameters={"on": queries.day_of(query, now)},
    )


@routes.get("/{id}", response_model=FacilitatorView)
async def read_facilitator(
    id: UUID, request: Request, _caller: FacilitatorReader, sight: PersonalSight, vault: PersonalVault, now: AsOf
) -> Response:
    """Read one facilitator with what is served today."""
    names = vault if sight.unmasked else None
    facilitator = await service.one_facilitator(sight.connection, id, sight.caller, now, names=names)
    sight.noting("facilitators.read", f"facilitators/{id}")([facilitator])
    return stored_nowhere(item_reply(request, facilitator))


@routes.patch("/{id}", response_model=FacilitatorView)
async def change_facilitator(
    by: FacilitatorWriter,
    session: Writing,
    vault: PersonalVault,
    facilitator: FacilitatorToChange,
    change: FacilitatorChange,
    now: Now,
) -> Response:
    """Edit a facilitator (JSON Merge Patch); the last day of the employment is `ends_on`."""
    await service.change_facilitator(session, facilitator, change, vault=vault, by=by, now=now)
    return saved(await service.one_facilitator(session, facilitator.id, by, now))


@routes.get("/{id}/assignments", response_model=Page[AssignmentView])
async def list_assignments(
    id: UUID,
    request: Request,
    caller: FacilitatorReader,
    connection: Reading,
    query: Annotated[AssignmentQuery, Query()],
    now: Now,
) -> Response:
    """List a facilitator's assignments in the caller's regions, or all of one's own."""
    return await page(
        request,
        connection,
        queries.assignments(id, query, caller),
        query=query,
        order=queries.ASSIGNMENTS_RECORDED,
        shape=partial(queries.assignment_view, full=caller.may(queries.KEEPING)),
        parameters={"on": queries.day_of(query, now)},
        of=queries.assigned_or_seen(id, caller),
    )


@routes.post("/{id}/assignments", status_code=201, response_model=AssignmentView)
async def record_assignment(
    by: FacilitatorWriter, session: Writing, facilitator: FacilitatorToExtend, draft: AssignmentDraft, now: Now
) -> Response:
    """Let a facilitator serve a kelurahan for a time."""
    assignment_id, new = await assignments.assign(session, facilitator, draft, by=by, now=now)
    assignment = await queries.one_assignment(session, facilitator.id, assignment_id, by, now)
    location = f"{routes.prefix}/{facilitator.id}/assignments/{assignment_id}"
    return saved(assignment, status=201 if new else 200, location=location)


@routes.get("/{id}/assignments/{assignment_id}", response_model=AssignmentView)
async def read_assignment(
    id: UUID, assignment_id: UUID, request: Request, caller: FacilitatorReader, connection: Reading, now: Now
) -> Response:
    """Read one assignment."""
    return item_reply(request, await queries.one_assignment(connection, id, assignment_id, caller, now))


@routes.patch("/{id}/assignments/{assignment_id}", response_model=AssignmentView)
async def change_assignment(
    by: FacilitatorWriter, session: Writing, assignment: AssignmentToChange, change: AssignmentChange, now: Now
) -> Response:
    """End an assignment (JSON Merge Patch); what is unfinished there is handed over, or `ended_because` says why not."""
    await assignments.change_assignment(session, assignment, change, by=by, now=now)
    return saved(await queries.one_assignment(session, assignment.facilitator_id, assignment.id, by, now))
