"""The committed API documents: OpenAPI of each service, the catalogue of problems and the list of settings.

python -m deploy.openapi            write docs/openapi/, docs/problems.md and docs/settings.md
python -m deploy.openapi --check    fail when a file differs from the code
"""

import ast
import importlib
import json
import sys
from pathlib import Path
from types import ModuleType, UnionType
from typing import Any, Union, get_args, get_origin

from fastapi import FastAPI
from pydantic import SecretStr
from pydantic.fields import FieldInfo

from shared.catalogue import every_refusal, fault_texts, markdown
from shared.errors import Text
from shared.settings import ServiceSettings

PROJECT = Path(__file__).parents[1]
LARGEST_DOCUMENT = 400_000
"""Bytes of an API document; a phone on a rural line reads it too."""

SIGNS = (("ge", "≥"), ("gt", ">"), ("le", "≤"), ("lt", "<"))
KINDS: dict[Any, str] = {SecretStr: "secret", Path: "path", int: "integer", str: "text", bool: "true or false"}
STAND_INS: dict[Any, object] = {SecretStr: "00" * 32, Path: "unused", int: 1, str: "http://unused"}
"""Values for settings that a document does not depend on, so that none is needed to write it."""


def services() -> list[str]:
    """Return the names of the services, in the order in which data flows."""
    found = {file.parent.name for file in PROJECT.glob("services/*/app.py")}
    known = [name for name in ("registry", "planning", "monitoring") if name in found]
    return known + sorted(found - set(known))


def _module(service: str, name: str) -> ModuleType:
    return importlib.import_module(f"services.{service}.{name}")


def settings_of(service: str) -> type[ServiceSettings]:
    kind: type[ServiceSettings] = _module(service, "settings").Settings
    return kind


def application(service: str) -> FastAPI:
    """Return a service's application, made without an environment; it can be described, not started."""
    kind = settings_of(service)
    values: dict[str, Any] = {name: _stand_in(name, info) for name, info in kind.model_fields.items()}
    made: FastAPI = _module(service, "app").create(kind(**values))
    return made


def _stand_in(name: str, info: FieldInfo) -> object:
    if not info.is_required():
        return info.default
    return "postgresql://unused" if name == "database_url" else STAND_INS[info.annotation]


def api_document(service: str) -> str:
    """Return a service's OpenAPI document: sorted, and a line for each operation and schema, so that a change shows."""
    return _lines(application(service).openapi(), depth=3) + "\n"


def _lines(value: Any, *, depth: int) -> str:
    if depth == 0 or not isinstance(value, dict) or not value:
        return json.dumps(value, separators=(",", ":"), sort_keys=True, ensure_ascii=False)
    entries = (f"{json.dumps(name)}:{_lines(value[name], depth=depth - 1)}" for name in sorted(value))
    return "{\n" + ",\n".join(entries) + "\n}"


def _kind(annotation: Any) -> str:
    if get_origin(annotation) in {Union, UnionType}:
        return " or ".join(_kind(one) for one in get_args(annotation) if one is not type(None))
    return KINDS.get(annotation) or str(getattr(annotation, "__name__", annotation))


def _setting(prefix: str, name: str, info: FieldInfo) -> str:
    bounds = [f"{sign} {getattr(one, which)}" for one in info.metadata for which, sign in SIGNS if hasattr(one, which)]
    kind = ", ".join([_kind(info.annotation), *bounds])
    default = "required" if info.is_required() else "none" if info.default is None else f"`{info.default}`"
    return f"| `{prefix}{name.upper()}` | {kind} | {default} | {info.description} |"


def settings_page() -> str:
    """Return the page of all settings."""
    head = ["", "| name | type | default | meaning |", "|---|---|---|---|"]
    common = ServiceSettings.model_fields
    lines = ["# Settings", ""]
    lines += ["Read from the environment when a process starts; a missing one is named and nothing is guessed."]
    lines += ["`make run` makes all of them itself. Written by `python -m deploy.openapi`; do not edit.", ""]
    lines += ["## Every service", "", "With the service's own prefix, as in `REGISTRY_DATABASE_URL`.", *head]
    lines += [_setting("<SERVICE>_", name, info) for name, info in common.items()]
    for service in services():
        kind = settings_of(service)
        prefix = str(kind.model_config["env_prefix"])
        own = {name: info for name, info in kind.model_fields.items() if _is_own(name, info)}
        rows = [_setting(prefix, name, info) for name, info in own.items()]
        lines += ["", f"## {service.capitalize()}", *head, *rows]
    return "\n".join(lines) + "\n"


def _is_own(name: str, info: FieldInfo) -> bool:
    common = ServiceSettings.model_fields.get(name)
    return common is None or (info.default, info.description) != (common.default, common.description)


def rule_fault_texts() -> dict[str, Text]:
    """Return what the rules may find wrong with a place in a body: every `Fault("/…", "code", TEXT, …)` of the code."""
    found: dict[str, Text] = {}
    for file in sorted(PROJECT.glob("services/*/*/*.py")) + sorted(PROJECT.glob("shared/*.py")):
        name = ".".join(file.relative_to(PROJECT).with_suffix("").parts)
        for call in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            match call:
                case ast.Call(func=ast.Name("Fault"), args=[_, ast.Constant(str(code)), ast.Name(text), *_]):
                    told = getattr(importlib.import_module(name), text, None)
                    if isinstance(told, Text):
                        found.setdefault(code, told)
    return found


def documents() -> dict[Path, str]:
    """Return every generated file with what it should hold."""
    made = {Path("docs/openapi") / f"{service}.json": api_document(service) for service in services()}
    made[Path("docs/problems.md")] = markdown(every_refusal(), rule_fault_texts() | fault_texts())
    made[Path("docs/settings.md")] = settings_page()
    return made


def _stale(file: Path, content: str) -> bool:
    return not file.exists() or file.read_text(encoding="utf-8") != content


def main() -> int:
    """Write the documents, or with --check only compare them; return the exit code."""
    made = documents()
    for file, content in made.items():
        if file.suffix == ".json" and len(content.encode()) > LARGEST_DOCUMENT:
            print(f"{file} would hold more than {LARGEST_DOCUMENT:,} bytes: split what it describes.")
            return 1
    wanted = {PROJECT / file: content for file, content in made.items()}
    stale = [file for file, content in wanted.items() if _stale(file, content)]
    stale += [file for file in (PROJECT / "docs/openapi").glob("*.json") if file not in wanted]
    if "--check" in sys.argv[1:]:
        names = ", ".join(str(file.relative_to(PROJECT)) for file in stale)
        if stale:
            print(f"{names}: differs from the code; run `python -m deploy.openapi` and commit what changed.")
        return bool(stale)
    for file in stale:
        if file in wanted:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(wanted[file], encoding="utf-8")
        else:
            file.unlink()
        print(file.relative_to(PROJECT))
    return 0


if __name__ == "__main__":
    sys.exit(main())
