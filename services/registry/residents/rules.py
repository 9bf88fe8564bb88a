"""What may be said of a household and of a resident, and when (C03: PS-1, PS-2; EL-3; UU 27/2022)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from services.registry.residents.numbers import NumberAbsent
from shared.errors import Conflict, Fault, Invalid, Text

SMALLEST_CELL = 5
"""Households or people; a smaller part of a kelurahan would point at somebody (§8, UU 27/2022)."""

LONGEST_LIFE = 125
"""Years; an earlier year of birth is a slip of the finger."""


class Sex(StrEnum):
    """Perempuan or laki-laki."""

    FEMALE = "female"
    MALE = "male"


class BirthYearAbsent(StrEnum):
    """Why a year of birth is missing: tidak diketahui, keberatan, tidak ditanyakan."""

    NOT_KNOWN = "not_known"
    DECLINED = "declined"
    NOT_ASKED = "not_asked"


class Vulnerability(StrEnum):
    """What makes a person's life harder.

    Difabel fisik, netra, rungu wicara, intelektual, mental; sakit menahun, lansia sebatang kara, perempuan kepala
    keluarga, yatim piatu, hamil atau menyusui, tunawisma.
    """

    PHYSICAL_DISABILITY = "physical_disability"
    VISUAL_DISABILITY = "visual_disability"
    HEARING_OR_SPEECH_DISABILITY = "hearing_or_speech_disability"
    INTELLECTUAL_DISABILITY = "intellectual_disability"
    MENTAL_DISABILITY = "mental_disability"
    CHRONIC_ILLNESS = "chronic_illness"
    ELDERLY_ALONE = "elderly_alone"
    FEMALE_HEAD_OF_FAMILY = "female_head_of_family"
    ORPHAN = "orphan"
    PREGNANT_OR_NURSING = "pregnant_or_nursing"
    HOMELESS = "homeless"


class Welfare(StrEnum):
    """How the community judges a household by its own criteria: miskin (on the PS-2 list), hampir miskin, tidak miskin."""

    POOR = "poor"
    NEAR_POOR = "near_poor"
    NOT_POOR = "not_poor"


class ResidentEnd(StrEnum):
    """Why somebody no longer lives here: meninggal, pergi ke luar, or pindah by a recorded act."""

    DIED = "died"
    LEFT = "left"
    MOVED = "moved"


class HouseholdEnd(StrEnum):
    """Why a household is no longer here: bubar, pergi ke luar, or pindah by a recorded act."""

    DISSOLVED = "dissolved"
    LEFT = "left"
    MOVED = "moved"


class ErasureReason(StrEnum):
    """Why somebody is erased: permintaan sendiri, permintaan keluarga, persetujuan ditarik, tidak diperlukan."""

    PERSON_ASKED = "person_asked"
    FAMILY_ASKED = "family_asked"
    CONSENT_WITHDRAWN = "consent_withdrawn"
    NOT_NEEDED = "not_needed"


class CountMissing(StrEnum):
    """Why a count is null; a missing number is never zero."""

    FEWER_THAN_FIVE = "fewer_than_five"
    TELLS_ANOTHER = "tells_another"
    NO_POVERTY_LIST = "no_poverty_list"


@dataclass(frozen=True, slots=True)
class ResidentRules:
    """From which age (full years) somebody is an adult who may vote."""

    adult_from: int


class ResidentInvalid(Invalid):
    code = "resident.invalid"
    title = Text("Data warga tidak sah", "Invalid resident")
    detail = Text(
        "Data warga ini melanggar {count} aturan; lihat `errors`.",
        "This resident breaks {count} rule(s); see `errors`.",
    )
    fix = Text("Periksa kembali dengan warganya.", "Check it again with the resident.")


class HouseholdInvalid(Invalid):
    code = "household.invalid"
    title = Text("Data rumah tangga tidak sah", "Invalid household")
    detail = Text(
        "Data rumah tangga ini melanggar {count} aturan; lihat `errors`.",
        "This household breaks {count} rule(s); see `errors`.",
    )
    fix = Text("Periksa kembali dengan rumah tangganya.", "Check it again with the household.")


class WelfareInvalid(Invalid):
    code = "welfare.invalid"
    title = Text("Keputusan kesejahteraan tidak sah", "Invalid welfare decision")
    detail = Text(
        "Keputusan ini melanggar {count} aturan; lihat `errors`.", "This decision breaks {count} rule(s); see `errors`."
    )
    fix = Text("Periksa berita acara rembug.", "Check the minutes of the meeting.")


class WelfareOutOfOrder(Conflict):
    code = "welfare.out_of_order"
    title = Text("Keputusan tidak berurutan", "Decision out of order")
    detail = Text(
        "Rumah tangga ini sudah memiliki keputusan yang berlaku sejak {starts_on}.",
        "This household already has a decision that holds from {starts_on}.",
    )
    fix = Text(
        "Keputusan baru berlaku setelah keputusan terakhir; catat menurut urutan rembug.",
        "A new decision holds after the last one; record them in the order of their meetings.",
    )


class HouseholdUnknown(Invalid):
    code = "household.unknown"
    title = Text("Rumah tangga tidak dikenal", "Unknown household")
    detail = Text(
        "Tidak ada rumah tangga dengan id {household_id} di wilayah Anda.",
        "There is no household with the id {household_id} in your regions.",
    )
    fix = Text("Cari di /registry/v1/households.", "Look it up in /registry/v1/households.")


class ResidentUnknown(Invalid):
    code = "resident.unknown"
    title = Text("Warga tidak dikenal", "Unknown resident")
    detail = Text(
        "Tidak ada warga dengan id {resident_id} di wilayah Anda.",
        "There is no resident with the id {resident_id} in your regions.",
    )
    fix = Text("Cari di /registry/v1/residents.", "Look it up in /registry/v1/residents.")


class HouseholdInhabited(Conflict):
    code = "household.inhabited"
    title = Text("Masih ada penghuni", "Still inhabited")
    detail = Text(
        "Masih ada {residents} warga di rumah tangga ini setelah {ends_on}.",
        "After {ends_on} this household still has {residents} resident(s).",
    )
    fix = Text("Akhiri atau pindahkan warganya lebih dahulu.", "End or move its residents first.")


class AlreadyMoved(Conflict):
    code = "resident.already_moved"
    title = Text("Sudah pindah", "Moved already")
    detail = Text(
        "Catatan ini ditutup oleh kepindahan; yang berlaku adalah catatan di tempat baru.",
        "This record was closed by a move; the one that counts is at the new place.",
    )
    fix = Text("Pakai catatan di `moved_to`.", "Use the record in `moved_to`.")


class ResidentMerged(Conflict):
    code = "resident.merged"
    title = Text("Sudah digabung", "Merged")
    detail = Text(
        "Catatan ini ganda dan sudah digabung ke {merged_into}.",
        "This record was a duplicate and was merged into {merged_into}.",
    )
    fix = Text(
        "Ubah catatan itu, atau batalkan penggabungannya lebih dahulu.", "Change that one, or undo the merge first."
    )


class HouseholdEnded(Conflict):
    code = "household.ended"
    title = Text("Rumah tangga sudah berakhir", "Household has ended")
    detail = Text("Rumah tangga ini berakhir {ends_on}.", "This household ended {ends_on}.")
    fix = Text("Pakai rumah tangga yang masih ada.", "Use a household that still exists.")


class ResidentEnded(Conflict):
    code = "resident.ended"
    title = Text("Warga sudah tidak di sini", "Resident is no longer here")
    detail = Text("Warga ini tinggal di sini sampai {ends_on}.", "This resident lived here until {ends_on}.")
    fix = Text(
        "Periksa harinya, atau hapus hari terakhirnya bila keliru.",
        "Check the day, or clear the last day if it is wrong.",
    )


class MoveInvalid(Invalid):
    code = "move.invalid"
    title = Text("Kepindahan tidak sah", "Invalid move")
    detail = Text(
        "Kepindahan ini melanggar {count} aturan; lihat `errors`.", "This move breaks {count} rule(s); see `errors`."
    )
    fix = Text("Periksa hari dan tempat kepindahan.", "Check the day and the place of the move.")


class ErasureElsewhere(Conflict):
    code = "erasure.elsewhere"
    title = Text("Dihapus di tempat lain", "Erased elsewhere")
    detail = Text(
        "Catatan ini tidak lagi berlaku bagi orangnya; penghapusan diminta pada catatan yang berlaku.",
        "This record no longer stands for the person; the erasure is asked for at the one that does.",
    )
    fix = Text("Pakai catatan di `moved_to` atau `merged_into`.", "Use the record in `moved_to` or `merged_into`.")


REASON_MISSING = Text("Data ini kosong: sebutkan alasannya di {reason}.", "This is null: say why in {reason}.")
REASON_SUPERFLUOUS = Text("Datanya ada, jadi alasan harus kosong.", "It is there, so the reason must be null.")
BIRTH_YEAR = Text("Tahun lahir antara {least} dan {most}.", "A year of birth is between {least} and {most}.")
ORDER = Text("Berakhir paling cepat pada hari mulai.", "It ends on the day it starts at the earliest.")
END_TOGETHER = Text(
    "Hari terakhir dan alasannya diisi bersama atau kosong bersama.",
    "Last day and reason are given together or not at all.",
)
MOVED_BY_ACT = Text("Kepindahan dicatat dengan tindakan `move`.", "A move is recorded by the act `move`.")
OUTSIDE_HOUSEHOLD = Text(
    "Di luar masa rumah tangganya, yang mulai {starts_on}.",
    "Outside the time of its household, which starts {starts_on}.",
)
HOUSEHOLD_ENDED = Text("Rumah tangganya berakhir {ends_on}.", "Its household ends {ends_on}.")
NOT_A_MEMBER = Text("Bukan warga rumah tangga ini.", "Not a resident of this household.")
BEFORE_MEETING = Text("Berlaku paling cepat pada hari rembug.", "It holds from the day of the meeting at the earliest.")
RUNS_INTO_NEXT = Text("Berakhir paling lambat {latest}.", "It ends {latest} at the latest.")
MOVE_TOO_EARLY = Text(
    "Pindah paling cepat {earliest}, setelah semua yang tercatat di sini dimulai.",
    "The move is on {earliest} at the earliest, after everything recorded here has begun.",
)
SAME_HOUSEHOLD = Text("Ini rumah tangganya sekarang.", "This is the present household.")


def absence_faults(
    name: str, *, reason_name: str, given: bool, reason: NumberAbsent | BirthYearAbsent | None
) -> list[Fault]:
    """Return what is wrong with a value that is there or a reason why it is not: exactly one of them stands."""
    if not given and reason is None:
        return [Fault(f"/{name}", "absence.reason_missing", REASON_MISSING, {"reason": reason_name})]
    if given and reason is not None:
        return [Fault(f"/{reason_name}", "absence.reason_superfluous", REASON_SUPERFLUOUS, {})]
    return []


def birth_year_faults(birth_year: int | None, *, today: date) -> list[Fault]:
    least = today.year - LONGEST_LIFE
    if birth_year is not None and not least <= birth_year <= today.year:
        return [Fault("/birth_year", "resident.birth_year", BIRTH_YEAR, {"least": least, "most": today.year})]
    return []


def ending_faults(
    *, starts_on: date, ends_on: date | None, because: ResidentEnd | HouseholdEnd | None, moved_by_act: bool = False
) -> list[Fault]:
    """Return what is wrong with how something ends by an edit; a move is an act of its own, which stays once it is done."""
    found: list[Fault] = []
    if (ends_on is None) != (because is None):
        found.append(Fault("/ended_because", "ending.incomplete", END_TOGETHER, {}))
    if because in {ResidentEnd.MOVED, HouseholdEnd.MOVED} and not moved_by_act:
        found.append(Fault("/ended_because", "ending.moved", MOVED_BY_ACT, {}))
    if ends_on is not None and ends_on < starts_on:
        found.append(Fault("/ends_on", "ending.order", ORDER, {}))
    return found


def within_household_faults(
    *, starts_on: date, ends_on: date | None, household_starts_on: date, household_ends_on: date | None
) -> list[Fault]:
    """Return what is wrong with a resident's time in a household: nobody lives there before or after it."""
    if starts_on < household_starts_on:
        values = {"starts_on": household_starts_on}
        return [Fault("/starts_on", "resident.outside_household", OUTSIDE_HOUSEHOLD, values)]
    if household_ends_on is not None and (ends_on is None or ends_on > household_ends_on):
        return [Fault("/ends_on", "resident.household_ended", HOUSEHOLD_ENDED, {"ends_on": household_ends_on})]
    return []


