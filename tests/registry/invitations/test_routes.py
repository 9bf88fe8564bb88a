import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, text

from services.registry.invitations.rules import CODE_BYTES, INVITATION_LIFE, read, written
from services.registry.sign_ins import service as sign_ins
from shared.clock import read_clock
from tests.house import Running, code_of, etag, new_id
from tests.registry.racing import warm
from tests.registry.signing import ACCOUNTS, PASSWORD, an_account, bearer, claims_of, operator, refreshed, sign_in

INVITATIONS = "/registry/v1/invitations"
ACCEPTANCE = f"{INVITATIONS}/acceptance"
OTHER = "sandi-lain-yang-panjang"


def draft(**changes: Any) -> dict[str, Any]:
    return {
        "username": f"undangan-{uuid4().hex[:8]}",
        "display_name": "Warga Contoh",
        "roles": ["volunteer"],
        "regions": ["34.71.03.1001"],
    } | changes


async def invite(registry: Running, headers: dict[str, str] | None = None, **changes: Any) -> httpx.Response:
    return await registry.http.post(INVITATIONS, json=draft(**changes), headers=headers or operator(registry))


async def accept(registry: Running, code: str, password: str = PASSWORD, **headers: str) -> httpx.Response:
    return await registry.http.post(ACCEPTANCE, json={"code": code, "password": password}, headers=headers)


async def again(registry: Running, account_id: str, **more: Any) -> httpx.Response:
    return await registry.http.post(f"{ACCOUNTS}/{account_id}/invitations", json={}, headers=operator(registry), **more)


class TestInvite:
    async def test_opens_an_account_that_its_person_makes_their_own(self, registry: Running) -> None:
        invited = await invite(registry)
        username = invited.json()["username"]
        before = await sign_in(registry, username)

        accepted = await accept(registry, invited.json()["code"])
        after = await sign_in(registry, username)
        shown = await registry.http.get(invited.headers["Location"], headers=operator(registry))

        assert (invited.status_code, invited.json()["state"]) == (201, "open")
        assert code_of(before) == "credentials.wrong"
        assert (accepted.status_code, accepted.json()) == (200, {"username": username})
        assert claims_of(after)["roles"] == ["volunteer"]
        assert shown.json()["state"] == "accepted"
        assert "code" not in shown.json()

    async def test_shows_the_account_as_invited_until_then(self, registry: Running) -> None:
        invited = await invite(registry)
        address = f"{ACCOUNTS}/{invited.json()['account_id']}"

        before = await registry.http.get(address, headers=operator(registry))
        await accept(registry, invited.json()["code"])
        after = await registry.http.get(address, headers=operator(registry))

        assert (before.json()["invited"], after.json()["invited"]) == (True, False)

    async def test_of_a_partners_people_names_the_partner(self, registry: Running) -> None:
        without, named = (
            await invite(registry, roles=["partner"]),
            await invite(registry, roles=["partner"], org=new_id()),
        )
        other = await invite(registry)
        account = await registry.http.get(f"{ACCOUNTS}/{other.json()['account_id']}", headers=operator(registry))
        changed = await registry.http.patch(
            account.request.url.path, json={"roles": ["partner"]}, headers=operator(registry) | etag(account)
        )

        refused = [(one.status_code, code_of(one)) for one in (without, changed)]
        assert refused == [(422, "account.partner_unnamed")] * 2
        assert named.status_code == 201, named.text

    async def test_is_for_operators_of_the_regions(self, registry: Running) -> None:
        replies = [
            await invite(registry, registry.token("city_coordinator", regions=("*",))),
            await invite(registry, operator(registry, regions=("33",))),
            await registry.http.post(INVITATIONS, json=draft()),
        ]

        assert [(one.status_code, code_of(one)) for one in replies] == [
            (403, "scope.missing"),
            (403, "region.missing"),
            (401, "token.missing"),
        ]

    async def test_refuses_a_name_that_is_taken_and_oneself(self, registry: Running) -> None:
        person = new_id()
        account = await an_account(registry)

        taken = await invite(registry, username=account.json()["username"])
        own = await invite(registry, operator(registry, person=person), person_id=person)

        assert (code_of(taken), code_of(own)) == ("username.taken", "account.own")

    @pytest.mark.parametrize(
        ("change", "pointer"),
        [
            ({"password": PASSWORD}, "/password"),
            ({"roles": []}, "/roles"),
            ({"starts_on": "2020-01-01"}, "/starts_on"),
            ({"username": "Besar"}, "/username"),
            ({"regions": ["34.99"]}, "/regions/0"),
        ],
    )
    async def test_names_the_wrong_place(self, registry: Running, change: dict[str, Any], pointer: str) -> None:
        reply = await invite(registry, **change)

        assert (reply.status_code, reply.json()["errors"][0]["pointer"]) == (422, pointer)

    async def test_sent_again_gives_a_new_code_for_the_lost_one(self, registry: Running) -> None:
        body = draft(id=new_id())
        headers = operator(registry) | {"Idempotency-Key": "undang"}

        first = await registry.http.post(INVITATIONS, json=body, headers=headers)
        second = await registry.http.post(INVITATIONS, json=body, headers=headers)

        assert (first.status_code, second.status_code) == (201, 200)
        assert first.json()["account_id"] == second.json()["account_id"]
        assert code_of(await accept(registry, first.json()["code"])) == "invitation.unknown"
        assert (await accept(registry, second.json()["code"])).status_code == 200
        third = await registry.http.post(INVITATIONS, json=body, headers=operator(registry))
        assert code_of(third) == "invitation.over"

    async def test_sent_again_by_an_operator_of_elsewhere_gives_nothing(self, registry: Running) -> None:
        body = draft(id=new_id())
        first = await registry.http.post(INVITATIONS, json=body, headers=operator(registry))
        await registry.http.patch(
            f"{ACCOUNTS}/{first.json()['account_id']}",
            json={"regions": ["33.74"]},
            headers=operator(registry) | {"If-Match": '"1.x"'},
        )

        reply = await registry.http.post(INVITATIONS, json=body, headers=operator(registry, regions=("34",)))

        assert (reply.status_code, code_of(reply)) == (404, "resource.not_found")


