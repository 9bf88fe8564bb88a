"""The history of signing in over HTTP: one's own, and for operators."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Request, Response

from services.registry.accounts.service import served_account
from services.registry.dependencies import AccountReader
from services.registry.sign_ins import queries
from services.registry.sign_ins.schemas import SignInQuery, SignInView
from shared.clock import Now, today
from shared.database import Reading
from shared.lists import Page, page
from shared.permissions import SignedIn
from shared.routing import router

routes = router("/registry/v1/accounts", tags=["accounts"])
of_clients = router("/registry/v1/clients", tags=["clients"])


@routes.get("/self/sign-ins", response_model=Page[SignInView])
async def list_own_sign_ins(
    request: Request, caller: SignedIn, connection: Reading, query: Annotated[SignInQuery, Query()]
) -> Response:
    """List one's own sign-ins of the last ninety days, good and refused, the latest first."""
    return await page(
        request,
        connection,
        queries.of_account(caller.account_id, query),
        query=query,
        order=queries.NEWEST_FIRST,
        shape=queries.sign_in_view,
    )


@routes.get("/{id}/sign-ins", response_model=Page[SignInView])
async def list_sign_ins(
    id: UUID,
    request: Request,
    caller: AccountReader,
    connection: Reading,
    query: Annotated[SignInQuery, Query()],
    now: Now,
) -> Response:
    """List an account's sign-ins of the last ninety days, for operators, the latest first."""
    return await page(
        request,
        connection,
        queries.kept(id, query, caller, on=today(now)),
        query=query,
        order=queries.NEWEST_FIRST,
        shape=queries.sign_in_view,
        of=served_account(id, caller, on=today(now)),
    )


@of_clients.get("/{id}/sign-ins", response_model=Page[SignInView])
async def list_client_sign_ins(
    id: UUID,
    request: Request,
    caller: AccountReader,
    connection: Reading,
    query: Annotated[SignInQuery, Query()],
) -> Response:
    """List a program's sign-ins of the last ninety days, for operators, the latest first."""
    return await page(
        request,
        connection,
        queries.kept_of_client(id, query, caller),
        query=query,
        order=queries.NEWEST_FIRST,
        shape=queries.sign_in_view,
        of=queries.client_of(id, caller),
    )
