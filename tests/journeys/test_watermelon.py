"""An unmodified WatermelonDB client keeps in step through the gateway: what two phones wrote offline converges."""

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import httpx
import pytest

from deploy.local.places import PROJECT
from tests.journeys.field import GROUPS, Field, converged
from tests.journeys.home import Home, done, eventually, refused
from tests.journeys.insistent import Naming
from tests.journeys.line import BadLine
from tests.journeys.neighbourhood import Neighbourhood
from tests.journeys.partner import Bank
from tests.journeys.phone import HERE, Refused
from tests.journeys.story import Story, ago, drain_draft, elected_board, meeting_draft
from tests.shared.importing import csv_file

pytestmark = pytest.mark.xdist_group("house")

KOTABARU, BACIRO, BAUSASRAN = "34.71.03.1002", "34.71.03.1004", "34.71.04.1003"
PAGE = 7
GRUMBLES = re.compile(r"Server wants client to (create|update) record")
LOST = "TypeError: fetch failed"


@pytest.fixture
def begun(home: Home) -> Iterator[Callable[[str], Field]]:
    """Begin in a kelurahan; all phones are put away at the end."""
    made: list[Field] = []

    def begin(kelurahan: str) -> Field:
        made.append(Field(home, kelurahan))
        home.sealed("registry")
        return made[-1]

    yield begin
    for field in made:
        field.close()


@pytest.fixture
def field(begun: Callable[[str], Field]) -> Field:
    return begun(KOTABARU)


@pytest.fixture
def line(home: Home) -> Iterator[BadLine]:
    with BadLine(home.house.gateway_url) as line:
        line.loses = lambda _kind, _number: False
        yield line


PULL, PUSH = "GET /registry/v1/sync/pull", "POST /registry/v1/sync/push"


def first_of(*kinds: str) -> Any:
    """Return what loses the next answer to each of some kinds of request."""
    left = set(kinds)

    def loses(kind: str, _number: int) -> bool:
        if kind in left:
            left.remove(kind)
            return True
        return False

    return loses


def test_a_first_sync_says_its_size_and_comes_in_pages(field: Field) -> None:
    phone = field.phone(limit=PAGE)
    seen = phone.in_step()
    rows = phone.rows()
    count = sum(map(len, rows.values()))

    assert count == phone.told["rows"] == sum(table["rows"] for table in phone.told["tables"])
    assert (len(seen) > 2, [one["pulled"] <= PAGE for one in seen]) == (True, [True] * len(seen))
    assert [one["more"] for one in seen] == [True] * (len(seen) - 1) + [False]
    # What was told before is what came, give or take.
    assert phone.told["bytes"] / 2 < sum(one["bytes"] for one in seen) < phone.told["bytes"] * 2
    assert {group["name"] for group in rows["groups"].values()} >= {f"KSM Contoh {n}" for n in range(GROUPS)}
    assert rows["residents"][field.resident]["name"] == "Ani Contoh"
    assert converged(field, phone, field.phone()) == rows
    # It comes as what the journal says of it since the page before; WatermelonDB only grumbles.
    assert all(GRUMBLES.search(one) for one in phone.noise), phone.noise


def test_what_two_phones_wrote_offline_converges(field: Field) -> None:
    one, other = field.phone(), field.phone()
    converged(field, one, other)
    first, second, third = field.groups[:3]

    # Different fields of one record, the same field of another, and new records on both.
    one.edit("groups", first, name="KSM Contoh Satu")
    other.edit("groups", first, members=14)
    one.edit("groups", second, name="KSM Contoh Dari Satu")
    other.edit("groups", second, name="KSM Contoh Dari Dua")
    house = one.create("households", kelurahan_code=field.kelurahan, rt="003", rw="004", starts_on=ago(20))
    person = one.create("residents", **field.person(house, "Budi Contoh") | {"starts_on": ago(20)})
    group = one.create("groups", **field.group(90))
    member = one.create("memberships", group_id=group, resident_id=person, role="chair", starts_on=ago(10))
    lonely = other.create("groups", **field.group(91))
    seen = converged(field, one, other)

    assert (seen["groups"][first]["name"], seen["groups"][first]["members"]) == ("KSM Contoh Satu", 14)
    # Both had seen what was there before they wrote; the later one wins.
    assert seen["groups"][second]["name"] == "KSM Contoh Dari Dua"
    assert seen["residents"][person]["name"] == "Budi Contoh"
    assert (seen["memberships"][member]["group_id"], seen["groups"][lonely]["women"]) == (group, 6)
    assert {record["_status"] for record in one.table("groups").values()} == {"synced"}
    # It is what a form would have made: the same item, told in the journal once for each change.
    kept = done(field.by.get(f"/registry/v1/groups/{first}"))
    assert (kept["name"], kept["members"], kept["version"]) == ("KSM Contoh Satu", 14, 3)
    assert done(field.by.get(f"/registry/v1/groups/{third}"))["version"] == 1


