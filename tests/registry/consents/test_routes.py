import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import func, select

from services.registry.consents.models import Consent
from services.registry.consents.service import Data, Purpose, consented
from shared.clock import read_clock, today
from tests.house import Running, code_of, etag, new_id
from tests.registry.duplicates.story import told
from tests.registry.racing import warm
from tests.registry.residents.gone import GONE, let_go
from tests.registry.residents.story import SECRETS, somebody

BOARDS, CONSENTS, PARTNERS = "/registry/v1/boards", "/registry/v1/consents", "/registry/v1/partners"
TODAY = today(read_clock())


def day(days: int) -> str:
    return str(TODAY + timedelta(days=days))


SIGNED = {
    "purpose": "channeling",
    "data": ["identity", "welfare"],
    "manner": "signed_form",
    "reference": "F-12",
    "starts_on": day(-30),
}
DECIDED = SIGNED | {"data": ["group_profile", "group_finances"], "manner": "board_minutes", "reference": "BA 4"}


@pytest.fixture
async def resident(registry: Running) -> dict[str, Any]:
    return dict((await somebody(registry)).json())


@pytest.fixture
async def board(registry: Running) -> dict[str, Any]:
    known = {"kelurahan_code": "34.71.03.1001", "name": "BKM Contoh", "founded_on": "2004-05-01"}
    reply = await registry.http.post(BOARDS, json=known, headers=registry.token("facilitator"))
    officers = [{"name": f"Warga {n}", "position": "koordinator" if n == 0 else "member"} for n in range(9)]
    term = {"starts_on": day(-400), "elected_on": day(-400), "ends_on": day(500), "officers": officers}
    await registry.http.post(f"{reply.headers['Location']}/terms", json=term, headers=registry.token("facilitator"))
    return dict(reply.json())


async def a_partner(registry: Running) -> str:
    body = {"name": "Bank Contoh", "kind": "bank"}
    reply = await registry.http.post(PARTNERS, json=body, headers=registry.token("city_coordinator"))
    assert reply.status_code == 201, reply.text
    return str(reply.json()["id"])


async def give(registry: Running, body: dict[str, Any], **claims: Any) -> httpx.Response:
    return await registry.http.post(CONSENTS, json=body, headers=registry.token("facilitator", **claims))


async def withdraw(registry: Running, consent: httpx.Response, withdrawn_on: str = day(0)) -> httpx.Response:
    address = f"{CONSENTS}/{consent.json()['id']}/withdrawal"
    headers = registry.token("facilitator") | etag(consent)
    return await registry.http.post(address, json={"withdrawn_on": withdrawn_on}, headers=headers)


async def allowed(registry: Running, subject: str, *, partner: str | None = None, days: int = 0) -> set[Data]:
    async with registry.database.transaction() as session:
        found = await consented(
            session,
            UUID(subject),
            purpose=Purpose.CHANNELING,
            partner_id=UUID(partner) if partner else None,
            on=TODAY + timedelta(days=days),
        )
    return set(found)


async def given_by(registry: Running, resident: str) -> dict[str, tuple[Any, ...]]:
    """Return a person's consents by id: under which record, from when, until when, withdrawn when."""
    reply = await registry.http.get(f"{CONSENTS}?resident_id={resident}", headers=registry.token("facilitator"))
    assert reply.status_code == 200, reply.text
    names = ("resident_id", "starts_on", "ends_on", "withdrawn_on")
    return {one["id"]: tuple(one[name] for name in names) for one in reply.json()["items"]}


