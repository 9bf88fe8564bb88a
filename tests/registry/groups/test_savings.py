import asyncio
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import select

from services.registry.residents.models import Resident, WelfareStatus
from shared.clock import read_clock, today
from shared.tables import LARGEST_RUPIAH
from tests.house import Running, code_of, etag, new_id
from tests.registry.groups.story import GROUPS, SIGNED, a_group, change, join, people, read, save, sign
from tests.registry.racing import warm

TODAY = today(read_clock())


@pytest.fixture
async def group(registry: Running) -> httpx.Response:
    return await a_group(registry)


async def judge_poor(registry: Running, resident: str, *, status: str = "poor") -> None:
    """Let a residents' meeting decide about a resident's household."""
    async with registry.database.writes.begin() as connection:
        where = Resident.id == UUID(resident)
        household = (
            await connection.execute(select(Resident.household_id, Resident.kelurahan_code).where(where))
        ).one()
        row = {
            "id": UUID(new_id()),
            "version": 1,
            "creation_digest": b"",
            "recorded_at": read_clock(),
            "changed_at": read_clock(),
            "kelurahan_code": household.kelurahan_code,
            "household_id": household.household_id,
            "status": status,
            "held_on": date(2020, 1, 1),
            "starts_on": date(2020, 1, 1),
            "ends_on": None,
            "minutes_reference": "BA/1",
            "attendance_total": 40,
            "women": 20,
            "poor": 10,
        }
        await connection.execute(WelfareStatus.__table__.insert(), [row])


async def gates(registry: Running, group: httpx.Response, query: str = "") -> dict[str, Any]:
    found = await read(registry, group, f"/readiness?{query}")
    return {one["gate"]: (one["state"], one["reason"]) for one in found["gates"]} | {"ready": found["ready"]}


