import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from fastapi import Response
from sqlalchemy import func, select

from services.registry.partners import queries, service
from services.registry.partners.schemas import PartnerDraft
from shared.clock import Now
from shared.permissions import Anyone
from shared.replies import saved
from shared.routing import router
from shared.writing import MoneyWriting, Writing, forget_old_keys
from tests.house import Prepared, Running, code_of, etag, new_id, run
from tests.registry.signing import let_be_verified

BOARDS = "/registry/v1/boards"
PARTNERS = "/registry/v1/partners"
DRAFT = {"kelurahan_code": "34.71.03.1001", "name": "BKM Contoh", "founded_on": "2020-01-01"}
BANK = {"name": "Bank Contoh", "kind": "bank"}
WRONG_BODY = {"colour": "red"}
OPEN = "/registry/v1/drills/open"
SLOW = "/registry/v1/drills/slow"
MONEY = "/registry/v1/drills/money"


def key(value: str | None = None) -> dict[str, str]:
    return {"Idempotency-Key": value or new_id()}


async def boards(registry: Running) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = (await registry.http.get(BOARDS)).json()["items"]
    return items


async def kept(registry: Running) -> int:
    async with registry.database.reads.connect() as connection:
        table = registry.tables.idempotency_keys
        return int(await connection.scalar(select(func.count()).select_from(table)) or 0)


class Gate:
    """Lets a test hold a write in the middle of its transaction."""

    def __init__(self) -> None:
        self.entered = asyncio.Event()
        self.free = asyncio.Event()