class TestMergedPerson:
    async def test_is_allowed_by_what_either_record_gave_and_one_withdrawal_ends_it(self, registry: Running) -> None:
        story = await told(registry)
        kept, absorbed = await story.resident(story.first), await story.resident(story.second)
        theirs = await give(registry, SIGNED | {"resident_id": absorbed["id"]})
        own = await give(registry, SIGNED | {"resident_id": kept["id"], "data": ["identity"]})
        alone = await allowed(registry, kept["person_id"])
        await story.merge(story.first)

        together = await allowed(registry, kept["person_id"])
        listed = await registry.http.get(f"{CONSENTS}?resident_id={kept['id']}", headers=registry.token("facilitator"))
        again = await give(registry, SIGNED | {"resident_id": kept["id"]})
        ended = await withdraw(registry, own)

        assert (alone, together) == ({Data.IDENTITY}, {Data.IDENTITY, Data.WELFARE})
        assert {one["id"] for one in listed.json()["items"]} == {own.json()["id"], theirs.json()["id"]}
        assert (again.status_code, ended.status_code) == (409, 200)
        assert await allowed(registry, kept["person_id"]) == set()
        assert await allowed(registry, absorbed["person_id"]) == set()

    async def test_shows_what_was_given_under_each_record_with_its_days_and_gives_it_back(
        self, registry: Running
    ) -> None:
        story = await told(registry)
        absorbed = await give(registry, SIGNED | {"resident_id": story.second, "ends_on": day(60)})
        kept = await give(registry, SIGNED | {"resident_id": story.first, "purpose": "research"})
        before = [await given_by(registry, one) for one in (story.first, story.second)]
        await story.merge(story.first)
        together = [await given_by(registry, one) for one in (story.first, story.second)]
        during = await give(registry, SIGNED | {"resident_id": story.first, "purpose": "publication"})
        ended = await withdraw(registry, absorbed)
        parted = await story.act("unmerge")
        after = [await given_by(registry, one) for one in (story.first, story.second)]

        theirs = {absorbed.json()["id"]: (story.second, day(-30), day(60), None)}
        own = {kept.json()["id"]: (story.first, day(-30), None, None)}
        assert before == [own, theirs]
        assert together == [own | theirs, own | theirs]
        assert (during.status_code, ended.status_code, parted.status_code) == (201, 200, 200)
        assert after == [
            own | {during.json()["id"]: (story.first, day(-30), None, None)},
            {absorbed.json()["id"]: (story.second, day(-30), day(60), day(0))},
        ]


class TestPersonal:
    async def test_is_given_and_read_by_those_who_serve_the_place(
        self, registry: Running, resident: dict[str, Any]
    ) -> None:
        given = await give(registry, SIGNED | {"resident_id": resident["id"]})
        callers = [
            registry.token("facilitator"),
            registry.token("facilitator", regions=("33.74",)),
            registry.token("operator"),
            {},
        ]

        replies = [await registry.http.get(given.headers["Location"], headers=caller) for caller in callers]

        assert given.status_code == 201, given.text
        assert (given.json()["kind"], given.json()["holds"]) == ("personal", True)
        assert [one.status_code for one in replies] == [200, 404, 403, 401]
        assert replies[0].json() == given.json()

    async def test_is_allowed_from_its_first_day_and_no_longer_once_withdrawn(
        self, registry: Running, resident: dict[str, Any]
    ) -> None:
        given = await give(registry, SIGNED | {"resident_id": resident["id"]})
        person = resident["person_id"]
        before = [await allowed(registry, person, days=days) for days in (-31, -30, 0)]

        withdrawn = await withdraw(registry, given)
        after = [await allowed(registry, person, days=days) for days in (-1, 0, 1)]

        both = {Data.IDENTITY, Data.WELFARE}
        assert before == [set(), both, both]
        assert (withdrawn.status_code, withdrawn.json()["holds"]) == (200, False)
        assert after == [both, set(), set()]

    async def test_covers_everybody_or_the_one_partner_it_names(
        self, registry: Running, resident: dict[str, Any]
    ) -> None:
        bank, other = await a_partner(registry), await a_partner(registry)
        person = resident["person_id"]
        named = await give(registry, SIGNED | {"resident_id": resident["id"], "partner_id": bank})
        narrow = [await allowed(registry, person, partner=one) for one in (bank, other, None)]
        await withdraw(registry, named)
        await give(registry, SIGNED | {"resident_id": resident["id"], "starts_on": day(0)})
        wide = [await allowed(registry, person, partner=one) for one in (bank, other, None)]

        assert [bool(one) for one in narrow] == [True, False, False]
        assert [bool(one) for one in wide] == [True, True, True]

    async def test_of_a_child_needs_a_guardian(self, registry: Running) -> None:
        child = (await somebody(registry, nik=None, nik_absent_reason="not_issued", birth_year=TODAY.year - 10)).json()
        body = SIGNED | {"resident_id": child["id"]}

        alone = await give(registry, body)
        guarded = await give(registry, body | {"by_guardian": True})

        assert (alone.status_code, alone.json()["errors"][0]["code"]) == (422, "consent.guardian_missing")
        assert guarded.status_code == 201

    async def test_is_journaled_by_id_and_place_only(self, registry: Running, resident: dict[str, Any]) -> None:
        given = await give(registry, SIGNED | {"resident_id": resident["id"]})
        await withdraw(registry, given)
        await registry.seal()
        reply = await registry.http.get("/registry/v1/journal?limit=1000", headers=registry.service_token("planning"))
        entries = [one["data"] for one in reply.json()["items"] if one["data"]["action"].startswith("consent.")]

        assert [one["action"] for one in entries] == ["consent.given", "consent.withdrawn"]
        assert [one["data"]["withdrawn_on"] for one in entries] == [None, day(0)]
        assert entries[0]["data"]["resident_id"] == resident["id"]
        assert not [secret for secret in (*SECRETS, resident["person_id"], "F-12") if secret in str(entries)]


