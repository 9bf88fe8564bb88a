"""Everything at once: PostgreSQL, three services with their workers, and the gateway in front of them."""

import os
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Self

from deploy.local import gateway
from deploy.local.environment import OPERATOR, for_service, given_databases
from deploy.local.errors import plainly, refuse
from deploy.local.keep import fingerprint, kept_ports, kept_secrets
from deploy.local.parts import Database, Part, Program, end_together
from deploy.local.places import PROJECT, SERVICES, write_private
from deploy.local.ports import LOOPBACK, answers, free_port, is_free
from deploy.local.processes import end, last_line, spawn, why_ended

PATIENCE = 120.0
TICK = 0.1
STEPS = 6


def quiet(_line: str) -> None:
    """Say nothing."""


class House:
    """A running house in a folder of its own; `start` makes one, leaving the `with` block stops it."""

    def __init__(
        self,
        folder: Path,
        *,
        ports: Mapping[str, int] | None = None,
        root: Path = PROJECT,
        durable: bool = True,
        host: str = LOOPBACK,
        step: Callable[[str], None] = quiet,
        say: Callable[[str], None] = quiet,
    ) -> None:
        self.folder = folder.resolve()
        self.root = root
        self.host = host
        self.parts: dict[str, Part] = {}
        self._durable = durable
        self._step = step
        self._say = say
        wanted = dict(ports or {})
        wanted.setdefault("gateway", 0)
        wanted["gateway"] = wanted["gateway"] or free_port(host)
        with plainly(self.folder):
            for name in ("logs", "run", "state", "files"):
                (self.folder / name).mkdir(parents=True, exist_ok=True)
            self.secrets = kept_secrets(self.folder)
            self.ports = kept_ports(self.folder, wanted=wanted)

    @classmethod
    def start(cls, folder: Path, **options: object) -> Self:
        """Start everything and wait until it answers."""
        house = cls(folder, **options)  # type: ignore[arg-type]
        try:
            house.open()
        except BaseException:
            house.stop()
            raise
        return house

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def gateway_url(self) -> str:
        return f"http://localhost:{self.ports['gateway']}"

    @property
    def operator(self) -> tuple[str, str]:
        return OPERATOR, self.secrets["operator_password"]

    def log(self, name: str) -> Path:
        return self.folder / "logs" / f"{name}.log"

    def database_url(self, service: str) -> str:
        if given := given_databases().get(service):
            return given
        return self.database.server.url(service)

    @property
    def database(self) -> Database:
        found = self.parts.get("postgres")
        if not isinstance(found, Database):
            refuse("The databases are not embedded ones.")
        return found

    def environment(self, service: str) -> dict[str, str]:
        """Make what a command of this service needs around it."""
        return for_service(
            service,
            state=self.folder,
            ports=self.ports,
            secrets=self.secrets,
            database_url=self.database_url(service),
            issuer=self.gateway_url,
        )

    def open(self) -> None:
        """Bring up every part in order; each step is told before it begins."""
        if not is_free(self.ports["gateway"], host=self.host):
            taken = self.ports["gateway"]
            refuse(
                f"Port {taken} is taken by another program: choose another, as in `GATEWAY_PORT={taken + 1} make run`."
            )
        with plainly(self.folder):
            self._step("Starting PostgreSQL")
            self._open_databases()
            environments = {service: self.environment(service) for service in SERVICES}
            self._prepare(environments)
            self._step("Starting services and workers")
            for service, environment in environments.items():
                for name, act in ((service, "serve"), (f"{service}-worker", "work")):
                    command = [sys.executable, "-m", f"services.{service}", act]
                    self._add(Program(name, command, log=self.log(name), environment=environment, folder=self.root))
            self._wait(self._alive())
            # Only now, so that the gateway finds the registry's keys at once.
            self._step("Starting the gateway")
            self._add(self._gateway())
            self._step("Waiting until all are ready")
            self.wait_until_ready()

    def wait_until_ready(self, *, patience: float = PATIENCE) -> None:
        """Until every wanted service answers by itself and says through the gateway that it is ready."""
        self._wait(self._alive(), patience=patience)
        if self.parts["gateway"].wanted:
            ready = [(self.ports["gateway"], f"/{name}/readyz") for name in SERVICES if self.parts[name].wanted]
            self._wait(ready, patience=patience)

    def _alive(self) -> list[tuple[int, str]]:
        return [(self.ports[name], f"/{name}/livez") for name in SERVICES if self.parts[name].wanted]

    def _wait(self, waiting: list[tuple[int, str]], *, patience: float = PATIENCE) -> None:
        until = time.monotonic() + patience
        for port, path in waiting:
            while not answers(port, path):
                if time.monotonic() > until:
                    refuse(f"{path} did not answer on port {port} within {patience:g} s; see {self.folder / 'logs'}.")
                self.tend()
                time.sleep(TICK)

    def tend(self) -> None:
        """Start again what has crashed."""
        for part in self.parts.values():
            part.tend(self._say)

    def kill(self, name: str) -> None:
        """SIGKILL one part; it stays down until `restart`."""
        self.parts[name].kill()

    def halt(self, name: str) -> None:
        """End one part in order; it stays down until `restart`."""
        self.parts[name].stop()

    def restart(self, name: str, *, wait: bool = True) -> None:
        """Start one part again, and wait until the house is ready."""
        self.parts[name].stop()
        self.parts[name].start()
        if wait:
            self.wait_until_ready()

    def stop(self) -> None:
        """End everything: the gateway first, so that nothing new comes in, the database last."""
        groups = (["gateway"], [f"{service}-worker" for service in SERVICES], list(SERVICES))
        for group in groups:
            members = [self.parts[name] for name in group if name in self.parts]
            end_together([member for member in members if isinstance(member, Program)])
        if "postgres" in self.parts:
            self.parts["postgres"].stop()

    def destroy(self) -> None:
        """Stop, and remove the database's files wherever they lie."""
        self.stop()
        if "postgres" in self.parts:
            self.database.server.destroy()

    def _add(self, part: Part) -> None:
        self.parts[part.name] = part
        part.start()

    def _open_databases(self) -> None:
        embedded = [service for service in SERVICES if service not in given_databases()]
        if not embedded:
            return
        port = self.ports["postgres"]
        self.parts["postgres"] = Database(
            self.folder / "data", log=self.log("postgres"), port=port, durable=self._durable
        )
        for service in embedded:
            self.database.server.create_database(service, service)

    def _prepare(self, environments: Mapping[str, Mapping[str, str]]) -> None:
        """Migrate and make first accounts, unless the same code did so in these very databases."""
        stamp = self.folder / "prepared"
        now = (
            fingerprint(self.root, environments=environments, made=self.database.made) if not given_databases() else ""
        )
        if now and stamp.exists() and stamp.read_text(encoding="utf-8") == now:
            return
        self._step("Migrating the databases")
        self._all_once("migrate", environments)
        self._step("Making keys and first accounts")
        self._all_once("bootstrap", {"registry": environments["registry"]})
        stamp.write_text(now, encoding="utf-8")

    def _all_once(self, act: str, environments: Mapping[str, Mapping[str, str]]) -> None:
        """Run one act of several services side by side, and wait for all of them."""
        running = {}
        try:
            for service, environment in environments.items():
                command = [sys.executable, "-m", f"services.{service}", act]
                log = self.log(f"{service}-{act}")
                running[service] = spawn(command, log=log, environment=environment, folder=self.root)
            for service, process in running.items():
                if code := process.wait():
                    log = self.log(f"{service}-{act}")
                    told = f"{why_ended(code)}: {last_line(log)} ({log})"
                    refuse(f"`python -m services.{service} {act}` failed with {told}")
        finally:
            for process in running.values():
                end(process, signals=(), patience=5)

    def _gateway(self) -> Program:
        config = self.folder / "run" / "envoy.yaml"
        services = {service: self.ports[service] for service in SERVICES}
        port, admin_port = self.ports["gateway"], self.ports["admin"]
        origins = os.environ.get("CORS_ORIGIN_REGEX", gateway.LOCAL_ORIGINS)
        chosen = gateway.values(
            services, host=self.host, port=port, admin_port=admin_port, issuer=self.gateway_url, origins=origins
        )
        write_private(config, gateway.render(chosen))
        return Program(
            "gateway", gateway.command(config), log=self.log("gateway"), environment=os.environ, folder=self.folder
        )
