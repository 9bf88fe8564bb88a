"""Groups as they come in and go out."""

from datetime import date, datetime
from enum import StrEnum
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.registry.groups.book_schemas import LiabilityView
from services.registry.groups.gates import Gate, GateReason, GateState
from services.registry.groups.rules import (
    Bond,
    CountedFrom,
    GroupKind,
    MemberRole,
    MembershipEnd,
)
from shared.items import Body, Draft, may_change
from shared.lists import PageQuery, PlacedQuery

KIND = "environment (lingkungan), social (sosial), economic (ekonomi), committee (panitia) (KSM-2)"
BOND = "interest (kepentingan), activity (kegiatan), domicile (domisili) (KSM-1)"
ROLE = "chair (ketua), secretary (sekretaris), treasurer (bendahara), member (anggota)"
ENDED = (
    "left (mengundurkan diri), moved (pindah), died (meninggal), excluded (dikeluarkan), new_role (berganti peran),"
    " group_dissolved (KSM bubar)"
)
PERSONAL = (
    "`shown`: the name is in this reply; `masked`: it is null here, because registry:personal:read is missing or because"
    " this is the reply to a write, which never names anybody; `erased`: it is gone for good"
)
Personal = Literal["shown", "masked", "erased"]
Members = Field(ge=1, le=1000, description="Persons")
Women = Field(ge=0, le=1000, description="Persons; at most all members")


class GroupDraft(Draft):
    """A group to be recorded under a board, in the board's kelurahan."""

    board_id: UUID
    name: str = Field(min_length=2, max_length=200, examples=["KSM Contoh Lestari"])
    kind: GroupKind = Field(description=KIND)
    bond: Bond = Field(description=BOND)
    formed_on: date = Field(description="Not in the future")
    members: int = Members
    women: int = Women


class GroupChange(Body):
    """What may be edited; what is absent stays (RFC 7396). The numbers only while no member is listed."""

    name: str = may_change(min_length=2, max_length=200)
    members: int = may_change(ge=1, le=1000)
    women: int = may_change(ge=0, le=1000)
    dissolved_on: date | None = may_change(
        description="Corrects a recorded dissolution; null: there was none. Memberships that ended with it follow"
    )


class DissolutionDraft(Body):
    """How a group ended; memberships that still hold end with it."""

    dissolved_on: date = Field(description="Its last day; not in the future")
    minutes_reference: str | None = Field(None, max_length=200, description="Minutes of the meeting, where one decided")


class GroupView(BaseModel):
    """A group as of a day."""

    id: UUID
    kelurahan_code: str
    kelurahan_code_now: str
    board_id: UUID
    board_name: str
    name: str
    kind: GroupKind = Field(description=KIND)
    bond: Bond = Field(description=BOND)
    formed_on: date
    dissolved_on: date | None = Field(description="Its last day; null while it works")
    members: int = Field(description="Persons")
    women: int = Field(description="Persons")
    counted_from: CountedFrom = Field(
        description="`memberships`: counted on the day; `recorded`: the numbers it was recorded with, no member listed"
    )
    below_minimum: bool = Field(description="Fewer members than its kind needs (KSM-3)")
    joint_liability: LiabilityView | None = Field(description="Null while none was signed")
    version: int
    recorded_at: datetime
    changed_at: datetime


class GroupSort(StrEnum):
    """How groups may be sorted."""

    RECORDED = "recorded"
    NAME = "name"


class GroupQuery(PlacedQuery):
    """Filters of the list of groups."""

    board_id: UUID | None = None
    kind: GroupKind | None = None
    q: str | None = Field(None, min_length=2, max_length=100, description="Words of the name, or how they begin")
    as_of: date | None = Field(
        None, description="Groups that worked on this day, with their members then; all, as of today, when absent"
    )
    sort: GroupSort = GroupSort.RECORDED


class MembershipDraft(Draft):
    """A resident who joined a group."""

    resident_id: UUID
    role: MemberRole = Field(description=ROLE)
    starts_on: date = Field(description="The first day; not in the future, and not before the group was formed")
    trained_on: date | None = Field(None, description="The day of the training for members; null while there was none")
    ends_on: date | None = Field(None, description="The last day; null while it lasts")
    ended_because: MembershipEnd | None = Field(None, description=f"Needed exactly with `ends_on`: {ENDED}")


