"""Storage: contents under names, in a folder by default, in any S3-compatible bucket in production."""

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

from obstore.store import LocalStore, MemoryStore, ObjectStore, from_url

from shared.errors import Text, Unavailable


class ContentMissing(Unavailable):
    code = "content.missing"
    title = Text("Isi berkas tidak ada", "Content missing")
    detail = Text(
        "Catatannya ada, tetapi isinya tidak terbaca sekarang.", "It is on record, but its content cannot be read now."
    )
    fix = Text("Ulangi nanti, atau beri tahu operator.", "Try again later, or tell an operator.")


class Storage:
    """Contents by name: put whole, got whole, deleted.

    A name is made of digests and ids, never of what somebody called a file. What is put is there whole or not at all.
    `url` is file:///folder, s3://bucket/prefix (keys and endpoint from the usual AWS_ variables) or memory:///.
    """

    def __init__(self, url: str) -> None:
        address = urlsplit(url)
        self._folder = Path(unquote(address.path)) if address.scheme == "file" else None
        self._store: ObjectStore
        if self._folder is not None:
            self._store = LocalStore(self._folder, mkdir=True, automatic_cleanup=True)
        elif address.scheme == "memory":
            self._store = MemoryStore()
        else:
            self._store = from_url(url)

    async def put(self, name: str, content: bytes) -> None:
        """Keep a content; the same name takes the place of what it named before."""
        await self._store.put_async(name, content)
        if self._folder is not None:
            await asyncio.to_thread(_to_disk, self._folder / name)

    async def get(self, name: str) -> bytes:
        """Return a content, or ContentMissing."""
        try:
            found = await self._store.get_async(name)
        except FileNotFoundError as error:
            raise ContentMissing from error
        return bytes(await found.bytes_async())

    async def has(self, name: str) -> bool:
        try:
            await self._store.head_async(name)
        except FileNotFoundError:
            return False
        return True

    async def delete(self, names: Sequence[str]) -> None:
        """Delete contents; what is gone already is no fault."""
        for name in names:
            try:
                await self._store.delete_async(name)
            except FileNotFoundError:
                continue

    async def under(self, prefix: str) -> list[str]:
        """Return the names that begin with a path such as `uploads/{id}`."""
        found = await self._store.list(prefix).collect_async()
        return [str(one["path"]) for one in found]


def _to_disk(file: Path) -> None:
    """Wait until a file is on the disk: its row, which names it, survives a loss of power too."""
    handle = os.open(file, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
