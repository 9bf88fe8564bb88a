import asyncio
import re
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from deploy.local.places import PROJECT
from tests.house import Running, code_of, new_id
from tests.registry.groups.story import a_group, people
from tests.registry.racing import warm
from tests.registry.sync.test_pull import phone
from tests.shared.watermelon import Phone, Record

HERE = "34.71.03.1001"
BOARD = {
    "kelurahan_code": HERE,
    "name": "BKM Luring",
    "founded_on": "2012-05-01",
    "legal_status": None,
    "version": None,
}
HOUSEHOLD = {"kelurahan_code": HERE, "rt": "3", "rw": "2", "starts_on": "2020-01-01", "head_id": None, "version": None}


def a_local_group(one: Phone, board_id: str, **changes: Any) -> Record:
    values = {
        "kelurahan_code": None,
        "board_id": board_id,
        "name": "KSM Luring",
        "kind": "social",
        "bond": "domicile",
        "formed_on": "2021-01-01",
        "members": 7,
        "women": 4,
        "dissolved_on": None,
        "version": None,
    }
    return one.create("groups", **(values | changes))


def a_local_resident(one: Phone, household_id: str, **changes: Any) -> Record:
    values = {
        "household_id": household_id,
        "name": "Warga Luring",
        "nik": None,
        "nik_absent_reason": "not_shown",
        "sex": "female",
        "birth_year": 1980,
        "birth_year_absent_reason": None,
        "starts_on": None,
        "ends_on": None,
    }
    return one.create("residents", **(values | changes))


async def entries(registry: Running) -> int:
    async with registry.database.reads.connect() as connection:
        found = await connection.execute(text("SELECT count(*) FROM journal_entries WHERE action NOT LIKE '%.read'"))
        return int(found.scalar_one())


async def a_phone_with_a_group(registry: Running) -> tuple[Phone, str]:
    group = await a_group(registry)
    await registry.seal()
    one = phone(registry)
    await one.pull()
    return one, str(group.json()["id"])


class TestCreated:
    async def test_takes_what_depends_on_each_other_at_once(self, registry: Running) -> None:
        one = phone(registry)
        await one.pull()
        household = one.create("households", **HOUSEHOLD)
        resident = a_local_resident(one, household["id"])
        group = a_local_group(one, new_id())
        board = one.create("boards", **BOARD)
        one.edit("groups", group["id"], board_id=board["id"])
        one.edit("households", household["id"], head_id=resident["id"])
        one.create(
            "memberships", group_id=group["id"], resident_id=resident["id"], role="chair", starts_on="2022-01-01"
        )

        assert await one.push() is None
        assert one.rejected == []

        other = phone(registry)
        await registry.seal()
        await other.pull()
        assert {table: len(records) for table, records in other.tables.items()} == {
            "boards": 1, "groups": 1, "households": 1, "residents": 1, "memberships": 1, "volunteers": 0,
        }  # fmt: skip
        assert other.of("households")[household["id"]]["head_id"] == resident["id"]
        assert other.of("households")[household["id"]]["rt"] == "003"
        assert other.of("residents")[resident["id"]]["name"] == "Warga Luring"
        assert other.of("groups")[group["id"]]["kelurahan_code"] == HERE

    async def test_again_makes_no_second_version_and_no_second_entry(self, registry: Running) -> None:
        one = phone(registry)
        await one.pull()
        household = one.create("households", **HOUSEHOLD, address="Gang Contoh 1")
        resident = a_local_resident(one, household["id"], nik="3471034502800001", nik_absent_reason=None)
        one.edit("households", household["id"], head_id=resident["id"])
        first = await one.push_reply()
        before = await entries(registry)

        again = await one.push_reply()

        assert (first.status_code, again.status_code) == (200, 200)
        assert again.json() == first.json() == {"experimentalRejectedIds": {}, "rejected": []}
        assert await entries(registry) == before

    async def test_again_with_later_edits_edits(self, registry: Running) -> None:
        one = phone(registry)
        await one.pull()
        board = one.create("boards", **BOARD)
        await one.push_reply()
        one.edit("boards", board["id"], name="BKM Luring Baru")

        assert await one.push() is None
        reply = await registry.http.get(f"/registry/v1/boards/{board['id']}")
        assert (reply.json()["name"], reply.json()["version"]) == ("BKM Luring Baru", 2)

    async def test_whose_reply_was_lost_comes_to_rest_by_itself(self, registry: Running) -> None:
        one = phone(registry)
        await one.pull()
        board = one.create("boards", **BOARD)
        await one.push_reply()
        before = await entries(registry)

        await one.settle_down()

        assert one.of("boards")[board["id"]]["_status"] == "synced"
        assert await entries(registry) == before

    async def test_by_two_at_once_is_one(self, registry: Running) -> None:
        await warm(registry)
        one = phone(registry)
        await one.pull()
        board = one.create("boards", **BOARD)

        replies = await asyncio.gather(*(one.push_reply() for _ in range(3)))

        assert [reply.status_code for reply in replies] == [200] * 3
        reply = await registry.http.get(f"/registry/v1/boards/{board['id']}")
        assert reply.json()["version"] == 1


