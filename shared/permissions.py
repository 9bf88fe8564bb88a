"""Who is asking, and what they may do: permissions as types in a route's signature."""

import asyncio
import math
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

import msgspec
from fastapi import Depends, Request

from shared.errors import Forbidden, Text, Unauthenticated
from shared.log import log
from shared.places import lies_within
from shared.tokens import TokenInvalid, Tokens

STANDINGS_SECONDS = 1.0
STANDING_MEMORY = timedelta(minutes=70)
"""A little longer than any token lives; older revocations have no living token left."""


class TokenMissing(Unauthenticated):
    code = "token.missing"
    title = Text("Perlu masuk", "Sign-in needed")
    detail = Text("Permintaan ini memerlukan token.", "This request needs a token.")
    fix = Text(
        "Minta token di /registry/v1/tokens dan kirim sebagai Authorization: Bearer.",
        "Ask for a token at /registry/v1/tokens and send it as Authorization: Bearer.",
    )


class AccountSuspended(Unauthenticated):
    code = "account.suspended"
    title = Text("Akun ditangguhkan", "Account suspended")
    detail = Text(
        "Akun ini ditangguhkan atau sesinya dicabut.", "This account is suspended or its sessions were revoked."
    )
    fix = Text("Hubungi operator, atau masuk kembali.", "Ask an operator, or sign in again.")


class EmergencyEnded(Unauthenticated):
    code = "emergency.ended"
    title = Text("Keadaan darurat sudah berakhir", "Emergency ended")
    detail = Text(
        "Keadaan darurat yang membuka token ini sudah berakhir.", "The emergency that opened this token has ended."
    )
    fix = Text("Pakai token Anda sendiri.", "Use your own token.")


class ClientTokenVoid(Unauthenticated):
    code = "client.token_void"
    title = Text("Token program tidak berlaku lagi", "Program's token void")
    detail = Text(
        "Rahasia program ini dihentikan, atau wewenangnya diubah, setelah token ini dibuat.",
        "A secret of this program was retired, or what it may do was changed, after this token was made.",
    )
    fix = Text("Minta token baru dengan rahasia yang berlaku.", "Ask for a new token with a secret that holds.")


class ScopeMissing(Forbidden):
    code = "scope.missing"
    title = Text("Tidak berwenang", "Not allowed")
    detail = Text("Permintaan ini memerlukan wewenang {scope}.", "This request needs the scope {scope}.")
    fix = Text(
        "Mintalah peran yang memiliki wewenang itu kepada operator.",
        "Ask an operator for a role that has the scope.",
    )


class RegionMissing(Forbidden):
    code = "region.missing"
    title = Text("Di luar wilayah Anda", "Outside your regions")
    detail = Text("Akun Anda tidak melayani wilayah {region}.", "Your account does not serve the region {region}.")
    fix = Text("Pakai akun yang melayani wilayah itu.", "Use an account that serves that region.")


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is asking. Without a token: nobody, who sees what is public."""

    account_id: UUID | None = None
    person_id: UUID | None = None
    client_id: str | None = None
    org: UUID | None = None
    roles: frozenset[str] = frozenset()
    scopes: frozenset[str] = frozenset()
    regions: tuple[str, ...] = ()
    emergency: UUID | None = None
    """The emergency that this token was opened by; what is read with it says so."""

    code: bytes | None = None
    """The digest of what proves a right without an account; what is done with it is journaled as nobody's act."""

    @property
    def anonymous(self) -> bool:
        return self.account_id is None

    def may(self, scope: str) -> bool:
        return scope in self.scopes

    def serves(self, code: str) -> bool:
        return lies_within(code, self.regions)

    def require_region(self, code: str) -> None:
        """Refuse unless the caller serves the place; `code` is today's code of the place."""
        if not self.serves(code):
            raise RegionMissing(region=code, members={"region": code})


NOBODY = Caller()


