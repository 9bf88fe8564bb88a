"""The API document: the promises that every operation keeps, which FastAPI cannot read off a signature."""

import sys
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias, get_args

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, iter_route_contexts

from shared.compacting import compact
from shared.permissions import Anyone, Needs, SignedIn
from shared.replies import expected_version
from shared.writing import MoneyWriting, Writing

Json: TypeAlias = dict[str, Any]

PROBLEM = "application/problem+json"
MERGE_PATCH = "application/merge-patch+json"
TOKEN_ADDRESS = "/registry/v1/tokens"  # noqa: S105 - where tokens are asked for
VERBS = {"read": "Read", "write": "Write", "approve": "Approve", "follow": "Follow"}

REFUSALS = {
    "4XX": (
        "Refused",
        (
            "400 the request cannot be read: an unknown or wrong parameter, header or JSON. "
            "401 a token is missing, or is not (or no longer) good. "
            "403 a scope or a region is missing; the problem names it. "
            "404 absent, or not for the caller to know of. "
            "409 not now: what was asked does not fit how things stand. "
            "422 the body was read, and is wrong; `errors` names every place. "
            "428 say with If-Match which version you saw. "
            "429 slower: wait for as long as Retry-After says."
        ),
    ),
    "412": ("Stale", "Somebody else was faster; `current` shows the item as it is now."),
}
"""Told in ranges, since each of many operations would say nine times the same."""

FAULT: Json = {
    "type": "object",
    "description": "One wrong place in the request.",
    "required": ["pointer", "code", "message"],
    "properties": {
        "pointer": {"type": "string", "description": "JSON pointer (RFC 6901) into the body, or /parameter"},
        "code": {"type": "string", "description": "Stable, whatever the language"},
        "message": {"type": "string"},
    },
}
PROBLEM_SCHEMA: Json = {
    "type": "object",
    "description": "Why a request is refused (RFC 9457); some problems carry further members.",
    "required": ["type", "title", "status", "detail", "code", "instance", "request_id"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference", "description": "Page with cause and cure"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "In the language asked for"},
        "code": {"type": "string", "description": "Stable, whatever the language", "examples": ["version.stale"]},
        "instance": {"type": "string", "description": "The address that was asked"},
        "request_id": {"type": ["string", "null"], "description": "Name it when you report a problem"},
        "errors": {"type": "array", "items": {"$ref": "#/components/schemas/Fault"}},
    },
}
EVERYWHERE = (
    " A creation sent again with the same id and content makes nothing and answers 200. A page of a list carries"
    " Journal-Position (follow the journal after it and you miss nothing) and, where one follows, Link with rel=next."
    " Items and lists carry an ETag; a GET answers 304 to it in If-None-Match. Problems come in Indonesian, or in"
    " English with Accept-Language: en. Every list comes whole as text/csv, application/x-ndjson or"
    " application/vnd.apache.parquet."
)
"""What holds for so many operations that each of them need not say it."""

PARAMETERS: Json = {
    "IdempotencyKey": {
        "name": "Idempotency-Key",
        "in": "header",
        "description": "A new UUID for every act; sent again, the first reply comes back with `Idempotency-Replayed: true` and nothing happens twice",
        "schema": {"type": "string", "minLength": 1, "maxLength": 255},
    },
    "RequiredIdempotencyKey": {
        "name": "Idempotency-Key",
        "in": "header",
        "required": True,
        "description": "A new UUID for every act; required here, because money moves",
        "schema": {"type": "string", "minLength": 1, "maxLength": 255},
    },
    "IfMatch": {
        "name": "If-Match",
        "in": "header",
        "required": True,
        "description": "The ETag of the item as you last saw it",
        "schema": {"type": "string", "examples": ['"3.5f1c0a9be2d4"']},
    },
}
HEADERS: Json = {
    "Location": {"description": "Address of the new item", "schema": {"type": "string"}},
}


KNOWN_CALLER, SIGNED_IN, WRITING, MOVING_MONEY = (
    get_args(kind)[1].dependency for kind in (Anyone, SignedIn, Writing, MoneyWriting)
)


def _calls(dependant: Dependant) -> Iterator[Callable[..., Any]]:
    """Give everything that a route depends on, however deep."""
    for one in dependant.dependencies:
        if one.call is not None:
            yield one.call
        yield from _calls(one)


def _reads_version(call: Callable[..., Any]) -> bool:
    """Tell whether a dependency asks which version the caller saw."""
    code = getattr(call, "__code__", None)
    return code is not None and expected_version.__name__ in code.co_names


def _reference(kind: str, name: str) -> Json:
    return {"$ref": f"#/components/{kind}/{name}"}


def _scope_text(scope: str) -> str:
    service, slice_name, verb = scope.split(":")
    return f"{VERBS.get(verb, verb.capitalize())} {slice_name} in {service}"


