"""The life of a house in the foreground: start, demo, the table, watching, and an orderly end."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

from deploy.local.control import Desk
from deploy.local.environment import given_databases
from deploy.local.errors import plainly, refuse
from deploy.local.house import STEPS, House
from deploy.local.places import FOLDER, PROJECT, SERVICES
from deploy.local.ports import LOOPBACK
from deploy.local.postgres import remove
from deploy.local.processes import end, tie, why_ended
from deploy.local.screen import Screen

GATEWAY_PORT = 8080
HIGHEST_PORT = 65535
TICK = 0.2
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class EndedError(Exception):
    """Somebody asked for the end."""


def run() -> None:
    """Start the house, keep it running, and end it in order."""
    port = _gateway_port()
    screen = Screen(steps=STEPS)
    desk = Desk(FOLDER)
    desk.hold()
    house: House | None = None
    try:
        with _endable():
            screen.step("Preparing keys and folders")
            ports = {"gateway": port}
            host = os.environ.get("GATEWAY_HOST", LOOPBACK)
            house = House(FOLDER, ports=ports, host=host, step=screen.step, say=screen.say)
            house.open()
            screen.clear()
            desk.tell(house.gateway_url, {name: part.state for name, part in house.parts.items()})
            _demo(house, screen=screen)
            screen.table(_summary(house))
            _watch(house, desk=desk, screen=screen)
    except EndedError:
        screen.clear()
        screen.say("Stopping.")
    finally:
        screen.clear()
        if house is not None:
            house.stop()
        with contextlib.suppress(OSError):
            desk.release()
    screen.say("Everything has stopped.")


def reset() -> str:
    """Remove everything that a house has made; other people's databases stay as they are."""
    if (supervisor := Desk(FOLDER).supervisor()) is not None:
        refuse(f"The house runs (process {supervisor}): `make stop` first.")
    with plainly(FOLDER):
        remove(FOLDER / "data")
        if FOLDER.exists():
            shutil.rmtree(FOLDER)
    kept = ", ".join(f"{service.upper()}_DATABASE_URL" for service in given_databases())
    return f"{FOLDER} is gone." + (f" The databases of {kept} were left alone." if kept else "")


@contextlib.contextmanager
def _endable() -> Iterator[None]:
    """Turn the first signal into an exception; later ones do not disturb the end."""

    def end_once(*_: object) -> None:
        for chosen in ENDING:
            signal.signal(chosen, signal.SIG_IGN)
        raise EndedError

    for chosen in ENDING:
        signal.signal(chosen, end_once)
    try:
        yield
    finally:
        for chosen in ENDING:
            signal.signal(chosen, signal.SIG_IGN)


def _gateway_port() -> int:
    said = os.environ.get("GATEWAY_PORT") or str(GATEWAY_PORT)
    if not said.isdecimal() or not 0 < int(said) <= HIGHEST_PORT:
        refuse(f"GATEWAY_PORT is {said!r}: choose a number from 1 to {HIGHEST_PORT}.")
    return int(said)


def _watch(house: House, *, desk: Desk, screen: Screen) -> None:
    told: dict[str, str] = {}
    while True:
        for service in SERVICES:
            halted = desk.is_halted(service)
            for part in (house.parts[service], house.parts[f"{service}-worker"]):
                if halted and part.wanted:
                    part.stop()
                    screen.say(f"{part.name} has been stopped; `make start SERVICE={service}` starts it again.")
                elif not halted and not part.wanted:
                    part.start()
                    screen.say(f"{part.name} has been started again.")
        house.tend()
        states = {name: part.state for name, part in house.parts.items()}
        if states != told:
            # A full disk must not end a house that still answers.
            with contextlib.suppress(OSError):
                desk.tell(house.gateway_url, states)
                told = states
        time.sleep(TICK)


