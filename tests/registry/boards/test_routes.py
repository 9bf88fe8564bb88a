from typing import Any

import httpx
import pytest

from tests.house import Running, code_of, etag, new_id

BOARDS = "/registry/v1/boards"
DRAFT = {"kelurahan_code": "34.71.03.1001", "name": "BKM Contoh", "founded_on": "2020-01-01", "phone": "0274000"}


async def a_board(registry: Running, **changes: Any) -> httpx.Response:
    return await registry.http.post(BOARDS, json=DRAFT | changes, headers=registry.token("facilitator"))


class TestRecordBoard:
    async def test_answers_with_the_board_its_address_and_its_etag(self, registry: Running) -> None:
        reply = await a_board(registry)

        assert reply.status_code == 201
        assert reply.headers["Location"] == f"{BOARDS}/{reply.json()['id']}"
        assert reply.json()["phone"] == "0274000"
        assert reply.json()["kelurahan_name"] == "Baciro"

    async def test_refuses_without_a_token(self, registry: Running) -> None:
        reply = await registry.http.post(BOARDS, json=DRAFT)

        assert (reply.status_code, code_of(reply)) == (401, "token.missing")

    async def test_refuses_a_role_without_the_scope(self, registry: Running) -> None:
        reply = await registry.http.post(BOARDS, json=DRAFT, headers=registry.token("auditor"))

        assert (reply.status_code, code_of(reply)) == (403, "scope.missing")

    async def test_refuses_another_region_before_anything_is_saved(self, registry: Running) -> None:
        reply = await registry.http.post(
            BOARDS, json=DRAFT, headers=registry.token("facilitator", regions=("34.7", "33.74"))
        )

        assert (reply.status_code, code_of(reply)) == (403, "region.missing")
        assert (await registry.http.get(BOARDS)).json()["items"] == []

    @pytest.mark.parametrize(
        ("change", "pointer", "code"),
        [
            ({"kelurahan_code": "34.71.99.9999"}, "/kelurahan_code", "place.unknown"),
            ({"founded_on": "2999-01-01"}, "/founded_on", "date.in_the_future"),
            ({"colour": "red"}, "/colour", "field.unknown"),
            ({"legal_status": "pt"}, "/legal_status", "value.not_a_choice"),
            ({"name": 7}, "/name", "value.not_text"),
            ({"name": "a\x00bc"}, "/name", "value.control_character"),
            ({"name": "BKM \u202eiramaT"}, "/name", "value.control_character"),
        ],
    )
    async def test_names_the_wrong_place(
        self, registry: Running, change: dict[str, Any], pointer: str, code: str
    ) -> None:
        reply = await a_board(registry, **change)

        assert reply.status_code == 422
        assert (reply.json()["errors"][0]["pointer"], reply.json()["errors"][0]["code"]) == (pointer, code)

    async def test_takes_the_same_id_once(self, registry: Running) -> None:
        identity = new_id()
        first = await a_board(registry, id=identity)
        again = await a_board(registry, id=identity)
        other = await a_board(registry, id=identity, name="BKM Lain")

        assert (first.status_code, again.status_code) == (201, 200)
        assert again.json() == first.json()
        assert (other.status_code, code_of(other)) == (409, "id.taken")


class TestChangeBoard:
    async def test_needs_the_version_that_was_seen(self, registry: Running) -> None:
        board = await a_board(registry)
        headers = registry.token("facilitator")
        address = board.headers["Location"]

        missing = await registry.http.patch(address, json={"name": "BKM Baru"}, headers=headers)
        changed = await registry.http.patch(address, json={"name": "BKM Baru"}, headers=headers | etag(board))
        stale = await registry.http.patch(address, json={"nonsense": 1}, headers=headers | etag(board))

        assert (missing.status_code, code_of(missing)) == (428, "version.missing")
        assert (changed.status_code, changed.json()["version"]) == (200, 2)
        assert (stale.status_code, code_of(stale)) == (412, "version.stale")
        assert stale.json()["current"]["name"] == "BKM Baru"

    async def test_clears_what_may_be_null_and_keeps_what_is_absent(self, registry: Running) -> None:
        board = await a_board(registry)
        headers = registry.token("facilitator") | etag(board)

        changed = await registry.http.patch(board.headers["Location"], json={"phone": None}, headers=headers)
        refused = await registry.http.patch(
            board.headers["Location"], json={"name": None}, headers=headers | etag(changed)
        )

        assert (changed.json()["phone"], changed.json()["name"]) == (None, "BKM Contoh")
        assert (refused.status_code, code_of(refused)) == (422, "body.invalid")


