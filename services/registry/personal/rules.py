"""How alike two persons are: names as they are spoken, keys under which the alike meet, and a score with its reasons.

Evidence is counted in bits, as in record linkage after Fellegi and Sunter: what is rare among strangers and usual
among two records of one person counts for them, the reverse against them, and what is unknown counts nothing.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple
from uuid import UUID

from rapidfuzz.distance import OSA

from shared.errors import Conflict, Text

NIK = re.compile(r"^[1-9]\d{15}$")
COUNTED_UP = "1234567890123456"
SERIAL_DIGITS = 4
"""The last digits of a NIK count those born on one day in one place: twins differ in nothing else."""

EARLIEST_YEAR, LATEST_YEAR = 1900, 2100
"""Years that are written when none is known; those between may be somebody's."""

SHORT = 6
"""Of words below this length, many differ in one letter and are two names: Rina, Rini, Rita."""

_BETWEEN = re.compile(r"[^\w.'\u2019`]+|_")
_WITHIN = re.compile(r"\.")
_QUOTES = re.compile(r"['\u2019`]")
_TWICE = re.compile(r"(.)\1+")
_VOWELS = re.compile(r"(?<=.)[aeiou]+")
PLACEHOLDER_DAYS = {(1, 1), (7, 1), (12, 31)}
"""Days that are written when only the year is known."""


class PersonalErased(Conflict):
    code = "personal.erased"
    title = Text("Sudah dihapus", "Erased")
    detail = Text(
        "Data pribadi ini sudah dihapus untuk selamanya dan tidak dapat diisi lagi.",
        "What named this person was erased for good and cannot be filled in again.",
    )
    fix = Text("Ubah hanya data yang tidak menunjuk orangnya.", "Change only what does not name the person.")


class DuplicateState(StrEnum):
    """How a pair stands: still to be judged, judged, or no longer alike since one of them was changed."""

    OPEN = "open"
    MERGED = "merged"
    DISMISSED = "dismissed"
    CLEARED = "cleared"


class Dismissal(StrEnum):
    """Why two residents are not the same person, as a clerk found out; words of their own could name somebody."""

    TWINS = "twins"
    RELATIVES = "relatives"
    NAMESAKES = "namesakes"
    TWO_PERSONS = "two_persons"


class Reason(StrEnum):
    """What speaks for or against two records being one person; in the order of the record's fields."""

    NIK_SAME = "nik_same"
    NIK_NEARLY = "nik_nearly"
    NIK_DIFFERS = "nik_differs"
    NAME_SAME = "name_same"
    NAME_NEARLY = "name_nearly"
    NAME_PARTLY = "name_partly"
    NAME_DIFFERS = "name_differs"
    BIRTH_DAY_SAME = "birth_day_same"
    BIRTH_DAY_DIFFERS = "birth_day_differs"
    BIRTH_YEAR_SAME = "birth_year_same"
    BIRTH_YEAR_NEARLY = "birth_year_nearly"
    BIRTH_YEAR_DIFFERS = "birth_year_differs"
    SEX_DIFFERS = "sex_differs"
    HOUSEHOLD_SAME = "household_same"
    HOUSEHOLD_DIFFERS = "household_differs"


@dataclass(frozen=True, slots=True)
class Weights:
    """What each agreement and disagreement counts, in bits; `birth_years` by the years between."""

    prior: float
    rare_word: float
    nearly: float
    nearly_short: float
    initial: float
    left_out: float
    conflict: float
    nik: float
    nik_nearly: float
    nik_differs: float
    sex: float
    sex_differs: float
    household: float
    household_differs: float
    birth_day: float
    birth_day_differs: float
    birth_years: tuple[float, ...]
    birth_year_differs: float
    scale: float


