"""What makes a consent valid, and from when to when it holds (UU 27/2022)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from shared.errors import Conflict, Fault, Invalid, Text


class ConsentKind(StrEnum):
    """Who allows it: a resident for their own data, or a board for data of its groups (perorangan, bersama)."""

    PERSONAL = "personal"
    COLLECTIVE = "collective"


class Purpose(StrEnum):
    """What the data may be used for: program, channeling, publikasi, penelitian."""

    PROGRAMME = "programme"
    CHANNELING = "channeling"
    PUBLICATION = "publication"
    RESEARCH = "research"


class Manner(StrEnum):
    """How it was given: formulir bertanda tangan, lisan di depan saksi, berita acara BKM."""

    SIGNED_FORM = "signed_form"
    SPOKEN = "spoken"
    BOARD_MINUTES = "board_minutes"


class Data(StrEnum):
    """Which data it covers.

    Perorangan: identitas, kontak, alamat, rumah tangga, kesejahteraan, penghidupan, foto. Bersama: profil KSM,
    keuangan KSM, catatan kegiatan.
    """

    IDENTITY = "identity"
    CONTACT = "contact"
    ADDRESS = "address"
    HOUSEHOLD = "household"
    WELFARE = "welfare"
    LIVELIHOOD = "livelihood"
    PHOTO = "photo"
    GROUP_PROFILE = "group_profile"
    GROUP_FINANCES = "group_finances"
    GROUP_ACTIVITIES = "group_activities"


OF_GROUPS = frozenset({Data.GROUP_PROFILE, Data.GROUP_FINANCES, Data.GROUP_ACTIVITIES})


@dataclass(frozen=True, slots=True)
class ConsentRules:
    """Below which age (full years) a guardian consents, and before how many witnesses a spoken consent is given."""

    guardian_below_age: int
    least_witnesses: int


class ConsentInvalid(Invalid):
    code = "consent.invalid"
    title = Text("Persetujuan tidak sah", "Invalid consent")
    detail = Text(
        "Persetujuan ini melanggar {count} aturan; lihat `errors`.",
        "This consent breaks {count} rule(s); see `errors`.",
    )
    fix = Text("Periksa formulir, saksi, atau berita acaranya.", "Check the form, the witnesses or the minutes.")


class ConsentGiven(Conflict):
    code = "consent.given_already"
    title = Text("Sudah ada persetujuan", "There is a consent already")
    detail = Text(
        "Persetujuan {id} sudah berlaku untuk tujuan dan penerima ini.",
        "The consent {id} holds for this purpose and recipient already.",
    )
    fix = Text(
        "Tarik yang lama lebih dahulu, supaya satu penarikan selalu cukup.",
        "Withdraw the old one first, so that one withdrawal is always enough.",
    )


class AlreadyWithdrawn(Conflict):
    code = "consent.withdrawn_already"
    title = Text("Sudah ditarik", "Withdrawn already")
    detail = Text("Persetujuan ini sudah ditarik sejak {day}.", "This consent was withdrawn from {day} on.")
    fix = Text("Catat persetujuan baru bila diberikan lagi.", "Record a new consent when one is given again.")


class WithdrawalTooEarly(Invalid):
    code = "consent.withdrawn_before_given"
    title = Text("Ditarik sebelum diberikan", "Withdrawn before it was given")
    detail = Text("Persetujuan ini baru diberikan pada {day}.", "This consent was only given on {day}.")
    fix = Text("Periksa tanggal penarikan.", "Check the day of the withdrawal.")


class SubjectUnclear(Invalid):
    code = "consent.subject_unclear"
    title = Text("Pemberi persetujuan tidak jelas", "Unclear who consents")
    detail = Text(
        "Persetujuan perorangan menyebut resident_id, persetujuan bersama board_id; tidak keduanya.",
        "A personal consent names resident_id, a collective one board_id; never both.",
    )
    fix = Text("Isi satu saja.", "Give exactly one.")


MANNER = Text("Cara ini bukan untuk jenis persetujuan ini.", "This manner is not one for this kind of consent.")
DATA = Text("Data ini bukan untuk jenis persetujuan ini.", "This data is not one for this kind of consent.")
TWICE = Text("Disebut lebih dari sekali.", "Named more than once.")
REFERENCE = Text("Sebutkan formulir atau berita acaranya.", "Say which form or which minutes.")
WITNESSES = Text("Persetujuan lisan memerlukan {least} saksi.", "A spoken consent needs {least} witnesses.")
NO_WITNESSES = Text("Saksi hanya untuk persetujuan lisan.", "Witnesses are for a spoken consent only.")
NO_RECIPIENT = Text(
    "Program sendiri tidak mempunyai mitra penerima.", "The programme itself has no partner as recipient."
)
GUARDIAN = Text(
    "Di bawah {age} tahun wali yang memberi persetujuan.", "Below the age of {age} a guardian gives the consent."
)
NO_GUARDIAN = Text("Wali hanya untuk anak.", "A guardian is for a child only.")
ORDER = Text("Berakhir pada atau sesudah hari pertama.", "It ends on or after its first day.")
MANDATE = Text("Pada hari itu lembaga ini tanpa mandat.", "The board had no mandate on that day.")


@dataclass(frozen=True, slots=True)
class Given:
    """A consent as it was given; `is_child` is None where the age is not known."""

    kind: ConsentKind
    purpose: Purpose
    has_recipient: bool
    data: Sequence[Data]
    manner: Manner
    reference: str | None
    witnesses: int | None
    by_guardian: bool
    is_child: bool | None
    starts_on: date
    ends_on: date | None


def consent_faults(given: Given, rules: ConsentRules) -> list[Fault]:
    """Return everything that is wrong with a consent; nothing when it is valid."""
    found = _manner_faults(given, rules)
    collective = given.kind is ConsentKind.COLLECTIVE
    for index, one in enumerate(given.data):
        if (one in OF_GROUPS) is not collective:
            found.append(Fault(f"/data/{index}", "consent.data_unfit", DATA, {}))
        if one in given.data[:index]:
            found.append(Fault(f"/data/{index}", "consent.named_twice", TWICE, {}))
    if given.purpose is Purpose.PROGRAMME and given.has_recipient:
        found.append(Fault("/partner_id", "consent.no_recipient", NO_RECIPIENT, {}))
    if given.is_child and not given.by_guardian:
        found.append(Fault("/by_guardian", "consent.guardian_missing", GUARDIAN, {"age": rules.guardian_below_age}))
    if given.by_guardian and (collective or given.is_child is False):
        found.append(Fault("/by_guardian", "consent.guardian_superfluous", NO_GUARDIAN, {}))
    if given.ends_on is not None and given.ends_on < given.starts_on:
        found.append(Fault("/ends_on", "consent.order", ORDER, {}))
    return found


def _manner_faults(given: Given, rules: ConsentRules) -> list[Fault]:
    found: list[Fault] = []
    if (given.kind is ConsentKind.COLLECTIVE) is not (given.manner is Manner.BOARD_MINUTES):
        found.append(Fault("/manner", "consent.manner_unfit", MANNER, {}))
    if given.manner is not Manner.SPOKEN and given.reference is None:
        found.append(Fault("/reference", "consent.reference_missing", REFERENCE, {}))
    if given.manner is Manner.SPOKEN and (given.witnesses or 0) < rules.least_witnesses:
        found.append(Fault("/witnesses", "consent.witnesses_missing", WITNESSES, {"least": rules.least_witnesses}))
    if given.manner is not Manner.SPOKEN and given.witnesses is not None:
        found.append(Fault("/witnesses", "consent.witnesses_superfluous", NO_WITNESSES, {}))
    return found


def is_child(birth_year: int | None, *, on: date, below: int) -> bool | None:
    """Tell whether somebody is below an age on a day; None where the year of birth alone does not tell."""
    if birth_year is None or on.year - birth_year == below:
        return None
    return on.year - birth_year < below


def require_valid(found: Iterable[Fault]) -> None:
    """Refuse a consent that breaks a rule, naming each one."""
    faults = list(found)
    if faults:
        raise ConsentInvalid(faults=faults, count=len(faults))
