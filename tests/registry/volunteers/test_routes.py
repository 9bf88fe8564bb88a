import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import text

from services.registry.personal import service as personal
from shared.clock import read_clock, today
from shared.permissions import Caller
from tests.house import Running, code_of, etag, new_id
from tests.registry.racing import warm
from tests.registry.residents.gone import GONE, let_go
from tests.registry.residents.story import somebody

VOLUNTEERS = "/registry/v1/volunteers"
HERE, THERE = "34.71.03.1001", "34.71.03.1002"
DRAFT = {
    "kelurahan_code": HERE,
    "name": "Ibu Contoh Sekali",
    "phone": "0812000111",
    "sex": "female",
    "roles": ["survey_team", "mobiliser"],
    "starts_on": "2024-01-10",
}


async def a_volunteer(registry: Running, *, role: str = "facilitator", **changes: Any) -> httpx.Response:
    draft = {name: value for name, value in (DRAFT | changes).items() if value is not ...}
    return await registry.http.post(VOLUNTEERS, json=draft, headers=registry.token(role))


async def entries(registry: Running, action: str) -> list[dict[str, Any]]:
    async with registry.database.reads.connect() as connection:
        statement = text(
            "SELECT convert_from(payload, 'utf8')::json AS made FROM journal_entries WHERE action = :action ORDER BY id"
        )
        return [row.made for row in await connection.execute(statement, {"action": action})]


class TestRecordVolunteer:
    async def test_keeps_the_name_sealed_and_out_of_reply_and_journal(self, registry: Running) -> None:
        reply = await a_volunteer(registry)

        assert reply.status_code == 201
        assert reply.headers["Location"] == f"{VOLUNTEERS}/{reply.json()['id']}"
        assert (reply.json()["name"], reply.json()["phone"]) == (None, None)
        assert reply.json()["roles"] == ["survey_team", "mobiliser"]
        (entry,) = await entries(registry, "volunteer.recorded")
        assert (entry["place"], entry["data"]["roles"]) == (HERE, ["survey_team", "mobiliser"])
        async with registry.database.reads.connect() as connection:
            for table in ("volunteers", "personal_records", "journal_entries"):
                rows = (await connection.execute(text(f"SELECT t::text FROM {table} t"))).scalars().all()  # noqa: S608
                assert rows
                for told in ("Contoh", "0812000111", b"Contoh".hex(), b"0812000111".hex()):
                    assert not [row for row in rows if told in row], table

    @pytest.mark.parametrize("role", ["auditor", "partner", "operator", "government"])
    async def test_refuses_a_role_without_the_scope(self, registry: Running, role: str) -> None:
        reply = await a_volunteer(registry, role=role)

        assert (reply.status_code, code_of(reply)) == (403, "scope.missing")

    async def test_refuses_without_a_token_and_in_another_region(self, registry: Running) -> None:
        anonymous = await registry.http.post(VOLUNTEERS, json=DRAFT)
        elsewhere = await a_volunteer(registry, kelurahan_code="33.74.01.1001")

        assert (anonymous.status_code, code_of(anonymous)) == (401, "token.missing")
        assert (elsewhere.status_code, code_of(elsewhere)) == (403, "region.missing")

    @pytest.mark.parametrize(
        ("change", "pointer", "code"),
        [
            ({"kelurahan_code": "34.71.99.9999"}, "/kelurahan_code", "place.unknown"),
            ({"roles": []}, "/roles", "list.too_short"),
            ({"roles": ["king"]}, "/roles/0", "value.not_a_choice"),
            ({"roles": ["mobiliser", "mobiliser"]}, "/roles/1", "volunteer.role_twice"),
            ({"starts_on": "2999-01-01"}, "/starts_on", "date.in_the_future"),
            ({"trained_on": "2999-01-01"}, "/trained_on", "date.in_the_future"),
            ({"ends_on": "2023-12-31"}, "/ends_on", "date.before_the_start"),
            ({"sex": ...}, "/sex", "field.missing"),
            ({"nik": "3471000000000000"}, "/nik", "field.unknown"),
        ],
    )
    async def test_names_the_wrong_place(
        self, registry: Running, change: dict[str, Any], pointer: str, code: str
    ) -> None:
        reply = await a_volunteer(registry, **change)

        assert reply.status_code == 422, reply.text
        assert (reply.json()["errors"][0]["pointer"], reply.json()["errors"][0]["code"]) == (pointer, code)

    async def test_takes_the_same_id_once_and_answers_a_repeated_key_again(self, registry: Running) -> None:
        identity = new_id()
        headers = registry.token("facilitator") | {"Idempotency-Key": new_id()}
        first = await registry.http.post(VOLUNTEERS, json=DRAFT | {"id": identity}, headers=headers)
        replayed = await registry.http.post(VOLUNTEERS, json=DRAFT | {"id": identity}, headers=headers)
        again = await a_volunteer(registry, id=identity)
        other = await a_volunteer(registry, id=identity, name="Orang Lain")

        assert (first.status_code, replayed.status_code, again.status_code) == (201, 201, 200)
        assert replayed.headers["Idempotency-Replayed"] == "true"
        assert (other.status_code, code_of(other)) == (409, "id.taken")

    async def test_refuses_the_same_person_twice_at_a_time_but_not_after_leaving(self, registry: Running) -> None:
        person = new_id()
        await a_volunteer(registry, person_id=person, ends_on="2024-06-30")

        during = await a_volunteer(registry, person_id=person, starts_on="2024-06-30")
        elsewhere = await a_volunteer(registry, person_id=person, kelurahan_code=THERE)
        after = await a_volunteer(registry, person_id=person, starts_on="2024-07-01")

        assert (during.status_code, code_of(during)) == (409, "volunteer.already")
        assert (elsewhere.status_code, after.status_code) == (201, 201)

    async def test_of_two_who_record_a_person_at_once_refuses_one(self, registry: Running) -> None:
        person = new_id()
        await warm(registry)

        replies = await asyncio.gather(*(a_volunteer(registry, person_id=person) for _ in range(3)))

        assert sorted(reply.status_code for reply in replies) == [201, 409, 409]


