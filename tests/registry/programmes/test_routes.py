import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from tests.house import Running, code_of, etag, new_id
from tests.registry.placing import know_regions, places, put_back
from tests.registry.racing import warm

PROGRAMMES = "/registry/v1/programmes"
ENROLMENTS = "/registry/v1/enrolments"
BACIRO, DEMANGAN, SEMARANG = "34.71.03.1001", "34.71.03.1002", "33.74.01.1001"
COUNTED = {"total": 64, "women": 30, "poor": None, "poor_not_counted_reason": "no_poverty_list"}


def drafted(*, decision: str = "accepted", held_on: str = "2015-03-01", **other: Any) -> dict[str, Any]:
    meeting = {"held_on": held_on, "attendance": COUNTED, "decision": decision, "minutes_reference": "BA/01/2015"}
    return {"kelurahan_code": BACIRO, "programme": "kotaku", "readiness_meeting": meeting} | other


async def sent(registry: Running, draft: dict[str, Any], **headers: str) -> httpx.Response:
    return await registry.http.post(ENROLMENTS, json=draft, headers=registry.token("facilitator") | headers)


async def enrolled(registry: Running, **changes: Any) -> httpx.Response:
    reply = await sent(registry, drafted(**changes))
    assert reply.status_code == 201, reply.text
    return reply


async def founded(registry: Running, code: str, day: str) -> httpx.Response:
    draft = {"kelurahan_code": code, "name": f"BKM {day}", "founded_on": day, "legal_status": "none"}
    return await registry.http.post("/registry/v1/boards", json=draft, headers=registry.token("facilitator"))


async def ended(registry: Running, enrolment: httpx.Response, last_day: str | None) -> httpx.Response:
    address = f"{ENROLMENTS}/{enrolment.json()['id']}"
    by = registry.token("facilitator") | etag(enrolment)
    return await registry.http.patch(address, json={"ends_on": last_day}, headers=by)


async def listed(registry: Running, query: str = "") -> list[dict[str, Any]]:
    reply = await registry.http.get(f"{ENROLMENTS}?{query}")
    assert reply.status_code == 200, reply.text
    items: list[dict[str, Any]] = reply.json()["items"]
    return items


class TestProgrammes:
    async def test_are_the_phases_with_years_names_and_sources(self, registry: Running) -> None:
        items = (await registry.http.get(PROGRAMMES)).json()["items"]

        assert [(one["code"], one["first_year"], one["last_year"]) for one in items] == [
            ("p2kp-1", 1999, 2002),
            ("p2kp-2", 2002, 2010),
            ("p2kp-3", 2005, 2011),
            ("pnpm-mandiri-perkotaan", 2007, 2014),
            ("kotaku", 2015, 2022),
        ]
        assert all(one["source"]["legal_basis"] and one["source"]["confidence"] for one in items)
        assert items[-1]["words"]["grant"] == ["BLM", "BDI", "BPM"]
        assert items[3]["words"]["board"] == ["BKM", "LKM"]

    async def test_are_read_one_by_one(self, registry: Running) -> None:
        one = await registry.http.get(f"{PROGRAMMES}/p2kp-2")
        none = await registry.http.get(f"{PROGRAMMES}/p2kp-9")

        assert (one.json()["name"], one.json()["other_names"]) == ("P2KP-2", ["UPP2"])
        assert (none.status_code, code_of(none)) == (404, "resource.not_found")


