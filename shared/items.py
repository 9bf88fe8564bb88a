"""Items: made once under their id, found in the caller's places, locked where they will change."""

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any, TypeVar
from uuid import UUID

from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    FromClause,
    Select,
    String,
    Table,
    True_,
    and_,
    bindparam,
    cast,
    column,
    func,
    not_,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from shared.canonical import canonical_bytes, keyed_digest
from shared.clock import Now
from shared.errors import AlreadyThere, Conflict, ResourceNotFound, Text
from shared.identity import new_id
from shared.jsontypes import require_json_type
from shared.permissions import Anyone, Caller, RegionMissing
from shared.places import PlaceEnded, PlaceUnknown, within_any
from shared.replies import VersionStale, expected_version
from shared.statements import fetch, remembered
from shared.tables import Item, PlacedItem
from shared.writing import Writing, advisory_number

T = TypeVar("T", bound=Item)
Represent = Callable[[AsyncSession, UUID, Caller, datetime], Awaitable[Mapping[str, Any]]]
"""Gives the item as the caller sees it, for the reply to a stale change."""

RepresentChild = Callable[[AsyncSession, UUID, UUID, Caller, datetime], Awaitable[Mapping[str, Any]]]
"""The same of a child, named by its parent's id and its own."""


class IdTaken(Conflict):
    code = "id.taken"
    title = Text("Id sudah dipakai", "Id already taken")
    detail = Text(
        "Id ini sudah dipakai untuk data dengan isi lain.", "This id already names an item with other content."
    )
    fix = Text("Buat UUID baru untuk data baru.", "Make a new UUID for a new item.")


class Body(BaseModel):
    """A body that is taken as written or refused: unknown fields and wrong types are faults."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    @field_validator("*", mode="before")
    @classmethod
    def _as_written(cls, value: Any, info: ValidationInfo) -> Any:
        """Refuse what a lenient parser would convert: "5" is no number, 86400 is no date."""
        if info.field_name is not None:
            require_json_type(value, cls.model_fields[info.field_name].annotation)
        return value


class Draft(Body):
    """What every creation may carry: an id made by the client, so that it can be made offline."""

    id: UUID | None = Field(None, description="UUID made by the client; made here when absent")


def _without_default(schema: dict[str, Any]) -> None:
    schema.pop("default", None)


def may_change(**constraints: Any) -> Any:
    """Declare a field of a JSON Merge Patch (RFC 7396): absent leaves it, null clears it if it may be null."""
    return Field(default=None, json_schema_extra=_without_default, **constraints)


def changes(change: Body) -> dict[str, Any]:
    """Return only what a merge patch names."""
    return change.model_dump(exclude_unset=True)


@dataclass(frozen=True, slots=True)
class Claim:
    """The id of a creation, and whether it was made before with the same content."""

    id: UUID
    digest: bytes
    existing: bool

    def columns(self, now: datetime) -> dict[str, Any]:
        """Return the columns that every new item starts with."""
        return {
            "id": self.id,
            "version": 1,
            "creation_digest": self.digest,
            "recorded_at": now,
            "changed_at": now,
        }


def places_of(model: type[Any]) -> Table:
    places: Table = model.metadata.tables["places"]
    return places


def in_place(model: type[Any]) -> ColumnElement[bool]:
    """Return the condition that joins an item with its row of `places`."""
    condition: ColumnElement[bool] = places_of(model).c.kelurahan_code == getattr(model, model.placed_by)
    return condition


@cache
def _here_and_there(places: Table) -> tuple[FromClause, FromClause]:
    # Made once: naming a table's columns anew costs more than the rest of the condition.
    return places.alias("here"), places.alias("there")


def same_place(model: type[Any], code: Any) -> ColumnElement[bool]:
    """Return the condition that a row stands today where a code does: one place may have had several codes."""
    here, there = _here_and_there(places_of(model))
    today = select(here.c.code_now).where(here.c.kelurahan_code == code).scalar_subquery()
    codes = select(there.c.kelurahan_code).where(there.c.code_now == today)
    condition: ColumnElement[bool] = getattr(model, model.placed_by).in_(codes)
    return condition


async def lock_place(session: AsyncSession, model: type[Any], code: str) -> str:
    """Return today's code of a place, which stays so until this transaction ends: who locks it too waits.

    Keeps two apart who would record in one place what exists there once. PlaceUnknown when the place was taken back.
    """
    places = places_of(model)
    stands = select(places.c.code_now)
    while True:
        now = await session.scalar(stands.where(places.c.kelurahan_code == code))
        # A succession may have moved it meanwhile.
        held = await session.scalar(stands.where(places.c.kelurahan_code == now).with_for_update(key_share=True))
        if held is None:
            raise PlaceUnknown(pointer=f"/{model.placed_by}", code=code)
        if held == now:
            return str(now)


async def lock_same(session: AsyncSession, model: type[Item], *what: str) -> None:
    """Let two who would record the same wait for each other, and nobody else: `what` it is known by."""
    await _take(session, [_same(session, model, what)])


async def lock_each(session: AsyncSession, model: type[Item], known_by: Iterable[str]) -> None:
    """Do as `lock_same` for many, each known by one text: in one order, whoever asks."""
    await _take(session, {_same(session, model, (one,)) for one in known_by})


def _same(session: AsyncSession, model: type[Item], what: Sequence[str]) -> int:
    secret: bytes = session.info["hmac_key"]
    return advisory_number(
        keyed_digest(secret, b"same", model.__tablename__.encode(), canonical_bytes(list(what)))  # type: ignore[attr-defined]
    )


async def _take(session: AsyncSession, numbers: Collection[int]) -> None:
    given = func.unnest(bindparam("locks", type_=ARRAY(BigInteger)))
    locks = given.table_valued(column("number", BigInteger), name="locks").render_derived()
    await fetch(session, select(cast(func.pg_advisory_xact_lock(locks.c.number), String)), {"locks": sorted(numbers)})


async def require_none(session: AsyncSession, ids: Select[Any]) -> None:
    """Refuse what is there already: the first of some ids is named, so let them be ones the caller may see."""
    existing = await session.scalar(ids.limit(1))
    if existing is not None:
        raise AlreadyThere(members={"existing": existing})


def in_scope(model: type[Any], caller: Caller) -> ColumnElement[bool]:
    """Return the condition that a row joined with `places` is the caller's to see in full."""
    return _served(model, caller, caller.regions if caller.may(model.read_scope) else ())


