"""How one's own account is read, with what waits for one, in one statement."""

from datetime import date
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.accounts.service import own_account
from services.registry.emergencies.service import unseen
from shared.errors import ResourceNotFound
from shared.permissions import Caller

UNSEEN = "/registry/v1/emergencies?acknowledged=false"


async def own(connection: AsyncConnection, caller: Caller, *, on: date) -> dict[str, Any]:
    """Return one's own account as OwnAccountView."""
    statement = own_account(caller.account_id, on=on).add_columns(unseen(caller).scalar_subquery().label("unseen"))
    row = (await connection.execute(statement)).one_or_none()
    if row is None:
        raise ResourceNotFound
    return {
        "id": row.id,
        "username": row.username,
        "display_name": row.display_name,
        "person_id": row.person_id,
        "org": row.org,
        "roles": row.roles or [],
        "regions": row.regions or [],
        "starts_on": row.starts_on,
        "ends_on": row.ends_on,
        "scopes": sorted(caller.scopes),
        "emergency": caller.emergency,
        "waiting": [{"subject": "emergencies", "count": row.unseen, "address": UNSEEN}] if row.unseen else [],
        "version": row.version,
        "recorded_at": row.recorded_at,
        "changed_at": row.changed_at,
    }
