"""The verifier against a real journal: one byte changed in the database is found and named."""

import json
import sys
from pathlib import Path

import pytest
from sqlalchemy import text

from deploy import verify_journal
from tests.house import Running, new_id

BOARDS = "/registry/v1/boards"
ENTRIES = 12


async def recorded(registry: Running) -> None:
    headers = registry.token("facilitator")
    for number in range(ENTRIES):
        draft = {"kelurahan_code": "34.71.03.1001", "name": f"BKM Contoh {number}", "founded_on": "2020-01-01"}
        assert (await registry.http.post(BOARDS, json=draft | {"id": new_id()}, headers=headers)).status_code == 201
    assert await registry.seal() == ENTRIES


async def verdict(registry: Running, folder: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """Save what anyone may read, as docs/journal.md tells, and verify it."""
    pages = [
        (await registry.http.get(f"/registry/v1/journal{page}")).json()
        for page in ("/digests?limit=5", "/digests?limit=10000&after=5", "/head", "?limit=1000")
    ]
    file = folder / "saved.ndjson"
    file.write_text("\n".join(map(json.dumps, pages)), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["verify_journal", str(file)])
        code = verify_journal.main()
    return code, capsys.readouterr().out


async def test_an_untouched_journal_holds(
    registry: Running, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await recorded(registry)

    code, told = await verdict(registry, tmp_path, capsys)

    assert (code, told.split(";")[0]) == (0, f"registry: holds. {ENTRIES} links")
    assert f"{ENTRIES} payloads opened" in told


@pytest.mark.parametrize(
    "change",
    [
        "payload = set_byte(payload, 90, get_byte(payload, 90) # 1)",
        "nonce = set_byte(nonce, 0, get_byte(nonce, 0) # 1)",
        "payload_digest = set_byte(payload_digest, 31, get_byte(payload_digest, 31) # 1)",
        "digest = set_byte(digest, 7, get_byte(digest, 7) # 1)",
        "recorded_at = recorded_at + interval '1 microsecond'",
        "subject = 'boards/another'",
    ],
)
async def test_one_byte_changed_in_the_database_is_named(
    registry: Running, change: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await recorded(registry)
    async with registry.database.writes.begin() as connection:
        await connection.execute(text(f"UPDATE journal_entries SET {change} WHERE position = 7"))  # noqa: S608 - above

    code, told = await verdict(registry, tmp_path, capsys)

    assert (code, told.partition(": the")[0].partition(": type")[0]) == (1, "registry: BROKEN at position 7")


async def test_a_removed_entry_is_named(registry: Running, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    await recorded(registry)
    async with registry.database.writes.begin() as connection:
        await connection.execute(text("DELETE FROM journal_entries WHERE position = 7"))

    code, told = await verdict(registry, tmp_path, capsys)

    assert (code, "BROKEN at position 7: is missing" in told) == (1, True)
