"""Tables of committees; whoever holds an office sits, so that no person is named."""

from datetime import date
from uuid import UUID

from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, String, UniqueConstraint, true
from sqlalchemy.orm import Mapped, mapped_column

from services.registry.committees.rules import CommitteeKind, CommitteeRole, DocumentKind
from services.registry.database import Base
from shared.searching import searched
from shared.tables import Dated, RegionalItem, choice, regional, serves


class OfCommittees(RegionalItem):
    """What a committee is and has is public."""

    read_scope = "registry:boards:read"

    @classmethod
    def is_public(cls) -> ColumnElement[bool]:
        return true()


class Committee(OfCommittees, Base):
    """The poverty committee of a province, city or regency, whatever the law called it at the time."""

    __tablename__ = "committees"
    __table_args__ = regional(UniqueConstraint("region_code"))


class Decree(OfCommittees, Dated, Base):
    """A decree (SK) of governor, mayor or regent: what the committee is called while it holds."""

    __tablename__ = "decrees"
    __table_args__ = regional(
        CheckConstraint("ends_on >= starts_on", name="order"),
        serves("decrees_of_committee", "committee_id", "starts_on", "id"),
        searched("decrees_by_words", "name"),
    )

    committee_id: Mapped[UUID] = mapped_column(ForeignKey("committees.id"))
    kind: Mapped[CommitteeKind] = choice(CommitteeKind)
    name: Mapped[str] = mapped_column(String(200))
    number: Mapped[str] = mapped_column(String(100))
    signed_on: Mapped[date]


class CommitteeMember(OfCommittees, Dated, Base):
    """An office of an institution that sits on a committee."""

    __tablename__ = "committee_members"
    __table_args__ = regional(
        CheckConstraint("ends_on >= starts_on", name="order"),
        serves("members_of_committee", "committee_id", "starts_on", "id"),
    )

    committee_id: Mapped[UUID] = mapped_column(ForeignKey("committees.id"))
    institution: Mapped[str] = mapped_column(String(200))
    office: Mapped[str] = mapped_column(String(200))
    role: Mapped[CommitteeRole] = choice(CommitteeRole)


class CommitteeDocument(OfCommittees, Base):
    """A document that a committee prepared, by its reference."""

    __tablename__ = "committee_documents"
    __table_args__ = regional(
        serves("documents_of_committee", "committee_id", "dated_on", "id"),
    )

    committee_id: Mapped[UUID] = mapped_column(ForeignKey("committees.id"))
    kind: Mapped[DocumentKind] = choice(DocumentKind)
    title: Mapped[str] = mapped_column(String(200))
    reference: Mapped[str] = mapped_column(String(200))
    dated_on: Mapped[date]
