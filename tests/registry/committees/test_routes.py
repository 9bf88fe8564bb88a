import asyncio
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from tests.house import Running, code_of, etag, new_id
from tests.registry.racing import warm

COMMITTEES = "/registry/v1/committees"
FIRST = {
    "kind": "kpk_d",
    "name": "KPK-D Kota Yogyakarta",
    "number": "SK 12/2006",
    "signed_on": "2006-03-01",
    "starts_on": "2006-03-01",
    "ends_on": None,
}
SECOND = {
    "kind": "tkpk",
    "name": "TKPK Kota Yogyakarta",
    "number": "SK 44/2011",
    "signed_on": "2011-01-03",
    "starts_on": "2011-01-10",
}
MEMBER = {"institution": "Bappeda", "office": "Kepala Bappeda", "role": "secretary", "starts_on": "2011-01-10"}
DOCUMENT = {
    "kind": "poverty_strategy",
    "title": "SPKD 2012-2016",
    "reference": "Perwal 7/2012",
    "dated_on": "2012-02-01",
}


async def a_committee(registry: Running, headers: dict[str, str] | None = None, **changes: Any) -> httpx.Response:
    by = headers or registry.token("city_coordinator", regions=("*",))
    decree = FIRST | changes.pop("decree", {})
    draft = {"region_code": "34.71", "decree": decree}
    return await registry.http.post(COMMITTEES, json=draft | changes, headers=by)


async def add(registry: Running, committee: httpx.Response, what: str, body: dict[str, Any]) -> httpx.Response:
    headers = registry.token("city_coordinator")
    return await registry.http.post(f"{committee.headers['Location']}/{what}", json=body, headers=headers)


async def change(registry: Running, reply: httpx.Response, body: dict[str, Any]) -> httpx.Response:
    headers = registry.token("city_coordinator") | etag(reply)
    return await registry.http.patch(reply.headers["Location"], json=body, headers=headers)


async def end_first_decree(registry: Running, committee: httpx.Response, day: str = "2011-01-09") -> httpx.Response:
    address = f"{committee.headers['Location']}/decrees/{committee.json()['decree']['id']}"
    read = await registry.http.get(address)
    headers = registry.token("city_coordinator") | etag(read)
    return await registry.http.patch(address, json={"ends_on": day}, headers=headers)


class TestRecordCommittee:
    async def test_stands_in_its_city_with_the_decree_that_set_it_up(self, registry: Running) -> None:
        reply = await a_committee(registry)
        read = await registry.http.get(reply.headers["Location"])

        assert reply.status_code == 201
        assert read.json() == reply.json()
        assert (read.json()["region_code"], read.json()["region_name"]) == ("34.71", "Kota Yogyakarta")
        assert read.json()["decree"]["name"] == "KPK-D Kota Yogyakarta"
        assert read.json()["decree"]["lapsed"] is False

    @pytest.mark.parametrize(
        ("changes", "pointer", "code"),
        [
            ({"region_code": "34.71.03"}, "/region_code", "committee.misplaced"),
            ({"region_code": "34.71.03.1001"}, "/region_code", "committee.misplaced"),
            ({"region_code": "99"}, "/region_code", "place.unknown"),
            ({"decree": {"signed_on": "2999-01-01"}}, "/decree/signed_on", "date.in_the_future"),
            ({"decree": {"ends_on": "2006-02-28"}}, "/decree/ends_on", "date.before_the_start"),
            ({"decree": {"kind": "bkm"}}, "/decree/kind", "value.not_a_choice"),
            ({"decree": {"chair": "Ibu Contoh"}}, "/decree/chair", "field.unknown"),
        ],
    )
    async def test_names_the_wrong_place(
        self, registry: Running, changes: dict[str, Any], pointer: str, code: str
    ) -> None:
        reply = await a_committee(registry, **changes)

        assert reply.status_code == 422
        assert (reply.json()["errors"][0]["pointer"], reply.json()["errors"][0]["code"]) == (pointer, code)

    async def test_is_kept_for_who_works_for_the_city(self, registry: Running) -> None:
        nobody = await registry.http.post(COMMITTEES, json={"region_code": "34.71", "decree": FIRST})
        facilitator = await a_committee(registry, registry.token("facilitator"))
        elsewhere = await a_committee(registry, registry.token("city_coordinator", regions=("33.74",)))
        below = await a_committee(registry, registry.token("city_coordinator", regions=("34.71.03",)))

        assert (nobody.status_code, code_of(nobody)) == (401, "token.missing")
        assert (facilitator.status_code, code_of(facilitator)) == (403, "scope.missing")
        assert [(one.status_code, code_of(one)) for one in (elsewhere, below)] == [(403, "region.missing")] * 2

    async def test_is_the_only_one_of_its_region_even_when_two_come_at_once(self, registry: Running) -> None:
        await warm(registry)
        replies = await asyncio.gather(*(a_committee(registry) for _ in range(3)))

        assert sorted(one.status_code for one in replies) == [201, 409, 409]
        assert {code_of(one) for one in replies if one.status_code == 409} == {"item.already_there"}
        (made,) = (one.json()["id"] for one in replies if one.status_code == 201)
        assert {one.json()["existing"] for one in replies if one.status_code == 409} == {made}

    async def test_takes_the_same_id_once(self, registry: Running) -> None:
        identity = new_id()
        first = await a_committee(registry, id=identity)
        again = await a_committee(registry, id=identity)
        other = await a_committee(registry, id=identity, decree={"number": "SK 13/2006"})

        assert (first.status_code, again.status_code) == (201, 200)
        assert again.json() == first.json()
        assert (other.status_code, code_of(other)) == (409, "id.taken")