class TestCollective:
    async def test_is_a_boards_decision_with_minutes(self, registry: Running, board: dict[str, Any]) -> None:
        given = await give(registry, DECIDED | {"board_id": board["id"]})

        assert (given.status_code, given.json()["kind"]) == (201, "collective")
        assert await allowed(registry, board["id"]) == {Data.GROUP_PROFILE, Data.GROUP_FINANCES}
        await withdraw(registry, given)
        assert await allowed(registry, board["id"]) == set()

    async def test_needs_a_mandate_on_its_day(self, registry: Running, board: dict[str, Any]) -> None:
        reply = await give(registry, DECIDED | {"board_id": board["id"], "starts_on": day(-401)})

        assert reply.status_code == 422
        assert [one["code"] for one in reply.json()["errors"]] == ["consent.without_mandate"]


class TestGiving:
    @pytest.mark.parametrize(
        ("change", "pointer", "code"),
        [
            ({"starts_on": day(1)}, "/starts_on", "date.in_the_future"),
            ({"data": []}, "/data", "value.too_short"),
            ({"data": ["group_profile"]}, "/data/0", "consent.data_unfit"),
            ({"partner_id": new_id()}, "/partner_id", "partner.unknown"),
            ({"resident_id": new_id()}, "/resident_id", "resident.unknown"),
            ({"resident_id": None}, "/resident_id", "consent.subject_unclear"),
            ({"board_id": new_id()}, "/resident_id", "consent.subject_unclear"),
            ({"resident_id": None, "board_id": new_id()}, "/board_id", "board.unknown"),
            ({"purpose": "sale"}, "/purpose", "value.not_a_choice"),
            ({"colour": "red"}, "/colour", "field.unknown"),
        ],
    )
    async def test_names_the_wrong_place(
        self, registry: Running, resident: dict[str, Any], change: dict[str, Any], pointer: str, code: str
    ) -> None:
        reply = await give(registry, SIGNED | {"resident_id": resident["id"]} | change)

        assert reply.status_code == 422, reply.text
        found = {one["pointer"]: one["code"] for one in reply.json()["errors"]}
        assert pointer in found
        assert code == "value.too_short" or found[pointer] == code

    async def test_is_refused_elsewhere_and_without_the_scope(
        self, registry: Running, resident: dict[str, Any], board: dict[str, Any]
    ) -> None:
        bodies = [SIGNED | {"resident_id": resident["id"]}, DECIDED | {"board_id": board["id"]}]
        elsewhere = [await give(registry, body, regions=("33.74",)) for body in bodies]
        auditor = await registry.http.post(CONSENTS, json=bodies[0], headers=registry.token("auditor"))

        assert {one.status_code for one in elsewhere} <= {403, 422}
        assert {code_of(one) for one in elsewhere} <= {"region.missing", "resident.unknown"}
        assert (auditor.status_code, code_of(auditor)) == (403, "scope.missing")

    async def test_is_done_once_by_id_and_by_key(self, registry: Running, resident: dict[str, Any]) -> None:
        body = SIGNED | {"resident_id": resident["id"], "id": new_id()}
        keyed = registry.token("facilitator") | {"Idempotency-Key": new_id()}

        replies = [await registry.http.post(CONSENTS, json=body, headers=keyed) for _ in range(2)]
        replies.append(await give(registry, body))

        assert [one.status_code for one in replies] == [201, 201, 200]
        assert replies[1].headers["Idempotency-Replayed"] == "true"
        assert len({one.json()["id"] for one in replies}) == 1

    async def test_beside_one_that_holds_is_refused_so_that_one_withdrawal_is_enough(
        self, registry: Running, resident: dict[str, Any]
    ) -> None:
        bank = await a_partner(registry)
        body = SIGNED | {"resident_id": resident["id"]}
        first = await give(registry, body)
        again = await give(registry, body | {"data": ["photo"]})
        named = await give(registry, body | {"partner_id": bank})
        other_purpose = await give(registry, body | {"purpose": "research"})
        await withdraw(registry, first)
        anew = await give(registry, body | {"starts_on": day(0)})

        assert [(one.status_code, code_of(one)) for one in (again, named)] == [(409, "consent.given_already")] * 2
        assert [other_purpose.status_code, anew.status_code] == [201, 201]

    @pytest.mark.parametrize("kind", ["personal", "collective"])
    async def test_at_once_is_done_once(
        self, registry: Running, resident: dict[str, Any], board: dict[str, Any], kind: str
    ) -> None:
        bodies = {
            "personal": SIGNED | {"resident_id": resident["id"]},
            "collective": DECIDED | {"board_id": board["id"]},
        }
        await warm(registry)

        replies = await asyncio.gather(*(give(registry, bodies[kind]) for _ in range(3)))

        async with registry.database.reads.connect() as connection:
            assert await connection.scalar(select(func.count()).select_from(Consent)) == 1
        assert sorted(one.status_code for one in replies) == [201, 409, 409]


