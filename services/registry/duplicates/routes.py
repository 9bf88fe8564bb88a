"""Duplicates over HTTP."""

from collections.abc import Mapping
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request, Response

from services.registry.dependencies import DuplicateReader, DuplicateWriter, PersonalSight, PersonalVault
from services.registry.duplicates import queries, service
from services.registry.duplicates.schemas import (
    Comparison,
    DismissalDraft,
    DuplicateQuery,
    DuplicateView,
    MergeDraft,
)
from services.registry.personal.service import Duplicate
from services.registry.residents import service as residents
from shared.clock import Now
from shared.database import Reading
from shared.items import to_change
from shared.lists import Page, page
from shared.replies import item_reply, saved
from shared.restricted import stored_nowhere
from shared.routing import router
from shared.writing import Writing

routes = router("/registry/v1/duplicates", tags=["duplicates"])


async def _homes(id: UUID, session: Writing, by: DuplicateWriter) -> Mapping[UUID, residents.Household]:
    return await service.pair_of(session, id, by=by)


HomesOfPair = Annotated[Mapping[UUID, residents.Household], Depends(_homes)]
DuplicateToChange = Annotated[Duplicate, Depends(to_change(Duplicate, queries.one_duplicate))]


@routes.get("", response_model=Page[DuplicateView])
async def list_duplicates(
    request: Request, caller: DuplicateReader, connection: Reading, query: Annotated[DuplicateQuery, Query()]
) -> Response:
    """List the pairs of the caller's regions that wait to be judged, the most alike first; nobody is named."""
    return await page(
        request,
        connection,
        queries.duplicates(query, caller),
        query=query,
        order=queries.ORDERS[query.sort],
        shape=queries.duplicate_view,
    )


@routes.get("/{id}", response_model=Comparison)
async def compare_duplicate(
    id: UUID, request: Request, caller: DuplicateReader, sight: PersonalSight, vault: PersonalVault, now: Now
) -> Response:
    """Compare a pair side by side; whoever sees their names leaves an entry for the auditors."""
    pair, shown = await queries.comparison(sight.connection, id, caller, vault if sight.unmasked else None, now=now)
    sight.noting("duplicates.read", f"duplicates/{id}")(range(shown))
    return stored_nowhere(item_reply(request, pair))


@routes.post("/{id}/merge", response_model=DuplicateView)
async def merge_duplicate(
    by: DuplicateWriter,
    session: Writing,
    vault: PersonalVault,
    homes: HomesOfPair,
    pair: DuplicateToChange,
    draft: MergeDraft,
    now: Now,
) -> Response:
    """Let one of the two stand for both; `take` names the fields in which the other wins."""
    await service.merge(session, vault, pair, homes, draft, by=by, now=now)
    return saved(await queries.one_duplicate(session, pair.id, by, now))


@routes.post("/{id}/unmerge", response_model=DuplicateView)
async def unmerge_duplicate(
    by: DuplicateWriter, session: Writing, vault: PersonalVault, homes: HomesOfPair, pair: DuplicateToChange, now: Now
) -> Response:
    """Undo a merge: both are again what they were, unless one was changed since."""
    await service.part(session, vault, pair, homes, by=by, now=now)
    return saved(await queries.one_duplicate(session, pair.id, by, now))


@routes.post("/{id}/dismissal", response_model=DuplicateView)
async def dismiss_duplicate(
    by: DuplicateWriter, session: Writing, pair: DuplicateToChange, draft: DismissalDraft, now: Now
) -> Response:
    """Say that the two are not the same person; asked again only when more speaks for it."""
    await service.dismiss(session, pair, draft, by=by, now=now)
    return saved(await queries.one_duplicate(session, pair.id, by, now))
