"""Files through the gateway to the workers of all three; one while everything that works on it is killed: it completes once."""

import time
from typing import Any

import httpx
import pytest

from tests.journeys.home import DEMANGAN, Home, SignedIn, eventually
from tests.journeys.story import elected_board, plan_draft
from tests.monitoring.complaints.test_imports import COMPLAINT
from tests.planning.activities.test_imports import ACTIVITY
from tests.shared.importing import csv_file

pytestmark = pytest.mark.xdist_group("house")

ROWS, REFUSED, BOARDS = 3_000, 30, 7
KILLED = ("registry-worker", "registry", "postgres")


def file(boards: list[str]) -> bytes:
    group = {
        "Jenis": "sosial",
        "Kesamaan": "domisili",
        "Tanggal terbentuk": "2020-01-01",
        "Anggota": "12",
        "Perempuan": "7",
    }
    names = ["X" if number % (ROWS // REFUSED) == 0 else f"KSM Berkas {number}" for number in range(ROWS)]
    return csv_file(
        [{"ID lembaga": boards[at % len(boards)]} | group | {"Nama": name} for at, name in enumerate(names)]
    )


def test_killed_in_the_middle_an_import_completes_once(home: Home) -> None:
    somebody = home.somebody("facilitator", "34.71")
    headers = {"Authorization": f"Bearer {somebody.token}", "Content-Type": "text/csv"}
    address = "/registry/v1/imports"
    content = file([elected_board(somebody, DEMANGAN) for _ in range(BOARDS)])
    reply = home.http.post(f"{address}?kind=groups&mode=commit", content=content, headers=headers)
    assert reply.status_code == 202, reply.text
    one = f"{address}/{reply.json()['id']}"

    def seen() -> dict[str, Any]:
        try:
            return dict(somebody.get(one).json())
        except httpx.TransportError:
            return {}

    for name in KILLED:
        before = seen().get("waiting", ROWS)
        eventually(lambda before=before: seen().get("waiting", before) < before, within=120, told=seen)
        home.house.kill(name)
        time.sleep(0.2)
        home.house.restart(name, wait=False)
        home.ready()
    assert seen()["waiting"] > 0, "nothing was left to be killed in"
    eventually(lambda: seen().get("waiting") == 0, within=180, told=seen)

    view = seen()
    assert (view["accepted"], view["refused"]) == (ROWS - REFUSED, REFUSED)
    with home.database("registry") as connection:
        found: Any = connection.execute(
            "SELECT count(*), count(DISTINCT name) FROM groups WHERE name LIKE 'KSM Berkas %'"
        ).fetchone()
        assert found == (ROWS - REFUSED, ROWS - REFUSED)
    eventually(lambda: home.http.get(f"/registry/v1/jobs/{view['id']}", headers=headers).json()["state"] == "succeeded")
    corrected = somebody.get(f"{one}/corrected")
    assert len(corrected.text.splitlines()) == REFUSED + 1


def imported(home: Home, by: SignedIn, service: str, kind: str, rows: list[dict[str, str]]) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {by.token}", "Content-Type": "text/csv"}
    address = f"/{service}/v1/imports"
    reply = home.http.post(f"{address}?kind={kind}&mode=commit", content=csv_file(rows), headers=headers)
    assert reply.status_code == 202, reply.text
    one = f"{address}/{reply.json()['id']}"
    eventually(lambda: by.get(one).json()["waiting"] == 0, within=60)
    return dict(by.get(one).json())


def test_works_and_complaints_come_in_as_files_and_are_taken_back(home: Home) -> None:
    facilitator, secretary = home.somebody("facilitator", "34.71"), home.somebody("board_officer", DEMANGAN)
    board = elected_board(facilitator, DEMANGAN)
    plan = secretary.made("/planning/v1/plans", plan_draft(board, DEMANGAN))["id"]
    works = [ACTIVITY | {"ID rencana": plan, "Prioritas": rank} for rank in ("1", "2", "2")]
    of_works = imported(home, secretary, "planning", "activities", works)
    # Sent at once: monitoring asks registry about a board that it has not heard of.
    complaint = COMPLAINT | {"Kode kelurahan": DEMANGAN, "ID lembaga": board, "Terlapor": "lembaga"}
    of_complaints = imported(home, facilitator, "monitoring", "complaints", [complaint])

    assert (of_works["accepted"], of_works["refused"], of_complaints["accepted"]) == (2, 1, 1)
    listed = f"/planning/v1/plans/{plan}/activities"
    assert len(secretary.get(listed).json()["items"]) == 2
    for by, service, one in ((secretary, "planning", of_works), (facilitator, "monitoring", of_complaints)):
        address = f"/{service}/v1/imports/{one['id']}"
        tag = by.get(address).headers["ETag"]
        undone = by.send("POST", f"{address}/undo", None, If_Match=tag)
        assert undone.status_code == 200, undone.text
    assert secretary.get(listed).json()["items"] == []
