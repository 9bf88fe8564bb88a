import asyncio
import hashlib
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from PIL import Image as Pillow

from services.planning.works.pictures import AFTER, sweep
from shared.clock import read_clock
from tests.house import Running, code_of, new_id
from tests.planning.story import a_plan, an_activity, payloads, ratified

GPS = 0x8825
TAKEN = {"stage": "during", "taken_on": "2024-05-01"}


def a_photo(kind: str = "JPEG", *, shade: int = 90) -> bytes:
    exif = Pillow.Exif()
    exif[0x010F] = "Camera of Somebody"
    exif.get_ifd(GPS)[1] = "S"
    exif.get_ifd(GPS)[2] = (7.0, 48.0, 3.0)
    written = BytesIO()
    Pillow.new("RGB", (64, 48), (shade, shade, shade)).save(written, format=kind, exif=exif)
    return written.getvalue()


async def a_work(planning: Running) -> str:
    plan = await a_plan(planning)
    activity = await an_activity(planning, plan)
    assert (await ratified(planning, plan)).status_code == 200
    return activity.headers["Location"]


async def add(
    planning: Running,
    work: str,
    content: bytes | None = None,
    headers: dict[str, str] | None = None,
    **changes: Any,
) -> httpx.Response:
    return await planning.http.post(
        f"{work}/photos",
        content=a_photo() if content is None else content,
        params=TAKEN | changes,
        headers=(headers or planning.token("group_officer")) | {"Content-Type": "image/jpeg"},
    )


def files(planning: Running) -> list[Path]:
    folder = Path(urlsplit(planning.app.state.settings.storage_url).path)
    return [file for file in folder.rglob("*") if file.is_file()]


async def swept(planning: Running, *, after: timedelta) -> int:
    """Sweep as a worker does a while later; return how many pictures lie there then."""
    async with planning.database.transaction() as session:
        await sweep(session, planning.app.state.storage, now=read_clock() + after)
    return len(files(planning))


class TestSweep:
    async def test_a_picture_of_which_no_photo_came_goes_after_an_hour(self, planning: Running) -> None:
        work = await a_work(planning)
        kept = await add(planning, work, a_photo(shade=1))
        before = len(files(planning))
        refused = await add(planning, work, a_photo(shade=2), taken_on="2999-01-01")
        again = await add(planning, work, a_photo(shade=1))

        assert (kept.status_code, refused.status_code, code_of(again)) == (201, 422, "item.already_there")
        assert len(files(planning)) == before + 1
        assert await swept(planning, after=AFTER - timedelta(minutes=1)) == before + 1
        assert await swept(planning, after=AFTER + timedelta(minutes=1)) == before
        assert (await planning.http.get(kept.headers["Location"])).status_code == 200
        async with planning.database.reads.connect() as connection:
            assert (await connection.execute(planning.tables.picture_notes.select())).all() == []

    async def test_what_is_sent_again_while_it_is_swept_is_there_afterwards(self, planning: Running) -> None:
        work = await a_work(planning)
        for shade in range(10):
            photo = a_photo(shade=shade)
            await add(planning, work, photo, taken_on="2999-01-01")
            async with planning.database.writes.begin() as connection:
                await connection.execute(
                    planning.tables.picture_notes.update().values(noted_at=read_clock() - 2 * AFTER)
                )

            sent, _ = await asyncio.gather(add(planning, work, photo), swept(planning, after=timedelta(0)))

            assert sent.status_code == 201
            assert (await planning.http.get(sent.headers["Location"])).status_code == 200


