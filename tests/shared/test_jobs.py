"""Jobs: found again by who asked for them, called off between two parts, and gone after their time."""

import asyncio
import csv
import io
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import update

from shared.clock import read_clock
from shared.importing import Importing, forget_old_imports
from shared.jobs import KEPT, forget_old_jobs
from tests.house import Running, code_of, etag
from tests.shared.importing import BOARD, Sender, csv_file
from tests.shared.test_importing import count

JOBS = "/registry/v1/jobs"
AT_ONCE = 10


@pytest.fixture
def sender(registry: Running, monkeypatch: pytest.MonkeyPatch) -> Sender:
    monkeypatch.setattr("shared.intake.ROWS_AT_ONCE", AT_ONCE)
    return Sender(registry, "facilitator", sub=str(uuid4()))


def boards(number: int, *, called: str = "BKM") -> bytes:
    return csv_file([BOARD | {"Nama": f"{called} {one}"} for one in range(number)])


async def begun(sender: Sender, rows: int = 1, *, called: str = "BKM") -> str:
    reply = await sender.send(boards(rows, called=called))
    assert reply.status_code == 202, reply.text
    return str(reply.json()["id"])


async def job(sender: Sender, job_id: str, **headers: str) -> httpx.Response:
    return await sender.service.http.get(f"{JOBS}/{job_id}", headers=sender.headers | headers)


async def call_off(sender: Sender, job_id: str, **headers: str) -> httpx.Response:
    seen = {"If-Match": (await job(sender, job_id)).headers["ETag"]}
    address = f"{JOBS}/{job_id}/cancellation"
    return await sender.service.http.post(address, headers=sender.headers | seen | headers)


async def left(sender: Sender, import_id: str) -> list[dict[str, str]]:
    reply = await sender.get(f"{import_id}/corrected")
    return list(csv.DictReader(io.StringIO(reply.content.decode("utf-8-sig"))))


def meanwhile(monkeypatch: pytest.MonkeyPatch, what: Any, *, in_chunk: int) -> None:
    """Have something happen while the worker judges a chunk."""
    judge, chunks = Importing._judge, 0  # noqa: SLF001

    async def judging(*given: Any) -> Any:
        nonlocal chunks
        chunks += 1
        found = await judge(*given)
        if chunks == in_chunk:
            await what()
        return found

    monkeypatch.setattr(Importing, "_judge", judging)


async def test_ones_own_are_listed_the_latest_first_and_by_state(registry: Running, sender: Sender) -> None:
    first, second = await begun(sender), await begun(sender)
    await sender.work(first)
    await begun(Sender(registry, "facilitator"))

    async def listed(query: str = "") -> list[tuple[str, str]]:
        items = (await registry.http.get(f"{JOBS}{query}", headers=sender.headers)).json()["items"]
        return [(one["id"], one["state"]) for one in items]

    assert await listed() == [(second, "queued"), (first, "succeeded")]
    assert await listed("?state=succeeded") == [(first, "succeeded")]
    assert await listed("?state=cancelled") == []
    assert code_of(await registry.http.get(JOBS)) == "token.missing"
    assert code_of(await registry.http.get(f"{JOBS}?state=done", headers=sender.headers)) == "query.invalid"


