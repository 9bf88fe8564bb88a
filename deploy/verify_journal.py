"""Verify the public journals of Tridaya with nothing but Python 3.11: no account, no installation.

    python verify_journal.py http://localhost:8080                    every journal, as anyone may see it
    python verify_journal.py http://localhost:8080 --service registry --token-file token.txt
    python verify_journal.py saved.ndjson --expect registry:1000:1f04c723d4e440fc

Every link is recomputed from the first, every payload that may be seen is opened, and the result is
held against the head, the signed daily heads and the heads that other services witnessed. What is
checked, and how to write another verifier, is told in docs/journal.md.

Exit code 0: all holds. 1: broken, with the exact position. 2: unreachable, unreadable or incomplete.
"""

import argparse
import base64
import hashlib
import http.client
import json
import os
import re
import sys
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeAlias

SERVICES = ("registry", "planning", "monitoring")
LINKS_A_PAGE, EVENTS_A_PAGE = 10_000, 1_000
TRIES = 5
HEAD = "SERVICE:POSITION:DIGEST"
SHA256_INFO = bytes.fromhex("3031300d060960864801650304020105000420")
"""What PKCS #1 v1.5 puts before a SHA-256 digest."""

SCALAR = json.JSONEncoder(ensure_ascii=False).encode
Json: TypeAlias = dict[str, Any]


class BrokenError(Exception):
    """The journal is not what was sealed; says where."""

    def __init__(self, position: int, why: str) -> None:
        super().__init__(f"position {position}: {why}")


class UnreadableError(Exception):
    """The journal could not be read as far as needed; that says nothing about whether it holds."""


def number(value: float) -> str:
    """Return a number as ECMAScript writes it: the shortest digits that read back the same."""
    digits = Decimal(repr(value)).normalize()
    return format(digits, "f" if 1e-6 <= abs(value) < 1e21 else "e") if value else "0"


def text_of(value: Any) -> str:
    """Return a JSON value as RFC 8785 writes it; names in the order of their UTF-16 code units."""
    if isinstance(value, dict):
        names = sorted(value, key=lambda name: name.encode("utf-16-be"))
        return "{" + ",".join(f"{text_of(name)}:{text_of(value[name])}" for name in names) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(text_of, value)) + "]"
    if isinstance(value, float) or (type(value) is int and abs(value) >= 2**53):
        return number(float(value))
    return SCALAR(value)


def canonical(value: Any) -> bytes:
    """Return the canonical bytes of a JSON value (RFC 8785)."""
    return text_of(value).encode()


def _once(pairs: list[tuple[str, Any]]) -> Json:
    if len(found := dict(pairs)) < len(pairs):
        raise ValueError(pairs)
    return found


def read_json(content: bytes) -> Any:
    """Read JSON in which no name occurs twice; ValueError otherwise."""
    return json.loads(content.decode(), object_pairs_hook=_once)


def base64url(value: str) -> bytes:
    return base64.urlsafe_b64decode(value + "=" * (-len(value) % 4))


def signed_by(signature: str, key: Json) -> bytes | None:
    """Return what a compact JWS says, or None unless this RSA key (a JWK) signed it with RS256."""
    try:
        header, statement, proof = signature.split(".")
        algorithm, said = json.loads(base64url(header))["alg"], base64url(statement)
        modulus, exponent, sealed = (int.from_bytes(base64url(part), "big") for part in (key["n"], key["e"], proof))
        opened = pow(sealed, exponent, modulus)
    except (ValueError, KeyError, TypeError):
        return None
    size = (modulus.bit_length() + 7) // 8
    info = SHA256_INFO + hashlib.sha256(f"{header}.{statement}".encode()).digest()
    expected = b"\x00\x01" + b"\xff" * (size - len(info) - 3) + b"\x00" + info
    fits = algorithm == "RS256" and modulus.bit_length() >= 2048 and opened.to_bytes(size, "big") == expected
    return said if fits else None


def header_time(value: str) -> str:
    """Return a moment as a header writes it: UTC with Z, six digits of a second unless they are zero."""
    return datetime.fromisoformat(value).astimezone(UTC).isoformat().replace("+00:00", "Z")


