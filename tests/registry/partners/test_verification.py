import asyncio
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from shared.clock import read_clock, today
from tests.house import Running, code_of, etag, new_id
from tests.registry.facilitators.staff import entries
from tests.registry.partners.test_routes import PARTNERS, a_partner
from tests.registry.racing import warm
from tests.registry.signing import a_client, ask, bearer, let_be_verified, operator

EVIDENCE = {"evidence": "deed", "evidence_reference": "Akta 12 of 2020", "verified_on": "2024-05-01"}
TODAY = today(read_clock())


async def verify(
    registry: Running, partner: httpx.Response, *, person: str | None = None, sub: str | None = None, **changes: Any
) -> httpx.Response:
    headers = registry.token("programme_manager", person=person or new_id(), sub=sub or new_id())
    address = f"{PARTNERS}/{partner.json()['id']}/verification"
    return await registry.http.post(address, json=EVIDENCE | changes, headers=headers | etag(partner))


async def withdraw(
    registry: Running, partner: httpx.Response, *, sub: str | None = None, because: str | None = "evidence_revoked"
) -> httpx.Response:
    headers = registry.token("programme_manager", sub=sub or new_id())
    address = f"{PARTNERS}/{partner.json()['id']}/verification/withdrawal"
    draft = {"because": because, "reference": "Pengumuman AHU 9"}
    return await registry.http.post(address, json=draft, headers=headers | etag(partner))


async def history(
    registry: Running, partner: httpx.Response, headers: dict[str, str] | None = None
) -> list[dict[str, Any]]:
    address = f"{PARTNERS}/{partner.json()['id']}/verifications"
    items: list[dict[str, Any]] = (await registry.http.get(address, headers=headers or {})).json()["items"]
    return items


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
            for table in ("partners", "partner_verifications"):
                await connection.execute(text(f"UPDATE {table} SET expires_on = expires_on - 1"))  # noqa: S608

        seen = (await registry.http.get(f"{PARTNERS}/{partner.json()['id']}")).json()

        assert (partner.json()["verified"], seen["verified"], seen["verified_on"]) == (True, False, "2024-05-01")
        assert len((await registry.http.get(f"{PARTNERS}?verified=false")).json()["items"]) == 1

    async def test_is_taken_back_with_a_reason(self, registry: Running) -> None:
        partner = await verify(registry, await a_partner(registry))

        unsaid = await withdraw(registry, partner, because=None)
        replaced = await withdraw(registry, partner, because="replaced")
        back = await withdraw(registry, partner)
        twice = await withdraw(registry, back)

        assert [(one.status_code, one.json()["errors"][0]["pointer"]) for one in (unsaid, replaced)] == [
            (422, "/because")
        ] * 2
        assert (back.status_code, back.json()["verified"], back.json()["evidence"]) == (200, False, None)
        assert (twice.status_code, code_of(twice)) == (409, "partner.not_verified")
        (entry,) = await entries(registry, "partner.verification_withdrawn")
        assert (entry["data"]["because"], "AHU" in str(entry)) == ("evidence_revoked", False)

    async def test_of_two_who_take_it_back_at_once_one_does(self, registry: Running) -> None:
        partner = await verify(registry, await a_partner(registry))
        await warm(registry)

        replies = await asyncio.gather(*(withdraw(registry, partner) for _ in range(3)))

        assert sorted(one.status_code for one in replies) == [200, 412, 412]
        assert len(await history(registry, partner)) == 1


