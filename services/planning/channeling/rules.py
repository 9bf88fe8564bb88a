"""Who may agree to what, and how far money reaches (§8): sums never exceed what was asked for or promised."""

import re
from collections.abc import Iterable
from datetime import date
from enum import StrEnum
from typing import TypeVar
from uuid import UUID

from shared.errors import Conflict, Forbidden, Invalid, Text


class Instrument(StrEnum):
    """What a partner gives (§8): hibah, pinjaman, barang, bantuan teknis, relawan or KKN."""

    GRANT = "grant"
    LOAN = "loan"
    IN_KIND = "in_kind"
    TECHNICAL_ASSISTANCE = "technical_assistance"
    VOLUNTEERS = "volunteers"


class Side(StrEnum):
    """The two sides of an agreement."""

    BOARD = "board"
    PARTNER = "partner"


class ClosingReason(StrEnum):
    """Why nothing more is sought: terpenuhi, lewat waktu, ditarik."""

    MET = "met"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


class OpportunityState(StrEnum):
    """Where an opportunity stands."""

    OPEN = "open"
    CLOSED = "closed"


class AgreementState(StrEnum):
    """Where an agreement stands."""

    OFFERED = "offered"
    AGREED = "agreed"
    WITHDRAWN = "withdrawn"


class DisbursementState(StrEnum):
    """Where money stands: what was sent counts as received only once the board confirms the whole of it."""

    SENT = "sent"
    RECEIVED = "received"
    DISPUTED = "disputed"


class Act(StrEnum):
    """What may be done in channeling."""

    OFFER = "offer"
    CLOSE = "close"
    ACCEPT = "accept"
    WITHDRAW = "withdraw"
    DISBURSE = "disburse"
    CONFIRM = "confirm"
    DISPUTE = "dispute"


NEXT: dict[tuple[StrEnum, Act], StrEnum] = {
    (OpportunityState.OPEN, Act.OFFER): OpportunityState.OPEN,
    (OpportunityState.OPEN, Act.ACCEPT): OpportunityState.OPEN,
    (OpportunityState.OPEN, Act.CLOSE): OpportunityState.CLOSED,
    (AgreementState.OFFERED, Act.ACCEPT): AgreementState.AGREED,
    (AgreementState.OFFERED, Act.WITHDRAW): AgreementState.WITHDRAWN,
    (AgreementState.AGREED, Act.DISBURSE): AgreementState.AGREED,
    (DisbursementState.SENT, Act.CONFIRM): DisbursementState.RECEIVED,
    (DisbursementState.SENT, Act.DISPUTE): DisbursementState.DISPUTED,
    # What arrived was counted again, or the rest came after all.
    (DisbursementState.DISPUTED, Act.DISPUTE): DisbursementState.DISPUTED,
    (DisbursementState.DISPUTED, Act.CONFIRM): DisbursementState.RECEIVED,
}
"""The state after each act that a state allows; what is not here is refused."""


class OpportunityUnknown(Invalid):
    code = "opportunity.unknown"
    title = Text("Peluang tidak dikenal", "Unknown opportunity")
    detail = Text("Tidak ada peluang dengan id {id}.", "There is no opportunity with the id {id}.")
    fix = Text(
        "Cari id-nya di /planning/v1/channeling/opportunities.",
        "Look the id up in /planning/v1/channeling/opportunities.",
    )


class ActivityUnknown(Invalid):
    code = "activity.unknown"
    title = Text("Kegiatan tidak dikenal", "Unknown activity")
    detail = Text("Tidak ada kegiatan dengan id {id}.", "There is no activity with the id {id}.")
    fix = Text("Cari id-nya di /planning/v1/activities.", "Look the id up in /planning/v1/activities.")


class PlanNotRatified(Conflict):
    code = "opportunity.plan_not_ratified"
    title = Text("Rencana belum disahkan", "Plan not ratified")
    detail = Text(
        "Warga belum mengesahkan rencana kegiatan ini.", "Residents have not ratified the plan of this activity yet."
    )
    fix = Text("Sahkan rencananya lebih dahulu.", "Have the plan ratified first.")


