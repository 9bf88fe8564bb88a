"""`make run` as a person meets it: one clear line for every refusal, and nothing left behind."""

import json
import os
import shutil
import signal
import socket
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from deploy.local.control import Desk
from deploy.local.errors import RefusedError
from deploy.local.house import House
from deploy.local.ports import free_port
from tests.deploy.project import command, make_project, processes_of, said, until


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Path]:
    # Short, and reachable for the database's account.
    folder = Path(tempfile.mkdtemp(prefix="house-")).resolve()
    folder.chmod(0o755)
    yield make_project(folder)
    until(lambda: not processes_of(folder), patience=30)
    said(folder, "reset")
    shutil.rmtree(folder, ignore_errors=True)


def states(project: Path) -> dict[str, str]:
    try:
        told = json.loads((project / ".local" / "run" / "status.json").read_text())
    except (FileNotFoundError, ValueError):
        return {}
    return dict(told["parts"])


def all_run(project: Path) -> bool:
    found = states(project) if Desk(project / ".local").supervisor() else {}
    return len(found) == 8 and set(found.values()) == {"running"}


def test_the_whole_life(project: Path) -> None:
    port = str(free_port())
    house = command(project, "run", GATEWAY_PORT=port)
    until(lambda: all_run(project))
    assert httpx.get(f"http://localhost:{port}/registry/v1/boards").status_code == 200
    assert stat.S_IMODE((project / ".local" / "secrets.json").stat().st_mode) == 0o600

    code, words = said(project, "run", GATEWAY_PORT=str(free_port()))
    assert code == 1
    assert len(words.splitlines()) == 1
    assert f"already runs at http://localhost:{port}" in words
    assert said(project, "reset")[0] == 1

    assert said(project, "stop", "planning") == (0, "planning has stopped.\n")
    assert (states(project)["planning"], states(project)["planning-worker"]) == ("stopped", "stopped")
    assert httpx.get(f"http://localhost:{port}/planning/v1/plans").status_code == 503
    assert httpx.get(f"http://localhost:{port}/registry/v1/boards").status_code == 200
    assert said(project, "start", "planning")[0] == 0
    until(lambda: httpx.get(f"http://localhost:{port}/planning/v1/plans").status_code == 200)

    victim = next(
        line for line in Path("/proc").glob("[0-9]*/cmdline") if _is(line, project, "services.monitoring serve")
    )
    os.kill(int(victim.parent.name), signal.SIGKILL)
    until(lambda: states(project)["monitoring"] == "restarting")
    until(lambda: all_run(project))

    house.send_signal(signal.SIGINT)
    output, _ = house.communicate(timeout=30)
    assert house.returncode == 0
    assert "monitoring ended with signal SIGKILL; starting it again in 0.25 s" in output
    for shown in (f"http://localhost:{port}/docs", "operator", "make reset", "make stop"):
        assert shown in output
    assert processes_of(project) == []

    secrets = (project / ".local" / "secrets.json").read_text()
    again = command(project, "run", GATEWAY_PORT=port)
    until(lambda: all_run(project))
    assert (project / ".local" / "secrets.json").read_text() == secrets
    again.kill()
    again.communicate(timeout=10)
    until(lambda: not processes_of(project))

    third = command(project, "run", GATEWAY_PORT=port)
    until(lambda: all_run(project))
    assert said(project, "stop") == (0, "Everything has stopped.\n")
    output, _ = third.communicate(timeout=10)
    assert third.returncode == 0
    assert "Migrating" not in output


def _is(cmdline: Path, project: Path, words: str) -> bool:
    try:
        line = cmdline.read_bytes().replace(b"\0", b" ").decode()
        return words in line and (cmdline.parent / "cwd").readlink() == project
    except OSError:
        return False


def one_line(project: Path, **environment: str) -> str:
    code, words = said(project, "run", **({"GATEWAY_PORT": str(free_port())} | environment))
    assert code == 1
    assert "Traceback" not in words
    refusals = [line for line in words.splitlines() if not line.startswith("[")]
    return refusals[-1]


def test_a_taken_port_is_named_with_its_setting(project: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        words = one_line(project, GATEWAY_PORT=str(port))
    assert f"Port {port} is taken" in words
    assert f"GATEWAY_PORT={port + 1} make run" in words


def test_an_impossible_port_is_refused(project: Path) -> None:
    assert one_line(project, GATEWAY_PORT="eighty") == "GATEWAY_PORT is 'eighty': choose a number from 1 to 65535."


def test_a_folder_that_cannot_be_written_is_named(project: Path) -> None:
    # A file in its place stops root as well.
    (project / ".local").write_text("")
    words = one_line(project)
    assert str(project / ".local") in words


def test_a_failed_migration_is_told_with_its_last_words(project: Path) -> None:
    words = one_line(project, STUB="no space")
    assert "`python -m services.registry migrate` failed with exit code 1" in words
    assert "the disk is full" in words
    assert "registry-migrate.log" in words


def test_a_service_that_never_starts_is_given_up(project: Path) -> None:
    words = one_line(project, STUB_FAILS="planning")
    assert "planning ended with exit code 1 for the 5th time within a minute; giving up. no such setting" in words


def test_without_a_house_the_other_commands_say_so(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    with pytest.raises(RefusedError, match="does not run"):
        desk.stop()
    with pytest.raises(RefusedError, match="does not run: `make run` starts it"):
        desk.status()
    with pytest.raises(RefusedError, match="choose one of registry, planning, monitoring"):
        desk.ask("treasury", halted=True)


def test_a_house_inside_a_test(tmp_path: Path) -> None:
    root = make_project(tmp_path / "project")
    with House.start(tmp_path / "state", root=root, durable=False) as house:
        for name in ("registry", "gateway", "postgres", "monitoring-worker"):
            house.kill(name)
            house.tend()
            assert not house.parts[name].running
            house.restart(name)
        assert httpx.get(f"{house.gateway_url}/monitoring/readyz").status_code == 200
        house.destroy()
    assert processes_of(tmp_path) == []
