"""A file through the gateway while everything that works on it is killed: it completes once."""

import time
from typing import Any

import httpx
import pytest

from tests.journeys.home import DEMANGAN, Home, eventually
from tests.shared.importing import csv_file

pytestmark = pytest.mark.xdist_group("house")

ROWS, REFUSED = 3_000, 30
KILLED = ("registry-worker", "registry", "postgres")


def file() -> bytes:
    day = {"Kode kelurahan": DEMANGAN, "Tanggal berdiri": "2020-01-01"}
    names = ["X" if number % (ROWS // REFUSED) == 0 else f"BKM Berkas {number}" for number in range(ROWS)]
    return csv_file([day | {"Nama": name} for name in names])


def test_killed_in_the_middle_an_import_completes_once(home: Home) -> None:
    somebody = home.somebody("facilitator", "34.71")
    headers = {"Authorization": f"Bearer {somebody.token}", "Content-Type": "text/csv"}
    address = "/registry/v1/imports"
    reply = home.http.post(f"{address}?kind=boards&mode=commit", content=file(), headers=headers)
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
        for table in ("boards", "board_names"):
            found: Any = connection.execute(
                f"SELECT count(*), count(DISTINCT name) FROM {table} WHERE name LIKE 'BKM Berkas %'"  # noqa: S608
            ).fetchone()
            assert found == (ROWS - REFUSED, ROWS - REFUSED)
    eventually(lambda: home.http.get(f"/registry/v1/jobs/{view['id']}", headers=headers).json()["state"] == "succeeded")
    corrected = somebody.get(f"{one}/corrected")
    assert len(corrected.text.splitlines()) == REFUSED + 1
