"""Which JSON type a field takes, so that nothing is converted on the way in."""

import re
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import PydanticCustomError

CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""What no database takes, what steers a terminal, and what turns the direction of a public name's letters."""

_OWN: dict[Any, frozenset[type]] = {
    NoneType: frozenset({NoneType}),
    bool: frozenset({bool}),
    int: frozenset({int}),
    float: frozenset({int, float}),
    list: frozenset({list}),
    dict: frozenset({dict}),
}
_JSON = frozenset({NoneType, bool, int, float, str, list, dict})
_WANTED = ((bool, "bool_type"), (int, "int_type"), (float, "float_type"), (list, "list_type"), (dict, "model_type"))


@cache
def json_types(annotation: Any) -> frozenset[type]:
    """Return the JSON types that an annotation takes; dates, ids, choices and decimals are text."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return json_types(get_args(annotation)[0])
    if origin in {Union, UnionType}:
        return frozenset().union(*(json_types(one) for one in get_args(annotation)))
    kind = origin or annotation
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return frozenset({dict})
    if annotation is Any:
        return _JSON
    return _OWN.get(kind, frozenset({str}))


def require_json_type(value: Any, annotation: Any) -> None:
    """Refuse a JSON value of another type than the field's, and text that steers whatever shows it."""
    if type(value) is str and not value.isprintable() and CONTROLS.search(value):
        kind = "control_character"
        raise PydanticCustomError(kind, kind)
    if type(value) not in _JSON:
        return
    wanted = json_types(annotation)
    if type(value) in wanted:
        return
    kind = next((name for one, name in _WANTED if one in wanted), "string_type")
    raise PydanticCustomError(kind, kind)
