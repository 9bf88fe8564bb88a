"""Elections over HTTP, with their delegates.

Replies to writes are kept beside their keys, where no erasure would find a name: they name nobody (decision 0013).
"""

from collections.abc import Sequence
from functools import partial
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Query, Request, Response

from services.registry.dependencies import (
    ElectionApprover,
    ElectionReader,
    ElectionWriter,
    PersonalSight,
    PersonalVault,
)
from services.registry.elections import delegates, judging, queries, service
from services.registry.elections.models import Delegate, Election
from services.registry.elections.schemas import (
    Annulment,
    Certification,
    DelegateChange,
    DelegateDraft,
    DelegateQuery,
    DelegateView,
    ElectionChange,
    ElectionDraft,
    ElectionQuery,
    ElectionView,
    GatesView,
)
from shared.clock import Now
from shared.database import Reading
from shared.errors import Fault, Language
from shared.items import child_to_change, one_of, to_change, to_extend
from shared.lists import Page, page
from shared.permissions import Anyone
from shared.problems import language_of
from shared.replies import item_reply, reply, saved, to_json
from shared.restricted import stored_nowhere
from shared.routing import router
from shared.writing import Writing

routes = router("/registry/v1/elections", tags=["elections"])

ElectionToChange = Annotated[Election, Depends(to_change(Election, queries.one_election))]
ElectionToExtend = Annotated[Election, Depends(to_extend(Election))]
DelegateToChange = Annotated[
    Delegate,
    Depends(child_to_change(Election, Delegate, of="election_id", at="delegate_id", represent=queries.one_delegate)),
]


@routes.get("", response_model=Page[ElectionView])
async def list_elections(
    request: Request, caller: Anyone, connection: Reading, query: Annotated[ElectionQuery, Query()]
) -> Response:
    """List elections with their turnout: everyone the certified ones, in the own regions all."""
    statement = queries.elections(query, caller)
    order = queries.ORDERS[query.sort]
    return await page(request, connection, statement, query=query, order=order, shape=queries.election_view)


@routes.post("", status_code=201, response_model=ElectionView)
async def open_election(by: ElectionWriter, session: Writing, draft: ElectionDraft, now: Now) -> Response:
    """Open an election of a board: its dates, its committee, and how residents vote."""
    election_id, new = await service.open_election(session, draft, by=by, now=now)
    election = await queries.one_election(session, election_id, by, now)
    return saved(election, status=201 if new else 200, location=f"{routes.prefix}/{election_id}")


@routes.get("/{id}", response_model=ElectionView)
async def read_election(id: UUID, request: Request, caller: Anyone, connection: Reading, now: Now) -> Response:
    """Read one election."""
    return item_reply(request, await queries.one_election(connection, id, caller, now))


@routes.patch("/{id}", response_model=ElectionView)
async def change_election(
    by: ElectionWriter, session: Writing, election: ElectionToChange, change: ElectionChange, now: Now
) -> Response:
    """Edit the programme of an election (JSON Merge Patch) until it is certified."""
    await service.change_election(session, election, change, by=by, now=now)
    return saved(await queries.one_election(session, election.id, by, now))


def _gates(found: Sequence[Fault], language: Language) -> list[dict[str, Any]]:
    return [
        {"pointer": one.pointer, "code": one.code, "message": one.message.said(language, one.values)} for one in found
    ]


@routes.get("/{id}/gates", response_model=GatesView)
async def read_gates(
    id: UUID, request: Request, caller: ElectionReader, connection: Reading, vault: PersonalVault
) -> Response:
    """Read what still keeps an election from being certified, all of it, and what is only told."""
    judged = await judging.gates(connection, id, vault, by=caller)
    language = language_of(request.headers.get("accept-language"))
    body = {
        "election_id": id,
        "state": judged.state,
        "ready": not judged.missing,
        "missing": _gates(judged.missing, language),
        "warnings": _gates(judged.warnings, language),
    }
    return reply(request, to_json(body), headers={"Content-Language": language})


