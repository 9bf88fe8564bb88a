"""How groups are read: in the caller's own regions."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from services.registry.boards.service import board_names
from services.registry.database import places
from services.registry.groups.models import Group
from services.registry.groups.schemas import GroupQuery, GroupSort
from shared.errors import ResourceNotFound
from shared.items import visible
from shared.lists import Order
from shared.permissions import Caller
from shared.searching import finds

ORDERS = {
    GroupSort.RECORDED: Order(Group.id.expression, UUID, Group.id.expression),
    GroupSort.NAME: Order(Group.name.expression, str, Group.id.expression),
}
_BOARDS = board_names()
_GROUPS = (
    select(
        Group.id,
        Group.kelurahan_code,
        places.c.code_now,
        Group.board_id,
        _BOARDS.c.name.label("board_name"),
        Group.name,
        Group.kind,
        Group.bond,
        Group.formed_on,
        Group.members,
        Group.women,
        Group.version,
        Group.recorded_at,
        Group.changed_at,
    )
    .join(places, places.c.kelurahan_code == Group.kelurahan_code)
    .join(_BOARDS, _BOARDS.c.id == Group.board_id)
)


def groups(query: GroupQuery, caller: Caller) -> Select[Any]:
    """Return the statement of the list of groups."""
    statement = _GROUPS.where(visible(Group, caller))
    if query.region is not None:
        statement = statement.where(query.lies_in_region(places))
    if query.board_id is not None:
        statement = statement.where(Group.board_id == query.board_id)
    if query.kind is not None:
        statement = statement.where(Group.kind == query.kind)
    if query.q is not None:
        statement = statement.where(finds(Group.name, query.q))
    return statement


def group_view(row: Any) -> dict[str, Any]:
    """Return a row as GroupView."""
    return {
        "id": row.id,
        "kelurahan_code": row.kelurahan_code,
        "kelurahan_code_now": row.code_now,
        "board_id": row.board_id,
        "board_name": row.board_name,
        "name": row.name,
        "kind": row.kind,
        "bond": row.bond,
        "formed_on": row.formed_on,
        "members": row.members,
        "women": row.women,
        "version": row.version,
        "recorded_at": row.recorded_at,
        "changed_at": row.changed_at,
    }


async def one_group(
    connection: AsyncConnection | AsyncSession, group_id: UUID, caller: Caller, _now: datetime
) -> dict[str, Any]:
    """Return one group, or ResourceNotFound."""
    row = (await connection.execute(_GROUPS.where(Group.id == group_id, visible(Group, caller)))).one_or_none()
    if row is None:
        raise ResourceNotFound
    return group_view(row)
