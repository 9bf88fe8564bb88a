"""A family card is one household's, unless it is said why another has it too: over HTTP, in files and from offline."""

import asyncio
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from services.registry.residents import cards
from tests.house import Running, code_of, etag, new_id
from tests.registry.racing import warm
from tests.registry.residents.story import (
    ELSEWHERE,
    HOUSEHOLDS,
    KK,
    NAME,
    PLACE,
    RESIDENTS,
    SECRETS,
    a_card,
    a_household,
    a_resident,
    read,
)
from tests.registry.sync.test_pull import phone as a_phone
from tests.shared.importing import Sender

RECORDED = "household.kk_recorded"
ALL = "registry:residents:read registry:personal:read registry:nik:read"
SENT = {"Kode kelurahan": PLACE, "Sejak": "2024-01-15"}


async def change(registry: Running, of: httpx.Response, **body: Any) -> httpx.Response:
    seen = await read(registry, of)
    headers = registry.token("facilitator", regions=("*",)) | etag(seen)
    return await registry.http.patch(of.headers["Location"], json=body, headers=headers)


async def told(registry: Running, statement: str) -> Any:
    async with registry.database.writes.begin() as connection:
        found = await connection.execute(text(statement))
        return found.scalar_one_or_none() if found.returns_rows else None


async def test_a_second_household_with_it_is_refused_and_told_of_the_first(registry: Running) -> None:
    first = await a_household(registry, kk_number=KK)
    second = await a_household(registry, kk_number=KK)

    assert (second.status_code, code_of(second)) == (409, RECORDED)
    assert second.json()["existing"] == first.json()["id"]
    assert not [secret for secret in SECRETS if secret in second.text]
    assert await told(registry, "SELECT count(*) FROM households") == 1


@pytest.mark.parametrize(("role", "regions"), [("facilitator", ("34.71.04",)), ("volunteer", ("34.71.04",))])
async def test_who_may_not_see_the_first_is_not_told_which_it_is(
    registry: Running, role: str, regions: tuple[str, ...]
) -> None:
    first = await a_household(registry, kk_number=KK)
    body = {"kelurahan_code": ELSEWHERE, "starts_on": "2024-01-15", "kk_number": KK}
    second = await registry.http.post(HOUSEHOLDS, json=body, headers=registry.token(role, regions=regions))

    assert code_of(second) == RECORDED
    assert first.json()["id"] not in second.text
    assert "existing" not in second.json()


async def test_who_says_why_may_share_it_and_a_third_has_to_say_so_too(registry: Running) -> None:
    await a_household(registry, kk_number=KK)
    second = await a_household(registry, kk_number=KK, kk_shared_reason="card_not_split")

    assert (second.status_code, second.json()["kk_shared_reason"]) == (201, "card_not_split")
    assert code_of(await a_household(registry, kk_number=KK)) == RECORDED


async def test_a_reason_is_for_a_number(registry: Running) -> None:
    refused = await a_household(registry, kk_number=None, kk_shared_reason="two_houses")
    assert [(one["pointer"], one["code"]) for one in refused.json()["errors"]] == [
        ("/kk_shared_reason", "kk.nothing_shared")
    ]
    unknown = await a_household(registry, kk_number=KK, kk_shared_reason="because")
    assert unknown.status_code == 422


async def test_what_is_no_number_is_nobodys(registry: Running) -> None:
    """`0` and words are refused where they stand; those who have none are not taken for each other."""
    for number in ("0", "", "tidak ada", "1111111111111111", "1234567890123456"):
        replies = [await a_household(registry, kk_number=number) for _ in "12"]
        assert [one.status_code for one in replies] == [422, 422], number
    replies = [await a_household(registry, kk_number=None, kk_absent_reason="not_known") for _ in "123"]
    assert {one.status_code for one in replies} == {201}
    assert await told(registry, "SELECT count(*) FROM personal_records WHERE kk_digest IS NOT NULL") == 0


