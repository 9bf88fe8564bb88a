"""Deliveries: entries of the journal become signed messages, and each is sent until it arrives or three days are over.

What a message says is written once and never changes between tries. Whether its receiver may see an entry is decided
when the message is written, by what the webhook's owner may see at that moment. Nothing is sent for an owner who may not
sign in, nor of an entry that was erased meanwhile.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import (
    ColumnElement,
    Row,
    Uuid,
    and_,
    bindparam,
    column,
    exists,
    func,
    insert,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY
from standardwebhooks import Webhook

from shared.app import Service, Tables
from shared.authority import Authorities, AuthorityUnknownError
from shared.clock import read_clock
from shared.database import Database
from shared.feed import about, event, in_region, links, seen_by
from shared.identity import new_id
from shared.log import log
from shared.outgoing import Answer, Outgoing
from shared.permissions import Caller
from shared.replies import to_json
from shared.webhooks import OVERLAP, DeliveryState, secret_of

PAUSE_SECONDS = 1.0
SCAN = 1_000
AT_ONCE = 20
OF_AN_ACCOUNT = 5
"""How many of those one account has: receivers of its own that never answer take no more than that from the others."""

CLAIMED = timedelta(minutes=2)
"""A worker that died in the middle of a try is taken for one that failed after so long."""

DELAYS = tuple(
    timedelta(seconds=seconds)
    for seconds in (5, 30, 120, 600, 1_800, 3_600, 7_200, 14_400, 28_800, 43_200, 72_000, 86_400)
)
"""How long after each failed try the next one comes; together three days."""

GONE = 410
ERASED = Answer(None, "erased")


@dataclass(slots=True)
class Deliveries:
    """Writes and sends the messages of a service's webhooks."""

    service: Service
    tables: Tables
    database: Database
    authorities: Authorities
    outgoing: Outgoing
    hmac_key: bytes

    async def _owner(self, account: UUID) -> Caller | None:
        """Return what a webhook's owner may now; None when it may not sign in, or nobody can tell."""
        try:
            return await self.authorities.of(account)
        except AuthorityUnknownError:
            return None

    async def write(self, *, now: datetime) -> int:
        """Turn what is new in the journal into messages, a thousand positions for each webhook; return how many.

        Where a thousand wait already no more are written: the journal keeps them, and nobody fills the disk by replays.
        """
        webhooks, deliveries, head = self.tables.webhooks, self.tables.webhook_deliveries, self.tables.journal_head
        waiting_already = select(deliveries.c.webhook_id).where(deliveries.c.state == DeliveryState.WAITING)
        full = waiting_already.group_by(deliveries.c.webhook_id).having(func.count() >= SCAN)
        behind = select(webhooks.c.id, webhooks.c.account).where(
            webhooks.c.paused.is_(None),
            webhooks.c.position < select(head.c.position).scalar_subquery(),
            webhooks.c.id.not_in(full),
        )
        async with self.database.reads.connect() as connection:
            waiting = (await connection.execute(behind.order_by(webhooks.c.id))).all()
        written = 0
        for row in waiting:
            # Asked before the transaction: the answer may come from another service.
            caller = await self._owner(row.account)
            if caller is not None:
                written += await self._write(row.id, caller, now=now)
        return written

    async def _write(self, webhook_id: UUID, caller: Caller, *, now: datetime) -> int:
        webhooks, entries, head = self.tables.webhooks, self.tables.journal_entries, self.tables.journal_head
        async with self.database.transaction() as session:
            locked = select(webhooks).where(webhooks.c.id == webhook_id, webhooks.c.paused.is_(None))
            webhook = (await session.execute(locked.with_for_update(skip_locked=True))).one_or_none()
            if webhook is None:
                return 0
            position = await session.scalar(select(head.c.position)) or 0
            until = min(position, webhook.position + SCAN)
            between = and_(entries.c.position > webhook.position, entries.c.position <= until)
            visible = seen_by(
                caller,
                service=self.service.name,
                entries=entries,
                places=self.tables.places,
                audiences=self.service.audiences,
                subjects=self.service.subjects,
            )
            found = links(entries).where(between, visible, self._wanted(webhook)).order_by(entries.c.position)
            messages = [self._message(webhook_id, row, now=now) for row in (await session.execute(found)).all()]
            if messages:
                await session.execute(insert(self.tables.webhook_deliveries), messages)
            await session.execute(update(webhooks).where(webhooks.c.id == webhook_id).values(position=until))
            return len(messages)

    def _wanted(self, webhook: Row[Any]) -> ColumnElement[bool]:
        entries, places = self.tables.journal_entries, self.tables.places
        subjects = [about(entries, subject) for subject in webhook.subjects]
        regions = [in_region(entries, places, region) for region in webhook.regions]
        return and_(or_(*subjects) if subjects else true(), or_(*regions) if regions else true())

    def _message(self, webhook_id: UUID, row: Row[Any], *, now: datetime) -> dict[str, Any]:
        return {
            "id": new_id(),
            "webhook_id": webhook_id,
            "position": row.position,
            "state": DeliveryState.WAITING,
            "body": to_json(event(row, service=self.service.name)),
            "tries": 0,
            "next_try_at": now,
            "recorded_at": now,
            "changed_at": now,
        }

    async def send(self, *, now: datetime) -> int:
        """Send what is due, some at once; return how many were tried."""
        due = await self._claimed(now=now)
        await asyncio.gather(*(self._tried(row, now=now) for row in due))
        return len(due)

    async def _tried(self, row: Row[Any], *, now: datetime) -> None:
        erased = row.erased and not msgspec.json.decode(bytes(row.body))["erased"]
        # Noted at once: whoever answers late is no reason to send again what others have, should we die meanwhile.
        await self._note(row, ERASED if erased else await self._sent(row, now=now))

    async def _owners(self, *, now: datetime) -> list[UUID]:
        """Return owners for whom something is due, as many as a round can serve, in another order each time."""
        webhooks, deliveries = self.tables.webhooks, self.tables.webhook_deliveries
        due = exists().where(deliveries.c.webhook_id == webhooks.c.id, *self._due(deliveries, now=now))
        accounts = select(webhooks.c.account).where(webhooks.c.paused.is_(None), due).group_by(webhooks.c.account)
        async with self.database.reads.connect() as connection:
            found = (await connection.scalars(accounts.order_by(func.random()))).all()
        served: list[UUID] = []
        for account in found:
            if len(served) < AT_ONCE and await self._owner(account) is not None:
                served.append(account)
        return served

    @staticmethod
    def _due(deliveries: Any, *, now: datetime) -> tuple[ColumnElement[bool], ...]:
        return deliveries.c.state == DeliveryState.WAITING, deliveries.c.next_try_at <= now

    async def _claimed(self, *, now: datetime) -> Sequence[Row[Any]]:
        owners = await self._owners(now=now)
        if not owners:
            return ()
        webhooks, deliveries, entries = (
            self.tables.webhooks,
            self.tables.webhook_deliveries,
            self.tables.journal_entries,
        )
        waiting, of = deliveries.alias("waiting"), webhooks.alias("of")
        given = func.unnest(bindparam("owners", owners, type_=ARRAY(Uuid)))
        owner = given.table_valued(column("id", Uuid), name="owner").render_derived()
        # The first of each webhook, by its index, and of these the first of the account.
        firsts = (
            select(waiting.c.id, waiting.c.next_try_at)
            .where(waiting.c.webhook_id == of.c.id, *self._due(waiting, now=now))
            .order_by(waiting.c.next_try_at)
            .limit(OF_AN_ACCOUNT)
            .with_for_update(of=waiting, skip_locked=True)
            .lateral("firsts")
        )
        theirs = (
            select(firsts.c.id)
            .select_from(of.join(firsts, true()))
            .where(of.c.paused.is_(None), of.c.account == owner.c.id)
            .order_by(firsts.c.next_try_at)
            .limit(OF_AN_ACCOUNT)
            .lateral("theirs")
        )
        due = select(theirs.c.id).select_from(owner.join(theirs, true())).limit(AT_ONCE)
        erased = exists().where(entries.c.position == deliveries.c.position, entries.c.payload.is_(None))
        claimed = (
            update(deliveries)
            .where(deliveries.c.id.in_(due.scalar_subquery()))
            .values(next_try_at=now + CLAIMED, tries=deliveries.c.tries + 1)
            .where(webhooks.c.id == deliveries.c.webhook_id)
            .returning(
                deliveries, webhooks.c.url, webhooks.c.secret_number, webhooks.c.secret_since, erased.label("erased")
            )
        )
        async with self.database.transaction() as session:
            rows: Sequence[Row[Any]] = (await session.execute(claimed)).all()
        return rows

    async def _sent(self, row: Row[Any], *, now: datetime) -> Answer:
        headers = {"Content-Type": "application/json", **self.signed(row, now=now)}
        try:
            return await self.outgoing.post(row.url, headers=headers, body=bytes(row.body))
        except Exception as error:
            # What nobody foresaw of one address holds up no other.
            log.error("webhooks.not_sent", webhook=str(row.webhook_id), exc_info=error)
            return Answer(None, "unreachable")

    def signed(self, row: Row[Any], *, now: datetime) -> Mapping[str, str]:
        """Return the headers of Standard Webhooks: after a renewal, both secrets sign for a day."""
        numbers = [row.secret_number]
        if row.secret_number > 1 and now < row.secret_since + OVERLAP:
            numbers.append(row.secret_number - 1)
        body, message = bytes(row.body).decode(), str(row.id)
        signatures = [
            Webhook(secret_of(self.hmac_key, row.webhook_id, number)).sign(message, now, body) for number in numbers
        ]
        return {
            "webhook-id": message,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": " ".join(signatures),
        }

    async def _note(self, row: Row[Any], answer: Answer) -> None:
        webhooks, deliveries = self.tables.webhooks, self.tables.webhook_deliveries
        now = read_clock()
        told = {"last_status": answer.status, "last_failure": answer.failure, "changed_at": now}
        if answer.accepted:
            told |= {"state": DeliveryState.DELIVERED, "next_try_at": None, "body": None}
        elif answer is ERASED or row.tries > len(DELAYS):
            told |= {"state": DeliveryState.DEAD, "next_try_at": None, "body": None}
        else:
            told |= {"next_try_at": now + DELAYS[row.tries - 1]}
        async with self.database.transaction() as session:
            # Unless it was erased while it was on its way.
            still = (deliveries.c.id == row.id, deliveries.c.state == DeliveryState.WAITING)
            await session.execute(update(deliveries).where(*still).values(**told))
            if answer.status == GONE:
                gone = update(webhooks).where(webhooks.c.id == row.webhook_id, webhooks.c.paused.is_(None))
                await session.execute(gone.values(paused="gone", version=webhooks.c.version + 1, changed_at=now))

    async def keep_delivering(self) -> None:
        """Write and send for as long as the process lives; what keeps one from being done keeps back no other."""
        while True:
            done = 0
            for step in (self.write, self.send):
                try:
                    done += await step(now=read_clock())
                except Exception as error:
                    log.warning("webhooks.interrupted", error=repr(error))
            if not done:
                await asyncio.sleep(PAUSE_SECONDS)
