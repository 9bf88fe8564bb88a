"""Households, residents and welfare statuses as they come in and go out."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints

from services.registry.residents.numbers import KkShared, NumberAbsent
from services.registry.residents.rules import (
    BirthYearAbsent,
    CountMissing,
    ErasureReason,
    HouseholdEnd,
    ResidentEnd,
    Sex,
    Vulnerability,
    Welfare,
)
from shared.attendanceviews import Attendance
from shared.items import Body, Draft, may_change
from shared.lists import Bounded, PageQuery, PlacedQuery
from shared.names import PersonName
from shared.phones import Phone
from shared.places import REGION_NOW, KelurahanCode

MOST = 100_000
"""More people than any kelurahan can gather; a slip of the finger beyond."""

Neighbourhood = Annotated[
    str, StringConstraints(pattern=r"^0*[1-9][0-9]{0,2}[A-Z]?$", max_length=6), Field(examples=["003"])
]
Name = Annotated[PersonName, StringConstraints(min_length=1, max_length=200)]
Number = Annotated[str, StringConstraints(max_length=40)]
"""A number as it was written down; its form is judged by the rules, which say what to do instead."""

Personal = Literal["shown", "masked", "erased"]
PERSONAL = (
    "`shown`: what names the person is in this reply; `masked`: it is null here, because registry:personal:read is "
    "missing or because this is the reply to a write, which never names anybody; `erased`: it is gone for good"
)
WelfareAsked = Literal["poor", "near_poor", "not_poor", "undecided"]


class Point(Body):
    """The exact point of a house, in degrees (WGS 84), somewhere in Indonesia."""

    latitude: float = Field(ge=-12, le=7)
    longitude: float = Field(ge=94, le=142)


class HouseholdDraft(Draft):
    """A household to be recorded where it lives."""

    kelurahan_code: KelurahanCode
    rt: Neighbourhood | None = Field(None, description="Number of the rukun tetangga")
    rw: Neighbourhood | None = Field(None, description="Number of the rukun warga")
    starts_on: date = Field(description="The first day it is known to live here; not in the future")
    address: str | None = Field(None, min_length=1, max_length=300, description="Personal")
    point: Point | None = Field(None, description="Personal: the exact point of the house")
    kk_number: Number | None = Field(None, description="Personal: number of the family card (KK)")
    kk_absent_reason: NumberAbsent | None = Field(
        None, description="Why `kk_number` is null; `not_asked` when not given either"
    )
    kk_shared_reason: KkShared | None = Field(None, description="Needed when another household has this card")


class HouseholdChange(Body):
    """What may be edited; what is absent stays (RFC 7396)."""

    rt: Neighbourhood | None = may_change()
    rw: Neighbourhood | None = may_change()
    starts_on: date = may_change()
    ends_on: date | None = may_change(description="The last day it lived here; not in the future")
    ended_because: HouseholdEnd | None = may_change(description="Given with `ends_on`; a move is an act of its own")
    head_id: UUID | None = may_change(description="A resident of this household (kepala keluarga)")
    address: str | None = may_change(min_length=1, max_length=300)
    point: Point | None = may_change()
    kk_number: Number | None = may_change()
    kk_absent_reason: NumberAbsent | None = may_change()
    kk_shared_reason: KkShared | None = may_change()


class HouseholdView(BaseModel):
    """A household, seen in the caller's own regions only."""

    id: UUID
    personal: Personal = Field(description=PERSONAL)
    kelurahan_code: str
    kelurahan_code_now: str
    kelurahan_name: str
    rt: str | None
    rw: str | None
    address: str | None = Field(description="Null unless `personal` is `shown`")
    point: Point | None = Field(description="Null unless `personal` is `shown`")
    kk_number: str | None = Field(
        description="Null unless `personal` is `shown`; without registry:nik:read its last four digits"
    )
    kk_absent_reason: NumberAbsent | None
    kk_shared_reason: KkShared | None
    head_id: UUID | None = Field(description="Kepala keluarga; null when nobody was named")
    residents: int = Field(description="People who live in it on the day asked for")
    welfare: Welfare | None = Field(description="On the day asked for; null when no meeting has decided")
    moved_from: UUID | None
    moved_to: UUID | None
    starts_on: date
    ends_on: date | None
    ended_because: HouseholdEnd | None
    version: int
    recorded_at: datetime
    changed_at: datetime


