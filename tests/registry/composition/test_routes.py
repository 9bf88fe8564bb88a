from datetime import timedelta
from typing import Any

import httpx
import pytest

from shared.clock import read_clock, today
from tests.house import Running, code_of, etag, new_id
from tests.registry.residents.story import a_household, a_resident
from tests.registry.residents.test_welfare import decide

BOARDS = "/registry/v1/boards"
TODAY = today(read_clock())
KNOWN = {"woman": True, "poor": False, "occupation": "trader", "other_offices": []}


def day(days: int) -> str:
    return str(TODAY + timedelta(days=days))


@pytest.fixture
async def board(registry: Running) -> httpx.Response:
    known = {"kelurahan_code": "34.71.03.1001", "name": "BKM Contoh", "founded_on": "2004-05-01"}
    return await registry.http.post(BOARDS, json=known, headers=registry.token("facilitator"))


async def post(
    registry: Running, board: httpx.Response, path: str, body: dict[str, Any], **claims: Any
) -> httpx.Response:
    headers = registry.token("facilitator", **claims)
    return await registry.http.post(f"{board.headers['Location']}/{path}", json=body, headers=headers)


async def officers(registry: Running, board: httpx.Response) -> list[dict[str, Any]]:
    seats = [{"name": f"Warga {n}", "position": "koordinator" if n == 0 else "member"} for n in range(9)]
    body = {"starts_on": day(-400), "elected_on": day(-400), "ends_on": day(500), "officers": seats}
    term = await post(registry, board, "terms", body)
    found: list[dict[str, Any]] = term.json()["officers"]
    return found


async def declare(registry: Running, board: httpx.Response, officer: dict[str, Any], **known: Any) -> httpx.Response:
    body = {"officer_id": officer["id"], "declared_on": day(-300)} | KNOWN | known
    return await post(registry, board, "declarations", body)


async def composition(registry: Running, board: httpx.Response, query: str = "") -> dict[str, Any]:
    with registry.counted() as sent:
        reply = await registry.http.get(f"{board.headers['Location']}/composition?{query}")
    assert reply.status_code == 200, reply.text
    assert len([one for one in sent if one.startswith("SELECT")]) == 3
    return dict(reply.json())


