"""What databases hold, row for row, in words that two runs of one story share."""

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

from tests.journeys.home import Home

STORES = ("registry", "planning")
OWN = {
    # What the machine keeps for itself: its queue and migrations, where the chain stands, how far others are read,
    # and sign-ins, each of which is a new one.
    "alembic_version",
    "journal_head",
    "journal_signed_heads",
    "followed_journals",
    "sign_ins",
    "sign_in_failures",
    "refresh_tokens",
}
UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
MASKS = (
    (re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+(?:\+00:00|Z)"), "<moment>"),
    (re.compile(r"\\\\x[0-9a-f]*"), "<bytes>"),
    (re.compile(r"\$argon2id\$[^\"]*"), "<hash>"),
    # A tag says the version, and a digest of what was shown at which moment.
    (re.compile(r"(?<=\"\d)\.[0-9a-f]{12}\b"), ""),
    (re.compile(r"(?<=_position\":)\s?\d+"), "<position>"),
    (re.compile(r"(?<=\"match_keys\": \[)[^]]*"), "<keyed>"),
)
SEVERAL = re.compile(r"(?<=\[)\"<[^]]*>\"(?=])")
"""Ids in a list: kept in the order of the ids."""
JOURNAL = (
    "SELECT action || ' ' || subject || ' ' || convert_from(payload, 'UTF8') FROM journal_entries"
    # Who reads names again after a lost answer has read them twice.
    " WHERE action NOT LIKE '%.read'"
)

Rows = dict[str, Counter[str]]


def rows_of(home: Home) -> Rows:
    """Return every row of registry and planning, as JSON; of the journal who did what to which subject, and what it is now."""
    found: Rows = {}
    for service in STORES:
        with home.database(service) as connection:
            tables: Any = connection.execute(
                "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename NOT LIKE 'procrastinate%'"
            ).fetchall()
            for (table,) in tables:
                if table in OWN:
                    continue
                asked: Any = JOURNAL if table == "journal_entries" else f"SELECT to_jsonb(t)::text FROM {table} t"  # noqa: S608
                found[f"{service}.{table}"] = Counter(row[0] for row in connection.execute(asked))
    return found


def told(before: Rows, after: Rows, names: Mapping[str, str]) -> Rows:
    """Return what came between, with `names` for what only this run is called.

    Left out are moments and positions, ids that the server made, and what is sealed or keyed.
    """
    return {
        table: Counter(_plain(row, names) for row in (rows - before.get(table, Counter())).elements())
        for table, rows in after.items()
    }


def _plain(row: str, names: Mapping[str, str]) -> str:
    row = UUID.sub(lambda found: names.get(found[0], "<made by the server>"), row)
    for name, said in names.items():
        row = row.replace(name, said)
    for mask, said in MASKS:
        row = mask.sub(said, row)
    return SEVERAL.sub(lambda found: ", ".join(sorted(found[0].split(", "))), row)


def differences(one: Rows, other: Rows) -> dict[str, tuple[list[str], list[str]]]:
    """Return, by table, what only the one and only the other has."""
    found = {
        table: (
            sorted((one.get(table, Counter()) - other.get(table, Counter())).elements()),
            sorted((other.get(table, Counter()) - one.get(table, Counter())).elements()),
        )
        for table in one.keys() | other.keys()
    }
    return {table: both for table, both in found.items() if any(both)}
