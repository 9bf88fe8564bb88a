from datetime import timedelta
from typing import Any

import httpx
import pytest

from shared.clock import read_clock, today
from tests.house import Running, code_of, etag, new_id
from tests.registry.electing import open_election

BOARDS = "/registry/v1/boards"
TODAY = today(read_clock())


@pytest.fixture
async def board(registry: Running) -> httpx.Response:
    known = {"kelurahan_code": "34.71.03.1001", "name": "BKM Contoh", "founded_on": "2004-05-01"}
    return await registry.http.post(BOARDS, json=known, headers=registry.token("facilitator"))


async def post(
    registry: Running, board: httpx.Response, path: str, body: dict[str, Any], **claims: Any
) -> httpx.Response:
    headers = registry.token("facilitator", **claims)
    return await registry.http.post(f"{board.headers['Location']}/{path}", json=body, headers=headers)


async def a_term(registry: Running, board: httpx.Response, starts: int, ends: int) -> httpx.Response:
    officers = [{"name": f"Warga {n}", "position": "koordinator" if n == 0 else "member"} for n in range(9)]
    day = str(TODAY + timedelta(days=starts))
    body = {"starts_on": day, "elected_on": day, "ends_on": str(TODAY + timedelta(days=ends)), "officers": officers}
    return await post(registry, board, "terms", body)


async def journal(registry: Running) -> list[dict[str, Any]]:
    await registry.seal()
    reply = await registry.http.get("/registry/v1/journal?limit=1000", headers=registry.service_token("planning"))
    return [one["data"] for one in reply.json()["items"]]


