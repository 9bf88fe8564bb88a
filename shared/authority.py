"""Authority: what an account may now, for what is done in its name without its token: messages that go out, files."""

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from uuid import UUID

from shared.clock import read_clock
from shared.log import log
from shared.permissions import STANDINGS_SECONDS, Caller

REMEMBERED_SECONDS = 30.0
ASKED_AGAIN_SECONDS = 5.0
"""How soon whoever did not answer is asked once more."""

SKEW_SECONDS = 10.0
"""How far the clocks of two services may differ: an answer this close to a revocation is asked for again."""

Ask = Callable[[UUID], Awaitable[Caller | None]]
"""Says what an account or client may now; None when it may not sign in. May come from another service."""

Revoked = Callable[[], Awaitable[Mapping[UUID, float]]]
"""Gives from when (seconds) the tokens of recently revoked accounts count; infinite while one is suspended."""


class AuthorityUnknownError(Exception):
    """Nobody answered what an account may, and nothing is known of it that still holds."""


@dataclass(frozen=True, slots=True)
class _Answer:
    caller: Caller | None
    asked_at: float
    good_until: float


@dataclass(slots=True)
class Authorities:
    """What accounts may now, remembered for half a minute; a revocation is heard of within seconds.

    Suspensions are known here, so that they hold while whoever issues tokens is away; else what was known then holds.
    """

    ask: Ask
    revoked: Revoked
    _answers: dict[UUID, _Answer] = field(default_factory=dict)
    _not_before: Mapping[UUID, float] = field(default_factory=dict)
    _heard_until: float = 0.0

    async def of(self, account: UUID) -> Caller | None:
        """Return what an account may now, None when it may not sign in; AuthorityUnknownError when nobody tells."""
        if self._heard_until < time.monotonic():
            self._not_before = await self.revoked()
            self._heard_until = time.monotonic() + STANDINGS_SECONDS
        not_before = self._not_before.get(account, 0.0)
        if not_before == float("inf"):
            return None
        answer = self._answers.get(account)
        holds = answer is not None and answer.asked_at > not_before + SKEW_SECONDS
        if answer is None or not holds or answer.good_until < time.monotonic():
            answer = await self._asked(account, answer if holds else None)
        return answer.caller

    async def _asked(self, account: UUID, known: _Answer | None) -> _Answer:
        asked_at = read_clock().timestamp()
        try:
            caller = await self.ask(account)
        except Exception as error:
            log.warning("authority.unanswered", error=repr(error))
            if known is None:
                raise AuthorityUnknownError from error
            answer = replace(known, good_until=time.monotonic() + ASKED_AGAIN_SECONDS)
        else:
            answer = _Answer(caller, asked_at, time.monotonic() + REMEMBERED_SECONDS)
        self._answers[account] = answer
        return answer
