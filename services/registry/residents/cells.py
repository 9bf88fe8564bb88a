"""Which counts of the poor of a kelurahan, its kecamatan and its city everybody may see, so that none tells of a few."""

from collections import defaultdict
from collections.abc import Mapping

from services.registry.residents.rules import SMALLEST_CELL, CountMissing, shown_parts

Cell = tuple[int | None, CountMissing | None]
"""A count, or why it is not shown."""


def shown_places(counts: Mapping[str, int]) -> dict[str, Cell]:
    """Return the counts of the kelurahan of one city as everybody may see them, with the sums of kecamatan and city.

    Small ones are hidden, kelurahan as well as sums, and where only one part of a sum is, the next smallest with it.
    A kecamatan that is hidden for another's sake keeps at least one of its kelurahan hidden: else they would tell it.
    """
    parts: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for code, count in counts.items():
        parts[_above(code)][code] = count
    shown: dict[str, Cell] = {**shown_parts({above: sum(below.values()) for above, below in parts.items()})}
    for above, below in parts.items():
        cells = shown_parts(below)
        if shown[above][0] is None and all(count is not None for count, _ in cells.values()):
            cells[min(below, key=lambda code: (below[code], code))] = (None, CountMissing.TELLS_ANOTHER)
        shown |= cells
    whole = sum(counts.values())
    for city in {_above(above) for above in parts}:
        shown[city] = (whole, None) if whole >= SMALLEST_CELL else (None, CountMissing.FEWER_THAN_FIVE)
    return shown


def shown_beside(cells: Mapping[str, Cell], others: Mapping[str, Cell]) -> dict[str, Cell]:
    """Return counts with those hidden, too, beside which another count of the same people is."""
    return {code: cell if others[code][0] is not None else (None, others[code][1]) for code, cell in cells.items()}


def _above(code: str) -> str:
    return code.rpartition(".")[0]
