"""Table of volunteers; what names them is sealed in the personal records."""

from datetime import date
from uuid import UUID

from sqlalchemy import CheckConstraint, String
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Uuid

from services.registry.database import Base
from services.registry.residents.service import Sex
from services.registry.volunteers.rules import VolunteerRole
from shared.tables import CommunityItem, Dated, choice, community, serves


def _one_of(roles: type[VolunteerRole]) -> str:
    return ", ".join(f"'{role}'" for role in roles)


class Volunteer(CommunityItem, Dated, Base):
    """A person who works for the cycle in a kelurahan, for a time; the personal record has the same id."""

    __tablename__ = "volunteers"
    __table_args__ = community(
        CheckConstraint("ends_on >= starts_on", name="order"),
        CheckConstraint(
            f"cardinality(roles) > 0 AND roles <@ ARRAY[{_one_of(VolunteerRole)}]::varchar[]", name="roles"
        ),
        serves("volunteers_by_place", "kelurahan_code", "id"),
        serves("volunteers_by_role", "roles", postgresql_using="gin"),
        serves("volunteers_of_person", "person_id"),
    )
    read_scope = "registry:volunteers:read"

    person_id: Mapped[UUID] = mapped_column(Uuid)
    resident_id: Mapped[UUID | None] = mapped_column(Uuid)
    sex: Mapped[Sex] = choice(Sex)
    roles: Mapped[list[str]] = mapped_column(ARRAY(String(40)))
    trained_on: Mapped[date | None]
