"""How many adults each RT of a kelurahan has, as far as they are recorded (EL-3)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Integer, String, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from services.registry.residents.counting import ON, RESIDENT_RULES
from services.registry.residents.models import Household, Resident
from shared.items import same_place
from shared.rulesets import in_force
from shared.statements import fetch, remembered


@dataclass(frozen=True, slots=True)
class AdultCount:
    """Residents of an RT who are adults, and those of whom nobody knows the age."""

    adults: int
    of_unknown_age: int


@remembered
def _of_neighbourhoods() -> Any:
    adult = Resident.birth_year <= bindparam("adult_by", type_=Integer)
    return (
        select(
            Household.rt,
            Household.rw,
            func.count().filter(adult).label("adults"),
            func.count().filter(Resident.birth_year.is_(None)).label("of_unknown_age"),
        )
        .select_from(Resident)
        .join(Household, Household.id == Resident.household_id)
        .where(
            same_place(Resident, bindparam("code", type_=String)),
            Resident.holds_on(ON),
            Resident.merged_into.is_(None),
            Household.rt.is_not(None),
        )
        .group_by(Household.rt, Household.rw)
    )


async def adults_of_neighbourhoods(
    connection: AsyncConnection | AsyncSession, kelurahan_code: str, *, on: date
) -> Mapping[tuple[str, str | None], AdultCount]:
    """Return the adults of a day by RT and RW, of each RT in which residents are recorded, in one statement."""
    rules = in_force(RESIDENT_RULES, on).values
    values = {"code": kelurahan_code, "on": on, "adult_by": on.year - rules.adult_from}
    rows = await fetch(connection, _of_neighbourhoods(), values)
    return {(row.rt, row.rw): AdultCount(row.adults, row.of_unknown_age) for row in rows}
