"""Boards as they come in and go out."""

from datetime import date, datetime
from enum import StrEnum
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, Field

from services.registry.boards.rules import Departure, LegalStatus, Position
from shared.items import Body, Draft, may_change
from shared.lists import PageQuery, PlacedQuery
from shared.names import PersonName
from shared.phones import Phone
from shared.places import KelurahanCode

Notary = Field(None, max_length=200, description="The notary's office (kantor notaris)")
Minutes = Field(max_length=200, min_length=1, description="Where the minutes (berita acara) are found")


class BoardDraft(Draft):
    """A board to be recorded."""

    kelurahan_code: KelurahanCode
    name: str = Field(min_length=3, max_length=200, examples=["BKM Contoh Sejahtera"])
    founded_on: date = Field(description="The day residents founded it; not in the future")
    legal_status: LegalStatus = LegalStatus.NONE
    deed_number: str | None = Field(None, max_length=100)
    deed_on: date | None = Field(None, description="The day of the deed; that of the founding when absent")
    notary: str | None = Notary
    phone: Phone | None = Field(None, max_length=20, description="Seen only in the board's own region")


class BoardChange(Body):
    """What may be corrected; what is absent stays (RFC 7396).

    A new name is recorded under `/names`, a new deed under `/legal-records`: both keep what was before.
    """

    name: str = may_change(min_length=3, max_length=200)
    legal_status: LegalStatus = may_change()
    deed_number: str | None = may_change(max_length=100)
    phone: Phone | None = may_change(max_length=20)


class Mandate(BaseModel):
    """The latest term of a board, and whether it covers today."""

    term_id: UUID
    starts_on: date
    ends_on: date
    lapsed: bool = Field(
        description="Mandate lapsed: true when the term has ended, and residents owe themselves an election"
    )
    election_id: UUID | None = Field(description="The certified election that proves it; null when only paper does")


class BoardView(BaseModel):
    """A board."""

    id: UUID
    view: Literal["public", "full"] = Field(description="`full` in the caller's own regions")
    kelurahan_code: str
    kelurahan_code_now: str
    kelurahan_name: str
    name: str
    founded_on: date
    legal_status: LegalStatus
    deed_number: str | None
    phone: str | None = Field(description="Null in the public view")
    mandate: Mandate | None = Field(description="Null when no election was recorded yet")
    mandate_until: date | None = Field(description="The last day that any recorded term covers")
    shares_kelurahan: bool = Field(
        description="Whether another board stands in the kelurahan of today: merged, or founded beside it"
    )
    dissolved_on: date | None = Field(description="Null while the board stands; residents dissolve it (§2.1)")
    dissolution_minutes: str | None
    version: int
    recorded_at: datetime
    changed_at: datetime


class BoardSort(StrEnum):
    """How boards may be sorted."""

    RECORDED = "recorded"
    NAME = "name"
    MANDATE = "mandate"


class BoardQuery(PlacedQuery):
    """Filters of the list of boards."""

    q: str | None = Field(
        None, min_length=2, max_length=100, description="Words of a name that it has or once had, or how they begin"
    )
    legal_status: LegalStatus | None = None
    mandate: Literal["valid", "lapsed", "none"] | None = Field(
        None, description="How the board's mandate stands on the day"
    )
    mandate_ends_before: date | None = Field(
        None, description="Boards not dissolved whose recorded terms all end before this day: elections to prepare"
    )
    dissolved: bool | None = Field(None, description="Only boards that residents dissolved, or only the others")
    as_of: date | None = Field(
        None, description="The boards of this day with their names, legal status and mandates; today when absent"
    )
    sort: BoardSort = Field(
        BoardSort.RECORDED, description="`name`: by the present name; `mandate`: whose mandate ends first"
    )


class Dissolution(Body):
    """The residents' agreement to dissolve their board."""

    dissolved_on: date = Field(description="The day of the residents' meeting; not in the future")
    minutes_reference: str = Minutes


