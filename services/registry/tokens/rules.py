"""How long tokens live, and which scopes they carry."""

from datetime import datetime, timedelta

from shared.errors import Forbidden, Malformed, Text, Unauthenticated

ACCESS_LIFE = timedelta(minutes=15)
REFRESH_LIFE = timedelta(days=30)


class CredentialsWrong(Unauthenticated):
    code = "credentials.wrong"
    title = Text("Nama atau sandi salah", "Wrong name or password")
    detail = Text(
        "Nama, sandi, rahasia klien atau refresh token tidak cocok.",
        "The name, password, client secret or refresh token does not match.",
    )
    fix = Text(
        "Periksa dan coba lagi; setelah beberapa kali gagal ada jeda.",
        "Check it and try again; after a few failures there is a pause.",
    )


class GrantInvalid(Malformed):
    code = "grant.invalid"
    title = Text("Permintaan token tidak lengkap", "Incomplete token request")
    detail = Text("Untuk grant_type {grant} diperlukan {fields}.", "The grant_type {grant} needs {fields}.")
    fix = Text("Kirim sebagai application/x-www-form-urlencoded.", "Send it as application/x-www-form-urlencoded.")


class ScopeNotHeld(Malformed):
    code = "scope.not_held"
    title = Text("Wewenang tidak dimiliki", "Scope not held")
    detail = Text("Akun ini tidak memiliki {scopes}.", "This account does not have {scopes}.")
    fix = Text("Minta hanya wewenang yang dimiliki.", "Ask only for scopes the account has.")


class NotAPerson(Forbidden):
    code = "account.not_one"
    title = Text("Bukan token orang", "Not a person's token")
    detail = Text("Token ini milik sebuah program, bukan akun orang.", "This token is a program's, not a person's.")
    fix = Text("Program memakai /registry/v1/clients/self.", "Programs use /registry/v1/clients/self.")


def narrowed(held: list[str], wanted: list[str] | None) -> list[str]:
    """Return the scopes a token shall carry: all that are held, or fewer when fewer were asked for."""
    if wanted is None:
        return held
    missing = sorted(set(wanted) - set(held))
    if missing:
        raise ScopeNotHeld(scopes=" ".join(missing))
    return sorted(set(wanted))


def expiry(issued: int, *, life: timedelta, ends_at: datetime | None) -> int:
    """Return when a token ends, in seconds: after its life, or before with what it speaks for."""
    lived = issued + int(life.total_seconds())
    return lived if ends_at is None else min(lived, int(ends_at.timestamp()))