def caller_from(claims: Mapping[str, Any]) -> Caller:
    """Return who a verified token speaks for."""
    try:
        return Caller(
            account_id=UUID(claims["sub"]),
            person_id=UUID(claims["person"]) if claims.get("person") else None,
            client_id=claims["client_id"],
            org=UUID(claims["org"]) if claims.get("org") else None,
            roles=frozenset(claims.get("roles", ())),
            scopes=frozenset(claims["scope"].split()),
            regions=tuple(claims.get("regions", ())),
            emergency=UUID(claims["emergency"]) if claims.get("emergency") else None,
        )
    except (KeyError, ValueError, AttributeError, TypeError) as error:
        raise TokenInvalid from error


class Standing(msgspec.Struct):
    """What an account or program may now, as whoever issues its tokens tells."""

    id: UUID
    person_id: UUID | None
    roles: list[str]
    scopes: list[str]
    regions: list[str]
    org: UUID | None

    def caller(self) -> Caller:
        """Return who acts when something is done for the account without its token."""
        return Caller(
            account_id=self.id,
            person_id=self.person_id,
            org=self.org,
            roles=frozenset(self.roles),
            scopes=frozenset(self.scopes),
            regions=tuple(self.regions),
        )


class Standings:
    """From when the tokens of each account, client and emergency count; older ones are refused though they verify."""

    def __init__(self) -> None:
        self._not_before: dict[UUID, float] = {}

    def replace(self, not_before: Mapping[UUID, float]) -> None:
        """Take the recent revocations: account to the moment (seconds) before which tokens are void."""
        self._not_before = dict(not_before)

    def refuses(self, account_id: UUID, *, issued_at: float) -> bool:
        limit = self._not_before.get(account_id)
        return limit is not None and issued_at < limit

    def suspends(self, account_id: UUID) -> bool:
        """Tell whether no token of an account or program counts, however new: it may not even ask for one."""
        return self._not_before.get(account_id) == math.inf

    async def keep_fresh(self, load: Callable[[], Awaitable[Mapping[UUID, float]]]) -> None:
        """Load the recent revocations every second, for as long as the process lives."""
        while True:
            try:
                self.replace(await load())
            except Exception as error:
                log.warning("standings.unreachable", error=repr(error))
            await asyncio.sleep(STANDINGS_SECONDS)


class Gate:
    """What an application needs to know a caller: verified tokens and account standings."""

    def __init__(self, *, tokens: Tokens, standings: Standings) -> None:
        self.tokens = tokens
        self.standings = standings

    async def caller(self, authorization: str | None) -> Caller:
        """Return who is asking; a missing token is nobody, a bad one is refused."""
        if authorization is None:
            return NOBODY
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise TokenInvalid
        claims = await self.tokens.claims(token.strip())
        caller = caller_from(claims)
        self._require_standing(caller, issued_at=float(claims["iat"]))
        return caller

    def _require_standing(self, caller: Caller, *, issued_at: float) -> None:
        """Refuse a token that was revoked, saying how; only who holds one that verifies hears it."""
        account, emergency = caller.account_id, caller.emergency
        if account is not None and self.standings.refuses(account, issued_at=issued_at):
            of_program = caller.person_id is None
            raise ClientTokenVoid if of_program and not self.standings.suspends(account) else AccountSuspended
        if emergency is not None and self.standings.refuses(emergency, issued_at=issued_at):
            raise EmergencyEnded


async def known_caller(request: Request) -> Caller:
    gate: Gate = request.app.state.gate
    caller = await gate.caller(request.headers.get("authorization"))
    request.state.caller = caller
    return caller


Anyone = Annotated[Caller, Depends(known_caller)]
"""Whoever is asking; without a token the public view."""


async def _signed_in(caller: Anyone) -> Caller:
    if caller.anonymous:
        raise TokenMissing
    return caller


SignedIn = Annotated[Caller, Depends(_signed_in)]


class Needs:
    """A dependency that refuses a caller without one of the scopes."""

    def __init__(self, *scopes: str) -> None:
        self.scopes = scopes

    async def __call__(self, caller: Anyone) -> Caller:
        if caller.anonymous:
            raise TokenMissing
        if not any(caller.may(scope) for scope in self.scopes):
            raise ScopeMissing(scope=" / ".join(self.scopes), members={"scope": list(self.scopes)})
        return caller
