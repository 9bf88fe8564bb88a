"""Registry's command line, run beside the event loop of the tests."""

import asyncio
from typing import Any

from typer.testing import CliRunner

from services.registry.commands import cli


async def in_a_process(*words: str) -> Any:
    return await asyncio.to_thread(CliRunner().invoke, cli, list(words))