class TestRejected:
    async def test_stands_beside_what_is_accepted_and_says_why(self, registry: Running) -> None:
        one = phone(registry)
        await one.pull()
        good = one.create("boards", **BOARD)
        elsewhere = one.create("boards", **BOARD | {"kelurahan_code": "33.74.01.1001"})
        wrong = one.create("boards", **BOARD | {"founded_on": "2999-01-01"})
        odd = one.create("boards", **BOARD | {"colour": "red"})
        orphan = a_local_group(one, elsewhere["id"])

        assert await one.push() is None

        told = {
            record["id"]: (record["table"], record["problem"]["code"], record["problem"]["status"])
            for record in one.rejected
        }
        assert told == {
            elsewhere["id"]: ("boards", "region.missing", 403),
            wrong["id"]: ("boards", "date.in_the_future", 422),
            odd["id"]: ("boards", "body.invalid", 422),
            orphan["id"]: ("groups", "board.unknown", 422),
        }
        assert next(one["problem"]["errors"] for one in one.rejected if one["id"] == odd["id"]) == [
            {"pointer": "/colour", "code": "field.unknown", "message": "Tidak dikenal di sini."}
        ]
        assert one.of("boards")[good["id"]]["_status"] == "synced"
        assert one.of("boards")[wrong["id"]]["_status"] == "created"

    @pytest.mark.parametrize(
        ("values", "pointer", "code"),
        [
            ({"version": 9}, "/version", "sync.read_only"),
            ({"formed_on": "2020-01-01"}, "/formed_on", "sync.read_only"),
            ({"colour": "red"}, "/colour", "field.unknown"),
            ({"members": "7"}, "/members", "value.not_integer"),
            ({"name": None}, "/name", "value.not_text"),
        ],
    )
    async def test_names_the_wrong_column_of_an_edit(
        self, registry: Running, values: dict[str, Any], pointer: str, code: str
    ) -> None:
        one, group = await a_phone_with_a_group(registry)
        one.edit("groups", group, **values)

        await one.push()

        errors = one.rejected[0]["problem"]["errors"]
        assert [(error["pointer"], error["code"]) for error in errors] == [(pointer, code)]

    async def test_is_who_lacks_the_scope(self, registry: Running) -> None:
        _, group = await a_phone_with_a_group(registry)
        reader = phone(registry, "auditor")
        await reader.pull()
        reader.edit("groups", group, name="KSM Lain")

        await reader.push()

        assert reader.rejected[0]["problem"]["code"] == "scope.missing"

    async def test_is_the_id_of_something_elsewhere(self, registry: Running) -> None:
        _, group = await a_phone_with_a_group(registry)
        other = phone(registry, regions=("33.74",))
        await other.pull()
        board = other.create("boards", **BOARD | {"kelurahan_code": "33.74.01.1001"})
        taken = a_local_group(other, board["id"])
        other.of("groups")[group] = other.of("groups").pop(taken["id"]) | {"id": group}

        await other.push()

        assert [one["problem"]["code"] for one in other.rejected] == ["id.taken"]

    async def test_are_all_records_of_an_unknown_table(self, registry: Running) -> None:
        one, _ = await a_phone_with_a_group(registry)
        one.create("colours", name="red")
        one.create("colours", _status="deleted")
        board = one.create("boards", **BOARD)

        await one.push()

        assert [record["problem"]["code"] for record in one.rejected] == ["sync.table_unknown"]
        assert one.of("boards")[board["id"]]["_status"] == "synced"

    async def test_is_what_is_deleted_though_it_is_there(self, registry: Running) -> None:
        one, group = await a_phone_with_a_group(registry)
        one.delete("groups", group)
        one.create("groups", id=new_id(), _status="deleted")

        await one.push()

        assert [(record["id"], record["problem"]["code"]) for record in one.rejected] == [(group, "sync.not_by_push")]
        assert list(one.of("groups")) == [group]

    async def test_is_not_a_deletion_of_what_never_came_whoever_pushes_it(self, registry: Running) -> None:
        reader = phone(registry, "auditor")
        await reader.pull()
        reader.create("groups", _status="deleted")

        await reader.push()

        assert (reader.rejected, reader.of("groups")) == ([], {})

    async def test_leaves_nothing_behind_however_often_it_comes(self, registry: Running) -> None:
        one, group = await a_phone_with_a_group(registry)
        one.edit("groups", group, members=1)
        one.create("boards", **BOARD | {"founded_on": "2999-01-01"})
        before = await entries(registry)

        told = [(await one.push_reply()).json()["experimentalRejectedIds"] for _ in range(3)]

        assert told[0] == told[2]
        assert {table: len(ids) for table, ids in told[0].items()} == {"boards": 1, "groups": 1}
        assert await entries(registry) == before
        async with registry.database.reads.connect() as connection:
            for table in ("sync_conflicts", "idempotency_keys", "boards WHERE name = 'BKM Luring'"):
                left = await connection.execute(text(f"SELECT count(*) FROM {table}"))  # noqa: S608
                assert left.scalar_one() == 0

    async def test_is_an_id_that_is_no_uuid(self, registry: Running) -> None:
        one = phone(registry)
        await one.pull()
        one.of("boards")["abc"] = {"id": "abc", "_status": "created", "_changed": ""} | BOARD

        await one.push()

        assert one.rejected[0]["problem"]["errors"][0]["code"] == "value.not_uuid"

    async def test_is_a_body_that_is_none(self, registry: Running) -> None:
        one = phone(registry)
        await one.pull()
        address = f"{one.root}/push?last_pulled_at={one.last_pulled_at}"

        for body in ([], {"boards": []}, {"boards": {"colour": []}}, {"boards": {"created": [1]}}):
            reply = await registry.http.post(address, json=body, headers=one.headers)
            assert (reply.status_code, code_of(reply)) == (422, "body.invalid"), body


