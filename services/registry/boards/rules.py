"""What makes a board's term valid, and when its mandate has lapsed (EL-7, EL-8)."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from shared.errors import Conflict, Fault, Invalid, Text


class LegalStatus(StrEnum):
    """How a board is recorded before the law (§2.3)."""

    NONE = "none"
    WAARMERKING = "waarmerking"
    AKTA_NOTARIS = "akta_notaris"
    BADAN_HUKUM = "badan_hukum"


class Position(StrEnum):
    """A seat on the board; the koordinator only coordinates (EL-11)."""

    KOORDINATOR = "koordinator"
    MEMBER = "member"


@dataclass(frozen=True, slots=True)
class TermRules:
    """What the programme phase asks of a term: seats (persons) and length (years)."""

    least_seats: int
    most_seats: int
    odd: bool
    longest_years: int


class TermInvalid(Invalid):
    code = "term.invalid"
    title = Text("Masa bakti tidak sah", "Invalid term")
    detail = Text(
        "Masa bakti ini melanggar {count} aturan; lihat `errors`.", "This term breaks {count} rule(s); see `errors`."
    )
    fix = Text("Periksa berita acara pemilihan.", "Check the minutes of the election.")


class TermOverlaps(Conflict):
    code = "term.overlaps"
    title = Text("Masa bakti bertumpuk", "Overlapping term")
    detail = Text(
        "Lembaga ini sudah memiliki masa bakti {starts_on} sampai {ends_on}.",
        "The board already has a term from {starts_on} to {ends_on}.",
    )
    fix = Text("Akhiri masa bakti yang lama lebih dahulu.", "End the earlier term first.")


SEATS = Text("Jumlah anggota harus {least} sampai {most}.", "A board has {least} to {most} members.")
ODD = Text("Jumlah anggota harus ganjil.", "The number of members is odd.")
LENGTH = Text("Masa bakti paling lama {years} tahun.", "A term lasts at most {years} years.")
ORDER = Text("Masa bakti berakhir setelah dimulai.", "A term ends after it starts.")
ONE_KOORDINATOR = Text("Harus ada tepat satu koordinator.", "There is exactly one koordinator.")
ONE_SEAT = Text("Seseorang hanya memegang satu kursi.", "A person holds one seat.")


def years_after(day: date, years: int) -> date:
    """Return the same day some years later; 29 February becomes 28 February."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)


def term_faults(
    *, starts_on: date, ends_on: date, positions: Sequence[Position], persons: Sequence[object], rules: TermRules
) -> list[Fault]:
    """Return everything that is wrong with a term; nothing when it is valid (EL-7, EL-8, EL-11)."""
    found: list[Fault] = []
    seats = len(positions)
    if not rules.least_seats <= seats <= rules.most_seats:
        found.append(Fault("/officers", "term.seats", SEATS, {"least": rules.least_seats, "most": rules.most_seats}))
    if rules.odd and seats % 2 == 0:
        found.append(Fault("/officers", "term.not_odd", ODD, {}))
    if positions.count(Position.KOORDINATOR) != 1:
        found.append(Fault("/officers", "term.one_koordinator", ONE_KOORDINATOR, {}))
    twice = [index for index, person in enumerate(persons) if Counter(persons)[person] > 1]
    found += [Fault(f"/officers/{index}/person_id", "term.one_seat", ONE_SEAT, {}) for index in twice]
    if ends_on <= starts_on:
        found.append(Fault("/ends_on", "term.order", ORDER, {}))
    elif ends_on > years_after(starts_on, rules.longest_years):
        found.append(Fault("/ends_on", "term.too_long", LENGTH, {"years": rules.longest_years}))
    return found


def require_valid_term(
    *, starts_on: date, ends_on: date, positions: Sequence[Position], persons: Sequence[object], rules: TermRules
) -> None:
    """Refuse a term that breaks a rule, naming each one."""
    found = term_faults(starts_on=starts_on, ends_on=ends_on, positions=positions, persons=persons, rules=rules)
    if found:
        raise TermInvalid(faults=found, count=len(found))
