"""Table of groups; who the members are belongs to the residents' register, here are only counts."""

from datetime import date
from uuid import UUID

from sqlalchemy import CheckConstraint, Integer, String
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Uuid

from services.registry.database import Base
from services.registry.groups.rules import Bond, GroupKind
from shared.searching import searched
from shared.tables import CommunityItem, child_of, choice, community, serves


class Group(CommunityItem, Base):
    """A self-help group (KSM) that works with a board."""

    __tablename__ = "groups"
    __table_args__ = community(
        child_of("boards", "board_id"),
        CheckConstraint("women BETWEEN 0 AND members", name="women"),
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
