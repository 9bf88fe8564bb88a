"""Storage keeps the same promises in a folder, in memory and in a bucket."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from shared.storage import ContentMissing, Storage


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@pytest.fixture(scope="module")
def bucket() -> Iterator[str]:
    """Give the address of a bucket of a server that speaks S3."""
    pytest.importorskip("moto")
    address = f"http://127.0.0.1:{free_port()}"
    words = [sys.executable, "-m", "moto.server", "-p", address.rpartition(":")[2]]
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:  # noqa: S603
        made = httpx.HTTPTransport(retries=10)
        with httpx.Client(transport=made, timeout=30) as client:
            assert client.put(f"{address}/papers").status_code == 200
        with pytest.MonkeyPatch.context() as patch:
            for name, value in (
                ("ACCESS_KEY_ID", "invented"),
                ("SECRET_ACCESS_KEY", "invented"),
                ("REGION", "us-east-1"),
                ("ENDPOINT", address),
                ("ALLOW_HTTP", "true"),
            ):
                patch.setenv(f"AWS_{name}", value)
            yield "s3://papers/registry"
        server.terminate()


@pytest.fixture(params=["folder", "memory", "bucket"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    if request.param == "bucket":
        return Storage(request.getfixturevalue("bucket"))
    return Storage("memory:///" if request.param == "memory" else (tmp_path / "a folder").as_uri())


async def test_gives_back_what_was_put_whole(storage: Storage) -> None:
    large = os.urandom(12 * 1024 * 1024)
    await storage.put("attachments/ab/large", large)
    await storage.put("attachments/ab/empty", b"")

    assert await storage.get("attachments/ab/large") == large
    assert await storage.get("attachments/ab/empty") == b""


async def test_the_same_name_takes_the_place_of_what_it_named(storage: Storage) -> None:
    for content in (b"before", b"after"):
        await storage.put("ab/one", content)

    assert await storage.get("ab/one") == b"after"


async def test_says_what_is_not_there(storage: Storage) -> None:
    await storage.put("ab/two", b"two")

    assert (await storage.has("ab/two"), await storage.has("ab/three")) == (True, False)
    with pytest.raises(ContentMissing):
        await storage.get("ab/three")


async def test_finds_and_deletes_what_lies_under_one_path_only(storage: Storage) -> None:
    for name in ("uploads/a/0-x", "uploads/a/5-y", "uploads/ab/0-z"):
        await storage.put(name, b"part")

    found = await storage.under("uploads/a")
    assert sorted(found) == ["uploads/a/0-x", "uploads/a/5-y"]
    await storage.delete([*found, "uploads/a/never"])
    assert (await storage.under("uploads/a"), await storage.has("uploads/ab/0-z")) == ([], True)
