"""The one table of what names a person."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Uuid

from services.registry.database import Base
from shared.tables import Code, community, serves


class PersonalRecord(Base):
    """Names, NIK, phone and address behind one row of another slice, whose id it carries.

    One person may stand behind several rows: in the kelurahan left and in the one moved to. Erasure takes the keys
    and digests of all of them; what remains tells only that something was erased, and when.
    """

    __tablename__ = "personal_records"
    __table_args__ = community(
        CheckConstraint(
            "(erased_at IS NULL) = (wrapped_key IS NOT NULL) AND (erased_at IS NULL) = (sealed IS NOT NULL)",
            name="erased",
        ),
        CheckConstraint("erased_at IS NULL OR nik_digest IS NULL", name="nik_erased"),
        serves("personal_records_of_person", "person_id"),
        serves("personal_records_by_nik", "nik_digest"),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    kelurahan_code: Mapped[Code]
    person_id: Mapped[UUID] = mapped_column(Uuid)
    wrapped_key: Mapped[bytes | None] = mapped_column(LargeBinary)
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    nik_digest: Mapped[bytes | None] = mapped_column(LargeBinary)
    erased_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