def _served(model: type[Any], caller: Caller, regions: tuple[str, ...]) -> ColumnElement[bool]:
    here = or_(within_any(places_of(model).c.code_now, regions), model.is_party(caller))
    return and_(not_(model.is_withheld(caller)), here)


def visible(model: type[Any], caller: Caller) -> ColumnElement[bool]:
    """Return the condition that the caller may know of a row joined with `places`."""
    public = model.is_public()
    return public if isinstance(public, True_) else or_(public, in_scope(model, caller))


def one_of(model: type[Any], item_id: UUID, caller: Caller) -> Select[Any]:
    """Return the statement of the id of an item that the caller may know of."""
    placed = select(model.id).join(places_of(model), in_place(model))
    return placed.where(model.id == item_id, visible(model, caller))


@remembered
def _place(places: Table) -> Select[Any]:
    # As a foreign key would: it waits for, and keeps off, nobody but who takes the place back.
    found = select(places.c.code_now, places.c.valid_to).where(places.c.kelurahan_code == bindparam("code"))
    return found.with_for_update(read=True, key_share=True)


def _names_place(model: Any) -> str:
    return "/region_code" if hasattr(model, "region_code") else "/kelurahan_code"


async def require_place(session: AsyncSession, model: type[Any], code: str, *, by: Caller) -> str:
    """Return today's code of a place in which the caller may write, or refuse; it is not taken back meanwhile."""
    places = places_of(model)
    found = await fetch(session, _place(places), {"code": code})
    if not found:
        raise PlaceUnknown(pointer=_names_place(model), code=code)
    now_code: str = found[0].code_now
    by.require_region(now_code)
    return now_code


async def require_valid_code(session: AsyncSession, item: Any, *, on: date) -> None:
    """Refuse a new item that begins on a day under a code that had ended by then.

    Asked of what is new only: what was made before a succession became known stays as it was made.
    """
    code = getattr(item, item.placed_by)
    for place in await fetch(session, _place(places_of(type(item))), {"code": code}):
        if place.valid_to is not None and on > place.valid_to:
            raise PlaceEnded(
                pointer=_names_place(item),
                code=code,
                valid_to=place.valid_to,
                code_now=place.code_now,
                members={"code_now": place.code_now},
            )


def _digest(session: AsyncSession, model: type[Item], draft: Draft, *, within: UUID | None = None) -> bytes:
    """Return by what the content of a creation is known again."""
    secret: bytes = session.info["hmac_key"]
    # Defaults stay out, so that a field added later does not change what was made earlier.
    content = {"within": within, "content": draft.model_dump(mode="json", exclude={"id"}, exclude_defaults=True)}
    return keyed_digest(secret, model.__tablename__.encode(), canonical_bytes(content))  # type: ignore[attr-defined]


def _lock_of(session: AsyncSession, model: type[Item], item_id: UUID) -> int:
    secret: bytes = session.info["hmac_key"]
    return advisory_number(keyed_digest(secret, model.__tablename__.encode(), item_id.bytes))  # type: ignore[attr-defined]


async def claim(
    session: AsyncSession, model: type[Item], draft: Draft, *, by: Caller, within: UUID | None = None
) -> Claim:
    """Claim the id of a creation; the same id with the same content names what exists already.

    A child is made `within` its parent: the same content under another parent is other content.

    Two clients with one id wait for each other here, so that one of them finds the other's row.
    """
    digest = _digest(session, model, draft, within=within)
    if draft.id is None:
        return Claim(new_id(), digest, existing=False)
    await _take(session, [_lock_of(session, model, draft.id)])
    existing = await session.get(model, draft.id)
    if existing is None:
        return Claim(draft.id, digest, existing=False)
    if bytes(existing.creation_digest) != digest:
        raise IdTaken
    if isinstance(existing, PlacedItem) and not await _is_served(session, existing, by=by):
        raise IdTaken
    return Claim(draft.id, digest, existing=True)


