import asyncio
import os
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
import psycopg
import pytest
from PIL import Image
from psycopg import sql

from services.monitoring.complaints.rules import read_code
from tests.house import Running, code_of, etag
from tests.monitoring.story import BACIRO, DEMANGAN, a_known_board, a_term, an_officer, entry, tell
from tests.registry.placing import merged

COMPLAINTS = "/monitoring/v1/complaints"
TRACKED = f"{COMPLAINTS}/tracked"
DRAFT = {
    "kelurahan_code": BACIRO,
    "scope": "financial",
    "category": "misuse_of_funds",
    "text": "The cement was paid twice.",
    "accused": {"kind": "other"},
    "occurred_on": "2026-03-05",
    "channel": "website",
}


async def a_complaint(monitoring: Running, *, key: str | None = None, **changes: Any) -> httpx.Response:
    headers = {"Idempotency-Key": key} if key else {}
    return await monitoring.http.post(COMPLAINTS, json=DRAFT | changes, headers=headers)


def with_code(filed: httpx.Response) -> dict[str, str]:
    return {"Tracking-Code": filed.json()["tracking_code"]}


async def answered(monitoring: Running, filed: httpx.Response, **claims: Any) -> httpx.Response:
    headers = monitoring.token("facilitator", **claims)
    address = f"{COMPLAINTS}/{filed.json()['id']}"
    seen = await monitoring.http.get(address, headers=headers)
    return await monitoring.http.post(f"{address}/answer", json={"text": "Mended."}, headers=headers | etag(seen))


