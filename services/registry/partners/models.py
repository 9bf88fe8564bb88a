"""Tables of partners and of their verifications."""

from datetime import date
from uuid import UUID

from sqlalchemy import Boolean, CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Uuid

from services.registry.database import Base
from services.registry.partners.rules import Evidence, PartnerKind, VerificationEnd
from shared.searching import searched
from shared.tables import Code, FourEyes, Item, choice, reference, serves


class Partner(Item, FourEyes, Base):
    """An organisation that channels money or skill to communities; its contact person is a personal record."""

    __tablename__ = "partners"
    __table_args__ = reference(
        CheckConstraint(
            "(verified_on IS NULL) = (evidence IS NULL) AND (verified_on IS NULL) = (evidence_reference IS NULL)",
            name="verification",
        ),
        CheckConstraint("contact_id IS NULL OR region_code IS NOT NULL", name="contact_seat"),
        serves("partners_by_name", "name", "id"),
        searched("partners_by_words", "name"),
        serves("partners_by_seat", "region_code", "id"),
    )

    name: Mapped[str] = mapped_column(String(200))
    kind: Mapped[PartnerKind] = choice(PartnerKind)
    website: Mapped[str | None] = mapped_column(String(300))
    active: Mapped[bool] = mapped_column(Boolean)
    region_code: Mapped[Code | None]
    registration_number: Mapped[str | None] = mapped_column(String(100))
    tax_number: Mapped[str | None] = mapped_column(String(16))
    mailbox: Mapped[str | None] = mapped_column(String(200))
    contact_id: Mapped[UUID | None] = mapped_column(Uuid)
    verified_on: Mapped[date | None]
    evidence: Mapped[Evidence | None] = choice(Evidence)
    evidence_reference: Mapped[str | None] = mapped_column(String(200))
    expires_on: Mapped[date | None]


class Verification(Item, Base):
    """That somebody saw the evidence of who a partner is, and how that ended; the latest stands in the partner too."""

    __tablename__ = "partner_verifications"
    __table_args__ = reference(
        CheckConstraint("(ended_on IS NULL) = (ended_because IS NULL)", name="ended"),
        serves("verifications_of_partner", "partner_id", "id"),
    )

    partner_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("partners.id"))
    verified_on: Mapped[date]
    evidence: Mapped[Evidence] = choice(Evidence)
    evidence_reference: Mapped[str] = mapped_column(String(200))
    expires_on: Mapped[date | None]
    verified_by: Mapped[UUID | None] = mapped_column(Uuid)
    """The account; unknown of what was verified before it was kept."""

    ended_on: Mapped[date | None]
    """The first day on which it counts no more."""

    ended_because: Mapped[VerificationEnd | None] = choice(VerificationEnd)
    ended_reference: Mapped[str | None] = mapped_column(String(200))
    ended_by: Mapped[UUID | None] = mapped_column(Uuid)
