"""Table of partners."""

from sqlalchemy import Boolean, String
from sqlalchemy.orm import Mapped, mapped_column

from services.registry.database import Base
from services.registry.partners.rules import PartnerKind
from shared.searching import searched
from shared.tables import Item, choice, reference, serves


class Partner(Item, Base):
    """An organisation that channels money or skill to communities."""

    __tablename__ = "partners"
    __table_args__ = reference(serves("partners_by_name", "name", "id"), searched("partners_by_words", "name"))

    name: Mapped[str] = mapped_column(String(200))
    kind: Mapped[PartnerKind] = choice(PartnerKind)
    website: Mapped[str | None] = mapped_column(String(300))
    active: Mapped[bool] = mapped_column(Boolean)
