import pytest

from shared import syncviews
from tests.house import Running, etag, new_id
from tests.registry.facilitators.staff import entries
from tests.registry.residents.story import NAME, NIK, RESIDENTS, a_household, a_resident, somebody
from tests.registry.signing import an_account, bearer, sign_in

EMERGENCIES = "/registry/v1/emergencies"
REASON = "Banjir di RW 03: daftar lansia yang harus dijemput perahu"


@pytest.fixture
async def opened(registry: Running) -> dict[str, str]:
    """Give the headers of a facilitator's emergency."""
    account = await an_account(registry, roles=["facilitator"], regions=["34.71"])
    draft = {"kelurahan_code": "34.71.03.1001", "kind": "disaster", "reason": REASON}
    headers = bearer(await sign_in(registry, account.json()["username"]))
    declared = await registry.http.post(EMERGENCIES, json=draft, headers=headers)
    return bearer(declared) | {"Emergency": declared.json()["id"]} | etag(declared)


async def test_shows_what_is_masked_otherwise_and_names_itself_in_the_entry(
    registry: Running, opened: dict[str, str]
) -> None:
    resident = await somebody(registry)
    token = {"Authorization": opened["Authorization"]}

    before = await registry.http.get(resident.headers["Location"], headers=registry.token("facilitator"))
    reply = await registry.http.get(resident.headers["Location"], headers=token)
    listed = await registry.http.get(RESIDENTS, headers=token)
    await registry.seal()
    entries = await registry.http.get(
        "/registry/v1/journal?subject=residents", headers=registry.token("supervisor", regions=("34.71.03.1001",))
    )
    one = await registry.http.get(
        f"/registry/v1/journal?subject=residents/{resident.json()['id']}",
        headers=registry.token("supervisor", regions=("34.71.03.1001",)),
    )

    assert NIK not in before.text
    assert NIK in reply.text
    assert NAME in listed.text
    told = [entry["data"]["data"] for entry in entries.json()["items"] if entry["type"] == "residents.read"]
    assert [entry["emergency"] for entry in told] == [opened["Emergency"]]
    reads = [entry["data"]["data"] for entry in one.json()["items"] if entry["type"] == "residents.read"]
    assert [entry.get("emergency") for entry in reads] == [opened["Emergency"]]
    assert NIK not in entries.text + one.text


@pytest.mark.parametrize(
    ("way", "told"),
    [
        ("item", ("residents.read", 1)),
        ("list", ("residents.read", 2)),
        ("export", ("residents.read", 2)),
        ("pull", ("residents.read", 2)),
        ("lookup", ("residents.looked_up", 1)),
        ("batch", ("residents.looked_up", 1)),
    ],
)
async def test_leaves_an_entry_that_names_it_whichever_way_is_read(
    registry: Running, opened: dict[str, str], monkeypatch: pytest.MonkeyPatch, way: str, told: tuple[str, int]
) -> None:
    # No worker seals beside these tests, so that a pull waits for none.
    monkeypatch.setattr(syncviews, "PATIENCE_SECONDS", 0)
    resident = await somebody(registry)
    await somebody(registry, name="Warga Kedua Contoh", nik=None, nik_absent_reason="not_asked")
    await registry.seal()
    token, sought = {"Authorization": opened["Authorization"]}, {"nik": NIK}

    match way:
        case "item":
            reply = await registry.http.get(resident.headers["Location"], headers=token)
        case "list":
            reply = await registry.http.get(RESIDENTS, headers=token)
        case "export":
            reply = await registry.http.get(RESIDENTS, headers=token | {"Accept": "text/csv"})
        case "pull":
            reply = await registry.http.get("/registry/v1/sync/pull", headers=token)
        case "lookup":
            reply = await registry.http.post(f"{RESIDENTS}/lookup", json=sought, headers=token)
        case "batch":
            request = {"method": "POST", "path": f"{RESIDENTS}/lookup", "idempotency_key": new_id(), "body": sought}
            reply = await registry.http.post("/registry/v1/batch", json={"requests": [request]}, headers=token)

    assert (reply.status_code, NAME in reply.text) == (200, True)
    (entry,) = await entries(registry, told[0])
    assert (entry["data"]["emergency"], entry["data"]["count"]) == (opened["Emergency"], told[1])
    assert entry["place"] == "34.71.03.1001"
    assert NIK not in str(entry)
    assert NAME not in str(entry)


async def test_opens_nothing_in_the_next_kelurahan(registry: Running, opened: dict[str, str]) -> None:
    there = await a_resident(registry, await a_household(registry, kelurahan_code="34.71.03.1002"))

    reply = await registry.http.get(there.headers["Location"], headers={"Authorization": opened["Authorization"]})

    assert there.status_code == 201
    assert NIK not in reply.text
    assert NAME not in reply.text