def member_faults(*, is_member: bool) -> list[Fault]:
    """Return what is wrong with a head: who heads a household lives in it."""
    return [] if is_member else [Fault("/head_id", "household.head_elsewhere", NOT_A_MEMBER, {})]


def numbered(number: str | None) -> str | None:
    """Return the number of an RT or RW as it is written everywhere: 3, 03 and 003 are 003."""
    if number is None:
        return None
    letter = number[-1] if number[-1].isalpha() else ""
    return number.removesuffix(letter).lstrip("0").zfill(3) + letter


def require_valid_move(*, moved_on: date, begun: Sequence[date], to_other_household: bool = True) -> None:
    """Refuse a move to where somebody is, or on a day before whatever it closes has lasted a day."""
    found: list[Fault] = []
    if not to_other_household:
        found.append(Fault("/household_id", "move.same_household", SAME_HOUSEHOLD, {}))
    if max(begun) >= moved_on:
        found.append(Fault("/moved_on", "move.too_early", MOVE_TOO_EARLY, {"earliest": max(begun) + timedelta(days=1)}))
    if found:
        raise MoveInvalid(faults=found, count=len(found))


def require_valid_decision(
    *, held_on: date, starts_on: date, household_starts_on: date, household_ends_on: date | None
) -> None:
    """Refuse a decision that holds before its meeting, or when the household was not here."""
    found: list[Fault] = []
    if starts_on < held_on:
        found.append(Fault("/starts_on", "welfare.before_meeting", BEFORE_MEETING, {}))
    if starts_on < household_starts_on:
        found.append(
            Fault("/starts_on", "welfare.outside_household", OUTSIDE_HOUSEHOLD, {"starts_on": household_starts_on})
        )
    if household_ends_on is not None and starts_on > household_ends_on:
        found.append(Fault("/starts_on", "welfare.household_ended", HOUSEHOLD_ENDED, {"ends_on": household_ends_on}))
    if found:
        raise WelfareInvalid(faults=found, count=len(found))


