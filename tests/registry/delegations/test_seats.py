"""A delegation rests on two seats: of the officer who lends, and of whoever works by it; it ends with either."""

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import text, update

from services.registry.database import Base
from shared.clock import end_of
from tests.house import Running, code_of, etag, new_id
from tests.registry.delegations.village import BOARDS, DELEGATIONS, GROUPS, HERE, THERE, TODAY, Village, days
from tests.registry.facilitators.staff import entries
from tests.registry.groups.story import join
from tests.registry.racing import warm
from tests.registry.residents.story import a_household, a_resident
from tests.registry.signing import an_account, bearer, claims_of, sign_in

COORDINATOR = {"regions": ("34.71",)}


@pytest.fixture
async def village(registry: Running) -> Village:
    return await Village(registry).build()


def by(registry: Running) -> dict[str, str]:
    return registry.token("facilitator", **COORDINATOR)  # type: ignore[arg-type]


async def taker(registry: Running, **changes: Any) -> httpx.Response:
    """Open an account that serves the kelurahan alone and whose person nobody recorded yet."""
    return await an_account(registry, roles=["volunteer"], regions=[HERE], **changes)


async def appointed(registry: Running, board: str, person: str, **changes: Any) -> httpx.Response:
    draft = {"person_id": person, "name": "Petugas Contoh", "organ": "upk", "role": "manager", "starts_on": days(-10)}
    reply = await registry.http.post(f"{BOARDS}/{board}/organs", json=draft | changes, headers=by(registry))
    assert reply.status_code == 201, reply.text
    return reply


async def in_group(registry: Running, board: str, role: str) -> tuple[httpx.Response, httpx.Response]:
    """Record a group of a board and somebody in it; return the membership and the person's account."""
    draft = {"board_id": board, "name": f"KSM {role}", "kind": "economic", "bond": "activity"}
    counted = {"formed_on": "2021-01-15", "members": 7, "women": 4}
    group = await registry.http.post("/registry/v1/groups", json=draft | counted, headers=by(registry))
    unknown = {"name": f"Warga {role}", "nik": None, "nik_absent_reason": "not_asked"}
    resident = await a_resident(registry, await a_household(registry), **unknown)
    membership = await join(registry, group, resident.json()["id"], role=role)
    assert membership.status_code == 201, membership.text
    return membership, await taker(registry, person_id=resident.json()["person_id"])


async def ended(registry: Running, reply: httpx.Response, address: str, **more: Any) -> None:
    """Let a seat end today as people do, and have ended yesterday."""
    done = await registry.http.patch(address, json={"ends_on": days(0)} | more, headers=by(registry) | etag(reply))
    assert done.status_code == 200, done.text


async def yesterday(registry: Running, name: str) -> None:
    table = Base.metadata.tables[name]
    ended_before = update(table).where(table.c.ends_on == TODAY).values(ends_on=TODAY - timedelta(days=1))
    async with registry.database.writes.begin() as connection:
        await connection.execute(ended_before)


async def shown(registry: Running, village: Village, made: httpx.Response) -> dict[str, Any]:
    return dict((await registry.http.get(made.headers["Location"], headers=village.by)).json())


class TestWhoLends:
    async def test_is_an_elected_officer_in_office(self, registry: Running, village: Village) -> None:
        staff, stranger, former = new_id(), new_id(), village.persons[8]
        await appointed(registry, village.board, staff)
        (left,) = [one for one in await officers(registry, village) if one["person_id"] == former]
        address = f"{BOARDS}/{village.board}/officers/{left['id']}"
        now = await registry.http.get(address, headers=by(registry))
        await ended(registry, now, address, left_because="resigned")
        await yesterday(registry, "officers")

        replies = []
        for person in (staff, stranger, former):
            account = await an_account(registry, roles=["board_officer"], regions=[HERE], person_id=person)
            replies.append(await village.delegate(bearer(await sign_in(registry, account.json()["username"]))))
        member = await an_account(registry, roles=["board_officer"], regions=[HERE], person_id=village.persons[4])
        lent = await village.delegate(bearer(await sign_in(registry, member.json()["username"])))

        assert [(one.status_code, code_of(one)) for one in replies] == [(403, "delegation.not_in_office")] * 3
        (seat,) = [one for one in await officers(registry, village) if one["person_id"] == village.persons[4]]
        assert (lent.status_code, lent.json()["officer_id"]) == (201, seat["id"])

    async def test_is_an_officer_of_that_board(self, registry: Running, village: Village) -> None:
        other = {"kelurahan_code": HERE, "name": "BKM Lain", "founded_on": "2019-01-01"}
        board = (await registry.http.post(BOARDS, json=other, headers=by(registry))).json()["id"]
        term = {"starts_on": days(-30), "ends_on": days(700), "elected_on": days(-40)}
        elected = [{"name": f"Lain {n}", "position": "koordinator" if n == 0 else "member"} for n in range(9)]
        await registry.http.post(f"{BOARDS}/{board}/terms", json=term | {"officers": elected}, headers=by(registry))

        reply = await village.delegate(board_id=board)

        assert (reply.status_code, code_of(reply)) == (403, "delegation.not_in_office")


