"""Accounts over HTTP, for operators."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request, Response

from services.registry.accounts import authorities, queries, service
from services.registry.accounts.models import Account, Authority
from services.registry.accounts.schemas import (
    AccountChange,
    AccountDraft,
    AccountQuery,
    AccountView,
    AuthorityChange,
    AuthorityDraft,
    AuthorityQuery,
    AuthorityView,
)
from services.registry.dependencies import AccountReader, AccountWriter
from shared.clock import Now, today
from shared.database import Reading
from shared.lists import Page, page
from shared.permissions import Anyone
from shared.replies import expected_version, item_reply, saved
from shared.routing import router
from shared.writing import Writing

accounts = router("/registry/v1/accounts", tags=["accounts"])


async def account_to_change(id: UUID, request: Request, session: Writing, caller: Anyone, now: Now) -> Account:
    """Give the account of the path, locked, in the version the caller last saw."""
    version = expected_version(request.headers.get("if-match"))
    return await service.locked_account(session, id, version=version, by=caller, now=now)


async def account_to_extend(id: UUID, session: Writing, caller: Anyone, now: Now) -> Account:
    """Give the account of the path, locked, whatever its version."""
    return await service.locked_account(session, id, version=None, by=caller, now=now)


async def authority_to_change(
    account: Annotated[Account, Depends(account_to_extend)], authority_id: UUID, request: Request, session: Writing
) -> Authority:
    """Give the authority of the path, its account locked, in the version the caller last saw."""
    version = expected_version(request.headers.get("if-match"))
    return await service.locked_authority(session, account, authority_id, version=version)


AccountToChange = Annotated[Account, Depends(account_to_change)]
AccountToExtend = Annotated[Account, Depends(account_to_extend)]
AuthorityToChange = Annotated[Authority, Depends(authority_to_change)]


@accounts.get("", response_model=Page[AccountView])
async def list_accounts(
    request: Request, caller: AccountReader, connection: Reading, query: Annotated[AccountQuery, Query()], now: Now
) -> Response:
    """List the accounts whose regions the caller serves."""
    statement = queries.accounts(query, caller, on=today(now))
    return await page(
        request,
        connection,
        statement,
        query=query,
        order=queries.ACCOUNT_ORDERS[query.sort],
        shape=queries.account_view,
    )


@accounts.post("", status_code=201, response_model=AccountView)
async def open_account(by: AccountWriter, session: Writing, draft: AccountDraft, now: Now) -> Response:
    """Open an account."""
    account_id, new = await service.open_account(session, draft, by=by, now=now)
    account = await queries.one_account(session, account_id, by, on=today(now))
    return saved(account, status=201 if new else 200, location=f"{accounts.prefix}/{account_id}")


@accounts.get("/{id}", response_model=AccountView)
async def read_account(id: UUID, request: Request, caller: AccountReader, connection: Reading, now: Now) -> Response:
    """Read one account."""
    return item_reply(request, await queries.one_account(connection, id, caller, on=today(now)))


@accounts.patch("/{id}", response_model=AccountView)
async def change_account(
    by: AccountWriter, session: Writing, account: AccountToChange, change: AccountChange, now: Now
) -> Response:
    """Edit an account (JSON Merge Patch); other roles or regions hold from today on and end its sessions."""
    await service.change_account(session, account, change, by=by, now=now)
    return saved(await queries.one_account(session, account.id, by, on=today(now)))


@accounts.post("/{id}/suspension", response_model=AccountView)
async def suspend_account(by: AccountWriter, session: Writing, account: AccountToChange, now: Now) -> Response:
    """Suspend an account; every service refuses its tokens within five seconds."""
    await service.suspend(session, account, by=by, now=now)
    return saved(await queries.one_account(session, account.id, by, on=today(now)))


@accounts.delete("/{id}/suspension", response_model=AccountView)
async def restore_account(by: AccountWriter, session: Writing, account: AccountToChange, now: Now) -> Response:
    """End a suspension."""
    await service.restore(session, account, by=by, now=now)
    return saved(await queries.one_account(session, account.id, by, on=today(now)))


@accounts.get("/{id}/authorities", response_model=Page[AuthorityView])
async def list_authorities(
    id: UUID,
    request: Request,
    caller: AccountReader,
    connection: Reading,
    query: Annotated[AuthorityQuery, Query()],
    now: Now,
) -> Response:
    """List what an account may, might and will."""
    return await page(
        request,
        connection,
        queries.authorities(id, query, caller, on=today(now)),
        query=query,
        order=queries.AUTHORITIES_NEWEST_FIRST,
        shape=queries.authority_view,
        of=queries.served_account(id, caller, on=today(now)),
    )


@accounts.post("/{id}/authorities", status_code=201, response_model=AuthorityView)
async def give_authority(
    by: AccountWriter, session: Writing, account: AccountToExtend, draft: AuthorityDraft, now: Now
) -> Response:
    """Give an account roles in regions, from one day to another."""
    authority_id, new = await authorities.give(session, account, draft, by=by, now=now)
    authority = await session.get_one(Authority, authority_id)
    address = f"{accounts.prefix}/{account.id}/authorities/{authority_id}"
    return saved(queries.authority_view(authority), status=201 if new else 200, location=address)


@accounts.patch("/{id}/authorities/{authority_id}", response_model=AuthorityView)
async def change_authority(
    by: AccountWriter,
    session: Writing,
    account: AccountToExtend,
    authority: AuthorityToChange,
    change: AuthorityChange,
    now: Now,
) -> Response:
    """Let an authority end on another day (JSON Merge Patch); ended earlier, it ends the account's sessions too."""
    await authorities.change(session, account, authority, change, by=by, now=now)
    return saved(queries.authority_view(authority))


@accounts.post("/{id}/authorities/{authority_id}/revocation", response_model=AuthorityView)
async def revoke_authority(
    by: AccountWriter, session: Writing, account: AccountToExtend, authority: AuthorityToChange, now: Now
) -> Response:
    """Take an authority back; every service refuses the account's tokens within five seconds."""
    await authorities.revoke(session, account, authority, by=by, now=now)
    return saved(queries.authority_view(authority))
