"""Files of groups and of their members."""

from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from tests.house import Running, code_of, new_id
from tests.registry.groups.story import a_group, join, people, read
from tests.shared.importing import MUTATED, Sender, csv_file

GROUP = {
    "Nama": "KSM Contoh Lestari",
    "Jenis": "ekonomi",
    "Kesamaan": "kegiatan",
    "Tanggal terbentuk": "15/1/2021",
    "Anggota": "7",
    "Perempuan": "4",
}


@pytest.fixture
def sender(registry: Running) -> Sender:
    return Sender(registry, "facilitator")


@pytest.fixture
async def group(registry: Running) -> httpx.Response:
    return await a_group(registry)


def member(group: httpx.Response, resident: str, **more: str) -> dict[str, str]:
    return {"ID KSM": group.json()["id"], "ID warga": resident, "Peran": "anggota", "Sejak": "2021-02-01"} | more


def codes(told: list[dict[str, Any]]) -> list[list[tuple[str | None, str]]]:
    return [[(one["column"], one["code"]) for one in row["faults"]] for row in told]


async def actions(registry: Running) -> list[str]:
    async with registry.database.reads.connect() as connection:
        return list(await connection.scalars(text("SELECT action FROM journal_entries ORDER BY id")))


async def test_groups_of_a_file_are_judged_as_single_posts(
    registry: Running, sender: Sender, group: httpx.Response
) -> None:
    board = {"ID lembaga": group.json()["board_id"]}
    rows = [
        GROUP | board,
        GROUP | board | {"Nama": "KSM Dua", "Anggota": "3"},
        GROUP | board | {"Anggota": "tujuh"},
        GROUP | {"ID lembaga": "0190c0de-0000-7000-8000-000000000001"},
        GROUP | board | {"Jenis": "Panitia", "Tanggal terbentuk": "2999-01-01"},
        GROUP | board | {"Nama": "ksm contoh lestari"},
    ]
    checked = await sender.imported(csv_file(rows), kind="groups", mode="check")
    seen = await sender.imported(csv_file(rows), kind="groups")

    assert codes(await sender.verdicts(seen["id"])) == [
        [],
        [("Anggota", "group.too_few_members"), ("Perempuan", "group.women_exceed_members")],
        [("Anggota", "value.not_integer")],
        [("ID lembaga", "board.unknown")],
        [("Tanggal terbentuk", "date.in_the_future")],
        [(None, "item.already_there")],
    ]
    assert codes(await sender.verdicts(checked["id"])) == codes(await sender.verdicts(seen["id"]))
    assert (await sender.undo(seen["id"])).status_code == 200
    assert (await actions(registry))[-2:] == ["group.recorded", "group.withdrawn"]


async def test_members_of_a_file_are_those_of_single_posts(
    registry: Running, sender: Sender, group: httpx.Response
) -> None:
    one, two, three = await people(registry, 3)
    rows = [
        member(group, one, Peran="Ketua"),
        member(group, two, **{"Sampai": "2021-06-30", "Alasan berakhir": "pindah"}),
        member(group, two, Peran="treasurer", Sejak="1/7/2021"),
        member(group, one),
        member(group, three, Peran="ketua"),
        member(group, three, Sejak="2020-01-01"),
        member(group, three, Sampai="2021-06-30"),
        member(group, "0190c0de-0000-7000-8000-000000000001"),
        member(group, three, **{"ID KSM": "0190c0de-0000-7000-8000-000000000001"}),
    ]
    checked = await sender.imported(csv_file(rows), kind="memberships", mode="check")
    seen = await sender.imported(csv_file(rows), kind="memberships")

    assert codes(await sender.verdicts(seen["id"])) == [
        [],
        [],
        [],
        [(None, "membership.overlaps")],
        [(None, "membership.chair_taken")],
        [("Sejak", "group.not_formed_yet")],
        [("Alasan berakhir", "membership.end_incomplete")],
        [("ID warga", "resident.unknown")],
        [("ID KSM", "group.unknown")],
    ]
    assert codes(await sender.verdicts(checked["id"])) == codes(await sender.verdicts(seen["id"]))
    assert (await read(registry, group))["members"] == 2


