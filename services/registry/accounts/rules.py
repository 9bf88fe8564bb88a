"""Roles, the scopes they carry, and for when they may be given; four eyes are judged elsewhere."""

from collections.abc import Collection, Iterable
from datetime import date
from enum import StrEnum
from uuid import UUID

from shared.errors import Conflict, Forbidden, Invalid, Text, Unauthenticated


class Role(StrEnum):
    """What a person is in the programme."""

    VOLUNTEER = "volunteer"
    GROUP_OFFICER = "group_officer"
    BOARD_OFFICER = "board_officer"
    SUPERVISOR = "supervisor"
    FACILITATOR = "facilitator"
    CITY_COORDINATOR = "city_coordinator"
    CITY_COMMITTEE = "city_committee"
    GOVERNMENT = "government"
    AUDITOR = "auditor"
    PARTNER = "partner"
    PROGRAMME_MANAGER = "programme_manager"
    OPERATOR = "operator"


READS = frozenset(
    {
        "registry:boards:read",
        "registry:groups:read",
        "registry:residents:read",
        "registry:elections:read",
        "registry:volunteers:read",
        "registry:facilitators:read",
        "registry:consents:read",
        "registry:journal:read",
        "planning:mapping:read",
        "planning:plans:read",
        "planning:activities:read",
        "planning:channeling:read",
        "planning:journal:read",
        "monitoring:values:read",
        "monitoring:journal:read",
    }
)
SURVEY = {"registry:residents:write", "registry:volunteers:write", "planning:mapping:write"}
"""The work of those who survey their own kelurahan."""

PERSONAL = {"registry:personal:read", "registry:duplicates:read"}
"""Names, addresses and phones of residents, where somebody serves; the NIK has a scope of its own."""

BOARD_WORK = (
    READS
    | SURVEY
    | PERSONAL
    | {
        "registry:boards:write",
        "registry:groups:write",
        "registry:consents:write",
        "registry:duplicates:write",
        "registry:elections:write",
        "registry:learning:write",
        "registry:delegations:write",
        "planning:plans:write",
        "planning:activities:write",
        "planning:channeling:write",
        "monitoring:complaints:read",
        "monitoring:complaints:write",
    }
)
FACILITATION = (BOARD_WORK - {"registry:delegations:write"}) | {
    "registry:elections:approve",
    "registry:enrolments:write",
    "registry:emergencies:write",
    "planning:plans:approve",
    "planning:activities:approve",
}
CITY = {
    "registry:committees:write",
    "registry:facilitators:write",
    "registry:learning:write",
    "registry:partners:approve",
}
"""What is kept for a whole city."""

JOBS = {f"{service}:jobs:{act}" for service in ("registry", "planning", "monitoring") for act in ("read", "write")}
"""How far the long work of others is, and to call it off; of what it is about only counts."""

SCOPES: dict[Role, frozenset[str]] = {
    Role.VOLUNTEER: READS | SURVEY | {"registry:elections:write"},
    Role.GROUP_OFFICER: READS | {"planning:activities:write"},
    Role.BOARD_OFFICER: BOARD_WORK,
    Role.SUPERVISOR: READS
    | {
        "registry:elections:approve",
        "registry:readings:read",
        "planning:plans:approve",
        "planning:activities:approve",
        "monitoring:complaints:read",
    },
    Role.FACILITATOR: FACILITATION,
    Role.CITY_COORDINATOR: FACILITATION
    | CITY
    | {
        "registry:emergencies:approve",
        "registry:nik:read",
        "registry:partners:write",
        "monitoring:complaints:approve",
    },
    Role.CITY_COMMITTEE: READS
    | {
        "registry:emergencies:approve",
        "registry:elections:approve",
        "planning:plans:approve",
        "planning:activities:approve",
        "monitoring:complaints:read",
        "monitoring:complaints:approve",
    },
    Role.GOVERNMENT: READS
    | {
        "planning:plans:approve",
        "planning:activities:approve",
    },
    Role.AUDITOR: READS
    | PERSONAL
    | {"registry:nik:read", "registry:readings:read", "monitoring:complaints:read", "monitoring:integrity:write"},
    Role.PARTNER: frozenset({"planning:offers:write"}),
    Role.PROGRAMME_MANAGER: READS
    | {
        "registry:regions:write",
        "registry:programmes:write",
        "registry:enrolments:write",
        "registry:partners:approve",
        "registry:partners:write",
        "monitoring:integrity:write",
    },
    Role.OPERATOR: frozenset({"registry:accounts:read", "registry:accounts:write"}) | JOBS,
}

SERVICE_SCOPES: dict[str, frozenset[str]] = {
    "planning": frozenset({"registry:journal:follow", "registry:standings:read"}),
    "monitoring": frozenset({"registry:journal:follow", "registry:standings:read", "planning:journal:follow"}),
}


def scopes_of(roles: list[str]) -> list[str]:
    """Return every scope that the roles carry, sorted."""
    return sorted(frozenset().union(*(SCOPES[Role(role)] for role in roles)))


def all_scopes() -> list[str]:
    """Return every scope there is."""
    return sorted(frozenset().union(*SCOPES.values(), *SERVICE_SCOPES.values()))


