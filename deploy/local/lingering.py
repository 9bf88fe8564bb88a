"""What a server that was killed left behind: a process that still shuts down, or a lock file with a reused number."""

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path

from deploy.local.errors import refuse

PATIENCE = 15.0


def clear(data: Path) -> None:
    """Wait for a postmaster of these data to end; forget a lock file that names a stranger.

    The caller holds the folder's lock, so whoever started that postmaster is gone.
    """
    lock = data / "postmaster.pid"
    until = time.monotonic() + PATIENCE
    while (process := _holder(lock)) is not None and _serves(process, data):
        if time.monotonic() > until:
            refuse(f"PostgreSQL of an earlier start (process {process}) does not end: stop it, then start again.")
        # SIGINT again would do nothing; an immediate shutdown loses no committed row.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(process, signal.SIGINT if until - time.monotonic() > PATIENCE / 2 else signal.SIGQUIT)
        time.sleep(0.1)
    lock.unlink(missing_ok=True)


def _holder(lock: Path) -> int | None:
    try:
        return int(lock.read_text(encoding="utf-8").splitlines()[0])
    except (OSError, ValueError, IndexError):
        return None


def _serves(process: int, data: Path) -> bool:
    command = ["ps", "-ww", "-o", "command=", "-p", str(process)]
    proc = Path(f"/proc/{process}/cmdline")
    if Path("/proc/self/cmdline").exists():
        try:
            said = proc.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            return False
    else:
        said = subprocess.run(command, check=False, capture_output=True, text=True).stdout
    return "postgres" in said and str(data) in said
