"""Files as tests send them, and the worker's part done at once."""

import csv
import io
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

import httpx
from jose import jwt

from shared.authority import Authorities
from shared.permissions import Caller, caller_from
from tests.house import Running

MUTATED = int(os.environ.get("TRIDAYA_MUTATED_FILES", "100")) // 4
"""How many mutated files each of the four kinds gets whose checks are held against their commits."""

CSV = "text/csv"
CODE = "34.71.03.1001"
BOARD = {"Kode kelurahan": CODE, "Nama": "BKM Contoh", "Tanggal berdiri": "2008-05-17"}


def csv_file(rows: Sequence[Mapping[str, Any]], *, delimiter: str = ",") -> bytes:
    written = io.StringIO()
    headers = list(dict.fromkeys(header for row in rows for header in row))
    writer = csv.DictWriter(written, headers, delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    return written.getvalue().encode()


def who(headers: Mapping[str, str]) -> Caller:
    """Return whom a token speaks for."""
    return caller_from(jwt.get_unverified_claims(headers["Authorization"].partition(" ")[2]))


def telling(may: Callable[[], Caller | None]) -> Authorities:
    """Return what a worker asks about everybody, and is told the same of all."""

    async def ask(_account: UUID) -> Caller | None:
        return may()

    async def revoked() -> Mapping[UUID, float]:
        return {}

    return Authorities(ask, revoked)


class Sender:
    """Somebody who sends files to a service."""

    def __init__(self, service: Running, *roles: str, regions: tuple[str, ...] = ("34.71",), **claims: Any) -> None:
        self.service = service
        self.headers = service.token(*roles, regions=regions, **claims)
        self.may: Caller | None = who(self.headers)
        """What they may while the worker works; None once they are suspended."""
        self.address = f"/{service.name}/v1/imports"

    async def send(
        self, content: bytes, *, kind: str = "boards", mode: str = "commit", form: str = CSV, **headers: str
    ) -> httpx.Response:
        return await self.service.http.post(
            f"{self.address}?kind={kind}&mode={mode}",
            content=content,
            headers=self.headers | {"Content-Type": form} | headers,
        )

    async def work(self, import_id: str) -> None:
        """Do what the worker does."""
        await self.service.app.state.jobs.do(self.service.database, self.authorities(), UUID(import_id))

    def authorities(self) -> Authorities:
        return telling(lambda: self.may)

    async def imported(self, content: bytes, **how: str) -> dict[str, Any]:
        """Send a file and wait for its verdicts."""
        reply = await self.send(content, **how)
        assert reply.status_code == 202, reply.text
        await self.work(reply.json()["id"])
        return await self.seen(reply.json()["id"])

    async def get(self, path: str, **headers: str) -> httpx.Response:
        return await self.service.http.get(f"{self.address}/{path}", headers=self.headers | headers)

    async def seen(self, import_id: str) -> dict[str, Any]:
        view: dict[str, Any] = (await self.get(import_id)).json()
        judged = ("waiting", "accepted", "existing", "refused", "withdrawn")
        assert sum(view[one] for one in judged) == view["rows"]
        return view

    async def verdicts(self, import_id: str, **headers: str) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = (await self.get(f"{import_id}/rows?limit=500", **headers)).json()["items"]
        return items

    async def agreed(self, rows: Sequence[Mapping[str, Any]], *, kind: str) -> list[dict[str, Any]]:
        """Check a file and commit it, and hold the one against the other; return the verdicts, none if it is refused."""
        told: list[Any] = []
        for mode in ("check", "commit"):
            reply = await self.send(csv_file(rows), kind=kind, mode=mode)
            if reply.status_code != 202:
                told.append((reply.status_code, reply.json().get("errors"), []))
                continue
            await self.work(reply.json()["id"])
            seen, verdicts = await self.seen(reply.json()["id"]), await self.verdicts(reply.json()["id"])
            assert seen["waiting"] == 0
            told.append((202, [(one["number"], one["verdict"], one["faults"]) for one in verdicts], verdicts))
        assert told[0][:2] == told[1][:2]
        found: list[dict[str, Any]] = told[1][2]
        return found

    async def undo(self, import_id: str) -> httpx.Response:
        tag = (await self.get(import_id)).headers["ETag"]
        return await self.service.http.post(
            f"{self.address}/{import_id}/undo", headers=self.headers | {"If-Match": tag}
        )
