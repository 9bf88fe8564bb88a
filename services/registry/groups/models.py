"""Tables of groups, of who belongs to them when and of what they save; who the members are, the residents tell."""

from datetime import date
from uuid import UUID

from sqlalchemy import CheckConstraint, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Uuid

from services.registry.database import Base
from services.registry.groups.rules import Bond, GroupKind, MemberRole, MembershipEnd
from shared.searching import searched
from shared.tables import (
    CommunityItem,
    Dated,
    Rupiah,
    child_of,
    choice,
    community,
    rupiah_within_bounds,
    serves,
)


class Group(CommunityItem, Base):
    """A self-help group (KSM) that works with a board.

    `members` and `women` are the numbers it was recorded with; they count for as long as no member is listed.
    """

    __tablename__ = "groups"
    __table_args__ = community(
        CheckConstraint("women BETWEEN 0 AND members", name="women"),
        CheckConstraint("dissolved_on >= formed_on", name="dissolved"),
        serves("groups_by_place", "kelurahan_code", "id"),
        serves("groups_of_board", "board_id", "id"),
        serves("groups_by_name", "name", "id"),
        searched("groups_by_words", "name"),
    )
    read_scope = "registry:groups:read"

    board_id: Mapped[UUID] = mapped_column(Uuid)
    name: Mapped[str] = mapped_column(String(200))
    kind: Mapped[GroupKind] = choice(GroupKind)
    bond: Mapped[Bond] = choice(Bond)
    formed_on: Mapped[date]
    members: Mapped[int] = mapped_column(Integer)
    women: Mapped[int] = mapped_column(Integer)
    dissolved_on: Mapped[date | None]
    """Its last day; null while it works."""

    dissolution_reference: Mapped[str | None] = mapped_column(String(200))


class JointLiability(CommunityItem, Base):
    """A statement in which members of a group answer for each other's loans; on a day the last one signed counts."""

    __tablename__ = "joint_liabilities"
    __table_args__ = community(
        child_of("groups", "group_id"),
        CheckConstraint("signatories >= 1", name="signatories"),
        serves("joint_liabilities_of_group", "group_id", "signed_on", "id"),
    )
    read_scope = "registry:groups:read"

    group_id: Mapped[UUID] = mapped_column(Uuid)
    signed_on: Mapped[date]
    document_reference: Mapped[str] = mapped_column(String(200))
    signatories: Mapped[int] = mapped_column(Integer)


class Membership(CommunityItem, Dated, Base):
    """A resident who belongs to a group for a while, in one role."""

    __tablename__ = "memberships"
    __table_args__ = community(
        child_of("groups", "group_id"),
        CheckConstraint("ends_on >= starts_on", name="order"),
        CheckConstraint("(ends_on IS NULL) = (ended_because IS NULL)", name="ended"),
        serves("memberships_of_group", "group_id", "starts_on", "id"),
        serves("memberships_of_resident", "resident_id"),
        serves("memberships_by_place", "kelurahan_code", "id"),
    )
    read_scope = "registry:groups:read"

    group_id: Mapped[UUID] = mapped_column(Uuid)
    resident_id: Mapped[UUID] = mapped_column(Uuid)
    """No foreign key, for the resident may stand under another code that the group's kelurahan had."""

    role: Mapped[MemberRole] = choice(MemberRole)
    trained_on: Mapped[date | None]
    ended_because: Mapped[MembershipEnd | None] = choice(MembershipEnd)


class SavingsMonth(CommunityItem, Base):
    """What a group saved in a month, under the month's first day."""

    __tablename__ = "savings_months"
    __table_args__ = community(
        child_of("groups", "group_id"),
        UniqueConstraint("kelurahan_code", "group_id", "month"),
        CheckConstraint("EXTRACT(DAY FROM month) = 1", name="month"),
        CheckConstraint("savers >= 0 AND (savers = 0) = (savings_rupiah = 0)", name="savers"),
        rupiah_within_bounds("savings_rupiah"),
        serves("savings_months_of_group", "group_id", "month", "id"),
    )
    read_scope = "registry:groups:read"

    group_id: Mapped[UUID] = mapped_column(Uuid)
    month: Mapped[date]
    savings_rupiah: Mapped[Rupiah]
    savers: Mapped[int] = mapped_column(Integer)
    meeting_held: Mapped[bool]
