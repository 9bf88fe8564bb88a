import asyncio
from contextlib import AsyncExitStack
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import text

from shared import syncviews
from tests.house import Running, code_of, etag
from tests.registry.groups.story import a_group, join, people
from tests.registry.racing import POOL, warm
from tests.registry.residents.story import NAME, a_household, a_resident
from tests.shared.importing import BOARD, Sender, csv_file
from tests.shared.watermelon import Phone

HERE = "34.71.03.1001"


def phone(registry: Running, *roles: str, **claims: Any) -> Phone:
    limit = claims.pop("limit", 1000)
    claims = {"sub": str(uuid4())} | claims
    return Phone(registry, registry.token(*(roles or ("facilitator",)), **claims), limit)


async def a_life(registry: Running, group: httpx.Response | None = None) -> httpx.Response:
    """Record a board and a group, unless there is one, with two members and their household."""
    group = group or await a_group(registry)
    for one in await people(registry, 2):
        assert (await join(registry, group, one)).status_code == 201
    await registry.seal()
    return group


class TestFirstPull:
    async def test_brings_each_row_once_as_it_is_now(self, registry: Running) -> None:
        await a_life(registry)
        position = await registry.seal()

        body = await phone(registry).pull()

        counts = {table: len(one["created"]) for table, one in body["changes"].items()}
        rows = {"boards": 1, "groups": 1, "households": 1, "residents": 2, "memberships": 2}
        assert counts == rows | {"volunteers": 0}
        assert all(one["updated"] == one["deleted"] == [] for one in body["changes"].values())
        assert (body["timestamp"], body["more"]) == (position + 1, False)
        assert body["changes"]["groups"]["created"][0]["version"] == 3

    async def test_is_told_before_it_is_downloaded(self, registry: Running) -> None:
        await a_life(registry)
        one = phone(registry)

        told = (await registry.http.get(one.root, headers=one.headers)).json()
        await one.pull()

        assert {table["name"]: table["rows"] for table in told["tables"]} == {
            table: len(records) for table, records in one.tables.items()
        }
        assert told["rows"] == 7
        assert told["bytes"] > 500
        for table in told["tables"]:
            names = {column["name"] for column in table["columns"]} | {"id", "_status", "_changed"}
            assert all(record.keys() == names for record in one.of(table["name"]).values())

    async def test_costs_the_same_statements_however_many_rows(self, registry: Running) -> None:
        counts, group = [], None
        for _ in range(2):
            group = await a_life(registry, group)
            with registry.counted() as sent:
                await phone(registry).pull()
            counts.append(len(sent))

        assert counts[0] == counts[1] <= 15

    async def test_says_where_a_value_may_be_missing(self, registry: Running) -> None:
        one = phone(registry)
        told = (await registry.http.get(one.root, headers=one.headers)).json()

        for table in told["tables"]:
            for column in table["columns"]:
                masked = column["name"] in {"name", "nik", "phone", "vulnerabilities", "address", "point"} and table[
                    "name"
                ] in {"residents", "households"}
                assert column["isOptional"] or (column["writable"] and not masked), (table["name"], column)

    async def test_holds_only_flat_values(self, registry: Running) -> None:
        await a_life(registry)
        one = phone(registry)
        await one.pull()

        for records in one.tables.values():
            for record in records.values():
                assert all(isinstance(value, str | int | bool | None) for value in record.values())

    async def test_is_empty_where_nothing_was_recorded(self, registry: Running) -> None:
        body = await phone(registry).pull()

        assert (body["timestamp"], body["more"]) == (1, False)

    async def test_leaves_out_what_lies_elsewhere_though_it_is_public(self, registry: Running) -> None:
        await a_life(registry)

        body = await phone(registry, regions=("33.74",)).pull()

        assert body["changes"]["boards"]["created"] == []

    async def test_refuses_a_scope_that_is_too_wide_and_says_the_limit(self, registry: Running) -> None:
        await a_life(registry)
        one, settings = phone(registry), registry.app.state.settings
        registry.app.state.settings = settings.model_copy(update={"sync_rows": 6})
        try:
            replies = [await one.pull_reply(), await registry.http.get(one.root, headers=one.headers)]
        finally:
            registry.app.state.settings = settings

        for reply in replies:
            assert (reply.status_code, code_of(reply)) == (403, "sync.scope_too_wide")
            assert reply.json()["limit"] == 6

    async def test_is_for_who_may_read_one_of_the_tables(self, registry: Running) -> None:
        assert (await registry.http.get("/registry/v1/sync/pull")).status_code == 401
        reply = await phone(registry, "partner").pull_reply()
        assert (reply.status_code, code_of(reply)) == (403, "scope.missing")


