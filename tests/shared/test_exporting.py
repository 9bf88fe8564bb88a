"""Whole lists: every row in every form, from one moment, and never half for whole."""

import asyncio
import csv
import hashlib
import io
import json
from typing import Any
from uuid import UUID

import httpx
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update

from services.registry.boards.schemas import BoardView
from shared import exporting
from shared.clock import read_clock
from shared.columns import Column, ColumnKind, columns_of
from shared.forms import FORMS, FORMULA, Csv, wanted_form
from tests.house import Running, code_of

BOARDS = "/registry/v1/boards"
DRAFT = {"kelurahan_code": "34.71.03.1001", "founded_on": "2020-01-01"}
PARQUET = "application/vnd.apache.parquet"


@pytest.fixture
async def three(registry: Running) -> Running:
    headers = registry.token("facilitator")
    for name in ("BKM Satu", '=HYPERLINK("x")', 'BKM "Tiga", tiga\nbaris'):
        reply = await registry.http.post(BOARDS, json=DRAFT | {"name": name}, headers=headers)
        assert reply.status_code == 201
    return registry


async def whole(registry: Running, form: str, query: str = "", **headers: str) -> httpx.Response:
    reply = await registry.http.get(f"{BOARDS}{query}", headers={"Accept": form} | headers)
    assert reply.status_code == 200, reply.text
    return reply


async def receipt(registry: Running, reply: httpx.Response) -> dict[str, Any]:
    found: dict[str, Any] = (await registry.http.get(f"/registry/v1/exports/{reply.headers['Export-Id']}")).json()
    return found


async def test_csv_has_a_line_of_names_and_runs_nothing(three: Running) -> None:
    reply = await whole(three, "text/csv", "?sort=name")
    rows = list(csv.DictReader(io.StringIO(reply.text, newline="")))

    assert reply.headers["content-type"].startswith("text/csv")
    assert [row["name"] for row in rows] == ['\'=HYPERLINK("x")', 'BKM "Tiga", tiga\nbaris', "BKM Satu"]
    assert list(rows[0]) == [column.name for column in columns_of(BoardView, {})]
    assert (rows[0]["mandate_lapsed"], rows[0]["founded_on"], rows[0]["phone"]) == ("", "2020-01-01", "")


async def test_ndjson_is_the_list_an_object_a_line(three: Running) -> None:
    page = (await three.http.get(BOARDS)).json()["items"]

    reply = await whole(three, "application/x-ndjson")

    assert [json.loads(line) for line in reply.text.splitlines()] == page


async def test_parquet_has_types(three: Running) -> None:
    reply = await whole(three, PARQUET)
    table = pq.read_table(io.BytesIO(reply.content))

    kinds = {name: str(table.schema.field(name).type) for name in ("founded_on", "version", "recorded_at", "name")}
    assert table.num_rows == 3
    assert kinds == {
        "founded_on": "date32[day]",
        "version": "int64",
        "recorded_at": "timestamp[us, tz=UTC]",
        "name": "string",
    }


async def test_filters_and_views_count_as_in_pages(three: Running) -> None:
    elsewhere = await whole(three, "application/x-ndjson", "?region=34.71.03.1002")
    signed_in = await whole(three, "application/x-ndjson", **three.token("facilitator"))

    assert elsewhere.content == b""
    assert {json.loads(line)["view"] for line in signed_in.text.splitlines()} == {"full"}


async def test_a_receipt_proves_what_was_sent(three: Running) -> None:
    reply = await whole(three, "text/csv")

    told = await receipt(three, reply)

    assert (told["state"], told["rows"], told["size"]) == ("complete", 3, len(reply.content))
    assert told["sha256"] == hashlib.sha256(reply.content).hexdigest()
    assert told["operation"] == "list_boards"
    assert reply.headers["Journal-Position"].isdecimal()
    dictionary = reply.headers["Link"].partition(">")[0].lstrip("<")
    told = (await three.http.get(dictionary)).json()
    meanings = {column["name"]: column["description"] for column in told["columns"]}
    assert told["operation"] == "list_boards"
    # As its view says, as the body says by which it came in, and by its name alone.
    assert meanings["mandate_lapsed"].startswith("Mandate lapsed: ")
    assert meanings["founded_on"] == "The day residents founded it; not in the future"
    assert meanings["version"] == "Counts the changes of the item, from 1"


async def test_a_receipt_is_kept_for_thirty_days(three: Running) -> None:
    old, new = await whole(three, "text/csv"), await whole(three, "text/csv")
    table = three.tables.exports
    async with three.database.transaction() as session:
        aged = update(table).where(table.c.id == UUID(old.headers["Export-Id"]))
        await session.execute(aged.values(recorded_at=read_clock() - exporting.KEPT))
        await exporting.forget_old_exports(session, table, now=read_clock())

    assert (await receipt(three, old))["code"] == "resource.not_found"
    assert (await receipt(three, new))["state"] == "complete"


async def test_a_stream_that_breaks_never_looks_complete(three: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(_self: Csv, items: Any) -> bytes:
        raise ValueError

    monkeypatch.setattr(Csv, "piece", breaks)
    with pytest.raises(ValueError):  # noqa: PT011 - what was raised above
        await three.http.get(BOARDS, headers={"Accept": "text/csv"})

    async with three.database.reads.connect() as connection:
        rows = (await connection.execute(three.tables.exports.select())).all()
    assert [(row.state, row.digest) for row in rows] == [("broken", None)]


async def test_a_reader_who_hangs_up_leaves_no_connection_taken(
    three: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "ROWS_AT_ONCE", 1)
    reached = asyncio.Event()

    class Stuck(Csv):
        def piece(self, items: Any) -> bytes:
            reached.set()
            return super().piece(items)

    monkeypatch.setitem(FORMS, "text/csv", Stuck)  # type: ignore[arg-type]
    for _ in range(8):
        reached.clear()
        task = asyncio.ensure_future(three.http.get(BOARDS, headers={"Accept": "text/csv"}))
        await reached.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    monkeypatch.undo()

    assert (await whole(three, "text/csv")).text.count("BKM") == 2


async def test_pages_and_unknown_forms_are_refused(three: Running) -> None:
    for query in ("?limit=5", "?cursor=x"):
        reply = await three.http.get(f"{BOARDS}{query}", headers={"Accept": "text/csv"})
        assert (reply.status_code, code_of(reply)) == (400, "export.no_pages")
    unknown = await three.http.get(BOARDS, headers={"Accept": "application/xml"})
    assert (unknown.status_code, code_of(unknown)) == (406, "accept.unsupported")
    assert code_of(await three.http.get("/registry/v1/dictionary/list_colours")) == "resource.not_found"


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        ("text/csv", "text/csv"),
        ("text/csv;q=0.9, */*", "text/csv"),
        ("application/json, text/csv", None),
        ("*/*", None),
        ("", None),
        ("text/html, application/x-ndjson", "application/x-ndjson"),
    ],
)
def test_a_form_is_asked_for_by_name(accept: str, form: str | None) -> None:
    assert wanted_form(accept) == form


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\x00")), min_size=1, max_size=5))
def test_csv_reads_back_as_it_was_written(texts: list[str]) -> None:
    form = Csv([Column("name", ("name",), ColumnKind.TEXT, nullable=False, description="")])
    written = form.piece([{"name": one} for one in texts]) + form.end()

    _, *rows = csv.reader(io.StringIO(written.decode(), newline=""))

    shown = [f"'{one}" if one.startswith(FORMULA) else one for one in texts]
    assert [row[0] if row else "" for row in rows] == shown
