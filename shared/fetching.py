"""Whole lists fetched into a file, which is there only when every byte of the receipt has arrived."""

import hashlib
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import httpx

from shared.calling import Api, Json

PIECE_BYTES = 64 * 1024
RECEIPT_SECONDS = 5.0
"""A receipt is completed after the last byte was handed over, so perhaps after that arrived."""

Arrived = Callable[[int], None]
"""Is told how many bytes have come."""


class BrokenOffError(Exception):
    """What arrived is not the whole list."""


@contextmanager
def written_whole(file: Path) -> Iterator[BinaryIO]:
    """Open a file that takes its place when all went well and else leaves no trace; for its owner alone."""
    number, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.", suffix=".part")
    part = Path(name)
    try:
        with os.fdopen(number, "wb") as content:
            yield content
            content.flush()
            os.fsync(content.fileno())
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)


def fetch(api: Api, path: str, file: Path, *, form: str, filters: Mapping[str, str], arrived: Arrived) -> Json:
    """Bring a whole list into a file and return its receipt; one that broke off is asked for once more."""
    try:
        return _fetched(api, path, file, form=form, filters=filters, arrived=arrived)
    except BrokenOffError:
        return _fetched(api, path, file, form=form, filters=filters, arrived=arrived)


def _fetched(api: Api, path: str, file: Path, *, form: str, filters: Mapping[str, str], arrived: Arrived) -> Json:
    digest, size = hashlib.sha256(), 0
    with written_whole(file) as part:
        with api.stream(path, params=dict(filters), headers={"Accept": form}) as response:
            export_id = response.headers.get("Export-Id")
            try:
                for piece in response.iter_bytes(PIECE_BYTES):
                    part.write(piece)
                    digest.update(piece)
                    size += len(piece)
                    arrived(size)
            except httpx.RequestError as error:
                message = f"the connection broke after {size:,} bytes"
                raise BrokenOffError(message) from error
        if export_id is None:
            message = "this address gives no whole list"
            raise BrokenOffError(message)
        receipt = _receipt(api, export_id)
        if (receipt["state"], receipt["size"], receipt["sha256"]) != ("complete", size, digest.hexdigest()):
            message = f"{size:,} bytes came; by its receipt it is {receipt['state']}, {receipt['size']} bytes"
            raise BrokenOffError(message)
    return receipt


def _receipt(api: Api, export_id: str) -> Json:
    until = time.monotonic() + RECEIPT_SECONDS
    while True:
        receipt = api.read(api.path("exports", export_id))
        if receipt["state"] != "running" or time.monotonic() > until:
            return receipt
        time.sleep(0.2)
