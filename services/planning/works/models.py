"""Tables of what is built: reports of progress, photos and handovers."""

from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import Boolean, CheckConstraint, ColumnElement, Integer, Numeric, String, UniqueConstraint, true
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Uuid

from services.planning.database import Base
from services.planning.works.rules import Receiver, Stage
from shared.tables import CommunityItem, Moment, child_of, choice, community, serves


class Progress(CommunityItem, Base):
    """A report of how far an activity has come; the reports of an activity are numbered as they come in."""

    __tablename__ = "progress"
    __table_args__ = community(
        child_of("activities", "activity_id"),
        UniqueConstraint("kelurahan_code", "activity_id", "number"),
        CheckConstraint("percent BETWEEN 0 AND 100", name="percent"),
        CheckConstraint("volume_done >= 0", name="volume"),
        CheckConstraint("correction = (correction_reason IS NOT NULL)", name="correction"),
        serves("progress_of_activity", "activity_id", "occurred_on", "id"),
    )
    read_scope = "planning:activities:read"

    activity_id: Mapped[UUID] = mapped_column(Uuid)
    number: Mapped[int] = mapped_column(Integer)
    percent: Mapped[int] = mapped_column(Integer)
    occurred_on: Mapped[date]
    volume_done: Mapped[Decimal | None] = mapped_column(Numeric(14, 3))
    minutes_reference: Mapped[str | None] = mapped_column(String(100))
    note: Mapped[str | None] = mapped_column(String(1000))
    correction: Mapped[bool] = mapped_column(Boolean)
    correction_reason: Mapped[str | None] = mapped_column(String(500))
    recorded_by: Mapped[UUID] = mapped_column(Uuid)

    @classmethod
    def is_public(cls) -> ColumnElement[bool]:
        return true()


class Photo(CommunityItem, Base):
    """A photo of the works: what is known of the file, which lies under its digest."""

    __tablename__ = "photos"
    __table_args__ = community(
        child_of("activities", "activity_id"),
        UniqueConstraint("kelurahan_code", "activity_id", "stage", "digest"),
        CheckConstraint("width > 0 AND height > 0", name="size"),
        serves("photos_of_activity", "activity_id", "id"),
        serves("photos_of_picture", "digest"),
    )
    read_scope = "planning:activities:read"

    activity_id: Mapped[UUID] = mapped_column(Uuid)
    stage: Mapped[Stage] = choice(Stage)
    taken_on: Mapped[date]
    digest: Mapped[str] = mapped_column(String(64, collation="C"))
    media_type: Mapped[str] = mapped_column(String(20))
    width: Mapped[int] = mapped_column(Integer)
    height: Mapped[int] = mapped_column(Integer)

    @classmethod
    def is_public(cls) -> ColumnElement[bool]:
        return true()


class PictureNote(Base):
    """A picture that is about to lie in storage, noted until it is known whether a photo came of it."""

    __tablename__ = "picture_notes"
    __table_args__ = (serves("picture_notes_by_age", "noted_at"), {"info": {"class": "local"}})

    digest: Mapped[str] = mapped_column(String(64, collation="C"), primary_key=True)
    media_type: Mapped[str] = mapped_column(String(20))
    noted_at: Mapped[Moment]


class Handover(CommunityItem, Base):
    """The day on which a finished work went to those who use and keep it."""

    __tablename__ = "handovers"
    __table_args__ = community(
        child_of("activities", "activity_id"),
        UniqueConstraint("kelurahan_code", "activity_id"),
        serves("handovers_of_activity", "activity_id", "id"),
    )
    read_scope = "planning:activities:read"

    activity_id: Mapped[UUID] = mapped_column(Uuid)
    held_on: Mapped[date]
    received_by: Mapped[Receiver] = choice(Receiver)
    upkeep_plan: Mapped[str] = mapped_column(String(2000))

    @classmethod
    def is_public(cls) -> ColumnElement[bool]:
        return true()
