import asyncio
from typing import Any

import httpx
import pytest

from tests.house import Running, code_of, etag, new_id
from tests.registry.placing import codes, know_regions, places
from tests.registry.racing import warm
from tests.registry.signing import ACCOUNTS, an_account, bearer, claims_of, sign_in

REGIONS = "/registry/v1/regions"
SUCCESSIONS = "/registry/v1/successions"
BOARDS = "/registry/v1/boards"
BACIRO, DEMANGAN, EAST, DESA = "34.71.03.1001", "34.71.03.1002", "34.71.03.1005", "34.04.01.2003"
NAMES = {
    "33": "JAWA TENGAH",
    "34": "DAERAH ISTIMEWA YOGYAKARTA",
    "34.04": "KABUPATEN SLEMAN",
    "34.04.01": "Gamping",
    DESA: "Balecatur",
    "34.71": "KOTA YOGYAKARTA",
    "34.71.03": "Gondokusuman",
    BACIRO: "Baciro",
    DEMANGAN: "Demangan",
    "34.71.04": "Danurejan",
    "34.71.04.1001": "Suryatmajan",
    "34.71.04.1002": "Tegal Panggung",
}
BEFORE, DAY = "2019-12-31", "2020-01-01"


def act(kind: str, predecessors: list[str], successors: list[dict[str, Any]], **other: Any) -> dict[str, Any]:
    draft = {"kind": kind, "effective_on": DAY, "legal_basis": "Perda Contoh 1/2019", "predecessors": predecessors}
    if kind == "split":
        draft |= {"heir": successors[0]["code"], "minutes_reference": "BA/01/2019"}
    return draft | {"successors": successors} | other


SPLIT = act("split", [BACIRO], [{"code": BACIRO}, {"code": EAST, "name": "Baciro Timur"}])
RENUMBERED = act("renumbering", [BACIRO], [{"code": EAST}])


@pytest.fixture
async def regions(registry: Running) -> Running:
    await know_regions(registry, NAMES)
    return registry


async def sent(registry: Running, draft: dict[str, Any], **headers: str) -> httpx.Response:
    by = registry.token("programme_manager", regions=("*",)) | headers
    return await registry.http.post(SUCCESSIONS, json=draft, headers=by)


async def recorded(registry: Running, draft: dict[str, Any]) -> dict[str, Any]:
    reply = await sent(registry, draft)
    assert reply.status_code == 201, reply.text
    made: dict[str, Any] = reply.json()
    return made


async def region(registry: Running, code: str, query: str = "") -> dict[str, Any]:
    reply = await registry.http.get(f"{REGIONS}/{code}{query}")
    assert reply.status_code == 200, reply.text
    found: dict[str, Any] = reply.json()
    return found


async def listed(registry: Running, address: str) -> list[dict[str, Any]]:
    reply = await registry.http.get(address)
    assert reply.status_code == 200, reply.text
    items: list[dict[str, Any]] = reply.json()["items"]
    return items


async def board_in(registry: Running, code: str, name: str = "BKM Contoh") -> httpx.Response:
    draft = {"kelurahan_code": code, "name": name, "founded_on": "2008-05-01"}
    by = registry.token("board_officer", regions=("*",))
    reply = await registry.http.post(BOARDS, json=draft, headers=by)
    assert reply.status_code == 201, reply.text
    return reply


