"""Problems and their causes over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request, Response

from services.planning.dependencies import ProblemWriter
from services.planning.mapping import queries, service
from services.planning.mapping.models import Problem
from services.planning.mapping.schemas import (
    CauseDraft,
    CauseQuery,
    CauseView,
    ProblemChange,
    ProblemDraft,
    ProblemQuery,
    ProblemView,
)
from shared.clock import Now
from shared.database import Reading
from shared.items import one_of, to_change, to_extend
from shared.lists import Page, page
from shared.permissions import Anyone
from shared.replies import item_reply, saved
from shared.routing import router
from shared.writing import Writing

routes = router("/planning/v1/mapping/problems", tags=["mapping"])

ProblemToExtend = Annotated[Problem, Depends(to_extend(Problem))]
ProblemToChange = Annotated[Problem, Depends(to_change(Problem, queries.one_problem))]


@routes.get("", response_model=Page[ProblemView])
async def list_problems(
    request: Request, caller: Anyone, connection: Reading, query: Annotated[ProblemQuery, Query()]
) -> Response:
    """List problems: everyone those on which a ratified plan rests, in the own regions all of them."""
    statement = queries.problems(query, caller)
    order = queries.ORDERS[query.sort]
    return await page(request, connection, statement, query=query, order=order, shape=queries.problem_view)


@routes.post("", status_code=201, response_model=ProblemView)
async def record_problem(by: ProblemWriter, session: Writing, draft: ProblemDraft, now: Now) -> Response:
    """Record a problem that the self-survey found."""
    problem_id, new = await service.record_problem(session, draft, by=by, now=now)
    problem = await queries.one_problem(session, problem_id, by, now)
    return saved(problem, status=201 if new else 200, location=f"{routes.prefix}/{problem_id}")


@routes.get("/{id}", response_model=ProblemView)
async def read_mapped_problem(id: UUID, request: Request, caller: Anyone, connection: Reading, now: Now) -> Response:
    """Read one problem of the self-survey."""
    return item_reply(request, await queries.one_problem(connection, id, caller, now))


@routes.patch("/{id}", response_model=ProblemView)
async def change_problem(
    by: ProblemWriter, session: Writing, problem: ProblemToChange, change: ProblemChange, now: Now
) -> Response:
    """Edit a problem (JSON Merge Patch) on which no ratified plan rests yet."""
    await service.change_problem(session, problem, change, by=by, now=now)
    return saved(await queries.one_problem(session, problem.id, by, now))


@routes.get("/{id}/causes", response_model=Page[CauseView])
async def list_causes(
    id: UUID, request: Request, caller: Anyone, connection: Reading, query: Annotated[CauseQuery, Query()]
) -> Response:
    """List a problem's causes; `parent_cause_id` makes the tree."""
    statement = queries.causes(id, query, caller)
    return await page(
        request,
        connection,
        statement,
        query=query,
        order=queries.CAUSES_RECORDED,
        shape=queries.cause_view,
        of=one_of(Problem, id, caller),
    )


@routes.post("/{id}/causes", status_code=201, response_model=CauseView)
async def record_cause(
    by: ProblemWriter, session: Writing, problem: ProblemToExtend, draft: CauseDraft, now: Now
) -> Response:
    """Record a cause of the problem, or of another of its causes."""
    cause_id, new = await service.record_cause(session, problem, draft, by=by, now=now)
    cause = await queries.one_cause(session, problem.id, cause_id, by)
    return saved(cause, status=201 if new else 200, location=f"{routes.prefix}/{problem.id}/causes/{cause_id}")


@routes.get("/{id}/causes/{cause_id}", response_model=CauseView)
async def read_cause(id: UUID, cause_id: UUID, request: Request, caller: Anyone, connection: Reading) -> Response:
    """Read one cause."""
    return item_reply(request, await queries.one_cause(connection, id, cause_id, caller))