def next_digest(previous: bytes, link: Json) -> bytes:
    """Return SHA-256(previous digest, header, payload digest) of a link."""
    header = canonical({"position": link["position"], "service": link["service"], "time": header_time(link["time"])})
    return hashlib.sha256(previous + header + bytes.fromhex(link["payload_digest"])).digest()


def open_payload(event: Json, link: Json, *, previous: bytes) -> str:
    """Hold an event against its link; return whether its payload was opened, or is erased."""
    position: int = link["position"]
    shown = (event["payloaddigest"], event["digest"], event["previousdigest"], header_time(event["time"]))
    if shown != (link["payload_digest"], link["digest"], previous.hex(), header_time(link["time"])):
        raise BrokenError(position, "the change feed shows another entry here than the chain")
    payload, nonce = event["data"], event["nonce"]
    if payload is None and nonce is None:
        return "erased"
    try:
        digest = hashlib.sha256(bytes.fromhex(nonce) + canonical(payload)).hexdigest()
    except (ValueError, TypeError) as error:
        raise BrokenError(position, f"the payload or its nonce cannot be read ({error})") from error
    if digest != link["payload_digest"]:
        why = f"the payload is not the one that was sealed (sealed {link['payload_digest']}, shown {digest})"
        raise BrokenError(position, why)
    if (event["type"], event["subject"]) != (payload["action"], payload["subject"]):
        raise BrokenError(position, "type or subject of the event differ from its payload")
    return "opened"


@dataclass(frozen=True, slots=True)
class Mark:
    """A digest (or its beginning) that somebody vouches for at a position."""

    position: int
    digest: str
    says: str


def heads_for(service: str, source: "Address | SavedFile") -> dict[str, Json]:
    """Return a service's head and those of its witnesses; a witness that is away is not missed."""
    heads = dict[str, Json]()
    for name in dict.fromkeys((service, *SERVICES)):
        try:
            heads |= {name: head} if (head := source.head(name)) is not None else {}
        except (UnreadableError, ValueError):
            if name == service:
                raise
    return heads


def marks_of(service: str, heads: dict[str, Json]) -> list[Mark]:
    """Return what the heads vouch for, after checking their signatures."""
    own = heads.get(service)
    if own is None:
        return []
    marks = [Mark(own["position"], own["digest"], "head")]
    signed = [(own["signed"], "daily head")] if own["signed"] else []
    for witness, head in heads.items():
        signed += [(one, f"head witnessed by {witness}") for one in head["witnessed"] if one["service"] == service]
    for one, name in signed:
        says = f"{name} of {one['day']}"
        statement = {part: one[part] for part in ("day", "digest", "position", "service")}
        if one["service"] != service or signed_by(one["signature"], own["key"]) != canonical(statement):
            raise BrokenError(one["position"], f"the {says} is not signed by the key that {service} publishes")
        marks.append(Mark(one["position"], one["digest"], says))
    return marks


class NoRedirect(urllib.request.HTTPRedirectHandler):
    """A token goes to the address that was given and nowhere else."""

    def redirect_request(self, *_: Any) -> None:
        return None


