"""What the self-survey (C03, PS) may record, and what of it the public sees."""

from enum import StrEnum

from shared.errors import Conflict, Fault, Invalid, Text

SMALLEST_PUBLIC_COUNT = 5
"""Counts of poor people below this are not shown publicly under the level of a kelurahan."""


class Dimension(StrEnum):
    """The three powers of Tridaya (§0.2): lingkungan, sosial, ekonomi."""

    ENVIRONMENT = "environment"
    SOCIAL = "social"
    ECONOMIC = "economic"


class CountMissing(StrEnum):
    """Why a count of poor households is null; a missing number is never zero."""

    NOT_COUNTED = "not_counted"
    FEWER_THAN_FIVE = "fewer_than_five"


class ProblemInvalid(Invalid):
    code = "problem.invalid"
    title = Text("Masalah tidak sah", "Invalid problem")
    detail = Text(
        "Catatan ini melanggar {count} aturan; lihat `errors`.", "This record breaks {count} rule(s); see `errors`."
    )
    fix = Text("Periksa hasil pemetaan swadaya.", "Check the outcome of the self-survey.")


class ProblemFrozen(Conflict):
    code = "problem.frozen"
    title = Text("Masalah sudah menjadi dasar rencana", "A plan rests on this problem")
    detail = Text(
        "Rencana yang sudah disahkan merujuk pada masalah ini, jadi tidak dapat diubah lagi.",
        "A ratified plan refers to this problem, so it cannot be edited any more.",
    )
    fix = Text("Catat temuan baru sebagai masalah baru.", "Record a new finding as a new problem.")


class CauseParentUnknown(Invalid):
    code = "cause.parent_unknown"
    title = Text("Sebab di atasnya tidak dikenal", "Unknown parent cause")
    detail = Text(
        "Masalah ini tidak mempunyai sebab dengan id {parent_id}.", "This problem has no cause with the id {parent_id}."
    )
    fix = Text("Pakai sebab dari masalah yang sama.", "Name a cause of the same problem.")


class CauseParentIsRoot(Invalid):
    code = "cause.parent_is_root"
    title = Text("Akar masalah tidak mempunyai sebab lagi", "A root cause has no cause")
    detail = Text(
        "Sebab {parent_id} adalah akar masalah, jadi tidak ada sebab di bawahnya.",
        "The cause {parent_id} is a root cause, so there is none below it.",
    )
    fix = Text(
        "Gantungkan pada sebab lain, atau catat sebab yang bukan akar.",
        "Hang it on another cause, or record one that is not a root.",
    )


POOR_EXCEED = Text(
    "Rumah tangga miskin tidak boleh lebih dari rumah tangga terdampak.",
    "Poor households cannot exceed the households affected.",
)


def require_valid_counts(*, households: int, poor_households: int | None) -> None:
    """Refuse more poor households than households (§4.1)."""
    if poor_households is not None and poor_households > households:
        fault = Fault("/poor_households", "problem.poor_exceed_households", POOR_EXCEED, {})
        raise ProblemInvalid(faults=[fault], count=1)


def shown_count(count: int | None, *, full: bool) -> tuple[int | None, CountMissing | None]:
    """Return a count of poor households as it may be seen, or None and why it is missing."""
    if count is None:
        return None, CountMissing.NOT_COUNTED
    if not full and count < SMALLEST_PUBLIC_COUNT:
        return None, CountMissing.FEWER_THAN_FIVE
    return count, None