class TestHistory:
    async def test_keeps_each_with_who_when_why_and_by_which_document(self, registry: Running) -> None:
        first, second, third = (new_id() for _ in range(3))
        partner = await a_partner(registry)
        partner = await verify(registry, partner, sub=first)
        partner = await verify(registry, partner, sub=second, evidence="licence", evidence_reference="NIB 7")
        partner = await edit(registry, partner, registry.token("city_coordinator", sub=third), name="Bank Lain")
        partner = await verify(registry, partner, expires_on=str(TODAY))
        await withdraw(registry, partner, sub=first)

        found = await history(registry, partner, registry.token("programme_manager"))

        assert [(one["evidence"], one["ended_because"]) for one in found] == [
            ("deed", "evidence_revoked"),
            ("licence", "identity_changed"),
            ("deed", "replaced"),
        ]
        assert [one["ended_by"] for one in found] == [first, third, second]
        assert [one["verified_by"] for one in found[1:]] == [second, first]
        assert [one["ended_on"] for one in found] == [str(TODAY)] * 3
        assert (found[0]["ended_reference"], found[0]["expires_on"]) == ("Pengumuman AHU 9", str(TODAY))
        assert (found[1]["evidence_reference"], found[1]["ended_reference"]) == ("NIB 7", None)

    async def test_tells_everybody_when_and_why_and_not_by_whom(self, registry: Running) -> None:
        partner = await verify(registry, await a_partner(registry))
        await withdraw(registry, partner)

        for headers in ({}, registry.token("facilitator")):
            (one,) = await history(registry, partner, headers)
            assert (one["verified_on"], one["ended_because"]) == ("2024-05-01", "evidence_revoked")
            assert one["verified_by"] is one["ended_by"] is one["ended_reference"] is None
        assert await history(registry, await a_partner(registry, name="LSM Lain")) == []

    async def test_answers_what_was_so_on_a_day(self, registry: Running) -> None:
        partner = await verify(registry, await a_partner(registry), verified_on=str(TODAY - timedelta(days=40)))
        back = await withdraw(registry, partner)
        async with registry.database.writes.begin() as connection:
            await connection.execute(text("UPDATE partner_verifications SET ended_on = ended_on - 10"))
        await verify(registry, back, verified_on=str(TODAY - timedelta(days=3)), evidence="licence")
        address = f"{PARTNERS}/{partner.json()['id']}"

        async def on(days: int) -> tuple[bool, str | None, int]:
            asked = TODAY - timedelta(days=days)
            one = (await registry.http.get(f"{address}?as_of={asked}")).json()
            listed = await registry.http.get(f"{PARTNERS}?as_of={asked}&verified=true")
            assert listed.json()["items"] in ([], [one])
            return one["verified"], one["evidence"], len(listed.json()["items"])

        assert [await on(days) for days in (41, 40, 11, 10, 4, 3, 0)] == [
            (False, None, 0),
            (True, "deed", 1),
            (True, "deed", 1),
            (False, None, 0),
            (False, None, 0),
            (True, "licence", 1),
            (True, "licence", 1),
        ]
        assert (await registry.http.get(PARTNERS)).json()["items"] == [(await registry.http.get(address)).json()]

    async def test_stands_beside_the_name_of_its_day(self, registry: Running) -> None:
        draft = {"region_code": "34.71", "registration_number": "AHU-1", "tax_number": "012345678901234"}
        partner = await verify(registry, await a_partner(registry, **draft), verified_on=str(TODAY - timedelta(days=9)))
        async with registry.database.writes.begin() as connection:
            await connection.execute(text("UPDATE journal_entries SET recorded_at = recorded_at - interval '9 days'"))
        changes = {"name": "Bank Lain", "registration_number": None, "active": False, "region_code": "33.74"}
        await edit(registry, partner, registry.token("programme_manager"), **changes)
        address = f"{PARTNERS}/{partner.json()['id']}"

        async def on(days: int, query: str = "") -> Any:
            asked = TODAY - timedelta(days=days)
            one = (await registry.http.get(f"{address}?as_of={asked}")).json()
            listed = (await registry.http.get(f"{PARTNERS}?as_of={asked}{query}")).json()["items"]
            assert listed in ([], [one])
            named = one["name"], one["registration_number"], one["active"], one["region_code"], one["tax_number"]
            return named, one["verified"], len(listed)

        before = (partner.json()["name"], "AHU-1", True, "34.71", None)
        after = ("Bank Lain", None, False, "33.74", "012345678901234")
        assert [await on(days) for days in (30, 1, 0)] == [(before, False, 1), (before, True, 1), (after, False, 1)]
        assert (await on(1, "&active=true&region=34.71"))[2] == (await on(0, "&active=false&region=33.74"))[2] == 1
        assert (await on(1, "&active=false"))[2] == (await on(0, "&region=34.71"))[2] == 0

    async def test_costs_one_statement(self, registry: Running) -> None:
        partner = await verify(registry, await a_partner(registry))
        await history(registry, partner)

        with registry.counted() as sent:
            await history(registry, partner)

        assert len(sent) == 1


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
        nameless = await edit(registry, partner, by, contact={"phone": "0274 000001"})
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

    async def test_go_on_when_the_verification_is_withdrawn_until_an_operator_suspends_them(
        self, registry: Running
    ) -> None:
        partner = await verify(registry, await a_partner(registry))
        client = await a_client(registry, org=partner.json()["id"])
        secret = {"client_id": client.json()["name"], "client_secret": client.json()["client_secret"]}
        now = await registry.http.get(f"{PARTNERS}/{partner.json()['id']}")
        assert (await withdraw(registry, now)).json()["verified"] is False

        going_on = await ask(registry, grant_type="client_credentials", **secret)
        again = await registry.http.post(
            "/registry/v1/clients",
            json={"name": "bank-kedua", "regions": ["34.71"], "org": partner.json()["id"]},
            headers=operator(registry),
        )
        await registry.http.post(f"{client.headers['Location']}/suspension", headers=operator(registry) | etag(client))
        suspended = await ask(registry, grant_type="client_credentials", **secret)

        assert (going_on.status_code, code_of(again)) == (200, "partner.not_verified")
        assert (suspended.status_code, code_of(suspended)) == (401, "account.suspended")

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
