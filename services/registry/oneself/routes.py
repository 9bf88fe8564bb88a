"""One's own account over HTTP."""

from fastapi import Request, Response

from services.registry.oneself import queries
from services.registry.oneself.schemas import OwnAccountView
from shared.clock import Now, today
from shared.database import Reading
from shared.permissions import SignedIn
from shared.replies import item_reply
from shared.routing import router

routes = router("/registry/v1/accounts/self", tags=["accounts"])


@routes.get("", response_model=OwnAccountView)
async def read_own_account(request: Request, caller: SignedIn, connection: Reading, now: Now) -> Response:
    """Read one's own account, what this token opens, and what waits for oneself."""
    return item_reply(request, await queries.own(connection, caller, on=today(now)))
