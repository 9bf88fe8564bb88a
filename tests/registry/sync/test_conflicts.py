import asyncio
from typing import Any
from uuid import uuid4

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from shared.clock import read_clock
from shared.conflicts import KEPT, forget_old_conflicts
from tests.house import Running, code_of
from tests.registry.groups.story import a_group, people
from tests.registry.racing import warm
from tests.registry.sync.test_pull import phone
from tests.registry.sync.test_push import a_local_group, entries
from tests.shared.watermelon import Phone

CONFLICTS = "/registry/v1/sync/conflicts"


async def two_phones(registry: Running) -> tuple[Phone, Phone, str]:
    """Give two people's phones with the same group."""
    group = await a_group(registry)
    await registry.seal()
    mine, theirs = phone(registry), phone(registry)
    await mine.pull()
    await theirs.pull()
    return mine, theirs, str(group.json()["id"])


async def a_clash(registry: Running) -> tuple[Phone, Phone, str]:
    """Let two edit the same group, and the second push be stale."""
    mine, theirs, group = await two_phones(registry)
    theirs.edit("groups", group, name="KSM Mereka", women=5)
    assert await theirs.push() is None
    mine.edit("groups", group, name="KSM Saya", women=3)
    assert await mine.push() == "sync.stale"
    return mine, theirs, group


async def conflicts(one: Phone, query: str = "") -> list[dict[str, Any]]:
    reply = await one.running.http.get(f"{CONFLICTS}{query}", headers=one.headers)
    assert reply.status_code == 200, reply.text
    found: list[dict[str, Any]] = reply.json()["items"]
    return found


async def settle(one: Phone, conflict: dict[str, Any], **fields: str) -> httpx.Response:
    headers = one.headers | {"If-Match": f'"{conflict["version"]}"'}
    address = f"{CONFLICTS}/{conflict['id']}/settlement"
    return await one.running.http.post(address, json={"fields": fields}, headers=headers)


async def the_group(registry: Running, group: str) -> dict[str, Any]:
    reply = await registry.http.get(f"/registry/v1/groups/{group}", headers=registry.token("auditor"))
    found: dict[str, Any] = reply.json()
    return found