async def test_operators_see_and_call_off_those_of_their_regions_alone(registry: Running, sender: Sender) -> None:
    one = await begun(sender, 3)
    nation = await begun(Sender(registry, "facilitator", regions=("*",)))
    city, elsewhere = (registry.token("operator", regions=(code,)) for code in ("34.71", "33.74"))

    async def listed(headers: dict[str, str], query: str = "") -> list[str]:
        items = (await registry.http.get(f"{JOBS}{query}", headers=headers)).json()["items"]
        return [item["id"] for item in items]

    async def called_off(headers: dict[str, str]) -> httpx.Response:
        seen = {"If-Match": (await job(sender, one)).headers["ETag"]}
        return await registry.http.post(f"{JOBS}/{one}/cancellation", headers=headers | seen)

    assert await listed(registry.token("operator", regions=("*",))) == [nation, one]
    assert (await listed(city), await listed(elsewhere)) == ([one], [])
    assert await listed(city, f"?account={uuid4()}") == []
    assert await listed(city, f"?account={(await job(sender, one)).json()['account']}") == [one]
    assert await listed(registry.token("facilitator")) == []
    with registry.counted() as sent:
        await listed(city)
    assert len(sent) == 1
    assert code_of(await registry.http.get(f"{JOBS}/{one}", headers=elsewhere)) == "resource.not_found"
    assert code_of(await called_off(elsewhere)) == "resource.not_found"
    looking = registry.token(scope="registry:jobs:read")
    assert code_of(await called_off(looking)) == "resource.not_found"
    assert (await called_off(city)).json()["state"] == "cancelled"
    # What the file holds stays its sender's.
    assert code_of(await registry.http.get(f"/registry/v1/imports/{one}", headers=city)) == "resource.not_found"


