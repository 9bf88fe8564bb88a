"""Attendance: who came, counted; a part that nobody counted is null and says why, never zero."""

from collections.abc import Mapping
from enum import StrEnum

from shared.errors import Fault, Invalid, Text


class WomenNotCounted(StrEnum):
    """Why the number of women is missing; a missing number is never zero."""

    NOT_RECORDED = "not_recorded"
    LIST_LOST = "list_lost"


class PoorNotCounted(StrEnum):
    """Why the number of poor people is missing; a missing number is never zero."""

    NOT_RECORDED = "not_recorded"
    LIST_LOST = "list_lost"
    NO_LIST = "no_poverty_list"


class AttendanceInvalid(Invalid):
    code = "attendance.invalid"
    title = Text("Daftar hadir tidak sah", "Invalid attendance")
    detail = Text(
        "Jumlah hadir ini melanggar {count} aturan; lihat `errors`.",
        "This attendance breaks {count} rule(s); see `errors`.",
    )
    fix = Text("Periksa daftar hadir rapat.", "Check the meeting's attendance list.")


MORE = Text("Tidak boleh lebih dari jumlah hadir.", "Cannot exceed the number of attendees.")
REASON_MISSING = Text("Jumlah ini kosong: sebutkan alasannya di {reason}.", "This number is null: say why in {reason}.")
REASON_TOO_MUCH = Text("Jumlahnya ada, jadi alasan harus kosong.", "The number is there, so the reason must be null.")


def attendance_faults(total: int, parts: Mapping[str, tuple[int | None, str | None]]) -> list[Fault]:
    """Return what is wrong with counted attendance (persons): parts within the whole, a reason for each missing one.

    A part stands under its field's name with its number and the reason why it was not counted.
    """
    found: list[Fault] = []
    for name, (part, reason) in parts.items():
        pointer = f"/attendance/{name}"
        reason_field = f"{name}_not_counted_reason"
        if part is None and reason is None:
            found.append(Fault(pointer, "attendance.reason_missing", REASON_MISSING, {"reason": reason_field}))
        if part is not None and reason is not None:
            found.append(Fault(f"/attendance/{reason_field}", "attendance.reason_superfluous", REASON_TOO_MUCH, {}))
        if part is not None and part > total:
            found.append(Fault(pointer, "attendance.exceeds_total", MORE, {}))
    return found


def require_valid_attendance(total: int, parts: Mapping[str, tuple[int | None, str | None]]) -> None:
    """Refuse attendance that does not add up, naming each fault."""
    found = attendance_faults(total, parts)
    if found:
        raise AttendanceInvalid(faults=found, count=len(found))
