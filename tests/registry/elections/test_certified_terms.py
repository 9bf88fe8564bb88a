"""What a certified election proves is not for the board's officers alone to replace (EL-1)."""

from typing import Any

import pytest

from tests.house import Running, code_of, etag, new_id
from tests.registry.electing import Story, begin, day
from tests.registry.placing import merged
from tests.registry.sync.test_pull import phone
from tests.shared.importing import Sender, csv_file


@pytest.fixture
async def story(registry: Running) -> Story:
    return await begin(registry)


def codes(reply: Any) -> dict[str, str]:
    return {one["code"]: one["pointer"] for one in reply.json()["errors"]}


class TestCertifiedTerm:
    PAPER = {  # noqa: RUF012
        "elected_on": day(-3), "starts_on": day(-2), "ends_on": day(900),
        "officers": [{"name": f"Kawan {n}", "position": "koordinator" if n == 0 else "member"} for n in range(9)],
    }  # fmt: skip
    END = {"ends_on": day(-3), "minutes_reference": "BA 9/2026"}  # noqa: RUF012

    async def won(self, story: Story) -> tuple[str, str]:
        """Return the addresses of the board and of the term that its election gave it."""
        await story.count()
        certified = (await story.certify()).json()
        board = f"/registry/v1/boards/{certified['board_id']}"
        return board, f"{board}/terms/{certified['term_id']}"

    async def patch(self, story: Story, address: str, body: dict[str, Any], role: str) -> Any:
        http, headers = story.registry.http, story.registry.token(role)
        return await http.patch(address, json=body, headers=headers | etag(await http.get(address, headers=headers)))

    async def test_is_ended_with_minutes_by_who_may_certify(self, registry: Running, story: Story) -> None:
        board, term = await self.won(story)
        proven = (await registry.http.get(board)).json()["mandate"]

        alone = await self.patch(story, term, self.END, "board_officer")
        bare = await self.patch(story, term, {"ends_on": day(-3)}, "facilitator")
        ended = await self.patch(story, term, self.END, "facilitator")

        assert proven["election_id"] == story.address.rpartition("/")[2]
        assert (alone.status_code, alone.json()["scope"]) == (403, ["registry:elections:approve"])
        assert (bare.status_code, codes(bare)) == (422, {"term.ending_unproven": "/minutes_reference"})
        assert (ended.status_code, ended.json()["ends_on"]) == (200, day(-3)), ended.text
        assert ended.json()["ending_minutes"] == (await registry.http.get(term)).json()["ending_minutes"] == "BA 9/2026"

    async def test_counts_its_women_by_the_sheet_until_they_declare_themselves(
        self, registry: Running, story: Story
    ) -> None:
        board, term = await self.won(story)
        officers = (await registry.http.get(term)).json()["officers"]
        by_name = {one["name"]: one["id"] for one in officers}

        async def women() -> tuple[Any, int]:
            found = (await registry.http.get(f"{board}/composition")).json()
            return [found["women"][key] for key in ("numerator", "denominator", "unknown")], found["women_by_sheet"]

        async def declare(name: str, **said: Any) -> None:
            body = {"officer_id": by_name[name], "declared_on": day(-5), "poor": False, "occupation": "trader"}
            reply = await registry.http.post(
                f"{board}/declarations", json=body | {"other_offices": []} | said, headers=registry.token("facilitator")
            )
            assert reply.status_code == 201, reply.text

        by_sheet = await women()
        await declare("Warga Contoh 0", woman=None, woman_unknown_reason="declined")
        declined = await women()
        await declare("Warga Contoh 5", woman=True)

        assert by_sheet == ([3, 9, 0], 9)
        assert declined == ([2, 8, 1], 8)
        assert await women() == ([3, 8, 1], 7)
        declared = await registry.http.get(f"{board}/declarations", headers=registry.token("facilitator"))
        assert len(declared.json()["items"]) == 2

    async def test_is_followed_from_paper_only_by_who_may_certify(self, registry: Running, story: Story) -> None:
        board, term = await self.won(story)
        await self.patch(story, term, self.END, "facilitator")

        alone = await registry.http.post(f"{board}/terms", json=self.PAPER, headers=registry.token("board_officer"))
        taken = await registry.http.post(f"{board}/terms", json=self.PAPER, headers=registry.token("facilitator"))

        assert (alone.status_code, code_of(alone), taken.status_code) == (403, "scope.missing", 201)
        assert (await registry.http.get(board)).json()["mandate"]["election_id"] is None

    async def test_names_its_officers_as_certified(self, registry: Running, story: Story) -> None:
        board, term = await self.won(story)
        officer = f"{board}/officers/{(await registry.http.get(term)).json()['officers'][1]['id']}"
        leaving = {"ends_on": day(0), "left_because": "resigned"}

        renamed = await self.patch(story, officer, {"name": "Bukan Yang Terpilih"}, "board_officer")
        left = await self.patch(story, officer, leaving, "board_officer")
        corrected = await self.patch(story, officer, {"name": "Warga Contoh Satu"}, "facilitator")

        assert (renamed.status_code, code_of(renamed)) == (403, "scope.missing")
        assert (left.status_code, corrected.status_code) == (200, 200), left.text + corrected.text

    async def test_seats_who_follows_an_elected_one_by_who_may_certify(self, registry: Running, story: Story) -> None:
        board, term = await self.won(story)
        officer = f"{board}/officers/{(await registry.http.get(term)).json()['officers'][1]['id']}"
        await self.patch(story, officer, {"ends_on": day(-1), "left_because": "resigned"}, "board_officer")
        follower = {"name": "Warga Pengganti", "position": "member", "starts_on": day(0), "person_id": new_id()}

        alone, seated = [
            await registry.http.post(f"{board}/officers", json=follower, headers=registry.token(role))
            for role in ("board_officer", "facilitator")
        ]

        assert (alone.status_code, alone.json()["scope"]) == (403, ["registry:elections:approve"])
        assert seated.status_code == 201, seated.text

    async def dissolve(self, story: Story, board: str, headers: dict[str, str], on: int = -1) -> Any:
        http, body = story.registry.http, {"dissolved_on": day(on), "minutes_reference": "BA 10/2026"}
        return await http.post(f"{board}/dissolution", json=body, headers=headers | etag(await http.get(board)))

    async def test_ends_with_its_board_by_who_may_certify(self, registry: Running, story: Story) -> None:
        board, term = await self.won(story)

        alone = await self.dissolve(story, board, registry.token("board_officer"))
        still = (await registry.http.get(term)).json()
        reply = await self.dissolve(story, board, registry.token("facilitator"))

        assert (alone.status_code, alone.json()["scope"]) == (403, ["registry:elections:approve"])
        assert (still["ends_on"], still["given_until"]) == (day(1000), day(1000))
        assert reply.status_code == 200, reply.text
        ended = (await registry.http.get(term)).json()
        assert (ended["ends_on"], ended["given_until"], ended["ending_minutes"]) == (day(-1), day(1000), "BA 10/2026")

    async def test_once_over_ends_no_more_when_residents_dissolve_their_board(
        self, registry: Running, story: Story
    ) -> None:
        board, term = await self.won(story)
        await self.patch(story, term, self.END, "facilitator")

        reply = await self.dissolve(story, board, registry.token("board_officer"))

        assert reply.status_code == 200, reply.text
        assert (await registry.http.get(term)).json()["ending_minutes"] == self.END["minutes_reference"]

    async def test_is_replaced_by_a_new_board_only_by_two_who_may_certify(
        self, registry: Running, story: Story
    ) -> None:
        board, _ = await self.won(story)
        dissolver = registry.token("facilitator")
        await self.dissolve(story, board, dissolver)
        founded = {"kelurahan_code": "34.71.03.1001", "name": "BKM Tandingan", "founded_on": day(-1)}
        new = await registry.http.post("/registry/v1/boards", json=founded, headers=registry.token("board_officer"))
        address = f"{new.headers['Location']}/terms"
        paper = self.PAPER | {"elected_on": day(-1), "starts_on": day(-1)}
        after = paper | {"starts_on": day(1001), "ends_on": day(1900)}

        replies = [
            await registry.http.post(address, json=paper, headers=registry.token("board_officer")),
            await registry.http.post(address, json=paper, headers=dissolver),
            await registry.http.post(address, json=after, headers=dissolver),
            await registry.http.post(address, json=paper, headers=registry.token("facilitator")),
        ]

        assert [one.status_code for one in replies] == [403, 403, 201, 201], [one.text for one in replies]
        assert [code_of(one) for one in replies[:2]] == ["scope.missing", "term.own_ending"]
        assert (await registry.http.get(new.headers["Location"])).json()["mandate"]["election_id"] is None

    async def test_ended_early_is_not_followed_from_paper_by_who_ended_it(
        self, registry: Running, story: Story
    ) -> None:
        board, term = await self.won(story)
        headers = registry.token("facilitator")
        await registry.http.patch(term, json=self.END, headers=headers | etag(await registry.http.get(term)))

        own = await registry.http.post(f"{board}/terms", json=self.PAPER, headers=headers)
        earlier = self.PAPER | {"elected_on": day(-900), "starts_on": day(-899), "ends_on": day(-100)}
        before = await registry.http.post(f"{board}/terms", json=earlier, headers=headers)

        assert (own.status_code, code_of(own)) == (403, "term.own_ending")
        assert before.status_code == 201, before.text


