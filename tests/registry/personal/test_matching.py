"""The queue on a real database: who is put into it, by one, by thousands, and by two at once; and who leaves it."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Integer, String, Uuid, column, insert, select, table, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.personal import service as personal
from services.registry.personal.models import PersonalRecord
from services.registry.personal.service import Duplicate, DuplicateState, Person
from shared.clock import read_clock
from shared.permissions import Caller
from tests.house import Running
from tests.registry.personal.invented_residents import Invented, invented
from tests.registry.racing import warm

COMPARED = table(
    "compared", column("id", Uuid), column("birth_year", Integer), column("sex", String), column("household_id", Uuid)
)
CLERK = Caller(account_id=uuid4(), person_id=uuid4())
BACIRO, MIROTO = "34.71.03.1001", "33.74.01.1001"


@pytest.fixture
async def queue(registry: Running) -> Running:
    """Give registry with a table of its own for what else is known of those who are compared."""
    columns = "id uuid PRIMARY KEY, birth_year integer, sex text, household_id uuid"
    async with registry.database.writes.begin() as connection:
        await connection.execute(text("DROP TABLE IF EXISTS compared"))
        await connection.execute(text(f"CREATE TABLE compared ({columns})"))
        await connection.execute(text("CREATE INDEX ON compared (household_id)"))
    return registry


def person(name: str, **known: Any) -> Person:
    fields = {"name": name, "nik": known.pop("nik", None)}
    given = {"id": uuid4(), "person_id": uuid4(), "kelurahan_code": BACIRO, "birth_year": 1980, "sex": "male"} | known
    return Person(fields=fields, **given)


def persons(people: Sequence[Invented]) -> list[Person]:
    return [
        Person(
            id=one.id,
            person_id=uuid4(),
            kelurahan_code=one.kelurahan_code,
            fields={"name": one.name, "nik": one.nik},
            birth_year=one.birth_year,
            sex=one.sex,
            household_id=one.household_id,
        )
        for one in people
    ]


async def write(session: AsyncSession, running: Running, people: Sequence[Person]) -> None:
    rows = [{name: getattr(one, name) for name in ("id", "birth_year", "sex", "household_id")} for one in people]
    await session.execute(insert(COMPARED), rows)
    await personal.keep_people(session, running.app.state.vault, people, among=COMPARED, by=CLERK, now=read_clock())


async def keep(running: Running, *people: Person) -> None:
    async with running.database.transaction() as session:
        await write(session, running, people)


async def change(running: Running, one: Person, name: str) -> None:
    async with running.database.transaction() as session:
        vault = running.app.state.vault
        kept = await session.get_one(PersonalRecord, one.id)
        fields = personal.change(session, vault, kept, {"name": name})
        await personal.queue_again(
            session, vault, replace(one, fields=fields), among=COMPARED, by=CLERK, now=read_clock()
        )


async def pairs(running: Running) -> list[Any]:
    async with running.database.reads.connect() as connection:
        return list(await connection.execute(select(Duplicate.__table__).order_by(Duplicate.id)))


def together(found: Sequence[Any]) -> set[frozenset[UUID]]:
    return {frozenset((one.first_id, one.second_id)) for one in found}


async def waiting(running: Running) -> bool:
    """Tell whether somebody waits for a lock."""
    async with running.database.reads.connect() as connection:
        return bool(await connection.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")))


async def test_who_is_recorded_again_is_queued_with_reasons_and_journaled_without_a_name(queue: Running) -> None:
    first, again = person("Soekardjo Prayitno"), person("Sukarjo Prayitno", birth_year=1981)
    await keep(queue, first)
    await keep(queue, again)

    (found,) = await pairs(queue)
    assert {found.first_id, found.second_id} == {first.id, again.id}
    assert found.first_id < found.second_id
    assert (found.kelurahan_code, found.elsewhere_code, found.state) == (BACIRO, None, "open")
    assert found.reasons == ["name_same", "birth_year_nearly"]
    async with queue.database.reads.connect() as connection:
        (entry,) = list(await connection.execute(queue.tables.journal_entries.select()))
    assert (entry.action, entry.subject, entry.place) == ("duplicate.found", f"duplicates/{found.id}", BACIRO)
    assert b"rayitno" not in bytes(entry.payload)
    assert b"1980" not in bytes(entry.payload)


async def test_what_is_unknown_joins_nobody(queue: Running) -> None:
    unknown = [
        ("0", "0"),
        ("unknown", ""),
        ("", None),
        ("Tidak diketahui", "0000000000000000"),
        ("-", "9999999999999999"),
    ]
    for name, nik in unknown * 2:
        await keep(queue, person(name, nik=nik, birth_year=None, sex=None))
        await keep(queue, person(name, nik=nik, birth_year=0))

    assert await pairs(queue) == []


async def test_a_nik_joins_two_kelurahan_and_a_name_does_not(queue: Running) -> None:
    nik = "3471031203800012"
    here = person("Sukirman Prayitno", nik=nik, id=UUID(int=1))
    there = person("Sukirman Prayitno", nik=nik, kelurahan_code=MIROTO, id=UUID(int=2))
    await keep(queue, here, there, person("Sukirman Prayitno", kelurahan_code="34.71.04.1001"))

    (found,) = await pairs(queue)
    assert (found.kelurahan_code, found.elsewhere_code) == (MIROTO, BACIRO)
    assert found.reasons[0] == "nik_same"


async def test_who_moved_is_no_duplicate_of_themselves(queue: Running) -> None:
    nik, same = "3471031203800012", uuid4()
    await keep(queue, person("Sukirman", nik=nik, person_id=same))
    await keep(queue, person("Sukirman", nik=nik, person_id=same, kelurahan_code=MIROTO))

    assert await pairs(queue) == []


async def test_a_missing_year_is_no_hindrance_whichever_came_first(queue: Running) -> None:
    for years in ((1980, None), (None, 1980), (None, None)):
        await queue.empty()
        for year in years:
            await keep(queue, person("Ponirah Prayitno", birth_year=year))
        assert len(await pairs(queue)) == 1, years


async def test_housemates_are_found_whatever_year_was_written(queue: Running) -> None:
    home = uuid4()
    await keep(queue, person("Ponirah Prayitno Widodo", household_id=home))
    await keep(queue, person("Ponirah Prayitno Widodo", household_id=home, birth_year=1984))

    assert len(await pairs(queue)) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"birth_year": 1980}, {"birth_year": 1981}),
        ({"birth_year": 1980}, {"birth_year": None}),
        ({"birth_year": 1950, "nik": "3471031203800012"}, {"birth_year": 1980, "nik": "3471031203800012"}),
        ({"nik": "3471031203800012"}, {"nik": "3471031203800012", "kelurahan_code": MIROTO}),
    ],
)
async def test_two_who_record_the_halves_of_a_pair_at_once_do_not_miss_each_other(
    queue: Running, one: dict[str, Any], other: dict[str, Any]
) -> None:
    await warm(queue)
    async with queue.database.transaction() as session:
        await write(session, queue, [person("Ponirah Prayitno", **one)])
        second = asyncio.create_task(keep(queue, person("Ponirah Prayitno", **other)))
        # The first is committed when the other waits for it, or would have had to.
        while not second.done() and not await waiting(queue):  # noqa: ASYNC110 - another process tells
            await asyncio.sleep(0)
    await second

    assert len(await pairs(queue)) == 1


async def test_people_of_other_years_are_recorded_while_a_transaction_is_open(queue: Running) -> None:
    async with queue.database.transaction() as session:
        await write(session, queue, [person("Ponirah Prayitno", birth_year=1980)])
        await asyncio.wait_for(keep(queue, person("Ponirah Prayitno", birth_year=1990)), timeout=2)


async def test_a_pair_that_is_no_longer_alike_leaves_the_queue_and_comes_back_with_its_likeness(queue: Running) -> None:
    first, again = person("Ponirah Prayitno"), person("Ponirah Prayitno")
    await keep(queue, first, again)
    await change(queue, again, "Slamet Widodo")
    (cleared,) = await pairs(queue)
    await change(queue, again, "Ponirah Prayitno")
    (opened,) = await pairs(queue)

    assert (cleared.state, cleared.version) == ("cleared", 2)
    assert (opened.id, opened.state, opened.version) == (cleared.id, "open", 3)


async def test_a_dismissed_pair_comes_back_only_when_more_speaks_for_it(queue: Running) -> None:
    first, again = person("Ponirah Prayitno"), person("Ponirah Prayitni")
    await keep(queue, first, again)
    dismissed = {"state": DuplicateState.DISMISSED, "dismissal": "namesakes"}
    async with queue.database.writes.begin() as connection:
        await connection.execute(update(Duplicate.__table__).values(dismissed))
    await change(queue, again, "Ponirah Prayitna")
    (still,) = await pairs(queue)
    await change(queue, again, "Ponirah Prayitno")
    (reopened,) = await pairs(queue)

    assert still.state == "dismissed"
    assert (reopened.state, reopened.dismissal) == ("open", None)
    assert reopened.score > still.score


async def test_who_was_erased_is_found_by_nobody_and_stands_in_no_queue(queue: Running) -> None:
    nik = "3471031203800012"
    first, again = person("Ponirah Prayitno", nik=nik), person("Ponirah Prayitno", nik=nik)
    await keep(queue, first, again)
    async with queue.database.transaction() as session:
        await personal.erase(session, first.person_id, by=CLERK, now=read_clock())
    await keep(queue, replace(again, id=uuid4(), person_id=again.person_id))

    assert [one.state for one in await pairs(queue)] == ["cleared"]


async def test_the_keys_of_a_record_tell_nothing_without_the_secret(queue: Running) -> None:
    await keep(queue, person("Ponirah"), person("Ponirah", kelurahan_code=MIROTO))

    async with queue.database.reads.connect() as connection:
        here, there = list(await connection.execute(select(PersonalRecord.match_keys)))
    assert len(here.match_keys) == len(there.match_keys) > 5
    assert not set(here.match_keys) & set(there.match_keys)


async def analyze_again_and_again(running: Running) -> None:
    """Take statistics as the database does by itself, at the moments when they are the most misleading."""
    async with running.database.writes.connect() as connection:
        apart = await connection.execution_options(isolation_level="AUTOCOMMIT")
        while True:
            await apart.execute(text("ANALYZE personal_records, compared"))
            await asyncio.sleep(0.1)


async def test_of_thousands_the_queue_finds_the_planted_pairs_and_hardly_any_other(queue: Running) -> None:
    people, planted = invented(10_000)
    analyzing = asyncio.create_task(analyze_again_and_again(queue))
    try:
        with queue.counted() as counted:
            await keep(queue, *persons(people))
    finally:
        analyzing.cancel()
    sent = [one for one in counted if not one.startswith("ANALYZE")]

    found = together(await pairs(queue))
    assert len(found & planted) >= 0.95 * len(planted)
    assert len(found - planted) < 0.05 * len(found)
    # Set-based: the statements that look for likes, and those that save pairs, grow by the hundreds.
    assert len(sent) < 60


@asynccontextmanager
async def counted_creation(running: Running, one: Person) -> AsyncIterator[list[str]]:
    async with running.database.transaction() as session:
        rows = {name: getattr(one, name) for name in ("id", "birth_year", "sex", "household_id")}
        await session.execute(insert(COMPARED), [rows])
        with running.counted() as sent:
            await personal.keep_people(
                session, running.app.state.vault, [one], among=COMPARED, by=CLERK, now=read_clock()
            )
        yield sent


async def test_a_check_costs_three_statements_and_one_more_when_somebody_is_alike(queue: Running) -> None:
    async with counted_creation(queue, person("Ponirah Prayitno")) as alone:
        pass
    async with counted_creation(queue, person("Ponirah Prayitno")) as alike:
        pass

    assert (len(alone), len(alike)) == (3, 4), (alone, alike)


async def test_two_imports_find_what_one_finds(queue: Running) -> None:
    people, planted = invented(400, seed=5)
    halves = persons(people)
    await keep(queue, *halves[:200])
    await keep(queue, *halves[200:])
    by_two = together(await pairs(queue))
    await queue.empty()
    async with queue.database.writes.begin() as connection:
        await connection.execute(text("TRUNCATE compared"))
    await keep(queue, *halves)

    assert together(await pairs(queue)) == by_two
    assert len(by_two & planted) >= 0.95 * len(planted)
