"""A plan's table of works as a file: exact numbers, each rank once, taken back while the plan is a draft."""

from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.mediatypes import XLSX
from shared.sheets import xlsx_bytes
from tests.house import Running, code_of
from tests.planning.story import ACTIVITIES, a_plan, actions, an_activity, ratified, seen
from tests.shared.importing import MUTATED, Sender, csv_file

ACTIVITY = {
    "Kegiatan": "Saluran drainase",
    "Bidang": "lingkungan",
    "Tahun": "1",
    "Prioritas": "1",
    "Volume": "120,5",
    "Satuan": "m",
    "Harga satuan": "400000",
    "Biaya": "48200000",
    "BLM": "40000000",
    "Swadaya": "8200000",
    "KK penerima": "40",
    "KK miskin": "12",
}


@pytest.fixture
def sender(planning: Running) -> Sender:
    return Sender(planning, "board_officer")


@pytest.fixture
async def plan(planning: Running) -> httpx.Response:
    return await a_plan(planning)


def of(plan: httpx.Response, **more: str) -> dict[str, str]:
    return ACTIVITY | {"ID rencana": plan.json()["id"]} | more


def codes(told: list[dict[str, Any]]) -> list[list[tuple[str | None, str]]]:
    return [[(one["column"], one["code"]) for one in row["faults"]] for row in told]


async def test_activities_of_a_file_are_those_of_single_posts(
    planning: Running, sender: Sender, plan: httpx.Response
) -> None:
    rows = [
        of(plan),
        of(plan, Prioritas="2", Volume="120.5", Bidang="environment"),
        of(plan, Prioritas="3", Biaya="48200001"),
        of(plan, Prioritas="3", Swadaya=""),
        of(plan, Prioritas="3", Volume="1.204,5"),
        of(plan, Tahun="9"),
        of(plan, **{"ID masalah": "0190c0de-0000-7000-8000-000000000001", "Prioritas": "3"}),
        of(plan),
        of(plan, **{"ID rencana": "0190c0de-0000-7000-8000-000000000001"}),
    ]
    told = await sender.agreed(rows, kind="activities")

    assert codes(told) == [
        [],
        [],
        [("Biaya", "activity.cost"), ("BLM", "activity.funding")],
        [("BLM", "activity.funding")],
        [("Volume", "value.pattern")],
        [("Tahun", "activity.year")],
        [("ID masalah", "problem.elsewhere")],
        [("Prioritas", "activity.rank_taken")],
        [("ID rencana", "plan.unknown")],
    ]
    kept = (await planning.http.get(f"{ACTIVITIES}/{told[0]['item_id']}", headers=sender.headers)).json()
    posted = (await an_activity(planning, plan, priority_rank=9)).json()
    same = ("volume", "total_cost_rupiah", "funding", "beneficiaries", "dimension", "board_id", "state")
    assert {name: kept[name] for name in same} == {name: posted[name] for name in same}


async def test_a_spreadsheet_of_numbers_is_read_exactly(sender: Sender, plan: httpx.Response) -> None:
    row = of(plan)
    content = xlsx_bytes([("Data", [list(row), list(row.values())])])
    reply = await sender.send(content, kind="activities", form=XLSX)
    await sender.work(reply.json()["id"])
    assert (await sender.seen(reply.json()["id"]))["accepted"] == 1


async def test_a_rank_is_taken_however_far_down_the_file(
    planning: Running, sender: Sender, plan: httpx.Response, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.intake.ROWS_AT_ONCE", 2)
    other = await a_plan(planning)
    rows = [of(plan), *(of(other, Prioritas=str(rank)) for rank in range(1, 6)), of(plan)]
    told = await sender.agreed(rows, kind="activities")

    assert [row["verdict"] for row in told] == ["accepted"] * 6 + ["refused"]


async def test_they_are_taken_back_while_their_plan_is_a_draft(
    planning: Running, sender: Sender, plan: httpx.Response
) -> None:
    first = await sender.imported(csv_file([of(plan)]), kind="activities")
    before = (await seen(planning, plan)).json()["version"]
    assert (await sender.undo(first["id"])).status_code == 200
    assert (await seen(planning, plan)).json()["version"] == before + 1
    assert (await actions(planning, planning.token("auditor")))[-2:] == ["activity.withdrawn", "plan.changed"]

    second = await sender.imported(csv_file([of(plan)]), kind="activities")
    reply = await ratified(planning, plan)
    assert reply.status_code == 200, reply.text
    assert code_of(await sender.undo(second["id"])) == "import.in_use"


async def test_who_imported_into_a_plan_does_not_ratify_it(planning: Running, plan: httpx.Response) -> None:
    sender = Sender(planning, "board_officer", "supervisor")
    assert (await sender.imported(csv_file([of(plan)]), kind="activities"))["accepted"] == 1
    refused = await planning.http.post(
        f"{plan.headers['Location']}/ratification",
        json={
            "held_on": "2024-02-01",
            "place": "Balai RW 05",
            "attendance": {"total": 60, "women": 28, "poor": 20},
            "decision": "accepted",
            "minutes_reference": "BA/1",
        },
        headers=sender.headers | {"If-Match": (await seen(planning, plan)).headers["ETag"]},
    )
    assert code_of(refused) == "approval.own_work"


@pytest.mark.parametrize("regions", [("33",), ()])
async def test_nobody_imports_into_plans_elsewhere(
    planning: Running, plan: httpx.Response, regions: tuple[str, ...]
) -> None:
    elsewhere = Sender(planning, "board_officer", regions=regions)
    told = await elsewhere.agreed([of(plan)], kind="activities")
    assert codes(told) == [[("ID rencana", "plan.unknown")]]
    assert code_of(await Sender(planning, "auditor").send(csv_file([of(plan)]), kind="activities")) == "scope.missing"


works = st.lists(
    st.fixed_dictionaries(
        {
            "ID rencana": st.sampled_from(["A", "A", "A", "B", "bukan", ""]),
            "Tahun": st.sampled_from(["1", "1", "2", "9", "x"]),
            "Prioritas": st.sampled_from(["1", "1", "2", "3", "0"]),
            "Volume": st.sampled_from(["120,5", "120,5", "120.500", "0", "seratus"]),
            "BLM": st.sampled_from(["40000000", "40000000", "39999999", ""]),
            "KK miskin": st.sampled_from(["12", "", "41"]),
            "ID": st.sampled_from(["", "", "", "0190c0de-0000-7000-8000-00000000000a"]),
        }
    ),
    min_size=1,
    max_size=8,
)


@settings(max_examples=MUTATED)
@given(rows=works)
async def test_mutated_files_get_the_same_verdicts_from_both(planning: Running, rows: list[dict[str, str]]) -> None:
    plans = {name: (await a_plan(planning)).json()["id"] for name in ("A", "B")}
    rows = [ACTIVITY | row | {"ID rencana": plans.get(row["ID rencana"], row["ID rencana"])} for row in rows]
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("shared.intake.ROWS_AT_ONCE", 2)
        await Sender(planning, "board_officer").agreed(rows, kind="activities")
