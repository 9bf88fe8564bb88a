"""Tables of elections: the election, the two tallies of each of its sheets, and the delegates."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    ColumnElement,
    DateTime,
    Index,
    Integer,
    String,
    Text,
    and_,
    exists,
    or_,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, aliased, mapped_column
from sqlalchemy.types import Uuid

from services.registry.database import Base
from services.registry.elections.rules import UNDER_WAY, ElectionState, Standing
from services.registry.residents.service import Sex
from shared.attendance import PoorNotCounted
from shared.permissions import Caller
from shared.tables import CommunityItem, FourEyes, child_of, choice, community, serves

READ_SCOPE = "registry:elections:read"


class Election(FourEyes, CommunityItem, Base):
    """An election of a board; public once certified. Who entered or changed a number of it is in `touched_by`."""

    __tablename__ = "elections"
    __table_args__ = community(
        CheckConstraint("(state = 'certified') = (term_id IS NOT NULL)", name="certified"),
        CheckConstraint("(state = 'annulled') = (annulment_reason IS NOT NULL)", name="annulled"),
        CheckConstraint("(voters IS NULL) = (eligible IS NULL) AND voters <= eligible", name="turnout"),
        CheckConstraint("collected IS NULL OR collected BETWEEN 0 AND voters AND voters IS NOT NULL", name="collected"),
        serves("elections_by_place", "kelurahan_code", "id"),
        serves("elections_of_board", "board_id", "id"),
        serves("elections_by_state", "state", "id"),
        serves("elections_by_meeting", "meeting_on", "id"),
    )
    read_scope = READ_SCOPE

    board_id: Mapped[UUID] = mapped_column(Uuid)
    state: Mapped[ElectionState] = choice(ElectionState)
    ruleset: Mapped[str] = mapped_column(String(40))
    ballots_from: Mapped[date]
    ballots_until: Mapped[date]
    meeting_on: Mapped[date]
    term_starts_on: Mapped[date]
    term_ends_on: Mapped[date]
    rt_count: Mapped[int] = mapped_column(Integer)
    names_per_ballot: Mapped[int] = mapped_column(Integer)
    committee_election_pokja: Mapped[int] = mapped_column(Integer)
    committee_statutes_pokja: Mapped[int] = mapped_column(Integer)
    committee_monitoring_pokja: Mapped[int] = mapped_column(Integer)
    committee_person_ids: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid))
    committee_chair_person_id: Mapped[UUID | None] = mapped_column(Uuid)
    committee_chair_resigned_on: Mapped[date | None]
    voters: Mapped[int | None] = mapped_column(Integer)
    eligible: Mapped[int | None] = mapped_column(Integer)
    collected: Mapped[int | None] = mapped_column(Integer)
    """Those of the voters whose votes were collected door to door; None too when an RT noted only that some were."""

    term_id: Mapped[UUID | None] = mapped_column(Uuid)
    certified_on: Mapped[date | None]
    certification_reference: Mapped[str | None] = mapped_column(String(200))
    annulled_on: Mapped[date | None]
    annulment_reason: Mapped[str | None] = mapped_column(Text)

    @classmethod
    def is_public(cls) -> ColumnElement[bool]:
        return cls.state == ElectionState.CERTIFIED


# Under a name of its own, for whoever reads tallies may have joined their election.
_OWN_ELECTION = aliased(Election, name="own_election")


class Tally(CommunityItem):
    """What one person read from a paper sheet, the first (1) or the second (2) to enter it.

    Until the other person has entered the same sheet, nobody else sees it. Once its election is certified,
    the first of the two, which agree, is public. One that was withdrawn is nobody else's to see before its election
    has ended, for somebody has yet to enter the same sheet.
    """

    read_scope = READ_SCOPE

    election_id: Mapped[UUID] = mapped_column(Uuid)
    number: Mapped[int] = mapped_column(Integer)
    entered_by: Mapped[UUID] = mapped_column(Uuid)
    standing: Mapped[Standing] = choice(Standing)
    withdrawn_by: Mapped[UUID | None] = mapped_column(Uuid)
    withdrawal_reason: Mapped[str | None] = mapped_column(Text)

    @classmethod
    def _of_election(cls, *states: ElectionState) -> ColumnElement[bool]:
        return exists().where(_OWN_ELECTION.id == cls.election_id, _OWN_ELECTION.state.in_(states))

    @classmethod
    def is_public(cls) -> ColumnElement[bool]:
        counts = and_(cls.number == 1, cls.standing == Standing.AGREED)
        return and_(counts, cls._of_election(ElectionState.CERTIFIED))

    @classmethod
    def is_withheld(cls, caller: Caller) -> ColumnElement[bool]:
        withdrawn = and_(cls.standing == Standing.WITHDRAWN, cls._of_election(*UNDER_WAY))
        blind = or_(cls.standing == Standing.WAITING, withdrawn)
        return blind if caller.person_id is None else and_(blind, cls.entered_by != caller.person_id)


_WITHDRAWN = "(standing = 'withdrawn') = (withdrawn_by IS NOT NULL) AND (standing = 'withdrawn') = (withdrawal_reason IS NOT NULL)"


def _of_one_sheet(table: str, *sheet: str) -> Index:
    """Return the index that keeps a sheet to one first and one second tally, besides those that were withdrawn."""
    return serves(
        f"{table}_of_one_sheet",
        "kelurahan_code",
        "election_id",
        *sheet,
        "number",
        unique=True,
        postgresql_nulls_not_distinct=True,
        postgresql_where=text("standing <> 'withdrawn'"),
    )


class Ballot(Tally, Base):
    """A tally of one RT's ballot."""

    __tablename__ = "ballots"
    __table_args__ = community(
        child_of("elections", "election_id"),
        _of_one_sheet("ballots", "rt", "rw"),
        CheckConstraint("number IN (1, 2)", name="two"),
        CheckConstraint(_WITHDRAWN, name="withdrawn"),
        CheckConstraint(
            "voters_men BETWEEN 0 AND eligible_men AND voters_women BETWEEN 0 AND eligible_women", name="voters"
        ),
        CheckConstraint("papers_valid + papers_invalid = voters_men + voters_women", name="papers"),
        CheckConstraint(
            "num_nulls(attending_men, attending_women, collected_men, collected_women) IN (0, 4)"
            " AND (door_to_door OR attending_men IS NULL)"
            " AND attending_men + collected_men = voters_men AND attending_women + collected_women = voters_women"
            " AND least(attending_men, attending_women, collected_men, collected_women) >= 0",
            name="ways",
        ),
        CheckConstraint(
            "(voters_poor IS NULL) = (voters_poor_missing IS NOT NULL)"
            " AND (delegates_poor IS NULL) = (delegates_poor_missing IS NOT NULL)",
            name="reasons",
        ),
        serves("ballots_of_election", "election_id", "id"),
    )

    rt: Mapped[str] = mapped_column(String(4))
    rw: Mapped[str | None] = mapped_column(String(4))
    eligible_men: Mapped[int] = mapped_column(Integer)
    eligible_women: Mapped[int] = mapped_column(Integer)
    voters_men: Mapped[int] = mapped_column(Integer)
    voters_women: Mapped[int] = mapped_column(Integer)
    voters_poor: Mapped[int | None] = mapped_column(Integer)
    voters_poor_missing: Mapped[PoorNotCounted | None] = choice(PoorNotCounted)
    attending_men: Mapped[int | None] = mapped_column(Integer)
    attending_women: Mapped[int | None] = mapped_column(Integer)
    collected_men: Mapped[int | None] = mapped_column(Integer)
    collected_women: Mapped[int | None] = mapped_column(Integer)
    papers_valid: Mapped[int] = mapped_column(Integer)
    papers_invalid: Mapped[int] = mapped_column(Integer)
    papers_names: Mapped[int] = mapped_column(Integer)
    delegates_men: Mapped[int] = mapped_column(Integer)
    delegates_women: Mapped[int] = mapped_column(Integer)
    delegates_poor: Mapped[int | None] = mapped_column(Integer)
    delegates_poor_missing: Mapped[PoorNotCounted | None] = choice(PoorNotCounted, name="delegatespoornotcounted")
    door_to_door: Mapped[bool] = mapped_column(Boolean)
    handled_separately: Mapped[str | None] = mapped_column(String(200))
    minutes_reference: Mapped[str] = mapped_column(String(200))


