"""Every list and every single read of every service, found in the applications themselves."""

import json
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Literal, get_args, get_origin

import httpx
import pytest
from pydantic import BaseModel, ValidationError

from services.registry.accounts.rules import Role, scopes_of
from shared.forms import FORMS
from shared.lists import Page, PageQuery
from tests.architecture.reading import Route, routes
from tests.contracts.furnish import PLACE, ROWS, furnish, identity, singular
from tests.house import Prepared, Running, code_of, run


def query_of(route: Route) -> type[PageQuery] | None:
    """Return the model of a list's query parameters; None for a short list that is written in code."""
    kinds = [one.field_info.annotation for one in route.route.dependant.query_params]
    return next((kind for kind in kinds if isinstance(kind, type) and issubclass(kind, PageQuery)), None)


READS = [one for one in routes() if one.method == "GET" and isinstance(one.route.response_model, type)]
LISTS = [one for one in READS if issubclass(one.route.response_model, Page) and query_of(one) is not None]
SINGLE = [
    one
    for one in READS
    if one not in LISTS and "version" in getattr(one.route.response_model, "model_fields", {}) and "{" in one.route.path
]


@dataclass
class Furnished:
    """A service with rows in every table, and who sees all of them."""

    running: Running
    rows: dict[str, list[dict[str, Any]]]
    everything: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        scope = " ".join(scopes_of([role.value for role in Role]))
        self.everything = self.running.token(
            "auditor", regions=("*",), scope=scope, sub=str(identity("account")), org=str(identity("partner"))
        )

    def addresses(self, route: Route) -> list[str]:
        """Return the route's address for each of the rows that its path may speak of."""
        if "{" not in route.route.path:
            return [route.route.path]
        return [filled for number in range(ROWS) for filled in self._filled(route.route.path, number)]

    def _filled(self, path: str, number: int) -> Iterator[str]:
        """Fill a path in: `/boards/{id}/terms/{term_id}` with a board and each of its terms."""
        parts = path.split("/")
        last = max(index for index, part in enumerate(parts) if part.startswith("{"))
        for other in range(ROWS) if path.count("{") > 1 else [number]:
            yield "/".join(
                self._part(part, before=parts[index - 1], number=other if index == last else number)
                for index, part in enumerate(parts)
            )

    @staticmethod
    def _part(part: str, *, before: str, number: int) -> str:
        if not part.startswith("{"):
            return part
        name = part.strip("{}")
        if name == "code":
            return PLACE
        return str(identity(singular(before.replace("-", "_")) if name == "id" else name.removesuffix("_id"), number))

    async def lists(self, route: Route) -> list[str]:
        """Return those of a list's addresses that speak of what is there."""
        return [one for one in self.addresses(route) if (await self.get(one)).status_code != 404]

    async def get(self, address: str, *, headers: Mapping[str, str] | None = None) -> httpx.Response:
        return await self.running.http.get(address, headers=self.everything if headers is None else headers)


@pytest.fixture(scope="module")
async def services(prepared: Prepared, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Any]:
    """Give each service, furnished when it is first asked for."""
    found: dict[str, Furnished] = {}
    async with AsyncExitStack() as stack:

        async def service(name: str) -> Furnished:
            if name not in found:
                folder = tmp_path_factory.mktemp(f"every-read-{name}")
                running = await stack.enter_async_context(run(prepared, name, folder))
                found[name] = Furnished(running, await furnish(running))
            return found[name]

        yield service


def some_values(annotation: Any) -> list[str]:
    """Return values that a filter of a type may take."""
    if get_origin(annotation) is Literal:
        return [str(one) for one in get_args(annotation)]
    if get_args(annotation):
        return [value for one in get_args(annotation) if one is not type(None) for value in some_values(one)]
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return [str(one.value) for one in annotation]
    return ["true", "false", "1", "2024-06-01", "2024-06", PLACE[:5], str(identity("nobody")), "%_contoh"]