class FundingExceeded(Conflict):
    code = "opportunity.funding_exceeded"
    title = Text("Melebihi dana channeling kegiatan", "More than the activity's channeling funds")
    detail = Text(
        "Dari dana channeling kegiatan ini tersisa {left} rupiah yang belum ditawarkan.",
        "Of this activity's channeling funds {left} rupiah are not offered yet.",
    )
    fix = Text("Kurangi gap_rupiah, atau tutup peluang lain.", "Lower gap_rupiah, or close another opportunity.")


class OpportunityStateWrong(Conflict):
    code = "opportunity.state"
    title = Text("Peluang sudah ditutup", "Opportunity closed")
    detail = Text("Peluang ini {state}; {act} tidak mungkin.", "This opportunity is {state}; {act} is not possible.")
    fix = Text("Cari peluang yang masih terbuka.", "Look for one that is open.")


class OpportunityLapsed(Conflict):
    code = "opportunity.lapsed"
    title = Text("Masa penawaran lewat", "Time for offers is over")
    detail = Text("Penawaran diterima sampai {day}.", "Offers were taken until {day}.")
    fix = Text("Cari peluang yang masih terbuka.", "Look for one that is open.")


class GapExceeded(Conflict):
    code = "opportunity.gap_exceeded"
    title = Text("Melebihi kekurangan dana", "More than what is missing")
    detail = Text("Dari peluang ini tersisa {left} rupiah.", "Of this opportunity {left} rupiah are left.")
    fix = Text("Tawarkan paling banyak sisanya.", "Offer at most what is left.")


class AgreementStateWrong(Conflict):
    code = "agreement.state"
    title = Text("Tidak mungkin pada tahap ini", "Not possible in this state")
    detail = Text("Kesepakatan ini {state}; {act} tidak mungkin.", "This agreement is {state}; {act} is not possible.")
    fix = Text("Lihat tahap kesepakatannya.", "See the agreement's state.")


class CommitmentExceeded(Conflict):
    code = "agreement.commitment_exceeded"
    title = Text("Melebihi komitmen", "More than committed")
    detail = Text(
        "Dari komitmen ini tersisa {left} rupiah yang belum dikirim.",
        "Of this commitment {left} rupiah are not sent yet.",
    )
    fix = Text("Periksa jumlahnya, atau buat kesepakatan baru.", "Check the amount, or make a new agreement.")


class NotAParty(Forbidden):
    code = "agreement.not_a_party"
    title = Text("Bukan pihaknya", "Not a party")
    detail = Text(
        "Akun ini tidak bertindak untuk pihak yang diperlukan di sini: akun mitra hanya mewakili mitranya sendiri, "
        "dan orang tanpa mitra mewakili lembaga di wilayahnya.",
        "This account does not act for the side that is needed here: an account of a partner speaks for that partner "
        "alone, and a person without one for the boards of the own regions.",
    )
    fix = Text("Pakai akun dari pihak yang dimaksud.", "Use an account of that side.")


class OwnOffer(Forbidden):
    code = "agreement.own_offer"
    title = Text("Penawaran sendiri", "Own offer")
    detail = Text(
        "Penawaran ini dari pihak Anda, jadi pihak lain yang menerimanya.",
        "Your side made this offer, so the other side accepts it.",
    )
    fix = Text("Mintalah pihak lain menerimanya.", "Ask the other side to accept it.")


class BothSides(Forbidden):
    code = "agreement.both_sides"
    title = Text("Dua pihak, satu orang", "One person for both sides")
    detail = Text(
        "Anda sudah bertindak untuk pihak lain dalam kesepakatan ini.",
        "You have already acted for the other side of this agreement.",
    )
    fix = Text("Mintalah orang lain dari pihak ini.", "Ask somebody else of this side.")


class DisbursementStateWrong(Conflict):
    code = "disbursement.state"
    title = Text("Sudah dikonfirmasi", "Confirmed already")
    detail = Text("Dana ini {state}; {act} tidak mungkin.", "This money is {state}; {act} is not possible.")
    fix = Text("Lihat tahap pengirimannya.", "See the disbursement's state.")


