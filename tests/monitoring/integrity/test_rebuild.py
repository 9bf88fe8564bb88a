import asyncio
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from shared.app import background
from shared.permissions import Caller
from tests.house import Running, code_of, new_id
from tests.shared.importing import telling

NOW = datetime(2026, 1, 1, tzinfo=UTC)
REBUILDS = "/monitoring/v1/integrity/rebuilds"


async def ended(monitoring: Running, address: str, headers: dict[str, str]) -> dict[str, Any]:
    for _ in range(200):
        job: dict[str, Any] = (await monitoring.http.get(address, headers=headers)).json()
        if job["state"] in {"succeeded", "failed"}:
            return job
        await asyncio.sleep(0.05)
    raise AssertionError(job)


async def waiting(monitoring: Running) -> int:
    async with monitoring.database.reads.connect() as connection:
        return int((await connection.exec_driver_sql("SELECT count(*) FROM procrastinate_jobs")).scalar_one())


class TestRebuildValues:
    async def test_is_a_job_that_says_whether_any_value_changed(self, monitoring: Running) -> None:
        headers = monitoring.token("auditor", sub=new_id())

        accepted = await monitoring.http.post(REBUILDS, headers=headers)
        async with background(monitoring.app.state.jobs.keep_working(monitoring.database, telling(lambda: None))):
            job = await ended(monitoring, accepted.headers["Location"], headers)

        assert accepted.status_code == 202
        assert (job["state"], job["result"]["equal"], job["result"]["boards"]) == ("succeeded", True, 0)
        assert len(job["result_digest"]) == 64

    async def test_is_replayed_not_queued_twice(self, monitoring: Running) -> None:
        headers = monitoring.token("auditor", sub=new_id()) | {"Idempotency-Key": new_id()}

        first = await monitoring.http.post(REBUILDS, headers=headers)
        again = await monitoring.http.post(REBUILDS, headers=headers)

        assert again.json() == first.json()
        assert again.headers["Idempotency-Replayed"] == "true"

    async def test_is_seen_by_whoever_asked_alone(self, monitoring: Running) -> None:
        accepted = await monitoring.http.post(REBUILDS, headers=monitoring.token("auditor", sub=new_id()))

        other = await monitoring.http.get(accepted.headers["Location"], headers=monitoring.token("auditor"))

        assert (other.status_code, code_of(other)) == (404, "resource.not_found")

    async def test_refuses_who_may_not(self, monitoring: Running) -> None:
        reply = await monitoring.http.post(REBUILDS, headers=monitoring.token("facilitator"))

        assert (reply.status_code, code_of(reply)) == (403, "scope.missing")


class TestJob:
    async def test_cannot_have_succeeded_without_its_result_and_digest(self, monitoring: Running) -> None:
        accepted = await monitoring.http.post(REBUILDS, headers=monitoring.token("auditor", sub=new_id()))
        jobs = monitoring.tables.jobs

        with pytest.raises(IntegrityError):
            async with monitoring.database.transaction() as session:
                await session.execute(update(jobs).where(jobs.c.id == accepted.json()["id"]).values(state="succeeded"))

    async def test_does_not_exist_when_its_request_fails(self, monitoring: Running) -> None:
        asker = Caller(account_id=UUID(new_id()))
        before = await waiting(monitoring)

        async def begin_and_fail() -> None:
            async with monitoring.database.transaction() as session:
                await monitoring.app.state.jobs.begin(session, "rebuild", {}, by=asker, now=NOW)
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            await begin_and_fail()

        async with monitoring.database.reads.connect() as connection:
            assert (await connection.execute(monitoring.tables.jobs.select())).all() == []
        assert await waiting(monitoring) == before
