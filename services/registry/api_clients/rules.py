"""What a client opens, how many secrets it may have at once, and how long an old one goes on beside a new one."""

from collections.abc import Collection
from datetime import datetime, timedelta
from enum import StrEnum

from shared.errors import Conflict, Forbidden, Text

MOST_SECRETS = 2
"""One to follow, one to be followed: more would only be forgotten somewhere."""

LONGEST_OVERLAP_DAYS = 90


class ProgramScope(StrEnum):
    """What a partner's program may be given besides what is public."""

    OFFERS = "planning:offers:write"


class ServiceClient(Forbidden):
    code = "client.service"
    title = Text("Klien layanan sendiri", "A service's own client")
    detail = Text(
        "Klien ini milik layanan Tridaya sendiri; yang dibukanya tidak diubah di sini.",
        "This client is one of Tridaya's own services'; what it opens is not changed here.",
    )
    fix = Text("Ubah hanya klien milik mitra.", "Change only clients of partners.")


class SecretsFull(Conflict):
    code = "secrets.full"
    title = Text("Sudah ada dua rahasia", "Two secrets already")
    detail = Text(
        "Klien ini sudah memiliki {count} rahasia yang berlaku.", "The client has {count} secrets that hold already."
    )
    fix = Text("Hapus rahasia yang lama lebih dahulu.", "Retire the old one first.")


class LastSecret(Conflict):
    code = "secrets.last"
    title = Text("Rahasia terakhir", "Last secret")
    detail = Text(
        "Ini rahasia terakhir yang berlaku; tanpanya klien tidak dapat masuk.",
        "This is the last secret that holds; without it the client cannot sign in.",
    )
    fix = Text(
        "Tambahkan rahasia baru lebih dahulu, atau tangguhkan klien ini.",
        "Add a new one first, or suspend the client.",
    )


class SecretOver(Conflict):
    code = "secrets.over"
    title = Text("Rahasia sudah berakhir", "Secret is over")
    detail = Text("Rahasia ini sudah tidak berlaku.", "This secret no longer holds.")
    fix = Text("Tambahkan rahasia baru.", "Add a new one.")


class NotAClient(Forbidden):
    code = "client.not_one"
    title = Text("Bukan token klien", "Not a client's token")
    detail = Text(
        "Token ini milik seseorang, bukan milik sebuah program.", "This token is a person's, not a program's."
    )
    fix = Text(
        "Masuk dengan grant_type client_credentials; orang memakai /registry/v1/accounts/self.",
        "Sign in with grant_type client_credentials; people use /registry/v1/accounts/self.",
    )


def ending(expires_at: datetime | None, *, now: datetime, overlap_days: int) -> datetime:
    """Return when an old secret ends once a new one follows: after the overlap, never later than it would anyway."""
    overlapped = now + timedelta(days=overlap_days)
    return overlapped if expires_at is None else min(expires_at, overlapped)


def opens(scopes: Collection[str], *, of_roles: Collection[str], of_partner: bool) -> list[str]:
    """Return the scopes of a client's tokens: a partner's program has those it was given that its roles still carry."""
    return sorted(set(scopes) & set(of_roles)) if of_partner else sorted(scopes)
