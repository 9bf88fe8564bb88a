"""An API document that says each thing once, so that a phone on a rural line reads it too."""

import json
from collections import Counter
from typing import Any

Json = dict[str, Any]
OFTEN, LONG = 5, 90
"""In how many schemas a field of so many characters stands before it is said in one place."""

REPEATED = 2
"""From how many operations on a parameter stands in the components."""


def compact(document: Json) -> None:
    """Say the same in fewer words: no generated titles, plain nullable types, repeated parameters in one place."""
    for part in (document["paths"], document["components"].get("schemas", {})):
        _shorten(part)
    _share_parameters(document)
    schemas = document["components"].get("schemas", {})
    _share_pages(schemas)
    _share_properties(schemas)


def _shorten(value: Any) -> None:
    if isinstance(value, list):
        for one in value:
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


def _share_properties(schemas: Json) -> None:
    """Let what very many schemas say of a field of the same name stand in one place, such as a client's own id."""
    fields = [
        (schema["properties"], name)
        for schema in schemas.values()
        for name, one in schema.get("properties", {}).items()
        if "$ref" not in one
    ]
    written = Counter((name, json.dumps(properties[name], sort_keys=True)) for properties, name in fields)
    for (field, text), count in written.items():
        key = "".join(word.capitalize() for word in field.split("_")) + "Field"
        if count < OFTEN or len(text) < LONG or key in schemas:
            continue
        schemas[key] = json.loads(text)
        for properties, name in fields:
            if name == field and json.dumps(properties[name], sort_keys=True) == text:
                properties[name] = {"$ref": f"#/components/schemas/{key}"}


def _share_pages(schemas: Json) -> None:
    """Let the page of each list name its items only; what all pages have stands in `Page`."""
    pages = {name: schema for name, schema in schemas.items() if name.startswith("Page_")}
    for name, schema in pages.items():
        items = schema["properties"].pop("items")
        schemas["Page"] = schema
        schemas[name] = {"allOf": [{"$ref": "#/components/schemas/Page"}, {"properties": {"items": items}}]}
    if pages:
        schemas["Page"]["properties"]["items"] = {"type": "array"}


def _share_parameters(document: Json) -> None:
    operations = [operation for path in document["paths"].values() for operation in path.values()]
    written = [
        json.dumps(one, sort_keys=True)
        for operation in operations
        for one in operation.get("parameters", ())
        if "$ref" not in one
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
                {"$ref": f"#/components/parameters/{shared[text]}"}
                if (text := json.dumps(one, sort_keys=True)) in shared
                else one
                for one in operation["parameters"]
            ]
