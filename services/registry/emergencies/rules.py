"""What counts as an emergency, how long it opens, and what it opens."""

from collections.abc import Collection, Sequence
from datetime import timedelta
from enum import StrEnum

from shared.errors import Conflict, Forbidden, Text

EMERGENCY_LIFE = timedelta(hours=1)
LEAST_REASON = 20
"""Characters: enough for who needs help with what; "darurat" is no reason."""

OPENED = frozenset({"registry:personal:read", "registry:nik:read"})
"""Names, addresses, phones, exact points and the NIK."""


class EmergencyKind(StrEnum):
    """What happened."""

    DISASTER = "disaster"
    HEALTH = "health"
    VIOLENCE = "violence"
    SEARCH = "search"
    LAW = "law"
    OTHER = "other"


class Told(StrEnum):
    """Whom an emergency is told to: the nearest of those who watch over its kelurahan and have an account that day."""

    SUPERVISORS = "supervisors"
    AUDITORS = "auditors"
    CITY = "city"
    NOBODY = "nobody"


NEAREST = (Told.SUPERVISORS, Told.AUDITORS, Told.CITY)
UNWATCHED = (Told.CITY, Told.NOBODY)
"""Where neither supervisor nor auditor serves, whoever answers for the city takes note instead."""


class EmergencyOpen(Conflict):
    code = "emergency.open"
    title = Text("Keadaan darurat masih terbuka", "An emergency is open already")
    detail = Text(
        "Akun ini masih memiliki keadaan darurat yang terbuka di {region}.",
        "The account has an emergency in {region} that is still open.",
    )
    fix = Text(
        "Pakai tokennya, nyatakan lagi dengan id yang sama untuk token lain, atau akhiri yang lama.",
        "Use its token, declare it again with the same id for another one, or end it.",
    )


class EmergencyOver(Conflict):
    code = "emergency.over"
    title = Text("Keadaan darurat sudah berakhir", "Emergency is over")
    detail = Text("Keadaan darurat ini sudah berakhir.", "This emergency is over.")
    fix = Text("Nyatakan yang baru dengan alasannya sendiri.", "Declare a new one with a reason of its own.")


class EmergencyNotPersonal(Forbidden):
    code = "emergency.not_personal"
    title = Text("Hanya untuk orang", "Only for people")
    detail = Text(
        "Keadaan darurat dinyatakan oleh orang yang perannya berlaku hari ini di wilayah itu.",
        "An emergency is declared by a person whose role holds there today.",
    )
    fix = Text("Masuklah dengan akun perorangan.", "Sign in with a personal account.")


class OwnEmergency(Forbidden):
    code = "emergency.own"
    title = Text("Keadaan darurat sendiri", "Own emergency")
    detail = Text("Yang menyatakan tidak ikut mengetahui.", "Who declared it does not acknowledge it.")
    fix = Text("Pengawas atau auditor yang mengetahuinya.", "A supervisor or auditor acknowledges it.")


class AcknowledgedAlready(Conflict):
    code = "emergency.acknowledged"
    title = Text("Sudah diketahui", "Acknowledged already")
    detail = Text("Keadaan darurat ini sudah diketahui pengawas.", "A supervisor has acknowledged this emergency.")
    fix = Text("Ambil datanya kembali.", "Read it again.")


def opened(held: Collection[str]) -> list[str]:
    """Return the scopes of an emergency's token: the restricted ones, and the reading in registry that its holder has."""
    return sorted(OPENED | {scope for scope in held if scope.startswith("registry:") and scope.endswith(":read")})


def told(counts: Sequence[int]) -> tuple[Told, int]:
    """Return whom an emergency is told to, and how many accounts they are, of how many there are of the nearest each."""
    found = zip(NEAREST, counts, strict=True)
    return next(((one, count) for one, count in found if count), (Told.NOBODY, 0))
