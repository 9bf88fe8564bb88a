import asyncio
import json
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import func, select, update

from services.registry.groups.models import Membership
from services.registry.residents.models import Resident
from shared.clock import read_clock, today
from tests.house import Running, code_of, etag, new_id
from tests.registry.groups.story import GROUPS, a_group, change, join, people, read
from tests.registry.racing import warm
from tests.registry.residents.story import a_household, a_resident

TODAY = today(read_clock())


@pytest.fixture
async def group(registry: Running) -> httpx.Response:
    return await a_group(registry)


async def merge(registry: Running, one: str, into: str) -> None:
    """Let one record of a person stand for another, as a decided duplicate does."""
    async with registry.database.writes.begin() as connection:
        await connection.execute(update(Resident).where(Resident.id == UUID(one)).values(merged_into=UUID(into)))


class TestJoinGroup:
    async def test_answers_with_the_membership_that_names_nobody(
        self, registry: Running, group: httpx.Response
    ) -> None:
        (resident,) = await people(registry, 1)
        reply = await join(registry, group, resident, role="chair")

        assert reply.status_code == 201
        assert (reply.json()["resident_id"], reply.json()["role"]) == (resident, "chair")
        assert (reply.json()["personal"], reply.json()["name"]) == ("masked", None)

    async def test_lets_the_group_be_counted_from_its_members(self, registry: Running, group: httpx.Response) -> None:
        women, men = await people(registry, 2), await people(registry, 1, sex="male")
        before = await read(registry, group)
        for resident in (*women, *men):
            await join(registry, group, resident)
        after = await read(registry, group)

        assert (before["members"], before["women"], before["counted_from"]) == (7, 4, "recorded")
        assert (after["members"], after["women"], after["counted_from"]) == (3, 2, "memberships")
        assert (before["below_minimum"], after["below_minimum"]) == (False, True)
        assert after["version"] == before["version"] + 3

    async def test_keeps_the_numbers_of_who_is_listed_from_being_edited(
        self, registry: Running, group: httpx.Response
    ) -> None:
        (resident,) = await people(registry, 1)
        await join(registry, group, resident)
        headers = registry.token("facilitator")
        now = await registry.http.get(group.headers["Location"], headers=headers)

        refused = await registry.http.patch(group.headers["Location"], json={"women": 1}, headers=headers | etag(now))
        renamed = await registry.http.patch(
            group.headers["Location"], json={"name": "KSM Lain"}, headers=headers | etag(now)
        )

        assert (refused.status_code, code_of(refused)) == (409, "group.members_listed")
        assert (renamed.status_code, renamed.json()["members"]) == (200, 1)

    @pytest.mark.parametrize(
        ("changes", "pointer", "code"),
        [
            ({"resident_id": new_id()}, "/resident_id", "resident.unknown"),
            ({"starts_on": "2021-01-14"}, "/starts_on", "group.not_formed_yet"),
            ({"starts_on": "2999-01-01"}, "/starts_on", "date.in_the_future"),
            ({"trained_on": "2999-01-01"}, "/trained_on", "date.in_the_future"),
            ({"ends_on": "2021-01-31", "ended_because": "left"}, "/ends_on", "date.before_the_start"),
            ({"ends_on": "2021-05-01"}, "/ended_because", "membership.end_incomplete"),
            ({"ended_because": "left"}, "/ends_on", "membership.end_incomplete"),
            ({"role": "raja"}, "/role", "value.not_a_choice"),
            ({"name": "Ibu Contoh"}, "/name", "field.unknown"),
        ],
    )
    async def test_names_the_wrong_place(
        self, registry: Running, group: httpx.Response, changes: dict[str, Any], pointer: str, code: str
    ) -> None:
        (resident,) = await people(registry, 1)
        reply = await join(registry, group, resident, **changes)

        assert reply.status_code == 422
        assert (reply.json()["errors"][0]["pointer"], reply.json()["errors"][0]["code"]) == (pointer, code)

    async def test_refuses_somebody_of_another_kelurahan_or_who_has_gone(
        self, registry: Running, group: httpx.Response
    ) -> None:
        elsewhere = await a_resident(registry, await a_household(registry, kelurahan_code="34.71.04.1001"))
        gone = await a_resident(registry, await a_household(registry), nik=None, nik_absent_reason="not_asked")
        async with registry.database.writes.begin() as connection:
            where = Resident.id == UUID(gone.json()["id"])
            values = {"ends_on": TODAY - timedelta(days=9), "ended_because": "left"}
            await connection.execute(update(Resident).where(where).values(**values))

        strange = await join(registry, group, elsewhere.json()["id"])
        late = await join(registry, group, gone.json()["id"], starts_on=str(TODAY))
        then = await join(registry, group, gone.json()["id"])

        assert [one.json()["errors"][0]["code"] for one in (strange, late)] == ["resident.unknown", "resident.gone"]
        assert then.status_code == 201

    async def test_is_for_who_writes_groups_in_the_region(self, registry: Running, group: httpx.Response) -> None:
        (resident,) = await people(registry, 1)
        address = f"{group.headers['Location']}/memberships"
        body = {"resident_id": resident, "role": "member", "starts_on": "2021-02-01"}

        async def answer(headers: dict[str, str]) -> tuple[int, str]:
            reply = await registry.http.post(address, json=body, headers=headers)
            return reply.status_code, code_of(reply)

        assert await answer({}) == (401, "token.missing")
        assert await answer(registry.token("volunteer")) == (403, "scope.missing")
        # Groups are not public: elsewhere nobody knows of them.
        assert await answer(registry.token("facilitator", regions=("33.74",))) == (404, "resource.not_found")

    async def test_takes_the_same_id_and_the_same_key_once(self, registry: Running, group: httpx.Response) -> None:
        (resident,) = await people(registry, 1)
        identity, key = new_id(), {"Idempotency-Key": new_id()}
        body = {"id": identity, "resident_id": resident, "role": "member", "starts_on": "2021-02-01"}
        address = f"{group.headers['Location']}/memberships"
        headers = registry.token("facilitator")

        first = await registry.http.post(address, json=body, headers=headers | key)
        repeated = await registry.http.post(address, json=body, headers=headers | key)
        again = await registry.http.post(address, json=body, headers=headers)
        other = await registry.http.post(address, json=body | {"role": "chair"}, headers=headers)

        assert [one.status_code for one in (first, repeated, again, other)] == [201, 201, 200, 409]
        assert repeated.headers["Idempotency-Replayed"] == "true"
        assert again.json() == first.json() == repeated.json()


