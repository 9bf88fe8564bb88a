"""Registry's commands: serve, work, migrate, bootstrap, import-regions, import-bps, rotate-key."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.accounts import service as accounts
from services.registry.api_clients import service as clients
from services.registry.app import MIGRATIONS, create, prepared
from services.registry.boards import seats
from services.registry.regions import editions
from services.registry.residents import cards
from services.registry.settings import Settings
from services.registry.sign_ins import service as sign_ins
from services.registry.tokens import keys
from services.registry.tokens import service as tokens
from shared.clock import read_clock, today
from shared.commands import add_service_commands
from shared.database import Database
from shared.permissions import Caller
from shared.working import work

cli = typer.Typer(no_args_is_help=True, add_completion=False, help="Tridaya registry")


async def _worker(settings: Settings) -> None:
    async def renew_keys(session: AsyncSession, now: datetime) -> None:
        await keys.publish_key(session, settings, now=now)
        await keys.drop_retired_keys(session, now=now)

    async def tidy(session: AsyncSession, now: datetime) -> None:
        await tokens.tidy_tokens(session, now=now)
        await sign_ins.tidy_sign_ins(session, now=now)

    database = Database(settings)

    async def authority(account_id: UUID) -> Caller | None:
        async with database.transaction() as session:
            holder = await tokens.standing_of(session, account_id, now=read_clock())
        return None if holder is None else holder.caller()

    service = prepared(settings)
    released: date | None = None

    async def release(session: AsyncSession, now: datetime) -> None:
        # Offices run out at midnight: once nobody of yesterday is left, there is nothing to look for until tomorrow.
        nonlocal released
        if released != today(now) and not await seats.release_former(session, service.state["vault"], now=now):
            released = today(now)

    digested: UUID | None = None
    undigested = True

    async def digest_cards(session: AsyncSession, _now: datetime) -> None:
        # What was recorded before there were digests; new ones come with theirs.
        nonlocal digested, undigested
        if undigested:
            digested = await cards.digest_older(session, service.state["vault"], after=digested)
            undigested = digested is not None

    await work(service, settings, authority=authority, chores=[renew_keys, tidy, release, digest_cards])


add_service_commands(cli, create=create, settings=Settings, migrations=MIGRATIONS, worker=_worker)


@asynccontextmanager
async def _transaction(settings: Settings) -> AsyncIterator[AsyncSession]:
    """Open one transaction on a database of its own, closed whatever happens."""
    database = Database(settings, patient=True)
    try:
        async with database.transaction() as session:
            yield session
    finally:
        await database.close()


async def _bootstrap(settings: Settings) -> None:
    now = read_clock()
    async with _transaction(settings) as session:
        await keys.publish_key(session, settings, now=now)
        if settings.operator_password is not None:
            await accounts.ensure_operator(
                session,
                username=settings.operator_username,
                password=settings.operator_password.get_secret_value(),
                now=now,
            )
        for name, secret in (
            ("planning", settings.planning_client_secret),
            ("monitoring", settings.monitoring_client_secret),
        ):
            if secret is not None:
                await clients.ensure_service_client(session, name=name, secret=secret.get_secret_value(), now=now)


@cli.command()
def bootstrap() -> None:
    """Make what a fresh registry needs: a signing key, the first operator, the services' clients."""
    asyncio.run(_bootstrap(Settings.from_environment()))


async def _rotate(settings: Settings) -> str:
    async with _transaction(settings) as session:
        return await keys.rotate_key(session, settings, now=read_clock())


@cli.command("rotate-key")
def rotate_key() -> None:
    """Publish a new signing key; it signs after notice, and old tokens verify until they end."""
    settings = Settings.from_environment()
    typer.echo(f"{asyncio.run(_rotate(settings))} signs in {settings.key_notice_seconds} s")


TakeOver = Callable[..., Awaitable[int]]


async def _imported(settings: Settings, edition: editions.Edition, take_over: TakeOver, *, what: str) -> int:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns) as progress:
        task = progress.add_task(what, total=len(edition))
        async with _transaction(settings) as session:
            return await take_over(
                session, edition, now=read_clock(), advance=lambda rows: progress.advance(task, rows)
            )


def _import(read: Callable[[Path], editions.Edition], source: Path, take_over: TakeOver, *, what: str) -> None:
    """Take a list over and say how much is new, or say why nothing was imported."""
    try:
        count = asyncio.run(_imported(Settings.from_environment(), read(source), take_over, what=what))
    except editions.ListUnreadableError as error:
        typer.echo(f"Nothing was imported: {error}", err=True)
        raise typer.Exit(1) from error
    typer.echo(f"{count} {what} are new or changed")


@cli.command("import-regions")
def import_regions(
    folder: Annotated[
        Path, typer.Argument(exists=True, file_okay=False, help="Holds the four CSV files, plain or .gz")
    ],
) -> None:
    """Take an edition of the official list of regions over."""
    _import(editions.read_folder, folder, editions.take_over, what="regions")


@cli.command("import-bps")
def import_bps(
    file: Annotated[
        Path,
        typer.Argument(
            exists=True,
            dir_okay=False,
            help="CSV, plain or .gz: kemendagri_code, bps_code, valid_from, valid_to, legal_basis",
        ),
    ],
) -> None:
    """Take the statistics office's codes of regions over."""
    _import(editions.read_bridge, file, editions.take_bridge_over, what="BPS codes")