class Address:
    """Journals behind a gateway, read up to a position."""

    def __init__(self, address: str, *, token: str | None) -> None:
        self._address = address.rstrip("/")
        self._headers = {"Accept": "application/json", "Cache-Control": "no-cache"}
        self._headers |= {"Authorization": f"Bearer {token}"} if token else {}
        self._opener = urllib.request.build_opener(NoRedirect)

    def _read(self, path: str) -> bytes:
        """Read one address; try again while the server is busy."""
        request = urllib.request.Request(f"{self._address}{path}", headers=self._headers)  # noqa: S310 - http, as asked
        for attempt in range(1, TRIES + 1):
            try:
                with self._opener.open(request, timeout=60) as reply:
                    return bytes(reply.read())
            except urllib.error.HTTPError as error:
                why = f"answered {error.code}" + ("; is the token still good?" if error.code == 401 else "")
                pause = float(error.headers["Retry-After"] or attempt) if error.code in {429, 502, 503, 504} else None
            except (OSError, http.client.HTTPException) as error:
                why, pause = str(error), None if "refused" in str(error) else attempt
            if pause is None or attempt == TRIES:
                break
            time.sleep(pause)
        message = f"{request.full_url}: {why}"
        raise UnreadableError(message)

    def head(self, service: str) -> Json | None:
        return dict(read_json(self._read(f"/{service}/v1/journal/head")))

    def links(self, service: str, after: int, until: int) -> Iterator[Json]:
        while after < until:
            limit = min(LINKS_A_PAGE, until - after)
            page = read_json(self._read(f"/{service}/v1/journal/digests?after={after}&limit={limit}"))
            yield from page["items"]
            if page["next"] <= after:
                return
            after = page["next"]

    def events(self, service: str, after: int, until: int, limit: int = EVENTS_A_PAGE) -> Iterator[Json]:
        while after < until:
            content = self._read(f"/{service}/v1/journal?after={after}&limit={limit}")
            try:
                page = read_json(content)
            except ValueError as error:
                # A payload that is no JSON any more spoils its page: go closer until it stands alone.
                if limit > 1:
                    limit //= 2
                    continue
                found = re.search(rb'"position":(\d+)', content)
                raise BrokenError(int(found[1]) if found else after + 1, f"the payload is no JSON ({error})") from error
            yield from (event for event in page["items"] if event["position"] <= until)
            if page["next"] <= after:
                return
            after = page["next"]


class SavedFile:
    """Journals saved to a file: pages of `/journal/digests`, and if wanted of `/journal` and `/journal/head`."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def _documents(self) -> Iterator[Any]:
        try:
            with self._file.open("rb") as lines:
                for line in lines:
                    try:
                        yield read_json(line)
                    except ValueError:
                        yield read_json(line + lines.read())
        except (OSError, ValueError) as error:
            message = f"{self._file} is neither JSON nor NDJSON ({error})"
            raise UnreadableError(message) from error

    def _records(self) -> Iterator[Json]:
        """Give the links, events and heads of the file, whether alone, in pages or in lists of them."""
        for document in self._documents():
            for page in document if isinstance(document, list) else [document]:
                yield from page.get("items", [page])

    def services(self) -> list[str]:
        return list(dict.fromkeys(one["service"] for one in self._records() if "payload_digest" in one))

    def head(self, service: str) -> Json | None:
        return next((one for one in self._records() if "witnessed" in one and one["service"] == service), None)

    def links(self, service: str, after: int, _until: int) -> Iterator[Json]:
        links = (one for one in self._records() if "payload_digest" in one and one["service"] == service)
        return (one for one in links if one["position"] > after)

    def events(self, service: str, after: int, _until: int) -> Iterator[Json]:
        return (one for one in self._records() if one.get("source") == f"/{service}" and one["position"] > after)


@dataclass(slots=True)
class Verdict:
    """What was found to hold."""

    service: str
    position: int = 0
    digest: bytes = bytes(32)
    since: int = 0
    payloads: Counter[str] = field(default_factory=Counter)
    marks: list[str] = field(default_factory=list)

    def take(self, link: Json) -> None:
        """Go on by one link, or BrokenError; what leads to the link of `since` was verified before."""
        if link["position"] != self.position + 1 or link["service"] != self.service:
            why = f"is missing: {link['service']} {link['position']} comes after {self.position}"
            raise BrokenError(self.position + 1, why)
        digest = bytes.fromhex(link["digest"]) if link["position"] == self.since else next_digest(self.digest, link)
        self.digest, self.position = digest, self.position + 1
        if self.digest.hex() != link["digest"]:
            why = f"the digest does not follow (shown {link['digest']}, computed {self.digest.hex()})"
            raise BrokenError(self.position, why)

    def hold(self, marks: list[Mark]) -> None:
        """Hold the computed digest against what others vouch for at this position."""
        for mark in (mark for mark in marks if mark.position == self.position):
            if not self.digest.hex().startswith(mark.digest):
                why = f"the {mark.says} names another digest ({mark.digest}, computed {self.digest.hex()})"
                raise BrokenError(self.position, why)
            self.marks.append(mark.says)

    def __str__(self) -> str:
        opened, erased, links = self.payloads["opened"], self.payloads["erased"], self.position - self.since
        return (
            f"{self.service}: holds{f' since {self.since:,}' if self.since else ''}. {links:,} links; "
            f"{opened:,} payloads opened, {erased:,} erased, {links - opened - erased:,} closed to you; "
            f"{', '.join(self.marks) or 'no head to compare with'}.\n"
            f"  {self.service}:{self.position}:{self.digest.hex()}"
        )


def tell(message: str) -> None:
    """Show a line of progress to a person who watches; nothing in a file or pipe."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\033[K{message}")