class TestPages:
    @pytest.mark.parametrize("limit", [1, 2, 3])
    async def test_come_to_the_same_as_one(self, registry: Running, limit: int) -> None:
        await a_life(registry)
        whole, piecemeal = phone(registry), phone(registry, limit=limit)

        await whole.pull()
        while (await piecemeal.pull())["more"]:
            pass

        assert piecemeal.tables == whole.tables
        assert piecemeal.last_pulled_at == whole.last_pulled_at

    async def test_bring_each_row_once(self, registry: Running) -> None:
        await a_life(registry)
        one = phone(registry, limit=2)
        seen: list[str] = []
        more = True
        while more:
            body = await one.pull()
            more = body["more"]
            seen += [
                record["id"] for table in body["changes"].values() for record in table["created"] + table["updated"]
            ]

        assert len(seen) == len(set(seen)) == 7

    async def test_are_brought_again_when_a_reply_was_lost(self, registry: Running) -> None:
        await a_life(registry)
        one = phone(registry, limit=2)
        await one.pull()

        lost, again = await one.pull_reply(), await one.pull_reply()

        assert lost.json() == again.json()

    async def test_do_not_miss_what_changes_between_them(self, registry: Running) -> None:
        group = await a_life(registry)
        one, whole = phone(registry, limit=2), phone(registry)
        await one.pull()
        await a_life(registry, group)

        while (await one.pull())["more"]:
            pass
        await whole.pull()

        assert one.tables == whole.tables


class TestNextPull:
    async def test_tells_new_from_edited(self, registry: Running) -> None:
        await a_life(registry)
        one = phone(registry)
        await one.pull()
        group = next(iter(one.of("groups").values()))
        headers = registry.token("facilitator") | {"If-Match": f'"{group["version"]}"'}
        address = f"/registry/v1/groups/{group['id']}"
        assert (await registry.http.patch(address, json={"name": "KSM Baru"}, headers=headers)).status_code == 200
        await a_household(registry)
        await registry.seal()

        changes = (await one.pull())["changes"]

        assert [record["name"] for record in changes["groups"]["updated"]] == ["KSM Baru"]
        assert changes["groups"]["created"] == []
        assert len(changes["households"]["created"]) == 1

    async def test_brings_nothing_twice(self, registry: Running) -> None:
        await a_life(registry)
        one = phone(registry)
        await one.pull()

        changes = (await one.pull())["changes"]

        assert all(not any(table.values()) for table in changes.values())

    async def test_does_not_take_a_reading_for_a_change(self, registry: Running) -> None:
        await a_life(registry)
        one = phone(registry)
        await one.pull()
        for resident in one.of("residents"):
            await registry.http.get(f"/registry/v1/residents/{resident}", headers=registry.token("facilitator"))
        await registry.seal()

        assert (await one.pull())["changes"]["residents"] == {"created": [], "updated": [], "deleted": []}