def everything_stored(monitoring: Running) -> str:
    """Return all rows of all tables of a database as text."""
    with psycopg.connect(monitoring.url) as connection:
        names = [row[0] for row in connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
        rows = [
            str(row)
            for name in names
            for row in connection.execute(sql.SQL("SELECT one::text FROM {} AS one").format(sql.Identifier(name)))
        ]
        payloads = connection.execute("SELECT convert_from(payload, 'UTF8') FROM journal_entries").fetchall()
    return "\n".join([*rows, *(row[0] for row in payloads)])


class TestFile:
    async def test_needs_no_account_and_shows_a_code_of_128_bits_once(self, monitoring: Running) -> None:
        filed = await a_complaint(monitoring)

        assert filed.status_code == 201, filed.text
        assert len(filed.json()["tracking_code"].replace("-", "")) == 26
        assert filed.headers["Cache-Control"] == "private, no-store"
        tracked = await monitoring.http.get(TRACKED, headers=with_code(filed))
        assert tracked.json()["state"] == "received"
        assert "tracking_code" not in tracked.json()

    @pytest.mark.parametrize("key", [None, "601c5075-61c1-4b1d-9506-3e2138ce6d21"])
    async def test_the_code_and_the_key_are_stored_nowhere(self, monitoring: Running, key: str | None) -> None:
        filed = await a_complaint(monitoring, key=key)

        stored = everything_stored(monitoring)
        assert filed.json()["id"] in stored
        code = filed.json()["tracking_code"]
        assert code not in stored
        assert code.replace("-", "") not in stored
        assert (read_code(code) or b"").hex() not in stored
        assert key is None or key not in stored

    async def test_a_lost_reply_is_given_again_to_whoever_holds_the_key(self, monitoring: Running) -> None:
        key = str(uuid4())
        first, again = await a_complaint(monitoring, key=key), await a_complaint(monitoring, key=key)

        assert again.status_code == 201
        assert again.json() == first.json()
        assert again.headers["Idempotency-Replayed"] == "true"
        handled = await monitoring.http.get(COMPLAINTS, headers=monitoring.token("facilitator"))
        assert len(handled.json()["items"]) == 1

    async def test_a_replay_after_an_answer_is_still_the_first_reply(self, monitoring: Running) -> None:
        key = str(uuid4())
        first = await a_complaint(monitoring, key=key)
        await answered(monitoring, first)
        assert (await a_complaint(monitoring, key=key)).json() == first.json()

    async def test_the_same_key_with_another_complaint_is_refused(self, monitoring: Running) -> None:
        key = str(uuid4())
        await a_complaint(monitoring, key=key)
        other = await a_complaint(monitoring, key=key, text="Another story.")
        assert (other.status_code, code_of(other)) == (422, "idempotency.key_reused")

    async def test_the_same_id_without_the_key_gives_no_code_away(self, monitoring: Running) -> None:
        """Whoever handles a complaint knows its id and every word of it, but not the complainant's key."""
        identity = str(uuid4())
        first = await a_complaint(monitoring, key=str(uuid4()), id=identity)
        for key in (None, str(uuid4())):
            again = await a_complaint(monitoring, key=key, id=identity)
            assert (again.status_code, again.json()["tracking_code"]) == (200, None)
            assert again.json()["id"] == first.json()["id"]
        other = await a_complaint(monitoring, id=identity, text="Another story.")
        assert (other.status_code, code_of(other)) == (409, "id.taken")

    async def test_two_at_once_with_one_key_file_one_complaint(self, monitoring: Running) -> None:
        key = str(uuid4())
        replies = await asyncio.gather(*(a_complaint(monitoring, key=key) for _ in range(4)))
        assert {reply.status_code for reply in replies} <= {201, 409}
        assert len({reply.json()["tracking_code"] for reply in replies if reply.status_code == 201}) == 1
        listed = await monitoring.http.get(COMPLAINTS, headers=monitoring.token("facilitator"))
        assert len(listed.json()["items"]) == 1

    @pytest.mark.parametrize(
        ("change", "pointer", "code"),
        [
            ({"kelurahan_code": "34.71.99.9999"}, "/kelurahan_code", "place.unknown"),
            ({"occurred_on": "2999-01-01"}, "/occurred_on", "date.in_the_future"),
            ({"text": "x" * 4001}, "/text", "value.too_long"),
            ({"text": " "}, "/text", "value.too_short"),
            ({"accused": {"kind": "officer"}}, "/accused/officer_id", "complaint.accused_unclear"),
            ({"accused": {"kind": "board"}}, "/board_id", "complaint.accused_unclear"),
            ({"accused": {"kind": "board", "name": "Somebody"}}, "/accused/name", "field.unknown"),
            (
                {"accused": {"kind": "officer", "officer_id": str(uuid4())}},
                "/accused/officer_id",
                "complaint.subject_unknown",
            ),
            ({"activity_id": str(uuid4())}, "/activity_id", "complaint.subject_unknown"),
            ({"amount_reported_rupiah": 0}, "/amount_reported_rupiah", "value.too_small"),
            ({"colour": "red"}, "/colour", "field.unknown"),
        ],
    )
    async def test_names_the_wrong_place(
        self, monitoring: Running, change: dict[str, Any], pointer: str, code: str
    ) -> None:
        reply = await a_complaint(monitoring, **change)
        assert reply.status_code == 422, reply.text
        assert (reply.json()["errors"][0]["pointer"], reply.json()["errors"][0]["code"]) == (pointer, code)

    async def test_the_only_board_of_the_kelurahan_is_meant(self, monitoring: Running) -> None:
        board = await a_known_board(monitoring)
        assert (await a_complaint(monitoring)).json()["board_id"] == board["id"]
        await a_known_board(monitoring)
        assert (await a_complaint(monitoring)).json()["board_id"] is None

    async def test_a_board_of_another_kelurahan_is_refused(self, monitoring: Running) -> None:
        board = await a_known_board(monitoring, place=DEMANGAN)
        reply = await a_complaint(monitoring, board_id=board["id"])
        assert (reply.status_code, code_of(reply)) == (422, "complaint.subject_elsewhere")


class TestFollow:
    async def test_a_key_answers_again_only_with_the_code_it_came_with(self, monitoring: Running) -> None:
        """Every complainant sends the same words to the same address: the code alone tells them apart."""
        filed, other = await a_complaint(monitoring), await a_complaint(monitoring, text="Another story.")
        await answered(monitoring, filed)
        seen, key = await monitoring.http.get(TRACKED, headers=with_code(filed)), {"Idempotency-Key": str(uuid4())}

        async def confirm(headers: dict[str, str]) -> httpx.Response:
            body = {"resolved": True}
            return await monitoring.http.post(f"{TRACKED}/confirmation", json=body, headers=headers | key | etag(seen))

        first, again = await confirm(with_code(filed)), await confirm(with_code(filed))
        assert (first.status_code, again.json()) == (200, first.json())
        assert again.headers["Idempotency-Replayed"] == "true"
        for headers in (with_code(other), {"Tracking-Code": "x"}):
            refused = await confirm(headers)
            assert (refused.status_code, code_of(refused)) == (422, "idempotency.key_reused")

    async def test_shows_the_answers_and_is_for_nobodys_cache(self, monitoring: Running) -> None:
        filed = await a_complaint(monitoring)
        assert (await answered(monitoring, filed)).status_code == 200

        tracked = await monitoring.http.get(TRACKED, headers=with_code(filed))
        assert [(step["state"], step["text"]) for step in tracked.json()["steps"]] == [
            ("received", None),
            ("answered", "Mended."),
        ]
        assert tracked.headers["Cache-Control"] == "private, no-store"
        again = await monitoring.http.get(
            TRACKED, headers=with_code(filed) | {"If-None-Match": tracked.headers["ETag"]}
        )
        assert again.status_code == 304

    @pytest.mark.parametrize("code", ["00000-00000-0000-0000-0000-0000", "nonsense", "", "é"])
    async def test_an_unknown_code_is_unknown_whatever_it_looks_like(self, monitoring: Running, code: str) -> None:
        with monitoring.counted() as statements:
            reply = await monitoring.http.get(TRACKED, headers={"Tracking-Code": code.encode()})
        assert (reply.status_code, code_of(reply)) == (404, "complaint.unknown")
        assert len(statements) == 1, "as many as for a code that is known"

    async def test_a_missing_code_is_named(self, monitoring: Running) -> None:
        reply = await monitoring.http.get(TRACKED)
        assert (reply.status_code, code_of(reply)) == (400, "header.invalid")

    async def test_resolved_by_its_complainant_alone(self, monitoring: Running) -> None:
        filed = await a_complaint(monitoring)
        await answered(monitoring, filed)
        seen = await monitoring.http.get(TRACKED, headers=with_code(filed))
        confirm = f"{TRACKED}/confirmation"

        forgotten = await monitoring.http.post(confirm, json={"resolved": True}, headers=with_code(filed))
        assert (forgotten.status_code, code_of(forgotten)) == (428, "version.missing")
        done = await monitoring.http.post(confirm, json={"resolved": True}, headers=with_code(filed) | etag(seen))
        assert (done.status_code, done.json()["state"]) == (200, "resolved")
        assert done.json()["resolved_on"] is not None
        stale = await monitoring.http.post(confirm, json={"resolved": False}, headers=with_code(filed) | etag(seen))
        assert (stale.status_code, code_of(stale)) == (412, "version.stale")
        assert stale.json()["current"]["state"] == "resolved"
        late = await monitoring.http.post(confirm, json={"resolved": False}, headers=with_code(filed) | etag(done))
        assert (late.status_code, code_of(late)) == (409, "complaint.step_not_possible")

    async def test_opened_again_and_answered_again(self, monitoring: Running) -> None:
        filed = await a_complaint(monitoring)
        await answered(monitoring, filed)
        seen = await monitoring.http.get(TRACKED, headers=with_code(filed))
        reopened = await monitoring.http.post(
            f"{TRACKED}/confirmation",
            json={"resolved": False, "note": "Nothing was mended."},
            headers=with_code(filed) | etag(seen),
        )
        assert reopened.json()["state"] == "reopened"
        assert (await answered(monitoring, filed)).json()["state"] == "answered"

    async def test_cannot_be_confirmed_before_it_is_answered(self, monitoring: Running) -> None:
        filed = await a_complaint(monitoring)
        seen = await monitoring.http.get(TRACKED, headers=with_code(filed))
        reply = await monitoring.http.post(
            f"{TRACKED}/confirmation", json={"resolved": True}, headers=with_code(filed) | etag(seen)
        )
        assert (reply.status_code, code_of(reply)) == (409, "complaint.step_not_possible")


class TestHandle:
    async def test_needs_the_scope_and_the_region(self, monitoring: Running) -> None:
        filed = await a_complaint(monitoring)
        address = f"{COMPLAINTS}/{filed.json()['id']}"

        assert code_of(await monitoring.http.get(COMPLAINTS)) == "token.missing"
        volunteer = monitoring.token("volunteer")
        assert code_of(await monitoring.http.get(COMPLAINTS, headers=volunteer)) == "scope.missing"
        elsewhere = monitoring.token("facilitator", regions=("33.74",))
        assert (await monitoring.http.get(COMPLAINTS, headers=elsewhere)).json()["items"] == []
        assert (await monitoring.http.get(address, headers=elsewhere)).status_code == 404
        reply = await monitoring.http.post(
            f"{address}/answer", json={"text": "x"}, headers=elsewhere | {"If-Match": '"1"'}
        )
        assert (reply.status_code, code_of(reply)) == (404, "resource.not_found")

    async def test_lists_by_filters_and_pages(self, monitoring: Running) -> None:
        for number in range(3):
            await a_complaint(monitoring, text=f"Number {number}")
        await a_complaint(monitoring, scope="information", kelurahan_code=DEMANGAN)
        headers = monitoring.token("facilitator")

        first = (await monitoring.http.get(f"{COMPLAINTS}?limit=3", headers=headers)).json()
        assert [one["text"] for one in first["items"]] == ["The cement was paid twice.", "Number 2", "Number 1"]
        rest = await monitoring.http.get(f"{COMPLAINTS}?limit=3&cursor={first['next']}", headers=headers)
        assert [one["text"] for one in rest.json()["items"]] == ["Number 0"]
        there = await monitoring.http.get(f"{COMPLAINTS}?region={DEMANGAN}&scope=information", headers=headers)
        assert len(there.json()["items"]) == 1

    async def test_two_at_once_who_answer_one_complaint_one_wins(self, monitoring: Running) -> None:
        filed = await a_complaint(monitoring)
        replies = await asyncio.gather(*(answered(monitoring, filed) for _ in range(2)))
        assert sorted(reply.status_code for reply in replies) in ([200, 409], [200, 412])
        tracked = await monitoring.http.get(TRACKED, headers=with_code(filed))
        assert len(tracked.json()["steps"]) == 2

    async def test_a_reading_under_a_key_is_recorded_each_time_and_its_reply_is_not_kept(
        self, monitoring: Running
    ) -> None:
        filed = await a_complaint(monitoring, contact="0812 000")
        headers = monitoring.token("city_coordinator") | {"Idempotency-Key": str(uuid4())}
        for _ in range(2):
            read = await monitoring.http.get(f"{COMPLAINTS}/{filed.json()['id']}/contact", headers=headers)
            assert (read.status_code, read.json()["contact"]) == (200, "0812 000")
        with psycopg.connect(monitoring.url) as connection:
            actions = [row[0] for row in connection.execute("SELECT action FROM journal_entries ORDER BY id")]
            kept = connection.execute("SELECT count(*) FROM idempotency_keys").fetchone()
        assert actions == ["complaint.received", "complaint.contact_read", "complaint.contact_read"]
        assert kept == (0,)

    async def test_the_contact_is_read_apart_and_each_reading_is_recorded(self, monitoring: Running) -> None:
        filed = await a_complaint(monitoring, contact="0812 000")
        address = f"{COMPLAINTS}/{filed.json()['id']}"
        facilitator, coordinator = monitoring.token("facilitator"), monitoring.token("city_coordinator")

        seen = await monitoring.http.get(address, headers=coordinator)
        assert seen.json()["contact_given"] is True
        assert "0812" not in seen.text
        assert code_of(await monitoring.http.get(f"{address}/contact", headers=facilitator)) == "scope.missing"
        assert (await monitoring.http.get(f"{address}/contact", headers=coordinator)).json()["contact"] == "0812 000"
        await monitoring.seal()
        feed = await monitoring.http.get("/monitoring/v1/journal", headers=coordinator)
        assert [one["type"] for one in feed.json()["items"]] == ["complaint.received", "complaint.contact_read"]

    async def test_the_journal_tells_that_there_is_a_complaint_and_nothing_else(self, monitoring: Running) -> None:
        filed = await a_complaint(monitoring, contact="0812 000")
        await answered(monitoring, filed)
        await monitoring.seal()

        feed = (await monitoring.http.get("/monitoring/v1/journal", headers=monitoring.token("auditor"))).json()
        assert [set(one["data"]["data"]) for one in feed["items"]] == [
            {"id", "kelurahan_code", "board_id", "state", "occurred_on", "resolved_on", "version"}
        ] * 2
        assert (await monitoring.http.get("/monitoring/v1/journal")).json()["items"] == []

    async def test_the_journal_does_not_name_the_account_that_complained(self, monitoring: Running) -> None:
        filed = await monitoring.http.post(COMPLAINTS, json=DRAFT, headers=monitoring.token("volunteer"))
        await answered(monitoring, filed)
        await monitoring.seal()
        feed = (await monitoring.http.get("/monitoring/v1/journal", headers=monitoring.token("auditor"))).json()
        assert [one["data"]["actor"] is None for one in feed["items"]] == [True, False]


class TestAccused:
    """Whoever a complaint is about never learns of it, under any account and in any role."""

    async def reaches(self, monitoring: Running, filed: httpx.Response, headers: dict[str, str]) -> set[str]:
        """Return the ways on which somebody can learn of a complaint."""
        identity = filed.json()["id"]
        address = f"{COMPLAINTS}/{identity}"
        await monitoring.seal()
        ask = monitoring.http
        found: set[str] = set()
        for name, path in (
            ("list", COMPLAINTS),
            ("filtered", f"{COMPLAINTS}?board_id={filed.json()['board_id']}&state=received"),
            ("journal", "/monitoring/v1/journal"),
            ("subject", f"/monitoring/v1/journal?subject=complaints/{identity}"),
        ):
            if (await ask.get(path, headers=headers)).json()["items"]:
                found.add(name)
        if (await ask.get(address, headers=headers)).status_code != 404:
            found.add("read")
        if (
            await ask.post(f"{address}/answer", json={"text": "x"}, headers=headers | {"If-Match": '"9"'})
        ).status_code != 404:
            found.add("answer")
        if (await ask.get(f"{address}/contact", headers=headers)).status_code != 404:
            found.add("contact")
        explained = await ask.get(
            f"/monitoring/v1/permissions?action=monitoring:complaints:read&subject=complaints/{identity}",
            headers=headers,
        )
        if explained.json()["allowed"]:
            found.add("permissions")
        return found

    ALL = frozenset({"list", "filtered", "journal", "subject", "read", "answer", "contact", "permissions"})
    ROLES = ("board_officer", "city_coordinator")

    async def test_an_accused_officer_sees_nothing_and_a_colleague_all(self, monitoring: Running) -> None:
        board = await a_known_board(monitoring)
        term = a_term(board)
        accused, colleague = an_officer(board, term), an_officer(board, term)
        later = an_officer(board, term, person=accused["person_id"])
        await tell(monitoring, entry("term.recorded", term))
        await tell(monitoring, *(entry("officer.recorded", one) for one in (accused, colleague, later)))
        filed = await a_complaint(monitoring, accused={"kind": "officer", "officer_id": accused["id"]})
        assert filed.status_code == 201, filed.text
        assert filed.json()["board_id"] == board["id"]

        for roles in (self.ROLES, ("city_coordinator",)):
            person = monitoring.token(*roles, person=accused["person_id"])
            assert await self.reaches(monitoring, filed, person) == set()
        other = monitoring.token(*self.ROLES, person=colleague["person_id"])
        assert await self.reaches(monitoring, filed, other) == self.ALL

    async def test_an_accused_board_is_everyone_who_ever_sat_on_it_and_its_officers_accounts(
        self, monitoring: Running
    ) -> None:
        board = await a_known_board(monitoring)
        old, new = a_term(board, starts_on="2020-01-01", ends_on="2022-12-31"), a_term(board, starts_on="2023-01-01")
        past, present = an_officer(board, old), an_officer(board, new)
        await tell(monitoring, *(entry("term.recorded", one) for one in (old, new)))
        await tell(monitoring, *(entry("officer.recorded", one) for one in (past, present)))
        filed = await a_complaint(monitoring, accused={"kind": "board"}, board_id=board["id"])

        for person in (past["person_id"], present["person_id"]):
            assert await self.reaches(monitoring, filed, monitoring.token("city_coordinator", person=person)) == set()
        assert await self.reaches(monitoring, filed, monitoring.token(*self.ROLES)) == set()
        assert await self.reaches(monitoring, filed, monitoring.token("city_coordinator")) == self.ALL

    async def test_others_elsewhere_are_not_kept_away(self, monitoring: Running) -> None:
        board = await a_known_board(monitoring)
        filed = await a_complaint(monitoring, accused={"kind": "other"}, board_id=board["id"])
        assert await self.reaches(monitoring, filed, monitoring.token(*self.ROLES)) == self.ALL


def a_photo(**options: Any) -> bytes:
    written = BytesIO()
    Image.new("RGB", (32, 24)).save(written, format="JPEG", **options)
    return written.getvalue()


def photos_kept(monitoring: Running) -> set[str]:
    folder = urlsplit(monitoring.app.state.settings.storage_url).path
    return {name for _, _, names in os.walk(folder) for name in names}


class TestPhotos:
    async def test_are_added_with_the_code_and_seen_by_those_who_handle_the_complaint(
        self, monitoring: Running
    ) -> None:
        filed = await a_complaint(monitoring)
        added = await monitoring.http.post(
            f"{TRACKED}/photos", content=a_photo(comment=b"Somebody"), headers=with_code(filed)
        )
        assert (added.status_code, added.json()["photos"]) == (201, 1), added.text
        headers = monitoring.token("facilitator")
        seen = (await monitoring.http.get(f"{COMPLAINTS}/{filed.json()['id']}", headers=headers)).json()
        photo = await monitoring.http.get(
            f"{COMPLAINTS}/{seen['id']}/photos/{seen['photos'][0]['digest']}", headers=headers
        )
        assert photo.headers["Content-Type"] == "image/jpeg"
        assert b"Somebody" not in photo.content
        assert Image.open(BytesIO(photo.content)).size == (32, 24)

    async def test_are_not_taken_from_somebody_without_a_code(self, monitoring: Running) -> None:
        before = photos_kept(monitoring)
        content = a_photo(quality=31)
        reply = await monitoring.http.post(f"{TRACKED}/photos", content=content, headers={"Tracking-Code": "x"})
        assert (reply.status_code, code_of(reply)) == (404, "complaint.unknown")
        assert photos_kept(monitoring) == before

    async def test_may_be_as_large_as_a_telephone_makes_them(self, monitoring: Running) -> None:
        filed, content = await a_complaint(monitoring), BytesIO()
        Image.frombytes("RGB", (1000, 1000), os.urandom(3_000_000)).save(content, "PNG")
        added = await monitoring.http.post(f"{TRACKED}/photos", content=content.getvalue(), headers=with_code(filed))
        assert (added.status_code, added.json()["photos"]) == (201, 1), added.text

    async def test_must_be_photos(self, monitoring: Running) -> None:
        filed = await a_complaint(monitoring)
        reply = await monitoring.http.post(f"{TRACKED}/photos", content=b"GIF89a", headers=with_code(filed))
        assert (reply.status_code, code_of(reply)) == (415, "image.type_unsupported")

    async def test_are_ten_at_most(self, monitoring: Running) -> None:
        filed = await a_complaint(monitoring)
        for _ in range(10):
            await monitoring.http.post(f"{TRACKED}/photos", content=a_photo(), headers=with_code(filed))
        reply = await monitoring.http.post(f"{TRACKED}/photos", content=a_photo(), headers=with_code(filed))
        assert (reply.status_code, code_of(reply)) == (409, "complaint.photos_enough")


class TestStatistics:
    async def test_are_for_everybody_and_complete_down_to_the_kelurahan(self, monitoring: Running) -> None:
        for scope in ("financial", "financial", "information"):
            await a_complaint(monitoring, scope=scope)
        await a_complaint(monitoring, kelurahan_code=DEMANGAN)
        await a_complaint(monitoring, occurred_on="2026-02-28")

        reply = await monitoring.http.get(f"/monitoring/v1/complaint-statistics?region={BACIRO}&month=2026-03")
        body = reply.json()
        assert body["total"] == 3
        assert len(body["counts"]) == 12
        shown = {(one["scope"], one["state"]): one["count"] for one in body["counts"] if one["count"]}
        assert shown == {("financial", "received"): 2, ("information", "received"): 1}
        assert reply.headers["Cache-Control"].startswith("public")

    async def test_count_in_todays_boundaries_or_the_original_ones(self, monitoring: Running) -> None:
        await a_complaint(monitoring)
        async with merged(monitoring, BACIRO, into=DEMANGAN):
            asked = [
                await monitoring.http.get(
                    "/monitoring/v1/complaint-statistics", params={"region": region, "boundaries": boundaries}
                )
                for region in (BACIRO, DEMANGAN)
                for boundaries in ("today", "original")
            ]

        assert [one.json()["total"] for one in asked] == [0, 1, 1, 0]

    async def test_hide_small_counts_of_a_single_activity(self, monitoring: Running) -> None:
        board = await a_known_board(monitoring)
        activity = {
            "id": str(uuid4()),
            "plan_id": str(uuid4()),
            "board_id": board["id"],
            "title": "Drain",
            "dimension": "environment",
            "year": 2026,
            "total_cost_rupiah": 1,
            "funding": {},
            "beneficiaries": {"households": 12},
            "state": "ratified",
            "version": 1,
        }
        await tell(monitoring, entry("activity.ratified", activity))
        for _ in range(4):
            assert (await a_complaint(monitoring, activity_id=activity["id"])).status_code == 201
        address = f"/monitoring/v1/complaint-statistics?activity_id={activity['id']}"
        body = (await monitoring.http.get(address)).json()
        hidden = [one for one in body["counts"] if one["null_reason"] == "fewer_than_five"]
        assert [(one["scope"], one["count"]) for one in hidden] == [("financial", None)]
        assert body["total"] is None
        await a_complaint(monitoring, activity_id=activity["id"])
        assert (await monitoring.http.get(address)).json()["total"] == 5
