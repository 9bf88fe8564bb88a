"""What a report of progress and a handover must satisfy (C08, KSM-5, KSM-7)."""

from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

from shared.errors import Fault, Invalid, Text


class Stage(StrEnum):
    """When a photo was taken: at 0 %, 50 % and 100 % of the works (C08)."""

    BEFORE = "before"
    DURING = "during"
    AFTER = "after"


class Receiver(StrEnum):
    """Who takes over the finished work and keeps it up (KSM-5): KPP, KSM or the board."""

    KPP = "kpp"
    GROUP = "group"
    BOARD = "board"


class Report(Protocol):
    """A report of progress: percent built by a day."""

    @property
    def percent(self) -> int: ...
    @property
    def occurred_on(self) -> date: ...


class ProgressInvalid(Invalid):
    code = "progress.invalid"
    title = Text("Laporan kemajuan tidak sah", "Invalid progress")
    detail = Text(
        "Laporan ini melanggar {count} aturan; lihat `errors`.", "This report breaks {count} rule(s); see `errors`."
    )
    fix = Text("Periksa laporan sebelumnya.", "Check the reports before it.")


class HandoverTooEarly(Invalid):
    code = "handover.too_early"
    title = Text("Serah terima terlalu awal", "Handover too early")
    detail = Text("Pekerjaan baru selesai pada {day}.", "The works were finished on {day}.")
    fix = Text("Sebutkan hari serah terima yang sebenarnya.", "Give the day of the handover itself.")


FALLS = Text(
    "Laporan {day} sudah menyebut {percent} %; untuk koreksi isi correction_reason.",
    "The report of {day} already says {percent} %; to correct it, give correction_reason.",
)
EXCEEDS_LATER = Text(
    "Laporan {day} baru menyebut {percent} %; untuk koreksi isi correction_reason.",
    "The later report of {day} says {percent} %; to correct it, give correction_reason.",
)
VOLUME = Text(
    "Rencana memuat {planned}; lebih dari itu perlu berita acara di minutes_reference.",
    "The plan has {planned}; more than that needs the minutes in minutes_reference.",
)


def progress_faults(
    percent: int,
    *,
    before: Report | None,
    after: Report | None,
    corrects: bool,
    volume_done: Decimal | None,
    planned_volume: Decimal,
    agreed: bool,
) -> list[Fault]:
    """Return what is wrong with a report of progress.

    What is built does not vanish: between the reports `before` and `after` its day the percent never
    falls, unless it corrects them. More volume than planned was agreed in a meeting (KSM-7).
    """
    found: list[Fault] = []
    if before is not None and percent < before.percent and not corrects:
        values = {"day": before.occurred_on, "percent": before.percent}
        found.append(Fault("/percent", "progress.falls", FALLS, values))
    if after is not None and percent > after.percent and not corrects:
        values = {"day": after.occurred_on, "percent": after.percent}
        found.append(Fault("/percent", "progress.exceeds_later", EXCEEDS_LATER, values))
    if volume_done is not None and volume_done > planned_volume and not agreed:
        found.append(Fault("/volume_done", "progress.volume_exceeds_plan", VOLUME, {"planned": planned_volume}))
    return found


def require_valid_progress(
    percent: int,
    *,
    before: Report | None,
    after: Report | None,
    corrects: bool,
    volume_done: Decimal | None,
    planned_volume: Decimal,
    agreed: bool,
) -> None:
    """Refuse a report that breaks a rule, naming each one."""
    found = progress_faults(
        percent,
        before=before,
        after=after,
        corrects=corrects,
        volume_done=volume_done,
        planned_volume=planned_volume,
        agreed=agreed,
    )
    if found:
        raise ProgressInvalid(faults=found, count=len(found))


def require_finished_by(held_on: date, *, finished_on: date) -> None:
    """Refuse a handover before the day on which the works were finished."""
    if held_on < finished_on:
        raise HandoverTooEarly(pointer="/held_on", day=finished_on)
