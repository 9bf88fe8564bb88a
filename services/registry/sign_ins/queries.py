"""How the history of signing in is read: by its account's holder, and by operators who keep the account."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select

from services.registry.accounts.service import served_accounts
from services.registry.api_clients.service import served_clients
from services.registry.sign_ins.models import SignIn
from services.registry.sign_ins.schemas import SignInQuery
from shared.lists import Order
from shared.permissions import Caller

NEWEST_FIRST = Order(SignIn.id.expression, UUID, SignIn.id.expression, descending=True)

_COLUMNS: tuple[Any, ...] = (SignIn.id, SignIn.at, SignIn.outcome, SignIn.client_id, SignIn.origin)


def of_account(account_id: UUID | None, query: SignInQuery) -> Select[Any]:
    """Return the statement of an account's history."""
    statement = select(*_COLUMNS).where(SignIn.account_id == account_id)
    return statement if query.outcome is None else statement.where(SignIn.outcome == query.outcome)


def client_of(client_id: UUID, caller: Caller) -> Select[Any]:
    """Return the statement of a program whose every region the caller serves."""
    known = served_clients(caller).subquery("served_clients")
    return select(known.c.id).where(known.c.id == client_id)


def kept(account_id: UUID, query: SignInQuery, caller: Caller, *, on: date) -> Select[Any]:
    """Return the statement of the history of an account whose every region the caller serves."""
    known = served_accounts(caller, on=on)
    return of_account(account_id, query).join(known, known.c.id == SignIn.account_id)


def kept_of_client(client_id: UUID, query: SignInQuery, caller: Caller) -> Select[Any]:
    """Return the statement of the history of a program whose every region the caller serves."""
    known = served_clients(caller).subquery("served_clients")
    return of_account(client_id, query).join(known, known.c.id == SignIn.account_id)


def sign_in_view(row: Any) -> dict[str, Any]:
    """Return a row as SignInView."""
    return {
        "id": row.id,
        "at": row.at,
        "outcome": row.outcome,
        "client_id": row.client_id,
        "origin": row.origin,
    }
