"""What tables have in common: their class, their columns and the names of their constraints."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any, ClassVar
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ColumnElement,
    DateTime,
    Enum,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    MetaData,
    String,
    UniqueConstraint,
    and_,
    false,
    or_,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, MappedColumn, declared_attr, mapped_column
from sqlalchemy.schema import SchemaItem
from sqlalchemy.types import Uuid

from shared.permissions import Caller

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

LARGEST_RUPIAH = 2**53 - 1
"""The largest amount, in rupiah, that every JSON reader keeps exact."""

Code = Annotated[str, mapped_column(String(13, collation="C"))]
"""A Kemendagri region code such as 34.71.01.1001; byte order, so that a prefix is a range."""

Moment = Annotated[datetime, mapped_column(DateTime(timezone=True))]
Rupiah = Annotated[int, mapped_column(BigInteger)]
Digest = Annotated[bytes, mapped_column(LargeBinary)]


def metadata() -> MetaData:
    """Return empty metadata with the house's constraint names."""
    return MetaData(naming_convention=NAMES)


def community(*items: SchemaItem) -> tuple[Any, ...]:
    """Declare a community table: every row stands in one kelurahan, and so do its children."""
    return (UniqueConstraint("id", "kelurahan_code"), *items, {"info": {"class": "community"}})


def regional(*items: SchemaItem) -> tuple[Any, ...]:
    """Declare a regional table: every row belongs to a region of any level (`region_code`)."""
    return (*items, {"info": {"class": "regional"}})


def reference(*items: SchemaItem) -> tuple[Any, ...]:
    """Declare a reference table: the same rows for everybody (regions, partners, accounts)."""
    return (*items, {"info": {"class": "reference"}})


def local(*items: SchemaItem) -> tuple[Any, ...]:
    """Declare a table that stays with its process's database: journal, keys, cursors, jobs."""
    return (*items, {"info": {"class": "local"}})


def copied(*items: SchemaItem) -> tuple[Any, ...]:
    """Declare a copy of another service's rows, kept by following its journal."""
    return (*items, {"info": {"class": "copied"}})


def child_of(table: str, column: str) -> ForeignKeyConstraint:
    """Return the composite foreign key that keeps a child in its parent's kelurahan."""
    return ForeignKeyConstraint([column, "kelurahan_code"], [f"{table}.id", f"{table}.kelurahan_code"])


def serves(name: str, *columns: str, **options: Any) -> Index:
    """Return an index, named after what it serves."""
    return Index(f"ix_{name}", *columns, **options)


def rupiah_within_bounds(column: str, *, at_least: int = 0) -> CheckConstraint:
    """Return the CHECK that keeps an amount of rupiah exact in JSON."""
    return CheckConstraint(f"{column} BETWEEN {at_least} AND {LARGEST_RUPIAH}", name=f"{column}_bounds")


def choice(kind: type[StrEnum], *, name: str | None = None) -> MappedColumn[Any]:
    """Return a column that holds one of the programme's own terms, as text with a CHECK.

    A table that holds the same terms in two columns gives one of the CHECKs a `name`.
    """
    longest = max(len(one) for one in kind)
    stored = Enum(
        kind,
        name=name or kind.__name__.lower(),
        values_callable=lambda terms: [one.value for one in terms],
        native_enum=False,
        create_constraint=True,
        length=max(longest, 20),
    )
    return mapped_column(stored)


class Item:
    """Columns of everything that has an address: identity, version and what made it."""

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, sort_order=-10)
    version: Mapped[int] = mapped_column(BigInteger, sort_order=100)
    creation_digest: Mapped[Digest] = mapped_column(sort_order=101)
    recorded_at: Mapped[Moment] = mapped_column(sort_order=102)
    changed_at: Mapped[Moment] = mapped_column(sort_order=103)

    @declared_attr.directive
    def __mapper_args__(cls) -> dict[str, Any]:  # noqa: N805 - SQLAlchemy hands over the class
        return {"version_id_col": cls.__table__.c.version if hasattr(cls, "__table__") else cls.version}


class PlacedItem(Item):
    """An item that stands somewhere, under the code it was made with, which never changes.

    A subclass says who sees it: `read_scope` opens the full view in the caller's regions,
    `is_public` what everybody may know of, `is_party` what a partner is itself part of, and
    `is_withheld` keeps a row from somebody who would otherwise see it.
    """

    read_scope: ClassVar[str]
    placed_by: ClassVar[str]
    """The column that holds its code."""

    @classmethod
    def is_public(cls) -> ColumnElement[bool]:
        return false()

    @classmethod
    def is_party(cls, _caller: Caller) -> ColumnElement[bool]:
        return false()

    @classmethod
    def is_withheld(cls, _caller: Caller) -> ColumnElement[bool]:
        return false()


class CommunityItem(PlacedItem):
    """An item that stands in one kelurahan."""

    placed_by = "kelurahan_code"
    kelurahan_code: Mapped[Code] = mapped_column(sort_order=-9)


class RegionalItem(PlacedItem):
    """An item that belongs to a region of any level: a city's committee, a learning community."""

    placed_by = "region_code"
    region_code: Mapped[Code] = mapped_column(sort_order=-9)


class Dated:
    """What holds for a while: from its first day to its last, both included; without a last day it still holds.

    Two that exclude each other are kept apart by locking what they belong to (`FOR UPDATE`), since both see
    the other only then; `overlapping` finds the one in the way.
    """

    starts_on: Mapped[date] = mapped_column(sort_order=90)
    ends_on: Mapped[date | None] = mapped_column(sort_order=91)

    @classmethod
    def holds_on(cls, day: Any) -> ColumnElement[bool]:
        """Return the condition that it holds on a day, given or left open as a parameter."""
        return and_(cls.starts_on <= day, or_(cls.ends_on.is_(None), cls.ends_on >= day))

    @classmethod
    def overlapping(cls, starts_on: date, ends_on: date | None) -> ColumnElement[bool]:
        """Return the condition that it shares a day with a time from one day to another, or without end."""
        begun = true() if ends_on is None else cls.starts_on <= ends_on
        return and_(begun, or_(cls.ends_on.is_(None), cls.ends_on >= starts_on))


class FourEyes:
    """An item that somebody else must approve: who touched it since its last approval."""

    touched_by: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid), sort_order=110)
