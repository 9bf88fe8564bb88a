"""Invitations and passwords over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request, Response

from services.registry.accounts.service import Account, locked_account
from services.registry.dependencies import AccountReader, AccountWriter
from services.registry.invitations import queries, service
from services.registry.invitations.models import Invitation
from services.registry.invitations.schemas import (
    Acceptance,
    AcceptanceView,
    InvitationDraft,
    InvitationQuery,
    InvitationView,
    NewCodeDraft,
    NewInvitationView,
    PasswordChange,
    PasswordView,
)
from services.registry.settings import Settings
from services.registry.sign_ins import service as sign_ins
from shared.clock import Now, today
from shared.database import Reading, database_of
from shared.lists import Page, page
from shared.permissions import Anyone, SignedIn
from shared.replies import expected_version, item_reply, saved, to_json
from shared.routing import router
from shared.writing import SecretReply, Writing

routes = router("/registry/v1/invitations", tags=["accounts"])
again = router("/registry/v1/accounts", tags=["accounts"])


async def _counted(request: Request, caller: Anyone, now: Now) -> sign_ins.Attempt:
    """Count a try before it is judged, in a transaction of its own: a refusal too must be remembered."""
    settings: Settings = request.app.state.settings
    address = request.client.host if request.client else ""
    tried = sign_ins.proof_attempt(settings, account_id=caller.account_id, address=address)
    async with database_of(request).transaction() as session:
        await sign_ins.count(session, tried, now=now)
    return tried


Counted = Annotated[sign_ins.Attempt, Depends(_counted, scope="function")]


async def account_to_invite(id: UUID, session: Writing, caller: Anyone, now: Now) -> Account:
    """Give the account of the path, locked."""
    return await locked_account(session, id, version=None, by=caller, now=now)


async def invitation_to_change(id: UUID, request: Request, session: Writing, caller: Anyone, now: Now) -> Invitation:
    """Give the invitation of the path, locked, in the version the caller last saw."""
    version = expected_version(request.headers.get("if-match"))
    return await service.locked_invitation(session, id, version=version, by=caller, now=now)


AccountToInvite = Annotated[Account, Depends(account_to_invite)]
InvitationToChange = Annotated[Invitation, Depends(invitation_to_change)]


@routes.get("", response_model=Page[InvitationView])
async def list_invitations(
    request: Request, caller: AccountReader, connection: Reading, query: Annotated[InvitationQuery, Query()], now: Now
) -> Response:
    """List invitations and what became of them, without their codes."""
    return await page(
        request,
        connection,
        queries.invitations(query, caller, on=today(now), now=now),
        query=query,
        order=queries.NEWEST_FIRST,
        shape=queries.invitation_view,
    )


@routes.post("", status_code=201, response_model=NewInvitationView)
async def invite_person(
    by: AccountWriter, session: Writing, _secret: SecretReply, draft: InvitationDraft, now: Now
) -> Response:
    """Open an account for somebody; the code to accept it with is in this reply and nowhere else."""
    invitation_id, code, new = await service.invite(session, draft, by=by, now=now)
    shown = await queries.one_invitation(session, invitation_id, by, on=today(now), now=now)
    return saved(shown | {"code": code}, status=201 if new else 200, location=f"{routes.prefix}/{invitation_id}")


@again.post("/{id}/invitations", status_code=201, response_model=NewInvitationView)
async def invite_again(
    by: AccountWriter, session: Writing, _secret: SecretReply, account: AccountToInvite, draft: NewCodeDraft, now: Now
) -> Response:
    """Reset an account's password: the old one and all sessions end, and a new code is in this reply."""
    invitation_id, code, new = await service.invite_again(session, account, draft, by=by, now=now)
    shown = await queries.one_invitation(session, invitation_id, by, on=today(now), now=now)
    return saved(shown | {"code": code}, status=201 if new else 200, location=f"{routes.prefix}/{invitation_id}")


@routes.post("/acceptance", response_model=AcceptanceView)
async def accept_invitation(
    _caller: Anyone, tried: Counted, session: Writing, acceptance: Acceptance, now: Now
) -> Response:
    """Choose the password of an account one was invited to; needs no token, and the code opens once."""
    username = await service.accept(session, acceptance, now=now)
    await sign_ins.forgive(session, tried)
    return Response(
        to_json({"username": username}), media_type="application/json", headers={"Cache-Control": "no-store"}
    )


@routes.get("/{id}", response_model=InvitationView)
async def read_invitation(id: UUID, request: Request, caller: AccountReader, connection: Reading, now: Now) -> Response:
    """Read one invitation, without its code."""
    return item_reply(request, await queries.one_invitation(connection, id, caller, on=today(now), now=now))


@routes.post("/{id}/revocation", response_model=InvitationView)
async def revoke_invitation(by: AccountWriter, session: Writing, invitation: InvitationToChange, now: Now) -> Response:
    """Revoke an invitation: its code opens nothing any more."""
    await service.revoke(session, invitation, by=by, now=now)
    return saved(await queries.one_invitation(session, invitation.id, by, on=today(now), now=now))


@again.post("/self/password", response_model=PasswordView)
async def change_own_password(
    by: SignedIn, tried: Counted, session: Writing, change: PasswordChange, now: Now
) -> Response:
    """Change one's own password with the old one; every session ends, this one too."""
    account = await service.change_password(session, change, by=by, now=now)
    await sign_ins.forgive(session, tried)
    body = {"username": account.username, "changed_at": now}
    return Response(to_json(body), media_type="application/json", headers={"Cache-Control": "no-store"})
