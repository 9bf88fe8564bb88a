"""What makes a board's term valid (EL-7, EL-8), and which seats one person may not hold at once (EL-12)."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Protocol, TypeVar
from uuid import UUID

from shared.errors import Conflict, Fault, Invalid, Text

V = TypeVar("V")


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


class Departure(StrEnum):
    """Why an officer left before the term's end: tukar jabatan, mundur, meninggal, pindah, diberhentikan warga, lainnya."""

    CHANGED_POSITION = "changed_position"
    RESIGNED = "resigned"
    DIED = "died"
    MOVED_AWAY = "moved_away"
    RECALLED = "recalled"
    OTHER = "other"


class Organ(StrEnum):
    """What works for a board (§2.3): sekretariat, UPK, UPL, UPS, pengawas, penasehat."""

    SECRETARIAT = "secretariat"
    UPK = "upk"
    UPL = "upl"
    UPS = "ups"
    SUPERVISORS = "supervisors"
    ADVISERS = "advisers"


UNITS = frozenset({Organ.UPK, Organ.UPL, Organ.UPS})
"""The units that manage money, environment and social work (UP)."""


class OrganRole(StrEnum):
    """What somebody does in an organ: manajer or sekretaris, pembuku, kasir, staf, anggota."""

    MANAGER = "manager"
    BOOKKEEPER = "bookkeeper"
    CASHIER = "cashier"
    STAFF = "staff"
    MEMBER = "member"


class Unchecked(StrEnum):
    """Why seats of one person are compared by name only (EL-12): orangnya tidak disebut."""

    PERSON_NOT_TOLD = "person_not_told"


def unchecked(*, person_told: bool) -> Unchecked | None:
    """Return why it is not known by person whether a seat is doubled, if it is not."""
    return None if person_told else Unchecked.PERSON_NOT_TOLD


class StatuteKind(StrEnum):
    """Anggaran dasar (AD) or anggaran rumah tangga (ART)."""

    ARTICLES = "articles"
    BYLAWS = "bylaws"


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


class BoardUnknown(Invalid):
    code = "board.unknown"
    title = Text("Lembaga tidak dikenal", "Unknown board")
    detail = Text("Tidak ada lembaga dengan id {id}.", "There is no board with the id {id}.")
    fix = Text("Cari lembaganya di /registry/v1/boards.", "Look the board up in /registry/v1/boards.")


class NotInItsLife(Invalid):
    code = "board.not_in_its_life"
    title = Text("Di luar masa hidup lembaga", "Outside the board's life")
    detail = Text(
        "Pada {day} lembaga ini belum berdiri atau sudah dibubarkan.",
        "On {day} this board was not yet founded, or already dissolved.",
    )
    fix = Text("Periksa tanggal berdiri dan bubarnya.", "Check when it was founded and dissolved.")


class TermOverlaps(Conflict):
    code = "term.overlaps"
    title = Text("Masa bakti bertumpuk", "Overlapping term")
    detail = Text(
        "Lembaga ini sudah memiliki masa bakti {starts_on} sampai {ends_on}.",
        "The board already has a term from {starts_on} to {ends_on}.",
    )
    fix = Text("Akhiri masa bakti yang lama lebih dahulu.", "End the earlier term first.")


class TermTooShort(Invalid):
    code = "term.too_short"
    title = Text("Akhir masa bakti tidak mungkin", "Impossible end of the term")
    detail = Text(
        "Masa bakti ini hanya dapat berakhir sesudah {after} dan paling lambat {until}.",
        "This term can end only after {after}, and on {until} at the latest.",
    )
    fix = Text(
        "Periksa tanggal berakhirnya; mandat baru perlu pemilihan.", "Check the day; a new mandate needs an election."
    )


