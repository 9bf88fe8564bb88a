"""One rupiah from a flooding lane to the notice board, and every wrong step on the way refused by its code."""

from io import BytesIO
from typing import Any
from uuid import uuid4

import pytest
from PIL import Image
from PIL.ExifTags import IFD

from deploy.demo.pictures import drawn
from tests.journeys.home import DEMANGAN, KARANGWARU, KRICAK, Home, SignedIn, done, eventually, refused
from tests.journeys.partner import Bank
from tests.journeys.story import (
    CHANNELED,
    Story,
    ago,
    drain_draft,
    elected_board,
    meeting_draft,
    plan_draft,
    problem_draft,
)

pytestmark = pytest.mark.xdist_group("house")

PROBLEMS, PLANS = "/planning/v1/mapping/problems", "/planning/v1/plans"


@pytest.fixture(scope="module")
def story(home: Home) -> Story:
    return Story(home, KRICAK)


def test_who_may_not_is_told_which_scope_or_region_is_missing(home: Home, story: Story) -> None:
    volunteer = home.somebody("volunteer", KRICAK)
    refused(volunteer.post(PLANS, plan_draft(story.board, KRICAK)), 403, "scope.missing")
    elsewhere = home.somebody("board_officer", DEMANGAN)
    refused(elsewhere.post(PROBLEMS, problem_draft(KRICAK)), 403, "region.missing")
    refused(elsewhere.act(f"/registry/v1/boards/{story.board}", "terms", {}), 403, "region.missing")
    # What is not public yet is not even known elsewhere, and to nobody without a token.
    refused(elsewhere.get(f"{PLANS}/{story.plan}"), 404, "resource.not_found")
    anonymous = home.http.post(PROBLEMS, json=problem_draft(KRICAK))
    refused(anonymous, 401, "token.missing")


def test_nobody_approves_what_they_entered_themselves(home: Home, story: Story) -> None:
    facilitator = story.facilitator
    board = elected_board(facilitator, KARANGWARU)
    plan = facilitator.made(PLANS, plan_draft(board, KARANGWARU))["id"]
    problem = facilitator.made(PROBLEMS, problem_draft(KARANGWARU))["id"]
    facilitator.made(f"{PLANS}/{plan}/activities", drain_draft(problem))
    refused(facilitator.act(f"{PLANS}/{plan}", "ratification", meeting_draft()), 403, "approval.own_work")
    # The same person under another name is still the same person.
    _, account = home.open_account("supervisor", "34.71")
    name, _ = home.open_account("facilitator", "34.71", person_id=account["person_id"])
    other_name, _ = home.open_account("supervisor", "34.71", person_id=account["person_id"])
    second = home.sign_in(name)
    title = second.send(
        "PATCH", f"{PLANS}/{plan}", {"title": "PJM diubah"}, If_Match=second.get(f"{PLANS}/{plan}").headers["ETag"]
    )
    assert title.status_code == 200, title.text
    refused(home.sign_in(other_name).act(f"{PLANS}/{plan}", "ratification", meeting_draft()), 403, "approval.own_work")


def test_a_stale_version_is_refused_with_what_is_there_now(story: Story) -> None:
    item = f"{PROBLEMS}/{story.problem}"
    seen = story.secretary.get(item).headers["ETag"]
    refused(story.secretary.send("PATCH", item, {"households_affected": 47}), 428, "version.missing")
    done(story.secretary.send("PATCH", item, {"households_affected": 47}, If_Match=seen))
    late = story.secretary.send("PATCH", item, {"households_affected": 48}, If_Match=seen)
    refused(late, 412, "version.stale")
    assert late.json()["current"]["households_affected"] == 47


def test_a_key_that_comes_again_replays_and_with_another_body_is_refused(story: Story) -> None:
    draft, key = problem_draft(KRICAK), "kunci-contoh-1"
    first = story.secretary.post(PROBLEMS, draft, Idempotency_Key=key)
    again = story.secretary.post(PROBLEMS, draft, Idempotency_Key=key)
    assert (again.status_code, again.json()) == (first.status_code, first.json())
    assert again.headers["Idempotency-Replayed"] == "true"
    other = draft | {"title": "Gang lain tergenang"}
    refused(story.secretary.post(PROBLEMS, other, Idempotency_Key=key), 422, "idempotency.key_reused")
    # Without a key, the id alone keeps a creation from happening twice.
    own = draft | {"id": str(uuid4())}
    assert [story.secretary.post(PROBLEMS, own).status_code for _ in range(2)] == [201, 200]
    refused(story.secretary.post(PROBLEMS, own | {"title": "Judul lain"}), 409, "id.taken")


