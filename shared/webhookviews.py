"""Webhooks over HTTP: opened, edited, paused and replayed by whose they are, with a log of what was sent."""

import ipaddress
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import urlsplit
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlalchemy import Row, Select, Table, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from shared.clock import Now
from shared.database import Reading
from shared.errors import BodyInvalid, Conflict, Fault, Invalid, ResourceNotFound, Text
from shared.faults import KNOWN
from shared.identity import new_id
from shared.items import changes
from shared.lists import Order, Page, page
from shared.outgoing import is_public
from shared.permissions import Caller, SignedIn
from shared.replies import VersionStale, expected_version, item_reply, saved
from shared.routing import router
from shared.webhookbodies import (
    DeliveryQuery,
    DeliveryView,
    NewWebhookView,
    ReplayDraft,
    WebhookChange,
    WebhookDraft,
    WebhookQuery,
    WebhookView,
    delivery_view,
    webhook_view,
)
from shared.webhooks import secret_of
from shared.writing import SecretReply, Writing

MOST_OF_AN_ACCOUNT = 20


class UrlUnusable(Invalid):
    code = "webhook.url_unusable"
    title = Text("Alamat tidak dapat dipakai", "Unusable address")
    detail = Text(
        "Alamat harus https://nama-host/… di internet umum, tanpa nama pengguna.",
        "The address must be https://host-name/… in the public internet, without a user name.",
    )
    fix = Text("Pakai alamat publik milik Anda.", "Use a public address of your own.")


class TooManyWebhooks(Conflict):
    code = "webhook.too_many"
    title = Text("Terlalu banyak webhook", "Too many webhooks")
    detail = Text("Sebuah akun memiliki paling banyak {most} webhook.", "An account has at most {most} webhooks.")
    fix = Text("Hapus yang tidak dipakai.", "Delete one that is not used.")


def require_url(url: str, *, allow_private: bool) -> None:
    """Refuse an address that can never be called; where its name leads is judged at every call."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise UrlUnusable(pointer="/url") from error
    schemes = {"https", "http"} if allow_private else {"https"}
    if parts.scheme not in schemes or not parts.hostname or parts.username or parts.password or port == 0:
        raise UrlUnusable(pointer="/url")
    if not allow_private and _is_private(parts.hostname):
        raise UrlUnusable(pointer="/url")


def _is_private(host: str) -> bool:
    """Tell whether an address written out is none of the public internet; of a name that is not known yet."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return not is_public(host)


def _require_kinds(subjects: Sequence[str], kinds: Collection[str]) -> None:
    """Refuse kinds that the journal never tells of."""
    code, message = KNOWN["enum"]
    told = {"expected": ", ".join(sorted(kinds))}
    wrong = [number for number, one in enumerate(subjects) if one.partition("/")[0] not in kinds]
    if wrong:
        raise BodyInvalid(faults=[Fault(f"/subjects/{one}", code, message, told) for one in wrong], count=len(wrong))


def _require_passed(after: int, position: int) -> None:
    """Refuse a position that the journal has not reached: what comes until then would never be sent."""
    if after > position:
        code, message = KNOWN["less_than_equal"]
        raise BodyInvalid(faults=[Fault("/after", code, message, {"le": position})], count=1)


def _tables(request: Request) -> tuple[Table, Table]:
    return request.app.state.tables.webhooks, request.app.state.tables.webhook_deliveries


def _own(webhooks: Table, caller: Caller) -> Select[Any]:
    return select(webhooks).where(webhooks.c.account == caller.account_id)


async def _one(
    connection: AsyncConnection | AsyncSession, webhooks: Table, webhook_id: UUID, caller: Caller
) -> Row[Any]:
    own = _own(webhooks, caller).where(webhooks.c.id == webhook_id)
    row: Row[Any] | None = (await connection.execute(own)).one_or_none()
    if row is None:
        raise ResourceNotFound
    return row


async def _to_change(id: UUID, request: Request, by: SignedIn, session: Writing) -> Row[Any]:
    """Give the caller's webhook of the path, locked, in the version the caller last saw."""
    version = expected_version(request.headers.get("if-match"))
    webhooks, _ = _tables(request)
    row: Row[Any] | None = (
        await session.execute(_own(webhooks, by).where(webhooks.c.id == id).with_for_update())
    ).one_or_none()
    if row is None:
        raise ResourceNotFound
    if row.version != version:
        raise VersionStale(version=row.version, members={"current": webhook_view(row)})
    return row


WebhookToChange = Annotated[Row[Any], Depends(_to_change)]


async def _save(session: AsyncSession, webhooks: Table, row: Row[Any], now: datetime, **values: Any) -> Row[Any]:
    values |= {"version": row.version + 1, "changed_at": now}
    changed = update(webhooks).where(webhooks.c.id == row.id).values(**values).returning(webhooks)
    saved_row: Row[Any] = (await session.execute(changed)).one()
    return saved_row


def _shown(request: Request, row: Row[Any], number: int) -> Mapping[str, Any]:
    return webhook_view(row) | {"secret": secret_of(request.app.state.settings.hmac_key, row.id, number)}


async def list_webhooks(
    request: Request, caller: SignedIn, connection: Reading, query: Annotated[WebhookQuery, Query()]
) -> Response:
    """List one's own webhooks."""
    webhooks, _ = _tables(request)
    order = Order(webhooks.c.id, UUID, webhooks.c.id)
    return await page(request, connection, _own(webhooks, caller), query=query, order=order, shape=webhook_view)