def verify(service: str, source: Address | SavedFile, marks: list[Mark], since: int = 0) -> Verdict:
    """Verify one journal from its first link, or the one of `since`; BrokenError at the first that does not hold."""
    until = max((mark.position for mark in marks), default=0)
    verdict = Verdict(service, position=max(since - 1, 0), since=since)
    verdict.hold(marks)
    event = next(events := source.events(service, since, until), None)
    for link in source.links(service, verdict.position, until):
        previous = verdict.digest
        verdict.take(link)
        if event is not None and event["position"] == verdict.position:
            verdict.payloads[open_payload(event, link, previous=previous)] += 1
            event = next(events, None)
        verdict.hold(marks)
        if verdict.position % 1000 == 0:
            tell(f"{service}: {verdict.position:,} of {until:,} links")
    if verdict.position < until:
        why = f"the chain ends at {verdict.position}, but a head stands at {until}"
        whole = isinstance(source, Address)
        raise BrokenError(verdict.position + 1, f"is missing: {why}") if whole else UnreadableError(why)
    if event is not None:
        raise BrokenError(event["position"], "the change feed shows an entry that has no place in the chain")
    return verdict


def expectation(value: str, digits: int = 8) -> tuple[str, Mark]:
    """Read SERVICE:POSITION:DIGEST as it stands on a notice board; the digest may be cut to so many digits."""
    service, position, digest = value.lower().split(":")
    if not re.fullmatch(rf"[0-9a-f]{{{digits},64}}", digest):
        raise ValueError(value)
    return service, Mark(int(position), digest, "head that you noted")


def judge(service: str, source: Address | SavedFile, expected: list[tuple[str, Mark]], since: int = 0) -> int:
    """Verify one journal and tell; return its exit code."""
    try:
        heads = heads_for(service, source)
        marks = marks_of(service, heads) + [mark for name, mark in expected if name == service]
        told, code = str(verify(service, source, [one for one in marks if one.position >= since], since)), 0
    except BrokenError as error:
        told, code = f"{service}: BROKEN at {error}", 1
    except UnreadableError as error:
        told, code = f"{service}: not verified: {error}", 2
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        told, code = f"{service}: not verified: what was read is not a journal ({error!r})", 2
    tell("")
    sys.stdout.write(f"{told}\n")
    return code


def main() -> int:
    """Verify what was asked for; return the exit code."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("source", help="address of a gateway, or a file saved from /journal/digests")
    words.add_argument("--service", action="append", help="only this journal (may be repeated)")
    words.add_argument("--token-file", type=Path, help="holds an access token; otherwise TRIDAYA_TOKEN, if set")
    words.add_argument("--expect", action="append", default=[], type=expectation, metavar=HEAD)
    words.add_argument("--since", action="append", default=[], type=lambda one: expectation(one, 64), metavar=HEAD)
    chosen = words.parse_args()
    since = {service: mark.position for service, mark in chosen.since}
    try:
        token = chosen.token_file.read_text().strip() if chosen.token_file else os.environ.get("TRIDAYA_TOKEN")
        is_address = re.match(r"https?://", chosen.source)
        source = Address(chosen.source, token=token) if is_address else SavedFile(Path(chosen.source))
        services = list(since) or chosen.service or (SERVICES if isinstance(source, Address) else source.services())
    except (UnreadableError, OSError, ValueError, KeyError, AttributeError, TypeError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    codes = [judge(service, source, chosen.expect + chosen.since, since.get(service, 0)) for service in services] or [2]
    return 1 if 1 in codes else max(codes)


if __name__ == "__main__":
    sys.exit(main())
