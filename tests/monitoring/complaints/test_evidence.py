"""Evidence and minutes of complaints: for those who handle them, never for those whom they accuse."""

from typing import Any
from uuid import uuid4

import pytest

from tests.house import Running, code_of, etag
from tests.monitoring.complaints.test_routes import a_complaint
from tests.monitoring.story import a_known_board
from tests.shared.test_attachments import Clerk, a_paper, a_photo, journaled

ROOT = "/monitoring/v1/attachments"


@pytest.fixture
async def handler(monitoring: Running) -> Clerk:
    filed = await a_complaint(monitoring)
    return Clerk(monitoring, f"complaints/{filed.json()['id']}")


async def test_is_seen_by_those_who_handle_the_complaint_alone(handler: Clerk, monitoring: Running) -> None:
    kept = await handler.attaches(a_paper(mark="receipt"), purpose="evidence")
    address = f"{ROOT}/{kept.json()['id']}"

    assert (kept.json()["state"], kept.json()["public"]) == ("kept", False)
    assert (await handler.reads(f"{address}/content")).content == a_paper(mark="receipt")
    for headers in ({}, monitoring.token("facilitator", regions=("33.74",)), monitoring.token("group_officer")):
        for one in (address, f"{address}/content"):
            assert (await handler.reads(one, headers)).status_code == 404
        listed = await handler.reads(f"{ROOT}?subject={handler.subject}", headers)
        assert listed.json()["items"] == []


async def test_is_withheld_from_the_accused_in_whatever_role(monitoring: Running) -> None:
    board = await a_known_board(monitoring)
    filed = await a_complaint(monitoring, board_id=board["id"], accused={"kind": "board"})
    handler = Clerk(monitoring, f"complaints/{filed.json()['id']}")
    kept = await handler.attaches(a_photo(), "image/jpeg", purpose="evidence")
    accused = monitoring.token("board_officer", "facilitator")

    address = f"{ROOT}/{kept.json()['id']}"
    assert (await handler.reads(f"{address}/content?size=small")).status_code == 200
    for one in (address, f"{address}/content", f"{address}/content?size=small"):
        assert (await handler.reads(one, accused)).status_code == 404
    assert (await handler.reads(ROOT, accused)).json()["items"] == []
    handler.headers = accused
    assert code_of(await handler.opens(a_paper(), purpose="evidence")) == "resource.not_found"


async def test_leaves_nothing_in_the_journal_by_which_a_paper_is_known_again(
    handler: Clerk, monitoring: Running
) -> None:
    paper = a_paper(mark="a list that only the treasurer has")
    kept = await handler.attaches(paper, purpose="evidence")
    minutes = await handler.attaches(a_paper(mark="minutes"))

    told: list[dict[str, Any]] = await journaled(monitoring, "attachment.added")
    assert [(one["purpose"], one["digest"], one["size"]) for one in told] == [
        ("evidence", None, None),
        ("minutes", minutes.json()["digest"], 900),
    ]
    assert kept.json()["digest"] not in str(told)


async def test_is_withdrawn_by_who_brought_it_alone(handler: Clerk, monitoring: Running) -> None:
    kept = await handler.attaches(a_paper(), purpose="evidence")
    address = f"{ROOT}/{kept.json()['id']}/withdrawal"

    colleague = monitoring.token("facilitator", sub=str(uuid4()))
    refused = await monitoring.http.post(address, headers=colleague | etag(kept))
    assert (refused.status_code, code_of(refused)) == (403, "attachment.not_yours")
    withdrawn = await monitoring.http.post(address, headers=handler.headers | etag(kept))
    assert withdrawn.json()["state"] == "withdrawn"
    (told,) = await journaled(monitoring, "attachment.withdrawn")
    assert told["digest"] is None
