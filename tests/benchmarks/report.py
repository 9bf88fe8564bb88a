"""The report: ratios first, for they travel; absolute numbers last, for they do not."""

import math
import os
import platform
import statistics
from collections.abc import Mapping, Sequence

import psycopg

from tests.benchmarks.rounds import Footprint, Target, ratio

HEAD = """# Measurements

Written by `make bench`; do not edit. One generated city, {rows:,} boards with {terms:,} terms in {kelurahan:,} kelurahan; {connections} \
connections, one service process, every target in turn for {seconds:g} s, {rounds} rounds. Service, floors, PostgreSQL, gateway and \
load generator share the machine, so compare ratios: they are the middle of each round's own.

The list is the exemplar, `GET /registry/v1/boards?region={city}&limit=50`: fifty rows joined with their places and latest \
terms, {page_bytes:,} bytes, with a token. Its floors send the same statement, taken down from the service itself, on the bare driver and \
encode the same page by msgspec: *framed* with FastAPI and the check of the token, as in the trial that chose this stack, and \
*bare* with nothing but the web server. The write records a board with its journal entry and an Idempotency-Key.
"""
WORDS = """
*Processor time* is the worker's own per answer; it is steadier than the rate where a machine does other things as well.
*Asked first*: the same page asked about another day every time, so that no statement of it was ever written before.
"""


COMPARED = (
    ("list", "list, bare driver, framed"),
    ("list", "list, bare driver"),
    ("list, bare driver, framed", "list, bare driver"),
    ("list, page 2,000", "list"),
    ("list, gateway", "list"),
    ("list, asked first", "list"),
    ("list", "constant"),
    ("read", "read, bare driver"),
    ("read, gateway", "read"),
    ("read", "constant"),
    ("write", "write, bare driver"),
    ("write", "constant"),
    ("constant", "constant, bare"),
)
WANTED = {
    ("list", "list, bare driver, framed"): 0.6,
    ("list, page 2,000", "list"): 1 / 1.1,
    ("list, gateway", "list"): 0.8,
}
"""What was promised before the pattern was copied; a deep page may cost a tenth more than the first."""


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    lines = [f"| {' | '.join(head)} |", f"|---|{'---:|' * (len(head) - 1)}"]
    return [*lines, *(f"| {' | '.join(row)} |" for row in rows), ""]


def _compared(found: Mapping[str, Target], *, name: str, floor: str) -> list[str]:
    rate = ratio(found[name].rates, found[floor].rates)
    cost = ratio(found[floor].spent, found[name].spent)
    wanted = WANTED.get((name, floor))
    said = "" if wanted is None else f"{wanted:.2f}: {'reached' if rate >= wanted else 'missed'}"
    return [f"{name} ÷ {floor}", f"{rate:.2f}", _number(cost, ".2f"), said]


def _number(value: float, form: str) -> str:
    return "?" if math.isnan(value) else format(value, form)


def _ratios(found: Mapping[str, Target]) -> list[str]:
    rows = [_compared(found, name=name, floor=floor) for name, floor in COMPARED]
    return _table(["", "of the rate", "of the processor time", "wanted of the rate"], rows)


def _absolute(found: Mapping[str, Target]) -> list[str]:
    rows = [
        [
            target.name,
            f"{statistics.median(target.rates):,.0f}",
            f"{min(target.rates):,.0f} to {max(target.rates):,.0f}",
            _number(statistics.median(target.spent), ",.0f"),
            f"{statistics.median(target.middles):.1f}",
            f"{statistics.median(target.slowest):.1f}",
        ]
        for target in found.values()
    ]
    return _table(["", "answers/s", "of the rounds", "processor µs", "middle ms", "slowest hundredth ms"], rows)


def _machine(url: str) -> str:
    with psycopg.connect(url) as connection:
        version = connection.info.server_version // 10_000
    return f"{platform.system()}, {os.cpu_count()} processors, Python {platform.python_version()}, PostgreSQL {version} as it comes"


APART = "## Measured apart"
"""From here on a report holds what other commands measured; it is kept when the rest is written anew."""


def written(
    found: Mapping[str, Target],
    *,
    footprint: Footprint,
    statements: Mapping[str, Sequence[str]],
    about: Mapping[str, object],
    url: str,
) -> str:
    """Return the report."""
    counts = ", ".join(f"{len(sent)} for a {name}" for name, sent in statements.items())
    lines = [
        HEAD.format_map(about),
        "## Ratios",
        "",
        *_ratios(found),
        WORDS.strip(),
        "",
        "## Statements, start and memory",
        "",
        f"- Statements a request, besides BEGIN and COMMIT of a write: {counts}.",
        f"- From start to ready: {footprint.start:.1f} s.",
        f"- Resident memory: {_number(footprint.fresh, '.0f')} MiB when ready, {_number(footprint.used, '.0f')} MiB after all rounds.",
        "",
        "## Absolute, as of one machine",
        "",
        f"{_machine(url)}.",
        "",
        *_absolute(found),
    ]
    return "\n".join(lines)