@dataclass(frozen=True)
class LikenessRules:
    """How names are read here, what they weigh, and from which score on two records are shown to a clerk."""

    least_score: int
    years_apart: int
    most_words: int
    titles: frozenset[str]
    degrees: frozenset[str]
    connectors: frozenset[str]
    unknown_names: frozenset[str]
    variants: Mapping[str, str]
    prefixes: Mapping[str, str]
    spellings: tuple[tuple[str, str], ...]
    common_names: Mapping[str, float]
    weights: Weights

    def spoken(self, word: str) -> str:
        """Return a word of a name as it sounds: Soekardjo and Sukarjo, Achmad and Ahmad are the same."""
        word = self.variants.get(word, word)
        for written, sound in self.spellings:
            word = word.replace(written, sound)
        word = _TWICE.sub(r"\1", word)
        return word.removesuffix("h") if len(word) > 3 else word

    def bits(self) -> dict[str, float]:
        """Return what the common names count, by how they sound."""
        return {self.spoken(word): bits for word, bits in self.common_names.items()}


class Word(NamedTuple):
    """A word of a name, as it sounds and as it was written: an error of typing is seen in one, of hearing in the other."""

    spoken: str
    written: str


@dataclass(frozen=True, slots=True)
class Likeness:
    """How alike two records are: 0 to 100, and why."""

    score: int
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Traits:
    """What is compared of a person; null is unknown and never equals anything."""

    name: tuple[Word, ...] = ()
    """The words of the name, titles left out."""

    nik: str | None = None
    birth_year: int | None = None
    birth_date: date | None = None
    sex: str | None = None
    household_id: UUID | None = None


