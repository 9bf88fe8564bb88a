"""Committees over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request, Response

from services.registry.committees import queries, service
from services.registry.committees.models import Committee, CommitteeDocument, CommitteeMember, Decree
from services.registry.committees.schemas import (
    CommitteeDocumentChange,
    CommitteeDocumentDraft,
    CommitteeDocumentQuery,
    CommitteeDocumentView,
    CommitteeDraft,
    CommitteeMemberChange,
    CommitteeMemberDraft,
    CommitteeMemberView,
    CommitteeQuery,
    CommitteeView,
    DatedQuery,
    DecreeChange,
    DecreeDraft,
    DecreeView,
)
from services.registry.dependencies import CommitteeWriter
from shared.clock import AsOf, Now, today
from shared.database import Reading
from shared.items import child_to_change, one_of, to_extend
from shared.lists import Page, page
from shared.permissions import Anyone
from shared.replies import item_reply, saved
from shared.routing import router
from shared.writing import Writing

routes = router("/registry/v1/committees", tags=["committees"])

CommitteeToExtend = Annotated[Committee, Depends(to_extend(Committee))]
DecreeToChange = Annotated[
    Decree,
    Depends(child_to_change(Committee, Decree, of="committee_id", at="decree_id", represent=queries.one_decree)),
]
MemberToChange = Annotated[
    CommitteeMember,
    Depends(
        child_to_change(
            Committee, CommitteeMember, of="committee_id", at="committee_member_id", represent=queries.one_member
        )
    ),
]
DocumentToChange = Annotated[
    CommitteeDocument,
    Depends(
        child_to_change(
            Committee, CommitteeDocument, of="committee_id", at="committee_document_id", represent=queries.one_document
        )
    ),
]


@routes.get("", response_model=Page[CommitteeView])
async def list_committees(
    request: Request, caller: Anyone, connection: Reading, query: Annotated[CommitteeQuery, Query()], now: Now
) -> Response:
    """List the poverty committees of provinces, cities and regencies."""
    return await page(
        request,
        connection,
        queries.committees(query, caller),
        query=query,
        order=queries.ORDERS[query.sort],
        shape=queries.committee_view,
        parameters={"on": query.as_of or today(now)},
    )


@routes.post("", status_code=201, response_model=CommitteeView)
async def record_committee(by: CommitteeWriter, session: Writing, draft: CommitteeDraft, now: Now) -> Response:
    """Record a committee with the decree that set it up; a region has one."""
    committee_id, new = await service.record_committee(session, draft, by=by, now=now)
    committee = await queries.one_committee(session, committee_id, by, now)
    return saved(committee, status=201 if new else 200, location=f"{routes.prefix}/{committee_id}")


@routes.get("/{id}", response_model=CommitteeView)
async def read_committee(id: UUID, request: Request, caller: Anyone, connection: Reading, now: AsOf) -> Response:
    """Read one committee with its present decree."""
    return item_reply(request, await queries.one_committee(connection, id, caller, now))


@routes.get("/{id}/decrees", response_model=Page[DecreeView])
async def list_decrees(
    id: UUID, request: Request, caller: Anyone, connection: Reading, query: Annotated[DatedQuery, Query()]
) -> Response:
    """List a committee's decrees, the latest first: what it was called, and under which law."""
    statement = queries.decrees(id, query, caller)
    return await page(
        request,
        connection,
        statement,
        query=query,
        order=queries.DECREES_NEWEST_FIRST,
        shape=queries.decree_view,
        of=one_of(Committee, id, caller),
    )


@routes.post("/{id}/decrees", status_code=201, response_model=DecreeView)
async def record_decree(
    by: CommitteeWriter, session: Writing, committee: CommitteeToExtend, draft: DecreeDraft, now: Now
) -> Response:
    """Record a further decree, once the one before has an end."""
    decree_id, new = await service.record_decree(session, committee, draft, by=by, now=now)
    decree = await queries.one_decree(session, committee.id, decree_id, by, now)
    return saved(decree, status=201 if new else 200, location=f"{routes.prefix}/{committee.id}/decrees/{decree_id}")


@routes.get("/{id}/decrees/{decree_id}", response_model=DecreeView)
async def read_decree(
    id: UUID, decree_id: UUID, request: Request, caller: Anyone, connection: Reading, now: Now
) -> Response:
    """Read one decree."""
    return item_reply(request, await queries.one_decree(connection, id, decree_id, caller, now))


