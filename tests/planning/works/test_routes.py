from typing import Any

import httpx
import pytest

from tests.house import Running, code_of, etag, new_id
from tests.planning.story import a_plan, actions, an_activity, payloads, ratified, seen

HALFWAY = {"percent": 50, "occurred_on": "2024-05-01", "volume_done": "60.25", "note": "Pak Budi mengaduk semen"}
HANDOVER = {"held_on": "2024-07-01", "received_by": "kpp", "upkeep_plan": "Dibersihkan tiap bulan"}


async def a_work(planning: Running, **changes: Any) -> str:
    """Return the address of an activity of a ratified plan."""
    plan = await a_plan(planning)
    activity = await an_activity(planning, plan, **changes)
    assert (await ratified(planning, plan)).status_code == 200
    return activity.headers["Location"]


async def report(planning: Running, work: str, headers: dict[str, str] | None = None, **changes: Any) -> httpx.Response:
    signed_in = headers or planning.token("group_officer")
    return await planning.http.post(f"{work}/progress", json=HALFWAY | changes, headers=signed_in)


async def state(planning: Running, work: str) -> str:
    return str((await planning.http.get(work)).json()["state"])


async def handed_over(
    planning: Running, work: str, headers: dict[str, str] | None = None, **changes: Any
) -> httpx.Response:
    signed_in = headers or planning.token("supervisor")
    known = etag(await planning.http.get(work, headers=signed_in))
    return await planning.http.post(f"{work}/handover", json=HANDOVER | changes, headers=signed_in | known)


class TestReportProgress:
    async def test_is_public_but_for_its_note(self, planning: Running) -> None:
        work = await a_work(planning)

        made = await report(planning, work)
        public = await planning.http.get(f"{work}/progress")
        full = await planning.http.get(made.headers["Location"], headers=planning.token("auditor"))

        assert made.status_code == 201
        assert [(one["percent"], one["volume_done"], one["note"]) for one in public.json()["items"]] == [
            (50, "60.250", None)
        ]
        assert full.json()["note"] == HALFWAY["note"]
        (told,) = await payloads(planning, "progress.recorded")
        assert told == {
            "id": made.json()["id"],
            "kelurahan_code": "34.71.03.1001",
            "activity_id": work.rpartition("/")[2],
            "number": 1,
            "percent": 50,
            "volume_done": "60.250",
            "correction": False,
            "version": 1,
        }

    async def test_moves_the_activity_and_tells_so_once(self, planning: Running) -> None:
        work = await a_work(planning)

        states = []
        for percent in (0, 50, 100):
            await report(planning, work, percent=percent)
            states.append(await state(planning, work))
        await report(planning, work, percent=90, correction_reason="Salah ukur")
        states.append(await state(planning, work))

        assert states == ["in_progress", "in_progress", "finished", "in_progress"]
        assert [one for one in await actions(planning) if one.startswith("activity.")] == [
            "activity.ratified",
            "activity.started",
            "activity.finished",
            "activity.reopened",
        ]

    async def test_a_late_report_of_an_earlier_day_leaves_the_state(self, planning: Running) -> None:
        work = await a_work(planning)
        await report(planning, work, percent=100, occurred_on="2024-06-01")

        late = await report(planning, work, percent=40, occurred_on="2024-04-01")
        above = await report(planning, work, percent=60, occurred_on="2024-03-01")

        assert (late.status_code, await state(planning, work)) == (201, "finished")
        assert above.json()["errors"][0]["code"] == "progress.exceeds_later"
        days = [one["occurred_on"] for one in (await planning.http.get(f"{work}/progress")).json()["items"]]
        assert days == ["2024-06-01", "2024-04-01"]

    @pytest.mark.parametrize(
        ("change", "pointer", "code"),
        [
            ({"percent": 49}, "/percent", "progress.falls"),
            ({"percent": 101}, "/percent", "value.too_large"),
            ({"percent": "60"}, "/percent", "value.not_integer"),
            ({"percent": 60, "occurred_on": "2999-01-01"}, "/occurred_on", "date.in_the_future"),
            ({"percent": 60, "volume_done": "121"}, "/volume_done", "progress.volume_exceeds_plan"),
            ({"percent": 60, "volume_done": 60}, "/volume_done", "value.not_text"),
            ({"percent": 60, "note": "x" * 1001}, "/note", "value.too_long"),
        ],
    )
    async def test_names_the_wrong_place(
        self, planning: Running, change: dict[str, Any], pointer: str, code: str
    ) -> None:
        work = await a_work(planning)
        await report(planning, work)

        reply = await report(planning, work, **change)

        assert reply.status_code == 422
        assert [(one["pointer"], one["code"]) for one in reply.json()["errors"]] == [(pointer, code)]

    async def test_refuses_a_draft_another_region_and_another_role(self, planning: Running) -> None:
        plan = await a_plan(planning)
        draft = (await an_activity(planning, plan)).headers["Location"]
        work = await a_work(planning)

        of_draft = await report(planning, draft)
        elsewhere = await report(planning, work, planning.token("group_officer", regions=("33.74",)))
        unseen = await report(planning, draft, planning.token("group_officer", regions=("33.74",)))
        auditor = await report(planning, work, planning.token("auditor"))

        assert (of_draft.status_code, code_of(of_draft)) == (409, "activity.state")
        assert (elsewhere.status_code, code_of(elsewhere)) == (403, "region.missing")
        assert (unseen.status_code, code_of(unseen)) == (404, "resource.not_found")
        assert (auditor.status_code, code_of(auditor)) == (403, "scope.missing")

    async def test_takes_the_same_id_once(self, planning: Running) -> None:
        work, identity = await a_work(planning), new_id()

        first = await report(planning, work, id=identity)
        again = await report(planning, work, id=identity)
        other = await report(planning, work, id=identity, percent=60)

        assert (first.status_code, again.status_code, again.json()) == (201, 200, first.json())
        assert (other.status_code, code_of(other)) == (409, "id.taken")


