import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import func, select, update

from services.registry.boards.models import Term
from shared.clock import read_clock, today
from tests.house import Running, code_of, etag, new_id
from tests.registry.racing import warm

BOARDS = "/registry/v1/boards"
TODAY = today(read_clock())


def officers(count: int = 9) -> list[dict[str, Any]]:
    return [{"name": f"Warga {n}", "position": "koordinator" if n == 0 else "member"} for n in range(count)]


def draft(*, starts: int, ends: int, **changes: Any) -> dict[str, Any]:
    """Return a term that starts and ends so many days from today."""
    known = {
        "starts_on": str(TODAY + timedelta(days=starts)),
        "ends_on": str(TODAY + timedelta(days=ends)),
        "elected_on": str(TODAY + timedelta(days=min(starts, 0) - 5)),
        "officers": officers(),
    }
    return known | changes


PAST = {"starts": -900, "ends": -100}
RUNNING = {"starts": -90, "ends": 700}


@pytest.fixture
async def board(registry: Running) -> httpx.Response:
    known = {"kelurahan_code": "34.71.03.1001", "name": "BKM Contoh", "founded_on": "2010-01-01"}
    return await registry.http.post(BOARDS, json=known, headers=registry.token("facilitator"))


async def record(registry: Running, board: httpx.Response, body: dict[str, Any], **claims: Any) -> httpx.Response:
    headers = registry.token("facilitator", **claims)
    return await registry.http.post(f"{board.headers['Location']}/terms", json=body, headers=headers)


class TestRecordTerm:
    async def test_answers_with_the_term_and_its_officers(self, registry: Running, board: httpx.Response) -> None:
        person = new_id()
        body = draft(**RUNNING)
        body["officers"][3]["person_id"] = person

        reply = await record(registry, board, body)
        read = await registry.http.get(reply.headers["Location"], headers=registry.token("facilitator"))

        assert reply.status_code == 201
        # A reply to a write is kept beside its key, where no erasure would find a name.
        nameless = [one | {"name": None} for one in read.json()["officers"]]
        assert reply.json() == read.json() | {"officers": nameless}
        assert [one["position"] for one in reply.json()["officers"]].count("koordinator") == 1
        assert person in [one["person_id"] for one in reply.json()["officers"]]
        assert len({one["person_id"] for one in reply.json()["officers"]}) == 9

    async def test_needs_no_version_of_the_board_but_moves_it(self, registry: Running, board: httpx.Response) -> None:
        await record(registry, board, draft(**RUNNING))

        edit = registry.token("facilitator") | etag(board)
        stale = await registry.http.patch(board.headers["Location"], json={"name": "BKM Baru"}, headers=edit)

        assert (stale.status_code, stale.json()["current"]["version"]) == (412, 2)

    async def test_gives_the_board_its_mandate(self, registry: Running, board: httpx.Response) -> None:
        async def mandates() -> list[int]:
            replies = [await registry.http.get(f"{BOARDS}?mandate={kind}") for kind in ("none", "lapsed", "valid")]
            return [len(reply.json()["items"]) for reply in replies]

        without = await mandates()
        await record(registry, board, draft(**PAST))
        lapsed = await mandates()
        await record(registry, board, draft(**RUNNING))

        assert (without, lapsed, await mandates()) == ([1, 0, 0], [0, 1, 0], [0, 0, 1])
        assert (await registry.http.get(board.headers["Location"])).json()["mandate"]["lapsed"] is False

    @pytest.mark.parametrize(
        ("change", "pointer", "code"),
        [
            ({"officers": officers(7)}, "/officers", "term.seats"),
            ({"officers": officers(15)}, "/officers", "term.seats"),
            ({"officers": officers(10)}, "/officers", "term.not_odd"),
            ({"officers": [one | {"position": "member"} for one in officers()]}, "/officers", "term.one_koordinator"),
            (draft(starts=0, ends=0), "/ends_on", "term.order"),
            (draft(starts=0, ends=1200), "/ends_on", "term.too_long"),
            ({"elected_on": str(TODAY + timedelta(days=1))}, "/elected_on", "date.in_the_future"),
            ({"officers": [*officers(8), {"name": "X", "position": "member"}]}, "/officers/8/name", "value.too_short"),
            (
                {"officers": [*officers(8), {"name": "Xx", "position": "raja"}]},
                "/officers/8/position",
                "value.not_a_choice",
            ),
            ({"starts_on": "kemarin"}, "/starts_on", "value.not_date"),
            ({"starts_on": 86400}, "/starts_on", None),
        ],
    )
    async def test_names_the_wrong_place(
        self, registry: Running, board: httpx.Response, change: dict[str, Any], pointer: str, code: str | None
    ) -> None:
        reply = await record(registry, board, draft(**RUNNING) | change)

        assert reply.status_code == 422
        faults = {one["pointer"]: one["code"] for one in reply.json()["errors"]}
        assert pointer in faults
        assert code is None or faults[pointer] == code

    @pytest.mark.parametrize(("starts", "ends"), [(-90, 700), (-200, -89), (699, 900), (0, 10), (-200, 800)])
    async def test_refuses_to_overlap(self, registry: Running, board: httpx.Response, starts: int, ends: int) -> None:
        await record(registry, board, draft(**RUNNING))

        reply = await record(registry, board, draft(starts=starts, ends=ends))

        assert (reply.status_code, code_of(reply)) == (409, "term.overlaps")

    @pytest.mark.parametrize(("starts", "ends"), [(-400, -90), (700, 900)])
    async def test_may_follow_on_the_same_day(
        self, registry: Running, board: httpx.Response, starts: int, ends: int
    ) -> None:
        await record(registry, board, draft(**RUNNING))

        assert (await record(registry, board, draft(starts=starts, ends=ends))).status_code == 201

    async def test_takes_one_of_two_that_come_at_once(self, registry: Running, board: httpx.Response) -> None:
        await warm(registry)
        replies = await asyncio.gather(
            *(record(registry, board, draft(starts=-90 + n, ends=700)) for n in range(3)),
        )

        async with registry.database.reads.connect() as connection:
            count = await connection.scalar(select(func.count()).select_from(Term))
        assert sorted(reply.status_code for reply in replies) == [201, 409, 409]
        assert count == 1

    async def test_takes_the_same_id_once_and_only_under_its_board(
        self, registry: Running, board: httpx.Response
    ) -> None:
        identity = new_id()
        known = {"kelurahan_code": "34.71.03.1001", "name": "BKM Lain", "founded_on": "2010-01-01"}
        other = await registry.http.post(BOARDS, json=known, headers=registry.token("facilitator"))

        first = await record(registry, board, draft(**RUNNING, id=identity))
        again = await record(registry, board, draft(**RUNNING, id=identity))
        elsewhere = await record(registry, other, draft(**RUNNING, id=identity))

        assert [one.status_code for one in (first, again, elsewhere)] == [201, 200, 409]
        assert again.json() == first.json()
        assert code_of(elsewhere) == "id.taken"

    async def test_refuses_another_region(self, registry: Running, board: httpx.Response) -> None:
        reply = await record(registry, board, draft(**RUNNING), regions=("33.74",))

        assert (reply.status_code, code_of(reply)) == (403, "region.missing")

    async def test_does_not_find_a_board_that_is_not_there(self, registry: Running) -> None:
        headers = registry.token("facilitator")

        replies = [
            await registry.http.post(f"{BOARDS}/{one}/terms", json=draft(**RUNNING), headers=headers)
            for one in (new_id(), "x")
        ]

        assert [(one.status_code, code_of(one)) for one in replies] == [(404, "resource.not_found")] * 2


