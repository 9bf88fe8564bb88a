"""What groups there are, who may belong to them when, and how they save (KSM-1 to KSM-4)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from shared.errors import Conflict, Fault, Invalid, Text


class GroupKind(StrEnum):
    """What a group is formed for (KSM-2)."""

    ENVIRONMENT = "environment"
    SOCIAL = "social"
    ECONOMIC = "economic"
    COMMITTEE = "committee"


class Bond(StrEnum):
    """What its members have in common (KSM-1)."""

    INTEREST = "interest"
    ACTIVITY = "activity"
    DOMICILE = "domicile"


class MemberRole(StrEnum):
    """What somebody does in a group."""

    CHAIR = "chair"
    SECRETARY = "secretary"
    TREASURER = "treasurer"
    MEMBER = "member"


class MembershipEnd(StrEnum):
    """Why a membership ended."""

    LEFT = "left"
    MOVED = "moved"
    DIED = "died"
    EXCLUDED = "excluded"
    NEW_ROLE = "new_role"
    GROUP_DISSOLVED = "group_dissolved"


class CountedFrom(StrEnum):
    """Where a group's numbers come from."""

    MEMBERSHIPS = "memberships"
    RECORDED = "recorded"


@dataclass(frozen=True, slots=True)
class GroupRules:
    """What a guideline asks of a group.

    The fewest members (persons) by kind; of an economic group also the share of women (percent) and the run of months
    with savings before its first loan.
    """

    least_members: int
    least_members_economic: int
    least_women_percent: int
    least_savings_months: int

    def least(self, kind: GroupKind) -> int:
        """Return the fewest members of a kind (KSM-3)."""
        return self.least_members_economic if kind is GroupKind.ECONOMIC else self.least_members


class GroupInvalid(Invalid):
    code = "group.invalid"
    title = Text("KSM tidak memenuhi syarat", "The group does not qualify")
    detail = Text(
        "KSM ini melanggar {count} aturan; lihat `errors`.", "This group breaks {count} rule(s); see `errors`."
    )
    fix = Text("Periksa daftar anggota.", "Check the list of members.")


class GroupUnknown(Invalid):
    code = "group.unknown"
    title = Text("KSM tidak dikenal", "Unknown group")
    detail = Text(
        "Tidak ada KSM dengan id {group_id} di wilayah Anda.",
        "There is no group with the id {group_id} in your regions.",
    )
    fix = Text("Cari di /registry/v1/groups.", "Look it up in /registry/v1/groups.")


class MembersListed(Conflict):
    code = "group.members_listed"
    title = Text("Anggota sudah didaftar", "Members are listed")
    detail = Text(
        "Anggota KSM ini sudah didaftar satu per satu, jadi jumlahnya dihitung dari sana.",
        "The members of this group are listed one by one, so their number is counted from there.",
    )
    fix = Text("Ubah keanggotaannya.", "Change the memberships.")


class GroupDissolved(Conflict):
    code = "group.dissolved"
    title = Text("KSM sudah bubar", "Group dissolved")
    detail = Text(
        "KSM ini bubar pada {dissolved_on}; yang dicatat harus sudah berakhir saat itu.",
        "This group was dissolved on {dissolved_on}; what is recorded must have ended by then.",
    )
    fix = Text("Periksa tanggalnya.", "Check the days.")


class NotDissolved(Conflict):
    code = "group.not_dissolved"
    title = Text("KSM belum bubar", "Group not dissolved")
    detail = Text(
        "KSM ini belum tercatat bubar, jadi tidak ada tanggal yang diperbaiki.",
        "No dissolution of this group is recorded, so there is no day to correct.",
    )
    fix = Text("Catat pembubarannya di `dissolution`.", "Record the dissolution at `dissolution`.")


def require_working(until: date | None, *, dissolved_on: date | None) -> None:
    """Refuse what goes on after a group's last day; without an end it does."""
    if dissolved_on is not None and (until is None or until > dissolved_on):
        raise GroupDissolved(dissolved_on=dissolved_on)


class NotBorrowing(Conflict):
    code = "group.not_borrowing"
    title = Text("Bukan KSM ekonomi", "Not an economic group")
    detail = Text(
        "Hanya KSM ekonomi yang meminjam dan menandatangani tanggung renteng.",
        "Only an economic group borrows and signs joint liability.",
    )
    fix = Text("Periksa jenis KSM ini.", "Check the kind of this group.")


class MembershipInvalid(Invalid):
    code = "membership.invalid"
    title = Text("Keanggotaan tidak sah", "Invalid membership")
    detail = Text(
        "Keanggotaan ini melanggar {count} aturan; lihat `errors`.",
        "This membership breaks {count} rule(s); see `errors`.",
    )
    fix = Text("Periksa buku anggota KSM.", "Check the group's book of members.")


class MembershipOverlaps(Conflict):
    code = "membership.overlaps"
    title = Text("Sudah menjadi anggota", "Already a member")
    detail = Text(
        "Orang ini sudah menjadi anggota KSM ini sejak {starts_on} pada waktu yang sama.",
        "This person is already a member of this group at that time, from {starts_on}.",
    )
    fix = Text("Akhiri keanggotaan yang lama lebih dahulu.", "End the earlier membership first.")


class ChairTaken(Conflict):
    code = "membership.chair_taken"
    title = Text("Sudah ada ketua", "There is a chair already")
    detail = Text(
        "KSM ini sudah punya ketua sejak {starts_on} pada waktu yang sama.",
        "This group already has a chair at that time, from {starts_on}.",
    )
    fix = Text("Akhiri keanggotaan ketua yang lama lebih dahulu.", "End the earlier chair's membership first.")


