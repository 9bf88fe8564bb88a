"""The rounds: every target in turn, several times, so that what else the machine does falls on all alike."""

import json
import os
import statistics
import subprocess
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from tests.benchmarks import load
from tests.benchmarks.house import Measured, wait_for
from tests.benchmarks.load import Request
from tests.benchmarks.requests import FIRST_ASKED, LIST, NOTHING, READ, WRITE, WRITTEN, WRITTEN_IN

STARTS = 3


@dataclass(slots=True)
class Target:
    """One thing that is asked for, who does the work, and what came of it round by round."""

    name: str
    make: Callable[[str, int], Request]
    worker: Callable[[], int]
    rates: list[float] = field(default_factory=list)
    spent: list[float] = field(default_factory=list)
    middles: list[float] = field(default_factory=list)
    slowest: list[float] = field(default_factory=list)
    failures: int = 0

    def run(self, token: str, number: int, *, seconds: float) -> None:
        before = processor_seconds(self.worker())
        answered = load.measure(self.make(token, number), seconds=seconds)
        self.spent.append((processor_seconds(self.worker()) - before) * 1_000_000 / answered.answers)
        self.rates.append(answered.rate)
        self.middles.append(answered.middle)
        self.slowest.append(answered.slowest)
        self.failures += answered.failures


@dataclass(frozen=True, slots=True)
class Footprint:
    """What the service takes before anybody asks, and after all the rounds: seconds and MiB."""

    start: float
    fresh: float
    used: float


def processor_seconds(process: int) -> float:
    """Return the processor time of a process so far; nothing where the system does not tell."""
    told = Path(f"/proc/{process}/stat")
    if not told.exists():
        return float("nan")
    fields = told.read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident(process: int) -> float:
    """Return the resident memory of a process in MiB; nothing where the system does not tell."""
    told = Path(f"/proc/{process}/status")
    if not told.exists():
        return float("nan")
    (line,) = (line for line in told.read_text(encoding="utf-8").splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def running(process: subprocess.Popen[bytes] | None) -> int:
    assert process is not None
    return process.pid


def targets(measured: Measured, *, cursor: str) -> list[Target]:
    """Return what is measured, in the order of a round; writes last, for they make the list longer."""
    parts = measured.house.parts
    service, floors = (lambda: running(parts["registry"].process)), (lambda: running(measured.floors.process))
    boards = tuple(measured.boards)

    def asks(port: int, path: str, *, ids: tuple[str, ...] = ("",)) -> Callable[[str, int], Request]:
        return lambda token, number: Request(
            port, path, headers={"Authorization": f"Bearer {token}"}, ids=ids, first=number * 5_000
        )

    def writes(port: int, path: str) -> Callable[[str, int], Request]:
        def make(token: str, number: int) -> Request:
            headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
            headers["Idempotency-Key"] = "{key}"
            places, body = tuple(WRITTEN_IN), json.dumps(WRITTEN)
            return Request(port, path, method="POST", headers=headers, body=body, ids=places, first=number * 5_000)

        return make

    here, bare, gateway = measured.port, measured.floors_port, measured.gateway_port
    return [
        Target("constant", asks(here, NOTHING), service),
        Target("constant, bare", asks(bare, "/nothing"), floors),
        Target("list", asks(here, LIST), service),
        Target("list, bare driver, framed", asks(bare, "/framed"), floors),
        Target("list, bare driver", asks(bare, "/list"), floors),
        Target("list, page 2,000", asks(here, f"{LIST}&cursor={cursor}"), service),
        Target("list, gateway", asks(gateway, LIST), service),
        Target("list, asked first", asks(here, FIRST_ASKED), service),
        Target("read", asks(here, READ, ids=boards), service),
        Target("read, bare driver", asks(bare, "/read/{id}", ids=boards), floors),
        Target("read, gateway", asks(gateway, READ, ids=boards), service),
        Target("write", writes(here, WRITE), service),
        Target("write, bare driver", writes(bare, "/write"), floors),
    ]


def run(measured: Measured, *, rounds: int, seconds: float, say: Callable[[str], None]) -> dict[str, Target]:
    """Run all rounds, after one short one that nobody counts."""
    chosen = targets(measured, cursor=measured.cursor(measured.token()))
    for number in range(rounds + 1):
        token = measured.token()
        say(f"round {number} of {rounds}" if number else "warming up")
        for target in chosen:
            target.run(token, number, seconds=seconds if number else min(seconds, 1.0))
        if not number:
            for target in chosen:
                for told in (target.rates, target.spent, target.middles, target.slowest):
                    told.clear()
    failed = {target.name: target.failures for target in chosen if target.failures}
    assert not failed, f"not every answer was a success: {failed}"
    return {target.name: target for target in chosen}


def ratio(above: Iterable[float], below: Iterable[float]) -> float:
    """Return the middle of the rounds' own ratios: within a round the machine was the same."""
    return statistics.median(one / other for one, other in zip(above, below, strict=True))


def footprint(measured: Measured) -> Footprint:
    """Start the service anew a few times, and see what it takes."""
    part = measured.house.parts["registry"]
    used = resident(running(part.process))
    starts = []
    for _ in range(STARTS):
        part.stop()
        part.start()
        starts.append(wait_for(measured.port, "/registry/readyz"))
    return Footprint(statistics.median(starts), resident(running(part.process)), used)
