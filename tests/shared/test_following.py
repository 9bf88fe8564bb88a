import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import BigInteger, Column, MetaData, Table, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.planning.clients.registry import RegistryClient
from services.planning.database import followed_journals, journal_signed_heads
from services.planning.directory import service as directory
from services.planning.directory.models import Board
from shared import following, heads
from shared.app import background
from shared.clock import read_clock
from shared.following import Entry, Follower, ForkFoundError, Handler, copy_newer
from shared.http import OwnerFailed
from shared.journal import Change, record
from shared.permissions import Caller
from shared.sealing import sign_head
from tests.house import Running

BOARDS = "/registry/v1/boards"
SOMEBODY = "Ibu Contoh"
EFFECTS = Table("effects", MetaData(), Column("position", BigInteger))
"""A table on which doing something twice shows."""


async def note(session: AsyncSession, entries: Sequence[Entry]) -> None:
    await session.execute(EFFECTS.insert(), [{"position": entry.position} for entry in entries])


class Pair:
    """Registry, and planning's database following it."""

    def __init__(self, registry: Running, planning: Running) -> None:
        self.registry = registry
        self.planning = planning
        transport = httpx.ASGITransport(app=registry.app)
        headers = registry.service_token("planning")
        self.http = httpx.AsyncClient(transport=transport, base_url="http://registry", headers=headers)

    def follower(self, *handlers: Handler, client: Any = None, **known: Handler) -> Follower:
        handler = handlers[0] if handlers else note
        return Follower(
            service="registry",
            client=client or RegistryClient(self.http),
            handlers=known or {"board.recorded": handler, "board.changed": handler},
            cursors=followed_journals,
            signed_heads=journal_signed_heads,
        )

    async def step(self, follower: Follower | None = None) -> int:
        return await (follower or self.follower()).step(self.planning.database, wait=0)

    async def write(self, count: int, action: str = "board.recorded") -> None:
        async with self.registry.database.transaction() as session:
            for _ in range(count):
                change = Change(action, f"boards/{uuid4()}", "34.71.03.1001", {"version": 1})
                record(session, change, by=Caller(account_id=UUID(int=7)), now=read_clock())
        await self.registry.seal()

    async def change(self, statement: str) -> None:
        async with self.registry.database.writes.begin() as connection:
            await connection.execute(text(statement))

    async def restore_to(self, position: int) -> None:
        """Put registry back to an earlier state, as a restored backup and a fresh process do."""
        entries, head = self.registry.tables.journal_entries, self.registry.tables.journal_head
        digest = select(entries.c.digest).where(entries.c.position == position).scalar_subquery()
        async with self.registry.database.writes.begin() as connection:
            await connection.execute(head.update().values(position=position, digest=digest))
            await connection.execute(entries.delete().where(entries.c.position > position))
        self.registry.app.state.head.stand(position)

    async def effects(self) -> list[int]:
        async with self.planning.database.reads.connect() as connection:
            return sorted((await connection.scalars(select(EFFECTS.c.position))).all())

    async def cursor(self) -> Any:
        async with self.planning.database.reads.connect() as connection:
            return (await connection.execute(select(followed_journals))).one_or_none()

    async def until(self, wanted: Callable[[Any], bool]) -> Any:
        """Return the cursor once it stands as wanted."""
        for _ in range(500):
            row = await self.cursor()
            if row is not None and wanted(row):
                return row
            await asyncio.sleep(0.02)
        pytest.fail(f"the cursor stands at {row}")


@pytest.fixture
async def pair(registry: Running, planning: Running) -> AsyncIterator[Pair]:
    async with planning.database.writes.begin() as connection:
        await connection.execute(text("CREATE TABLE IF NOT EXISTS effects (position bigint)"))
        await connection.execute(text("TRUNCATE effects"))
    made = Pair(registry, planning)
    yield made
    await made.http.aclose()


@contextlib.asynccontextmanager
async def running(follower: Follower, pair: Pair) -> AsyncIterator[None]:
    task = asyncio.create_task(follower.keep_following(pair.planning.database))
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


