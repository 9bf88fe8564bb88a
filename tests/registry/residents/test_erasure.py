import asyncio
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from tests.house import Running, code_of, etag
from tests.registry.racing import warm
from tests.registry.residents.story import (
    ADDRESS,
    ELSEWHERE,
    HOUSEHOLD,
    HOUSEHOLDS,
    NAME,
    NIK,
    RESIDENT,
    RESIDENTS,
    SECRETS,
    a_household,
    a_resident,
    keyed,
    read,
    somebody,
)
from tests.registry.residents.test_moves import move
from tests.registry.residents.test_welfare import decide

ASKED = {"reason": "person_asked", "requested_on": "2024-01-02"}


async def erase(
    registry: Running, of: httpx.Response, seen: httpx.Response | None = None, role: str = "board_officer", **body: Any
) -> httpx.Response:
    headers = registry.token(role) | etag(seen or of)
    return await registry.http.post(f"{of.headers['Location']}/erasure", json=ASKED | body, headers=headers)


class TestErase:
    async def test_nothing_names_the_person_any_more_and_sums_stay(self, registry: Running) -> None:
        household = await a_household(registry)
        resident = await a_resident(registry, household)
        await decide(registry, household)
        for number in range(4):
            other = await a_household(registry)
            await a_resident(registry, other, name=f"Warga {number}", nik=None, nik_absent_reason="lost")
            await decide(registry, other)

        erased = await erase(registry, resident)
        shown = (await read(registry, resident, "auditor")).json()
        home = (await read(registry, household, "auditor")).json()
        looked_up = await registry.http.post(
            f"{RESIDENTS}/lookup", json={"nik": NIK}, headers=registry.token("auditor")
        )
        sums = (await registry.http.get(f"{HOUSEHOLDS}/statistics?region=34.71")).json()

        assert erased.status_code == 200, erased.text
        assert (shown["personal"], shown["name"], shown["nik"], shown["phone"]) == ("erased", None, None, None)
        assert (shown["sex"], shown["birth_year"]) == ("female", 1980)
        assert (home["personal"], home["address"], home["kk_number"]) == ("erased", None, None)
        assert looked_up.json() == {"items": []}
        assert (sums["residents"], sums["poor_residents"]["count"]) == (5, 5)

    async def test_no_key_or_digest_is_left_that_could_tell_them_again(self, registry: Running) -> None:
        resident = await somebody(registry)

        await erase(registry, resident)

        async with registry.database.reads.connect() as connection:
            kept = (await connection.execute(text("SELECT * FROM personal_records"))).mappings().all()
            digests = (
                await connection.scalars(
                    text("SELECT creation_digest FROM residents UNION ALL SELECT creation_digest FROM households")
                )
            ).all()
        assert len(kept) == 2
        for row in kept:
            assert (row["wrapped_key"], row["sealed"], row["nik_digest"], row["match_keys"]) == (None, None, None, [])
            assert row["erased_at"] is not None
        assert {bytes(one) for one in digests} == {b""}

    async def test_a_repeated_request_tells_nothing_afterwards(self, registry: Running) -> None:
        household = await a_household(registry)
        headers = registry.token("facilitator") | keyed()
        body = RESIDENT | {"household_id": household.json()["id"]}
        first = await registry.http.post(RESIDENTS, json=body, headers=headers)
        resident = await read(registry, first)
        await erase(registry, first, resident)

        again = await registry.http.post(RESIDENTS, json=body, headers=headers)
        same_id = await registry.http.post(
            RESIDENTS, json=body | {"id": first.json()["id"]}, headers=registry.token("facilitator")
        )

        assert again.headers["Idempotency-Replayed"] == "true"
        assert not [secret for secret in SECRETS if secret in again.text]
        assert (same_id.status_code, code_of(same_id)) == (409, "id.taken")

    async def test_is_final_and_asked_for_twice_changes_nothing(self, registry: Running) -> None:
        resident = await somebody(registry)
        erased = await erase(registry, resident)

        again = await erase(registry, resident, erased)
        renamed = await registry.http.patch(
            resident.headers["Location"],
            json={"name": "Nama Baru"},
            headers=registry.token("facilitator") | etag(erased),
        )
        left = await registry.http.patch(
            resident.headers["Location"],
            json={"ends_on": "2024-02-01", "ended_because": "left"},
            headers=registry.token("facilitator") | etag(erased),
        )

        assert (again.status_code, again.json()["version"]) == (200, erased.json()["version"])
        assert (renamed.status_code, code_of(renamed)) == (409, "personal.erased")
        assert left.status_code == 200

    async def test_reaches_every_record_of_the_person(self, registry: Running) -> None:
        household = await a_household(registry)
        resident = await a_resident(registry, household)
        moved = await move(registry, household, kelurahan_code=ELSEWHERE, moved_on="2023-07-01", address=ADDRESS)
        there = (await read(registry, moved)).json()
        (row,) = (await read(registry, f"{RESIDENTS}?region={ELSEWHERE}")).json()["items"]
        current = await read(registry, f"{RESIDENTS}/{row['id']}")
        current.headers["Location"] = f"{RESIDENTS}/{row['id']}"

        behind = await erase(registry, resident, await read(registry, resident))
        erased = await erase(registry, current)

        assert (behind.status_code, code_of(behind)) == (409, "erasure.elsewhere")
        assert erased.status_code == 200, erased.text
        assert (await read(registry, resident)).json()["personal"] == "erased"
        for address in (household.headers["Location"], f"{HOUSEHOLDS}/{there['id']}"):
            assert (await read(registry, address)).json()["personal"] == "erased"

    async def test_moves_on_as_nobody(self, registry: Running) -> None:
        household = await a_household(registry)
        resident = await a_resident(registry, household)
        await erase(registry, resident)
        seen = await read(registry, household)

        moved = await move(registry, household, seen, kelurahan_code=ELSEWHERE, moved_on="2023-07-01")

        assert (await read(registry, moved)).json()["personal"] == "erased"
        (row,) = (await read(registry, f"{RESIDENTS}?region={ELSEWHERE}")).json()["items"]
        assert (row["personal"], row["sex"]) == ("erased", "female")

    async def test_keeps_the_address_of_those_who_were_not_erased(self, registry: Running) -> None:
        household = await a_household(registry)
        first = await a_resident(registry, household)
        await a_resident(registry, household, name="Contoh Lain", nik=None, nik_absent_reason="lost")

        await erase(registry, first)

        assert (await read(registry, household)).json()["address"] == ADDRESS

    async def test_of_the_last_two_erased_at_once_the_address_goes_too(self, registry: Running) -> None:
        household = await a_household(registry)
        both = [await a_resident(registry, household, name=name) for name in ("Satu Contoh", "Dua Contoh")]
        await warm(registry)

        replies = await asyncio.gather(*(erase(registry, one) for one in both))

        assert [one.status_code for one in replies] == [200, 200]
        assert (await read(registry, household)).json()["personal"] == "erased"

    @pytest.mark.parametrize("role", ["volunteer", "supervisor", "auditor", "operator"])
    async def test_is_not_for_everybody(self, registry: Running, role: str) -> None:
        reply = await erase(registry, await somebody(registry), role=role)

        assert (reply.status_code, code_of(reply)) == (403, "scope.missing")

    async def test_needs_the_region_the_version_and_a_day_that_was(self, registry: Running) -> None:
        resident = await somebody(registry)
        address = f"{resident.headers['Location']}/erasure"

        outside = await registry.http.post(
            address, json=ASKED, headers=registry.token("board_officer", regions=("33.74",)) | etag(resident)
        )
        blind = await registry.http.post(address, json=ASKED, headers=registry.token("board_officer"))
        future = await erase(registry, resident, requested_on="2999-01-01")

        assert (outside.status_code, blind.status_code) == (404, 428)
        assert future.json()["errors"][0]["code"] == "date.in_the_future"
        assert (await read(registry, resident)).json()["name"] == NAME


async def test_a_household_is_recorded_without_what_names_it(registry: Running) -> None:
    bare = {name: HOUSEHOLD[name] for name in ("kelurahan_code", "starts_on")}
    household = await registry.http.post(HOUSEHOLDS, json=bare, headers=registry.token("volunteer"))

    assert (household.status_code, household.json()["residents"]) == (201, 0)