class TestSplit:
    async def test_reads_differently_before_and_after(self, regions: Running) -> None:
        await recorded(regions, SPLIT)

        before = await listed(regions, f"{REGIONS}?parent=34.71.03&as_of={BEFORE}")
        after = await listed(regions, f"{REGIONS}?parent=34.71.03&as_of={DAY}")

        assert codes(before) == [BACIRO, DEMANGAN]
        assert codes(after) == codes(await listed(regions, f"{REGIONS}?parent=34.71.03")) == [BACIRO, DEMANGAN, EAST]
        assert (before[0]["valid_from"], before[0]["valid_to"], before[0]["valid"]) == (None, BEFORE, True)
        assert (after[0]["valid_from"], after[0]["valid_to"], after[0]["legal_basis"]) == (
            DAY,
            None,
            "Perda Contoh 1/2019",
        )
        assert [one["predecessors"] for one in after] == [[BACIRO], [], [BACIRO]]

    async def test_keeps_what_is_read_by_code_apart_by_day(self, regions: Running) -> None:
        await recorded(regions, SPLIT)

        old, now = await region(regions, BACIRO, f"?as_of={BEFORE}"), await region(regions, BACIRO)
        unborn = await regions.http.get(f"{REGIONS}/{EAST}?as_of={BEFORE}")

        assert (old["valid_to"], now["valid_from"]) == (BEFORE, DAY)
        assert (old["version"], now["version"]) == (2, 3)
        assert (unborn.status_code, code_of(unborn)) == (404, "resource.not_yet")

    async def test_says_what_became_of_whom(self, regions: Running) -> None:
        made = await recorded(regions, SPLIT)

        successors = await listed(regions, f"{REGIONS}/{BACIRO}/successors")
        (predecessor,) = await listed(regions, f"{REGIONS}/{EAST}/predecessors")

        assert {one["code"]: one["inherits"] for one in successors} == {BACIRO: True, EAST: False}
        assert {one["succession_id"] for one in successors} == {made["id"]}
        assert predecessor == {
            "code": BACIRO,
            "name": "Baciro",
            "kind": "kelurahan",
            "effective_on": DAY,
            "succession_id": made["id"],
            "succession_kind": "split",
            "legal_basis": "Perda Contoh 1/2019",
            "inherits": False,
        }

    async def test_leaves_a_board_with_the_successor_its_minutes_name(self, regions: Running) -> None:
        west, east = "34.71.03.1006", "34.71.04.1003"
        board = (await board_in(regions, BACIRO)).json()
        successors = [{"code": west, "name": "Baciro Barat"}, {"code": east, "name": "Baciro Timur"}]
        await recorded(regions, act("split", [BACIRO], successors, heir=east))
        await board_in(regions, west, "BKM Barat")

        shown = (await regions.http.get(f"{BOARDS}/{board['id']}")).json()

        assert (shown["kelurahan_code"], shown["kelurahan_code_now"]) == (BACIRO, east)
        found = {
            query: [one["name"] for one in await listed(regions, f"{BOARDS}?{query}&sort=name")]
            for query in (
                f"region={east}",
                f"region={west}",
                "region=34.71.04",
                f"region={BACIRO}",
                f"region={BACIRO}&boundaries=original",
                "region=34.71.03&boundaries=original",
                "region=34.71.04&boundaries=original",
            )
        }
        assert list(found.values()) == [
            ["BKM Contoh"],
            ["BKM Barat"],
            ["BKM Contoh"],
            [],
            ["BKM Contoh"],
            ["BKM Barat", "BKM Contoh"],
            [],
        ]

    async def test_of_a_kecamatan_takes_along_what_it_names(self, regions: Running) -> None:
        taken = [{"code": DEMANGAN, "new_code": "34.71.15.1001"}]
        successors = [{"code": "34.71.03"}, {"code": "34.71.15", "name": "Demangan Raya", "takes": taken}]

        await recorded(regions, act("split", ["34.71.03"], successors))

        assert codes(await listed(regions, f"{REGIONS}?region=34.71.03")) == ["34.71.03", BACIRO]
        assert codes(await listed(regions, f"{REGIONS}?region=34.71.15")) == ["34.71.15", "34.71.15.1001"]
        assert (await region(regions, BACIRO))["version"] == 1
        moved = await region(regions, DEMANGAN)
        assert (moved["valid"], moved["code_now"], moved["valid_to"]) == (False, "34.71.15.1001", BEFORE)
        (successor,) = await listed(regions, f"{REGIONS}/{DEMANGAN}/successors")
        assert (successor["name"], successor["inherits"]) == ("Demangan", True)


