"""What may go wrong on somebody's machine, each said in one line."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn


class RefusedError(Exception):
    """The machine does not allow it; the message is the one line a person reads."""


def refuse(line: str) -> NoReturn:
    """Stop here; the line says all that a person needs."""
    raise RefusedError(line)


def reason(error: OSError) -> str:
    """Name the usual causes by what to do about them."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return "the disk is full"
    if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
        return "the folder cannot be written"
    return error.strerror or str(error)


@contextmanager
def plainly(path: Path) -> Iterator[None]:
    """Turn an error of the file system into one line that names the path."""
    try:
        yield
    except OSError as error:
        refuse(f"{path}: {reason(error)}.")