@routes.post("/{id}/certification", response_model=ElectionView)
async def certify_election(
    by: ElectionApprover,
    session: Writing,
    election: ElectionToChange,
    draft: Certification,
    vault: PersonalVault,
    now: Now,
) -> Response:
    """Certify an election: its board gets the term and the officers that residents elected.

    Nobody who entered or changed a number of it may. A refusal names everything that is missing.
    """
    await service.certify(session, election, draft, vault, by=by, now=now)
    return saved(await queries.one_election(session, election.id, by, now))


@routes.post("/{id}/annulment", response_model=ElectionView)
async def annul_election(
    by: ElectionApprover, session: Writing, election: ElectionToChange, draft: Annulment, now: Now
) -> Response:
    """Annul an election that is not certified, with the reason; the board may then open another."""
    await service.annul(session, election, draft, by=by, now=now)
    return saved(await queries.one_election(session, election.id, by, now))


@routes.get("/{id}/delegates", response_model=Page[DelegateView])
async def list_delegates(
    id: UUID,
    request: Request,
    _caller: ElectionReader,
    sight: PersonalSight,
    query: Annotated[DelegateQuery, Query()],
    vault: PersonalVault,
) -> Response:
    """List an election's delegates in the own regions; names with registry:personal:read, which leaves an entry."""
    found = await page(
        request,
        sight.connection,
        queries.delegates(id, query, sight.caller),
        query=query,
        order=queries.DELEGATES_RECORDED,
        shape=partial(queries.delegate_view, vault=vault if sight.unmasked else None),
        seen=sight.noting("delegates.read", f"elections/{id}", query),
        of=one_of(Election, id, sight.caller),
    )
    return stored_nowhere(found)


@routes.post("/{id}/delegates", status_code=201, response_model=DelegateView)
async def record_delegate(
    by: ElectionWriter,
    session: Writing,
    election: ElectionToExtend,
    draft: DelegateDraft,
    vault: PersonalVault,
    now: Now,
) -> Response:
    """Record a delegate whom an RT sends to the kelurahan meeting."""
    delegate_id, new = await delegates.record_delegate(session, election, draft, vault, by=by, now=now)
    delegate = await queries.one_delegate(session, election.id, delegate_id, by, now)
    location = f"{routes.prefix}/{election.id}/delegates/{delegate_id}"
    return saved(delegate, status=201 if new else 200, location=location)


@routes.get("/{id}/delegates/{delegate_id}", response_model=DelegateView)
async def read_delegate(
    id: UUID, delegate_id: UUID, request: Request, _caller: ElectionReader, sight: PersonalSight, vault: PersonalVault
) -> Response:
    """Read one delegate, also one who was withdrawn."""
    row = await queries.delegate_row(sight.connection, id, delegate_id, sight.caller)
    sight.noting("delegates.read", f"delegates/{delegate_id}")([row])
    return stored_nowhere(item_reply(request, queries.delegate_view(row, vault=vault if sight.unmasked else None)))


@routes.patch("/{id}/delegates/{delegate_id}", response_model=DelegateView)
async def change_delegate(
    by: ElectionWriter,
    session: Writing,
    delegate: DelegateToChange,
    change: DelegateChange,
    vault: PersonalVault,
    now: Now,
) -> Response:
    """Correct how a delegate is listed (JSON Merge Patch), until the election has ended."""
    await delegates.change_delegate(session, delegate, change, vault, by=by, now=now)
    return saved(await queries.one_delegate(session, delegate.election_id, delegate.id, by, now))


@routes.delete("/{id}/delegates/{delegate_id}", response_model=DelegateView)
async def withdraw_delegate(by: ElectionWriter, session: Writing, delegate: DelegateToChange, now: Now) -> Response:
    """Withdraw a delegate who was listed by mistake; the name is forgotten."""
    await delegates.withdraw_delegate(session, delegate, by=by, now=now)
    return saved(await queries.one_delegate(session, delegate.election_id, delegate.id, by, now))
