"""An invented journal, as a service's routes would answer it."""

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec

from shared.feed import event
from shared.journal import GENESIS, Change, entry_digest, entry_row, header_bytes
from shared.sealing import HeadKey, head_statement

START = datetime(2026, 3, 1, 2, 3, 4, 567_000, UTC)
SIZE = 25
ERASED = 7
CLOSED = 11


class Journal:
    """One service's public journal, as its routes would answer."""

    def __init__(self, service: str, key: HeadKey) -> None:
        self.service = service
        self.links: list[dict[str, Any]] = []
        self.events: list[dict[str, Any]] = []
        self.pages: dict[str, bytes] = {}
        digest = GENESIS
        for position in range(1, SIZE + 1):
            change = Change("board.recorded", f"boards/{position}", "34.71.03.1001", self.data(position))
            row = entry_row(change, actor=None, now=START + timedelta(seconds=position))
            time = row["recorded_at"]
            header = header_bytes(service=service, position=position, recorded_at=time)
            previous, digest = digest, entry_digest(digest, header, row["payload_digest"])
            link = {
                "position": position,
                "time": time,
                "service": service,
                "payload_digest": row["payload_digest"].hex(),
            }
            self.links.append(plain(link | {"digest": digest.hex()}))
            if position == ERASED:
                row |= {"payload": None, "nonce": None}
            if position != CLOSED:
                made = msgspec.convert(row | {"position": position, "previous": previous, "digest": digest}, Row)
                self.events.append(plain(event(made, service=service)))
        self.head = {"service": service, "position": SIZE, "digest": digest.hex(), "key": key.public}
        self.head |= {"signed": self.signed(key, 20), "witnessed": []}

    head: dict[str, Any]

    @staticmethod
    def data(position: int) -> dict[str, Any]:
        return {"id": position, "name": f"BKM “Contoh” {position} \u00e9\u20ac\U0001f3e1\n", "share": position / 8}

    def signed(self, key: HeadKey, position: int) -> dict[str, Any]:
        digest = bytes.fromhex(self.links[position - 1]["digest"])
        statement = head_statement(service=self.service, day=date(2026, 3, 1), position=position, digest=digest)
        made: dict[str, Any] = plain(statement | {"signature": key.sign(statement)})
        return made

    def answer(self, path: str, query: dict[str, int]) -> bytes:
        after, limit = query.get("after", 0), query.get("limit", 100)
        match path:
            case "/digests":
                found = [one for one in self.links if one["position"] > after][: min(limit, 10)]
            case "/head":
                return json.dumps(self.head).encode()
            case _:
                found = [one for one in self.events if one["position"] > after][: min(limit, 10)]
        upto = found[-1]["position"] if found else max(after, SIZE)
        page = {"items": found, "next": after if not found and path == "/digests" else upto}
        return json.dumps(page, ensure_ascii=False).encode()


class Row(msgspec.Struct):
    position: int
    recorded_at: datetime
    action: str
    subject: str
    payload: bytes | None
    nonce: bytes | None
    payload_digest: bytes
    previous: bytes
    digest: bytes


def plain(value: Any) -> Any:
    return json.loads(msgspec.json.encode(value))
