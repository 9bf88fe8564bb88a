"""An API document that says each thing once, so that a phone on a rural line reads it too."""

import json
from collections import Counter
from typing import Any

Json = dict[str, Any]
REPEATED = 2
"""From how many operations on a parameter stands in the components."""

ITEM: Json = {
    "id": {"type": "string", "format": "uuid"},
    "version": {"type": "integer"},
    "recorded_at": {"type": "string", "format": "date-time"},
    "changed_at": {"type": "string", "format": "date-time"},
}
"""What every item tells of itself."""


def compact(document: Json) -> None:
    """Say the same in fewer words: no generated titles, plain nullable types, and what repeats in one place."""
    for part in (document["paths"], document["components"].get("schemas", {})):
        _shorten(part)
    _share_security(document)
    _share_responses(document)
    _share_parameters(document)
    _lift_parameters(document["paths"])
    schemas = document["components"].get("schemas", {})
    _share_pages(schemas)
    _share_items(schemas)
    _share_properties(schemas)


def _shorten(value: Any) -> None:
    if isinstance(value, list):
        for one in value:
            if isinstance(one, dict):
                _plain(one)
            _shorten(one)
    if not isinstance(value, dict):
        return
    for name, one in value.items():
        # A property may be called `title`; what is generated stands beside a schema's other words.
        if isinstance(one, dict) and name != "properties":
            _plain(one)
        _shorten(one)
    properties = value.get("properties")
    if isinstance(properties, dict):
        for one in properties.values():
            if isinstance(one, dict):
                _plain(one)


def _plain(schema: Json) -> None:
    if isinstance(schema.get("title"), str) and schema.keys() & {"type", "anyOf", "$ref", "enum", "const", "allOf"}:
        del schema["title"]
    kinds = schema.get("anyOf", ())
    if len(kinds) == 2 and kinds[1] == {"type": "null"} and isinstance(kinds[0].get("type"), str):
        # An enumeration would have to list null, too.
        if kinds[0].keys() & {"enum", "const"}:
            return
        del schema["anyOf"]
        described = schema.get("description")
        schema |= kinds[0] | {"type": [kinds[0]["type"], "null"]}
        if described is not None:
            schema["description"] = described
    if schema.get("required") is False and "in" in schema:
        # A parameter is optional unless it says otherwise.
        del schema["required"]
    inner = schema.get("schema")
    if isinstance(inner, dict) and inner.get("description") == schema.get("description"):
        inner.pop("description", None)


def _written(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _share_properties(schemas: Json) -> None:
    """Let what several schemas say of a field of the same name stand in one place, wherever that is shorter."""
    fields = [
        (schema["properties"], name, _written(one))
        for schema in schemas.values()
        for name, one in schema.get("properties", {}).items()
        if one.keys() != {"$ref"}
    ]
    for (field, text), count in Counter((name, text) for _, name, text in fields).most_common():
        key = "".join(word.capitalize() for word in field.split("_")) + "Field"
        reference = {"$ref": f"#/components/schemas/{key}"}
        won = count * (len(text) - len(_written(reference))) - len(f'"{key}":{text},\n')
        if won <= 0 or key in schemas:
            continue
        schemas[key] = json.loads(text)
        for properties, name, written in fields:
            if (name, written) == (field, text):
                properties[name] = dict(reference)


def _share_pages(schemas: Json) -> None:
    """Let the page of each list name its items only; what all pages have stands in `Page`."""
    pages = {name: schema for name, schema in schemas.items() if name.startswith("Page_")}
    for name, schema in pages.items():
        items = schema["properties"].pop("items")
        schemas["Page"] = schema
        schemas[name] = {"allOf": [{"$ref": "#/components/schemas/Page"}, {"properties": {"items": items}}]}
    if pages:
        schemas["Page"]["properties"]["items"] = {"type": "array"}


def _share_items(schemas: Json) -> None:
    """Let what every item tells of itself stand in `Item`."""
    items = [
        schema
        for schema in schemas.values()
        # A schema that refuses other properties would refuse those of an `allOf` beside it.
        if ITEM.items() <= schema.get("properties", {}).items()
        and ITEM.keys() <= set(schema.get("required", ()))
        and not schema.keys() & {"allOf", "additionalProperties"}
    ]
    if len(items) < REPEATED or "Item" in schemas:
        return
    schemas["Item"] = {"type": "object", "properties": dict(ITEM), "required": list(ITEM)}
    for schema in items:
        schema["properties"] = {name: one for name, one in schema["properties"].items() if name not in ITEM}
        schema["required"] = [name for name in schema["required"] if name not in ITEM]
        schema["allOf"] = [{"$ref": "#/components/schemas/Item"}]


def _share_responses(document: Json) -> None:
    """Let a response of several operations stand under the name of its schema, wherever that is shorter."""
    places = [
        (responses, status, _written(one))
        for operation in _operations(document["paths"])
        for responses in [operation.get("responses", {})]
        for status, one in responses.items()
        if "content" in one
    ]
    shared = document["components"].setdefault("responses", {})
    for text, count in Counter(text for _, _, text in places).most_common():
        response = json.loads(text)
        content: Json = response["content"].get("application/json", {}).get("schema", {})
        key = content.get("$ref", "").rpartition("/")[2]
        reference = {"$ref": f"#/components/responses/{key}"}
        won = count * (len(text) - len(_written(reference))) - len(f'"{key}":{text},\n')
        if not key or key in shared or won <= 0:
            continue
        shared[key] = response
        for responses, status, written in places:
            if written == text:
                responses[status] = dict(reference)


def _operations(paths: Json) -> list[Json]:
    return [operation for path in paths.values() for operation in path.values()]


def _share_security(document: Json) -> None:
    """Say once who may call most operations; each other says it itself."""
    operations = _operations(document["paths"])
    common = Counter(_written(operation["security"]) for operation in operations if "security" in operation)
    if not common:
        return
    document["security"] = json.loads(common.most_common(1)[0][0])
    for operation in operations:
        if "security" not in operation:
            operation["security"] = []
        elif operation["security"] == document["security"]:
            del operation["security"]


def _lift_parameters(paths: Json) -> None:
    """Let what all operations of an address take, such as its id, stand at the address."""
    for path in paths.values():
        operations = list(path.values())
        first, *others = (operation.get("parameters", []) for operation in operations)
        common = [one for one in first if all(one in other for other in others)]
        if not others or not common:
            continue
        for operation in operations:
            operation["parameters"] = [one for one in operation["parameters"] if one not in common]
            if not operation["parameters"]:
                del operation["parameters"]
        path["parameters"] = common


def _share_parameters(document: Json) -> None:
    operations = _operations(document["paths"])
    written = [
        _written(one) for operation in operations for one in operation.get("parameters", ()) if "$ref" not in one
    ]
    shared: dict[str, str] = {}
    components = document["components"].setdefault("parameters", {})
    names: Counter[str] = Counter(list(components))
    for text, count in Counter(written).items():
        if count < REPEATED:
            continue
        parameter = json.loads(text)
        name = parameter["name"]
        names[name] += 1
        key = name if names[name] == 1 else f"{name}-{names[name]}"
        components[key] = parameter
        shared[text] = key
    for operation in operations:
        if "parameters" in operation:
            operation["parameters"] = [
                {"$ref": f"#/components/parameters/{shared[text]}"} if (text := _written(one)) in shared else one
                for one in operation["parameters"]
            ]