class TestCertifiedBoard:
    RIVAL = {"kelurahan_code": "34.71.03.1001", "name": "BKM Tandingan", "founded_on": day(-1)}  # noqa: RUF012
    OLDER = RIVAL | {"founded_on": "2001-05-01"}

    async def found(self, story: Story, role: str, body: dict[str, Any]) -> Any:
        return await story.registry.http.post("/registry/v1/boards", json=body, headers=story.registry.token(role))

    async def test_has_none_founded_beside_it(self, registry: Running, story: Story) -> None:
        before = await self.found(story, "board_officer", self.RIVAL | {"name": "BKM Sebelumnya"})
        await story.count()
        board = (await story.certify()).json()["board_id"]

        refused = [
            await self.found(story, "facilitator", self.RIVAL),
            await self.found(story, "board_officer", self.OLDER),
        ]
        older = await self.found(story, "facilitator", self.OLDER)
        again = await self.found(story, "facilitator", self.OLDER | {"id": older.json()["id"]})
        elsewhere = await self.found(story, "board_officer", self.RIVAL | {"kelurahan_code": "34.71.03.1002"})

        assert [(one.status_code, code_of(one), one.json()["existing"]) for one in refused] == [
            (409, "board.place_taken", board)
        ] * 2
        assert "BKM Contoh" in refused[0].json()["detail"]
        assert (before.status_code, older.status_code, elsewhere.status_code) == (201, 201, 201)
        assert (again.status_code, again.json()["id"]) == (200, older.json()["id"])
        shown = (await registry.http.get("/registry/v1/boards")).json()["items"]
        assert {one["name"]: one["shares_kelurahan"] for one in shown if one["kelurahan_code"].endswith("1002")} == {
            "BKM Tandingan": False
        }
        assert all(one["shares_kelurahan"] for one in shown if one["kelurahan_code"].endswith("1001"))
        alone = await registry.http.get(f"/registry/v1/boards/{board}?as_of=2010-06-01")
        assert alone.json()["shares_kelurahan"] is True
        assert (await registry.http.get(f"{older.headers['Location']}?as_of=2009-01-01")).json()[
            "shares_kelurahan"
        ] is False

    async def test_makes_way_once_its_mandate_is_over_or_residents_dissolved_it(
        self, registry: Running, story: Story
    ) -> None:
        await story.count()
        certified = (await story.certify()).json()
        board = f"/registry/v1/boards/{certified['board_id']}"
        term, headers = f"{board}/terms/{certified['term_id']}", registry.token("facilitator")
        end = {"ends_on": day(-1), "minutes_reference": "BA 9/2026"}
        await registry.http.patch(term, json=end, headers=headers | etag(await registry.http.get(term)))

        second = await self.found(story, "board_officer", self.RIVAL)
        dissolved = {"dissolved_on": day(-1), "minutes_reference": "BA 10/2026"}
        seen = etag(await registry.http.get(board))
        await registry.http.post(f"{board}/dissolution", json=dissolved, headers=headers | seen)

        assert second.status_code == 201, second.text
        assert second.json()["shares_kelurahan"] is True
        then = await registry.http.get(f"{second.headers['Location']}?as_of={day(-1)}")
        now = await registry.http.get(second.headers["Location"])
        assert [one.json()["shares_kelurahan"] for one in (then, now)] == [True, False]

    async def test_has_none_brought_beside_it_by_a_file_or_a_phone(self, registry: Running, story: Story) -> None:
        await story.count()
        await story.certify()
        await registry.seal()
        sender, one = Sender(registry, "facilitator"), phone(registry)
        row = {"Kode kelurahan": "34.71.03.1001", "Nama": "BKM Tandingan", "Tanggal berdiri": day(-1)}

        seen = await sender.imported(csv_file([row]))
        (verdict,) = await sender.verdicts(seen["id"])
        await one.pull()
        one.create("boards", **self.RIVAL, legal_status=None, version=None)
        await one.push()

        assert (seen["accepted"], [fault["code"] for fault in verdict["faults"]]) == (0, ["board.place_taken"])
        assert "board.place_taken" in str(one.rejected)
        assert len((await registry.http.get("/registry/v1/boards")).json()["items"]) == 1

    async def test_stands_with_another_where_their_kelurahan_were_merged(self, registry: Running, story: Story) -> None:
        other = await self.found(story, "board_officer", self.RIVAL | {"kelurahan_code": "34.71.03.1002"})
        await story.count()
        board = (await story.certify()).json()["board_id"]

        async with merged(registry, "34.71.03.1002", into="34.71.03.1001"):
            both = [
                (await registry.http.get(f"/registry/v1/boards/{one}")).json()["shares_kelurahan"]
                for one in (board, other.json()["id"])
            ]
            third = await self.found(story, "board_officer", self.RIVAL | {"name": "BKM Ketiga"})

        assert both == [True, True]
        assert (third.status_code, code_of(third)) == (409, "board.place_taken")
        assert other.json()["shares_kelurahan"] is False