class TestHandOver:
    async def test_ends_the_works_in_other_hands(self, planning: Running) -> None:
        work = await a_work(planning)
        await report(planning, work, percent=100)

        reply = await handed_over(planning, work)
        known = await planning.http.get(f"{work}/handover")
        afterwards = await report(planning, work, percent=100)

        assert (reply.status_code, reply.json()["state"]) == (200, "handed_over")
        assert {name: known.json()[name] for name in HANDOVER} == HANDOVER
        assert (afterwards.status_code, code_of(afterwards)) == (409, "activity.state")
        (told,) = await payloads(planning, "activity.handed_over")
        assert (told["state"], told["board_id"]) == ("handed_over", reply.json()["board_id"])
        assert (await payloads(planning, "handover.recorded"))[0]["received_by"] == "kpp"

    async def test_is_refused_to_who_reported_the_progress(self, planning: Running) -> None:
        work, person = await a_work(planning), new_id()
        await report(planning, work, planning.token("facilitator", person=person), percent=100)

        own = await handed_over(planning, work, planning.token("facilitator", person=person))
        nobody = await handed_over(planning, work, planning.token("supervisor", person=None))

        assert (own.status_code, code_of(own)) == (403, "approval.own_work")
        assert (nobody.status_code, code_of(nobody)) == (403, "approval.own_work")
        assert await state(planning, work) == "finished"

    async def test_needs_finished_works_their_day_and_the_version_seen(self, planning: Running) -> None:
        work = await a_work(planning)
        await report(planning, work)
        unfinished = await handed_over(planning, work)
        await report(planning, work, percent=100, occurred_on="2024-07-02")
        early = await handed_over(planning, work)
        unseen = await planning.http.post(f"{work}/handover", json=HANDOVER, headers=planning.token("supervisor"))
        reporter = await handed_over(planning, work, planning.token("board_officer"))

        assert (unfinished.status_code, code_of(unfinished)) == (409, "activity.state")
        assert (early.status_code, code_of(early)) == (422, "handover.too_early")
        assert (unseen.status_code, code_of(unseen)) == (428, "version.missing")
        assert (reporter.status_code, code_of(reporter)) == (403, "scope.missing")

    async def test_absent_before_it_was_held(self, planning: Running) -> None:
        work = await a_work(planning)

        reply = await planning.http.get(f"{work}/handover")

        assert (reply.status_code, code_of(reply)) == (404, "resource.not_found")


class TestAVersionSeenByTheBoard:
    async def test_rises_with_the_state(self, planning: Running) -> None:
        plan = await a_plan(planning)
        activity = await an_activity(planning, plan)
        await ratified(planning, plan)
        before = (await seen(planning, activity)).json()["version"]

        await report(planning, activity.headers["Location"])

        assert (await seen(planning, activity)).json()["version"] == before + 1