class TestEachEntry:
    async def test_takes_effect_once_and_in_order(self, pair: Pair) -> None:
        seen: list[int] = []

        async def watch(session: AsyncSession, entries: Sequence[Entry]) -> None:
            seen.extend(entry.position for entry in entries)
            await note(session, entries)

        follower = pair.follower(watch)
        await pair.write(3)
        first = await pair.step(follower)
        await pair.write(2, "board.changed")
        rest = [await pair.step(follower) for _ in range(3)]

        assert (first, rest) == (3, [2, 0, 0])
        assert seen == await pair.effects() == [1, 2, 3, 4, 5]

    async def test_comes_page_by_page(self, pair: Pair) -> None:
        await pair.write(1100)

        counts = [await pair.step() for _ in range(3)]

        assert counts == [1000, 100, 0]
        assert await pair.effects() == list(range(1, 1101))

    async def test_is_done_again_when_the_process_is_killed_before_the_commit(self, pair: Pair) -> None:
        reached = asyncio.Event()

        async def never_ends(session: AsyncSession, entries: Sequence[Entry]) -> None:
            await note(session, entries)
            reached.set()
            await asyncio.Event().wait()

        await pair.write(3)
        killed = asyncio.create_task(pair.step(pair.follower(never_ends)))
        await asyncio.wait_for(reached.wait(), 5)
        killed.cancel()
        await asyncio.gather(killed, return_exceptions=True)
        before = await pair.effects()
        await pair.step()

        assert before == []
        assert await pair.effects() == [1, 2, 3]

    async def test_is_done_again_when_the_database_is_lost_before_the_commit(self, pair: Pair) -> None:
        async def loses_its_connection(session: AsyncSession, entries: Sequence[Entry]) -> None:
            await note(session, entries)
            await session.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))

        await pair.write(3)
        with pytest.raises(Exception, match=r"terminat|closed"):
            await pair.step(pair.follower(loses_its_connection))
        await pair.step()

        assert await pair.effects() == [1, 2, 3]

    async def test_takes_effect_once_when_several_follow_at_once(self, pair: Pair) -> None:
        followers = [pair.follower() for _ in range(4)]
        for _ in range(4):
            await pair.write(3)
            await asyncio.gather(*(pair.step(follower) for follower in followers))

        assert await pair.effects() == list(range(1, 13))

    async def test_takes_effect_once_when_two_fetched_the_same_page(self, pair: Pair) -> None:
        both = asyncio.Barrier(2)

        class Together(RegistryClient):
            async def journal(self, *, after: int, wait: int) -> Any:
                page = await super().journal(after=after, wait=wait)
                await both.wait()
                return page

        await pair.write(3)
        counts = await asyncio.gather(*(pair.step(pair.follower(client=Together(pair.http))) for _ in range(2)))

        assert sorted(counts) == [0, 3]
        assert await pair.effects() == [1, 2, 3]

    async def test_of_an_unknown_kind_is_counted_and_passed_over(self, pair: Pair) -> None:
        await pair.write(2)
        await pair.write(3, "election.held")
        await pair.write(1)

        await pair.step()

        cursor = await pair.cursor()
        assert (cursor.position, cursor.unknown_actions, await pair.effects()) == (6, 3, [1, 2, 6])

    async def test_whose_payload_was_erased_is_passed_over(self, pair: Pair) -> None:
        await pair.write(3)
        await pair.change("UPDATE journal_entries SET payload = NULL, nonce = NULL WHERE position = 2")

        await pair.step()

        assert await pair.effects() == [1, 3]
        assert (await pair.cursor()).position == 3


