"""What may stand in a journal: every action has an audience, and no payload names a person."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from shared.journal import Audience
from tests.architecture.reading import PROJECT, SERVICES, application, called, calls, functions, path, slices

PERSONAL = {
    "nik", "kk", "phone", "telephone", "mobile", "whatsapp", "email", "address", "street", "house", "username",
    "display_name", "full_name", "password", "secret", "birth_date", "born_on", "age", "gender", "religion", "contact",
    "complainant", "complainant_name", "accused", "borrower_name", "household_head", "photo", "signature", "latitude",
    "longitude", "point", "ip", "tracking_code", "text", "note", "notes", "remark", "story",
}  # fmt: skip
NAMES_OF = {"boards", "groups", "committees", "learning", "partners", "regions", "plans", "activities"}
"""Slices whose `name` is an institution's, a place's or a work's, or that of an officer in office."""

SERVICE_FILES = [file for folder in slices() for file in folder.glob("*.py")]


def payload_dicts(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[ast.AST]:
    """Give what a function puts into a journal: all of an `x_record`, and what it hands to a `Change`."""
    if function.name.endswith("_record"):
        yield function
    for call in calls(function):
        if called(call) == "Change":
            handed = [*call.args, *(one.value for one in call.keywords)]
            yield from handed
            names = {one.id for one in handed if isinstance(one, ast.Name)}
            for node in ast.walk(function):
                if isinstance(node, ast.Assign) and {t.id for t in node.targets if isinstance(t, ast.Name)} & names:
                    yield node.value


@cache
def payloads() -> list[tuple[Path, str, ast.AST]]:
    return [
        (file, function.name, node)
        for file in SERVICE_FILES
        for function in functions(file)
        for node in payload_dicts(function)
    ]


def keys(node: ast.AST) -> set[str]:
    return {
        key.value
        for one in ast.walk(node)
        if isinstance(one, ast.Dict)
        for key in one.keys
        if isinstance(key, ast.Constant) and isinstance(key.value, str)
    }


def test_there_are_payloads_to_judge() -> None:
    assert len({(file, name) for file, name, node in payloads() if keys(node)}) > 4


@pytest.mark.parametrize("file", SERVICE_FILES, ids=path)
def test_no_payload_names_a_person(file: Path) -> None:
    for found, name, node in payloads():
        if found == file:
            assert not keys(node) & PERSONAL, f"{path(file)}: {name}"
            if "name" in keys(node):
                assert file.parent.name in NAMES_OF, f"{path(file)}: {name} journals a name"


@pytest.mark.parametrize("file", SERVICE_FILES, ids=path)
def test_a_payload_is_written_field_by_field(file: Path) -> None:
    # What is dumped whole grows with its model, and one day carries a phone number.
    for found, name, node in payloads():
        if found == file:
            assert not [call for call in calls(node) if called(call) in {"model_dump", "vars", "asdict"}], name


def recorded_actions(service: str) -> set[str]:
    """Return the actions that a service's code writes: the texts that look like one in calls that make a change."""
    found = set()
    for file in (PROJECT / "services" / service).rglob("*.py"):
        for function in functions(file):
            for call in calls(function):
                if called(call) == "Change" or called(call).endswith("change") or called(call) == "record":
                    found |= {
                        one.value
                        for argument in [*call.args, *(keyword.value for keyword in call.keywords)]
                        for one in ast.walk(argument)
                        if isinstance(one, ast.Constant) and isinstance(one.value, str) and _is_action(one.value)
                    }
    return found


def _is_action(value: str) -> bool:
    noun, _, verb = value.partition(".")
    return noun.replace("_", "").isalpha() and verb.replace("_", "").isalpha()


@pytest.mark.parametrize("service", SERVICES)
def test_every_action_has_an_audience(service: str) -> None:
    audiences = application(service).state.audiences

    assert recorded_actions(service) - set(audiences) == set()
    assert all(isinstance(one, Audience) for one in audiences.values())


def _begins(node: ast.AST | None) -> str | None:
    """Return how a text begins that is put together: `boards/` of f"boards/{id}"."""
    if isinstance(node, ast.JoinedStr) and node.values:
        node = node.values[0]
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _told(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[str]:
    """Give the subjects that a function writes of, as they begin."""
    named: dict[str, str | None] = {}
    for node in ast.walk(function):
        if isinstance(node, ast.Assign):
            pairs = [(node.targets[0], node.value)]
            if isinstance(node.targets[0], ast.Tuple) and isinstance(node.value, ast.Tuple):
                pairs = list(zip(node.targets[0].elts, node.value.elts, strict=True))
            named |= {target.id: _begins(value) for target, value in pairs if isinstance(target, ast.Name)}
    for call in calls(function):
        if called(call) in {"Change", "noting"} and len(call.args) > 1:
            given = call.args[1]
            begun = named.get(given.id) if isinstance(given, ast.Name) else _begins(given)
            if begun is not None:
                yield begun


@pytest.mark.parametrize("service", SERVICES)
def test_every_subject_is_of_a_kind_that_can_be_followed(service: str) -> None:
    files = [*(PROJECT / "services" / service).rglob("*.py"), *(PROJECT / "shared").glob("*.py")]
    written = {begun.partition("/")[0] for file in files for function in functions(file) for begun in _told(function)}
    kinds = application(service).state.kinds

    assert written - kinds == set()
    assert len(written) > 3
