import asyncio
from typing import Any

import pytest
from sqlalchemy import text

from tests.house import Running, code_of, etag, new_id
from tests.registry.racing import warm
from tests.registry.residents.story import (
    ADDRESS,
    HOUSEHOLDS,
    KK,
    NAME,
    NIK,
    PHONE,
    PLACE,
    RESIDENTS,
    SECRETS,
    a_household,
    a_resident,
    read,
    somebody,
)


class TestRecordHousehold:
    async def test_answers_masked_and_shows_the_address_to_who_may_read_it(self, registry: Running) -> None:
        reply = await a_household(registry, kk_number=KK)
        seen = await read(registry, reply)

        assert reply.status_code == 201, reply.text
        assert (reply.json()["personal"], reply.json()["address"]) == ("masked", None)
        assert (seen.json()["personal"], seen.json()["address"]) == ("shown", ADDRESS)
        assert seen.json()["kk_number"] == "************0004"
        assert seen.json()["point"] == {"latitude": -7.789, "longitude": 110.38}
        assert (seen.json()["rt"], seen.json()["rw"]) == ("003", "002")
        assert seen.headers["Cache-Control"] == "private, no-store"

    async def test_takes_the_same_id_once(self, registry: Running) -> None:
        identity = new_id()

        replies = [await a_household(registry, id=identity, rt=rt, kk_number=KK) for rt in ("1", "1", "2")]

        assert [one.status_code for one in replies] == [201, 200, 409]

    @pytest.mark.parametrize(
        ("change", "pointer", "code"),
        [
            ({"kelurahan_code": "34.71.99.9999"}, "/kelurahan_code", "place.unknown"),
            ({"starts_on": "2999-01-01"}, "/starts_on", "date.in_the_future"),
            ({"rt": "0"}, "/rt", "value.pattern"),
            ({"kk_number": "0"}, "/kk_number", "kk.placeholder"),
            ({"kk_number": "347103"}, "/kk_number", "kk.malformed"),
            ({"kk_absent_reason": "lost"}, "/kk_absent_reason", "absence.reason_superfluous"),
            ({"point": {"latitude": 0, "longitude": 0}}, "/point/longitude", "value.too_small"),
            ({"head_id": new_id()}, "/head_id", "field.unknown"),
        ],
    )
    async def test_names_the_wrong_place(
        self, registry: Running, change: dict[str, Any], pointer: str, code: str
    ) -> None:
        reply = await a_household(registry, **change)

        assert reply.status_code == 422
        assert (reply.json()["errors"][0]["pointer"], reply.json()["errors"][0]["code"]) == (pointer, code)
        assert not [secret for secret in SECRETS if secret in reply.text]

    async def test_says_that_nobody_asked_for_a_number_that_is_not_given(self, registry: Running) -> None:
        reply = await a_household(registry, kk_number=None)

        assert reply.json()["kk_absent_reason"] == "not_asked"


class TestRecordResident:
    async def test_answers_masked_and_shows_the_person_to_who_may_read_it(self, registry: Running) -> None:
        reply = await somebody(registry)
        seen = await read(registry, reply)

        assert reply.status_code == 201, reply.text
        assert (reply.json()["personal"], reply.json()["name"], reply.json()["vulnerabilities"]) == (
            "masked",
            None,
            None,
        )
        assert (seen.json()["name"], seen.json()["phone"]) == (NAME, PHONE)
        assert seen.json()["nik"] == "************0001"
        assert seen.json()["vulnerabilities"] == ["female_head_of_family"]
        assert seen.json()["starts_on"] == "2015-01-01"

    async def test_shows_the_whole_nik_only_with_its_own_scope(self, registry: Running) -> None:
        seen = await read(registry, await somebody(registry), "auditor")

        assert seen.json()["nik"] == NIK

    @pytest.mark.parametrize(
        ("change", "pointer", "code"),
        [
            ({"nik": "0"}, "/nik", "nik.placeholder"),
            ({"nik": ""}, "/nik", "nik.placeholder"),
            ({"nik": "tidak tahu"}, "/nik", "nik.placeholder"),
            ({"nik": "3471034502800"}, "/nik", "nik.malformed"),
            ({"nik": None}, "/nik", "absence.reason_missing"),
            ({"nik_absent_reason": "lost"}, "/nik_absent_reason", "absence.reason_superfluous"),
            ({"birth_year": None}, "/birth_year", "absence.reason_missing"),
            ({"birth_year": 0}, "/birth_year", "resident.birth_year"),
            ({"sex": "unknown"}, "/sex", "value.not_a_choice"),
            ({"vulnerabilities": ["poor"]}, "/vulnerabilities/0", "value.not_a_choice"),
            ({"starts_on": "2014-12-31"}, "/starts_on", "resident.outside_household"),
            ({"starts_on": "2999-01-01"}, "/starts_on", "date.in_the_future"),
            ({"household_id": new_id()}, "/household_id", "household.unknown"),
            ({"person_id": new_id()}, "/person_id", "field.unknown"),
        ],
    )
    async def test_names_the_wrong_place(
        self, registry: Running, change: dict[str, Any], pointer: str, code: str
    ) -> None:
        reply = await somebody(registry, **change)

        assert reply.status_code == 422, reply.text
        assert (reply.json()["errors"][0]["pointer"], reply.json()["errors"][0]["code"]) == (pointer, code)
        assert not [secret for secret in SECRETS if secret in reply.text]

    async def test_takes_one_nik_for_two_people(self, registry: Running) -> None:
        first = await somebody(registry)
        second = await somebody(registry, name="Contoh Lain")

        assert (first.status_code, second.status_code) == (201, 201)
        assert (await read(registry, first)).json()["name"] == NAME

    async def test_costs_few_statements(self, registry: Running) -> None:
        household = await a_household(registry)
        await a_resident(registry, household)

        with registry.counted() as sent:
            await a_resident(registry, household)

        assert len(sent) <= 10, sent


