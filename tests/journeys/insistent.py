"""Somebody on a bad line, as they should be: whatever is not answered is sent again, exactly as it was."""

import json
import time
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import httpx

TRIES = 60


def insist(http: httpx.Client, method: str, path: str, **options: Any) -> httpx.Response:
    """Send one request until it is answered; the caller sees only the last answer."""
    for _ in range(TRIES):
        try:
            reply = http.request(method, path, **options)
        except httpx.TransportError:
            continue
        if reply.status_code not in {429, 503} and "idempotency.still_running" not in reply.text:
            return reply
        time.sleep(float(reply.headers.get("Retry-After", 1)))
    message = f"{method} {path} was never answered"
    raise AssertionError(message)


class Naming:
    """Ids and keys of one run of a story: the same each time, and told by their names."""

    def __init__(self, run: str, kelurahan: str) -> None:
        self.run, self.kelurahan = run, kelurahan
        self.names: dict[str, str] = {run: "<run>", kelurahan: "<kelurahan>"}

    def __call__(self, *parts: object) -> str:
        name = "/".join(map(str, parts))
        made = str(uuid5(NAMESPACE_URL, f"{self.run}/{name}"))
        self.names[made] = f"<{name}>"
        return made


class Insistent:
    """Somebody signed in at the end of a line."""

    def __init__(self, http: httpx.Client, token: str, called: Naming, *, who: str) -> None:
        self.http, self.called, self.who = http, called, who
        self._token = token

    def send(self, method: str, path: str, *, key: str | None = None, **options: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self._token}", **options.pop("headers", {})}
        if key is not None:
            headers["Idempotency-Key"] = self.called("key", self.who, method, key)
        return insist(self.http, method, path, headers=headers, **options)

    def json(self, method: str, path: str, body: Any, *, key: str | None = None, tag: str = "") -> httpx.Response:
        headers = {"Content-Type": "application/json"} | ({"If-Match": tag} if tag else {})
        reply = self.send(method, path, key=key, content=json.dumps(body), headers=headers)
        assert reply.is_success, f"{method} {path}: {reply.text}"
        return reply

    def made(self, path: str, body: dict[str, Any], *, name: str) -> httpx.Response:
        """Create something under an id of one's own, which is all that keeps it from being made twice."""
        return self.json("POST", path, {"id": self.called(name), **body})

    def keyed(self, path: str, body: dict[str, Any], *, key: str, tag: str = "") -> httpx.Response:
        """Create or act under a key, which is all that keeps it from taking effect twice."""
        return self.json("POST", path, body, key=key, tag=tag)

    def edited(self, item: str, change: dict[str, Any], *, key: str, tag: str = "") -> httpx.Response:
        """Edit the version last seen, or the one there is now."""
        return self.json("PATCH", item, change, key=key, tag=tag or self.tag(item))

    def acted(self, item: str, act: str, body: dict[str, Any], *, key: str, tag: str = "") -> httpx.Response:
        """Act on the version last seen, or the one there is now."""
        return self.json("POST", f"{item}/{act}", body, key=key, tag=tag or self.tag(item))

    def tag(self, item: str) -> str:
        return self.send("GET", item).headers["ETag"]