class TestSavingsMonths:
    async def test_are_recorded_once_and_listed_the_latest_first(
        self, registry: Running, group: httpx.Response
    ) -> None:
        first, second = await save(registry, group, "2021-12"), await save(registry, group, "2022-01")
        again = await save(registry, group, "2021-12", savings_rupiah=1)

        async def months(query: str) -> list[str]:
            return [item["month"] for item in (await read(registry, group, f"/savings-months?{query}"))["items"]]

        assert (first.status_code, second.status_code) == (201, 201)
        assert (again.status_code, code_of(again)) == (409, "savings.month_taken")
        assert await months("") == ["2022-01", "2021-12"]
        assert await months("month_from=2022-01") == ["2022-01"]
        assert await months("month_to=2021-12") == ["2021-12"]

    async def test_are_recorded_once_also_when_they_come_at_once(
        self, registry: Running, group: httpx.Response
    ) -> None:
        await warm(registry)
        replies = await asyncio.gather(*(save(registry, group, "2022-01", savers=n) for n in range(1, 4)))

        assert sorted(one.status_code for one in replies) == [201, 409, 409]
        assert {code_of(one) for one in replies if one.status_code == 409} == {"savings.month_taken"}

    @pytest.mark.parametrize(
        ("changes", "pointer", "code"),
        [
            ({"month": "2098-01"}, "/month", "date.in_the_future"),
            ({"month": "2020-12"}, "/month", "group.not_formed_yet"),
            ({"month": "2022-13"}, "/month", "value.pattern"),
            ({"month": "2022-01-01"}, "/month", "value.pattern"),
            ({"savings_rupiah": -1}, "/savings_rupiah", "value.too_small"),
            ({"savings_rupiah": LARGEST_RUPIAH + 1}, "/savings_rupiah", "value.too_large"),
            ({"savings_rupiah": 10.5}, "/savings_rupiah", "value.not_integer"),
            ({"savings_rupiah": 0}, "/savers", "savings.without_savers"),
            ({"savers": 0}, "/savers", "savings.without_savers"),
            ({"meeting_held": "ya"}, "/meeting_held", "value.not_boolean"),
        ],
    )
    async def test_name_the_wrong_place(
        self, registry: Running, group: httpx.Response, changes: dict[str, Any], pointer: str, code: str
    ) -> None:
        reply = await save(registry, group, **({"month": "2022-01"} | changes))

        assert reply.status_code == 422
        assert (reply.json()["errors"][0]["pointer"], reply.json()["errors"][0]["code"]) == (pointer, code)

    async def test_were_saved_by_no_more_than_the_members_of_that_month(
        self, registry: Running, group: httpx.Response
    ) -> None:
        by_numbers = await save(registry, group, "2021-02", savers=8)
        for resident in (listed := await people(registry, 4)):
            await join(registry, group, resident, starts_on="2021-03-31")
        await join(registry, group, listed[0], starts_on="2021-03-01", ends_on="2021-03-15", ended_because="new_role")

        fitting = await save(registry, group, "2021-03", savers=4)
        replies = [await save(registry, group, "2021-04", savers=5), await change(registry, fitting, {"savers": 5})]

        assert (by_numbers.status_code, fitting.status_code) == (422, 201), fitting.text
        for reply in (by_numbers, *replies):
            assert [(one["pointer"], one["code"]) for one in reply.json()["errors"]] == [
                ("/savers", "savings.savers_exceed_members")
            ]

    async def test_may_be_of_the_month_that_runs(self, registry: Running, group: httpx.Response) -> None:
        tomorrow = (TODAY.replace(day=28) + timedelta(days=4)).replace(day=1)

        assert (await save(registry, group, f"{TODAY:%Y-%m}")).status_code == 201
        assert (await save(registry, group, f"{tomorrow:%Y-%m}")).status_code == 422

    async def test_are_corrected_by_who_saw_them(self, registry: Running, group: httpx.Response) -> None:
        month = await save(registry, group, "2022-01", savings_rupiah=LARGEST_RUPIAH)
        wrong = await change(registry, month, {"savers": 0})
        right = await change(registry, month, {"savers": 0, "savings_rupiah": 0, "meeting_held": False})
        stale = await change(registry, month, {"savers": 3})
        moved = await registry.http.patch(
            month.headers["Location"], json={"month": "2022-02"}, headers=registry.token("facilitator") | etag(right)
        )

        assert month.json()["savings_rupiah"] == LARGEST_RUPIAH
        assert (wrong.status_code, code_of(wrong)) == (422, "savings.invalid")
        assert (right.status_code, right.json()["savings_rupiah"], right.json()["version"]) == (200, 0, 2)
        assert (stale.status_code, code_of(stale)) == (412, "version.stale")
        assert (moved.status_code, moved.json()["errors"][0]["code"]) == (422, "field.unknown")

    async def test_are_for_the_groups_own_region(self, registry: Running, group: httpx.Response) -> None:
        month = await save(registry, group, "2022-01")
        address = f"{group.headers['Location']}/savings-months"
        elsewhere = registry.token("facilitator", regions=("33.74",))

        nobody = await registry.http.get(address)
        seen = await registry.http.get(address, headers=elsewhere)
        one = await registry.http.get(month.headers["Location"], headers=elsewhere)
        written = await registry.http.post(address, json={}, headers=elsewhere)

        assert (nobody.status_code, code_of(nobody)) == (401, "token.missing")
        assert [reply.status_code for reply in (seen, one, written)] == [404, 404, 404]


