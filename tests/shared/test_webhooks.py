"""Webhooks: every change that an owner may see arrives signed, once written never different, and never in a private network."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import select, update
from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError

from services.registry.app import SERVICE
from shared.authority import Authorities
from shared.clock import read_clock
from shared.delivering import DELAYS, Deliveries
from shared.journal import forget_payloads
from shared.outgoing import Answer, Outgoing
from shared.permissions import STANDINGS_SECONDS, Caller
from tests.house import Running, code_of, etag, new_id
from tests.registry.signing import a_client, operator
from tests.shared.receiving import Receiver

WEBHOOKS = "/registry/v1/webhooks"
BOARD = {"kelurahan_code": "34.71.03.1001", "name": "BKM Contoh", "founded_on": "2020-01-01"}
OWNER = str(uuid4())


@dataclass
class Worker:
    """Delivers as a worker does, at any time of day; `may` is what the owner may see now."""

    registry: Running
    may: Caller | None
    outgoing: Outgoing
    unheard: set[UUID] = field(default_factory=set)
    """Accounts of which nobody tells what they may."""

    async def _ask(self, account: UUID) -> Caller | None:
        if account in self.unheard:
            raise ConnectionError
        return self.may

    def deliveries(self) -> Deliveries:
        settings = self.registry.app.state.settings
        authorities = Authorities(self._ask, lambda: SERVICE.load_standings(self.registry.database))
        return Deliveries(
            SERVICE, self.registry.tables, self.registry.database, authorities, self.outgoing, settings.hmac_key
        )

    async def work(self, *, now: datetime | None = None) -> None:
        await self.registry.seal()
        working, now = self.deliveries(), now or read_clock()
        while await working.write(now=now) or await working.send(now=now):
            pass


@pytest.fixture
async def worker(registry: Running) -> AsyncIterator[Worker]:
    registry.app.state.settings = registry.app.state.settings.model_copy(update={"webhooks_allow_private": True})
    outgoing = Outgoing(allow_private=True)
    yield Worker(registry, Caller(account_id=UUID(OWNER)), outgoing)
    await outgoing.close()
    registry.app.state.settings = registry.app.state.settings.model_copy(update={"webhooks_allow_private": False})


async def opened(registry: Running, receiver: Receiver, **changes: Any) -> httpx.Response:
    headers = registry.token("partner", sub=OWNER)
    reply = await registry.http.post(WEBHOOKS, json={"url": receiver.url} | changes, headers=headers)
    assert reply.status_code == 201, reply.text
    return reply


async def a_board(registry: Running, **changes: Any) -> str:
    reply = await registry.http.post(
        "/registry/v1/boards", json=BOARD | changes, headers=registry.token("facilitator", regions=("*",))
    )
    assert reply.status_code == 201, reply.text
    return str(reply.json()["id"])


async def log_of(registry: Running, webhook: httpx.Response) -> list[dict[str, Any]]:
    address = f"{WEBHOOKS}/{webhook.json()['id']}/deliveries"
    items: list[dict[str, Any]] = (
        await registry.http.get(address, headers=registry.token("partner", sub=OWNER))
    ).json()["items"]
    return items


class TestDelivery:
    async def test_an_entry_arrives_as_in_the_feed_and_its_signature_holds(
        self, registry: Running, worker: Worker, receiver: Receiver
    ) -> None:
        await a_board(registry)
        await registry.seal()
        webhook = await opened(registry, receiver)
        board = await a_board(registry, name="BKM Baru")

        await worker.work()

        ((headers, body),) = receiver.received
        feed = (await registry.http.get("/registry/v1/journal?after=1")).json()["items"]
        assert [json.loads(body)] == feed
        assert json.loads(body)["subject"] == f"boards/{board}"
        assert Webhook(webhook.json()["secret"]).verify(body, headers)
        with pytest.raises(WebhookVerificationError):
            Webhook(webhook.json()["secret"]).verify(body + b" ", headers)
        assert [(one["state"], one["tries"], one["last_status"]) for one in await log_of(registry, webhook)] == [
            ("delivered", 1, 204)
        ]

    async def test_a_receiver_that_fails_for_an_hour_misses_nothing_and_sees_nothing_change(
        self, registry: Running, worker: Worker, receiver: Receiver
    ) -> None:
        webhook = await opened(registry, receiver)
        boards = [await a_board(registry, name=f"BKM Ke-{number}") for number in range(3)]
        receiver.status, start = 503, read_clock()
        for minutes in range(0, 60, 5):
            await worker.work(now=start + timedelta(minutes=minutes))
        failed = len(receiver.received)
        receiver.status = 200
        await worker.work(now=start + timedelta(hours=3))

        bodies: dict[str, set[bytes]] = {}
        for headers, body in receiver.received:
            bodies.setdefault(headers["webhook-id"], set()).add(body)
        arrived = {json.loads(body)["subject"] for _, body in receiver.received[failed:]}
        assert failed > 6
        assert arrived == {f"boards/{board}" for board in boards}
        assert [len(one) for one in bodies.values()] == [1, 1, 1]
        assert {one["state"] for one in await log_of(registry, webhook)} == {"delivered"}

    async def test_what_arrived_is_known_before_the_slowest_answers(
        self, registry: Running, worker: Worker, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        slow, quick = [await opened(registry, receiver, url=receiver.url + end) for end in ("?slow", "")]
        await a_board(registry)
        await registry.seal()
        post, answers = worker.outgoing.post, asyncio.Event()

        async def waits(url: str, **message: Any) -> Answer:
            if url.endswith("?slow"):
                await answers.wait()
            return await post(url, **message)

        monkeypatch.setattr(worker.outgoing, "post", waits)
        working, now = worker.deliveries(), read_clock()
        await working.write(now=now)
        sending = asyncio.create_task(working.send(now=now))
        async with asyncio.timeout(20):
            while (await log_of(registry, quick))[0]["state"] != "delivered":  # noqa: ASYNC110 - somebody else's row
                await asyncio.sleep(0)
        assert (await log_of(registry, slow))[0]["state"] == "waiting"
        answers.set()

        assert await sending == 2
        assert (await log_of(registry, slow))[0]["state"] == "delivered"

    async def test_one_account_takes_no_more_than_its_share_of_a_round(
        self, registry: Running, worker: Worker, receiver: Receiver
    ) -> None:
        for number in range(3):
            await opened(registry, receiver, url=f"{receiver.url}?of=many{number}")
        others = registry.token("partner")
        reply = await registry.http.post(WEBHOOKS, json={"url": f"{receiver.url}?of=one"}, headers=others)
        assert reply.status_code == 201
        for number in range(10):
            await a_board(registry, name=f"BKM Ke-{number}")
        await registry.seal()
        working, now = worker.deliveries(), read_clock()
        await working.write(now=now)

        assert await working.send(now=now) == 10
        assert sorted(Counter(path.rpartition("=")[2][:3] for path in receiver.paths).items()) == [
            ("man", 5),
            ("one", 5),
        ]

    async def test_where_many_wait_no_more_are_written_until_they_are_gone(
        self, registry: Running, worker: Worker, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("shared.delivering.SCAN", 4)
        webhook = await opened(registry, receiver)
        for number in range(10):
            await a_board(registry, name=f"BKM Ke-{number}")
        await registry.seal()
        working, now = worker.deliveries(), read_clock()
        for _ in range(3):
            await working.write(now=now)
        assert len(await log_of(registry, webhook)) == 4
        await worker.work()

        assert len(receiver.received) == 10
        assert {one["state"] for one in await log_of(registry, webhook)} == {"delivered"}

    async def test_one_that_breaks_what_sends_holds_up_no_other(
        self, registry: Running, worker: Worker, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        broken, sound = [await opened(registry, receiver, url=receiver.url + end) for end in ("?broken", "")]
        await a_board(registry)
        post = worker.outgoing.post

        async def breaks(url: str, **message: Any) -> Answer:
            if url.endswith("?broken"):
                raise RuntimeError
            return await post(url, **message)

        monkeypatch.setattr(worker.outgoing, "post", breaks)
        await worker.work()

        states = [
            [(one["state"], one["last_failure"]) for one in await log_of(registry, hook)] for hook in (broken, sound)
        ]
        assert states == [[("waiting", "unreachable")], [("delivered", None)]]

    async def test_after_three_days_it_is_dead_and_can_be_sent_again_from_a_position(
        self, registry: Running, worker: Worker, receiver: Receiver
    ) -> None:
        webhook = await opened(registry, receiver)
        await a_board(registry)
        receiver.status, moment = 500, read_clock()
        for delay in (timedelta(0), *DELAYS):
            moment += delay + timedelta(seconds=30)
            await worker.work(now=moment)
        dead = await log_of(registry, webhook)
        tries = len(receiver.received)
        receiver.status = 200
        await worker.work(now=moment + timedelta(days=9))
        assert len(receiver.received) == tries

        address = f"{WEBHOOKS}/{webhook.json()['id']}"
        headers = registry.token("partner", sub=OWNER)
        current = await registry.http.get(address, headers=headers)
        again = await registry.http.post(f"{address}/replay", json={"after": 0}, headers=headers | etag(current))
        await worker.work(now=moment + timedelta(days=9))

        assert [(one["state"], one["tries"]) for one in dead] == [("dead", len(DELAYS) + 1)]
        assert again.status_code == 200
        assert len(receiver.received) == tries + 1
        assert receiver.received[-1][0]["webhook-id"] != receiver.received[0][0]["webhook-id"]
        assert receiver.received[-1][1] == receiver.received[0][1]

    async def test_it_sends_only_what_its_owner_may_see_at_that_moment(
        self, registry: Running, worker: Worker, receiver: Receiver
    ) -> None:
        webhook = await opened(registry, receiver, subjects=["groups/"])
        board = await a_board(registry)
        group = {
            "board_id": board,
            "name": "KSM Contoh",
            "kind": "social",
            "bond": "interest",
            "members": 5,
            "women": 1,
        }
        facilitator = registry.token("facilitator")
        for name in ("KSM Satu", "KSM Dua"):
            draft = group | {"name": name, "formed_on": "2021-01-01"}
            await registry.http.post("/registry/v1/groups", json=draft, headers=facilitator)
        await worker.work()
        unseen = len(receiver.received)
        worker.may = Caller(account_id=UUID(OWNER), scopes=frozenset({"registry:journal:read"}), regions=("33",))
        await worker.work()
        elsewhere = len(receiver.received)
        worker.may = Caller(account_id=UUID(OWNER), scopes=frozenset({"registry:journal:read"}), regions=("34.71",))
        address = f"{WEBHOOKS}/{webhook.json()['id']}"
        headers = registry.token("partner", sub=OWNER)
        current = await registry.http.get(address, headers=headers)
        await registry.http.post(f"{address}/replay", json={"after": 0}, headers=headers | etag(current))
        await worker.work()

        assert (unseen, elsewhere, len(receiver.received)) == (0, 0, 2)

    async def test_nothing_is_looked_through_for_who_may_not_sign_in(
        self, registry: Running, worker: Worker, receiver: Receiver
    ) -> None:
        webhook = await opened(registry, receiver)
        await a_board(registry)
        worker.may = None
        await worker.work()
        waiting = len(receiver.received)
        worker.may = Caller(account_id=UUID(OWNER))
        await worker.work()

        assert (waiting, len(receiver.received)) == (0, 1)
        assert webhook.status_code == 201

    async def test_what_waits_for_a_suspended_owner_stays_until_they_are_let_in_again(
        self, registry: Running, worker: Worker, receiver: Receiver
    ) -> None:
        client = await a_client(registry)
        owner, address = client.json()["id"], f"{client.headers['Location']}/suspension"
        hook = await registry.http.post(
            WEBHOOKS, json={"url": receiver.url}, headers=registry.token("partner", sub=owner)
        )
        receiver.status, now = 500, read_clock()
        await a_board(registry)
        await registry.seal()
        working = worker.deliveries()
        assert await working.write(now=now) == await working.send(now=now) == 1
        receiver.status = 200
        suspended = await registry.http.post(address, headers=operator(registry) | etag(client))
        assert suspended.status_code < 300, suspended.text
        await asyncio.sleep(STANDINGS_SECONDS + 0.1)

        # The same process, which remembers an answer of a moment ago.
        assert await working.send(now=now + timedelta(hours=1)) == 0
        assert len(receiver.received) == 1
        let_in = await registry.http.delete(address, headers=operator(registry) | etag(suspended))
        assert let_in.status_code < 300, let_in.text
        await asyncio.sleep(STANDINGS_SECONDS + 0.1)
        assert await working.send(now=now + timedelta(hours=1)) == 1
        assert hook.status_code == 201

    async def test_one_owner_nobody_can_tell_of_holds_up_no_other(
        self, registry: Running, worker: Worker, receiver: Receiver
    ) -> None:
        stranger = str(uuid4())
        reply = await registry.http.post(
            WEBHOOKS, json={"url": f"{receiver.url}?unheard"}, headers=registry.token("partner", sub=stranger)
        )
        assert reply.status_code == 201
        await opened(registry, receiver)
        worker.unheard = {UUID(stranger)}
        await a_board(registry)
        await worker.work()
        held = list(receiver.paths)
        worker.unheard = set()
        await worker.work()

        assert (held, receiver.paths) == (["/hook"], ["/hook", "/hook?unheard"])

    async def test_what_was_known_of_an_owner_holds_while_nobody_answers(
        self, registry: Running, worker: Worker, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("shared.authority.REMEMBERED_SECONDS", 0.0)
        await opened(registry, receiver)
        working, now = worker.deliveries(), read_clock()
        for number in range(2):
            await a_board(registry, name=f"BKM Ke-{number}")
            await registry.seal()
            assert await working.write(now=now) == await working.send(now=now) == 1
            worker.unheard = {UUID(OWNER)}

    async def test_what_was_erased_while_it_waited_is_sent_to_nobody(
        self, registry: Running, worker: Worker, receiver: Receiver
    ) -> None:
        webhook = await opened(registry, receiver)
        first, second = await a_board(registry, name="BKM Satu"), await a_board(registry, name="BKM Dua")
        await registry.seal()
        working, now = worker.deliveries(), read_clock()
        assert await working.write(now=now) == 2
        async with registry.database.transaction() as session:
            await forget_payloads(session, {f"boards/{first}"})
            told = registry.tables.webhook_deliveries
            kept = (await session.scalars(select(told.c.body).where(told.c.state == "dead"))).all()
        # Written in the same moment as the other was erased.
        entries = registry.tables.journal_entries
        async with registry.database.writes.begin() as connection:
            gone = update(entries).where(entries.c.subject == f"boards/{second}")
            await connection.execute(gone.values(payload=None, nonce=None))
        await working.send(now=now)
        third = await a_board(registry, name="BKM Tiga")
        await worker.work()

        assert kept == [None]
        assert [json.loads(body)["subject"] for _, body in receiver.received] == [f"boards/{third}"]
        assert [(one["state"], one["last_failure"]) for one in await log_of(registry, webhook)] == [
            ("delivered", None),
            ("dead", "erased"),
            ("dead", "erased"),
        ]

    async def test_of_what_was_erased_before_the_entry_is_sent_without_its_content(
        self, registry: Running, worker: Worker, receiver: Receiver
    ) -> None:
        await opened(registry, receiver)
        board = await a_board(registry)
        async with registry.database.transaction() as session:
            await forget_payloads(session, {f"boards/{board}"})
        # Seen for its place alone, since what it said is gone.
        await worker.work()

        assert [(json.loads(body)["erased"], json.loads(body)["data"]) for _, body in receiver.received] == [
            (True, None)
        ]

    async def test_filters_by_subject_and_region(self, registry: Running, worker: Worker, receiver: Receiver) -> None:
        await opened(registry, receiver, subjects=["boards/"], regions=["33"])
        await a_board(registry)
        elsewhere = await a_board(registry, kelurahan_code="33.74.01.1001")

        await worker.work()

        assert [json.loads(body)["subject"] for _, body in receiver.received] == [f"boards/{elsewhere}"]

    async def test_two_workers_at_once_send_each_message_once(
        self, registry: Running, worker: Worker, receiver: Receiver
    ) -> None:
        await opened(registry, receiver)
        for number in range(12):
            await a_board(registry, name=f"BKM Ke-{number}")
        await registry.seal()
        one, two = worker.deliveries(), worker.deliveries()
        now = read_clock()

        await asyncio.gather(one.write(now=now), two.write(now=now))
        await asyncio.gather(*(side.send(now=now) for side in (one, two, one, two)))

        subjects = [json.loads(body)["subject"] for _, body in receiver.received]
        assert len(subjects) == len(set(subjects)) == 12

    async def test_an_address_that_is_gone_is_not_tried_any_more(
        self, registry: Running, worker: Worker, receiver: Receiver
    ) -> None:
        webhook = await opened(registry, receiver)
        receiver.status = 410
        for number in range(3):
            await a_board(registry, name=f"BKM Ke-{number}")
            await worker.work()

        shown = await registry.http.get(
            f"{WEBHOOKS}/{webhook.json()['id']}", headers=registry.token("partner", sub=OWNER)
        )
        assert (shown.json()["paused"], len(receiver.received)) == ("gone", 1)

    async def test_a_new_secret_signs_beside_the_old_one_for_a_day(
        self, registry: Running, worker: Worker, receiver: Receiver
    ) -> None:
        webhook = await opened(registry, receiver)
        address, headers = f"{WEBHOOKS}/{webhook.json()['id']}", registry.token("partner", sub=OWNER)
        renewed = await registry.http.post(f"{address}/secrets", headers=headers | etag(webhook))
        old, new = webhook.json()["secret"], renewed.json()["secret"]
        await a_board(registry)
        await worker.work()
        (signed, body) = receiver.received[-1]

        assert old != new
        assert Webhook(old).verify(body, signed)
        assert Webhook(new).verify(body, signed)


class TestOwnership:
    async def test_it_waits_for_nothing_that_the_journal_never_tells(self, registry: Running) -> None:
        url, headers = {"url": "https://example.org/hook"}, registry.token("partner")
        wrong = await registry.http.post(WEBHOOKS, json=url | {"subjects": ["boards/", "board/"]}, headers=headers)
        right = {"subjects": ["savings_months/", "regions/34.71", f"boards/{new_id()}"]}
        made = await registry.http.post(WEBHOOKS, json=url | right, headers=headers)
        change = {"subjects": ["colours/"]}
        address = f"{WEBHOOKS}/{made.json()['id']}"
        edited = await registry.http.patch(address, json=change, headers=headers | etag(made))
        followed = await registry.http.get("/registry/v1/journal?subject=colours/")

        assert [one["pointer"] for one in wrong.json()["errors"]] == ["/subjects/1"]
        assert (made.status_code, made.json()["subjects"]) == (201, right["subjects"])
        assert [one["pointer"] for one in edited.json()["errors"]] == ["/subjects/0"]
        assert (code_of(followed), [one["pointer"] for one in followed.json()["errors"]]) == (
            "query.invalid",
            ["/subject"],
        )

    async def test_it_begins_no_later_than_the_journal_ends(self, registry: Running) -> None:
        await a_board(registry)
        position, headers = await registry.seal(), registry.token("partner")
        url = {"url": "https://example.org/hook"}
        ahead = await registry.http.post(WEBHOOKS, json=url | {"after": position + 1}, headers=headers)
        here = await registry.http.post(WEBHOOKS, json=url | {"after": position}, headers=headers)

        assert (ahead.status_code, [one["pointer"] for one in ahead.json()["errors"]]) == (422, ["/after"])
        assert (here.status_code, here.json()["position"]) == (201, position)

    async def test_nobody_else_knows_of_a_webhook(self, registry: Running, worker: Worker, receiver: Receiver) -> None:
        webhook = await opened(registry, receiver)
        address, stranger = f"{WEBHOOKS}/{webhook.json()['id']}", registry.token("operator", regions=("*",))

        assert (await registry.http.get(address, headers=stranger)).status_code == 404
        assert (await registry.http.get(WEBHOOKS, headers=stranger)).json()["items"] == []
        assert (await registry.http.get(f"{address}/deliveries", headers=stranger)).status_code == 404
        assert (await registry.http.delete(address, headers=stranger | etag(webhook))).status_code == 404
        assert (await registry.http.get(WEBHOOKS)).status_code == 401
        assert worker.may is not None

    async def test_its_secret_is_shown_once_and_kept_nowhere(
        self, registry: Running, worker: Worker, receiver: Receiver
    ) -> None:
        headers = registry.token("partner", sub=OWNER) | {"Idempotency-Key": new_id()}
        reply = await registry.http.post(WEBHOOKS, json={"url": receiver.url}, headers=headers)
        secret = reply.json()["secret"]
        shown = await registry.http.get(f"{WEBHOOKS}/{reply.json()['id']}", headers=headers)

        assert "secret" not in shown.json()
        async with registry.database.reads.connect() as connection:
            for name in ("webhooks", "idempotency_keys", "journal_entries"):
                rows = (await connection.execute(getattr(registry.tables, name).select())).all()
                assert secret not in str(rows)
        assert worker.may is not None

    async def test_is_edited_paused_and_deleted_by_its_version(
        self, registry: Running, worker: Worker, receiver: Receiver
    ) -> None:
        webhook = await opened(registry, receiver)
        address, headers = f"{WEBHOOKS}/{webhook.json()['id']}", registry.token("partner", sub=OWNER)
        without = await registry.http.patch(address, json={"paused": True}, headers=headers)
        paused = await registry.http.patch(address, json={"paused": True}, headers=headers | etag(webhook))
        await a_board(registry)
        await worker.work()
        silent = len(receiver.received)
        stale = await registry.http.patch(address, json={"paused": False}, headers=headers | etag(webhook))
        resumed = await registry.http.patch(address, json={"paused": False}, headers=headers | etag(paused))
        await worker.work()
        gone = await registry.http.delete(address, headers=headers | etag(resumed))

        assert (code_of(without), code_of(stale)) == ("version.missing", "version.stale")
        assert (paused.json()["paused"], silent, len(receiver.received)) == ("by_owner", 0, 1)
        assert (gone.status_code, (await registry.http.get(address, headers=headers)).status_code) == (204, 404)

    async def test_there_are_not_too_many(self, registry: Running, worker: Worker, receiver: Receiver) -> None:
        for _ in range(20):
            await opened(registry, receiver)
        reply = await registry.http.post(
            WEBHOOKS, json={"url": receiver.url}, headers=registry.token("partner", sub=OWNER)
        )

        assert (reply.status_code, code_of(reply)) == (409, "webhook.too_many")
        assert worker.may is not None
