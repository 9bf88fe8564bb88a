"""What POST takes of an item, a file and a phone take too; what they do not is known, and told in docs/clients.md."""

from collections.abc import Iterator
from typing import get_args

import pytest
from pydantic import BaseModel

from tests.architecture.reading import application

LEFT_OUT = {
    ("phone", "boards"): {"deed_on", "notary"},
    ("file", "volunteers"): {"person_id"},
}
SERVICES = ("registry", "planning", "monitoring")


def leaves(schema: type[BaseModel], above: str = "") -> Iterator[str]:
    """Give the fields of a body, those of its objects as `a/b`."""
    for name, field in schema.model_fields.items():
        inner = [one for one in (field.annotation, *get_args(field.annotation)) if isinstance(one, type)]
        body = next((one for one in inner if issubclass(one, BaseModel)), None)
        if body is None:
            yield above + name
        else:
            yield from leaves(body, f"{above}{name}/")


def ways(service: str) -> Iterator[tuple[str, str, set[str]]]:
    """Give each way in with what POST takes and it does not."""
    state = application(service).state
    for one in state.importing.by_kind.values():
        yield "file", one.kind, set(leaves(one.draft)) - {column.field for column in one.all_columns}
    for one in state.syncing.tables if getattr(state, "syncing", None) else ():
        if one.draft is not None:
            whole = {"/".join(column.path) for column in one.fields.values()}
            yield (
                "phone",
                one.name,
                {leaf for leaf in leaves(one.draft) if leaf != "id" and not {leaf, leaf.split("/")[0]} & whole},
            )


@pytest.mark.parametrize("service", SERVICES)
def test_takes_what_post_takes(service: str) -> None:
    found = list(ways(service))

    assert found
    for way, name, missing in found:
        assert missing == LEFT_OUT.get((way, name), set()), (way, name)