@pytest.mark.parametrize("end", ["left", "moved", "erased"])
async def test_one_that_is_here_no_longer_holds_no_card(registry: Running, end: str) -> None:
    first = await a_household(registry, kk_number=KK)
    if end == "left":
        await change(registry, first, ends_on="2024-01-01", ended_because="left")
    elif end == "erased":
        resident = await a_resident(registry, first)
        body = {"reason": "person_asked", "requested_on": "2024-01-01"}
        headers = registry.token("facilitator") | etag(resident)
        reply = await registry.http.post(f"{resident.headers['Location']}/erasure", json=body, headers=headers)
        assert reply.status_code == 200
    else:
        body = {"kelurahan_code": PLACE, "moved_on": "2024-01-01"}
        headers = registry.token("facilitator") | etag(first)
        reply = await registry.http.post(f"{first.headers['Location']}/move", json=body, headers=headers)
        assert reply.status_code == 200

    second = await a_household(registry, kk_number=KK)

    assert second.status_code == (409 if end == "moved" else 201)
    if end == "moved":
        moved_to = reply.headers["Location"].rpartition("/")[2]
        assert second.json()["existing"] == moved_to
    if end == "erased":
        digests = "SELECT count(*) FROM personal_records WHERE kk_digest IS NOT NULL"
        assert await told(registry, digests) == 1


class TestEdits:
    async def test_of_the_number_are_judged_as_a_new_one(self, registry: Running) -> None:
        first, second = await a_household(registry, kk_number=KK), await a_household(registry)

        refused = await change(registry, second, kk_number=KK)
        assert (code_of(refused), refused.json()["existing"]) == (RECORDED, first.json()["id"])
        shared = await change(registry, second, kk_number=KK, kk_shared_reason="two_houses")
        assert (shared.status_code, shared.json()["kk_shared_reason"]) == (200, "two_houses")
        assert (await change(registry, second, kk_number=KK, rt="9")).json()["kk_shared_reason"] == "two_houses"
        assert code_of(await change(registry, second, kk_shared_reason=None)) == RECORDED

    async def test_of_the_number_take_the_reason_with_them(self, registry: Running) -> None:
        await a_household(registry, kk_number=KK)
        other = await a_household(registry)
        second = await a_household(registry, kk_number=KK, kk_shared_reason="two_houses")
        other_card = (await read(registry, other, "city_coordinator", scope=ALL)).json()["kk_number"]

        assert code_of(await change(registry, second, kk_number=other_card)) == RECORDED
        own = await change(registry, second, kk_number=a_card())
        assert (own.status_code, own.json()["kk_shared_reason"]) == (200, None)
        none = await change(registry, second, kk_number=None, kk_absent_reason="lost")
        assert (none.status_code, none.json()["kk_shared_reason"]) == (200, None)

    async def test_that_bring_one_back_are_judged(self, registry: Running) -> None:
        first = await a_household(registry, kk_number=KK)
        await change(registry, first, ends_on="2024-01-01", ended_because="left")
        second = await a_household(registry, kk_number=KK)

        refused = await change(registry, first, ends_on=None, ended_because=None)
        assert (code_of(refused), refused.json()["existing"]) == (RECORDED, second.json()["id"])
        await change(registry, second, ends_on="2024-01-01", ended_because="left")
        assert (await change(registry, first, ends_on=None, ended_because=None)).status_code == 200

    async def test_of_anything_else_leave_two_from_before_alone(self, registry: Running) -> None:
        first = await a_household(registry, kk_number=KK)
        await told(registry, "UPDATE personal_records SET kk_digest = NULL")
        second = await a_household(registry, kk_number=KK)

        for one in (first, second, first):
            assert (await change(registry, one, address="Gang Contoh 9")).status_code == 200
        assert code_of(await a_household(registry, kk_number=KK)) == RECORDED


async def test_of_two_at_once_one_is_told_of_the_other(registry: Running) -> None:
    await warm(registry)
    third = await a_household(registry)
    for _ in range(5):
        card = a_card()
        replies = await asyncio.gather(
            a_household(registry, kk_number=card),
            a_household(registry, kk_number=card, kelurahan_code=ELSEWHERE),
            change(registry, third, kk_number=card),
        )
        assert sorted(one.status_code < 400 for one in replies) == [False, False, True]
        assert {code_of(one) for one in replies if one.status_code >= 400} == {RECORDED}


async def test_who_lives_in_two_households_with_one_card_can_be_merged_and_parted(registry: Running) -> None:
    first = await a_household(registry, kk_number=KK)
    second = await a_household(registry, kk_number=KK, kk_shared_reason="card_not_split")
    people = [await a_resident(registry, one) for one in (first, second)]
    by = registry.token("facilitator")
    (pair,) = (await registry.http.get("/registry/v1/duplicates", headers=by)).json()["items"]
    address = f"/registry/v1/duplicates/{pair['id']}"
    kept = {"kept_id": people[0].json()["id"]}
    merged = await registry.http.post(f"{address}/merge", json=kept, headers=by | {"If-Match": f'"{pair["version"]}"'})
    assert merged.status_code == 200, merged.text
    left = await change(registry, second, ends_on="2024-01-01", ended_because="dissolved")
    assert left.status_code == 200
    parted = await registry.http.post(f"{address}/unmerge", headers=by | etag(merged))
    assert parted.status_code == 200
    seen = (await read(registry, f"{RESIDENTS}/{people[1].json()['id']}")).json()
    assert (seen["merged_into"], seen["name"]) == (None, NAME)


