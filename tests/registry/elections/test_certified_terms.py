"""What a certified election proves is not for the board's officers alone to replace (EL-1)."""

from typing import Any

import pytest

from tests.house import Running, code_of, etag
from tests.registry.electing import Story, begin, day


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

    async def test_ends_with_its_board_by_the_minutes_of_the_residents(self, registry: Running, story: Story) -> None:
        board, term = await self.won(story)
        headers = registry.token("board_officer") | etag(await registry.http.get(board))
        body = {"dissolved_on": day(-1), "minutes_reference": "BA 10/2026"}

        reply = await registry.http.post(f"{board}/dissolution", json=body, headers=headers)

        assert reply.status_code == 200, reply.text
        ended = (await registry.http.get(term)).json()
        assert (ended["ends_on"], ended["ending_minutes"]) == (day(-1), "BA 10/2026")
