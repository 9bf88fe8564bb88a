"""Attachments: photos and scanned papers of items, and who may attach and see them.

A slice joins by declaring, for its kind of item, the scope that attaches and the purposes there are.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, Literal
from uuid import UUID

from pydantic import BaseModel, Field
from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    Integer,
    Numeric,
    Select,
    String,
    and_,
    exists,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession
from sqlalchemy.orm import Mapped, declared_attr, mapped_column
from sqlalchemy.types import Uuid

from shared.errors import ResourceNotFound
from shared.items import Draft, in_place, in_scope, places_of, visible
from shared.journal import Audience
from shared.lists import Order, PageQuery
from shared.permissions import Caller
from shared.statements import fetch
from shared.tables import RegionalItem, choice, regional, serves

MOST_BYTES = 25 * 1024 * 1024
PAPER = "application/pdf"
AUDIENCES = {"attachment.added": Audience.REGION, "attachment.withdrawn": Audience.REGION}

MediaType = Literal["image/jpeg", "image/png", "image/webp", "application/pdf"]


class AttachmentState(StrEnum):
    """How far an attachment is."""

    OPEN = "open"
    KEPT = "kept"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Purpose:
    """What an attachment is for: whether everybody who sees the item sees it, and what is kept of it.

    Without `public` only those see it who see the item in full. `location` keeps where a photo was taken, for them
    alone; otherwise it is removed with all else that a camera notes. `papers` takes PDF besides photos. What is
    `guarded` could tell who brought it, or be in somebody's way: no digest and size of it are journaled, and nobody
    but its bringer withdraws it.
    """

    public: bool = False
    location: bool = False
    papers: bool = False
    guarded: bool = False


@dataclass(frozen=True, slots=True)
class Attachable:
    """A kind of item that takes attachments: its model, the scope that attaches, and for what."""

    model: type[Any]
    scope: str
    purposes: Mapping[str, Purpose]


class AttachmentItem(RegionalItem):
    """What is known of a photo or paper, from the first part sent to its withdrawal; its content lies in storage.

    `parts` are the names of what came so far; `digest` is that of the content as it is kept, noted before the
    content is put, so that nothing ever lies in storage without a row that names it. `swept` says that what it no
    longer needs is gone from there.
    """

    __tablename__ = "attachments"
    read_scope: ClassVar[str] = ""

    subject_kind: Mapped[str] = mapped_column(String(40))
    subject_id: Mapped[UUID] = mapped_column(Uuid)
    purpose: Mapped[str] = mapped_column(String(40))
    public: Mapped[bool]
    account_id: Mapped[UUID] = mapped_column(Uuid)
    state: Mapped[AttachmentState] = choice(AttachmentState)
    media_type: Mapped[str] = mapped_column(String(40))
    size: Mapped[int] = mapped_column(Integer)
    sha256: Mapped[str] = mapped_column(String(64))
    received: Mapped[int] = mapped_column(Integer)
    parts: Mapped[list[str]] = mapped_column(ARRAY(String(100)))
    digest: Mapped[str | None] = mapped_column(String(64))
    width: Mapped[int | None] = mapped_column(Integer)
    height: Mapped[int | None] = mapped_column(Integer)
    latitude: Mapped[Any | None] = mapped_column(Numeric(8, 6))
    longitude: Mapped[Any | None] = mapped_column(Numeric(9, 6))
    swept: Mapped[bool]

    @classmethod
    def is_party(cls, caller: Caller) -> ColumnElement[bool]:
        """Let who opened an upload open it again by its id, wherever they serve."""
        return cls.account_id == caller.account_id

    @declared_attr.directive
    def __table_args__(cls) -> tuple[Any, ...]:  # noqa: N805 - SQLAlchemy hands over the class
        return regional(
            CheckConstraint("state <> 'kept' OR (digest IS NOT NULL AND received = size)", name="whole"),
            CheckConstraint("received BETWEEN 0 AND size", name="received"),
            CheckConstraint("(width IS NULL) = (height IS NULL)", name="pixels"),
            CheckConstraint("(latitude IS NULL) = (longitude IS NULL)", name="location"),
            serves("attachments_of_subject", "subject_kind", "subject_id", "id"),
            serves("attachments_by_digest", "digest"),
            serves("attachments_to_sweep", "changed_at", postgresql_where="NOT swept"),
        )


@dataclass(frozen=True, slots=True)
class Attachments:
    """A service's table of attachments, and what may have some."""

    model: type[Any]
    subjects: Mapping[str, Attachable]

    def purpose_of(self, attachment: Any) -> Purpose:
        """Return what an attachment is for; one that is declared no more is kept like the strictest."""
        attachable = self.subjects.get(attachment.subject_kind)
        purposes = attachable.purposes if attachable else {}
        return purposes.get(attachment.purpose, Purpose(guarded=True))