class TestChangeVolunteer:
    async def test_needs_the_version_that_was_seen_and_lets_somebody_leave(self, registry: Running) -> None:
        volunteer = await a_volunteer(registry)
        headers, address = registry.token("facilitator"), volunteer.headers["Location"]

        missing = await registry.http.patch(address, json={}, headers=headers)
        left = await registry.http.patch(
            address, json={"ends_on": "2024-12-31", "roles": ["works_team"]}, headers=headers | etag(volunteer)
        )
        stale = await registry.http.patch(address, json={}, headers=headers | etag(volunteer))

        assert (missing.status_code, stale.status_code) == (428, 412)
        assert (left.json()["ends_on"], left.json()["roles"]) == ("2024-12-31", ["works_team"])
        assert stale.json()["current"]["version"] == 2
        (entry,) = await entries(registry, "volunteer.changed")
        assert (entry["data"]["ends_on"], entry["data"]["roles"]) == ("2024-12-31", ["works_team"])

    async def test_renames_what_is_sealed(self, registry: Running) -> None:
        volunteer = await a_volunteer(registry)
        address = volunteer.headers["Location"]
        headers = registry.token("facilitator")

        await registry.http.patch(address, json={"name": "Nama Baru"}, headers=headers | etag(volunteer))

        seen = await registry.http.get(address, headers=headers)
        assert (seen.json()["name"], seen.json()["phone"]) == ("Nama Baru", "0812000111")

    async def test_refuses_to_name_again_who_was_erased(self, registry: Running) -> None:
        volunteer = await a_volunteer(registry)
        headers, address = registry.token("facilitator"), volunteer.headers["Location"]
        async with registry.database.transaction() as session:
            await personal.erase(session, UUID(volunteer.json()["person_id"]), by=Caller(), now=read_clock())

        renamed = await registry.http.patch(address, json={"name": "Lagi"}, headers=headers | etag(volunteer))
        left = await registry.http.patch(address, json={"ends_on": "2024-12-31"}, headers=headers | etag(volunteer))

        assert (renamed.status_code, code_of(renamed)) == (409, "personal.erased")
        assert left.status_code == 200
        assert (await registry.http.get(address, headers=headers)).json()["name"] is None

    async def test_refuses_a_region_one_does_not_serve_and_hides_it(self, registry: Running) -> None:
        volunteer = await a_volunteer(registry)
        headers = registry.token("facilitator", regions=("33.74",))

        reply = await registry.http.patch(volunteer.headers["Location"], json={}, headers=headers | etag(volunteer))

        assert (reply.status_code, code_of(reply)) == (404, "resource.not_found")


