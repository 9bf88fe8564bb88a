"""Registry's application: its slices joined with the plumbing."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

from fastapi import FastAPI

from services.registry.accounts import holders
from services.registry.accounts import routes as accounts
from services.registry.accounts import service as account_service
from services.registry.api_clients import holders as client_holders
from services.registry.api_clients import routes as clients
from services.registry.api_clients import service as client_service
from services.registry.boards import imports as board_imports
from services.registry.boards import routes as boards
from services.registry.boards import service as board_service
from services.registry.boards import sync as board_sync
from services.registry.boards.models import Board
from services.registry.committees import routes as committees
from services.registry.committees import service as committee_service
from services.registry.committees.models import Committee
from services.registry.composition import routes as composition
from services.registry.composition import service as composition_service
from services.registry.consents import routes as consents
from services.registry.consents import service as consent_service
from services.registry.consents.models import Consent
from services.registry.database import Attachment, Base
from services.registry.delegations import routes as delegations
from services.registry.delegations import service as delegation_service
from services.registry.delegations.models import Delegation
from services.registry.duplicates import routes as duplicates
from services.registry.duplicates import service as duplicate_service
from services.registry.elections import delegates, tallies, tally_routes
from services.registry.elections import routes as elections
from services.registry.elections import service as election_service
from services.registry.elections.models import Ballot, Election
from services.registry.emergencies import routes as emergencies
from services.registry.emergencies import service as emergency_service
from services.registry.emergencies.models import Emergency
from services.registry.erasures import routes as erasures
from services.registry.erasures import service as erasure_service
from services.registry.facilitators import routes as facilitators
from services.registry.facilitators import service as facilitator_service
from services.registry.facilitators.models import Assignment, Facilitator
from services.registry.groups import imports as group_imports
from services.registry.groups import routes as groups
from services.registry.groups import service as group_service
from services.registry.groups import sync as group_sync
from services.registry.groups.models import Group
from services.registry.handovers import routes as handovers
from services.registry.handovers import service as handover_service
from services.registry.handovers.models import Handover
from services.registry.invitations import routes as invitations
from services.registry.invitations import service as invitation_service
from services.registry.learning import routes as learning
from services.registry.learning import service as learning_service
from services.registry.learning.models import LearningCommunity
from services.registry.oneself import routes as oneself
from services.registry.organs import routes as organs
from services.registry.organs import service as organ_service
from services.registry.partners import routes as partners
from services.registry.partners import service as partner_service
from services.registry.personal import service as personal
from services.registry.programmes import routes as programmes
from services.registry.programmes import service as programme_service
from services.registry.programmes.models import Enrolment
from services.registry.regions import imports as region_imports
from services.registry.regions import routes as regions
from services.registry.regions import service as region_service
from services.registry.residents import imports as resident_imports
from services.registry.residents import routes as residents
from services.registry.residents import service as resident_service
from services.registry.residents import sync as resident_sync
from services.registry.residents.models import Household, Resident
from services.registry.settings import Settings
from services.registry.sign_ins import routes as sign_ins
from services.registry.tokens import keys
from services.registry.tokens import routes as tokens
from services.registry.volunteers import imports as volunteer_imports
from services.registry.volunteers import routes as volunteers
from services.registry.volunteers import service as volunteer_service
from services.registry.volunteers import sync as volunteer_sync
from services.registry.volunteers.models import Volunteer
from shared.app import Service, create_app
from shared.attachments import AUDIENCES as ATTACHMENTS
from shared.attachments import Attachable, Attachments, Purpose
from shared.clock import read_clock
from shared.database import Database
from shared.explorer import explorer_router
from shared.syncables import Syncing
from shared.vault import Vault

MIGRATIONS = Path(__file__).with_name("migrations")


async def _load_standings(database: Database) -> Mapping[UUID, float]:
    now = read_clock()
    return {
        **await holders.load_standings(database, now=now),
        **await client_holders.load_standings(database, now=now),
        **await emergency_service.load_standings(database, now=now),
    }


async def _fetch_keys(database: Database) -> Mapping[str, Any]:
    async with database.reads.connect() as connection:
        return await keys.published_keys(connection, now=read_clock())


KINDS = {
    "accounts", "appointments", "assignments", "authorities", "ballots", "board_names", "boards", "bridge",
    "client-secrets", "clients", "committee_documents", "committee_members", "committees", "consents",
    "declarations", "decrees", "delegates", "delegations", "duplicates", "election-meetings", "elections",
    "emergencies", "enrolments", "facilitators", "follow_ups", "groups", "handovers", "households", "invitations",
    "joint_liabilities", "learning_communities", "learning_sessions", "legal_records", "memberships", "officers",
    "partners", "persons", "regions", "residents", "savings_months", "statutes", "successions", "terms",
    "volunteers", "welfare-statuses",
}  # fmt: skip
"""What the journal tells of."""

SERVICE = Service(
    name="registry",
    title="Tridaya registry",
    description="Who is here: regions, boards and their elected officers, groups, volunteers, facilitators, partners and accounts.",
    metadata=Base.metadata,
    migrations=MIGRATIONS,
    routers=(
        explorer_router(),
        tokens.routes,
        tokens.standings,
        # What is one's own comes before what is anybody's: `self` is no id.
        oneself.routes,
        tokens.own,
        sign_ins.routes,
        invitations.again,
        accounts.accounts,
        invitations.routes,
        clients.clients,
        sign_ins.of_clients,
        clients.partners,
        delegations.routes,
        emergencies.routes,
        regions.routes,
        regions.successions,
        programmes.programmes,
        programmes.enrolments,
        residents.households,
        residents.residents,
        erasures.of_residents,
        erasures.routes,
        duplicates.routes,
        boards.routes,
        organs.routes,
        composition.routes,
        consents.routes,
        elections.routes,
        tally_routes.routes,
        tally_routes.of_ballots,
        tally_routes.of_meetings,
        groups.routes,
        committees.routes,
        learning.routes,
        partners.routes,
        volunteers.routes,
        facilitators.routes,
        handovers.of_facilitators,
        handovers.routes,
    ),
    audiences={
        **account_service.AUDIENCES,
        **client_service.AUDIENCES,
        **invitation_service.AUDIENCES,
        **delegation_service.AUDIENCES,
        **emergency_service.AUDIENCES,
        **region_service.AUDIENCES,
        **partner_service.AUDIENCES,
        **programme_service.AUDIENCES,
        **resident_service.AUDIENCES,
        **duplicate_service.AUDIENCES,
        **board_service.AUDIENCES,
        **organ_service.AUDIENCES,
        **composition_service.AUDIENCES,
        **consent_service.AUDIENCES,
        **election_service.AUDIENCES,
        **tallies.AUDIENCES,
        **delegates.AUDIENCES,
        **group_service.AUDIENCES,
        **committee_service.AUDIENCES,
        **learning_service.AUDIENCES,
        **volunteer_service.AUDIENCES,
        **facilitator_service.AUDIENCES,
        **handover_service.AUDIENCES,
        **personal.AUDIENCES,
        **erasure_service.AUDIENCES,
        **ATTACHMENTS,
    },
    subjects={
        "households": Household,
        "residents": Resident,
        "duplicates": personal.Duplicate,
        "boards": Board,
        "consents": Consent,
        "elections": Election,
        "ballots": Ballot,
        "enrolments": Enrolment,
        "delegations": Delegation,
        "emergencies": Emergency,
        "groups": Group,
        "committees": Committee,
        "learning-communities": LearningCommunity,
        "volunteers": Volunteer,
        "facilitators": Facilitator,
        "assignments": Assignment,
        "handovers": Handover,
    },
    attachments=Attachments(
        Attachment,
        {
            "boards": Attachable(
                Board,
                "registry:boards:write",
                # Deeds and statutes are public papers; minutes carry names and signatures of who was there.
                {
                    "deed": Purpose(public=True, papers=True),
                    "statutes": Purpose(public=True, papers=True),
                    "minutes": Purpose(papers=True),
                    "photo": Purpose(public=True),
                },
            ),
            "elections": Attachable(Election, "registry:elections:write", {"minutes": Purpose(papers=True)}),
            "committees": Attachable(
                Committee, "registry:committees:write", {"decree": Purpose(public=True, papers=True)}
            ),
            "groups": Attachable(Group, "registry:groups:write", {"minutes": Purpose(papers=True)}),
        },
    ),
    kinds=KINDS,
    alone=("invitations/acceptance", "accounts/self/password"),
    load_standings=_load_standings,
    fetch_keys=_fetch_keys,
)


def prepared(settings: Settings) -> Service:
    """Return what registry brings, with what it knows of its secrets."""
    vault = Vault(settings.personal_keys)
    importables = (
        region_imports.REGIONS,
        board_imports.BOARDS,
        *resident_imports.importables(vault),
        group_imports.GROUPS,
        group_imports.MEMBERSHIPS,
        volunteer_imports.importable(vault),
    )
    # Those that others speak of first.
    people = (*resident_sync.synced(vault), volunteer_sync.synced(vault))
    tables = (board_sync.BOARDS, *people, group_sync.GROUPS, group_sync.MEMBERSHIPS)
    return replace(
        SERVICE,
        importables=importables,
        syncing=Syncing(4, tables),
        state={"vault": vault, "require_region": region_service.require_known_region},
    )


def create(settings: Settings | None = None) -> FastAPI:
    """Return registry's application, configured from the environment unless settings are given."""
    known = settings or Settings.from_environment()
    return create_app(prepared(known), known)
