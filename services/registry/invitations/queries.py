"""How invitations are read: by operators who serve all the account's regions."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, case, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from services.registry.accounts.service import served_accounts
from services.registry.invitations.models import Invitation
from services.registry.invitations.rules import InvitationState
from services.registry.invitations.schemas import InvitationQuery
from shared.errors import ResourceNotFound
from shared.lists import Order
from shared.permissions import Caller

NEWEST_FIRST = Order(Invitation.id.expression, UUID, Invitation.id.expression, descending=True)


def is_open(now: datetime) -> ColumnElement[bool]:
    """Return the condition that an invitation still opens."""
    return and_(Invitation.accepted_at.is_(None), Invitation.revoked_at.is_(None), Invitation.expires_at > now)


def invitations(query: InvitationQuery, caller: Caller, *, on: date, now: datetime) -> Select[Any]:
    """Return the statement of the invitations to accounts whose every region the caller serves."""
    known = served_accounts(caller, on=on)
    state = case(
        (Invitation.accepted_at.is_not(None), InvitationState.ACCEPTED.value),
        (Invitation.revoked_at.is_not(None), InvitationState.REVOKED.value),
        (Invitation.expires_at <= now, InvitationState.EXPIRED.value),
        else_=InvitationState.OPEN.value,
    )
    columns = (column for column in Invitation.__table__.c if column.name not in {"code_digest", "creation_digest"})
    statement: Select[Any] = select(*columns, known.c.username, state.label("state")).join(
        known, known.c.id == Invitation.account_id
    )
    if query.state is not None:
        statement = statement.where(state == query.state.value)
    if query.account_id is not None:
        statement = statement.where(Invitation.account_id == query.account_id)
    return statement


def invitation_view(row: Any) -> dict[str, Any]:
    """Return a row as InvitationView."""
    return {
        "id": row.id,
        "account_id": row.account_id,
        "username": row.username,
        "state": row.state,
        "expires_at": row.expires_at,
        "accepted_at": row.accepted_at,
        "revoked_at": row.revoked_at,
        "version": row.version,
        "recorded_at": row.recorded_at,
        "changed_at": row.changed_at,
    }


async def one_invitation(
    connection: AsyncConnection | AsyncSession, invitation_id: UUID, caller: Caller, *, on: date, now: datetime
) -> dict[str, Any]:
    """Return one invitation, or ResourceNotFound."""
    statement = invitations(InvitationQuery(), caller, on=on, now=now).where(Invitation.id == invitation_id)
    row = (await connection.execute(statement)).one_or_none()
    if row is None:
        raise ResourceNotFound
    return invitation_view(row)
