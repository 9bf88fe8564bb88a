"""Use cases of facts: keep the copies, and say which boards some entries are about."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from uuid import UUID

from services.monitoring.clients.planning import (
    ActivityFact,
    AgreementFact,
    DisbursementFact,
    MeetingFact,
    PlanFact,
    ProgressFact,
)
from services.monitoring.clients.registry import BoardFact, OfficerFact, PartnerFact, TermFact
from services.monitoring.database import places
from services.monitoring.facts.models import (
    AccountStanding,
    Activity,
    Agreement,
    Board,
    Disbursement,
    Meeting,
    Officer,
    Partner,
    Plan,
    Progress,
    Term,
)
from shared.copying import StandingFact, copied_standings, copies, copies_places
from shared.database import Database
from shared.following import Entry, Handler

_BOARDS = copies(Board.__table__, BoardFact)
_PARTNERS = copies(Partner.__table__, PartnerFact)
_STANDINGS = copies(AccountStanding.__table__, StandingFact)
_PLANS = copies(Plan.__table__, PlanFact)
_ACTIVITIES = copies(Activity.__table__, ActivityFact)
_AGREEMENTS = copies(Agreement.__table__, AgreementFact)
_DISBURSEMENTS = copies(Disbursement.__table__, DisbursementFact)

OF_REGISTRY: Mapping[str, Handler] = {
    "region.recorded": copies_places(places),
    "board.recorded": _BOARDS,
    "board.changed": _BOARDS,
    "term.recorded": copies(Term.__table__, TermFact),
    "officer.recorded": copies(Officer.__table__, OfficerFact),
    "partner.recorded": _PARTNERS,
    "partner.changed": _PARTNERS,
    "account.opened": _STANDINGS,
    "account.changed": _STANDINGS,
    "account.suspended": _STANDINGS,
    "account.restored": _STANDINGS,
    "client.opened": _STANDINGS,
    "client.suspended": _STANDINGS,
}
"""What becomes of each action in registry's journal; the others are counted and skipped."""

OF_PLANNING: Mapping[str, Handler] = {
    "plan.drafted": _PLANS,
    "plan.changed": _PLANS,
    "plan.ratified": _PLANS,
    "meeting.held": copies(Meeting.__table__, MeetingFact),
    "activity.drafted": _ACTIVITIES,
    "activity.changed": _ACTIVITIES,
    "activity.ratified": _ACTIVITIES,
    "activity.handed_over": _ACTIVITIES,
    "progress.recorded": copies(Progress.__table__, ProgressFact),
    "agreement.accepted": _AGREEMENTS,
    "disbursement.recorded": _DISBURSEMENTS,
    "disbursement.confirmed": _DISBURSEMENTS,
}
"""What becomes of each action in planning's journal."""

_MATTERS = ("board.", "term.", "plan.", "meeting.", "agreement.", "disbursement.")


def boards_of(entries: Iterable[Entry]) -> set[UUID]:
    """Return the boards whose indicators some entries may have changed."""
    found: set[UUID] = set()
    for entry in entries:
        if entry.action.startswith(_MATTERS):
            found.add(UUID(entry.data["id" if entry.action.startswith("board.") else "board_id"]))
    return found


async def load_standings(database: Database, *, now: datetime) -> Mapping[UUID, float]:
    """Return from when the tokens of recently revoked accounts and clients count."""
    return await copied_standings(database, AccountStanding.__table__, now=now)
