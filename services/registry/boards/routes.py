"""Boards over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request, Response

from services.registry.boards import history, queries, service
from services.registry.boards.models import Board, BoardName, LegalRecord, Term
from services.registry.boards.schemas import (
    BoardChange,
    BoardDraft,
    BoardQuery,
    BoardSuccession,
    BoardView,
    Dissolution,
    HistoryQuery,
    LegalRecordChange,
    LegalRecordDraft,
    LegalRecordView,
    NameChange,
    NameDraft,
    NameView,
    TermChange,
    TermDraft,
    TermQuery,
    TermView,
)
from services.registry.dependencies import BoardWriter, PersonalVault
from shared.clock import AsOf, Now, today
from shared.database import Reading
from shared.items import child_to_change, one_of, to_change, to_extend
from shared.lists import Page, page
from shared.permissions import Anyone
from shared.replies import item_reply, saved
from shared.routing import router
from shared.writing import Writing

routes = router("/registry/v1/boards", tags=["boards"])

BoardToExtend = Annotated[Board, Depends(to_extend(Board))]
BoardToChange = Annotated[Board, Depends(to_change(Board, queries.one_board))]
NameToChange = Annotated[
    BoardName, Depends(child_to_change(Board, BoardName, of="board_id", at="board_name_id", represent=queries.one_name))
]
LegalRecordToChange = Annotated[
    LegalRecord,
    Depends(child_to_change(Board, LegalRecord, of="board_id", at="legal_record_id", represent=queries.one_deed)),
]
TermToChange = Annotated[
    Term, Depends(child_to_change(Board, Term, of="board_id", at="term_id", represent=queries.one_term))
]


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
async def read_board(id: UUID, request: Request, caller: Anyone, connection: Reading, now: AsOf) -> Response:
    """Read one board."""
    return item_reply(request, await queries.one_board(connection, id, caller, now))


@routes.patch("/{id}", response_model=BoardView)
async def change_board(
    by: BoardWriter, session: Writing, board: BoardToChange, change: BoardChange, now: Now
) -> Response:
    """Correct a board (JSON Merge Patch)."""
    await service.change_board(session, board, change, by=by, now=now)
    return saved(await queries.one_board(session, board.id, by, now))


@routes.post("/{id}/dissolution", response_model=BoardView)
async def dissolve_board(
    by: BoardWriter, session: Writing, board: BoardToChange, draft: Dissolution, vault: PersonalVault, now: Now
) -> Response:
    """Record that residents agreed to dissolve their board: its mandate and its organs end that day."""
    await history.dissolve(session, board, draft, vault=vault, by=by, now=now)
    return saved(await queries.one_board(session, board.id, by, now))


@routes.post("/{id}/succession", response_model=BoardView)
async def succeed_board(
    by: BoardWriter, session: Writing, board: BoardToChange, draft: BoardSuccession, now: Now
) -> Response:
    """Let a board stay with the successor that its minutes name; without, it stays with the heir of its kelurahan."""
    await history.succeed(session, board, draft, by=by, now=now)
    return saved(await queries.one_board(session, board.id, by, now))


@routes.get("/{id}/names", response_model=Page[NameView])
async def list_board_names(
    id: UUID, request: Request, caller: Anyone, connection: Reading, query: Annotated[HistoryQuery, Query()]
) -> Response:
    """List what a board is and was called, the present name first."""
    statement = queries.history(BoardName, id, query, caller)
    return await page(
        request,
        connection,
        statement,
        query=query,
        order=queries.NAMES_NEWEST_FIRST,
        shape=queries.name_view,
        of=one_of(Board, id, caller),
    )


@routes.post("/{id}/names", status_code=201, response_model=NameView)
async def rename_board(by: BoardWriter, session: Writing, board: BoardToExtend, draft: NameDraft, now: Now) -> Response:
    """Record what a board is called from a day on; what it was called before stays."""
    name_id, new = await history.record_name(session, board, draft, by=by, now=now)
    name = await queries.one_name(session, board.id, name_id, by, now)
    return saved(name, status=201 if new else 200, location=f"{routes.prefix}/{board.id}/names/{name_id}")


@routes.get("/{id}/names/{board_name_id}", response_model=NameView)
async def read_board_name(
    id: UUID, board_name_id: UUID, request: Request, caller: Anyone, connection: Reading, now: Now
) -> Response:
    """Read one name of a board."""
    return item_reply(request, await queries.one_name(connection, id, board_name_id, caller, now))


@routes.patch("/{id}/names/{board_name_id}", response_model=NameView)
async def change_board_name(
    by: BoardWriter, session: Writing, name: NameToChange, change: NameChange, now: Now
) -> Response:
    """Correct a name of a board, or the day from which it holds."""
    await history.change_name(session, name, change, by=by, now=now)
    return saved(await queries.one_name(session, name.board_id, name.id, by, now))


@routes.get("/{id}/legal-records", response_model=Page[LegalRecordView])
async def list_legal_records(
    id: UUID, request: Request, caller: Anyone, connection: Reading, query: Annotated[HistoryQuery, Query()]
) -> Response:
    """List how a board stands and stood before the law, the present deed first."""
    statement = queries.history(LegalRecord, id, query, caller)
    return await page(
        request,
        connection,
        statement,
        query=query,
        order=queries.DEEDS_NEWEST_FIRST,
        shape=queries.deed_view,
        of=one_of(Board, id, caller),
    )


@routes.post("/{id}/legal-records", status_code=201, response_model=LegalRecordView)
async def record_legal_record(
    by: BoardWriter, session: Writing, board: BoardToExtend, draft: LegalRecordDraft, now: Now
) -> Response:
    """Record how a board stands before the law from the day of a deed on."""
    record_id, new = await history.record_deed(session, board, draft, by=by, now=now)
    deed = await queries.one_deed(session, board.id, record_id, by, now)
    return saved(deed, status=201 if new else 200, location=f"{routes.prefix}/{board.id}/legal-records/{record_id}")


@routes.get("/{id}/legal-records/{legal_record_id}", response_model=LegalRecordView)
async def read_legal_record(
    id: UUID, legal_record_id: UUID, request: Request, caller: Anyone, connection: Reading, now: Now
) -> Response:
    """Read one legal status of a board."""
    return item_reply(request, await queries.one_deed(connection, id, legal_record_id, caller, now))


@routes.patch("/{id}/legal-records/{legal_record_id}", response_model=LegalRecordView)
async def change_legal_record(
    by: BoardWriter, session: Writing, deed: LegalRecordToChange, change: LegalRecordChange, now: Now
) -> Response:
    """Correct a legal status of a board, its deed or its day."""
    await history.change_deed(session, deed, change, by=by, now=now)
    return saved(await queries.one_deed(session, deed.board_id, deed.id, by, now))


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
    return await page(
        request,
        connection,
        queries.terms(id, query, caller),
        query=query,
        order=queries.TERMS_NEWEST_FIRST,
        shape=queries.term_view,
        parameters={"today": today(now)},
        of=one_of(Board, id, caller),
    )


@routes.get("/{id}/terms/{term_id}", response_model=TermView)
async def read_term(
    id: UUID, term_id: UUID, request: Request, caller: Anyone, connection: Reading, now: Now
) -> Response:
    """Read one term with its elected officers."""
    return item_reply(request, await queries.one_term(connection, id, term_id, caller, now))


@routes.post("/{id}/terms", status_code=201, response_model=TermView)
async def record_term(
    by: BoardWriter, session: Writing, board: BoardToExtend, draft: TermDraft, vault: PersonalVault, now: Now
) -> Response:
    """Record the outcome of an election: a term and its officers."""
    term_id, new = await service.record_term(session, board, draft, vault=vault, by=by, now=now)
    term = queries.nameless(await queries.one_term(session, board.id, term_id, by, now))
    return saved(term, status=201 if new else 200, location=f"{routes.prefix}/{board.id}/terms/{term_id}")


@routes.patch("/{id}/terms/{term_id}", response_model=TermView)
async def end_term(
    by: BoardWriter, session: Writing, term: TermToChange, change: TermChange, vault: PersonalVault, now: Now
) -> Response:
    """Let a term end earlier than it was given for; one that an election proves takes who may certify elections."""
    await service.end_early(session, term, change, vault=vault, by=by, now=now)
    return saved(queries.nameless(await queries.one_term(session, term.board_id, term.id, by, now)))