SEATS = Text("Jumlah anggota harus {least} sampai {most}.", "A board has {least} to {most} members.")
ODD = Text("Jumlah anggota harus ganjil.", "The number of members is odd.")
LENGTH = Text("Masa bakti paling lama {years} tahun.", "A term lasts at most {years} years.")
ORDER = Text("Masa bakti berakhir setelah dimulai.", "A term ends after it starts.")
ONE_KOORDINATOR = Text("Harus ada tepat satu koordinator.", "There is exactly one koordinator.")
ONE_SEAT = Text("Seseorang hanya memegang satu kursi.", "A person holds one seat.")
OWN_SEATS = Text("Menurut AD/ART jumlah anggota {seats}.", "The board's statutes set {seats} members.")
OWN_LENGTH = Text(
    "Menurut AD/ART masa bakti paling lama {years} tahun.", "The board's statutes set a term of at most {years} years."
)
OWN_PERIODS = Text(
    "Menurut AD/ART seseorang paling banyak menjabat {periods} periode.",
    "The board's statutes let a person serve at most {periods} terms.",
)
NO_SEAT_FREE = Text(
    "Semua {seats} kursi hasil pemilihan terisi pada hari itu.", "All {seats} elected seats are taken on that day."
)
TWICE = Text("Orang ini sudah duduk di organ yang sama.", "This person already sits in the same organ.")
SUPERVISES_ITSELF = Text(
    "Pengawas tidak boleh sekaligus bekerja di UPK yang diawasinya.",
    "A supervisor cannot work in the UPK that is supervised.",
)
SAME_NAME = Text(
    "Orang bernama sama memegang kursi yang tidak boleh dirangkap; bila keduanya orang lain, sebutkan `person_id` keduanya.",
    "Somebody of the same name holds a seat that excludes this one; if they are two, give the `person_id` of both.",
)
DOUBLED = Text(
    "AD/ART melarang rangkap: anggota BKM dan petugas UP tidak boleh sekaligus di sekretariat.",
    "The statutes forbid doubling: members and UP staff cannot sit in the secretariat too.",
)


def years_after(day: date, years: int) -> date:
    """Return the same day some years later; 29 February becomes 28 February."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)


class SaysOfRules(Protocol):
    """A version of the statutes, as rules read it: null where it does not speak of something."""

    @property
    def adopted_on(self) -> date: ...
    @property
    def seats(self) -> int | None: ...
    @property
    def term_years(self) -> int | None: ...
    @property
    def most_periods(self) -> int | None: ...
    @property
    def doubling_forbidden(self) -> bool | None: ...
    @property
    def refresh_allowed(self) -> bool | None: ...


def said(statutes: Iterable[SaysOfRules], on: date, rule: Callable[[SaysOfRules], V | None]) -> V | None:
    """Return what the latest statutes adopted by a day say of a rule; None when none of them speaks of it.

    Of two that were adopted on one day, the one that comes later in the order given counts.
    """
    found: tuple[date, V] | None = None
    for one in statutes:
        value = rule(one)
        if value is not None and one.adopted_on <= on and (found is None or one.adopted_on >= found[0]):
            found = (one.adopted_on, value)
    return None if found is None else found[1]


@dataclass(frozen=True, slots=True)
class Seat:
    """Who sits where, and when: in an organ, or elected to the board when `organ` is None."""

    person_id: object
    organ: Organ | None
    starts_on: date
    ends_on: date | None
    name: str | None = None
    told: bool = True
    """Whether the person's id was told; one that was made here is nobody else's."""

    def is_namesakes(self, other: "Seat") -> bool:
        """Tell whether both may be one person's by the name alone, since of one of them the person was not told."""
        names = {_spelled(self.name), _spelled(other.name)}
        return len(names) == 1 and None not in names and not (self.told and other.told)

    def meets(self, other: "Seat") -> bool:
        """Tell whether both are held on some day."""
        return (other.ends_on is None or self.starts_on <= other.ends_on) and (
            self.ends_on is None or other.starts_on <= self.ends_on
        )


def _spelled(name: str | None) -> str | None:
    return None if name is None else " ".join(name.split()).casefold()