class Reader:
    """Reads names and compares persons by one version of the rules."""

    def __init__(self, rules: LikenessRules) -> None:
        self.rules = rules
        self._bits = rules.bits()
        self._spoken = lru_cache(50_000)(rules.spoken)
        self._prefixes = sorted(rules.prefixes, key=len, reverse=True)

    def words(self, name: str | None) -> tuple[Word, ...]:
        """Return the words of a name; none when nobody knows it."""
        plain = unicodedata.normalize("NFKD", name or "").encode("ascii", "ignore").decode().lower()
        written = [_QUOTES.sub("", word) for word in _BETWEEN.split(plain)]
        found: list[str] = []
        for word in written:
            whole = _WITHIN.sub("", word)
            if whole in self.rules.degrees and (found or "." in word.strip(".")):
                continue
            found += [part for part in _WITHIN.split(word) if part.isalpha()]
        if not found or " ".join(found) in self.rules.unknown_names:
            return ()
        kept = found
        while len(kept) > 1 and kept[0] in self.rules.titles:
            kept = kept[1:]
        kept = [word for word in kept if word not in self.rules.connectors] or kept
        parts = [part for word in kept for part in self._parted(word)]
        return tuple(Word(self._spoken(part), part) for part in parts[: self.rules.most_words])

    def _parted(self, word: str) -> list[str]:
        """Part what is written in one word as often as in two: Nurhidayah, Abdurrahman."""
        for prefix in self._prefixes:
            rest = word.removeprefix(prefix)
            if rest != word and len(rest) > 3:
                return [self.rules.prefixes[prefix], rest]
        return [word]

    def keys(self, traits: Traits) -> Iterator[str]:
        """Give the keys a record is found by: each word with one letter left out or none, and the year of birth.

        Two words with one error between them share such a key. Records without a year are found by how their rarer
        words sound, and those that have one by the same, marked so that only the yearless look there.
        """
        if traits.birth_year is None:
            yield from (f"?{word}" for word in self._yearless(traits.name))
        else:
            yield from (f"{traits.birth_year}{word}" for word in self._neighbours(traits.name))
            yield from (f"!{word}" for word in self._yearless(traits.name))

    def probes(self, traits: Traits) -> Iterator[str]:
        """Give the keys under which a record's likes are looked for."""
        yearless = self._yearless(traits.name)
        yield from (f"?{word}" for word in yearless)
        if traits.birth_year is None:
            yield from (f"!{word}" for word in yearless)
        else:
            apart = range(-self.rules.years_apart, self.rules.years_apart + 1)
            neighbours = self._neighbours(traits.name)
            yield from (f"{traits.birth_year + years}{word}" for years in apart for word in neighbours)

    @staticmethod
    def _neighbours(name: Sequence[Word]) -> set[str]:
        words = [word.spoken for word in name]
        found = {first + second for first, second in pairwise(words)}
        for word in words:
            if len(word) > 1:
                found.add(word)
            if len(word) > 3:
                found |= {word[:at] + word[at + 1 :] for at in range(len(word))}
        return found

    def _yearless(self, name: Sequence[Word]) -> set[str]:
        """Return how the rarer words sound; where all are common, all of them together."""
        words = [word.spoken for word in name]
        rare = {_skeleton(word) for word in words if word not in self._bits and len(word) > 1}
        return rare or ({"+".join(sorted(_skeleton(word) for word in words))} if words else set())

    def likeness(self, one: Traits, other: Traits) -> Likeness:
        """Return how alike two persons are; the same whichever of them is named first."""
        weights = self.rules.weights
        bits, reasons = weights.prior, []
        named, name_reason = self._names(one.name, other.name)
        born, birth_reason = self._births(one, other)
        conflicting = name_reason is Reason.NAME_DIFFERS or birth_reason is Reason.BIRTH_YEAR_DIFFERS
        for counted, reason in (
            self._niks(one.nik, other.nik),
            (named, name_reason),
            (born, birth_reason),
            self._sexes(one.sex, other.sex),
            self._households(one.household_id, other.household_id, conflicting=conflicting),
        ):
            bits += counted
            if reason is not None:
                reasons.append(reason)
        return Likeness(round(100 / (1 + 2 ** (-bits / weights.scale))), tuple(reasons))

    def _niks(self, one: str | None, other: str | None) -> tuple[float, Reason | None]:
        weights = self.rules.weights
        if one is None or other is None:
            return 0, None
        if one == other:
            return weights.nik, Reason.NIK_SAME
        if one[-SERIAL_DIGITS:] == other[-SERIAL_DIGITS:] and OSA.distance(one, other, score_cutoff=1) == 1:
            return weights.nik_nearly, Reason.NIK_NEARLY
        return weights.nik_differs, Reason.NIK_DIFFERS

    def _births(self, one: Traits, other: Traits) -> tuple[float, Reason | None]:
        weights = self.rules.weights
        if one.birth_year is None or other.birth_year is None:
            return 0, None
        if one.birth_date is not None and one.birth_date == other.birth_date and not _placeholder(one.birth_date):
            return weights.birth_years[0] + weights.birth_day, Reason.BIRTH_DAY_SAME
        apart = abs(one.birth_year - other.birth_year)
        if apart >= len(weights.birth_years):
            return weights.birth_year_differs, Reason.BIRTH_YEAR_DIFFERS
        counted = weights.birth_years[apart]
        if apart == 0 and _days_differ(one.birth_date, other.birth_date):
            return counted + weights.birth_day_differs, Reason.BIRTH_DAY_DIFFERS
        if apart == 0:
            return counted, Reason.BIRTH_YEAR_SAME
        return counted, Reason.BIRTH_YEAR_NEARLY if counted > 0 else Reason.BIRTH_YEAR_DIFFERS

    def _sexes(self, one: str | None, other: str | None) -> tuple[float, Reason | None]:
        if one is None or other is None:
            return 0, None
        return (self.rules.weights.sex, None) if one == other else (self.rules.weights.sex_differs, Reason.SEX_DIFFERS)

    def _households(self, one: UUID | None, other: UUID | None, *, conflicting: bool) -> tuple[float, Reason | None]:
        """Judge households: a shared one makes siblings, or parent and child, of those who do not agree otherwise."""
        if one is None or other is None:
            return 0, None
        if one != other:
            return self.rules.weights.household_differs, Reason.HOUSEHOLD_DIFFERS
        return (0, None) if conflicting else (self.rules.weights.household, Reason.HOUSEHOLD_SAME)

    def _names(self, one: Sequence[Word], other: Sequence[Word]) -> tuple[float, Reason | None]:
        """Lay the words of two names beside each other, in any order, the most alike first."""
        weights = self.rules.weights
        if not one or not other:
            return 0, None
        if "".join(word.spoken for word in one) == "".join(word.spoken for word in other):
            return min(sum(self._counts(word.spoken) for word in words) for words in (one, other)), Reason.NAME_SAME
        pairs = sorted(
            ((self._agreement(a, b), i, j) for i, a in enumerate(one) for j, b in enumerate(other)),
            key=lambda found: (-found[0], found[1] + found[2], abs(found[1] - found[2])),
        )
        left, right = set(range(len(one))), set(range(len(other)))
        bits, exact = 0.0, True
        for agreement, i, j in pairs:
            if agreement > 0 and i in left and j in right:
                left.discard(i)
                right.discard(j)
                bits += agreement
                exact = exact and one[i].spoken == other[j].spoken
        conflicts, spare = min(len(left), len(right)), abs(len(left) - len(right))
        bits += conflicts * weights.conflict + spare * weights.left_out
        if conflicts:
            return bits, Reason.NAME_DIFFERS
        if spare:
            return bits, Reason.NAME_PARTLY
        return bits, Reason.NAME_SAME if exact else Reason.NAME_NEARLY

    def _counts(self, word: str) -> float:
        return self.rules.weights.initial if len(word) == 1 else self._bits.get(word, self.rules.weights.rare_word)

    def _agreement(self, one: Word, other: Word) -> float:
        """Return what two words that are the same, or nearly, count; 0 when they are two words."""
        weights, (a, b) = self.rules.weights, (one.spoken, other.spoken)
        if a == b:
            return self._counts(a)
        if len(a) == 1 or len(b) == 1:
            return weights.initial if a[0] == b[0] else 0
        if _nearly(a, b) or _nearly(one.written, other.written):
            share = weights.nearly_short if min(len(a), len(b)) < SHORT else weights.nearly
            return share * min(self._counts(a), self._counts(b))
        return 0


