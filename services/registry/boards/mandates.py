"""What a certified mandate withstands: a second board beside it, and one person who would replace it (EL-1)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol
from uuid import UUID

from shared.errors import Conflict, Forbidden, Text


class OwnEnding(Forbidden):
    code = "term.own_ending"
    title = Text("Perlu orang lain", "Another person is needed")
    detail = Text(
        "Mandat yang disahkan sampai {until} diakhiri lebih awal oleh Anda; penggantinya dari kertas dicatat orang lain.",
        "You ended the certified mandate until {until} early; what follows it from paper is recorded by somebody else.",
    )
    fix = Text(
        "Mintalah orang lain yang boleh mengesahkan pemilihan, atau adakan pemilihan.",
        "Ask another person who may certify elections, or hold an election.",
    )


class PlaceTaken(Conflict):
    code = "board.place_taken"
    title = Text("Sudah ada lembaga", "A board stands there")
    detail = Text(
        "Di kelurahan ini berdiri {name} dengan mandat yang disahkan sampai {until}.",
        "{name} stands in this kelurahan with a certified mandate until {until}.",
    )
    fix = Text(
        "Adakan pemilihan di lembaga itu, atau bubarkan dahulu dengan berita acara warga.",
        "Hold an election at that board, or dissolve it first by the residents' minutes.",
    )


@dataclass(frozen=True, slots=True)
class Proof:
    """The certified election that proves a term, and what its sheet says of who was elected, in the term's order."""

    election_id: UUID
    women: Sequence[bool]
    told: Sequence[bool]
    """Whether the person's id was told."""


class Given(Protocol):
    """A term with the last day that residents gave it for, and the person who ended it before."""

    @property
    def ends_on(self) -> date: ...
    @property
    def given_until(self) -> date: ...
    @property
    def ended_by(self) -> UUID | None: ...


def require_other_than_who_ended(
    certified: Iterable[Given], person: UUID | None, *, starts_on: date, ends_on: date
) -> None:
    """Refuse a term from paper on days of a certified mandate that the same person ended early (EL-1).

    Else one alone could take a board's proven mandate away, here or by dissolving it, and write down another.
    """
    for one in certified:
        replaced = one.ends_on < one.given_until and starts_on <= one.given_until and ends_on > one.ends_on
        if replaced and (person is None or person == one.ended_by):
            raise OwnEnding(until=one.given_until)


def may_stand_beside(*, founded_on: date | None, other_founded_on: date, certifies: bool) -> bool:
    """Tell whether a board may be recorded beside one whose certified mandate runs: an older one, by who may certify."""
    return certifies and founded_on is not None and founded_on < other_founded_on
