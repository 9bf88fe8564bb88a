"""Storage keeps the same promises in a folder, in memory and in a bucket."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.storage import ContentMissing, Storage, StorageUnavailable
from tests.bucket import Bucket, free_port

# One process waits while the bucket's server is installed, not each.
pytestmark = pytest.mark.xdist_group("bucket")


@pytest.fixture(scope="module")
def bucket() -> Iterator[str]:
    """Give the address of a bucket."""
    made = Bucket()
    with pytest.MonkeyPatch.context() as patch:
        made.known_to(patch)
        yield made.url
    made.ends()


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


async def test_gives_a_piece_and_tells_the_size(storage: Storage) -> None:
    await storage.put("ab/four", b"0123456789")

    assert (await storage.size("ab/four"), await storage.piece("ab/four", 3, 7)) == (10, b"3456")
    for asked in (storage.size("ab/five"), storage.piece("ab/five", 0, 1)):
        with pytest.raises(ContentMissing):
            await asked


def files(folder: Path, pattern: str = "*") -> list[str]:
    return sorted(file.name for file in folder.rglob(pattern) if file.is_file())


def half(folder: Path, *names: str) -> None:
    """Lay down what a process leaves that is killed in the middle of a put."""
    for name in names:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(b"half")


def killed_in_a_put(folder: Path, name: str) -> None:
    code = f"""
import asyncio
from shared.storage import Storage
async def puts():
    await Storage({folder.as_uri()!r}).put({name!r}, bytes(200_000_000))
asyncio.run(puts())
"""
    with subprocess.Popen([sys.executable, "-c", code]) as process:  # noqa: S603
        while process.poll() is None and not files(folder, "*#*"):
            time.sleep(0.002)
        process.kill()


async def test_half_of_a_content_goes_with_it(tmp_path: Path) -> None:
    storage = Storage(tmp_path.as_uri())
    await storage.put("uploads/a/0-x", b"whole")
    half(tmp_path, "uploads/a/0-x#1", "uploads/a/5-y#1", "uploads/a/5-y#2", "uploads/ab/5-y#1")

    assert await storage.under("uploads/a") == ["uploads/a/0-x", "uploads/a/5-y"]
    await storage.delete(await storage.under("uploads/a"))
    assert files(tmp_path) == ["5-y#1"]


async def test_a_death_in_the_middle_of_a_put_leaves_nothing_for_ever(tmp_path: Path) -> None:
    for _ in range(3):
        killed_in_a_put(tmp_path, "uploads/a/0-x")
    assert files(tmp_path)
    storage = Storage(tmp_path.as_uri())
    await storage.delete(await storage.under("uploads/a"))

    assert files(tmp_path) == []


async def test_a_bucket_or_folder_that_is_away_is_said_to_be(tmp_path: Path, bucket: str) -> None:
    (tmp_path / "file").touch()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT", f"http://127.0.0.1:{free_port()}")
        away = Storage(bucket)
    for asked in (away.put("a/b", b"1"), away.get("a/b"), away.size("a/b"), away.under("a"), away.delete(["a/b"])):
        with pytest.raises(StorageUnavailable):
            await asked
    folder = Storage((tmp_path / "folder").as_uri())
    (tmp_path / "folder" / "a").touch()
    with pytest.raises(StorageUnavailable):
        await folder.put("a/b", b"1")


async def test_finds_and_deletes_what_lies_under_one_path_only(storage: Storage) -> None:
    for name in ("uploads/a/0-x", "uploads/a/5-y", "uploads/ab/0-z"):
        await storage.put(name, b"part")

    found = await storage.under("uploads/a")
    assert sorted(found) == ["uploads/a/0-x", "uploads/a/5-y"]
    await storage.delete([*found, "uploads/a/never"])
    assert (await storage.under("uploads/a"), await storage.has("uploads/ab/0-z")) == ([], True)
