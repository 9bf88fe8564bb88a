"""Every read of registry, in every form, by everybody: who is named is named only to whom may see it, and it is noted."""

import importlib
import io
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any

import httpx
import pytest
from jose import jwt
from sqlalchemy import func, insert, literal_column, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.accounts.rules import SERVICE_SCOPES, Role, all_scopes, scopes_of
from services.registry.app import SERVICE
from shared import syncviews
from shared.clock import read_clock, today
from shared.forms import FORMS
from shared.importing import vault_of
from shared.journal import Audience
from tests.architecture.reading import Route, routes
from tests.contracts.furnish import PLACE, furnish, identity
from tests.contracts.test_every_read import LISTS, Furnished
from tests.house import Prepared, Running, run

NIK = "3471036308910005"
NAMES = {"name": "Ratna Penyingkap", "phone": "081298765432", "address": "Gang Tersembunyi 17"}
FIELDS = NAMES | {"nik": NIK, "kk_number": "3471031202060007"}
SECRETS = [*NAMES.values(), NIK, FIELDS["kk_number"]]
RESTRICTED = {"registry:personal:read", "registry:nik:read"}
FORMER = "Ratna Dulu Pengurus"
"""An officer until yesterday, whose name the worker has not released yet: it stands in clear, and nobody else sees it."""

HOLDER = "Ratna Pemegang Akun"
"""Whose account it is, in clear too, for those who keep accounts."""

DAY = timedelta(days=1)
READS = [one for one in routes() if one.service == "registry" and one.method == "GET"]


@pytest.fixture(scope="module")
async def furnished(prepared: Prepared, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Furnished]:
    """Give registry with rows in every table, and one person sealed behind each row that has a place."""
    async with AsyncExitStack() as stack:
        # No worker runs beside: what is not sealed, a pull does not wait for.
        stack.enter_context(pytest.MonkeyPatch.context()).setattr(syncviews, "PATIENCE_SECONDS", 0)
        running = await stack.enter_async_context(run(prepared, "registry", tmp_path_factory.mktemp("nobody")))
        service = Furnished(running, await furnish(running))
        tables, vault = running.tables, running.app.state.vault
        records = tables.personal_records
        async with running.database.writes.begin() as connection:
            await _fill_files(connection, running)
            officers, accounts = tables.officers, tables.accounts
            await connection.execute(update(officers).values(name=FORMER, ends_on=today(read_clock()) - DAY))
            await connection.execute(update(accounts).values(display_name=HOLDER))
            await connection.execute(records.delete())
            for table in records.metadata.sorted_tables:
                if table in {records, officers} or not {"id", "kelurahan_code"} <= set(table.c.keys()):
                    continue
                for (row_id,) in (await connection.execute(select(table.c.id))).all():
                    wrapped, sealed = vault.sealed(row_id, FIELDS)
                    row = {"id": row_id, "kelurahan_code": PLACE, "person_id": identity("person"), "match_keys": []}
                    await connection.execute(insert(records), [row | {"wrapped_key": wrapped, "sealed": sealed}])
        yield service


async def _fill_files(connection: AsyncConnection, running: Running) -> None:
    """Let each refused row of a file say all that names somebody."""
    rows, vault = running.tables.import_rows, vault_of(running.app.state.settings.hmac_key)
    for item_id in (await connection.execute(select(rows.c.item_id))).scalars().all():
        wrapped, sealed = vault.sealed(item_id, FIELDS)
        filled = rows.update().where(rows.c.item_id == item_id)
        await connection.execute(filled.values(wrapped_key=wrapped, sealed=sealed))


def token(service: Furnished, scopes: Iterator[str] | list[str]) -> dict[str, str]:
    """Sign in whose files they are, with some scopes."""
    return service.running.token("auditor", regions=("*",), scope=" ".join(scopes), sub=str(identity("account")))


