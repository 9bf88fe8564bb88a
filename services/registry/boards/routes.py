"""Boards over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request, Response

from services.registry.boards import queries, service
from services.registry.boards.models import Board
from services.registry.boards.schemas import (
    BoardChange,
    BoardDraft,
    BoardQuery,
    BoardView,
    TermDraft,
    TermQuery,
    TermView,
)
from services.registry.dependencies import BoardWriter
from shared.clock import Now, today
from shared.database import Reading
from shared.items import to_change, to_extend
from shared.lists import Page, page
from shared.permissions import Anyone
from shared.replies import item_reply, saved
from shared.routing import router
from shared.writing import Writing

routes = router("/registry/v1/boards", tags=["boards"])

BoardToExtend = Annotated[Board, Depends(to_extend(Board))]
BoardToChange = Annotated[Board, Depends(to_change(Board, queries.one_board))]


@routes.get("", response_model=Page[BoardView])
async def list_boards(
    request: Request, caller: Anyone, connection: Reading, query: Annotated[BoardQuery, Query()], now: Now
) -> Response:
    """List boards; everyone sees all of them, phones only in their own regions."""
    return await page(
        request,
        connection,
        queries.boards(query, caller),
        query=query,
        order=queries.ORDERS[query.sort],
        shape=queries.board_view,
        parameters={"on": query.as_of or today(now)},
    )


@routes.post("", status_code=201, response_model=BoardView)
async def record_board(by: BoardWriter, session: Writing, draft: BoardDraft, now: Now) -> Response:
    """Record a board in a kelurahan that the caller serves."""
    board_id, new = await service.record_board(session, draft, by=by, now=now)
    board = await queries.one_board(session, board_id, by, now)
    return saved(board, status=201 if new else 200, location=f"{routes.prefix}/{board_id}")


@routes.get("/{id}", response_model=BoardView)
async def read_board(id: UUID, request: Request, caller: Anyone, connection: Reading, now: Now) -> Response:
    """Read one board."""
    return item_reply(request, await queries.one_board(connection, id, caller, now))


@routes.patch("/{id}", response_model=BoardView)
async def change_board(
    by: BoardWriter, session: Writing, board: BoardToChange, change: BoardChange, now: Now
) -> Response:
    """Edit a board (JSON Merge Patch)."""
    await service.change_board(session, board, change, by=by, now=now)
    return saved(await queries.one_board(session, board.id, by, now))


@routes.get("/{id}/terms", response_model=Page[TermView])
async def list_terms(
    id: UUID,
    request: Request,
    caller: Anyone,
    connection: Reading,
    query: Annotated[TermQuery, Query()],
    now: Now,
) -> Response:
    """List a board's terms, the latest first, each with its elected officers."""
    statement = queries.terms(id, caller, on=today(now))
    return await page(
        request, connection, statement, query=query, order=queries.TERMS_NEWEST_FIRST, shape=queries.term_view
    )


@routes.get("/{id}/terms/{term_id}", response_model=TermView)
async def read_term(
    id: UUID, term_id: UUID, request: Request, caller: Anyone, connection: Reading, now: Now
) -> Response:
    """Read one term with its elected officers."""
    return item_reply(request, await queries.one_term(connection, id, term_id, caller, now))


@routes.post("/{id}/terms", status_code=201, response_model=TermView)
async def record_term(by: BoardWriter, session: Writing, board: BoardToExtend, draft: TermDraft, now: Now) -> Response:
    """Record the outcome of an election: a term and its officers."""
    term_id, new = await service.record_term(session, board, draft, by=by, now=now)
    term = await queries.one_term(session, board.id, term_id, by, now)
    return saved(term, status=201 if new else 200, location=f"{routes.prefix}/{board.id}/terms/{term_id}")
