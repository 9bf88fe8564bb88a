"""What an invitation's code looks like, how long it opens, and why it does not."""

import base64
from datetime import timedelta
from enum import StrEnum

from shared.errors import Conflict, Forbidden, Invalid, Text

INVITATION_LIFE = timedelta(days=7)
"""Long enough for a paper to reach a kelurahan by the next weekly meeting, short enough not to lie about for ever."""

CODE_BYTES = 16
"""128 bits: nobody guesses one, whatever the pauses between tries."""

GROUP = 4
LEAST_PASSWORD = 12


class InvitationState(StrEnum):
    """What became of an invitation."""

    OPEN = "open"
    ACCEPTED = "accepted"
    REVOKED = "revoked"
    EXPIRED = "expired"


class InvitationUnknown(Invalid):
    code = "invitation.unknown"
    title = Text("Kode undangan tidak dikenal", "Unknown invitation code")
    detail = Text("Kode undangan ini tidak cocok.", "This invitation code does not match.")
    fix = Text("Periksa kode pada kertas undangan, huruf demi huruf.", "Check the code on the paper, letter by letter.")


class InvitationOver(Conflict):
    code = "invitation.over"
    title = Text("Undangan sudah tidak berlaku", "Invitation is over")
    detail = Text(
        "Undangan ini sudah dipakai, dicabut, atau kedaluwarsa.",
        "This invitation was used, was revoked or has expired.",
    )
    fix = Text("Minta undangan baru kepada operator.", "Ask an operator for a new one.")


class PasswordWrong(Forbidden):
    code = "password.wrong"
    title = Text("Sandi lama salah", "Old password is wrong")
    detail = Text("Sandi lama tidak cocok.", "The old password does not match.")
    fix = Text(
        "Periksa dan coba lagi; setelah beberapa kali gagal ada jeda.",
        "Check it and try again; after a few failures there is a pause.",
    )


class PasswordSame(Invalid):
    code = "password.same"
    title = Text("Sandi tidak berubah", "Password unchanged")
    detail = Text("Sandi baru sama dengan yang lama.", "The new password is the old one.")
    fix = Text("Pilih sandi lain.", "Choose another one.")


class PasswordNone(Forbidden):
    code = "password.none"
    title = Text("Akun ini tidak bersandi", "No password here")
    detail = Text("Token ini milik sebuah program, bukan akun orang.", "This token is a program's, not a person's.")
    fix = Text(
        "Program mengganti rahasianya di /registry/v1/clients.", "Programs change secrets at /registry/v1/clients."
    )


def written(code: bytes) -> str:
    """Return a code as it is handed over: base 32 in groups of four, without 0, 1, 8 and 9, which paper confuses."""
    letters = base64.b32encode(code).decode().rstrip("=")
    return "-".join(letters[start : start + GROUP] for start in range(0, len(letters), GROUP))


def read(code: str) -> bytes:
    """Return what a code means, however it was typed: small letters, blanks and hyphens do not count."""
    return "".join(code.split()).replace("-", "").upper().encode()
