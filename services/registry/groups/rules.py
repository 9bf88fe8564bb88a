"""What groups there are, and the fewest members each needs (KSM-1, KSM-2, KSM-3)."""

from dataclasses import dataclass
from enum import StrEnum

from shared.errors import Fault, Invalid, Text


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


@dataclass(frozen=True, slots=True)
class GroupRules:
    """The fewest members (persons) by kind."""

    least_members: int
    least_members_economic: int


class GroupInvalid(Invalid):
    code = "group.invalid"
    title = Text("KSM tidak memenuhi syarat", "The group does not qualify")
    detail = Text(
        "KSM ini melanggar {count} aturan; lihat `errors`.", "This group breaks {count} rule(s); see `errors`."
    )
    fix = Text("Periksa daftar anggota.", "Check the list of members.")


LEAST = Text("Paling sedikit {least} anggota untuk jenis ini.", "This kind needs at least {least} members.")
MORE = Text("Tidak boleh lebih dari jumlah anggota.", "Cannot exceed the number of members.")


def group_faults(*, kind: GroupKind, members: int, women: int, rules: GroupRules) -> list[Fault]:
    """Return what is wrong with a group's numbers (KSM-3)."""
    least = rules.least_members_economic if kind is GroupKind.ECONOMIC else rules.least_members
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
