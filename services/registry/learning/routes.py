"""Learning communities over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request, Response

from services.registry.dependencies import LearningWriter
from services.registry.learning import queries, service
from services.registry.learning.models import FollowUp, LearningCommunity, LearningSession
from services.registry.learning.schemas import (
    FollowUpChange,
    FollowUpDraft,
    FollowUpQuery,
    FollowUpView,
    LearningCommunityChange,
    LearningCommunityDraft,
    LearningCommunityQuery,
    LearningCommunityView,
    MeasuresQuery,
    MeasuresView,
    SessionChange,
    SessionDraft,
    SessionQuery,
    SessionView,
    YearQuery,
)
from shared.clock import Now
from shared.database import Reading, Snapshot
from shared.items import child_to_change, one_of, to_change, to_extend
from shared.lists import Page, page
from shared.permissions import Anyone
from shared.replies import item_reply, reply, saved, to_json
from shared.routing import router
from shared.writing import Writing

routes = router("/registry/v1/learning-communities", tags=["learning"])

CommunityToExtend = Annotated[LearningCommunity, Depends(to_extend(LearningCommunity))]
CommunityToChange = Annotated[LearningCommunity, Depends(to_change(LearningCommunity, queries.one_community))]
SessionToChange = Annotated[
    LearningSession,
    Depends(
        child_to_change(
            LearningCommunity,
            LearningSession,
            of="learning_community_id",
            at="learning_session_id",
            represent=queries.one_session,
        )
    ),
]
FollowUpToChange = Annotated[
    FollowUp,
    Depends(
        child_to_change(
            LearningCommunity,
            FollowUp,
            of="learning_community_id",
            at="follow_up_id",
            represent=queries.one_follow_up,
        )
    ),
]


@routes.get("", response_model=Page[LearningCommunityView])
async def list_learning_communities(
    request: Request, caller: Anyone, connection: Reading, query: Annotated[LearningCommunityQuery, Query()]
) -> Response:
    """List learning communities of kelurahan (KBK) and cities (KBP)."""
    statement = queries.communities(query, caller)
    order = queries.ORDERS[query.sort]
    return await page(request, connection, statement, query=query, order=order, shape=queries.community_view)


@routes.post("", status_code=201, response_model=LearningCommunityView)
async def record_learning_community(
    by: LearningWriter, session: Writing, draft: LearningCommunityDraft, now: Now
) -> Response:
    """Record a learning community in a region that the caller serves."""
    community_id, new = await service.record_community(session, draft, by=by, now=now)
    community = await queries.one_community(session, community_id, by, now)
    return saved(community, status=201 if new else 200, location=f"{routes.prefix}/{community_id}")


@routes.get("/measures", response_model=MeasuresView)
async def measure_learning(
    request: Request, _caller: Anyone, connection: Reading, query: Annotated[MeasuresQuery, Query()], now: Now
) -> Response:
    """Measure what the learning communities of a region did in a year: sums, never means of ratios."""
    return reply(request, to_json(await queries.measures(connection, query, now)))


@routes.get("/{id}", response_model=LearningCommunityView)
async def read_learning_community(id: UUID, request: Request, caller: Anyone, connection: Reading) -> Response:
    """Read one learning community."""
    return item_reply(request, await queries.one_community(connection, id, caller))


@routes.patch("/{id}", response_model=LearningCommunityView)
async def change_learning_community(
    by: LearningWriter, session: Writing, community: CommunityToChange, change: LearningCommunityChange, now: Now
) -> Response:
    """Correct a learning community, or say when it ended (JSON Merge Patch)."""
    await service.change_community(session, community, change, by=by, now=now)
    return saved(await queries.one_community(session, community.id, by, now))


@routes.get("/{id}/measures", response_model=MeasuresView)
async def measure_learning_community(
    id: UUID, request: Request, caller: Anyone, connection: Snapshot, query: Annotated[YearQuery, Query()], now: Now
) -> Response:
    """Measure what one learning community did in a year."""
    return reply(request, to_json(await queries.measures_of(connection, id, query.year, caller, now)))


@routes.get("/{id}/sessions", response_model=Page[SessionView])
async def list_learning_sessions(
    id: UUID, request: Request, caller: Anyone, connection: Reading, query: Annotated[SessionQuery, Query()]
) -> Response:
    """List a community's sessions, the latest first."""
    statement = queries.sessions(id, query, caller)
    return await page(
        request,
        connection,
        statement,
        query=query,
        order=queries.SESSIONS_NEWEST_FIRST,
        shape=queries.session_view,
        of=one_of(LearningCommunity, id, caller),
    )