@lru_cache(50_000)
def _skeleton(word: str) -> str:
    """Return what of a word is heard through a bad line: its first letter and its consonants."""
    return _VOWELS.sub("", word)


def _nearly(one: str, other: str) -> bool:
    """Tell whether two words are one with an error in it: in short ones not at their beginning."""
    shorter = min(len(one), len(other))
    if shorter < 4 or (shorter < 7 and set(one[:2]) != set(other[:2]) and one[0] != other[0]):
        return False
    skeleton = _skeleton(one)
    allowed = 2 if shorter > 7 or (len(skeleton) > 2 and skeleton == _skeleton(other)) else 1
    return OSA.distance(one, other, score_cutoff=allowed) <= allowed


def _placeholder(day: date) -> bool:
    return (day.month, day.day) in PLACEHOLDER_DAYS


def _days_differ(one: date | None, other: date | None) -> bool:
    """Tell whether two days of one year are really two: not unknown, and not day and month interchanged."""
    if one is None or other is None or _placeholder(one) or _placeholder(other) or one == other:
        return False
    return (one.month, one.day) != (other.day, other.month)


def known_number(number: str | None) -> str | None:
    """Return a NIK or KK number that can be somebody's; 0, empty, all the same digit or no region in it is nobody's."""
    digits = (number or "").strip()
    nobodys = len(set(digits)) < 3 or digits == COUNTED_UP or digits.endswith("0000")
    return None if nobodys or not NIK.match(digits) else digits


def known_year(year: int | None) -> int | None:
    """Return a year in which somebody may have been born; 0, 1900 and 9999 are nobody's."""
    return year if year is not None and EARLIEST_YEAR < year < LATEST_YEAR else None