class TestWithdrawal:
    async def test_is_done_once_not_before_it_was_given_and_not_ahead(
        self, registry: Running, resident: dict[str, Any]
    ) -> None:
        given = await give(registry, SIGNED | {"resident_id": resident["id"]})
        early = await withdraw(registry, given, day(-31))
        ahead = await withdraw(registry, given, day(1))
        done = await withdraw(registry, given)
        stale = await withdraw(registry, given)
        twice = await withdraw(registry, done)
        without = await registry.http.post(
            f"{given.headers['Location']}/withdrawal",
            json={"withdrawn_on": day(0)},
            headers=registry.token("facilitator"),
        )

        assert [(one.status_code, code_of(one)) for one in (early, ahead, stale, twice, without)] == [
            (422, "consent.withdrawn_before_given"),
            (422, "date.in_the_future"),
            (412, "version.stale"),
            (409, "consent.withdrawn_already"),
            (428, "version.missing"),
        ]

    async def test_takes_a_consent_out_of_the_list_of_what_holds(
        self, registry: Running, resident: dict[str, Any], board: dict[str, Any]
    ) -> None:
        given = await give(registry, SIGNED | {"resident_id": resident["id"]})
        await give(registry, DECIDED | {"board_id": board["id"]})
        await withdraw(registry, given)

        async def kinds(query: str) -> list[str]:
            reply = await registry.http.get(f"{CONSENTS}?{query}", headers=registry.token("facilitator"))
            return [one["kind"] for one in reply.json()["items"]]

        assert await kinds("") == ["personal", "collective"]
        assert await kinds(f"as_of={day(0)}") == ["collective"]
        assert await kinds(f"as_of={day(-1)}") == ["personal", "collective"]
        assert await kinds("kind=personal") == await kinds(f"resident_id={resident['id']}") == ["personal"]
        assert await kinds(f"board_id={board['id']}") == ["collective"]
        assert await kinds("purpose=research") == []


@pytest.mark.parametrize("gone", GONE)
async def test_nobody_consents_whose_record_no_longer_stands(registry: Running, gone: str) -> None:
    resident = await let_go(registry, gone, last_day=day(-20))
    body = SIGNED | {"resident_id": resident, "data": ["identity"]}

    late = await give(registry, body | {"starts_on": day(-19)})

    assert (late.status_code, code_of(late)) == (409, GONE[gone])
    if gone == "left":
        assert (await give(registry, body | {"starts_on": day(-20)})).status_code == 201
