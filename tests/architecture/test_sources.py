"""House rules that only the source can show."""

import ast
import re
from pathlib import Path

import pytest

from tests.architecture.reading import PROJECT, called, calls, functions, path, python_files, slices, tree, words

OURS = python_files("services", "shared", "deploy")
ALL = [*OURS, *python_files("tests")]
LONGEST_FILE = 400
LONGEST_TEST = 600
"""A contract told case by case reads better in one file."""

DRAWERS = {"util", "utils", "helper", "helpers", "common", "misc", "core", "base", "lib", "kit", "constants"}
RANK = {"registry": 0, "planning": 1, "monitoring": 2}
DOMAIN = {
    "agreement", "allotment", "audit", "bank", "beneficiary", "bkm", "board", "borrower", "channeling", "citizen",
    "committee", "complaint", "disbursement", "election", "facilitator", "funding", "grant", "handover", "household",
    "indicator", "instalment", "kpi", "lkm", "loan", "mandate", "meeting", "neighbourhood", "officer", "opportunity",
    "partner", "plan", "poverty", "problem_of", "prioritisation", "ratification", "resident", "savings", "swadaya",
    "term", "tranche", "upk", "volunteer",
}  # fmt: skip
PLUMBING = {"grant_type", "term", "terms"}
"""Words of the trade that only look like the programme's: OAuth's grants, an enumeration's terms."""


def test_there_are_files_to_judge() -> None:
    assert len(OURS) > 80
    assert len(slices()) > 5


@pytest.mark.parametrize("file", ALL, ids=path)
def test_no_file_is_long(file: Path) -> None:
    if "versions" in file.parts:
        return  # a first migration makes all tables

    longest = LONGEST_FILE if file in OURS else LONGEST_TEST
    assert len(file.read_text(encoding="utf-8").splitlines()) <= longest


@pytest.mark.parametrize("file", ALL, ids=path)
def test_nothing_is_called_a_drawer(file: Path) -> None:
    parts = file.relative_to(PROJECT).with_suffix("").parts

    assert not DRAWERS & {word for part in parts for word in words(part)}


@pytest.mark.parametrize("file", OURS, ids=path)
def test_only_the_database_commits(file: Path) -> None:
    commits = [call.lineno for call in calls(tree(file)) if called(call) == "commit"]
    # A migration runs outside a request: its lock is taken in a transaction of its own.
    allowed = path(file) in {"shared/database.py", "shared/migrations.py"}

    assert allowed or commits == []


def test_a_token_is_decoded_in_exactly_one_file() -> None:
    decoding = {
        path(file)
        for file in OURS
        for call in calls(tree(file))
        if called(call) == "decode"
        and isinstance(call.func, ast.Attribute)
        and isinstance(call.func.value, ast.Name)
        and call.func.value.id in {"jwt", "jws"}
    }

    assert decoding == {"shared/tokens.py"}


@pytest.mark.parametrize("file", python_files("shared"), ids=path)
def test_shared_knows_no_word_of_the_programme(file: Path) -> None:
    names = {node.name for node in ast.walk(tree(file)) if isinstance(node, ast.ClassDef | ast.FunctionDef)}
    names |= {node.name for node in ast.walk(tree(file)) if isinstance(node, ast.AsyncFunctionDef)}
    names |= {node.arg for node in ast.walk(tree(file)) if isinstance(node, ast.arg)}
    names |= {node.id for node in ast.walk(tree(file)) if isinstance(node, ast.Name)}
    names |= {node.attr for node in ast.walk(tree(file)) if isinstance(node, ast.Attribute)}
    names.add(file.stem)
    known = DOMAIN | {f"{word}s" for word in DOMAIN}

    assert [name for name in sorted(names - PLUMBING) if known & set(words(name))] == []


def test_clients_call_downward_only() -> None:
    for file in (PROJECT / "services").glob("*/clients/*.py"):
        if file.stem != "__init__":
            assert RANK[file.stem] < RANK[file.parents[1].name], path(file)


def test_registry_calls_nobody() -> None:
    assert not (PROJECT / "services/registry/clients").exists()


@pytest.mark.parametrize("folder", slices(), ids=path)
def test_another_slice_is_entered_by_its_service(folder: Path) -> None:
    service, own = folder.parent.name, folder.name
    neighbours = {one.name for one in slices() if one.parent == folder.parent and one.name != own}
    inside = re.compile(
        rf"^services\.{service}\.({'|'.join(sorted(neighbours)) or '-'})\.(models|schemas|queries|rules|routes)\b"
    )

    for file in folder.glob("*.py"):
        for node in ast.walk(tree(file)):
            if isinstance(node, ast.ImportFrom) and node.module is not None:
                reached = [f"{node.module}.{alias.name}" for alias in node.names]
                assert not [one for one in reached if inside.match(one)], path(file)


@pytest.mark.parametrize("folder", slices(), ids=path)
def test_a_slice_has_a_route_or_feeds_one(folder: Path) -> None:
    assert (folder / "routes.py").exists() or (folder / "service.py").exists()
    assert ast.get_docstring(tree(folder / "__init__.py"))


@pytest.mark.parametrize("file", OURS, ids=path)
def test_what_comes_after_the_subject_is_said_by_name(file: Path) -> None:
    if "migrations" in file.parts or file.stem == "routes":
        return
    for function in functions(file):
        flags = [
            given.arg
            for given, default in zip(reversed(function.args.args), reversed(function.args.defaults), strict=False)
            if isinstance(default, ast.Constant) and isinstance(default.value, bool)
        ]
        assert flags == [], f"{path(file)}:{function.lineno} takes a switch without a name"


def _stored_code(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and node.attr in {"kelurahan_code", "region_code"}


def _of_a_place(node: ast.AST) -> bool:
    """Tell whether a code is a column of `places`, by whatever alias: `places.c.kelurahan_code`."""
    return _stored_code(node) and isinstance(node.value, ast.Attribute) and node.value.attr == "c"  # type: ignore[attr-defined]


@pytest.mark.parametrize("file", python_files("services"), ids=path)
def test_rows_of_one_place_are_compared_by_its_code_of_today(file: Path) -> None:
    """A place may have had several codes: `same_place`, or a join with `places`, knows them all."""
    compared = [
        node.lineno
        for node in ast.walk(tree(file))
        if isinstance(node, ast.Compare)
        and isinstance(node.ops[0], ast.Eq | ast.NotEq)
        and any(_stored_code(side) for side in (node.left, *node.comparators))
        and not any(_of_a_place(side) for side in (node.left, *node.comparators))
    ]
    # Where a foreign key keeps both under one code: the tallies of an election, a problem and its activities.
    allowed = path(file) in {"services/registry/elections/comparing.py", "services/planning/activities/service.py"}

    assert allowed or compared == []
