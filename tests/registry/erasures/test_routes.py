import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import literal_column, select, text, update

from services.registry.boards.models import Term
from services.registry.boards.seats import release_former
from shared.clock import read_clock, today
from shared.following import verified
from shared.journal import GENESIS
from tests.house import Running, code_of, etag, new_id
from tests.registry.consents.test_routes import SIGNED
from tests.registry.electing import Story, begin, day, members
from tests.registry.facilitators.staff import DRAFT as FACILITATOR
from tests.registry.racing import warm
from tests.registry.residents.story import a_household, a_resident, somebody
from tests.registry.signing import an_account, sign_in
from tests.registry.volunteers.test_routes import DRAFT as VOLUNTEER

ERASURES, BOARDS, JOURNAL = "/registry/v1/erasures", "/registry/v1/boards", "/registry/v1/journal"
NAME = "Ratna Terlupakan"
ASKED = {"reason": "person_asked", "requested_on": "2024-01-02"}
TODAY = today(read_clock())


async def erase(registry: Running, person: str, *roles: str, **claims: Any) -> httpx.Response:
    body = ASKED | {"person_id": person} | claims.pop("body", {})
    return await registry.http.post(ERASURES, json=body, headers=registry.token(*(roles or ("facilitator",)), **claims))


async def post(registry: Running, address: str, body: dict[str, Any], role: str = "facilitator") -> httpx.Response:
    reply = await registry.http.post(address, json=body, headers=registry.token(role))
    assert reply.status_code == 201, reply.text
    return reply


async def a_board(registry: Running) -> httpx.Response:
    known = {"kelurahan_code": "34.71.03.1001", "name": "BKM Lain", "founded_on": "2010-01-01"}
    return await post(registry, BOARDS, known)


def a_draft(person: str, *, ends: int = 500, name: str = NAME) -> dict[str, Any]:
    officers: list[dict[str, Any]] = [
        {"name": f"Warga {n}", "position": "koordinator" if n == 0 else "member"} for n in range(9)
    ]
    officers[3] |= {"person_id": person, "name": name}
    return {"starts_on": day(-400), "elected_on": day(-400), "ends_on": day(ends), "officers": officers}


async def an_officer(registry: Running, person: str, **term: Any) -> tuple[httpx.Response, str]:
    """Record a board with a term in which the person is an officer; return the term and the officer's address."""
    board = await a_board(registry)
    term_reply = await post(registry, f"{board.headers['Location']}/terms", a_draft(person, **term))
    (own,) = (one["id"] for one in term_reply.json()["officers"] if one["person_id"] == person)
    return term_reply, f"{board.headers['Location']}/officers/{own}"


async def told(registry: Running) -> str:
    """Return all that stands in registry's tables; bytes as themselves where they are text, else as hex."""
    content = []
    async with registry.database.reads.connect() as connection:
        for name in registry.tables.names():
            whole: Any = literal_column(f'row_to_json("{name}")::text')
            content += (await connection.scalars(select(whole).select_from(getattr(registry.tables, name)))).all()
        content += (await connection.scalars(text("SELECT encode(payload, 'escape') FROM journal_entries"))).all()
        content += (await connection.scalars(text("SELECT encode(body, 'escape') FROM idempotency_keys"))).all()
    return "\n".join(str(one) for one in content)


async def keys_of(registry: Running, person: str) -> list[bool]:
    async with registry.database.reads.connect() as connection:
        statement = text("SELECT wrapped_key IS NOT NULL FROM personal_records WHERE person_id = :person")
        return list(await connection.scalars(statement, {"person": person}))


async def feed(registry: Running, **query: str) -> list[dict[str, Any]]:
    await registry.seal()
    reply = await registry.http.get(JOURNAL, params={"limit": "1000", **query})
    return list(reply.json()["items"])


