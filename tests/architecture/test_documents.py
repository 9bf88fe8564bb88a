"""What is written down agrees with what is written in code."""

import re
from collections.abc import Iterator
from pathlib import Path
from string import Formatter
from typing import get_args

import pytest
from pydantic import BaseModel

from deploy.local.environment import for_service
from deploy.openapi import documents, settings_of
from shared.catalogue import every_refusal, fault_texts
from shared.columns import columns_of
from shared.errors import Refusal, Text
from shared.exporting import is_list, item_model
from tests.architecture.reading import PROJECT, SERVICES, application, path

for known in SERVICES:
    application(known)


class Ports(dict[str, int]):
    """A port for everybody."""

    def __missing__(self, _name: str) -> int:
        return 1


class Secrets(dict[str, str]):
    """A secret for everybody."""

    def __missing__(self, _name: str) -> str:
        return "unused"


def kinds() -> list[type[Refusal]]:
    """Return every refusal of the project, two of the same code included."""
    found, waiting = list[type[Refusal]](), [Refusal]
    while waiting:
        kind = waiting.pop()
        waiting += kind.__subclasses__()
        if "code" in vars(kind) and kind.__module__.startswith(("shared.", "services.")):
            found.append(kind)
    return sorted(set(found), key=lambda kind: (kind.code, kind.__module__))


def named(kind: type[Refusal]) -> str:
    return f"{kind.__module__}.{kind.__name__}"


def fields(sentence: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(sentence) if name}


MADE = documents()


@pytest.mark.parametrize("file", MADE, ids=str)
def test_generated_documents_are_up_to_date(file: Path) -> None:
    current = (PROJECT / file).read_text(encoding="utf-8") if (PROJECT / file).exists() else ""

    assert current == MADE[file], f"{file} differs from the code: run `python -m deploy.openapi`"


@pytest.mark.parametrize("service", SERVICES)
def test_every_setting_says_what_it_means(service: str) -> None:
    page = (PROJECT / "docs/settings.md").read_text(encoding="utf-8")
    for name, info in settings_of(service).model_fields.items():
        assert info.description, name
        assert f"_{name.upper()}`" in page, name


@pytest.mark.parametrize("service", SERVICES)
def test_make_run_sets_what_a_service_needs_and_nothing_unknown(
    service: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for other in SERVICES:
        monkeypatch.delenv(f"{other.upper()}_DATABASE_URL", raising=False)
    made = for_service(
        service, state=tmp_path, ports=Ports(), secrets=Secrets(), database_url="unused", issuer="unused"
    )
    prefix = f"{service.upper()}_"
    given = {name.removeprefix(prefix).lower() for name in made if name.startswith(prefix)}
    known = settings_of(service).model_fields

    assert given - set(known) == set()
    assert {name for name, info in known.items() if info.is_required()} - given == set()


@pytest.mark.parametrize("service", SERVICES)
def test_no_two_refusals_of_a_service_share_a_code(service: str) -> None:
    codes = [kind.code for kind in kinds() if kind.__module__.startswith(("shared.", f"services.{service}."))]

    assert sorted({code for code in codes if codes.count(code) > 1}) == []


@pytest.mark.parametrize("kind", kinds(), ids=named)
def test_a_refusal_says_the_same_in_both_languages(kind: type[Refusal]) -> None:
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*\.[a-z]+(_[a-z]+)*", kind.code)
    for text in (kind.title, kind.detail, kind.fix):
        assert isinstance(text, Text)
        assert text.id.strip()
        assert text.en.strip()
        assert fields(text.id) == fields(text.en)
    assert fields(kind.title.id) == set(), "only `detail` is filled in"


@pytest.mark.parametrize("code", sorted(fault_texts()))
def test_a_fault_says_the_same_in_both_languages(code: str) -> None:
    text = fault_texts()[code]

    assert fields(text.id) == fields(text.en)


def test_what_the_gateway_refuses_has_a_page() -> None:
    config = (PROJECT / "deploy/envoy/envoy.yaml").read_text(encoding="utf-8")
    codes = set(re.findall(r"^\s+code: ([a-z_.]+)$", config, re.MULTILINE))

    assert codes
    assert codes - {kind.code for kind in every_refusal()} == set()


@pytest.mark.parametrize("file", sorted(PROJECT.glob("docs/**/*.md")), ids=path)
def test_links_between_documents_lead_somewhere(file: Path) -> None:
    for link in re.findall(r"\]\((?!https?:|#|/)([^)#]+)", file.read_text(encoding="utf-8")):
        assert (file.parent / link).exists(), link


@pytest.mark.parametrize("service", SERVICES)
def test_the_dictionary_says_of_every_column_what_it_holds(service: str) -> None:
    app = application(service)
    lists = [route for route in app.routes if is_list(route)]
    columns = [
        (route.name, one.name, one.description)  # type: ignore[attr-defined]
        for route in lists
        for one in columns_of(item_model(route), app.state.meanings)
    ]

    assert len(columns) > 100
    assert [(name, column) for name, column, description in columns if not description] == []


def test_no_meaning_is_told_of_what_no_list_holds() -> None:
    known = set()
    for service in SERVICES:
        for route in application(service).routes:
            if is_list(route):
                known |= {
                    f"{view.__name__}.{field}" for view in views(item_model(route)) for field in view.model_fields
                }
    names = known | {one.partition(".")[2] for one in known}
    for service in SERVICES:
        assert set(application(service).state.meanings) - names == set()


def views(view: type[BaseModel]) -> Iterator[type[BaseModel]]:
    """Give a view and those of the objects inside it."""
    yield view
    for field in view.model_fields.values():
        for inner in (field.annotation, *get_args(field.annotation)):
            if isinstance(inner, type) and issubclass(inner, BaseModel):
                yield from views(inner)