def test_a_record_that_is_refused_does_not_block_the_phone(field: Field) -> None:
    phone = field.phone()
    phone.in_step()
    wrong = phone.create("groups", **field.group(1) | {"name": "KSM Contoh Salah", "women": 60})
    right = phone.create("groups", **field.group(1) | {"name": "KSM Contoh Benar"})
    phone.edit("boards", field.board, mandate_until=ago(-10))
    seen = phone.once()

    assert {one["id"]: one["problem"]["status"] for one in seen["rejected"]} == {wrong: 422, field.board: 422}
    groups = phone.table("groups")
    assert (groups[right]["_status"], groups[wrong]["_status"]) == ("synced", "created")
    assert phone.table("boards")[field.board]["_status"] == "updated"

    phone.edit("groups", wrong, women=6)
    (still,) = phone.in_step()[-1]["rejected"]
    assert still["id"] == field.board
    phone.ask("reset")
    assert wrong in converged(field, phone, field.phone())["groups"]


def test_a_record_made_and_thrown_away_offline_leaves_nothing(field: Field) -> None:
    phone = field.phone()
    phone.in_step()
    phone.delete("groups", phone.create("groups", **field.group(2)))
    before = field.home.sealed("registry")
    assert phone.in_step()[-1]["rejected"] == []
    assert field.home.sealed("registry") == before
    converged(field, phone, field.phone())


def test_lost_answers_double_nothing(field: Field, line: BadLine) -> None:
    phone, other = field.phone(line.url), field.phone()
    converged(field, phone, other)
    for turn, lost in enumerate(((PULL,), (PUSH,), (PULL, PUSH))):
        group = phone.create("groups", **field.group(3) | {"name": f"KSM Contoh Hilang {turn}"})
        phone.edit("groups", field.groups[3], members=20 + turn)
        line.loses = first_of(*lost)
        for _ in lost:
            with pytest.raises(Refused, match=LOST):
                phone.once()
        assert phone.table("groups")[group]["_status"] == "created"
        phone.in_step()
        assert done(field.by.get(f"/registry/v1/groups/{group}"))["version"] == 1
    assert done(field.by.get(f"/registry/v1/groups/{field.groups[3]}"))["version"] == 4
    converged(field, phone, other)


def test_a_push_that_came_too_late_is_kept_whole_and_settled(field: Field, line: BadLine) -> None:
    late, early = field.phone(line.url), field.phone()
    converged(field, late, early)
    group, bystander = field.groups[4], field.groups[5]
    late.edit("groups", group, name="KSM Contoh Terlambat")
    late.edit("groups", bystander, members=31)
    early.edit("groups", group, name="KSM Contoh Lebih Dulu")

    def meanwhile(kind: str, _number: int) -> bool:
        if kind == PULL:
            line.loses = lambda _kind, _number: False
            early.in_step()
        return False

    # Between the pull and the push of the one, the other writes.
    line.loses = meanwhile
    with pytest.raises(Refused) as stale:
        late.once()
    assert stale.value.code == "sync.stale"
    # Nothing of it took effect, not even what nobody else had touched; and nothing is lost on the phone.
    assert done(field.by.get(f"/registry/v1/groups/{bystander}"))["members"] == 10
    assert late.table("groups")[group]["name"] == "KSM Contoh Terlambat"
    (conflict,) = done(field.by.get("/registry/v1/sync/conflicts?state=open"))["items"]
    assert (conflict["table"], conflict["record_id"]) == ("groups", group)
    (name,) = conflict["fields"]
    assert (name["mine"], name["theirs"]) == ("KSM Contoh Terlambat", "KSM Contoh Lebih Dulu")

    seen = converged(field, late, early)
    assert (seen["groups"][group]["name"], seen["groups"][bystander]["members"]) == ("KSM Contoh Terlambat", 31)
    settled = {"fields": {"name": "theirs"}}
    address = f"/registry/v1/sync/conflicts/{conflict['id']}/settlement"
    done(field.by.post(address, settled, If_Match=f'"{conflict["version"]}"'))
    assert converged(field, late, early)["groups"][group]["name"] == "KSM Contoh Lebih Dulu"