class TestJointLiability:
    async def test_is_signed_by_an_economic_group_and_the_last_one_counts(
        self, registry: Running, group: httpx.Response
    ) -> None:
        first = await sign(registry, group)
        second = await sign(registry, group, signed_on="2023-03-01", signatories=7)

        assert first.json()["joint_liability"] == SIGNED
        assert (second.status_code, second.json()["joint_liability"]["signatories"]) == (200, 7)
        assert (await gates(registry, group, "as_of=2022-12-31"))["joint_liability"] == ("not_met", "not_all_signed")
        assert (await gates(registry, group, "as_of=2022-02-28"))["joint_liability"] == ("not_met", "not_signed")
        past = await registry.http.get(f"{GROUPS}?as_of=2022-12-31", headers=registry.token("supervisor"))
        assert past.json()["items"][0]["joint_liability"] == SIGNED

    async def test_is_signed_by_no_more_than_the_members_of_that_day(
        self, registry: Running, group: httpx.Response
    ) -> None:
        memberships = [await join(registry, group, one) for one in await people(registry, 5)]

        early = await sign(registry, group, signed_on="2021-01-31", signatories=1)
        many = await sign(registry, group, signatories=6)
        all_of_them = await sign(registry, group, signatories=5)
        await change(registry, memberships[0], {"ends_on": "2022-06-30", "ended_because": "left"})
        gate = next(
            one for one in (await read(registry, group, "/readiness"))["gates"] if one["gate"] == "joint_liability"
        )

        for reply in (early, many):
            assert [(one["pointer"], one["code"]) for one in reply.json()["errors"]] == [
                ("/signatories", "joint_liability.exceeds_members")
            ]
        assert all_of_them.status_code == 200, all_of_them.text
        assert (gate["state"], gate["count"], gate["of"]) == ("met", 4, 4)

    async def test_needs_the_version_that_was_seen(self, registry: Running, group: httpx.Response) -> None:
        address, headers = f"{group.headers['Location']}/joint-liability", registry.token("facilitator")
        (resident,) = await people(registry, 1)
        await join(registry, group, resident)

        missing = await registry.http.post(address, json=SIGNED, headers=headers)
        stale = await registry.http.post(address, json=SIGNED, headers=headers | etag(group))

        assert (missing.status_code, code_of(missing)) == (428, "version.missing")
        assert (stale.status_code, stale.json()["current"]["members"]) == (412, 1)

    async def test_is_not_for_others_and_at_no_impossible_time(self, registry: Running, group: httpx.Response) -> None:
        social = await sign(registry, await a_group(registry, "social", name="KSM Sosial"))
        early = await sign(registry, group, signed_on="2021-01-14")
        late = await sign(registry, group, signed_on="2999-01-01")

        assert (social.status_code, code_of(social)) == (409, "group.not_borrowing")
        assert early.json()["errors"][0]["code"] == "group.not_formed_yet"
        assert late.json()["errors"][0]["code"] == "date.in_the_future"

    async def test_is_listed_with_all_that_were_signed_before(self, registry: Running, group: httpx.Response) -> None:
        await sign(registry, group)
        await sign(registry, group, signed_on="2023-03-01", document_reference="TR/02/2023", signatories=7)
        await sign(registry, group, signed_on="2021-03-01", document_reference="TR/00/2021")
        address = f"{group.headers['Location']}/joint-liabilities"

        with registry.counted() as sent:
            reply = await registry.http.get(address, headers=registry.token("supervisor"))
        by_then = await registry.http.get(f"{address}?as_of=2022-12-31&limit=1", headers=registry.token("supervisor"))
        elsewhere = await registry.http.get(address, headers=registry.token("supervisor", regions=("33.74",)))
        nobody = await registry.http.get(address)

        assert (reply.status_code, len(sent)) == (200, 1)
        shown = [(one["signed_on"], one["document_reference"], one["signatories"]) for one in reply.json()["items"]]
        assert shown == [
            ("2023-03-01", "TR/02/2023", 7),
            ("2022-03-01", "TR/01/2022", 5),
            ("2021-03-01", "TR/00/2021", 5),
        ]
        assert {one["group_id"] for one in reply.json()["items"]} == {group.json()["id"]}
        assert [one["signed_on"] for one in by_then.json()["items"]] == ["2022-03-01"]
        assert by_then.json()["next"] is not None
        assert elsewhere.status_code == 404
        assert (nobody.status_code, code_of(nobody)) == (401, "token.missing")


