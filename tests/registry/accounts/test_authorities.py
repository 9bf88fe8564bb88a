import asyncio
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registry.accounts import service
from services.registry.accounts.rules import (
    AccountUnknown,
    AuthorityBackwards,
    AuthorityPast,
    require_ahead,
    without,
)
from services.registry.tokens import service as tokens
from services.registry.tokens.rules import ACCESS_LIFE, expiry
from shared.clock import JAKARTA, end_of, read_clock, today
from shared.permissions import Caller
from tests.house import Running, code_of, etag, new_id
from tests.registry.racing import warm
from tests.registry.signing import (
    PASSWORD,
    an_account,
    bearer,
    claims_of,
    operator,
    refreshed,
    sign_in,
)

TODAY = today(read_clock())
DAY = timedelta(days=1)
HERE, THERE, FAR = "34.71.03.1001", "34.71.03.1002", "33.74.01.1001"


def days(count: int) -> str:
    return str(TODAY + count * DAY)


async def give(registry: Running, account: httpx.Response, **changes: Any) -> httpx.Response:
    draft = {"roles": ["supervisor"], "regions": [FAR], "starts_on": days(10)}
    address = f"{account.headers['Location']}/authorities"
    return await registry.http.post(address, json=draft | changes, headers=operator(registry))


async def authorities(registry: Running, account: httpx.Response, query: str = "") -> list[dict[str, Any]]:
    reply = await registry.http.get(f"{account.headers['Location']}/authorities{query}", headers=operator(registry))
    items: list[dict[str, Any]] = reply.json()["items"]
    return items


async def held(registry: Running, account: httpx.Response) -> tuple[list[str], list[str]]:
    reply = await registry.http.get(account.headers["Location"], headers=operator(registry))
    return reply.json()["roles"], reply.json()["regions"]


async def at(registry: Running, account: httpx.Response, day: date) -> dict[str, Any]:
    """Sign in when a day is nearly over."""
    moment = end_of(day) - timedelta(seconds=1)
    return await tokens.sign_in(
        registry.database,
        registry.app.state.settings,
        username=account.json()["username"],
        password=PASSWORD,
        address="127.0.0.1",
        wanted=None,
        now=moment,
    )


