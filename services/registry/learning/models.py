"""Tables of learning communities, their sessions and what these agreed to do."""

from datetime import date
from uuid import UUID

from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, Integer, String, true
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from services.registry.database import Base
from services.registry.learning.rules import CommunityKind, SessionForm
from shared.attendance import PoorNotCounted, WomenNotCounted
from shared.searching import searched
from shared.tables import RegionalItem, choice, regional, serves


class OfLearning(RegionalItem):
    """What is learned together is public."""

    read_scope = "registry:boards:read"

    @classmethod
    def is_public(cls) -> ColumnElement[bool]:
        return true()


class LearningCommunity(OfLearning, Base):
    """A learning community of a kelurahan (KBK) or of a city (KBP)."""

    __tablename__ = "learning_communities"
    __table_args__ = regional(
        CheckConstraint("closed_on >= founded_on", name="order"),
        serves("learning_communities_by_region", "region_code", "id"),
        serves("learning_communities_by_name", "name", "id"),
        searched("learning_communities_by_words", "name"),
    )

    kind: Mapped[CommunityKind] = choice(CommunityKind)
    name: Mapped[str] = mapped_column(String(200))
    founded_on: Mapped[date]
    closed_on: Mapped[date | None]


class LearningSession(OfLearning, Base):
    """A session of a learning community; a missing count is null, with its reason."""

    __tablename__ = "learning_sessions"
    __table_args__ = regional(
        CheckConstraint("attendance_total >= 1", name="attendance"),
        CheckConstraint("women BETWEEN 0 AND attendance_total AND poor BETWEEN 0 AND attendance_total", name="parts"),
        CheckConstraint(
            "(women IS NULL) = (women_not_counted IS NOT NULL) AND (poor IS NULL) = (poor_not_counted IS NOT NULL)",
            name="reasons",
        ),
        CheckConstraint("cases_mediated >= 0", name="cases"),
        serves("learning_sessions_of_community", "learning_community_id", "held_on", "id"),
    )

    learning_community_id: Mapped[UUID] = mapped_column(ForeignKey("learning_communities.id"))
    held_on: Mapped[date]
    form: Mapped[SessionForm] = choice(SessionForm)
    topics: Mapped[list[str]] = mapped_column(ARRAY(String(20)))
    title: Mapped[str] = mapped_column(String(200))
    attendance_total: Mapped[int] = mapped_column(Integer)
    women: Mapped[int | None] = mapped_column(Integer)
    women_not_counted: Mapped[WomenNotCounted | None] = choice(WomenNotCounted)
    poor: Mapped[int | None] = mapped_column(Integer)
    poor_not_counted: Mapped[PoorNotCounted | None] = choice(PoorNotCounted)
    cases_mediated: Mapped[int] = mapped_column(Integer)


class FollowUp(OfLearning, Base):
    """What a session agreed that an institution does by a day."""

    __tablename__ = "follow_ups"
    __table_args__ = regional(
        serves("follow_ups_of_community", "learning_community_id", "due_on", "id"),
        serves("follow_ups_of_session", "learning_session_id"),
        serves("follow_ups_open", "region_code", postgresql_where="done_on IS NULL"),
    )

    learning_community_id: Mapped[UUID] = mapped_column(ForeignKey("learning_communities.id"))
    learning_session_id: Mapped[UUID] = mapped_column(ForeignKey("learning_sessions.id"))
    task: Mapped[str] = mapped_column(String(500))
    responsible: Mapped[str] = mapped_column(String(200))
    due_on: Mapped[date]
    done_on: Mapped[date | None]
