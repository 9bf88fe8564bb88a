"""Tables of households, residents and what the community decided about their welfare; none of them names anybody."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, Integer, String
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Uuid

from services.registry.database import Base
from services.registry.residents.numbers import KkShared, NumberAbsent
from services.registry.residents.rules import (
    BirthYearAbsent,
    HouseholdEnd,
    ResidentEnd,
    Sex,
    Vulnerability,
    Welfare,
)
from shared.attendance import PoorNotCounted, WomenNotCounted
from shared.tables import CommunityItem, Dated, child_of, choice, community, serves

_KNOWN = ", ".join(f"'{one.value}'" for one in Vulnerability)


class Household(CommunityItem, Dated, Base):
    """People who live and eat together, for as long as they do so at one place.

    Address, exact point and the number of the family card are its personal record, under the same id.
    """

    __tablename__ = "households"
    __table_args__ = community(
        CheckConstraint("ends_on >= starts_on", name="order"),
        CheckConstraint("(ends_on IS NULL) = (ended_because IS NULL)", name="ended"),
        CheckConstraint("kk_shared_reason IS NULL OR kk_absent_reason IS NULL", name="kk_shared"),
        serves("households_by_place", "kelurahan_code", "id"),
        serves("households_moved", "moved_from"),
    )
    read_scope = "registry:residents:read"

    rt: Mapped[str | None] = mapped_column(String(4))
    rw: Mapped[str | None] = mapped_column(String(4))
    head_id: Mapped[UUID | None] = mapped_column(Uuid)
    kk_absent_reason: Mapped[NumberAbsent | None] = choice(NumberAbsent)
    """Null when its number is in the personal record, or was before it was erased."""

    kk_shared_reason: Mapped[KkShared | None] = choice(KkShared)
    """Why another household had the same card when it was recorded; null where none was known to."""

    ended_because: Mapped[HouseholdEnd | None] = choice(HouseholdEnd)
    moved_from: Mapped[UUID | None] = mapped_column(Uuid)
    """The household it was before it moved; no foreign key, for that one may stand in another kelurahan."""

    erased_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class Resident(CommunityItem, Dated, Base):
    """A person in one household, from the first day there to the last; who moves gets another row.

    Name, NIK and phone are its personal record, under the same id.
    """

    __tablename__ = "residents"
    __table_args__ = community(
        child_of("households", "household_id"),
        CheckConstraint("ends_on >= starts_on", name="order"),
        CheckConstraint("(ends_on IS NULL) = (ended_because IS NULL)", name="ended"),
        CheckConstraint("(birth_year IS NULL) = (birth_year_absent_reason IS NOT NULL)", name="birth_year"),
        CheckConstraint(f"vulnerabilities <@ ARRAY[{_KNOWN}]::varchar[]", name="vulnerabilities"),
        serves("residents_by_place", "kelurahan_code", "id"),
        serves("residents_of_household", "household_id", "id"),
        serves("residents_of_person", "person_id"),
        serves("residents_moved", "moved_from"),
        serves("residents_merged", "merged_into"),
        serves("residents_by_vulnerability", "vulnerabilities", postgresql_using="gin"),
    )
    read_scope = "registry:residents:read"

    household_id: Mapped[UUID] = mapped_column(Uuid)
    person_id: Mapped[UUID] = mapped_column(Uuid)
    """The same in every row of one person, wherever it stands."""

    sex: Mapped[Sex] = choice(Sex)
    birth_year: Mapped[int | None] = mapped_column(Integer)
    birth_year_absent_reason: Mapped[BirthYearAbsent | None] = choice(BirthYearAbsent)
    nik_absent_reason: Mapped[NumberAbsent | None] = choice(NumberAbsent)
    """Null when the NIK is in the personal record, or was before it was erased."""

    vulnerabilities: Mapped[list[str] | None] = mapped_column(ARRAY(String(40)))
    """None when nobody asked."""

    ended_because: Mapped[ResidentEnd | None] = choice(ResidentEnd)
    moved_from: Mapped[UUID | None] = mapped_column(Uuid)
    merged_into: Mapped[UUID | None] = mapped_column(Uuid)
    """The row that stands for this person, when this one was recorded twice; it counts nowhere."""

    erased_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class WelfareStatus(CommunityItem, Dated, Base):
    """What a residents' meeting decided about a household's welfare; of one household at most one holds on a day."""

    __tablename__ = "welfare_statuses"
    __table_args__ = community(
        child_of("households", "household_id"),
        CheckConstraint("ends_on >= starts_on", name="order"),
        CheckConstraint("starts_on >= held_on", name="decided"),
        CheckConstraint("attendance_total >= 1", name="attendance"),
        CheckConstraint("women BETWEEN 0 AND attendance_total AND poor BETWEEN 0 AND attendance_total", name="parts"),
        CheckConstraint(
            "(women IS NULL) = (women_not_counted IS NOT NULL) AND (poor IS NULL) = (poor_not_counted IS NOT NULL)",
            name="reasons",
        ),
        serves("welfare_statuses_of_household", "household_id", "starts_on"),
        serves("welfare_statuses_by_place", "kelurahan_code", "id"),
    )
    read_scope = "registry:residents:read"

    household_id: Mapped[UUID] = mapped_column(Uuid)
    status: Mapped[Welfare] = choice(Welfare)
    held_on: Mapped[date]
    minutes_reference: Mapped[str] = mapped_column(String(200))
    criteria_reference: Mapped[str | None] = mapped_column(String(200))
    attendance_total: Mapped[int] = mapped_column(Integer)
    women: Mapped[int | None] = mapped_column(Integer)
    women_not_counted: Mapped[WomenNotCounted | None] = choice(WomenNotCounted)
    poor: Mapped[int | None] = mapped_column(Integer)
    poor_not_counted: Mapped[PoorNotCounted | None] = choice(PoorNotCounted)