class TestOfficersName:
    async def test_is_public_while_in_office_only(self, registry: Running, board: httpx.Response) -> None:
        await record(registry, board, draft(**PAST))
        await record(registry, board, draft(**RUNNING))

        async def named(headers: dict[str, str]) -> list[bool]:
            reply = await registry.http.get(f"{board.headers['Location']}/terms", headers=headers)
            return [all(one["name"] for one in term["officers"]) for term in reply.json()["items"]]

        assert await named({}) == [True, False]
        assert await named(registry.token("facilitator", regions=("33.74",))) == [True, False]
        assert await named(registry.token("facilitator")) == [True, False]

    async def test_is_hidden_from_the_day_after_the_last(self, registry: Running, board: httpx.Response) -> None:
        term = await record(registry, board, draft(**RUNNING))
        shown = []

        for ends in (0, -1):
            async with registry.database.writes.begin() as connection:
                day = TODAY + timedelta(days=ends)
                await connection.execute(update(Term).where(Term.id == UUID(term.json()["id"])).values(ends_on=day))
            reply = await registry.http.get(term.headers["Location"])
            shown.append(reply.json()["officers"][0]["name"])

        assert shown == ["Warga 0", None]


class TestListTerms:
    async def test_shows_the_latest_first_page_by_page(self, registry: Running, board: httpx.Response) -> None:
        for days in (-3000, -1500, -90):
            await record(registry, board, draft(starts=days, ends=days + 700))

        starts: list[str] = []
        address: str | None = f"{board.headers['Location']}/terms?limit=1"
        while address:
            with registry.counted() as sent:
                reply = await registry.http.get(address)
            assert len(sent) == 1
            starts += [term["starts_on"] for term in reply.json()["items"]]
            address = reply.links["next"]["url"] if "next" in reply.links else None

        assert starts == [str(TODAY + timedelta(days=days)) for days in (-90, -1500, -3000)]
