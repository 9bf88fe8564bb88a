"""Erasure reaches every table that knows a person."""

import re

from sqlalchemy import Table

from services.registry.erasures.service import HOLDERS, IDS_ONLY
from tests.architecture.reading import metadata

KNOWS_A_PERSON = re.compile(r"(^|_)person_ids?$")
SEALED = "personal_records"
"""Opened and destroyed by `personal` itself, before any slice is asked."""


def knowing() -> set[str]:
    tables: list[Table] = metadata("registry").sorted_tables
    return {table.name for table in tables if any(KNOWS_A_PERSON.search(column.name) for column in table.columns)}


def test_every_table_that_knows_a_person_is_erased_by_its_slice() -> None:
    # `election_meetings` knows persons within its lines.
    assert len(knowing()) > 10
    assert knowing() - {SEALED} == (set(HOLDERS) - {"election_meetings"}) | set(IDS_ONLY)
    assert not set(HOLDERS) & set(IDS_ONLY)
