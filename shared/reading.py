"""Reading apart: a file from outside is read in a process of its own, which can fill neither the memory nor the day.

A small spreadsheet can say a text of a megabyte once and point to it a million times; no look at the file beforehand
is as sure as a bound that the system holds. The process gets no variable of ours either: nothing secret is in its reach.
"""

import resource
import subprocess
import sys
from pathlib import Path

import msgspec

from shared.sheets import FileTooLarge, FileUnreadable, Sheet, read_sheet

MOST_MEMORY = 2 * 1024**3
"""Bytes of memory; the largest file that is taken needs three quarters of it."""

MOST_READ = 128 * 1024**2
"""Bytes of what a file says, which whoever asked for it then has to hold."""

MOST_SECONDS = 60
UNREADABLE = 3
TOO_LARGE = 4
HERE = Path(__file__).parents[1]


def read_apart(content: bytes, form: str) -> Sheet:
    """Read a file as `read_sheet` does, with its refusals; FileTooLarge also for what takes too much or too long."""
    words = [sys.executable, "-m", "shared.reading", form]
    try:
        done = subprocess.run(  # noqa: S603 - our own words
            words, input=content, capture_output=True, check=False, cwd=HERE, env={}, timeout=MOST_SECONDS * 1.5
        )
    except subprocess.TimeoutExpired as error:
        raise FileTooLarge from error
    if done.returncode == UNREADABLE:
        raise FileUnreadable(form=done.stderr.decode())
    if done.returncode:
        raise FileTooLarge
    return msgspec.msgpack.decode(done.stdout, type=Sheet)


def main(form: str) -> int:
    """Read standard input, and write its rows to standard output."""
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_SECONDS, MOST_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        written = msgspec.msgpack.encode(read_sheet(sys.stdin.buffer.read(), form))
    except FileUnreadable as refusal:
        sys.stderr.write(str(refusal.values["form"]))
        return UNREADABLE
    except (FileTooLarge, MemoryError):
        return TOO_LARGE
    if len(written) > MOST_READ:
        return TOO_LARGE
    sys.stdout.buffer.write(written)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
