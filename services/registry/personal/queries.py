"""How the likes of a person are looked for: in one statement, for one person or for thousands."""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    FromClause,
    LargeBinary,
    Select,
    String,
    bindparam,
    case,
    cast,
    column,
    func,
    select,
    true,
    union,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Uuid

from services.registry.personal.models import PersonalRecord
from shared.statements import remembered

SOUGHT = {
    "ids": ARRAY(Uuid),
    "persons": ARRAY(Uuid),
    "probes": ARRAY(String),
    "niks": ARRAY(LargeBinary),
    "households": ARRAY(Uuid),
}
"""What is given of those whose likes are looked for, each an array with one value a person; probes as an array's text."""


@remembered
def likes(among: FromClause) -> Select[Any]:
    """Return the statement of who shares a key, the NIK or the household with those sought.

    `among` says of everybody who may be compared: id, birth_year, sex, household_id. Rows of one person, who has
    moved, are no likes. Parameters: SOUGHT.
    """
    given = func.unnest(*(bindparam(name, type_=kind) for name, kind in SOUGHT.items()))
    sought = given.table_valued(
        column("id", Uuid),
        column("person_id", Uuid),
        column("probes", String),
        column("nik_digest", LargeBinary),
        column("household_id", Uuid),
        name="sought",
    ).render_derived()
    housemates = among.alias("housemates")
    alike = union(
        select(PersonalRecord.id).where(PersonalRecord.match_keys.overlap(cast(sought.c.probes, ARRAY(BigInteger)))),
        select(PersonalRecord.id).where(PersonalRecord.nik_digest == sought.c.nik_digest),
        select(housemates.c.id).where(housemates.c.household_id == sought.c.household_id),
    ).lateral("alike")
    record = PersonalRecord.__table__.alias("record")
    traits = among.alias("traits")
    # One row for each, so that each is looked up; joined plainly, all residents would be read for a handful.
    found = (
        select(
            record.c.id,
            record.c.kelurahan_code,
            record.c.wrapped_key,
            record.c.sealed,
            traits.c.birth_year,
            traits.c.sex,
            traits.c.household_id,
        )
        .join(traits, traits.c.id == record.c.id)
        .where(record.c.id == alike.c.id, record.c.person_id != sought.c.person_id, record.c.wrapped_key.is_not(None))
        .limit(1)
        .lateral("found")
    )
    return select(sought.c.id.label("sought_id"), *found.c).select_from(sought).join(alike, true()).join(found, true())


@remembered
def locks() -> Select[Any]:
    """Return the statement that takes advisory locks in the order given: `numbers`, and which of them `shared`.

    What follows in the transaction is planned to read what an index points to, and never a whole table or index.
    Statistics taken while thousands of people are being recorded count none of them, and a plan made by those reads
    all records anew for each person.
    """
    given = func.unnest(bindparam("numbers", type_=ARRAY(BigInteger)), bindparam("shared", type_=ARRAY(Boolean)))
    asked = given.table_valued(column("number", BigInteger), column("shared", Boolean), name="asked").render_derived()
    together, alone = func.pg_advisory_xact_lock_shared(asked.c.number), func.pg_advisory_xact_lock(asked.c.number)
    taken = cast(case((asked.c.shared, together), else_=alone), String).label("taken")
    pointed = (func.set_config(name, "off", true()).label(name) for name in ("enable_seqscan", "enable_indexscan"))
    return select(taken, *pointed).select_from(asked)
