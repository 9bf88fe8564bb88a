"""What planning asks registry: its journal, and facts that the copy does not have yet."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

import httpx
import msgspec

from services.planning.settings import Settings
from shared.errors import ResourceNotFound
from shared.http import ServiceAuth, refused_with, service_http, upstream
from shared.permissions import Caller, Standing

PAGE = 1000
PATIENCE_SECONDS = 10.0
"""How much longer than asked an answer to a long poll may take."""


class BoardFact(msgspec.Struct):
    """What is read of a board."""

    id: UUID
    kelurahan_code: str
    name: str
    version: int


class TermFact(msgspec.Struct):
    """What is read of a term: the days on which a board's mandate begins and ends."""

    id: UUID
    board_id: UUID
    starts_on: date
    ends_on: date
    version: int


class GroupFact(msgspec.Struct):
    """What is read of a group."""

    id: UUID
    board_id: UUID
    kelurahan_code: str
    name: str
    kind: str
    version: int


class PartnerFact(msgspec.Struct):
    """What is read of a partner."""

    id: UUID
    name: str
    kind: str
    active: bool
    version: int


class TermFacts(msgspec.Struct):
    """A page of a board's terms, the latest first; more than one page would take centuries."""

    items: list[TermFact]


class RegistryClient:
    """Registry as planning knows it."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def journal(self, *, after: int, wait: int) -> Mapping[str, Any]:
        """Return the entries after a position; registry rests up to `wait` seconds when there is none."""
        with upstream("registry"):
            response = await self._http.get(
                "/registry/v1/journal",
                params={"after": after, "limit": PAGE, "wait": wait},
                timeout=wait + PATIENCE_SECONDS,
            )
            page: Mapping[str, Any] = response.raise_for_status().json()
            return page

    async def journal_head(self) -> Mapping[str, Any]:
        """Return how far registry's journal has come, with its latest signed head."""
        with upstream("registry"):
            head: Mapping[str, Any] = (await self._http.get("/registry/v1/journal/head")).raise_for_status().json()
            return head

    async def standing(self, account_id: UUID) -> Caller | None:
        """Return what an account or program may now, None when it may not sign in."""
        with upstream("registry"):
            response = await self._http.get(f"/registry/v1/standings/{account_id}")
            if refused_with(response, ResourceNotFound.code):
                return None
            return msgspec.json.decode(response.raise_for_status().content, type=Standing).caller()

    async def board(self, board_id: UUID) -> BoardFact | None:
        """Return a board, None when registry itself says that there is none."""
        with upstream("registry"):
            response = await self._http.get(f"/registry/v1/boards/{board_id}")
            if refused_with(response, ResourceNotFound.code):
                return None
            return msgspec.json.decode(response.raise_for_status().content, type=BoardFact)

    async def partner(self, partner_id: UUID) -> PartnerFact | None:
        """Return a partner, None when registry itself says that there is none."""
        with upstream("registry"):
            response = await self._http.get(f"/registry/v1/partners/{partner_id}")
            if refused_with(response, ResourceNotFound.code):
                return None
            return msgspec.json.decode(response.raise_for_status().content, type=PartnerFact)

    async def terms(self, board_id: UUID) -> list[TermFact]:
        """Return the terms of a board."""
        with upstream("registry"):
            response = await self._http.get(f"/registry/v1/boards/{board_id}/terms", params={"limit": 500})
            return msgspec.json.decode(response.raise_for_status().content, type=TermFacts).items


def registry_client(settings: Settings) -> RegistryClient:
    """Return registry's client, signed in as planning."""
    auth = ServiceAuth(
        token_url=f"{settings.registry_url}/registry/v1/tokens",
        client_id=settings.client_id,
        client_secret=settings.client_secret.get_secret_value(),
    )
    return RegistryClient(service_http(base_url=settings.registry_url, auth=auth))