class TestNames:
    async def test_of_the_day_are_shown_as_of_a_day(self, registry: Running, board: httpx.Response) -> None:
        renamed = await post(registry, board, "names", {"name": "LKM Contoh", "starts_on": "2008-02-01"})

        async def called(query: str) -> list[str]:
            items = (await registry.http.get(f"{BOARDS}?{query}")).json()["items"]
            return [item["name"] for item in items]

        assert renamed.status_code == 201
        assert await called("as_of=2008-01-31") == ["BKM Contoh"]
        assert await called("as_of=2008-02-01") == await called("") == ["LKM Contoh"]
        assert await called("as_of=2004-04-30") == []
        assert (await registry.http.get(board.headers["Location"])).json()["name"] == "LKM Contoh"
        earlier = await registry.http.get(f"{board.headers['Location']}?as_of=2008-01-31")
        assert earlier.json()["name"] == "BKM Contoh"

    async def test_of_the_day_are_shown_with_the_groups_of_a_day(
        self, registry: Running, board: httpx.Response
    ) -> None:
        await post(registry, board, "names", {"name": "LKM Contoh", "starts_on": "2008-02-01"})
        draft = {"board_id": board.json()["id"], "name": "KSM Contoh", "kind": "social", "bond": "domicile"}
        draft |= {"formed_on": "2007-01-01", "members": 9, "women": 1}
        headers = registry.token("facilitator")
        group = await registry.http.post("/registry/v1/groups", json=draft, headers=headers)

        async def called(query: str) -> list[str]:
            one = await registry.http.get(f"{group.headers['Location']}?{query}", headers=headers)
            listed = await registry.http.get(f"/registry/v1/groups?{query}", headers=headers)
            return [item["board_name"] for item in (one.json(), *listed.json()["items"])]

        assert await called("as_of=2008-01-31") == ["BKM Contoh"] * 2
        assert await called("as_of=2008-02-01") == await called("") == ["LKM Contoh"] * 2

    async def test_are_all_found_by_their_words(self, registry: Running, board: httpx.Response) -> None:
        await post(registry, board, "names", {"name": "LKM Sejahtera", "starts_on": "2008-02-01"})

        for words in ("BKM", "cont", "LKM", "sejah"):
            items = (await registry.http.get(f"{BOARDS}?q={words}")).json()["items"]
            assert [item["name"] for item in items] == ["LKM Sejahtera"], words
        assert (await registry.http.get(f"{BOARDS}?q=PNPM")).json()["items"] == []

    async def test_are_listed_with_their_days_the_present_one_first(
        self, registry: Running, board: httpx.Response
    ) -> None:
        await post(registry, board, "names", {"name": "LKM Contoh", "starts_on": "2008-02-01"})
        address = f"{board.headers['Location']}/names"

        items = (await registry.http.get(address)).json()["items"]
        then = (await registry.http.get(f"{address}?as_of=2005-01-01")).json()["items"]

        assert [(one["name"], one["starts_on"], one["ends_on"]) for one in items] == [
            ("LKM Contoh", "2008-02-01", None),
            ("BKM Contoh", "2004-05-01", "2008-01-31"),
        ]
        assert [one["name"] for one in then] == ["BKM Contoh"]

    async def test_recorded_late_take_their_place_in_between(self, registry: Running, board: httpx.Response) -> None:
        await post(registry, board, "names", {"name": "LKM Contoh", "starts_on": "2014-01-01"})
        await post(registry, board, "names", {"name": "LKM Lama", "starts_on": "2008-01-01"})

        items = (await registry.http.get(f"{board.headers['Location']}/names")).json()["items"]

        assert [one["ends_on"] for one in items] == [None, "2013-12-31", "2007-12-31"]
        assert (await registry.http.get(board.headers["Location"])).json()["name"] == "LKM Contoh"

    async def test_are_corrected_without_a_new_one(self, registry: Running, board: httpx.Response) -> None:
        headers = registry.token("facilitator")
        address = board.headers["Location"]
        await registry.http.patch(address, json={"name": "BKM Benar"}, headers=headers | etag(board))
        (first,) = (await registry.http.get(f"{address}/names")).json()["items"]
        read = await registry.http.get(f"{address}/names/{first['id']}")

        moved = await registry.http.patch(
            f"{address}/names/{first['id']}", json={"name": "BKM Baru", "starts_on": "2004-06-01"},
            headers=headers | etag(read),
        )  # fmt: skip
        stale = await registry.http.patch(
            f"{address}/names/{first['id']}", json={"name": "BKM Lain"}, headers=headers | etag(read)
        )

        assert first["name"] == "BKM Benar"
        assert (moved.status_code, moved.json()["starts_on"]) == (200, "2004-06-01")
        assert (stale.status_code, code_of(stale), stale.json()["current"]["name"]) == (
            412,
            "version.stale",
            "BKM Baru",
        )
        assert (await registry.http.get(address)).json()["name"] == "BKM Baru"

    @pytest.mark.parametrize(
        ("starts_on", "status", "code"),
        [
            ("2004-05-01", 409, "history.same_day"),
            ("2004-04-30", 422, "board.not_in_its_life"),
            (str(TODAY + timedelta(days=1)), 422, "date.in_the_future"),
        ],
    )
    async def test_begin_on_a_day_of_their_own_in_the_boards_life(
        self, registry: Running, board: httpx.Response, starts_on: str, status: int, code: str
    ) -> None:
        reply = await post(registry, board, "names", {"name": "LKM Contoh", "starts_on": starts_on})

        assert (reply.status_code, code_of(reply)) == (status, code)

    async def test_are_given_once_by_those_who_serve_the_place(self, registry: Running, board: httpx.Response) -> None:
        body = {"id": new_id(), "name": "LKM Contoh", "starts_on": "2008-02-01"}

        first = await post(registry, board, "names", body)
        again = await post(registry, board, "names", body)
        elsewhere = await post(registry, board, "names", body, regions=("33.74",))
        nobody = await registry.http.post(f"{board.headers['Location']}/names", json=body)

        assert [first.status_code, again.status_code, nobody.status_code] == [201, 200, 401]
        assert (elsewhere.status_code, code_of(elsewhere)) == (403, "region.missing")

    async def test_leave_one_entry_for_each_changed_row(self, registry: Running, board: httpx.Response) -> None:
        await post(registry, board, "names", {"name": "LKM Contoh", "starts_on": "2008-02-01"})

        entries = await journal(registry)

        assert [one["action"] for one in entries] == ["board.recorded", "board.changed", "board_name.recorded"]
        assert entries[1]["data"]["name"] == entries[2]["data"]["name"] == "LKM Contoh"