class SavingsInvalid(Invalid):
    code = "savings.invalid"
    title = Text("Catatan tabungan tidak sah", "Invalid savings")
    detail = Text(
        "Catatan ini melanggar {count} aturan; lihat `errors`.", "This record breaks {count} rule(s); see `errors`."
    )
    fix = Text("Periksa buku tabungan KSM.", "Check the group's savings book.")


class MonthTaken(Conflict):
    code = "savings.month_taken"
    title = Text("Bulan sudah dicatat", "Month already recorded")
    detail = Text("Tabungan bulan {month} sudah dicatat.", "The savings of {month} are recorded already.")
    fix = Text("Perbaiki catatan bulan itu dengan PATCH.", "Correct that month's record with PATCH.")


LEAST = Text("Paling sedikit {least} anggota untuk jenis ini.", "This kind needs at least {least} members.")
MORE = Text("Tidak boleh lebih dari jumlah anggota.", "Cannot exceed the number of members.")
MORE_THAN_THEN = Text(
    "Tidak boleh lebih dari anggota waktu itu, {members}.", "Cannot exceed the members of that time, {members}."
)
JOINED_LATER = Text("Ada yang baru bergabung {starts_on}.", "Somebody joined on {starts_on} only.")
LEFT_LATER = Text(
    "Ada yang tercatat keluar baru pada {ends_on}; perbaiki keanggotaannya dahulu.",
    "Somebody is on record as leaving on {ends_on} only; correct that membership first.",
)
BEFORE_THE_GROUP = Text("KSM ini baru dibentuk {formed_on}.", "This group was formed on {formed_on} only.")
RESIDENT_UNKNOWN = Text(
    "Tidak ada warga dengan id ini di kelurahan KSM.", "There is no resident with this id in the group's kelurahan."
)
RESIDENT_GONE = Text(
    "Warga ini tidak tinggal di sini lagi sejak {ends_on}.", "This resident has not lived here since {ends_on}."
)
END_INCOMPLETE = Text(
    "Tanggal berakhir dan alasannya diisi bersama, atau keduanya kosong.",
    "The last day and its reason are given together, or neither is.",
)
SAVERS = Text(
    "Tabungan dan penabung ada bersama, atau keduanya nol.",
    "There are savings and savers together, or both are zero.",
)


def group_faults(*, kind: GroupKind, members: int, women: int, rules: GroupRules) -> list[Fault]:
    """Return what is wrong with a group's numbers (KSM-3)."""
    least = rules.least(kind)
    found: list[Fault] = []
    if members < least:
        found.append(Fault("/members", "group.too_few_members", LEAST, {"least": least}))
    if women > members:
        found.append(Fault("/women", "group.women_exceed_members", MORE, {}))
    return found


def require_valid_group(*, kind: GroupKind, members: int, women: int, rules: GroupRules) -> None:
    """Refuse a group that breaks a rule, naming each one."""
    found = group_faults(kind=kind, members=members, women=women, rules=rules)
    if found:
        raise GroupInvalid(faults=found, count=len(found))


def before_group_faults(day: date | None, *, formed_on: date, pointer: str) -> list[Fault]:
    """Return a fault for a day before the group was formed."""
    if day is None or day >= formed_on:
        return []
    return [Fault(pointer, "group.not_formed_yet", BEFORE_THE_GROUP, {"formed_on": formed_on})]


def dissolution_faults(day: date, *, formed_on: date, joined: Sequence[date], left: Sequence[date]) -> list[Fault]:
    """Return what is wrong with the last day of a group: it is after its first, and nobody joined or left later."""
    found = before_group_faults(day, formed_on=formed_on, pointer="/dissolved_on")
    if joined and max(joined) > day:
        found.append(Fault("/dissolved_on", "group.joined_later", JOINED_LATER, {"starts_on": max(joined)}))
    if left and max(left) > day:
        found.append(Fault("/dissolved_on", "group.left_later", LEFT_LATER, {"ends_on": max(left)}))
    return found


def exceeding_faults(persons: int, *, members: int, name: str, code: str) -> list[Fault]:
    """Return a fault for more persons who signed or saved (`name`) than the group had members then."""
    return [Fault(f"/{name}", code, MORE_THAN_THEN, {"members": members})] if persons > members else []


def ending_faults(ends_on: date | None, because: MembershipEnd | None) -> list[Fault]:
    """Return a fault for an end without its reason, or a reason without an end."""
    if (ends_on is None) == (because is None):
        return []
    return [Fault("/ends_on" if ends_on is None else "/ended_because", "membership.end_incomplete", END_INCOMPLETE, {})]


def savings_faults(*, savings_rupiah: int, savers: int) -> list[Fault]:
    """Return a fault for rupiah that nobody saved, or savers without rupiah."""
    if (savings_rupiah == 0) == (savers == 0):
        return []
    return [Fault("/savers", "savings.without_savers", SAVERS, {})]


def first_of(month: str) -> date:
    """Return the first day of a month given as 2024-06."""
    return date.fromisoformat(f"{month}-01")


def last_of(month: date) -> date:
    """Return the last day of a month given by its first."""
    return (month + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def month_before(month: date) -> date:
    """Return the first day of the month before."""
    return (month.replace(day=1) - timedelta(days=1)).replace(day=1)


def savings_run(months: Iterable[date], on: date) -> int:
    """Return how many months in a row a group saved, up to a day (KSM-4); a month without savings ends the run.

    `months` are first days of months in which it met and saved. The month that runs is not over: it counts when it is
    there, and ends nothing when it is not.
    """
    saved = set(months)
    month = on.replace(day=1)
    if month not in saved:
        month = month_before(month)
    run = 0
    while month in saved:
        run, month = run + 1, month_before(month)
    return run