def test_what_is_not_known_is_refused_not_ignored(home: Home, story: Story) -> None:
    refused(story.secretary.post(PROBLEMS, problem_draft(KRICAK) | {"colour": "blue"}), 422, "body.invalid")
    for path in (PROBLEMS, PLANS, "/registry/v1/boards", "/monitoring/v1/journal"):
        refused(home.http.get(path, params={"colour": "blue"}), 400, "query.invalid")
    refused(home.http.get(PROBLEMS, params={"sort": "colour"}), 400, "query.invalid")
    refused(home.http.get(PROBLEMS, params={"limit": 501}), 400, "query.invalid")
    refused(home.http.get("/planning/v1/colours"), 404, "resource.not_found")


@pytest.fixture(scope="module")
def ratified(story: Story) -> Story:
    assert story.ratify()["state"] == "ratified"
    return story


def test_residents_decide_and_everybody_sees_it(home: Home, ratified: Story) -> None:
    plan = home.http.get(f"{PLANS}/{ratified.plan}").json()
    assert (plan["state"], plan["ratified_on"], plan["view"]) == ("ratified", ago(310), "public")
    meeting = home.http.get("/planning/v1/meetings", params={"plan_id": ratified.plan}).json()["items"][0]
    assert meeting["attendance"]["women"] == 58
    assert home.http.get(f"{PROBLEMS}/{ratified.problem}").json()["published_on"] == ago(310)
    causes = home.http.get(f"{PROBLEMS}/{ratified.problem}/causes").json()["items"]
    assert [cause["root"] for cause in causes] == [False, True]
    again = ratified.facilitator.act(f"{PLANS}/{ratified.plan}", "ratification", meeting_draft())
    refused(again, 409, "plan.state")


@pytest.fixture(scope="module")
def bank(home: Home) -> Bank:
    return Bank(home)


@pytest.fixture(scope="module")
def channeled(ratified: Story, bank: Bank) -> dict[str, Any]:
    """The bank offers, the board accepts, the money is sent: what they made."""
    opportunity = bank.found(ratified.secretary, ratified.drain, gap=CHANNELED)
    agreement = bank.offered(opportunity, rupiah=CHANNELED)
    path = f"/planning/v1/channeling/agreements/{agreement}"
    refused(bank.program.act(path, "acceptance", {"agreed_on": ago(240)}), 403, "agreement.own_offer")
    done(ratified.secretary.act(path, "acceptance", {"agreed_on": ago(240)}))
    money = {"amount_rupiah": 18_000_000, "sent_on": ago(230), "reference": "TRF/CONTOH/1"}
    refused(bank.program.post(f"{path}/disbursements", money), 400, "idempotency.key_missing")
    sent = bank.program.made(f"{path}/disbursements", money, Idempotency_Key=str(uuid4()))
    too_much = money | {"amount_rupiah": CHANNELED}
    refused(
        bank.program.post(f"{path}/disbursements", too_much, Idempotency_Key=str(uuid4())),
        409,
        "agreement.commitment_exceeded",
    )
    return {"opportunity": opportunity, "agreement": agreement, "disbursement": sent["id"]}


def test_money_has_arrived_only_when_both_sides_say_so(ratified: Story, bank: Bank, channeled: dict[str, Any]) -> None:
    money = f"/planning/v1/channeling/disbursements/{channeled['disbursement']}"
    agreement = f"/planning/v1/channeling/agreements/{channeled['agreement']}"
    assert ratified.secretary.get(agreement).json()["received_rupiah"] == 0
    arrived = {"received_on": ago(228), "amount_rupiah": 18_000_000}
    own = bank.program.act(money, "confirmation", arrived, Idempotency_Key=str(uuid4()))
    assert own.status_code == 403, own.text
    key = str(uuid4())
    done(ratified.secretary.act(money, "confirmation", arrived, Idempotency_Key=key))
    seen = ratified.secretary.get(agreement).json()
    assert (seen["sent_rupiah"], seen["received_rupiah"]) == (18_000_000, 18_000_000)