class TestChange:
    async def test_a_volunteer_writes_what_they_cannot_read_back(self, registry: Running) -> None:
        resident = await somebody(registry)
        headers = registry.token("volunteer") | etag(resident)

        changed = await registry.http.patch(
            resident.headers["Location"], json={"name": "Nama Baru Contoh"}, headers=headers
        )

        assert (changed.status_code, changed.json()["name"]) == (200, None)
        assert (await read(registry, resident)).json()["name"] == "Nama Baru Contoh"
        assert (await read(registry, resident)).json()["nik"] == "************0001"

    async def test_a_nik_that_is_shown_at_last_takes_its_reason_away(self, registry: Running) -> None:
        resident = await somebody(registry, nik=None, nik_absent_reason="not_shown")
        headers = registry.token("facilitator") | etag(resident)

        changed = await registry.http.patch(resident.headers["Location"], json={"nik": NIK}, headers=headers)
        refused = await registry.http.patch(
            resident.headers["Location"], json={"nik": None}, headers=headers | etag(changed)
        )

        assert changed.json()["nik_absent_reason"] is None
        assert refused.json()["errors"][0]["code"] == "absence.reason_missing"

    async def test_needs_the_version_that_was_seen_and_shows_it_masked(self, registry: Running) -> None:
        resident = await somebody(registry)
        headers, address = registry.token("facilitator"), resident.headers["Location"]

        missing = await registry.http.patch(address, json={"phone": None}, headers=headers)
        await registry.http.patch(address, json={"phone": None}, headers=headers | etag(resident))
        stale = await registry.http.patch(address, json={"phone": None}, headers=headers | etag(resident))

        assert (missing.status_code, stale.status_code) == (428, 412)
        assert stale.json()["current"]["personal"] == "masked"
        assert NAME not in stale.text

    async def test_of_two_who_edit_at_once_one_is_told_so(self, registry: Running) -> None:
        resident = await somebody(registry)
        await warm(registry)

        replies = await asyncio.gather(
            *(
                registry.http.patch(
                    resident.headers["Location"],
                    json={"name": name},
                    headers=registry.token("facilitator") | etag(resident),
                )
                for name in ("Satu Contoh", "Dua Contoh")
            )
        )

        assert sorted(one.status_code for one in replies) == [200, 412]

    async def test_ends_with_a_day_and_a_reason_and_leaves_no_head_behind(self, registry: Running) -> None:
        household = await a_household(registry)
        resident = await a_resident(registry, household)
        headers = registry.token("facilitator")
        headed = await registry.http.patch(
            household.headers["Location"], json={"head_id": resident.json()["id"]}, headers=headers | etag(household)
        )
        incomplete = await registry.http.patch(
            resident.headers["Location"], json={"ends_on": "2020-05-01"}, headers=headers | etag(resident)
        )
        inhabited = await registry.http.patch(
            household.headers["Location"],
            json={"ends_on": "2020-05-01", "ended_because": "left"},
            headers=headers | etag(headed),
        )

        died = await registry.http.patch(
            resident.headers["Location"],
            json={"ends_on": "2020-05-01", "ended_because": "died"},
            headers=headers | etag(resident),
        )

        assert headed.json()["head_id"] == resident.json()["id"]
        assert incomplete.json()["errors"][0]["code"] == "ending.incomplete"
        assert (inhabited.status_code, code_of(inhabited)) == (409, "household.inhabited")
        assert died.status_code == 200, died.text
        after = await read(registry, household)
        assert (after.json()["head_id"], after.json()["residents"]) == (None, 0)

    async def test_a_head_is_a_resident_of_the_household(self, registry: Running) -> None:
        household = await a_household(registry)
        other = await somebody(registry)

        reply = await registry.http.patch(
            household.headers["Location"],
            json={"head_id": other.json()["id"]},
            headers=registry.token("facilitator") | etag(household),
        )

        assert reply.json()["errors"][0]["code"] == "household.head_elsewhere"


