"""How sign-in is slowed down, and what its history keeps for how long."""

from datetime import timedelta
from enum import StrEnum
from uuid import UUID

from shared.errors import Text, TooMany

FREE_TRIES = 5
FREE_TRIES_ALONE = 50
FIRST_PAUSE = timedelta(seconds=15)
LONGEST_PAUSE = timedelta(minutes=15)
HISTORY_LIFE = timedelta(days=90)
"""A quarter: long enough to find out that somebody else was in, short enough not to become a record of habits."""

NOBODY = UUID(int=0)
"""Whose history a try under an unknown name goes to, so that it takes as long as under a known one."""


class Outcome(StrEnum):
    """What became of a sign-in."""

    SIGNED_IN = "signed_in"
    PASSWORD_WRONG = "password_wrong"  # noqa: S105 - the name of an outcome
    SUSPENDED = "suspended"
    NO_AUTHORITY = "no_authority"
    SCOPE_REFUSED = "scope_refused"
    REFRESH_REUSED = "refresh_reused"


class SignInPaused(TooMany):
    code = "sign_in.paused"
    title = Text("Terlalu banyak percobaan", "Too many tries")
    detail = Text("Masuk dijeda selama {seconds} detik.", "Signing in is paused for {seconds} seconds.")
    fix = Text("Tunggu sesuai Retry-After.", "Wait as long as Retry-After says.")


def pause_after(failures: int, *, free: int) -> timedelta:
    """Return how long sign-in pauses after that many failures: none at first, then doubling."""
    if failures < free:
        return timedelta()
    doubled: timedelta = FIRST_PAUSE * 2 ** min(failures - free, 10)
    return min(doubled, LONGEST_PAUSE)
