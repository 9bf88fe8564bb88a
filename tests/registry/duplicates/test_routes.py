import asyncio
from typing import Any

import pytest
from sqlalchemy import text

from tests.house import Running, code_of, etag, new_id
from tests.registry.duplicates.story import (
    DUPLICATES,
    ELSEWHERE,
    FIRST,
    HOUSEHOLDS,
    NAMES,
    NIK,
    PLACE,
    RESIDENTS,
    SECOND,
    SECRETS,
    a_household,
    a_resident,
    queue,
    seen,
    told,
)
from tests.registry.racing import warm

HOLDING = ("version", "changed_at")


def restored(resident: dict[str, Any]) -> dict[str, Any]:
    """Return what an undone merge must bring back: everything but the version and when it was changed."""
    return {name: value for name, value in resident.items() if name not in HOLDING}


async def journal(registry: Running) -> list[tuple[str, bytes]]:
    async with registry.database.reads.connect() as connection:
        rows = await connection.execute(text("SELECT action, payload FROM journal_entries ORDER BY id"))
        return [(row.action, bytes(row.payload)) for row in rows]


class TestQueue:
    async def test_who_is_recorded_twice_waits_in_it_and_is_not_named(self, registry: Running) -> None:
        story = await told(registry)

        assert {story.pair["first_id"], story.pair["second_id"]} == {story.first, story.second}
        assert story.pair["state"] == "open"
        assert story.pair["reasons"] == ["name_same", "birth_year_nearly", "household_same"]
        assert not [secret for secret in SECRETS if secret in str(story.pair)]

    async def test_takes_filters_by_state_score_region_and_resident(self, registry: Running) -> None:
        story = await told(registry)

        for query, count in (
            ("?state=open", 1),
            ("?state=merged", 0),
            (f"?least_score={story.pair['score']}", 1),
            ("?least_score=100", 0),
            (f"?region={PLACE}", 1),
            (f"?region={ELSEWHERE}", 0),
            (f"?resident_id={story.second}", 1),
            (f"?resident_id={new_id()}", 0),
        ):
            assert len(await queue(registry, query)) == count, query

    async def test_shows_nobody_the_pairs_of_another_region(self, registry: Running) -> None:
        story = await told(registry)

        assert await queue(registry, regions=("33.74",)) == []
        reply = await story.compare("facilitator", regions=("33.74",))
        assert (reply.status_code, code_of(reply)) == (404, "resource.not_found")

    async def test_is_for_those_who_judge_duplicates(self, registry: Running) -> None:
        for headers, status, code in (({}, 401, "token.missing"), (registry.token("volunteer"), 403, "scope.missing")):
            reply = await registry.http.get(DUPLICATES, headers=headers)
            assert (reply.status_code, code_of(reply)) == (status, code)

    async def test_takes_what_comes_late_with_its_own_id_once(self, registry: Running) -> None:
        household, identity = await a_household(registry), new_id()
        await a_resident(registry, household, **FIRST)
        body = SECOND | {"id": identity, "household_id": household}
        replies = [
            await registry.http.post("/registry/v1/residents", json=body, headers=registry.token("volunteer"))
            for _ in range(3)
        ]

        assert [reply.status_code for reply in replies] == [201, 200, 200]
        assert len(await queue(registry)) == 1

    async def test_two_who_record_one_person_at_once_make_one_pair(self, registry: Running) -> None:
        await warm(registry)
        homes = [await a_household(registry), await a_household(registry)]

        await asyncio.gather(
            *(a_resident(registry, home, **who) for home, who in zip(homes, (FIRST, SECOND), strict=True))
        )

        assert len(await queue(registry)) == 1

    async def test_a_corrected_record_leaves_it(self, registry: Running) -> None:
        story = await told(registry)

        reply = await story.change(story.second, name="Sumiati Contohwati", birth_year=1955)

        assert reply.status_code == 200, reply.text
        assert await queue(registry) == []
        assert len(await queue(registry, "?state=cleared")) == 1

    async def test_a_change_that_compares_nothing_looks_for_nobody(self, registry: Running) -> None:
        story = await told(registry)

        await story.change(story.second, vulnerabilities=[])

        assert (await queue(registry))[0]["version"] == 1