class TestGive:
    async def test_holds_from_its_first_day_to_its_last(self, registry: Running) -> None:
        account = await an_account(registry, ends_on=days(4))

        reply = await give(registry, account, starts_on=days(5), ends_on=days(6))

        assert reply.status_code == 201
        assert reply.headers["Location"] == f"{account.headers['Location']}/authorities/{reply.json()['id']}"
        assert await held(registry, account) == (["board_officer"], [HERE])
        for day, roles in ((0, "board_officer"), (4, "board_officer"), (5, "supervisor"), (6, "supervisor")):
            token = await at(registry, account, TODAY + day * DAY)
            assert jwt_of(token)["roles"] == [roles]
        with pytest.raises(Exception, match=r"authority\.ended"):
            await at(registry, account, TODAY + 7 * DAY)

    async def test_never_gives_two_on_one_day(self, registry: Running) -> None:
        account = await an_account(registry)

        for change in ({}, {"starts_on": days(0)}, {"starts_on": days(0), "ends_on": days(0)}, {"roles": ["auditor"]}):
            reply = await give(registry, account, **change)
            assert (reply.status_code, code_of(reply)) == (409, "authority.overlaps")

    async def test_never_gives_two_on_one_day_to_several_at_once(self, registry: Running) -> None:
        account = await an_account(registry, ends_on=days(1))
        await warm(registry)

        replies = await asyncio.gather(*(give(registry, account, starts_on=days(2 + n)) for n in range(3)))

        assert sorted(reply.status_code for reply in replies) == [201, 409, 409]

    @pytest.mark.parametrize(
        ("change", "pointer", "code"),
        [
            ({"starts_on": days(-1)}, "/starts_on", "authority.past"),
            ({"ends_on": days(9)}, "/ends_on", "authority.backwards"),
            ({"roles": []}, "/roles", "list.too_short"),
            ({"regions": ["3374"]}, "/regions/0", "value.pattern"),
            ({"colour": "red"}, "/colour", "field.unknown"),
        ],
    )
    async def test_names_the_wrong_place(
        self, registry: Running, change: dict[str, Any], pointer: str, code: str
    ) -> None:
        reply = await give(registry, await an_account(registry, ends_on=days(1)), **change)

        assert reply.status_code == 422
        assert reply.json()["errors"][0]["pointer"] == pointer
        assert reply.json()["errors"][0]["code"] == code

    async def test_is_for_operators_of_all_its_regions(self, registry: Running) -> None:
        account = await an_account(registry)
        address = f"{account.headers['Location']}/authorities"
        draft = {"roles": ["supervisor"], "regions": [FAR]}

        async def by(headers: dict[str, str], **changes: Any) -> tuple[int, str]:
            reply = await registry.http.post(address, json=draft | changes, headers=headers)
            return reply.status_code, code_of(reply)

        assert await by({}) == (401, "token.missing")
        assert await by(registry.token("city_coordinator", regions=("*",))) == (403, "scope.missing")
        assert await by(operator(registry, regions=("34.71",))) == (403, "region.missing")
        assert await by(operator(registry, regions=("33.74",))) == (404, "resource.not_found")

    async def test_is_nobodys_own_under_any_name(self, registry: Running) -> None:
        person = new_id()
        mine = await an_account(registry, roles=["operator"], regions=["*"], person_id=person, ends_on=days(1))
        other = await an_account(registry, person_id=person, ends_on=days(1))
        headers = bearer(await sign_in(registry, mine.json()["username"]))
        draft = {"roles": ["programme_manager"], "regions": ["*"], "starts_on": days(2)}

        for account in (mine, other):
            reply = await registry.http.post(f"{account.headers['Location']}/authorities", json=draft, headers=headers)
            assert (reply.status_code, code_of(reply)) == (403, "account.own")
        opened = await registry.http.post(
            "/registry/v1/accounts",
            json={"username": "saya-lagi", "password": PASSWORD, "display_name": "S", "person_id": person}
            | {"roles": ["auditor"], "regions": ["*"]},
            headers=headers,
        )
        assert (opened.status_code, code_of(opened)) == (403, "account.own")

    async def test_takes_the_same_id_once(self, registry: Running) -> None:
        account = await an_account(registry, ends_on=days(1))
        identity = new_id()

        first = await give(registry, account, id=identity)
        again = await give(registry, account, id=identity)
        other = await give(registry, account, id=identity, roles=["auditor"])

        assert [reply.status_code for reply in (first, again, other)] == [201, 200, 409]


def jwt_of(granted: dict[str, Any]) -> dict[str, Any]:
    return claims_of(httpx.Response(200, json=granted))


