"""Calling the API: a lost reply is asked for again, a busy server waited for, a token renewed and never passed on."""

import json
from collections.abc import Callable, Iterator

import pytest
from pydantic import SecretStr

from shared.calling import (
    TRIES,
    Api,
    CallerSettings,
    RefusedError,
    UnreachableError,
    UnsignedError,
    credentials,
    is_address,
)
from tests.shared.scripted import Answer, Script, scripted

PROBLEM = {"Content-Type": "application/problem+json"}
GOOD: Answer = (200, {}, b'{"id": 1}')


@pytest.fixture(autouse=True)
def paused(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Let no time pass; tell how long would have been waited."""
    found: list[float] = []
    monkeypatch.setattr("shared.calling.time.sleep", found.append)
    return found


Serve = Callable[[Callable[[int, str], Answer]], tuple[Script, Api]]


@pytest.fixture
def serve() -> Iterator[Serve]:
    opened = []

    def served(answer: Callable[[int, str], Answer]) -> tuple[Script, Api]:
        context = scripted(answer)
        script = context.__enter__()
        api = Api(script.url, "registry", token=SecretStr("secret"), credentials=None)
        opened.append((context, api))
        return script, api

    yield served
    for context, api in opened:
        api.close()
        context.__exit__(None, None, None)


def problem(status: int, code: str, **headers: str) -> Answer:
    return status, PROBLEM | headers, json.dumps({"code": code, "detail": "Begitu."}).encode()


def test_a_lost_reply_is_asked_for_again_with_the_same_key(serve: Serve) -> None:
    script, api = serve(lambda number, _: None if number < 2 else GOOD)

    reply = api.send("POST", api.path("imports"), content=b"a,b", headers={"Idempotency-Key": "k"})

    assert reply.json() == {"id": 1}
    assert [(headers["Idempotency-Key"], body) for _, headers, body in script.asked] == [("k", b"a,b")] * 3


def test_a_busy_server_is_waited_for_as_long_as_it_says(serve: Serve, paused: list[float]) -> None:
    busy = [
        problem(429, "rate.limited", **{"Retry-After": "7"}),
        problem(503, "database.busy", **{"Retry-After": "9000"}),
        problem(409, "idempotency.still_running", **{"Retry-After": "1"}),
    ]
    _, api = serve(lambda number, _: busy[number] if number < 3 else GOOD)

    assert api.read(api.path("boards")) == {"id": 1}
    assert paused == [7.0, 60.0, 1.0]


def test_patience_ends(serve: Serve) -> None:
    script, api = serve(lambda _number, _path: None)
    with pytest.raises(UnreachableError, match="cannot be reached"):
        api.read(api.path("boards"))
    assert len(script.asked) == TRIES

    _, api = serve(lambda _number, _path: problem(503, "database.busy"))
    with pytest.raises(RefusedError) as refusal:
        api.read(api.path("boards"))
    assert refusal.value.status == 503


def test_what_is_refused_is_not_asked_twice(serve: Serve) -> None:
    script, api = serve(lambda _number, _path: problem(422, "body.invalid"))

    with pytest.raises(RefusedError) as refusal:
        api.read(api.path("boards"))

    assert (refusal.value.code, len(script.asked)) == ("body.invalid", 1)
    assert refusal.value.lines() == ["Refused (422 body.invalid): Begitu."]


def test_what_is_no_answer_of_ours_is_told_so(serve: Serve) -> None:
    for body in (b"<html>", b"[]", b"\xff"):
        _, api = serve(lambda _number, _path, body=body: (404, {}, body))
        with pytest.raises(RefusedError) as refusal:
            api.read(api.path("boards"))
        assert refusal.value.lines() == ["Refused (404 ): this is no answer of Tridaya."]


def test_a_token_goes_nowhere_else(serve: Serve) -> None:
    other, _ = serve(lambda _number, _path: GOOD)
    _, api = serve(lambda _number, _path: (307, {"Location": f"{other.url}/registry/v1/boards"}, b""))

    with pytest.raises(RefusedError):
        api.read(api.path("boards"))

    assert other.asked == []


def test_a_token_that_has_ended_is_renewed_once(serve: Serve) -> None:
    def answer(number: int, path: str) -> Answer:
        if path.endswith("/tokens"):
            return 200, {}, json.dumps({"access_token": f"token-{number}"}).encode()
        return problem(401, "token.invalid") if number < 3 else GOOD

    script, _ = serve(answer)
    form = {"grant_type": "client_credentials", "client_id": "bank", "client_secret": "rahasia"}
    api = Api(script.url, "registry", token=None, credentials=form)

    assert api.read(api.path("boards")) == {"id": 1}
    api.close()
    asked = [(path.rpartition("/")[2], headers.get("Authorization")) for path, headers, _ in script.asked]
    assert asked == [("tokens", None), ("boards", "Bearer token-0"), ("tokens", None), ("boards", "Bearer token-2")]
    assert script.asked[0][2] == b"grant_type=client_credentials&client_id=bank&client_secret=rahasia"


def test_a_wrong_password_is_refused_at_once(serve: Serve) -> None:
    script, _ = serve(lambda _number, _path: problem(401, "credentials.wrong"))
    api = Api(script.url, "registry", token=None, credentials={"grant_type": "password"})

    with pytest.raises(RefusedError) as refusal:
        api.read(api.path("boards"))

    api.close()
    assert (refusal.value.code, len(script.asked)) == ("credentials.wrong", 1)


def test_who_asks_is_told_by_the_environment_or_a_person(monkeypatch: pytest.MonkeyPatch) -> None:
    assert credentials(CallerSettings(token=SecretStr("t")), None) is None
    program = CallerSettings(client_id="bank", client_secret=SecretStr("rahasia"))
    assert credentials(program, None) == {
        "grant_type": "client_credentials",
        "client_id": "bank",
        "client_secret": "rahasia",
    }
    person = credentials(CallerSettings(client_id="bank"), lambda: ("siti", "sandi"))
    assert person == {"grant_type": "password", "username": "siti", "password": "sandi"}
    with pytest.raises(UnsignedError):
        credentials(CallerSettings(), None)
    assert "rahasia" not in repr(program)


@pytest.mark.parametrize(
    "url", ["localhost:8080", "ftp://a", "http://", "http://u:p@a", "http://a?b", "http://a b", ""]
)
def test_an_address_is_one_of_http_without_a_password(url: str) -> None:
    assert not is_address(url)
    assert is_address("https://tridaya.example/api")
