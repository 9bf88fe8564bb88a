"""Permissions explained: a yes or a no, and what is missing."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import or_, select

from shared.database import Reading
from shared.errors import Malformed, Refusal, ResourceNotFound, Text
from shared.foureyes import OwnApproval
from shared.items import in_place, in_scope, places_of, visible
from shared.permissions import RegionMissing, ScopeMissing, SignedIn
from shared.places import CODE, within_any
from shared.problems import language_of
from shared.replies import to_json
from shared.routing import router

ACTION = r"^[a-z]+:[a-z-]+:[a-z-]+$"


class SubjectUnknown(Malformed):
    code = "subject.unknown"
    title = Text("Subjek tidak dikenal", "Unknown subject")
    detail = Text(
        "Subjek harus kode wilayah atau <jenis>/<id> dari layanan ini.",
        "A subject is a region code or <kind>/<id> of this service.",
    )
    fix = Text("Contoh: boards/0190… atau 34.71.", "For example boards/0190… or 34.71.")


class PermissionQuery(BaseModel):
    """What somebody would like to do, and to what."""

    model_config = ConfigDict(extra="forbid")

    action: str = Field(pattern=ACTION, description="A scope, such as planning:plans:approve")
    subject: str | None = Field(None, max_length=120, description="A region code, or an item such as plans/{id}")


class Reason(BaseModel):
    """One thing that is missing."""

    code: str
    detail: str


class PermissionView(BaseModel):
    """Whether the caller may, and if not, everything that is missing."""

    action: str
    subject: str | None
    allowed: bool
    reasons: list[Reason]


async def explain_permission(
    request: Request, caller: SignedIn, connection: Reading, query: Annotated[PermissionQuery, Query()]
) -> Response:
    """Explain whether the caller may do something, and what is missing if not."""
    missing: list[Refusal] = []
    if not caller.may(query.action):
        missing.append(ScopeMissing(scope=query.action))
    if query.subject is not None:
        missing += await _place_reasons(request, caller, connection, query.subject, query.action)
    language = language_of(request.headers.get("accept-language"))
    body = {
        "action": query.action,
        "subject": query.subject,
        "allowed": not missing,
        "reasons": [{"code": one.code, "detail": one.detail.said(language, one.values)} for one in missing],
    }
    headers = {"Cache-Control": "private, no-store", "Content-Language": language}
    return Response(to_json(body), media_type="application/json", headers=headers)


async def _place_reasons(
    request: Request, caller: SignedIn, connection: Reading, subject: str, action: str
) -> list[Refusal]:
    if CODE.match(subject):
        return [] if caller.serves(subject) else [RegionMissing(region=subject)]
    kind, _, identity = subject.rpartition("/")
    model: Any = request.app.state.subjects.get(kind)
    if model is None:
        raise SubjectUnknown
    try:
        item_id = UUID(identity)
    except ValueError as error:
        raise SubjectUnknown from error
    places = places_of(model)
    touched = model.touched_by if hasattr(model, "touched_by") else None
    columns = [
        getattr(model, model.placed_by).label("code"),
        or_(within_any(places.c.code_now, caller.regions), model.is_party(caller)).label("served"),
        *([touched.label("touched")] if touched is not None else []),
    ]
    row = (
        await connection.execute(
            select(*columns)
            .join(places, in_place(model))
            .where(model.id == item_id, or_(visible(model, caller), in_scope(model, caller)))
        )
    ).one_or_none()
    if row is None:
        return [ResourceNotFound()]
    reasons: list[Refusal] = [] if row.served else [RegionMissing(region=row.code)]
    if touched is not None and action.endswith(":approve") and caller.person_id in row.touched:
        reasons.append(OwnApproval())
    return reasons


def permission_router(service: str) -> APIRouter:
    """Return the route that explains permissions."""
    routes = router(f"/{service}/v1/permissions", tags=["permissions"])
    routes.get("", response_model=PermissionView)(explain_permission)
    return routes