class TestStale:
    async def test_is_refused_whole(self, registry: Running) -> None:
        mine, theirs, group = await two_phones(registry)
        theirs.edit("groups", group, name="KSM Mereka")
        await theirs.push()
        before = await entries(registry)
        other = a_local_group(mine, next(iter(mine.of("boards"))))
        mine.edit("groups", group, name="KSM Saya")

        assert await mine.push() == "sync.stale"

        assert await entries(registry) == before
        assert (await the_group(registry, group))["name"] == "KSM Mereka"
        reply = await registry.http.get(f"/registry/v1/groups/{other['id']}", headers=mine.headers)
        assert reply.status_code == 404

    async def test_is_kept_with_what_each_wrote(self, registry: Running) -> None:
        mine, _, group = await a_clash(registry)

        (kept,) = await conflicts(mine)

        assert (kept["table"], kept["record_id"], kept["state"], kept["version"]) == ("groups", group, "open", 1)
        assert sorted(kept["fields"], key=lambda one: one["name"]) == [
            {"name": "name", "mine": "KSM Saya", "theirs": "KSM Mereka", "chosen": None},
            {"name": "women", "mine": 3, "theirs": 5, "chosen": None},
        ]

    async def test_sent_again_doubles_nothing(self, registry: Running) -> None:
        mine, _, _ = await a_clash(registry)
        first = await conflicts(mine)

        replies = await asyncio.gather(*(mine.push_reply() for _ in range(3)))

        assert [code_of(reply) for reply in replies] == ["sync.stale"] * 3
        assert await conflicts(mine) == first

    async def test_is_not_what_says_what_is_there(self, registry: Running) -> None:
        mine, theirs, group = await two_phones(registry)
        for one in (theirs, mine):
            one.edit("groups", group, name="KSM Sama")
            assert await one.push() is None

        assert (await the_group(registry, group))["version"] == 2

    async def test_is_also_what_was_changed_but_not_sealed_yet_and_by_an_ordinary_request(
        self, registry: Running
    ) -> None:
        mine, _, group = await two_phones(registry)
        headers = registry.token("facilitator") | {"If-Match": '"1"'}
        await registry.http.patch(f"/registry/v1/groups/{group}", json={"name": "KSM Lain"}, headers=headers)
        mine.edit("groups", group, name="KSM Saya")

        assert await mine.push() == "sync.stale"
        assert (await conflicts(mine))[0]["position"] is None

    async def test_is_also_what_was_new_when_somebody_else_edited_it_since(self, registry: Running) -> None:
        mine, _, _ = await two_phones(registry)
        made = a_local_group(mine, next(iter(mine.of("boards"))))
        # The reply is lost: for this phone the group is still new.
        await mine.push_reply()
        headers = registry.token("facilitator") | {"If-Match": '"1"'}
        reply = await registry.http.patch(f"/registry/v1/groups/{made['id']}", json={"women": 2}, headers=headers)
        assert reply.status_code == 200, reply.text

        untouched = await mine.push()
        mine.edit("groups", made["id"], name="KSM Saya")
        edited = await mine.push()

        assert (untouched, edited) == (None, "sync.stale")
        assert (await the_group(registry, made["id"]))["women"] == 2
        await mine.settle_down()
        found = await the_group(registry, made["id"])
        assert (found["name"], found["women"]) == ("KSM Saya", 2)

    async def test_comes_to_rest_when_synchronized_again(self, registry: Running) -> None:
        mine, theirs, group = await a_clash(registry)

        await mine.settle_down()
        await theirs.settle_down()

        assert mine.rows("groups") == theirs.rows("groups")
        assert mine.of("groups")[group]["name"] == "KSM Saya"
        assert len(await conflicts(mine, "?state=open")) == 1

    async def test_with_one_key_sent_twice_is_judged_twice(self, registry: Running) -> None:
        mine, _, _ = await a_clash(registry)
        mine.headers |= {"Idempotency-Key": str(uuid4())}

        assert await mine.push() == "sync.stale"
        await registry.seal()
        await mine.pull()
        assert await mine.push() is None

    async def test_of_two_at_once_is_one(self, registry: Running) -> None:
        await warm(registry)
        mine, theirs, group = await two_phones(registry)
        mine.edit("groups", group, name="KSM Saya")
        theirs.edit("groups", group, name="KSM Mereka")

        found = await asyncio.gather(mine.push(), theirs.push())

        assert sorted(found, key=str) == [None, "sync.stale"]
        loser = mine if found[0] else theirs
        assert len(await conflicts(loser)) == 1
        assert (await the_group(registry, group))["version"] == 2


