"""Webhooks: what changes is sent to an address, signed, until it arrives; the journal is where it comes from."""

import base64
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Uuid,
    delete,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from shared.canonical import keyed_digest

OVERLAP = timedelta(hours=24)
"""How long the secret before still signs beside a new one."""

KEPT = timedelta(days=30)


class DeliveryState(StrEnum):
    """What became of a delivery."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    DEAD = "dead"


def webhook_tables(metadata: MetaData) -> tuple[Table, Table]:
    """Declare the webhooks and their deliveries."""
    webhooks = Table(
        "webhooks",
        metadata,
        Column("id", Uuid, primary_key=True),
        Column("account", Uuid, nullable=False),
        Column("url", String(2000), nullable=False),
        Column("subjects", ARRAY(String(120)), nullable=False),
        Column("regions", ARRAY(String(13, collation="C")), nullable=False),
        Column("paused", String(40)),
        Column("position", BigInteger, nullable=False),
        Column("secret_number", Integer, nullable=False),
        Column("secret_since", DateTime(timezone=True), nullable=False),
        Column("version", BigInteger, nullable=False),
        Column("recorded_at", DateTime(timezone=True), nullable=False),
        Column("changed_at", DateTime(timezone=True), nullable=False),
        Index("ix_webhooks_of_account", "account", "id"),
        info={"class": "local"},
    )
    deliveries = Table(
        "webhook_deliveries",
        metadata,
        Column("id", Uuid, primary_key=True),
        Column("webhook_id", Uuid, nullable=False),
        Column("position", BigInteger, nullable=False),
        Column("state", String(20), nullable=False),
        Column("body", LargeBinary),
        Column("tries", Integer, nullable=False),
        Column("next_try_at", DateTime(timezone=True)),
        Column("last_status", Integer),
        Column("last_failure", String(40)),
        Column("recorded_at", DateTime(timezone=True), nullable=False),
        Column("changed_at", DateTime(timezone=True), nullable=False),
        CheckConstraint("state IN ('waiting', 'delivered', 'dead')", name="state"),
        CheckConstraint("(state = 'waiting') = (next_try_at IS NOT NULL)", name="next"),
        CheckConstraint("state <> 'waiting' OR body IS NOT NULL", name="body"),
        Index("ix_webhook_deliveries_of_webhook", "webhook_id", "id"),
        Index("ix_webhook_deliveries_due", "webhook_id", "next_try_at", postgresql_where="state = 'waiting'"),
        Index("ix_webhook_deliveries_recorded_at", "recorded_at"),
        info={"class": "local"},
    )
    return webhooks, deliveries


def secret_of(hmac_key: bytes, webhook_id: UUID, number: int) -> str:
    """Return a webhook's secret: made again whenever it is needed, and never kept."""
    digest = keyed_digest(hmac_key, b"webhook", webhook_id.bytes, number.to_bytes(4, "big"))
    return "whsec_" + base64.b64encode(digest).decode()


async def forget_old_deliveries(session: AsyncSession, deliveries: Table, *, now: datetime) -> None:
    """Delete what was delivered or given up longer ago than the promise."""
    ended = deliveries.c.state != DeliveryState.WAITING
    await session.execute(delete(deliveries).where(deliveries.c.recorded_at < now - KEPT, ended))
