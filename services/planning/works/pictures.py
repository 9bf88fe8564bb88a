"""Pictures in storage: noted before they are put, and swept when no photo came of them."""

import hashlib
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import exists, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.planning.works.models import Photo, PictureNote
from shared import images
from shared.clock import read_clock
from shared.database import Database
from shared.storage import Storage
from shared.writing import advisory_number

AFTER = timedelta(hours=1)
"""Longer than any request: by then a photo names the picture, or none ever will."""

SWEPT_AT_ONCE = 20


class Picture(NamedTuple):
    """A picture that is kept already, and the digest of what was sent."""

    kept: images.Image
    sent_digest: str


def _lock_of(digest: str) -> Any:
    """Keep apart who puts a picture and who sweeps the same one."""
    return select(func.pg_advisory_xact_lock(advisory_number(bytes.fromhex(digest))))


async def keep_picture(content: bytes, storage: Storage, database: Database) -> Picture:
    """Check, strip and keep a picture before the transaction begins: it takes tenths of a second."""

    async def note(image: images.Image) -> None:
        noted = {"noted_at": read_clock()}
        row = insert(PictureNote).values(digest=image.digest, media_type=image.media_type, **noted)
        async with database.transaction() as session:
            await session.execute(_lock_of(image.digest))
            await session.execute(row.on_conflict_do_update(index_elements=["digest"], set_=noted))

    return Picture(await images.store(content, storage, note=note), hashlib.sha256(content).hexdigest())


async def sweep(session: AsyncSession, storage: Storage, *, now: datetime) -> None:
    """Remove pictures of which no photo came: the upload was refused, or died on its way."""
    old = PictureNote.noted_at < now - AFTER
    # In one order, so that no two sweepers wait for each other.
    waiting = select(PictureNote.digest).where(old).order_by(PictureNote.digest).limit(SWEPT_AT_ONCE)
    for digest in (await session.scalars(waiting)).all():
        await session.execute(_lock_of(digest))
        note = await session.scalar(select(PictureNote).where(PictureNote.digest == digest, old))
        if note is None:
            continue
        if not await session.scalar(select(exists().where(Photo.digest == digest))):
            await storage.delete([images.image_name(digest, note.media_type)])
        await session.delete(note)