class TestCompare:
    async def test_shows_both_side_by_side_and_notes_who_looked(self, registry: Running) -> None:
        story = await told(registry)

        reply = await story.compare()

        sides = {side["id"]: side for side in (reply.json()["first"], reply.json()["second"])}
        assert (sides[story.first]["name"], sides[story.second]["name"]) == NAMES
        assert sides[story.first]["nik"] == NIK
        assert reply.headers["Cache-Control"] == "private, no-store"
        action, payload = (await journal(registry))[-1]
        assert action == "duplicates.read"
        assert b'"count":2' in payload
        assert not [secret for secret in SECRETS if secret.encode() in payload]

    async def test_masks_the_nik_for_who_may_not_read_it(self, registry: Running) -> None:
        story = await told(registry)

        reply = await story.compare("board_officer")

        sides = (reply.json()["first"], reply.json()["second"])
        assert {side["nik"] for side in sides} == {f"{'*' * 12}{NIK[-4:]}", None}

    async def test_of_two_kelurahan_each_sees_only_its_own(self, registry: Running) -> None:
        story = await told(registry, FIRST | {"name": NAMES[1]}, place=ELSEWHERE)

        reply = await story.compare("facilitator", regions=(story.pair["kelurahan_code"],))

        assert story.pair["elsewhere_code"] in {PLACE, ELSEWHERE}
        assert reply.json()["first"] is None
        assert reply.json()["second"]["id"] == story.pair["second_id"]


