"""Table of what officers declared about themselves."""

from datetime import date
from uuid import UUID

from sqlalchemy import CheckConstraint, String
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Uuid

from services.registry.composition.rules import Occupation, OccupationUnknown, OfficesUnknown, PoorUnknown, WomanUnknown
from services.registry.database import Base
from shared.tables import CommunityItem, child_of, choice, community, serves

READS_PERSONAL = "registry:personal:read"
FIELDS = ("woman", "poor", "occupation", "other_offices")


class Declaration(CommunityItem, Base):
    """What an officer said on a day; it holds until the next. Only numbers made of many of them are public."""

    __tablename__ = "declarations"
    __table_args__ = community(
        child_of("officers", "officer_id"),
        CheckConstraint(
            " AND ".join(f"({name} IS NULL) = ({name}_unknown IS NOT NULL)" for name in FIELDS), name="reasons"
        ),
        serves("declarations_of_officer", "officer_id", "declared_on", "id"),
        serves("declarations_of_board", "board_id", "id"),
    )
    read_scope = READS_PERSONAL

    officer_id: Mapped[UUID] = mapped_column(Uuid)
    board_id: Mapped[UUID] = mapped_column(Uuid)
    declared_on: Mapped[date]
    woman: Mapped[bool | None]
    woman_unknown: Mapped[WomanUnknown | None] = choice(WomanUnknown)
    poor: Mapped[bool | None]
    poor_unknown: Mapped[PoorUnknown | None] = choice(PoorUnknown)
    occupation: Mapped[Occupation | None] = choice(Occupation)
    occupation_unknown: Mapped[OccupationUnknown | None] = choice(OccupationUnknown)
    other_offices: Mapped[list[str] | None] = mapped_column(ARRAY(String(40)))
    other_offices_unknown: Mapped[OfficesUnknown | None] = choice(OfficesUnknown)
