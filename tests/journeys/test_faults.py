"""What may fail: registry away, and SIGKILL of every part in the middle of writes."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.journeys.home import DEMANGAN, KRICAK, Home, SignedIn, done, eventually
from tests.journeys.story import Story, mapped_problem, problem_draft

pytestmark = pytest.mark.xdist_group("house")

REGISTRY = ("registry", "registry-worker")
KILLED = (
    "planning",
    "planning-worker",
    "registry",
    "registry-worker",
    "monitoring",
    "monitoring-worker",
    "postgres",
    "gateway",
)
PAUSE = 0.4


@pytest.fixture
def story(home: Home) -> Iterator[Story]:
    made = Story(home, DEMANGAN)
    home.followed()
    yield made
    for name in home.house.parts:
        home.house.parts[name].start()
    home.ready()


def complaint_draft(board: str) -> dict[str, Any]:
    return {
        "kelurahan_code": DEMANGAN,
        "board_id": board,
        "scope": "administrative",
        "category": "other",
        "text": "Papan informasi kosong (contoh).",
        "accused": {"kind": "other"},
        "occurred_on": "2024-01-15",
        "channel": "website",
    }


def test_without_registry_the_others_go_on_and_catch_up_by_themselves(home: Home, story: Story) -> None:
    for name in REGISTRY:
        home.house.halt(name)
    assert home.http.get("/registry/v1/boards").status_code == 503
    # What is known here is enough: reading, writing, deciding and complaining go on.
    assert story.ratify()["state"] == "ratified"
    mapped_problem(story.secretary, DEMANGAN)
    drain = f"/planning/v1/activities/{story.drain}"
    story.group.made(f"{drain}/progress", {"percent": 40, "occurred_on": "2024-06-01"})
    assert home.http.get(drain).json()["state"] == "in_progress"
    complaint = home.http.post("/monitoring/v1/complaints", json=complaint_draft(story.board))
    assert complaint.status_code == 201, complaint.text
    code = {"Tracking-Code": complaint.json()["tracking_code"]}
    assert home.http.get("/monitoring/v1/complaints/tracked", headers=code).json()["state"] == "received"
    # Somebody from elsewhere is still refused, by what the token says.
    assert home.http.post("/planning/v1/plans", json={}).status_code == 401
    for name in REGISTRY:
        home.house.restart(name, wait=False)
    home.ready()
    after = home.somebody("facilitator", "34.71")
    draft = {"kelurahan_code": KRICAK, "name": "BKM Contoh Setelahnya", "founded_on": "2024-02-01"}
    board = after.made("/registry/v1/boards", draft)["id"]
    home.followed()
    for service in ("planning", "monitoring"):
        followed = home.http.get(f"/{service}/readyz").json()["followed"]
        assert followed
        assert [(one["lag"], one["failure"]) for one in followed] == [(0, None)] * len(followed)
    complaint = home.http.post("/monitoring/v1/complaints", json=complaint_draft(board) | {"kelurahan_code": KRICAK})
    assert complaint.status_code == 201, complaint.text


class Writer(threading.Thread):
    """A client as it should be: every write has an id and a key, and is sent again until it is acknowledged."""

    def __init__(self, person: SignedIn, *, path: str, ended: threading.Event) -> None:
        super().__init__(daemon=True)
        self.person, self.path, self.ended = person, path, ended
        self.acknowledged: list[str] = []
        self.refused: list[str] = []
        self.retries = 0

    def run(self) -> None:
        while not self.ended.is_set():
            self._write(str(uuid4()), str(uuid4()))

    def _write(self, item: str, key: str) -> None:
        for _ in range(200):
            try:
                reply = self.person.post(self.path, self._draft(item), Idempotency_Key=key)
            except httpx.TransportError:
                reply = None
            if reply is not None and reply.status_code in {200, 201}:
                self.acknowledged.append(item)
                return
            if reply is not None and reply.status_code < 500 and reply.status_code not in {409, 429}:
                self.refused.append(reply.text)
                return
            self.retries += 1
            time.sleep(0.1)
        self.refused.append(f"{item}: never acknowledged")

    def _draft(self, item: str) -> dict[str, Any]:
        if self.path.startswith("/registry"):
            return {"id": item, "kelurahan_code": KRICAK, "name": f"BKM Contoh {item[:8]}", "founded_on": "2023-01-15"}
        return problem_draft(KRICAK) | {"id": item}


@contextmanager
def writing(home: Home) -> Iterator[list[Writer]]:
    ended = threading.Event()
    person = home.somebody("facilitator", "34.71")
    paths = ("/registry/v1/boards", "/planning/v1/mapping/problems")
    writers = [
        Writer(
            SignedIn(httpx.Client(base_url=home.house.gateway_url, timeout=10), person.token), path=path, ended=ended
        )
        for path in paths * 2
    ]
    for writer in writers:
        writer.start()
    try:
        yield writers
    finally:
        ended.set()
        for writer in writers:
            writer.join(60)
            writer.person.http.close()


def counted(home: Home, service: str, table: str, items: list[str]) -> tuple[int, int]:
    """Return how many of the items are there, and how many entries of their recording the journal has."""
    with home.database(service) as connection:
        rows: Any = connection.execute(
            f"SELECT count(*) FROM {table} WHERE id = ANY(%s::uuid[])",  # noqa: S608
            [items],
        ).fetchone()
        subjects = [f"{table}/{item}" for item in items]
        entries: Any = connection.execute(
            "SELECT count(*) FROM journal_entries WHERE subject = ANY(%s)", [subjects]
        ).fetchone()
    return int(rows[0]), int(entries[0])


def test_killed_at_any_moment_nothing_acknowledged_is_lost_and_nothing_doubled(home: Home, story: Story) -> None:
    story.ratify()
    with writing(home) as writers:
        time.sleep(PAUSE)
        for name in KILLED:
            home.house.kill(name)
            time.sleep(PAUSE)
            home.house.restart(name, wait=False)
            time.sleep(PAUSE)
        home.ready()
        before = [len(writer.acknowledged) for writer in writers]
        eventually(lambda: all(len(writer.acknowledged) > count for writer, count in zip(writers, before, strict=True)))
    assert not [text for writer in writers for text in writer.refused]
    assert sum(writer.retries for writer in writers) > 0
    for service, table in (("registry", "boards"), ("planning", "problems")):
        items = [item for writer in writers if f"/{service}/" in writer.path for item in writer.acknowledged]
        home.sealed(service)
        assert counted(home, service, table, items) == (len(items), len(items))
    home.followed()
    code, told = home.verify()
    assert code == 0, told
    assert done(story.secretary.get(f"/planning/v1/activities/{story.drain}"))["state"] == "ratified"


def test_indicators_built_anew_are_the_ones_before(home: Home, story: Story) -> None:
    story.ratify()
    home.followed()
    told = home.command("monitoring", "rebuild")
    assert "Equal" in told, told
    assert " over 0 values" not in told
