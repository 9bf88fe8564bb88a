"""A local database that behaves as WatermelonDB's does: what it keeps of each record, how it merges, what it pushes."""

import json
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.house import Running, code_of, new_id

Record = dict[str, Any]


@dataclass
class Phone:
    """One client with its own copy; `headers` sign somebody in."""

    running: Running
    headers: dict[str, str]
    limit: int = 1000
    last_pulled_at: int | None = None
    tables: dict[str, dict[str, Record]] = field(default_factory=dict)
    rejected: list[dict[str, Any]] = field(default_factory=list)

    @property
    def root(self) -> str:
        return f"/{self.running.name}/v1/sync"

    def of(self, table: str) -> dict[str, Record]:
        return self.tables.setdefault(table, {})

    def create(self, table: str, **values: Any) -> Record:
        record = {"id": new_id(), "_status": "created", "_changed": ""} | values
        self.of(table)[record["id"]] = record
        return record

    def edit(self, table: str, record_id: str, **values: Any) -> None:
        record = self.of(table)[record_id]
        if record["_status"] != "created":
            record["_status"] = "updated"
        known = [name for name in record["_changed"].split(",") if name]
        record["_changed"] = ",".join([*known, *(name for name in values if name not in known)])
        record |= values

    def delete(self, table: str, record_id: str) -> None:
        self.of(table)[record_id]["_status"] = "deleted"

    async def pull_reply(self, **asked: Any) -> httpx.Response:
        query = {
            "last_pulled_at": json.dumps(self.last_pulled_at),
            "schema_version": str(self.running.app.state.syncing.version),
            "migration": "null",
            "limit": str(self.limit),
        }
        return await self.running.http.get(f"{self.root}/pull", params=query | asked, headers=self.headers)

    async def pull(self) -> dict[str, Any]:
        """Pull a page and merge it: a column that was changed here stays as it is here."""
        reply = await self.pull_reply()
        assert reply.status_code == 200, reply.text
        body: dict[str, Any] = reply.json()
        for table, changes in body["changes"].items():
            known = self.of(table)
            for remote in [*changes["created"], *changes["updated"]]:
                known[remote["id"]] = self._merged(known.get(remote["id"]), remote)
            for gone in changes["deleted"]:
                known.pop(gone, None)
        assert self.last_pulled_at is None or body["timestamp"] >= self.last_pulled_at
        self.last_pulled_at = body["timestamp"]
        return body

    @staticmethod
    def _merged(local: Record | None, remote: Record) -> Record:
        if local is None:
            return {**remote, "_status": "synced", "_changed": ""}
        if local["_status"] == "deleted":
            return local
        kept = {name: local[name] for name in local["_changed"].split(",") if name}
        status = "updated" if local["_status"] == "created" else local["_status"]
        return {**local, **remote, **kept, "_status": status, "_changed": local["_changed"]}

    def changes(self) -> dict[str, Any]:
        return {
            table: {
                "created": [one for one in records.values() if one["_status"] == "created"],
                "updated": [one for one in records.values() if one["_status"] == "updated"],
                "deleted": [one["id"] for one in records.values() if one["_status"] == "deleted"],
            }
            for table, records in self.tables.items()
        }

    async def push_reply(self, **asked: Any) -> httpx.Response:
        return await self.running.http.post(
            f"{self.root}/push",
            params={"last_pulled_at": str(self.last_pulled_at)} | asked,
            json=self.changes(),
            headers=self.headers,
        )

    async def push(self) -> str | None:
        """Push what was changed here; return the code of what refused it whole."""
        if not any(any(kinds.values()) for kinds in self.changes().values()):
            return None
        reply = await self.push_reply()
        if reply.status_code == 409:
            return code_of(reply)
        assert reply.status_code == 200, reply.text
        body = reply.json()
        self.rejected = body["rejected"]
        for table, records in self.tables.items():
            for record in list(records.values()):
                if record["id"] in body["experimentalRejectedIds"].get(table, []):
                    continue
                if record["_status"] == "deleted":
                    del records[record["id"]]
                else:
                    record["_status"], record["_changed"] = "synced", ""
        return None

    async def synchronize(self) -> str | None:
        """Do what `synchronize()` does; return the code of what refused its push."""
        await self.pull()
        return await self.push()

    async def settle_down(self) -> None:
        """Synchronize until there is nothing to bring or to take."""
        for _ in range(100):
            await self.running.seal()
            body = await self.pull()
            if await self.push() is None and not body["more"]:
                await self.running.seal()
                if not (await self.pull())["more"]:
                    return
        message = "it never came to rest"
        raise AssertionError(message)

    def rows(self, table: str) -> dict[str, Record]:
        """Return the records without what WatermelonDB keeps of its own."""
        return {
            one["id"]: {name: value for name, value in one.items() if not name.startswith("_")}
            for one in self.of(table).values()
        }