class AttachmentDraft(Draft):
    """An attachment to be sent in parts."""

    subject: str = Field(
        pattern=r"^[a-z-]{1,40}/[0-9a-fA-F-]{36}$",
        description="The item it belongs to, as <kind>/<id>",
        examples=["boards/01900000-0000-7000-8000-000000000000"],
    )
    purpose: str = Field(pattern=r"^[a-z_]{1,40}$", description="What it is for; each kind of item has its own")
    media_type: MediaType
    size: int = Field(ge=1, le=MOST_BYTES, description="Bytes there are to send")
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$", description="SHA-256 of those bytes, in hexadecimal")


class AttachmentView(BaseModel):
    """A photo or a scanned paper of an item."""

    id: UUID
    view: Literal["public", "full"] = Field(description="`full` for those who see the item in full")
    region_code: str
    subject: str
    purpose: str
    public: bool = Field(description="Whether everybody who sees the item may see it")
    state: AttachmentState = Field(description="`open` until all of it has come and was found right")
    media_type: str
    size: int = Field(description="Bytes that are sent")
    received: int = Field(description="Bytes that came so far; the next part begins here")
    sha256: str | None = Field(description="SHA-256 of what was sent; null in the public view")
    digest: str | None = Field(description="SHA-256 of the content as it is kept; null until then")
    width: int | None = Field(description="Pixels; null where it is no photo")
    height: int | None = Field(description="Pixels; null where it is no photo")
    latitude: float | None = Field(description="Where a photo was taken, if its purpose keeps that; full view only")
    longitude: float | None
    version: int
    recorded_at: datetime
    changed_at: datetime


class AttachmentQuery(PageQuery):
    """Filters of the list of attachments."""

    subject: str | None = Field(
        None, pattern=r"^[a-z-]{1,40}/[0-9a-fA-F-]{36}$", description="Only those of this item, as <kind>/<id>"
    )
    purpose: str | None = Field(None, pattern=r"^[a-z_]{1,40}$")
    state: AttachmentState | None = None


def order_of(attachments: Attachments) -> Order:
    """Return the one order of the list: as they were opened."""
    identity = attachments.model.id.expression
    return Order(identity, UUID, identity)


def _of_items(attachments: Attachments, caller: Caller, *, in_full: bool) -> ColumnElement[bool]:
    """Return the condition that the caller sees an attachment's item, in full or as far as its purpose asks."""
    own = attachments.model

    def sees(model: type[Any]) -> ColumnElement[bool]:
        full = in_scope(model, caller)
        enough = full if in_full else or_(full, and_(own.public, visible(model, caller)))
        item = select(model.id).join(places_of(model), in_place(model)).where(model.id == own.subject_id, enough)
        return exists(item)

    return or_(*(and_(own.subject_kind == kind, sees(one.model)) for kind, one in attachments.subjects.items()))


def seen(attachments: Attachments, caller: Caller) -> Select[Any]:
    """Return the statement of all attachments that a caller may know of; unfinished ones only their own."""
    own = attachments.model
    mine = own.account_id == caller.account_id
    finished = own.state != AttachmentState.OPEN
    full = or_(_of_items(attachments, caller, in_full=True), and_(own.state == AttachmentState.OPEN, mine))
    known = or_(
        and_(own.state == AttachmentState.OPEN, mine), and_(finished, _of_items(attachments, caller, in_full=False))
    )
    table: Any = own.__table__
    return select(*table.c, full.label("full")).where(known)


def listed(attachments: Attachments, query: AttachmentQuery, caller: Caller) -> Select[Any]:
    """Return the statement of the list."""
    statement, own = seen(attachments, caller), attachments.model
    if query.subject is not None:
        kind, _, identity = query.subject.partition("/")
        statement = statement.where(own.subject_kind == kind, own.subject_id == _uuid(identity))
    if query.purpose is not None:
        statement = statement.where(own.purpose == query.purpose)
    if query.state is not None:
        statement = statement.where(own.state == query.state)
    return statement


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


async def one(
    attachments: Attachments, connection: AsyncConnection | AsyncSession, attachment_id: UUID, caller: Caller
) -> Any:
    """Return the row of an attachment that the caller may know of, or ResourceNotFound."""
    rows = await fetch(connection, seen(attachments, caller).where(attachments.model.id == attachment_id))
    if not rows:
        raise ResourceNotFound
    return rows[0]


def attachment_view(row: Any) -> dict[str, Any]:
    """Return a row as AttachmentView."""
    located = row.full and row.latitude is not None
    return {
        "id": row.id,
        "view": "full" if row.full else "public",
        "region_code": row.region_code,
        "subject": f"{row.subject_kind}/{row.subject_id}",
        "purpose": row.purpose,
        "public": row.public,
        "state": row.state,
        "media_type": row.media_type,
        "size": row.size,
        "received": row.received,
        "sha256": row.sha256 if row.full else None,
        "digest": row.digest if row.state != AttachmentState.OPEN else None,
        "width": row.width,
        "height": row.height,
        "latitude": float(row.latitude) if located else None,
        "longitude": float(row.longitude) if located else None,
        "version": row.version,
        "recorded_at": row.recorded_at,
        "changed_at": row.changed_at,
    }