class TestFailingHandler:
    async def test_stops_the_follower_visibly_and_it_goes_on_once_mended(
        self, pair: Pair, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(following, "PAUSE_AFTER_FAILURE_SECONDS", 0.05)
        broken = True

        async def sometimes(session: AsyncSession, entries: Sequence[Entry]) -> None:
            await note(session, entries)
            if broken:
                raise LookupError(SOMEBODY)

        await pair.write(2)
        async with running(pair.follower(sometimes), pair):
            stopped = await pair.until(lambda row: row.failure == "LookupError")
            nothing = await pair.effects()
            shown = (await pair.planning.http.get("/planning/readyz")).json()["followed"][0]
            broken = False
            recovered = await pair.until(lambda row: (row.failure, row.position) == (None, 2))

        assert (stopped.position, nothing) == (0, [])
        assert (shown["service"], shown["failure"]) == ("registry", "LookupError")
        assert (recovered.upstream_position, await pair.effects()) == (2, [1, 2])

    async def test_lets_no_entry_of_its_page_through(self, pair: Pair) -> None:
        async def fails(session: AsyncSession, entries: Sequence[Entry]) -> None:
            raise LookupError

        await pair.write(2)
        await pair.write(1, "board.changed")
        follower = pair.follower(**{"board.recorded": note, "board.changed": fails})

        with pytest.raises(LookupError):
            await pair.step(follower)

        assert await pair.effects() == []
        assert (await pair.cursor()).position == 0

    async def test_leaves_the_lag_to_be_seen(self, pair: Pair) -> None:
        await pair.write(2)
        await pair.step()
        async with pair.planning.database.writes.begin() as connection:
            await connection.execute(update(followed_journals).values(upstream_position=9))

        shown = (await pair.planning.http.get("/planning/readyz")).json()["followed"][0]

        assert (shown["position"], shown["lag"], shown["unknown_actions"]) == (2, 7, 0)


class TestFork:
    @pytest.fixture
    async def followed(self, pair: Pair) -> Pair:
        await pair.write(5)
        await pair.step()
        return pair

    @pytest.mark.parametrize(
        "change",
        [
            "UPDATE journal_entries SET digest = set_byte(digest, 0, get_byte(digest, 0) # 1) WHERE position = 5",
            "UPDATE journal_entries SET digest = set_byte(digest, 0, get_byte(digest, 0) # 1) WHERE position = 6",
            "UPDATE journal_entries SET payload = set_byte(payload, 30, get_byte(payload, 30) # 1) WHERE position = 7",
            "UPDATE journal_entries SET nonce = set_byte(nonce, 3, get_byte(nonce, 3) # 1) WHERE position = 6",
            "UPDATE journal_entries SET recorded_at = recorded_at + interval '1 second' WHERE position = 6",
            "DELETE FROM journal_entries WHERE position = 6",
        ],
    )
    async def test_is_found_when_the_chain_does_not_go_on(self, followed: Pair, change: str) -> None:
        await followed.write(2)
        await followed.change(change)

        with pytest.raises(ForkFoundError):
            await followed.step()

        assert (await followed.cursor()).position == 5
        assert await followed.effects() == [1, 2, 3, 4, 5]

    async def test_is_found_when_the_owner_was_restored_to_an_earlier_day(self, followed: Pair) -> None:
        await followed.restore_to(3)

        with pytest.raises(ForkFoundError, match="ends at 3, but 5"):
            await followed.step()

    async def test_is_found_when_the_restored_owner_wrote_on(self, followed: Pair) -> None:
        await followed.restore_to(3)
        await followed.write(4)

        with pytest.raises(ForkFoundError):
            await followed.step()

        assert (await followed.cursor()).position == 5

    async def test_is_found_when_the_owner_lost_everything(self, followed: Pair) -> None:
        await followed.registry.empty()

        with pytest.raises(ForkFoundError):
            await followed.step()

    async def test_is_noticed_by_a_process_that_was_not_restarted(
        self, followed: Pair, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(heads, "PATIENCE_SECONDS", 0.05)
        head = heads.Head()
        async with background(heads.keep_hearing(head, url=followed.registry.url)):
            await head.beyond(4, seconds=5)
            before = head.position
            await followed.restore_to(3)
            for _ in range(200):
                await asyncio.sleep(0.02)
                if head.position == 3:
                    break

        assert (before, head.position) == (5, 3)

    async def test_stops_the_follower_visibly(self, followed: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(following, "PAUSE_AFTER_FAILURE_SECONDS", 0.05)
        await followed.restore_to(3)
        await followed.write(1)

        async with running(followed.follower(), followed):
            await followed.until(lambda row: row.failure is not None)
        shown = (await followed.planning.http.get("/planning/readyz")).json()["followed"][0]

        assert "registry ends at 4, but 5 was read here" in shown["failure"]
        assert shown["position"] == 5


class TestOwnerAway:
    async def test_changes_nothing_here(self, pair: Pair) -> None:
        def refused(request: httpx.Request) -> httpx.Response:
            raise httpx.ConnectError(request.url.path, request=request)

        await pair.write(2)
        await pair.step()
        async with httpx.AsyncClient(transport=httpx.MockTransport(refused), base_url="http://registry") as http:
            with pytest.raises(OwnerFailed):
                await pair.step(pair.follower(client=RegistryClient(http)))

        cursor = await pair.cursor()
        assert (cursor.position, cursor.failure) == (2, None)

    async def test_is_waited_out(self, pair: Pair) -> None:
        class Back(RegistryClient):
            tries = 0

            async def journal(self, *, after: int, wait: int) -> Any:
                self.tries += 1
                if self.tries == 1:
                    raise OwnerFailed(service="registry")
                return await super().journal(after=after, wait=wait)

        await pair.write(2)
        async with running(pair.follower(client=Back(pair.http)), pair):
            await pair.until(lambda row: (row.failure, row.position) == (None, 2))

        assert await pair.effects() == [1, 2]


class TestCopies:
    @staticmethod
    def row(board_id: UUID, version: int) -> dict[str, Any]:
        return {"id": board_id, "kelurahan_code": "34.71.03.1001", "name": f"BKM {version}", "version": version}

    @pytest.mark.parametrize(
        ("batches", "kept"),
        [([[1], [3], [2]], 3), ([[2, 4, 3]], 4), ([[4], [2, 3]], 4), ([[2], [2]], 2), ([[1], [2], [1, 3]], 3)],
    )
    async def test_are_never_overwritten_by_an_older_version(
        self, planning: Running, batches: list[list[int]], kept: int
    ) -> None:
        board_id = uuid4()
        for versions in batches:
            async with planning.database.transaction() as session:
                await copy_newer(session, Board.__table__, [self.row(board_id, version) for version in versions])

        async with planning.database.reads.connect() as connection:
            row = (await connection.execute(select(Board.__table__))).one()

        assert (row.version, row.name) == (kept, f"BKM {kept}")

    async def test_become_what_registry_has(self, pair: Pair) -> None:
        headers = pair.registry.token("facilitator")
        draft = {"kelurahan_code": "34.71.03.1001", "name": "BKM Contoh", "founded_on": "2020-01-01"}
        board = await pair.registry.http.post(BOARDS, json=draft, headers=headers)
        edit = headers | {"If-Match": board.headers["ETag"]}
        await pair.registry.http.patch(board.headers["Location"], json={"name": "BKM Baru"}, headers=edit)
        await pair.registry.seal()

        await pair.step(pair.follower(**directory.HANDLERS))

        async with pair.planning.database.reads.connect() as connection:
            row = (await connection.execute(select(Board.__table__))).one()
        assert (str(row.id), row.name, row.version) == (board.json()["id"], "BKM Baru", 2)


class TestWitness:
    async def test_keeps_the_owners_signed_head_and_shows_it(self, pair: Pair) -> None:
        await pair.write(2)
        tables = pair.registry.tables
        async with pair.registry.database.transaction() as session:
            await sign_head(
                session,
                head=tables.journal_head,
                signed=tables.journal_signed_heads,
                service="registry",
                key=pair.registry.app.state.head_key,
                now=read_clock(),
            )

        for _ in range(2):
            await pair.follower().witness(pair.planning.database)

        own = (await pair.registry.http.get("/registry/v1/journal/head")).json()["signed"]
        seen = (await pair.planning.http.get("/planning/v1/journal/head")).json()["witnessed"]
        assert seen == [own]
        assert own["position"] == 2

    async def test_has_nothing_to_keep_before_the_first(self, pair: Pair) -> None:
        await pair.follower().witness(pair.planning.database)

        assert (await pair.planning.http.get("/planning/v1/journal/head")).json()["witnessed"] == []