class TestDecrees:
    async def test_tell_what_it_was_called_and_when(self, registry: Running) -> None:
        committee = await a_committee(registry)
        ended = await end_first_decree(registry, committee)
        second = await add(registry, committee, "decrees", SECOND)

        async def named(query: str) -> list[Any]:
            items = (await registry.http.get(f"{COMMITTEES}?{query}")).json()["items"]
            return [item["decree"] and item["decree"]["name"] for item in items]

        history = await registry.http.get(f"{committee.headers['Location']}/decrees")
        assert (ended.status_code, second.status_code) == (200, 201)
        assert [one["kind"] for one in history.json()["items"]] == ["tkpk", "kpk_d"]
        assert await named("") == await named("kind=tkpk") == await named("q=kpk") == ["TKPK Kota Yogyakarta"]
        assert await named("as_of=2008-01-01") == ["KPK-D Kota Yogyakarta"]
        assert await named("as_of=2008-01-01&kind=kpk_d") == ["KPK-D Kota Yogyakarta"]
        assert await named("as_of=2005-01-01") == await named("kind=kpk_d") == await named("region=33.74") == []

    async def test_lapse_when_none_follows(self, registry: Running) -> None:
        committee = await a_committee(registry)
        await end_first_decree(registry, committee)

        assert (await registry.http.get(committee.headers["Location"])).json()["decree"]["lapsed"] is True

    async def test_do_not_overlap(self, registry: Running) -> None:
        committee = await a_committee(registry)
        open_still = await add(registry, committee, "decrees", SECOND)
        await end_first_decree(registry, committee, "2011-01-10")
        same_day = await add(registry, committee, "decrees", SECOND)

        assert [(one.status_code, code_of(one)) for one in (open_still, same_day)] == [(409, "decree.overlaps")] * 2

    async def test_are_judged_again_when_they_change(self, registry: Running) -> None:
        committee = await a_committee(registry)
        await end_first_decree(registry, committee)
        second = await add(registry, committee, "decrees", SECOND)

        earlier = await change(registry, second, {"starts_on": "2011-01-05"})
        reversed_time = await change(registry, second, {"ends_on": "2010-01-01"})
        corrected = await change(registry, second, {"number": "SK 45/2011", "ends_on": "2015-12-31"})
        stale = await change(registry, second, {"number": "SK 46/2011"})

        assert (earlier.status_code, code_of(earlier)) == (409, "decree.overlaps")
        assert (reversed_time.status_code, code_of(reversed_time)) == (422, "date.before_the_start")
        assert (corrected.status_code, corrected.json()["version"], corrected.json()["name"]) == (
            200,
            2,
            SECOND["name"],
        )
        assert (stale.status_code, stale.json()["current"]["number"]) == (412, "SK 45/2011")

    async def test_take_one_of_two_that_come_at_once(self, registry: Running) -> None:
        committee = await a_committee(registry)
        await end_first_decree(registry, committee)
        await warm(registry)

        replies = await asyncio.gather(
            *(add(registry, committee, "decrees", SECOND | {"number": f"SK {number}"}) for number in range(3))
        )

        assert sorted(one.status_code for one in replies) == [201, 409, 409]


