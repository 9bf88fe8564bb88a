"""Many writes in one request: each judged as if it came alone, in order, with its own key, transaction and verdict.

A client that lost the reply sends the same batch again: what was accepted replays, what was refused is judged again.
"""

from collections.abc import Collection
from typing import Any, Literal
from urllib.parse import urlsplit

import msgspec
from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field
from starlette.types import Message, Scope

from shared.errors import Fault, Invalid, Text
from shared.items import Body
from shared.log import log
from shared.permissions import SignedIn
from shared.replies import to_json
from shared.routing import router
from shared.writing import VISIBLE

MOST_REQUESTS = 200
PASSED_ON = {b"authorization", b"accept-language", b"traceparent", b"x-request-id"}
TOLD = ("etag", "location", "idempotency-replayed", "retry-after")
ALONE = ("batch", "imports", "sync", "tokens")
"""What is only asked for alone: a batch in a batch, files, pushes and tokens; services add what the gateway slows down."""


class BatchInvalid(Invalid):
    code = "batch.invalid"
    title = Text("Kumpulan tidak sah", "Invalid batch")
    detail = Text(
        "Kumpulan ini memuat {count} permintaan yang tidak dapat dijalankan; tidak ada yang dijalankan.",
        "This batch holds {count} request(s) that cannot be run; none was run.",
    )
    fix = Text("Perbaiki yang disebut di `errors`, lalu kirim ulang.", "Mend what `errors` names and send it again.")


OUTSIDE = Text(
    "Harus alamat /{service}/v1/… dari layanan ini; kumpulan, berkas, token, dan yang diperlambat gerbang dikirim sendiri.",
    "Must be an address /{service}/v1/… of this service; batches, files, tokens and what the gateway slows down come alone.",
)
KEY_UNUSABLE = Text("Harus 1 sampai 255 karakter tampak.", "Must be 1 to 255 visible characters.")
KEY_TWICE = Text("Kunci ini sudah dipakai di kumpulan ini.", "This key stands in the batch already.")


class BatchItem(Body):
    """One write, as it would come alone."""

    method: Literal["POST", "PATCH", "DELETE"]
    path: str = Field(max_length=2000, description="Address with query, as through the gateway")
    idempotency_key: str = Field(max_length=255, description="The write's own key: sent again it replays")
    if_match: str | None = Field(None, max_length=200, description="ETag, where the write needs one")
    body: Any = Field(None, description="JSON body; null for none")


class BatchDraft(Body):
    """Writes to be judged one after the other."""

    requests: list[BatchItem] = Field(min_length=1, max_length=MOST_REQUESTS)


class Verdict(BaseModel):
    """What became of one write."""

    status: int = Field(description="As the write would have been answered alone")
    headers: dict[str, str]
    body: Any = Field(description="The item as it is now, or the problem")


class BatchView(BaseModel):
    """The verdicts, in the order of the requests."""

    responses: list[Verdict]
    accepted: int
    refused: int


def faults_of(draft: BatchDraft, *, service: str, alone: Collection[str] = ()) -> list[Fault]:
    """Return what cannot be run at all; `alone` are addresses behind /v1/ that how often they come slows down."""
    found: list[Fault] = []
    seen: set[str] = set()
    for index, item in enumerate(draft.requests):
        address = urlsplit(item.path)
        rest = address.path.removeprefix(f"/{service}/v1/")
        outside = not item.path.startswith(f"/{service}/v1/") or ".." in rest or "#" in item.path
        if outside or rest.split("/")[0] in ALONE or rest.rstrip("/") in alone:
            found.append(Fault(f"/requests/{index}/path", "batch.outside", OUTSIDE, {"service": service}))
        if not VISIBLE.match(item.idempotency_key):
            found.append(Fault(f"/requests/{index}/idempotency_key", "batch.key_unusable", KEY_UNUSABLE, {}))
        elif item.idempotency_key in seen:
            found.append(Fault(f"/requests/{index}/idempotency_key", "batch.key_twice", KEY_TWICE, {}))
        seen.add(item.idempotency_key)
    return found


def _scope(parent: Scope, item: BatchItem, *, length: int) -> Scope:
    address = urlsplit(item.path)
    headers = [(name, value) for name, value in parent["headers"] if name in PASSED_ON]
    headers += [(b"content-type", b"application/json"), (b"content-length", str(length).encode())]
    headers.append((b"idempotency-key", item.idempotency_key.encode()))
    if item.if_match is not None:
        headers.append((b"if-match", item.if_match.encode("latin-1", "replace")))
    passed = ("type", "asgi", "http_version", "scheme", "server", "client", "root_path")
    return {name: parent[name] for name in passed if name in parent} | {
        "method": item.method,
        "path": address.path,
        "raw_path": address.path.encode("latin-1", "replace"),
        "query_string": address.query.encode("latin-1", "replace"),
        "headers": headers,
    }


async def run(request: Request, item: BatchItem) -> Verdict:
    """Send one write through the whole application, as if it had come alone."""
    body = b"" if item.body is None else msgspec.json.encode(item.body)
    told: dict[str, Any] = {"status": 500, "headers": {}, "body": b""}

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            told["status"] = message["status"]
            told["headers"] = {name.decode(): value.decode("latin-1") for name, value in message["headers"]}
        else:
            told["body"] += message.get("body", b"")

    try:
        await request.app(_scope(request.scope, item, length=len(body)), receive, send)
    except Exception as error:
        # Answered already as a problem; the application raises what nobody foresaw once more, for the server's log.
        log.error("batch.item_failed", exc_info=error)
    headers = {name: told["headers"][name] for name in TOLD if name in told["headers"]}
    return Verdict(status=told["status"], headers=headers, body=msgspec.Raw(told["body"] or b"null"))


async def run_batch(_caller: SignedIn, request: Request, draft: BatchDraft) -> Response:
    """Run up to 200 writes in order, each in a transaction of its own; a refused one does not stop the next."""
    found = faults_of(draft, service=request.app.state.service, alone=request.app.state.alone)
    if found:
        raise BatchInvalid(faults=found, count=len(found))
    verdicts = [await run(request, item) for item in draft.requests]
    accepted = sum(verdict.status < 400 for verdict in verdicts)
    answer = {
        "responses": [{"status": one.status, "headers": one.headers, "body": one.body} for one in verdicts],
        "accepted": accepted,
        "refused": len(verdicts) - accepted,
    }
    return Response(to_json(answer), media_type="application/json", headers={"Cache-Control": "private, no-store"})


def batch_router(service: str) -> APIRouter:
    """Return the route that runs many writes."""
    routes = router(f"/{service}/v1/batch", tags=["batch"])
    routes.post("", response_model=BatchView)(run_batch)
    return routes
