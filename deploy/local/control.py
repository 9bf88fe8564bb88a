"""How other commands reach a running house: a lock that it holds and small files that it reads and writes."""

import fcntl
import json
import os
import signal
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

from deploy.local.errors import plainly, refuse
from deploy.local.places import SERVICES, read_kept, write_private
from deploy.local.ports import answers

PATIENCE = 90.0
TICK = 0.1


class Desk:
    """The folder `run` of a house, from both sides."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "run"
        self._lock: IO[str] | None = None

    def hold(self) -> None:
        """Become the one supervisor of this folder."""
        with plainly(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            lock = (self.folder / "lock").open("a+", encoding="utf-8")
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                lock.close()
                where = read_kept(self.folder / "status.json").get("address", "")
                known = f" at {where}" if where else ""
                message = f"The house of {self.folder.parent} already runs{known} (process {self._holder()}): `make stop` ends it."
                refuse(message)
            lock.truncate(0)
            lock.write(f"{os.getpid()}\n")
            lock.flush()
            self._lock = lock
            # What a killed supervisor told last is not true any more.
            (self.folder / "status.json").unlink(missing_ok=True)
            for service in SERVICES:
                self._mark(service).unlink(missing_ok=True)

    def release(self) -> None:
        if self._lock is not None:
            (self.folder / "status.json").unlink(missing_ok=True)
            self._lock.close()
            self._lock = None

    def supervisor(self) -> int | None:
        """Find the process that runs the house now."""
        try:
            with (self.folder / "lock").open("r", encoding="utf-8") as lock:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except FileNotFoundError:
            return None
        except BlockingIOError:
            return self._holder()
        return None

    def is_halted(self, service: str) -> bool:
        return self._mark(service).exists()

    def tell(self, address: str, states: Mapping[str, str]) -> None:
        write_private(self.folder / "status.json", json.dumps({"address": address, "parts": dict(states)}))

    def status(self) -> tuple[str, dict[str, str]]:
        """Read the address of the running house and the state of each part."""
        if self.supervisor() is None:
            refuse("The house does not run: `make run` starts it.")
        told = read_kept(self.folder / "status.json")
        parts = told.get("parts")
        return str(told.get("address", "")), dict(parts) if isinstance(parts, dict) else {}

    def stop(self) -> None:
        """Ask the running house to end, and wait for it."""
        supervisor = self.supervisor()
        if supervisor is None:
            refuse("The house does not run.")
        os.kill(supervisor, signal.SIGTERM)
        self._wait(lambda: self.supervisor() is None, what="The house does not end")

    def ask(self, service: str, *, halted: bool) -> None:
        """Have a running house stop or start one service and its worker."""
        if service not in SERVICES:
            refuse(f"There is no service {service!r}: choose one of {', '.join(SERVICES)}.")
        self.status()
        with plainly(self.folder):
            if halted:
                self._mark(service).touch()
            else:
                self._mark(service).unlink(missing_ok=True)
        wanted = "stopped" if halted else "running"
        names = (service, f"{service}-worker")
        self._wait(
            lambda: all(self.status()[1].get(name) == wanted for name in names), what=f"{service} is not {wanted}"
        )
        if not halted:
            gateway = urlsplit(self.status()[0]).port or 80
            self._wait(lambda: answers(gateway, f"/{service}/livez"), what=f"{service} does not answer")

    def _mark(self, service: str) -> Path:
        return self.folder / f"halt-{service}"

    def _holder(self) -> int | None:
        try:
            return int((self.folder / "lock").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None

    def _wait(self, done: Callable[[], bool], *, what: str) -> None:
        until = time.monotonic() + PATIENCE
        while not done():
            if time.monotonic() > until:
                refuse(f"{what} after {PATIENCE:g} s; see {self.folder.parent / 'logs'}.")
            time.sleep(TICK)
