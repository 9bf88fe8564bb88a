from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from shared.clock import read_clock, today
from tests.house import Running, code_of, etag, new_id
from tests.registry.facilitators.staff import entries
from tests.registry.partners.test_routes import PARTNERS, a_partner
from tests.registry.signing import a_client, ask, bearer, let_be_verified

EVIDENCE = {"evidence": "deed", "evidence_reference": "Akta 12 of 2020", "verified_on": "2024-05-01"}
TODAY = today(read_clock())


async def verify(
    registry: Running, partner: httpx.Response, *, person: str | None = None, **changes: Any
) -> httpx.Response:
    headers = registry.token("programme_manager", **({"person": person} if person else {}))
    address = f"{PARTNERS}/{partner.json()['id']}/verification"
    return await registry.http.post(address, json=EVIDENCE | changes, headers=headers | etag(partner))


async def edit(registry: Running, partner: httpx.Response, headers: dict[str, str], **changes: Any) -> httpx.Response:
    return await registry.http.patch(
        f"{PARTNERS}/{partner.json()['id']}", json=changes, headers=headers | etag(partner)
    )


class TestVerification:
    async def test_is_seen_by_everybody_and_in_the_open_journal(self, registry: Running) -> None:
        partner = await a_partner(registry)

        verified = await verify(registry, partner)

        assert (partner.json()["verified"], verified.status_code) == (False, 200)
        seen = (await registry.http.get(f"{PARTNERS}/{partner.json()['id']}")).json()
        assert (seen["verified"], seen["evidence"], seen["verified_on"]) == (True, "deed", "2024-05-01")
        (entry,) = await entries(registry, "partner.verified")
        assert (entry["data"]["verified_on"], entry["occurred_on"]) == ("2024-05-01", "2024-05-01")
        for query, count in (("verified=true", 1), ("verified=false", 0)):
            assert len((await registry.http.get(f"{PARTNERS}?{query}")).json()["items"]) == count

    async def test_is_not_for_who_recorded_or_changed_it(self, registry: Running) -> None:
        recorder, editor = new_id(), new_id()
        draft = {"name": "LSM Contoh", "kind": "ngo"}
        by = registry.token("programme_manager", person=recorder)
        partner = await registry.http.post(PARTNERS, json=draft, headers=by)
        partner = await edit(registry, partner, registry.token("city_coordinator", person=editor), website=None)

        for person in (recorder, editor):
            reply = await verify(registry, partner, person=person)
            assert (reply.status_code, code_of(reply)) == (403, "approval.own_work")
        program = registry.token("programme_manager", person=None) | etag(partner)
        address = f"{PARTNERS}/{partner.json()['id']}/verification"
        assert code_of(await registry.http.post(address, json=EVIDENCE, headers=program)) == "approval.own_work"
        assert (await verify(registry, partner)).status_code == 200

    @pytest.mark.parametrize("role", ["facilitator", "board_officer", "auditor", "partner", "operator"])
    async def test_needs_the_scope_a_token_and_the_version(self, registry: Running, role: str) -> None:
        partner = await a_partner(registry)
        address = f"{PARTNERS}/{partner.json()['id']}/verification"

        refused = await registry.http.post(address, json=EVIDENCE, headers=registry.token(role) | etag(partner))
        anonymous = await registry.http.post(address, json=EVIDENCE)
        missing = await registry.http.post(address, json=EVIDENCE, headers=registry.token("programme_manager"))
        await verify(registry, partner)
        stale = await verify(registry, partner)

        assert (refused.status_code, code_of(refused)) == (403, "scope.missing")
        assert [one.status_code for one in (anonymous, missing, stale)] == [401, 428, 412]

    @pytest.mark.parametrize(
        ("change", "pointer", "code"),
        [
            ({"verified_on": "2999-01-01"}, "/verified_on", "date.in_the_future"),
            ({"expires_on": str(TODAY - timedelta(days=1))}, "/expires_on", "partner.verification_over"),
            ({"evidence": "rumour"}, "/evidence", "value.not_a_choice"),
            ({"evidence_reference": ""}, "/evidence_reference", "value.too_short"),
        ],
    )
    async def test_names_the_wrong_place(
        self, registry: Running, change: dict[str, Any], pointer: str, code: str
    ) -> None:
        reply = await verify(registry, await a_partner(registry), **change)

        assert reply.status_code == 422, reply.text
        assert (reply.json()["errors"][0]["pointer"], reply.json()["errors"][0]["code"]) == (pointer, code)

    @pytest.mark.parametrize(
        ("change", "still"),
        [
            ({"name": "Bank Lain"}, False),
            ({"registration_number": "AHU-2"}, False),
            ({"tax_number": "012345678901234"}, False),
            ({"website": "https://other.example"}, True),
            ({"name": "Bank Contoh Rakyat"}, True),
            ({"active": False}, True),
        ],
    )
    async def test_ends_when_who_was_verified_is_another(
        self, registry: Running, change: dict[str, Any], still: bool
    ) -> None:
        verified = await verify(registry, await a_partner(registry))

        changed = await edit(registry, verified, registry.token("programme_manager"), **change)

        assert (changed.status_code, changed.json()["verified"]) == (200, still)
        assert (changed.json()["evidence"] is not None) == still

    async def test_is_good_until_its_last_day(self, registry: Running) -> None:
        partner = await verify(registry, await a_partner(registry), expires_on=str(TODAY))
        async with registry.database.writes.begin() as connection:
            await connection.execute(text("UPDATE partners SET expires_on = expires_on - 1"))

        seen = (await registry.http.get(f"{PARTNERS}/{partner.json()['id']}")).json()

        assert (partner.json()["verified"], seen["verified"], seen["verified_on"]) == (True, False, "2024-05-01")
        assert len((await registry.http.get(f"{PARTNERS}?verified=false")).json()["items"]) == 1

    async def test_is_taken_back(self, registry: Running) -> None:
        partner = await verify(registry, await a_partner(registry))
        address, by = f"{PARTNERS}/{partner.json()['id']}/verification", registry.token("programme_manager")

        back = await registry.http.delete(address, headers=by | etag(partner))
        twice = await registry.http.delete(address, headers=by | etag(back))

        assert (back.status_code, back.json()["verified"]) == (200, False)
        assert (twice.status_code, code_of(twice)) == (409, "partner.not_verified")
        assert len(await entries(registry, "partner.verification_withdrawn")) == 1


