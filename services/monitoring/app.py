"""Monitoring's application: its slices joined with the plumbing."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from uuid import UUID

from fastapi import FastAPI

from services.monitoring.clients.registry import registry_client
from services.monitoring.complaints import imports as complaint_imports
from services.monitoring.complaints import routes as complaints
from services.monitoring.complaints import service as complaint_service
from services.monitoring.complaints.models import Complaint
from services.monitoring.complaints.rules import EVIDENCE
from services.monitoring.database import Attachment, Base
from services.monitoring.facts import service as facts
from services.monitoring.indicators import routes as indicators
from services.monitoring.integrity import routes as integrity
from services.monitoring.integrity import service as integrity_service
from services.monitoring.noticeboard import routes as noticeboard
from services.monitoring.settings import Settings
from shared.app import Service, create_app
from shared.attachments import AUDIENCES as ATTACHMENTS
from shared.attachments import Attachable, Attachments, Purpose
from shared.clock import read_clock
from shared.database import Database

MIGRATIONS = Path(__file__).with_name("migrations")


async def _load_standings(database: Database) -> Mapping[UUID, float]:
    return await facts.load_standings(database, now=read_clock())


SERVICE = Service(
    name="monitoring",
    title="Tridaya monitoring",
    description="How open and how answerable the institutions are: indicators, complaints and notice boards.",
    metadata=Base.metadata,
    migrations=MIGRATIONS,
    routers=(integrity.routes, noticeboard.routes, indicators.routes, complaints.routes),
    audiences={**complaint_service.AUDIENCES, **ATTACHMENTS},
    subjects={"complaints": Complaint},
    attachments=Attachments(
        Attachment,
        {
            "complaints": Attachable(
                Complaint,
                "monitoring:complaints:write",
                {EVIDENCE: Purpose(papers=True, guarded=True), "minutes": Purpose(papers=True)},
            )
        },
    ),
    kinds=("complaints",),
    alone=("complaints",),
    load_standings=_load_standings,
    works=integrity_service.WORKS,
)


def prepared(settings: Settings) -> Service:
    """Return what monitoring brings, with whom it asks."""
    registry = registry_client(settings)
    return replace(SERVICE, importables=(complaint_imports.importable(registry),), state={"registry": registry})


def create(settings: Settings | None = None) -> FastAPI:
    """Return monitoring's application, configured from the environment unless settings are given."""
    known = settings or Settings.from_environment()
    return create_app(prepared(known), known)