class TestMerge:
    async def test_keeps_one_and_takes_what_the_clerk_chose_of_the_other(self, registry: Running) -> None:
        story = await told(registry)

        reply = await story.merge(story.first, "name", "birth_year")

        assert reply.status_code == 200, reply.text
        assert (reply.json()["state"], reply.json()["kept_id"]) == ("merged", story.first)
        kept, absorbed = await story.resident(story.first), await story.resident(story.second)
        assert (kept["name"], kept["birth_year"], kept["nik"], kept["merged_into"]) == (NAMES[1], 1981, NIK, None)
        assert (absorbed["name"], absorbed["merged_into"]) == (NAMES[1], story.first)
        listed = await seen(registry, f"/registry/v1/residents?household_id={story.household}")
        assert [one["id"] for one in listed["items"]] == [story.first]

    async def test_a_nik_that_wins_brings_the_reason_of_its_absence(self, registry: Running) -> None:
        story = await told(registry)

        await story.merge(story.second, "nik")
        kept = await story.resident(story.second)

        assert (kept["nik"], kept["nik_absent_reason"]) == (NIK, None)

    async def test_journals_both_residents_and_the_pair_and_names_nobody(self, registry: Running) -> None:
        story = await told(registry)
        before = len(await journal(registry))

        await story.merge(story.first, "name")

        entries = [entry for entry in (await journal(registry))[before:] if entry[0] != "duplicates.read"]
        assert [action for action, _ in entries] == ["resident.merged", "resident.changed", "duplicate.merged"]
        assert not [secret for secret in SECRETS for _, payload in entries if secret.encode() in payload]

    async def test_can_be_undone_and_both_are_what_they_were(self, registry: Running) -> None:
        story = await told(registry)
        both = [await story.resident(one) for one in (story.first, story.second)]
        await story.merge(story.first, "name", "nik", "phone", "sex", "birth_year", "vulnerabilities")

        reply = await story.act("unmerge")

        assert reply.status_code == 200, reply.text
        assert (reply.json()["state"], reply.json()["kept_id"]) == ("open", None)
        again = [await story.resident(one) for one in (story.first, story.second)]
        assert [restored(one) for one in again] == [restored(one) for one in both]
        assert await registry_of_befores(registry) == 0
        assert (await story.merge(story.second)).status_code == 200

    async def test_cannot_be_undone_when_one_was_changed_since(self, registry: Running) -> None:
        story = await told(registry)
        await story.merge(story.first)
        await story.change(story.first, phone="0812999999")

        reply = await story.act("unmerge")

        assert (reply.status_code, code_of(reply)) == (409, "merge.built_upon")
        assert reply.json()["changed"] == [story.first]
        assert (await story.resident(story.second))["merged_into"] == story.first

    async def test_an_absorbed_record_is_not_edited_any_more(self, registry: Running) -> None:
        story = await told(registry)
        await story.merge(story.first)

        reply = await story.change(story.second, phone="0812999999")

        assert (reply.status_code, code_of(reply)) == (409, "resident.merged")

    async def test_the_head_of_the_house_follows_and_comes_back(self, registry: Running) -> None:
        story = await told(registry)
        address, headers = f"{HOUSEHOLDS}/{story.household}", registry.token("facilitator")
        now = await registry.http.get(address, headers=headers)
        await registry.http.patch(address, json={"head_id": story.second}, headers=headers | etag(now))

        await story.merge(story.first)
        assert (await seen(registry, address))["head_id"] == story.first
        await story.act("unmerge")
        assert (await seen(registry, address))["head_id"] == story.second

    async def test_a_third_record_waits_beside_the_kept_one_only(self, registry: Running) -> None:
        story = await told(registry)
        third = await a_resident(registry, story.household, **SECOND)
        await story.merge(story.first)

        (left,) = await queue(registry)
        assert {left["first_id"], left["second_id"]} == {story.first, third}

    async def test_refuses_two_kelurahan(self, registry: Running) -> None:
        story = await told(registry, FIRST | {"name": NAMES[1]}, place=ELSEWHERE)

        reply = await story.merge()

        assert (reply.status_code, code_of(reply)) == (409, "duplicate.two_kelurahan")

    async def test_names_a_resident_who_is_neither(self, registry: Running) -> None:
        story = await told(registry)

        reply = await story.merge(new_id())

        assert reply.status_code == 422
        assert reply.json()["errors"][0]["pointer"] == "/kept_id"
        assert reply.json()["errors"][0]["code"] == "merge.kept_unknown"

    async def test_two_clerks_at_once_merge_once(self, registry: Running) -> None:
        await warm(registry)
        story = await told(registry)
        tag = etag(await story.compare())

        replies = await asyncio.gather(
            story.merge(story.first, headers=tag),
            story.merge(story.second, headers=tag),
            story.act("dismissal", {"reason": "twins"}, headers=tag),
        )

        assert sorted(reply.status_code for reply in replies) == [200, 412, 412]

    async def test_a_change_at_once_does_not_get_lost(self, registry: Running) -> None:
        await warm(registry)
        story = await told(registry)

        merged, changed = await asyncio.gather(story.merge(story.first), story.change(story.first, phone="0812999999"))

        assert merged.status_code == 200, merged.text
        assert changed.status_code in {200, 412}
        kept = await story.resident(story.first)
        assert kept["phone"] == ("0812999999" if changed.status_code == 200 else FIRST["phone"])

    async def test_what_stood_before_is_erased_with_the_person(self, registry: Running) -> None:
        story = await told(registry)
        await story.merge(story.first, "name")
        async with registry.database.writes.begin() as connection:
            await connection.execute(
                text(
                    "UPDATE personal_records SET wrapped_key = NULL, sealed = NULL, nik_digest = NULL, match_keys = '{}',"
                    " erased_at = now() WHERE person_id = (SELECT person_id FROM residents WHERE id = :id)"
                ),
                {"id": story.first},
            )

        reply = await story.act("unmerge")

        assert (reply.status_code, code_of(reply)) == (409, "merge.forgotten")


