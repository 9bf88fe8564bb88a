"""The repository as its tests read it: files, syntax trees, applications and their routes."""

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, get_args

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, iter_route_contexts
from sqlalchemy import MetaData

from deploy import openapi

PROJECT = Path(__file__).parents[2]
SERVICES = openapi.services()


def python_files(*folders: str) -> list[Path]:
    """Return every Python file below the folders, by path."""
    return sorted(file for folder in folders for file in (PROJECT / folder).rglob("*.py"))


def slices() -> list[Path]:
    """Return the folders of all slices."""
    return sorted(
        file.parent
        for file in (PROJECT / "services").glob("*/*/__init__.py")
        if file.parent.name not in {"clients", "migrations"}
    )


def path(file: Path) -> str:
    return file.relative_to(PROJECT).as_posix()


@cache
def tree(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


def functions(file: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Give every function and method of a file."""
    for node in ast.walk(tree(file)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def called(call: ast.Call) -> str:
    """Return the last part of what is called: `commit` for `session.commit()`."""
    if isinstance(call.func, ast.Attribute):
        return call.func.attr
    return call.func.id if isinstance(call.func, ast.Name) else ""


def calls(node: ast.AST) -> Iterator[ast.Call]:
    for one in ast.walk(node):
        if isinstance(one, ast.Call):
            yield one


@cache
def application(service: str) -> FastAPI:
    return openapi.application(service)


@cache
def document(service: str) -> dict[str, Any]:
    return application(service).openapi()


def metadata(service: str) -> MetaData:
    found: MetaData = module(service, "database").Base.metadata
    application(service)
    return found


def module(service: str, name: str) -> ModuleType:
    return openapi._module(service, name)  # noqa: SLF001 - the same door


@dataclass(frozen=True)
class Route:
    """One route of a service, with what it depends on."""

    service: str
    route: APIRoute

    @property
    def method(self) -> str:
        return next(iter(self.route.methods or {"GET"}))

    @property
    def writes(self) -> bool:
        return self.method in {"POST", "PATCH", "PUT", "DELETE"}

    @property
    def address(self) -> dict[str, Any]:
        """Return what the document says of the route's address: its operations, and what all of them take."""
        found: dict[str, Any] = document(self.service)["paths"][self.route.path_format]
        return found

    @property
    def operation(self) -> dict[str, Any]:
        found: dict[str, Any] = self.address[self.method.lower()]
        return found

    @property
    def parameters(self) -> list[dict[str, Any]]:
        """Return the operation's parameters, those that many share included."""
        shared = document(self.service)["components"]["parameters"]
        taken = [*self.address.get("parameters", ()), *self.operation.get("parameters", ())]
        return [shared[one["$ref"].rpartition("/")[2]] if "$ref" in one else one for one in taken]

    def __str__(self) -> str:
        return f"{self.method} {self.route.path}"

    def depends_on(self, *kinds: Any) -> bool:
        """Tell whether one of the annotated types, or a function, stands anywhere in the signature."""
        wanted = {get_args(kind)[1].dependency if get_args(kind) else kind for kind in kinds}
        return any(call in wanted for call in dependencies(self.route.dependant))


def dependants(dependant: Dependant) -> Iterator[Dependant]:
    """Give everything that a route depends on, however deep."""
    for one in dependant.dependencies:
        yield one
        yield from dependants(one)


def dependencies(dependant: Dependant) -> Iterator[Callable[..., Any]]:
    return (one.call for one in dependants(dependant) if one.call is not None)


def routes() -> list[Route]:
    """Return every route of every service, those that are in no document included."""
    return [
        Route(service, context.original_route)
        for service in SERVICES
        for context in iter_route_contexts(application(service).routes)
        if isinstance(context.original_route, APIRoute)
    ]


def words(name: str) -> list[str]:
    """Return the words of an identifier: `PlanView` and `plan_view` are both plan, view."""
    return re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name).lower().strip("_").split("_")