class HouseholdQuery(PlacedQuery):
    """Filters of the list of households. Addresses are sealed, so nothing can be searched in them."""

    rw: Neighbourhood | None = None
    rt: Neighbourhood | None = None
    welfare: WelfareAsked | None = Field(None, description="`poor`: on the PS-2 list on the day asked for")
    as_of: date | None = Field(None, description="Households of this day; of today when absent")


class HouseholdMove(Draft):
    """A household moves with everybody who lives in it on that day; `id` names the household it becomes."""

    kelurahan_code: KelurahanCode
    rt: Neighbourhood | None = None
    rw: Neighbourhood | None = None
    moved_on: date = Field(description="Its first day at the new place; not in the future")
    address: str | None = Field(None, min_length=1, max_length=300)
    point: Point | None = None


class ResidentDraft(Draft):
    """A person to be recorded in a household."""

    household_id: UUID
    name: Name = Field(description="Personal")
    nik: Number | None = Field(None, description="Personal; never a key: somebody may have none, or share one by error")
    nik_absent_reason: NumberAbsent | None = Field(None, description="Needed exactly when `nik` is null")
    phone: Phone | None = Field(None, description="Personal")
    sex: Sex
    birth_year: int | None = None
    birth_year_absent_reason: BirthYearAbsent | None = Field(
        None, description="Needed exactly when `birth_year` is null"
    )
    vulnerabilities: list[Vulnerability] | None = Field(
        None, max_length=len(Vulnerability), description="Empty: none; null: nobody asked. Shown like what is personal"
    )
    starts_on: date | None = Field(
        None, description="The first day in this household; the household's own when absent; not in the future"
    )


class ResidentChange(Body):
    """What may be edited; what is absent stays (RFC 7396). A NIK or year that is given takes away its reason."""

    name: Name = may_change()
    nik: Number | None = may_change()
    nik_absent_reason: NumberAbsent | None = may_change()
    phone: Phone | None = may_change()
    sex: Sex = may_change()
    birth_year: int | None = may_change()
    birth_year_absent_reason: BirthYearAbsent | None = may_change()
    vulnerabilities: list[Vulnerability] | None = may_change(max_length=len(Vulnerability))
    starts_on: date = may_change()
    ends_on: date | None = may_change(description="The last day in this household; not in the future")
    ended_because: ResidentEnd | None = may_change(description="Given with `ends_on`; a move is an act of its own")


class ResidentView(BaseModel):
    """A resident, seen in the caller's own regions only."""

    id: UUID
    person_id: UUID = Field(description="The same in every record of one person")
    household_id: UUID
    personal: Personal = Field(description=PERSONAL)
    kelurahan_code: str
    kelurahan_code_now: str
    name: str | None = Field(description="Null unless `personal` is `shown`")
    nik: str | None = Field(
        description="Null unless `personal` is `shown`; without registry:nik:read its last four digits"
    )
    nik_absent_reason: NumberAbsent | None
    phone: str | None = Field(description="Null unless `personal` is `shown`")
    sex: Sex
    birth_year: int | None
    birth_year_absent_reason: BirthYearAbsent | None
    vulnerabilities: list[Vulnerability] | None = Field(
        description="Null when nobody asked, and when `personal` is `masked`"
    )
    welfare: Welfare | None = Field(description="Of the household on the day asked for; null when nobody has decided")
    moved_from: UUID | None
    moved_to: UUID | None
    merged_into: UUID | None = Field(description="The record that stands for this person; this one counts nowhere")
    starts_on: date
    ends_on: date | None
    ended_because: ResidentEnd | None
    version: int
    recorded_at: datetime
    changed_at: datetime


