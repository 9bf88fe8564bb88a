import asyncio
import base64
import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from sqlalchemy import func, select, text

from shared.clock import JAKARTA, read_clock
from shared.journal import Change, record
from shared.permissions import Caller
from shared.sealing import BATCH, HeadKey, seal, sign_head
from tests.house import Running, code_of, new_id

JOURNAL = "/registry/v1/journal"
BOARDS = "/registry/v1/boards"
GROUPS = "/registry/v1/groups"
HERE, ELSEWHERE = "34.71.03.1001", "33.74.01.1001"
WRITER = Caller(account_id=UUID(int=7))


def draft(place: str = HERE, name: str = "BKM Contoh") -> dict[str, Any]:
    return {"kelurahan_code": place, "name": name, "founded_on": "2020-01-01", "phone": "0274999888"}


async def a_board(registry: Running, place: str = HERE, name: str = "BKM Contoh") -> str:
    reply = await registry.http.post(
        BOARDS, json=draft(place, name), headers=registry.token("facilitator", regions=("*",))
    )
    return str(reply.json()["id"])


async def a_group(registry: Running, board_id: str) -> str:
    group = {"board_id": board_id, "name": "KSM Contoh", "kind": "social", "bond": "domicile"}
    numbers = {"formed_on": "2021-01-01", "members": 7, "women": 4}
    headers = registry.token("facilitator", regions=("*",))
    return str((await registry.http.post(GROUPS, json=group | numbers, headers=headers)).json()["id"])


async def an_account(registry: Running) -> str:
    account = {"username": "seseorang", "password": "kata sandi panjang", "display_name": "Seseorang"}
    more = {"roles": ["volunteer"], "regions": ["34.71"]}
    headers = registry.token("operator", regions=("*",))
    return str((await registry.http.post("/registry/v1/accounts", json=account | more, headers=headers)).json()["id"])


async def feed(registry: Running, query: str = "", headers: Mapping[str, str] | None = None) -> dict[str, Any]:
    reply = await registry.http.get(f"{JOURNAL}?{query}", headers=headers)
    assert reply.status_code == 200, reply.text
    answer: dict[str, Any] = json.loads(reply.content)
    return answer


async def chain(registry: Running) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = (await registry.http.get(f"{JOURNAL}/digests?limit=10000")).json()["items"]
    return items


