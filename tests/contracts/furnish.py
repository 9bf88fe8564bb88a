"""Rows for every table of a service, made from what the table itself declares, so that new slices are furnished too."""

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from sqlalchemy import ARRAY, Boolean, Column, Date, DateTime, Enum, Integer, LargeBinary, Numeric, String, Table, Uuid
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.clock import read_clock
from shared.conflicts import Sealed
from tests.house import HMAC_SECRET, Running

PLACE = "34.71.03.1001"
ROWS = 4
TRIES = 300
LEFT_ALONE = {"places", "signing_keys", "journal_entries", "journal_head", "idempotency_keys", "followed_journals"}


def identity(kind: str, number: int = 0) -> UUID:
    """Return the id of the row of a kind: the same wherever another row speaks of it."""
    return uuid5(NAMESPACE_URL, f"{kind}/{number}")


SEALED = [
    Sealed(bytes.fromhex(HMAC_SECRET)).columns(
        identity("sync_conflict", number), {"name": {"mine": "KSM A", "theirs": "KSM B", "chosen": None}}
    )
    for number in range(ROWS)
]
SOURCES = ("blm", "swadaya", "apbd_kabkota", "apbd_province", "apbn_other", "channeling", "upk_surplus", "other")
FITTING: dict[str, dict[str, Any]] = {
    "activities": {"volume": Decimal(8), "unit_cost_rupiah": 1, "total_cost_rupiah": 8, "year": 1}
    | {f"{source}_rupiah": 1 for source in SOURCES},
    "accounts": {"suspended": False, "not_before": None},
    "attachments": {
        "size": 2,
        "received": 2,
        "state": "kept",
        "digest": "ab" * 32,
        "subject_kind": ["boards", "activities", "complaints"],
        "subject_id": [uuid5(NAMESPACE_URL, f"{kind}/0") for kind in ("board", "activity", "complaint")],
        "latitude": None,
        "longitude": None,
        "width": None,
        "height": None,
    },
    "webhook_deliveries": {"state": "delivered", "next_try_at": None},
    "households": {"ends_on": None, "ended_because": None, "rt": "003", "rw": "002", "erased_at": None},
    "residents": {
        "birth_year": 1980,
        "birth_year_absent_reason": None,
        "vulnerabilities": ["orphan"],
        "ends_on": None,
        "ended_because": None,
        "merged_into": [None, identity("resident"), None, None],
        "erased_at": None,
    },
    "welfare_statuses": {
        "status": "poor",
        "held_on": date(2024, 1, 1),
        "starts_on": date(2024, 1, 1),
        "ends_on": None,
        "attendance_total": 50,
    },
    "duplicates": {
        "first_id": [UUID(int=number) for number in range(ROWS)],
        "second_id": [uuid5(NAMESPACE_URL, f"resident/{number}") for number in range(ROWS)],
        "elsewhere_code": None,
        "reasons": ["nik_same"],
        "state": "open",
        "dismissal": None,
        "kept_id": None,
        "kept_version": None,
        "absorbed_version": None,
    },
    "groups": {"kind": "economic"},
    "memberships": {"starts_on": date(2024, 1, 1), "ends_on": None, "ended_because": None, "role": "chair"},
    "savings_months": {
        "month": [date(2024, month, 1) for month in range(1, 5)],
        "savings_rupiah": 50_000,
        "savers": 5,
    },
    # An import is shown with the job of the same id.
    "jobs": {
        "id": [uuid5(NAMESPACE_URL, f"{kind}/{number}") for kind in ("job", "import") for number in range(2)],
        "state": ["queued", "running", "failed", "cancelled"],
        "result": None,
        "result_digest": None,
    },
    "imports": {
        "kind": ["residents", "households", "volunteers"],
        "headers": [
            {"Nama": "name", "NIK": "nik", "Telepon": "phone"},
            {"Alamat": "address", "Nomor KK": "kk_number"},
            {"Nama": "name", "Telepon": "phone"},
        ],
        "mode": "commit",
        "rows": 4,
        "waiting": 0,
        "accepted": 3,
        "existing": 0,
        "refused": 1,
        "withdrawn": 0,
    },
    "import_rows": {"verdict": "refused", "faults": [[]], "number": [2, 3, 4, 5], "wrapped_key": b"", "sealed": b""},
    "authorities": {"roles": ["volunteer"], "regions": ["34.71"], "ends_on": None, "revoked_at": None},
    # The place of the tests was renamed in 2024: it has a predecessor and a successor, itself.
    "regions": {
        "code": ["34", "34.71", PLACE, PLACE],
        "parent_code": None,
        "valid_from": [date(2020, 1, 1)] * 3 + [date(2024, 1, 1)],
        "valid_to": [None, None, date(2023, 12, 31), None],
        "predecessors": [PLACE],
    },
    "enrolments": {"held_on": date(2024, 1, 1), "decision": "accepted", "starts_on": date(2024, 1, 1), "ends_on": None},
    "successions": {
        "predecessors": [PLACE],
        "successors": [[{"code": PLACE, "name": "Baciro", "takes": []}]],
    },
    "client_secrets": {"expires_at": None, "retired_at": None},
    "refresh_tokens": {
        "used_at": None,
        "revoked_at": None,
        "expires_at": datetime(2999, 1, 1, tzinfo=UTC),
        "family": [uuid5(NAMESPACE_URL, f"session/{number}") for number in range(ROWS)],
    },
    "delegations": {"scopes": ["registry:groups:write"]},
    "ballots": {"eligible_men": 9, "eligible_women": 9, "voters_men": 4, "voters_women": 4, "papers_valid": 6}
    | {"papers_invalid": 2, "number": [1, 2], "standing": ["agreed", "differs"], "door_to_door": True}
    | {"attending_men": 3, "attending_women": 1, "collected_men": 1, "collected_women": 3},
    # Two tallies that agree, and two that differ; the name of each elected is sealed under the id of a tally.
    "delegates": {"withdrawn_at": None},
    "elections": {"state": "open", "term_id": None, "annulment_reason": None, "collected": None},
    "election_meetings": {
        "election_id": [identity("election", number // 2) for number in range(ROWS)],
        "number": [1, 2],
        "standing": ["agreed", "agreed", "differs", "differs"],
        "members": [
            [
                {
                    "record_id": str(identity("election_meeting", number)),
                    "person_id": None,
                    "sex": "female",
                    "votes": votes,
                    "position": "koordinator",
                }
            ]
            for number, votes in enumerate((8, 8, 8, 9))
        ],
        "member_records": [identity("election_meeting", number) for number in range(ROWS)],
    },
    "clients": {"roles": ["partner"], "regions": ["34.71"], "scopes": [], "org": uuid5(NAMESPACE_URL, "partner/0")},
    # A program signs in as an account does.
    "sign_ins": {"account_id": [identity("account"), identity("client")]},
    "volunteers": {"roles": ["survey_team", "mobiliser"], "ends_on": None},
    "facilitators": {"region_code": "34.71", "ends_on": None},
    "assignments": {"ends_on": None},
    "sync_conflicts": {
        "wrapped_key": [one["wrapped_key"] for one in SEALED],
        "sealed": [one["sealed"] for one in SEALED],
        "kind": ["groups", "activities"],
        "record_id": [UUID(int=number) for number in range(ROWS)],
    },
    "handovers": {
        "region_code": "34.71",
        "passing": [[]],
        "in_progress": [[]],
        "unfinished": [
            None,
            [
                {
                    "kelurahan_code": PLACE,
                    "subject": "duplicates",
                    "count": 2,
                    "address": f"/registry/v1/duplicates?region={PLACE}",
                }
            ],
        ],
    },
}
"""What a table's own declaration does not tell: sums that must add up, codes, and the shape of JSON."""


def singular(table: str) -> str:
    """Return what one row of a table is called: activities hold an activity."""
    if table.endswith("ies"):
        return f"{table[:-3]}y"
    if table.endswith("tuses"):
        return table[:-2]
    return table if table.endswith("ss") else table.removesuffix("s")


def _value(column: Column[Any], chance: random.Random, number: int) -> Any:  # noqa: C901, PLR0911 - one answer for each type
    kind = column.type
    match kind:
        case Enum():
            return chance.choice(kind.enums) if kind.enum_class is None else chance.choice(list(kind.enum_class))
        case String():
            if kind.collation == "C" and kind.length == len(PLACE):
                return PLACE
            return f"{column.name.replace('_', ' ')} {number}"[: kind.length or 80]
        case Uuid():
            return identity(column.name.removesuffix("_id"))
        case Boolean():
            return chance.random() < 0.5
        case Integer():
            return chance.choice((0, 1, 1, 2))
        case Numeric():
            return Decimal(chance.choice((1, 2)))
        case DateTime():
            return read_clock() - timedelta(minutes=number)
        case Date():
            return date(2024, 1, 1) + timedelta(days=31 * chance.randrange(12))
        case LargeBinary():
            return bytes([number]) * 32
        case ARRAY():
            return []
        case JSONB():
            return {}
    message = f"{column.table.name}.{column.name}: say in FITTING what it holds"
    raise TypeError(message)


def _row(table: Table, known: dict[str, list[dict[str, Any]]], *, chance: random.Random, number: int) -> dict[str, Any]:
    fitting = FITTING.get(table.name, {})
    row: dict[str, Any] = {}
    for column in table.columns:
        if column.name in fitting:
            told = fitting[column.name]
            each = isinstance(told, list) and not isinstance(column.type, ARRAY)
            row[column.name] = told[number % len(told)] if each else told
        elif column.name == "id" and isinstance(column.type, Uuid):
            row["id"] = identity(singular(table.name), number)
        elif column.identity is not None:
            continue
        elif column.nullable and chance.random() < 0.5:
            row[column.name] = None
        else:
            row[column.name] = _value(column, chance, number)
    for constraint in table.foreign_key_constraints:
        parents = known.get(constraint.referred_table.name, [])
        pairs = [(one.parent.name, one.column.name) for one in constraint.elements]
        optional = [own for own, _ in pairs if table.c[own].nullable]
        if constraint.referred_table is table or not parents:
            row |= dict.fromkeys(optional)
        elif not optional or row[optional[0]] is not None:
            # In turn, so that every parent gets a child.
            parent = parents[number % len(parents)]
            row |= {own: parent[theirs] for own, theirs in pairs if own not in fitting}
    return row


def _draws(table: Table, known: dict[str, list[dict[str, Any]]]) -> Iterator[dict[str, Any]]:
    chance = random.Random(table.name)
    for _ in range(TRIES):
        yield _row(table, known, chance=chance, number=len(known[table.name]))


async def _fill(connection: AsyncConnection, table: Table, known: dict[str, list[dict[str, Any]]]) -> None:
    """Draw rows until the table's own constraints accept some of them."""
    known[table.name] = []
    for row in _draws(table, known):
        try:
            async with connection.begin_nested():
                await connection.execute(table.insert(), [row])
        except DBAPIError:
            continue
        known[table.name].append(row)
        if len(known[table.name]) == ROWS:
            return


async def furnish(running: Running) -> dict[str, list[dict[str, Any]]]:
    """Put rows into every table of a service; return them by table."""
    known: dict[str, list[dict[str, Any]]] = {}
    metadata = next(iter(running.tables._tables.values())).metadata  # noqa: SLF001
    async with running.database.writes.begin() as connection:
        for table in metadata.sorted_tables:
            if table.name not in LEFT_ALONE:
                await _fill(connection, table, known)
    return known
