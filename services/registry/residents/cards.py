"""A family card (KK) is one household's, unless it is said why another has it too."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import LargeBinary, Select, any_, bindparam, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.database import places
from services.registry.personal import service as personal
from services.registry.residents.models import Household
from services.registry.residents.numbers import KkRecorded
from shared.items import in_place, lock_each, visible
from shared.permissions import Caller
from shared.statements import fetch, remembered
from shared.vault import Vault

DIGESTED_AT_ONCE = 2_000
_PERSONAL: Any = personal.personal_records()


class Card(NamedTuple):
    """A household that exists, with the digest of its card; `shared` where it says why another has it too."""

    household_id: UUID
    digest: bytes
    shared: bool


def cards_of(session: AsyncSession, kept: Sequence[tuple[Household, Mapping[str, Any]]]) -> list[Card]:
    """Return the cards of households, each with its personal fields; of those that ended or have no number none."""
    found = []
    for household, fields in kept:
        digest = personal.kk_digest_of(session, fields)
        if digest is not None and household.ends_on is None:
            found.append(Card(household.id, digest, household.kk_shared_reason is not None))
    return found


@remembered
def _holders(caller: Caller) -> Select[Any]:
    asked = any_(bindparam("digests", type_=ARRAY(LargeBinary)))
    held = select(_PERSONAL.c.kk_digest, Household.id, visible(Household, caller).label("seen"))
    return (
        held.join_from(_PERSONAL, Household, Household.id == _PERSONAL.c.id)
        .join(places, in_place(Household))
        .where(_PERSONAL.c.kk_digest == asked, Household.ends_on.is_(None))
        .order_by(Household.id)
    )


async def refusals(session: AsyncSession, cards: Sequence[Card], *, by: Caller) -> dict[UUID, KkRecorded]:
    """Return which households may not have their card, since another that exists has it, or one named before.

    The other is named as far as the caller may see it. Two who record one card at once wait for each other.
    """
    if not cards:
        return {}
    digests = sorted({card.digest for card in cards})
    await lock_each(session, Household, (digest.hex() for digest in digests))
    holders: dict[bytes, dict[UUID, bool]] = {}
    for row in await fetch(session, _holders(by), {"digests": digests}):
        holders.setdefault(bytes(row.kk_digest), {})[row.id] = row.seen
    refused = {}
    for card in cards:
        held = holders.setdefault(card.digest, {})
        others = {one: seen for one, seen in held.items() if one != card.household_id}
        if others and not card.shared:
            named = next((one for one, seen in others.items() if seen), None)
            refused[card.household_id] = KkRecorded(members={} if named is None else {"existing": named})
        else:
            held[card.household_id] = True
    return refused


async def require_own(session: AsyncSession, household: Household, fields: Mapping[str, Any], *, by: Caller) -> None:
    """Refuse a card that another household has, or KkRecorded."""
    for refusal in (await refusals(session, cards_of(session, [(household, fields)]), by=by)).values():
        raise refusal


async def digest_older(session: AsyncSession, vault: Vault, *, after: UUID | None) -> UUID | None:
    """Keep the digests of some cards that were recorded before there were any; return up to which id, None at the end."""
    older = (
        select(Household.id)
        .join(_PERSONAL, _PERSONAL.c.id == Household.id)
        .where(
            Household.kk_absent_reason.is_(None), _PERSONAL.c.kk_digest.is_(None), _PERSONAL.c.wrapped_key.is_not(None)
        )
        .order_by(Household.id)
        .limit(DIGESTED_AT_ONCE)
    )
    found = (await session.scalars(older if after is None else older.where(Household.id > after))).all()
    await personal.keep_kk_digests(session, vault, found)
    return found[-1] if found else None
