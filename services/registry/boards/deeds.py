"""Which deeds fit how a board stands before the law (§2.3)."""

from services.registry.boards.rules import LegalStatus
from shared.errors import Invalid, Text


class DeedWithoutStatus(Invalid):
    code = "deed.without_status"
    title = Text("Akta tanpa status hukum", "A deed without a legal status")
    detail = Text(
        "Status hukum `none` tidak mempunyai nomor akta dan notaris.",
        "The legal status `none` has no deed number and no notary.",
    )
    fix = Text("Pilih status hukum menurut aktanya.", "Choose the legal status that the deed gives.")


class DeedMissing(Invalid):
    code = "deed.missing"
    title = Text("Akta belum disebut", "Deed not named")
    detail = Text(
        "Akta notaris mempunyai nomor atau notaris; sebutkan sekurangnya salah satu.",
        "A notarial deed has a number or a notary; name one of them at least.",
    )
    fix = Text("Lihat aktanya, atau pilih status hukum lain.", "Look at the deed, or choose another legal status.")


def require_deed_fits(legal_status: LegalStatus, *, deed_number: str | None, notary: str | None) -> None:
    """Refuse a deed of a board that has no legal status, and a notarial deed that nothing names (§2.3)."""
    if legal_status is LegalStatus.AKTA_NOTARIS and not deed_number and not notary:
        raise DeedMissing(pointer="/deed_number")
    if legal_status is LegalStatus.NONE and (deed_number is not None or notary is not None):
        raise DeedWithoutStatus(pointer="/deed_number" if deed_number is not None else "/notary")
