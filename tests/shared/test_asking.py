"""A write asks another service between two transactions, and is judged anew with the answer."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from starlette.types import Message

from shared.asking import MOST_QUESTIONS, Repeatable, Unanswered
from shared.routing import router


@pytest.fixture
async def told() -> AsyncIterator[tuple[FastAPI, httpx.AsyncClient, list[Any]]]:
    """Give an application whose one write asks as many questions as its body says, and what happened."""
    happened: list[Any] = []
    routes = router(judges_token=False)

    @routes.post("/writes")
    async def write(body: dict[str, int]) -> dict[str, Any]:
        from_owner = happened[-1] if happened else None
        happened.append(("begun", body["questions"]))
        asked = [one for one in happened if one[0] == "asked"]
        if len(asked) < body["questions"]:
            number = len(asked)

            async def ask() -> int:
                happened.append(("asked", number))
                return number

            raise Unanswered(number, ask)
        return {"last": from_owner}

    app = FastAPI()
    app.include_router(routes)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://t") as http:
        yield app, http, happened


async def test_it_begins_anew_with_the_same_body_after_each_answer(told: Any) -> None:
    _, http, happened = told

    reply = await http.post("/writes", json={"questions": 2})

    assert reply.status_code == 200
    assert happened == [("begun", 2), ("asked", 0), ("begun", 2), ("asked", 1), ("begun", 2)]


async def test_it_does_not_ask_for_ever(told: Any) -> None:
    _, http, happened = told

    with pytest.raises(Unanswered):
        await http.post("/writes", json={"questions": 100})

    assert len([one for one in happened if one[0] == "asked"]) == MOST_QUESTIONS


async def test_what_was_sent_is_read_again_and_the_rest_after_it() -> None:
    parts = iter([{"type": "http.request", "body": bytes([number])} for number in range(3)])

    async def receive() -> Message:
        return next(parts)

    sent = Repeatable(receive)
    first = [await sent(), await sent()]
    sent.again()

    assert [await sent(), await sent()] == first
    assert (await sent())["body"] == b"\x02"
