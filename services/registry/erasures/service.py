"""The use case of erasure: every slice that knows a person forgets the name, and what was counted stays counted."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.accounts import authorities
from services.registry.boards import seats
from services.registry.consents import service as consents
from services.registry.elections import delegates, meetings
from services.registry.erasures import queries
from services.registry.facilitators import assignments
from services.registry.facilitators import service as facilitators
from services.registry.personal import service as personal
from services.registry.residents import erasure as residents
from services.registry.volunteers import service as volunteers
from shared.clock import today
from shared.errors import ResourceNotFound
from shared.journal import Audience, Change, record
from shared.occurrence import require_not_future
from shared.permissions import Caller

AUDIENCES = {"person.erased": Audience.REGION}

Erase = Callable[[AsyncSession, personal.Erasing], Awaitable[int]]

HOLDERS: Mapping[str, Erase] = {
    "residents": residents.erase_residents,
    "consents": consents.erase,
    "officers": seats.erase_officers,
    "appointments": seats.erase_appointments,
    "delegates": delegates.erase_delegates,
    "election_meetings": meetings.erase_elected,
    "volunteers": volunteers.erase,
    "facilitators": facilitators.erase,
    "assignments": assignments.erase,
    "accounts": authorities.erase,
}
"""Which slice erases the persons of which table; sealed names are destroyed before, wherever they stand."""

IDS_ONLY = {
    "elections": "who sat on the election committee, told only by their ids",
    "handovers": "between whom a kelurahan went, told only by their ids",
    "emergencies": "whose account broke the glass, told only by its id",
}
"""Tables that know persons by an id that nothing names any more, and why nothing is left to erase."""


@dataclass(frozen=True, slots=True)
class Erased:
    """Whom an erasure reached, and how many rows of each table."""

    person_id: UUID
    rows: Mapping[str, int]


async def erase(
    session: AsyncSession,
    person_id: UUID,
    asked: residents.Erasure,
    *,
    known: frozenset[UUID] = frozenset(),
    by: Caller,
    now: datetime,
) -> Erased:
    """Erase a person, in every record of theirs; ResourceNotFound where the caller serves no place of theirs.

    `known` are other ids of the person. RegionMissing names a place outside the caller's, where the person still
    lives or serves: there somebody has to ask who serves both. Destroyed are the keys under which personal fields lie,
    in every copy, and the digests by which somebody who knows them could tell whose they were.
    """
    require_not_future(asked.requested_on, now=now, pointer="/requested_on")
    persons = known or await residents.same_person(session, person_id)
    persons = await meetings.same_person(session, persons)
    places = await queries.places_of(session, HOLDERS, persons, on=today(now))
    for region, served in (await authorities.regions_of(session, persons, on=today(now))).items():
        places[region] = places.get(region, False) or served
    if not any(by.serves(code) for code in places):
        raise ResourceNotFound
    for code in sorted(code for code, stands in places.items() if stands):
        by.require_region(code)
    for one in sorted(persons):
        await personal.erase(session, one, by=by, now=now)
    erasing = personal.Erasing(persons, asked.reason, asked.requested_on, by, now)
    rows = {table: count for table, holder in HOLDERS.items() if (count := await holder(session, erasing))}
    data = {"id": person_id, "reason": asked.reason, "requested_on": asked.requested_on, "rows": rows}
    place = min(code for code in places if by.serves(code))
    change = Change("person.erased", f"persons/{person_id}", None if place == "*" else place, data, asked.requested_on)
    record(session, change, by=by, now=now)
    return Erased(person_id, rows)
