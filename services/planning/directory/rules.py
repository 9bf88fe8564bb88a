"""When a board has its residents' mandate (EL-8), and what is refused without one."""

from collections.abc import Iterable
from datetime import date
from typing import Protocol

from shared.errors import Conflict, Invalid, Text


class Term(Protocol):
    """A term: the first and the last day of a mandate."""

    @property
    def starts_on(self) -> date: ...
    @property
    def ends_on(self) -> date: ...


class BoardUnknown(Invalid):
    code = "board.unknown"
    title = Text("Lembaga tidak dikenal", "Unknown board")
    detail = Text("Tidak ada BKM/LKM dengan id {board_id}.", "There is no board with the id {board_id}.")
    fix = Text("Cari id-nya di /registry/v1/boards.", "Look the id up in /registry/v1/boards.")


class BoardElsewhere(Invalid):
    code = "board.elsewhere"
    title = Text("Lembaga dari kelurahan lain", "Board of another kelurahan")
    detail = Text(
        "BKM/LKM ini bekerja di kelurahan {board_code}, bukan {code}.",
        "This board works in the kelurahan {board_code}, not in {code}.",
    )
    fix = Text("Pakai lembaga dari kelurahan yang sama.", "Name a board of the same kelurahan.")


class MandateMissing(Invalid):
    code = "mandate.missing"
    title = Text("Tanpa mandat", "No mandate")
    detail = Text(
        "Pada {day} BKM/LKM ini tidak mempunyai masa bakti yang berlaku.",
        "On {day} no term of this board was running.",
    )
    fix = Text(
        "Catat pemilihannya di /registry/v1/boards/{id}/terms, atau adakan pemilihan.",
        "Record its election in /registry/v1/boards/{id}/terms, or hold one.",
    )


class PartnerUnknown(Invalid):
    code = "partner.unknown"
    title = Text("Mitra tidak dikenal", "Unknown partner")
    detail = Text("Tidak ada mitra dengan id {partner_id}.", "There is no partner with the id {partner_id}.")
    fix = Text("Cari id-nya di /registry/v1/partners.", "Look the id up in /registry/v1/partners.")


class PartnerInactive(Conflict):
    code = "partner.inactive"
    title = Text("Mitra tidak aktif", "Partner not active")
    detail = Text("Mitra ini tidak lagi menyalurkan dana.", "This partner no longer channels.")
    fix = Text("Pilih mitra yang masih aktif.", "Choose a partner that is active.")


def has_mandate(terms: Iterable[Term], on: date) -> bool:
    """Tell whether a term covers a day; a term's first and last day belong to it (EL-8)."""
    return any(term.starts_on <= on <= term.ends_on for term in terms)