class TestComposition:
    async def test_tells_everybody_in_numbers_whom_a_board_is_made_of(
        self, registry: Running, board: httpx.Response
    ) -> None:
        elected = await officers(registry, board)
        for n, officer in enumerate(elected):
            await declare(
                registry, board, officer, woman=n < 2, poor=n < 6, occupation="labourer" if n < 5 else "retired",
                other_offices=["rw_head"] if n < 4 else [],
            )  # fmt: skip

        found = await composition(registry, board)

        assert found["officers"] == 9
        assert found["women"] == {"numerator": 2, "denominator": 9, "unknown": 0, "null_reason": None}
        assert found["poor"] == {"numerator": 6, "denominator": 9, "unknown": 0, "null_reason": None}
        assert found["other_office_holders"]["numerator"] == 4
        assert found["other_offices"] == [{"office": "rw_head", "count": 4}]
        assert found["occupations"] == [
            {"occupation": "labourer", "count": 5},
            {"occupation": "retired", "count": 4},
        ]
        assert found["population"]["women"]["null_reason"] == "not_counted"

    async def test_stands_beside_the_people_that_the_board_stands_for(
        self, registry: Running, board: httpx.Response
    ) -> None:
        for status in (*["poor"] * 5, "not_poor", None):
            household = await a_household(registry)
            await a_resident(registry, household, nik=None, nik_absent_reason="lost")
            await a_resident(registry, household, name="Contoh Kedua", nik=None, nik_absent_reason="lost", sex="male")
            if status:
                assert (await decide(registry, household, status=status)).status_code == 201

        told = (await composition(registry, board))["population"]

        assert told["women"] == {"numerator": 7, "denominator": 14, "null_reason": None}
        assert told["poor"] == {"numerator": 5, "denominator": 6, "null_reason": None}

    async def test_tells_no_few_poor_of_the_people(self, registry: Running, board: httpx.Response) -> None:
        for status in (*["poor"] * 4, "not_poor"):
            await decide(registry, await a_household(registry), status=status)

        told = (await composition(registry, board))["population"]

        assert told["poor"] == {"numerator": None, "denominator": None, "null_reason": "fewer_than_five"}

    async def test_says_why_a_number_is_missing(self, registry: Running, board: httpx.Response) -> None:
        without = await composition(registry, board)
        elected = await officers(registry, board)
        undeclared = await composition(registry, board)
        await declare(registry, board, elected[0], poor=None, poor_unknown_reason="no_poverty_list")
        some = await composition(registry, board)

        assert (without["term"], without["officers"]) == (None, 0)
        assert without["women"]["null_reason"] == "nobody_in_office"
        assert undeclared["women"] == {
            "numerator": None,
            "denominator": None,
            "unknown": 9,
            "null_reason": "nothing_declared",
        }
        assert some["women"] == {"numerator": 1, "denominator": 1, "unknown": 8, "null_reason": None}
        assert some["poor"]["null_reason"] == "nothing_declared"

    async def test_counts_by_the_day_what_was_declared_by_then(self, registry: Running, board: httpx.Response) -> None:
        elected = await officers(registry, board)
        await declare(registry, board, elected[0], other_offices=[])
        await declare(registry, board, elected[0], other_offices=["party"], declared_on=day(-10))

        async def offices(days: int) -> Any:
            return (await composition(registry, board, f"as_of={day(days)}"))["other_office_holders"]["numerator"]

        assert [await offices(days) for days in (-301, -300, -11, -10, 0)] == [None, 0, 0, 1, 1]
        assert (await composition(registry, board, f"as_of={day(501)}"))["officers"] == 0

    async def test_does_not_tell_by_the_difference_of_two_days_whether_one_who_left_is_poor(
        self, registry: Running, board: httpx.Response
    ) -> None:
        elected = await officers(registry, board)
        for n, officer in enumerate(elected):
            await declare(registry, board, officer, poor=n < 6)
        address = f"{board.headers['Location']}/officers/{elected[0]['id']}"
        read = await registry.http.get(address)
        body = {"ends_on": day(-1), "left_because": "resigned"}
        await registry.http.patch(address, json=body, headers=registry.token("facilitator") | etag(read))

        for days in (-2, 0):
            found = await composition(registry, board, f"as_of={day(days)}")
            assert found["poor"]["null_reason"] == "changed_since_election", days
            assert found["women"]["numerator"] is not None

    async def test_counts_who_holds_two_seats(self, registry: Running, board: httpx.Response) -> None:
        elected = await officers(registry, board)
        seat = {"name": "Ibu Rahasia", "organ": "secretariat", "role": "staff", "starts_on": day(-100)}
        await post(registry, board, "organs", seat | {"person_id": elected[0]["person_id"]})
        before = (await composition(registry, board))["doubling"]
        statutes = {"kind": "bylaws", "adopted_on": day(-5), "minutes_reference": "BA 1", "doubling_forbidden": True}
        await post(registry, board, "statutes", statutes)
        after = (await composition(registry, board))["doubling"]

        # Whose the nine elected seats are was told of none.
        untold = {"not_checked": 9, "not_checked_reason": "person_not_told"}
        assert before == {"persons": 1, "forbidden": None} | untold
        assert after == {"persons": 1, "forbidden": True} | untold

    async def test_is_not_there_for_a_board_that_is_not(self, registry: Running) -> None:
        for nobody in (new_id(), "x"):
            reply = await registry.http.get(f"{BOARDS}/{nobody}/composition")
            assert (reply.status_code, code_of(reply)) == (404, "resource.not_found")
        reply = await registry.http.get(f"{BOARDS}/{new_id()}/composition?colour=red")
        assert (reply.status_code, code_of(reply)) == (400, "query.invalid")