class ResidentQuery(PlacedQuery):
    """Filters of the list of residents. Names and NIK are sealed, so there is no `q`; `lookup` finds a NIK."""

    household_id: UUID | None = None
    sex: Sex | None = None
    welfare: WelfareAsked | None = Field(None, description="Of the household, on the day asked for")
    vulnerability: Vulnerability | None = Field(None, description="Needs registry:personal:read")
    as_of: date | None = Field(None, description="Residents of this day; of today when absent")


class Lookup(Body):
    """A NIK that somebody showed; it stands in the body, for addresses are written into logs."""

    nik: Number


class Found(BaseModel):
    """Everybody with a NIK in the caller's regions, today or once; a NIK may have been written down for two people."""

    items: list[ResidentView]


class ResidentMove(Draft):
    """A resident joins another household; `id` names the record there."""

    household_id: UUID = Field(description="The household joined, in any kelurahan that the caller serves")
    moved_on: date = Field(description="The first day in it; not in the future")


class Erasure(Body):
    """Why somebody is erased, and since when they asked."""

    reason: ErasureReason
    requested_on: date = Field(description="Not in the future")


class WelfareDraft(Draft):
    """What a residents' meeting decided about a household, by the community's own criteria (PS-2)."""

    status: Welfare = Field(description="Miskin, hampir miskin, tidak miskin")
    held_on: date = Field(description="The day of the meeting; not in the future")
    starts_on: date | None = Field(None, description="From when it holds; the day of the meeting when absent")
    minutes_reference: str = Field(min_length=1, max_length=200, description="Berita acara", examples=["BA/03/2024"])
    criteria_reference: str | None = Field(
        None, min_length=1, max_length=200, description="Where residents agreed on their criteria; else the minutes"
    )
    attendance: Attendance


class WelfareChange(Body):
    """What may be edited; another status is another decision."""

    ends_on: date | None = may_change(description="The last day it held; not in the future")
    minutes_reference: str = may_change(min_length=1, max_length=200)
    criteria_reference: str | None = may_change(min_length=1, max_length=200)


class WelfareView(BaseModel):
    """A decision about a household's welfare; the next one ends it."""

    id: UUID
    household_id: UUID
    kelurahan_code: str
    status: Welfare
    held_on: date
    minutes_reference: str
    criteria_reference: str | None
    attendance: Attendance
    starts_on: date
    ends_on: date | None
    version: int
    recorded_at: datetime
    changed_at: datetime


class WelfareQuery(PageQuery):
    """Filters of the history of a household's welfare, the latest first."""

    as_of: date | None = Field(None, description="Only what held on this day")


class StatisticsQuery(Bounded):
    """Where and when to count."""

    region: str = Field(
        pattern=r"^\d{2}\.\d{2}(\.\d{2}(\.\d{4})?)?$",
        description="A kelurahan, kecamatan, kota or kabupaten; wider sums are for those who add them up",
        examples=["34.71.03.1001"],
    )
    as_of: date | None = Field(None, description="Today when absent")


class Count(BaseModel):
    """A count and, when it is null, why."""

    count: int | None
    null_reason: CountMissing | None


class RwStatistics(BaseModel):
    """The poor households of one RW; the number of the RW is null where none was recorded."""

    rw: str | None
    poor_households: Count


class Statistics(BaseModel):
    """Households and people of a region on a day."""

    region: str
    region_now: str = Field(description=REGION_NOW)
    as_of: date
    households: int
    residents: int
    women: int
    poor_households: Count = Field(description="On the PS-2 list; under five are not shown, nor what would tell them")
    poor_residents: Count = Field(description="People of those households")
    undecided_households: int = Field(description="About which no meeting has decided")
    rw: list[RwStatistics] = Field(description="Only of a kelurahan in today's boundaries; hidden likewise")