async def claim_all(
    session: AsyncSession, model: type[T], drafts: Sequence[Draft], *, by: Caller
) -> list[Claim | IdTaken]:
    """Claim the ids of many creations as `claim` does each, in two statements; every draft has its id."""
    ids = [draft.id for draft in drafts if draft.id is not None]
    await _take(session, {_lock_of(session, model, one) for one in ids})
    there = {item.id: item for item in await session.scalars(select(model).where(model.id.in_(ids)))}
    found: list[Claim | IdTaken] = []
    for item_id, draft in zip(ids, drafts, strict=True):
        digest, existing = _digest(session, model, draft), there.get(item_id)
        if existing is None:
            found.append(Claim(item_id, digest, existing=False))
        elif bytes(existing.creation_digest) != digest or (
            isinstance(existing, PlacedItem) and not await _is_served(session, existing, by=by)
        ):
            found.append(IdTaken())
        else:
            found.append(Claim(item_id, digest, existing=True))
    return found


async def _is_served(session: AsyncSession, item: PlacedItem, *, by: Caller) -> bool:
    """Tell whether an item stands in the caller's regions, or is the caller's as a party to it."""
    model: Any = type(item)
    statement = select(model.id).join(places_of(model), in_place(model))
    return await session.scalar(statement.where(model.id == item.id, _served(model, by, by.regions))) is not None


async def locked(session: AsyncSession, model: type[T], item_id: UUID, *, by: Caller) -> T:
    """Return an item that the caller may change, locked; 403 or 404 otherwise.

    Place is checked in the same statement that locks, before anything is read. An item of a
    reference table stands nowhere: the scope alone decides.
    """
    statement = select(model).where(model.id == item_id).with_for_update(of=model)
    if not issubclass(model, PlacedItem):
        item = await session.scalar(statement)
        if item is None:
            raise ResourceNotFound
        return item
    places, code = places_of(model), getattr(model, model.placed_by)
    item = await session.scalar(statement.join(places, in_place(model)).where(_served(model, by, by.regions)))
    if item is not None:
        return item
    known = select(code).join(places, in_place(model)).where(model.id == item_id, visible(model, by))
    region = await session.scalar(known)
    if region is None:
        raise ResourceNotFound
    raise RegionMissing(region=region, members={"region": region})


async def locked_all(session: AsyncSession, model: type[Any], ids: Iterable[UUID], *, by: Caller) -> dict[UUID, Any]:
    """Return, locked in one order, those of some placed items that the caller may change."""
    statement = select(model).join(places_of(model), in_place(model)).where(_served(model, by, by.regions))
    items = statement.where(model.id.in_(set(ids))).order_by(model.id).with_for_update(of=model)
    return {item.id: item for item in await session.scalars(items)}


async def in_version(item: T, version: int, represent: Callable[[], Awaitable[Mapping[str, Any]]]) -> T:
    """Return a locked item, or VersionStale with what `represent` gives when it is in another version."""
    if item.version != version:
        raise VersionStale(version=item.version, members={"current": await represent()})
    return item


def to_change(model: type[T], represent: Represent) -> Callable[..., Awaitable[T]]:
    """Return a dependency: the item of the path, locked, in the version the caller last saw.

    Put it after permission and transaction in a signature: 428 without If-Match, 412 when stale.
    """

    async def dependency(id: UUID, request: Request, session: Writing, caller: Anyone, now: Now) -> T:
        version = expected_version(request.headers.get("if-match"))
        item = await locked(session, model, id, by=caller)
        return await in_version(item, version, lambda: represent(session, id, caller, now))

    return dependency


def to_extend(model: type[T]) -> Callable[..., Awaitable[T]]:
    """Return a dependency: the item of the path, locked so that a child can be made in it.

    A creation needs no If-Match: made offline, it comes with its own id instead.
    """

    async def dependency(id: UUID, session: Writing, caller: Anyone) -> T:
        return await locked(session, model, id, by=caller)

    return dependency


def child_to_change(
    parent: type[PlacedItem], child: type[T], *, of: str, at: str, represent: RepresentChild
) -> Callable[..., Awaitable[T]]:
    """Return a dependency: a child of the item of the path, its parent locked first, in the version last seen.

    `of` is the column that names the parent, `at` the path's own name of the child's id. The parent's lock keeps
    changes of two children from slipping past what is judged over all of them.
    """

    async def dependency(id: UUID, request: Request, session: Writing, caller: Anyone, now: Now) -> T:
        version = expected_version(request.headers.get("if-match"))
        await locked(session, parent, id, by=caller)
        try:
            child_id = UUID(request.path_params[at])
        except ValueError as error:
            raise ResourceNotFound from error
        within = getattr(child, of) == id
        item = await session.scalar(select(child).where(child.id == child_id, within).with_for_update())
        if item is None:
            raise ResourceNotFound
        return await in_version(item, version, lambda: represent(session, id, child_id, caller, now))

    return dependency
