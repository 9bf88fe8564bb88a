from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.planning.activities.sync import ACTIVITIES
from services.planning.app import SERVICE
from services.registry.boards.rules import LegalStatus
from services.registry.groups.sync import GROUPS
from services.registry.residents.sync import synced
from shared.errors import BodyInvalid
from shared.permissions import Caller
from shared.syncables import Syncing, flat
from shared.vault import Vault

HOUSEHOLDS, RESIDENTS = synced(Vault([bytes(32)]))
REGISTRY = Syncing(1, (HOUSEHOLDS, RESIDENTS, GROUPS))
UUID_OF_ONE = UUID(int=1)


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (None, None),
        ("x", "x"),
        (7, 7),
        (True, True),
        (Decimal("8.500"), "8.500"),
        (date(2024, 1, 2), "2024-01-02"),
        (UUID_OF_ONE, str(UUID_OF_ONE)),
        (LegalStatus.NONE, "none"),
        (["b", "a"], '["b","a"]'),
        ({"b": 1, "a": None}, '{"a":null,"b":1}'),
    ],
)
def test_a_column_holds_flat_values(value: Any, kept: Any) -> None:
    assert flat(value) == kept


def test_columns_say_what_a_client_may_write_and_leave_out() -> None:
    told = {name: (one.kind, one.optional, one.writable) for name, one in GROUPS.fields.items()}

    assert told["name"] == ("string", False, "always")
    assert told["board_id"] == ("string", False, "created")
    assert told["members"] == ("number", False, "always")
    assert told["version"] == ("number", True, None)


def test_what_lies_inside_an_object_is_a_column_of_its_own() -> None:
    values = {"title": "Saluran", "blm_rupiah": 5, "households": 4, "volume": "8.5"}
    assert ACTIVITIES.change is not None

    body = ACTIVITIES.body(ACTIVITIES.change, values)

    assert body == {"title": "Saluran", "volume": "8.5", "funding": {"blm": 5}, "beneficiaries": {"households": 4}}
    meant = ACTIVITIES.meant(ACTIVITIES.read(ACTIVITIES.change, body), values)
    assert meant == values | {"volume": "8.500"}


def test_a_fault_names_the_column() -> None:
    assert ACTIVITIES.change is not None

    with pytest.raises(BodyInvalid) as refused:
        ACTIVITIES.read(ACTIVITIES.change, ACTIVITIES.body(ACTIVITIES.change, {"blm_rupiah": -1, "volume": "x"}))

    assert {one.pointer for one in refused.value.faults} == {"/blm_rupiah", "/volume"}


def test_the_same_number_is_known_again_however_it_is_written() -> None:
    assert HOUSEHOLDS.change is not None
    for written in ("3", "03", "003"):
        read = HOUSEHOLDS.read(HOUSEHOLDS.change, {"rt": written})
        assert HOUSEHOLDS.meant(read, ["rt"]) == {"rt": "003"}


def test_what_a_copy_holds_changes_with_columns_scopes_and_version() -> None:
    read = frozenset({"registry:residents:read", "registry:groups:read"})
    caller, named = Caller(uuid4(), scopes=read), Caller(uuid4(), scopes=read | {"registry:personal:read"})

    told = [
        REGISTRY.schema_for(caller),
        REGISTRY.schema_for(named),
        REGISTRY.schema_for(Caller(uuid4(), scopes=frozenset({"registry:groups:read"}))),
        Syncing(2, REGISTRY.tables).schema_for(caller),
        Syncing(1, REGISTRY.tables[:2]).schema_for(caller),
    ]

    assert len(set(told)) == len(told)
    writer = Caller(uuid4(), scopes=read | {"registry:groups:write"})
    assert REGISTRY.schema_for(writer) == REGISTRY.schema_for(caller)


def test_numbers_that_people_carry_are_shown_to_nobody() -> None:
    assert RESIDENTS.shown("name", unmasked=True)
    assert not RESIDENTS.shown("name", unmasked=False)
    assert not RESIDENTS.shown("nik", unmasked=True)
    assert RESIDENTS.fields["nik"].writable == "always"


def test_no_column_has_a_name_that_watermelondb_keeps_for_itself() -> None:
    assert SERVICE.syncing is not None
    for synced_table in (*SERVICE.syncing.tables, *REGISTRY.tables):
        assert not {"id", "_status", "_changed", "created_at", "updated_at"} & set(synced_table.columns)
        assert all(name.isidentifier() for name in synced_table.columns)
