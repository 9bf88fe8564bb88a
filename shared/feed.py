"""The journal over HTTP: a change feed, a public chain and a head, for whoever follows or verifies."""

import time
from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import ColumnElement, False_, Select, Table, and_, false, func, not_, or_, select, true
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.database import Reading, database_of
from shared.errors import Fault, QueryInvalid
from shared.faults import KNOWN
from shared.journal import GENESIS, Audience
from shared.journalviews import Chain, Feed, HeadView
from shared.permissions import Anyone, Caller
from shared.places import RegionCode, within, within_any
from shared.replies import reply, to_json
from shared.routing import router

SCANS = 5
SCAN = 10_000
"""Positions one request looks through; with a narrow filter it may answer none and a further `next`."""


class FeedQuery(BaseModel):
    """Where to go on, how much, and how long to wait when there is nothing yet."""

    model_config = ConfigDict(extra="forbid")

    after: int = Field(0, ge=0, description="Position after which to go on")
    limit: int = Field(100, ge=1, le=1000, description="Entries a page")
    wait: int = Field(0, ge=0, le=25, description="Seconds to wait when there is nothing new")
    subject: str | None = Field(None, max_length=120, description="Only this subject, or all of a kind: boards/")
    region: RegionCode | None = Field(None, description="Only what happened in this region")


class DigestQuery(BaseModel):
    """Where to go on in the chain, and how much."""

    model_config = ConfigDict(extra="forbid")

    after: int = Field(0, ge=0, description="Position after which to go on")
    limit: int = Field(1000, ge=1, le=10_000, description="Links a page")


def _withheld(caller: Caller, *, entries: Table, subjects: Mapping[str, type[Any]]) -> ColumnElement[bool]:
    """Return the condition that an entry is about a row that is kept from the caller."""
    conditions = [
        entries.c.subject.in_(select(func.concat(f"{kind}/", model.id)).where(condition))
        for kind, model in subjects.items()
        if not isinstance(condition := model.is_withheld(caller), False_)
    ]
    return or_(false(), *conditions)


def seen_by(
    caller: Caller,
    *,
    service: str,
    entries: Table,
    places: Table,
    audiences: Mapping[str, Audience],
    subjects: Mapping[str, type[Any]],
) -> ColumnElement[bool]:
    """Return the condition that a caller may see an entry's payload, under today's policy."""
    if caller.may(f"{service}:journal:follow"):
        return true()
    of = {kind: [action for action, audience in audiences.items() if audience is kind] for kind in Audience}
    public = entries.c.action.in_(of[Audience.PUBLIC])
    local = [
        *(of[Audience.REGION] if caller.may(f"{service}:journal:read") else ()),
        *(of[Audience.READINGS] if caller.may(f"{service}:readings:read") else ()),
    ]
    regional: ColumnElement[bool] = false()
    if local:
        moved = select(places.c.kelurahan_code).where(places.c.code_now != places.c.kelurahan_code)
        here = or_(
            # What has gone to another region is that one's alone.
            and_(
                within_any(entries.c.place, caller.regions),
                or_(entries.c.place.is_(None), entries.c.place.not_in(moved)),
            ),
            entries.c.place.in_(select(places.c.kelurahan_code).where(within_any(places.c.code_now, caller.regions))),
        )
        withheld = _withheld(caller, entries=entries, subjects=subjects)
        regional = and_(entries.c.action.in_(local), here, not_(withheld))
    return or_(public, regional)


def about(entries: Table, subject: str) -> ColumnElement[bool]:
    """Return the condition that an entry is about a subject, or about one of a kind: `boards/`."""
    if subject.endswith("/"):
        return entries.c.subject.startswith(subject, autoescape=True)
    condition: ColumnElement[bool] = entries.c.subject == subject
    return condition


def in_region(entries: Table, places: Table, region: str) -> ColumnElement[bool]:
    """Return the condition that an entry happened in a region, by the codes of then or of today."""
    now = select(places.c.kelurahan_code).where(within(places.c.code_now, region))
    return or_(within(entries.c.place, region), entries.c.place.in_(now))


def _matching(query: FeedQuery, *, entries: Table, places: Table) -> ColumnElement[bool]:
    conditions: list[ColumnElement[bool]] = [true()]
    if query.subject is not None:
        conditions.append(about(entries, query.subject))
    if query.region is not None:
        conditions.append(in_region(entries, places, query.region))
    return and_(*conditions)


def links(entries: Table) -> Select[Any]:
    """Return the statement of entries, each with the digest of the one before."""
    before = entries.alias("before")
    return select(entries, before.c.digest.label("previous")).outerjoin(
        before, before.c.position == entries.c.position - 1
    )


def event(row: Any, *, service: str) -> dict[str, Any]:
    """Return an entry as a CloudEvent; the stored payload goes out byte for byte, and of an erased one nothing."""
    return {
        "specversion": "1.0",
        "id": f"{service}-{row.position}",
        "source": f"/{service}",
        "type": row.action,
        "subject": row.subject,
        "time": row.recorded_at,
        "datacontenttype": "application/json",
        "position": row.position,
        "previousdigest": (row.previous or GENESIS).hex(),
        "payloaddigest": row.payload_digest.hex(),
        "digest": row.digest.hex(),
        "erased": row.payload is None,
        "nonce": row.nonce.hex() if row.nonce is not None else None,
        "data": msgspec.Raw(row.payload) if row.payload is not None else None,
    }