async def test_a_check_sees_the_second_chair_however_far_down_the_file(
    registry: Running, sender: Sender, group: httpx.Response, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.intake.ROWS_AT_ONCE", 2)
    other = await a_group(registry, name="KSM Lain")
    first, *rest, last = await people(registry, 6)
    rows = [member(group, first, Peran="ketua"), *(member(other, one) for one in rest)]
    rows.append(member(group, last, Peran="ketua", **{"ID KSM": f"{{{group.json()['id'].upper()}}}"}))
    checked = await sender.imported(csv_file(rows), kind="memberships", mode="check")
    seen = await sender.imported(csv_file(rows), kind="memberships")

    assert (await sender.verdicts(checked["id"]))[-1]["faults"][0]["code"] == "membership.chair_taken"
    assert codes(await sender.verdicts(checked["id"])) == codes(await sender.verdicts(seen["id"]))
    assert (checked["accepted"], seen["accepted"]) == (5, 5)


async def test_a_membership_is_the_same_by_post_and_by_file(
    registry: Running, sender: Sender, group: httpx.Response
) -> None:
    one, two = await people(registry, 2)
    posted = await join(registry, group, one)
    rows = [member(group, one, ID=posted.json()["id"]), member(group, two, ID=posted.json()["id"][:-1] + "0")]
    seen = await sender.imported(csv_file(rows), kind="memberships")

    assert (seen["existing"], seen["accepted"]) == (1, 1)
    changed = await sender.imported(csv_file([rows[0] | {"Peran": "ketua"}]), kind="memberships")
    assert codes(await sender.verdicts(changed["id"])) == [[("ID", "id.taken")]]


async def test_members_are_taken_back_and_their_group_says_so(
    registry: Running, sender: Sender, group: httpx.Response
) -> None:
    rows = [member(group, one) for one in await people(registry, 2)]
    seen = await sender.imported(csv_file(rows), kind="memberships")
    before = await read(registry, group)
    assert (await sender.undo(seen["id"])).status_code == 200

    after = await read(registry, group)
    assert (before["members"], after["members"], after["counted_from"]) == (2, 7, "recorded")
    assert after["version"] == before["version"] + 1
    assert (await actions(registry))[-3:] == ["membership.withdrawn", "membership.withdrawn", "group.changed"]


async def test_a_group_with_members_or_papers_stays(registry: Running, sender: Sender, group: httpx.Response) -> None:
    file = csv_file([GROUP | {"ID lembaga": group.json()["board_id"], "Nama": name} for name in ("KSM A", "KSM B")])
    seen = await sender.imported(file, kind="groups")
    joined, papered = [one["item_id"] for one in await sender.verdicts(seen["id"])]
    (resident,) = await people(registry, 1)
    rows = [member(group, resident, **{"ID KSM": joined})]
    await sender.imported(csv_file(rows), kind="memberships")
    paper = {"subject": f"groups/{papered}", "purpose": "minutes", "media_type": "application/pdf", "size": 9}
    reply = await registry.http.post(
        "/registry/v1/attachments", json=paper | {"sha256": "0" * 64}, headers=sender.headers
    )
    assert reply.status_code == 201, reply.text

    refused = await sender.undo(seen["id"])
    assert code_of(refused) == "import.in_use"
    told = {(one["pointer"], one["code"]) for one in refused.json()["errors"]}
    assert {("/rows/2", "import.item_in_use"), ("/rows/3", "import.item_in_use")} <= told


async def test_residents_who_are_members_stay(registry: Running, sender: Sender, group: httpx.Response) -> None:
    await people(registry, 1)
    async with registry.database.reads.connect() as connection:
        home = str(await connection.scalar(text("SELECT id FROM households")))
    row = {"ID rumah tangga": home, "Nama": "Warga Berkas", "Alasan tanpa NIK": "hilang"}
    file = csv_file([row | {"Jenis kelamin": "L", "Tahun lahir": "1980"}])
    seen = await sender.imported(file, kind="residents")
    resident = (await sender.verdicts(seen["id"]))[0]["item_id"]
    joined = await sender.imported(csv_file([member(group, resident)]), kind="memberships")

    assert code_of(await sender.undo(seen["id"])) == "import.in_use"
    assert (await sender.undo(joined["id"])).status_code == 200
    assert (await sender.undo(seen["id"])).status_code == 200


async def test_more_rows_of_one_group_than_are_judged_at_once_are_refused(
    sender: Sender, group: httpx.Response
) -> None:
    row = member(group, "0190c0de-0000-7000-8000-000000000001")
    reply = await sender.send(csv_file([row] * 1001), kind="memberships")

    assert (reply.status_code, code_of(reply)) == (422, "import.too_many_together")
    assert "ID KSM" in reply.json()["detail"]


memberships = st.lists(
    st.fixed_dictionaries(
        {
            "ID KSM": st.sampled_from(["A", "A", "A", "B", "bukan"]),
            "ID warga": st.sampled_from(["1", "2", "3", "bukan"]),
            "Peran": st.sampled_from(["ketua", "ketua", "anggota", "bendahara", "raja"]),
            "Sejak": st.sampled_from(["2021-02-01", "1/7/2021", "2020-01-01", "2999-01-01", "kapan"]),
            "Sampai": st.sampled_from(["", "", "2021-06-30", "2021-01-31"]),
            "Alasan berakhir": st.sampled_from(["", "pindah"]),
        }
    ),
    min_size=1,
    max_size=8,
)


@settings(max_examples=MUTATED)
@given(rows=memberships)
async def test_mutated_files_get_the_same_verdicts_from_both(registry: Running, rows: list[dict[str, str]]) -> None:
    groups = {name: (await a_group(registry, name=f"KSM {new_id()}")).json()["id"] for name in ("A", "B")}
    async with registry.database.reads.connect() as connection:
        known = [str(one) for one in await connection.scalars(text("SELECT id FROM residents ORDER BY id"))]
    residents = dict(zip("123", known or await people(registry, 3), strict=True))
    rows = [
        row | {"ID KSM": groups.get(row["ID KSM"], row["ID KSM"]), "ID warga": residents.get(row["ID warga"], "bukan")}
        for row in rows
    ]
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("shared.intake.ROWS_AT_ONCE", 2)
        await Sender(registry, "facilitator").agreed(rows, kind="memberships")
