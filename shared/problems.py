"""Refusals as RFC 9457 problem documents, in the language the caller reads."""

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DataError, DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException

from shared.canonical import plain
from shared.errors import (
    AlreadyThere,
    BodyInvalid,
    BodyTooLarge,
    BodyUnreadable,
    DatabaseBusy,
    HeaderInvalid,
    Language,
    MethodUnknown,
    QueryInvalid,
    Refusal,
    ResourceNotFound,
    Unforeseen,
    ValueUnusable,
)
from shared.faults import faults
from shared.log import log, request_id
from shared.replies import to_json

UNIQUE_VIOLATION = "23505"
UNROUTED: dict[int, type[Refusal]] = {404: ResourceNotFound, 405: MethodUnknown, 413: BodyTooLarge}
BUSY_STATES = {"40001", "40P01", "55P03", "57P01", "57P03", "53300"}


def language_of(header: str | None) -> Language:
    """Return the best of the two languages for an Accept-Language header; Indonesian when silent."""
    best: tuple[float, Language] = (0.0, "id")
    for part in (header or "").lower().split(","):
        tag, _, parameters = part.strip().partition(";")
        quality = parameters.replace(" ", "").removeprefix("q=") if parameters else "1"
        try:
            weight = float(quality)
        except ValueError:
            continue
        primary = tag.split("-")[0]
        if primary in {"id", "in", "en"} and weight > best[0]:
            best = (weight, "en" if primary == "en" else "id")
    return best[1]


def problem_page(service: str, code: str) -> str:
    return f"/{service}/v1/problems/{code}"


def document(refusal: Refusal, *, service: str, language: Language, instance: str) -> dict[str, Any]:
    """Return the problem document of a refusal."""
    body: dict[str, Any] = {
        "type": problem_page(service, refusal.code),
        "title": refusal.title.said(language, {}),
        "status": refusal.status,
        "detail": refusal.detail.said(language, refusal.values),
        "code": refusal.code,
        "instance": instance,
        "request_id": request_id.get(),
    }
    if refusal.faults:
        body["errors"] = [
            {"pointer": one.pointer, "code": one.code, "message": one.message.said(language, one.values)}
            for one in refusal.faults
        ]
    return body | {key: plain(value) for key, value in refusal.members.items()}


def render(refusal: Refusal, *, request: Request, headers: Mapping[str, str] | None = None) -> Response:
    language = language_of(request.headers.get("accept-language"))
    body = document(refusal, service=request.app.state.service, language=language, instance=request.url.path)
    extra = dict(headers or {})
    if refusal.retry_after is not None:
        extra["Retry-After"] = str(refusal.retry_after)
    if refusal.status == 401:
        extra["WWW-Authenticate"] = "Bearer"
    return Response(
        to_json(body),
        status_code=refusal.status,
        media_type="application/problem+json",
        headers={"Content-Language": language, "Cache-Control": "no-store", "Vary": "Accept-Language"} | extra,
    )


def refusal_of(error: RequestValidationError) -> Refusal:
    """Return what a failed parse means: an unreadable body, a wrong address, query, header or body."""
    # What two dependencies of a route read is parsed twice, and wrong once.
    found = list({(one["loc"], one["type"]): one for one in error.errors()}.values())
    places = {one["loc"][0] for one in found if one["loc"]}
    if any(one["type"] == "json_invalid" for one in found):
        return BodyUnreadable()
    if "path" in places:
        return ResourceNotFound()
    if "header" in places:
        header = next(str(one["loc"][1]) for one in found if one["loc"][0] == "header")
        return HeaderInvalid(header=header)
    if "query" in places:
        return QueryInvalid(faults=faults(found), count=len(found))
    return BodyInvalid(faults=faults(found), count=len(found))


def database_refusal(error: Exception) -> Refusal | None:
    """Return what a database error means to the caller; None when it is our own mistake."""
    state = getattr(getattr(error, "orig", None), "sqlstate", None)
    if isinstance(error, DataError):
        return ValueUnusable()
    if state == UNIQUE_VIOLATION:
        return AlreadyThere()
    if isinstance(error, OperationalError | PoolTimeout) or state in BUSY_STATES:
        log.warning("database.busy", error=type(error).__name__, sqlstate=state)
        return DatabaseBusy(retry_after=2)
    return None


def install(app: FastAPI) -> None:
    """Make every failure of an application leave as a problem document."""

    async def refused(request: Request, error: Exception) -> Response:
        assert isinstance(error, Refusal)  # noqa: S101 - registered for this class alone
        return render(error, request=request)

    async def unparsed(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this class alone
        return render(refusal_of(error), request=request)

    async def unrouted(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)  # noqa: S101 - registered for this class alone
        refusal = UNROUTED.get(error.status_code, BodyUnreadable)()
        return render(refusal, request=request, headers=error.headers)

    async def database_failed(request: Request, error: Exception) -> Response:
        refusal = database_refusal(error)
        return await unforeseen(request, error) if refusal is None else render(refusal, request=request)

    async def unforeseen(request: Request, error: Exception) -> Response:
        log.error("server.failed", path=request.scope.get("route_path", ""), exc_info=error)
        return render(Unforeseen(), request=request)

    app.add_exception_handler(Refusal, refused)
    app.add_exception_handler(RequestValidationError, unparsed)
    app.add_exception_handler(HTTPException, unrouted)
    app.add_exception_handler(DBAPIError, database_failed)
    app.add_exception_handler(PoolTimeout, database_failed)
    app.add_exception_handler(Exception, unforeseen)