@routes.patch("/{id}/decrees/{decree_id}", response_model=DecreeView)
async def change_decree(
    by: CommitteeWriter, session: Writing, decree: DecreeToChange, change: DecreeChange, now: Now
) -> Response:
    """Correct a decree, or say when it ended (JSON Merge Patch)."""
    await service.change_decree(session, decree, change, by=by, now=now)
    return saved(await queries.one_decree(session, decree.committee_id, decree.id, by, now))


@routes.get("/{id}/members", response_model=Page[CommitteeMemberView])
async def list_committee_members(
    id: UUID, request: Request, caller: Anyone, connection: Reading, query: Annotated[DatedQuery, Query()]
) -> Response:
    """List the offices that sit or sat on a committee, the latest first."""
    statement = queries.members(id, query, caller)
    return await page(
        request,
        connection,
        statement,
        query=query,
        order=queries.MEMBERS_NEWEST_FIRST,
        shape=queries.member_view,
        of=one_of(Committee, id, caller),
    )


@routes.post("/{id}/members", status_code=201, response_model=CommitteeMemberView)
async def record_committee_member(
    by: CommitteeWriter, session: Writing, committee: CommitteeToExtend, draft: CommitteeMemberDraft, now: Now
) -> Response:
    """Record an office that sits on a committee."""
    member_id, new = await service.record_member(session, committee, draft, by=by, now=now)
    member = await queries.one_member(session, committee.id, member_id, by, now)
    return saved(member, status=201 if new else 200, location=f"{routes.prefix}/{committee.id}/members/{member_id}")


@routes.get("/{id}/members/{committee_member_id}", response_model=CommitteeMemberView)
async def read_committee_member(
    id: UUID, committee_member_id: UUID, request: Request, caller: Anyone, connection: Reading, now: Now
) -> Response:
    """Read one office that sits or sat on a committee."""
    return item_reply(request, await queries.one_member(connection, id, committee_member_id, caller, now))


@routes.patch("/{id}/members/{committee_member_id}", response_model=CommitteeMemberView)
async def change_committee_member(
    by: CommitteeWriter, session: Writing, member: MemberToChange, change: CommitteeMemberChange, now: Now
) -> Response:
    """Correct a seat, or say when it ended (JSON Merge Patch)."""
    await service.change_member(session, member, change, by=by, now=now)
    return saved(await queries.one_member(session, member.committee_id, member.id, by, now))


@routes.get("/{id}/documents", response_model=Page[CommitteeDocumentView])
async def list_committee_documents(
    id: UUID, request: Request, caller: Anyone, connection: Reading, query: Annotated[CommitteeDocumentQuery, Query()]
) -> Response:
    """List by reference what a committee prepared, the latest first."""
    statement = queries.documents(id, query, caller)
    return await page(
        request,
        connection,
        statement,
        query=query,
        order=queries.DOCUMENTS_NEWEST_FIRST,
        shape=queries.document_view,
        of=one_of(Committee, id, caller),
    )


@routes.post("/{id}/documents", status_code=201, response_model=CommitteeDocumentView)
async def record_committee_document(
    by: CommitteeWriter, session: Writing, committee: CommitteeToExtend, draft: CommitteeDocumentDraft, now: Now
) -> Response:
    """Record by its reference what a committee prepared, such as its poverty strategy (SPK-D)."""
    document_id, new = await service.record_document(session, committee, draft, by=by, now=now)
    document = await queries.one_document(session, committee.id, document_id, by, now)
    address = f"{routes.prefix}/{committee.id}/documents/{document_id}"
    return saved(document, status=201 if new else 200, location=address)


@routes.get("/{id}/documents/{committee_document_id}", response_model=CommitteeDocumentView)
async def read_committee_document(
    id: UUID, committee_document_id: UUID, request: Request, caller: Anyone, connection: Reading, now: Now
) -> Response:
    """Read one document of a committee."""
    return item_reply(request, await queries.one_document(connection, id, committee_document_id, caller, now))


@routes.patch("/{id}/documents/{committee_document_id}", response_model=CommitteeDocumentView)
async def change_committee_document(
    by: CommitteeWriter, session: Writing, document: DocumentToChange, change: CommitteeDocumentChange, now: Now
) -> Response:
    """Correct what is said of a document (JSON Merge Patch)."""
    await service.change_document(session, document, change, by=by, now=now)
    return saved(await queries.one_document(session, document.committee_id, document.id, by, now))