class TestEnd:
    async def test_of_today_ends_the_token_with_the_day(self, registry: Running) -> None:
        account = await an_account(registry, ends_on=days(0))
        late = end_of(TODAY) - timedelta(minutes=5)

        granted = await tokens.sign_in(
            registry.database,
            registry.app.state.settings,
            username=account.json()["username"],
            password=PASSWORD,
            address="127.0.0.1",
            wanted=None,
            now=late,
        )

        assert jwt_of(granted)["exp"] == int(end_of(TODAY).timestamp())
        assert granted["expires_in"] == 300
        with pytest.raises(Exception, match=r"authority\.ended"):
            await tokens.refresh(
                registry.database,
                registry.app.state.settings,
                token=granted["refresh_token"],
                wanted=None,
                now=late + timedelta(minutes=6),
            )

    async def test_earlier_than_before_ends_the_sessions(self, registry: Running) -> None:
        account = await an_account(registry)
        token = await sign_in(registry, account.json()["username"])
        (one,) = await authorities(registry, account)
        address = f"{account.headers['Location']}/authorities/{one['id']}"

        shown = {"If-Match": f'"{one["version"]}.x"'}
        later = await registry.http.patch(address, json={"ends_on": days(30)}, headers=operator(registry) | shown)
        old = await refreshed(registry, token)
        stale = await registry.http.patch(address, json={"ends_on": None}, headers=operator(registry) | shown)
        longer = await registry.http.patch(address, json={"ends_on": None}, headers=operator(registry) | etag(later))
        token = await sign_in(registry, account.json()["username"])
        same = await registry.http.patch(address, json={}, headers=operator(registry) | etag(longer))

        assert (later.status_code, later.json()["ends_on"]) == (200, days(30))
        assert (old.status_code, code_of(old)) == (401, "credentials.wrong")
        assert (stale.status_code, stale.json()["current"]["ends_on"]) == (412, days(30))
        assert (longer.json()["ends_on"], same.status_code) == (None, 200)
        assert (await refreshed(registry, token)).status_code == 200

    async def test_of_one_that_is_over_cannot_move(self, registry: Running) -> None:
        account = await an_account(registry)
        (one,) = await authorities(registry, account)
        address = f"{account.headers['Location']}/authorities/{one['id']}"
        shown = operator(registry) | {"If-Match": f'"{one["version"]}.x"'}

        past = await registry.http.patch(address, json={"ends_on": days(-1)}, headers=shown)
        revoked = await registry.http.post(f"{address}/revocation", headers=shown)
        again = await registry.http.post(f"{address}/revocation", headers=operator(registry) | etag(revoked))
        longer = await registry.http.patch(address, json={"ends_on": None}, headers=operator(registry) | etag(revoked))

        assert past.status_code == 422
        assert [reply.status_code for reply in (revoked, again, longer)] == [200, 409, 409]
        assert [code_of(reply) for reply in (again, longer)] == ["authority.over"] * 2

    async def test_at_once_voids_what_was_issued(self, registry: Running) -> None:
        account = await an_account(registry)
        token = await sign_in(registry, account.json()["username"])
        (one,) = await authorities(registry, account)
        address = f"{account.headers['Location']}/authorities/{one['id']}/revocation"

        await registry.http.post(address, headers=operator(registry) | {"If-Match": f'"{one["version"]}.x"'})

        assert code_of(await refreshed(registry, token)) == "authority.ended"
        anew = await sign_in(registry, account.json()["username"])
        assert (anew.status_code, code_of(anew)) == (401, "authority.ended")
        assert code_of(await sign_in(registry, account.json()["username"], "salah sama sekali")) == "credentials.wrong"

    async def test_leaves_the_account_to_who_kept_it_last(self, registry: Running) -> None:
        account = await an_account(registry)
        (one,) = await authorities(registry, account)
        address = f"{account.headers['Location']}/authorities/{one['id']}/revocation"
        await registry.http.post(address, headers=operator(registry) | {"If-Match": f'"{one["version"]}.x"'})

        def seen(*regions: str) -> Any:
            return registry.http.get(account.headers["Location"], headers=operator(registry, regions=regions))

        assert ((await seen("34.71")).status_code, (await seen("33")).status_code) == (200, 404)
        assert (await seen("34.71")).json()["roles"] == []

    async def test_of_another_account_is_not_found(self, registry: Running) -> None:
        one, other = await an_account(registry), await an_account(registry)
        (authority,) = await authorities(registry, other)
        address = f"{one.headers['Location']}/authorities/{authority['id']}"

        reply = await registry.http.post(f"{address}/revocation", headers=operator(registry) | {"If-Match": '"1.x"'})

        assert (reply.status_code, code_of(reply)) == (404, "resource.not_found")