class TestOtherActs:
    async def test_a_new_name_keeps_the_code(self, regions: Running) -> None:
        await recorded(regions, act("rename", ["34.71.03"], [{"code": "34.71.03", "name": "Gondo Baru"}]))

        old, now = await region(regions, "34.71.03", f"?as_of={BEFORE}"), await region(regions, "34.71.03")

        assert (old["name"], now["name"]) == ("Gondokusuman", "Gondo Baru")
        assert codes(await listed(regions, f"{REGIONS}?parent=34.71.03")) == [BACIRO, DEMANGAN]
        assert codes(await listed(regions, f"{REGIONS}?q=gondo")) == ["34.71.03"]
        assert [one["name"] for one in await listed(regions, f"{REGIONS}?q=gondo&as_of={BEFORE}")] == ["Gondokusuman"]
        assert codes(await listed(regions, f"{REGIONS}?q=gondokusuman")) == ["34.71.03"]
        assert codes(await listed(regions, f"{REGIONS}?q=gondo baru&as_of={BEFORE}")) == []

    async def test_a_desa_becomes_a_kelurahan_under_another_code(self, regions: Running) -> None:
        await recorded(regions, act("change_of_kind", [DESA], [{"code": "34.04.01.1003"}]))

        desa, kelurahan = await region(regions, DESA), await region(regions, "34.04.01.1003")

        assert (desa["kind"], desa["valid"], desa["code_now"]) == ("desa", False, "34.04.01.1003")
        assert (kelurahan["kind"], kelurahan["valid"], kelurahan["name"]) == ("kelurahan", True, "Balecatur")

    async def test_two_become_one(self, regions: Running) -> None:
        await recorded(regions, act("merge", [BACIRO, DEMANGAN], [{"code": EAST, "name": "Baciro Demangan"}]))

        assert (await region(regions, EAST))["predecessors"] == [BACIRO, DEMANGAN]
        assert {(await region(regions, code))["code_now"] for code in (BACIRO, DEMANGAN)} == {EAST}
        # What it was once called, and the code it once had, lead to it.
        assert codes(await listed(regions, f"{REGIONS}?q={DEMANGAN}")) == [EAST]
        assert codes(await listed(regions, f"{REGIONS}?q=demangan")) == [EAST]
        assert codes(await listed(regions, f"{REGIONS}/{EAST}/predecessors")) in (
            [BACIRO, DEMANGAN],
            [DEMANGAN, BACIRO],
        )

    async def test_one_is_taken_into_another(self, regions: Running) -> None:
        await recorded(regions, act("merge", [BACIRO, DEMANGAN], [{"code": BACIRO}]))

        assert (await region(regions, BACIRO))["name"] == "Baciro"
        assert (await region(regions, DEMANGAN))["code_now"] == BACIRO

    async def test_a_kecamatan_merged_gives_new_numbers_where_they_would_meet(self, regions: Running) -> None:
        draft = act("merge", ["34.71.03", "34.71.04"], [{"code": "34.71.03"}])
        refused = await sent(regions, draft)
        draft["successors"][0]["takes"] = [
            {"code": "34.71.04.1001", "new_code": "34.71.03.1003"},
            {"code": "34.71.04.1002", "new_code": "34.71.03.1004"},
        ]

        await recorded(regions, draft)

        assert (refused.status_code, code_of(refused)) == (409, "region.code_taken")
        assert [one["name"] for one in await listed(regions, f"{REGIONS}?parent=34.71.03")] == [
            "Baciro",
            "Demangan",
            "Suryatmajan",
            "Tegal Panggung",
        ]

    async def test_a_whole_province_gets_new_numbers(self, regions: Running) -> None:
        await board_in(regions, BACIRO)

        await recorded(regions, act("renumbering", ["34"], [{"code": "35"}]))

        assert codes(await listed(regions, f"{REGIONS}?region=35")) == [
            f"35{code[2:]}" for code in sorted(NAMES) if code.startswith("34")
        ]
        assert codes(await listed(regions, f"{REGIONS}?as_of={BEFORE}&region=34&boundaries=original")) == [
            code for code in sorted(NAMES) if code.startswith("34")
        ]
        village = await region(regions, "35.71.03.1001")
        assert (village["parent_code"], village["name"], village["predecessors"]) == ("35.71.03", "Baciro", [BACIRO])
        assert [one["kelurahan_code_now"] for one in await listed(regions, f"{BOARDS}?region=35")] == ["35.71.03.1001"]

    async def test_a_chain_leads_on_from_its_first_code(self, regions: Running) -> None:
        await recorded(regions, SPLIT | {"effective_on": "2005-06-01"})
        await recorded(regions, act("renumbering", [EAST], [{"code": "34.71.04.1005"}], effective_on="2010-01-01"))
        await recorded(
            regions,
            act("merge", ["34.71.04.1005", "34.71.04.1001"], [{"code": "34.71.04.1001"}], effective_on="2015-01-01"),
        )
        await recorded(regions, act("renumbering", ["34"], [{"code": "35"}]))

        stands = await places(regions)

        assert {stands[code].code_now for code in (EAST, "34.71.04.1005", "34.71.04.1001")} == {"35.71.04.1001"}
        assert stands[BACIRO].code_now == "35.71.03.1001"
        days = [await region(regions, EAST, f"?as_of={day}") for day in ("2009-12-31", "2010-01-01", "2026-01-01")]
        assert [one["valid"] for one in days] == [True, False, False]
        assert {one["code_now"] for one in days} == {"35.71.04.1001"}

    async def test_a_region_that_came_with_the_list_is_opened_when_both_name_the_same_day(
        self, registry: Running
    ) -> None:
        await know_regions(registry, NAMES)
        await know_regions(registry, {EAST: "BACIRO TIMUR"}, valid_from=DAY)
        await know_regions(registry, {"34.71.03.1006": "Undated"})

        await recorded(registry, RENUMBERED)
        undated = await sent(registry, act("renumbering", [DEMANGAN], [{"code": "34.71.03.1006"}]))

        adopted = await region(registry, EAST)
        assert (adopted["name"], adopted["predecessors"], adopted["version"]) == ("BACIRO TIMUR", [BACIRO], 2)
        assert (undated.status_code, code_of(undated)) == (409, "region.code_taken")


