"""Residents whose record no longer stands for them."""

from sqlalchemy import text

from tests.house import Running, etag
from tests.registry.residents.story import somebody

GONE = {"left": "resident.ended", "merged": "resident.merged", "erased": "personal.erased"}
"""How a record may come to stand for nobody, and with which code what is done under it later is refused."""


async def let_go(registry: Running, gone: str, *, last_day: str) -> str:
    """Record a resident who is gone in one of these ways; return the id."""
    resident = await somebody(registry)
    known = str(resident.json()["id"])
    headers = registry.token("facilitator") | etag(resident)
    match gone:
        case "left":
            end = {"ends_on": last_day, "ended_because": "left"}
            reply = await registry.http.patch(resident.headers["Location"], json=end, headers=headers)
            assert reply.status_code == 200, reply.text
        case "erased":
            asked = {"reason": "person_asked", "requested_on": last_day}
            address = f"{resident.headers['Location']}/erasure"
            officer = registry.token("board_officer") | etag(resident)
            reply = await registry.http.post(address, json=asked, headers=officer)
            assert reply.status_code == 200, reply.text
        case _:
            other = (await somebody(registry)).json()["id"]
            statement = text("UPDATE residents SET merged_into = :other WHERE id = :known")
            async with registry.database.writes.begin() as connection:
                await connection.execute(statement, {"other": other, "known": known})
    return known