class TestAccept:
    async def test_works_once_even_for_several_at_once(self, registry: Running) -> None:
        invited = await invite(registry)
        passwords = [f"sandi-panjang-nomor-{number}" for number in range(4)]
        await warm(registry)

        replies = await asyncio.gather(*(accept(registry, invited.json()["code"], one) for one in passwords))

        assert sorted(reply.status_code for reply in replies) == [200, 409, 409, 409]
        won = passwords[next(n for n, reply in enumerate(replies) if reply.status_code == 200)]
        tried = [(await sign_in(registry, invited.json()["username"], one)).status_code for one in passwords]
        assert [one for one, status in zip(passwords, tried, strict=True) if status == 200] == [won]
        assert code_of(await accept(registry, invited.json()["code"])) == "invitation.over"

    async def test_replays_its_reply_to_the_same_key(self, registry: Running) -> None:
        invited, key = await invite(registry), new_id()
        headers = {"Idempotency-Key": key}

        first = await registry.http.post(
            ACCEPTANCE, json={"code": invited.json()["code"], "password": PASSWORD}, headers=headers
        )
        replay = await registry.http.post(
            ACCEPTANCE, json={"code": invited.json()["code"], "password": PASSWORD}, headers=headers
        )

        assert (first.status_code, replay.status_code) == (200, 200)
        assert replay.headers["Idempotency-Replayed"] == "true"

    async def test_takes_a_code_however_it_was_typed(self, registry: Running) -> None:
        code = str((await invite(registry)).json()["code"])

        assert (await accept(registry, f" {code.replace('-', ' ').lower()} ")).status_code == 200

    async def test_refuses_what_no_longer_opens(self, registry: Running) -> None:
        expired, revoked, suspended = [await invite(registry) for _ in range(3)]
        async with registry.database.writes.begin() as connection:
            await connection.execute(
                text("UPDATE invitations SET expires_at = now() WHERE id = :id"), {"id": expired.json()["id"]}
            )
        shown = await registry.http.get(revoked.headers["Location"], headers=operator(registry))
        gone = await registry.http.post(
            f"{revoked.headers['Location']}/revocation", headers=operator(registry) | etag(shown)
        )
        twice = await registry.http.post(
            f"{revoked.headers['Location']}/revocation", headers=operator(registry) | etag(gone)
        )
        await registry.http.post(
            f"{ACCOUNTS}/{suspended.json()['account_id']}/suspension",
            headers=operator(registry) | {"If-Match": '"1.x"'},
        )

        replies = [await accept(registry, one.json()["code"]) for one in (expired, revoked, suspended)]

        assert (gone.status_code, code_of(twice)) == (200, "invitation.over")
        assert [(one.status_code, code_of(one)) for one in replies] == [(409, "invitation.over")] * 3
        states = await registry.http.get(f"{INVITATIONS}?state=expired", headers=operator(registry))
        assert [one["id"] for one in states.json()["items"]] == [expired.json()["id"]]

    async def test_slows_down_who_guesses(self, registry: Running, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sign_ins, "FREE_TRIES_ALONE", 3)
        good = (await invite(registry)).json()["code"]

        replies = [await accept(registry, written(uuid4().bytes)) for _ in range(4)]
        paused = await accept(registry, good)

        assert [one.status_code for one in replies] == [422, 422, 422, 429]
        assert (paused.status_code, code_of(paused)) == (429, "sign_in.paused")

    async def test_names_the_wrong_place(self, registry: Running) -> None:
        short = await accept(registry, "x", "pendek")
        invitation = (await invite(registry)).json()
        name = await accept(registry, invitation["code"], invitation["username"])
        query = await registry.http.post(f"{ACCEPTANCE}?code=x", json={})

        assert short.json()["errors"][0]["pointer"] == "/password"
        assert (name.status_code, code_of(name)) == (422, "password.is_name")
        assert (await accept(registry, invitation["code"])).status_code == 200
        assert (query.status_code, code_of(query)) == (400, "query.invalid")


