"""Use cases of invitations and passwords. A code or password is in no journal, log, address or stored reply."""

import secrets
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.accounts import service as accounts
from services.registry.accounts.holders import hashed, matching
from services.registry.accounts.service import Account
from services.registry.invitations import queries
from services.registry.invitations.models import Invitation
from services.registry.invitations.rules import (
    CODE_BYTES,
    INVITATION_LIFE,
    InvitationOver,
    InvitationUnknown,
    PasswordNone,
    PasswordSame,
    PasswordWrong,
    read,
    written,
)
from services.registry.invitations.schemas import Acceptance, InvitationDraft, NewCodeDraft, PasswordChange
from shared.canonical import keyed_digest
from shared.clock import today
from shared.errors import ResourceNotFound
from shared.items import claim
from shared.journal import Audience, Change, record
from shared.permissions import Caller
from shared.replies import VersionStale

AUDIENCES = {
    "invitation.issued": Audience.INTERNAL,
    "invitation.accepted": Audience.INTERNAL,
    "invitation.revoked": Audience.INTERNAL,
}


def _digest(session: AsyncSession, code: str) -> bytes:
    secret: bytes = session.info["hmac_key"]
    return keyed_digest(secret, b"invitation", read(code))


def _note(session: AsyncSession, invitation: Invitation, action: str, *, by: Caller, now: datetime) -> None:
    data = {
        "id": invitation.id,
        "account_id": invitation.account_id,
        "expires_at": invitation.expires_at,
        "accepted_at": invitation.accepted_at,
        "revoked_at": invitation.revoked_at,
        "version": invitation.version,
    }
    record(session, Change(action, f"invitations/{invitation.id}", None, data), by=by, now=now)


async def invite(session: AsyncSession, draft: InvitationDraft, *, by: Caller, now: datetime) -> tuple[UUID, str, bool]:
    """Open an account without a password; return its invitation, the code, shown only now, and whether it is new.

    Made again with the same id it gets a new code: the first may have been lost with its reply.
    """
    await accounts.require_regions(session, draft.regions, by=by)
    claimed = await claim(session, Invitation, draft, by=by)
    if claimed.existing:
        return await _another_code(session, claimed.id, by=by, now=now)
    account = await accounts.open_invited(session, draft, by=by, now=now)
    code = await _issue(session, account, by=by, now=now, columns=claimed.columns(now))
    return claimed.id, code, True


async def invite_again(
    session: AsyncSession, account: Account, draft: NewCodeDraft, *, by: Caller, now: datetime
) -> tuple[UUID, str, bool]:
    """Let the person of an account that is locked choose a new password; the old one and all sessions end at once."""
    accounts.require_another(account, by=by)
    claimed = await claim(session, Invitation, draft, by=by, within=account.id)
    if claimed.existing:
        return await _another_code(session, claimed.id, by=by, now=now)
    await _revoke_open(session, account.id, by=by, now=now)
    await accounts.set_password(session, account, None, by=by, now=now)
    code = await _issue(session, account, by=by, now=now, columns=claimed.columns(now))
    return claimed.id, code, True


async def _issue(
    session: AsyncSession, account: Account, *, by: Caller, now: datetime, columns: dict[str, object]
) -> str:
    code = written(secrets.token_bytes(CODE_BYTES))
    invitation = Invitation(
        account_id=account.id,
        code_digest=_digest(session, code),
        expires_at=now + INVITATION_LIFE,
        accepted_at=None,
        revoked_at=None,
        **columns,
    )
    session.add(invitation)
    await session.flush()
    _note(session, invitation, "invitation.issued", by=by, now=now)
    return code


async def _another_code(
    session: AsyncSession, invitation_id: UUID, *, by: Caller, now: datetime
) -> tuple[UUID, str, bool]:
    """Give an invitation that was not accepted another code in place of the lost one."""
    invitation = await _locked(session, invitation_id, by=by, now=now)
    if invitation.accepted_at is not None or invitation.revoked_at is not None:
        raise InvitationOver
    code = written(secrets.token_bytes(CODE_BYTES))
    invitation.code_digest, invitation.expires_at = _digest(session, code), now + INVITATION_LIFE
    invitation.changed_at = now
    await session.flush()
    _note(session, invitation, "invitation.issued", by=by, now=now)
    return invitation.id, code, False