def test_what_is_taken_back_goes_from_the_phones(field: Field) -> None:
    one, other = field.phone(), field.phone()
    row = {"ID lembaga": field.board, "Nama": "KSM Contoh Berkas", "Jenis": "sosial", "Kesamaan": "domisili"}
    content = csv_file([row | {"Tanggal terbentuk": ago(200), "Anggota": "10", "Perempuan": "5"}])
    headers = {"Authorization": f"Bearer {field.by.token}", "Content-Type": "text/csv"}
    reply = field.home.http.post("/registry/v1/imports?kind=groups&mode=commit", content=content, headers=headers)
    job = reply.json()["id"]
    eventually(lambda: field.by.get(f"/registry/v1/jobs/{job}").json()["state"] == "succeeded")
    names = [group["name"] for group in converged(field, one, other)["groups"].values()]
    assert names.count("KSM Contoh Berkas") == 1

    done(field.by.act(f"/registry/v1/imports/{job}", "undo"))
    after = [group["name"] for group in converged(field, one, other)["groups"].values()]
    assert sorted(after) == sorted(name for name in names if name != "KSM Contoh Berkas")


def test_who_is_erased_is_erased_on_the_phones(field: Field) -> None:
    phone = field.phone()
    assert converged(field, phone)["residents"][field.resident]["name"] == "Ani Contoh"
    asked = {"reason": "person_asked", "requested_on": ago(1)}
    done(field.by.act(f"/registry/v1/residents/{field.resident}", "erasure", asked))
    assert converged(field, phone)["residents"][field.resident]["name"] is None


def test_another_scope_makes_the_phone_begin_anew_and_loses_nothing(field: Field) -> None:
    phone = field.phone()
    phone.in_step()
    elsewhere = elected_board(field.home.somebody("facilitator", BACIRO), BACIRO)
    assert elsewhere not in phone.rows()["boards"]
    account = f"/registry/v1/accounts/{field.account['id']}"
    tag = field.home.operator.get(account).headers["ETag"]
    both = {"regions": [field.kelurahan, BACIRO]}
    done(field.home.operator.send("PATCH", account, both, If_Match=tag))
    phone.edit("groups", field.groups[6], members=44)

    def again() -> Any:
        phone.ask("token", token=field.home.sign_in(field.name).token)
        try:
            return phone.once() and None
        except Refused as refused:
            return refused.code == "sync.reset_required"

    eventually(again)
    assert phone.table("groups")[field.groups[6]]["_status"] == "updated"
    phone.in_step()
    assert {field.board, elsewhere} <= phone.rows()["boards"].keys()
    assert phone.rows()["groups"][field.groups[6]]["members"] == 44


def test_a_plan_is_carried_too_and_reports_are_written_where_the_work_is(
    home: Home, begun: Callable[[str], Field]
) -> None:
    story = Story(home, BACIRO)
    field = begun(BACIRO)
    home.followed()
    one, other = field.phone(service="planning"), field.phone(service="planning")
    converged(field, one, other, service="planning")
    assert one.rows()["plans"][story.plan]["state"] == "draft"

    one.edit("activities", story.drain, location="RT 04/RW 05")
    other.edit("activities", story.drain, volume="130", total_cost_rupiah=78_000_000, swadaya_rupiah=18_000_000)
    drain = drain_draft(story.problem) | {"plan_id": story.plan, "title": "Saluran RT 07", "priority_rank": 2}
    funding, people = drain.pop("funding"), drain.pop("beneficiaries")
    second = one.create(
        "activities", **drain, **{f"{source}_rupiah": rupiah for source, rupiah in funding.items()}, **people
    )
    seen = converged(field, one, other, service="planning")["activities"]
    assert (seen[story.drain]["location"], seen[story.drain]["volume"]) == ("RT 04/RW 05", "130.000")
    assert (seen[second]["state"], seen[second]["blm_rupiah"], seen[second]["women"]) == ("draft", 30_000_000, None)

    # Who wrote in the plan offline has touched it as if at a desk: somebody else ratifies.
    plan = f"/planning/v1/plans/{story.plan}"
    refused(field.by.act(plan, "ratification", meeting_draft()), 403, "approval.own_work")
    story.ratify()
    converged(field, one, other, service="planning")
    late = one.create("progress", activity_id=story.drain, percent=10, occurred_on=ago(20), note="Digali")
    early = other.create("progress", activity_id=second, percent=5, occurred_on=ago(21))
    one.edit("plans", story.plan, title="Tidak dari sini")
    one.in_step()
    assert one.table("plans")[story.plan]["_status"] == "updated"
    one.ask("reset")
    seen = converged(field, one, other, service="planning")
    assert (seen["progress"][late]["number"], seen["progress"][early]["percent"]) == (1, 5)
    assert seen["activities"][story.drain]["state"] == "in_progress"