class TestDeeds:
    async def test_of_the_day_are_shown_as_of_a_day(self, registry: Running, board: httpx.Response) -> None:
        deed = {
            "legal_status": "akta_notaris",
            "starts_on": "2010-03-01",
            "deed_number": "7/2010",
            "notary": "Kantor X",
        }
        await post(registry, board, "legal-records", deed)
        await post(registry, board, "legal-records", {"legal_status": "badan_hukum", "starts_on": "2015-01-01"})

        async def stood(query: str) -> list[tuple[str, str | None]]:
            items = (await registry.http.get(f"{BOARDS}?{query}")).json()["items"]
            return [(item["legal_status"], item["deed_number"]) for item in items]

        assert await stood("as_of=2009-01-01") == [("none", None)]
        assert await stood("as_of=2012-01-01") == [("akta_notaris", "7/2010")]
        assert await stood("") == [("badan_hukum", None)]
        assert len(await stood("as_of=2012-01-01&legal_status=akta_notaris")) == 1
        assert len(await stood("as_of=2009-01-01&legal_status=none")) == 1
        assert await stood("as_of=2012-01-01&legal_status=badan_hukum") == []
        for day in ("2009-01-01", "2012-01-01", "2016-01-01"):
            one = (await registry.http.get(f"{board.headers['Location']}?as_of={day}")).json()
            assert [(one["legal_status"], one["deed_number"])] == await stood(f"as_of={day}"), day
        listed = (await registry.http.get(f"{board.headers['Location']}/legal-records")).json()["items"]
        assert [(one["ends_on"], one["notary"]) for one in listed] == [(None, None), ("2014-12-31", "Kantor X")]

    async def test_given_with_the_board_hold_from_their_own_day(self, registry: Running) -> None:
        known = {
            "kelurahan_code": "34.71.03.1001", "name": "BKM Contoh", "founded_on": "2004-05-01",
            "legal_status": "waarmerking", "deed_number": "1", "deed_on": "2006-01-01", "notary": "Kantor X",
        }  # fmt: skip
        board = await registry.http.post(BOARDS, json=known, headers=registry.token("facilitator"))
        (deed,) = (await registry.http.get(f"{board.headers['Location']}/legal-records")).json()["items"]

        assert (deed["starts_on"], deed["notary"]) == ("2006-01-01", "Kantor X")

    async def test_without_a_status_are_refused(self, registry: Running, board: httpx.Response) -> None:
        headers = registry.token("facilitator") | etag(board)
        bodies = [{"legal_status": "none", "starts_on": "2010-03-01", key: "7"} for key in ("deed_number", "notary")]

        replies = [await post(registry, board, "legal-records", body) for body in bodies]
        replies.append(await registry.http.patch(board.headers["Location"], json={"deed_number": "7"}, headers=headers))

        assert [(one.status_code, code_of(one)) for one in replies] == [(422, "deed.without_status")] * 3

    async def test_of_a_notary_are_named_by_number_or_notary(self, registry: Running, board: httpx.Response) -> None:
        headers = registry.token("facilitator")
        bare = {"legal_status": "akta_notaris"}
        founded = {"kelurahan_code": "34.71.03.1001", "name": "BKM Lain", "founded_on": "2004-05-01"}

        replies = [
            await post(registry, board, "legal-records", bare | {"starts_on": "2010-03-01"}),
            await registry.http.patch(board.headers["Location"], json=bare, headers=headers | etag(board)),
            await registry.http.post(BOARDS, json=founded | bare, headers=headers),
        ]
        deed = await post(registry, board, "legal-records", bare | {"starts_on": "2010-03-01", "notary": "Kantor X"})
        stripped = await registry.http.patch(
            deed.headers["Location"], json={"notary": None}, headers=headers | etag(deed)
        )
        read = await registry.http.get(board.headers["Location"])
        by_notary = await registry.http.patch(read.request.url.path, json=bare, headers=headers | etag(read))

        assert [(one.status_code, code_of(one)) for one in [*replies, stripped]] == [(422, "deed.missing")] * 4
        assert (deed.status_code, by_notary.status_code) == (201, 200), by_notary.text

    async def test_are_corrected_with_the_board_or_by_themselves(
        self, registry: Running, board: httpx.Response
    ) -> None:
        headers = registry.token("facilitator")
        address = board.headers["Location"]
        edit = {"legal_status": "akta_notaris", "deed_number": "8"}
        await registry.http.patch(address, json=edit, headers=headers | etag(board))
        (deed,) = (await registry.http.get(f"{address}/legal-records")).json()["items"]
        read = await registry.http.get(f"{address}/legal-records/{deed['id']}")

        changed = await registry.http.patch(
            f"{address}/legal-records/{deed['id']}", json={"deed_number": "9"}, headers=headers | etag(read)
        )
        refused = await registry.http.patch(
            f"{address}/legal-records/{deed['id']}", json={"legal_status": "none"}, headers=headers | etag(changed)
        )

        assert (deed["starts_on"], deed["deed_number"]) == ("2004-05-01", "8")
        assert (await registry.http.get(address)).json()["deed_number"] == "9"
        assert (refused.status_code, code_of(refused)) == (422, "deed.without_status")

    async def test_journal_without_the_notary(self, registry: Running, board: httpx.Response) -> None:
        deed = {"legal_status": "akta_notaris", "starts_on": "2010-03-01", "notary": "Kantor Notaris Contoh"}
        await post(registry, board, "legal-records", deed)

        assert "Kantor" not in str(await journal(registry))


