"""Notice boards over HTTP: as JSON, and as one page to be printed."""

from typing import Any
from uuid import UUID

from fastapi import Request, Response

from services.monitoring.noticeboard import queries, service
from services.monitoring.noticeboard.schemas import NoticeBoard
from shared.clock import Now, today
from shared.database import Snapshot
from shared.problems import language_of
from shared.replies import reply, to_json
from shared.routing import router

routes = router("/monitoring/v1/boards", tags=["notice boards"])

HTML: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "With `Accept: text/html` one page to be printed, in the language of `Accept-Language`",
        "content": {"text/html": {"schema": {"type": "string"}}},
    }
}


def _wants_page(accept: str) -> bool:
    """Tell whether somebody reads with a browser: it names HTML, and JSON only by `*/*`."""
    return "text/html" in accept and "application/json" not in accept


@routes.get("/{id}/notice-board", response_model=NoticeBoard, responses=HTML)
async def read_notice_board(id: UUID, request: Request, connection: Snapshot, now: Now) -> Response:
    """Read all that everybody should know of a board: mandate, plan, money, meetings, indicators, complaints."""
    board = await queries.notice_board(connection, id, on=today(now))
    if not _wants_page(request.headers.get("accept", "")):
        return reply(request, to_json(board))
    language = language_of(request.headers.get("accept-language"))
    headers = {"Content-Security-Policy": service.POLICY, "Content-Language": language}
    page = service.page(board, language=language)
    return reply(request, page, media_type="text/html; charset=utf-8", headers=headers)
