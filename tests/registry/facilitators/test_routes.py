from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import text

from tests.house import Running, code_of, etag, new_id
from tests.registry.facilitators.staff import (
    DRAFT,
    FACILITATORS,
    HERE,
    THERE,
    THIRD,
    a_facilitator,
    an_assignment,
    coordinator,
    entries,
    themselves,
    with_account,
)
from tests.registry.signing import an_account


class TestRecordFacilitator:
    async def test_keeps_the_name_sealed_and_out_of_reply_and_journal(self, registry: Running) -> None:
        reply = await a_facilitator(registry)

        assert reply.status_code == 201, reply.text
        assert reply.headers["Location"] == f"{FACILITATORS}/{reply.json()['id']}"
        assert (reply.json()["name"], reply.json()["kelurahan"], reply.json()["load"]) == (None, 0, "below")
        (entry,) = await entries(registry, "facilitator.recorded")
        assert (entry["place"], entry["data"]["role"]) == ("34.71", "social_facilitator")
        assert "Contoh" not in str(entry)
        assert "0812" not in str(entry)

    @pytest.mark.parametrize("role", ["facilitator", "board_officer", "auditor", "partner", "operator"])
    async def test_is_for_the_city_coordinator(self, registry: Running, role: str) -> None:
        reply = await a_facilitator(registry, headers=registry.token(role))

        assert (reply.status_code, code_of(reply)) == (403, "scope.missing")

    async def test_refuses_without_a_token_and_in_another_region(self, registry: Running) -> None:
        anonymous = await registry.http.post(FACILITATORS, json=DRAFT)
        elsewhere = await a_facilitator(registry, headers=coordinator(registry, regions=("33.74", "34.71.03")))

        assert (anonymous.status_code, code_of(anonymous)) == (401, "token.missing")
        assert (elsewhere.status_code, code_of(elsewhere)) == (403, "region.missing")

    @pytest.mark.parametrize(
        ("change", "pointer", "code"),
        [
            ({"region_code": "99"}, "/region_code", "place.unknown"),
            ({"role": "king"}, "/role", "value.not_a_choice"),
            ({"starts_on": "2999-01-01"}, "/starts_on", "date.in_the_future"),
            ({"ends_on": "2023-12-31"}, "/ends_on", "date.before_the_start"),
            ({"account_id": new_id()}, "/account_id", "facilitator.account_not_theirs"),
            ({"salary": 1}, "/salary", "field.unknown"),
        ],
    )
    async def test_names_the_wrong_place(
        self, registry: Running, change: dict[str, Any], pointer: str, code: str
    ) -> None:
        reply = await a_facilitator(registry, headers=coordinator(registry, regions=("*",)), **change)

        assert reply.status_code == 422, reply.text
        assert (reply.json()["errors"][0]["pointer"], reply.json()["errors"][0]["code"]) == (pointer, code)

    async def test_takes_the_person_from_the_account_and_refuses_anybody_elses(self, registry: Running) -> None:
        facilitator, account = await with_account(registry, HERE)
        other = await an_account(registry, roles=["board_officer"], regions=[HERE])

        assert facilitator.json()["person_id"] == account.json()["person_id"]
        for wrong in (
            {"account_id": account.json()["id"], "person_id": new_id()},
            {"account_id": other.json()["id"]},
        ):
            reply = await a_facilitator(registry, **wrong)
            assert (reply.status_code, code_of(reply)) == (422, "facilitator.account_not_theirs")

    async def test_takes_the_same_id_once(self, registry: Running) -> None:
        identity = new_id()
        first = await a_facilitator(registry, id=identity)
        again = await a_facilitator(registry, id=identity)
        other = await a_facilitator(registry, id=identity, role="city_coordinator")

        assert (first.status_code, again.status_code) == (201, 200)
        assert (other.status_code, code_of(other)) == (409, "id.taken")