class BoardSuccession(Body):
    """With which successor of its kelurahan a board stays."""

    code: KelurahanCode
    minutes_reference: str = Minutes


class NameDraft(Draft):
    """What a board is called from a day on."""

    name: str = Field(min_length=3, max_length=200, examples=["LKM Contoh Sejahtera"])
    starts_on: date = Field(description="The first day of the name; not in the future")
    minutes_reference: str | None = Field(None, max_length=200, description="Of the meeting that chose it")


class NameChange(Body):
    """What may be corrected of a name."""

    name: str = may_change(min_length=3, max_length=200)
    starts_on: date = may_change()
    minutes_reference: str | None = may_change(max_length=200)


class NameView(BaseModel):
    """A name of a board; it holds until the next one begins."""

    id: UUID
    board_id: UUID
    kelurahan_code: str
    name: str
    starts_on: date
    ends_on: date | None = Field(description="The day before the next name; null for the present one")
    minutes_reference: str | None
    version: int
    recorded_at: datetime
    changed_at: datetime


class LegalRecordDraft(Draft):
    """How a board stands before the law from the day of a deed on."""

    legal_status: LegalStatus
    starts_on: date = Field(description="The day of the deed; not in the future")
    deed_number: str | None = Field(None, max_length=100)
    notary: str | None = Notary


class LegalRecordChange(Body):
    """What may be corrected of a deed."""

    legal_status: LegalStatus = may_change()
    starts_on: date = may_change()
    deed_number: str | None = may_change(max_length=100)
    notary: str | None = may_change(max_length=200)


class LegalRecordView(BaseModel):
    """A legal status of a board; it holds until the next deed."""

    id: UUID
    board_id: UUID
    kelurahan_code: str
    legal_status: LegalStatus
    starts_on: date
    ends_on: date | None = Field(description="The day before the next deed; null for the present one")
    deed_number: str | None
    notary: str | None
    version: int
    recorded_at: datetime
    changed_at: datetime


class HistoryQuery(PageQuery):
    """Filters of a board's names or deeds."""

    as_of: date | None = Field(None, description="Only what held on this day")


class OfficerDraft(Body):
    """One person elected to the board."""

    person_id: UUID | None = Field(None, description="The person's own id where it is known; made here when absent")
    name: PersonName = Field(min_length=2, max_length=200)
    position: Position


class TermDraft(Draft):
    """The outcome of an election: a term with its officers."""

    starts_on: date
    ends_on: date
    elected_on: date = Field(description="The day of the kelurahan meeting; not in the future")
    officers: list[OfficerDraft] = Field(min_length=1, max_length=50)


class TermChange(Body):
    """The earlier end of a term: residents elected anew before it was over."""

    ends_on: date = Field(description="The new last day; not later than the old one")
    minutes_reference: str | None = Field(
        None, max_length=200, min_length=1, description="Required when a certified election proves the term"
    )


class OfficerView(BaseModel):
    """An elected officer and the days in office, both included."""

    id: UUID
    person_id: UUID
    name: str | None = Field(description="Null once the officer left or was erased, and in replies to writes")
    position: Position
    starts_on: date
    ends_on: date
    left_because: Departure | None = Field(description="Seen in the board's own regions")
    version: int


class TermView(BaseModel):
    """A term with its officers."""

    id: UUID
    board_id: UUID
    kelurahan_code: str
    starts_on: date
    ends_on: date
    elected_on: date
    election_id: UUID | None = Field(description="The certified election; null when recorded from paper")
    given_until: date = Field(description="Later than `ends_on` once it was ended early")
    ending_minutes: str | None = Field(description="Of the meeting that ended it early")
    officers: list[OfficerView]
    version: int
    recorded_at: datetime
    changed_at: datetime


class TermQuery(PageQuery):
    """Filters of the list of a board's terms."""

    as_of: date | None = Field(None, description="Only the terms that hold on this day, with the officers of the day")