def test_a_phone_on_a_line_that_loses_every_third_answer_ends_in_step(field: Field, line: BadLine) -> None:
    phone, other = field.phone(line.url, limit=PAGE), field.phone()
    converged(field, phone, other)
    line.loses = line.by_chance
    made = []
    for turn in range(6):
        made.append(phone.create("groups", **field.group(10) | {"name": f"KSM Contoh Kabut {turn}"}))
        phone.edit("groups", field.groups[turn], members=40 + turn)
        other.edit("groups", field.groups[turn], name=f"KSM Contoh Terang {turn}")
        other.in_step()
        for _ in range(60):
            with suppress(Refused):
                phone.in_step()
                break
    assert sum(line.lost.values()) > 5
    line.loses = lambda _kind, _number: False
    seen = converged(field, phone, other)["groups"]
    assert [seen[group]["version"] for group in made] == [1] * len(made)
    both = [(seen[group]["name"], seen[group]["members"]) for group in field.groups[:6]]
    assert both == [(f"KSM Contoh Terang {turn}", 40 + turn) for turn in range(6)]
    assert [seen[group]["version"] for group in field.groups[:6]] == [3] * 6


def test_whatever_is_done_at_desks_reaches_the_phones(home: Home, begun: Callable[[str], Field]) -> None:
    field = begun(BAUSASRAN)
    phones = {service: field.phone(service=service) for service in ("registry", "planning")}

    def look(reply: httpx.Response) -> None:
        service = reply.request.url.path.split("/")[1]
        if reply.request.method != "GET":
            phones[service].in_step()

    told = Neighbourhood(home, Bank(home), home.house.gateway_url, Naming("meja", BAUSASRAN))
    # A phone that looks between any two acts sees a row again and again, and must hear of each change to it.
    told.http.event_hooks = {"response": [look]}
    told.tell()
    for service, phone in phones.items():
        assert all(converged(field, phone, service=service).values()), service


def test_a_phone_with_another_schema_is_told_and_not_kept_busy(field: Field) -> None:
    old = field.phone(version=field.phone().told["schema_version"] + 1)
    with pytest.raises(Refused, match=r"sync\.reset_required"):
        old.in_step()
    assert not any(old.rows().values())


def test_killed_in_the_middle_of_a_push_it_takes_effect_once_or_not_at_all(home: Home, field: Field) -> None:
    phone, other = field.phone(), field.phone()
    converged(field, phone, other)
    made: list[str] = []
    for turn in range(2):
        drafts = [field.group(turn) | {"name": f"KSM Contoh Mati {turn}.{number}"} for number in range(25)]
        made += [phone.create("groups", **draft) for draft in drafts]
        killed = threading.Timer(0.1 + 0.1 * turn, home.house.kill, ["registry"])
        killed.start()
        with suppress(Refused):
            phone.in_step()
        killed.join(30)
        home.house.restart("registry", wait=False)
        home.ready()
    seen = converged(field, phone, other)["groups"]
    assert [seen[group]["version"] for group in made] == [1] * len(made)
    with home.database("registry") as connection:
        told: Any = connection.execute(
            "SELECT count(*) FROM journal_entries WHERE subject = ANY(%s)", [[f"groups/{group}" for group in made]]
        ).fetchone()
    assert told == (len(made),)


def test_the_guide_shows_what_was_tried_here() -> None:
    program = (HERE / "phone.js").read_text(encoding="utf-8")
    tried = program.split("word for word.\n")[1].split("// So far")[0]
    guide = (PROJECT / "docs" / "clients.md").read_text(encoding="utf-8")
    assert tried.strip() in guide