class TestUpdated:
    async def test_edits_only_what_was_changed_and_once(self, registry: Running) -> None:
        one, group = await a_phone_with_a_group(registry)
        one.edit("groups", group, name="KSM Lain")
        one.of("groups")[group]["women"] = 0
        await one.push_reply()
        before = await entries(registry)

        again = await one.push_reply()

        assert (again.status_code, again.json()["rejected"]) == (200, [])
        assert await entries(registry) == before
        reply = await registry.http.get(f"/registry/v1/groups/{group}", headers=one.headers)
        assert (reply.json()["name"], reply.json()["women"], reply.json()["version"]) == ("KSM Lain", 4, 2)

    async def test_does_not_end_somebody_as_moved_for_that_is_an_act(self, registry: Running) -> None:
        resident = (await people(registry, 1))[0]
        await registry.seal()
        one = phone(registry)
        await one.pull()
        one.edit("residents", resident, ends_on="2023-06-30", ended_because="moved")

        await one.push()

        assert [error["code"] for error in one.rejected[0]["problem"]["errors"]] == ["ending.moved"]

    async def test_without_changed_columns_does_nothing(self, registry: Running) -> None:
        one, group = await a_phone_with_a_group(registry)
        one.of("groups")[group] |= {"_status": "updated", "name": "KSM Lain"}
        before = await entries(registry)

        assert await one.push() is None
        assert (one.rejected, await entries(registry)) == ([], before)

    async def test_journals_one_entry_a_row_and_names_nobody(self, registry: Running) -> None:
        resident = (await people(registry, 1))[0]
        await registry.seal()
        one = phone(registry)
        await one.pull()
        before = await entries(registry)
        one.edit("residents", resident, name="Sri Rahasia", birth_year=1990)

        await one.push()

        assert await entries(registry) == before + 1
        async with registry.database.reads.connect() as connection:
            kept = (await connection.execute(text("SELECT payload FROM journal_entries"))).scalars()
            assert not any(b"Rahasia" in bytes(payload) for payload in kept)


