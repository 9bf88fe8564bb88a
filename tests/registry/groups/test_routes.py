from typing import Any

import httpx
import pytest

from tests.house import Running, code_of, etag, new_id

BOARDS = "/registry/v1/boards"
GROUPS = "/registry/v1/groups"


async def a_board(registry: Running, place: str = "34.71.03.1001") -> str:
    draft = {"kelurahan_code": place, "name": "BKM Contoh", "founded_on": "2010-01-01"}
    reply = await registry.http.post(BOARDS, json=draft, headers=registry.token("facilitator", regions=("*",)))
    return str(reply.json()["id"])


async def a_group(registry: Running, board: str, headers: dict[str, str] | None = None, **more: Any) -> httpx.Response:
    draft = {
        "board_id": board,
        "name": "KSM Contoh",
        "kind": "social",
        "bond": "domicile",
        "formed_on": "2021-01-01",
        "members": 7,
        "women": 4,
    }
    by = headers or registry.token("facilitator", regions=("*",))
    return await registry.http.post(GROUPS, json=draft | more, headers=by)


class TestRecordGroup:
    async def test_stands_where_its_board_stands(self, registry: Running) -> None:
        reply = await a_group(registry, await a_board(registry))

        assert reply.status_code == 201
        assert (reply.json()["kelurahan_code"], reply.json()["board_name"]) == ("34.71.03.1001", "BKM Contoh")

    async def test_refuses_a_board_of_another_region(self, registry: Running) -> None:
        board = await a_board(registry, "33.74.01.1001")

        reply = await a_group(registry, board, registry.token("facilitator"))

        assert (reply.status_code, code_of(reply)) == (403, "region.missing")

    @pytest.mark.parametrize("role", ["auditor", "volunteer", "partner", "operator", "supervisor"])
    async def test_refuses_a_role_without_the_scope(self, registry: Running, role: str) -> None:
        reply = await a_group(registry, new_id(), registry.token(role))

        assert (reply.status_code, code_of(reply)) == (403, "scope.missing")

    @pytest.mark.parametrize(
        ("change", "pointer", "code"),
        [
            ({"board_id": new_id()}, "/board_id", "board.unknown"),
            ({"members": 2}, "/members", "group.too_few_members"),
            ({"kind": "economic", "members": 4}, "/members", "group.too_few_members"),
            ({"women": 8}, "/women", "group.women_exceed_members"),
            ({"formed_on": "2999-01-01"}, "/formed_on", "date.in_the_future"),
            ({"members": "7"}, "/members", "value.not_integer"),
            ({"members": 7.0}, "/members", "value.not_integer"),
            ({"members": True}, "/members", "value.not_integer"),
            ({"kind": "arisan"}, "/kind", "value.not_a_choice"),
            ({"kelurahan_code": "34.71.03.1001"}, "/kelurahan_code", "field.unknown"),
        ],
    )
    async def test_names_the_wrong_place(
        self, registry: Running, change: dict[str, Any], pointer: str, code: str
    ) -> None:
        reply = await a_group(registry, await a_board(registry), **change)

        assert reply.status_code == 422
        assert (reply.json()["errors"][0]["pointer"], reply.json()["errors"][0]["code"]) == (pointer, code)

    async def test_takes_the_same_id_once(self, registry: Running) -> None:
        board, identity = await a_board(registry), new_id()

        replies = [
            await a_group(registry, board, id=identity),
            await a_group(registry, board, id=identity),
            await a_group(registry, board, id=identity, members=8),
        ]

        assert [reply.status_code for reply in replies] == [201, 200, 409]

    async def test_tells_who_may_not_see_the_other_nothing_of_it(self, registry: Running) -> None:
        identity = new_id()
        await a_group(registry, await a_board(registry, "33.74.01.1001"), id=identity)

        reply = await a_group(registry, await a_board(registry), registry.token("facilitator"), id=identity)

        assert (reply.status_code, code_of(reply)) == (409, "id.taken")
        assert "33.74" not in reply.text


class TestChangeGroup:
    async def test_judges_the_numbers_as_they_would_be(self, registry: Running) -> None:
        group = await a_group(registry, await a_board(registry))
        headers = registry.token("facilitator") | etag(group)

        fewer = await registry.http.patch(group.headers["Location"], json={"members": 3}, headers=headers)
        both = await registry.http.patch(group.headers["Location"], json={"members": 3, "women": 3}, headers=headers)

        assert (fewer.status_code, code_of(fewer)) == (422, "group.invalid")
        assert (both.status_code, both.json()["members"], both.json()["version"]) == (200, 3, 2)

    @pytest.mark.parametrize("field", ["name", "members", "women"])
    async def test_clears_nothing_that_is_always_there(self, registry: Running, field: str) -> None:
        group = await a_group(registry, await a_board(registry))

        reply = await registry.http.patch(
            group.headers["Location"], json={field: None}, headers=registry.token("facilitator") | etag(group)
        )

        assert (reply.status_code, code_of(reply)) == (422, "body.invalid")

    async def test_does_not_find_a_group_of_another_region(self, registry: Running) -> None:
        group = await a_group(registry, await a_board(registry, "33.74.01.1001"))

        reply = await registry.http.patch(
            group.headers["Location"], json={"name": "KSM Baru"}, headers=registry.token("facilitator") | etag(group)
        )

        assert (reply.status_code, code_of(reply)) == (404, "resource.not_found")


class TestListGroups:
    async def test_is_for_who_may_read_groups_in_their_regions(self, registry: Running) -> None:
        for place in ("34.71.03.1001", "33.74.01.1001"):
            await a_group(registry, await a_board(registry, place))

        async def seen(headers: dict[str, str]) -> list[str]:
            with registry.counted() as sent:
                reply = await registry.http.get(GROUPS, headers=headers)
            assert len(sent) == 1
            return [item["kelurahan_code"] for item in reply.json()["items"]]

        assert await seen(registry.token("auditor")) == ["34.71.03.1001"]
        assert len(await seen(registry.token("auditor", regions=("*",)))) == 2
        assert await seen(registry.token("auditor", regions=("34.7", "33.74.02"))) == []
        assert await seen(registry.token("auditor", regions=())) == []
        assert (await registry.http.get(GROUPS)).status_code == 401
        assert (await registry.http.get(GROUPS, headers=registry.token("partner"))).status_code == 403

    async def test_filters(self, registry: Running) -> None:
        one, two = await a_board(registry), await a_board(registry, "33.74.01.1001")
        await a_group(registry, one, name="KSM Satu", kind="economic")
        await a_group(registry, two, name="KSM 50%_Dua")
        headers = registry.token("auditor", regions=("*",))

        async def names(query: str) -> list[str]:
            reply = await registry.http.get(f"{GROUPS}?sort=name&{query}", headers=headers)
            return [item["name"] for item in reply.json()["items"]]

        assert await names("") == ["KSM 50%_Dua", "KSM Satu"]
        assert await names(f"board_id={one}") == await names("kind=economic") == ["KSM Satu"]
        assert await names("region=33") == await names("q=50%25_d") == ["KSM 50%_Dua"]
        assert await names("q=%25%25") == await names("q=____") == []
