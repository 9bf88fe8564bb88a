"""Contents: what lies in storage over HTTP, whole or from where a broken line left it (RFC 9110, ranges)."""

import re
from collections.abc import AsyncIterator, Mapping

from fastapi import Request, Response
from fastapi.responses import StreamingResponse

from shared.errors import Refusal, Text
from shared.problems import render
from shared.replies import known_headers, matches
from shared.storage import PIECE, Storage

RANGE = re.compile(r"bytes=([0-9]{0,15})-([0-9]{0,15})")


class RangeUnsatisfiable(Refusal):
    status = 416
    code = "range.unsatisfiable"
    title = Text("Di luar isinya", "Beyond the content")
    detail = Text("Isinya hanya {size} bita.", "The content has only {size} bytes.")
    fix = Text("Minta mulai dari bita sebelum akhirnya, atau semuanya.", "Ask from a byte before its end, or for all.")


def asked_range(header: str | None, size: int) -> tuple[int, int] | None:
    """Return from and to before which byte is asked for; None where all is, RangeUnsatisfiable beyond the end.

    Several ranges at once, and what is no range, ask for all: RFC 9110 lets a server say so.
    """
    found = RANGE.fullmatch((header or "").strip())
    if found is None or not any(found.groups()):
        return None
    first, last = found.groups()
    if not first:
        begins, ends = max(0, size - int(last)), size
    else:
        begins, ends = int(first), min(size, int(last) + 1) if last else size
        if last and int(last) < begins:
            return None
    if begins >= size:
        raise RangeUnsatisfiable(size=size)
    return begins, ends


async def content_reply(
    request: Request, storage: Storage, name: str, *, tag: str, media_type: str, headers: Mapping[str, str]
) -> Response:
    """Answer a GET or HEAD with a content that never changes under its tag: all of it, a range, or 304.

    It is read piece by piece, as fast as the caller takes it; the first piece before the reply begins, so that a
    storage that is away is told as a problem.
    """
    known = known_headers(request, tag, headers) | {"Accept-Ranges": "bytes"}
    if matches(request.headers.get("if-none-match"), tag):
        return Response(status_code=304, headers=known)
    size = await storage.size(name)
    if request.method == "HEAD":
        return Response(media_type=media_type, headers=known | {"Content-Length": str(size)})
    # Who goes on with something else than what lies here gets all of it.
    same = request.headers.get("if-range", tag) == tag
    try:
        span = asked_range(request.headers.get("range"), size) if same else None
    except RangeUnsatisfiable as refusal:
        return render(refusal, request=request, headers={"Content-Range": f"bytes */{size}"})
    begins, ends = span or (0, size)
    known["Content-Length"] = str(ends - begins)
    if span is not None:
        known["Content-Range"] = f"bytes {begins}-{ends - 1}/{size}"
    first = await storage.piece(name, begins, min(ends, begins + PIECE))

    async def pieces() -> AsyncIterator[bytes]:
        yield first
        for start in range(begins + PIECE, ends, PIECE):
            yield await storage.piece(name, start, min(ends, start + PIECE))

    return StreamingResponse(pieces(), status_code=206 if span else 200, media_type=media_type, headers=known)