class TestHistory:
    async def test_keeps_what_was_held_before_a_change(self, registry: Running) -> None:
        account = await an_account(registry)
        async with registry.database.transaction() as session:
            table = registry.tables.authorities
            await session.execute(table.update().values(starts_on=TODAY - 10 * DAY))

        for roles in (["volunteer"], ["supervisor"]):
            shown = await registry.http.get(account.headers["Location"], headers=operator(registry))
            await registry.http.patch(
                account.headers["Location"], json={"roles": roles}, headers=operator(registry) | etag(shown)
            )

        found = await authorities(registry, account)
        assert [(one["roles"], one["starts_on"], one["ends_on"]) for one in found] == [
            (["supervisor"], days(0), None),
            (["board_officer"], days(-10), days(-1)),
        ]
        (then,) = await authorities(registry, account, f"?as_of={days(-1)}")
        assert then["roles"] == ["board_officer"]

    async def test_tells_services_and_names_nobody(self, registry: Running) -> None:
        account = await an_account(registry, ends_on=days(1))
        await give(registry, account)
        await registry.seal()

        reply = await registry.http.get("/registry/v1/journal", headers=registry.service_token("planning"))
        public = await registry.http.get("/registry/v1/journal", headers=registry.token("auditor", regions=("*",)))

        told = [(one["type"], one["data"]["data"]) for one in reply.json()["items"]]
        assert [name for name, _ in told] == ["account.opened", "authority.given", "account.changed", "authority.given"]
        assert told[0][1]["roles"] == ["board_officer"]
        assert public.json()["items"] == []
        assert account.json()["username"] not in reply.text


class TestRegionsThatPassOn:
    """A handover shares regions with the account that receives, and later takes them from the one that gave."""

    async def share(self, registry: Running, one: str, other: str, regions: list[str], **by: Any) -> list[str]:
        caller = Caller(**{"account_id": UUID(new_id()), "person_id": UUID(new_id()), "regions": ("34.71",)} | by)
        async with registry.database.transaction() as session:
            return await service.share_regions(session, UUID(one), UUID(other), regions, by=caller, now=read_clock())

    async def release(self, registry: Running, one: str, regions: list[str]) -> None:
        caller = Caller(account_id=UUID(new_id()), person_id=UUID(new_id()), regions=("34.71",))
        async with registry.database.transaction() as session:
            await service.release_regions(session, UUID(one), regions, by=caller, now=read_clock())

    async def move(self, registry: Running, one: str, other: str, regions: list[str]) -> None:
        await self.share(registry, one, other, regions)
        await self.release(registry, one, regions)

    async def test_are_held_by_both_and_then_by_the_second(self, registry: Running) -> None:
        one = await an_account(registry, roles=["facilitator"], regions=[HERE, THERE])
        other = await an_account(registry, roles=["facilitator"], regions=["34.71.04.1001"])
        tokens_of = [await sign_in(registry, account.json()["username"]) for account in (one, other)]

        assert await self.share(registry, one.json()["id"], other.json()["id"], [HERE]) == [HERE]
        assert (await held(registry, one))[1] == [HERE, THERE]
        await self.release(registry, one.json()["id"], [HERE])

        assert await held(registry, one) == (["facilitator"], [THERE])
        assert await held(registry, other) == (["facilitator"], [HERE, "34.71.04.1001"])
        first, second = [await refreshed(registry, token) for token in tokens_of]
        assert code_of(first) == "credentials.wrong"
        assert claims_of(second)["regions"] == [HERE, "34.71.04.1001"]

    async def test_leave_nothing_now_or_later_when_all_there_is_goes(self, registry: Running) -> None:
        one = await an_account(registry, roles=["facilitator"], regions=[HERE], ends_on=days(3))
        await give(registry, one, roles=["facilitator"], regions=[HERE, THERE], starts_on=days(4))

        await self.release(registry, one.json()["id"], [HERE])

        assert await held(registry, one) == ([], [])
        later, now = await authorities(registry, one)
        assert (later["regions"], later["revoked_at"]) == ([THERE], None)
        assert now["revoked_at"] is not None
        assert code_of(await sign_in(registry, one.json()["username"])) == "authority.ended"

    async def test_leave_the_sessions_of_who_had_none_of_them(self, registry: Running) -> None:
        one = await an_account(registry, roles=["facilitator"], regions=["34.71"])
        token = await sign_in(registry, one.json()["username"])

        await self.release(registry, one.json()["id"], [HERE])

        assert await held(registry, one) == (["facilitator"], ["34.71"])
        assert (await refreshed(registry, token)).status_code == 200
        async with registry.database.transaction() as session:
            reached = await service.reached(session, UUID(one.json()["id"]), [HERE, FAR], on=TODAY)
        assert reached == [HERE]

    async def test_widen_nobody(self, registry: Running) -> None:
        person = UUID(new_id())
        one = await an_account(registry, roles=["volunteer"], regions=[HERE, FAR])
        wider = await an_account(registry, roles=["city_coordinator"], regions=[THERE])
        same = await an_account(registry, roles=["volunteer"], regions=[THERE], person_id=str(person))
        later = await an_account(registry, roles=["volunteer"], regions=[THERE], starts_on=days(1))
        ids = [account.json()["id"] for account in (one, wider, same, later)]

        for other, regions, by in (
            (ids[1], [HERE], {}),
            (ids[2], ["34.71.04.1001"], {}),
            (ids[2], ["34.71.03"], {}),
            (ids[2], [FAR], {}),
            (ids[2], [HERE], {"person_id": person}),
            (ids[2], [HERE], {"account_id": UUID(ids[2])}),
            (ids[3], [HERE], {}),
            (ids[0], [HERE], {}),
        ):
            assert await self.share(registry, ids[0], other, regions, **by) == [], (other, regions, by)  # type: ignore[arg-type]
        with pytest.raises(AccountUnknown):
            await self.share(registry, ids[0], new_id(), [HERE])
        assert (await held(registry, same))[1] == [THERE]

    async def test_of_two_at_once_in_a_circle_wait_for_nobody_forever(self, registry: Running) -> None:
        one = await an_account(registry, roles=["facilitator"], regions=[HERE, THERE])
        other = await an_account(registry, roles=["facilitator"], regions=["34.71.04.1001", "33.74.01.1001"])
        ids = one.json()["id"], other.json()["id"]
        await warm(registry)

        await asyncio.gather(
            self.move(registry, ids[0], ids[1], [HERE]), self.move(registry, ids[1], ids[0], ["34.71.04.1001"])
        )

        assert (await held(registry, one))[1] == [THERE, "34.71.04.1001"]
        assert (await held(registry, other))[1] == ["33.74.01.1001", HERE]