def welfare_ending_faults(*, starts_on: date, ends_on: date, latest: date | None) -> list[Fault]:
    """Return what is wrong with how a decision ends by an edit: in order, and not beyond what the next one or the household allows."""
    if ends_on < starts_on:
        return [Fault("/ends_on", "ending.order", ORDER, {})]
    if latest is not None and ends_on > latest:
        return [Fault("/ends_on", "welfare.runs_into_next", RUNS_INTO_NEXT, {"latest": latest})]
    return []


def is_adult(birth_year: int | None, *, on: date, rules: ResidentRules) -> bool | None:
    """Tell whether somebody is an adult (EL-3) by the year of birth alone; None when it is not known.

    Of a year nobody knows the birthday: who reaches the age in the year of `on` counts as an adult.
    """
    return None if birth_year is None else on.year - birth_year >= rules.adult_from


def shown_parts(counts: Mapping[str, int]) -> dict[str, tuple[int | None, CountMissing | None]]:
    """Return counts of the parts of a kelurahan as everybody may see them.

    Small parts are hidden, and where only one is, the next smallest with it: else the whole would tell it.
    """
    hidden = {part for part, count in counts.items() if count < SMALLEST_CELL}
    shown: dict[str, tuple[int | None, CountMissing | None]] = {
        part: (None, CountMissing.FEWER_THAN_FIVE) if part in hidden else (count, None)
        for part, count in counts.items()
    }
    if len(hidden) == 1 and len(counts) > 1:
        smallest = min((part for part in counts if part not in hidden), key=lambda part: (counts[part], part))
        shown[smallest] = (None, CountMissing.TELLS_ANOTHER)
    return shown
