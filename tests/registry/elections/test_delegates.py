"""The list of delegates: sealed names, corrections until the election has ended, and withdrawals."""

import asyncio
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select

from services.registry.personal.models import PersonalRecord
from tests.house import Running, code_of, etag, new_id
from tests.registry.electing import (
    CERTIFICATION,
    DELEGATE,
    Story,
    a_board,
    begin,
    items,
    members,
    open_election,
    payloads,
    status,
)
from tests.registry.racing import warm


@pytest.fixture
async def story(registry: Running) -> Story:
    return await begin(registry)


class TestDelegates:
    async def test_are_named_only_to_who_may_read_personal_data_and_that_leaves_an_entry(
        self, registry: Running, story: Story
    ) -> None:
        made = await story.enter("delegates", DELEGATE, story.first)
        masked = await items(story, "delegates", story.first)
        named = await items(story, "delegates", registry.token("facilitator"))
        nobody = await registry.http.get(f"{story.address}/delegates")
        elsewhere = await status(story, "delegates", registry.token("facilitator", regions=("33.74",)))

        assert (made.status_code, made.json()["name"], made.json()["poor"]) == (201, None, None)
        assert [(one["name"], one["poor"], one["sex"]) for one in masked] == [(None, None, "female")]
        assert [(one["name"], one["poor"]) for one in named] == [("Ibu Contoh", True)]
        assert (nobody.status_code, elsewhere) == (401, 404)
        read = [one["data"] for one in await payloads(registry) if one["action"] == "delegates.read"]
        assert [one["count"] for one in read] == [1]

    async def test_listed_otherwise_than_counted_are_told(self, story: Story) -> None:
        await story.enter("delegates", DELEGATE, story.first)
        await story.count()

        gates = await story.gates()

        assert [one["code"] for one in gates["warnings"]] == ["delegates.listed_differ"]
        assert gates["ready"] is True

    async def test_are_listed_once_and_are_those_who_can_be_elected(self, story: Story) -> None:
        elected, listed = new_id(), new_id()
        known = members()
        known[0] |= {"person_id": elected}
        known[1] |= {"person_id": listed}
        first = await story.enter("delegates", DELEGATE | {"person_id": listed}, story.first)
        again = await story.enter("delegates", DELEGATE | {"person_id": listed}, story.second)
        await story.count(members=known)

        gates = await story.gates()

        assert (first.status_code, again.status_code, code_of(again)) == (201, 409, "item.already_there")
        assert again.json()["existing"] == first.json()["id"]
        told = [(one["code"], one["pointer"]) for one in gates["warnings"]]
        assert told == [("delegates.listed_differ", "/delegates"), ("members.not_listed", "/meeting/members/0")]


async def listed(story: Story, **changes: Any) -> str:
    """List a delegate; return the address."""
    made = await story.enter("delegates", DELEGATE | changes, story.first)
    assert made.status_code == 201, made.text
    return made.headers["Location"]


async def act(
    story: Story, method: str, address: str, headers: dict[str, str], change: dict[str, Any] | None = None
) -> httpx.Response:
    """Change or withdraw a delegate in the version that is there now."""
    seen = {} if "If-Match" in headers else etag(await story.registry.http.get(address, headers=story.certifier))
    return await story.registry.http.request(method, address, json=change, headers=headers | seen)


async def names(registry: Running) -> int:
    async with registry.database.reads.connect() as connection:
        return int(await connection.scalar(select(func.count()).select_from(PersonalRecord)) or 0)


