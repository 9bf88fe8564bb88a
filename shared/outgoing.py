"""Calls to addresses that others name: never into a private network, whatever a name resolves to.

The name is resolved here, every address it resolves to is judged, and the connection goes to a judged address itself:
a name that changes its mind between the judgement and the call (DNS rebinding) leads nowhere else.
"""

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpcore

LARGEST_ANSWER = 4096
SECONDS = 10.0
NOT_PUBLIC = tuple(map(ipaddress.ip_network, ("::/96", "fec0::/10", "64:ff9b:1::/48")))
"""Older and newer ways to write a network's own addresses, which Python's `is_global` takes for public ones."""


class AddressForbiddenError(Exception):
    """An address that nobody outside may make us call."""


def is_public(address: str) -> bool:
    """Tell whether an IP address belongs to the public internet: not loopback, private, link-local or reserved."""
    known = ipaddress.ip_address(address)
    mapped = getattr(known, "ipv4_mapped", None) or getattr(known, "sixtofour", None)
    if mapped is not None:
        known = mapped
    if isinstance(known, ipaddress.IPv6Address) and known in ipaddress.ip_network("64:ff9b::/96"):
        known = ipaddress.IPv4Address(int(known) & 0xFFFFFFFF)
    return known.is_global and not known.is_multicast and not any(known in one for one in NOT_PUBLIC)


class Judged(httpcore.AsyncNetworkBackend):
    """Connects only to public addresses."""

    def __init__(self) -> None:
        self._backend = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the library's own signature
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        loop = asyncio.get_running_loop()
        try:
            found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise httpcore.ConnectError(str(error)) from error
        addresses = [str(one[4][0]) for one in found]
        if not addresses or not all(map(is_public, addresses)):
            raise AddressForbiddenError(host)
        return await self._backend.connect_tcp(
            addresses[0], port, timeout=timeout, local_address=local_address, socket_options=socket_options
        )

    async def sleep(self, seconds: float) -> None:
        await self._backend.sleep(seconds)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: the status, or why nothing did."""

    status: int | None
    failure: str | None

    @property
    def accepted(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


class Outgoing:
    """Sends to addresses that others name; follows no redirect and reads little of the answer."""

    def __init__(self, *, allow_private: bool) -> None:
        backend = None if allow_private else Judged()
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=ssl.create_default_context(), network_backend=backend, max_connections=20, keepalive_expiry=5
        )

    async def post(self, url: str, *, headers: dict[str, str], body: bytes) -> Answer:
        """Send a body and return what came of it; never raises for what the other side does."""
        limits = dict.fromkeys(("connect", "read", "write", "pool"), SECONDS)
        sent = [("Host", urlsplit(url).netloc.rpartition("@")[2]), *headers.items()]
        try:
            async with (
                asyncio.timeout(SECONDS),
                self._pool.stream("POST", url, headers=sent, content=body, extensions={"timeout": limits}) as answer,
            ):
                read = 0
                async for piece in answer.aiter_stream():
                    read += len(piece)
                    if read > LARGEST_ANSWER:
                        break
                return Answer(answer.status, None)
        except AddressForbiddenError:
            return Answer(None, "address_forbidden")
        except (httpcore.TimeoutException, TimeoutError):
            return Answer(None, "timeout")
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.UnsupportedProtocol, OSError, ValueError):
            return Answer(None, "unreachable")

    async def close(self) -> None:
        await self._pool.aclose()
