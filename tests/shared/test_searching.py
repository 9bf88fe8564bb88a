"""Names are found by the beginnings of their words, in any order, and an index serves it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select, text

from services.registry.boards.models import Board, BoardName
from shared.searching import finds
from tests.house import Running
from tests.registry.boards.test_routes import DRAFT

NAMES = ["BKM Contoh Sejahtera", "BKM Maju/Bersama RW.05", "LKM d'Amai <baru>"]


@pytest.fixture
async def named(registry: Running) -> Running:
    headers = registry.token("facilitator")
    for name in NAMES:
        reply = await registry.http.post("/registry/v1/boards", json=DRAFT | {"name": name}, headers=headers)
        assert reply.status_code == 201, reply.text
    return registry


async def found(registry: Running, q: str) -> list[str]:
    reply = await registry.http.get("/registry/v1/boards", params={"q": q})
    assert reply.status_code == 200, reply.text
    return sorted(item["name"] for item in reply.json()["items"])


@pytest.mark.parametrize(
    ("q", "expected"),
    [
        ("sejah", [NAMES[0]]),
        ("SEJAHTERA con", [NAMES[0]]),
        ("bersama 05", [NAMES[1]]),
        ("rw.05", [NAMES[1]]),
        ("amai", [NAMES[2]]),
        ("baru", [NAMES[2]]),
        ("bkm", NAMES[:2]),
        ("jahtera", []),
        ("contoh bersama", []),
        ("--", []),
        ("%_", []),
        ("' & !", []),
        ("\\:*", []),
    ],
)
async def test_words_are_found_by_how_they_begin(named: Running, q: str, expected: list[str]) -> None:
    assert await found(named, q) == expected


async def test_no_text_breaks_the_question(registry: Running) -> None:
    async with registry.database.reads.connect() as connection:

        @given(st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), min_size=2, max_size=40))
        def sound(q: str) -> None:
            written = select(finds(Board.name, q))
            assert written.compile().params is not None
            questions.append(q)

        questions: list[str] = []
        sound()
        for q in questions:
            await connection.execute(select(func.count()).select_from(Board).where(finds(Board.name, q)))


async def test_an_index_serves_it(named: Running) -> None:
    async with named.database.writes.connect() as connection:
        await connection.execute(text("SET enable_seqscan = off"))
        statement = select(BoardName.id).where(finds(BoardName.name, "sejah"))
        written = statement.compile(dialect=connection.dialect, compile_kwargs={"literal_binds": True})
        plan = (await connection.execute(text(f"EXPLAIN {str(written).replace(':', chr(92) + ':')}"))).scalars().all()

    assert "ix_board_names_by_words" in "\n".join(plan)