class TestReset:
    async def test_ends_the_old_password_and_every_session_at_once(self, registry: Running) -> None:
        account = await an_account(registry)
        username, token = account.json()["username"], await sign_in(registry, account.json()["username"])

        new = await again(registry, account.json()["id"])
        old_token, old_password = await refreshed(registry, token), await sign_in(registry, username)
        await accept(registry, new.json()["code"], OTHER)

        assert new.status_code == 201
        assert [code_of(one) for one in (old_token, old_password)] == ["credentials.wrong"] * 2
        assert (await sign_in(registry, username, OTHER)).status_code == 200
        assert (await sign_in(registry, username)).status_code == 401

    async def test_takes_the_place_of_an_earlier_code(self, registry: Running) -> None:
        invited = await invite(registry)

        new = await again(registry, invited.json()["account_id"])

        assert code_of(await accept(registry, invited.json()["code"])) == "invitation.over"
        assert (await accept(registry, new.json()["code"])).status_code == 200

    async def test_is_not_for_ones_own_account_nor_elsewhere(self, registry: Running) -> None:
        mine = await an_account(registry, roles=["operator"], regions=["*"])
        headers = bearer(await sign_in(registry, mine.json()["username"]))
        other = await an_account(registry, regions=["34.71", "33.74"])

        own = await registry.http.post(f"{mine.headers['Location']}/invitations", json={}, headers=headers)
        foreign = await registry.http.post(
            f"{other.headers['Location']}/invitations", json={}, headers=operator(registry, regions=("34",))
        )

        assert (own.status_code, code_of(own)) == (403, "account.own")
        assert (foreign.status_code, code_of(foreign)) == (404, "resource.not_found")

    async def test_at_the_same_time_as_an_acceptance_leaves_one_way_in(self, registry: Running) -> None:
        invited = await invite(registry)
        await warm(registry)

        new, accepted = await asyncio.gather(
            again(registry, invited.json()["account_id"]), accept(registry, invited.json()["code"])
        )
        late = await accept(registry, new.json()["code"], OTHER)

        assert new.status_code == 201
        assert accepted.status_code in {200, 409}
        assert late.status_code == 200
        assert (await sign_in(registry, invited.json()["username"])).status_code == 401