def told(reply: httpx.Response) -> str:
    """Return all that a reply tells, whatever its form; headers too."""
    content = reply.text
    if reply.headers.get("content-type", "").startswith("application/vnd.apache.parquet"):
        parquet: Any = importlib.import_module("pyarrow.parquet")
        content = str(parquet.read_table(io.BytesIO(reply.content)).to_pylist())
    return f"{reply.headers} {content}"


def kept_from(caller: dict[str, str], address: str) -> list[str]:
    """Return what somebody who lacks the restricted scopes may not see; one's own name is one's own."""
    scopes = str(jwt.get_unverified_claims(caller["Authorization"].split()[1])["scope"]).split() if caller else []
    return [*SECRETS, FORMER, *([] if "registry:accounts:read" in scopes or address.endswith("/self") else [HOLDER])]


def named_in(content: str, secrets: list[str] = SECRETS) -> list[str]:
    return [secret for secret in secrets if secret in content]


@pytest.mark.parametrize("route", READS, ids=str)
async def test_a_read_names_nobody_to_who_lacks_the_scope(furnished: Furnished, route: Route) -> None:
    """Every role by itself, the services, nobody, and all scopes but the restricted ones together."""
    strongest = token(furnished, [one for one in all_scopes() if one not in RESTRICTED])
    callers = [{}, strongest]
    callers += [token(furnished, list(scopes)) for scopes in SERVICE_SCOPES.values()]
    callers += [token(furnished, held) for role in Role if not RESTRICTED & set(held := scopes_of([role.value]))]
    forms = ["application/json", *(FORMS if route in LISTS else ())]

    for address in furnished.addresses(route):
        for caller in callers:
            for form in forms if caller is strongest else forms[:1]:
                reply = await furnished.get(address, headers=caller | {"Accept": form})
                assert not named_in(told(reply), kept_from(caller, address)), (address, form)
        shown = await furnished.get(address, headers=token(furnished, scopes_of(["facilitator"])))
        assert not named_in(told(shown), [NIK, FIELDS["kk_number"]]), address


@pytest.mark.parametrize("route", READS, ids=str)
async def test_who_is_shown_a_name_leaves_an_entry_and_no_cache_keeps_it(furnished: Furnished, route: Route) -> None:
    entries = furnished.running.tables.journal_entries
    noted = [action for action, audience in SERVICE.audiences.items() if audience is Audience.READINGS]
    readings = select(func.count()).where(entries.c.action.in_(noted))

    async def count() -> int:
        async with furnished.running.database.reads.connect() as connection:
            return int((await connection.execute(readings)).scalar_one())

    for address in furnished.addresses(route):
        for form in ("application/json", *(FORMS if route in LISTS else ())):
            before = await count()
            reply = await furnished.get(address, headers=furnished.everything | {"Accept": form})
            if named_in(told(reply), [*SECRETS, FORMER]):
                assert await count() == before + 1, (address, form)
                assert "no-store" in reply.headers["Cache-Control"], (address, form)


async def test_no_table_keeps_a_name_in_clear_after_everything_was_read(
    furnished: Furnished, capfd: pytest.CaptureFixture[str]
) -> None:
    seen, clear = 0, set()
    for route in READS:
        for address in furnished.addresses(route):
            content = told(await furnished.get(address))
            seen += bool(named_in(content))
            clear |= set(named_in(content, [FORMER, HOLDER]))
    assert (seen >= 5, clear) == (True, {FORMER, HOLDER})
    assert not named_in("".join(capfd.readouterr()), [*SECRETS, FORMER, HOLDER])

    async with furnished.running.database.reads.connect() as connection:
        stands = {FORMER: "officers", HOLDER: "accounts"}
        for name in furnished.running.tables.names():
            whole: Any = literal_column(f'row_to_json("{name}")::text')
            rows = await connection.execute(select(whole).select_from(getattr(furnished.running.tables, name)))
            content = json.dumps(list(rows.scalars()))
            secrets = [*SECRETS, *(secret for secret, table in stands.items() if table != name)]
            assert not [secret for secret in secrets if secret in content or secret.encode().hex() in content], name
