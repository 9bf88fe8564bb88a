"""The embedded PostgreSQL: what survives, who may enter, and what a fault leaves behind."""

import os
import signal
import stat
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from deploy.local import lingering
from deploy.local.errors import RefusedError
from deploy.local.ports import free_port
from deploy.local.postgres import Postgres


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    # Durable, because these tests kill it.
    made = Postgres(tmp_path_factory.mktemp("postgres"), port=free_port())
    made.create_database("ledger", "ledger")
    made.create_database("other", "other")
    yield made
    made.destroy()
    assert not made.data.exists()


def value(url: str, query: str) -> object:
    with psycopg.connect(url, autocommit=True) as connection:
        found = connection.execute(query).fetchone()
        assert found is not None
        return found[0]


def execute(url: str, statement: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement)


def test_it_speaks_as_the_services_expect(server: Postgres) -> None:
    url = server.url("ledger")
    assert value(url, "SHOW server_encoding") == "UTF8"
    assert value(url, "SHOW max_connections") == "200"
    assert value(url, "SHOW timezone") == "UTC"
    assert value(url, "SHOW listen_addresses") == "127.0.0.1"
    expected = "C" if os.environ.get("TEST_POSTGRES_BIN") else "C.UTF-8"
    # The column of the builtin locale has another name before version 17.
    known = "SELECT coalesce(to_jsonb(d) ->> 'datlocale', datcollate) FROM pg_database d WHERE datname = 'ledger'"
    assert value(url, known) == expected


def test_nobody_enters_without_a_password(server: Postgres) -> None:
    url = server.url("ledger")
    for wrong in (url.replace("ledger:", "ledger:x", 1), f"postgresql://postgres@127.0.0.1:{server.port}/postgres"):
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(wrong)
    with psycopg.connect(server.superuser_url) as connection:
        stored = [row[0] for row in connection.execute("SELECT rolpassword FROM pg_authid WHERE rolcanlogin")]
    assert all(password.startswith("SCRAM-SHA-256$") for password in stored)
    assert stat.S_IMODE((server.folder / "passwords.json").stat().st_mode) == 0o600


def test_no_role_enters_another_database(server: Postgres) -> None:
    for database in ("other", "postgres", "template1"):
        with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
            psycopg.connect(server.url("ledger").removesuffix("/ledger") + f"/{database}")
    rights = "SELECT count(*) FROM pg_roles WHERE rolname = 'ledger' AND (rolsuper OR rolcreatedb OR rolcreaterole OR rolreplication)"
    assert value(server.superuser_url, rights) == 0


def test_it_does_not_run_as_root(server: Postgres) -> None:
    assert server.process is not None
    if Path("/proc").exists():
        assert Path(f"/proc/{server.process.pid}").stat().st_uid != 0


def test_making_a_database_again_changes_nothing(server: Postgres) -> None:
    url = server.url("ledger")
    execute(url, "CREATE TABLE again (id int)")
    assert server.create_database("ledger", "ledger") == url
    assert value(url, "SELECT count(*) FROM again") == 0


def test_rows_and_addresses_survive_a_restart(server: Postgres) -> None:
    url = server.url("ledger")
    execute(url, "CREATE TABLE kept AS SELECT 1 AS id")
    server.stop()
    server.start()
    server.start()
    assert server.url("ledger") == url
    assert value(url, "SELECT count(*) FROM kept") == 1


def test_committed_rows_survive_a_kill(server: Postgres) -> None:
    url = server.url("ledger")
    execute(url, "CREATE TABLE struck AS SELECT 1 AS id")
    server.kill()
    assert (server.data / "postmaster.pid").exists()
    server.start()
    assert value(url, "SELECT count(*) FROM struck") == 1


def test_a_lock_file_that_names_a_stranger_is_forgotten(server: Postgres) -> None:
    server.kill()
    lock = server.data / "postmaster.pid"
    lines = lock.read_text().splitlines()
    lock.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")
    server.start()
    assert value(server.url("ledger"), "SELECT 1") == 1


def test_a_second_one_on_the_same_folder_is_refused(server: Postgres) -> None:
    with pytest.raises(RefusedError, match="another process runs PostgreSQL on this folder"):
        Postgres(server.folder)
    assert value(server.url("ledger"), "SELECT 1") == 1


def test_one_that_lost_its_supervisor_is_ended_first(server: Postgres) -> None:
    assert server.process is not None
    lingering.clear(server.data)
    server.process.wait(10)
    assert server.process.returncode in {0, -signal.SIGQUIT}
    server.start()


def test_a_taken_port_is_named(server: Postgres, tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match=f"did not start on port {server.port}.*Address already in use"):
        Postgres(tmp_path, port=server.port, durable=False)


def test_lost_passwords_are_told(tmp_path: Path) -> None:
    with Postgres(tmp_path, durable=False) as server:
        server.stop()
        kept = tmp_path / "passwords.json"
        kept.rename(tmp_path / "hidden")
        with pytest.raises(RefusedError, match=r"passwords\.json is gone"):
            server.start()
        server.destroy()