DATES = st.dates(date(2025, 1, 1), date(2027, 1, 1))


class TestRules:
    @given(DATES, st.none() | DATES, DATES)
    def test_nothing_is_given_for_the_past_or_backwards(self, starts_on: date, ends_on: date | None, on: date) -> None:
        fine = starts_on >= on and (ends_on is None or ends_on >= starts_on)
        try:
            require_ahead(starts_on, ends_on, today=on)
        except (AuthorityPast, AuthorityBackwards):
            assert not fine
        else:
            assert fine

    @given(st.sets(st.sampled_from("abcdef")), st.sets(st.sampled_from("abcdef")))
    def test_what_is_left_is_what_was_not_taken(self, regions: set[str], gone: set[str]) -> None:
        left = without(regions, gone)

        assert left == sorted(left)
        assert set(left) | (regions & gone) == regions
        assert not set(left) & gone

    @given(st.datetimes(timezones=st.just(JAKARTA)))
    def test_a_token_never_outlives_the_day_on_which_it_ends(self, now: Any) -> None:
        last = end_of(today(now))

        ends = expiry(int(now.timestamp()), life=ACCESS_LIFE, ends_at=last)

        assert ends <= last.timestamp()
        assert ends - int(now.timestamp()) <= ACCESS_LIFE.total_seconds()
        assert today(last) == today(now) + DAY


async def test_a_revocation_and_a_sign_in_at_once_leave_no_token_that_counts(registry: Running) -> None:
    account = await an_account(registry)
    (one,) = await authorities(registry, account)
    address = f"{account.headers['Location']}/authorities/{one['id']}/revocation"
    revoking = registry.http.post(address, headers=operator(registry) | {"If-Match": f'"{one["version"]}.x"'})
    await warm(registry)

    revoked, *replies = await asyncio.gather(
        revoking, *(sign_in(registry, account.json()["username"]) for _ in range(3))
    )

    assert revoked.status_code == 200
    shown = await registry.http.get(account.headers["Location"], headers=operator(registry))
    limit = shown.json()["not_before"]
    for reply in replies:
        if reply.status_code == 200:
            assert claims_of(reply)["iat"] < read_time(limit)
        else:
            assert code_of(reply) == "authority.ended"


def read_time(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
