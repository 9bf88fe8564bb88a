"""Whatever a reply, an entry, a log line or a stored key holds: nobody is named where nobody may be."""

from typing import Any

import pytest
import structlog

from services.registry.accounts.rules import Role, scopes_of
from tests.house import Running, etag
from tests.registry.residents.story import (
    CARDS,
    ELSEWHERE,
    HOUSEHOLDS,
    NIK,
    PLACE,
    RESIDENTS,
    SECRETS,
    a_household,
    a_resident,
    keyed,
    read,
)

MAY_SEE = {role for role in Role if "registry:personal:read" in scopes_of([role.value])}
MAY_KNOW = {role for role in Role if "registry:residents:read" in scopes_of([role.value])}


def leaks(content: str) -> list[str]:
    return [secret for secret in SECRETS if secret in content]


async def everything_stored(registry: Running) -> str:
    """Return what a thief of the database could read of it in plain text."""
    async with registry.database.reads.connect() as connection:
        found: list[str] = []
        for name in registry.tables.names():
            for row in (await connection.execute(getattr(registry.tables, name).select())).all():
                for value in row:
                    plain = bytes(value) if isinstance(value, memoryview | bytes) else str(value).encode()
                    found.append(plain.decode("utf-8", "replace"))
    return "\n".join(found)


@pytest.mark.parametrize("role", list(Role))
async def test_who_may_see_what(registry: Running, role: Role) -> None:
    household = await a_household(registry)
    resident = await a_resident(registry, household)
    addresses = (HOUSEHOLDS, RESIDENTS, household.headers["Location"], resident.headers["Location"])

    replies = [await read(registry, address, role.value) for address in addresses]
    exports = [
        await registry.http.get(address, headers=registry.token(role.value) | {"Accept": "text/csv"})
        for address in (HOUSEHOLDS, RESIDENTS)
    ]

    for reply in [*replies, *exports]:
        assert reply.status_code == (200 if role in MAY_KNOW else 403)
        assert bool(leaks(reply.text)) is (role in MAY_SEE)
        assert (NIK in reply.text or CARDS in reply.text) is ("registry:nik:read" in scopes_of([role.value]))


async def test_every_way_through_leaves_nothing_in_plain_text(
    registry: Running, capfd: pytest.CaptureFixture[str]
) -> None:
    with structlog.testing.capture_logs() as logged:
        texts = await the_whole_story(registry)

    out, err = capfd.readouterr()
    assert leaks("\n".join(texts)) == []
    assert leaks(await everything_stored(registry)) == []
    assert leaks(out + err + str(logged)) == []


async def the_whole_story(registry: Running) -> list[str]:
    """Record, repeat, refuse, edit and move, as a volunteer and others who may not see names; return all replies."""
    volunteer = registry.token("volunteer")
    household = await a_household(registry, "volunteer")
    resident = await a_resident(registry, household, "volunteer")
    address = resident.headers["Location"]

    async def patch(at: str, body: dict[str, Any], headers: dict[str, str]) -> Any:
        return await registry.http.patch(at, json=body, headers=volunteer | headers)

    body = {"household_id": household.json()["id"], "name": SECRETS[0], "nik": NIK, "sex": "female", "birth_year": 1980}
    key = keyed()
    replies = [
        household,
        resident,
        await registry.http.post(RESIDENTS, json=body, headers=volunteer | key),
        await registry.http.post(RESIDENTS, json=body, headers=volunteer | key),
        await registry.http.post(RESIDENTS, json=body | {"nik": f"{NIK}9", "phone": "x"}, headers=volunteer),
        await registry.http.post(RESIDENTS, json=body | {"colour": SECRETS[0], "sex": SECRETS[0]}, headers=volunteer),
        await registry.http.post(RESIDENTS, content=f'{{"name": "{SECRETS[0]}', headers=volunteer),
        await registry.http.get(f"{RESIDENTS}?limit=x", headers=volunteer),
        await patch(address, {"phone": "0812000222"}, etag(resident)),
        await patch(address, {"phone": "0812000333"}, etag(resident)),
        await patch(household.headers["Location"], {"address": "Gang Melati Contoh 8"}, etag(household)),
    ]
    current = await read(registry, household, "volunteer")
    moving = {"kelurahan_code": ELSEWHERE, "moved_on": "2023-07-01"}
    replies.append(
        await registry.http.post(
            f"{household.headers['Location']}/move", json=moving, headers=volunteer | etag(current) | keyed()
        )
    )
    await registry.http.post(f"{RESIDENTS}/lookup", json={"nik": NIK}, headers=registry.token("auditor") | keyed())
    await read(registry, f"{RESIDENTS}?region={PLACE}", "auditor")
    await registry.seal()
    replies.append(await read(registry, "/registry/v1/journal?after=0&limit=1000", "auditor"))
    replies.append(await read(registry, "/registry/v1/journal/digests?after=0"))
    assert [one.status_code for one in replies][:4] == [201, 201, 201, 201]
    assert replies[-3].status_code == 200, replies[-3].text
    assert len(replies[-2].json()["items"]) > 5
    return [one.text + str(dict(one.headers)) for one in replies]