def first_break(links: list[dict[str, Any]], events: list[dict[str, Any]]) -> int | None:
    """Verify a chain and its payloads with nothing of the house's own; return where it first fails."""
    previous, payloads = bytes(32), {one["position"]: one for one in events}
    for number, link in enumerate(links, start=1):
        header = json.dumps(
            {"position": number, "service": "registry", "time": link["time"]}, separators=(",", ":"), sort_keys=True
        )
        of_payload = bytes.fromhex(link["payload_digest"])
        previous = hashlib.sha256(previous + header.encode() + of_payload).digest()
        if link["position"] != number or link["digest"] != previous.hex():
            return number
        shown = payloads.get(number)
        if shown is not None and shown["data"] is not None:
            written = json.dumps(shown["data"], ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()
            if hashlib.sha256(bytes.fromhex(shown["nonce"]) + written).digest() != of_payload:
                return number
    return None


async def write(registry: Running, subject: str, *, count: int = 1, place: str = HERE) -> None:
    async with registry.database.transaction() as session:
        for number in range(count):
            change = Change("board.recorded", f"boards/{subject}", place, {"id": subject, "number": number})
            record(session, change, by=WRITER, now=read_clock())


async def seal_once(registry: Running) -> int:
    async with registry.database.transaction() as session:
        return await seal(
            session,
            entries=registry.tables.journal_entries,
            head=registry.tables.journal_head,
            service="registry",
            now=read_clock(),
        )


class TestSealing:
    async def test_gives_gapless_positions_while_many_write_and_many_seal(self, registry: Running) -> None:
        writers = [write(registry, f"w{writer}", count=5) for writer in range(20)]
        sealers = [seal_once(registry) for _ in range(6)]

        sealed = await asyncio.gather(*writers, *sealers)
        position = await registry.seal()

        links = await chain(registry)
        assert position == 100
        assert [link["position"] for link in links] == list(range(1, 101))
        assert first_break(links, (await feed(registry, "limit=1000"))["items"]) is None
        assert sum(count or 0 for count in sealed) <= 100

    async def test_keeps_the_entries_of_one_transaction_together_and_in_order(self, registry: Running) -> None:
        await asyncio.gather(*(write(registry, f"w{writer}", count=3) for writer in range(8)))
        await registry.seal()

        items = (await feed(registry, "limit=1000"))["items"]

        numbers: dict[str, list[int]] = {}
        for one in items:
            numbers.setdefault(one["subject"], []).append(one["data"]["data"]["number"])
        assert set(map(tuple, numbers.values())) == {(0, 1, 2)}

    async def test_takes_at_most_a_batch_at_once(self, registry: Running) -> None:
        await write(registry, "many", count=BATCH + 5)

        counts = [await seal_once(registry) for _ in range(3)]

        assert counts == [BATCH, 5, 0]

    async def test_waits_for_what_is_not_committed_without_losing_it(self, registry: Running) -> None:
        async with registry.database.writes.connect() as open_one:
            await open_one.execute(
                text(
                    "INSERT INTO journal_entries (recorded_at, action, subject, payload_digest)"
                    " VALUES (now(), 'board.recorded', 'boards/early', decode(repeat('11', 32), 'hex'))"
                )
            )
            await write(registry, "late")
            before = await registry.seal()
            await open_one.commit()
        after = await registry.seal()

        assert (before, after) == (1, 2)
        assert first_break(await chain(registry), []) is None

    async def test_leaves_no_entry_of_a_write_that_was_rolled_back(self, registry: Running) -> None:
        class CutOffError(Exception): ...

        async def cut_off() -> None:
            async with registry.database.transaction() as session:
                record(session, Change("board.recorded", "boards/x", HERE, {}), by=WRITER, now=read_clock())
                raise CutOffError

        with pytest.raises(CutOffError):
            await cut_off()

        assert await registry.seal() == 0

    @pytest.mark.parametrize("column", ["payload", "nonce", "payload_digest", "digest"])
    async def test_makes_one_changed_byte_show(self, registry: Running, column: str) -> None:
        for number in range(5):
            await a_board(registry, name=f"BKM {number}")
        await registry.seal()
        sound = first_break(await chain(registry), (await feed(registry))["items"])

        # The byte at 60 lies in a text of the payload; a digest has 32 bytes and a nonce 16.
        at = {"payload": 60, "nonce": 5}.get(column, 9)
        async with registry.database.writes.begin() as connection:
            await connection.execute(
                text(
                    f"UPDATE journal_entries SET {column} = set_byte({column}, {at}, get_byte({column}, {at}) # 1)"  # noqa: S608
                    " WHERE position = 3"
                )
            )

        assert sound is None
        assert first_break(await chain(registry), (await feed(registry))["items"]) == 3

    async def test_makes_a_removed_entry_show(self, registry: Running) -> None:
        await write(registry, "x", count=4)
        await registry.seal()

        async with registry.database.writes.begin() as connection:
            await connection.execute(text("DELETE FROM journal_entries WHERE position = 2"))

        assert first_break(await chain(registry), []) == 2

    async def test_survives_the_erasure_of_a_payload(self, registry: Running) -> None:
        await write(registry, "x", count=3)
        await registry.seal()
        async with registry.database.writes.begin() as connection:
            await connection.execute(text("UPDATE journal_entries SET payload = NULL, nonce = NULL WHERE position = 2"))

        events = (await feed(registry, headers=registry.service_token("planning")))["items"]

        assert [(one["position"], one["data"] is None, one["nonce"]) for one in events][1] == (2, True, None)
        assert first_break(await chain(registry), events) is None


class TestPayload:
    async def test_tells_who_did_what_where_and_what_it_is_now(self, registry: Running) -> None:
        sub = new_id()
        headers = registry.token("facilitator", sub=sub)
        board = (await registry.http.post(BOARDS, json=draft(), headers=headers)).json()
        await registry.seal()

        entry = (await feed(registry))["items"][0]

        assert entry["data"] == {
            "action": "board.recorded",
            "actor": sub,
            "subject": f"boards/{board['id']}",
            "place": HERE,
            "occurred_on": "2020-01-01",
            "data": {
                "id": board["id"],
                "kelurahan_code": HERE,
                "name": "BKM Contoh",
                "founded_on": "2020-01-01",
                "legal_status": "none",
                "deed_number": None,
                "dissolved_on": None,
                "version": 1,
            },
        }
        assert (entry["specversion"], entry["type"], entry["source"]) == ("1.0", "board.recorded", "/registry")

    async def test_holds_no_phone_not_even_for_the_services(self, registry: Running) -> None:
        board_id = await a_board(registry)
        board = await registry.http.get(f"{BOARDS}/{board_id}", headers=registry.token("facilitator"))
        change = registry.token("facilitator") | {"If-Match": board.headers["ETag"]}
        await registry.http.patch(f"{BOARDS}/{board_id}", json={"phone": "0274777666"}, headers=change)
        await registry.seal()

        reply = await registry.http.get(JOURNAL, headers=registry.service_token("planning"))

        assert len(reply.json()["items"]) == 2
        assert not [word for word in (b"0274999888", b"0274777666", b"phone") if word in reply.content]

    async def test_of_an_account_names_nobody(self, registry: Running) -> None:
        await an_account(registry)
        await registry.seal()

        reply = await registry.http.get(JOURNAL, headers=registry.service_token("planning"))

        assert len(reply.json()["items"]) == 2
        assert b"eseorang" not in reply.content
        assert b"sandi" not in reply.content

    async def test_is_salted_so_that_equal_ones_do_not_show(self, registry: Running) -> None:
        for _ in range(2):
            async with registry.database.transaction() as session:
                record(session, Change("group.recorded", "groups/1", HERE, {}), by=WRITER, now=read_clock())
        await registry.seal()

        one, two = await chain(registry)

        assert one["payload_digest"] != two["payload_digest"]


class TestAudience:
    @pytest.fixture
    async def journal(self, registry: Running) -> Running:
        here = await a_board(registry)
        there = await a_board(registry, ELSEWHERE)
        await a_group(registry, here)
        await a_group(registry, there)
        await an_account(registry)
        await registry.seal()
        return registry

    @staticmethod
    def kinds(page: Mapping[str, Any]) -> list[tuple[str, str | None]]:
        return [(one["type"], one["data"]["place"]) for one in page["items"]]

    async def test_of_nobody_is_what_is_public(self, journal: Running) -> None:
        page = await feed(journal)

        assert self.kinds(page) == [("board.recorded", HERE), ("board.recorded", ELSEWHERE)]
        assert (page["next"], page["head"]) == (6, 6)

    async def test_of_a_facilitator_reaches_the_own_region(self, journal: Running) -> None:
        page = await feed(journal, headers=journal.token("facilitator"))

        assert self.kinds(page) == [("board.recorded", HERE), ("board.recorded", ELSEWHERE), ("group.recorded", HERE)]

    async def test_of_a_neighbouring_code_stops_at_the_dot(self, journal: Running) -> None:
        page = await feed(journal, headers=journal.token("facilitator", regions=("34.7", "33.7")))

        assert "group.recorded" not in [kind for kind, _ in self.kinds(page)]

    async def test_of_the_nation_leaves_out_what_is_internal(self, journal: Running) -> None:
        page = await feed(journal, headers=journal.token("auditor", regions=("*",)))

        assert len(page["items"]) == 4
        assert "account.opened" not in [kind for kind, _ in self.kinds(page)]

    async def test_of_a_partner_is_what_is_public(self, journal: Running) -> None:
        page = await feed(journal, headers=journal.token("partner", regions=("*",)))

        assert len(page["items"]) == 2

    async def test_of_an_operator_without_programme_data_is_what_is_public(self, journal: Running) -> None:
        page = await feed(journal, headers=journal.token("operator", regions=("*",)))

        assert len(page["items"]) == 2

    async def test_of_the_services_is_everything(self, journal: Running) -> None:
        page = await feed(journal, headers=journal.service_token("monitoring"))

        assert [one["position"] for one in page["items"]] == [1, 2, 3, 4, 5, 6]

    async def test_of_the_chain_is_everybody(self, journal: Running) -> None:
        links = await chain(journal)

        assert len(links) == 6
        assert first_break(links, (await feed(journal))["items"]) is None
        assert {"nonce", "data", "subject", "type"}.isdisjoint(links[0])

    @staticmethod
    async def move(journal: Running, code_now: str) -> None:
        places = journal.tables.places
        async with journal.database.writes.begin() as connection:
            await connection.execute(places.update().where(places.c.kelurahan_code == HERE).values(code_now=code_now))

    async def test_follows_a_place_to_its_new_code(self, journal: Running) -> None:
        await self.move(journal, "34.04.01.1001")
        try:
            now = await feed(journal, headers=journal.token("facilitator", regions=("34.04",)))
            by_region = await feed(journal, "region=34.04")
        finally:
            await self.move(journal, HERE)

        assert ("group.recorded", HERE) in self.kinds(now)
        assert self.kinds(by_region) == [("board.recorded", HERE)]


class TestFeed:
    async def test_takes_one_subject_or_all_of_a_kind(self, registry: Running) -> None:
        one, _ = await a_board(registry), await a_board(registry, name="BKM Dua")
        await a_group(registry, one)
        await registry.seal()
        headers = registry.service_token("planning")

        of_kind = await feed(registry, "subject=boards/", headers)
        of_one = await feed(registry, f"subject=boards/{one}", headers)
        of_none = await feed(registry, "subject=partners/", headers)

        assert [[item["position"] for item in page["items"]] for page in (of_kind, of_one, of_none)] == [
            [1, 2],
            [1],
            [],
        ]
        assert {page["next"] for page in (of_kind, of_one, of_none)} == {3}
        for unknown in ("board", "%25/", "boards%2525/"):
            refused = await registry.http.get(f"{JOURNAL}?subject={unknown}")
            assert (refused.status_code, code_of(refused)) == (400, "query.invalid")

    async def test_takes_a_region_at_a_dot(self, registry: Running) -> None:
        await a_board(registry)
        await a_board(registry, ELSEWHERE)
        await registry.seal()

        found = [
            [one["position"] for one in (await feed(registry, f"region={code}"))["items"]]
            for code in ("34", "34.71", HERE, "33.74.01", "34.71.04", "35")
        ]

        assert found == [[1], [1], [1], [2], [], []]

    async def test_names_the_last_position_it_looked_at(self, registry: Running) -> None:
        for name in ("Satu", "Dua", "Tiga"):
            await a_board(registry, name=f"BKM {name}")
        await registry.seal()

        pages = [await feed(registry, f"after={after}&limit=2") for after in (0, 2, 3)]

        assert [(len(page["items"]), page["next"]) for page in pages] == [(2, 2), (1, 3), (0, 3)]

    async def test_misses_nothing_and_repeats_nothing_when_paged(self, registry: Running) -> None:
        await write(registry, "x", count=23)
        await registry.seal()
        seen: list[int] = []
        after = 0

        while len(page := (await feed(registry, f"after={after}&limit=5"))["items"]):
            seen += [one["position"] for one in page]
            after = page[-1]["position"]

        assert seen == list(range(1, 24))

    async def test_shows_nothing_that_is_not_sealed(self, registry: Running) -> None:
        await a_board(registry)

        assert await feed(registry) == {"items": [], "next": 0, "head": 0}

    @pytest.mark.parametrize(
        "query", ["limit=1001", "wait=26", "after=-1", "colour=red", "region=x", "after=0&after=1"]
    )
    async def test_refuses_what_it_does_not_know(self, registry: Running, query: str) -> None:
        assert (await registry.http.get(f"{JOURNAL}?{query}")).status_code == 400

    async def test_says_how_far_the_journal_really_is_to_who_claims_to_be_further(self, registry: Running) -> None:
        await write(registry, "x", count=3)
        await registry.seal()

        page = await feed(registry, "after=9&wait=5")

        assert (page["items"], page["next"], page["head"]) == ([], 9, 3)

    async def test_wakes_on_a_new_entry_and_holds_no_connection_meanwhile(self, registry: Running) -> None:
        pools = [engine.pool for engine in (registry.database.reads, registry.database.writes)]
        waiting = [asyncio.create_task(feed(registry, "wait=20")) for _ in range(12)]
        await asyncio.sleep(0.3)
        for _ in range(100):
            await asyncio.sleep(0.05)
            held = sum(pool.checkedout() for pool in pools)  # type: ignore[attr-defined]
            if not held:
                break
        resting = not any(task.done() for task in waiting)

        board_id = await a_board(registry)
        await seal_once(registry)
        written = asyncio.get_running_loop().time()
        pages = await asyncio.gather(*waiting)

        assert (held, resting) == (0, True)
        assert {page["items"][0]["subject"] for page in pages} == {f"boards/{board_id}"}
        assert asyncio.get_running_loop().time() - written < 8

    async def test_goes_on_waiting_when_what_came_is_not_for_the_caller(self, registry: Running) -> None:
        waiting = asyncio.create_task(feed(registry, "wait=20&subject=boards/"))
        await asyncio.sleep(0.2)

        await an_account(registry)
        await seal_once(registry)
        await asyncio.sleep(0.3)
        still = waiting.done()
        await a_board(registry)
        await seal_once(registry)
        page = await asyncio.wait_for(waiting, 10)

        assert not still
        assert [one["position"] for one in page["items"]] == [3]

    async def test_answers_empty_when_the_wait_is_over(self, registry: Running) -> None:
        started = asyncio.get_running_loop().time()

        page = await feed(registry, "wait=1")

        assert page == {"items": [], "next": 0, "head": 0}
        assert 0.9 < asyncio.get_running_loop().time() - started < 3

    async def test_goes_on_where_a_list_stood(self, registry: Running) -> None:
        await a_board(registry)
        await registry.seal()
        listed = await registry.http.get(BOARDS)
        await a_board(registry, name="BKM Dua")
        await registry.seal()

        page = await feed(registry, f"after={listed.headers['Journal-Position']}")

        assert [one["data"]["data"]["name"] for one in page["items"]] == ["BKM Dua"]


def unpadded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


class TestDailyHead:
    @staticmethod
    async def sign(registry: Running, now: datetime) -> bool:
        key: HeadKey = registry.app.state.head_key
        async with registry.database.transaction() as session:
            return await sign_head(
                session,
                head=registry.tables.journal_head,
                signed=registry.tables.journal_signed_heads,
                service="registry",
                key=key,
                now=now,
            )

    async def test_is_signed_once_a_day_of_the_programme(self, registry: Running) -> None:
        await write(registry, "x")
        await registry.seal()
        evening = datetime(2026, 3, 1, 23, 59, tzinfo=JAKARTA).astimezone(UTC)

        signed = [
            await self.sign(registry, now)
            for now in (evening, evening + timedelta(seconds=30), evening + timedelta(minutes=2))
        ]

        assert signed == [True, False, True]
        async with registry.database.reads.connect() as connection:
            days = (await connection.scalars(select(registry.tables.journal_signed_heads.c.day))).all()
        assert sorted(days) == [date(2026, 3, 1), date(2026, 3, 2)]

    async def test_is_signed_once_however_many_workers_try(self, registry: Running) -> None:
        await write(registry, "x")
        await registry.seal()

        signed = await asyncio.gather(*(self.sign(registry, read_clock()) for _ in range(4)))

        assert sorted(signed) == [False, False, False, True]

    async def test_is_not_signed_before_there_is_anything(self, registry: Running) -> None:
        assert await self.sign(registry, read_clock()) is False
        assert (await registry.http.get(f"{JOURNAL}/head")).json()["signed"] is None

    async def test_verifies_with_the_published_key_over_what_the_chain_says(self, registry: Running) -> None:
        await write(registry, "x", count=3)
        await registry.seal()
        await self.sign(registry, read_clock())
        await write(registry, "y")
        await registry.seal()

        head = (await registry.http.get(f"{JOURNAL}/head")).json()
        link = (await chain(registry))[2]

        protected, statement, signature = head["signed"]["signature"].split(".")
        key = rsa.RSAPublicNumbers(
            *(int.from_bytes(unpadded(head["key"][name]), "big") for name in ("e", "n"))
        ).public_key()
        key.verify(unpadded(signature), f"{protected}.{statement}".encode(), padding.PKCS1v15(), hashes.SHA256())
        told = json.loads(unpadded(statement))
        assert told == {"day": head["signed"]["day"], "digest": link["digest"], "position": 3, "service": "registry"}
        assert json.loads(unpadded(protected))["alg"] == "RS256"
        assert (head["position"], "d" in head["key"]) == (4, False)


async def test_every_accepted_change_leaves_one_entry_for_each_changed_row(registry: Running) -> None:
    board_id = await a_board(registry)
    officers = [{"name": f"Warga {n}", "position": "koordinator" if n == 0 else "member"} for n in range(9)]
    term = {"starts_on": "2025-01-01", "ends_on": "2027-12-31", "elected_on": "2024-12-20", "officers": officers}
    await registry.http.post(f"{BOARDS}/{board_id}/terms", json=term, headers=registry.token("facilitator"))

    entries = registry.tables.journal_entries
    async with registry.database.reads.connect() as connection:
        counted = await connection.execute(select(entries.c.action, func.count()).group_by(entries.c.action))

    assert {row[0]: row[1] for row in counted} == {
        "board.recorded": 1,
        "board.changed": 1,
        "term.recorded": 1,
        "officer.recorded": 9,
    }
