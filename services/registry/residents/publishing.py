"""The counts of households and people that everybody may see, and those of the poor as far as they tell of no few."""

from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import Select, String, bindparam, exists, func, not_, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.database import places
from services.registry.regions import service as regions
from services.registry.residents.cells import Cell, shown_beside, shown_places
from services.registry.residents.counting import HOLDING, ON, PlaceCounts, counted, given
from services.registry.residents.models import Household, Resident, WelfareStatus
from services.registry.residents.rules import CountMissing, Welfare, shown_parts
from services.registry.residents.schemas import StatisticsQuery
from shared.lists import Bounded
from shared.places import VILLAGE, within
from shared.statements import fetch, remembered

CITY = len("34.71")
_POOR = WelfareStatus.status == Welfare.POOR


class PoorCells(NamedTuple):
    """Poor households of a region, and the people in them."""

    households: Cell
    residents: Cell


def _everywhere(reason: CountMissing) -> PoorCells:
    return PoorCells((None, reason), (None, reason))


def _of_kelurahan(city: str) -> Select[Any]:
    """Return the statement that counts the poor of each kelurahan of a city whose residents decided about anybody."""
    households = (
        select(places.c.code_now, func.count().filter(_POOR).label("households"))
        .select_from(Household)
        .join(WelfareStatus, HOLDING)
        .join(places, places.c.kelurahan_code == Household.kelurahan_code)
        .where(Household.holds_on(ON), within(places.c.code_now, city))
        .group_by(places.c.code_now)
        .subquery("households")
    )
    residents = (
        select(places.c.code_now, func.count().label("residents"))
        .select_from(Resident)
        .join(WelfareStatus, WelfareStatus.household_id == Resident.household_id)
        .join(places, places.c.kelurahan_code == Resident.kelurahan_code)
        .where(
            Resident.holds_on(ON),
            Resident.merged_into.is_(None),
            WelfareStatus.holds_on(ON),
            _POOR,
            within(places.c.code_now, city),
        )
        .group_by(places.c.code_now)
        .subquery("residents")
    )
    people = func.coalesce(residents.c.residents, 0)
    return select(
        func.json_agg(func.json_build_array(households.c.code_now, households.c.households, people))
    ).outerjoin_from(households, residents, residents.c.code_now == households.c.code_now)


@remembered
def _population(asked: Bounded, city: str) -> Select[Any]:
    region = counted(asked).subquery("region")
    poor = _of_kelurahan(city).scalar_subquery().label("poor")
    return select(*region.c, poor, regions.region_now(asked.region))


class Population(NamedTuple):
    """How many a region had on a day, what it is called today, and its poor by today's boundaries."""

    numbers: PlaceCounts
    """Of these, the poor are nobody's to see."""

    poor: PoorCells
    """As everybody may see them beside those of all other places."""

    region_now: str


async def population(connection: AsyncConnection, asked: Bounded, *, on: date) -> Population:
    """Return the population of a kelurahan, kecamatan or city on a day, or RegionUnknown, in one statement."""
    code = asked.region or ""
    (row,) = await fetch(connection, _population(asked, code[:CITY]), given(on))
    found = row._asdict()
    rows, region_now = found.pop("poor") or [], found.pop("region_now")
    regions.require_region(asked.region, region_now)
    households = shown_places({kelurahan: count for kelurahan, count, _ in rows})
    if code not in households:
        return Population(PlaceCounts(**found), _everywhere(CountMissing.NO_POVERTY_LIST), region_now)
    residents = shown_beside(shown_places({kelurahan: people for kelurahan, _, people in rows}), households)
    return Population(PlaceCounts(**found), PoorCells(households[code], residents[code]), region_now)


@remembered
def _moved(region: str) -> Select[Any]:
    """Return the statement of whether a place lies within a region today or did when its rows were made, not both."""
    then, now = within(places.c.kelurahan_code, region), within(places.c.code_now, region)
    return select(exists().where(or_(then & not_(now), now & not_(then))).label("moved"))


def _of_rw() -> Any:
    return (
        select(Household.rw, func.count().filter(_POOR).label("poor_households"))
        .select_from(Household)
        .outerjoin(WelfareStatus, HOLDING)
        .join(places, places.c.kelurahan_code == Household.kelurahan_code)
        .where(places.c.code_now == bindparam("region", type_=String), Household.holds_on(ON))
        .group_by(Household.rw)
        .order_by(Household.rw)
    )


def _count(cell: Cell) -> dict[str, Any]:
    return {"count": cell[0], "null_reason": cell[1]}


async def statistics(connection: AsyncConnection, query: StatisticsQuery, *, on: date) -> dict[str, Any]:
    """Return the public counts of a region as Statistics, or RegionUnknown; small ones of the poor are hidden.

    Of the poor there is one count, in today's boundaries: another beside it would tell the difference. In the
    original ones it is told where no place came or went. The parts of a hidden whole would tell it.
    """
    asked = Bounded(region=query.region, boundaries=query.boundaries)
    numbers, poor, region_now = await population(connection, asked, on=on)
    parts: list[dict[str, Any]] = []
    if numbers.households == numbers.undecided_households:
        poor = _everywhere(CountMissing.NO_POVERTY_LIST)
    elif query.original and (await fetch(connection, _moved(query.region)))[0].moved:
        poor = _everywhere(CountMissing.TELLS_ANOTHER)
    elif VILLAGE.match(query.region) and not query.original:
        rows = await fetch(connection, _of_rw(), {"region": query.region, "on": on})
        shown = shown_parts({row.rw or "": row.poor_households for row in rows})
        if poor.households[0] is None:
            shown = {rw: (None, reason or poor.households[1]) for rw, (_, reason) in shown.items()}
        parts = [{"rw": rw or None, "poor_households": _count(cell)} for rw, cell in shown.items()]
    return {
        "region": query.region,
        "region_now": region_now,
        "as_of": on,
        "households": numbers.households,
        "residents": numbers.residents,
        "women": numbers.women,
        "poor_households": _count(poor.households),
        "poor_residents": _count(poor.residents),
        "undecided_households": numbers.undecided_households,
        "rw": parts,
    }
