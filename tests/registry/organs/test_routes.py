import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import func, select, update

from services.registry.boards.models import Appointment
from services.registry.personal.models import PersonalRecord
from shared.clock import read_clock, today
from tests.house import Running, code_of, etag, new_id
from tests.registry.racing import warm

BOARDS = "/registry/v1/boards"
TODAY = today(read_clock())
SEAT = {"name": "Ibu Rahasia", "organ": "secretariat", "role": "staff", "starts_on": "2025-01-01"}
FORBIDS = {"kind": "bylaws", "adopted_on": "2020-01-01", "minutes_reference": "BA 1", "doubling_forbidden": True}


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


async def patch(registry: Running, item: httpx.Response, body: dict[str, Any]) -> httpx.Response:
    headers = registry.token("facilitator") | etag(item)
    return await registry.http.patch(item.headers["Location"], json=body, headers=headers)


async def a_term(registry: Running, board: httpx.Response, *persons: str) -> httpx.Response:
    officers: list[dict[str, Any]] = [
        {"name": f"Warga {n}", "position": "koordinator" if n == 0 else "member"} for n in range(9)
    ]
    for officer, person in zip(officers, persons, strict=False):
        officer["person_id"] = person
    body = {"starts_on": day(-400), "elected_on": day(-400), "ends_on": day(500), "officers": officers}
    return await post(registry, board, "terms", body)


async def journal(registry: Running) -> list[dict[str, Any]]:
    await registry.seal()
    reply = await registry.http.get("/registry/v1/journal?limit=1000", headers=registry.service_token("planning"))
    return [one["data"] for one in reply.json()["items"] if one["data"] is not None]


def faults(reply: httpx.Response) -> dict[str, str]:
    assert reply.status_code == 422, reply.text
    return {one["pointer"]: one["code"] for one in reply.json()["errors"]}


