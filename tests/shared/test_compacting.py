"""An API document says each thing once and still says the same."""

from typing import Any

import pytest
from fastapi import FastAPI

from deploy.openapi import application, services
from shared.compacting import ITEM, compact


def parameter(name: str, **schema: Any) -> dict[str, Any]:
    return {"name": name, "in": "query", "schema": schema}


def document(*parameters: dict[str, Any], times: int) -> dict[str, Any]:
    paths = {f"/{number}": {"get": {"parameters": [dict(one) for one in parameters]}} for number in range(times)}
    return {"paths": paths, "components": {"parameters": {"limit": {"name": "other"}}}}


def test_what_repeats_stands_in_one_place_under_a_name_that_was_free() -> None:
    made = document(parameter("limit", type="integer"), times=2)

    compact(made)

    assert made["paths"]["/1"]["get"]["parameters"] == [{"$ref": "#/components/parameters/limit-2"}]
    assert made["components"]["parameters"]["limit-2"] == parameter("limit", type="integer")


def test_what_is_rare_stays_where_it_is() -> None:
    made = document(parameter("colour", type="string"), times=1)

    compact(made)

    assert made["paths"]["/0"]["get"]["parameters"] == [parameter("colour", type="string")]


def test_a_parameter_in_its_operation_is_told_plainly_too() -> None:
    told = {"title": "Colour", "anyOf": [{"type": "string"}, {"type": "null"}], "description": "x"}
    made = document(parameter("colour", **told) | {"required": False, "description": "x"}, times=1)

    compact(made)

    plain = parameter("colour", type=["string", "null"]) | {"description": "x"}
    assert made["paths"]["/0"]["get"]["parameters"] == [plain]


def test_what_all_operations_of_an_address_take_stands_at_the_address() -> None:
    number, colour = parameter("number", type="integer"), parameter("colour", type="string")
    made: dict[str, Any] = {
        "paths": {"/a": {"get": {"parameters": [number, colour]}, "patch": {"parameters": [number]}}}
    }

    compact(made | {"components": {}})

    assert [one["$ref"].rpartition("/")[2] for one in made["paths"]["/a"]["parameters"]] == ["number"]
    assert made["paths"]["/a"]["get"]["parameters"] == [colour]
    assert "parameters" not in made["paths"]["/a"]["patch"]


def test_who_may_call_most_operations_is_said_once_and_open_ones_say_that_they_are_open() -> None:
    paths = {f"/{scope}": {"get": {"security": [{"oauth2": [scope]}]}} for scope in ("a", "b")}
    paths |= {"/c": {"get": {"security": [{"oauth2": ["a"]}]}}, "/d": {"get": {}}}
    made: dict[str, Any] = {"paths": paths, "components": {}}

    compact(made)

    assert made["security"] == [{"oauth2": ["a"]}]
    assert [one["get"].get("security") for one in paths.values()] == [None, [{"oauth2": ["b"]}], None, []]


def test_a_field_of_several_schemas_stands_in_one_place_where_that_is_shorter() -> None:
    long, short = {"type": "string", "description": "x" * 90}, {"type": "string"}
    schemas = {f"V{number}": {"properties": {"why": dict(long), "who": dict(short)}} for number in range(3)}
    schemas["W"] = {"properties": {"why": {"type": "string", "description": "other"}}}

    compact({"paths": {}, "components": {"schemas": schemas}})

    assert schemas["WhyField"] == long
    assert schemas["V2"]["properties"] == {"why": {"$ref": "#/components/schemas/WhyField"}, "who": short}
    assert schemas["W"]["properties"] == {"why": {"type": "string", "description": "other"}}


def test_what_every_item_tells_of_itself_stands_in_one_place() -> None:
    def view(**more: Any) -> dict[str, Any]:
        properties = {name: dict(one) for name, one in ITEM.items()} | {"name": {"type": "string"}}
        return {"type": "object", "properties": properties, "required": [*ITEM, "name"]} | more

    schemas = {"A": view(), "B": view(), "Strict": view(additionalProperties=False), "Loose": view(required=["id"])}

    compact({"paths": {}, "components": {"schemas": schemas}})

    shared = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}
    assert schemas["A"] == schemas["B"] == shared | {"allOf": [{"$ref": "#/components/schemas/Item"}]}
    assert schemas["Item"] == {"type": "object", "properties": ITEM, "required": [*ITEM]}
    assert "allOf" not in schemas["Strict"]
    assert "allOf" not in schemas["Loose"]


def test_a_response_of_several_operations_stands_under_the_name_of_its_schema() -> None:
    def answer(name: str, *, described: str = "As it stands") -> dict[str, Any]:
        schema = {"schema": {"$ref": f"#/components/schemas/{name}"}}
        return {"description": described, "content": {"application/json": schema}}

    paths = {f"/{at}": {"get": {"responses": {"200": answer("Board")}}} for at in range(2)}
    paths["/c"] = {"get": {"responses": {"200": answer("Board", described="Other"), "202": answer("Group")}}}
    made: dict[str, Any] = {"paths": paths, "components": {}}

    compact(made)

    assert made["components"]["responses"] == {"Board": answer("Board")}
    assert paths["/1"]["get"]["responses"] == {"200": {"$ref": "#/components/responses/Board"}}
    assert paths["/c"]["get"]["responses"] == {"200": answer("Board", described="Other"), "202": answer("Group")}


def test_a_property_called_title_stays_and_a_generated_title_goes() -> None:
    schema = {"title": "PlanView", "type": "object", "properties": {"title": {"title": "Title", "type": "string"}}}
    made = {"paths": {}, "components": {"schemas": {"PlanView": schema}}}

    compact(made)

    assert schema == {"type": "object", "properties": {"title": {"type": "string"}}}


def test_null_is_one_more_type_but_not_of_an_enumeration() -> None:
    plain = {"anyOf": [{"type": "string", "maxLength": 5}, {"type": "null"}], "description": "x"}
    choice = {"anyOf": [{"type": "string", "enum": ["a"]}, {"type": "null"}]}
    made = {"paths": {}, "components": {"schemas": {"V": {"properties": {"plain": plain, "choice": choice}}}}}

    compact(made)

    assert plain == {"type": ["string", "null"], "maxLength": 5, "description": "x"}
    assert choice == {"anyOf": [{"type": "string", "enum": ["a"]}, {"type": "null"}]}


@pytest.mark.parametrize("service", services())
def test_every_reference_of_the_real_documents_leads_somewhere(service: str) -> None:
    app: FastAPI = application(service)
    whole = app.openapi()

    def references(value: Any) -> list[str]:
        if isinstance(value, dict):
            own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
            return own + [one for inner in value.values() for one in references(inner)]
        return [one for inner in value for one in references(inner)] if isinstance(value, list) else []

    for reference in references(whole):
        target: Any = whole
        for step in reference.removeprefix("#/").split("/"):
            target = target[step]
