import json
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from tests.house import Running, code_of, etag, new_id

LEARNING = "/registry/v1/learning-communities"
KBK = {"kind": "kelurahan", "region_code": "34.71.03.1001", "name": "KBK Baciro Belajar", "founded_on": "2019-03-01"}
KBP = {"kind": "city", "region_code": "34.71", "name": "KBP Yogyakarta", "founded_on": "2018-01-01"}
SESSION = {
    "held_on": "2020-02-10",
    "form": "discussion",
    "topics": ["planning", "economic"],
    "title": "Meninjau PJM setelah harga BBM naik",
    "attendance": {"total": 20, "women": 9, "poor": None, "poor_not_counted_reason": "no_poverty_list"},
    "cases_mediated": 1,
}


async def record(registry: Running, body: dict[str, Any], **claims: Any) -> httpx.Response:
    headers = registry.token("city_coordinator", **claims)
    return await registry.http.post(LEARNING, json=body, headers=headers)


async def add(registry: Running, community: httpx.Response, what: str, body: dict[str, Any]) -> httpx.Response:
    headers = registry.token("city_coordinator")
    return await registry.http.post(f"{community.headers['Location']}/{what}", json=body, headers=headers)


async def change(registry: Running, reply: httpx.Response, body: dict[str, Any]) -> httpx.Response:
    headers = registry.token("city_coordinator") | etag(reply)
    return await registry.http.patch(reply.headers["Location"], json=body, headers=headers)


@pytest.fixture
async def kbk(registry: Running) -> httpx.Response:
    return await record(registry, KBK)


class TestRecordCommunity:
    async def test_stands_in_a_kelurahan_or_a_city(self, registry: Running, kbk: httpx.Response) -> None:
        kbp = await record(registry, KBP)

        assert (kbk.status_code, kbk.json()["region_name"]) == (201, "Baciro")
        assert (kbp.status_code, kbp.json()["region_name"]) == (201, "Kota Yogyakarta")

    @pytest.mark.parametrize(
        ("changes", "pointer", "code"),
        [
            ({"region_code": "34.71"}, "/region_code", "learning.misplaced"),
            ({"kind": "city"}, "/region_code", "learning.misplaced"),
            ({"region_code": "34.71.03.9999"}, "/region_code", "place.unknown"),
            ({"founded_on": "2999-01-01"}, "/founded_on", "date.in_the_future"),
            ({"kind": "rt"}, "/kind", "value.not_a_choice"),
        ],
    )
    async def test_names_the_wrong_place(
        self, registry: Running, changes: dict[str, Any], pointer: str, code: str
    ) -> None:
        reply = await record(registry, KBK | changes)

        assert reply.status_code == 422
        assert (reply.json()["errors"][0]["pointer"], reply.json()["errors"][0]["code"]) == (pointer, code)

    async def test_is_for_boards_in_their_kelurahan_and_for_the_city_in_its_own(self, registry: Running) -> None:
        board = registry.token("board_officer", regions=("34.71.03.1001",))
        own = await registry.http.post(LEARNING, json=KBK, headers=board)
        city = await registry.http.post(LEARNING, json=KBP, headers=board)
        auditor = await registry.http.post(LEARNING, json=KBK, headers=registry.token("auditor"))
        nobody = await registry.http.post(LEARNING, json=KBK)

        assert own.status_code == 201
        assert (city.status_code, code_of(city)) == (403, "region.missing")
        assert (auditor.status_code, code_of(auditor)) == (403, "scope.missing")
        assert (nobody.status_code, code_of(nobody)) == (401, "token.missing")

    async def test_takes_the_same_id_once(self, registry: Running) -> None:
        identity = new_id()
        replies = [
            await record(registry, KBK | {"id": identity}),
            await record(registry, KBK | {"id": identity}),
            await record(registry, KBK | {"id": identity, "name": "KBK Lain"}),
        ]

        assert [one.status_code for one in replies] == [201, 200, 409]


class TestListCommunities:
    async def test_filters(self, registry: Running, kbk: httpx.Response) -> None:
        await record(registry, KBP)
        await change(registry, kbk, {"closed_on": "2021-12-31"})

        async def names(query: str) -> list[str]:
            reply = await registry.http.get(f"{LEARNING}?sort=name&{query}")
            return [item["name"] for item in reply.json()["items"]]

        assert await names("") == await names("as_of=2020-01-01") == [KBK["name"], KBP["name"]]
        assert await names("kind=city") == await names("as_of=2022-01-01") == [KBP["name"]]
        assert await names("region=34.71.03") == await names("q=bela") == [KBK["name"]]
        assert await names("as_of=2017-01-01") == []