class TestChangeFacilitator:
    async def test_ends_the_employment_and_renames(self, registry: Running) -> None:
        facilitator = await a_facilitator(registry)
        headers, address = coordinator(registry), facilitator.headers["Location"]

        missing = await registry.http.patch(address, json={}, headers=headers)
        change = {"ends_on": "2024-12-31", "name": "Nama Baru"}
        ended = await registry.http.patch(address, json=change, headers=headers | etag(facilitator))
        stale = await registry.http.patch(address, json={}, headers=headers | etag(facilitator))
        early = await registry.http.patch(address, json={"ends_on": "2023-01-01"}, headers=headers | etag(ended))

        assert [one.status_code for one in (missing, ended, stale, early)] == [428, 200, 412, 422]
        assert stale.json()["current"]["ends_on"] == "2024-12-31"
        seen = await registry.http.get(address, headers=headers)
        assert (seen.json()["name"], seen.json()["phone"]) == ("Nama Baru", "0812999888")
        (entry,) = await entries(registry, "facilitator.changed")
        assert entry["data"]["ends_on"] == "2024-12-31"


class TestReadFacilitators:
    async def test_are_for_their_region_their_kelurahan_and_themselves(self, registry: Running) -> None:
        facilitator = await a_facilitator(registry)
        await an_assignment(registry, facilitator)

        async def seen(headers: dict[str, str]) -> list[str | None]:
            reply = await registry.http.get(FACILITATORS, headers=headers)
            return [item["name"] for item in reply.json()["items"]]

        name = ["Bapak Faskel Contoh"]
        assert await seen(coordinator(registry)) == name
        assert await seen(registry.token("board_officer", regions=(HERE,))) == name
        assert await seen(registry.token("supervisor", regions=(HERE,))) == [None]
        assert await seen(themselves(registry, facilitator)) == name
        assert await seen(registry.token("board_officer", regions=(THERE,))) == []
        assert await seen(registry.token("auditor", regions=("33.74",))) == []
        assert len(await entries(registry, "facilitators.read")) == 5
        one = await registry.http.get(facilitator.headers["Location"], headers=registry.token("auditor"))
        assert (one.json()["name"], one.json()["kelurahan"]) == ("Bapak Faskel Contoh", 1)
        partner = await registry.http.get(FACILITATORS, headers=registry.token("partner"))
        assert (partner.status_code, (await registry.http.get(FACILITATORS)).status_code) == (403, 401)

    async def test_a_kelurahan_that_sees_its_facilitator_cannot_change_anything(self, registry: Running) -> None:
        facilitator = await a_facilitator(registry)
        await an_assignment(registry, facilitator)
        headers = registry.token("board_officer", regions=(HERE,)) | etag(facilitator)

        reply = await registry.http.patch(facilitator.headers["Location"], json={}, headers=headers)

        assert (reply.status_code, code_of(reply)) == (403, "scope.missing")

    async def test_filters(self, registry: Running) -> None:
        first = await a_facilitator(registry, ends_on="2024-06-30")
        await a_facilitator(registry, role="city_coordinator", starts_on="2024-07-01")
        await an_assignment(registry, first)
        headers = registry.token("auditor")

        async def roles(query: str) -> list[tuple[str, int]]:
            items = (await registry.http.get(f"{FACILITATORS}?{query}", headers=headers)).json()["items"]
            return [(item["role"], item["kelurahan"]) for item in items]

        assert await roles("as_of=2024-06-30") == [("social_facilitator", 1)]
        assert await roles("as_of=2024-07-01") == await roles("role=city_coordinator") == [("city_coordinator", 0)]
        assert await roles(f"person_id={first.json()['person_id']}&as_of=2024-01-15") == [("social_facilitator", 0)]


