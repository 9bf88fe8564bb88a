"""A stub that stands for all three services, and the gateway in front of it as its callers see it."""

import base64
import json
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import httpx
from jose import jwt

ISSUER = "http://localhost:8080"
LIST = json.dumps({"items": [{"name": "Kelurahan", "number": number} for number in range(200)]}).encode()


@dataclass
class Stub:
    """What the stub has seen, and what it is to answer."""

    port: int = 0
    jwks: dict[str, Any] = field(default_factory=dict)
    seen: list[tuple[str, str, dict[str, str], int]] = field(default_factory=list)
    jwks_reads: int = 0

    def paths(self) -> list[str]:
        return [path for _, path, _, _ in self.seen]


@dataclass(frozen=True)
class Front:
    """The gateway as its callers see it."""

    client: httpx.Client
    stub: Stub
    key: str
    log: Path

    def token(self, *, key: str | None = None, algorithm: str = "RS256", **changes: object) -> str:
        claims = {"iss": ISSUER, "aud": "tridaya", "sub": "siti", "exp": int(time.time()) + 600} | changes
        return jwt.encode(claims, key or self.key, algorithm=algorithm, headers={"kid": "one"})

    def get(self, path: str, *, token: str | None = None, **headers: str) -> httpx.Response:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if token is not None:
            sent["authorization"] = f"Bearer {token}"
        return self.client.get(path, headers=sent)


def number_text(value: int) -> str:
    return base64.urlsafe_b64encode(value.to_bytes((value.bit_length() + 7) // 8)).rstrip(b"=").decode()


def handler(stub: Stub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            path = self.path.partition("?")[0]
            if path == "/.well-known/jwks.json":
                stub.jwks_reads += 1
                return self.send(200, json.dumps(stub.jwks).encode())
            if path.endswith("/livez"):
                return self.send(200, b"{}")
            stub.seen.append(
                (self.command, self.path, {name.lower(): value for name, value in self.headers.items()}, len(body))
            )
            if path.endswith("/unavailable"):
                return self.send(503, b'{"code": "own.answer"}')
            if path == "/docs":
                return self.send(200, b"<p>", **{"content-security-policy": "default-src 'self'"})
            if path.endswith("/list"):
                kept = {"etag": '"v1"', "cache-control": "private", "vary": "Authorization"}
                return self.send(200, LIST, **kept)
            return self.send(200, b'{"ok": true}')

        do_GET = do_POST = do_PATCH = do_OPTIONS = answer  # noqa: N815

        def send(self, status: int, body: bytes, **headers: str) -> None:
            self.send_response(status)
            for name, value in (
                {"content-type": "application/json", "content-length": str(len(body))} | headers
            ).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Quiet."""

    return Handler