class TestOrganSeats:
    async def test_name_their_holders_only_to_those_who_may_read_names_there(
        self, registry: Running, board: httpx.Response
    ) -> None:
        appointed = await post(registry, board, "organs", SEAT)
        address = f"{board.headers['Location']}/organs"
        callers = [
            {},
            registry.token("facilitator"),
            registry.token("facilitator", regions=("33.74",)),
            registry.token("supervisor"),
        ]

        lists = [(await registry.http.get(address, headers=caller)).json()["items"][0] for caller in callers]
        singles = [
            (await registry.http.get(appointed.headers["Location"], headers=caller)).json() for caller in callers
        ]

        assert appointed.json()["name"] is None
        assert lists == singles
        assert [one["name"] for one in lists] == [None, "Ibu Rahasia", None, None]
        assert [one["person_id"] is None for one in lists] == [True, False, True, False]
        assert [one["view"] for one in lists] == ["public", "full", "public", "full"]

    async def test_leave_an_entry_for_each_reading_of_names(self, registry: Running, board: httpx.Response) -> None:
        await post(registry, board, "organs", SEAT)
        address = f"{board.headers['Location']}/organs"

        await registry.http.get(address)
        await registry.http.get(f"{address}?organ=secretariat", headers=registry.token("facilitator"))

        await registry.seal()
        auditor = registry.token("auditor")
        items = (await registry.http.get("/registry/v1/journal?limit=1000", headers=auditor)).json()["items"]
        seen = [one["data"] for one in items if one["data"] and one["data"]["action"] == "organs.read"]
        assert [one["data"]["count"] for one in seen] == [1]
        assert seen[0]["data"]["asked"]["organ"] == "secretariat"

    async def test_are_journaled_without_person_or_name(self, registry: Running, board: httpx.Response) -> None:
        person = new_id()
        await post(registry, board, "organs", SEAT | {"person_id": person})

        entry = (await journal(registry))[-1]

        assert entry["action"] == "appointment.recorded"
        assert "Rahasia" not in str(entry)
        assert person not in str(entry)

    async def test_are_kept_sealed(self, registry: Running, board: httpx.Response) -> None:
        appointed = await post(registry, board, "organs", SEAT)

        async with registry.database.reads.connect() as connection:
            sealed = await connection.scalar(select(PersonalRecord.sealed))
            wanted = select(func.count()).where(PersonalRecord.id == UUID(appointed.json()["id"]))
            assert await connection.scalar(wanted) == 1
        assert sealed is not None
        assert b"Rahasia" not in bytes(sealed)

    async def test_end_on_a_day_and_are_listed_by_day_and_organ(self, registry: Running, board: httpx.Response) -> None:
        first = await post(registry, board, "organs", SEAT)
        await post(registry, board, "organs", SEAT | {"organ": "upk", "role": "manager", "starts_on": day(0)})
        ended = await patch(registry, first, {"ends_on": day(-1), "name": "Ibu Baru"})

        async def listed(query: str) -> list[str]:
            reply = await registry.http.get(f"{board.headers['Location']}/organs?{query}")
            return [one["organ"] for one in reply.json()["items"]]

        assert (ended.status_code, ended.json()["name"], ended.json()["version"]) == (200, None, 2)
        assert await listed(f"as_of={day(-1)}") == ["secretariat"]
        assert await listed(f"as_of={day(0)}") == ["upk"]
        assert await listed("organ=upk") == ["upk"]
        assert len(await listed("")) == 2

    async def test_give_no_new_name_to_who_was_erased(self, registry: Running, board: httpx.Response) -> None:
        appointed = await post(registry, board, "organs", SEAT)
        async with registry.database.writes.begin() as connection:
            gone = {"wrapped_key": None, "sealed": None, "erased_at": read_clock()}
            await connection.execute(update(PersonalRecord).values(**gone))

        renamed = await patch(registry, appointed, {"name": "Ibu Lain"})
        ended = await patch(registry, appointed, {"ends_on": day(0)})

        assert (renamed.status_code, code_of(renamed)) == (409, "appointment.name_erased")
        assert (ended.status_code, ended.json()["name"]) == (200, None)

    @pytest.mark.parametrize(
        ("change", "pointer", "code"),
        [
            ({"ends_on": "2024-12-31"}, "/ends_on", "seat.order"),
            ({"starts_on": "2004-04-30"}, "/starts_on", "board.not_in_its_life"),
            ({"organ": "rt"}, "/organ", "value.not_a_choice"),
            ({"colour": "red"}, "/colour", "field.unknown"),
            ({"name": "X"}, "/name", "value.too_short"),
        ],
    )
    async def test_name_the_wrong_place(
        self, registry: Running, board: httpx.Response, change: dict[str, Any], pointer: str, code: str
    ) -> None:
        assert faults(await post(registry, board, "organs", SEAT | change)) == {pointer: code}

    async def test_are_given_by_those_who_may_write_there(self, registry: Running, board: httpx.Response) -> None:
        address = f"{board.headers['Location']}/organs"
        replies = [
            await registry.http.post(address, json=SEAT),
            await registry.http.post(address, json=SEAT, headers=registry.token("auditor")),
            await registry.http.post(address, json=SEAT, headers=registry.token("facilitator", regions=("33.74",))),
            await registry.http.post(f"{BOARDS}/{new_id()}/organs", json=SEAT, headers=registry.token("facilitator")),
        ]

        assert [(one.status_code, code_of(one)) for one in replies] == [
            (401, "token.missing"),
            (403, "scope.missing"),
            (403, "region.missing"),
            (404, "resource.not_found"),
        ]

    async def test_are_not_changed_from_another_board_or_without_a_version(
        self, registry: Running, board: httpx.Response
    ) -> None:
        appointed = await post(registry, board, "organs", SEAT)
        known = {"kelurahan_code": "34.71.03.1001", "name": "BKM Lain", "founded_on": "2004-05-01"}
        other = await registry.http.post(BOARDS, json=known, headers=registry.token("facilitator"))
        headers = registry.token("facilitator")
        body = {"ends_on": day(0)}
        elsewhere = f"{other.headers['Location']}/organs/{appointed.json()['id']}"

        replies = [
            await registry.http.patch(elsewhere, json=body, headers=headers | etag(appointed)),
            await registry.http.patch(f"{board.headers['Location']}/organs/x", json=body, headers=headers | etag(appointed)),
            await registry.http.patch(appointed.headers["Location"], json=body, headers=headers),
            await registry.http.patch(
                appointed.headers["Location"], json=body,
                headers=registry.token("facilitator", regions=("33.74",)) | etag(appointed),
            ),
        ]  # fmt: skip

        assert [(one.status_code, code_of(one)) for one in replies] == [
            (404, "resource.not_found"),
            (404, "resource.not_found"),
            (428, "version.missing"),
            (403, "region.missing"),
        ]

    async def test_are_recorded_once_by_id_and_by_key(self, registry: Running, board: httpx.Response) -> None:
        body = SEAT | {"id": new_id()}
        headers = registry.token("facilitator") | {"Idempotency-Key": new_id()}
        address = f"{board.headers['Location']}/organs"

        replies = [await registry.http.post(address, json=body, headers=headers) for _ in range(2)]
        replies.append(await registry.http.post(address, json=body, headers=registry.token("facilitator")))

        assert [one.status_code for one in replies] == [201, 201, 200]
        assert replies[1].headers["Idempotency-Replayed"] == "true"
        assert len({one.json()["id"] for one in replies}) == 1


