"""What tests of the plumbing share."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.shared.receiving import Receiver


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    made = Receiver()
    server = await asyncio.start_server(made.answer, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    async with server:
        yield made
