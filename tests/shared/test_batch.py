"""Many writes in one request: in order, each with its own key and verdict, and nothing twice."""

import asyncio
from typing import Any
from uuid import uuid4

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from shared.batch import BatchDraft, faults_of
from shared.jsontypes import CONTROLS
from tests.house import Running, code_of, etag, new_id

BATCH = "/registry/v1/batch"
BOARDS = "/registry/v1/boards"
DRAFT = {"kelurahan_code": "34.71.03.1001", "name": "BKM Contoh", "founded_on": "2020-01-01"}


def write(method: str = "POST", path: str = BOARDS, **more: Any) -> dict[str, Any]:
    return {"method": method, "path": path, "idempotency_key": str(uuid4())} | more


async def send(registry: Running, *requests: dict[str, Any], **headers: str) -> httpx.Response:
    signed_in = headers or registry.token("facilitator", sub=SUB)
    return await registry.http.post(BATCH, json={"requests": list(requests)}, headers=signed_in)


SUB = str(uuid4())


async def boards(registry: Running) -> list[dict[str, Any]]:
    reply = await registry.http.get(f"{BOARDS}?limit=500")
    items: list[dict[str, Any]] = reply.json()["items"]
    return items


async def test_each_is_judged_as_if_it_came_alone_and_in_order(registry: Running) -> None:
    board = new_id()
    reply = await send(
        registry,
        write(body=DRAFT | {"id": board}),
        write(body=DRAFT | {"kelurahan_code": "33.74.01.1001"}),
        write(body=DRAFT | {"colour": "red"}),
        write("PATCH", f"{BOARDS}/{board}", body={"name": "BKM Baru"}),
        write("PATCH", f"{BOARDS}/{board}", body={"name": "BKM Baru"}, if_match='"1.x"'),
        write("PATCH", f"{BOARDS}/{board}?colour=red", body={"name": "BKM Baru"}, if_match='"2.x"'),
        write("POST", "/registry/v1/nothing", body={}),
        write("DELETE", f"{BOARDS}/{board}"),
    )

    told = [(one["status"], one["body"].get("code")) for one in reply.json()["responses"]]
    assert reply.status_code == 200
    assert told == [
        (201, None),
        (403, "region.missing"),
        (422, "body.invalid"),
        (428, "version.missing"),
        (200, None),
        (400, "query.invalid"),
        (404, "resource.not_found"),
        (405, "method.unknown"),
    ]
    assert (reply.json()["accepted"], reply.json()["refused"]) == (2, 6)
    assert reply.json()["responses"][0]["headers"]["location"] == f"{BOARDS}/{board}"
    assert [one["name"] for one in await boards(registry)] == ["BKM Baru"]


async def test_sent_again_accepted_ones_replay_and_refused_ones_are_judged_again(registry: Running) -> None:
    other = write(body=DRAFT | {"kelurahan_code": "33.74.01.1001"})
    requests = [write(body=DRAFT), other, write(body=DRAFT | {"name": "BKM Kedua"})]
    first = await send(registry, *requests)

    again = await send(registry, *requests, **registry.token("facilitator", sub=SUB))

    statuses = [[one["status"] for one in reply.json()["responses"]] for reply in (first, again)]
    replayed = [one["headers"].get("idempotency-replayed") for one in again.json()["responses"]]
    assert statuses == [[201, 403, 201], [201, 403, 201]]
    assert replayed == ["true", None, "true"]
    assert again.json()["responses"][0]["body"] == first.json()["responses"][0]["body"]
    assert len(await boards(registry)) == 2


async def test_two_of_the_same_batch_at_once_take_effect_once(registry: Running) -> None:
    requests = [write(body=DRAFT | {"name": f"BKM Ke-{number}"}) for number in range(10)]

    replies = await asyncio.gather(*(send(registry, *requests) for _ in range(3)))

    statuses = {one["status"] for reply in replies for one in reply.json()["responses"]}
    assert statuses <= {201, 409}
    assert len(await boards(registry)) == 10