class TestOwnPassword:
    async def change(self, registry: Running, token: httpx.Response, old: str, new: str) -> httpx.Response:
        body = {"old_password": old, "new_password": new}
        return await registry.http.post(f"{ACCOUNTS}/self/password", json=body, headers=bearer(token))

    async def test_changes_with_the_old_one_and_ends_every_session(self, registry: Running) -> None:
        username = (await an_account(registry)).json()["username"]
        phone, laptop = await sign_in(registry, username), await sign_in(registry, username)

        reply = await self.change(registry, phone, PASSWORD, OTHER)

        assert (reply.status_code, reply.json()["username"]) == (200, username)
        assert [code_of(await refreshed(registry, one)) for one in (phone, laptop)] == ["credentials.wrong"] * 2
        assert (await sign_in(registry, username)).status_code == 401
        assert (await sign_in(registry, username, OTHER)).status_code == 200

    async def test_refuses_a_wrong_old_one_and_pauses_who_guesses_with_a_stolen_token(self, registry: Running) -> None:
        username = (await an_account(registry)).json()["username"]
        token = await sign_in(registry, username)

        tries = [await self.change(registry, token, f"tebakan-{n}", OTHER) for n in range(6)]
        right = await self.change(registry, token, PASSWORD, OTHER)

        assert [one.status_code for one in tries] == [403] * 5 + [429]
        assert code_of(tries[0]) == "password.wrong"
        assert right.status_code == 429
        assert (await sign_in(registry, username)).status_code == 200

    async def test_refuses_the_same_one_a_short_one_and_a_program(self, registry: Running) -> None:
        token = await sign_in(registry, (await an_account(registry)).json()["username"])
        program = registry.token("partner", person=None)
        body = {"old_password": PASSWORD, "new_password": OTHER}

        same = await self.change(registry, token, PASSWORD, PASSWORD)
        short = await self.change(registry, token, PASSWORD, "pendek")
        none = await registry.http.post(f"{ACCOUNTS}/self/password", json=body, headers=program)
        nobody = await registry.http.post(f"{ACCOUNTS}/self/password", json=body)

        assert [code_of(one) for one in (same, short, none, nobody)] == [
            "password.same",
            "body.invalid",
            "password.none",
            "token.missing",
        ]


class TestSecrecy:
    async def test_of_code_and_password_leaves_neither_anywhere(
        self, registry: Running, capfd: pytest.CaptureFixture[str]
    ) -> None:
        secret = "rahasia-91c2-tak-boleh-tampak"
        invited = await invite(registry, operator(registry) | {"Idempotency-Key": "satu"})
        code = invited.json()["code"]
        await accept(registry, code, secret, **{"Idempotency-Key": new_id()})
        await accept(registry, code, secret)
        token = await sign_in(registry, invited.json()["username"], secret)
        await registry.http.post(
            f"{ACCOUNTS}/self/password",
            json={"old_password": secret, "new_password": f"{secret}-baru"},
            headers=bearer(token) | {"Idempotency-Key": "dua"},
        )
        await registry.seal()
        journal = await registry.http.get("/registry/v1/journal", headers=registry.service_token("planning"))
        kept = []
        async with registry.database.reads.connect() as connection:
            for name in registry.tables.names():
                kept += [str(tuple(row)) for row in await connection.execute(select(getattr(registry.tables, name)))]
        output = capfd.readouterr()
        seen = [journal.text, *kept, output.out, output.err]

        assert "invitation.accepted" in journal.text
        for hidden in (code, code.replace("-", ""), secret):
            assert not [one for one in seen if hidden in one]
        assert invited.json()["username"] not in journal.text

    @given(st.binary(min_size=CODE_BYTES, max_size=CODE_BYTES))
    def test_of_a_code_keeps_all_its_bits_on_paper(self, code: bytes) -> None:
        shown = written(code)

        assert len(code) * 8 >= 100
        assert read(shown) == read(shown.lower().replace("-", " "))
        assert not set(shown) & set("0189")
        assert len(read(shown)) == 26

    def test_lasts_a_week(self) -> None:
        assert timedelta(days=1) < INVITATION_LIFE <= timedelta(days=7)
        assert read_clock().tzinfo is not None