class TestFiles:
    async def test_get_the_verdicts_of_single_posts(self, registry: Running) -> None:
        await a_household(registry, kk_number=KK)
        own = a_card()
        rows = [
            SENT | {"Nomor KK": KK},
            SENT | {"Nomor KK": KK, "Alasan KK sama": "belum pecah KK"},
            SENT | {"Nomor KK": own},
            SENT | {"Nomor KK": own},
            SENT | {"Nomor KK": f" {own} ", "Alasan KK sama": "dua rumah"},
            SENT | {"Nomor KK": ""},
            SENT | {"Nomor KK": ""},
            SENT | {"Nomor KK": "", "Alasan KK sama": "dua rumah"},
        ]
        verdicts = await Sender(registry, "facilitator").agreed(rows, kind="households")
        assert [[(one["column"], one["code"]) for one in row["faults"]] for row in verdicts] == [
            [(None, RECORDED)],
            [],
            [],
            [(None, RECORDED)],
            [],
            [],
            [],
            [("Alasan KK sama", "kk.nothing_shared")],
        ]

    @settings(max_examples=15)
    @given(
        rows=st.lists(
            st.tuples(st.sampled_from((KK, f"{KK[:-1]}5", "0", "")), st.sampled_from(("", "dua rumah"))),
            min_size=1,
            max_size=9,
        )
    )
    async def test_never_leave_two_that_share_without_a_reason(
        self, registry: Running, rows: list[tuple[str, str]]
    ) -> None:
        await registry.empty()
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr("shared.intake.ROWS_AT_ONCE", 2)
            sent = [SENT | {"Nomor KK": number, "Alasan KK sama": reason} for number, reason in rows]
            verdicts = await Sender(registry, "facilitator").agreed(sent, kind="households")
        alone = (
            "SELECT count(*) FROM personal_records JOIN households USING (id) WHERE kk_shared_reason IS NULL"
            " AND kk_digest IS NOT NULL GROUP BY kk_digest ORDER BY 1 DESC LIMIT 1"
        )
        assert await told(registry, alone) in {None, 1}
        seen: set[str] = set()
        for (number, reason), row in zip(rows, verdicts, strict=True):
            usable = number not in {"", "0"}
            taken = (number in seen and not reason) if usable else bool(number or reason)
            assert row["verdict"] == ("refused" if taken else "accepted"), (number, reason)
            seen |= {number} if usable else set()


async def test_a_push_carries_the_number_and_gets_the_same_verdict(registry: Running) -> None:
    first = await a_household(registry, kk_number=KK)
    await registry.seal()
    phone = a_phone(registry)
    await phone.pull()
    made = phone.create("households", kelurahan_code=PLACE, starts_on="2024-01-15", kk_number=KK, kk_shared_reason=None)

    assert await phone.push() is None
    assert [(one["id"], one["problem"]["code"], one["problem"]["existing"]) for one in phone.rejected] == [
        (made["id"], RECORDED, first.json()["id"])
    ]
    phone.edit("households", made["id"], kk_shared_reason="card_not_split")
    assert await phone.push() is None
    seen = (await read(registry, f"{HOUSEHOLDS}/{made['id']}")).json()
    assert (seen["kk_number"][-4:], seen["kk_shared_reason"]) == (KK[-4:], "card_not_split")
    assert KK not in str(phone.tables.get("households", {}).get(first.json()["id"]))


async def test_what_was_recorded_before_gets_its_digest_from_the_worker(
    registry: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cards, "DIGESTED_AT_ONCE", 2)
    first = await a_household(registry, kk_number=KK)
    for number in (a_card(), a_card(), None):
        await a_household(registry, kk_number=number)
    await told(registry, "UPDATE personal_records SET kk_digest = NULL")
    after, rounds = None, 0
    while True:
        async with registry.database.transaction() as session:
            after = await cards.digest_older(session, registry.app.state.vault, after=after)
        if after is None:
            break
        rounds += 1

    assert rounds == 2
    assert await told(registry, "SELECT count(*) FROM personal_records WHERE kk_digest IS NOT NULL") == 3
    refused = await a_household(registry, kk_number=KK, id=new_id())
    assert (code_of(refused), refused.json()["existing"]) == (RECORDED, first.json()["id"])