def filters_of(route: Route) -> Iterator[tuple[str, str]]:
    """Give each filter and order of a list with the values that it takes."""
    model = query_of(route)
    assert model is not None
    for name, info in model.model_fields.items():
        for value in some_values(info.annotation) if name not in {"limit", "cursor"} else ():
            try:
                model.model_validate({name: value})
            except ValidationError:
                continue
            yield name, value


def same_keys(sent: Any, known: Any, where: str = "") -> None:
    """Compare what was sent with what the documented model keeps of it: nothing undocumented may go out."""
    if isinstance(sent, dict) and isinstance(known, dict):
        assert sent.keys() == known.keys(), where
        for name, value in sent.items():
            same_keys(value, known[name], f"{where}/{name}")
    elif isinstance(sent, list) and isinstance(known, list):
        assert len(sent) == len(known), where
        for index, value in enumerate(sent):
            same_keys(value, known[index], f"{where}/{index}")


def require_documented(route: Route, content: bytes) -> None:
    model: type[BaseModel] = route.route.response_model
    understood = model.model_validate_json(content, strict=True)
    same_keys(json.loads(content), json.loads(understood.model_dump_json()))


def reads(sent: list[str]) -> list[str]:
    """Return the statements but the one entry that a reading of restricted data leaves."""
    return [one for one in sent if not one.startswith("INSERT INTO journal_entries")]


def require_one_statement(sent: list[str], reply: httpx.Response) -> None:
    """What looks empty takes one more: whether it is there at all."""
    assert len(reads(sent)) <= (1 if reply.json()["items"] else 2), sent


def ids(items: list[dict[str, Any]]) -> list[str]:
    return [str(item.get("id", item.get("code"))) for item in items]


def test_there_are_lists_and_single_reads_to_judge() -> None:
    assert len(LISTS) >= 12
    assert len(SINGLE) >= 10
    assert {one.service for one in LISTS} >= {"registry", "planning"}


@pytest.mark.parametrize("route", LISTS, ids=str)
class TestEveryList:
    async def test_shows_rows_as_its_document_says_in_one_statement(self, services: Any, route: Route) -> None:
        service: Furnished = await services(route.service)
        shown = 0

        for address in await service.lists(route):
            for headers in (service.everything, {}):
                with service.running.counted() as sent:
                    reply = await service.get(address, headers=headers)
                if reply.status_code in {401, 404} and not headers:
                    continue
                assert reply.status_code == 200, reply.text
                require_one_statement(sent, reply)
                assert reply.headers["Journal-Position"].isdecimal()
                assert "Authorization" in reply.headers["Vary"]
                assert reply.headers["Cache-Control"].startswith("private" if headers else "public")
                require_documented(route, reply.content)
                shown += len(reply.json()["items"])

        assert shown, (
            f"no row was shown: say in FITTING how to make one ({ {k: len(v) for k, v in service.rows.items()} })"
        )

    async def test_refuses_too_large_a_page_and_what_it_does_not_know(self, services: Any, route: Route) -> None:
        service: Furnished = await services(route.service)
        address = (await service.lists(route))[0]

        for query in ("limit=501", "limit=0", "limit=x", "colour=red", "sort=colour", "cursor=x", "limit=1&limit=2"):
            reply = await service.get(f"{address}?{query}")
            assert reply.status_code == 400, query
            assert code_of(reply) in {"query.invalid", "cursor.invalid"}
        assert (await service.get(f"{address}?limit=500")).status_code == 200

    async def test_takes_every_value_of_every_filter_in_one_statement(self, services: Any, route: Route) -> None:
        service: Furnished = await services(route.service)
        address = (await service.lists(route))[0]

        for name, value in filters_of(route):
            with service.running.counted() as sent:
                reply = await service.running.http.get(address, params={name: value}, headers=service.everything)
            assert reply.status_code == 200, (name, value, reply.text)
            require_one_statement(sent, reply)
            require_documented(route, reply.content)

    async def test_pages_through_everything_once_in_every_order(self, services: Any, route: Route) -> None:
        service: Furnished = await services(route.service)
        sorts = [f"&sort={value}" for name, value in filters_of(route) if name == "sort"] or [""]

        for start in await service.lists(route):
            whole = ids((await service.get(f"{start}?limit=500")).json()["items"])
            for sort in sorts:
                seen: list[str] = []
                address: str | None = f"{start}?limit=1{sort}"
                while address:
                    reply = await service.get(address)
                    assert len(reply.json()["items"]) <= 1
                    assert ("next" in reply.links) is (reply.json()["next"] is not None)
                    seen += ids(reply.json()["items"])
                    address = reply.links["next"]["url"] if "next" in reply.links else None
                assert sorted(seen) == sorted(whole), sort

    async def test_comes_whole_in_every_form_with_the_rows_of_its_pages(self, services: Any, route: Route) -> None:
        service: Furnished = await services(route.service)

        for address in await service.lists(route):
            items = (await service.get(f"{address}?limit=500")).json()["items"]
            for form in FORMS:
                reply = await service.get(address, headers=service.everything | {"Accept": form})
                assert reply.status_code == 200, reply.text
                if form == "application/x-ndjson":
                    assert [json.loads(line) for line in reply.text.splitlines()] == items
                receipt = await service.get(f"/{route.service}/v1/exports/{reply.headers['Export-Id']}")
                assert (receipt.json()["state"], receipt.json()["rows"]) == ("complete", len(items))
        dictionary = await service.get(f"/{route.service}/v1/dictionary/{route.route.name}")
        assert dictionary.json()["columns"]

    async def test_answers_304_to_what_is_known(self, services: Any, route: Route) -> None:
        service: Furnished = await services(route.service)
        address = (await service.lists(route))[0]

        first = await service.get(address)
        again = await service.get(address, headers=service.everything | {"If-None-Match": first.headers["ETag"]})

        assert (again.status_code, again.content) == (304, b"")

    async def test_refuses_a_bad_token_even_where_none_is_needed(self, services: Any, route: Route) -> None:
        service: Furnished = await services(route.service)

        reply = await service.get((await service.lists(route))[0], headers={"Authorization": "Bearer nonsense"})

        assert (reply.status_code, code_of(reply)) == (401, "token.invalid")