class TestMembers:
    async def test_are_offices_seen_by_everybody(self, registry: Running) -> None:
        committee = await a_committee(registry)
        member = await add(registry, committee, "members", MEMBER)
        listed = await registry.http.get(f"{committee.headers['Location']}/members")

        assert member.status_code == 201
        assert listed.json()["items"] == [member.json()]
        assert "name" not in member.json()

    async def test_sit_once_at_a_time_and_there_is_one_chair(self, registry: Running) -> None:
        committee = await a_committee(registry)
        member = await add(registry, committee, "members", MEMBER)
        chair = {"institution": "Pemkot", "office": "Wakil Wali Kota", "role": "chair", "starts_on": "2011-01-10"}
        await add(registry, committee, "members", chair)

        twice = await add(registry, committee, "members", MEMBER | {"office": "KEPALA BAPPEDA", "role": "member"})
        second_chair = await add(registry, committee, "members", chair | {"office": "Wali Kota"})
        ended = await change(registry, member, {"ends_on": "2013-06-30"})
        again = await add(registry, committee, "members", MEMBER | {"starts_on": "2013-07-01"})
        address = member.headers["Location"]
        headers = registry.token("city_coordinator") | etag(ended)
        reopened = await registry.http.patch(address, json={"ends_on": None}, headers=headers)

        assert [(one.status_code, code_of(one)) for one in (twice, second_chair)] == [(409, "committee.seat_taken")] * 2
        assert (ended.status_code, again.status_code) == (200, 201)
        assert (reopened.status_code, code_of(reopened)) == (409, "committee.seat_taken")

    async def test_are_listed_as_of_a_day(self, registry: Running) -> None:
        committee = await a_committee(registry)
        await add(registry, committee, "members", MEMBER | {"ends_on": "2013-06-30"})
        await add(registry, committee, "members", MEMBER | {"starts_on": "2013-07-01", "role": "chair"})

        async def roles(query: str) -> list[str]:
            reply = await registry.http.get(f"{committee.headers['Location']}/members?{query}")
            return [item["role"] for item in reply.json()["items"]]

        assert await roles("") == ["chair", "secretary"]
        assert await roles("as_of=2013-06-30") == ["secretary"]
        assert await roles("as_of=2013-07-01") == ["chair"]
        assert await roles("as_of=2010-01-01") == []


class TestDocuments:
    async def test_are_known_by_their_reference(self, registry: Running) -> None:
        committee = await a_committee(registry)
        document = await add(registry, committee, "documents", DOCUMENT)
        corrected = await change(registry, document, {"reference": "Perwal 8/2012"})
        tomorrow = await add(registry, committee, "documents", DOCUMENT | {"dated_on": "2999-01-01"})
        listed = await registry.http.get(f"{committee.headers['Location']}/documents?kind=poverty_strategy")
        others = await registry.http.get(f"{committee.headers['Location']}/documents?kind=report")

        assert document.status_code == 201
        assert listed.json()["items"] == [corrected.json()]
        assert others.json()["items"] == []
        assert (tomorrow.status_code, code_of(tomorrow)) == (422, "date.in_the_future")

    async def test_are_changed_only_within_their_own_committee(self, registry: Running) -> None:
        committee = await a_committee(registry)
        other = await a_committee(registry, region_code="33.74")
        document = await add(registry, committee, "documents", DOCUMENT)
        address = f"{other.headers['Location']}/documents/{document.json()['id']}"
        headers = registry.token("city_coordinator", regions=("*",)) | etag(document)

        strange = await registry.http.patch(address, json={"title": "SPKD lain"}, headers=headers)
        elsewhere = await registry.http.patch(
            document.headers["Location"],
            json={"title": "SPKD lain"},
            headers=registry.token("city_coordinator", regions=("33.74",)) | etag(document),
        )

        assert (strange.status_code, code_of(strange)) == (404, "resource.not_found")
        assert (elsewhere.status_code, code_of(elsewhere)) == (403, "region.missing")


class TestJournal:
    async def test_keeps_one_entry_for_each_changed_row(self, registry: Running) -> None:
        committee = await a_committee(registry)
        member = await add(registry, committee, "members", MEMBER)
        await change(registry, member, {"ends_on": "2013-06-30"})

        async with registry.database.reads.connect() as connection:
            entries = registry.tables.journal_entries
            actions = (await connection.execute(select(entries.c.action).order_by(entries.c.id))).scalars().all()
        assert list(actions) == [
            "committee.recorded",
            "decree.recorded",
            "committee_member.recorded",
            "committee_member.changed",
        ]

    async def test_repeats_the_first_reply_to_the_same_key(self, registry: Running) -> None:
        headers = registry.token("city_coordinator") | {"Idempotency-Key": "once"}
        first = await a_committee(registry, headers)
        again = await a_committee(registry, headers)

        assert (again.status_code, again.json()) == (201, first.json())
        assert again.headers["Idempotency-Replayed"] == "true"
