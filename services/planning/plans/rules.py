"""How a plan comes into force, how long it lasts (PL-1) and what becomes of it."""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from shared.errors import Conflict, Text


class PlanState(StrEnum):
    """Where a plan stands; more states follow here as the approval chain of §4.1 gets its steps."""

    DRAFT = "draft"
    RATIFIED = "ratified"


class Act(StrEnum):
    """What may be done to a plan."""

    EDIT = "edit"
    RATIFY = "ratify"


NEXT = {
    (PlanState.DRAFT, Act.EDIT): PlanState.DRAFT,
    (PlanState.DRAFT, Act.RATIFY): PlanState.RATIFIED,
}
"""The state after each act that a state allows; what is not here is refused."""


@dataclass(frozen=True, slots=True)
class PlanRules:
    """What the programme phase asks of a plan: how many years it covers (PL-1)."""

    horizon_years: int


class PlanStateWrong(Conflict):
    code = "plan.state"
    title = Text("Tidak mungkin pada tahap ini", "Not possible in this state")
    detail = Text("Rencana ini {state}; {act} tidak mungkin.", "This plan is {state}; {act} is not possible.")
    fix = Text("Susun rencana baru bila perlu.", "Draft a new plan if need be.")


class PlanEmpty(Conflict):
    code = "plan.empty"
    title = Text("Rencana tanpa kegiatan", "A plan without activities")
    detail = Text(
        "Rencana tanpa kegiatan tidak dapat diputuskan warga.", "Residents cannot decide on a plan without activities."
    )
    fix = Text("Tambahkan kegiatannya lebih dahulu.", "Add its activities first.")


class PlanOverlaps(Conflict):
    code = "plan.overlaps"
    title = Text("Rencana bertumpuk", "Overlapping plan")
    detail = Text(
        "Lembaga ini sudah memiliki rencana yang disahkan untuk {starts_on} sampai {ends_on}.",
        "The board already has a ratified plan from {starts_on} to {ends_on}.",
    )
    fix = Text("Mulailah rencana baru setelah yang lama berakhir.", "Start the new plan after the earlier one ends.")


def state_after(state: PlanState, act: Act) -> PlanState:
    """Return the state after an act, or PlanStateWrong."""
    try:
        return NEXT[state, act]
    except KeyError:
        raise PlanStateWrong(state=state.value, act=act.value, members={"state": state.value}) from None


def last_day(starts_on: date, *, years: int) -> date:
    """Return the last day of a plan of some years: the day before the anniversary (PL-1).

    After a 29 February the anniversary is 1 March, so that every year is a whole one.
    """
    try:
        following = starts_on.replace(year=starts_on.year + years)
    except ValueError:
        following = date(starts_on.year + years, 3, 1)
    return following - timedelta(days=1)