class TestTwoSeats:
    async def test_are_refused_to_a_member_in_the_secretariat_where_statutes_forbid_it(
        self, registry: Running, board: httpx.Response
    ) -> None:
        person = new_id()
        await a_term(registry, board, person)

        allowed = await post(registry, board, "organs", SEAT | {"person_id": person})
        await patch(registry, allowed, {"ends_on": SEAT["starts_on"]})
        await post(registry, board, "statutes", FORBIDS)
        refused = await post(registry, board, "organs", SEAT | {"person_id": person, "starts_on": "2025-01-02"})
        after = await post(registry, board, "organs", SEAT | {"person_id": person, "starts_on": day(501)})

        assert [allowed.status_code, after.status_code] == [201, 201]
        assert faults(refused) == {"/person_id": "seat.doubled"}

    async def test_are_refused_to_whoever_is_elected_while_in_the_secretariat(
        self, registry: Running, board: httpx.Response
    ) -> None:
        person = new_id()
        await post(registry, board, "statutes", FORBIDS)
        seat = await post(registry, board, "organs", SEAT | {"person_id": person, "starts_on": day(-500)})

        refused = await a_term(registry, board, new_id(), person)
        await patch(registry, seat, {"ends_on": day(-401)})
        free = await a_term(registry, board, new_id(), person)

        assert faults(refused) == {"/officers/1/person_id": "seat.doubled"}
        assert code_of(refused) == "term.invalid"
        assert free.status_code == 201

    async def test_of_supervisor_and_supervised_are_refused_always_and_when_an_end_is_taken_back(
        self, registry: Running, board: httpx.Response
    ) -> None:
        person = new_id()
        upk = SEAT | {"person_id": person, "organ": "upk", "role": "cashier", "ends_on": "2025-06-30"}
        watching = SEAT | {"person_id": person, "organ": "supervisors", "role": "member"}
        first = await post(registry, board, "organs", upk)

        early = await post(registry, board, "organs", watching | {"starts_on": "2025-06-30"})
        late = await post(registry, board, "organs", watching | {"starts_on": "2025-07-01"})
        longer = await patch(registry, first, {"ends_on": None})

        assert faults(early) == {"/person_id": "seat.supervises_itself"}
        assert late.status_code == 201
        assert faults(longer) == {"/person_id": "seat.supervises_itself"}

    async def test_are_compared_by_name_where_nobody_told_whose_they_are(
        self, registry: Running, board: httpx.Response
    ) -> None:
        await post(registry, board, "statutes", FORBIDS)
        term = await a_term(registry, board)
        namesake = SEAT | {"name": "warga  3", "starts_on": day(-10)}

        unnamed = await post(registry, board, "organs", namesake)
        one_told = await post(registry, board, "organs", namesake | {"person_id": new_id()})
        officer = f"{board.headers['Location']}/officers/{term.json()['officers'][3]['id']}"
        read = await registry.http.get(officer)
        headers = registry.token("facilitator") | etag(read)
        told = await registry.http.patch(officer, json={"person_id": new_id()}, headers=headers)
        both_told = await post(registry, board, "organs", namesake | {"person_id": new_id()})
        again = await registry.http.patch(
            officer, json={"person_id": new_id()}, headers=registry.token("facilitator") | etag(told)
        )

        assert faults(unnamed) == faults(one_told) == {"/person_id": "seat.same_name"}
        assert "warga" not in unnamed.text.lower()
        assert (read.json()["not_checked"], told.status_code, told.json()["not_checked"]) == (
            "person_not_told",
            200,
            None,
        )
        assert (both_told.status_code, both_told.json()["not_checked"]) == (201, None)
        assert faults(again) == {"/person_id": "seat.person_told"}

    async def test_that_were_told_of_later_are_compared_then(self, registry: Running, board: httpx.Response) -> None:
        await post(registry, board, "statutes", FORBIDS)
        person = new_id()
        await a_term(registry, board, person)
        seat = await post(registry, board, "organs", SEAT | {"starts_on": day(-10)})

        same = await patch(registry, seat, {"person_id": person})
        other = await patch(registry, seat, {"person_id": new_id()})

        assert seat.json()["not_checked"] == "person_not_told"
        assert faults(same) == {"/person_id": "seat.doubled"}
        assert (other.status_code, other.json()["not_checked"]) == (200, None)
        async with registry.database.reads.connect() as connection:
            kept = await connection.scalars(
                select(PersonalRecord.person_id).where(PersonalRecord.id == UUID(seat.json()["id"]))
            )
            assert [str(one) for one in kept] == [other.json()["person_id"]]

    async def test_of_who_was_elected_under_the_name_of_an_organs_holder_are_refused(
        self, registry: Running, board: httpx.Response
    ) -> None:
        await post(registry, board, "statutes", FORBIDS)
        await post(registry, board, "organs", SEAT | {"name": "WARGA 4", "starts_on": day(-500)})

        assert faults(await a_term(registry, board)) == {"/officers/4/person_id": "seat.same_name"}

    async def test_given_at_once_are_given_once(self, registry: Running, board: httpx.Response) -> None:
        await post(registry, board, "statutes", FORBIDS)
        person = new_id()
        await warm(registry)

        replies = await asyncio.gather(
            *(
                post(registry, board, "organs", SEAT | {"person_id": person, "organ": organ})
                for organ in ("secretariat", "upk", "secretariat")
            )
        )

        async with registry.database.reads.connect() as connection:
            assert await connection.scalar(select(func.count()).select_from(Appointment)) == 1
        assert sorted(one.status_code for one in replies) == [201, 422, 422]

    async def test_given_at_once_to_namesakes_are_given_once(self, registry: Running, board: httpx.Response) -> None:
        await post(registry, board, "statutes", FORBIDS)
        await warm(registry)

        replies = await asyncio.gather(
            *(post(registry, board, "organs", SEAT | {"organ": organ}) for organ in ("secretariat", "upk"))
        )

        assert sorted(one.status_code for one in replies) == [201, 422]

    async def test_given_and_elected_at_once_are_not_both_held(self, registry: Running, board: httpx.Response) -> None:
        await post(registry, board, "statutes", FORBIDS)
        person = new_id()
        await warm(registry)

        replies = await asyncio.gather(
            post(registry, board, "organs", SEAT | {"person_id": person}), a_term(registry, board, person)
        )

        assert sorted(one.status_code for one in replies) == [201, 422]