class TestConflicts:
    async def test_are_ones_own(self, registry: Running) -> None:
        mine, theirs, _ = await a_clash(registry)
        (kept,) = await conflicts(mine)

        assert await conflicts(theirs) == []
        reply = await settle(theirs, kept, name="mine")
        assert (reply.status_code, code_of(reply)) == (404, "resource.not_found")
        assert (await registry.http.get(CONFLICTS)).status_code == 401

    async def test_name_nobody_in_clear_and_only_those_who_may_read_names(self, registry: Running) -> None:
        resident = (await people(registry, 1))[0]
        await registry.seal()
        mine, theirs = phone(registry), phone(registry)
        for one, name in ((theirs, "Sri Mereka"), (mine, "Sri Saya")):
            await one.pull()
            one.edit("residents", resident, name=name, nik="3471034502800001" if one is mine else None)
        theirs.of("residents")[resident]["_changed"] = "name"
        mine.of("residents")[resident]["_changed"] = "name,nik,nik_absent_reason"
        mine.of("residents")[resident]["nik_absent_reason"] = None
        await theirs.push()
        assert await mine.push() == "sync.stale"

        async with registry.database.reads.connect() as connection:
            rows = (await connection.execute(text("SELECT sync_conflicts::text FROM sync_conflicts"))).scalars().all()
        assert len(rows) == 1
        assert not any(word in rows[0] for word in ("Sri", b"Sri".hex(), b"3471034502800001".hex()))
        (kept,) = await conflicts(mine)
        fields = {one["name"]: (one["mine"], one["theirs"]) for one in kept["fields"]}
        assert fields["name"] == ("Sri Saya", "Sri Mereka")
        assert fields["nik"] == (None, None)
        scope = "registry:residents:read registry:residents:write"
        claims = {"sub": mine_account(mine), "scope": scope}
        reply = await registry.http.get(CONFLICTS, headers=registry.token("facilitator", **claims))
        assert "Sri" not in reply.text
        assert reply.json()["items"][0]["id"] == kept["id"]
        reply = await settle(mine, kept, name="mine", nik="theirs", nik_absent_reason="theirs")
        assert reply.status_code == 200, reply.text
        assert "Sri" not in reply.text

    async def test_are_forgotten_with_whom_they_name(self, registry: Running) -> None:
        resident = (await people(registry, 1))[0]
        await registry.seal()
        mine, theirs = phone(registry), phone(registry)
        for one, name in ((theirs, "Sri Mereka"), (mine, "Sri Saya")):
            await one.pull()
            one.edit("residents", resident, name=name)
            await one.push()
        assert len(await conflicts(mine)) == 1
        read = await registry.http.get(f"/registry/v1/residents/{resident}", headers=registry.token("facilitator"))
        headers = registry.token("facilitator") | {"If-Match": read.headers["ETag"]}
        body = {"reason": "person_asked", "requested_on": "2024-01-01"}
        reply = await registry.http.post(f"/registry/v1/residents/{resident}/erasure", json=body, headers=headers)
        assert reply.status_code == 200, reply.text

        assert await conflicts(mine) == []

    async def test_are_forgotten_after_thirty_days(self, registry: Running) -> None:
        mine, _, _ = await a_clash(registry)
        for later in (0, 1):
            assert len(await conflicts(mine)) == 1
            async with registry.database.transaction() as session:
                now = read_clock() + KEPT * 1.01 * later
                await forget_old_conflicts(session, registry.tables.sync_conflicts, now=now)

        assert await conflicts(mine) == []


def mine_account(one: Phone) -> str:
    from jose import jwt  # noqa: PLC0415 - only this test reads a token

    return str(jwt.get_unverified_claims(one.headers["Authorization"].removeprefix("Bearer "))["sub"])