async def officers(registry: Running, village: Village) -> list[dict[str, Any]]:
    reply = await registry.http.get(f"{BOARDS}/{village.board}/officers?limit=100", headers=by(registry))
    items: list[dict[str, Any]] = reply.json()["items"]
    return items


class TestWhoTakes:
    async def test_has_a_seat_that_the_delegation_names(self, registry: Running, village: Village) -> None:
        elected = await taker(registry, person_id=village.persons[1])
        staff = await taker(registry)
        seat = await appointed(registry, village.board, staff.json()["person_id"])
        membership, chair = await in_group(registry, village.board, "chair")

        found = [
            (one.json()["seat"], one.json()["seat_id"])
            for one in [
                await village.delegate(account_id=account.json()["id"])
                for account in (elected, staff, chair, village.volunteer)
            ]
        ]

        (officer,) = [one for one in await officers(registry, village) if one["person_id"] == village.persons[1]]
        assert found == [
            ("officer", officer["id"]),
            ("appointment", seat.json()["id"]),
            ("membership", membership.json()["id"]),
            ("volunteer", village.seat.json()["id"]),
        ]

    async def test_is_nobody_without_one_on_the_day(self, registry: Running, village: Village) -> None:
        accounts = [await taker(registry) for _ in range(4)]
        _, elsewhere, gone, coming = (one.json()["person_id"] for one in accounts)
        await village.volunteers(elsewhere, THERE)
        _, member = await in_group(registry, village.board, "member")
        await appointed(registry, village.board, gone, ends_on=days(-1))
        await appointed(registry, village.board, coming, starts_on=days(3))

        replies = [await village.delegate(account_id=one.json()["id"]) for one in (*accounts, member)]
        later = await village.delegate(account_id=accounts[3].json()["id"], starts_on=days(3))

        assert [(one.status_code, code_of(one)) for one in replies] == [(422, "delegation.no_seat")] * 5
        assert replies[0].json()["errors"][0]["pointer"] == "/account_id"
        assert (later.status_code, later.json()["seat"]) == (201, "appointment")

    async def test_takes_by_the_minutes_of_a_decision(self, registry: Running, village: Village) -> None:
        without = village.draft()
        del without["minutes_reference"]

        refused = await registry.http.post(DELEGATIONS, json=without, headers=village.by)
        made = await village.delegate()

        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/minutes_reference")
        assert made.json()["minutes_reference"] == "BA/07/2024"
        (entry,) = await entries(registry, "delegation.made")
        assert (entry["data"]["seat"], entry["data"]["seat_id"]) == ("volunteer", village.seat.json()["id"])
        assert "BA/07" not in str(entry)

    async def test_made_by_two_at_once_is_made_once(self, registry: Running, village: Village) -> None:
        identity = new_id()
        await warm(registry)

        replies = await asyncio.gather(*(village.delegate(id=identity) for _ in range(3)))

        assert sorted(one.status_code for one in replies) == [200, 200, 201]
        assert len(await entries(registry, "delegation.made")) == 1


