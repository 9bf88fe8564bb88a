"""Facilitators and their assignments as they come in and go out."""

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel, Field

from services.registry.facilitators.rules import AssignmentEnd, FacilitatorRole, Load
from shared.items import Body, Draft, may_change
from shared.lists import Bounded, PageQuery, PlacedQuery
from shared.names import PersonName
from shared.phones import Phone
from shared.places import REGION_NOW, KelurahanCode, RegionCode

SEALED = "Kept sealed; seen by who may read what names a person, and each reading is recorded"


class FacilitatorDraft(Draft):
    """A facilitator to be recorded."""

    region_code: RegionCode = Field(description="Where the facilitator works, a city as a rule")
    person_id: UUID | None = Field(
        None, description="The person's own id; taken from the account, or made here, when absent"
    )
    account_id: UUID | None = Field(
        None, description="The person's account as a facilitator or city coordinator; a handover moves its kelurahan"
    )
    name: PersonName = Field(min_length=2, max_length=200, description=SEALED)
    phone: Phone | None = Field(None, max_length=20, description=SEALED)
    role: FacilitatorRole
    starts_on: date = Field(description="First day of the employment; not in the future")
    ends_on: date | None = Field(None, description="Last day; null while it goes on")


class FacilitatorChange(Body):
    """What may be edited; what is absent stays (RFC 7396). Another role or region is another employment."""

    account_id: UUID | None = may_change()
    name: PersonName = may_change(min_length=2, max_length=200)
    phone: Phone | None = may_change(max_length=20)
    ends_on: date | None = may_change(description="Assignments stay as they are, to be handed over or ended")


class FacilitatorView(BaseModel):
    """A facilitator, seen in the own region, by those whose kelurahan are served, and by the facilitator."""

    id: UUID
    region_code: str
    region_code_now: str
    person_id: UUID
    account_id: UUID | None
    name: str | None = Field(description="Null for whoever may not read what names a person, and once it was erased")
    phone: str | None = Field(description="Null likewise, and where none is known")
    role: FacilitatorRole
    starts_on: date
    ends_on: date | None
    kelurahan: int = Field(description="How many kelurahan are served on the day")
    load: Load | None = Field(description="That number against the guideline; null for roles that serve a whole city")
    version: int
    recorded_at: datetime
    changed_at: datetime


class FacilitatorQuery(PlacedQuery):
    """Filters of the list of facilitators."""

    role: FacilitatorRole | None = None
    person_id: UUID | None = None
    as_of: date | None = Field(
        None, description="Employed on this day, with what is served then; all there ever were, and today, when absent"
    )


class AssignmentDraft(Draft):
    """A kelurahan to be served by a facilitator."""

    kelurahan_code: KelurahanCode
    starts_on: date = Field(description="First day; it may lie ahead")
    ends_on: date | None = Field(None, description="Last day; null while it goes on")


class AssignmentChange(Body):
    """What may be edited; what is absent stays (RFC 7396)."""

    ends_on: date | None = may_change(
        description="Last day; one that is not ahead also takes the kelurahan out of what the account may"
    )
    ended_because: AssignmentEnd | None = may_change(
        description="Needed where something is unfinished there that nobody took over (meninggal, mengundurkan diri …)"
    )


class AssignmentView(BaseModel):
    """A kelurahan that a facilitator serves for a time."""

    id: UUID
    facilitator_id: UUID
    role: FacilitatorRole
    kelurahan_code: str
    kelurahan_code_now: str
    kelurahan_name: str
    starts_on: date
    ends_on: date | None
    ended_because: AssignmentEnd | None = Field(description="Seen by who keeps facilitators")
    version: int
    recorded_at: datetime
    changed_at: datetime


class AssignmentQuery(PageQuery):
    """Filters of the list of a facilitator's assignments."""

    as_of: date | None = Field(None, description="Those that hold on this day; all there ever were when absent")


class CoverageQuery(Bounded):
    """For which region and day the numbers are asked."""

    as_of: date | None = Field(None, description="Today when absent")


class RoleCoverage(BaseModel):
    """What the facilitators of one role cover."""

    role: FacilitatorRole
    facilitators: int = Field(description="Persons who serve a kelurahan here")
    kelurahan: int = Field(description="Kelurahan that they serve here")
    above: int | None = Field(description="Persons who serve more kelurahan than the guideline expects")
    below: int | None = Field(description="Persons who serve fewer; null for roles that serve a whole city")


class CoverageView(BaseModel):
    """How a region's kelurahan are served; several facilitators may serve the same one."""

    region: str | None
    region_now: str | None = Field(description=REGION_NOW)
    as_of: date
    kelurahan: int = Field(description="Kelurahan and desa of the official list that have not ended")
    served: int = Field(description="Of these, with a facilitator who is employed on the day")
    unserved: int = Field(description="Of these, without; listed at /registry/v1/facilitators/gaps")
    roles: list[RoleCoverage]
    fewest_kelurahan: int = Field(description="What the guideline expects of a member of a team, at least (§9)")
    most_kelurahan: int = Field(description="And at most")
    ruleset: str


class GapQuery(PlacedQuery):
    """Filters of the kelurahan without a facilitator."""

    role: FacilitatorRole | None = Field(None, description="Without one of this role; without any when absent")
    as_of: date | None = Field(None, description="On this day; today when absent")


class GapView(BaseModel):
    """A kelurahan without a facilitator."""

    kelurahan_code: str
    kelurahan_name: str
