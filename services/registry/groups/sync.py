"""What is carried offline of groups and of who belongs to them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.groups.endings import change_group
from services.registry.groups.members import change_membership, join_group
from services.registry.groups.models import Group, Membership
from services.registry.groups.schemas import GroupChange, GroupDraft, MembershipChange, MembershipDraft
from services.registry.groups.service import record_group
from shared.errors import ResourceNotFound
from shared.items import locked
from shared.permissions import Caller
from shared.syncables import Synced

SCOPE = "registry:groups:write"


class MembershipOfGroup(MembershipDraft):
    """A membership with the group that its own address names."""

    group_id: UUID


async def _join(session: AsyncSession, draft: MembershipOfGroup, *, by: Caller, now: datetime) -> tuple[UUID, bool]:
    group = await locked(session, Group, draft.group_id, by=by)
    membership = MembershipDraft.model_validate(draft.model_dump(exclude={"group_id"}))
    return await join_group(session, group, membership, by=by, now=now)


async def _locked_after_group(session: AsyncSession, membership_id: UUID, *, by: Caller) -> Membership:
    group_id = await session.scalar(select(Membership.group_id).where(Membership.id == membership_id))
    if group_id is None:
        raise ResourceNotFound
    await locked(session, Group, group_id, by=by)
    return await locked(session, Membership, membership_id, by=by)


GROUPS = Synced(
    model=Group,
    # The numbers are those it was recorded with; who is listed, a client counts in its memberships.
    columns=(
        "kelurahan_code",
        "board_id",
        "name",
        "kind",
        "bond",
        "formed_on",
        "members",
        "women",
        "dissolved_on",
        "version",
    ),
    writes=SCOPE,
    draft=GroupDraft,
    record=record_group,
    change=GroupChange,
    edit=change_group,
)
MEMBERSHIPS = Synced(
    model=Membership,
    columns=(
        "kelurahan_code",
        "group_id",
        "resident_id",
        "role",
        "starts_on",
        "trained_on",
        "ends_on",
        "ended_because",
        "version",
    ),
    writes=SCOPE,
    draft=MembershipOfGroup,
    record=_join,
    change=MembershipChange,
    edit=change_membership,
    lock=_locked_after_group,
)