class TestScope:
    async def test_that_changed_makes_the_copy_begin_anew(self, registry: Running) -> None:
        _, group = await a_phone_with_a_group(registry)
        account = str(uuid4())
        narrow = phone(registry, sub=account, regions=("34.71.03",))
        await narrow.pull()
        wider = phone(registry, sub=account, regions=("34.71",))
        wider.last_pulled_at = narrow.last_pulled_at

        pulled = await wider.pull_reply()

        assert (pulled.status_code, code_of(pulled)) == (409, "sync.reset_required")
        wider.last_pulled_at = None
        await wider.pull()
        assert group in wider.of("groups")
        assert wider.last_pulled_at > narrow.last_pulled_at
        # The older copy is known as such, however far it was.
        assert code_of(await narrow.pull_reply()) == "sync.reset_required"
        narrow.headers = wider.headers
        assert code_of(await narrow.pull_reply()) == "sync.reset_required"

    async def test_that_changed_loses_nothing_that_was_written_before(self, registry: Running) -> None:
        _, group = await a_phone_with_a_group(registry)
        account = str(uuid4())
        older, other = (phone(registry, sub=account, regions=("34.71.03",)) for _ in range(2))
        for one in (older, other):
            await one.pull()
            one.headers = registry.token("facilitator", sub=account, regions=("34.71",))
        older.edit("groups", group, members=12)
        other.edit("groups", group, name="KSM Dari Tablet")

        assert code_of(await older.pull_reply()) == "sync.reset_required"
        assert await older.push() is None
        await registry.seal()
        # Another phone of the account begins anew, so that what the first one carries is two copies old.
        anew = phone(registry, sub=account)
        await anew.pull()
        made = a_local_group(other, anew.of("groups")[group]["board_id"])["id"]
        assert await other.push() is None

        # It cannot merge, so that what clashes is rejected alone, and kept.
        assert [(one["id"], one["problem"]["code"]) for one in other.rejected] == [(group, "sync.stale")]
        kept = await registry.http.get("/registry/v1/sync/conflicts", headers=other.headers)
        assert [(one["table"], one["record_id"]) for one in kept.json()["items"]] == [("groups", group)]
        await registry.seal()
        await anew.pull()
        assert made in anew.of("groups")
        assert (anew.of("groups")[group]["members"], anew.of("groups")[group]["name"]) == (12, "KSM Contoh")

    async def test_pages_of_a_copy_begun_anew_are_no_older_copy(self, registry: Running) -> None:
        await a_phone_with_a_group(registry)
        account = str(uuid4())
        await phone(registry, sub=account, regions=("34.71.03",)).pull()
        anew = phone(registry, sub=account, limit=1)

        assert (await anew.pull())["more"]
        assert not (await anew.pull())["more"]
        assert (len(anew.of("boards")), len(anew.of("groups"))) == (1, 1)

    async def test_that_a_kelurahan_left_makes_the_copy_begin_anew(self, registry: Running) -> None:
        one, _ = await a_phone_with_a_group(registry)
        async with registry.database.writes.begin() as connection:
            await connection.execute(
                text("UPDATE places SET code_now = '33.74.01.1001' WHERE kelurahan_code = :code"), {"code": HERE}
            )
        try:
            assert code_of(await one.pull_reply()) == "sync.reset_required"
            one.last_pulled_at, one.tables = None, {}
            await one.pull()
            assert one.of("groups") == {}
        finally:
            async with registry.database.writes.begin() as connection:
                await connection.execute(
                    text("UPDATE places SET code_now = kelurahan_code WHERE kelurahan_code = :code"), {"code": HERE}
                )

    @pytest.mark.parametrize(
        "asked", [{"schema_version": "999"}, {"migration": '{"from":1,"tables":["boards"],"columns":[]}'}]
    )
    async def test_of_another_schema_begins_anew(self, registry: Running, asked: dict[str, str]) -> None:
        one, _ = await a_phone_with_a_group(registry)

        assert code_of(await one.pull_reply(**asked)) == "sync.reset_required"

    @pytest.mark.parametrize("ahead", [1, 1_000_000])
    async def test_of_a_journal_that_never_was_begins_anew(self, registry: Running, ahead: int) -> None:
        one, _ = await a_phone_with_a_group(registry)
        assert one.last_pulled_at is not None
        # The pull itself left no entry, for nobody was named in it.
        one.last_pulled_at += ahead

        assert code_of(await one.pull_reply()) == "sync.reset_required"

    async def test_from_before_a_restore_is_taken_for_none_of_the_journal_that_goes_on(self, registry: Running) -> None:
        one, group = await a_phone_with_a_group(registry)
        handbook = (PROJECT / "docs" / "operators.md").read_text(encoding="utf-8")
        statement = re.search(r"`(UPDATE sync_scopes [^`]+)`", handbook)
        assert statement is not None
        async with registry.database.writes.begin() as connection:
            await connection.execute(text(statement[1]))
        one.edit("groups", group, members=12)

        assert code_of(await one.pull_reply()) == "sync.reset_required"
        assert code_of(await one.push_reply()) == "sync.reset_required"
        one.last_pulled_at, one.tables = None, {}
        await one.pull()
        assert (await one.pull())["more"] is False
        assert one.of("groups")[group]["members"] != 12

    async def test_of_nobody_who_pulled_begins_anew(self, registry: Running) -> None:
        one, _ = await a_phone_with_a_group(registry)
        stranger = phone(registry)
        stranger.last_pulled_at = one.last_pulled_at

        assert code_of(await stranger.pull_reply()) == "sync.reset_required"
        assert code_of(await stranger.push_reply()) == "sync.reset_required"

    @pytest.mark.parametrize("asked", ["0", "-1", "x", "1.5"])
    async def test_takes_no_other_timestamps(self, registry: Running, asked: str) -> None:
        reply = await phone(registry).pull_reply(last_pulled_at=asked)

        assert (reply.status_code, code_of(reply)) == (400, "query.invalid")