class Meeting(Tally, Base):
    """A tally of the kelurahan meeting that elected the board.

    `members` are the elected in the order of the paper, each with the id of the record that holds the name,
    sealed; `member_records` holds the same ids once more, so that the records can be joined.
    """

    __tablename__ = "election_meetings"
    __table_args__ = community(
        child_of("elections", "election_id"),
        _of_one_sheet("election_meetings"),
        CheckConstraint("number IN (1, 2)", name="two"),
        CheckConstraint(_WITHDRAWN, name="withdrawn"),
        serves("election_meetings_of_election", "election_id", "id"),
    )

    held_on: Mapped[date]
    present_men: Mapped[int] = mapped_column(Integer)
    present_women: Mapped[int] = mapped_column(Integer)
    observers: Mapped[int] = mapped_column(Integer)
    members: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    member_records: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid))
    minutes_reference: Mapped[str] = mapped_column(String(200))


class Delegate(CommunityItem, Base):
    """A delegate (utusan) whom an RT sent to the kelurahan meeting; a name is kept sealed under the same id.

    Who was listed by mistake is withdrawn: the name goes, the row stays, so that a late retry finds it.
    """

    __tablename__ = "delegates"
    __table_args__ = community(
        child_of("elections", "election_id"),
        serves("delegates_of_election", "election_id", "id"),
    )
    read_scope = READ_SCOPE

    election_id: Mapped[UUID] = mapped_column(Uuid)
    person_id: Mapped[UUID] = mapped_column(Uuid)
    rt: Mapped[str] = mapped_column(String(4))
    rw: Mapped[str | None] = mapped_column(String(4))
    sex: Mapped[Sex] = choice(Sex)
    poor: Mapped[bool | None] = mapped_column(Boolean)
    withdrawn_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
