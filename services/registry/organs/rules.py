"""What statutes (AD/ART) may say, and what is refused of officers and organs between elections (EL-7, EL-8, EL-12)."""

from datetime import date

from shared.errors import Conflict, Fault, Invalid, Text


class StatuteInvalid(Invalid):
    code = "statute.invalid"
    title = Text("AD/ART tidak sesuai pedoman", "Statutes against the guideline")
    detail = Text(
        "AD/ART ini melanggar {count} aturan; lihat `errors`.",
        "These statutes break {count} rule(s); see `errors`.",
    )
    fix = Text("Periksa naskah AD/ART dan akta notarisnya.", "Check the text of the statutes and the notary's deed.")


class AppointmentInvalid(Invalid):
    code = "appointment.invalid"
    title = Text("Penunjukan tidak sah", "Invalid appointment")
    detail = Text(
        "Penunjukan ini melanggar {count} aturan; lihat `errors`.",
        "This appointment breaks {count} rule(s); see `errors`.",
    )
    fix = Text("Akhiri dahulu kursi lain orang ini.", "End the other seat of this person first.")


class OfficerInvalid(Invalid):
    code = "officer.invalid"
    title = Text("Pergantian tidak sah", "Invalid change of officers")
    detail = Text(
        "Pergantian ini melanggar {count} aturan; lihat `errors`.",
        "This change of officers breaks {count} rule(s); see `errors`.",
    )
    fix = Text(
        "Akhiri dahulu jabatan yang digantikan; periksa AD/ART dan berita acara.",
        "End the office that is taken over first; check the statutes and the minutes.",
    )


class NoTerm(Conflict):
    code = "officer.no_term"
    title = Text("Tidak ada masa bakti", "No term")
    detail = Text("Pada {day} tidak ada masa bakti yang berlaku.", "No term of the board covers {day}.")
    fix = Text("Catat pemilihannya lebih dahulu.", "Record the election first.")


class NameErased(Conflict):
    code = "appointment.name_erased"
    title = Text("Nama sudah dihapus", "Name erased")
    detail = Text(
        "Nama orang ini telah dihapus untuk selamanya; yang tinggal hanya kursinya.",
        "This person's name was erased for good; only the seat remains.",
    )
    fix = Text("Akhiri penunjukan ini dan catat yang baru.", "End this appointment and record a new one.")


SEATS = Text(
    "Menurut pedoman jumlah anggota ganjil, {least} sampai {most}.",
    "By the guideline a board has an odd number of members, {least} to {most}.",
)
YEARS = Text(
    "Menurut pedoman masa bakti paling lama {years} tahun.", "By the guideline a term lasts at most {years} years."
)
NOTARY_WITHOUT_DAY = Text("Sebutkan hari pencatatannya pada notaris.", "Say on which day the notary recorded them.")
BEFORE_ADOPTION = Text("Akta notaris dibuat sesudah AD/ART disepakati.", "The deed follows the adoption.")
ORDER = Text("Berakhir pada atau sesudah hari pertama.", "It ends on or after its first day.")
WITHIN_TERM = Text(
    "Jabatan berakhir paling lambat bersama masa bakti: {until}.",
    "The office ends with the term at the latest: {until}.",
)
REASON_MISSING = Text("Sebutkan mengapa berhenti.", "Say why the officer left.")
REASON_SUPERFLUOUS = Text("Alasan hanya untuk yang berhenti.", "A reason is for somebody who left.")
PERSON_TOLD = Text(
    "Sudah disebut kursi siapa ini; akhiri dan catat yang baru bila orangnya lain.",
    "Whose seat it is was told already; end it and record a new one for another person.",
)
NO_REFRESH = Text(
    "AD/ART tidak memperbolehkan pergantian antarwaktu.", "The statutes allow no change between elections."
)


def telling_faults(*, told: bool) -> list[Fault]:
    """Return the fault of telling whose a seat is that somebody's already was."""
    return [Fault("/person_id", "seat.person_told", PERSON_TOLD, {})] if told else []


def statute_faults(
    *,
    seats: int | None,
    term_years: int | None,
    adopted_on: date,
    notarised_on: date | None,
    has_deed: bool,
    least_seats: int,
    most_seats: int,
    odd: bool,
    longest_years: int,
) -> list[Fault]:
    """Return where statutes leave the guideline of their day, which they may only narrow (EL-7, EL-8)."""
    found: list[Fault] = []
    if seats is not None and (not least_seats <= seats <= most_seats or (odd and seats % 2 == 0)):
        found.append(Fault("/seats", "statute.seats", SEATS, {"least": least_seats, "most": most_seats}))
    if term_years is not None and term_years > longest_years:
        found.append(Fault("/term_years", "statute.term_too_long", YEARS, {"years": longest_years}))
    if notarised_on is None and has_deed:
        found.append(Fault("/notarised_on", "statute.notarised_day_missing", NOTARY_WITHOUT_DAY, {}))
    if notarised_on is not None and notarised_on < adopted_on:
        found.append(Fault("/notarised_on", "statute.notarised_before_adoption", BEFORE_ADOPTION, {}))
    return found


def order_faults(*, starts_on: date, ends_on: date | None) -> list[Fault]:
    """Return the fault of what ends before it begins."""
    return [Fault("/ends_on", "seat.order", ORDER, {})] if ends_on is not None and ends_on < starts_on else []


def departure_faults(*, starts_on: date, ends_on: date | None, term_ends_on: date, has_reason: bool) -> list[Fault]:
    """Return what is wrong with how an officer leaves: within the office, and with the reason."""
    found = order_faults(starts_on=starts_on, ends_on=ends_on)
    if ends_on is not None and ends_on > term_ends_on:
        found.append(Fault("/ends_on", "officer.outside_term", WITHIN_TERM, {"until": term_ends_on}))
    if ends_on is not None and not has_reason:
        found.append(Fault("/left_because", "officer.reason_missing", REASON_MISSING, {}))
    if ends_on is None and has_reason:
        found.append(Fault("/left_because", "officer.reason_superfluous", REASON_SUPERFLUOUS, {}))
    return found


def refresh_faults(*, allowed: bool | None) -> list[Fault]:
    """Return the fault of a change between elections that the statutes do not allow; silence allows it (C12)."""
    return [Fault("/starts_on", "officer.refresh_forbidden", NO_REFRESH, {})] if allowed is False else []