async def open_webhook(
    by: SignedIn, request: Request, session: Writing, _secret: SecretReply, draft: WebhookDraft, now: Now
) -> Response:
    """Open a webhook; its secret is in this reply, and can be made anew but not shown again."""
    webhooks, _ = _tables(request)
    require_url(draft.url, allow_private=request.app.state.settings.webhooks_allow_private)
    _require_kinds(draft.subjects, request.app.state.kinds)
    count = select(func.count()).select_from(webhooks).where(webhooks.c.account == by.account_id)
    if (await session.scalar(count) or 0) >= MOST_OF_AN_ACCOUNT:
        raise TooManyWebhooks(most=MOST_OF_AN_ACCOUNT)
    head = request.app.state.tables.journal_head
    position = await session.scalar(select(head.c.position)) or 0
    if draft.after is not None:
        _require_passed(draft.after, position)
        position = draft.after
    row = {
        "id": new_id(),
        "account": by.account_id,
        "url": draft.url,
        "subjects": draft.subjects,
        "regions": draft.regions,
        "position": position,
        "secret_number": 1,
        "secret_since": now,
        "version": 1,
        "recorded_at": now,
        "changed_at": now,
    }
    made = (await session.execute(insert(webhooks).values(row).returning(webhooks))).one()
    location = f"/{request.app.state.service}/v1/webhooks/{made.id}"
    return saved(_shown(request, made, 1), status=201, location=location)


async def read_webhook(id: UUID, request: Request, caller: SignedIn, connection: Reading) -> Response:
    """Read one of one's own webhooks."""
    webhooks, _ = _tables(request)
    return item_reply(request, webhook_view(await _one(connection, webhooks, id, caller)))


async def change_webhook(
    _by: SignedIn, request: Request, session: Writing, webhook: WebhookToChange, change: WebhookChange, now: Now
) -> Response:
    """Edit a webhook (JSON Merge Patch); resumed, it goes on where it stood."""
    edited = changes(change)
    if "url" in edited:
        require_url(edited["url"], allow_private=request.app.state.settings.webhooks_allow_private)
    _require_kinds(edited.get("subjects", ()), request.app.state.kinds)
    if "paused" in edited:
        edited["paused"] = "by_owner" if edited["paused"] else None
    webhooks, _ = _tables(request)
    return saved(webhook_view(await _save(session, webhooks, webhook, now, **edited)))


async def delete_webhook(_by: SignedIn, request: Request, session: Writing, webhook: WebhookToChange) -> Response:
    """Delete a webhook with all that still waits for it."""
    webhooks, deliveries = _tables(request)
    await session.execute(delete(webhooks).where(webhooks.c.id == webhook.id))
    await session.execute(delete(deliveries).where(deliveries.c.webhook_id == webhook.id))
    return Response(status_code=204)


async def renew_webhook_secret(
    _by: SignedIn, request: Request, session: Writing, webhook: WebhookToChange, _secret: SecretReply, now: Now
) -> Response:
    """Make a new secret; for a day the one before signs beside it."""
    webhooks, _ = _tables(request)
    number = webhook.secret_number + 1
    row = await _save(session, webhooks, webhook, now, secret_number=number, secret_since=now)
    return saved(_shown(request, row, number))


async def replay_webhook(
    _by: SignedIn, request: Request, session: Writing, webhook: WebhookToChange, draft: ReplayDraft, now: Now
) -> Response:
    """Send again from a position: each entry anew, as it may be seen now, under a new id."""
    webhooks, _ = _tables(request)
    after = min(draft.after, webhook.position)
    return saved(webhook_view(await _save(session, webhooks, webhook, now, position=after)))


async def list_deliveries(
    id: UUID, request: Request, caller: SignedIn, connection: Reading, query: Annotated[DeliveryQuery, Query()]
) -> Response:
    """List what was sent to a webhook, the latest first; those that are dead were tried for three days."""
    webhooks, deliveries = _tables(request)
    statement = (
        select(*(column for column in deliveries.c if column.name != "body"))
        .join(webhooks, webhooks.c.id == deliveries.c.webhook_id)
        .where(deliveries.c.webhook_id == id, webhooks.c.account == caller.account_id)
    )
    if query.state is not None:
        statement = statement.where(deliveries.c.state == query.state)
    order = Order(deliveries.c.id, UUID, deliveries.c.id, descending=True)
    of = _own(webhooks, caller).where(webhooks.c.id == id)
    return await page(request, connection, statement, query=query, order=order, shape=delivery_view, of=of)


def webhook_router(service: str) -> APIRouter:
    """Return the routes of webhooks."""
    routes = router(f"/{service}/v1/webhooks", tags=["webhooks"])
    routes.get("", response_model=Page[WebhookView])(list_webhooks)
    routes.post("", status_code=201, response_model=NewWebhookView)(open_webhook)
    routes.get("/{id}", response_model=WebhookView)(read_webhook)
    routes.patch("/{id}", response_model=WebhookView)(change_webhook)
    routes.delete("/{id}", status_code=204, response_class=Response)(delete_webhook)
    routes.post("/{id}/secrets", response_model=NewWebhookView)(renew_webhook_secret)
    routes.post("/{id}/replay", response_model=WebhookView)(replay_webhook)
    routes.get("/{id}/deliveries", response_model=Page[DeliveryView])(list_deliveries)
    return routes
