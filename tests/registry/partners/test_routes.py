from typing import Any

import httpx
import pytest

from tests.house import Running, code_of, etag, new_id

PARTNERS = "/registry/v1/partners"


async def a_partner(registry: Running, *, role: str = "programme_manager", **changes: Any) -> httpx.Response:
    draft = {"name": "Bank Contoh Rakyat", "kind": "bank", "website": "https://bank.example"}
    return await registry.http.post(PARTNERS, json=draft | changes, headers=registry.token(role))


class TestRecordPartner:
    async def test_is_seen_by_everybody(self, registry: Running) -> None:
        reply = await a_partner(registry)

        seen = await registry.http.get(reply.headers["Location"])

        assert (reply.status_code, seen.json()) == (201, reply.json())
        assert reply.json()["active"] is True

    @pytest.mark.parametrize("role", ["facilitator", "board_officer", "auditor", "partner", "operator"])
    async def test_refuses_a_role_without_the_scope(self, registry: Running, role: str) -> None:
        reply = await a_partner(registry, role=role)

        assert (reply.status_code, code_of(reply)) == (403, "scope.missing")

    @pytest.mark.parametrize(
        ("change", "pointer", "code"),
        [
            ({"kind": "warung"}, "/kind", "value.not_a_choice"),
            ({"website": "javascript:alert(1)"}, "/website", "value.pattern"),
            ({"website": "https://a b"}, "/website", "value.pattern"),
            ({"active": False}, "/active", "field.unknown"),
            ({"name": " "}, "/name", "value.too_short"),
            ({"id": "1"}, "/id", "value.not_uuid"),
        ],
    )
    async def test_names_the_wrong_place(
        self, registry: Running, change: dict[str, Any], pointer: str, code: str
    ) -> None:
        reply = await a_partner(registry, **change)

        assert reply.status_code == 422
        assert (reply.json()["errors"][0]["pointer"], reply.json()["errors"][0]["code"]) == (pointer, code)

    async def test_takes_the_same_id_once_even_after_an_edit(self, registry: Running) -> None:
        identity = new_id()
        first = await a_partner(registry, id=identity)
        headers = registry.token("programme_manager") | etag(first)
        await registry.http.patch(first.headers["Location"], json={"name": "Bank Baru"}, headers=headers)

        again = await a_partner(registry, id=identity)
        other = await a_partner(registry, id=identity, name="Bank Baru")

        assert (again.status_code, again.json()["name"], again.json()["version"]) == (200, "Bank Baru", 2)
        assert (other.status_code, code_of(other)) == (409, "id.taken")


class TestChangePartner:
    async def test_clears_the_website_and_keeps_what_is_absent(self, registry: Running) -> None:
        partner = await a_partner(registry)
        headers = registry.token("programme_manager") | etag(partner)

        reply = await registry.http.patch(partner.headers["Location"], json={"website": None}, headers=headers)

        assert (reply.json()["website"], reply.json()["name"]) == (None, "Bank Contoh Rakyat")

    @pytest.mark.parametrize("change", [{"active": None}, {"name": None}, {"active": "false"}, {"kind": "ngo"}])
    async def test_refuses_what_may_not_be_changed_so(self, registry: Running, change: dict[str, Any]) -> None:
        partner = await a_partner(registry)
        headers = registry.token("programme_manager") | etag(partner)

        reply = await registry.http.patch(partner.headers["Location"], json=change, headers=headers)

        assert (reply.status_code, code_of(reply)) == (422, "body.invalid")

    async def test_with_nothing_to_change_is_still_an_edit_of_that_version(self, registry: Running) -> None:
        partner = await a_partner(registry)
        headers = registry.token("programme_manager") | etag(partner)

        first = await registry.http.patch(partner.headers["Location"], json={}, headers=headers)
        second = await registry.http.patch(partner.headers["Location"], json={}, headers=headers)

        assert (first.status_code, second.status_code) == (200, 412)


class TestListPartners:
    async def test_filters(self, registry: Running) -> None:
        bank = await a_partner(registry)
        await a_partner(registry, name="LSM Contoh", kind="ngo")
        headers = registry.token("programme_manager") | etag(bank)
        await registry.http.patch(bank.headers["Location"], json={"active": False}, headers=headers)

        async def names(query: str) -> list[str]:
            with registry.counted() as sent:
                reply = await registry.http.get(f"{PARTNERS}?sort=name&{query}")
            assert len(sent) == 1
            return [item["name"] for item in reply.json()["items"]]

        assert await names("") == ["Bank Contoh Rakyat", "LSM Contoh"]
        assert (
            await names("active=false") == await names("kind=bank") == await names("q=rakyat") == ["Bank Contoh Rakyat"]
        )
        assert await names("active=true") == ["LSM Contoh"]
