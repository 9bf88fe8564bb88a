"""How residents are counted, for everybody and for other slices, and how other slices look them up."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CTE,
    ColumnElement,
    CompoundSelect,
    Date,
    Integer,
    Select,
    Subquery,
    Uuid,
    and_,
    any_,
    bindparam,
    case,
    func,
    or_,
    select,
    union,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession
from sqlalchemy.orm import aliased

from services.registry.database import places
from services.registry.personal import service as personal
from services.registry.residents.models import Household, Resident, WelfareStatus
from services.registry.residents.rules import (
    ResidentEnded,
    ResidentMerged,
    ResidentRules,
    Sex,
    Welfare,
    is_adult,
)
from shared.items import same_place
from shared.lists import Bounded
from shared.rulesets import in_force, load
from shared.statements import fetch, remembered

RESIDENT_RULES = load(Path(__file__).with_name("rulesets.json"), ResidentRules)
ON: Any = bindparam("on", type_=Date)
HOLDING = and_(WelfareStatus.household_id == Household.id, WelfareStatus.holds_on(ON))
_KEPT, _LAST, _HERE = aliased(Resident), aliased(Resident), aliased(Resident)


@dataclass(frozen=True, slots=True)
class PlaceCounts:
    """Households and people of a region on a day; who was recorded twice counts once.

    Of adults and of poor people nobody knows all: `of_unknown_age` and `undecided_households` say how many are missing.
    """

    households: int
    poor_households: int
    undecided_households: int
    residents: int
    women: int
    adults: int
    adult_women: int
    of_unknown_age: int
    poor_residents: int


@dataclass(frozen=True, slots=True)
class KnownResident:
    """What other slices may ask of a resident on a day; None where nobody knows."""

    id: UUID
    person_id: UUID
    household_id: UUID
    kelurahan_code: str
    sex: Sex
    lives_here: bool
    adult: bool | None
    poor: bool | None


def _in_region(statement: Any, asked: Bounded, code: Any) -> Any:
    return statement.join(places, places.c.kelurahan_code == code).where(asked.lies_in_region(places))


def counted(asked: Bounded) -> Select[Any]:
    """Return the statement that counts a region; it takes `on` and `adult_by`, the latest year of birth of an adult."""
    judged = func.count(WelfareStatus.id)
    poor = WelfareStatus.status == Welfare.POOR
    of_households = _in_region(
        select(
            func.count().label("households"),
            func.count().filter(poor).label("poor_households"),
            (func.count() - judged).label("undecided_households"),
        )
        .select_from(Household)
        .outerjoin(WelfareStatus, HOLDING)
        .where(Household.holds_on(ON)),
        asked,
        Household.kelurahan_code,
    ).subquery("of_households")
    adult = Resident.birth_year <= bindparam("adult_by", type_=Integer)
    woman = Resident.sex == Sex.FEMALE
    of_residents = _in_region(
        select(
            func.count().label("residents"),
            func.count().filter(woman).label("women"),
            func.count().filter(adult).label("adults"),
            func.count().filter(adult, woman).label("adult_women"),
            func.count().filter(Resident.birth_year.is_(None)).label("of_unknown_age"),
            func.count().filter(poor).label("poor_residents"),
        )
        .select_from(Resident)
        .outerjoin(WelfareStatus, and_(WelfareStatus.household_id == Resident.household_id, WelfareStatus.holds_on(ON)))
        .where(Resident.holds_on(ON), Resident.merged_into.is_(None)),
        asked,
        Resident.kelurahan_code,
    ).subquery("of_residents")
    return select(*of_households.c, *of_residents.c)


_counted = remembered(counted)


def given(on: date) -> dict[str, Any]:
    """Return what the statement that counts a region takes."""
    return {"on": on, "adult_by": on.year - in_force(RESIDENT_RULES, on).values.adult_from}


async def counts(connection: AsyncConnection | AsyncSession, asked: Bounded, *, on: date) -> PlaceCounts:
    """Return how many households and people a region had on a day: a kelurahan or wider, in one statement."""
    (row,) = await fetch(connection, _counted(asked), given(on))
    return PlaceCounts(**row._asdict())


@remembered
def _known() -> Select[Any]:
    # Given as one array, so that there is one statement however many are asked for.
    asked = any_(bindparam("ids", type_=ARRAY(Uuid)))
    judged = (
        select(case((WelfareStatus.status == Welfare.POOR, 1), else_=0))
        .where(WelfareStatus.household_id == Resident.household_id, WelfareStatus.holds_on(ON))
        .limit(1)
        .scalar_subquery()
    )
    return select(
        Resident.id,
        Resident.person_id,
        Resident.household_id,
        Resident.kelurahan_code,
        Resident.sex,
        Resident.birth_year,
        and_(Resident.holds_on(ON), Resident.merged_into.is_(None)).label("lives_here"),
        judged.label("judged_poor"),
    ).where(Resident.id == asked)


async def known_residents(
    connection: AsyncConnection | AsyncSession, ids: Collection[UUID], *, on: date
) -> dict[UUID, KnownResident]:
    """Return those of some ids that are residents, as they were on a day; one statement for all."""
    rules = in_force(RESIDENT_RULES, on).values
    rows = await fetch(connection, _known(), {"ids": list(ids), "on": on}) if ids else []
    return {
        row.id: KnownResident(
            id=row.id,
            person_id=row.person_id,
            household_id=row.household_id,
            kelurahan_code=row.kelurahan_code,
            sex=Sex(row.sex),
            lives_here=row.lives_here,
            adult=is_adult(row.birth_year, on=on, rules=rules),
            poor=None if row.judged_poor is None else bool(row.judged_poor),
        )
        for row in rows
    }


def one_person(beginning: ColumnElement[bool]) -> CTE:
    """Return the rows (`id`, `person_id`) of a person of whom some are known: of every move, and found to be the same."""
    same = select(Resident.id, Resident.person_id, Resident.merged_into).where(beginning).cte("same", recursive=True)
    other = aliased(Resident)
    return same.union(
        select(other.id, other.person_id, other.merged_into).join(
            same,
            or_(other.person_id == same.c.person_id, other.merged_into == same.c.id, other.id == same.c.merged_into),
        )
    )


def persons(on: Any) -> Subquery:
    """Return residents as other slices may join them, by `id`: who stands for each, and what is known of them.

    Who was recorded twice is followed to the one kept (`resident_id`), and once more if that one was. `person_id` is
    the same wherever the person lived; `poor` is what the community decided about the household of the day, null when
    it decided nothing.
    """

    def standing(name: str) -> ColumnElement[Any]:
        # Hardly anybody is recorded twice: for all others nothing more is read.
        of_kept = (
            select(func.coalesce(getattr(_LAST, name), getattr(_KEPT, name)))
            .outerjoin_from(_KEPT, _LAST, _LAST.id == _KEPT.merged_into)
            .where(_KEPT.id == Resident.merged_into)
            .correlate(Resident)
            .scalar_subquery()
        )
        return case((Resident.merged_into.is_(None), getattr(Resident, name)), else_=of_kept)

    poor = (
        select(WelfareStatus.status == Welfare.POOR)
        .join(_HERE, _HERE.household_id == WelfareStatus.household_id)
        .where(
            _HERE.person_id == standing("person_id"),
            _HERE.merged_into.is_(None),
            _HERE.holds_on(on),
            WelfareStatus.holds_on(on),
        )
        .correlate(Resident)
        .limit(1)
        .scalar_subquery()
    )
    return select(
        Resident.id,
        standing("id").label("resident_id"),
        standing("person_id").label("person_id"),
        (Resident.sex == Sex.FEMALE).label("woman"),
        poor.label("poor"),
    ).subquery("persons")


def rows_of(person_ids: Select[Any]) -> CompoundSelect[Any]:
    """Return the ids of the residents that some persons are or were, wherever they lived, with those recorded twice."""
    stands, merged, again = aliased(Resident), aliased(Resident), aliased(Resident)
    of_person = select(stands.id).where(stands.person_id.in_(person_ids))
    of_kept = select(merged.id).where(merged.merged_into.in_(of_person))
    return union(of_person, of_kept, select(again.id).where(again.merged_into.in_(of_kept)))


async def kept_resident(session: AsyncSession, resident_id: UUID, *, kelurahan_code: str) -> Resident | None:
    """Return a resident of a kelurahan, or the one kept when they were recorded twice; None when there is none."""
    here = select(Resident).where(Resident.id == resident_id, same_place(Resident, kelurahan_code))
    resident: Resident | None = await session.scalar(here)
    # Only residents of one kelurahan are merged.
    while resident is not None and resident.merged_into is not None:
        resident = await session.get_one(Resident, resident.merged_into)
    return resident


def require_open(resident: Resident, day: date) -> None:
    """Refuse what needs somebody to live here on a day, of somebody who died or left before."""
    if resident.ends_on is not None and resident.ends_on < day:
        raise ResidentEnded(ends_on=resident.ends_on)


def require_present(resident: Resident, day: date) -> None:
    """Refuse what somebody does on a day under a record that no longer stands for them: ended, merged or erased."""
    if resident.merged_into is not None:
        raise ResidentMerged(merged_into=resident.merged_into)
    if resident.erased_at is not None:
        raise personal.PersonalErased
    require_open(resident, day)
