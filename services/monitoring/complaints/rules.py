"""What a complaint is, how it goes on, and the code that its complainant alone holds (§7.6, TR-7)."""

from collections.abc import Mapping
from enum import StrEnum
from uuid import UUID

from shared.canonical import keyed_digest
from shared.errors import Conflict, Invalid, NotFound, Text

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no I, L, O or U, so that a code survives paper and telephone."""

MISREAD = str.maketrans("OIL", "011", "- ")
CODE_BITS = 128
CODE_CHARACTERS = 26
GROUPS = (5, 5, 4, 4, 4, 4)
EVIDENCE = "evidence"
MOST_EVIDENCE = 10
"""Photos and papers that a complainant adds."""

SMALLEST_CELL = 5
"""Counts below it are not shown for anything smaller than a kelurahan (§11)."""


class ComplaintScope(StrEnum):
    """What a complaint is about: administration, money, or only a question."""

    ADMINISTRATIVE = "administrative"
    FINANCIAL = "financial"
    INFORMATION = "information"


class Category(StrEnum):
    """What is said to have happened."""

    BREACH_OF_PRINCIPLES = "breach_of_principles"
    MISUSE_OF_FUNDS = "misuse_of_funds"
    NEGATIVE_INTERVENTION = "negative_intervention"
    FORCE_MAJEURE = "force_majeure"
    OTHER = "other"


class AccusedKind(StrEnum):
    """Whom a complaint is about; whoever it is about never sees it."""

    BOARD = "board"
    OFFICER = "officer"
    OTHER = "other"


class Channel(StrEnum):
    """How a complaint came in."""

    FACE_TO_FACE = "face_to_face"
    COMPLAINT_BOX = "complaint_box"
    PHONE = "phone"
    SMS = "sms"
    MESSENGER = "messenger"
    EMAIL = "email"
    LETTER = "letter"
    WEBSITE = "website"
    SOCIAL_MEDIA = "social_media"
    FIELD_VISIT = "field_visit"


class ComplaintState(StrEnum):
    """How far a complaint has come; only the complainant says that it is resolved."""

    RECEIVED = "received"
    ANSWERED = "answered"
    RESOLVED = "resolved"
    REOPENED = "reopened"


NEXT: Mapping[ComplaintState, frozenset[ComplaintState]] = {
    ComplaintState.RECEIVED: frozenset({ComplaintState.ANSWERED}),
    ComplaintState.ANSWERED: frozenset({ComplaintState.RESOLVED, ComplaintState.REOPENED}),
    ComplaintState.REOPENED: frozenset({ComplaintState.ANSWERED}),
    ComplaintState.RESOLVED: frozenset(),
}


class ComplaintUnknown(NotFound):
    code = "complaint.unknown"
    title = Text("Pengaduan tidak dikenal", "Unknown complaint")
    detail = Text("Tidak ada pengaduan dengan kode ini.", "There is no complaint with this code.")
    fix = Text("Periksa kodenya huruf demi huruf.", "Check the code letter by letter.")


class StepNotPossible(Conflict):
    code = "complaint.step_not_possible"
    title = Text("Langkah ini belum mungkin", "Not possible now")
    detail = Text("Pengaduan yang {state} tidak dapat menjadi {to}.", "A complaint that is {state} cannot become {to}.")
    fix = Text(
        "Pengaduan dijawab dahulu, lalu pelapor menyatakan selesai atau belum.",
        "A complaint is answered first; then its complainant says whether that resolved it.",
    )


class SubjectUnknown(Invalid):
    code = "complaint.subject_unknown"
    title = Text("Yang diadukan tidak dikenal", "Unknown subject of complaint")
    detail = Text("{id} tidak dikenal di sini.", "{id} is not known here.")
    fix = Text(
        "Cari id-nya di /registry/v1/boards, atau kosongkan.", "Look the id up in /registry/v1/boards, or leave it out."
    )


class SubjectElsewhere(Invalid):
    code = "complaint.subject_elsewhere"
    title = Text("Yang diadukan ada di tempat lain", "Subject of complaint elsewhere")
    detail = Text(
        "Yang disebut di sini tidak bekerja di kelurahan {code} atau bukan dari lembaga yang sama.",
        "What is named here does not work in the kelurahan {code}, or belongs to another board.",
    )
    fix = Text("Pakai kelurahan dari lembaganya.", "Name the kelurahan of the board.")


class AccusedUnclear(Invalid):
    code = "complaint.accused_unclear"
    title = Text("Terlapor belum jelas", "Accused not clear")
    detail = Text(
        "Terlapor `officer` memerlukan officer_id, `board` memerlukan lembaga, yang lain tanpa officer_id.",
        "An accused `officer` needs officer_id, a `board` needs a board, others take no officer_id.",
    )
    fix = Text("Sebut orangnya atau lembaganya, atau pakai `other`.", "Name the person or the board, or say `other`.")


class PhotosEnough(Conflict):
    code = "complaint.photos_enough"
    title = Text("Bukti sudah cukup", "Evidence enough")
    detail = Text(
        "Satu pengaduan memuat paling banyak {most} foto dan berkas dari pelapornya.",
        "A complaint holds at most {most} photos and papers of its complainant.",
    )
    fix = Text("Pilih foto yang paling jelas.", "Choose the clearest photos.")


def require_next(state: ComplaintState, to: ComplaintState) -> None:
    """Refuse a step that the table of states does not have."""
    if to not in NEXT[state]:
        raise StepNotPossible(state=state, to=to)


def require_clear_accused(kind: AccusedKind, *, officer: UUID | None, board: UUID | None) -> None:
    """Refuse when it cannot be known from whom a complaint has to be kept."""
    if (officer is not None) != (kind is AccusedKind.OFFICER):
        raise AccusedUnclear(pointer="/accused/officer_id")
    if kind is AccusedKind.BOARD and board is None:
        raise AccusedUnclear(pointer="/board_id")


def written_code(secret: bytes) -> str:
    """Return 128 random bits as a code in groups: 7ZZZZ-ZZZZZ-ZZZZ-ZZZZ-ZZZZ-ZZZZ at most."""
    number = int.from_bytes(secret, "big")
    letters = "".join(ALPHABET[number >> shift & 31] for shift in range(5 * (CODE_CHARACTERS - 1), -1, -5))
    starts = [sum(GROUPS[:index]) for index in range(len(GROUPS))]
    return "-".join(letters[start : start + size] for start, size in zip(starts, GROUPS, strict=True))


def read_code(code: str) -> bytes | None:
    """Return the bits of a code as somebody typed it, None when it cannot be one."""
    letters = code.upper().translate(MISREAD)
    if len(letters) != CODE_CHARACTERS or not set(letters) <= set(ALPHABET):
        return None
    number = 0
    for letter in letters:
        number = number << 5 | ALPHABET.index(letter)
    return None if number >> CODE_BITS else number.to_bytes(CODE_BITS // 8, "big")


def code_of(secret: bytes, complaint_id: UUID, key: str) -> str:
    """Return the code of a complaint that was filed under a key, the same each time and only for that key."""
    return written_code(keyed_digest(secret, b"tracking-code-of", complaint_id.bytes, key.encode())[: CODE_BITS // 8])


def code_digest(secret: bytes, code: str) -> bytes:
    """Return what is stored of a code; whatever cannot be a code becomes the digest of none."""
    return keyed_digest(secret, b"tracking-code", read_code(code) or b"")


def shown_count(count: int, *, below_kelurahan: bool) -> int | None:
    """Return a count, None where it would point at somebody."""
    return None if below_kelurahan and 0 < count < SMALLEST_CELL else count
