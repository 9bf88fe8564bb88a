"""What monitoring reads of registry: its journal, and a board that the copy does not have yet."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

import httpx
import msgspec
from pydantic import BaseModel

from services.monitoring.settings import Settings
from shared.errors import ResourceNotFound
from shared.http import ServiceAuth, refused_with, service_http, upstream
from shared.permissions import Caller, Standing

PAGE = 1000
PATIENCE_SECONDS = 10.0
"""How much longer than asked an answer to a long poll may take."""


class BoardFact(msgspec.Struct):
    """What is read of a board."""

    id: UUID
    name: str
    founded_on: date
    legal_status: str
    version: int
    dissolved_on: date | None = None
    """Older entries lack it: then nobody could dissolve a board."""


class TermFact(msgspec.Struct):
    """What is read of a board's term."""

    id: UUID
    board_id: UUID
    starts_on: date
    ends_on: date
    version: int


class OfficerFact(msgspec.Struct):
    """What is read of an elected officer: named only while in office."""

    id: UUID
    board_id: UUID
    term_id: UUID
    person_id: UUID
    name: str | None
    position: str
    version: int
    starts_on: date | None = None
    """Older entries lack both days: then an office was as long as its term."""
    ends_on: date | None = None


class PartnerFact(msgspec.Struct):
    """What is read of a partner."""

    id: UUID
    name: str
    kind: str
    version: int


class BoardPlace(BaseModel):
    """What is read of a board that is asked for by its id: where it works."""

    kelurahan_code: str


class RegistryClient:
    """Registry as monitoring knows it."""

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

    async def board_place(self, board_id: UUID) -> str | None:
        """Return the kelurahan of a board, None when registry itself says that there is no such board."""
        with upstream("registry"):
            response = await self._http.get(f"/registry/v1/boards/{board_id}")
            if refused_with(response, ResourceNotFound.code):
                return None
            return BoardPlace.model_validate_json(response.raise_for_status().content).kelurahan_code


def own_token(settings: Settings) -> ServiceAuth:
    """Return the sign-in of monitoring's own client."""
    return ServiceAuth(
        token_url=f"{settings.registry_url}/registry/v1/tokens",
        client_id=settings.client_id,
        client_secret=settings.client_secret.get_secret_value(),
    )


def registry_client(settings: Settings) -> RegistryClient:
    """Return registry's client, signed in as monitoring."""
    return RegistryClient(service_http(base_url=settings.registry_url, auth=own_token(settings)))
