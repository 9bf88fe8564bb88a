"""Volunteers offline: named for who may read names, recorded and ended from the phone, forgotten there once erased."""

import json
from typing import Any

import httpx

from tests.house import Running, etag
from tests.registry.sync.test_conflicts import conflicts
from tests.registry.sync.test_pull import phone
from tests.registry.volunteers.test_routes import DRAFT, VOLUNTEERS, a_volunteer
from tests.shared.importing import Sender, csv_file
from tests.shared.watermelon import Phone, Record

PERSON = "0190c0de-0000-7000-8000-0000000000f1"


async def erased(registry: Running) -> None:
    body = {"person_id": PERSON, "reason": "person_asked", "requested_on": "2024-01-01"}
    reply = await registry.http.post("/registry/v1/erasures", json=body, headers=registry.token("facilitator"))
    assert reply.status_code == 200, reply.text
    await registry.seal()


async def carried(registry: Running, **claims: Any) -> tuple[httpx.Response, Phone]:
    made = await a_volunteer(registry, person_id=PERSON)
    await registry.seal()
    one = phone(registry, **claims)
    await one.pull()
    return made, one


def a_local_volunteer(one: Phone, **changes: Any) -> Record:
    values = DRAFT | {"roles": json.dumps(["survey_team"]), "person_id": None, "resident_id": None, "ends_on": None}
    return one.create("volunteers", **(values | changes))


async def test_come_named_to_who_may_read_names_and_leave_an_entry(registry: Running) -> None:
    made, one = await carried(registry)
    (record,) = one.of("volunteers").values()

    assert (record["id"], record["name"], record["phone"]) == (made.json()["id"], DRAFT["name"], None)
    assert json.loads(record["roles"]) == DRAFT["roles"]
    assert (record["sex"], record["starts_on"], record["version"]) == ("female", DRAFT["starts_on"], 1)
    await registry.seal()
    auditor = registry.token("auditor", regions=("*",))
    feed = (await registry.http.get("/registry/v1/journal", headers=auditor)).json()["items"]
    assert [one["data"]["data"]["count"] for one in feed if one["type"] == "volunteers.read"] == [1]


async def test_come_without_a_name_to_others(registry: Running) -> None:
    _, one = await carried(registry, scope="registry:volunteers:read")
    assert [record["name"] for record in one.of("volunteers").values()] == [None]


async def test_are_recorded_and_ended_from_the_phone(registry: Running) -> None:
    one = phone(registry)
    await one.pull()
    made = a_local_volunteer(one)
    assert await one.push() is None
    assert one.rejected == []
    await registry.seal()
    await one.pull()
    one.edit("volunteers", made["id"], ends_on="2024-06-30", roles=json.dumps(["mobiliser"]))
    assert await one.push() is None
    assert one.rejected == []

    reply = await registry.http.get(f"{VOLUNTEERS}/{made['id']}", headers=registry.token("facilitator"))
    seen = reply.json()
    assert (seen["name"], seen["phone"]) == (DRAFT["name"], DRAFT["phone"])
    assert (seen["roles"], seen["ends_on"], seen["version"]) == (["mobiliser"], "2024-06-30", 2)


async def test_recorded_twice_are_rejected_as_a_post_would_be(registry: Running) -> None:
    made, one = await carried(registry)
    again = a_local_volunteer(one, person_id=PERSON)

    assert await one.push() is None
    assert [(told["id"], told["problem"]["code"], told["problem"]["existing"]) for told in one.rejected] == [
        (again["id"], "volunteer.already", made.json()["id"])
    ]


async def test_who_were_erased_come_again_without_a_name(registry: Running) -> None:
    made, one = await carried(registry)
    before = await registry.http.get(made.headers["Location"], headers=registry.token("facilitator"))
    await erased(registry)

    changes = (await one.pull())["changes"]["volunteers"]
    after = await registry.http.get(made.headers["Location"], headers=registry.token("facilitator"))

    assert [(record["id"], record["name"], record["version"]) for record in changes["updated"]] == [
        (made.json()["id"], None, 2)
    ]
    assert before.headers["ETag"] != after.headers["ETag"]
    feed = await registry.http.get("/registry/v1/journal", headers=registry.token("facilitator"))
    (entry,) = (one["data"] for one in feed.json()["items"] if one["type"] == "volunteer.erased")
    assert entry["data"]["id"] == made.json()["id"]
    assert DRAFT["name"] not in feed.text
    await erased(registry)
    assert (await one.pull())["changes"]["volunteers"] == {"created": [], "updated": [], "deleted": []}


async def test_what_differed_about_who_was_erased_goes_with_the_name(registry: Running) -> None:
    made, one = await carried(registry)
    headers = registry.token("facilitator") | etag(made)
    await registry.http.patch(made.headers["Location"], json={"name": "Ibu Contoh Lain"}, headers=headers)
    one.edit("volunteers", made.json()["id"], name="Ibu Contoh Saya")
    assert await one.push() == "sync.stale"
    assert len(await conflicts(one)) == 1

    await erased(registry)
    assert await conflicts(one) == []


async def test_whom_a_file_brought_are_gone_with_it(registry: Running) -> None:
    row = {
        "Kode kelurahan": "34.71.03.1001",
        "Nama": "Relawan Contoh",
        "Jenis kelamin": "P",
        "Tugas": "penggerak",
        "Sejak": "2024-01-15",
    }
    sender = Sender(registry, "facilitator")
    sent = await sender.imported(csv_file([row]), kind="volunteers")
    await registry.seal()
    one = phone(registry)
    await one.pull()
    (known,) = one.of("volunteers")
    await sender.undo(sent["id"])
    await registry.seal()

    assert (await one.pull())["changes"]["volunteers"]["deleted"] == [known]