class TestLookup:
    async def test_finds_everybody_with_a_nik_in_the_own_regions(self, registry: Running) -> None:
        first = await somebody(registry)
        second = await somebody(registry, name="Contoh Lain")
        await somebody(registry, nik="3471034502800009")

        found = await registry.http.post(f"{RESIDENTS}/lookup", json={"nik": NIK}, headers=registry.token("auditor"))
        elsewhere = await registry.http.post(
            f"{RESIDENTS}/lookup", json={"nik": NIK}, headers=registry.token("auditor", regions=("33.74",))
        )

        assert [one["id"] for one in found.json()["items"]] == [first.json()["id"], second.json()["id"]]
        assert {one["name"] for one in found.json()["items"]} == {NAME, "Contoh Lain"}
        assert elsewhere.json() == {"items": []}

    async def test_needs_the_restricted_scope_and_a_nik(self, registry: Running) -> None:
        volunteer = await registry.http.post(
            f"{RESIDENTS}/lookup", json={"nik": NIK}, headers=registry.token("volunteer")
        )
        nonsense = await registry.http.post(f"{RESIDENTS}/lookup", json={"nik": "0"}, headers=registry.token("auditor"))

        assert (volunteer.status_code, code_of(volunteer)) == (403, "scope.missing")
        assert (nonsense.status_code, nonsense.json()["errors"][0]["code"]) == (422, "nik.placeholder")


class TestList:
    async def test_shows_names_only_with_the_restricted_scope_in_the_own_regions(self, registry: Running) -> None:
        await somebody(registry)

        async def names(address: str, *roles: str, **claims: Any) -> Any:
            reply = await read(registry, address, *roles, **claims)
            if reply.status_code != 200:
                return (reply.status_code, code_of(reply))
            return [(one["personal"], one.get("name", one.get("address"))) for one in reply.json()["items"]]

        assert await names(RESIDENTS, "facilitator") == [("shown", NAME)]
        assert await names(HOUSEHOLDS, "facilitator") == [("shown", ADDRESS)]
        assert await names(RESIDENTS, "volunteer") == [("masked", None)]
        assert await names(HOUSEHOLDS, "supervisor") == [("masked", None)]
        assert await names(RESIDENTS, "facilitator", regions=("33.74",)) == []
        assert await names(RESIDENTS, "partner") == (403, "scope.missing")
        assert (await registry.http.get(RESIDENTS)).status_code == 401

    async def test_filters(self, registry: Running) -> None:
        household = await a_household(registry)
        woman = await a_resident(registry, household)
        man = await a_resident(registry, household, sex="male", vulnerabilities=[])
        await a_household(registry, rt="9", starts_on="2023-01-01")

        async def found(query: str, role: str = "facilitator") -> list[str]:
            return [one["id"] for one in (await read(registry, f"{RESIDENTS}?{query}", role)).json()["items"]]

        assert await found("sex=male") == [man.json()["id"]]
        assert await found("vulnerability=female_head_of_family") == [woman.json()["id"]]
        assert len(await found(f"household_id={household.json()['id']}&region={PLACE}")) == 2
        assert await found("as_of=2014-12-31") == await found("welfare=poor") == []
        assert len(await found("welfare=undecided")) == 2
        assert len((await read(registry, f"{HOUSEHOLDS}?rt=003")).json()["items"]) == 1
        assert len((await read(registry, f"{HOUSEHOLDS}?as_of=2022-01-01")).json()["items"]) == 1

    async def test_a_filter_tells_nothing_that_the_rows_hide(self, registry: Running) -> None:
        await somebody(registry)

        refused = await read(registry, f"{RESIDENTS}?vulnerability=orphan", "volunteer")

        assert (refused.status_code, code_of(refused)) == (403, "scope.missing")


class TestReadings:
    async def test_each_unmasked_reading_leaves_one_entry_that_names_nobody(self, registry: Running) -> None:
        resident = await somebody(registry)
        await read(registry, f"{RESIDENTS}?region={PLACE}")
        await read(registry, resident)
        await read(registry, resident, "volunteer")
        await registry.http.post(f"{RESIDENTS}/lookup", json={"nik": NIK}, headers=registry.token("auditor"))

        async with registry.database.reads.connect() as connection:
            rows = (
                await connection.execute(
                    text("SELECT action, convert_from(payload, 'utf8') AS payload FROM journal_entries ORDER BY id")
                )
            ).all()
        readings = [row.action for row in rows if row.action in {"residents.read", "residents.looked_up"}]

        assert readings == ["residents.read", "residents.read", "residents.looked_up"]
        assert not [secret for row in rows for secret in SECRETS if secret in row.payload]
