import pytest

from tests.house import Running, code_of, new_id
from tests.registry.electing import DELEGATE, Story, begin, items, members, payloads


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
        elsewhere = await items(story, "delegates", registry.token("facilitator", regions=("33.74",)))

        assert (made.status_code, made.json()["name"], made.json()["poor"]) == (201, None, None)
        assert [(one["name"], one["poor"], one["sex"]) for one in masked] == [(None, None, "female")]
        assert [(one["name"], one["poor"]) for one in named] == [("Ibu Contoh", True)]
        assert (nobody.status_code, elsewhere) == (401, [])
        read = [one["data"] for one in await payloads(registry) if one["action"] == "delegates.read"]
        assert [one["count"] for one in read] == [1, 0]

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
