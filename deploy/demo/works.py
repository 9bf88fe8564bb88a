"""Chapter four: what was built, what stands half done, and who took it over."""

from datetime import date, timedelta

from deploy.demo.boards import Board, Fate
from deploy.demo.cast import Cast
from deploy.demo.client import Person, named, together
from deploy.demo.pictures import drawn
from deploy.demo.plans import Work, works_of

BUILT_IN = 75
HANDED_OVER_AFTER = 20
STALLED = 5
"""One work in so many was begun and never finished."""
PHOTOGRAPHED = 9
"""Of the boards one in so many sends photos."""
RECEIVERS = ("kpp", "group", "board")
UPKEEP = "Dibersihkan warga tiap bulan; iuran Rp 2.000 per KK (contoh)"


def ratified_works(boards: list[Board]) -> list[Work]:
    """Return the works that residents have decided on and whose day has come."""
    works = [work for board in boards if board.fate is not Fate.DRAFTING for work in works_of(board)]
    return [work for work in works if work.due < work.board.today and not work.waits]


async def build(cast: Cast, works: list[Work]) -> None:
    """Report progress, send photos, hand over."""
    await together(_build(cast, work) for work in works)


async def _build(cast: Cast, work: Work) -> None:
    secretary, today = cast[work.board.kelurahan.secretary], work.board.today
    number = work.board.kelurahan.number + work.rank
    with_photos = work.rank == 0 and number % PHOTOGRAPHED == 1
    if with_photos:
        await photograph(secretary, work.id, stage="before", caption=work.title, taken_on=work.due)
    halfway = work.due + timedelta(days=BUILT_IN // 2)
    finished = work.due + timedelta(days=BUILT_IN)
    if number % STALLED == 0:
        # Reported too much at first; the supervisor's visit showed it.
        await report(secretary, work.id, 60, on=min(halfway, today), key="hopeful")
        await report(
            secretary, work.id, 35, on=min(finished, today), key="corrected", correction="Diukur ulang bersama warga"
        )
    elif finished < today:
        await report(secretary, work.id, 50, on=halfway, key="half")
        await report(secretary, work.id, 100, on=finished, key="done")
        if with_photos:
            await photograph(secretary, work.id, stage="after", caption=work.title, taken_on=finished)
        handed_over = finished + timedelta(days=HANDED_OVER_AFTER)
        # The works of the first year were handed over, those of later years mostly wait for it.
        if handed_over < today and (work.year == 1 or number % 3 == 0):
            await hand_over(cast[work.board.kelurahan.facilitator], work.id, on=handed_over, by=RECEIVERS[number % 3])
    else:
        await report(secretary, work.id, 25, on=min(work.due + timedelta(days=10), today), key="begun")
    cast.api.advance()


async def report(
    reporter: Person, activity_id: str, percent: int, *, on: date, key: str, correction: str | None = None
) -> None:
    """Report how far a work has come."""
    draft = {
        "id": named("progress", activity_id, key),
        "percent": percent,
        "occurred_on": on.isoformat(),
        "note": "Laporan contoh",
        "correction_reason": correction,
    }
    await reporter.post(f"/planning/v1/activities/{activity_id}/progress", draft)


async def photograph(reporter: Person, activity_id: str, *, stage: str, caption: str, taken_on: date) -> None:
    """Send a photo of a work."""
    query = {"stage": stage, "taken_on": taken_on.isoformat(), "photo_id": named("photo", activity_id, stage)}
    await reporter.upload(f"/planning/v1/activities/{activity_id}/photos", drawn(stage, caption), query=query)


async def hand_over(approver: Person, activity_id: str, *, on: date, by: str) -> None:
    """Hand a finished work over, unless that was done when the story was told before."""
    activity = f"/planning/v1/activities/{activity_id}"
    if (await approver.get(activity))["state"] != "finished":
        return
    draft = {
        "id": named("handover", activity_id),
        "held_on": on.isoformat(),
        "received_by": by,
        "upkeep_plan": UPKEEP,
    }
    await approver.act(activity, "handover", draft)