def _demo(house: House, *, screen: Screen) -> None:
    done = FOLDER / "demo-done"
    present = any((PROJECT / "deploy" / name).exists() for name in ("demo", "demo.py"))
    if not present or done.exists() or os.environ.get("TRIDAYA_DEMO") == "0":
        return
    screen.say("Loading the demo, once.")
    username, password = house.operator
    own = {
        "TRIDAYA_URL": f"http://{LOOPBACK}:{house.ports['gateway']}",
        "TRIDAYA_OPERATOR_USERNAME": username,
        "TRIDAYA_OPERATOR_PASSWORD": password,
        "TRIDAYA_DEMO_FILE": str(FOLDER / "demo.json"),
    }
    # Regions are taken over from the official list, by a command: the story itself only uses the public API.
    steps: list[tuple[list[str], dict[str, str]]] = [
        (["services.registry", "import-regions", "deploy/demo/regions"], house.environment("registry")),
        (["deploy.demo"], os.environ | own),
    ]
    for command, environment in steps:
        if code := _follow(command, environment=environment, house=house):
            screen.say(
                f"The demo ended with {why_ended(code)}; the house runs on. `make reset` and `make run` try it afresh."
            )
            return
    done.touch()


def _follow(command: list[str], *, environment: dict[str, str], house: House) -> int:
    """Run a command to its end while the house is tended; it draws its own progress but does not get our Ctrl-C."""
    process = subprocess.Popen(
        [sys.executable, "-m", *command],
        stdin=subprocess.DEVNULL,
        cwd=PROJECT,
        env=environment,
        start_new_session=True,
        preexec_fn=tie(os.getpid(), signal.SIGKILL),  # noqa: PLW1509
    )
    try:
        while process.poll() is None:
            house.tend()
            time.sleep(TICK)
    finally:
        end(process, signals=(signal.SIGTERM,), patience=5)
    return process.returncode


def _sign_ins(house: House) -> list[tuple[str, str]]:
    username, password = house.operator
    rows = [("operator", f"{username}  {password}")]
    try:
        for person in json.loads((FOLDER / "demo.json").read_text(encoding="utf-8")):
            note = f"  ({person['note']})" if person.get("note") else ""
            rows.append((str(person["who"]), f"{person['username']}  {person['password']}{note}"))
    except FileNotFoundError:
        pass
    except (ValueError, KeyError, TypeError, AttributeError):
        rows.append(("demo", f"{FOLDER / 'demo.json'} cannot be read"))
    return rows


def _data(house: House) -> list[tuple[str, str]]:
    given = given_databases()
    rows = [("folder", str(FOLDER))]
    if "postgres" in house.parts:
        server = house.database.server
        rows.append(("PostgreSQL", f"{server.data} (127.0.0.1:{server.port})"))
    return [*rows, *((service, f"{service.upper()}_DATABASE_URL") for service in given), ("logs", str(FOLDER / "logs"))]


def _summary(house: House) -> list[tuple[str, list[tuple[str, str]]]]:
    address = house.gateway_url
    metrics = [
        (
            service,
            " ".join(
                f"http://{LOOPBACK}:{house.ports[f'{service}{use}']}/metrics" for use in ("-metrics", "-worker-metrics")
            ),
        )
        for service in SERVICES
    ]
    gateway = ("gateway", f"http://{LOOPBACK}:{house.ports['admin']}/stats/prometheus")
    ways = [
        ("stop", "Ctrl-C, or `make stop`"),
        ("one service", "`make stop SERVICE=registry`, `make start SERVICE=registry`"),
    ]
    return [
        (
            "Addresses",
            [("explorer", f"{address}/docs"), *((service, f"{address}/{service}/v1") for service in SERVICES)],
        ),
        ("Metrics", [*metrics, gateway]),
        ("Sign-ins (username, password)", _sign_ins(house)),
        ("Data", _data(house)),
        ("Ways", [*ways, ("begin anew", "`make reset`")]),
    ]
