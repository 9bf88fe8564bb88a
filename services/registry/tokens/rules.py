"""How sign-in is slowed down, and how refresh tokens rotate."""

from datetime import datetime, timedelta

from shared.errors import Malformed, Text, TooMany, Unauthenticated

ACCESS_LIFE = timedelta(minutes=15)
REFRESH_LIFE = timedelta(days=30)
FREE_TRIES = 5
FREE_TRIES_ALONE = 50
FIRST_PAUSE = timedelta(seconds=15)
LONGEST_PAUSE = timedelta(minutes=15)


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


class SignInPaused(TooMany):
    code = "sign_in.paused"
    title = Text("Terlalu banyak percobaan", "Too many tries")
    detail = Text("Masuk dijeda selama {seconds} detik.", "Signing in is paused for {seconds} seconds.")
    fix = Text("Tunggu sesuai Retry-After.", "Wait as long as Retry-After says.")


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


def pause_after(failures: int, *, free: int) -> timedelta:
    """Return how long sign-in pauses after that many failures: none at first, then doubling."""
    if failures < free:
        return timedelta()
    doubled: timedelta = FIRST_PAUSE * 2 ** min(failures - free, 10)
    return min(doubled, LONGEST_PAUSE)