class TestCorrection:
    async def test_changes_what_is_named_and_names_nobody_in_its_reply(self, registry: Running, story: Story) -> None:
        address = await listed(story)

        reply = await act(story, "PATCH", address, story.second, {"rt": "3", "sex": "male", "name": "Pak Contoh"})
        masked = await registry.http.get(address, headers=story.first)
        shown = await registry.http.get(address, headers=registry.token("facilitator"))

        assert (reply.status_code, reply.json()["name"], reply.json()["version"]) == (200, None, 2)
        assert (masked.json()["rt"], masked.json()["rw"], masked.json()["sex"]) == ("003", "001", "male")
        assert (masked.json()["name"], masked.json()["poor"]) == (None, None)
        assert (shown.json()["name"], shown.json()["poor"]) == ("Pak Contoh", True)
        assert "no-store" in shown.headers["Cache-Control"]
        entries = [one for one in await payloads(registry) if one["action"].startswith("delegate")]
        assert [one["action"] for one in entries] == ["delegate.recorded", "delegate.changed", "delegates.read"]
        assert not [one for one in map(str, entries) if "Contoh" in one]

    async def test_says_why_it_means_another_person_who_is_not_listed_already(
        self, registry: Running, story: Story
    ) -> None:
        wrong, right, other = new_id(), new_id(), new_id()
        address = await listed(story, person_id=wrong)
        await listed(story, person_id=other)
        why = {"person_reason": "wrong_person"}

        taken = await act(story, "PATCH", address, story.first, {"person_id": other} | why)
        reply = await act(story, "PATCH", address, story.first, {"person_id": right} | why)

        assert (taken.status_code, code_of(taken)) == (409, "item.already_there")
        assert (reply.status_code, reply.json()["person_id"]) == (200, right), reply.text
        changed = [one for one in await payloads(registry) if one["action"] == "delegate.changed"]
        assert [one["data"]["person_reason"] for one in changed] == ["wrong_person"]
        assert right not in str(changed)
        async with registry.database.reads.connect() as connection:
            kept = await connection.scalars(select(PersonalRecord.person_id))
            assert {str(one) for one in kept} == {right, other}

    @pytest.mark.parametrize("before", ["Ibu Contoh", None])
    @pytest.mark.parametrize("after", ["Ibu Lain", None])
    async def test_names_renames_and_forgets(
        self, registry: Running, story: Story, before: str | None, after: str | None
    ) -> None:
        address = await listed(story, name=before)

        reply = await act(story, "PATCH", address, story.first, {"name": after})

        (shown,) = await items(story, "delegates", registry.token("facilitator"))
        assert (reply.status_code, shown["name"], await names(registry)) == (200, after, int(after is not None))

    @pytest.mark.parametrize(
        ("change", "pointer", "code"),
        [
            ({"rt": "000"}, "/rt", None),
            ({"rt": None}, "/rt", None),
            ({"sex": "x"}, "/sex", None),
            ({"poor": "yes"}, "/poor", "value.not_boolean"),
            ({"name": "x"}, "/name", None),
            ({"person_id": new_id()}, "/person_reason", "person.unexplained"),
            ({"person_reason": "wrong_person"}, "/person_id", "person.unexplained"),
            ({"person_id": None, "person_reason": "wrong_person"}, "/person_id", None),
        ],
    )
    async def test_names_the_wrong_place(
        self, story: Story, change: dict[str, Any], pointer: str, code: str | None
    ) -> None:
        address = await listed(story)

        reply = await act(story, "PATCH", address, story.first, change)

        assert reply.status_code == 422
        assert [(one["pointer"], code and one["code"]) for one in reply.json()["errors"]] == [(pointer, code)]

    async def test_does_not_name_again_who_was_erased(self, registry: Running, story: Story) -> None:
        address = await listed(story)
        async with registry.database.writes.begin() as connection:
            await connection.execute(
                PersonalRecord.__table__.update().values(wrapped_key=None, sealed=None, erased_at=func.now())
            )

        reply = await act(story, "PATCH", address, story.first, {"name": "Ibu Contoh"})

        assert (reply.status_code, code_of(reply)) == (409, "personal.erased")


class TestWithdrawal:
    async def test_takes_a_delegate_off_the_list_with_the_name(self, registry: Running, story: Story) -> None:
        address = await listed(story)
        await listed(story, name="Ibu Lain")

        reply = await act(story, "DELETE", address, story.second)
        single = await registry.http.get(address, headers=registry.token("facilitator"))
        left = await items(story, "delegates", registry.token("facilitator"))
        await story.count()

        assert (reply.status_code, single.json()["name"], await names(registry)) == (200, None, 1 + 18)
        assert reply.json()["withdrawn_at"] == single.json()["withdrawn_at"] is not None
        assert [one["name"] for one in left] == ["Ibu Lain"]
        warnings = {one["code"]: one["message"] for one in (await story.gates())["warnings"]}
        assert "memuat 1 orang" in warnings["delegates.listed_differ"]
        (entry,) = [one["data"] for one in await payloads(registry) if one["action"] == "delegate.withdrawn"]
        assert entry["withdrawn"] is True

    async def test_lets_the_same_person_be_listed_again(self, story: Story) -> None:
        person = new_id()
        await act(story, "DELETE", await listed(story, person_id=person), story.first)

        again = await story.enter("delegates", DELEGATE | {"person_id": person}, story.second)

        assert again.status_code == 201

    async def test_stays_when_the_same_is_sent_again(self, story: Story) -> None:
        body = DELEGATE | {"id": new_id()}
        made = await story.enter("delegates", body, story.first)
        await act(story, "DELETE", made.headers["Location"], story.first)

        again = await story.enter("delegates", body, story.first)

        assert (again.status_code, again.json()["withdrawn_at"] is None) == (200, False)
        assert await items(story, "delegates", story.first) == []

    async def test_is_final(self, story: Story) -> None:
        address = await listed(story)
        await act(story, "DELETE", address, story.first)

        replies = [await act(story, "DELETE", address, story.first)]
        replies.append(await act(story, "PATCH", address, story.first, {"poor": False}))

        assert {(one.status_code, code_of(one)) for one in replies} == {(409, "delegate.withdrawn")}


