"""Every row knows its place: region codes, and who may see the rows of a place."""

import re
from collections.abc import Iterable
from datetime import date
from typing import Annotated, Any

from pydantic import Field
from sqlalchemy import Column as TableColumn
from sqlalchemy import (
    ColumnElement,
    Date,
    MetaData,
    String,
    Table,
    and_,
    exists,
    false,
    func,
    not_,
    or_,
    select,
    true,
)

from shared.errors import Invalid, Text

NATION = "*"
CODE = re.compile(r"^\d{2}(\.\d{2}(\.\d{2}(\.\d{4})?)?)?$")  # REG-1
VILLAGE = re.compile(r"^\d{2}\.\d{2}\.\d{2}\.\d{4}$")

RegionCode = Annotated[
    str,
    Field(pattern=CODE.pattern, description="Kemendagri region code of any level", examples=["34.71"]),
]
KelurahanCode = Annotated[
    str,
    Field(
        pattern=VILLAGE.pattern,
        description="Kemendagri code of a kelurahan or desa, as it was when the row was made",
        examples=["34.71.03.1001"],
    ),
]


ServedRegion = Annotated[
    str,
    Field(
        pattern=rf"{CODE.pattern}|^\*$", description=f"A region code, or {NATION} for the nation", examples=["34.71"]
    ),
]
REGION_NOW = "What the region is called today; if otherwise, its rows count under that code by today's boundaries"


class PlaceUnknown(Invalid):
    code = "place.unknown"
    title = Text("Kelurahan tidak dikenal", "Unknown kelurahan")
    detail = Text("Kode {code} tidak ada dalam daftar wilayah.", "There is no kelurahan with the code {code}.")
    fix = Text("Cari kodenya di /registry/v1/regions.", "Look the code up in /registry/v1/regions.")


class PlaceEnded(Invalid):
    code = "place.ended"
    title = Text("Kode sudah berakhir", "Code has ended")
    detail = Text(
        "Kode {code} berakhir pada {valid_to}; tempat ini kini {code_now}.",
        "The code {code} ended on {valid_to}; the place is {code_now} now.",
    )
    fix = Text(
        "Pakai kode yang berlaku pada hari itu; setelah pemekaran, kode kelurahan yang memuat tempatnya.",
        "Use the code that was valid on the day; after a split, that of the kelurahan in which it lies.",
    )


def places_table(metadata: MetaData) -> Table:
    """Declare a service's copy of where each kelurahan code stands now.

    A row keeps the code it was made under; scope, filters and roll-ups test `code_now`.
    """
    return Table(
        "places",
        metadata,
        TableColumn("kelurahan_code", String(13, collation="C"), primary_key=True),
        TableColumn("code_now", String(13, collation="C"), nullable=False, index=True),
        TableColumn("name", String(200), nullable=False),
        TableColumn("valid_from", Date),
        TableColumn("valid_to", Date),
        info={"class": "copied"},
    )


def within(column: ColumnElement[str], prefix: str) -> ColumnElement[bool]:
    """Return the condition that a code is the region or lies below it, at a dot boundary.

    Between a code and the same code with '/' lie, in byte order, only itself and what continues
    with '.', for digits follow '/': one range of an index.
    """
    if prefix == NATION:
        return true()
    if len(prefix) == len("34.71.03.1001"):
        return column == prefix
    return and_(column >= prefix, column < f"{prefix}/")


def within_any(column: ColumnElement[str], prefixes: Iterable[str]) -> ColumnElement[bool]:
    """Return the condition that a code lies in one of the regions; nowhere when there are none."""
    conditions = [within(column, prefix) for prefix in prefixes]
    return or_(*conditions) if conditions else false()


def called_today(places: Table, region: Any) -> ColumnElement[str]:
    """Return what a region that was given, a column, is called today."""
    now = select(places.c.code_now).where(places.c.kelurahan_code == region).scalar_subquery()
    # An array's texts sort as the database does, a code by its bytes.
    return func.coalesce(now, region.collate("C"))


def reach_beyond(places: Table, regions: Any, served: Iterable[str]) -> ColumnElement[bool]:
    """Return the condition that not all of some regions, an array, lie within those that are served today."""
    region = func.unnest(regions).column_valued("region")
    return exists(select(region).where(not_(within_any(called_today(places, region), served))))


def name_of(places: Any, code: Any) -> ColumnElement[str]:
    """Return what a code, a column of a row joined with `places`, is called or was called last."""
    named = places.alias("named")
    return select(named.c.name).where(named.c.kelurahan_code == code).correlate(places).scalar_subquery()


def called_now(places: Any) -> ColumnElement[str]:
    """Return the name that stands beside `code_now`: what the place of a row joined with `places` is called today."""
    # A copy may not have heard of it yet; its own row says what its code was last called.
    return func.coalesce(name_of(places, places.c.code_now), places.c.name)


def lies_within(code: str, prefixes: Iterable[str]) -> bool:
    """Tell whether a code is one of the regions or lies below one, at a dot boundary."""
    return any(prefix in {NATION, code} or code.startswith(f"{prefix}.") for prefix in prefixes)


def ancestry(code: str) -> list[str]:
    """Return a code with those of the regions it lies in, the widest first."""
    parts = code.split(".")
    return [".".join(parts[: count + 1]) for count in range(len(parts))]


def place_row(code: str, *, name: str, code_now: str, valid_from: date | None, valid_to: date | None) -> dict[str, Any]:
    """Return one row of `places`."""
    return {
        "kelurahan_code": code,
        "name": name,
        "code_now": code_now,
        "valid_from": valid_from,
        "valid_to": valid_to,
    }
