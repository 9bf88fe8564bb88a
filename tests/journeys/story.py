"""The neighbourhood of the journeys: a board in office, a problem down to its root, a plan with one drain."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

from tests.journeys.home import Home, SignedIn, done

TODAY = (datetime.now(UTC) + timedelta(hours=7)).date()
COST, CHANNELED = 72_000_000, 30_000_000


def ago(days: int) -> str:
    return (TODAY - timedelta(days=days)).isoformat()


def elected_board(by: SignedIn, kelurahan: str) -> str:
    """Record a board whose term began a year ago; return its id."""
    draft = {"kelurahan_code": kelurahan, "name": f"BKM Contoh {uuid4().hex[:6]}", "founded_on": ago(400)}
    board = by.made("/registry/v1/boards", draft)["id"]
    officers = [
        {"name": f"Ibu Contoh Melati {seat}", "position": "member" if seat else "koordinator"} for seat in range(9)
    ]
    term = {"starts_on": ago(365), "ends_on": ago(-700), "elected_on": ago(365), "officers": officers}
    by.made(f"/registry/v1/boards/{board}/terms", term)
    return str(board)


def mapped_problem(by: SignedIn, kelurahan: str) -> str:
    """Map a flooding lane with its causes down to the root; return its id."""
    problem = by.made("/planning/v1/mapping/problems", problem_draft(kelurahan))["id"]
    above = None
    for statement, root in (("Saluran tersumbat", False), ("Tidak ada kesepakatan merawat", True)):
        cause = {"parent_cause_id": above, "statement": statement, "root": root}
        above = by.made(f"/planning/v1/mapping/problems/{problem}/causes", cause)["id"]
    return str(problem)


def problem_draft(kelurahan: str) -> dict[str, Any]:
    return {
        "kelurahan_code": kelurahan,
        "title": "Gang tergenang setiap hujan",
        "dimension": "environment",
        "location": "RT 03/RW 05",
        "households_affected": 46,
        "poor_households": 31,
        "observed_on": ago(330),
    }


def plan_draft(board: str, kelurahan: str) -> dict[str, Any]:
    return {"board_id": board, "kelurahan_code": kelurahan, "title": "PJM Pronangkis", "starts_on": ago(300)}


def drain_draft(problem: str) -> dict[str, Any]:
    return {
        "title": "Saluran drainase RT 03",
        "dimension": "environment",
        "problem_id": problem,
        "location": "RT 03/RW 05",
        "year": 1,
        "priority_rank": 1,
        "volume": "120",
        "unit": "m",
        "unit_cost_rupiah": 600_000,
        "total_cost_rupiah": COST,
        "funding": {"channeling": CHANNELED, "swadaya": 12_000_000, "blm": 30_000_000},
        "beneficiaries": {"households": 46, "poor_households": 31},
    }


def meeting_draft(**more: Any) -> dict[str, Any]:
    return {
        "held_on": ago(310),
        "place": "Balai RW 05",
        "attendance": {"total": 117, "women": 58, "poor": 49},
        "decision": "accepted",
        "minutes_reference": "BA/01",
        **more,
    }


class Story:
    """Somebody in every role, and what they have made so far."""

    def __init__(self, home: Home, kelurahan: str) -> None:
        self.home, self.kelurahan = home, kelurahan
        self.facilitator = home.somebody("facilitator", "34.71")
        self.secretary = home.somebody("board_officer", kelurahan)
        self.supervisor = home.somebody("supervisor", kelurahan)
        self.group = home.somebody("group_officer", kelurahan)
        self.board = elected_board(self.facilitator, kelurahan)
        self.problem = mapped_problem(self.secretary, kelurahan)
        self.plan = self.secretary.made("/planning/v1/plans", plan_draft(self.board, kelurahan))["id"]
        activity = self.secretary.made(f"/planning/v1/plans/{self.plan}/activities", drain_draft(self.problem))
        self.drain = activity["id"]

    def ratify(self) -> dict[str, Any]:
        return done(self.facilitator.act(f"/planning/v1/plans/{self.plan}", "ratification", meeting_draft()))


def day(text: str) -> date:
    return date.fromisoformat(text)
