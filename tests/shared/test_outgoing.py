"""Calls to addresses that others name: never into a private network, whatever a name resolves to."""

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.outgoing import Outgoing, is_public
from tests.house import Running, code_of
from tests.shared.receiving import Receiver

WEBHOOKS = "/registry/v1/webhooks"


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0", "100.64.0.1",  # noqa: S104
        "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fc00::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1",
        "64:ff9b::7f00:1", "2002:7f00:1::", "ff02::1", "::7f00:1", "fec0::1", "64:ff9b:1::a00:1",
    ],
)  # fmt: skip
def test_private_ones_are_no_addresses_of_the_public(address: str) -> None:
    assert not is_public(address)


@given(st.ip_addresses(network="10.0.0.0/8") | st.ip_addresses(network="127.0.0.0/8"))
def test_nor_is_any_of_theirs_in_another_dress(address: Any) -> None:
    assert not is_public(str(address))
    assert not is_public(f"::ffff:{address}")


async def test_a_private_address_is_never_called(receiver: Receiver) -> None:
    outgoing = Outgoing(allow_private=False)
    for host in ("127.0.0.1", "localhost", "[::1]", "0.0.0.0", "2130706433"):  # noqa: S104 - an address to be refused
        answer = await outgoing.post(f"http://{host}:{receiver.port}/hook", headers={}, body=b"{}")
        assert answer.failure in {"address_forbidden", "unreachable"}, host
    await outgoing.close()

    assert receiver.received == []


async def test_a_name_that_also_leads_inside_is_not_called(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    async def both(host: str, port: int, **_: Any) -> list[Any]:
        return [(0, 0, 0, "", ("192.0.43.10", port)), (0, 0, 0, "", ("127.0.0.1", port))]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", both, raising=False)
    outgoing = Outgoing(allow_private=False)
    answer = await outgoing.post(f"http://example.org:{receiver.port}/hook", headers={}, body=b"{}")
    await outgoing.close()

    assert (answer.failure, receiver.received) == ("address_forbidden", [])


async def test_the_address_that_was_judged_is_the_one_that_is_called(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    async def changing(host: str, port: int, **_: Any) -> list[Any]:
        asked.append(host)
        address = "192.0.43.10" if len(asked) == 1 else "127.0.0.1"
        return [(0, 0, 0, "", (address, port))]

    called: list[str] = []

    async def connect(_self: Any, host: str, *_: Any, **__: Any) -> Any:
        called.append(host)
        raise OSError

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", changing, raising=False)
    monkeypatch.setattr("httpcore.AnyIOBackend.connect_tcp", connect)
    outgoing = Outgoing(allow_private=False)
    await outgoing.post("http://example.org/hook", headers={}, body=b"{}")
    await outgoing.close()

    assert (asked, called) == (["example.org"], ["192.0.43.10"])


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/x",
        "ftp://example.org",
        "https://",
        "https://user:x@example.org",
        "https://a:99999",
        "x",
        "https://127.0.0.1/x",
        "https://[::1]/x",
        "https://10.1.2.3:8443/x",
        "https://169.254.169.254/latest",
    ],
)
async def test_what_can_never_be_called_is_refused(registry: Running, url: str) -> None:
    reply = await registry.http.post(WEBHOOKS, json={"url": url}, headers=registry.token("partner"))

    assert (reply.status_code, code_of(reply)) == (422, "webhook.url_unusable")
