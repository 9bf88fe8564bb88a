"""A job that is called off while its worker is dead stays so when another takes it up."""

from typing import Any

import httpx
import pytest

from tests.journeys.home import DEMANGAN, Home, eventually, refused
from tests.shared.importing import csv_file

pytestmark = pytest.mark.xdist_group("house")

ROWS = 4_000
IMPORTS, JOBS = "/registry/v1/imports", "/registry/v1/jobs"


def file() -> bytes:
    day = {"Kode kelurahan": DEMANGAN, "Tanggal berdiri": "2020-01-01"}
    return csv_file([day | {"Nama": f"BKM Dibatalkan {number}"} for number in range(ROWS)])


def test_called_off_while_its_worker_is_dead_nothing_more_of_it_is_kept(home: Home) -> None:
    somebody = home.somebody("facilitator", "34.71")
    headers = {"Authorization": f"Bearer {somebody.token}", "Content-Type": "text/csv"}
    reply = home.http.post(f"{IMPORTS}?kind=boards&mode=commit", content=file(), headers=headers)
    assert reply.status_code == 202, reply.text
    job, one = reply.headers["Location"], f"{IMPORTS}/{reply.json()['id']}"

    def seen() -> dict[str, Any]:
        try:
            return dict(somebody.get(one).json())
        except httpx.TransportError:
            return {}

    eventually(lambda: seen().get("accepted", 0) > 0, within=120, told=seen)
    home.house.kill("registry-worker")
    assert somebody.get(f"{JOBS}?state=running").json()["items"][0]["id"] == reply.json()["id"]
    cancelled = somebody.act(job, "cancellation")
    assert (cancelled.status_code, cancelled.json()["state"]) == (200, "cancelled"), cancelled.text
    home.house.restart("registry-worker", wait=False)
    home.ready()
    with home.database("registry") as connection:

        def taken_up() -> bool:
            row = connection.execute("SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'job'").fetchone()
            return row == (0,)

        eventually(taken_up, within=180, told=seen)
        kept = connection.execute("SELECT count(*) FROM boards WHERE name LIKE 'BKM Dibatalkan %'").fetchone()

    view = seen()
    assert (view["state"], view["waiting"] > 0, kept) == ("cancelled", True, (view["accepted"],))
    assert somebody.get(job).json()["done"] == view["accepted"]
    assert len(somebody.get(f"{one}/corrected").text.splitlines()) == view["waiting"] + 1
    refused(somebody.act(job, "cancellation"), 409, "job.ended")
    undone = somebody.act(one, "undo")
    assert (undone.status_code, undone.json()["withdrawn"]) == (200, view["accepted"]), undone.text