class TestTime:
    async def test_lets_nobody_belong_twice_at_once(self, registry: Running, group: httpx.Response) -> None:
        (resident,) = await people(registry, 1)
        first = await join(registry, group, resident)

        twice = await join(registry, group, resident, starts_on="2022-01-01")
        ended = await change(registry, first, {"ends_on": "2021-12-31", "ended_because": "left"})
        same_day = await join(registry, group, resident, starts_on="2021-12-31")
        back = await join(registry, group, resident, starts_on="2022-01-01")
        reopened = await registry.http.patch(
            first.headers["Location"],
            json={"ends_on": None, "ended_because": None},
            headers=registry.token("facilitator") | etag(ended),
        )

        assert [(one.status_code, code_of(one)) for one in (twice, same_day, reopened)] == [
            (409, "membership.overlaps")
        ] * 3
        assert (ended.status_code, back.status_code) == (200, 201)

    async def test_follows_who_was_recorded_twice_to_the_one_kept(
        self, registry: Running, group: httpx.Response
    ) -> None:
        kept, double, other = await people(registry, 3)
        await join(registry, group, kept)
        await join(registry, group, double, ends_on="2021-06-30", ended_because="left")
        await merge(registry, double, kept)
        await merge(registry, other, double)

        refused = await join(registry, group, other, starts_on="2023-01-01")
        elsewhere = await join(registry, await a_group(registry, name="KSM Lain"), other)
        members = (await read(registry, group, "/memberships"))["items"]

        assert (refused.status_code, code_of(refused)) == (409, "membership.overlaps")
        assert elsewhere.json()["resident_id"] == kept
        assert [one["resident_id"] for one in members] == [kept, kept]
        assert (await read(registry, group))["members"] == 1

    async def test_lets_one_chair_lead_at_a_time(self, registry: Running, group: httpx.Response) -> None:
        one, two = await people(registry, 2)
        await join(registry, group, one, role="chair", ends_on="2021-12-31", ended_because="new_role")

        refused = await join(registry, group, two, role="chair", starts_on="2021-12-31")
        following = await join(registry, group, two, role="chair", starts_on="2022-01-01")

        assert (refused.status_code, code_of(refused)) == (409, "membership.chair_taken")
        assert following.status_code == 201

    async def test_takes_one_of_several_that_come_at_once(self, registry: Running, group: httpx.Response) -> None:
        (resident,) = await people(registry, 1)
        await warm(registry)

        replies = await asyncio.gather(
            *(join(registry, group, resident, starts_on=f"2021-02-0{day}") for day in range(1, 4))
        )

        async with registry.database.reads.connect() as connection:
            count = await connection.scalar(select(func.count()).select_from(Membership))
        assert sorted(one.status_code for one in replies) == [201, 409, 409]
        assert count == 1

    async def test_lets_two_memberships_not_change_into_one_time_at_once(
        self, registry: Running, group: httpx.Response
    ) -> None:
        (resident,) = await people(registry, 1)
        spans = [("2021-02-01", "2021-06-30"), ("2021-09-01", "2021-12-31")]
        both = [
            await join(registry, group, resident, starts_on=first, ends_on=last, ended_because="left")
            for first, last in spans
        ]
        await warm(registry)

        replies = await asyncio.gather(
            change(registry, both[0], {"ends_on": "2021-08-15"}), change(registry, both[1], {"starts_on": "2021-08-01"})
        )

        assert sorted(one.status_code for one in replies) == [200, 409]

    async def test_is_asked_for_as_of_a_day(self, registry: Running, group: httpx.Response) -> None:
        one, two = await people(registry, 2)
        await join(registry, group, one, ends_on="2021-12-31", ended_because="moved")
        await join(registry, group, two, role="treasurer", starts_on="2022-01-01")

        async def roles(query: str) -> list[str]:
            return [item["role"] for item in (await read(registry, group, f"/memberships?{query}"))["items"]]

        async def counted(query: str) -> list[tuple[int, bool]]:
            reply = await registry.http.get(f"{GROUPS}?{query}", headers=registry.token("supervisor"))
            return [(item["members"], item["below_minimum"]) for item in reply.json()["items"]]

        assert await roles("") == ["member", "treasurer"]
        assert await roles("as_of=2021-12-31") == ["member"]
        assert await roles("as_of=2022-01-01") == await roles("role=treasurer") == ["treasurer"]
        assert await roles("as_of=2020-01-01") == []
        assert await counted("as_of=2021-06-01") == [(1, True)]
        assert await counted("as_of=2021-01-20") == [(0, True)]
        assert await counted("as_of=2020-01-01") == []

    async def test_is_shown_not_refused_when_a_group_falls_below_its_minimum(
        self, registry: Running, group: httpx.Response
    ) -> None:
        memberships = [await join(registry, group, resident) for resident in await people(registry, 5)]
        full = await read(registry, group)
        ended = await change(registry, memberships[0], {"ends_on": "2024-01-31", "ended_because": "died"})
        stale = await change(registry, memberships[0], {"ends_on": "2024-02-01"})
        unseen = await registry.http.patch(
            memberships[1].headers["Location"], json={"trained_on": "2022-01-01"}, headers=registry.token("facilitator")
        )

        assert (full["members"], full["below_minimum"]) == (5, False)
        assert ended.status_code == 200
        assert ((await read(registry, group))["members"], (await read(registry, group))["below_minimum"]) == (4, True)
        assert (stale.status_code, stale.json()["current"]["ended_because"]) == (412, "died")
        assert (unseen.status_code, code_of(unseen)) == (428, "version.missing")