async def known_everywhere(registry: Running) -> tuple[str, httpx.Response]:
    """Let one person live, serve, sit and sign in wherever that can be; return the person and the account."""
    resident = (await somebody(registry, name=NAME)).json()
    person = str(resident["person_id"])
    term, _ = await an_officer(registry, person)
    board = term.headers["Location"].partition("/terms")[0]
    seat = {"organ": "advisers", "role": "member", "starts_on": day(-300)}
    await post(registry, f"{board}/organs", seat | {"person_id": person, "name": NAME})
    await post(registry, "/registry/v1/consents", SIGNED | {"resident_id": resident["id"]})
    await post(registry, "/registry/v1/volunteers", VOLUNTEER | {"person_id": person, "name": NAME})
    employed = await post(
        registry, "/registry/v1/facilitators", FACILITATOR | {"person_id": person, "name": NAME}, "city_coordinator"
    )
    assigned = {"kelurahan_code": "34.71.03.1001", "starts_on": day(-100)}
    await post(registry, f"{employed.headers['Location']}/assignments", assigned, "city_coordinator")
    story = await begin(registry)
    delegate = {"rt": "001", "rw": "001", "sex": "female", "person_id": person, "name": NAME}
    await story.enter("delegates", delegate, story.first)
    elected = members()
    elected[2] |= {"person_id": person, "name": NAME}
    await story.count(members=elected)
    account = await an_account(registry, person_id=person, display_name=NAME, username="ratna.terlupakan")
    return person, account


class TestErasePerson:
    async def test_reaches_every_slice_and_leaves_the_name_nowhere(self, registry: Running) -> None:
        person, account = await known_everywhere(registry)
        before = await told(registry)
        assert {NAME in before, "ratna.terlupakan" in before} == {True}
        assert len(await keys_of(registry, person)) == 7

        erased = await erase(registry, person)
        after = await told(registry)

        assert erased.status_code == 200, erased.text
        assert erased.json() == {
            "person_id": person,
            "rows": {
                "residents": 1, "consents": 1, "officers": 1, "appointments": 1, "delegates": 1,
                "election_meetings": 2, "volunteers": 1, "facilitators": 1, "assignments": 1, "accounts": 1,
            },
        }  # fmt: skip
        assert not [one for one in (NAME, NAME.encode().hex(), "ratna.terlupakan") if one in after]
        assert set(await keys_of(registry, person)) == {False}
        assert (await sign_in(registry, "ratna.terlupakan")).status_code == 401
        seen = await registry.http.get(account.headers["Location"], headers=registry.token("operator", regions=("*",)))
        assert (seen.json()["suspended"], seen.json()["roles"]) == (True, [])

    async def test_ends_what_the_person_still_allowed(self, registry: Running) -> None:
        resident = (await somebody(registry)).json()
        consent = await post(registry, "/registry/v1/consents", SIGNED | {"resident_id": resident["id"]})

        await registry.http.post(
            f"/registry/v1/residents/{resident['id']}/erasure",
            json=ASKED,
            headers=registry.token("facilitator") | {"If-Match": f'"{resident["version"]}"'},
        )
        seen = (await registry.http.get(consent.headers["Location"], headers=registry.token("facilitator"))).json()

        assert (seen["withdrawn_on"], seen["holds"]) == (str(TODAY), False)

    async def test_takes_what_was_said_of_a_resident_s_needs(self, registry: Running) -> None:
        resident = (await somebody(registry)).json()

        await erase(registry, resident["person_id"])
        address = f"/registry/v1/residents?vulnerability={resident_needs()}"
        found = await registry.http.get(address, headers=registry.token("facilitator"))
        seen = await registry.http.get(
            f"/registry/v1/residents/{resident['id']}", headers=registry.token("facilitator")
        )

        assert (found.json()["items"], seen.json()["vulnerabilities"], seen.json()["personal"]) == ([], None, "erased")

    async def test_reaches_the_tally_that_knew_the_elected_by_another_id(self, registry: Running) -> None:
        story = await begin(registry)
        await story.count()
        certified = (await story.certify()).json()
        term = await registry.http.get(f"{BOARDS}/{certified['board_id']}/terms/{certified['term_id']}")
        person = next(one["person_id"] for one in term.json()["officers"] if one["name"] == "Warga Contoh 4")

        erased = await erase(registry, person)

        assert erased.json()["rows"] == {"officers": 1, "election_meetings": 2}
        assert "Warga Contoh 4" not in await told(registry)
        assert await names_in_tallies(registry, story) == {f"Warga Contoh {n}" for n in range(9) if n != 4}

    async def test_is_repeated_without_another_effect(self, registry: Running) -> None:
        person, _ = await known_everywhere(registry)
        first = await erase(registry, person)
        entries = len(await feed(registry))

        again = await erase(registry, person)

        assert (again.status_code, again.json()) == (200, first.json())
        assert len(await feed(registry)) == entries

    async def test_tells_who_was_erased_why_and_where_and_nobody_s_name(self, registry: Running) -> None:
        person = new_id()
        await an_officer(registry, person)

        await erase(registry, person)
        await registry.seal()
        reply = await registry.http.get(f"{JOURNAL}?subject=persons/{person}", headers=registry.token("auditor"))

        (entry,) = reply.json()["items"]
        assert entry["type"] == "person.erased"
        assert entry["data"]["place"] == "34.71.03.1001"
        assert entry["data"]["data"] == {"id": person, "rows": {"officers": 1}, **ASKED}