class TestAResidentWhoVolunteers:
    async def test_is_one_person_in_both_and_erased_in_both(self, registry: Running) -> None:
        resident = await somebody(registry, sex="female")
        told = {"resident_id": resident.json()["id"]}
        there = resident.json()["kelurahan_code"]

        linked = await a_volunteer(registry, kelurahan_code=there, **told)
        loose = await a_volunteer(registry, kelurahan_code=there, starts_on="2020-01-01", ends_on="2020-12-31")
        later = await registry.http.patch(
            loose.headers["Location"], json=told, headers=registry.token("facilitator") | etag(loose)
        )
        async with registry.database.transaction() as session:
            person = UUID(resident.json()["person_id"])
            assert await personal.erase(session, person, by=Caller(), now=read_clock()) == 3

        assert linked.json()["person_id"] == later.json()["person_id"] == resident.json()["person_id"]

    async def test_is_refused_when_it_is_another_place_person_or_sex(self, registry: Running) -> None:
        resident = await somebody(registry, sex="female")
        told = {"resident_id": resident.json()["id"], "kelurahan_code": resident.json()["kelurahan_code"]}
        elsewhere = THERE if told["kelurahan_code"] == HERE else HERE

        for change in (
            {"kelurahan_code": elsewhere},
            {"sex": "male"},
            {"person_id": new_id()},
        ):
            reply = await a_volunteer(registry, **told | change)
            assert (reply.status_code, code_of(reply)) == (422, "volunteer.resident_elsewhere"), change
            assert reply.json()["errors"][0]["pointer"] == "/resident_id"
        unknown = await a_volunteer(registry, **told | {"resident_id": new_id()})
        assert (unknown.status_code, code_of(unknown)) == (422, "resident.unknown")


class TestReadVolunteers:
    async def test_names_are_for_who_may_read_them_and_each_reading_is_recorded(self, registry: Running) -> None:
        volunteer = await a_volunteer(registry)

        async def seen(address: str, role: str) -> list[str | None]:
            reply = await registry.http.get(address, headers=registry.token(role))
            items = reply.json().get("items", [reply.json()])
            return [item["name"] for item in items]

        for address in (VOLUNTEERS, volunteer.headers["Location"]):
            assert await seen(address, "supervisor") == [None]
            assert await entries(registry, "volunteers.read") == []
        assert await seen(f"{VOLUNTEERS}?region=34.71&role=survey_team", "board_officer") == ["Ibu Contoh Sekali"]
        assert await seen(volunteer.headers["Location"], "auditor") == ["Ibu Contoh Sekali"]
        listed, read = await entries(registry, "volunteers.read")
        assert listed["data"]["count"] == read["data"]["count"] == 1
        assert listed["data"]["asked"]["role"] == "survey_team"
        assert (listed["place"], read["subject"]) == ("34.71", f"volunteers/{volunteer.json()['id']}")

    async def test_shows_nobody_elsewhere_and_nothing_without_the_scope(self, registry: Running) -> None:
        await a_volunteer(registry)

        elsewhere = await registry.http.get(VOLUNTEERS, headers=registry.token("facilitator", regions=("33.74",)))
        partner = await registry.http.get(VOLUNTEERS, headers=registry.token("partner"))
        anonymous = await registry.http.get(VOLUNTEERS)

        assert elsewhere.json()["items"] == []
        assert (partner.status_code, anonymous.status_code) == (403, 401)

    async def test_filters(self, registry: Running) -> None:
        await a_volunteer(registry, trained_on="2024-02-01", ends_on="2024-06-30")
        await a_volunteer(registry, sex="male", roles=["works_team"], starts_on="2024-07-01")
        headers = registry.token("auditor")

        async def sexes(query: str) -> list[str]:
            return [
                one["sex"]
                for one in (await registry.http.get(f"{VOLUNTEERS}?{query}", headers=headers)).json()["items"]
            ]

        assert await sexes("") == ["female", "male"]
        assert await sexes("role=mobiliser") == await sexes("trained=true") == ["female"]
        assert await sexes("as_of=2024-06-30") == await sexes("sex=female") == ["female"]
        assert await sexes("as_of=2024-07-01") == await sexes("trained=false") == ["male"]
        assert await sexes("as_of=2024-01-01") == []