class TestOfficers:
    async def leave(self, registry: Running, term: httpx.Response, index: int, **body: Any) -> httpx.Response:
        officer = term.json()["officers"][index]
        board = term.headers["Location"].partition("/terms")[0]
        read = await registry.http.get(f"{board}/officers/{officer['id']}")
        headers = registry.token("facilitator") | etag(read)
        return await registry.http.patch(f"{board}/officers/{officer['id']}", json=body, headers=headers)

    async def test_leave_before_the_term_ends_and_are_no_longer_named(
        self, registry: Running, board: httpx.Response
    ) -> None:
        term = await a_term(registry, board)
        name = (await registry.http.get(term.headers["Location"])).json()["officers"][3]["name"]

        left = await self.leave(registry, term, 3, ends_on=day(-1), left_because="moved_away")
        public = (await registry.http.get(term.headers["Location"])).json()["officers"]
        full = await registry.http.get(f"{board.headers['Location']}/officers", headers=registry.token("facilitator"))

        assert (left.status_code, left.json()["ends_on"], left.json()["name"]) == (200, day(-1), None)
        assert name in [one["name"] for one in full.json()["items"]]
        assert [one["name"] for one in public].count(None) == 1
        assert {one["left_because"] for one in public} == {None}
        assert [one["left_because"] for one in full.json()["items"]].count("moved_away") == 1
        entry = [one for one in await journal(registry) if one["action"] == "officer.changed"][-1]
        assert (entry["data"]["name"], entry["data"]["ends_on"]) == (None, day(-1))
        assert "moved" not in str(entry)

    async def test_are_listed_by_the_day(self, registry: Running, board: httpx.Response) -> None:
        term = await a_term(registry, board)
        await self.leave(registry, term, 3, ends_on=day(-1), left_because="resigned")
        successor = {"name": "Ibu Pengganti", "position": "member", "starts_on": day(0), "minutes_reference": "BA 9"}
        seated = await post(registry, board, "officers", successor)

        async def names(path: str) -> list[str]:
            reply = await registry.http.get(
                f"{board.headers['Location']}/{path}", headers=registry.token("facilitator")
            )
            items = reply.json()["items"]
            officers = items[0].get("officers", items)
            return sorted(one["name"] or "" for one in officers)

        assert seated.status_code == 201
        for path in ("officers", "terms"):
            before, after = await names(f"{path}?as_of={day(-1)}"), await names(f"{path}?as_of={day(0)}")
            assert (len(before), len(after)) == (9, 9)
            assert "Ibu Pengganti" not in before
            assert "Ibu Pengganti" in after
            assert len(await names(path)) == 10

    @pytest.mark.parametrize(
        ("change", "pointer", "code"),
        [
            ({"starts_on": day(-1)}, "/starts_on", "officer.no_seat_free"),
            ({"position": "koordinator"}, "/position", "term.one_koordinator"),
            ({"name": "X"}, "/name", "value.too_short"),
        ],
    )
    async def test_follow_only_into_a_free_seat(
        self, registry: Running, board: httpx.Response, change: dict[str, Any], pointer: str, code: str
    ) -> None:
        term = await a_term(registry, board)
        await self.leave(registry, term, 3, ends_on=day(-1), left_because="died")
        successor = {"name": "Ibu Pengganti", "position": "member", "starts_on": day(0)}

        assert faults(await post(registry, board, "officers", successor | change)) == {pointer: code}

    async def test_do_not_follow_without_a_term_or_where_statutes_forbid_it(
        self, registry: Running, board: httpx.Response
    ) -> None:
        successor = {"name": "Ibu Pengganti", "position": "member", "starts_on": day(0)}
        without = await post(registry, board, "officers", successor)
        term = await a_term(registry, board)
        await self.leave(registry, term, 3, ends_on=day(-1), left_because="died")
        statutes = FORBIDS | {"refresh_allowed": False}
        await post(registry, board, "statutes", statutes)
        forbidden = await post(registry, board, "officers", successor)

        assert (without.status_code, code_of(without)) == (409, "officer.no_term")
        assert faults(forbidden) == {"/starts_on": "officer.refresh_forbidden"}

    @pytest.mark.parametrize(
        ("body", "pointer", "code"),
        [
            ({"ends_on": day(-401), "left_because": "died"}, "/ends_on", "seat.order"),
            ({"ends_on": day(501), "left_because": "died"}, "/ends_on", "officer.outside_term"),
            ({"ends_on": day(0)}, "/left_because", "officer.reason_missing"),
            ({"left_because": "died"}, "/left_because", "officer.reason_superfluous"),
        ],
    )
    async def test_leave_within_the_term_and_for_a_reason(
        self, registry: Running, board: httpx.Response, body: dict[str, Any], pointer: str, code: str
    ) -> None:
        term = await a_term(registry, board)

        assert faults(await self.leave(registry, term, 3, **body)) == {pointer: code}

    async def test_serve_no_more_terms_than_the_statutes_of_their_election_allow(
        self, registry: Running, board: httpx.Response
    ) -> None:
        served, new = new_id(), new_id()
        term = await a_term(registry, board, served)
        officers = [{"name": f"Warga {n}", "position": "member" if n else "koordinator"} for n in range(9)]
        officers[2]["person_id"] = served
        following = {"starts_on": day(-30), "ends_on": day(900), "elected_on": day(-40), "officers": officers}
        limit = {"kind": "articles", "minutes_reference": "BA 2", "most_periods": 1}
        await post(registry, board, "statutes", limit | {"adopted_on": day(-300)})
        ended = await patch(registry, term, {"ends_on": day(-31)})
        refused = await post(registry, board, "terms", following)
        officers[2]["person_id"] = new
        elected = await post(registry, board, "terms", following)
        await self.leave(registry, elected, 2, ends_on=day(-1), left_because="resigned")
        back = {"name": "Warga 0", "position": "member", "starts_on": day(0), "person_id": served}

        assert ended.status_code == 200
        assert faults(refused) == {"/officers/2/person_id": "term.too_many_periods"}
        assert elected.status_code == 201
        assert faults(await post(registry, board, "officers", back)) == {"/person_id": "term.too_many_periods"}

    async def test_do_not_come_back_to_a_seat_that_is_taken(self, registry: Running, board: httpx.Response) -> None:
        term = await a_term(registry, board)
        await self.leave(registry, term, 3, ends_on=day(-1), left_because="resigned")
        await post(registry, board, "officers", {"name": "Ibu Pengganti", "position": "member", "starts_on": day(0)})

        back = await self.leave(registry, term, 3, ends_on=None, left_because=None)

        assert faults(back) == {"/starts_on": "officer.no_seat_free"}

    async def test_take_the_last_free_seat_once(self, registry: Running, board: httpx.Response) -> None:
        term = await a_term(registry, board)
        await self.leave(registry, term, 3, ends_on=day(-1), left_because="resigned")
        await warm(registry)

        replies = await asyncio.gather(
            *(
                post(registry, board, "officers", {"name": f"Ibu {n}", "position": "member", "starts_on": day(0)})
                for n in ("Satu", "Dua", "Tiga")
            )
        )

        assert sorted(one.status_code for one in replies) == [201, 422, 422]

    async def test_change_the_koordinator_within_the_board(self, registry: Running, board: httpx.Response) -> None:
        term = await a_term(registry, board)
        officers = term.json()["officers"]
        first = next(n for n, one in enumerate(officers) if one["position"] == "koordinator")
        other = next(n for n, one in enumerate(officers) if one["position"] == "member")
        for index in (first, other):
            await self.leave(registry, term, index, ends_on=day(-1), left_because="changed_position")

        seats = [
            {"person_id": officers[other]["person_id"], "name": "Ibu Dua", "position": "koordinator"},
            {"person_id": officers[first]["person_id"], "name": "Bapak Satu", "position": "member"},
        ]
        replies = [await post(registry, board, "officers", seat | {"starts_on": day(0)}) for seat in seats]

        assert [one.status_code for one in replies] == [201, 201]