@pytest.mark.parametrize(("method", "change"), [("PATCH", {"poor": False}), ("DELETE", None)])
class TestBoth:
    async def test_need_version_scope_and_region(
        self, registry: Running, story: Story, method: str, change: dict[str, Any] | None
    ) -> None:
        address = await listed(story)
        headers = [registry.token("auditor"), registry.token("volunteer", regions=("33.74",)), {}]

        refused = [await act(story, method, address, one, change) for one in headers]
        missing = await registry.http.request(method, address, json=change, headers=story.first)
        await act(story, "PATCH", address, story.first, {"rt": "004"})
        stale = await act(story, method, address, story.first | {"If-Match": '"1.0"'}, change)

        codes = [code_of(one) for one in (*refused, missing)]
        assert codes == ["scope.missing", "resource.not_found", "token.missing", "version.missing"]
        assert (stale.status_code, stale.json()["current"]["rt"], stale.json()["current"]["name"]) == (412, "004", None)

    async def test_end_with_certification_and_annulment(
        self, registry: Running, story: Story, method: str, change: dict[str, Any] | None
    ) -> None:
        address = await listed(story)
        await story.count()
        certified = await story.certify()
        after = await act(story, method, address, story.first, change)
        other = Story(registry, await open_election(registry, await a_board(registry, "34.71.03.1002")))
        there = await listed(other)
        annulment = {"annulled_on": CERTIFICATION["certified_on"], "reason": "Kotak suara rusak"}
        await registry.http.post(
            f"{other.address}/annulment", json=annulment, headers=other.certifier | etag(await other.read())
        )
        late = await act(other, method, there, other.first, change)

        assert certified.status_code == 200
        assert {(one.status_code, code_of(one)) for one in (after, late)} == {(409, "election.state")}
        assert len(await items(story, "delegates", story.first)) == 1

    async def test_take_effect_once_with_one_key(
        self, registry: Running, story: Story, method: str, change: dict[str, Any] | None
    ) -> None:
        address = await listed(story)
        seen = etag(await registry.http.get(address, headers=story.first))
        headers = story.first | seen | {"Idempotency-Key": new_id()}

        first, again = [await act(story, method, address, headers, change) for _ in range(2)]

        assert (first.status_code, again.status_code) == (200, 200)
        assert (again.content, again.headers["Idempotency-Replayed"]) == (first.content, "true")

    async def test_are_won_by_one_of_two_that_come_at_once(
        self, registry: Running, story: Story, method: str, change: dict[str, Any] | None
    ) -> None:
        address = await listed(story)
        seen = etag(await registry.http.get(address, headers=story.first))
        await warm(registry)

        replies = await asyncio.gather(
            act(story, method, address, story.first | seen, change),
            act(story, "PATCH", address, story.second | seen, {"sex": "male"}),
        )

        assert sorted(one.status_code for one in replies) == [200, 412]

    async def test_come_before_certification_or_not_at_all(
        self, registry: Running, story: Story, method: str, change: dict[str, Any] | None
    ) -> None:
        address = await listed(story)
        await story.count()
        seen = etag(await registry.http.get(address, headers=story.first))
        looked_at = etag(await story.read())
        await warm(registry)

        changed, certified = await asyncio.gather(
            act(story, method, address, story.first | seen, change),
            registry.http.post(
                f"{story.address}/certification", json=CERTIFICATION, headers=story.certifier | looked_at
            ),
        )

        entries = [one["action"] for one in await payloads(registry)]
        order = [one for one in entries if one in {"delegate.changed", "delegate.withdrawn", "election.certified"}]
        assert certified.status_code == 200
        if changed.status_code == 200:
            assert order[-1] == "election.certified"
        else:
            assert (code_of(changed), order) == ("election.state", ["election.certified"])