class TestAssignments:
    async def test_open_and_end(self, registry: Running) -> None:
        facilitator = await a_facilitator(registry)
        assignment = await an_assignment(registry, facilitator)
        headers, address = coordinator(registry), assignment.headers["Location"]

        ended = await registry.http.patch(address, json={"ends_on": "2024-12-31"}, headers=headers | etag(assignment))
        stale = await registry.http.patch(address, json={"ends_on": None}, headers=headers | etag(assignment))
        missing = await registry.http.patch(address, json={}, headers=headers)
        listed = await registry.http.get(f"{facilitator.headers['Location']}/assignments", headers=headers)
        later = await registry.http.get(
            f"{facilitator.headers['Location']}/assignments?as_of=2025-01-01", headers=headers
        )

        assert (assignment.status_code, assignment.json()["kelurahan_name"]) == (201, "Baciro")
        assert [one.status_code for one in (ended, stale, missing)] == [200, 412, 428]
        assert (await registry.http.get(address, headers=headers)).json() == ended.json()
        assert [item["ends_on"] for item in listed.json()["items"]] == ["2024-12-31"]
        assert later.json()["items"] == []
        recorded, changed = [(await entries(registry, f"assignment.{verb}"))[0] for verb in ("recorded", "changed")]
        assert (recorded["place"], recorded["data"]["ends_on"]) == (HERE, None)
        assert changed["data"]["ends_on"] == changed["occurred_on"] == "2024-12-31"

    async def test_several_may_serve_a_kelurahan_in_one_role_but_nobody_twice(self, registry: Running) -> None:
        one, other = await a_facilitator(registry), await a_facilitator(registry)

        first = await an_assignment(registry, one, ends_on="2024-03-01")
        again = await an_assignment(registry, one, starts_on="2024-03-01")
        after = await an_assignment(registry, one, starts_on="2024-03-02")
        beside = await an_assignment(registry, other)
        longer = await registry.http.patch(
            first.headers["Location"], json={"ends_on": None}, headers=coordinator(registry) | etag(first)
        )

        assert [reply.status_code for reply in (first, after, beside)] == [201, 201, 201]
        for refused in (again, longer):
            assert (refused.status_code, code_of(refused)) == (409, "assignment.overlaps")

    @pytest.mark.parametrize(
        ("change", "pointer", "code"),
        [
            ({"kelurahan_code": "34.71.99.9999"}, "/kelurahan_code", "place.unknown"),
            ({"kelurahan_code": "33.74.01.1001"}, "/kelurahan_code", "assignment.elsewhere"),
            ({"kelurahan_code": "34.71"}, "/kelurahan_code", "value.pattern"),
            ({"starts_on": "2023-12-31"}, "/starts_on", "assignment.outside_employment"),
            ({"starts_on": "2025-07-01"}, "/starts_on", "assignment.outside_employment"),
            ({"ends_on": "2025-07-01"}, "/starts_on", "assignment.outside_employment"),
            ({"ends_on": "2024-01-01"}, "/ends_on", "date.before_the_start"),
        ],
    )
    async def test_name_the_wrong_place(
        self, registry: Running, change: dict[str, Any], pointer: str, code: str
    ) -> None:
        facilitator = await a_facilitator(registry, ends_on="2025-06-30")

        reply = await an_assignment(registry, facilitator, **change)

        assert reply.status_code == 422, reply.text
        assert (reply.json()["errors"][0]["pointer"], reply.json()["errors"][0]["code"]) == (pointer, code)

    async def test_need_somebody_who_serves_the_city(self, registry: Running) -> None:
        facilitator = await a_facilitator(registry)
        address = f"{facilitator.headers['Location']}/assignments"
        draft = {"kelurahan_code": HERE, "starts_on": "2024-02-01"}

        for headers, status, code in (
            ({}, 401, "token.missing"),
            (registry.token("facilitator"), 403, "scope.missing"),
            (coordinator(registry, regions=("33.74",)), 404, "resource.not_found"),
        ):
            reply = await registry.http.post(address, json=draft, headers=headers)
            assert (reply.status_code, code_of(reply)) == (status, code)

    async def test_that_end_take_the_kelurahan_from_the_account(self, registry: Running) -> None:
        facilitator, account = await with_account(registry, HERE, THERE)
        assignment = await an_assignment(registry, facilitator)
        ahead = await an_assignment(registry, facilitator, THERE)
        by = coordinator(registry)

        await registry.http.patch(
            assignment.headers["Location"], json={"ends_on": "2024-12-31"}, headers=by | etag(assignment)
        )
        await registry.http.patch(ahead.headers["Location"], json={"ends_on": "2999-12-31"}, headers=by | etag(ahead))

        seen = await registry.http.get(account.headers["Location"], headers=registry.token("operator", regions=("*",)))
        assert seen.json()["regions"] == [THERE]
        assert seen.json()["not_before"] is not None

    async def test_are_listed_where_somebody_served_in_every_form(self, registry: Running) -> None:
        facilitator = await a_facilitator(registry)
        assignment = await an_assignment(registry, facilitator)
        address = f"{facilitator.headers['Location']}/assignments"
        here = registry.token("facilitator", regions=(assignment.json()["kelurahan_code"],))
        ended = {"ends_on": assignment.json()["starts_on"], "ended_because": "died"}
        by = registry.token("city_coordinator") | etag(assignment)
        assert (await registry.http.patch(assignment.headers["Location"], json=ended, headers=by)).status_code == 200

        listed = await registry.http.get(address, headers=here)
        before = await registry.http.get(address, params={"as_of": "2001-01-01"}, headers=here)
        whole = await registry.http.get(address, headers=here | {"Accept": "text/csv"})
        elsewhere = await registry.http.get(address, headers=registry.token("facilitator", regions=("33.74",)))

        assert [len(one.json()["items"]) for one in (listed, before)] == [1, 0]
        assert (whole.status_code, len(whole.text.splitlines())) == (200, 2)
        assert code_of(elsewhere) == "resource.not_found"


