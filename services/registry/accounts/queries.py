"""How accounts are read: by operators who serve all their regions."""

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Subquery, and_, exists, func, not_, or_, select, true
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from services.registry.accounts.models import Account, Authority
from services.registry.accounts.rules import Role
from services.registry.accounts.schemas import AccountQuery, AccountSort, AuthorityQuery
from services.registry.database import places
from shared.errors import ResourceNotFound
from shared.lists import Order
from shared.permissions import Caller
from shared.places import NATION, ancestry, called_today, reach_beyond
from shared.statements import among

ACCOUNT_ORDERS = {
    AccountSort.RECORDED: Order(Account.id.expression, UUID, Account.id.expression),
    AccountSort.USERNAME: Order(Account.username.expression, str, Account.id.expression),
}
AUTHORITIES_NEWEST_FIRST = Order(Authority.starts_on.expression, date, Authority.id.expression, descending=True)


def outside(regions: Any, caller: Caller) -> ColumnElement[bool]:
    """Return the condition that the caller does not serve every one of the regions."""
    # The caller's token names what its regions are called today.
    return reach_beyond(places, regions, caller.regions)


def _names(regions: Any, query: AccountQuery) -> ColumnElement[bool]:
    """Return the condition that one of the regions is the one asked for, by today's codes or as it was given."""
    if query.original:
        return regions.contains([query.region])  # type: ignore[no-any-return]
    region = func.unnest(regions).column_valued("region")
    return exists(select(region).where(called_today(places, region) == query.region))


def _served(caller: Caller, *, on: date) -> ColumnElement[bool]:
    """Return the condition that an account is the caller's: all its regions, of now and to come.

    What an account had last counts too, or an account whose time is over would be everybody's.
    """
    if NATION in caller.regions:
        return true()
    of_account = Authority.account_id == Account.id
    last = select(func.max(Authority.starts_on)).where(of_account).correlate(Account).scalar_subquery()
    lasting = and_(Authority.revoked_at.is_(None), or_(Authority.ends_on.is_(None), Authority.ends_on >= on))
    counts = or_(lasting, Authority.starts_on == last)
    return not_(
        exists(select(Authority.id).where(of_account, counts, outside(Authority.regions, caller)).correlate(Account))
    )


_COLUMNS: tuple[Any, ...] = (
    Account.id,
    Account.username,
    Account.display_name,
    Account.person_id,
    Account.org,
    Account.suspended,
    Account.not_before,
    Account.password_hash.is_(None).label("invited"),
    Account.version,
    Account.recorded_at,
    Account.changed_at,
    Authority.roles,
    Authority.regions,
)


def accounts(query: AccountQuery, caller: Caller, *, on: date) -> Select[Any]:
    """Return the statement of the accounts whose every region the caller serves, as they are on a day."""
    held = and_(Authority.account_id == Account.id, Authority.in_force(on))
    statement: Select[Any] = (
        select(*_COLUMNS).select_from(Account).outerjoin(Authority, held).where(_served(caller, on=on))
    )
    if query.region is not None:
        statement = statement.where(_names(Authority.regions, query))
    if query.role is not None:
        statement = statement.where(Authority.roles.contains([query.role.value]))
    if query.suspended is not None:
        statement = statement.where(Account.suspended == query.suspended)
    return statement


def own_account(account_id: UUID | None, *, on: date) -> Select[Any]:
    """Return the statement of one account as its holder sees it, with what holds on a day."""
    held = and_(Authority.account_id == Account.id, Authority.in_force(on))
    statement: Select[Any] = select(*_COLUMNS, Authority.starts_on, Authority.ends_on).select_from(Account)
    return statement.outerjoin(Authority, held).where(Account.id == account_id)


def account_view(row: Any) -> dict[str, Any]:
    """Return a row as AccountView."""
    return {
        "id": row.id,
        "username": row.username,
        "display_name": row.display_name,
        "person_id": row.person_id,
        "roles": row.roles or [],
        "regions": row.regions or [],
        "org": row.org,
        "suspended": row.suspended,
        "not_before": row.not_before,
        "invited": row.invited,
        "version": row.version,
        "recorded_at": row.recorded_at,
        "changed_at": row.changed_at,
    }


async def one_account(
    connection: AsyncConnection | AsyncSession, account_id: UUID, caller: Caller, *, on: date
) -> dict[str, Any]:
    """Return one account, or ResourceNotFound."""
    statement = accounts(AccountQuery(), caller, on=on).where(Account.id == account_id)
    row = (await connection.execute(statement)).one_or_none()
    if row is None:
        raise ResourceNotFound
    return account_view(row)


def served_accounts(caller: Caller, *, on: date) -> Subquery:
    """Return the accounts that are the caller's to keep, as other slices may join them: id and username."""
    return select(Account.id, Account.username).where(_served(caller, on=on)).subquery("served_accounts")


def served_account(account_id: UUID, caller: Caller, *, on: date) -> Select[Any]:
    """Return the statement of the id of an account that is the caller's to keep."""
    return select(Account.id).where(Account.id == account_id, _served(caller, on=on))


async def is_served(session: AsyncSession, account_id: UUID, caller: Caller, *, on: date) -> bool:
    """Tell whether an account is the caller's to keep."""
    return await session.scalar(served_account(account_id, caller, on=on)) is not None


async def how_many_serve(
    session: AsyncSession, code: str, roles: Sequence[Collection[Role]], *, on: date, but: UUID | None
) -> list[int]:
    """Return how many accounts, not of the person `but`, serve a place on a day in any of each of several sets of roles.

    `code` is today's; an authority may name the place, or a region above it, by a code of before.
    """
    above = ancestry(code)
    known = await session.scalars(select(places.c.kelurahan_code).where(among(places.c.code_now, above)))
    given = {*known, *above, NATION}
    counts = [
        func.count(Account.id.distinct()).filter(Authority.roles.overlap([one.value for one in some])) for some in roles
    ]
    statement = (
        select(*counts)
        .select_from(Account)
        .join(Authority, Authority.account_id == Account.id)
        .where(
            Authority.regions.overlap(sorted(given)),
            Authority.in_force(on),
            Account.suspended.is_(False),
            Account.person_id.is_distinct_from(but),
        )
    )
    return list((await session.execute(statement)).one())


def authorities(account_id: UUID, query: AuthorityQuery, caller: Caller, *, on: date) -> Select[Any]:
    """Return the statement of what an account may, might and will."""
    statement = (
        select(*Authority.__table__.c)
        .join(Account, Account.id == Authority.account_id)
        .where(Account.id == account_id, _served(caller, on=on))
    )
    return statement if query.as_of is None else statement.where(Authority.in_force(query.as_of))


def authority_view(row: Any) -> dict[str, Any]:
    """Return a row as AuthorityView."""
    return {
        "id": row.id,
        "account_id": row.account_id,
        "roles": row.roles,
        "regions": row.regions,
        "starts_on": row.starts_on,
        "ends_on": row.ends_on,
        "revoked_at": row.revoked_at,
        "version": row.version,
        "recorded_at": row.recorded_at,
        "changed_at": row.changed_at,
    }