class TestEndOfTerm:
    async def test_takes_the_mandate_from_that_day_on(self, registry: Running, board: httpx.Response) -> None:
        term = await a_term(registry, board, -400, 500)
        day = str(TODAY - timedelta(days=1))
        headers = registry.token("facilitator")

        ended = await registry.http.patch(term.headers["Location"], json={"ends_on": day}, headers=headers | etag(term))
        read = (await registry.http.get(board.headers["Location"])).json()
        longer = await registry.http.patch(
            term.headers["Location"], json={"ends_on": str(TODAY)}, headers=headers | etag(ended)
        )

        assert (ended.status_code, ended.json()["ends_on"]) == (200, day)
        assert (read["mandate"]["lapsed"], read["mandate_until"]) == (True, day)
        assert (longer.status_code, code_of(longer)) == (422, "term.too_short")
        assert {one["ends_on"] for one in ended.json()["officers"]} == {day}
        last = [one for one in await journal(registry) if one is not None][-10:]
        assert [one["action"] for one in last] == ["term.ended", *["officer.changed"] * 9]
        assert (await a_term(registry, board, 0, 900)).status_code == 201

    async def test_is_listed_by_the_day_it_holds(self, registry: Running, board: httpx.Response) -> None:
        for starts in (-3000, -400):
            await a_term(registry, board, starts, starts + 700)
        address = f"{board.headers['Location']}/terms"

        async def held(days: int) -> list[str]:
            day = TODAY + timedelta(days=days)
            return [one["starts_on"] for one in (await registry.http.get(f"{address}?as_of={day}")).json()["items"]]

        assert await held(-2999) == [str(TODAY - timedelta(days=3000))]
        assert await held(-1000) == []
        assert await held(300) == [str(TODAY - timedelta(days=400))]


class TestMandatesThatEnd:
    async def test_are_found_before_they_do_and_sorted_by_their_day(self, registry: Running) -> None:
        ends: dict[str, int | None] = {"BKM Tiga": 300, "BKM Satu": -20, "BKM Dua": 40, "BKM Tanpa": None}
        for name, days in ends.items():
            known = {"kelurahan_code": "34.71.03.1001", "name": name, "founded_on": "2004-05-01"}
            board = await registry.http.post(BOARDS, json=known, headers=registry.token("facilitator"))
            if days is not None:
                await a_term(registry, board, days - 900, days)

        async def found(query: str) -> list[str]:
            with registry.counted() as sent:
                reply = await registry.http.get(f"{BOARDS}?{query}")
            assert len(sent) == 1
            return [one["name"] for one in reply.json()["items"]]

        soon = f"mandate_ends_before={TODAY + timedelta(days=90)}"
        assert await found("sort=mandate") == ["BKM Satu", "BKM Dua", "BKM Tiga", "BKM Tanpa"]
        assert await found(f"{soon}&sort=mandate") == ["BKM Satu", "BKM Dua"]
        assert await found(f"{soon}&mandate=valid") == ["BKM Dua"]


