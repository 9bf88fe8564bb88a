import base64
import hashlib
import re
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import insert, select

from services.monitoring.facts import service as facts
from services.monitoring.facts.models import Officer
from services.monitoring.noticeboard.schemas import NoticeBoard
from tests.house import Running, code_of, new_id
from tests.monitoring.story import (
    BACIRO,
    a_board,
    a_disbursement,
    a_known_board,
    a_meeting,
    a_partner,
    a_plan,
    a_term,
    an_activity,
    an_agreement,
    an_officer,
    entry,
    tell,
)

NOW = datetime(2026, 8, 20, 5, tzinfo=UTC)
BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


def address(board: dict[str, Any]) -> str:
    return f"/monitoring/v1/boards/{board['id']}/notice-board"


async def a_full_board(
    monitoring: Running, *, activities: int = 1, name: str = "BKM Contoh", ends_on: str = "2030-01-14"
) -> dict[str, Any]:
    board = a_board(name=name)
    term = a_term(board, starts_on="2027-01-15" if ends_on < "2026" else "2024-01-15", ends_on=ends_on)
    if ends_on < "2026":
        term["starts_on"] = "2022-01-15"
    plan, partner = a_plan(board, ends_on="2030-12-31"), a_partner()
    works = [
        an_activity(board, plan, title=f"Saluran air gang contoh nomor {number:03}") for number in range(activities)
    ]
    agreements = [an_agreement(board, one, partner) for one in works]
    reports = [
        {"id": new_id(), "activity_id": works[0]["id"], "number": number, "percent": percent, "version": 1}
        for number, percent in ((1, 40), (2, 75))
    ]
    await tell(
        monitoring,
        entry("board.recorded", board),
        entry("term.recorded", term),
        *(entry("officer.recorded", an_officer(board, term, name=f"Ibu Contoh {number}")) for number in range(9)),
        entry("plan.ratified", plan),
        *(entry("meeting.held", a_meeting(board, held_on=f"2026-0{month}-05", women=None)) for month in range(1, 9)),
        entry("partner.recorded", partner, place=None),
        *(entry("activity.ratified", one) for one in works),
        *(entry("activity.drafted", an_activity(board, plan, title="Rahasia", state="draft")) for _ in range(1)),
        *(entry("progress.recorded", one, occurred_on=date(2025, 5, one["number"])) for one in reports),
        *(entry("agreement.accepted", one) for one in agreements),
        *(entry("disbursement.sent", a_disbursement(one, state="sent", received_on=None)) for one in agreements[:1]),
        *(entry("disbursement.confirmed", a_disbursement(one)) for one in agreements[:1]),
        entry("agreement.offered", an_agreement(board, works[0], partner, state="offered", agreed_on=None)),
        now=NOW,
    )
    return board


async def shown(monitoring: Running, board: dict[str, Any]) -> dict[str, Any]:
    reply = await monitoring.http.get(address(board))
    assert reply.status_code == 200, reply.text
    NoticeBoard.model_validate_json(reply.content, strict=True)
    return dict(reply.json())