class TestEnrolment:
    async def test_follows_from_a_meeting_that_accepted(self, registry: Running) -> None:
        reply = await enrolled(registry)

        made = reply.json()
        assert (made["state"], made["starts_on"], made["ends_on"]) == ("enrolled", "2015-03-01", None)
        assert (made["kelurahan_name"], made["programme"]) == ("Baciro", "kotaku")
        assert made["readiness_meeting"]["attendance"] == COUNTED | {"women_not_counted_reason": None}
        shown = await registry.http.get(reply.headers["Location"])
        assert (shown.status_code, shown.json()) == (200, made)

    async def test_stops_at_a_meeting_that_refused_until_another_one_accepts(self, registry: Running) -> None:
        refused = (await enrolled(registry, decision="refused")).json()
        again = (await enrolled(registry, decision="refused", held_on="2015-06-01")).json()

        accepted = (await enrolled(registry, held_on="2016-02-01")).json()

        assert (refused["state"], refused["starts_on"], again["state"]) == ("refused", None, "refused")
        assert (accepted["state"], accepted["starts_on"]) == ("enrolled", "2016-02-01")

    @pytest.mark.parametrize("held_on", ["2015-05-31", "2015-06-01"])
    async def test_is_not_made_by_an_acceptance_that_is_no_later_than_a_refusal(
        self, registry: Running, held_on: str
    ) -> None:
        await enrolled(registry, decision="refused", held_on="2015-06-01")

        dated = await sent(registry, drafted(held_on=held_on, starts_on="2016-01-01"))
        stands = await enrolled(registry, held_on=held_on)
        begun = await founded(registry, BACIRO, "2016-01-01")
        over = await ended(registry, stands, "2016-01-01")
        elsewhere = await enrolled(registry, kelurahan_code=DEMANGAN, held_on=held_on)
        later = await enrolled(registry, held_on="2015-06-02")

        assert (dated.status_code, dated.json()["errors"][0]["code"]) == (422, "enrolment.refused_since")
        assert dated.json()["errors"][0]["pointer"] == "/starts_on"
        assert (stands.json()["state"], stands.json()["starts_on"]) == ("refused", None)
        assert stands.json()["readiness_meeting"]["decision"] == "accepted"
        assert (begun.status_code, code_of(begun)) == (409, "enrolment.residents_refused")
        assert (over.status_code, code_of(over)) == (409, "enrolment.refused")
        assert (elsewhere.json()["state"], later.json()["state"]) == ("enrolled", "enrolled")

    async def test_begins_within_the_years_of_its_phase(self, registry: Running) -> None:
        last = await enrolled(registry, programme="p2kp-1", held_on="2002-12-31")
        held = await sent(registry, drafted(programme="p2kp-1", kelurahan_code=DEMANGAN, held_on="2003-01-01"))
        begun = await sent(
            registry,
            drafted(programme="p2kp-1", kelurahan_code=DEMANGAN, held_on="2002-12-31", starts_on="2003-01-01"),
        )

        latest = await enrolled(registry, programme="kotaku", kelurahan_code=DEMANGAN, held_on="2025-03-01")

        assert last.json()["starts_on"] == "2002-12-31"
        assert latest.json()["starts_on"] == "2025-03-01"
        assert [(one["pointer"], one["code"]) for reply in (held, begun) for one in reply.json()["errors"]] == [
            ("/readiness_meeting/held_on", "enrolment.after_phase"),
            ("/starts_on", "enrolment.after_phase"),
        ]

    async def test_is_made_once_in_a_phase(self, registry: Running) -> None:
        await enrolled(registry)

        second = await sent(registry, drafted(held_on="2017-01-01"))
        elsewhere = await sent(registry, drafted(kelurahan_code=DEMANGAN))
        other_phase = await sent(registry, drafted(programme="pnpm-mandiri-perkotaan", held_on="2014-03-01"))

        assert (second.status_code, code_of(second)) == (409, "enrolment.already")
        assert (elsewhere.status_code, other_phase.status_code) == (201, 201)

    async def test_may_come_again_after_its_end(self, registry: Running) -> None:
        first = await enrolled(registry)
        done = await ended(registry, first, "2018-12-31")

        overlapping = await sent(registry, drafted(held_on="2018-12-31"))
        second = await enrolled(registry, held_on="2018-12-01", starts_on="2019-01-01")
        reopened = await ended(registry, done, None)

        assert (done.json()["state"], done.json()["version"]) == ("ended", 2)
        assert (overlapping.status_code, code_of(overlapping)) == (409, "enrolment.already")
        assert second.json()["starts_on"] == "2019-01-01"
        assert (reopened.status_code, code_of(reopened)) == (409, "enrolment.already")

    async def test_of_two_clerks_at_once_one_wins(self, registry: Running) -> None:
        await warm(registry)

        replies = await asyncio.gather(*(sent(registry, drafted()) for _ in range(3)))

        assert sorted(one.status_code for one in replies) == [201, 409, 409]
        assert len(await listed(registry)) == 1

    async def test_is_ended_not_before_it_started_and_only_if_it_did(self, registry: Running) -> None:
        accepted, refused = await enrolled(registry), await enrolled(registry, decision="refused", held_on="2015-01-01")

        early, never = await ended(registry, accepted, "2015-02-28"), await ended(registry, refused, "2016-01-01")

        assert (early.status_code, code_of(early)) == (422, "enrolment.invalid")
        assert early.json()["errors"][0]["pointer"] == "/ends_on"
        assert (never.status_code, code_of(never)) == (409, "enrolment.refused")