class TestAddPhoto:
    @pytest.mark.parametrize(("kind", "media_type"), [("JPEG", "jpeg"), ("PNG", "png"), ("WEBP", "webp")])
    async def test_keeps_the_picture_and_nothing_beside_it(self, planning: Running, kind: str, media_type: str) -> None:
        work = await a_work(planning)

        made = await add(planning, work, a_photo(kind))
        picture = await planning.http.get(made.headers["Location"])

        assert (made.status_code, made.json()["width"], made.json()["stage"]) == (201, 64, "during")
        assert picture.headers["Content-Type"] == made.json()["media_type"] == f"image/{media_type}"
        assert hashlib.sha256(picture.content).hexdigest() == made.json()["digest"]
        assert not Pillow.open(BytesIO(picture.content)).getexif()
        assert b"Somebody" not in picture.content
        (told,) = await payloads(planning, "photo.added")
        assert told == {
            "id": made.json()["id"],
            "kelurahan_code": "34.71.03.1001",
            "activity_id": work.rpartition("/")[2],
            "stage": "during",
            "digest": made.json()["digest"],
            "media_type": f"image/{media_type}",
            "version": 1,
        }

    async def test_is_refused_where_the_caller_does_not_serve_and_leaves_no_file(self, planning: Running) -> None:
        work, before = await a_work(planning), files(planning)
        content = a_photo(shade=17)

        elsewhere = await add(planning, work, content, planning.token("group_officer", regions=("33.74",)))
        reader = await add(planning, work, content, planning.token("auditor"))
        absent = await add(planning, f"{work[:-12]}{'0' * 12}", content)

        assert [(one.status_code, code_of(one)) for one in (elsewhere, reader, absent)] == [
            (403, "region.missing"),
            (403, "scope.missing"),
            (404, "resource.not_found"),
        ]
        assert files(planning) == before

    async def test_is_refused_on_a_draft(self, planning: Running) -> None:
        draft = (await an_activity(planning, await a_plan(planning))).headers["Location"]

        reply = await add(planning, draft)

        assert (reply.status_code, code_of(reply)) == (409, "activity.state")

    @pytest.mark.parametrize(
        ("content", "changes", "refusal"),
        [
            (b"GIF89a", {}, (415, "image.type_unsupported")),
            (a_photo()[:200], {}, (422, "image.unreadable")),
            (b"\xff\xd8\xff" + bytes(5 * 1024 * 1024), {}, (413, "image.too_large")),
            (None, {"stage": "later"}, (400, "query.invalid")),
            (None, {"place": "here"}, (400, "query.invalid")),
            (None, {"taken_on": "2999-01-01"}, (422, "date.in_the_future")),
        ],
    )
    async def test_says_why_not(
        self, planning: Running, content: bytes | None, changes: dict[str, str], refusal: tuple[int, str]
    ) -> None:
        reply = await add(planning, await a_work(planning), content, **changes)

        assert (reply.status_code, code_of(reply)) == refusal

    async def test_takes_the_same_id_once(self, planning: Running) -> None:
        work, identity = await a_work(planning), new_id()

        first = await add(planning, work, photo_id=identity)
        again = await add(planning, work, photo_id=identity)
        other = await add(planning, work, a_photo(shade=91), photo_id=identity)
        twice = await add(planning, work)

        assert (first.status_code, again.status_code, again.json()) == (201, 200, first.json())
        assert (other.status_code, code_of(other)) == (409, "id.taken")
        assert (twice.status_code, code_of(twice)) == (409, "item.already_there")

    async def test_is_replayed_under_its_key(self, planning: Running) -> None:
        work, headers = await a_work(planning), planning.token("group_officer") | {"Idempotency-Key": new_id()}

        first = await add(planning, work, headers=headers)
        again = await add(planning, work, headers=headers)
        other = await add(planning, work, a_photo(shade=91), headers=headers)

        assert (again.status_code, again.headers["Idempotency-Replayed"], again.json()) == (201, "true", first.json())
        assert (other.status_code, code_of(other)) == (422, "idempotency.key_reused")


class TestReadPhoto:
    async def test_is_kept_for_ever_by_caches_and_harmless_in_a_browser(self, planning: Running) -> None:
        made = await add(planning, await a_work(planning))

        picture = await planning.http.get(made.headers["Location"])
        again = await planning.http.get(made.headers["Location"], headers={"If-None-Match": picture.headers["ETag"]})
        signed_in = await planning.http.get(made.headers["Location"], headers=planning.token("auditor"))

        assert picture.headers["ETag"] == f'"{made.json()["digest"]}"'
        assert picture.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert signed_in.headers["Cache-Control"].startswith("private")
        assert picture.headers["X-Content-Type-Options"] == "nosniff"
        assert picture.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
        assert (again.status_code, again.content) == (304, b"")

    async def test_says_when_its_file_is_gone(self, planning: Running) -> None:
        made = await add(planning, await a_work(planning), a_photo(shade=33))
        for file in files(planning):
            if made.json()["digest"] in file.name:
                file.unlink()

        reply = await planning.http.get(made.headers["Location"])

        assert (reply.status_code, code_of(reply)) == (503, "content.missing")

    async def test_lists_them_by_stage(self, planning: Running) -> None:
        work = await a_work(planning)
        for shade, stage in ((40, "before"), (50, "during"), (60, "after")):
            await add(planning, work, a_photo(shade=shade), stage=stage)

        every = await planning.http.get(f"{work}/photos?limit=2")
        after = await planning.http.get(f"{work}/photos?stage=after")

        assert [one["stage"] for one in every.json()["items"]] == ["before", "during"]
        assert every.json()["next"] is not None
        assert [one["stage"] for one in after.json()["items"]] == ["after"]
