"""Replies: from a row or a value to bytes, with the headers that caches and editors rely on."""

import hashlib
from collections.abc import Mapping
from typing import Any

import msgspec
from fastapi import Request, Response

from shared.errors import Malformed, PreconditionMissing, Stale, Text

to_json = msgspec.json.Encoder().encode

PUBLIC_CACHE = "public, max-age=30"
PRIVATE_CACHE = "private, no-cache"


class VersionMissing(PreconditionMissing):
    code = "version.missing"
    title = Text("Versi belum disebut", "Version missing")
    detail = Text(
        "Perubahan ini memerlukan header If-Match dengan ETag yang terakhir Anda lihat.",
        "This change needs an If-Match header with the ETag you last saw.",
    )
    fix = Text("Ambil datanya, lalu kirim ETag-nya sebagai If-Match.", "Read the item, then send its ETag as If-Match.")


class VersionMalformed(Malformed):
    code = "version.malformed"
    title = Text("If-Match tidak terbaca", "Unreadable If-Match")
    detail = Text(
        "If-Match harus berisi satu ETag yang diberikan layanan ini.",
        "If-Match must hold one ETag that this service gave.",
    )
    fix = Text("Salin ETag apa adanya.", "Copy the ETag as it is.")


class VersionStale(Stale):
    code = "version.stale"
    title = Text("Sudah berubah", "Changed meanwhile")
    detail = Text(
        "Data ini sudah berubah menjadi versi {version} sejak Anda membacanya; lihat `current`.",
        "This item has changed to version {version} since you read it; see `current`.",
    )
    fix = Text(
        "Gabungkan perubahan Anda dengan `current`, lalu kirim ulang.",
        "Merge your change with `current` and send it again.",
    )


def entity_tag(version: int, body: bytes) -> str:
    """Return the ETag of an item: its version, and a digest that covers view and language."""
    return f'"{version}.{hashlib.blake2b(body, digest_size=6).hexdigest()}"'


def expected_version(header: str | None) -> int:
    """Return the version an If-Match header names; caches may have made its ETag weak."""
    if header is None:
        raise VersionMissing
    number = header.strip().removeprefix("W/").strip('"').split(".")[0]
    if not number.isascii() or not number.isdigit() or len(number) > 18:
        raise VersionMalformed
    return int(number)


def matches(header: str | None, tag: str) -> bool:
    """Tell whether an If-None-Match names what is there."""
    if header is None:
        return False
    tags = {one.strip().removeprefix("W/") for one in header.split(",")}
    return tag in tags or "*" in tags


def _cache(request: Request) -> dict[str, str]:
    caller = getattr(request.state, "caller", None)
    public = caller is None or caller.anonymous
    return {
        "Cache-Control": PUBLIC_CACHE if public else PRIVATE_CACHE,
        "Vary": "Authorization, Accept-Language, Accept",
    }


def known_headers(request: Request, tag: str, headers: Mapping[str, str] | None) -> dict[str, str]:
    """Return the headers by which caches keep what is read, its own ones before all."""
    return {"ETag": tag} | _cache(request) | dict(headers or {})


def reply(
    request: Request,
    body: bytes,
    *,
    tag: str | None = None,
    media_type: str = "application/json",
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Answer a GET with bytes, or 304 when the caller already has them."""
    tag = tag or f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'
    known = known_headers(request, tag, headers)
    if matches(request.headers.get("if-none-match"), tag):
        return Response(status_code=304, headers=known)
    return Response(body, media_type=media_type, headers=known)


def item_reply(request: Request, item: Mapping[str, Any]) -> Response:
    """Answer a GET with one item."""
    body = to_json(item)
    return reply(request, body, tag=entity_tag(item["version"], body))


def saved(item: Mapping[str, Any], *, status: int = 200, location: str | None = None) -> Response:
    """Answer a write with the item as it is now, in full: whoever may write it may see it."""
    body = to_json(item)
    headers = {"ETag": entity_tag(item["version"], body), "Cache-Control": "private, no-store"}
    if location is not None:
        headers["Location"] = location
    return Response(body, status_code=status, media_type="application/json", headers=headers)