class TestTheEnd:
    @pytest.mark.parametrize("seat", ["giver", "term", "officer", "appointment", "membership", "volunteer"])
    async def test_comes_with_a_seat(self, registry: Running, village: Village, seat: str) -> None:
        account, table = await taker(registry), f"{seat}s"
        person = account.json()["person_id"]
        address = ""
        match seat:
            case "giver" | "term" | "officer":
                account = await taker(registry, person_id=village.persons[1])
                whose = village.persons[1 if seat == "officer" else 0]
                (one,) = [one for one in await officers(registry, village) if one["person_id"] == whose]
                address = f"{BOARDS}/{village.board}/officers/{one['id']}"
                table = "officers"
            case "appointment":
                address = (await appointed(registry, village.board, person)).headers["Location"]
            case "membership":
                membership, account = await in_group(registry, village.board, "treasurer")
                address = membership.headers["Location"]
            case "volunteer":
                address = (await village.volunteers(person)).headers["Location"]
        made = await village.delegate(account_id=account.json()["id"])
        name = account.json()["username"]
        before = await sign_in(registry, name)
        assert (await shown(registry, village, made))["lasts_until"] == days(30)

        if seat == "term":
            async with registry.database.writes.begin() as connection:
                await connection.execute(text("UPDATE terms SET ends_on = :day"), {"day": TODAY})
            table = "terms"
        else:
            now = await registry.http.get(address, headers=by(registry))
            reason = {"left_because": "resigned"} if "officers" in address else {}
            reason = {"ended_because": "left"} if seat == "membership" else reason
            await ended(registry, now, address, **reason)
        last = await sign_in(registry, name)
        assert (await shown(registry, village, made))["lasts_until"] == days(0)
        await yesterday(registry, table)
        after = await sign_in(registry, name)

        assert [GROUPS in claims_of(one)["scope"].split() for one in (before, last, after)] == [True, True, False]
        assert claims_of(last)["exp"] <= end_of(TODAY).timestamp()
        over = await registry.http.patch(
            made.headers["Location"], json={"ends_on": days(40)}, headers=village.by | etag(made)
        )
        revoked = await registry.http.post(f"{made.headers['Location']}/revocation", headers=village.by | etag(made))
        assert (over.status_code, code_of(over)) == (409, "delegation.over")
        # For its last token, which a seat that ended does not void within seconds.
        assert revoked.status_code == 200
        for day, count in ((days(-1), 0), (days(0), 0)):
            listed = await registry.http.get(f"{DELEGATIONS}?as_of={day}", headers=by(registry))
            assert len(listed.json()["items"]) == count

    async def test_comes_when_a_seat_was_taken_back(self, registry: Running, village: Village) -> None:
        made = await village.delegate()
        async with registry.database.writes.begin() as connection:
            await connection.execute(text("DELETE FROM volunteers"))

        assert GROUPS not in await village.scopes()
        assert (await shown(registry, village, made))["lasts_until"] == days(-1)

    async def test_of_those_made_before_seats_were_asked_for_is_as_it_was(
        self, registry: Running, village: Village
    ) -> None:
        made = await village.delegate()
        async with registry.database.writes.begin() as connection:
            await connection.execute(
                text("UPDATE delegations SET officer_id = NULL, seat = NULL, seat_id = NULL, minutes_reference = NULL")
            )
            await connection.execute(text("DELETE FROM volunteers"))

        found = await shown(registry, village, made)

        assert GROUPS in await village.scopes()
        assert (found["officer_id"], found["seat"], found["minutes_reference"]) == (None, None, None)
        assert found["lasts_until"] == found["ends_on"] == days(30)


async def test_a_list_costs_one_statement(registry: Running, village: Village) -> None:
    for _ in range(3):
        await village.delegate()
    await registry.http.get(DELEGATIONS, headers=village.by)

    with registry.counted() as sent:
        reply = await registry.http.get(DELEGATIONS, headers=village.by)

    assert (len(reply.json()["items"]), len(sent)) == (3, 1)


class TestWhoseAccount:
    @pytest.mark.parametrize("whose", ["officer", "volunteer"])
    async def test_was_corrected_since_gives_nothing_that_was_delegated_before(
        self, village: Village, whose: str
    ) -> None:
        await village.delegate()
        before = await village.scopes()
        change = {"person_id": new_id(), "person_reason": "wrong_person"}

        corrected = await village.act(getattr(village, whose), "", "PATCH", json=change)

        assert corrected.status_code == 200, corrected.text
        assert (GROUPS in before, GROUPS in await village.scopes()) == (True, False)
