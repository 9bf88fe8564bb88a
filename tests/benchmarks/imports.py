"""Files at full size: households and residents through the gateway and the worker, and a bare COPY of the same rows.

python -m tests.benchmarks.imports --rows 10000
"""

import os
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import httpx
import psycopg
import typer

from deploy.local.house import House
from deploy.local.places import SERVICES
from tests.benchmarks.house import sign_in
from tests.registry.personal.invented_residents import Invented, invented
from tests.shared.importing import csv_file

MOST_SECONDS, AT = 60, 10_000
IMPORTER = ("pengimpor", "sandi-pengukuran-panjang")
OTHERS = tuple(f"{service}{use}" for service in SERVICES if service != "registry" for use in ("", "-worker"))


def _imported(http: httpx.Client, kind: str, mode: str, content: bytes) -> tuple[float, Mapping[str, Any]]:
    """Send a file; return the seconds until its last verdict, and the import."""
    started = time.perf_counter()
    address = f"/registry/v1/imports?kind={kind}&mode={mode}"
    reply = http.post(address, content=content, headers={"Content-Type": "text/csv"}).raise_for_status()
    import_id = reply.json()["id"]
    while (seen := http.get(f"/registry/v1/imports/{import_id}").raise_for_status().json())["waiting"]:
        time.sleep(0.2)
    return time.perf_counter() - started, seen


def _households(people: Sequence[Invented]) -> list[dict[str, Any]]:
    places = {one.household_id: one.kelurahan_code for one in people}
    return [
        {"ID": home, "Kode kelurahan": code, "RT": "001", "RW": "002", "Sejak": "2020-01-01"}
        for home, code in places.items()
    ]


def _residents(people: Sequence[Invented]) -> list[dict[str, Any]]:
    return [
        {
            "ID rumah tangga": one.household_id,
            "Nama": one.name,
            "NIK": one.nik or "",
            "Alasan tanpa NIK": "" if one.nik else "tidak ditunjukkan",
            "Jenis kelamin": one.sex,
            "Tahun lahir": one.birth_year or "",
            "Alasan tanpa tahun lahir": "" if one.birth_year else "tidak diketahui",
        }
        for one in people
    ]


def _copied(url: str) -> float:
    """Return the seconds that bare COPYs need for the rows that the residents' import made."""
    tables = ("residents", "personal_records", "journal_entries")
    taken: dict[str, bytes] = {}
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        for table in tables:
            with cursor.copy(f"COPY {table} TO STDOUT (FORMAT binary)") as copy:  # type: ignore[arg-type]
                taken[table] = b"".join(bytes(piece) for piece in copy)
            cursor.execute(f"CREATE TEMPORARY TABLE bare_{table} (LIKE {table} INCLUDING ALL)")  # type: ignore[arg-type]
        started = time.perf_counter()
        for table, content in taken.items():
            with cursor.copy(f"COPY bare_{table} FROM STDIN (FORMAT binary)") as copy:  # type: ignore[arg-type]
                copy.write(content)
        return time.perf_counter() - started


PROVINCES = ["33", "34"]


@contextmanager
def registry_alone(codes: Iterable[str]) -> Iterator[House]:
    """Start the house without the other services, with some kelurahan known and somebody who imports there."""
    for service in SERVICES:
        os.environ.pop(f"{service.upper()}_DATABASE_URL", None)
    with tempfile.TemporaryDirectory(prefix="benchmarks-") as folder:
        house = House.start(Path(folder))
        try:
            for name in OTHERS:
                house.halt(name)
            with psycopg.connect(house.database_url("registry")) as connection:
                for code in sorted({*PROVINCES, *codes}):
                    connection.execute(
                        "INSERT INTO places (kelurahan_code, code_now, name) VALUES (%s, %s, 'Contoh')"
                        " ON CONFLICT DO NOTHING",
                        (code, code),
                    )
            operator = {"Authorization": f"Bearer {sign_in(house, *house.operator)}"}
            draft = {"username": IMPORTER[0], "password": IMPORTER[1], "display_name": "Contoh"}
            draft |= {"roles": ["facilitator"], "regions": PROVINCES}  # type: ignore[dict-item]
            direct = f"http://127.0.0.1:{house.ports['registry']}"
            httpx.post(f"{direct}/registry/v1/accounts", json=draft, headers=operator, timeout=30).raise_for_status()
            yield house
        finally:
            house.destroy()


def importer(house: House) -> httpx.Client:
    """Return a client through the gateway that is signed in as who imports."""
    headers = {"Authorization": f"Bearer {sign_in(house, *IMPORTER)}"}
    return httpx.Client(base_url=house.gateway_url, headers=headers, timeout=120)


def main(rows: Annotated[int, typer.Option(min=100, help="Residents of the file")] = AT) -> None:
    """Measure imports."""
    people = invented(rows)[0][:rows]
    with registry_alone(one.kelurahan_code for one in people) as house:
        with importer(house) as http:
            for kind, mode, lines in (
                ("households", "commit", _households(people)),
                ("residents", "check", _residents(people)),
                ("residents", "commit", _residents(people)),
            ):
                seconds, seen = _imported(http, kind, mode, csv_file(lines))
                typer.echo(f"{kind} {mode}: {len(lines):,} rows in {seconds:.1f} s; {dict(seen)}")
        url = house.database_url("registry")
        bare = _copied(url)
        with psycopg.connect(url) as connection:
            pairs: Any = connection.execute("SELECT count(*) FROM duplicates").fetchone()
        verdict = "reached" if seconds < MOST_SECONDS * max(1, rows / AT) else "MISSED"
        typer.echo(f"{pairs[0]:,} pairs queued; {seconds / bare:.0f} x a bare COPY ({bare:.2f} s)")
        typer.echo(f"under {MOST_SECONDS} s for {AT:,} residents: {verdict}")


if __name__ == "__main__":
    typer.run(main)
