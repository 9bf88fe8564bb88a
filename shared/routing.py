"""Routes that parse strictly, judge in the promised order and remember their replies."""

from collections import Counter
from collections.abc import Callable, Coroutine, Hashable, Iterable
from typing import Any

import msgspec
from fastapi import APIRouter, Depends, Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send

from shared.asking import MOST_QUESTIONS, Repeatable, Unanswered
from shared.errors import BodyUnreadable, Fault, QueryInvalid, Text
from shared.faults import MOST_FAULTS
from shared.permissions import known_caller
from shared.writing import Replayed, remember

LARGEST_BODY = 1024 * 1024
"""Bytes of a body; the gateway says the same. Photos have a limit of their own."""

UNREADABLE = object()
UNKNOWN_PARAMETER = Text("Parameter ini tidak dikenal di alamat ini.", "This parameter is not known at this address.")
REPEATED_PARAMETER = Text("Parameter ini diberikan lebih dari sekali.", "This parameter is given more than once.")


class StrictRequest(Request):
    """A request whose unreadable body is reported after token, permission and replay were judged."""

    async def json(self) -> Any:
        try:
            return msgspec.json.decode(await self.body())
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            self.state.unreadable = True
            return UNREADABLE


def _parameters(dependant: Dependant) -> list[str]:
    """Return the names of the query parameters that a route and its dependencies take."""
    names: list[str] = []
    for field in dependant.query_params:
        kind = field.field_info.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            names += [info.alias or name for name, info in kind.model_fields.items()]
        else:
            names.append(field.alias)
    for one in dependant.dependencies:
        names += _parameters(one)
    return names


class StrictRoute(APIRoute):
    """A route that knows its query parameters and refuses all others."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.parameters = frozenset(_parameters(self.dependant))

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] in {"GET", "HEAD"}:
            await super().handle(scope, receive, send)
            return
        sent = Repeatable(receive)
        answers: dict[Hashable, Any] = {}
        scope.setdefault("state", {})["answers"] = answers
        while True:
            try:
                await super().handle(scope, sent, send)
            except Unanswered as missing:
                if len(answers) == MOST_QUESTIONS:
                    raise
                answers[missing.question] = await missing.ask()
                sent.again()
            else:
                return

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def strict(request: Request) -> Response:
            request = StrictRequest(request.scope, request.receive)
            try:
                response = await handle(request)
            except Replayed as replayed:
                return replayed.response
            except RequestValidationError as error:
                if getattr(request.state, "unreadable", False):
                    raise BodyUnreadable from error
                raise
            await remember(request, response)
            return response

        return strict

    def unknown_parameters(self, request: Request) -> list[Fault]:
        """Return a fault for every query parameter that this address does not know, or knows once."""
        names = [name for name, _ in request.query_params.multi_items()]
        if len(set(names)) == len(names) and self.parameters.issuperset(names):
            return []
        counts = Counter(names)
        found: list[Fault] = []
        for name, count in counts.items():
            if name not in self.parameters:
                found.append(Fault(f"/{name}", "query.unknown_parameter", UNKNOWN_PARAMETER, {}))
            elif count > 1:
                found.append(Fault(f"/{name}", "query.repeated_parameter", REPEATED_PARAMETER, {}))
            if len(found) >= MOST_FAULTS:
                break
        return found


def _shelf(path: str) -> str:
    """Return an address as far as its plural noun: /registry/v1/boards/<id> is one of /registry/v1/boards."""
    return "/".join(path.split("/", 4)[:4])


class Shelves(BaseRoute):
    """All routes, looked up by how an address begins: asking hundreds of patterns one by one costs half a short reply.

    Standing before the routes themselves, it takes what one of them takes in full; the rest is judged by them.
    """

    def __init__(self, routes: Iterable[BaseRoute]) -> None:
        self.shelves: dict[str, list[StrictRoute]] = {}
        for route in routes:
            if isinstance(route, StrictRoute) and "{" not in (shelf := _shelf(route.path_format)):
                self.shelves.setdefault(shelf, []).append(route)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if scope["type"] == "http":
            for route in self.shelves.get(_shelf(scope["path"]), ()):
                match, found = route.matches(scope)
                if match is Match.FULL:
                    return match, found
        return Match.NONE, {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        await scope["route"].handle(scope, receive, send)


async def only_known_parameters(request: Request) -> None:
    """Refuse unknown and repeated query parameters; nothing is ever ignored."""
    route: StrictRoute = request.scope["route"]
    if request.scope["query_string"] and (found := route.unknown_parameters(request)):
        raise QueryInvalid(faults=found, count=len(found))


def router(
    prefix: str = "", *, tags: list[str] | None = None, judges_token: bool = True, largest_body: int = LARGEST_BODY
) -> APIRouter:
    """Return a router of strict routes: a bad token is refused first, then an unknown parameter.

    Only signing in and what must answer before anybody can sign in do without a token's judgement.
    """
    first = [Depends(known_caller)] if judges_token else []
    return APIRouter(
        prefix=prefix,
        tags=list(tags or []),
        route_class=StrictRoute,
        dependencies=[*first, Depends(only_known_parameters)],
        generate_unique_id_function=lambda route: route.name,
        max_body_size=largest_body,
    )