def resident_needs() -> str:
    return "female_head_of_family"


async def names_in_tallies(registry: Running, story: Story) -> set[str]:
    opened: set[str] = set()
    vault = registry.app.state.vault
    async with registry.database.reads.connect() as connection:
        statement = text("SELECT id, wrapped_key, sealed FROM personal_records WHERE wrapped_key IS NOT NULL")
        for row in await connection.execute(statement):
            fields: Mapping[str, Any] = vault.opened(row.id, bytes(row.wrapped_key), bytes(row.sealed))
            opened.add(str(fields["name"]))
    return opened


class TestMay:
    @pytest.mark.parametrize("role", ["volunteer", "supervisor", "auditor", "operator"])
    async def test_not_everybody(self, registry: Running, role: str) -> None:
        person = new_id()
        await an_officer(registry, person)

        reply = await erase(registry, person, role)

        assert (reply.status_code, code_of(reply)) == (403, "scope.missing")

    async def test_nobody_from_elsewhere_or_of_an_unknown_person(self, registry: Running) -> None:
        person = new_id()
        _, officer = await an_officer(registry, person)

        replies = [await erase(registry, person, regions=("33.74",)), await erase(registry, new_id())]

        assert [(one.status_code, code_of(one)) for one in replies] == [(404, "resource.not_found")] * 2
        assert (await registry.http.get(officer)).json()["name"] == NAME

    async def test_only_who_serves_every_place_where_the_person_stands(self, registry: Running) -> None:
        person, _ = await known_everywhere(registry)

        employed = await erase(registry, person, regions=("34.71.03",))
        await an_account(registry, person_id=person, regions=["33.74"])
        signed_in = await erase(registry, person)

        assert (employed.status_code, code_of(employed), employed.json()["region"]) == (403, "region.missing", "34.71")
        assert (signed_in.status_code, code_of(signed_in), signed_in.json()["region"]) == (
            403,
            "region.missing",
            "33.74",
        )
        assert (await erase(registry, person, regions=("34", "33"))).status_code == 200

    async def test_nobody_for_a_day_to_come(self, registry: Running) -> None:
        person = new_id()
        await an_officer(registry, person)

        reply = await erase(registry, person, body={"requested_on": "2999-01-01"})

        assert reply.json()["errors"][0]["code"] == "date.in_the_future"