@pytest.fixture(scope="module")
async def drills(prepared: Prepared, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    """Run a registry with three more routes: for nobody in particular, a slow one, and one that moves money."""
    async with run(prepared, "registry", tmp_path_factory.mktemp("drills")) as running:
        routes = router("/registry/v1/drills")

        async def recorded(session: Any, draft: PartnerDraft, by: Any, now: datetime) -> Response:
            partner_id, _ = await service.record_partner(session, draft, vault=running.app.state.vault, by=by, now=now)
            return saved(await queries.one_partner(session, partner_id, by, now), status=201, location="/somewhere")

        @routes.post("/open", status_code=201)
        async def open_to_all(by: Anyone, session: Writing, draft: PartnerDraft, now: Now) -> Response:
            return await recorded(session, draft, by, now)

        @routes.post("/slow", status_code=201)
        async def slow(by: Anyone, session: Writing, draft: PartnerDraft, now: Now) -> Response:
            gate: Gate = running.app.state.gate_of_drills
            gate.entered.set()
            await gate.free.wait()
            return await recorded(session, draft, by, now)

        @routes.post("/money", status_code=201)
        async def money(by: Anyone, session: MoneyWriting, draft: PartnerDraft, now: Now) -> Response:
            return await recorded(session, draft, by, now)

        running.app.include_router(routes)
        yield running


@asynccontextmanager
async def held(drills: Running, headers: dict[str, str]) -> AsyncIterator[asyncio.Task[httpx.Response]]:
    """Start a write and keep it from finishing until the block ends."""
    gate = drills.app.state.gate_of_drills = Gate()
    first = asyncio.create_task(drills.http.post(SLOW, json=BANK, headers=headers))
    await asyncio.wait_for(gate.entered.wait(), 5)
    try:
        yield first
    finally:
        gate.free.set()


class TestSameRequestAgain:
    async def test_gets_the_first_status_body_and_address_and_happens_once(self, registry: Running) -> None:
        headers = registry.token("facilitator") | key()

        first = await registry.http.post(BOARDS, json=DRAFT, headers=headers)
        again = await registry.http.post(BOARDS, json=DRAFT, headers=headers)

        assert (first.status_code, again.status_code) == (201, 201)
        assert again.content == first.content
        assert [again.headers[name] for name in ("Location", "ETag")] == [
            first.headers[name] for name in ("Location", "ETag")
        ]
        assert again.headers["Idempotency-Replayed"] == "true"
        assert "Idempotency-Replayed" not in first.headers
        assert len(await boards(registry)) == 1
        assert await registry.seal() == 1

    async def test_is_known_however_its_json_is_written(self, registry: Running) -> None:
        headers = registry.token("facilitator") | key() | {"Content-Type": "application/json"}
        turned = json.dumps(dict(reversed(DRAFT.items())), indent=3)

        await registry.http.post(BOARDS, content=json.dumps(DRAFT), headers=headers)
        again = await registry.http.post(BOARDS, content=turned, headers=headers)

        assert again.headers["Idempotency-Replayed"] == "true"

    async def test_of_an_edit_shows_what_was_answered_then_not_what_is_now(self, registry: Running) -> None:
        headers = registry.token("facilitator")
        board = await registry.http.post(BOARDS, json=DRAFT, headers=headers)
        address, edit = board.headers["Location"], headers | etag(board) | key()

        first = await registry.http.patch(address, json={"name": "BKM Dua"}, headers=edit)
        await registry.http.patch(address, json={"name": "BKM Tiga"}, headers=headers | etag(first))
        again = await registry.http.patch(address, json={"name": "BKM Dua"}, headers=edit)

        assert (again.status_code, again.json()["name"], again.json()["version"]) == (200, "BKM Dua", 2)
        assert (await boards(registry))[0]["version"] == 3

    async def test_of_an_act_replays_too(self, registry: Running) -> None:
        operator = registry.token("operator", regions=("*",))
        account = {"username": "seseorang", "password": "kata sandi panjang", "display_name": "Seseorang"}
        account |= {"roles": ["volunteer"], "regions": ["34.71"]}  # type: ignore[dict-item]
        opened = await registry.http.post("/registry/v1/accounts", json=account, headers=operator)
        address, headers = f"{opened.headers['Location']}/suspension", operator | etag(opened) | key()

        first = await registry.http.post(address, headers=headers)
        again = await registry.http.post(address, headers=headers)
        lifted = await registry.http.delete(address, headers=operator | etag(first) | {"Idempotency-Key": "x"})

        assert (first.status_code, again.headers["Idempotency-Replayed"]) == (200, "true")
        assert (lifted.status_code, lifted.json()["suspended"]) == (200, False)

    async def test_of_another_account_is_another_request(self, registry: Running) -> None:
        shared_key = key()

        first = await registry.http.post(BOARDS, json=DRAFT, headers=registry.token("facilitator") | shared_key)
        other = await registry.http.post(BOARDS, json=DRAFT, headers=registry.token("facilitator") | shared_key)

        assert (other.status_code, other.json()["existing"]) == (409, first.json()["id"])
        assert "Idempotency-Replayed" not in other.headers

    async def test_by_somebody_who_lost_authority_meanwhile_is_refused(self, registry: Running) -> None:
        sub, headers = new_id(), key()
        wide = registry.token("facilitator", sub=sub, regions=("34.71", "33.74"))
        narrow = registry.token("facilitator", sub=sub, regions=("34.71",))

        await registry.http.post(BOARDS, json=DRAFT, headers=wide | headers)
        again = await registry.http.post(BOARDS, json=DRAFT, headers=narrow | headers)

        assert (again.status_code, code_of(again)) == (403, "idempotency.authority_changed")

    async def test_with_a_new_token_of_the_same_account_is_still_the_same(self, registry: Running) -> None:
        sub, headers = new_id(), key()

        await registry.http.post(BOARDS, json=DRAFT, headers=registry.token("facilitator", sub=sub) | headers)
        again = await registry.http.post(BOARDS, json=DRAFT, headers=registry.token("facilitator", sub=sub) | headers)

        assert again.headers["Idempotency-Replayed"] == "true"


class TestSameKeyForSomethingElse:
    async def test_is_refused_for_another_body(self, registry: Running) -> None:
        headers = registry.token("facilitator") | key()

        await registry.http.post(BOARDS, json=DRAFT, headers=headers)
        other = await registry.http.post(BOARDS, json=DRAFT | {"name": "BKM Lain"}, headers=headers)

        assert (other.status_code, code_of(other)) == (422, "idempotency.key_reused")
        assert len(await boards(registry)) == 1

    async def test_is_refused_for_another_address(self, registry: Running) -> None:
        headers = registry.token("facilitator")
        drafts = (DRAFT, DRAFT | {"name": "BKM Lain"})
        one, two = [await registry.http.post(BOARDS, json=draft, headers=headers) for draft in drafts]
        edit = {"name": "BKM Baru"}
        once = headers | key()

        first = await registry.http.patch(one.headers["Location"], json=edit, headers=once | etag(one))
        other = await registry.http.patch(two.headers["Location"], json=edit, headers=once | etag(two))

        assert (first.status_code, other.status_code) == (200, 422)
        assert code_of(other) == "idempotency.key_reused"

    async def test_is_no_matter_on_another_route(self, registry: Running) -> None:
        headers = registry.token("city_coordinator") | key()

        board = await registry.http.post(BOARDS, json=DRAFT, headers=headers)
        partner = await registry.http.post(PARTNERS, json=BANK, headers=headers)

        assert (board.status_code, partner.status_code) == (201, 201)
        assert "Idempotency-Replayed" not in partner.headers


class TestTwoAtOnce:
    async def test_have_one_effect_whoever_comes_first(self, registry: Running) -> None:
        headers = registry.token("facilitator") | key()

        replies = await asyncio.gather(
            *(registry.http.post(BOARDS, json=DRAFT, headers=headers) for _ in range(4)),
        )

        fresh = [one for one in replies if one.status_code == 201 and "Idempotency-Replayed" not in one.headers]
        waiting = [one for one in replies if one.status_code == 409]
        replayed = [one for one in replies if one.headers.get("Idempotency-Replayed") == "true"]
        assert (len(fresh), len(waiting) + len(replayed)) == (1, 3)
        assert all(one.headers["Retry-After"] == "1" for one in waiting)
        assert all(one.content == fresh[0].content for one in replayed)
        assert len(await boards(registry)) == 1

    async def test_tell_the_second_to_wait_while_the_first_runs_then_replay(self, drills: Running) -> None:
        headers = key()

        async with held(drills, headers) as first:
            second = await asyncio.wait_for(drills.http.post(SLOW, json=BANK, headers=headers), 5)
            other_key = asyncio.create_task(drills.http.post(OPEN, json=BANK, headers=key()))
            assert (await other_key).status_code == 201
        third = (await first, await drills.http.post(SLOW, json=BANK, headers=headers))[1]

        assert (second.status_code, code_of(second)) == (409, "idempotency.still_running")
        assert int(second.headers["Retry-After"]) >= 1
        assert (third.headers["Idempotency-Replayed"], third.content) == ("true", (await first).content)

    async def test_leave_nothing_when_the_first_is_cut_off(self, drills: Running) -> None:
        headers = key()

        async with held(drills, headers) as first:
            first.cancel()
            await asyncio.gather(first, return_exceptions=True)
        drills.app.state.gate_of_drills.free.set()
        again = await drills.http.post(SLOW, json=BANK, headers=headers)

        assert again.status_code == 201
        assert "Idempotency-Replayed" not in again.headers


class TestKey:
    @pytest.mark.parametrize("value", ["a", "~" * 255, "!#", "01890a5d-ac96-774b-bcce-b302099a8057"])
    async def test_is_one_to_255_visible_characters(self, registry: Running, value: str) -> None:
        headers = registry.token("facilitator") | key(value)

        first = await registry.http.post(BOARDS, json=DRAFT, headers=headers)
        again = await registry.http.post(BOARDS, json=DRAFT, headers=headers)

        assert (first.status_code, again.headers["Idempotency-Replayed"]) == (201, "true")

    @pytest.mark.parametrize("value", [b"", b"a b", b"\xc3\xa9", b"a" * 256, b"a\tb", b"\x7f"])
    async def test_is_refused_in_any_other_form(self, registry: Running, value: bytes) -> None:
        headers = [*registry.token("facilitator").items(), ("Idempotency-Key", value)]

        reply = await registry.http.post(BOARDS, json=DRAFT, headers=headers)

        assert (reply.status_code, code_of(reply)) == (400, "idempotency.key_malformed")
        assert await boards(registry) == []

    async def test_of_nobody_must_be_a_uuid(self, drills: Running) -> None:
        guessable = await drills.http.post(OPEN, json=BANK, headers=key("laporan-1"))
        one = key()
        first = await drills.http.post(OPEN, json=BANK, headers=one)
        again = await drills.http.post(OPEN, json=BANK, headers=one)

        assert (guessable.status_code, code_of(guessable)) == (400, "idempotency.key_malformed")
        assert (first.status_code, again.headers["Idempotency-Replayed"]) == (201, "true")

    async def test_is_required_where_money_moves(self, drills: Running) -> None:
        without = await drills.http.post(MONEY, json=BANK)
        with_one = await drills.http.post(MONEY, json=BANK, headers=key())

        assert (without.status_code, code_of(without)) == (400, "idempotency.key_missing")
        assert with_one.status_code == 201

    async def test_is_not_kept_after_seven_days(self, registry: Running) -> None:
        headers = registry.token("facilitator") | key()
        table, now = registry.tables.idempotency_keys, datetime.now(UTC)
        await registry.http.post(BOARDS, json=DRAFT, headers=headers)

        async with registry.database.transaction() as session:
            soon = await forget_old_keys(session, table, now=now + timedelta(days=7, minutes=-1), days=7)
        still = await registry.http.post(BOARDS, json=DRAFT, headers=headers)
        async with registry.database.transaction() as session:
            later = await forget_old_keys(session, table, now=now + timedelta(days=7, minutes=1), days=7)
        anew = await registry.http.post(BOARDS, json=DRAFT, headers=headers)

        assert (soon, later) == (0, 1)
        assert still.headers["Idempotency-Replayed"] == "true"
        assert (anew.status_code, "Idempotency-Replayed" in anew.headers) == (409, False)


class TestWhatIsKept:
    @pytest.mark.parametrize(
        ("change", "status"),
        [({"colour": "red"}, 422), ({"founded_on": "2999-01-01"}, 422), ({"kelurahan_code": "33.74.01.1001"}, 403)],
    )
    async def test_leaves_out_what_was_refused(self, registry: Running, change: dict[str, Any], status: int) -> None:
        headers = registry.token("facilitator") | key()

        refused = await registry.http.post(BOARDS, json=DRAFT | change, headers=headers)
        mended = await registry.http.post(BOARDS, json=DRAFT, headers=headers)

        assert (refused.status_code, mended.status_code) == (status, 201)
        assert "Idempotency-Replayed" not in mended.headers

    async def test_leaves_out_what_failed(self, drills: Running) -> None:
        headers = key()
        async with drills.database.writes.begin() as connection:
            await connection.exec_driver_sql("ALTER TABLE partners RENAME TO mislaid")
        try:
            transport = httpx.ASGITransport(app=drills.app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as http:
                failed = await http.post(OPEN, json=BANK, headers=headers)
        finally:
            async with drills.database.writes.begin() as connection:
                await connection.exec_driver_sql("ALTER TABLE mislaid RENAME TO partners")

        again = await drills.http.post(OPEN, json=BANK, headers=headers)

        assert (failed.status_code, code_of(failed)) == (500, "server.failed")
        assert (again.status_code, "Idempotency-Replayed" in again.headers) == (201, False)

    async def test_leaves_out_secrets(self, registry: Running) -> None:
        headers = registry.token("operator", regions=("*",)) | key()
        client = {"id": new_id(), "name": "bank-contoh", "org": new_id(), "regions": ["34.71"]}
        await let_be_verified(registry, client["org"])

        first = await registry.http.post("/registry/v1/clients", json=client, headers=headers)
        again = await registry.http.post("/registry/v1/clients", json=client, headers=headers)

        assert first.json()["client_secret"] != again.json()["client_secret"]
        assert "Idempotency-Replayed" not in again.headers
        assert await kept(registry) == 0

    async def test_holds_no_body_that_came_in(self, registry: Running) -> None:
        headers = registry.token("facilitator") | key()

        await registry.http.post(BOARDS, json=DRAFT | {"phone": "0274000"}, headers=headers)

        table = registry.tables.idempotency_keys
        async with registry.database.reads.connect() as connection:
            row = (await connection.execute(select(table))).one()
        assert len(row.request_digest) == len(row.authority) == 32


@pytest.fixture
async def board(registry: Running) -> httpx.Response:
    return await registry.http.post(BOARDS, json=DRAFT, headers=registry.token("facilitator"))


class TestOrderOfJudgement:
    """Token, permission, replay, If-Match, validation, effect: each pair, the earlier one speaks."""

    async def test_token_before_permission(self, registry: Running, board: httpx.Response) -> None:
        bad = {"Authorization": "Bearer nonsense"} | key("no good key")

        reply = await registry.http.patch(board.headers["Location"], json=WRONG_BODY, headers=bad)

        assert (reply.status_code, code_of(reply)) == (401, "token.invalid")

    async def test_permission_before_the_key(self, registry: Running, board: httpx.Response) -> None:
        headers = registry.token("auditor") | key("no good key")

        reply = await registry.http.patch(board.headers["Location"], json=WRONG_BODY, headers=headers)

        assert (reply.status_code, code_of(reply)) == (403, "scope.missing")

    async def test_permission_before_replay(self, registry: Running) -> None:
        sub, headers = new_id(), key()
        await registry.http.post(BOARDS, json=DRAFT, headers=registry.token("facilitator", sub=sub) | headers)

        reply = await registry.http.post(BOARDS, json=DRAFT, headers=registry.token("auditor", sub=sub) | headers)

        assert (reply.status_code, code_of(reply)) == (403, "scope.missing")

    async def test_replay_before_if_match(self, registry: Running, board: httpx.Response) -> None:
        headers, edit = registry.token("facilitator") | key(), {"name": "BKM Baru"}
        await registry.http.patch(board.headers["Location"], json=edit, headers=headers | etag(board))

        stale = await registry.http.patch(board.headers["Location"], json=edit, headers=headers | etag(board))
        without = await registry.http.patch(board.headers["Location"], json=edit, headers=headers)

        assert [one.headers.get("Idempotency-Replayed") for one in (stale, without)] == ["true", "true"]

    async def test_a_reused_key_before_if_match_and_validation(self, registry: Running, board: httpx.Response) -> None:
        headers = registry.token("facilitator") | key()
        first = {"name": "BKM Baru"}
        await registry.http.patch(board.headers["Location"], json=first, headers=headers | etag(board))

        reply = await registry.http.patch(board.headers["Location"], json=WRONG_BODY, headers=headers)

        assert (reply.status_code, code_of(reply)) == (422, "idempotency.key_reused")

    async def test_if_match_before_validation(self, registry: Running, board: httpx.Response) -> None:
        headers = registry.token("facilitator")

        missing = await registry.http.patch(board.headers["Location"], json=WRONG_BODY, headers=headers)
        stale = await registry.http.patch(
            board.headers["Location"], json=WRONG_BODY, headers=headers | {"If-Match": '"9.0"'}
        )
        unreadable = await registry.http.patch(board.headers["Location"], content=b"{", headers=headers)

        assert [code_of(one) for one in (missing, stale, unreadable)] == [
            "version.missing",
            "version.stale",
            "version.missing",
        ]

    async def test_validation_before_effect(self, registry: Running, board: httpx.Response) -> None:
        headers = registry.token("facilitator") | etag(board)

        reply = await registry.http.patch(
            board.headers["Location"], json={"name": "BKM Baru", "colour": "red"}, headers=headers
        )

        assert (reply.status_code, code_of(reply)) == (422, "body.invalid")
        assert (await boards(registry))[0]["name"] == DRAFT["name"]