class TestDeclarations:
    async def test_are_seen_only_with_the_scope_in_the_own_regions_and_noted(
        self, registry: Running, board: httpx.Response
    ) -> None:
        declared = await declare(registry, board, (await officers(registry, board))[0])
        address = f"{board.headers['Location']}/declarations"

        replies = [
            await registry.http.get(address),
            await registry.http.get(address, headers=registry.token("supervisor")),
            await registry.http.get(
                declared.headers["Location"], headers=registry.token("facilitator", regions=("33.74",))
            ),
        ]
        elsewhere = await registry.http.get(address, headers=registry.token("facilitator", regions=("33.74",)))
        seen = await registry.http.get(address, headers=registry.token("facilitator"))

        assert [(one.status_code, code_of(one)) for one in replies] == [
            (401, "token.missing"),
            (403, "scope.missing"),
            (404, "resource.not_found"),
        ]
        assert elsewhere.json()["items"] == []
        assert seen.json()["items"] == [declared.json()]
        await registry.seal()
        items = (await registry.http.get("/registry/v1/journal?limit=1000", headers=registry.token("auditor"))).json()
        noted = [one["data"] for one in items["items"] if one["data"] and one["data"]["action"] == "declarations.read"]
        assert [one["data"]["count"] for one in noted if one["place"] == "34.71"] == [1]

    async def test_are_not_made_by_who_left_office(self, registry: Running, board: httpx.Response) -> None:
        officer = (await officers(registry, board))[1]
        address = f"{board.headers['Location']}/officers/{officer['id']}"
        left = {"ends_on": day(-100), "left_because": "resigned"}
        headers = registry.token("facilitator") | etag(await registry.http.get(address))
        await registry.http.patch(address, json=left, headers=headers)

        replies = [await declare(registry, board, officer, declared_on=day(days)) for days in (-400, -100, -99)]

        assert [one.status_code for one in replies] == [201, 201, 422]
        assert replies[2].json()["errors"][0]["code"] == "declaration.outside_office"

    async def test_are_journaled_without_what_they_say(self, registry: Running, board: httpx.Response) -> None:
        await declare(registry, board, (await officers(registry, board))[0], other_offices=["party"])
        await registry.seal()
        reply = await registry.http.get("/registry/v1/journal?limit=1000", headers=registry.service_token("planning"))
        entry = reply.json()["items"][-1]["data"]

        assert entry["action"] == "declaration.recorded"
        assert set(entry["data"]) == {"id", "board_id", "officer_id", "declared_on", "version"}

    async def test_are_recorded_once_for_an_officer_of_the_board(
        self, registry: Running, board: httpx.Response
    ) -> None:
        officer = (await officers(registry, board))[0]
        identity = new_id()
        first = await declare(registry, board, officer, id=identity)
        again = await declare(registry, board, officer, id=identity)
        known = {"kelurahan_code": "34.71.03.1001", "name": "BKM Lain", "founded_on": "2004-05-01"}
        other = await registry.http.post(BOARDS, json=known, headers=registry.token("facilitator"))
        foreign = await declare(registry, other, officer)

        assert [first.status_code, again.status_code] == [201, 200]
        assert (foreign.status_code, foreign.json()["errors"][0]["code"]) == (422, "officer.unknown")

    @pytest.mark.parametrize(
        ("change", "pointer", "code"),
        [
            ({"woman": None}, "/woman_unknown_reason", "declaration.reason_missing"),
            ({"poor_unknown_reason": "declined"}, "/poor_unknown_reason", "declaration.reason_superfluous"),
            ({"declared_on": day(1)}, "/declared_on", "date.in_the_future"),
            ({"declared_on": day(-401)}, "/declared_on", "declaration.outside_office"),
            ({"occupation": "king"}, "/occupation", "value.not_a_choice"),
        ],
    )
    async def test_name_the_wrong_place(
        self, registry: Running, board: httpx.Response, change: dict[str, Any], pointer: str, code: str
    ) -> None:
        reply = await declare(registry, board, (await officers(registry, board))[0], **change)

        assert reply.status_code == 422
        assert [(one["pointer"], one["code"]) for one in reply.json()["errors"]] == [(pointer, code)]
