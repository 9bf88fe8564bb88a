"""Storage: contents under names, in a folder by default, in any S3-compatible bucket in production."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from urllib.parse import unquote, urlsplit

from obstore.exceptions import BaseError
from obstore.store import LocalStore, MemoryStore, ObjectStore, from_url

from shared.errors import Text, Unavailable
from shared.log import log

PIECE = 1024 * 1024
"""Bytes of a content that are in memory at a time while it is read."""


SECONDS = 20.0
"""How long a folder or bucket may take; the gateway waits longer."""


class ContentMissing(Unavailable):
    code = "content.missing"
    title = Text("Isi berkas tidak ada", "Content missing")
    detail = Text(
        "Catatannya ada, tetapi isinya tidak terbaca sekarang.", "It is on record, but its content cannot be read now."
    )
    fix = Text("Ulangi nanti, atau beri tahu operator.", "Try again later, or tell an operator.")


class StorageUnavailable(Unavailable):
    code = "storage.unavailable"
    title = Text("Penyimpanan berkas tidak menjawab", "Storage unavailable")
    detail = Text("Tidak ada yang disimpan atau terbaca sekarang.", "Nothing can be kept or read now.")
    fix = Text("Ulangi setelah waktu pada Retry-After.", "Try again after the time given in Retry-After.")


@asynccontextmanager
async def _asked() -> AsyncIterator[None]:
    """Say of a failure whether the content or the whole storage is away."""
    try:
        async with asyncio.timeout(SECONDS):
            yield
    except FileNotFoundError as error:
        raise ContentMissing from error
    except (BaseError, OSError) as error:
        log.error("storage.unavailable", error=repr(error)[:300])
        raise StorageUnavailable(retry_after=5) from error


class Storage:
    """Contents by name: put whole, got whole or in pieces, deleted.

    A name is made of digests and ids, never of what somebody called a file. What is put is there whole or not at all.
    `url` is file:///folder, s3://bucket/prefix (keys and endpoint from the usual AWS_ variables) or memory:///.
    """

    def __init__(self, url: str) -> None:
        address = urlsplit(url)
        self._warned = False
        self._folder = Path(unquote(address.path)) if address.scheme == "file" else None
        self._store: ObjectStore
        if self._folder is not None:
            self._store = LocalStore(self._folder, mkdir=True, automatic_cleanup=True)
        elif address.scheme == "memory":
            self._store = MemoryStore()
        else:
            self._store = from_url(url, retry_config={"max_retries": 1, "retry_timeout": timedelta(seconds=10)})

    async def put(self, name: str, content: bytes) -> None:
        """Keep a content; the same name takes the place of what it named before."""
        async with _asked():
            # In one request: parts of a bucket's own would stay behind, unseen, where one dies in between.
            kept = await self._store.put_async(name, content, use_multipart=False)
            if self._folder is not None:
                await asyncio.to_thread(_to_disk, self._folder, name)

        if kept["version"] not in {None, "null"} and not self._warned:
            self._warned = True
            log.warning("storage.keeps_versions")

    async def get(self, name: str) -> bytes:
        """Return a content, or ContentMissing."""
        async with _asked():
            found = await self._store.get_async(name)
            return bytes(await found.bytes_async())

    async def size(self, name: str) -> int:
        """Return how many bytes a content has, or ContentMissing."""
        async with _asked():
            return int((await self._store.head_async(name))["size"])

    async def piece(self, name: str, begins: int, ends: int) -> bytes:
        """Return the bytes of a content from `begins` to before `ends`, or ContentMissing."""
        async with _asked():
            return bytes(await self._store.get_range_async(name, start=begins, end=ends))

    async def has(self, name: str) -> bool:
        try:
            await self.size(name)
        except ContentMissing:
            return False
        return True

    async def delete(self, names: Sequence[str]) -> None:
        """Delete contents; what is gone already is no fault."""
        for name in names:
            try:
                async with _asked():
                    await self._store.delete_async(name)
            except ContentMissing:
                pass
            for begun in self._begun(name):
                begun.unlink(missing_ok=True)

    async def under(self, prefix: str) -> list[str]:
        """Return the names that begin with a path such as `uploads/{id}`."""
        async with _asked():
            found = await self._store.list(prefix).collect_async()
        begun = [one.relative_to(self._folder or "").as_posix() for one in self._begun(f"{prefix}/*")]
        return sorted({str(one["path"]) for one in found} | {name.partition("#")[0] for name in begun})

    def _begun(self, name: str) -> Iterator[Path]:
        """Give what a death in the middle of a put left in a folder: half of a content, which the library hides."""
        return iter(()) if self._folder is None else self._folder.glob(f"{name}#*")


def _to_disk(folder: Path, name: str) -> None:
    """Wait until a file and the way to it are on the disk: its row, which names it, survives a loss of power too."""
    file = folder / name
    for one in (file, *file.relative_to(folder).parents):
        handle = os.open(folder / one, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