class ReasonMissing(Invalid):
    code = "disbursement.reason_missing"
    title = Text("Alasan belum ada", "Reason missing")
    detail = Text(
        "Yang dikirim {sent} rupiah: sebutkan mengapa yang diterima berbeda.",
        "{sent} rupiah were sent: say why what arrived differs.",
    )
    fix = Text("Isi reason, atau perbaiki jumlahnya.", "Give a reason, or mend the amount.")


class ReasonSuperfluous(Invalid):
    code = "disbursement.reason_superfluous"
    title = Text("Alasan tidak perlu", "Superfluous reason")
    detail = Text("Jumlahnya sama, jadi tidak ada yang dipersoalkan.", "The amounts agree, so nothing is in dispute.")
    fix = Text("Kosongkan reason, atau perbaiki jumlahnya.", "Leave reason out, or mend the amount.")


class DateTooEarly(Invalid):
    code = "date.too_early"
    title = Text("Tanggal terlalu awal", "Date too early")
    detail = Text("Tanggal ini sebelum {earliest}.", "This date is before {earliest}.")
    fix = Text("Periksa urutan tanggalnya.", "Check the order of the dates.")


class PersonalDataFound(Invalid):
    code = "summary.personal_data"
    title = Text("Memuat data pribadi", "Holds personal data")
    detail = Text(
        "Ringkasan ini dibaca semua orang; di dalamnya tampak nomor telepon, NIK atau alamat surel.",
        "Everybody reads this summary; it seems to hold a phone number, a NIK or an e-mail address.",
    )
    fix = Text("Hapus data pribadi dari ringkasan.", "Take personal data out of the summary.")


PERSONAL = re.compile(
    r"(?<!\d)\d{16}(?!\d)"  # NIK, or the number of a family card
    r"|(?<!\d)(?:\+?62|0)[ .-]?8\d(?:[ .-]?\d){6,10}(?!\d)"  # a mobile phone
    r"|[\w.+-]+@[\w-]+\.[\w.-]+"
)
WRONG_STATE: dict[type[StrEnum], type[Conflict]] = {
    OpportunityState: OpportunityStateWrong,
    AgreementState: AgreementStateWrong,
    DisbursementState: DisbursementStateWrong,
}
S = TypeVar("S", bound=StrEnum)


def state_after(state: S, act: Act) -> S:
    """Return the state after an act, or the refusal of that kind of state."""
    following = NEXT.get((state, act))
    if not isinstance(following, type(state)):
        raise WRONG_STATE[type(state)](state=state.value, act=act.value, members={"state": state.value})
    return following


def side_of(org: UUID | None) -> Side:
    """Return the side a caller acts for: whoever belongs to an organisation speaks for it alone."""
    return Side.BOARD if org is None else Side.PARTNER


def other(side: Side) -> Side:
    return Side.PARTNER if side is Side.BOARD else Side.BOARD


def left_of(whole: int, taken: Iterable[int]) -> int:
    """Return what is left of an amount, in rupiah."""
    return whole - sum(taken)


def require_within(asked: int, *, left: int, refusal: type[Conflict]) -> None:
    """Refuse more than what is left, in rupiah, and say how much that is."""
    if asked > left:
        raise refusal(left=left, members={"left_rupiah": left})


def require_from(day: date, *, earliest: date, pointer: str) -> None:
    """Refuse a day before another that comes first."""
    if day < earliest:
        raise DateTooEarly(pointer=pointer, earliest=earliest)


def require_impersonal(summary: str) -> None:
    """Refuse a public text that seems to hold a phone number, a NIK or an e-mail address."""
    if PERSONAL.search(summary):
        raise PersonalDataFound(pointer="/summary")


def verdict(*, sent: int, received: int, reason: str | None) -> Act:
    """Return what a board's confirmation amounts to: the whole arrived, or what did is disputed."""
    if received == sent:
        if reason is not None:
            raise ReasonSuperfluous(pointer="/reason")
        return Act.CONFIRM
    if reason is None:
        raise ReasonMissing(pointer="/reason", sent=sent)
    return Act.DISPUTE
