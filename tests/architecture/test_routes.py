"""What every route promises, and that the gateway knows the way to it."""

import inspect
import json
import re
from collections import Counter
from functools import cache
from typing import Any, get_args, get_origin

import pytest
import yaml
from fastapi import params
from starlette.routing import Match

from deploy.openapi import LARGEST_DOCUMENT, api_document, application
from shared.clock import Now
from shared.lists import LARGEST_PAGE, Page
from shared.openapi import PARAMETERS
from shared.permissions import Anyone, Needs, SignedIn
from shared.restricted import Restricted
from shared.routing import Shelves
from shared.writing import MoneyWriting, Writing
from tests.architecture.reading import PROJECT, SERVICES, Route, dependants, document, routes

ROUTES = routes()
WRITES = [route for route in ROUTES if route.writes and route.depends_on(Writing)]
DOCUMENTED = [route for route in ROUTES if route.route.include_in_schema]
OF_A_DAY = {str(route) for route in DOCUMENTED if any(one["name"] == "as_of" for one in route.parameters)}
"""Reads that tell how things stood on a day."""

RECORDED_READS = {"GET /monitoring/v1/complaints/{id}/contact"}
"""Reads of restricted data, which leave an entry in the journal before their first byte."""

SHORT_LISTS = {"GET /monitoring/v1/indicators", "GET /registry/v1/programmes"}
"""Lists that are written in code and stay short."""

PROOFS = {"_digest_of_code"}
"""What proves a right without an account: a complaint's tracking code."""

SIGN_IN = "/registry/v1/tokens"
ACTS = re.compile(r"^(?P<verb>[a-z]+)(_[a-z]+)*$")


def dependency(parameter: inspect.Parameter) -> Any:
    found = [one for one in get_args(parameter.annotation)[1:] if isinstance(one, params.Depends)]
    return found[0].dependency if found else None


def is_permission(call: Any) -> bool:
    known = {get_args(kind)[1].dependency for kind in (Anyone, SignedIn)}
    return isinstance(call, Needs) or call in known or getattr(call, "__name__", "") in PROOFS


def test_there_are_routes_to_judge() -> None:
    assert len(ROUTES) > 30
    assert len(WRITES) > 8


@pytest.mark.parametrize("service", SERVICES)
def test_the_shelves_give_every_address_to_the_route_that_comes_first(service: str) -> None:
    shelves, *others = application(service).router.routes
    assert isinstance(shelves, Shelves)
    for route in (one for shelf in shelves.shelves.values() for one in shelf):
        address = re.sub(r"{[^}]+}", "01900000-0000-7000-8000-000000000000", route.path_format)
        scope = {"type": "http", "path": address, "headers": [], "root_path": ""}
        for method in route.methods:
            matches = (one.matches(scope | {"method": method}) for one in others)
            first = next(found for match, found in matches if match is Match.FULL)
            assert shelves.matches(scope | {"method": method}) == (Match.FULL, first)
        assert shelves.matches(scope | {"method": "TRACE"})[0] is Match.NONE


@pytest.mark.parametrize("service", SERVICES)
def test_operation_ids_are_unique_and_read_as_verbs(service: str) -> None:
    names = Counter(one.operation["operationId"] for one in DOCUMENTED if one.service == service)

    assert [name for name, count in names.items() if count > 1] == []
    assert [name for name in names if not ACTS.match(name)] == []


@pytest.mark.parametrize("route", [one for one in ROUTES if one.writes], ids=str)
def test_every_write_has_its_permission_before_its_session(route: Route) -> None:
    # Signing in runs transactions of its own, and each write of a batch is judged as a request of its own.
    if route.route.path == SIGN_IN or route.route.path.endswith("/v1/batch"):
        return
    found = [dependency(one) for one in inspect.signature(route.route.endpoint, eval_str=True).parameters.values()]
    sessions = {get_args(kind)[1].dependency for kind in (Writing, MoneyWriting)}
    permission = next((place for place, call in enumerate(found) if is_permission(call)), None)
    session = next((place for place, call in enumerate(found) if call in sessions), None)

    assert session is not None, "a write takes `session: Writing` in its signature"
    assert permission is not None, "a write says in its signature who may"
    assert permission < session


@pytest.mark.parametrize("route", [one for one in ROUTES if not one.writes], ids=str)
def test_a_read_cannot_write(route: Route) -> None:
    assert str(route) in RECORDED_READS or not route.depends_on(Writing)


def test_a_restricted_reading_is_noted_before_its_reply_leaves() -> None:
    """FastAPI ends what depends on the whole request only after the reply was sent."""
    sights = [(route, one) for route in ROUTES for one in dependants(route.route.dependant)]
    scopes = [(str(route), one.scope) for route, one in sights if isinstance(one.call, Restricted)]

    assert len(scopes) >= 10
    assert not [route for route, scope in scopes if scope != "function"]