@routes.post("/{id}/sessions", status_code=201, response_model=SessionView)
async def record_learning_session(
    by: LearningWriter, session: Writing, community: CommunityToExtend, draft: SessionDraft, now: Now
) -> Response:
    """Record a session with who attended."""
    session_id, new = await service.record_session(session, community, draft, by=by, now=now)
    held = await queries.one_session(session, community.id, session_id, by, now)
    return saved(held, status=201 if new else 200, location=f"{routes.prefix}/{community.id}/sessions/{session_id}")


@routes.get("/{id}/sessions/{learning_session_id}", response_model=SessionView)
async def read_learning_session(
    id: UUID, learning_session_id: UUID, request: Request, caller: Anyone, connection: Reading, now: Now
) -> Response:
    """Read one session."""
    return item_reply(request, await queries.one_session(connection, id, learning_session_id, caller, now))


@routes.patch("/{id}/sessions/{learning_session_id}", response_model=SessionView)
async def change_learning_session(
    by: LearningWriter, session: Writing, held: SessionToChange, change: SessionChange, now: Now
) -> Response:
    """Correct what is said of a session (JSON Merge Patch)."""
    await service.change_session(session, held, change, by=by, now=now)
    return saved(await queries.one_session(session, held.learning_community_id, held.id, by, now))


@routes.get("/{id}/follow-ups", response_model=Page[FollowUpView])
async def list_follow_ups(
    id: UUID, request: Request, caller: Anyone, connection: Reading, query: Annotated[FollowUpQuery, Query()]
) -> Response:
    """List what a community's sessions agreed to do, by the day it is due."""
    statement = queries.follow_ups(id, query, caller)
    return await page(
        request,
        connection,
        statement,
        query=query,
        order=queries.FOLLOW_UPS_BY_DAY,
        shape=queries.follow_up_view,
        of=one_of(LearningCommunity, id, caller),
    )


@routes.post("/{id}/follow-ups", status_code=201, response_model=FollowUpView)
async def record_follow_up(
    by: LearningWriter, session: Writing, community: CommunityToExtend, draft: FollowUpDraft, now: Now
) -> Response:
    """Record what a session agreed that an institution does by a day."""
    follow_up_id, new = await service.record_follow_up(session, community, draft, by=by, now=now)
    follow_up = await queries.one_follow_up(session, community.id, follow_up_id, by, now)
    address = f"{routes.prefix}/{community.id}/follow-ups/{follow_up_id}"
    return saved(follow_up, status=201 if new else 200, location=address)


@routes.get("/{id}/follow-ups/{follow_up_id}", response_model=FollowUpView)
async def read_follow_up(
    id: UUID, follow_up_id: UUID, request: Request, caller: Anyone, connection: Reading, now: Now
) -> Response:
    """Read one follow-up."""
    return item_reply(request, await queries.one_follow_up(connection, id, follow_up_id, caller, now))


@routes.patch("/{id}/follow-ups/{follow_up_id}", response_model=FollowUpView)
async def change_follow_up(
    by: LearningWriter, session: Writing, follow_up: FollowUpToChange, change: FollowUpChange, now: Now
) -> Response:
    """Correct a follow-up, or say when it was done (JSON Merge Patch)."""
    await service.change_follow_up(session, follow_up, change, by=by, now=now)
    return saved(await queries.one_follow_up(session, follow_up.learning_community_id, follow_up.id, by, now))