class TestStatutes:
    BODY = FORBIDS | {"seats": 11, "term_years": 3, "notarised_on": "2020-02-01", "notary": "Kantor Notaris Contoh"}

    async def test_are_kept_version_by_version(self, registry: Running, board: httpx.Response) -> None:
        first = await post(registry, board, "statutes", self.BODY)
        await post(registry, board, "statutes", FORBIDS | {"adopted_on": "2022-01-01", "kind": "articles"})
        address = f"{board.headers['Location']}/statutes"

        items = (await registry.http.get(address)).json()["items"]
        then = (await registry.http.get(f"{address}?as_of=2021-01-01")).json()["items"]
        articles = (await registry.http.get(f"{address}?kind=articles")).json()["items"]

        assert [one["adopted_on"] for one in items] == ["2022-01-01", "2020-01-01"]
        assert then == [first.json()]
        assert [one["kind"] for one in articles] == ["articles"]
        assert "Kantor" not in str(await journal(registry))

    @pytest.mark.parametrize("named", [{"notary": "Kantor Notaris Contoh"}, {"deed_number": "7"}])
    async def test_say_the_day_of_their_notary(
        self, registry: Running, board: httpx.Response, named: dict[str, str]
    ) -> None:
        refused = await post(registry, board, "statutes", FORBIDS | named)

        assert refused.status_code == 422
        assert faults(refused) == {"/notarised_on": "statute.notarised_day_missing"}

    async def test_are_taken_to_a_notary_later(self, registry: Running, board: httpx.Response) -> None:
        statutes = await post(registry, board, "statutes", FORBIDS)

        done = await patch(registry, statutes, {"notarised_on": "2020-03-01", "deed_number": "7"})
        headers = registry.token("facilitator") | etag(done)
        body = {"notarised_on": "2019-03-01"}
        early = await registry.http.patch(statutes.headers["Location"], json=body, headers=headers)

        assert (done.status_code, done.json()["deed_number"], done.json()["version"]) == (200, "7", 2)
        assert faults(early) == {"/notarised_on": "statute.notarised_before_adoption"}

    @pytest.mark.parametrize(
        ("change", "pointer", "code"),
        [
            ({"seats": 10}, "/seats", "statute.seats"),
            ({"seats": 15}, "/seats", "statute.seats"),
            ({"term_years": 4}, "/term_years", "statute.term_too_long"),
            ({"adopted_on": day(1)}, "/adopted_on", "date.in_the_future"),
            ({"seats": 0}, "/seats", "value.too_small"),
        ],
    )
    async def test_stay_within_the_guideline(
        self, registry: Running, board: httpx.Response, change: dict[str, Any], pointer: str, code: str
    ) -> None:
        assert faults(await post(registry, board, "statutes", self.BODY | change)) == {pointer: code}

    async def test_bind_the_next_election(self, registry: Running, board: httpx.Response) -> None:
        await post(registry, board, "statutes", self.BODY)

        assert faults(await a_term(registry, board)) == {"/officers": "term.not_the_statutes_seats"}
