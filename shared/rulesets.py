"""Rule sets: numbers that a guideline sets, as dated data with a legal basis, never constants."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Generic, TypeVar

import msgspec

V = TypeVar("V")


class RuleSet(msgspec.Struct, Generic[V], frozen=True, forbid_unknown_fields=True):
    """The values in force from a date, where they come from and how sure that is."""

    version: str
    phase: str
    valid_from: date
    legal_basis: str
    rules: list[str]
    confidence: str
    values: V


class NoRuleSetError(LookupError):
    """No rule set was in force on a date: the programme had not begun."""


def load(file: Path, values: type[V]) -> tuple[RuleSet[V], ...]:
    """Read every version of a slice's rule set, the earliest first."""
    found = msgspec.json.decode(file.read_bytes(), type=list[RuleSet[values]])  # type: ignore[valid-type]
    return tuple(sorted(found, key=lambda one: one.valid_from))


def in_force(versions: Sequence[RuleSet[V]], on: date) -> RuleSet[V]:
    """Return the version in force on a date; before the first, the first applies."""
    if not versions:
        raise NoRuleSetError
    chosen = versions[0]
    for version in versions:
        if version.valid_from <= on:
            chosen = version
    return chosen