class TestSettlement:
    async def test_writes_what_was_chosen_field_by_field(self, registry: Running) -> None:
        mine, _, group = await a_clash(registry)
        await mine.settle_down()
        (kept,) = await conflicts(mine)
        assert (await the_group(registry, group))["women"] == 3

        first = await settle(mine, kept, name="mine")
        second = await settle(mine, first.json(), women="theirs")

        assert (first.status_code, first.json()["state"]) == (200, "open")
        assert (second.status_code, second.json()["state"], second.json()["version"]) == (200, "settled", 3)
        found = await the_group(registry, group)
        assert (found["name"], found["women"], found["version"]) == ("KSM Saya", 5, 4)
        assert await conflicts(mine, "?state=open") == []
        assert len(await conflicts(mine, "?state=settled")) == 1

    async def test_may_come_before_the_next_push(self, registry: Running) -> None:
        mine, _, group = await a_clash(registry)
        (kept,) = await conflicts(mine)

        reply = await settle(mine, kept, name="mine", women="theirs")

        assert (reply.status_code, reply.json()["state"]) == (200, "settled")
        found = await the_group(registry, group)
        assert (found["name"], found["women"]) == ("KSM Saya", 5)

    async def test_asks_for_the_version_last_seen(self, registry: Running) -> None:
        mine, _, _ = await a_clash(registry)
        (kept,) = await conflicts(mine)
        await settle(mine, kept, name="mine")

        stale = await settle(mine, kept, women="mine")
        without = await registry.http.post(
            f"{CONFLICTS}/{kept['id']}/settlement", json={"fields": {"women": "mine"}}, headers=mine.headers
        )

        assert (stale.status_code, code_of(stale), stale.json()["current"]["version"]) == (412, "version.stale", 2)
        assert without.status_code == 428

    @pytest.mark.parametrize(
        ("fields", "pointer", "code"),
        [
            ({"colour": "mine"}, "/fields/colour", "field.unknown"),
            ({"name": "ours"}, "/fields/name", "value.not_a_choice"),
            ({}, "/fields", "list.too_short"),
        ],
    )
    async def test_names_the_wrong_field(
        self, registry: Running, fields: dict[str, str], pointer: str, code: str
    ) -> None:
        mine, _, _ = await a_clash(registry)
        (kept,) = await conflicts(mine)

        reply = await settle(mine, kept, **fields)

        assert reply.status_code == 422
        assert [(one["pointer"], one["code"]) for one in reply.json()["errors"]] == [(pointer, code)]

    async def test_does_not_undo_what_a_third_wrote(self, registry: Running) -> None:
        mine, theirs, group = await a_clash(registry)
        await mine.settle_down()
        await theirs.settle_down()
        theirs.edit("groups", group, name="KSM Ketiga")
        assert await theirs.push() is None
        (kept,) = await conflicts(mine)

        reply = await settle(mine, kept, name="theirs", women="mine")

        assert (reply.status_code, code_of(reply)) == (409, "sync.conflict_overtaken")
        assert (await the_group(registry, group))["name"] == "KSM Ketiga"

    async def test_needs_the_scope_of_the_edit(self, registry: Running) -> None:
        mine, _, _ = await a_clash(registry)
        (kept,) = await conflicts(mine)
        mine.headers = registry.token("auditor", sub=mine_account(mine))

        reply = await settle(mine, kept, name="mine")

        assert (reply.status_code, code_of(reply)) == (403, "scope.missing")


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["first", "second"]),
        st.sampled_from(["name", "women", "create", "synchronize", "synchronize", "push", "pull", "seal", "lose"]),
        st.integers(0, 5),
    ),
    max_size=14,
)


def _some(one: Phone, number: int) -> str:
    known = sorted(one.of("groups"))
    return known[number % len(known)]


async def _step(registry: Running, one: Phone, what: str, value: int, number: int) -> None:
    match what:
        case "name":
            one.edit("groups", _some(one, value), name=f"KSM {value} {number}")
        case "women":
            one.edit("groups", _some(one, value), women=value)
        case "create":
            a_local_group(one, next(iter(one.of("boards"))), name=f"KSM Baru {number}")
        case "seal":
            await registry.seal()
        case "lose":
            # It took effect, and nobody heard of it.
            await one.push_reply()
        case _:
            await getattr(one, what)()


class TestConvergence:
    @settings(max_examples=25)
    @given(steps=STEPS, limit=st.integers(1, 3))
    async def test_holds_after_any_interleaving(
        self, registry: Running, steps: list[tuple[str, str, int]], limit: int
    ) -> None:
        await registry.empty()
        first, second, _ = await two_phones(registry)
        phones = {"first": first, "second": second}
        first.limit = limit
        for number, (who, what, value) in enumerate(steps):
            await _step(registry, phones[who], what, value, number)
        for one in (first, second, first):
            await one.settle_down()

        whole = phone(registry)
        await whole.pull()
        assert first.rows("groups") == second.rows("groups") == whole.rows("groups")
        assert len(whole.rows("groups")) == 1 + sum(what == "create" for _, what, _ in steps)
        assert all(record["_status"] == "synced" for one in phones.values() for record in one.of("groups").values())