class TestChangeCommunity:
    async def test_does_not_end_before_its_last_session(self, registry: Running, kbk: httpx.Response) -> None:
        await add(registry, kbk, "sessions", SESSION)

        early = await change(registry, kbk, {"closed_on": "2020-02-09"})
        tomorrow = await change(registry, kbk, {"closed_on": "2999-01-01"})
        ended = await change(registry, kbk, {"closed_on": "2020-02-10"})
        late = await add(registry, kbk, "sessions", SESSION | {"held_on": "2020-02-11"})

        assert (early.status_code, code_of(early)) == (422, "learning.outside_life")
        assert (tomorrow.status_code, code_of(tomorrow)) == (422, "date.in_the_future")
        assert (ended.status_code, ended.json()["closed_on"]) == (200, "2020-02-10")
        assert (late.status_code, code_of(late)) == (422, "learning.outside_life")


class TestSessions:
    async def test_are_seen_by_everybody_the_latest_first(self, registry: Running, kbk: httpx.Response) -> None:
        first = await add(registry, kbk, "sessions", SESSION)
        second = await add(
            registry, kbk, "sessions", SESSION | {"held_on": "2020-05-01", "form": "field_visit", "topics": ["other"]}
        )
        address = f"{kbk.headers['Location']}/sessions"

        async def days(query: str) -> list[str]:
            return [item["held_on"] for item in (await registry.http.get(f"{address}?{query}")).json()["items"]]

        assert (first.status_code, second.status_code) == (201, 201)
        assert (await registry.http.get(first.headers["Location"])).json() == first.json()
        assert await days("") == ["2020-05-01", "2020-02-10"]
        assert await days("topic=planning") == await days("form=discussion") == await days("held_to=2020-03-01")
        assert await days("held_from=2020-03-01") == ["2020-05-01"]

    @pytest.mark.parametrize(
        ("changes", "pointer", "code"),
        [
            ({"held_on": "2999-01-01"}, "/held_on", "date.in_the_future"),
            ({"held_on": "2019-02-28"}, "/held_on", "learning.outside_life"),
            ({"topics": []}, "/topics", "list.too_short"),
            ({"topics": ["kopi"]}, "/topics/0", "value.not_a_choice"),
            ({"cases_mediated": -1}, "/cases_mediated", "value.too_small"),
            ({"attendance": {"total": 5, "women": 6, "poor": 0}}, "/attendance/women", "attendance.exceeds_total"),
            ({"attendance": {"total": 5, "women": 2}}, "/attendance/poor", "attendance.reason_missing"),
        ],
    )
    async def test_names_the_wrong_place(
        self, registry: Running, kbk: httpx.Response, changes: dict[str, Any], pointer: str, code: str
    ) -> None:
        reply = await add(registry, kbk, "sessions", SESSION | changes)

        assert reply.status_code == 422
        assert (reply.json()["errors"][0]["pointer"], reply.json()["errors"][0]["code"]) == (pointer, code)

    async def test_may_be_corrected_by_who_saw_them(self, registry: Running, kbk: httpx.Response) -> None:
        held = await add(registry, kbk, "sessions", SESSION)

        wrong = await change(registry, held, {"attendance": {"total": 5, "women": 6, "poor": 1}})
        corrected = await change(
            registry,
            held,
            {"attendance": {"total": 21, "women": 10, "poor": 4}, "topics": ["dispute", "dispute"], "title": "Mediasi"},
        )
        stale = await change(registry, held, {"cases_mediated": 2})
        unseen = await registry.http.patch(
            held.headers["Location"], json={"title": "Mediasi"}, headers=registry.token("city_coordinator")
        )

        assert (wrong.status_code, code_of(wrong)) == (422, "attendance.invalid")
        assert corrected.json()["attendance"] == {
            "total": 21,
            "women": 10,
            "women_not_counted_reason": None,
            "poor": 4,
            "poor_not_counted_reason": None,
        }
        assert (corrected.json()["topics"], corrected.json()["cases_mediated"]) == (["dispute"], 1)
        assert (stale.status_code, stale.json()["current"]["title"]) == (412, "Mediasi")
        assert (unseen.status_code, code_of(unseen)) == (428, "version.missing")


class TestFollowUps:
    async def test_are_agreed_by_a_session_and_done_one_day(self, registry: Running, kbk: httpx.Response) -> None:
        held = await add(registry, kbk, "sessions", SESSION)
        body = {
            "learning_session_id": held.json()["id"],
            "task": "Menyampaikan usulan revisi PJM",
            "responsible": "BKM",
            "due_on": "2020-03-01",
        }
        agreed = await add(registry, kbk, "follow-ups", body)

        async def open_ones() -> int:
            reply = await registry.http.get(f"{kbk.headers['Location']}/follow-ups?done=false")
            return len(reply.json()["items"])

        before = await open_ones()
        early = await change(registry, agreed, {"done_on": "2020-02-09"})
        tomorrow = await change(registry, agreed, {"done_on": "2999-01-01"})
        done = await change(registry, agreed, {"done_on": "2020-02-28"})

        assert agreed.status_code == 201
        assert (early.status_code, code_of(early)) == (422, "follow_up.before_the_session")
        assert (tomorrow.status_code, code_of(tomorrow)) == (422, "date.in_the_future")
        assert (done.status_code, done.json()["done_on"]) == (200, "2020-02-28")
        assert (before, await open_ones()) == (1, 0)

    async def test_belong_to_a_session_of_their_own_community(self, registry: Running, kbk: httpx.Response) -> None:
        other = await record(registry, KBP)
        held = await add(registry, other, "sessions", SESSION)
        body = {"task": "Rapat lanjutan", "responsible": "BKM", "due_on": "2020-03-01"}

        strange = await add(registry, kbk, "follow-ups", body | {"learning_session_id": held.json()["id"]})
        early = await add(
            registry, other, "follow-ups", body | {"learning_session_id": held.json()["id"], "due_on": "2020-02-01"}
        )

        assert (strange.status_code, strange.json()["errors"][0]["code"]) == (422, "learning_session.unknown")
        assert (early.status_code, early.json()["errors"][0]["code"]) == (422, "follow_up.before_the_session")