class TestReadiness:
    async def test_explains_each_gate_until_all_are_met(self, registry: Running, group: httpx.Response) -> None:
        at_first = await gates(registry, group)
        residents = await people(registry, 5)
        for resident in residents:
            await join(registry, group, resident, trained_on="2021-06-01")
        listed = await gates(registry, group)
        await judge_poor(registry, residents[0])
        for month in ("2021-12", "2022-01", "2022-02"):
            await save(registry, group, month)
        await sign(registry, group)

        assert at_first == {
            "members": ("met", None),
            "women": ("met", None),
            "poor": ("unknown", "members_not_listed"),
            "trained": ("unknown", "members_not_listed"),
            "savings": ("unknown", "no_savings_recorded"),
            "joint_liability": ("not_met", "not_signed"),
            "ready": False,
        }
        assert listed["poor"] == ("unknown", "welfare_undecided")
        assert listed["trained"] == ("met", None)
        ready = await gates(registry, group, "as_of=2022-03-01")
        assert {state for state, _ in (ready[gate] for gate in ready if gate != "ready")} == {"met"}
        assert ready["ready"] is True
        assert (await gates(registry, group))["savings"] == ("not_met", "run_too_short")
        assert (await gates(registry, group, "as_of=2022-02-28"))["joint_liability"] == ("not_met", "not_signed")

    async def test_ends_the_run_where_nobody_met_or_saved(self, registry: Running, group: httpx.Response) -> None:
        for month in ("2021-10", "2021-11", "2021-12"):
            await save(registry, group, month)
        met = await save(registry, group, "2022-01", meeting_held=False)

        async def run(day: str) -> int:
            found: int = (await read(registry, group, f"/readiness?as_of={day}"))["savings_run"]
            return found

        assert (await run("2021-12-31"), await run("2022-01-31"), await run("2022-02-28")) == (3, 3, 0)
        await change(registry, met, {"meeting_held": True})
        assert (await run("2022-01-31"), await run("2022-02-28")) == (4, 4)

    async def test_sees_who_joined_after_the_statement_but_not_who_took_another_role(
        self, registry: Running, group: httpx.Response
    ) -> None:
        residents = await people(registry, 6)
        memberships = [await join(registry, group, resident) for resident in residents[:5]]
        await sign(registry, group)
        await change(registry, memberships[0], {"ends_on": "2022-06-30", "ended_because": "new_role"})
        await join(registry, group, residents[0], role="chair", starts_on="2022-07-01")
        new_role = await gates(registry, group)
        await change(registry, memberships[1], {"ends_on": "2022-06-30", "ended_because": "left"})
        await join(registry, group, residents[5], starts_on="2022-07-01")

        assert new_role["joint_liability"] == ("met", None)
        assert (await gates(registry, group))["joint_liability"] == ("not_met", "joined_since")

    async def test_says_who_is_not_poor(self, registry: Running, group: httpx.Response) -> None:
        one, two = await people(registry, 1), await people(registry, 1)
        for resident in (*one, *two):
            await join(registry, group, resident)
        await judge_poor(registry, one[0])
        await judge_poor(registry, two[0], status="near_poor")

        assert (await gates(registry, group))["poor"] == ("not_met", "not_all_poor")

    async def test_asks_another_kind_for_its_members_only(self, registry: Running) -> None:
        social = await a_group(registry, "social", members=3, women=0)

        assert await gates(registry, social) == {"members": ("met", None), "ready": True}

    async def test_is_read_in_one_statement_in_the_groups_own_region(
        self, registry: Running, group: httpx.Response
    ) -> None:
        address = f"{group.headers['Location']}/readiness"
        with registry.counted() as sent:
            reply = await registry.http.get(address, headers=registry.token("supervisor"))
        elsewhere = await registry.http.get(address, headers=registry.token("supervisor", regions=("33.74",)))
        nobody = await registry.http.get(address)

        assert (reply.status_code, len(sent)) == (200, 1)
        assert reply.json()["ruleset"] == "groups-2008-2"
        assert (elsewhere.status_code, code_of(elsewhere)) == (404, "resource.not_found")
        assert (nobody.status_code, code_of(nobody)) == (401, "token.missing")