def seat_faults(seat: Seat, held: Iterable[Seat], *, statutes: Sequence[SaysOfRules], pointer: str) -> list[Fault]:
    """Return why a person cannot hold a seat beside those already held (EL-12).

    Where nobody told whose a seat is, somebody of the same name counts as the same person until it is told.
    Whether doubling is forbidden is judged by the statutes of the day on which both begin to be held; statutes
    that come later unseat nobody. Two elected seats are judged with the term, not here.
    """
    found: dict[str, Fault] = {}
    for other in held:
        same = other.person_id == seat.person_id
        if not (same or seat.is_namesakes(other)) or not seat.meets(other) or seat.organ is other.organ is None:
            continue
        both = {seat.organ, other.organ}
        excluded: dict[str, Text] = {}
        if len(both) == 1:
            excluded["seat.twice"] = TWICE
        if both == {Organ.SUPERVISORS, Organ.UPK}:
            excluded["seat.supervises_itself"] = SUPERVISES_ITSELF
        if is_doubled(both) and said(
            statutes, max(seat.starts_on, other.starts_on), lambda one: one.doubling_forbidden
        ):
            excluded["seat.doubled"] = DOUBLED
        if excluded and not same:
            excluded = {"seat.same_name": SAME_NAME}
        found |= {code: Fault(pointer, code, text, {}) for code, text in excluded.items()}
    return list(found.values())


def is_doubled(organs: set[Organ | None]) -> bool:
    """Tell whether two seats of one person are what statutes may forbid: the secretariat beside board or unit (EL-12)."""
    return Organ.SECRETARIAT in organs and bool(organs & {None, *UNITS})


@dataclass(frozen=True, slots=True)
class Office:
    """An elected seat within one term: whose it is, and its first and last day."""

    person_id: object
    position: Position
    starts_on: date
    ends_on: date

    def covers(self, day: date) -> bool:
        return self.starts_on <= day <= self.ends_on


def arrival_faults(arriving: Office, others: Sequence[Office], *, seats: int) -> list[Fault]:
    """Return why somebody cannot take a seat within a running term (refresh of members, C12).

    Never more sit than were elected (`seats`, persons), one of them is koordinator, and a person holds one seat.
    """
    found: list[Fault] = []
    beside = [one for one in others if one.starts_on <= arriving.ends_on and arriving.starts_on <= one.ends_on]
    # Most sit together on a day on which somebody begins.
    days = {arriving.starts_on, *(one.starts_on for one in beside if arriving.covers(one.starts_on))}
    if any(sum(one.covers(day) for one in beside) >= seats for day in days):
        found.append(Fault("/starts_on", "officer.no_seat_free", NO_SEAT_FREE, {"seats": seats}))
    if arriving.position is Position.KOORDINATOR and any(one.position is Position.KOORDINATOR for one in beside):
        found.append(Fault("/position", "term.one_koordinator", ONE_KOORDINATOR, {}))
    if any(one.person_id == arriving.person_id for one in beside):
        found.append(Fault("/person_id", "term.one_seat", ONE_SEAT, {}))
    return found


def statute_term_faults(
    *, starts_on: date, ends_on: date, seats: int, elected_on: date, statutes: Sequence[SaysOfRules]
) -> list[Fault]:
    """Return how a term breaks the board's own statutes, which may be stricter than the guideline."""
    found: list[Fault] = []
    own_seats = said(statutes, elected_on, lambda one: one.seats)
    own_years = said(statutes, elected_on, lambda one: one.term_years)
    if own_seats is not None and seats != own_seats:
        found.append(Fault("/officers", "term.not_the_statutes_seats", OWN_SEATS, {"seats": own_seats}))
    if own_years is not None and ends_on > years_after(starts_on, own_years):
        found.append(Fault("/ends_on", "term.longer_than_statutes", OWN_LENGTH, {"years": own_years}))
    return found


def period_faults(
    persons: Sequence[UUID], served: Mapping[UUID, int], *, most: int | None, pointers: Sequence[str]
) -> list[Fault]:
    """Return who served as many terms before as the board's own statutes allow (EL-8); no statutes set no limit."""
    return [
        Fault(pointer, "term.too_many_periods", OWN_PERIODS, {"periods": most})
        for person, pointer in zip(persons, pointers, strict=True)
        if most is not None and served.get(person, 0) >= most
    ]


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
    *,
    starts_on: date,
    ends_on: date,
    positions: Sequence[Position],
    persons: Sequence[object],
    rules: TermRules,
    further: Iterable[Fault] = (),
) -> None:
    """Refuse a term that breaks a rule, naming each one; `further` faults are what the board's own records add."""
    found = term_faults(starts_on=starts_on, ends_on=ends_on, positions=positions, persons=persons, rules=rules)
    found += further
    if found:
        raise TermInvalid(faults=found, count=len(found))
