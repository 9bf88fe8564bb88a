"""A write that lacks another service's fact ends its transaction, asks the owner, and begins anew with the answer.

No lock and no connection is held while another service thinks.
"""

from collections.abc import Awaitable, Callable, Hashable
from typing import Any, TypeVar

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.types import Message, Receive

A = TypeVar("A")
MOST_QUESTIONS = 5
"""More than any write asks; each is asked once, so that a write never goes round in circles."""


class Unanswered(Exception):  # noqa: N818 - a question, not a failure
    """A write cannot go on before its question is answered; it has changed nothing yet."""

    def __init__(self, question: Hashable, ask: Callable[[], Awaitable[Any]]) -> None:
        super().__init__(question)
        self.question = question
        self.ask = ask


def told(session: AsyncSession, question: Hashable, ask: Callable[[], Awaitable[A]]) -> A:
    """Return what the owner answered to a question; Unanswered when it was not asked yet in this request."""
    answers: dict[Hashable, A] = session.info.get("answers", {})
    if question not in answers:
        raise Unanswered(question, ask)
    return answers[question]


class Repeatable:
    """What a request sends, kept so that it can be read again from its beginning."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._kept: list[Message] = []
        self._next = 0

    def again(self) -> None:
        self._next = 0

    async def __call__(self) -> Message:
        if self._next == len(self._kept):
            self._kept.append(await self._receive())
        message = self._kept[self._next]
        self._next += 1
        return message
