"""Health: alive, ready, and how far behind the journals it follows."""

import asyncio
from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel
from sqlalchemy import select, text

from shared.database import database_of
from shared.log import log
from shared.replies import to_json
from shared.routing import router


class Followed(BaseModel):
    """How one followed journal stands here."""

    service: str
    position: int
    upstream_position: int
    lag: int
    unknown_actions: int
    failure: str | None
    heard_at: str | None


class Ready(BaseModel):
    """Whether the service can serve, and the details that operators look at first."""

    ready: bool
    database: bool
    migrations: str | None
    journal_position: int
    followed: list[Followed]


async def read_livez() -> Response:
    """Tell that the process answers."""
    return Response(to_json({"alive": True}), media_type="application/json")


async def read_readyz(request: Request) -> Response:
    """Tell whether the service can serve: its database answers in the schema this code needs."""
    state = request.app.state
    body: dict[str, Any] = {
        "ready": False,
        "database": False,
        "migrations": None,
        "journal_position": state.head.position,
        "followed": [],
    }
    try:
        async with asyncio.timeout(2), database_of(request).snapshot() as connection:
            body["database"] = True
            body["migrations"] = await connection.scalar(text("SELECT version_num FROM alembic_version"))
            cursors = state.tables.get("followed_journals")
            if cursors is not None:
                body["followed"] = [_followed(row) for row in (await connection.execute(select(cursors))).all()]
        body["ready"] = body["migrations"] == state.revision
    except Exception as error:
        log.warning("not_ready", error=repr(error))
    return Response(to_json(body), status_code=200 if body["ready"] else 503, media_type="application/json")


def _followed(row: Any) -> dict[str, Any]:
    return {
        "service": row.service,
        "position": row.position,
        "upstream_position": row.upstream_position,
        "lag": row.upstream_position - row.position,
        "unknown_actions": row.unknown_actions,
        "failure": row.failure,
        "heard_at": row.heard_at,
    }


def health_router(service: str) -> APIRouter:
    """Return the two health routes of a service."""
    routes = router(f"/{service}", tags=["health"], judges_token=False)
    routes.get("/livez")(read_livez)
    routes.get("/readyz", response_model=Ready, responses={503: {"model": Ready}})(read_readyz)
    return routes
