"""What monitoring reads of planning: its journal."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

import httpx
import msgspec

from services.monitoring.clients.registry import PAGE, PATIENCE_SECONDS, own_token
from services.monitoring.settings import Settings
from shared.http import service_http, upstream


class PlanFact(msgspec.Struct):
    """What is read of a plan."""

    id: UUID
    board_id: UUID
    title: str
    state: str
    starts_on: date
    ends_on: date
    ratified_on: date | None
    version: int


class AttendanceFact(msgspec.Struct):
    """Who was counted at a meeting (persons); null where nobody counted, never zero."""

    total: int | None
    women: int | None
    poor: int | None


class MeetingFact(msgspec.Struct):
    """What is read of a meeting: who was counted, never who was there."""

    id: UUID
    board_id: UUID
    kind: str
    held_on: date
    attendance: AttendanceFact
    version: int

    def columns(self) -> dict[str, Any]:
        """Return the meeting as a flat row."""
        counted = msgspec.structs.asdict(self.attendance)
        row = msgspec.structs.asdict(self)
        del row["attendance"]
        return row | {f"attendance_{name}": number for name, number in counted.items()}


class BeneficiariesFact(msgspec.Struct):
    """Whom an activity serves; counts of the poor stay where they were counted."""

    households: int | None


class ActivityFact(msgspec.Struct):
    """What is read of an activity of a plan; money in rupiah."""

    id: UUID
    plan_id: UUID
    board_id: UUID
    title: str
    dimension: str
    year: int
    total_cost_rupiah: int
    funding: dict[str, int]
    beneficiaries: BeneficiariesFact
    state: str
    version: int

    def columns(self) -> dict[str, Any]:
        """Return the activity as a flat row, without the sources that give nothing."""
        row = msgspec.structs.asdict(self) | {"households": self.beneficiaries.households}
        row["funding"] = {source: rupiah for source, rupiah in self.funding.items() if rupiah}
        del row["beneficiaries"]
        return row


class ProgressFact(msgspec.Struct):
    """What is read of a report of progress."""

    id: UUID
    activity_id: UUID
    number: int
    percent: int
    version: int


class AgreementFact(msgspec.Struct):
    """What is read of a channeling agreement; money in rupiah."""

    id: UUID
    board_id: UUID
    activity_id: UUID
    partner_id: UUID
    instrument: str
    committed_rupiah: int
    agreed_on: date | None
    state: str
    version: int


class DisbursementFact(msgspec.Struct):
    """What is read of a disbursement under an agreement; money in rupiah."""

    id: UUID
    agreement_id: UUID
    board_id: UUID
    partner_id: UUID
    amount_rupiah: int
    sent_on: date
    received_on: date | None
    state: str
    version: int


class PlanningClient:
    """Planning as monitoring knows it."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def journal(self, *, after: int, wait: int) -> Mapping[str, Any]:
        """Return the entries after a position; planning rests up to `wait` seconds when there is none."""
        with upstream("planning"):
            response = await self._http.get(
                "/planning/v1/journal",
                params={"after": after, "limit": PAGE, "wait": wait},
                timeout=wait + PATIENCE_SECONDS,
            )
            page: Mapping[str, Any] = response.raise_for_status().json()
            return page

    async def journal_head(self) -> Mapping[str, Any]:
        """Return how far planning's journal has come, with its latest signed head."""
        with upstream("planning"):
            head: Mapping[str, Any] = (await self._http.get("/planning/v1/journal/head")).raise_for_status().json()
            return head


def planning_client(settings: Settings) -> PlanningClient:
    """Return planning's client, signed in as monitoring."""
    return PlanningClient(service_http(base_url=settings.planning_url, auth=own_token(settings)))
