"""How a handover goes, and what is written down about what is in progress (§12 #11)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

from shared.errors import Conflict, Fault, Forbidden, Invalid, Text


class HandoverState(StrEnum):
    """Where a handover stands."""

    PENDING = "pending"
    ACKNOWLEDGED = "acknowledged"
    WITHDRAWN = "withdrawn"


class Act(StrEnum):
    """What may be done to a handover."""

    ACKNOWLEDGE = "acknowledge"
    WITHDRAW = "withdraw"


NEXT = {
    (HandoverState.PENDING, Act.ACKNOWLEDGE): HandoverState.ACKNOWLEDGED,
    (HandoverState.PENDING, Act.WITHDRAW): HandoverState.WITHDRAWN,
}
"""The state after each act that a state allows; what is not here is refused."""


class InProgress(StrEnum):
    """What may be in progress in a kelurahan.

    Pemilihan, Pemetaan Swadaya, PJM, kegiatan, pencairan BLM, laporan (LPJ), pinjaman bergulir, pengaduan, channeling,
    data ganda, pelatihan.
    """

    ELECTION = "election"
    SURVEY = "survey"
    PLAN = "plan"
    ACTIVITY = "activity"
    TRANCHE = "tranche"
    REPORT = "report"
    LOANS = "loans"
    COMPLAINT = "complaint"
    AGREEMENT = "agreement"
    DUPLICATES = "duplicates"
    TRAINING = "training"


NOUNS: dict[InProgress, str | None] = {
    InProgress.ELECTION: "elections",
    InProgress.SURVEY: "problems",
    InProgress.PLAN: "plans",
    InProgress.ACTIVITY: "activities",
    InProgress.TRANCHE: "grants",
    InProgress.REPORT: None,
    InProgress.LOANS: None,
    InProgress.COMPLAINT: "complaints",
    InProgress.AGREEMENT: "agreements",
    InProgress.DUPLICATES: "duplicates",
    InProgress.TRAINING: None,
}
"""What each kind refers to, where it can refer to one thing: `plans/{id}`."""


@dataclass(frozen=True, slots=True)
class Item:
    """One line of what is in progress: where, what, which one, or how many."""

    kelurahan_code: str
    kind: InProgress
    subject: str | None
    count: int | None


class HandoverStateWrong(Conflict):
    code = "handover.state"
    title = Text("Tidak mungkin pada tahap ini", "Not possible in this state")
    detail = Text("Serah terima ini {state}; {act} tidak mungkin.", "This handover is {state}; {act} is not possible.")
    fix = Text("Lihat tahap serah terimanya.", "See the handover's state.")


class HandoverInvalid(Invalid):
    code = "handover.invalid"
    title = Text("Serah terima tidak sah", "Invalid handover")
    detail = Text(
        "Serah terima ini melanggar {count} aturan; lihat `errors`.",
        "This handover breaks {count} rule(s); see `errors`.",
    )
    fix = Text("Periksa kelurahan dan daftar yang sedang berjalan.", "Check the kelurahan and what is in progress.")


class NothingToHandOver(Conflict):
    code = "handover.nothing"
    title = Text("Tidak ada yang diserahkan", "Nothing to hand over")
    detail = Text(
        "Pada {day} fasilitator ini tidak bertugas di kelurahan mana pun.",
        "On {day} this facilitator serves no kelurahan.",
    )
    fix = Text("Periksa penugasannya.", "See the facilitator's assignments.")


class SamePerson(Invalid):
    code = "handover.same_person"
    title = Text("Orang yang sama", "The same person")
    detail = Text(
        "Yang menyerahkan dan yang menerima adalah orang yang sama.", "Giver and receiver are the same person."
    )
    fix = Text("Pilih fasilitator lain.", "Choose another facilitator.")


class NotTheReceiver(Forbidden):
    code = "handover.not_receiver"
    title = Text("Bukan penerima", "Not the receiver")
    detail = Text(
        "Hanya fasilitator yang menerima yang dapat menyatakan telah menerima.",
        "Only the facilitator who receives can say that it was received.",
    )
    fix = Text("Mintalah penerimanya masuk dan menyatakannya.", "Ask the receiver to sign in and acknowledge it.")


class AcknowledgedTooEarly(Invalid):
    code = "handover.acknowledged_too_early"
    title = Text("Sebelum diserahkan", "Before it was handed over")
    detail = Text("Serah terima ini baru dilakukan pada {day}.", "This was handed over only on {day}.")
    fix = Text("Periksa tanggalnya.", "Check the date.")


NOT_ASSIGNED = Text(
    "Pada {day} fasilitator ini tidak bertugas di {code}.", "On {day} this facilitator does not serve {code}."
)
UNDER_WAY = Text(
    "{code} sudah dalam serah terima yang belum dinyatakan diterima.",
    "{code} is in a handover already that was not acknowledged yet.",
)
TWICE = Text("Disebut dua kali.", "Named twice.")
NOT_HANDED = Text("{code} tidak ikut diserahkan.", "{code} is not handed over here.")
WRONG_NOUN = Text(
    "Acuan untuk {kind} ditulis {noun}/<id>; bila tidak ada, kosongkan.",
    "A reference of {kind} is written {noun}/<id>; leave it null where there is none.",
)
WHICH_OR_HOW_MANY = Text(
    "Sebutkan acuannya atau jumlahnya, salah satu.", "Name the one it is or say how many, one of both."
)


def state_after(state: HandoverState, act: Act) -> HandoverState:
    """Return the state after an act, or HandoverStateWrong."""
    try:
        return NEXT[state, act]
    except KeyError:
        raise HandoverStateWrong(state=state.value, act=act.value, members={"state": state.value}) from None


def kelurahan_faults(
    asked: Sequence[str], *, held: Collection[str], under_way: Collection[str], day: object
) -> list[Fault]:
    """Return what is wrong with the kelurahan that are to be handed over on a day."""
    found: list[Fault] = []
    for index, code in enumerate(asked):
        pointer = f"/kelurahan_codes/{index}"
        if code in asked[:index]:
            found.append(Fault(pointer, "handover.twice", TWICE, {}))
        elif code not in held:
            found.append(Fault(pointer, "handover.not_assigned", NOT_ASSIGNED, {"day": day, "code": code}))
        elif code in under_way:
            found.append(Fault(pointer, "handover.under_way", UNDER_WAY, {"code": code}))
    return found


def item_faults(items: Sequence[Item], *, handed: Collection[str]) -> list[Fault]:
    """Return what is wrong with the lines of what is in progress: places, references and counts."""
    found: list[Fault] = []
    for index, item in enumerate(items):
        pointer = f"/in_progress/{index}"
        if item.kelurahan_code not in handed:
            values = {"code": item.kelurahan_code}
            found.append(Fault(f"{pointer}/kelurahan_code", "handover.not_handed", NOT_HANDED, values))
        if (item.subject is None) == (item.count is None):
            found.append(Fault(pointer, "handover.which_or_how_many", WHICH_OR_HOW_MANY, {}))
        noun = NOUNS[item.kind]
        if item.subject is not None and item.subject.partition("/")[0] != noun:
            values = {"kind": item.kind.value, "noun": noun or "-"}
            found.append(Fault(f"{pointer}/subject", "handover.wrong_reference", WRONG_NOUN, values))
        if item in items[:index]:
            found.append(Fault(pointer, "handover.twice", TWICE, {}))
    return found


def require_sound(found: Sequence[Fault]) -> None:
    """Refuse a handover with faults, naming each."""
    if found:
        raise HandoverInvalid(faults=found, count=len(found))
