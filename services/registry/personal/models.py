"""The one table of what names a person, and the queue of pairs that may be one person."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, DateTime, Integer, LargeBinary, String, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Uuid

from services.registry.database import Base
from services.registry.personal.rules import Dismissal, DuplicateState
from shared.tables import Code, CommunityItem, choice, community, serves


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
        CheckConstraint("erased_at IS NULL OR nik_digest IS NULL AND kk_digest IS NULL", name="numbers_erased"),
        CheckConstraint("erased_at IS NULL OR match_keys = '{}'", name="match_keys_erased"),
        serves("personal_records_of_person", "person_id"),
        serves("personal_records_by_nik", "nik_digest"),
        serves("personal_records_by_kk", "kk_digest"),
        # Written at once, not gathered first: what is gathered, every search would read through.
        serves(
            "personal_records_by_match",
            "match_keys",
            postgresql_using="gin",
            postgresql_with={"fastupdate": "off"},
        ),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    kelurahan_code: Mapped[Code]
    person_id: Mapped[UUID] = mapped_column(Uuid)
    wrapped_key: Mapped[bytes | None] = mapped_column(LargeBinary)
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    nik_digest: Mapped[bytes | None] = mapped_column(LargeBinary)
    kk_digest: Mapped[bytes | None] = mapped_column(LargeBinary)
    match_keys: Mapped[list[int]] = mapped_column(ARRAY(BigInteger), server_default="{}")
    """Keyed digests of what a name sounds like and the year of birth; empty where nobody is looked for."""

    erased_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class Duplicate(CommunityItem, Base):
    """Two residents who may be one person, and what was decided about them.

    It stands where the second of the two does, the one with the higher id. Only the same NIK joins two kelurahan;
    then `elsewhere_code` is where the first was recorded.
    """

    __tablename__ = "duplicates"
    __table_args__ = community(
        UniqueConstraint("kelurahan_code", "first_id", "second_id"),
        CheckConstraint("first_id < second_id", name="order"),
        CheckConstraint("score BETWEEN 0 AND 100", name="score"),
        CheckConstraint("(state = 'dismissed') = (dismissal IS NOT NULL)", name="dismissed"),
        CheckConstraint(
            "(state = 'merged') = (kept_id IS NOT NULL) AND (kept_id IS NULL) = (kept_version IS NULL)"
            " AND (kept_id IS NULL) = (absorbed_version IS NULL) AND kept_id IN (first_id, second_id)",
            name="merged",
        ),
        serves("duplicates_by_place", "kelurahan_code", "id"),
        serves("duplicates_by_state", "state", "id"),
        serves("duplicates_by_score", "state", "score", "id"),
        serves("duplicates_of_first", "first_id"),
        serves("duplicates_of_second", "second_id"),
    )
    read_scope = "registry:duplicates:read"

    first_id: Mapped[UUID] = mapped_column(Uuid)
    second_id: Mapped[UUID] = mapped_column(Uuid)
    elsewhere_code: Mapped[str | None] = mapped_column(String(13, collation="C"))
    score: Mapped[int] = mapped_column(Integer)
    reasons: Mapped[list[str]] = mapped_column(ARRAY(String(20)))
    state: Mapped[DuplicateState] = choice(DuplicateState)
    dismissal: Mapped[Dismissal | None] = choice(Dismissal)
    kept_id: Mapped[UUID | None] = mapped_column(Uuid)
    kept_version: Mapped[int | None] = mapped_column(BigInteger)
    """The version that the merge left the kept resident in: as long as it is that, the merge can be undone."""

    absorbed_version: Mapped[int | None] = mapped_column(BigInteger)
