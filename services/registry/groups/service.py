"""Use cases of groups."""

from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.boards import service as boards
from services.registry.groups.models import Group
from services.registry.groups.rules import GroupRules, require_valid_group
from services.registry.groups.schemas import GroupChange, GroupDraft
from shared.items import changes, claim
from shared.journal import Audience, Change, record
from shared.occurrence import require_not_future
from shared.permissions import Caller
from shared.rulesets import in_force, load

AUDIENCES = {"group.recorded": Audience.REGION, "group.changed": Audience.REGION}
GROUP_RULES = load(Path(__file__).with_name("rulesets.json"), GroupRules)


def group_record(group: Group) -> dict[str, Any]:
    """Return a group as its journal keeps it."""
    return {
        "id": group.id,
        "kelurahan_code": group.kelurahan_code,
        "board_id": group.board_id,
        "name": group.name,
        "kind": group.kind,
        "version": group.version,
    }


async def record_group(session: AsyncSession, draft: GroupDraft, *, by: Caller, now: datetime) -> tuple[UUID, bool]:
    """Record a group under a board that the caller serves (KSM-3); return its id and whether it is new."""
    kelurahan_code = await boards.place_of(session, draft.board_id, by=by)
    require_not_future(draft.formed_on, now=now, pointer="/formed_on")
    claimed = await claim(session, Group, draft, by=by)
    if claimed.existing:
        return claimed.id, False
    rules = in_force(GROUP_RULES, draft.formed_on).values
    require_valid_group(kind=draft.kind, members=draft.members, women=draft.women, rules=rules)
    group = Group(**draft.model_dump(exclude={"id"}), kelurahan_code=kelurahan_code, **claimed.columns(now))
    session.add(group)
    await session.flush()
    record(session, _change("group.recorded", group), by=by, now=now)
    return group.id, True


async def change_group(session: AsyncSession, group: Group, change: GroupChange, *, by: Caller, now: datetime) -> None:
    """Edit a group that is locked."""
    for name, value in changes(change).items():
        setattr(group, name, value)
    rules = in_force(GROUP_RULES, group.formed_on).values
    require_valid_group(kind=group.kind, members=group.members, women=group.women, rules=rules)
    group.changed_at = now
    await session.flush()
    record(session, _change("group.changed", group), by=by, now=now)


def _change(action: str, group: Group) -> Change:
    return Change(action, f"groups/{group.id}", group.kelurahan_code, group_record(group), group.formed_on)
