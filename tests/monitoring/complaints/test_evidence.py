"""Evidence and minutes of complaints: for those who handle them, never for those whom they accuse."""

import hashlib
from typing import Any
from uuid import uuid4

import pytest

from shared.storage import StorageUnavailable
from tests.house import Running, code_of, etag
from tests.monitoring.complaints.test_routes import COMPLAINTS, TRACKED, a_complaint
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


class Complainant:
    """Somebody without an account who has a code."""

    def __init__(self, service: Running, filed: Any) -> None:
        self.service, self.filed = service, filed
        self.headers = {"Tracking-Code": filed.json()["tracking_code"]}

    async def opens(self, content: bytes, media_type: str = "application/pdf", **changes: Any) -> Any:
        draft = {"media_type": media_type, "size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        return await self.service.http.post(f"{TRACKED}/attachments", json=draft | changes, headers=self.headers)

    async def sends(self, upload: str, offset: int, part: bytes) -> Any:
        headers = self.headers | {"Upload-Offset": str(offset)}
        return await self.service.http.post(f"{TRACKED}/attachments/{upload}/parts", content=part, headers=headers)

    async def adds(self, photo: bytes, **headers: str) -> Any:
        return await self.service.http.post(f"{TRACKED}/photos", content=photo, headers=self.headers | headers)

    async def tracks(self) -> Any:
        return (await self.service.http.get(TRACKED, headers=self.headers)).json()


@pytest.fixture
async def complainant(monitoring: Running) -> Complainant:
    return Complainant(monitoring, await a_complaint(monitoring))


class TestWithACode:
    async def test_a_paper_comes_in_parts_and_is_seen_by_who_handles_it(
        self, complainant: Complainant, monitoring: Running
    ) -> None:
        paper, identity = a_paper(mark="a receipt"), str(uuid4())
        opened = await complainant.opens(paper, id=identity)
        first = await complainant.sends(identity, 0, paper[:300])
        asked = await complainant.opens(paper, id=identity)
        last = await complainant.sends(identity, 300, paper[300:])
        again = await complainant.sends(identity, 300, paper[300:])

        assert (opened.status_code, first.json()["received"]) == (201, 300)
        assert (asked.status_code, asked.json()["received"]) == (200, 300)
        assert (last.json()["state"], again.json()) == ("kept", last.json())
        for headers, status in ((monitoring.token("facilitator"), 200), (complainant.headers, 404), ({}, 404)):
            read = await monitoring.http.get(f"{ROOT}/{identity}/content", headers=headers)
            assert read.status_code == status
        assert (await complainant.tracks())["photos"] == 0

    async def test_nothing_in_the_journal_tells_who_brought_it(
        self, complainant: Complainant, monitoring: Running
    ) -> None:
        await complainant.adds(a_photo())
        await monitoring.seal()
        feed = await monitoring.http.get("/monitoring/v1/journal?limit=1000", headers=monitoring.token("auditor"))

        told = [(one["type"], one["data"]["actor"]) for one in feed.json()["items"]]
        assert told == [("complaint.received", None), ("attachment.added", None), ("complaint.photo_added", None)]

    async def test_a_photo_sent_again_with_its_key_is_there_once(
        self, complainant: Complainant, monitoring: Running
    ) -> None:
        key = {"Idempotency-Key": str(uuid4())}
        first, again = [await complainant.adds(a_photo(), **key) for _ in range(2)]
        other = await complainant.adds(a_photo(shade=9), **key)

        assert (first.status_code, again.status_code, again.json()) == (201, 201, first.json())
        assert again.headers["Idempotency-Replayed"] == "true"
        assert (other.status_code, code_of(other)) == (422, "idempotency.key_reused")
        listed = await monitoring.http.get(ROOT, headers=monitoring.token("facilitator"))
        assert len(listed.json()["items"]) == 1

    async def test_a_photo_that_a_death_kept_from_its_row_is_there_once_when_it_comes_again(
        self, complainant: Complainant, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def dies(*_: Any, **__: Any) -> None:
            raise ConnectionError

        key = {"Idempotency-Key": str(uuid4())}
        with monkeypatch.context() as patch:
            patch.setattr("services.monitoring.complaints.service.take_part", dies)
            with pytest.raises(ConnectionError):
                await complainant.adds(a_photo(), **key)
        assert (await complainant.adds(a_photo(), **key)).json()["photos"] == 1

    async def test_photos_and_papers_are_ten_together_and_what_is_none_does_not_count(
        self, complainant: Complainant
    ) -> None:
        for _ in range(12):
            assert (await complainant.adds(a_photo()[:400])).status_code == 422
        for number in range(5):
            assert (await complainant.adds(a_photo(shade=number))).status_code == 201
            assert (await complainant.opens(a_paper(mark=str(number)))).status_code == 201
        for refused in (await complainant.adds(a_photo()), await complainant.opens(a_paper())):
            assert (refused.status_code, code_of(refused)) == (409, "complaint.photos_enough")

    async def test_a_storage_that_is_away_uses_none_of_the_ten_up(
        self, complainant: Complainant, monitoring: Running, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def away(*_: Any) -> None:
            raise StorageUnavailable(retry_after=5)

        for key in ({}, {"Idempotency-Key": str(uuid4())}):
            with monkeypatch.context() as patch:
                patch.setattr(monitoring.app.state.storage, "put", away)
                for _ in range(11):
                    refused = await complainant.adds(a_photo(), **key)
                    assert (refused.status_code, code_of(refused)) == (503, "storage.unavailable")
            assert (await complainant.adds(a_photo(), **key)).status_code == 201

    async def test_a_code_reaches_its_own_complaint_alone(self, complainant: Complainant, monitoring: Running) -> None:
        paper, identity = a_paper(), str(uuid4())
        await complainant.opens(paper, id=identity)
        stranger = Complainant(monitoring, await a_complaint(monitoring))

        assert code_of(await stranger.opens(paper, id=identity)) == "id.taken"
        assert code_of(await stranger.sends(identity, 0, paper)) == "resource.not_found"
        stranger.headers = {"Tracking-Code": "x"}
        assert code_of(await stranger.opens(paper)) == "complaint.unknown"
        assert code_of(await stranger.sends(identity, 0, paper)) == "resource.not_found"
        handler = Clerk(monitoring, f"complaints/{complainant.filed.json()['id']}")
        minutes = (await handler.attaches(a_paper(mark="minutes of who said what"))).json()
        assert code_of(await complainant.sends(minutes["id"], 0, paper)) == "resource.not_found"
        assert code_of(await complainant.opens(paper, id=minutes["id"])) == "id.taken"

    async def test_a_code_opens_nothing_at_the_addresses_of_accounts(
        self, complainant: Complainant, monitoring: Running
    ) -> None:
        identity = complainant.filed.json()["id"]
        await complainant.adds(a_photo())

        for address in (f"{COMPLAINTS}/{identity}", COMPLAINTS, f"{COMPLAINTS}/{identity}/contact"):
            reply = await monitoring.http.get(address, headers=complainant.headers)
            assert (reply.status_code, code_of(reply)) == (401, "token.missing")
        assert (await monitoring.http.get(ROOT, headers=complainant.headers)).json()["items"] == []

    async def test_the_photos_of_who_handles_it_are_not_counted_as_the_complainants(
        self, complainant: Complainant, monitoring: Running
    ) -> None:
        handler = Clerk(monitoring, f"complaints/{complainant.filed.json()['id']}")
        await handler.attaches(a_photo(shade=1), "image/jpeg", purpose="evidence")
        await complainant.adds(a_photo(shade=2))
        shown = await monitoring.http.get(f"{COMPLAINTS}/{handler.subject.split('/')[1]}", headers=handler.headers)

        assert (await complainant.tracks())["photos"] == 1
        assert len(shown.json()["photos"]) == 2
        photo = f"{COMPLAINTS}/{shown.json()['id']}/photos/{shown.json()['photos'][1]['digest']}"
        part = await monitoring.http.get(photo, headers=handler.headers | {"Range": "bytes=0-2"})
        assert (part.status_code, part.content) == (206, b"\xff\xd8\xff")
