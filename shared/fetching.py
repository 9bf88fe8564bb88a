"""Whole lists fetched into a file, which is there only when every byte of the receipt has arrived."""

import csv
import hashlib
import importlib
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import httpx

from shared.calling import Api, Json
from shared.mediatypes import NDJSON, PARQUET
from shared.wording import LINE_BROKE, NO_LIST, OTHER_BYTES, OTHER_ROWS, put

PIECE_BYTES = 64 * 1024
RECEIPT_SECONDS = 5.0
"""A receipt is completed after the last byte was handed over, so perhaps after that arrived."""

LARGEST_CELL = 2**31 - 1

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
        os.close(number)
        with part.open("wb") as content:
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
                raise BrokenOffError(put(LINE_BROKE, size=size)) from error
        if export_id is None:
            raise BrokenOffError(put(NO_LIST))
        receipt = _receipt(api, export_id)
        if (receipt["state"], receipt["size"], receipt["sha256"]) != ("complete", size, digest.hexdigest()):
            raise BrokenOffError(put(OTHER_BYTES, size=size, state=receipt["state"], told=receipt["size"]))
        part.flush()
        if (rows := rows_of(Path(part.name), form)) != receipt["rows"]:
            raise BrokenOffError(put(OTHER_ROWS, rows=rows, told=receipt["rows"]))
    return receipt


def rows_of(file: Path, form: str) -> int:
    """Return how many rows a whole list has, counted in the file itself."""
    if form == PARQUET:
        parquet: Any = importlib.import_module("pyarrow.parquet")
        return int(parquet.read_metadata(file).num_rows)
    # A cell may hold a whole list as JSON.
    csv.field_size_limit(LARGEST_CELL)
    with file.open(encoding="utf-8", newline="") as lines:
        return sum(1 for _ in lines) if form == NDJSON else sum(1 for _ in csv.reader(lines)) - 1


def _receipt(api: Api, export_id: str) -> Json:
    until = time.monotonic() + RECEIPT_SECONDS
    while True:
        receipt = api.read(api.path("exports", export_id))
        if receipt["state"] != "running" or time.monotonic() > until:
            return receipt
        time.sleep(0.2)