@pytest.mark.parametrize("route", SINGLE, ids=str)
class TestEverySingleRead:
    async def test_shows_a_row_as_its_document_says(self, services: Any, route: Route) -> None:
        service: Furnished = await services(route.service)
        shown = 0

        for address in service.addresses(route):
            with service.running.counted() as sent:
                reply = await service.get(address)
            if reply.status_code == 404:
                continue
            assert reply.status_code == 200, reply.text
            assert len(reads(sent)) <= 2, sent
            assert reply.headers["ETag"].startswith(f'"{reply.json()["version"]}.')
            require_documented(route, reply.content)
            known = service.everything | {"If-None-Match": reply.headers["ETag"]}
            assert (await service.get(address, headers=known)).status_code == 304
            shown += 1

        assert shown, (
            f"no row was shown: say in FITTING how to make one ({ {k: len(v) for k, v in service.rows.items()} })"
        )

    async def test_does_not_find_what_is_not_there(self, services: Any, route: Route) -> None:
        service: Furnished = await services(route.service)
        parts = route.route.path.split("/")

        for nobody in (str(identity("nobody")), "x", "%00"):
            path = "/".join(nobody if part.startswith("{") else part for part in parts)
            reply = await service.get(path)
            assert (reply.status_code, code_of(reply)) == (404, "resource.not_found"), path


@pytest.mark.parametrize("route", [one for one in LISTS if "{" in one.route.path], ids=str)
async def test_a_list_of_what_is_not_there_is_not_found(services: Any, route: Route) -> None:
    service: Furnished = await services(route.service)
    nobody = str(identity("nobody"))
    address = "/".join(nobody if part.startswith("{") else part for part in route.route.path.split("/"))
    if "{code}" in route.route.path:
        address = address.replace(nobody, "34.71.03.1999")

    reply = await service.get(address)

    assert (reply.status_code, code_of(reply)) == (404, "resource.not_found"), reply.text
