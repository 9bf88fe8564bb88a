"""The running parts of the house: programs that are started, watched and ended alike."""

import contextlib
import os
import signal
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from deploy.local.errors import refuse
from deploy.local.postgres import Postgres
from deploy.local.processes import end, last_line, spawn, why_ended

PATIENCE = 4.0
CRASHES = 5
WITHIN = 60.0
FIRST_DELAY = 0.25


class Part(ABC):
    """One process that should run as long as it is wanted."""

    def __init__(self, name: str, *, log: Path) -> None:
        self.name = name
        self.log = log
        self.wanted = False
        self._crashes: list[float] = []
        self._again_at: float | None = None

    @property
    @abstractmethod
    def process(self) -> subprocess.Popen[bytes] | None: ...

    @abstractmethod
    def launch(self) -> None: ...

    @abstractmethod
    def halt(self) -> None: ...

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    @property
    def state(self) -> str:
        if self.running:
            return "running"
        return "restarting" if self.wanted else "stopped"

    def start(self) -> None:
        self.wanted, self._again_at = True, None
        if not self.running:
            self.launch()

    def stop(self) -> None:
        self.wanted = False
        self.halt()

    def kill(self) -> None:
        """SIGKILL, as a fault would; it stays down until started again."""
        self.wanted = False
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def tend(self, say: Callable[[str], None]) -> None:
        """Start it again when it has crashed, later each time; give up when that does not help."""
        if not self.wanted or self.running:
            return
        now = time.monotonic()
        if self._again_at is None:
            code = self.process.returncode if self.process else 0
            self._crashes = [at for at in self._crashes if now - at < WITHIN] + [now]
            ended = f"{self.name} ended with {why_ended(code)}"
            if len(self._crashes) >= CRASHES:
                told = last_line(self.log)
                refuse(f"{ended} for the {CRASHES}th time within a minute; giving up. {told} ({self.log})")
            delay = FIRST_DELAY * 2 ** (len(self._crashes) - 1)
            self._again_at = now + delay
            say(f"{ended}; starting it again in {delay:g} s ({self.log})")
        elif now >= self._again_at:
            self._again_at = None
            self.launch()


class Program(Part):
    """A program of ours or the gateway."""

    def __init__(
        self, name: str, command: Sequence[str], *, log: Path, environment: Mapping[str, str], folder: Path
    ) -> None:
        super().__init__(name, log=log)
        self._command = command
        self._environment = environment
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def process(self) -> subprocess.Popen[bytes] | None:
        return self._process

    def launch(self) -> None:
        self._process = spawn(self._command, log=self.log, environment=self._environment, folder=self._folder)

    def halt(self) -> None:
        end_together([self])


def end_together(programs: Sequence[Program]) -> None:
    """End several at the same time, so that their patience does not add up."""
    processes = []
    for program in programs:
        program.wanted = False
        if program.process is not None:
            processes.append(program.process)
    # The second signal tells uvicorn not to wait for requests that wait themselves.
    end(*processes, signals=(signal.SIGTERM, signal.SIGINT), patience=PATIENCE)
    for process in processes:
        # Its session is its own: nothing that it may have started stays behind.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)


class Database(Part):
    """The embedded PostgreSQL."""

    def __init__(self, folder: Path, *, log: Path, port: int, durable: bool) -> None:
        super().__init__("postgres", log=log)
        self.server = Postgres(folder, port=port, durable=durable, log=log)
        self.wanted = True

    @property
    def process(self) -> subprocess.Popen[bytes] | None:
        return self.server.process

    @property
    def made(self) -> int:
        """When this cluster was made: another one, also in the same place, tells another time."""
        return (self.server.data / "PG_VERSION").stat().st_mtime_ns

    def launch(self) -> None:
        self.server.start()

    def halt(self) -> None:
        self.server.stop()

    def kill(self) -> None:
        self.wanted = False
        self.server.kill()
