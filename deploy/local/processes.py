"""Child processes that end with their parent, whatever ends it."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from deploy.local.unprivileged import Account

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def tie(parent: int, last_signal: signal.Signals) -> Callable[[], None]:
    def before_start() -> None:
        if _libc is None:
            return
        # After the change of account, which would clear it.
        _libc.prctl(PR_SET_PDEATHSIG, int(last_signal), 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return before_start


def spawn(
    command: Sequence[str | Path],
    *,
    log: Path,
    environment: Mapping[str, str],
    folder: Path | None = None,
    account: Account | None = None,
    last_signal: signal.Signals = signal.SIGKILL,
) -> subprocess.Popen[bytes]:
    """Start a child in a session of its own, so that the terminal's Ctrl-C reaches only us.

    The kernel ties the child to the thread that starts it: call this from a thread that lives as long as the child.
    """
    with log.open("ab") as output:
        return subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env=dict(environment),
            start_new_session=True,
            preexec_fn=tie(os.getpid(), last_signal),  # noqa: PLW1509
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
        )


def end(*children: subprocess.Popen[bytes], signals: Sequence[signal.Signals], patience: float) -> None:
    """Ask all of them with each signal in turn until they are gone; the last resort is SIGKILL."""
    for chosen in (*signals, signal.SIGKILL):
        left = [child for child in children if child.poll() is None]
        for child in left:
            child.send_signal(chosen)
        until = time.monotonic() + patience
        for child in left:
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(max(0.01, until - time.monotonic()))
    for child in children:
        child.wait()


def last_line(log: Path) -> str:
    """Read the end of a log, for a one-line report."""
    try:
        with log.open("rb") as lines:
            lines.seek(max(0, log.stat().st_size - 4096))
            kept = [line.strip() for line in lines.read().decode(errors="replace").splitlines() if line.strip()]
    except OSError:
        return ""
    if any("No space left on device" in line for line in kept[-20:]):
        return "the disk is full"
    return kept[-1][:300] if kept else ""


def why_ended(code: int) -> str:
    """Say an exit code as a person would."""
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"signal {signal.Signals(-code).name}"
    except ValueError:
        return f"signal {-code}"