class TestRefusals:
    @pytest.mark.parametrize(
        ("changes", "pointer", "code"),
        [
            ({"held_on": "2014-12-31"}, "/readiness_meeting/held_on", "enrolment.before_phase"),
            ({"starts_on": "2015-02-28"}, "/starts_on", "enrolment.before_meeting"),
            ({"decision": "refused", "starts_on": "2015-03-01"}, "/starts_on", "enrolment.stopped"),
        ],
    )
    async def test_name_the_place(self, registry: Running, changes: dict[str, str], pointer: str, code: str) -> None:
        reply = await sent(registry, drafted(**changes))

        assert (reply.status_code, code_of(reply)) == (422, "enrolment.invalid")
        assert [(one["pointer"], one["code"]) for one in reply.json()["errors"]] == [(pointer, code)]

    @pytest.mark.parametrize(
        ("attendance", "pointer", "code"),
        [
            ({"poor_not_counted_reason": None}, "poor", "attendance.reason_missing"),
            ({"women": 65}, "women", "attendance.exceeds_total"),
            ({"women_not_counted_reason": "list_lost"}, "women_not_counted_reason", "attendance.reason_superfluous"),
        ],
    )
    async def test_of_attendance_ask_for_a_count_or_a_reason(
        self, registry: Running, attendance: dict[str, Any], pointer: str, code: str
    ) -> None:
        draft = drafted()
        draft["readiness_meeting"]["attendance"] = COUNTED | attendance

        reply = await sent(registry, draft)

        assert (reply.status_code, code_of(reply)) == (422, "enrolment.invalid")
        found = {(one["pointer"], one["code"]) for one in reply.json()["errors"]}
        assert (f"/readiness_meeting/attendance/{pointer}", code) in found

    @pytest.mark.parametrize(
        ("changes", "status", "code"),
        [
            ({"programme": "p2kp-9"}, 422, "programme.unknown"),
            ({"held_on": "2999-01-01"}, 422, "date.in_the_future"),
            ({"kelurahan_code": "34.71.03.9999"}, 422, "place.unknown"),
            ({"kelurahan_code": "34.71"}, 422, "body.invalid"),
            ({"decision": "postponed"}, 422, "body.invalid"),
            ({"colour": "red"}, 422, "body.invalid"),
            ({"kelurahan_code": SEMARANG}, 403, "region.missing"),
        ],
    )
    async def test_know_what_stands(self, registry: Running, changes: dict[str, str], status: int, code: str) -> None:
        reply = await sent(registry, drafted(**changes))

        assert (reply.status_code, code_of(reply)) == (status, code)

    async def test_ask_for_scope_region_and_version(self, registry: Running) -> None:
        made = await enrolled(registry)
        address, edit = f"{ENROLMENTS}/{made.json()['id']}", {"ends_on": "2018-01-01"}

        async def changed(**headers: str) -> httpx.Response:
            return await registry.http.patch(address, json=edit, headers=headers)

        nobody = await registry.http.post(ENROLMENTS, json=drafted())
        officer = await registry.http.post(ENROLMENTS, json=drafted(), headers=registry.token("board_officer"))
        elsewhere = await changed(**registry.token("facilitator", regions=("33",)), **etag(made))
        unseen = await changed(**registry.token("facilitator"))
        first, stale = [await changed(**registry.token("facilitator"), **etag(made)) for _ in range(2)]

        assert [one.status_code for one in (nobody, officer, elsewhere, unseen, first, stale)] == [
            401,
            403,
            403,
            428,
            200,
            412,
        ]
        assert stale.json()["current"]["ends_on"] == "2018-01-01"

    async def test_let_the_same_be_sent_again(self, registry: Running) -> None:
        draft, key = drafted(id=new_id()), new_id()
        by = registry.token("facilitator")
        replies = [
            await registry.http.post(ENROLMENTS, json=draft, headers=by | headers)
            for headers in ({}, {}, {"Idempotency-Key": key}, {"Idempotency-Key": key})
        ]
        other = await registry.http.post(ENROLMENTS, json=draft | {"starts_on": "2016-01-01"}, headers=by)

        assert [one.status_code for one in replies] == [201, 200, 200, 200]
        assert replies[3].headers["Idempotency-Replayed"] == "true"
        assert (other.status_code, code_of(other)) == (409, "id.taken")