class NamedMembership(MembershipDraft):
    """A membership whose group no path names, as the row of a file."""

    group_id: UUID

    def membership(self) -> MembershipDraft:
        """Return it as it would have been sent to the group."""
        return MembershipDraft.model_construct(**{name: getattr(self, name) for name in MembershipDraft.model_fields})


class MembershipChange(Body):
    """What may be corrected, or how a membership ended; what is absent stays (RFC 7396).

    Who takes another role ends this membership (`new_role`) and joins anew.
    """

    starts_on: date = may_change()
    trained_on: date | None = may_change()
    ends_on: date | None = may_change()
    ended_because: MembershipEnd | None = may_change()


class MembershipView(BaseModel):
    """A membership; the person's name stands in it only for who may see names, and leaves an entry."""

    id: UUID
    group_id: UUID
    kelurahan_code: str
    resident_id: UUID = Field(description="The resident, or the one kept when they were recorded twice")
    personal: Personal = Field(description=PERSONAL)
    name: str | None = Field(description="Null unless `personal` is `shown`")
    role: MemberRole = Field(description=ROLE)
    starts_on: date
    ends_on: date | None
    ended_because: MembershipEnd | None = Field(description=ENDED)
    trained_on: date | None
    other_borrowing_groups: int = Field(description="Other economic groups to which the person belongs on the day")
    version: int
    recorded_at: datetime
    changed_at: datetime


class MembershipQuery(PageQuery):
    """Filters of the list of a group's memberships."""

    role: MemberRole | None = None
    as_of: date | None = Field(None, description="Only what holds on this day; all, judged today, when absent")


class OverlapKind(StrEnum):
    """What somebody has in two groups at once."""

    BORROWING = "borrowing"
    CHAIRING = "chairing"


class OverlapGroup(BaseModel):
    """One of the groups."""

    group_id: UUID
    kelurahan_code: str
    name: str
    kind: GroupKind
    role: MemberRole
    starts_on: date


class OverlapView(BaseModel):
    """A person in two groups at once; shown, not refused."""

    resident_id: UUID = Field(description="The resident who joined last")
    personal: Personal = Field(description=PERSONAL)
    name: str | None = Field(description="Null unless `personal` is `shown`")
    groups: list[OverlapGroup]


class OverlapQuery(PlacedQuery):
    """Filters of the list of persons in two groups."""

    of: OverlapKind = Field(
        OverlapKind.BORROWING,
        description="`borrowing`: members of two economic groups; `chairing`: chairs of two groups of any kind",
    )
    as_of: date | None = Field(None, description="On this day; today when absent")


class ReadinessQuery(BaseModel):
    """The day on which a group is judged."""

    model_config = ConfigDict(extra="forbid")

    as_of: date | None = Field(None, description="Today when absent")


class ReadinessGate(BaseModel):
    """How a group stands before one gate."""

    gate: Gate
    rule: str = Field(examples=["KSM-4"])
    state: GateState
    count: int | None = Field(description="Persons, or months of savings in a row; null when it cannot be counted")
    of: int | None = Field(description="Persons of whom they were counted; null for months")
    needed: int
    reason: GateReason | None = Field(description="Null when the gate is met")


class ReadinessView(BaseModel):
    """What is asked of a group, and how it stands before each gate on a day (KSM-3, KSM-4).

    An economic group's share of women is a rule here; only over all borrowers is the same share a target.
    """

    group_id: UUID
    kind: GroupKind
    as_of: date
    ready: bool | None = Field(description="Null when no gate is missed and some cannot be judged")
    gates: list[ReadinessGate]
    savings_run: int = Field(description="Months in a row in which it met and saved, up to the day")
    members_in_other_borrowing_groups: int = Field(description="Persons; of an economic group only; shown, not refused")
    chair_leads_other_groups: bool = Field(description="Whether its chair leads another group too")
    ruleset: str
    legal_basis: str