class TestDismissal:
    async def test_tells_two_persons_apart_for_good(self, registry: Running) -> None:
        story = await told(registry)

        reply = await story.act("dismissal", {"reason": "relatives"})
        await story.change(story.second, phone="0812999999")
        await story.change(story.second, name="Ponirah Cokrowat")

        assert (reply.status_code, reply.json()["dismissal"]) == (200, "relatives")
        assert await queue(registry) == []
        assert [action for action, _ in await journal(registry)].count("duplicate.found") == 1

    async def test_comes_back_when_more_speaks_for_one_person(self, registry: Running) -> None:
        story = await told(registry)
        await story.act("dismissal", {"reason": "relatives"})

        await story.change(story.second, nik=NIK)

        (back,) = await queue(registry)
        assert (back["state"], back["dismissal"], back["reasons"][0]) == ("open", None, "nik_same")

    @pytest.mark.parametrize("who", ["household", "resident"])
    async def test_is_not_asked_again_where_one_of_them_or_both_moved(self, registry: Running, who: str) -> None:
        story = await told(registry)
        await story.act("dismissal", {"reason": "relatives"})
        address, body = {
            "household": (f"{HOUSEHOLDS}/{story.household}", {"kelurahan_code": ELSEWHERE}),
            "resident": (f"{RESIDENTS}/{story.second}", {"household_id": await a_household(registry)}),
        }[who]
        by = registry.token("facilitator")
        now = await registry.http.get(address, headers=by)

        moved = await registry.http.post(
            f"{address}/move", json=body | {"moved_on": "2024-07-01"}, headers=by | etag(now)
        )

        assert moved.status_code == 200, moved.text
        assert await queue(registry, "?state=open") == []
        again = [one for one in await queue(registry, "?state=dismissed") if one["id"] != story.pair["id"]]
        assert [one["dismissal"] for one in again] == ["relatives"]

    async def test_can_still_be_merged_by_who_knows_better(self, registry: Running) -> None:
        story = await told(registry)
        await story.act("dismissal", {"reason": "twins"})

        assert (await story.merge()).status_code == 200


class TestActs:
    @pytest.mark.parametrize("noun", ["merge", "unmerge", "dismissal"])
    async def test_ask_for_a_token_the_scope_the_region_and_the_version(self, registry: Running, noun: str) -> None:
        story = await told(registry)
        address = f"{DUPLICATES}/{story.pair['id']}/{noun}"
        body = {"merge": {"kept_id": story.first}, "dismissal": {"reason": "twins"}}.get(noun)
        tag = etag(await story.compare())

        for headers, status, code in (
            (tag, 401, "token.missing"),
            (registry.token("auditor") | tag, 403, "scope.missing"),
            (registry.token("facilitator", regions=("33.74",)) | tag, 404, "resource.not_found"),
            (registry.token("facilitator"), 428, "version.missing"),
            (registry.token("facilitator") | {"If-Match": '"9.x"'}, 412, "version.stale"),
        ):
            reply = await registry.http.post(address, json=body, headers=headers)
            assert (reply.status_code, code_of(reply)) == (status, code)

    async def test_refuse_what_was_decided_otherwise(self, registry: Running) -> None:
        story = await told(registry)

        too_early = await story.act("unmerge")
        dismissed = [await story.act("dismissal", {"reason": "twins"}) for _ in range(2)]
        merged = [await story.merge() for _ in range(2)]

        assert (too_early.status_code, code_of(too_early)) == (409, "duplicate.decided")
        assert [reply.status_code for reply in (*dismissed, *merged)] == [200, 409, 200, 409]

    async def test_repeat_with_one_key_takes_effect_once(self, registry: Running) -> None:
        story = await told(registry)
        headers = registry.token("facilitator") | etag(await story.compare()) | {"Idempotency-Key": new_id()}
        body = {"kept_id": story.first}

        replies = [
            await registry.http.post(f"{DUPLICATES}/{story.pair['id']}/merge", json=body, headers=headers)
            for _ in range(2)
        ]

        assert [reply.status_code for reply in replies] == [200, 200]
        assert replies[1].headers["Idempotency-Replayed"] == "true"
        assert (await story.resident(story.first))["version"] == 2

    @pytest.mark.parametrize(
        ("body", "pointer"),
        [
            ({"kept_id": "x"}, "/kept_id"),
            ({"kept_id": new_id(), "take": ["address"]}, "/take/0"),
            ({"kept_id": new_id(), "colour": "red"}, "/colour"),
            ({}, "/kept_id"),
        ],
    )
    async def test_name_the_wrong_place(self, registry: Running, body: dict[str, Any], pointer: str) -> None:
        story = await told(registry)

        reply = await story.act("merge", body)

        assert reply.status_code == 422
        assert reply.json()["errors"][0]["pointer"] == pointer


async def registry_of_befores(registry: Running) -> int:
    """Return how many records are kept of what stood before a merge."""
    async with registry.database.reads.connect() as connection:
        found = await connection.scalar(
            text("SELECT count(*) FROM personal_records JOIN duplicates ON duplicates.id = personal_records.id")
        )
        return int(found or 0)