@pytest.fixture
async def ten_more(registry: Running) -> AsyncIterator[list[str]]:
    """Give ten kelurahan that stand only for one test."""
    codes = [f"34.71.05.{1001 + number}" for number in range(10)]
    async with registry.database.writes.begin() as connection:
        statement = text("INSERT INTO places (kelurahan_code, code_now, name) VALUES (:code, :code, 'Sementara')")
        await connection.execute(statement, [{"code": code} for code in codes])
    yield codes
    async with registry.database.writes.begin() as connection:
        await connection.execute(text("DELETE FROM places WHERE kelurahan_code LIKE '34.71.05.%'"))


class TestCoverage:
    async def test_tells_everybody_who_is_served_by_which_roles_and_who_serves_too_many(
        self, registry: Running, ten_more: list[str]
    ) -> None:
        social, other = await a_facilitator(registry), await a_facilitator(registry)
        korkot = await a_facilitator(registry, role="city_coordinator")
        gone = await a_facilitator(registry, role="economic_facilitator", ends_on="2024-12-31")
        for facilitator, code in (
            (social, HERE),
            (social, THERE),
            (other, HERE),
            (korkot, HERE),
            (gone, THIRD),
            *((other, code) for code in ten_more),
        ):
            assert (await an_assignment(registry, facilitator, code)).status_code == 201

        with registry.counted() as sent:
            reply = await registry.http.get(f"{FACILITATORS}/coverage?region=34.71")
        then = await registry.http.get(f"{FACILITATORS}/coverage?as_of=2024-06-01")
        gaps = await registry.http.get(f"{FACILITATORS}/gaps?region=34.71")
        of_role = await registry.http.get(f"{FACILITATORS}/gaps?region=34.71.03&role=city_coordinator")

        assert (reply.status_code, len(sent)) == (200, 1)
        told = reply.json()
        assert (told["kelurahan"], told["served"], told["unserved"]) == (13, 12, 1)
        assert told["roles"] == [
            {"role": "city_coordinator", "facilitators": 1, "kelurahan": 1, "above": None, "below": None},
            {"role": "social_facilitator", "facilitators": 2, "kelurahan": 12, "above": 1, "below": 1},
        ]
        assert (told["fewest_kelurahan"], told["most_kelurahan"], told["ruleset"]) == (7, 10, "facilitation-2008-1")
        assert (then.json()["kelurahan"], then.json()["served"], then.json()["unserved"]) == (14, 13, 1)
        assert gaps.json()["items"] == [{"kelurahan_code": THIRD, "kelurahan_name": "Suryatmajan"}]
        assert [item["kelurahan_code"] for item in of_role.json()["items"]] == [THERE]

    @pytest.mark.parametrize("query", ["colour=red", "region=x", "as_of=tomorrow", "boundaries=x", "limit=1"])
    async def test_refuses_what_it_does_not_know(self, registry: Running, query: str) -> None:
        reply = await registry.http.get(f"{FACILITATORS}/coverage?{query}")

        assert (reply.status_code, code_of(reply)) == (400, "query.invalid")
