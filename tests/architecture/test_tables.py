"""Every table knows its class, and every community row its place."""

from collections.abc import Iterator

import pytest
from sqlalchemy import ForeignKeyConstraint, Table, UniqueConstraint

from shared.migrations import check
from tests.architecture.reading import PROJECT, SERVICES, metadata, module, path
from tests.house import Prepared

CLASSES = {"community", "regional", "reference", "local", "copied"}


def tables(*classes: str) -> list[Table]:
    return [
        table
        for service in SERVICES
        for table in metadata(service).sorted_tables
        if not classes or table.info.get("class") in classes
    ]


def named(table: Table) -> str:
    return str(table.name)


def references(table: Table) -> Iterator[tuple[ForeignKeyConstraint, Table]]:
    for constraint in table.foreign_key_constraints:
        yield constraint, constraint.referred_table


def test_there_are_tables_to_judge() -> None:
    assert len(tables()) > 20
    assert len(tables("community")) > 3


@pytest.mark.parametrize("table", tables(), ids=named)
def test_every_table_declares_its_class(table: Table) -> None:
    assert table.info.get("class") in CLASSES


@pytest.mark.parametrize("table", tables("community"), ids=named)
def test_a_community_row_stands_in_a_kelurahan(table: Table) -> None:
    assert not table.c.kelurahan_code.nullable
    assert [column.name for column in table.primary_key.columns] == ["id"]
    pairs = [[column.name for column in one.columns] for one in table.constraints if isinstance(one, UniqueConstraint)]
    assert ["id", "kelurahan_code"] in pairs


@pytest.mark.parametrize("table", tables("community"), ids=named)
def test_a_child_cannot_stand_in_another_kelurahan_than_its_parent(table: Table) -> None:
    for constraint, parent in references(table):
        if parent.info["class"] == "community":
            own = [element.parent.name for element in constraint.elements]
            theirs = [element.column.name for element in constraint.elements]
            assert "kelurahan_code" in own
            assert own.index("kelurahan_code") == theirs.index("kelurahan_code")


@pytest.mark.parametrize("table", tables("community"), ids=named)
def test_nothing_of_a_community_is_unique_across_kelurahan(table: Table) -> None:
    unique = [one.columns for one in table.constraints if isinstance(one, UniqueConstraint)]
    unique += [index.columns for index in table.indexes if index.unique]
    for columns in unique:
        assert "kelurahan_code" in {column.name for column in columns}, columns


@pytest.mark.parametrize("table", tables("regional"), ids=named)
def test_a_regional_row_names_its_region(table: Table) -> None:
    assert "region_code" in table.c


@pytest.mark.parametrize("table", tables(), ids=named)
def test_no_table_leans_on_a_copy(table: Table) -> None:
    # A copy may come late or be made anew; nothing may depend on its being there.
    assert not [parent.name for _, parent in references(table) if parent.info["class"] in {"copied", "local"}]


@pytest.mark.parametrize("table", tables(), ids=named)
def test_region_codes_sort_by_bytes(table: Table) -> None:
    for column in table.columns:
        if column.name.endswith(("kelurahan_code", "region_code", "code_now")):
            assert getattr(column.type, "collation", None) == "C", column.name


@pytest.mark.parametrize("table", tables(), ids=named)
def test_money_is_exact_in_every_reader(table: Table) -> None:
    bounded = " ".join(str(getattr(one, "sqltext", "")) for one in table.constraints)
    for column in table.columns:
        if {"amount", "rupiah", "cost"} & set(column.name.split("_")):
            assert column.type.python_type is int, column.name
            assert f"{column.name} BETWEEN" in bounded or table.info["class"] == "copied", column.name


def test_migrations_make_no_triggers_and_import_nothing_of_ours() -> None:
    for file in (PROJECT / "services").glob("*/migrations/versions/*.py"):
        content = file.read_text(encoding="utf-8")
        assert "TRIGGER" not in content.upper(), path(file)
        assert "import services" not in content, path(file)
        assert "from services" not in content, path(file)
        assert "from shared" not in content, path(file)


@pytest.mark.parametrize("service", SERVICES)
def test_migrations_make_exactly_what_the_models_declare(service: str, prepared: Prepared) -> None:
    metadata(service)
    url = prepared.server.url(prepared.template(service))

    check(module(service, "app").MIGRATIONS, url=url)
