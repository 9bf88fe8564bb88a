"""Planning's application: its slices joined with the plumbing."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from uuid import UUID

from fastapi import FastAPI

from services.planning.activities import imports as activity_imports
from services.planning.activities import routes as activities
from services.planning.activities import service as activity_service
from services.planning.activities import sync as activity_sync
from services.planning.activities.models import Activity
from services.planning.channeling import routes as channeling
from services.planning.channeling import service as channeling_service
from services.planning.channeling.models import Agreement, Disbursement, Opportunity
from services.planning.clients.registry import registry_client
from services.planning.cycle import routes as cycle
from services.planning.cycle import service as cycle_service
from services.planning.cycle.models import Meeting
from services.planning.database import Attachment, Base
from services.planning.directory import service as directory
from services.planning.mapping import routes as mapping
from services.planning.mapping import service as mapping_service
from services.planning.mapping.models import Problem
from services.planning.plans import routes as plans
from services.planning.plans import service as plan_service
from services.planning.plans import sync as plan_sync
from services.planning.plans.models import Plan
from services.planning.settings import Settings
from services.planning.works import routes as works
from services.planning.works import service as work_service
from services.planning.works import sync as work_sync
from services.planning.works.models import Handover, Photo, Progress
from shared.app import Service, create_app
from shared.attachments import AUDIENCES as ATTACHMENTS
from shared.attachments import Attachable, Attachments, Purpose
from shared.clock import read_clock
from shared.database import Database
from shared.syncables import Syncing

MIGRATIONS = Path(__file__).with_name("migrations")


async def _load_standings(database: Database) -> Mapping[UUID, float]:
    return await directory.load_standings(database, now=read_clock())


KINDS = {
    "activities", "agreements", "causes", "disbursements", "handovers", "meetings", "opportunities", "photos",
    "plans", "problems", "progress",
}  # fmt: skip
"""What the journal tells of."""

SERVICE = Service(
    name="planning",
    title="Tridaya planning",
    description="What the neighbourhoods do, and with which money: self-surveys, plans, works and channeling.",
    metadata=Base.metadata,
    migrations=MIGRATIONS,
    routers=(
        mapping.routes,
        plans.routes,
        activities.of_plans,
        activities.routes,
        works.routes,
        works.photos,
        channeling.routes,
        cycle.routes,
    ),
    audiences={
        **mapping_service.AUDIENCES,
        **plan_service.AUDIENCES,
        **activity_service.AUDIENCES,
        **cycle_service.AUDIENCES,
        **work_service.AUDIENCES,
        **channeling_service.AUDIENCES,
        **ATTACHMENTS,
    },
    subjects={
        "problems": Problem,
        "plans": Plan,
        "activities": Activity,
        "meetings": Meeting,
        "progress": Progress,
        "photos": Photo,
        "handovers": Handover,
        "opportunities": Opportunity,
        "agreements": Agreement,
        "disbursements": Disbursement,
    },
    attachments=Attachments(
        Attachment,
        {
            "activities": Attachable(
                Activity,
                "planning:activities:write",
                # Where a work was built is asked for by who checks it.
                {"photo": Purpose(public=True, location=True), "minutes": Purpose(papers=True)},
            ),
            "meetings": Attachable(Meeting, "planning:plans:write", {"minutes": Purpose(papers=True)}),
        },
    ),
    # Those that others speak of first.
    syncing=Syncing(1, (plan_sync.PLANS, activity_sync.ACTIVITIES, work_sync.PROGRESS)),
    kinds=KINDS,
    load_standings=_load_standings,
    importables=(activity_imports.ACTIVITIES,),
)


def create(settings: Settings | None = None) -> FastAPI:
    """Return planning's application, configured from the environment unless settings are given."""
    known = settings or Settings.from_environment()
    return create_app(replace(SERVICE, state={"registry": registry_client(known)}), known)