@pytest.mark.parametrize("route", [one for one in WRITES if one.method in {"PATCH", "DELETE"}], ids=str)
def test_an_edit_asks_which_version_was_seen(route: Route) -> None:
    assert PARAMETERS["IfMatch"] in route.parameters
    assert "412" in route.operation["responses"]


@pytest.mark.parametrize("route", WRITES, ids=str)
def test_a_write_takes_a_key_and_tells_its_refusals(route: Route) -> None:
    assert [one for one in route.parameters if one["name"] == "Idempotency-Key"]
    assert "4XX" in route.operation["responses"]


@pytest.mark.parametrize("route", DOCUMENTED, ids=str)
def test_one_item_is_read_as_of_a_day_where_its_list_is(route: Route) -> None:
    above, _, last = route.route.path_format.rpartition("/")
    # What belongs to another item tells its own days instead.
    if route.method == "GET" and last.startswith("{") and "{" not in above and f"GET {above}" in OF_A_DAY:
        told = inspect.signature(route.route.endpoint, eval_str=True).parameters.values()
        asks_for_the_day = Now in {one.annotation for one in told}
        assert not asks_for_the_day or str(route) in OF_A_DAY, "what an item shows depends on the day: take `AsOf`"


@pytest.mark.parametrize("route", DOCUMENTED, ids=str)
def test_a_list_has_pages_and_no_page_is_large(route: Route) -> None:
    model = route.route.response_model
    assert get_origin(model) is not list, "a list answers a Page"
    limits = [one["schema"] for one in route.parameters if one["name"] == "limit"]
    if isinstance(model, type) and issubclass(model, Page) and str(route) not in SHORT_LISTS:
        assert [(one["maximum"], one["default"]) for one in limits] == [(LARGEST_PAGE, 50)]
        assert LARGEST_PAGE == 500
    for one in limits:
        assert one["maximum"] <= 10_000


@pytest.mark.parametrize("service", SERVICES)
def test_every_scope_belongs_to_its_service(service: str) -> None:
    flows = document(service)["components"]["securitySchemes"]["oauth2"]["flows"]

    for scope in flows["password"]["scopes"]:
        assert re.fullmatch(rf"{service}:[a-z-]+:(read|write|approve|follow)", scope)


@pytest.mark.parametrize("service", SERVICES)
def test_the_document_is_small_and_holds_together(service: str) -> None:
    content = json.dumps(document(service))
    wanted = set(re.findall(r'"\$ref": "#/components/([^"]+)"', content))
    components = document(service)["components"]

    assert len(api_document(service).encode()) < LARGEST_DOCUMENT
    assert [one for one in wanted if one.partition("/")[2] not in components[one.partition("/")[0]]] == []
    assert "HTTPValidationError" not in content


@cache
def gateway_routes() -> list[dict[str, Any]]:
    template = (PROJECT / "deploy/envoy/envoy.yaml").read_text(encoding="utf-8")
    config = yaml.safe_load(re.sub(r"\$\{[A-Z_]+\}", "1", template))
    manager = config["static_resources"]["listeners"][0]["filter_chains"][0]["filters"][0]["typed_config"]
    found: list[dict[str, Any]] = manager["route_config"]["virtual_hosts"][0]["routes"]
    return found


def fits(match: dict[str, Any], method: str, path: str) -> bool:
    for header in match.get("headers", []):
        wanted = header["string_match"]
        if header["name"] == ":method" and not re.fullmatch(
            wanted.get("exact") or wanted["safe_regex"]["regex"], method
        ):
            return False
    if "path_separated_prefix" in match:
        prefix = match["path_separated_prefix"]
        return path == prefix or path.startswith(f"{prefix}/")
    if "safe_regex" in match:
        return re.fullmatch(match["safe_regex"]["regex"], path) is not None
    return bool(path == match["path"] if "path" in match else path.startswith(match["prefix"]))


@pytest.mark.parametrize("route", ROUTES, ids=str)
def test_the_gateway_sends_it_to_its_service(route: Route) -> None:
    path = re.sub(r"\{[^}]+\}", "some-value", route.route.path_format)

    found = next((one for one in gateway_routes() if fits(one["match"], route.method, path)), None)

    assert found is not None, f"deploy/envoy/envoy.yaml has no way to {route}"
    assert found["route"]["cluster"] == route.service


def test_the_gateway_never_repeats_a_write() -> None:
    for one in gateway_routes():
        repeats = "retry_policy" in one.get("route", {})
        assert not (repeats and any(fits(one["match"], "POST", path) for path in _samples(one["match"]))), one["name"]


def _samples(match: dict[str, Any]) -> list[str]:
    prefix = match.get("path_separated_prefix") or match.get("path") or match.get("prefix") or ""
    return [] if prefix.startswith(("/docs", "/.well-known")) else [prefix]