class TestListBoards:
    async def test_shows_phones_only_in_the_callers_regions(self, registry: Running) -> None:
        await a_board(registry)

        public = await registry.http.get(BOARDS)
        full = await registry.http.get(BOARDS, headers=registry.token("facilitator"))
        elsewhere = await registry.http.get(BOARDS, headers=registry.token("facilitator", regions=("33.74",)))

        views = [(r.json()["items"][0]["view"], r.json()["items"][0]["phone"]) for r in (public, full, elsewhere)]
        assert views == [("public", None), ("full", "0274000"), ("public", None)]
        assert "private" in full.headers["Cache-Control"]
        assert "public" in public.headers["Cache-Control"]

    async def test_pages_through_everything_once_with_one_statement_a_page(self, registry: Running) -> None:
        for number in range(5):
            await a_board(registry, name=f"BKM {number:02}")
        names: list[str] = []
        address: str | None = f"{BOARDS}?limit=2&sort=name&region=34.71"

        while address:
            with registry.counted() as sent:
                reply = await registry.http.get(address)
            assert len(sent) == 1
            names += [board["name"] for board in reply.json()["items"]]
            address = reply.links["next"]["url"] if "next" in reply.links else None

        assert names == [f"BKM {number:02}" for number in range(5)]

    @pytest.mark.parametrize(
        "query", ["colour=red", "limit=501", "limit=0", "sort=phone", "limit=2&limit=3", "region=x"]
    )
    async def test_refuses_what_it_does_not_know(self, registry: Running, query: str) -> None:
        reply = await registry.http.get(f"{BOARDS}?{query}")

        assert (reply.status_code, code_of(reply)) == (400, "query.invalid")

    async def test_refuses_a_cursor_of_another_list(self, registry: Running) -> None:
        for number in range(2):
            await a_board(registry, name=f"BKM {number}")
        cursor = (await registry.http.get(f"{BOARDS}?limit=1")).json()["next"]

        reply = await registry.http.get(f"{BOARDS}?limit=1&sort=name&cursor={cursor}")

        assert (reply.status_code, code_of(reply)) == (400, "cursor.invalid")

    async def test_answers_304_to_what_is_known(self, registry: Running) -> None:
        first = await registry.http.get(BOARDS)

        again = await registry.http.get(BOARDS, headers={"If-None-Match": first.headers["ETag"]})

        assert (again.status_code, again.content) == (304, b"")

    async def test_tells_the_mandate_as_of_a_day(self, registry: Running) -> None:
        board = await a_board(registry)
        officers = [{"name": f"Contoh {n}", "position": "member"} for n in range(8)]
        term = {"starts_on": "2020-02-01", "ends_on": "2023-01-31", "elected_on": "2020-01-20"}
        draft = term | {"officers": [*officers, {"name": "Ibu Contoh", "position": "koordinator"}]}
        recorded = await registry.http.post(
            f"{board.headers['Location']}/terms", json=draft, headers=registry.token("facilitator")
        )
        assert recorded.status_code == 201, recorded.text

        async def lapsed(query: str) -> list[bool | None]:
            items = (await registry.http.get(f"{BOARDS}?{query}")).json()["items"]
            return [item["mandate"] and item["mandate"]["lapsed"] for item in items]

        assert await lapsed("as_of=2022-06-01") == [False]
        assert await lapsed("as_of=2020-01-15") == [None]
        assert await lapsed("as_of=2019-06-01") == []
        assert await lapsed("mandate=lapsed") == [True]
        assert await lapsed("mandate=valid") == await lapsed("mandate=none") == []
        assert await lapsed("mandate=valid&as_of=2022-06-01") == [False]
        assert await lapsed("mandate=lapsed&as_of=2022-06-01") == await lapsed("mandate=none&as_of=2022-06-01") == []
        assert await lapsed("mandate=none&as_of=2020-01-15") == [None]
        alone = await registry.http.get(f"{board.headers['Location']}?as_of=2022-06-01")
        assert alone.json()["mandate"]["lapsed"] is False
        assert await lapsed("mandate=lapsed&as_of=2020-01-15") == []

    async def test_refuses_a_form_it_cannot_give(self, registry: Running) -> None:
        reply = await registry.http.get(BOARDS, headers={"Accept": "application/xml"})

        assert (reply.status_code, code_of(reply)) == (406, "accept.unsupported")