class TestMeasures:
    async def test_are_sums_with_what_they_are_a_part_of(self, registry: Running, kbk: httpx.Response) -> None:
        kbp = await record(registry, KBP)
        for day in ("2020-02-10", "2020-05-10", "2020-08-10", "2020-11-10"):
            held = await add(registry, kbp, "sessions", SESSION | {"held_on": day})
        await add(registry, kbk, "sessions", SESSION | {"attendance": {"total": 10, "women": 1, "poor": 3}})
        for due in ("2020-12-01", "2020-12-02"):
            body = {"learning_session_id": held.json()["id"], "task": "Lapor", "responsible": "BKM", "due_on": due}
            follow_up = await add(registry, kbp, "follow-ups", body)
        await change(registry, follow_up, {"done_on": "2020-12-24"})

        city = (await registry.http.get(f"{kbp.headers['Location']}/measures?year=2020")).json()
        whole = (await registry.http.get(f"{LEARNING}/measures?year=2020&region=34.71")).json()

        def numbers(measures: dict[str, Any], name: str) -> tuple[Any, Any]:
            return measures[name]["numerator"], measures[name]["denominator"]

        assert (city["communities"], city["sessions"], city["cases_mediated"]) == (1, 4, 4)
        assert numbers(city, "active") == (1, 1)
        assert numbers(city, "active_quarters") == (4, 4)
        assert numbers(city, "women") == (36, 80)
        assert city["poor"] == {"numerator": None, "denominator": None, "null_reason": "not_counted"}
        assert numbers(city, "follow_ups_done") == (1, 2)
        assert city["follow_ups_overdue"] == 1
        assert (whole["communities"], whole["sessions"]) == (2, 5)
        assert numbers(whole, "active") == (1, 2)
        assert numbers(whole, "active_quarters") == (5, 8)
        assert numbers(whole, "women") == (37, 90)
        assert numbers(whole, "poor") == (3, 10)

    @pytest.mark.usefixtures("kbk")
    async def test_say_why_there_is_no_number(self, registry: Running) -> None:
        async def reasons(query: str) -> list[str]:
            found = (await registry.http.get(f"{LEARNING}/measures?{query}")).json()
            return [found[name]["null_reason"] for name in ("active", "women", "follow_ups_done")]

        assert await reasons("year=2020&region=33.74") == ["no_community", "no_session", "no_follow_up"]
        assert await reasons("year=2020") == [None, "no_session", "no_follow_up"]
        assert await reasons("year=2100") == ["no_quarter_over", "no_session", "no_follow_up"]
        missing = await registry.http.get(f"{LEARNING}/{new_id()}/measures")
        assert (missing.status_code, code_of(missing)) == (404, "resource.not_found")

    async def test_judge_only_the_quarters_of_a_communitys_life(self, registry: Running, kbk: httpx.Response) -> None:
        await change(registry, kbk, {"closed_on": "2019-11-30"})

        found = (await registry.http.get(f"{kbk.headers['Location']}/measures?year=2019")).json()

        assert found["active_quarters"] == {"numerator": 0, "denominator": 2, "null_reason": None}


class TestJournal:
    async def test_keeps_what_changed_without_the_free_words_of_a_task(
        self, registry: Running, kbk: httpx.Response
    ) -> None:
        held = await add(registry, kbk, "sessions", SESSION)
        body = {
            "learning_session_id": held.json()["id"],
            "task": "Menemui Ibu Rahasia",
            "responsible": "BKM",
            "due_on": "2020-03-01",
        }
        await add(registry, kbk, "follow-ups", body)

        async with registry.database.reads.connect() as connection:
            entries = registry.tables.journal_entries
            rows = (await connection.execute(select(entries.c.action, entries.c.payload).order_by(entries.c.id))).all()
        assert [row.action for row in rows] == [
            "learning_community.recorded",
            "learning_session.recorded",
            "follow_up.recorded",
        ]
        assert json.loads(bytes(rows[1].payload))["data"]["attendance"]["total"] == 20
        assert not [row for row in rows if b"Rahasia" in bytes(row.payload)]