class TestGone:
    async def test_comes_as_its_id_alone(self, registry: Running) -> None:
        sender = Sender(registry, "facilitator")
        made = await sender.imported(csv_file([BOARD | {"Nama": "BKM Satu"}, BOARD | {"Nama": "BKM Dua"}]))
        await registry.seal()
        before, between = phone(registry), phone(registry)
        await before.pull()
        assert len(before.of("boards")) == 2
        assert (await sender.undo(made["id"])).status_code == 200
        await registry.seal()

        gone = (await before.pull())["changes"]["boards"]
        fresh = (await between.pull())["changes"]["boards"]

        assert (gone["created"], gone["updated"], len(gone["deleted"])) == ([], [], 2)
        assert before.of("boards") == {}
        assert fresh == {"created": [], "updated": [], "deleted": []}

    async def test_before_it_was_ever_pulled_does_not_come(self, registry: Running) -> None:
        one, sender = phone(registry), Sender(registry, "facilitator")
        await one.pull()
        made = await sender.imported(csv_file([BOARD]))
        await sender.undo(made["id"])
        await registry.seal()

        assert (await one.pull())["changes"]["boards"] == {"created": [], "updated": [], "deleted": []}

    async def test_name_of_who_was_erased_comes_as_null(self, registry: Running) -> None:
        resident = await a_resident(registry, await a_household(registry))
        await registry.seal()
        one = phone(registry)
        await one.pull()
        headers = registry.token("facilitator") | etag(resident)
        body = {"reason": "person_asked", "requested_on": "2024-01-01"}
        reply = await registry.http.post(f"{resident.headers['Location']}/erasure", json=body, headers=headers)
        assert reply.status_code == 200, reply.text
        await registry.seal()

        changes = (await one.pull())["changes"]

        assert [record["name"] for record in changes["residents"]["updated"]] == [None]
        assert [record["address"] for record in changes["households"]["updated"]] == [None]


class TestWaiting:
    async def test_brings_what_was_accepted_just_before(
        self, registry: Running, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(syncviews, "PATIENCE_SECONDS", 30)
        await a_household(registry)

        body, _ = await asyncio.gather(phone(registry).pull(), registry.seal())

        assert len(body["changes"]["households"]["created"]) == 1

    async def test_does_not_wait_for_ever(self, registry: Running, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(syncviews, "PATIENCE_SECONDS", 0.05)
        await a_household(registry)

        body = await phone(registry).pull()

        assert body["changes"]["households"]["created"] == []


class TestBesideOthers:
    async def test_leaves_later_transactions_as_they_were(self, registry: Running) -> None:
        await asyncio.gather(*(phone(registry).pull() for _ in range(POOL)))

        async with AsyncExitStack() as stack:
            for _ in range(POOL):
                session = await stack.enter_async_context(registry.database.transaction())
                assert await session.scalar(text("SHOW transaction_isolation")) == "read committed"

    async def test_of_one_account_at_once_ends_in_the_same_copy(self, registry: Running) -> None:
        await a_life(registry)
        await warm(registry)
        account = str(uuid4())
        phones = [phone(registry, sub=account) for _ in range(3)]

        replies = await asyncio.gather(*(one.pull_reply() for one in phones))

        # Who comes second to an account's very first copy may have to come again.
        assert {reply.status_code for reply in replies} <= {200, 503}
        assert 200 in {reply.status_code for reply in replies}
        for one in phones:
            await one.pull()
        assert phones[0].tables == phones[1].tables == phones[2].tables


class TestNames:
    async def test_are_shown_to_who_may_read_them_and_leave_an_entry(self, registry: Running) -> None:
        household = await a_household(registry)
        await a_resident(registry, household)
        await registry.seal()

        body = await phone(registry).pull()

        assert body["changes"]["residents"]["created"][0]["name"] == NAME
        assert body["changes"]["residents"]["created"][0]["nik"] is None
        assert "Melati" in body["changes"]["households"]["created"][0]["address"]
        await registry.seal()
        auditor = registry.token("auditor", regions=("*",))
        feed = (await registry.http.get("/registry/v1/journal", headers=auditor)).json()["items"]
        readings = {one["type"]: one["data"]["data"]["count"] for one in feed if one["type"].endswith(".read")}
        assert readings == {"residents.read": 1, "households.read": 1}

    async def test_are_null_for_others_and_leave_none(self, registry: Running) -> None:
        await a_resident(registry, await a_household(registry))
        position = await registry.seal()
        scope = "registry:residents:read registry:groups:read"

        reply = await phone(registry, scope=scope).pull_reply()

        assert reply.json()["changes"]["residents"]["created"][0]["name"] is None
        assert NAME not in reply.text
        assert await registry.seal() == position

    async def test_are_stored_nowhere(self, registry: Running) -> None:
        reply = await phone(registry).pull_reply()

        assert reply.headers["Cache-Control"] == "private, no-store"
