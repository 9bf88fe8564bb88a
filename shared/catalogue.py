"""The catalogue of problems: a page for every code, with cause and cure in both languages."""

from collections.abc import Iterable
from html import escape

from fastapi import APIRouter, Request, Response

from shared.errors import Refusal, ResourceNotFound, Text, all_refusals
from shared.faults import KNOWN
from shared.gateway import OF_THE_GATEWAY
from shared.problems import language_of
from shared.routing import router

PAGE = """<!doctype html><html lang="{language}"><meta charset="utf-8"><title>{code}</title>
<style>body{{font:1rem/1.5 system-ui;max-width:42rem;margin:2rem auto;padding:0 1rem}}code{{background:#eee;padding:0 .3em}}</style>
<h1><code>{code}</code></h1><p><strong>{status} {title}</strong></p><p>{detail}</p><p>{fix}</p></html>"""


def markdown(refusals: Iterable[type[Refusal]], faults: dict[str, Text]) -> str:
    """Return the whole catalogue as the page that is kept in `docs/`."""
    lines = [
        "# Problem codes",
        "",
        "Every refusal is an RFC 9457 problem with a stable `code`. Made by `python -m deploy.openapi`; do not edit.",
        "",
    ]
    for kind in refusals:
        lines += [
            f"## `{kind.code}`",
            "",
            f"{kind.status} — {kind.title.en} / {kind.title.id}",
            "",
            f"- Cause: {kind.detail.en}",
            f"- Sebab: {kind.detail.id}",
            f"- Fix: {kind.fix.en}",
            f"- Cara memperbaiki: {kind.fix.id}",
            "",
        ]
    lines += ["# Fault codes inside `errors[]`", "", "| code | English | Indonesia |", "|---|---|---|"]
    lines += [f"| `{code}` | {text.en} | {text.id} |" for code, text in sorted(faults.items())]
    return "\n".join(lines) + "\n"


def fault_texts() -> dict[str, Text]:
    """Return the codes that may stand in `errors[]`, with what they say."""
    return dict(KNOWN.values())


def every_refusal() -> list[type[Refusal]]:
    """Return what the services and the gateway may refuse, by code."""
    return sorted({*all_refusals(), *OF_THE_GATEWAY}, key=lambda kind: kind.code)


async def read_problem(code: str, request: Request) -> Response:
    """Read what a problem code means, what causes it and how to mend it."""
    kind = next((one for one in every_refusal() if one.code == code), None)
    if kind is None:
        raise ResourceNotFound
    language = language_of(request.headers.get("accept-language"))
    texts = {name: escape(getattr(getattr(kind, name), language)) for name in ("title", "detail", "fix")}
    html = PAGE.format(language=language, code=escape(kind.code), status=kind.status, **texts)
    headers = {"Content-Language": language, "Vary": "Accept-Language", "Cache-Control": "public, max-age=3600"}
    return Response(html, media_type="text/html", headers=headers)


def catalogue_router(service: str) -> APIRouter:
    """Return the route of the problem pages."""
    routes = router(f"/{service}/v1/problems", tags=["problems"], judges_token=False)
    routes.get("/{code}", response_class=Response)(read_problem)
    return routes