async def _revoke_open(session: AsyncSession, account_id: UUID, *, by: Caller, now: datetime) -> None:
    found = select(Invitation).where(Invitation.account_id == account_id, queries.is_open(now)).with_for_update()
    for invitation in (await session.scalars(found)).all():
        await revoke(session, invitation, by=by, now=now)


async def _locked(session: AsyncSession, invitation_id: UUID, *, by: Caller, now: datetime) -> Invitation:
    """Return an invitation, its account locked before it, as everybody does who changes both."""
    invitation = await session.get(Invitation, invitation_id)
    if invitation is None:
        raise ResourceNotFound
    await accounts.locked_account(session, invitation.account_id, version=None, by=by, now=now)
    await session.refresh(invitation, with_for_update=True)
    return invitation


async def locked_invitation(
    session: AsyncSession, invitation_id: UUID, *, version: int, by: Caller, now: datetime
) -> Invitation:
    """Return an invitation that the caller may revoke, locked, in the version last seen."""
    invitation = await _locked(session, invitation_id, by=by, now=now)
    if invitation.version != version:
        current = await queries.one_invitation(session, invitation_id, by, on=today(now), now=now)
        raise VersionStale(version=invitation.version, members={"current": current})
    return invitation


async def revoke(session: AsyncSession, invitation: Invitation, *, by: Caller, now: datetime) -> None:
    """Let an invitation that is locked open nothing any more."""
    if invitation.accepted_at is not None or invitation.revoked_at is not None:
        raise InvitationOver
    invitation.revoked_at = invitation.changed_at = now
    await session.flush()
    _note(session, invitation, "invitation.revoked", by=by, now=now)


async def accept(session: AsyncSession, acceptance: Acceptance, *, now: datetime) -> str:
    """Let whoever holds a code choose the account's password, once; return the name to sign in with."""
    digest = _digest(session, acceptance.code.get_secret_value())
    invitation = await session.scalar(select(Invitation).where(Invitation.code_digest == digest))
    if invitation is None:
        raise InvitationUnknown(pointer="/code")
    account = await session.get_one(Account, invitation.account_id, with_for_update=True)
    await session.refresh(invitation, with_for_update=True)
    over = invitation.accepted_at or invitation.revoked_at or invitation.expires_at <= now
    # Another code may have taken its place while this one waited for the lock.
    if over or account.suspended or bytes(invitation.code_digest) != digest:
        raise InvitationOver
    password = acceptance.password.get_secret_value()
    accounts.require_secret(password, username=account.username, pointer="/password")
    holder = Caller(account_id=account.id, person_id=account.person_id)
    invitation.accepted_at = invitation.changed_at = now
    await session.flush()
    await accounts.set_password(session, account, await hashed(password), by=holder, now=now)
    _note(session, invitation, "invitation.accepted", by=holder, now=now)
    return account.username


async def change_password(session: AsyncSession, change: PasswordChange, *, by: Caller, now: datetime) -> Account:
    """Change one's own password, who knows the old one; all sessions end at once."""
    if by.account_id is None or by.person_id is None:
        raise PasswordNone
    account = await session.get(Account, by.account_id, with_for_update=True)
    if account is None:
        raise PasswordNone
    known = {} if account.password_hash is None else {account.id: account.password_hash}
    old, new = change.old_password.get_secret_value(), change.new_password.get_secret_value()
    if await matching(known, old, tried=1) is None:
        raise PasswordWrong
    if old == new:
        raise PasswordSame(pointer="/new_password")
    accounts.require_secret(new, username=account.username, pointer="/new_password")
    await accounts.set_password(session, account, await hashed(new), by=by, now=now)
    return account