def broken(draft: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return draft | changes


class TestRefusals:
    @pytest.mark.parametrize(
        ("draft", "pointer", "code"),
        [
            (broken(SPLIT, predecessors=[BACIRO, DEMANGAN]), "/predecessors", "succession.not_one"),
            (broken(SPLIT, successors=[{"code": EAST, "name": "X"}], heir=EAST), "/successors", "succession.too_few"),
            (broken(SPLIT, heir=DEMANGAN), "/heir", "succession.heir"),
            (broken(SPLIT, heir=None), "/heir", "succession.heir"),
            (broken(SPLIT, heir=EAST), "/heir", "succession.heir_keeps_code"),
            (broken(SPLIT, minutes_reference=None), "/minutes_reference", "succession.minutes_missing"),
            (
                broken(SPLIT, successors=[{"code": BACIRO}, {"code": EAST}]),
                "/successors/1/name",
                "succession.name_missing",
            ),
            (
                broken(SPLIT, successors=[{"code": BACIRO}, {"code": "34.71.15", "name": "X"}]),
                "/successors/1/code",
                "succession.other_level",
            ),
            (
                broken(SPLIT, successors=[{"code": BACIRO}, {"code": "34.71.03.4005", "name": "X"}]),
                "/successors/1/code",
                "region.code_invalid",
            ),
            (
                broken(SPLIT, successors=[{"code": BACIRO}, {"code": BACIRO}]),
                "/successors/1/code",
                "succession.named_twice",
            ),
            (broken(RENUMBERED, heir=EAST), "/heir", "succession.no_heir"),
            (broken(RENUMBERED, successors=[{"code": BACIRO}]), "/successors/0/code", "succession.other_code"),
            (
                broken(RENUMBERED, successors=[{"code": "34.71.03.2005"}]),
                "/successors/0/code",
                "succession.other_kind",
            ),
            (
                act("change_of_kind", [DESA], [{"code": "34.04.01.2009"}]),
                "/successors/0/code",
                "succession.same_kind",
            ),
            (act("rename", [BACIRO], [{"code": EAST, "name": "X"}]), "/successors/0/code", "succession.same_code"),
            (act("rename", [BACIRO], [{"code": BACIRO}]), "/successors/0/name", "succession.name_missing"),
            (act("merge", [BACIRO], [{"code": EAST, "name": "X"}]), "/predecessors", "succession.too_few"),
            (
                act("merge", [BACIRO, "34.71.04"], [{"code": EAST, "name": "X"}]),
                "/predecessors/1",
                "succession.other_level",
            ),
            (
                act(
                    "renumbering",
                    ["34.71.03"],
                    [{"code": "34.71.15", "takes": [{"code": DESA, "new_code": "34.71.15.1001"}]}],
                ),
                "/successors/0/takes/0/code",
                "succession.not_below",
            ),
            (
                act(
                    "renumbering",
                    ["34.71.03"],
                    [{"code": "34.71.15", "takes": [{"code": BACIRO, "new_code": "34.71.03.1009"}]}],
                ),
                "/successors/0/takes/0/new_code",
                "succession.not_under",
            ),
        ],
    )
    async def test_name_the_place_that_contradicts(
        self, regions: Running, draft: dict[str, Any], pointer: str, code: str
    ) -> None:
        reply = await sent(regions, draft)

        assert (reply.status_code, code_of(reply)) == (422, "succession.invalid")
        assert (pointer, code) in {(one["pointer"], one["code"]) for one in reply.json()["errors"]}

    @pytest.mark.parametrize(
        ("draft", "status", "code"),
        [
            (broken(RENUMBERED, predecessors=["34.71.03.1009"]), 422, "region.unknown"),
            (broken(RENUMBERED, successors=[{"code": "34.71.09.1001"}]), 422, "region.unknown"),
            (broken(RENUMBERED, successors=[{"code": DEMANGAN}]), 409, "region.code_taken"),
            (broken(SPLIT, effective_on="2999-01-01"), 422, "date.in_the_future"),
            (broken(SPLIT, effective_on="0001-01-01"), 422, "body.invalid"),
            (broken(SPLIT, predecessors=["34.71.3"]), 422, "body.invalid"),
            (broken(SPLIT, colour="red"), 422, "body.invalid"),
            (broken(SPLIT, kind="secession"), 422, "body.invalid"),
        ],
    )
    async def test_know_what_stands(self, regions: Running, draft: dict[str, Any], status: int, code: str) -> None:
        reply = await sent(regions, draft)

        assert (reply.status_code, code_of(reply)) == (status, code)
        assert await listed(regions, SUCCESSIONS) == []

    async def test_the_same_act_takes_effect_once(self, regions: Running) -> None:
        await recorded(regions, SPLIT)

        again = await sent(regions, SPLIT)

        assert (again.status_code, code_of(again)) == (409, "region.younger")

    async def test_a_region_ends_once(self, regions: Running) -> None:
        await recorded(regions, RENUMBERED)

        again = await sent(regions, broken(SPLIT, effective_on="2021-01-01"))

        assert (again.status_code, code_of(again)) == (409, "region.ended")
        assert again.json()["code_now"] == EAST

    async def test_no_succession_runs_in_a_circle(self, regions: Running) -> None:
        await recorded(regions, RENUMBERED)

        back = await sent(regions, act("renumbering", [EAST], [{"code": BACIRO}], effective_on="2021-01-01"))

        assert (back.status_code, code_of(back)) == (409, "region.code_taken")
        assert (await region(regions, BACIRO))["code_now"] == EAST

    @pytest.mark.parametrize("day", ["2019-06-01", DAY])
    async def test_what_took_effect_later_is_recorded_later(self, regions: Running, day: str) -> None:
        await recorded(regions, SPLIT)

        early = await sent(regions, act("renumbering", ["34.71.03"], [{"code": "34.71.15"}], effective_on=day))

        assert (early.status_code, code_of(early)) == (409, "region.younger")
        assert (await region(regions, "34.71.03"))["version"] == 1

    async def test_scope_region_and_token_are_needed(self, regions: Running) -> None:
        replies = [
            await regions.http.post(SUCCESSIONS, json=SPLIT, headers=headers)
            for headers in (
                {},
                regions.token("facilitator", regions=("34",)),
                regions.token("programme_manager", regions=("33",)),
                regions.token("programme_manager", regions=(BACIRO,)),
                regions.token("programme_manager", regions=("34.71.03",)),
            )
        ]

        assert [one.status_code for one in replies] == [401, 403, 403, 403, 201]
        assert [code_of(one) for one in replies[:4]] == [
            "token.missing",
            "scope.missing",
            "region.missing",
            "region.missing",
        ]


class TestRepeats:
    async def test_the_same_id_names_what_was_recorded(self, regions: Running) -> None:
        draft = SPLIT | {"id": new_id()}
        first, again = await sent(regions, draft), await sent(regions, draft)
        other = await sent(regions, draft | {"legal_basis": "Perda Lain"})

        assert [one.status_code for one in (first, again, other)] == [201, 200, 409]
        assert first.json() == again.json()
        assert code_of(other) == "id.taken"

    async def test_the_same_key_gets_the_same_reply(self, regions: Running) -> None:
        by = regions.token("programme_manager", regions=("*",)) | {"Idempotency-Key": new_id()}
        first = await regions.http.post(SUCCESSIONS, json=SPLIT, headers=by)
        again = await regions.http.post(SUCCESSIONS, json=SPLIT, headers=by)

        assert (first.status_code, again.status_code) == (201, 201)
        assert again.headers["Idempotency-Replayed"] == "true"
        assert first.content == again.content
        assert (await regions.http.get(first.headers["Location"])).json() == first.json()

    async def test_of_two_clerks_at_once_one_wins(self, regions: Running) -> None:
        await warm(regions)
        other = broken(RENUMBERED, successors=[{"code": "34.71.03.1007"}])

        replies = await asyncio.gather(*(sent(regions, draft) for draft in (RENUMBERED, other, SPLIT)))

        assert sorted(one.status_code for one in replies) == [201, 409, 409]
        assert len(await listed(regions, SUCCESSIONS)) == 1


class TestJournal:
    async def test_tells_of_every_region_and_place_that_is_affected(self, regions: Running) -> None:
        await recorded(regions, RENUMBERED | {"effective_on": "2010-01-01"})
        position = await regions.seal()
        made = await recorded(regions, act("renumbering", ["34.71.03"], [{"code": "34.71.15"}]))
        await regions.seal()

        reply = await regions.http.get(f"/registry/v1/journal?after={position}&limit=1000")

        told = [(one["type"], one["data"]["data"]) for one in reply.json()["items"]]
        assert (told[0][0], told[0][1]["id"]) == ("succession.recorded", made["id"])
        assert {kind for kind, _ in told[1:]} == {"region.recorded"}
        assert [(one["code"], one["code_now"], one["valid_to"]) for _, one in told[1:]] == [
            ("34.71.03", "34.71.15", BEFORE),
            (DEMANGAN, "34.71.15.1002", BEFORE),
            (EAST, "34.71.15.1005", BEFORE),
            (BACIRO, "34.71.15.1005", "2009-12-31"),
            ("34.71.15", "34.71.15", None),
            ("34.71.15.1002", "34.71.15.1002", None),
            ("34.71.15.1005", "34.71.15.1005", None),
        ]


class TestScope:
    async def test_is_judged_by_the_code_of_today(self, regions: Running) -> None:
        board = await board_in(regions, BACIRO)
        await recorded(regions, act("renumbering", [BACIRO], [{"code": "34.71.04.1005"}]))
        address, change = f"{BOARDS}/{board.json()['id']}", {"phone": "0274000"}

        statuses = [
            (
                await regions.http.patch(
                    address, json=change, headers=regions.token("board_officer", regions=(one,)) | etag(board)
                )
            ).status_code
            for one in (BACIRO, "34.71.03", "34.71.04")
        ]

        assert statuses == [403, 403, 200]

    async def test_a_journal_of_a_region_goes_with_its_places(self, regions: Running) -> None:
        by = regions.token("board_officer", regions=("*",))
        board = (await board_in(regions, BACIRO)).json()
        group = {"board_id": board["id"], "name": "KSM Contoh", "kind": "social", "bond": "domicile"}
        group |= {"formed_on": "2009-01-01", "members": 5, "women": 2}
        assert (await regions.http.post("/registry/v1/groups", json=group, headers=by)).status_code == 201
        await recorded(regions, act("renumbering", [BACIRO], [{"code": "34.71.04.1005"}]))
        await regions.seal()

        seen = [
            sum(
                one["data"] is not None
                for one in await listed_by(regions, "/registry/v1/journal?subject=groups/", place)
            )
            for place in ("34.71.03", BACIRO, "34.71.04", "34.71.04.1005")
        ]

        assert seen == [0, 0, 1, 1]

    async def test_an_account_serves_what_its_region_is_called_today(self, regions: Running) -> None:
        board = await board_in(regions, BACIRO)
        account = (await an_account(regions, regions=[BACIRO, "34.71.04"])).json()
        await recorded(regions, act("renumbering", ["34.71.03"], [{"code": "34.71.15"}]))

        token = await sign_in(regions, account["username"])
        by = bearer(token) | etag(await regions.http.get(f"{BOARDS}/{board.json()['id']}", headers=bearer(token)))
        changed = await regions.http.patch(f"{BOARDS}/{board.json()['id']}", json={"phone": "0274000"}, headers=by)

        assert claims_of(token)["regions"] == ["34.71.04", "34.71.15.1001"]
        assert changed.status_code == 200
        operators = {
            place: [
                one["regions"]
                for one in await listed_by(regions, f"{ACCOUNTS}?region=34.71.15.1001", place, role="operator")
            ]
            for place in ("34.71", "34.71.03", "34.71.15")
        }
        assert operators == {"34.71": [sorted([BACIRO, "34.71.04"])], "34.71.03": [], "34.71.15": []}


async def listed_by(registry: Running, address: str, place: str, role: str = "facilitator") -> list[dict[str, Any]]:
    reply = await registry.http.get(address, headers=registry.token(role, regions=(place,)))
    assert reply.status_code == 200, reply.text
    items: list[dict[str, Any]] = reply.json()["items"]
    return items