async def test_what_one_leaves_behind_the_next_relies_on_and_the_journal_tells_of_each(registry: Running) -> None:
    board = new_id()
    group = {"board_id": board, "name": "KSM Contoh", "kind": "social", "bond": "interest", "formed_on": "2021-01-01"}
    await send(
        registry,
        write(body=DRAFT | {"id": board}),
        write(path="/registry/v1/groups", body=group | {"members": 5, "women": 2}),
    )
    await registry.seal()

    entries = await registry.http.get("/registry/v1/journal", headers=registry.service_token("planning"))

    assert [item["type"] for item in entries.json()["items"]] == ["board.recorded", "group.recorded"]


@pytest.mark.parametrize(
    ("request_", "pointer", "code"),
    [
        (write(path="/planning/v1/plans"), "/requests/1/path", "batch.outside"),
        (write(path="/registry/v1/batch"), "/requests/1/path", "batch.outside"),
        (write(path="/registry/v1/tokens"), "/requests/1/path", "batch.outside"),
        (write(path="/registry/v1/tokens/?x=1"), "/requests/1/path", "batch.outside"),
        (write(path="/registry/v1/x/../tokens"), "/requests/1/path", "batch.outside"),
        (write(path="/registry/v1/invitations/acceptance"), "/requests/1/path", "batch.outside"),
        (write(path="/registry/v1/accounts/self/password/"), "/requests/1/path", "batch.outside"),
        (write(path=f"{BOARDS}#x"), "/requests/1/path", "batch.outside"),
        (write(path="http://example.org/registry/v1/boards"), "/requests/1/path", "batch.outside"),
        (write(idempotency_key="a b"), "/requests/1/idempotency_key", "batch.key_unusable"),
        (write(method="GET"), "/requests/1/method", "value.not_a_choice"),
        ({"method": "POST", "path": BOARDS}, "/requests/1/idempotency_key", "field.missing"),
        (write(colour="red"), "/requests/1/colour", "field.unknown"),
    ],
)
async def test_what_cannot_be_run_stops_the_whole_batch_before_it_begins(
    registry: Running, request_: dict[str, Any], pointer: str, code: str
) -> None:
    reply = await send(registry, write(body=DRAFT), request_)

    assert reply.status_code == 422
    assert [(one["pointer"], one["code"]) for one in reply.json()["errors"]] == [(pointer, code)]
    assert await boards(registry) == []


async def test_the_same_key_twice_is_a_mistake_of_the_client(registry: Running) -> None:
    twice = write(body=DRAFT)

    reply = await send(registry, twice, twice)

    assert (reply.status_code, reply.json()["errors"][0]["code"]) == (422, "batch.key_twice")


async def test_it_is_for_who_signed_in_and_not_for_too_many(registry: Running) -> None:
    anonymous = await registry.http.post(BATCH, json={"requests": [write(body=DRAFT)]})
    too_many = await send(registry, *(write(body=DRAFT) for _ in range(201)))
    none = await send(registry)

    assert (anonymous.status_code, code_of(anonymous)) == (401, "token.missing")
    assert (too_many.status_code, too_many.json()["errors"][0]["code"]) == (422, "list.too_long")
    assert (none.status_code, none.json()["errors"][0]["code"]) == (422, "list.too_short")


async def test_an_item_edited_alone_meanwhile_is_told_as_it_is_now(registry: Running) -> None:
    headers = registry.token("facilitator")
    made = await registry.http.post(BOARDS, json=DRAFT, headers=headers)
    address = f"{BOARDS}/{made.json()['id']}"
    await registry.http.patch(address, json={"name": "BKM Lain"}, headers=headers | etag(made))

    reply = await send(registry, write("PATCH", address, body={"name": "X Y Z"}, if_match=made.headers["ETag"]))

    (verdict,) = reply.json()["responses"]
    assert (verdict["status"], verdict["body"]["current"]["name"]) == (412, "BKM Lain")


@given(st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=60))
def test_no_address_leads_out_of_the_service(path: str) -> None:
    try:
        draft = BatchDraft.model_validate({"requests": [write(path=path)]})
    except ValidationError:
        assert CONTROLS.search(path)
        return
    assert faults_of(draft, service="registry") or path.startswith("/registry/v1/")