class TestJson:
    async def test_shows_what_everybody_should_know(self, monitoring: Running) -> None:
        board = await a_full_board(monitoring)
        page = await shown(monitoring, board)

        assert page["board"]["kelurahan_name"] == "Baciro"
        assert page["mandate"] == {"starts_on": "2024-01-15", "ends_on": "2030-01-14", "lapsed": False}
        assert len(page["officers"]) == 9
        assert page["plan"]["activities"] == 1
        assert page["plan"]["funding_rupiah"] == {"blm": 40_000_000, "channeling": 40_000_000, "swadaya": 10_000_000}
        assert (page["activities"][0]["percent"], page["activities"][0]["reported_on"]) == (75, "2025-05-02")
        assert [one["title"] for one in page["activities"]] == ["Saluran air gang contoh nomor 000"], "no draft"
        assert [(one["partner"], one["sent_rupiah"], one["received_rupiah"]) for one in page["agreements"]] == [
            ("Bank Contoh", 30_000_000, 15_000_000)
        ]
        assert [one["held_on"] for one in page["meetings"]] == [f"2026-0{month}-05" for month in (8, 7, 6, 5, 4, 3)]
        assert page["meetings"][0]["attendance_women"] is None

    async def test_shows_the_last_six_months_with_reasons_where_there_is_no_number(self, monitoring: Running) -> None:
        page = await shown(monitoring, await a_full_board(monitoring))
        series = {one["indicator"]: one["values"] for one in page["indicators"]}
        assert set(series) == {"KPI-03", "KPI-04", "KPI-13", "MANDATE", "CHANNELING"}
        assert series["KPI-13"][0]["null_reason"] == "no_complaint"
        assert {value["null_reason"] for value in series["KPI-04"]} <= {"not_counted", "no_meeting"}

    async def test_counts_complaints_and_tells_nothing_else_of_them(self, monitoring: Running) -> None:
        board = await a_full_board(monitoring)
        draft = {
            "kelurahan_code": BACIRO,
            "scope": "financial",
            "category": "other",
            "text": "The cement.",
            "accused": {"kind": "board"},
            "occurred_on": "2026-03-05",
            "channel": "website",
        }
        assert (await monitoring.http.post("/monitoring/v1/complaints", json=draft)).status_code == 201
        reply = await monitoring.http.get(address(board))
        assert reply.json()["complaints"] == {"received": 1, "answered": 0, "resolved": 0, "reopened": 0}
        assert "cement" not in reply.text

    async def test_shows_the_latest_signed_head_of_each_journal(self, monitoring: Running) -> None:
        board = await a_full_board(monitoring)
        heads = monitoring.tables.journal_signed_heads
        rows = [
            {"service": service, "day": day, "position": day.day, "digest": bytes(32), "signature": "x"}
            for service in ("registry", "planning", "monitoring")
            for day in (date(2026, 8, 1), date(2026, 8, 2))
        ]
        async with monitoring.database.writes.begin() as connection:
            await connection.execute(insert(heads), rows)
        page = await shown(monitoring, board)
        assert [(one["service"], one["position"]) for one in page["journals"]] == [
            ("monitoring", 2),
            ("planning", 2),
            ("registry", 2),
        ]

    async def test_stays_under_20_kb_however_much_a_board_does(self, monitoring: Running) -> None:
        board = await a_full_board(monitoring, activities=60)
        reply = await monitoring.http.get(address(board))
        assert len(reply.content) <= 20_000
        assert (reply.json()["plan"]["activities"], len(reply.json()["activities"])) == (60, 20)
        assert (reply.json()["agreements_total"], len(reply.json()["agreements"])) == (60, 10)
        assert reply.json()["plan"]["total_cost_rupiah"] == 60 * 90_000_000

    async def test_is_read_at_one_moment_in_few_statements_and_kept_by_caches(self, monitoring: Running) -> None:
        board = await a_full_board(monitoring)
        with monitoring.counted() as statements:
            first = await monitoring.http.get(address(board))
        assert len([one for one in statements if one.lstrip().upper().startswith("SELECT")]) <= 8
        assert first.headers["Cache-Control"].startswith("public")
        again = await monitoring.http.get(address(board), headers={"If-None-Match": first.headers["ETag"]})
        assert again.status_code == 304

    async def test_of_an_unknown_board_is_not_found(self, monitoring: Running) -> None:
        reply = await monitoring.http.get(address({"id": new_id()}))
        assert (reply.status_code, code_of(reply)) == (404, "resource.not_found")


