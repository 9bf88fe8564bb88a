"""How a group ends, and how an end that was recorded by mistake is corrected."""

import asyncio
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.house import Running, code_of, etag
from tests.registry.groups.story import GROUPS, a_group, change, join, people, read, save, sign
from tests.registry.groups.test_savings import gates
from tests.registry.racing import warm


@pytest.fixture
async def group(registry: Running) -> httpx.Response:
    return await a_group(registry)


async def dissolve(registry: Running, group: httpx.Response, day: str) -> httpx.Response:
    headers = registry.token("facilitator")
    now = await registry.http.get(group.headers["Location"], headers=headers)
    address = f"{group.headers['Location']}/dissolution"
    return await registry.http.post(address, json={"dissolved_on": day}, headers=headers | etag(now))


async def correct(registry: Running, group: httpx.Response, **body: Any) -> httpx.Response:
    headers = registry.token("facilitator")
    now = await registry.http.get(group.headers["Location"], headers=headers)
    return await registry.http.patch(group.headers["Location"], json=body, headers=headers | etag(now))


async def ends(registry: Running, group: httpx.Response) -> dict[str, tuple[Any, ...]]:
    """Return how the memberships of a group ended, by resident."""
    listed = (await read(registry, group, "/memberships"))["items"]
    return {one["resident_id"]: (one["ends_on"], one["ended_because"]) for one in listed}


async def a_life(registry: Running, group: httpx.Response) -> tuple[str, str, str]:
    """Let one member stay, one leave before, and one end with the group by another entry of the clerk."""
    stayed, left, listed = await people(registry, 3)
    await join(registry, group, stayed)
    await change(registry, await join(registry, group, left), {"ends_on": "2021-12-31", "ended_because": "left"})
    await join(registry, group, listed, role="chair")
    return stayed, left, listed


class TestDissolution:
    async def test_ends_the_group_and_whatever_membership_still_holds(
        self, registry: Running, group: httpx.Response
    ) -> None:
        stayed, left = await people(registry, 2)
        await join(registry, group, stayed)
        await change(registry, await join(registry, group, left), {"ends_on": "2021-12-31", "ended_because": "left"})

        reply = await dissolve(registry, group, "2022-06-30")
        again = await dissolve(registry, group, "2022-06-30")
        listed = {one["resident_id"]: one for one in (await read(registry, group, "/memberships"))["items"]}

        assert (reply.status_code, reply.json()["dissolved_on"], reply.json()["members"]) == (200, "2022-06-30", 0)
        assert (again.status_code, code_of(again)) == (409, "group.dissolved")
        assert (listed[stayed]["ends_on"], listed[stayed]["ended_because"]) == ("2022-06-30", "group_dissolved")
        assert listed[left]["ended_because"] == "left"

        async def found(day: str) -> int:
            address = f"{GROUPS}?as_of={day}"
            return len((await registry.http.get(address, headers=registry.token("supervisor"))).json()["items"])

        assert (await found("2022-06-30"), await found("2022-07-01")) == (1, 0)

    async def test_leaves_no_member_of_whom_only_numbers_were_known(
        self, registry: Running, group: httpx.Response
    ) -> None:
        reply = await dissolve(registry, group, "2022-06-30")

        assert (reply.json()["members"], reply.json()["women"]) == (0, 0)
        assert (await gates(registry, group))["members"] == ("not_met", "too_few")

    async def test_lets_nothing_go_on_after_it(self, registry: Running, group: httpx.Response) -> None:
        (resident,) = await people(registry, 1)
        await dissolve(registry, group, "2022-06-30")

        refused = [
            await join(registry, group, resident),
            await save(registry, group, "2022-07"),
            await sign(registry, group, signed_on="2022-07-01"),
        ]
        late = await join(registry, group, resident, ends_on="2022-06-30", ended_because="group_dissolved")

        assert {(reply.status_code, code_of(reply)) for reply in refused} == {(409, "group.dissolved")}
        assert late.status_code == 201

    async def test_is_refused_before_the_group_or_before_somebody_joined(
        self, registry: Running, group: httpx.Response
    ) -> None:
        (resident,) = await people(registry, 1)
        await join(registry, group, resident, starts_on="2023-01-01")

        early, joined = await dissolve(registry, group, "2020-01-01"), await dissolve(registry, group, "2022-06-30")

        assert early.json()["errors"][0]["code"] == "group.not_formed_yet"
        assert [one["code"] for one in joined.json()["errors"]] == ["group.joined_later"]

    async def test_is_refused_where_somebody_left_only_later(self, registry: Running, group: httpx.Response) -> None:
        stayed, left, _ = await a_life(registry, group)
        refused = await dissolve(registry, group, "2021-06-30")

        assert [one["code"] for one in refused.json()["errors"]] == ["group.left_later"]
        assert (await ends(registry, group))[left] == ("2021-12-31", "left")
        assert (await ends(registry, group))[stayed] == (None, None)