class TestName:
    async def test_is_shown_to_who_may_see_names_and_each_reading_leaves_an_entry(
        self, registry: Running, group: httpx.Response
    ) -> None:
        (resident,) = await people(registry, 1)
        membership = await join(registry, group, resident)
        masked = await read(registry, group, "/memberships")
        shown = await read(registry, group, "/memberships", role="auditor")
        one = await registry.http.get(membership.headers["Location"], headers=registry.token("auditor"))
        elsewhere = await registry.http.get(
            f"{group.headers['Location']}/memberships", headers=registry.token("auditor", regions=("33.74",))
        )

        assert [(one["personal"], one["name"]) for one in masked["items"]] == [("masked", None)]
        assert [(one["personal"], one["name"]) for one in shown["items"]] == [("shown", "Warga 0 Contoh")]
        assert (one.json()["name"], one.headers["Cache-Control"]) == ("Warga 0 Contoh", "private, no-store")
        assert elsewhere.status_code == 404
        readings = [entry for entry in await journal(registry) if entry["action"] == "memberships.read"]
        assert [entry["data"]["count"] for entry in readings] == [1, 1]
        assert "Warga" not in json.dumps(readings)

    async def test_is_gone_once_it_was_erased(self, registry: Running, group: httpx.Response) -> None:
        (resident,) = await people(registry, 1)
        await join(registry, group, resident)
        async with registry.database.writes.begin() as connection:
            records = registry.tables.personal_records
            gone = {
                "wrapped_key": None,
                "sealed": None,
                "nik_digest": None,
                "match_keys": [],
                "erased_at": read_clock(),
            }
            await connection.execute(records.update().where(records.c.id == UUID(resident)).values(**gone))

        shown = await read(registry, group, "/memberships", role="auditor")

        assert [(one["personal"], one["name"]) for one in shown["items"]] == [("erased", None)]


