"""Every field of every body that elections take: what is wrong with it is said there, by code, in both languages."""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest

from tests.house import Running, code_of, etag, new_id
from tests.registry.electing import (
    CERTIFICATION,
    DELEGATE,
    ELECTIONS,
    PROGRAMME,
    Story,
    ballot,
    begin,
    day,
    meeting,
    members,
)

COMMITTEE = PROGRAMME["committee"] | {  # type: ignore[operator]
    "person_ids": [new_id()],
    "chair_person_id": new_id(),
    "chair_resigned_on": day(-20),
}
BALLOT = ballot() | {
    "id": new_id(),
    "voters": {"men": 18, "women": 22, "poor": 9, "poor_missing": None},
    "attending": {"men": 10, "women": 12},
    "collected": {"men": 8, "women": 10},
    "door_to_door": True,
    "handled_separately": None,
}
MEETING = meeting(members=[members(1)[0] | {"person_id": new_id()}]) | {"id": new_id()}
BODIES: dict[str, dict[str, Any]] = {
    "": PROGRAMME | {"id": new_id(), "board_id": new_id(), "committee": COMMITTEE},
    "/ballots": BALLOT,
    "/meetings": MEETING,
    "/delegates": DELEGATE | {"id": new_id(), "person_id": new_id()},
    "/certification": CERTIFICATION,
    "/annulment": {"annulled_on": day(0), "reason": "Kotak suara rusak"},
    "/tally-withdrawal": {"tally_id": new_id(), "reason": "Pencatat pindah"},
}
CHANGES: dict[str, dict[str, Any]] = {
    "": {name: value for name, value in BODIES[""].items() if name not in {"id", "board_id", "names_per_ballot"}},
    "/ballots": {name: value for name, value in BALLOT.items() if name not in {"id", "rt", "rw"}},
    "/meetings": {name: value for name, value in MEETING.items() if name != "id"},
    "/delegates": DELEGATE,
}


def leaves(body: Any, pointer: str = "") -> Iterator[str]:
    """Give the pointer of each value of a body that holds no others."""
    if isinstance(body, dict) and body:
        for name, value in body.items():
            yield from leaves(value, f"{pointer}/{name}")
    elif isinstance(body, list) and body:
        for index, value in enumerate(body):
            yield from leaves(value, f"{pointer}/{index}")
    else:
        yield pointer


def spoilt(body: dict[str, Any], pointer: str) -> Iterator[dict[str, Any]]:
    """Give the body with that value of another kind, and where it is a number or a text, beyond what it may be."""
    *above, last = pointer.split("/")[1:]
    wrong: list[Any] = [{"bukan": ["sah"]}, 1.5]
    for value in wrong + _beyond(_at(body, pointer)):
        copy = deepcopy(body)
        holder = _at(copy, "/".join(["", *above]))
        holder[int(last) if isinstance(holder, list) else last] = value
        yield copy


def _beyond(value: Any) -> list[Any]:
    if isinstance(value, bool) or value is None:
        return []
    return [-1, 10**9] if isinstance(value, int) else ["", "x" * 5000]


def _at(body: Any, pointer: str) -> Any:
    for part in pointer.split("/")[1:]:
        body = body[int(part) if isinstance(body, list) else part]
    return body


async def require_told(registry: Running, method: str, address: str, body: Any, *, headers: Any, pointer: str) -> None:
    found = {}
    for language in ("id", "en"):
        sent = headers | {"Accept-Language": language}
        reply = await registry.http.request(method, address, json=body, headers=sent)
        assert reply.status_code == 422, (pointer, body, reply.text)
        assert code_of(reply) == "body.invalid", (pointer, reply.text)
        (error,) = reply.json()["errors"]
        assert error["pointer"] == pointer or error["pointer"].startswith(f"{pointer}/"), (pointer, error)
        assert error["code"] != "value.invalid", error
        found[language] = error["message"]
    assert found["id"] != found["en"]


@pytest.fixture
async def story(registry: Running) -> Story:
    return await begin(registry)


@pytest.mark.parametrize("kind", BODIES)
async def test_of_what_is_entered(registry: Running, story: Story, kind: str) -> None:
    everything = registry.token("facilitator") | etag(await story.read())
    address = f"{story.address}{kind}" if kind else ELECTIONS
    for pointer in leaves(BODIES[kind]):
        for body in spoilt(BODIES[kind], pointer):
            await require_told(registry, "POST", address, body, headers=everything, pointer=pointer)


@pytest.mark.parametrize("kind", CHANGES)
async def test_of_what_is_corrected(registry: Running, story: Story, kind: str) -> None:
    clerk = registry.token("facilitator")
    made = story.election
    if kind:
        draft = {"/ballots": ballot(), "/meetings": meeting(), "/delegates": DELEGATE}[kind]
        made = await story.enter(kind.strip("/"), draft, clerk)
    for pointer in leaves(CHANGES[kind]):
        for body in spoilt(CHANGES[kind], pointer):
            await require_told(
                registry, "PATCH", made.headers["Location"], body, headers=clerk | etag(made), pointer=pointer
            )


async def test_an_election_whose_numbers_do_not_add_up_says_each_line_at_once(story: Story) -> None:
    wrong = ballot(
        eligible={"men": 10, "women": 50},
        papers={"valid": 38, "invalid": 3, "names": 3},
        delegates={"men": 8, "women": 7, "poor": 16},
    )
    found = {}
    for language in ("id", "en"):
        reply = await story.enter("ballots", wrong, story.first | {"Accept-Language": language})
        assert (reply.status_code, code_of(reply)) == (422, "tally.invalid")
        found[language] = {one["pointer"]: (one["code"], one["message"]) for one in reply.json()["errors"]}

    assert {pointer: code for pointer, (code, _) in found["en"].items()} == {
        "/voters/men": "ballot.voters_exceed_eligible",
        "/papers/valid": "ballot.papers_differ",
        "/delegates/poor": "ballot.poor_exceed",
        "/delegates": "ballot.delegates_exceed_names",
    }
    assert found["en"]["/voters/men"][1] == "18 voters exceed 10 eligible adults."
    assert found["en"]["/delegates"][1] == "15 delegates exceed the 3 names voted for."
    assert found["id"]["/voters/men"][1] == "Pemilih 18 melebihi warga dewasa 10."
    assert found["id"]["/delegates"][1] == "Utusan 15 melebihi nama yang terpilih 3."