class TestThoseInOffice:
    async def test_are_shown_and_who_left_is_neither_shown_nor_kept_by_name(self, monitoring: Running) -> None:
        board = a_board()
        term = a_term(board, starts_on="2024-01-15", ends_on="2030-01-14")
        days = {"starts_on": "2024-01-15", "ends_on": None}
        left, stays = (an_officer(board, term, name=name) | days for name in ("Ibu Pergi", "Ibu Tetap"))
        announced = an_officer(board, term, name="Ibu Nanti") | days | {"ends_on": "2026-08-19"}
        follows = an_officer(board, term, name="Ibu Baru") | {"starts_on": "2026-08-20", "ends_on": None}
        await tell(
            monitoring,
            entry("board.recorded", board),
            entry("term.recorded", term),
            *(entry("officer.recorded", one) for one in (left, stays, announced, follows)),
            entry("officer.changed", left | {"name": None, "ends_on": "2026-01-31", "version": 2}),
        )

        async with monitoring.database.reads.connect() as connection:
            on = date(2026, 8, 20)
            row = await facts.board(connection, UUID(board["id"]), on=on)
            kept = (await connection.scalars(select(Officer.name).where(Officer.id == UUID(left["id"])))).all()
        assert [one["name"] for one in row.officers] == ["Ibu Baru", "Ibu Tetap"]
        assert kept == [None]

    async def test_of_a_term_that_ran_out_are_shown_no_more_and_kept_no_longer_than_registry_does(
        self, monitoring: Running
    ) -> None:
        board = await a_known_board(monitoring)
        term = a_term(board, ends_on="2024-12-31")
        officer = an_officer(board, term, name="Ibu Dulu")
        await tell(monitoring, entry("term.recorded", term), entry("officer.recorded", officer))
        page = await shown(monitoring, board)

        await tell(monitoring, entry("officer.changed", officer | {"name": None, "version": 2}))
        async with monitoring.database.reads.connect() as connection:
            names = (await connection.scalars(select(Officer.name))).all()

        assert (page["officers"], names) == ([], [None])

    async def test_of_a_dissolved_board_owe_no_election(self, monitoring: Running) -> None:
        board = a_board()
        await tell(
            monitoring,
            entry("board.recorded", board),
            entry("term.recorded", a_term(board, starts_on="2019-01-15", ends_on="2021-01-14")),
            entry("board.dissolved", board | {"dissolved_on": "2021-01-14", "version": 2}),
        )

        page = await shown(monitoring, board)
        printed = await monitoring.http.get(address(board), headers=BROWSER | {"Accept-Language": "id"})

        assert (page["board"]["dissolved_on"], page["mandate"]["lapsed"]) == ("2021-01-14", False)
        assert "Warga membubarkan lembaga ini pada 14 Januari 2021." in printed.text


class TestPage:
    async def printed(self, monitoring: Running, board: dict[str, Any], **headers: str) -> httpx.Response:
        reply = await monitoring.http.get(address(board), headers=BROWSER | headers)
        assert reply.status_code == 200, reply.text
        assert reply.headers["Content-Type"] == "text/html; charset=utf-8"
        return reply

    async def test_is_html_for_a_browser_in_the_language_it_asks_for(self, monitoring: Running) -> None:
        board = await a_full_board(monitoring)
        indonesian = await self.printed(monitoring, board)
        english = await self.printed(monitoring, board, **{"Accept-Language": "en-GB,en;q=0.9"})
        assert '<html lang="id">' in indonesian.text
        assert "Rp40.000.000" in indonesian.text
        assert "14 Januari 2030" in indonesian.text
        assert '<html lang="en">' in english.text
        assert "Rp40,000,000" in english.text
        assert indonesian.headers["ETag"] != english.headers["ETag"]
        assert {"Accept", "Accept-Language"} <= set(re.split(r",\s*", english.headers["Vary"]))

    async def test_a_lapsed_mandate_is_said_plainly(self, monitoring: Running) -> None:
        board = await a_full_board(monitoring, ends_on="2025-01-14")
        page = (await self.printed(monitoring, board)).text
        assert "tidak lagi memiliki mandat" in page
        assert (await shown(monitoring, board))["mandate"]["lapsed"] is True

    async def test_a_board_of_which_nothing_is_known_yet_has_a_page_too(self, monitoring: Running) -> None:
        board = a_board()
        await tell(monitoring, entry("board.recorded", board))
        page = (await self.printed(monitoring, board)).text
        assert "Belum ada pemilihan yang tercatat." in page
        assert "Belum ada rencana yang disahkan warga." in page

    async def test_takes_names_as_text_and_allows_its_own_style_alone(self, monitoring: Running) -> None:
        board = await a_full_board(monitoring, name="<script>alert(1)</script> & Co")
        page = await self.printed(monitoring, board)
        assert "<script" not in page.text
        assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; Co" in page.text
        style = re.search(r"<style>(.*?)</style>", page.text, re.DOTALL)
        assert style is not None
        digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
        policy = page.headers["Content-Security-Policy"]
        assert f"style-src 'sha256-{digest}'" in policy
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert " style=" not in page.text, "inline styles would be ignored"

    @pytest.mark.parametrize("accept", ["application/json", "*/*", "application/json, text/html"])
    async def test_others_get_json(self, monitoring: Running, accept: str) -> None:
        board = await a_full_board(monitoring)
        reply = await monitoring.http.get(address(board), headers={"Accept": accept})
        assert reply.headers["Content-Type"] == "application/json"