@pytest.fixture(scope="module")
def built(ratified: Story) -> Story:
    """The drain is built, photographed and handed over."""
    drain, group = f"/planning/v1/activities/{ratified.drain}", ratified.group
    for percent, on in ((10, 200), (100, 120)):
        group.made(f"{drain}/progress", {"percent": percent, "occurred_on": ago(on)})
    falling = group.post(f"{drain}/progress", {"percent": 90, "occurred_on": ago(100)})
    refused(falling, 422, "progress.falls")
    handover = {"held_on": ago(110), "received_by": "kpp", "upkeep_plan": "Dibersihkan warga tiap bulan"}
    refused(group.act(drain, "handover", handover), 403, "scope.missing")
    done(ratified.supervisor.act(drain, "handover", handover))
    return ratified


def test_a_photo_tells_what_was_built_and_not_where_its_maker_stood(home: Home, ratified: Story) -> None:
    picture = drawn("after", "Saluran drainase RT 03")
    assert Image.open(BytesIO(picture)).getexif().get_ifd(IFD.GPSInfo)
    photos = f"/planning/v1/activities/{ratified.drain}/photos"
    headers = {"Authorization": f"Bearer {ratified.group.token}", "Content-Type": "image/jpeg"}
    query = {"stage": "after", "taken_on": ago(118)}
    reply = home.http.post(photos, params=query, content=picture, headers=headers)
    assert reply.status_code == 201, reply.text
    kept = home.http.get(f"{photos}/{reply.json()['id']}")
    shown = Image.open(BytesIO(kept.content))
    assert shown.size == (640, 480)
    assert not dict(shown.getexif())
    assert b"Contoh" not in kept.content
    too_large = home.http.post(photos, params=query, content=b"\xff" * 6_000_000, headers=headers)
    refused(too_large, 413, "body.too_large")
    no_picture = home.http.post(photos, params=query, content=b"GIF89a invented", headers=headers)
    assert no_picture.status_code in {415, 422}, no_picture.text


def test_the_notice_board_shows_it_all(home: Home, built: Story, channeled: dict[str, Any]) -> None:
    address = f"/monitoring/v1/boards/{built.board}/notice-board"

    def complete() -> bool:
        reply = home.http.get(address, headers={"Accept": "application/json", "Cache-Control": "no-cache"})
        return (
            reply.status_code == 200
            and "Saluran drainase RT 03" in reply.text
            and '"received_rupiah":18000000' in reply.text
        )

    eventually(complete)
    page = home.http.get(address, headers={"Accept": "text/html"})
    assert page.headers["content-type"].startswith("text/html")
    assert "Saluran drainase RT 03" in page.text
    assert "18.000.000" in page.text
    assert len(page.content) <= 20_480
    assert "http" not in page.headers["content-security-policy"]


def test_every_step_stands_in_the_journal_and_names_nobody(home: Home, built: Story, channeled: dict[str, Any]) -> None:
    home.sealed("planning")
    events: list[dict[str, Any]] = []
    after = 0
    while page := home.http.get("/planning/v1/journal", params={"after": after, "limit": 1000}).json():
        events += page["items"]
        if page["next"] == after or page["next"] >= page["head"]:
            break
        after = page["next"]
    about = {event["type"] for event in events if event["subject"].endswith((built.plan, built.drain))}
    assert {"plan.ratified", "activity.ratified"} <= about
    assert "progress.recorded" in {event["type"] for event in events}
    assert "handover.recorded" in {event["type"] for event in events}
    assert not any("Melati" in str(event["data"]) for event in events)


def test_who_signed_in_sees_no_less_than_the_public(home: Home, built: Story) -> None:
    reader = SignedIn(home.http, home.somebody("auditor", "34.71.04").token)
    for path in (f"{PLANS}/{built.plan}", f"/planning/v1/activities/{built.drain}", f"{PROBLEMS}/{built.problem}"):
        public, signed_in = home.http.get(path).json(), reader.get(path).json()
        assert signed_in == public
