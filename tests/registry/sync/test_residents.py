"""What a facilitator tells of a household and its people is kept alike, whether sent at once, in a file or from a phone."""

import json
from typing import Any

from tests.house import Running
from tests.registry.residents.story import (
    ADDRESS,
    HOUSEHOLD,
    HOUSEHOLDS,
    KK,
    NAME,
    NIK,
    PHONE,
    PLACE,
    RESIDENT,
    RESIDENTS,
    read,
)
from tests.registry.sync.test_pull import phone
from tests.shared.importing import Sender, csv_file

VULNERABLE = ["visual_disability", "female_head_of_family"]
ITS_OWN = {"id", "person_id", "household_id", "head_id", "version", "recorded_at", "changed_at"}


def told(view: dict[str, Any]) -> dict[str, Any]:
    """Return what a view says, apart from what every record has of its own."""
    return {name: value for name, value in view.items() if name not in ITS_OWN}


async def whole(registry: Running, *addresses: str) -> list[dict[str, Any]]:
    """Read records as somebody who may see everything that is kept of them."""
    return [told((await read(registry, one, "city_coordinator")).json()) for one in addresses]


async def at_once(registry: Running) -> list[str]:
    headers = registry.token("facilitator")
    household = await registry.http.post(HOUSEHOLDS, json=HOUSEHOLD, headers=headers)
    draft = RESIDENT | {"household_id": household.json()["id"], "vulnerabilities": VULNERABLE}
    resident = await registry.http.post(RESIDENTS, json=draft, headers=headers)
    assert resident.status_code == 201, resident.text
    return [household.headers["Location"], resident.headers["Location"]]


async def in_files(registry: Running) -> list[str]:
    sender = Sender(registry, "facilitator")
    home = {
        "Kode kelurahan": PLACE,
        "RT": "3",
        "RW": "02",
        "Sejak": "2015-01-01",
        "Alamat": ADDRESS,
        "Lintang": "-7,789",
        "Bujur": "110,38",
        "Nomor KK": KK,
    }
    of_home = await sender.imported(csv_file([home]), kind="households")
    home_id = (await sender.verdicts(of_home["id"]))[0]["item_id"]
    person = {
        "ID rumah tangga": home_id,
        "Nama": NAME,
        "NIK": NIK,
        "Telepon": PHONE,
        "Jenis kelamin": "P",
        "Tahun lahir": "1980",
        "Kerentanan": "netra; perempuan kepala keluarga",
    }
    of_person = await sender.imported(csv_file([person]), kind="residents")
    verdicts = await sender.verdicts(of_person["id"])
    assert of_person["accepted"] == 1, verdicts
    return [f"{HOUSEHOLDS}/{home_id}", f"{RESIDENTS}/{verdicts[0]['item_id']}"]


async def from_a_phone(registry: Running) -> list[str]:
    one = phone(registry)
    await one.pull()
    home = one.create("households", **HOUSEHOLD | {"point": json.dumps(HOUSEHOLD["point"])})
    lists = {"household_id": home["id"], "vulnerabilities": json.dumps(VULNERABLE)}
    person = one.create("residents", **RESIDENT | lists)
    assert await one.push() is None
    assert one.rejected == []
    return [f"{HOUSEHOLDS}/{home['id']}", f"{RESIDENTS}/{person['id']}"]


async def test_is_the_same_however_it_came(registry: Running) -> None:
    ways = []
    for way in (at_once, in_files, from_a_phone):
        ways.append(await whole(registry, *await way(registry)))
        await registry.empty()

    assert ways[0] == ways[1] == ways[2]
    assert ways[0][0]["point"] == HOUSEHOLD["point"]
    assert (ways[0][1]["phone"], ways[0][1]["vulnerabilities"]) == (PHONE, sorted(VULNERABLE))


async def test_a_phone_carries_vulnerabilities_for_who_may_read_them_and_neither_telephone_nor_point(
    registry: Running,
) -> None:
    addresses = await at_once(registry)
    await registry.seal()

    for role, seen in (("facilitator", json.dumps(sorted(VULNERABLE), separators=(",", ":"))), ("supervisor", None)):
        one = phone(registry, role)
        await one.pull()
        home, person = one.of("households")[addresses[0].rpartition("/")[2]], one.of("residents")[addresses[1][-36:]]
        assert (home["point"], person["phone"], person["vulnerabilities"]) == (None, None, seen)


async def test_what_was_not_asked_stays_unknown(registry: Running) -> None:
    one = phone(registry)
    await one.pull()
    home = one.create("households", kelurahan_code=PLACE, starts_on="2020-01-01")
    person = one.create(
        "residents",
        **{k: v for k, v in RESIDENT.items() if k not in {"phone", "vulnerabilities"}},
        household_id=home["id"],
    )
    assert await one.push() is None
    assert one.rejected == []

    [view] = await whole(registry, f"{RESIDENTS}/{person['id']}")
    assert (view["phone"], view["vulnerabilities"]) == (None, None)


async def test_an_edit_from_a_phone_is_judged_as_any(registry: Running) -> None:
    one = phone(registry)
    addresses = await at_once(registry)
    await registry.seal()
    await one.pull()
    resident_id = addresses[1].rpartition("/")[2]
    one.edit("residents", resident_id, vulnerabilities=json.dumps(["no such thing"]), phone="x")

    await one.push()
    assert {fault["pointer"] for fault in one.rejected[0]["problem"]["errors"]} == {"/vulnerabilities/0", "/phone"}

    one.edit("residents", resident_id, vulnerabilities="[]", phone="0812 999")
    one.rejected.clear()
    assert await one.push() is None
    assert one.rejected == []
    [view] = await whole(registry, addresses[1])
    assert (view["phone"], view["vulnerabilities"]) == ("0812 999", [])