class TestOfficer:
    async def test_goes_nameless_in_office_and_is_named_by_nobody_again(self, registry: Running) -> None:
        person = new_id()
        term, officer = await an_officer(registry, person)
        headers = registry.token("facilitator")

        await erase(registry, person)
        seen = await registry.http.get(officer)
        renamed = await registry.http.patch(officer, json={"name": "Nama Baru"}, headers=headers | etag(seen))
        left = await registry.http.patch(
            officer, json={"ends_on": day(-1), "left_because": "resigned"}, headers=headers | etag(seen)
        )

        assert (seen.json()["name"], seen.json()["position"]) == (None, "member")
        assert (renamed.status_code, code_of(renamed)) == (409, "personal.erased")
        assert left.status_code == 200
        assert NAME not in await told(registry)
        shown = await registry.http.get(term.headers["Location"])
        assert sum(one["name"] is None for one in shown.json()["officers"]) == 1

    async def test_is_forgotten_by_a_journal_whose_chain_stands(self, registry: Running) -> None:
        person = new_id()
        _, officer = await an_officer(registry, person)
        subject = f"officers/{officer.rpartition('/')[2]}"
        (before,) = await feed(registry, subject=subject)

        await erase(registry, person)
        first, then = await feed(registry, subject=subject)

        assert (before["erased"], before["data"]["data"]["name"]) == (False, NAME)
        assert (first["erased"], first["data"], first["nonce"], first["digest"]) == (True, None, None, before["digest"])
        assert (then["type"], then["data"]["data"]["name"]) == ("officer.changed", None)
        page = await registry.http.get(f"{JOURNAL}?limit=1000", headers=registry.service_token("planning"))
        entries = verified(page.json()["items"], service="registry", position=0, digest=GENESIS)
        assert len(entries) == len(page.json()["items"]) - 1

    async def test_who_leaves_is_named_to_who_may_read_names_and_that_is_noted(self, registry: Running) -> None:
        person = new_id()
        _, officer = await an_officer(registry, person)
        seen = await registry.http.get(officer)
        headers = registry.token("facilitator") | etag(seen)

        await registry.http.patch(officer, json={"ends_on": day(-1), "left_because": "resigned"}, headers=headers)
        board = officer.rpartition("/")[0]
        names = {}
        for role in ("supervisor", "facilitator"):
            one = await registry.http.get(officer, headers=registry.token(role))
            everybody = await registry.http.get(board, headers=registry.token(role))
            names[role] = (one.json()["name"], NAME in everybody.text, one.headers["Cache-Control"])
        far = await registry.http.get(officer, headers=registry.token("facilitator", regions=("33.74",)))

        assert names["supervisor"][:2] == (None, False)
        assert names["facilitator"] == (NAME, True, "private, no-store")
        assert far.json()["name"] is None
        async with registry.database.reads.connect() as connection:
            noted = text("SELECT count(*) FROM journal_entries WHERE action = 'officers.read'")
            assert await connection.scalar(noted) == 3
        assert NAME not in await told(registry)

    async def test_who_did_not_leave_after_all_is_public_again(self, registry: Running) -> None:
        _, officer = await an_officer(registry, new_id())
        headers = registry.token("facilitator")
        seen = await registry.http.get(officer)
        gone = {"ends_on": day(-1), "left_because": "resigned"}
        left = await registry.http.patch(officer, json=gone, headers=headers | etag(seen))

        back = {"ends_on": None, "left_because": None, "name": "Ratna Kembali"}
        await registry.http.patch(officer, json=back, headers=headers | etag(left))

        assert (await registry.http.get(officer)).json()["name"] == "Ratna Kembali"
        assert NAME not in await told(registry)

    async def test_of_a_term_that_ran_out_is_released_by_the_worker(self, registry: Running) -> None:
        term, officer = await an_officer(registry, new_id())
        async with registry.database.writes.begin() as connection:
            over = update(Term).where(Term.id == UUID(term.json()["id"])).values(ends_on=TODAY - timedelta(days=1))
            await connection.execute(over)
        vault = registry.app.state.vault
        seen = await registry.http.get(officer, headers=registry.token("facilitator"))

        released = []
        for _ in range(2):
            async with registry.database.transaction() as session:
                released.append(await release_former(session, vault, now=read_clock()))

        assert (released, seen.json()["name"]) == ([9, 0], NAME)
        assert NAME not in await told(registry)
        assert (await registry.http.get(officer, headers=registry.token("facilitator"))).json()["name"] == NAME

    async def test_of_a_term_long_past_was_never_public(self, registry: Running) -> None:
        _, officer = await an_officer(registry, new_id(), ends=-10)

        assert NAME not in await told(registry)
        assert (await registry.http.get(officer)).json()["name"] is None
        assert (await registry.http.get(officer, headers=registry.token("facilitator"))).json()["name"] == NAME


async def test_two_who_changed_places_are_erased_at_once(registry: Running) -> None:
    homes = [await a_household(registry) for _ in range(2)]
    for number in range(3):
        people = []
        for left, joined in (homes, homes[::-1]):
            name = f"Orang {number} Contoh"
            resident = await a_resident(registry, left, name=name, nik=None, nik_absent_reason="not_asked")
            moved = await registry.http.post(
                f"{resident.headers['Location']}/move",
                json={"household_id": joined.json()["id"], "moved_on": "2023-07-01"},
                headers=registry.token("facilitator") | etag(resident),
            )
            people.append(await registry.http.get(moved.headers["Location"], headers=registry.token("facilitator")))
        await warm(registry)

        replies = await asyncio.gather(
            *(
                registry.http.post(
                    f"/registry/v1/residents/{one.json()['id']}/erasure",
                    json=ASKED,
                    headers=registry.token("facilitator") | etag(one),
                )
                for one in people
            )
        )

        assert [one.status_code for one in replies] == [200, 200]