class TestCorrection:
    async def test_takes_back_one_that_never_was(self, registry: Running, group: httpx.Response) -> None:
        stayed, _, chair = await a_life(registry, group)
        before = await ends(registry, group)
        await dissolve(registry, group, "2022-06-30")
        ended = await ends(registry, group)
        reply = await correct(registry, group, dissolved_on=None, name="KSM Contoh Lagi")

        assert ended[stayed] == ended[chair] == ("2022-06-30", "group_dissolved")
        assert (reply.status_code, reply.json()["dissolved_on"], reply.json()["members"]) == (200, None, 2)
        assert reply.json()["name"] == "KSM Contoh Lagi"
        assert await ends(registry, group) == before
        assert (await save(registry, group, "2022-07", savers=2)).status_code == 201
        assert (await sign(registry, group, signed_on="2022-07-01", signatories=2)).status_code == 200
        assert (await dissolve(registry, group, "2022-09-30")).status_code == 200
        await registry.seal()
        feed = (await registry.http.get("/registry/v1/journal?limit=500", headers=registry.token("auditor"))).json()
        told = [(one["type"], one["data"]["data"]) for one in feed["items"]]
        assert [data["dissolved_on"] for type_, data in told if type_ == "group.changed"][-2:] == [None, None]
        again = [data["ends_on"] for type_, data in told if type_ == "membership.changed"]
        assert again == ["2021-12-31", "2022-06-30", "2022-06-30", None, None, "2022-09-30", "2022-09-30"]

    @pytest.mark.parametrize("day", ["2022-03-31", "2023-03-31"])
    async def test_moves_the_day_with_the_memberships(self, registry: Running, group: httpx.Response, day: str) -> None:
        stayed, left, _ = await a_life(registry, group)
        await dissolve(registry, group, "2022-06-30")
        reply = await correct(registry, group, dissolved_on=day)

        assert (reply.status_code, reply.json()["dissolved_on"]) == (200, day)
        found = await ends(registry, group)
        assert (found[stayed], found[left]) == ((day, "group_dissolved"), ("2021-12-31", "left"))

    async def test_leaves_alone_who_is_on_record_as_leaving_before(
        self, registry: Running, group: httpx.Response
    ) -> None:
        stayed, _, _ = await a_life(registry, group)
        await dissolve(registry, group, "2022-06-30")
        (membership,) = (
            one for one in (await read(registry, group, "/memberships"))["items"] if one["resident_id"] == stayed
        )
        address = f"{group.headers['Location']}/memberships/{membership['id']}"
        headers = registry.token("facilitator") | {"If-Match": f'"{membership["version"]}"'}
        gone = {"ends_on": "2022-05-31", "ended_because": "moved"}
        assert (await registry.http.patch(address, json=gone, headers=headers)).status_code == 200
        await correct(registry, group, dissolved_on=None)

        assert (await ends(registry, group))[stayed] == ("2022-05-31", "moved")

    @pytest.mark.parametrize(
        ("day", "code"),
        [
            ("2020-01-01", "group.not_formed_yet"),
            ("2021-06-30", "group.left_later"),
            ("2021-01-31", "group.joined_later"),
            ("2999-01-01", "date.in_the_future"),
        ],
    )
    async def test_is_refused_on_an_impossible_day(
        self, registry: Running, group: httpx.Response, day: str, code: str
    ) -> None:
        await a_life(registry, group)
        await dissolve(registry, group, "2022-06-30")
        before = await ends(registry, group)
        reply = await correct(registry, group, dissolved_on=day)

        assert reply.status_code == 422
        assert code in {one["code"] for one in reply.json()["errors"]}
        assert {one["pointer"] for one in reply.json()["errors"]} == {"/dissolved_on"}
        assert await ends(registry, group) == before

    async def test_is_no_way_to_dissolve(self, registry: Running, group: httpx.Response) -> None:
        refused = await correct(registry, group, dissolved_on="2022-06-30")
        nothing = await correct(registry, group, dissolved_on=None)

        assert (refused.status_code, code_of(refused)) == (409, "group.not_dissolved")
        assert (nothing.status_code, nothing.json()["dissolved_on"]) == (200, None)

    async def test_of_two_at_once_one_is_told(self, registry: Running, group: httpx.Response) -> None:
        await a_life(registry, group)
        ended = await dissolve(registry, group, "2022-06-30")
        await warm(registry)
        headers = registry.token("facilitator") | etag(ended)
        address = group.headers["Location"]
        replies = await asyncio.gather(
            registry.http.patch(address, json={"dissolved_on": None}, headers=headers),
            registry.http.patch(address, json={"dissolved_on": "2022-07-31"}, headers=headers),
        )
        assert sorted(one.status_code for one in replies) == [200, 412]

    @settings(max_examples=15)
    @given(
        days=st.lists(st.none() | st.sampled_from(["2021-06-30", "2022-01-31", "2022-06-30", "2023-06-30"]), max_size=5)
    )
    async def test_ends_where_a_single_dissolution_would(self, registry: Running, days: list[str | None]) -> None:
        await registry.empty()
        group = await a_group(registry)
        await a_life(registry, group)
        before = await ends(registry, group)
        expected: str | None = None
        for day in days:
            if expected is None and day is not None:
                reply = await dissolve(registry, group, day)
            else:
                reply = await correct(registry, group, dissolved_on=day)
            assert reply.status_code == (422 if day == "2021-06-30" else 200), reply.text
            expected = expected if day == "2021-06-30" else day
        with_it = (expected, "group_dissolved" if expected else None)
        own = {("2021-12-31", "left")}
        assert set((await ends(registry, group)).values()) == own | {with_it}
        assert (await read(registry, group))["dissolved_on"] == expected
        assert await ends(registry, group) == {one: end if end in own else with_it for one, end in before.items()}