class TestStatistics:
    async def test_are_public_by_kelurahan_sex_and_role_without_small_numbers(self, registry: Running) -> None:
        for number in range(11):
            sex, roles = ("female", ["survey_team"]) if number < 6 else ("male", ["survey_team", "works_team"])
            await a_volunteer(registry, sex=sex, roles=roles, trained_on="2024-01-01" if number < 2 else None)
        await a_volunteer(registry, kelurahan_code=THERE)
        await a_volunteer(registry, starts_on="2020-01-01", ends_on="2020-12-31")

        with registry.counted() as sent:
            reply = await registry.http.get(f"{VOLUNTEERS}/statistics?region=34.71.03")

        assert (reply.status_code, len(sent)) == (200, 1)
        first, second = reply.json()["items"]
        told = {"women": 6, "men": 5, "by_sex_missing_reason": None}
        men = {"women": 0, "men": 5, "by_sex_missing_reason": None}
        assert first == {
            "kelurahan_code": HERE,
            "kelurahan_name": "Baciro",
            "total": 11,
            "trained": 2,
            **told,
            "by_role": [
                {"role": "survey_team", "total": 11, **told},
                {"role": "works_team", "total": 5, **men},
            ],
        }
        hidden = {"women": None, "men": None, "by_sex_missing_reason": "suppressed"}
        assert {name: second[name] for name in hidden} == hidden
        assert second["total"] == 1

    async def test_count_who_was_there_on_the_day(self, registry: Running) -> None:
        await a_volunteer(registry, starts_on="2020-01-01", ends_on="2020-12-31")
        tomorrow = today(read_clock()) + timedelta(days=1)

        async def total(day: object) -> list[int]:
            reply = await registry.http.get(f"{VOLUNTEERS}/statistics?as_of={day}")
            return [item["total"] for item in reply.json()["items"]]

        assert await total("2020-12-31") == [1]
        assert await total("2021-01-01") == await total(tomorrow) == []


@pytest.mark.parametrize("gone", GONE)
async def test_nobody_volunteers_whose_record_no_longer_stands(registry: Running, gone: str) -> None:
    resident = await let_go(registry, gone, last_day="2024-01-09")
    nameless = await a_volunteer(registry)

    late = await a_volunteer(registry, resident_id=resident)
    became = await registry.http.patch(
        nameless.headers["Location"],
        json={"resident_id": resident},
        headers=registry.token("facilitator") | etag(nameless),
    )

    assert {(one.status_code, code_of(one)) for one in (late, became)} == {(409, GONE[gone])}
    if gone == "left":
        assert (await a_volunteer(registry, resident_id=resident, starts_on="2024-01-09")).status_code == 201