CONTACT = {"name": "Ibu Narahubung", "phone": "0811222333"}


class TestContact:
    async def test_is_sealed_and_for_who_serves_the_seat(self, registry: Running) -> None:
        partner = await a_partner(registry, region_code="34.71", mailbox="info@bank.example", contact=CONTACT)
        address = f"{PARTNERS}/{partner.json()['id']}/contact"

        async def seen(headers: dict[str, str]) -> dict[str, Any]:
            return dict((await registry.http.get(address, headers=headers)).json())

        nobody = {"name": None, "phone": None}
        assert (partner.json()["mailbox"], "contact" in partner.json()) == ("info@bank.example", False)
        assert await seen(registry.token("supervisor")) == nobody
        assert await seen(registry.token("auditor", regions=("33.74",))) == nobody
        assert await entries(registry, "partners.read") == []
        assert await seen(registry.token("auditor")) == CONTACT
        (entry,) = await entries(registry, "partners.read")
        assert (entry["subject"], entry["data"]["count"]) == (f"partners/{partner.json()['id']}", 1)
        assert (await registry.http.get(address)).status_code == 401
        (recorded,) = await entries(registry, "partner.recorded")
        assert "Narahubung" not in str(recorded)

    async def test_is_edited_erased_and_given_anew(self, registry: Running) -> None:
        by = registry.token("programme_manager")
        partner = await a_partner(registry, region_code="34.71", contact=CONTACT)
        address = f"{PARTNERS}/{partner.json()['id']}/contact"

        async def seen() -> list[str | None]:
            return list((await registry.http.get(address, headers=registry.token("auditor"))).json().values())

        partner = await edit(registry, partner, by, contact={"phone": None})
        assert await seen() == ["Ibu Narahubung", None]
        partner = await edit(registry, partner, by, contact=None)
        assert await seen() == [None, None]
        nameless = await edit(registry, partner, by, contact={"phone": "1"})
        partner = await edit(registry, partner, by, contact={"name": "Bapak Baru"})
        assert await seen() == ["Bapak Baru", None]
        seatless = await edit(registry, partner, by, region_code=None)

        assert (nameless.status_code, nameless.json()["errors"][0]["code"]) == (422, "partner.contact_nameless")
        assert (seatless.status_code, code_of(seatless)) == (422, "partner.contact_without_seat")

    async def test_needs_a_seat_that_there_is(self, registry: Running) -> None:
        without = await a_partner(registry, contact=CONTACT)
        unknown = await a_partner(registry, region_code="99")

        assert (without.status_code, code_of(without)) == (422, "partner.contact_without_seat")
        assert (unknown.status_code, code_of(unknown)) == (422, "place.unknown")

    async def test_of_a_region_finds_who_sits_there(self, registry: Running) -> None:
        await a_partner(registry, region_code="34.71")
        await a_partner(registry, name="LSM Jauh", region_code="33.74")

        items = (await registry.http.get(f"{PARTNERS}?region=34")).json()["items"]

        assert [item["name"] for item in items] == ["Bank Contoh Rakyat"]


class TestClients:
    async def test_are_listed_to_the_partner_and_to_operators_who_serve_them(self, registry: Running) -> None:
        partner = await a_partner(registry)
        client = await a_client(registry, org=partner.json()["id"])
        await a_client(registry)
        address = f"{PARTNERS}/{partner.json()['id']}/clients"
        secret = {"client_id": client.json()["name"], "client_secret": client.json()["client_secret"]}
        program = bearer(await ask(registry, grant_type="client_credentials", **secret))

        async def names(headers: dict[str, str]) -> list[str]:
            return [item["name"] for item in (await registry.http.get(address, headers=headers)).json()["items"]]

        own = [client.json()["name"]]
        assert await names(program) == own
        assert await names(registry.token("partner", regions=(), org=partner.json()["id"])) == own
        assert await names(registry.token("operator", regions=("34",))) == own
        assert await names(registry.token("operator", regions=("33",))) == []
        assert await names(registry.token("programme_manager", regions=("*",))) == []
        assert await names(registry.token("partner", org=new_id())) == []
        assert (await registry.http.get(address)).status_code == 401
        shown = (await registry.http.get(address, headers=program)).json()["items"][0]
        assert set(shown) == {"id", "name", "regions", "suspended", "recorded_at"}

    async def test_are_opened_only_for_a_partner_that_somebody_verified(self, registry: Running) -> None:
        partner = (await a_partner(registry)).json()["id"]
        client = {"name": "bank-contoh", "regions": ["34.71"]}

        async def opened(org: str) -> httpx.Response:
            headers = registry.token("operator", regions=("*",))
            return await registry.http.post("/registry/v1/clients", json=client | {"org": org}, headers=headers)

        unknown, unverified = await opened(new_id()), await opened(partner)
        await let_be_verified(registry, partner)
        verified = await opened(partner)

        assert (unknown.status_code, unknown.json()["errors"][0]["pointer"]) == (422, "/org")
        assert (unverified.status_code, code_of(unverified)) == (409, "partner.not_verified")
        assert verified.status_code == 201
