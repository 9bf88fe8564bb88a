"""Officers between elections, organs and statutes as they come in and go out."""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, Field

from services.registry.boards.service import Departure, Organ, OrganRole, Position, StatuteKind, Unchecked
from shared.items import Body, Draft, may_change
from shared.lists import PageQuery
from shared.names import PersonName

PersonId = Field(None, description="The person's own id where it is known; made here when absent")
Minutes = Field(None, max_length=200, description="Where the minutes of the decision are found")
Notary = Field(None, max_length=200, description="The notary's office (kantor notaris)")


NotChecked = Field(description="Why EL-12 compares it by name only; null where by person")


class SuccessorDraft(Draft):
    """Somebody who takes a seat within a running term, in the place of an officer who left."""

    person_id: UUID | None = PersonId
    name: PersonName = Field(min_length=2, max_length=200)
    position: Position
    starts_on: date = Field(description="The first day in office, within a term")
    minutes_reference: str | None = Minutes


class OfficerChange(Body):
    """An officer who leaves before the term ends, or a name to be corrected."""

    name: PersonName = may_change(min_length=2, max_length=200)
    person_id: UUID = may_change(description="Whose office it is, if nobody told yet")
    ends_on: date | None = may_change(description="The last day in office; null: until the term ends")
    left_because: Departure | None = may_change()
    minutes_reference: str | None = may_change(max_length=200)


class ElectedView(BaseModel):
    """Somebody elected to a board, or who took a seat within a term; the days are included."""

    id: UUID
    view: Literal["public", "full"]
    board_id: UUID
    term_id: UUID
    kelurahan_code: str
    person_id: UUID
    not_checked: Unchecked | None = NotChecked
    name: str | None = Field(
        description="Public while in office, then seen with `registry:personal:read`; null in replies to writes"
    )
    position: Position
    starts_on: date
    ends_on: date
    left_because: Departure | None = Field(description="Null in the public view")
    minutes_reference: str | None
    version: int
    recorded_at: datetime
    changed_at: datetime


class OfficerQuery(PageQuery):
    """Filters of a board's officers."""

    as_of: date | None = Field(None, description="Only who was in office on this day")


class AppointmentDraft(Draft):
    """Somebody whom the board appoints to an organ."""

    person_id: UUID | None = PersonId
    name: PersonName = Field(
        min_length=2, max_length=200, description="Kept sealed: those who are not elected are not public"
    )
    organ: Organ = Field(description="Sekretariat, UPK, UPL, UPS, pengawas, penasehat (§2.3)")
    role: OrganRole = Field(description="Manajer, pembuku, kasir, staf, anggota")
    starts_on: date
    ends_on: date | None = Field(None, description="The last day; absent while nobody has said when it ends")
    minutes_reference: str | None = Minutes


class AppointmentChange(Body):
    """The end of an appointment, or what is to be corrected of it."""

    name: PersonName = may_change(min_length=2, max_length=200)
    person_id: UUID = may_change(description="Whose seat it is, if nobody told yet")
    role: OrganRole = may_change()
    ends_on: date | None = may_change(description="The last day, included")
    minutes_reference: str | None = may_change(max_length=200)


class AppointmentView(BaseModel):
    """A seat in an organ of a board: everybody may know that it is held, not by whom."""

    id: UUID
    view: Literal["public", "full"]
    board_id: UUID
    kelurahan_code: str
    organ: Organ
    role: OrganRole
    person_id: UUID | None = Field(description="Null in the public view")
    not_checked: Unchecked | None = NotChecked
    name: str | None = Field(description="Seen with `registry:personal:read` in the board's own regions")
    starts_on: date
    ends_on: date | None = Field(description="Null while nobody has said when it ends")
    minutes_reference: str | None
    version: int
    recorded_at: datetime
    changed_at: datetime


class AppointmentQuery(PageQuery):
    """Filters of the seats in a board's organs."""

    organ: Organ | None = None
    as_of: date | None = Field(None, description="Only the seats held on this day")


class StatuteDraft(Draft):
    """A version of the statutes as residents agreed on it; a rule that is absent stays as it was."""

    kind: StatuteKind = Field(description="Anggaran dasar (AD) or anggaran rumah tangga (ART)")
    adopted_on: date = Field(description="The day of the residents' meeting; not in the future")
    minutes_reference: str = Field(min_length=1, max_length=200)
    notarised_on: date | None = Field(None, description="The day it was recorded at a notary (§2.3)")
    notary: str | None = Notary
    deed_number: str | None = Field(None, max_length=100)
    seats: int | None = Field(None, ge=1, le=99, description="Members of the board (persons, EL-7)")
    term_years: int | None = Field(None, ge=1, le=9, description="Longest term (years, EL-8)")
    most_periods: int | None = Field(None, ge=1, le=9, description="Most terms that a person may serve (EL-8)")
    doubling_forbidden: bool | None = Field(
        None, description="Members and UP staff may not sit in the secretariat too (rangkap jabatan, EL-12)"
    )
    refresh_allowed: bool | None = Field(None, description="Members may be replaced between elections (PAW)")


class StatuteChange(Body):
    """A recording at the notary that came later, or what is to be corrected."""

    minutes_reference: str = may_change(min_length=1, max_length=200)
    notarised_on: date | None = may_change()
    notary: str | None = may_change(max_length=200)
    deed_number: str | None = may_change(max_length=100)
    seats: int | None = may_change(ge=1, le=99)
    term_years: int | None = may_change(ge=1, le=9)
    most_periods: int | None = may_change(ge=1, le=9)
    doubling_forbidden: bool | None = may_change()
    refresh_allowed: bool | None = may_change()


class StatuteView(BaseModel):
    """A version of the statutes; a rule that is null stays as an earlier version set it."""

    id: UUID
    board_id: UUID
    kelurahan_code: str
    kind: StatuteKind
    adopted_on: date
    minutes_reference: str
    notarised_on: date | None
    notary: str | None
    deed_number: str | None
    seats: int | None = Field(description="Persons")
    term_years: int | None = Field(description="Years")
    most_periods: int | None = Field(description="Terms")
    doubling_forbidden: bool | None
    refresh_allowed: bool | None
    version: int
    recorded_at: datetime
    changed_at: datetime


class StatuteQuery(PageQuery):
    """Filters of a board's statutes, the latest first."""

    kind: StatuteKind | None = None
    as_of: date | None = Field(None, description="Only what was adopted by this day")
