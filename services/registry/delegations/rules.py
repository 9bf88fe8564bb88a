"""What a board may let others do, and when that ends."""

from collections.abc import Collection
from datetime import date
from enum import StrEnum

from shared.errors import Conflict, Forbidden, Invalid, Text


class Work(StrEnum):
    """Work that may be delegated, as the scope it takes: entering, never approving, nor reading what is restricted."""

    GROUPS = "registry:groups:write"
    RESIDENTS = "registry:residents:write"
    VOLUNTEERS = "registry:volunteers:write"
    ELECTIONS = "registry:elections:write"
    LEARNING = "registry:learning:write"
    MAPPING = "planning:mapping:write"
    PLANS = "planning:plans:write"
    ACTIVITIES = "planning:activities:write"


class Seat(StrEnum):
    """What somebody is to a board that work is delegated to, the nearest first.

    Anggota terpilih, petugas sekretariat, UPK, UPL, UPS atau pengawas, pengurus KSM, relawan.
    """

    OFFICER = "officer"
    APPOINTMENT = "appointment"
    MEMBERSHIP = "membership"
    VOLUNTEER = "volunteer"


class NotInOffice(Forbidden):
    code = "delegation.not_in_office"
    title = Text("Bukan anggota yang menjabat", "Not in office")
    detail = Text(
        "Pada {day} orang dari akun ini tidak tercatat sebagai anggota terpilih yang menjabat di lembaga ini.",
        "On {day} this account's person is not recorded as an elected officer of this board.",
    )
    fix = Text(
        "Yang mendelegasikan adalah anggota terpilih, dengan akun yang dibuka atas person_id-nya.",
        "An elected officer delegates, with an account that was opened for the officer's person_id.",
    )


class NoSeat(Invalid):
    code = "delegation.no_seat"
    title = Text("Tidak berkedudukan di lembaga ini", "No seat at this board")
    detail = Text(
        "Pada {day} orang dari akun ini bukan anggota, petugas, relawan, atau pengurus KSM dari lembaga ini.",
        "On {day} this account's person is no officer of this board, none of its organs', groups' or volunteers.",
    )
    fix = Text(
        "Catat penunjukannya dengan person_id dari akun itu (lihat accounts/self), atau buka akun atas person_id-nya.",
        "Record the seat with the account's person_id (see accounts/self), or open an account for the seat's person_id.",
    )


class TakerUnknown(Invalid):
    code = "delegation.account_unknown"
    title = Text("Akun penerima tidak dapat menerima", "This account cannot take it")
    detail = Text(
        "Tidak ada akun orang dengan id ini yang hari ini hanya melayani {region}.",
        "No person's account with this id serves {region} today, and nothing else.",
    )
    fix = Text(
        "Mintalah id akun kepada pemiliknya; yang melayani wilayah lain juga memakai akun tersendiri.",
        "Ask the account's holder for its id; who serves other regions too takes an account of its own.",
    )


class TakerSelf(Invalid):
    code = "delegation.to_oneself"
    title = Text("Diri sendiri", "Yourself")
    detail = Text("Pekerjaan tidak didelegasikan kepada diri sendiri.", "Nobody delegates to themselves.")
    fix = Text("Pilih akun orang lain.", "Choose somebody else's account.")


class WorkNotHeld(Forbidden):
    code = "delegation.not_held"
    title = Text("Wewenang tidak dimiliki", "Not yours to give")
    detail = Text("Akun Anda tidak memiliki {scopes}.", "Your account does not have {scopes}.")
    fix = Text("Delegasikan hanya yang Anda miliki.", "Delegate only what you have.")


class NotDirect(Forbidden):
    code = "delegation.not_direct"
    title = Text("Bukan pengurus lembaga", "Not an officer's account")
    detail = Text(
        "Hanya akun orang dengan peran yang berlaku hari ini yang dapat mendelegasikan.",
        "Only a person's account with a role that holds today delegates.",
    )
    fix = Text("Masuklah dengan akun pengurus lembaga.", "Sign in with the account of the board's officer.")


class MandateNone(Conflict):
    code = "delegation.no_mandate"
    title = Text("Lembaga tidak bermandat", "No mandate")
    detail = Text(
        "Masa bakti lembaga ini tidak mencakup {starts_on} sampai {ends_on}.",
        "No term of the board covers {starts_on} to {ends_on}.",
    )
    fix = Text("Delegasi berakhir paling lambat bersama masa bakti.", "A delegation ends with the term at the latest.")


class DelegationPast(Invalid):
    code = "delegation.past"
    title = Text("Tanggal tidak sah", "Wrong day")
    detail = Text(
        "Delegasi berlaku mulai hari ini ({today}) atau nanti, dan berakhir tidak sebelum dimulai.",
        "A delegation holds from today ({today}) or later, and does not end before it begins.",
    )
    fix = Text("Periksa kedua tanggal.", "Check both days.")


class DelegationOver(Conflict):
    code = "delegation.over"
    title = Text("Delegasi sudah berakhir", "Delegation is over")
    detail = Text("Delegasi ini sudah berakhir atau dicabut.", "This delegation has ended or was taken back.")
    fix = Text("Buat delegasi baru.", "Make a new one.")


def require_ahead(starts_on: date, ends_on: date, *, today: date) -> None:
    """Refuse what would hold in the past, or end before it begins."""
    if starts_on < today:
        raise DelegationPast(pointer="/starts_on", today=today)
    if ends_on < starts_on:
        raise DelegationPast(pointer="/ends_on", today=today)


def lent(wanted: Collection[str], *, held: Collection[str]) -> list[str]:
    """Return the scopes that a delegation gives on a day: of those it names, what its delegator has and may lend."""
    return sorted(set(wanted) & set(held) & set(Work))
