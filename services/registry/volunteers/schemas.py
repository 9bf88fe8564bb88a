"""Volunteers as they come in and go out."""

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel, Field

from services.registry.residents.service import Sex
from services.registry.volunteers.rules import SexMissing, VolunteerRole
from shared.items import Body, Draft, may_change
from shared.lists import PlacedQuery
from shared.names import PersonName
from shared.phones import Phone
from shared.places import KelurahanCode

ROLES = "What the person does as a volunteer; at least one"
SEALED = "Kept sealed; seen where the reader serves, by who may read what names a person, and each reading is recorded"


class VolunteerDraft(Draft):
    """A volunteer to be recorded."""

    kelurahan_code: KelurahanCode
    person_id: UUID | None = Field(
        None, description="The person's own id where it is known; the resident's, or made here, when absent"
    )
    resident_id: UUID | None = Field(None, description="The person's entry among the residents, where there is one")
    name: PersonName = Field(min_length=2, max_length=200, description=SEALED)
    phone: Phone | None = Field(None, max_length=20, description=SEALED)
    sex: Sex
    roles: list[VolunteerRole] = Field(min_length=1, max_length=10, description=ROLES)
    trained_on: date | None = Field(None, description="The last training as a volunteer; null when there was none")
    starts_on: date = Field(description="First day as a volunteer; not in the future")
    ends_on: date | None = Field(None, description="Last day; null while it goes on")


class VolunteerChange(Body):
    """What may be edited; what is absent stays (RFC 7396). A volunteer leaves by `ends_on`."""

    resident_id: UUID | None = may_change()
    name: PersonName = may_change(min_length=2, max_length=200)
    phone: Phone | None = may_change(max_length=20)
    roles: list[VolunteerRole] = may_change(min_length=1, max_length=10, description=ROLES)
    trained_on: date | None = may_change()
    ends_on: date | None = may_change()


class VolunteerView(BaseModel):
    """A volunteer, seen only where the reader serves."""

    id: UUID
    kelurahan_code: str
    kelurahan_code_now: str
    person_id: UUID
    resident_id: UUID | None
    name: str | None = Field(description="Null for whoever may not read what names a person, and once it was erased")
    phone: str | None = Field(description="Null likewise, and where none is known")
    sex: Sex
    roles: list[VolunteerRole]
    trained_on: date | None
    starts_on: date
    ends_on: date | None
    version: int
    recorded_at: datetime
    changed_at: datetime


class VolunteerQuery(PlacedQuery):
    """Filters of the list of volunteers."""

    role: VolunteerRole | None = None
    sex: Sex | None = None
    trained: bool | None = Field(None, description="Whether a training as a volunteer is recorded")
    person_id: UUID | None = None
    as_of: date | None = Field(None, description="Volunteers on this day; all there ever were when absent")


class RoleCount(BaseModel):
    """Volunteers in one role (persons); somebody with two roles counts in both."""

    role: VolunteerRole
    total: int
    women: int | None
    men: int | None
    by_sex_missing_reason: SexMissing | None = Field(description="`suppressed`: fewer than 5 women or men")


class VolunteerStatisticsView(BaseModel):
    """The volunteers of one kelurahan (persons), by the codes of today."""

    kelurahan_code: str
    kelurahan_name: str
    total: int
    women: int | None
    men: int | None
    by_sex_missing_reason: SexMissing | None = Field(description="`suppressed`: fewer than 5 women or men")
    trained: int = Field(description="Of the total, with a training as a volunteer")
    by_role: list[RoleCount] = Field(description="Roles that nobody has are left out")


class StatisticsQuery(PlacedQuery):
    """Filters of the numbers of volunteers."""

    as_of: date | None = Field(None, description="Volunteers on this day; today when absent")
