"""What stands around a board: the programme it takes part in, its organs and statutes, committee and learning."""

from datetime import date, timedelta

from deploy.demo.boards import Board
from deploy.demo.cast import Cast
from deploy.demo.client import Json, named, together
from deploy.demo.elections import SEATS
from deploy.demo.places import CITY, HERO
from deploy.demo.residents import share_in_the_group

BATCH = "/registry/v1/batch"
REFUSED = 29
"""The number of a kelurahan whose residents refused an earlier phase before they accepted the present one."""
OCCUPATIONS = ("trader", "homemaker", "labourer", "professional", "employee")
MEMBERS = (("Bappeda", "Kepala Bappeda", "chair"), ("Dinas Sosial", "Kepala Dinas Sosial", "secretary"),
           ("Forum BKM", "Ketua Forum BKM", "member"))  # fmt: skip


async def enrol(cast: Cast, boards: list[Board]) -> None:
    """Record every readiness meeting (RKM); one refused."""
    by_team: dict[str, list[tuple[str, Json]]] = {}
    for board in boards:
        meetings = [_readiness(board, "kotaku", (board.elections or [board.today])[0] - timedelta(days=90))]
        if board.kelurahan.number == REFUSED:
            meetings.append(_readiness(board, "pnpm-mandiri-perkotaan", date(2008, 5, 14), decision="refused"))
        drafts = [("/registry/v1/enrolments", meeting) for meeting in meetings]
        by_team.setdefault(board.kelurahan.facilitator, []).extend(drafts)
    await together(cast[team].post_all(BATCH, drafts) for team, drafts in by_team.items())


def _readiness(board: Board, phase: str, held_on: date, *, decision: str = "accepted") -> Json:
    total = 60 + board.kelurahan.number
    return {
        "id": named("enrolment", board.kelurahan.code, phase),
        "kelurahan_code": board.kelurahan.code,
        "programme": phase,
        "readiness_meeting": {
            "held_on": held_on.isoformat(),
            "attendance": {
                "total": total,
                "women": total * 2 // 5,
                "poor": None,
                "poor_not_counted_reason": "no_poverty_list",
            },
            "decision": decision,
            "minutes_reference": f"BA/RKM/{held_on.year}",
        },
    }


async def furnish_the_board(cast: Cast, board: Board) -> None:
    """Give Kricak's board statutes and organs, and let its officers declare; its first group saves."""
    secretary, root = cast["sekretaris-kricak"], f"/registry/v1/boards/{board.id}"
    elected = board.elections[0]
    organs = (("secretariat", "staff"), ("upk", "manager"), ("upl", "manager"), ("ups", "manager"))
    writes: list[tuple[str, Json]] = [
        (
            f"{root}/statutes",
            {
                "id": named("statutes", HERO),
                "kind": "articles",
                "adopted_on": elected.isoformat(),
                "minutes_reference": "BA/AD/CONTOH",
                "seats": SEATS,
                "term_years": 3,
                "doubling_forbidden": True,
            },
        )
    ]
    writes += [
        (
            f"{root}/organs",
            {
                "id": named("organ", HERO, organ),
                "name": f"Warga Contoh {organ.upper()}",
                "organ": organ,
                "role": role,
                "starts_on": (elected + timedelta(days=14)).isoformat(),
            },
        )
        for organ, role in organs
    ]
    officers = await secretary.items(f"{root}/officers", limit=50)
    writes += [(f"{root}/declarations", _declaration(officer, turn, elected)) for turn, officer in enumerate(officers)]
    group = named("group", HERO, 0)
    formed_on = date.fromisoformat((await secretary.get(f"/registry/v1/groups/{group}"))["formed_on"])
    address = f"/registry/v1/groups/{group}"
    writes += [(f"{address}/memberships", draft) for draft in share_in_the_group(board, formed_on)]
    for number in range(1, 7):
        month = (formed_on.replace(day=1) + timedelta(days=31 * number)).strftime("%Y-%m")
        saved: Json = {"month": month, "savings_rupiah": 40_000 + 5_000 * number, "savers": 4, "meeting_held": True}
        writes.append((f"{address}/savings-months", saved | {"id": named("savings", HERO, number)}))
    await secretary.post_all(BATCH, writes)


def _declaration(officer: Json, turn: int, elected: date) -> Json:
    return {
        "id": named("declaration", officer["id"]),
        "officer_id": officer["id"],
        "declared_on": elected.isoformat(),
        "woman": officer["name"].startswith("Ibu"),
        "poor": turn % 2 == 0,
        "occupation": OCCUPATIONS[turn % len(OCCUPATIONS)] if turn else None,
        "occupation_unknown_reason": None if turn else "declined",
        "other_offices": ["rt_head"] if turn == 1 else [],
    }


async def meet_in_the_city(cast: Cast, board: Board) -> None:
    """Record the city's committee (TKPK) with its decree, and a learning community with its sessions."""
    committee, learning = named("committee", CITY), named("learning", HERO)
    signed = board.today - timedelta(days=700)
    decree: Json = {"kind": "tkpk", "name": "TKPK Contoh Kota Yogyakarta", "number": f"SK/{signed.year}/CONTOH"}
    decree |= {"signed_on": signed.isoformat(), "starts_on": signed.isoformat()}
    root = "/registry/v1/committees"
    writes: list[tuple[str, Json]] = [(root, {"id": committee, "region_code": CITY, "decree": decree})]
    for institution, office, role in MEMBERS:
        seat: Json = {"institution": institution, "office": office, "role": role, "starts_on": signed.isoformat()}
        writes.append((f"{root}/{committee}/members", seat | {"id": named("seat", office)}))
    await cast["korkot"].post_all(BATCH, writes)

    root = "/registry/v1/learning-communities"
    community: Json = {"kind": "kelurahan", "region_code": HERO, "name": "KBK Contoh Kricak"}
    writes = [(root, community | {"id": learning, "founded_on": signed.isoformat()})]
    for number, form in enumerate(("discussion", "field_visit", "mediation")):
        session: Json = {
            "id": named("session", HERO, number),
            "held_on": (board.today - timedelta(days=300 - 90 * number)).isoformat(),
            "form": form,
            "topics": ["dispute"] if form == "mediation" else ["planning", "environment"],
            "title": f"Belajar bersama Gang Contoh {number + 1}",
            "attendance": {"total": 24, "women": 13, "poor": 9},
            "cases_mediated": int(form == "mediation"),
        }
        writes.append((f"{root}/{learning}/sessions", session))
    overdue: Json = {"id": named("follow-up", HERO), "learning_session_id": named("session", HERO, 0)}
    overdue |= {"task": "Menyusun jadwal gotong royong", "responsible": "BKM"}
    overdue |= {"due_on": (board.today - timedelta(days=200)).isoformat()}
    writes.append((f"{root}/{learning}/follow-ups", overdue))
    await cast["fasilitator"].post_all(BATCH, writes)