async def journal(registry: Running) -> list[dict[str, Any]]:
    async with registry.database.reads.connect() as connection:
        entries = registry.tables.journal_entries
        rows = (await connection.execute(select(entries.c.payload).order_by(entries.c.id))).scalars().all()
    return [json.loads(bytes(row)) for row in rows]


async def test_the_journal_keeps_each_changed_row_and_names_nobody(registry: Running, group: httpx.Response) -> None:
    (resident,) = await people(registry, 1)
    membership = await join(registry, group, resident)
    await change(registry, membership, {"trained_on": "2021-03-01"})

    entries = await journal(registry)

    assert [entry["action"] for entry in entries if entry["action"].startswith(("group", "membership"))] == [
        "group.recorded",
        "group.changed",
        "membership.recorded",
        "group.changed",
        "membership.changed",
    ]
    assert entries[-1]["data"]["resident_id"] == resident
    assert "Warga" not in json.dumps(entries)


class TestOverlaps:
    async def test_show_who_borrows_in_two_groups_at_once(self, registry: Running, group: httpx.Response) -> None:
        both, one = await people(registry, 2)
        second, social = await a_group(registry, name="KSM Dua"), await a_group(registry, "social", name="KSM Sosial")
        for where, who in ((group, both), (second, both), (group, one), (social, one), (social, both)):
            assert (await join(registry, where, who)).status_code == 201

        async def found(query: str, role: str = "supervisor") -> list[tuple[str, list[str], str | None]]:
            reply = await registry.http.get(f"{GROUPS}/overlaps?{query}", headers=registry.token(role))
            return [
                (item["resident_id"], sorted(each["name"] for each in item["groups"]), item["name"])
                for item in reply.json()["items"]
            ]

        members = {item["resident_id"]: item for item in (await read(registry, group, "/memberships"))["items"]}
        assert await found("") == [(both, ["KSM Contoh", "KSM Dua"], None)]
        assert await found("region=34.71.03", "auditor") == [(both, ["KSM Contoh", "KSM Dua"], "Warga 0 Contoh")]
        assert await found("as_of=2021-01-31") == await found("region=33.74") == await found("of=chairing") == []
        assert (members[both]["other_borrowing_groups"], members[one]["other_borrowing_groups"]) == (1, 0)
        assert (await read(registry, group, "/readiness"))["members_in_other_borrowing_groups"] == 1

    async def test_show_who_leads_two_groups(self, registry: Running, group: httpx.Response) -> None:
        (leader,) = await people(registry, 1)
        social = await a_group(registry, "social", name="KSM Sosial")
        await join(registry, group, leader, role="chair")
        await join(registry, social, leader, role="chair")

        reply = await registry.http.get(f"{GROUPS}/overlaps?of=chairing", headers=registry.token("supervisor"))

        assert [len(item["groups"]) for item in reply.json()["items"]] == [2]
        assert (await read(registry, group, "/readiness"))["chair_leads_other_groups"] is True
        assert (await read(registry, social, "/readiness?as_of=2021-01-31"))["chair_leads_other_groups"] is False

    async def test_see_through_who_was_recorded_twice(self, registry: Running, group: httpx.Response) -> None:
        kept, double = await people(registry, 2)
        await join(registry, group, kept)
        await join(registry, await a_group(registry, name="KSM Dua"), double)
        before = await registry.http.get(f"{GROUPS}/overlaps", headers=registry.token("supervisor"))
        await merge(registry, double, kept)
        after = await registry.http.get(f"{GROUPS}/overlaps", headers=registry.token("supervisor"))

        assert before.json()["items"] == []
        assert [item["resident_id"] for item in after.json()["items"]] == [kept]

    async def test_are_paged_in_one_statement(self, registry: Running, group: httpx.Response) -> None:
        second = await a_group(registry, name="KSM Dua")
        for resident in await people(registry, 3):
            await join(registry, group, resident)
            await join(registry, second, resident)
        seen: list[str] = []
        address: str | None = f"{GROUPS}/overlaps?limit=1"
        while address:
            with registry.counted() as sent:
                reply = await registry.http.get(address, headers=registry.token("supervisor"))
            assert len(sent) == 1
            seen += [item["resident_id"] for item in reply.json()["items"]]
            address = reply.links["next"]["url"] if "next" in reply.links else None

        assert len(seen) == len(set(seen)) == 3

    async def test_know_a_person_again_after_a_move_to_another_house(
        self, registry: Running, group: httpx.Response
    ) -> None:
        (before,) = await people(registry, 1)
        await join(registry, group, before)
        house = (await a_household(registry, rt="9", kk_number=None, kk_absent_reason="not_asked")).json()["id"]
        address, by = f"/registry/v1/residents/{before}", registry.token("facilitator")
        now = await registry.http.get(address, headers=by)
        body = {"household_id": house, "moved_on": "2023-01-01"}
        moved = await registry.http.post(f"{address}/move", json=body, headers=by | etag(now))
        after = moved.headers["Location"].rsplit("/", 1)[1]
        await join(registry, await a_group(registry, name="KSM Dua"), after, starts_on="2023-02-01")

        reply = await registry.http.get(f"{GROUPS}/overlaps", headers=registry.token("auditor"))

        assert [(item["resident_id"], len(item["groups"])) for item in reply.json()["items"]] == [(after, 2)]