class TestReading:
    async def test_filters_by_place_phase_state_and_day(self, registry: Running) -> None:
        await enrolled(registry, decision="refused", held_on="2015-01-01")
        await ended(registry, await enrolled(registry, starts_on="2015-06-01"), "2018-12-31")
        await enrolled(registry, kelurahan_code=DEMANGAN, programme="p2kp-2", held_on="2004-05-01")

        async def days(query: str) -> list[str]:
            return [one["readiness_meeting"]["held_on"] for one in await listed(registry, query)]

        assert await days("sort=latest") == ["2015-03-01", "2015-01-01", "2004-05-01"]
        assert await days("programme=p2kp-2") == await days("state=enrolled") == ["2004-05-01"]
        assert await days("state=refused") == await days("decision=refused") == ["2015-01-01"]
        assert await days("state=ended") == ["2015-03-01"]
        assert await days("state=awaited&as_of=2015-04-01") == ["2015-03-01"]
        assert await days("state=enrolled&as_of=2018-12-31&region=34.71.03.1001") == ["2015-03-01"]
        assert await days("as_of=2014-12-31") == ["2004-05-01"]
        assert await days("region=33.74") == []

    async def test_is_told_in_the_journal_to_everybody(self, registry: Running) -> None:
        made = await enrolled(registry)
        await ended(registry, made, "2018-12-31")
        await registry.seal()

        items = (await registry.http.get("/registry/v1/journal")).json()["items"]

        assert [one["type"] for one in items] == ["enrolment.recorded", "enrolment.changed"]
        told = items[-1]["data"]["data"]
        assert (told["decision"], told["ends_on"], told["attendance"]["women"]) == ("accepted", "2018-12-31", 30)
        assert "minutes_reference" not in told


class TestOtherSlices:
    @pytest.fixture(autouse=True)
    async def only_the_known_places(self, registry: Running) -> AsyncIterator[None]:
        before = await places(registry)
        yield
        await put_back(registry, before)

    async def test_lets_nothing_begin_where_residents_refused_whatever_the_place_is_called(
        self, registry: Running
    ) -> None:
        known = {"34": "DIY", "34.71": "Kota", "34.71.03": "Gondokusuman", BACIRO: "Baciro", DEMANGAN: "Demangan"}
        await know_regions(registry, known)
        earlier = (await founded(registry, BACIRO, "2014-12-31")).json()
        refused = (await enrolled(registry, decision="refused", held_on="2015-01-01")).json()
        await ended(registry, await enrolled(registry), "2018-12-31")
        act = {"kind": "renumbering", "effective_on": "2017-01-01", "legal_basis": "Perda Contoh"}
        act |= {"predecessors": [BACIRO], "successors": [{"code": "34.71.03.1009"}]}
        by = registry.token("programme_manager", regions=("*",))
        assert (await registry.http.post("/registry/v1/successions", json=act, headers=by)).status_code == 201
        again = await sent(registry, drafted(kelurahan_code="34.71.03.1009", held_on="2018-01-01"))
        later = await enrolled(registry, kelurahan_code="34.71.03.1009", decision="refused", held_on="2020-01-01")

        days = ("2015-02-28", "2015-03-01", "2018-12-31", "2019-12-31", "2020-01-01")
        found = {day: await founded(registry, "34.71.03.1009", day) for day in days}
        election = {
            "board_id": earlier["id"],
            "ballots_from": "2020-02-01",
            "ballots_until": "2020-02-10",
            "meeting_on": "2020-02-20",
            "term_starts_on": "2020-03-01",
            "term_ends_on": "2023-02-28",
            "rt_count": 4,
            "names_per_ballot": 3,
            "committee": {"election_pokja": 3, "statutes_pokja": 3, "monitoring_pokja": 3},
        }
        opened = await registry.http.post(
            "/registry/v1/elections", json=election, headers=registry.token("facilitator")
        )
        elsewhere = await founded(registry, DEMANGAN, "2020-01-01")

        assert {day: reply.status_code for day, reply in found.items()} == {
            "2015-02-28": 409,
            "2015-03-01": 201,
            "2018-12-31": 201,
            "2019-12-31": 201,
            "2020-01-01": 409,
        }
        assert found["2015-02-28"].json()["existing"] == refused["id"]
        assert (code_of(opened), opened.json()["existing"]) == ("enrolment.residents_refused", later.json()["id"])
        assert elsewhere.status_code == 201
        assert (again.status_code, code_of(again)) == (409, "enrolment.already")