async def test_a_job_has_a_version_that_moves_with_its_state_alone(
    registry: Running, sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    versions = []

    async def look() -> None:
        versions.append((await job(sender, one)).json()["version"])

    one = await begun(sender, 3 * AT_ONCE)
    await look()
    meanwhile(monkeypatch, look, in_chunk=1)
    meanwhile(monkeypatch, look, in_chunk=3)
    await sender.work(one)
    await look()
    await sender.work(one)
    await look()

    assert versions == [1, 2, 2, 3, 3]


async def test_called_off_while_it_waits_nothing_of_it_is_done(registry: Running, sender: Sender) -> None:
    one = await begun(sender, 3)
    reply = await call_off(sender, one)
    await sender.work(one)

    assert (reply.status_code, reply.json()["state"], reply.json()["version"]) == (200, "cancelled", 2)
    assert reply.json()["message"] == "Dibatalkan; bagian yang sudah selesai tetap ada."
    told = await job(sender, one, **{"Accept-Language": "en"})
    assert told.json()["message"] == "Called off; parts done stay."
    assert (told.json()["result"], told.json()["done"]) == (None, 0)
    seen = await sender.seen(one)
    assert (seen["state"], seen["waiting"], await count(registry, "boards")) == ("cancelled", 3, 0)


async def test_called_off_between_parts_what_is_done_stays_and_nothing_is_added(
    registry: Running, sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = await begun(sender, 35)

    async def cancelled() -> None:
        assert (await call_off(sender, one)).status_code == 200
        assert await count(registry, "boards") == AT_ONCE

    meanwhile(monkeypatch, cancelled, in_chunk=2)
    await sender.work(one)
    await sender.work(one)

    found = (await job(sender, one)).json()
    assert (found["state"], found["done"], found["total"]) == ("cancelled", AT_ONCE, 35)
    seen = await sender.seen(one)
    assert (seen["state"], seen["accepted"], seen["waiting"]) == ("cancelled", AT_ONCE, 25)
    assert (await count(registry, "boards"), await count(registry, "journal_entries")) == (AT_ONCE, AT_ONCE)


async def test_what_was_not_judged_can_be_sent_again_and_what_was_made_taken_back(
    registry: Running, sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = await begun(sender, 15)
    assert await left(sender, one) == []
    meanwhile(monkeypatch, lambda: call_off(sender, one), in_chunk=2)
    await sender.work(one)

    waiting = await left(sender, one)
    assert [row["Nama"] for row in waiting] == [f"BKM {number}" for number in range(AT_ONCE, 15)]
    assert {row["Kesalahan"] for row in waiting} == {"Belum diperiksa."}
    again = await sender.imported(csv_file(waiting))
    assert (again["accepted"], await count(registry, "boards")) == (5, 15)
    assert (await sender.undo(one)).json()["withdrawn"] == AT_ONCE
    assert await count(registry, "boards") == 5


async def test_what_failed_for_good_can_be_sent_again_too(
    registry: Running, sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = await begun(sender, 15)

    async def fail() -> None:
        raise ZeroDivisionError

    meanwhile(monkeypatch, fail, in_chunk=2)
    with pytest.raises(ZeroDivisionError):
        await registry.app.state.jobs.do(registry.database, sender.authorities(), UUID(one), last=True)

    assert (await sender.seen(one))["state"] == "failed"
    assert len(await left(sender, one)) == 5
    assert (await sender.undo(one)).status_code == 200
    assert code_of(await call_off(sender, one)) == "job.ended"


async def test_what_has_ended_is_not_called_off(registry: Running, sender: Sender) -> None:
    one = await begun(sender)
    stale = etag(await job(sender, one))
    await sender.work(one)
    address = f"{JOBS}/{one}/cancellation"

    reply = await call_off(sender, one, **{"Accept-Language": "en"})
    assert (reply.status_code, code_of(reply)) == (409, "job.ended")
    assert "succeeded" in reply.json()["detail"]
    reply = await registry.http.post(address, headers=sender.headers | stale)
    assert (code_of(reply), reply.json()["current"]["state"]) == ("version.stale", "succeeded")
    assert code_of(await registry.http.post(address, headers=sender.headers)) == "version.missing"
    other = Sender(registry, "facilitator").headers
    assert code_of(await registry.http.post(address, headers=other | stale)) == "resource.not_found"
    assert code_of(await registry.http.post(address, headers=stale)) == "token.missing"
    assert (await job(sender, one)).json()["state"] == "succeeded"


async def test_a_lost_reply_to_calling_off_is_asked_for_again(sender: Sender) -> None:
    one, key = await begun(sender), {"Idempotency-Key": str(uuid4())}
    seen = etag(await job(sender, one))
    first = await call_off(sender, one, **key, **seen)
    again = await call_off(sender, one, **key, **seen)

    assert (first.status_code, again.status_code, again.json()) == (200, 200, first.json())
    assert again.headers["Idempotency-Replayed"] == "true"
    assert code_of(await call_off(sender, one)) == "job.ended"


async def test_of_two_who_call_it_off_at_once_one_does(sender: Sender) -> None:
    one = await begun(sender)
    seen = etag(await job(sender, one))

    replies = await asyncio.gather(*(call_off(sender, one, **seen) for _ in range(4)))

    assert sorted(reply.status_code for reply in replies) == [200, 412, 412, 412]


async def test_called_off_while_it_ends_either_comes_first(registry: Running, sender: Sender) -> None:
    ends = set()
    for turn in range(12):
        one = await begun(sender, 2, called=f"BKM {turn}")

        async def calling_off(one: str = one, turn: int = turn) -> httpx.Response:
            for _ in range(turn * 3):
                await asyncio.sleep(0)
            return await call_off(sender, one)

        reply, _ = await asyncio.gather(calling_off(), sender.work(one))
        found, seen = (await job(sender, one)).json(), await sender.seen(one)
        assert found["state"] == seen["state"]
        assert (reply.status_code == 200) == (found["state"] == "cancelled")
        assert (found["result"] is None) == (found["state"] == "cancelled")
        assert found["done"] == seen["accepted"]
        ends.add(found["state"])
    assert ends <= {"succeeded", "cancelled"}


async def test_after_thirty_days_it_is_gone_with_what_belongs_to_it(registry: Running, sender: Sender) -> None:
    old, new = await begun(sender, 2), await begun(sender, 2)
    await sender.work(old)
    tables = registry.tables
    async with registry.database.transaction() as session:
        for table in (tables.jobs, tables.imports):
            before = update(table).where(table.c.id == UUID(old))
            await session.execute(before.values(recorded_at=read_clock() - KEPT))
        await forget_old_jobs(session, tables.jobs, now=read_clock())
        await forget_old_imports(session, tables.imports, tables.import_rows, now=read_clock())

    assert code_of(await job(sender, old)) == "resource.not_found"
    assert [await count(registry, name) for name in ("jobs", "imports", "import_rows")] == [1, 1, 2]
    await sender.work(old)
    await sender.work(new)
    assert (await sender.seen(new))["state"] == "succeeded"
