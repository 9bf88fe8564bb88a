"""Declarations and composition over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request, Response

from services.registry.boards.service import Board
from services.registry.composition import queries, service
from services.registry.composition.models import READS_PERSONAL
from services.registry.composition.schemas import (
    CompositionQuery,
    CompositionView,
    DeclarationDraft,
    DeclarationQuery,
    DeclarationView,
)
from services.registry.dependencies import BoardWriter, PersonalReader
from shared.clock import Now, today
from shared.database import Snapshot
from shared.items import one_of, to_extend
from shared.lists import Page, page
from shared.permissions import Anyone
from shared.replies import item_reply, reply, saved, to_json
from shared.restricted import Restricted, Sight
from shared.routing import router
from shared.writing import Writing

routes = router("/registry/v1/boards", tags=["boards"])

BoardToExtend = Annotated[Board, Depends(to_extend(Board))]
PersonalSight = Annotated[Sight, Depends(Restricted(READS_PERSONAL), scope="function")]


@routes.get("/{id}/composition", response_model=CompositionView)
async def read_composition(
    id: UUID,
    request: Request,
    _caller: Anyone,
    connection: Snapshot,
    query: Annotated[CompositionQuery, Query()],
    now: Now,
) -> Response:
    """Read whom a board is made of on a day: women, poor, other offices, occupations, doubling; numbers only."""
    found = await queries.composition(connection, id, on=query.as_of or today(now))
    return reply(request, to_json(found))


@routes.get("/{id}/declarations", response_model=Page[DeclarationView])
async def list_declarations(
    id: UUID,
    request: Request,
    _by: PersonalReader,
    sight: PersonalSight,
    query: Annotated[DeclarationQuery, Query()],
) -> Response:
    """List what a board's officers declared about themselves; each reading is noted for auditors."""
    return await page(
        request,
        sight.connection,
        queries.declarations(id, query, sight.caller),
        query=query,
        order=queries.DECLARATIONS,
        shape=queries.declaration_view,
        seen=sight.noting("declarations.read", f"boards/{id}/declarations", query),
        of=one_of(Board, id, sight.caller),
    )


@routes.post("/{id}/declarations", status_code=201, response_model=DeclarationView)
async def record_declaration(
    by: BoardWriter, session: Writing, board: BoardToExtend, draft: DeclarationDraft, now: Now
) -> Response:
    """Record what an officer says: woman, poor, occupation, other offices, each with a reason where it is not known."""
    declaration_id, new = await service.declare(session, board, draft, by=by, now=now)
    row = await queries.declaration_row(session, board.id, declaration_id, by)
    location = f"{routes.prefix}/{board.id}/declarations/{declaration_id}"
    return saved(queries.declaration_view(row), status=201 if new else 200, location=location)


@routes.get("/{id}/declarations/{declaration_id}", response_model=DeclarationView)
async def read_declaration(
    id: UUID, declaration_id: UUID, request: Request, _by: PersonalReader, sight: PersonalSight
) -> Response:
    """Read one declaration; the reading is noted."""
    row = await queries.declaration_row(sight.connection, id, declaration_id, sight.caller)
    sight.noting("declarations.read", f"declarations/{declaration_id}")([row])
    return item_reply(request, queries.declaration_view(row))