class Documented(FastAPI):
    """An application whose API document tells everything that a client may rely on."""

    def openapi(self) -> Json:
        """Return the OpenAPI document; made once."""
        if self.openapi_schema is None:
            document = super().openapi()
            routes = [context.original_route for context in iter_route_contexts(self.routes)]
            scopes: set[str] = {model.read_scope for model in self.state.subjects.values()}
            for route in routes:
                if isinstance(route, APIRoute) and route.include_in_schema:
                    for method in route.methods or ():
                        scopes |= _complete(document["paths"][route.path_format][method.lower()], route)
            _complete_components(document, scopes)
            document["info"]["description"] += EVERYWHERE
            document["tags"] = _tags(routes)
            compact(document)
        return dict(self.openapi_schema or {})


def _complete(operation: Json, route: APIRoute) -> set[str]:
    """Add to one operation what its dependencies promise; return the scopes it may need."""
    calls = list(_calls(route.dependant))
    needs = next((call.scopes for call in calls if isinstance(call, Needs)), ())
    # Reading restricted data leaves an entry in the journal: it has a transaction, and is a read all the same.
    writes = WRITING in calls and "GET" not in (route.methods or ())
    versioned = any(map(_reads_version, [*calls, route.endpoint]))
    # The first sentence of a docstring says more than the route's name, and need not be said twice.
    operation["summary"], _, more = operation.pop("description", route.name).partition("\n")
    if more.strip():
        operation["description"] = more.strip()
    operation["security"] = _security(calls, needs)
    replies = operation["responses"]
    success = replies[str(route.status_code or 200)]
    _parameters(operation, writes=writes, money=MOVING_MONEY in calls, versioned=versioned)
    _success(operation, success, route=route, writes=writes)
    replies.pop("422", None)
    refused = ["4XX"]
    refused += ["412"] if versioned else []
    replies |= {status: _reference("responses", REFUSALS[status][0]) for status in sorted(refused)}
    return set(needs)


def _security(calls: list[Callable[..., Any]], needs: tuple[str, ...]) -> list[Json]:
    if needs:
        return [*({"oauth2": [scope]} for scope in needs), {"bearer": []}]
    if KNOWN_CALLER not in calls:
        return []
    open_to_all: list[Json] = [] if SIGNED_IN in calls else [{}]
    return [*open_to_all, {"oauth2": []}, {"bearer": []}]


def _parameters(operation: Json, *, writes: bool, money: bool, versioned: bool) -> None:
    names = [("RequiredIdempotencyKey" if money else "IdempotencyKey")] if writes else []
    names += ["IfMatch"] if versioned else []
    operation["parameters"] = operation.get("parameters", []) + [_reference("parameters", name) for name in names]


def _success(operation: Json, success: Json, *, route: APIRoute, writes: bool) -> None:
    """Say how a write is answered: the second answer of a repeated creation, and where the new item is."""
    success["description"] = "As it stands"
    if writes and route.status_code == 201:
        before = {"description": "As it stands", "content": success.get("content", {})}
        operation["responses"]["200"] = before
        success["headers"] = success.get("headers", {}) | {"Location": _reference("headers", "Location")}
        success["description"] = "Made"
    body = operation.get("requestBody", {}).get("content", {})
    if "PATCH" in (route.methods or ()) and "application/json" in body:
        body[MERGE_PATCH] = body["application/json"]


def _complete_components(document: Json, scopes: set[str]) -> None:
    components = document["components"]
    for unused in ("HTTPValidationError", "ValidationError"):
        components["schemas"].pop(unused, None)
    components["schemas"] |= {"Fault": FAULT, "Problem": PROBLEM_SCHEMA}
    content = {PROBLEM: {"schema": _reference("schemas", "Problem")}}
    components["responses"] = {name: {"description": text, "content": content} for name, text in REFUSALS.values()}
    components["parameters"] = dict(PARAMETERS)
    components["headers"] = HEADERS
    told = {scope: _scope_text(scope) for scope in sorted(scopes)}
    flow = {"tokenUrl": TOKEN_ADDRESS, "scopes": told}
    components["securitySchemes"] = {
        "oauth2": {
            "type": "oauth2",
            "description": "People sign in with their password, programs with their client credentials.",
            "flows": {"password": flow | {"refreshUrl": TOKEN_ADDRESS}, "clientCredentials": flow},
        },
        "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": "A token got before"},
    }


def _tags(routes: list[Any]) -> list[Json]:
    """Describe each tag by the sentence with which its slice introduces itself."""
    found: dict[str, str] = {}
    for route in routes:
        for tag in getattr(route, "tags", ()):
            module = route.endpoint.__module__
            told = sys.modules[module if module.startswith("shared.") else module.rpartition(".")[0]].__doc__
            found.setdefault(tag, (told or "").split("\n")[0])
    return [{"name": tag, "description": found[tag]} for tag in sorted(found)]