async def _scan(
    connection: AsyncConnection, request: Request, caller: Caller, query: FeedQuery, *, head: int
) -> tuple[list[dict[str, Any]], int]:
    state = request.app.state
    entries, places = state.tables.journal_entries, state.tables.places
    until = min(head, query.after + SCAN)
    rows = (
        await connection.execute(
            links(entries)
            .where(
                entries.c.position > query.after,
                entries.c.position <= until,
                seen_by(
                    caller,
                    service=state.service,
                    entries=entries,
                    places=places,
                    audiences=state.audiences,
                    subjects=state.subjects,
                ),
                _matching(query, entries=entries, places=places),
            )
            .order_by(entries.c.position)
            .limit(query.limit)
        )
    ).all()
    following = rows[-1].position if len(rows) == query.limit else max(until, query.after)
    return [event(row, service=state.service) for row in rows], following


async def _head_for(connection: AsyncConnection, request: Request, *, after: int) -> int:
    """Return how far the journal is, asking the database when the caller claims to have read further.

    Another process may have told of more than this one has heard; a restored journal is really shorter.
    """
    head, known = request.app.state.head, request.app.state.head.position
    if after > known:
        told = await connection.scalar(select(request.app.state.tables.journal_head.c.position))
        if head.position == known:
            head.stand(int(told or 0))
    return int(head.position)


async def follow_journal(request: Request, caller: Anyone, query: Annotated[FeedQuery, Query()]) -> Response:
    """Follow what changed, in order; with `wait` the request rests until something did.

    No database connection is held while it rests.
    """
    state = request.app.state
    if query.subject is not None and query.subject.partition("/")[0] not in state.kinds:
        # Whoever waits for it would wait for ever.
        code, message = KNOWN["enum"]
        told = {"expected": ", ".join(sorted(state.kinds))}
        raise QueryInvalid(faults=[Fault("/subject", code, message, told)], count=1)
    after, found = query.after, list[dict[str, Any]]()
    deadline = time.monotonic() + query.wait
    for _ in range(SCANS):
        async with database_of(request).reads.connect() as connection:
            head = await _head_for(connection, request, after=query.after)
            found, after = await _scan(
                connection, request, caller, query.model_copy(update={"after": after}), head=head
            )
        rest = deadline - time.monotonic()
        if found or rest <= 0 or after > head:
            break
        if after >= head:
            await state.head.beyond(after, seconds=rest)
    return Response(
        to_json({"items": found, "next": after, "head": head}),
        media_type="application/json",
        headers={"Cache-Control": "no-store", "Journal-Position": str(state.head.position)},
    )


async def read_journal_digests(
    request: Request, connection: Reading, query: Annotated[DigestQuery, Query()]
) -> Response:
    """Read the chain: every entry's header and digests, for anyone, whoever may see the payloads."""
    state = request.app.state
    entries = state.tables.journal_entries
    rows = (
        await connection.execute(
            select(entries.c.position, entries.c.recorded_at, entries.c.payload_digest, entries.c.digest)
            .where(entries.c.position > query.after)
            .order_by(entries.c.position)
            .limit(query.limit)
        )
    ).all()
    items = [
        {
            "position": row.position,
            "time": row.recorded_at,
            "service": state.service,
            "payload_digest": row.payload_digest.hex(),
            "digest": row.digest.hex(),
        }
        for row in rows
    ]
    following = rows[-1].position if rows else query.after
    return Response(
        to_json({"items": items, "next": following}),
        media_type="application/json",
        headers={"Cache-Control": "public, max-age=5"},
    )


async def read_journal_head(request: Request, connection: Reading) -> Response:
    """Read how far the journal has come: the position and digest that fit on a notice board."""
    state = request.app.state
    head, signed = state.tables.journal_head, state.tables.journal_signed_heads
    rows = (
        await connection.execute(
            select(head.c.position, head.c.digest, signed)
            .outerjoin(signed, true())
            .where(head.c.id == 1)
            .ext(distinct_on(signed.c.service))
            .order_by(signed.c.service, signed.c.day.desc())
        )
    ).all()
    heads = [_signed(row) for row in rows if row.service is not None]
    body = {
        "service": state.service,
        "position": rows[0][0],
        "digest": bytes(rows[0][1]).hex(),
        "key": state.head_key.public,
        "signed": next((one for one in heads if one["service"] == state.service), None),
        "witnessed": [one for one in heads if one["service"] != state.service],
    }
    return reply(request, to_json(body), headers={"Journal-Position": str(rows[0][0])})


def _signed(row: Any) -> dict[str, Any]:
    return {
        "service": row.service,
        "day": row.day,
        "position": row[4],
        "digest": bytes(row[5]).hex(),
        "signature": row.signature,
    }


def feed_router(service: str) -> APIRouter:
    """Return the three journal routes of a service."""
    routes = router(f"/{service}/v1/journal", tags=["journal"])
    routes.get("", response_model=Feed)(follow_journal)
    routes.get("/digests", response_model=Chain)(read_journal_digests)
    routes.get("/head", response_model=HeadView)(read_journal_head)
    return routes