class TestDissolution:
    BODY = {"dissolved_on": str(TODAY - timedelta(days=1)), "minutes_reference": "BA 3/2026"}  # noqa: RUF012

    async def dissolve(self, registry: Running, board: httpx.Response, **changes: Any) -> httpx.Response:
        now = await registry.http.get(board.headers["Location"])
        headers = registry.token("facilitator") | etag(now)
        address = f"{board.headers['Location']}/dissolution"
        return await registry.http.post(address, json=self.BODY | changes, headers=headers)

    async def test_ends_the_mandate_and_the_organs(self, registry: Running, board: httpx.Response) -> None:
        term = await a_term(registry, board, -400, 500)
        seat = {"name": "Bapak Staf", "organ": "upk", "role": "cashier", "starts_on": "2025-01-01"}
        appointed = await post(registry, board, "organs", seat)

        reply = await self.dissolve(registry, board)

        assert reply.status_code == 200, reply.text
        assert (reply.json()["dissolved_on"], reply.json()["mandate_until"]) == (self.BODY["dissolved_on"],) * 2
        assert (await registry.http.get(term.headers["Location"])).json()["ends_on"] == self.BODY["dissolved_on"]
        assert (await registry.http.get(appointed.headers["Location"])).json()["ends_on"] == self.BODY["dissolved_on"]
        assert (await journal(registry))[-1]["data"]["dissolved_on"] == self.BODY["dissolved_on"]

    async def test_leaves_a_board_that_owes_no_election_and_is_not_there_later(
        self, registry: Running, board: httpx.Response
    ) -> None:
        await a_term(registry, board, -400, 500)
        await self.dissolve(registry, board)

        async def count(query: str) -> int:
            return len((await registry.http.get(f"{BOARDS}?{query}")).json()["items"])

        assert (await registry.http.get(board.headers["Location"])).json()["mandate"]["lapsed"] is False
        assert await count("mandate=lapsed") == await count(f"mandate_ends_before={TODAY}") == 0
        assert (await count(f"as_of={TODAY}"), await count(f"as_of={TODAY - timedelta(days=1)}")) == (0, 1)
        assert (await count("dissolved=true"), await count("dissolved=false")) == (1, 0)
        last, before = (f"as_of={TODAY - timedelta(days=days)}" for days in (1, 2))
        assert (await count(f"{last}&dissolved=true"), await count(f"{last}&dissolved=false")) == (1, 0)
        assert (await count(f"{before}&dissolved=true"), await count(f"{before}&dissolved=false")) == (0, 1)

    async def test_lets_nothing_begin_afterwards(self, registry: Running, board: httpx.Response) -> None:
        await self.dissolve(registry, board)

        identity = board.json()["id"]
        group = {
            "board_id": identity,
            "name": "KSM Lain",
            "kind": "economic",
            "bond": "domicile",
            "members": 7,
            "women": 3,
        }
        replies = [
            await a_term(registry, board, 0, 500),
            await registry.http.post(
                "/registry/v1/groups",
                json=group | {"formed_on": str(TODAY)},
                headers=registry.token("facilitator"),
            ),
            await open_election(registry, identity, term_starts_on=str(TODAY)),
            await post(registry, board, "names", {"name": "BKM Lain", "starts_on": str(TODAY)}),
            await post(
                registry, board, "organs",
                {"name": "Bapak Staf", "organ": "upk", "role": "cashier", "starts_on": str(TODAY)},
            ),
        ]  # fmt: skip

        assert [(one.status_code, code_of(one)) for one in replies] == [(422, "board.not_in_its_life")] * 5
        before = group | {"formed_on": self.BODY["dissolved_on"]}
        kept = await registry.http.post("/registry/v1/groups", json=before, headers=registry.token("facilitator"))
        opened = await open_election(registry, identity, term_starts_on=self.BODY["dissolved_on"])
        late = await registry.http.patch(
            opened.headers["Location"],
            json={"term_starts_on": str(TODAY)},
            headers=registry.token("facilitator") | etag(opened),
        )
        assert (kept.status_code, opened.status_code) == (201, 201), kept.text + opened.text
        assert (late.status_code, late.json()["errors"][0]["pointer"]) == (422, "/term_starts_on")

    async def test_happens_once_on_a_day_after_all_that_began(self, registry: Running, board: httpx.Response) -> None:
        await a_term(registry, board, 0, 500)
        early = await self.dissolve(registry, board)
        future = await self.dissolve(registry, board, dissolved_on=str(TODAY + timedelta(days=1)))
        without = await registry.http.post(
            f"{board.headers['Location']}/dissolution", json=self.BODY, headers=registry.token("facilitator")
        )
        other = {"kelurahan_code": "34.71.03.1001", "name": "BKM Lain", "founded_on": "2004-05-01"}
        second = await registry.http.post(BOARDS, json=other, headers=registry.token("facilitator"))
        await self.dissolve(registry, second)
        twice = await self.dissolve(registry, second)

        assert (early.status_code, code_of(early)) == (409, "board.still_at_work")
        assert (future.status_code, code_of(future)) == (422, "date.in_the_future")
        assert (without.status_code, code_of(without)) == (428, "version.missing")
        assert (twice.status_code, code_of(twice)) == (409, "board.already_dissolved")
