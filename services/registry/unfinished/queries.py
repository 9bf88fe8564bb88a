"""How what is unfinished is counted: of many kelurahan in one statement, and of an account in one."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Date,
    Select,
    String,
    bindparam,
    cast,
    func,
    literal,
    null,
    select,
    union_all,
)

from services.registry.database import jobs, places, sync_conflicts
from services.registry.elections.service import UNDER_WAY, Election
from services.registry.learning.service import FollowUp
from services.registry.personal.service import Duplicate, DuplicateState
from services.registry.programmes.service import Enrolment
from services.registry.unfinished.rules import Unfinished
from shared.items import in_place
from shared.jobstates import JobState
from shared.statements import among

_NOTHING = cast(null(), String)


def of_places(codes: Sequence[str], *, on: date) -> CompoundSelect[Any]:
    """Return the statement of what is unfinished in kelurahan, by the code each was asked for by and today's."""
    # Two codes that stand for one place by now are counted once.
    given = (
        select(func.min(places.c.kelurahan_code).label("code"), places.c.code_now)
        .where(among(places.c.kelurahan_code, codes))
        .group_by(places.c.code_now)
        .subquery("given")
    )

    def part(subject: Unfinished, model: Any, open_: ColumnElement[bool], what: Any = _NOTHING) -> Select[Any]:
        columns = (given.c.code, given.c.code_now, what)
        return (
            select(
                literal(subject.value).label("subject"),
                given.c.code,
                given.c.code_now,
                what.label("what"),
                func.count().label("count"),
            )
            .select_from(model)
            .join(places, in_place(model))
            .join(given, given.c.code_now == places.c.code_now)
            .where(open_)
            .group_by(*(one for one in columns if one is not _NOTHING))
        )

    day = bindparam("on", on, type_=Date)
    return union_all(
        part(Unfinished.ELECTIONS, Election, Election.state.in_(UNDER_WAY), cast(Election.state, String)),
        part(Unfinished.DUPLICATES, Duplicate, Duplicate.state == DuplicateState.OPEN),
        part(Unfinished.ENROLMENTS, Enrolment, Enrolment.starts_on > day),
        part(
            Unfinished.FOLLOW_UPS,
            FollowUp,
            FollowUp.done_on.is_(None),
            cast(FollowUp.learning_community_id, String),
        ),
    )


def of_account(account_id: UUID) -> CompoundSelect[Any]:
    """Return the statement of what is unfinished of an account, wherever it is about."""
    running = (JobState.QUEUED.value, JobState.RUNNING.value)
    return union_all(
        select(
            literal(Unfinished.CONFLICTS.value).label("subject"), _NOTHING.label("what"), func.count().label("count")
        )
        .where(sync_conflicts.c.account == account_id, sync_conflicts.c.settled_at.is_(None))
        .having(func.count() > 0),
        select(literal(Unfinished.JOBS.value), jobs.c.state, func.count())
        .where(jobs.c.account == account_id, jobs.c.state.in_(running))
        .group_by(jobs.c.state),
    )