class OwnAccount(Forbidden):
    code = "account.own"
    title = Text("Akun sendiri", "Own account")
    detail = Text(
        "Peran, wilayah dan penangguhan akun sendiri tidak dapat diubah sendiri.",
        "Nobody changes the roles and regions of their own account, or suspends it.",
    )
    fix = Text("Minta operator lain.", "Ask another operator.")


class UsernameTaken(Conflict):
    code = "username.taken"
    title = Text("Nama sudah dipakai", "Name already taken")
    detail = Text("Nama {name} sudah dipakai.", "The name {name} is taken.")
    fix = Text("Pilih nama lain.", "Choose another name.")


class PasswordIsName(Invalid):
    code = "password.is_name"
    title = Text("Sandi sama dengan nama", "The password is the name")
    detail = Text("Sandi tidak boleh sama dengan nama pengguna.", "A password cannot be the user name.")
    fix = Text("Pilih sandi yang tidak diketahui orang.", "Choose one that nobody knows.")


class AccountUnknown(Invalid):
    code = "account.unknown"
    title = Text("Akun tidak dikenal", "Unknown account")
    detail = Text("Tidak ada akun dengan id {id}.", "There is no account with the id {id}.")
    fix = Text("Mintalah id akun kepada pemiliknya.", "Ask the account's holder for its id.")


class AuthorityEnded(Unauthenticated):
    code = "authority.ended"
    title = Text("Tidak ada wewenang hari ini", "No authority today")
    detail = Text("Akun ini tidak memiliki peran yang berlaku hari ini.", "This account has no role that holds today.")
    fix = Text("Minta operator memberi wewenang baru.", "Ask an operator for a new authority.")


class AuthorityMissing(Conflict):
    code = "authority.missing"
    title = Text("Tidak ada wewenang hari ini", "No authority today")
    detail = Text(
        "Akun ini tidak memiliki wewenang yang berlaku hari ini.", "The account has no authority that holds today."
    )
    fix = Text("Beri wewenang di /authorities.", "Give one at /authorities.")


class AuthorityOver(Conflict):
    code = "authority.over"
    title = Text("Wewenang sudah berakhir", "Authority is over")
    detail = Text("Wewenang ini sudah berakhir atau dicabut.", "This authority has ended or was taken back.")
    fix = Text("Beri wewenang baru.", "Give a new one.")


class AuthorityOverlaps(Conflict):
    code = "authority.overlaps"
    title = Text("Wewenang bertumpuk", "Overlapping authority")
    detail = Text(
        "Akun ini sudah memiliki wewenang dari {starts_on} sampai {ends_on}.",
        "The account already has an authority from {starts_on} to {ends_on}.",
    )
    fix = Text(
        "Akhiri yang lama lebih dahulu, atau pakai akun lain untuk peran lain di wilayah lain.",
        "End that one first, or use another account for other roles elsewhere.",
    )


class AuthorityPast(Invalid):
    code = "authority.past"
    title = Text("Tanggal sudah lewat", "Day is over")
    detail = Text("{day} sudah lewat; hari ini {today}.", "{day} is over; today is {today}.")
    fix = Text("Wewenang berlaku mulai hari ini atau nanti.", "An authority holds from today on or later.")


class AuthorityBackwards(Invalid):
    code = "authority.backwards"
    title = Text("Urutan tanggal terbalik", "Days in the wrong order")
    detail = Text("Hari terakhir {ends_on} sebelum {starts_on}.", "The last day {ends_on} lies before {starts_on}.")
    fix = Text("Periksa kedua tanggal.", "Check both days.")


class PartnerUnnamed(Invalid):
    code = "account.partner_unnamed"
    title = Text("Mitra belum disebut", "Partner not named")
    detail = Text(
        "Peran `partner` bekerja untuk satu mitra, dan akun ini tidak menyebut mitranya.",
        "The role `partner` works for one partner, and this account names none.",
    )
    fix = Text(
        "Isi `org` dengan id mitra di /registry/v1/partners.", "Give the id of a /registry/v1/partners in `org`."
    )


def require_partner_named(roles: Collection[str], org: UUID | None) -> None:
    """Refuse the role of those who work for a partner where no partner is named."""
    if Role.PARTNER in roles and org is None:
        raise PartnerUnnamed(pointer="/roles")


def require_ahead(starts_on: date, ends_on: date | None, *, today: date) -> None:
    """Refuse an authority of the past: what nobody had cannot have been used."""
    if starts_on < today:
        raise AuthorityPast(pointer="/starts_on", day=starts_on, today=today)
    if ends_on is not None and ends_on < starts_on:
        raise AuthorityBackwards(pointer="/ends_on", starts_on=starts_on, ends_on=ends_on)


def require_secret(password: str, *, username: str, pointer: str) -> None:
    """Refuse a password that everybody knows who knows the user name."""
    if password.strip().casefold() == username.casefold():
        raise PasswordIsName(pointer=pointer)


def without(regions: Iterable[str], gone: Collection[str]) -> list[str]:
    """Return the regions that are left, sorted."""
    return sorted(set(regions) - set(gone))
