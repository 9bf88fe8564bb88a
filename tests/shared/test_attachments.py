"""Attachments as a client meets them, at registry (papers of boards and elections) and planning (photos of works)."""

import asyncio
import hashlib
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
import pytest
from PIL import ExifTags
from PIL import Image as Pillow
from sqlalchemy import text

from shared.clock import read_clock
from shared.storage import PIECE
from shared.uploading import KEPT_OPEN, sweep
from tests.house import Running, code_of, etag, new_id
from tests.planning.story import a_plan, an_activity, ratified

ROOT = "/registry/v1/attachments"
BOARD = {"kelurahan_code": "34.71.03.1001", "name": "BKM Contoh", "founded_on": "2020-01-01"}
HERE = {ExifTags.GPS.GPSLatitudeRef: "S", ExifTags.GPS.GPSLatitude: (7.0, 48.0, 3.0)}
HERE |= {ExifTags.GPS.GPSLongitudeRef: "E", ExifTags.GPS.GPSLongitude: (110.0, 22.0, 12.0)}


def a_paper(size: int = 900, *, mark: str = "") -> bytes:
    return (b"%PDF-1.7\n" + mark.encode()).ljust(size - 6, b"x") + b"%%EOF\n"


def a_photo(kind: str = "JPEG", *, shade: int = 90, size: tuple[int, int] = (1600, 1200)) -> bytes:
    exif = Pillow.Exif()
    exif[ExifTags.Base.Make] = "Camera of Somebody"
    exif.get_ifd(ExifTags.IFD.GPSInfo).update(HERE)
    written = BytesIO()
    Pillow.new("RGB", size, (shade, shade, shade)).save(written, format=kind, exif=exif)
    return written.getvalue()


class Clerk:
    """Somebody who attaches something to an item."""

    def __init__(self, service: Running, subject: str, *, role: str = "facilitator") -> None:
        self.service, self.subject, self.root = service, subject, f"/{service.name}/v1/attachments"
        self.headers = service.token(role)

    async def opens(self, content: bytes, media_type: str = "application/pdf", **changes: Any) -> httpx.Response:
        draft = {
            "subject": self.subject,
            "purpose": "minutes",
            "media_type": media_type,
            "size": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
        }
        return await self.service.http.post(self.root, json=draft | changes, headers=self.headers)

    async def sends(self, address: str, offset: int, part: bytes, **headers: str) -> httpx.Response:
        sent = self.headers | {"Upload-Offset": str(offset)} | headers
        return await self.service.http.post(f"{address}/parts", content=part, headers=sent)

    async def attaches(self, content: bytes, media_type: str = "application/pdf", **changes: Any) -> httpx.Response:
        opened = await self.opens(content, media_type, **changes)
        assert opened.status_code == 201, opened.text
        return await self.sends(opened.headers["Location"], 0, content)

    async def reads(self, address: str, headers: dict[str, str] | None = None) -> httpx.Response:
        return await self.service.http.get(address, headers=self.headers if headers is None else headers)


@pytest.fixture
async def clerk(registry: Running) -> Clerk:
    made = await registry.http.post("/registry/v1/boards", json=BOARD, headers=registry.token("facilitator"))
    return Clerk(registry, f"boards/{made.json()['id']}")


@pytest.fixture
async def builder(planning: Running) -> Clerk:
    plan = await a_plan(planning)
    activity = await an_activity(planning, plan)
    assert (await ratified(planning, plan)).status_code == 200
    return Clerk(planning, f"activities/{activity.json()['id']}", role="group_officer")


def files(service: Running) -> list[str]:
    folder = Path(urlsplit(service.app.state.settings.storage_url).path)
    return sorted(file.name for file in folder.rglob("*") if file.is_file())


async def journaled(service: Running, action: str) -> list[dict[str, Any]]:
    await service.seal()
    feed = await service.http.get(f"/{service.name}/v1/journal?limit=1000", headers=service.token("auditor"))
    return [item["data"]["data"] for item in feed.json()["items"] if item["type"] == action]


async def swept(service: Running, *, after: timedelta) -> None:
    async with service.database.transaction() as session:
        state = service.app.state
        await sweep(session, state.attachments, state.storage, now=read_clock() + after)


class TestOpen:
    async def test_answers_with_where_to_send_the_parts(self, clerk: Clerk) -> None:
        reply = await clerk.opens(a_paper())

        assert (reply.status_code, reply.headers["Location"]) == (201, f"{ROOT}/{reply.json()['id']}")
        assert (reply.json()["state"], reply.json()["received"], reply.json()["digest"]) == ("open", 0, None)
        assert reply.json()["region_code"] == "34.71.03.1001"

    async def test_takes_the_same_id_once(self, clerk: Clerk) -> None:
        identity = new_id()
        first, again = await clerk.opens(a_paper(), id=identity), await clerk.opens(a_paper(), id=identity)
        other = await clerk.opens(a_paper(901), id=identity)

        assert (first.status_code, again.status_code, again.json()) == (201, 200, first.json())
        assert (other.status_code, code_of(other)) == (409, "id.taken")

    @pytest.mark.parametrize(
        ("changes", "refusal"),
        [
            ({"subject": f"boards/{uuid4()}"}, (404, "resource.not_found")),
            ({"subject": f"partners/{uuid4()}"}, (400, "subject.unknown")),
            ({"subject": "boards/" + "-" * 36}, (400, "subject.unknown")),
            ({"purpose": "portrait"}, (422, "attachment.purpose_unknown")),
            ({"purpose": "photo"}, (422, "attachment.type_unwanted")),
            ({"media_type": "text/html"}, (422, "body.invalid")),
            ({"size": 25 * 1024 * 1024 + 1}, (422, "body.invalid")),
            ({"sha256": "ab"}, (422, "body.invalid")),
            ({"file_name": "ktp.pdf"}, (422, "body.invalid")),
        ],
    )
    async def test_says_why_not(self, clerk: Clerk, changes: dict[str, Any], refusal: tuple[int, str]) -> None:
        reply = await clerk.opens(a_paper(), **changes)

        assert (reply.status_code, code_of(reply)) == refusal

    async def test_needs_who_may_write_the_item(self, clerk: Clerk, registry: Running) -> None:
        answers = []
        for headers in (registry.token("auditor"), registry.token("facilitator", regions=("33.74",)), {}):
            clerk.headers = headers
            reply = await clerk.opens(a_paper())
            answers.append((reply.status_code, code_of(reply)))

        assert answers == [(403, "scope.missing"), (403, "region.missing"), (401, "token.missing")]

    async def test_an_account_keeps_only_so_many_open(self, clerk: Clerk) -> None:
        for _ in range(50):
            assert (await clerk.opens(a_paper())).status_code == 201
        reply = await clerk.opens(a_paper())

        assert (reply.status_code, code_of(reply)) == (409, "attachment.too_many_open")

    async def test_an_item_has_only_so_many_withdrawn_ones_too(
        self, clerk: Clerk, registry: Running, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("shared.attaching.MOST_OF_AN_ITEM", 3)
        for number in range(3):
            kept = await clerk.attaches(a_paper(mark=str(number)))
            await registry.http.post(f"{ROOT}/{kept.json()['id']}/withdrawal", headers=clerk.headers | etag(kept))
        reply = await clerk.opens(a_paper())

        assert (reply.status_code, code_of(reply)) == (409, "attachment.too_many_of_item")


class TestSend:
    async def test_parts_make_the_whole(self, clerk: Clerk, registry: Running) -> None:
        paper = a_paper(mark="Somebody's minutes")
        address = (await clerk.opens(paper)).headers["Location"]

        first = await clerk.sends(address, 0, paper[:400])
        last = await clerk.sends(address, 400, paper[400:])
        content = await clerk.reads(f"{address}/content")

        assert (first.json()["state"], first.json()["received"]) == ("open", 400)
        assert (last.json()["state"], last.json()["digest"]) == ("kept", hashlib.sha256(paper).hexdigest())
        assert content.content == paper
        assert content.headers["Content-Type"] == "application/pdf"
        assert content.headers["Content-Disposition"].startswith("attachment")
        assert content.headers["X-Content-Type-Options"] == "nosniff"
        assert content.headers["Cache-Control"] == "private, no-store"
        (told,) = await journaled(registry, "attachment.added")
        assert told == {
            "id": last.json()["id"],
            "subject": clerk.subject,
            "purpose": "minutes",
            "media_type": "application/pdf",
            "digest": last.json()["digest"],
            "size": 900,
            "version": last.json()["version"],
        }

    async def test_a_part_may_come_again_even_the_last(self, clerk: Clerk) -> None:
        paper = a_paper()
        address = (await clerk.opens(paper)).headers["Location"]

        for offset, part in ((0, paper[:400]), (400, paper[400:])):
            first, again = await clerk.sends(address, offset, part), await clerk.sends(address, offset, part)
            assert (first.status_code, again.status_code, again.json()) == (200, 200, first.json())

    async def test_two_tries_of_one_part_at_once_count_once(self, clerk: Clerk, registry: Running) -> None:
        for number in range(5):
            paper = a_paper(mark=f"race {number}")
            address = (await clerk.opens(paper)).headers["Location"]
            answers = await asyncio.gather(*(clerk.sends(address, 0, paper) for _ in range(3)))
            assert {one.status_code for one in answers} == {200}
            assert {one.json()["version"] for one in answers} == {answers[0].json()["version"]}
        assert len(await journaled(registry, "attachment.added")) == 5

    async def test_of_two_different_parts_at_once_one_hears_the_right_place(self, clerk: Clerk) -> None:
        paper = a_paper()
        address = (await clerk.opens(paper)).headers["Location"]
        answers = await asyncio.gather(*(clerk.sends(address, 0, paper[:end]) for end in (300, 400)))

        assert sorted(one.status_code for one in answers) == [200, 409]
        received = (await clerk.reads(address)).json()["received"]
        assert (await clerk.sends(address, received, paper[received:])).json()["state"] == "kept"

    async def test_a_part_in_the_wrong_place_hears_the_right_one(self, clerk: Clerk) -> None:
        paper = a_paper()
        address = (await clerk.opens(paper)).headers["Location"]
        await clerk.sends(address, 0, paper[:400])

        for offset, part in ((500, paper[500:]), (0, paper[:300])):
            reply = await clerk.sends(address, offset, part)
            assert (reply.status_code, code_of(reply), reply.json()["received"]) == (
                409,
                "attachment.offset_wrong",
                400,
            )

    async def test_refuses_empty_and_overlong_parts(self, clerk: Clerk) -> None:
        address = (await clerk.opens(a_paper())).headers["Location"]

        for part in (b"", a_paper(901)):
            reply = await clerk.sends(address, 0, part)
            assert (reply.status_code, code_of(reply)) == (422, "attachment.part_empty")
        large = await clerk.sends(address, 0, bytes(5 * 1024 * 1024 + 1))
        assert (large.status_code, code_of(large)) == (413, "body.too_large")

    async def test_a_content_that_differs_begins_anew(self, clerk: Clerk) -> None:
        paper = a_paper()
        address = (await clerk.opens(paper)).headers["Location"]
        await clerk.sends(address, 0, b"y" * 400)

        differs = await clerk.sends(address, 400, paper[400:])
        assert (differs.status_code, code_of(differs)) == (422, "attachment.digest_differs")
        assert (await clerk.reads(address)).json()["received"] == 0
        assert (await clerk.sends(address, 0, paper)).json()["state"] == "kept"

    @pytest.mark.parametrize(
        ("content", "claimed"),
        [
            (a_photo(), "application/pdf"),
            (a_photo(), "image/png"),
            (a_paper(), "image/jpeg"),
            (b"%PDF-1.7 <html>", "application/pdf"),
            (b"<script>alert(1)</script>", "image/webp"),
        ],
    )
    async def test_judges_the_type_by_the_content(self, clerk: Clerk, content: bytes, claimed: str) -> None:
        reply = await clerk.attaches(content, claimed)

        assert (reply.status_code, code_of(reply)) == (422, "attachment.type_differs")

    async def test_refuses_a_picture_that_is_not_whole(self, clerk: Clerk) -> None:
        reply = await clerk.attaches(a_photo()[:300], "image/jpeg")

        assert (reply.status_code, code_of(reply)) == (422, "image.unreadable")

    async def test_only_who_opened_it_sends(self, clerk: Clerk, registry: Running) -> None:
        address = (await clerk.opens(a_paper())).headers["Location"]
        for headers in (registry.token("facilitator"), {}):
            clerk.headers = headers
            reply = await clerk.sends(address, 0, a_paper())
            assert code_of(reply) in {"resource.not_found", "token.missing"}
            assert (await clerk.reads(address, headers)).status_code == 404


class TestPhotos:
    @pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
    async def test_only_the_picture_is_kept(self, builder: Clerk, kind: str) -> None:
        kept = await builder.attaches(a_photo(kind), f"image/{kind.lower()}", purpose="photo")
        picture = await builder.reads(f"{builder.root}/{kept.json()['id']}/content", {})

        assert hashlib.sha256(picture.content).hexdigest() == kept.json()["digest"]
        assert picture.headers["ETag"] == f'"{kept.json()["digest"]}"'
        assert not Pillow.open(BytesIO(picture.content)).getexif()
        assert (kept.json()["width"], kept.json()["height"]) == (1600, 1200)

    async def test_come_in_two_smaller_sizes(self, builder: Clerk) -> None:
        kept = await builder.attaches(a_photo("PNG"), "image/png", purpose="photo")
        address = f"{builder.root}/{kept.json()['id']}/content"

        for size, edge in (("medium", 1024), ("small", 320)):
            reply = await builder.reads(f"{address}?size={size}")
            assert reply.headers["Content-Type"] == "image/jpeg"
            assert max(Pillow.open(BytesIO(reply.content)).size) == edge
            known = await builder.reads(f"{address}?size={size}", {"If-None-Match": reply.headers["ETag"]})
            assert known.status_code == 304

    async def test_where_it_was_taken_is_kept_where_wanted_and_shown_in_the_own_region(
        self, builder: Clerk, planning: Running
    ) -> None:
        kept = (await builder.attaches(a_photo(), "image/jpeg", purpose="photo")).json()
        address = f"{builder.root}/{kept['id']}"
        elsewhere = planning.token("facilitator", regions=("33.74",))

        assert (kept["latitude"], kept["longitude"]) == (-7.800833, 110.37)
        for headers in ({}, elsewhere):
            shown = (await builder.reads(address, headers)).json()
            assert (shown["view"], shown["latitude"], shown["longitude"], shown["sha256"]) == (
                "public",
                None,
                None,
                None,
            )
        (told,) = await journaled(planning, "attachment.added")
        assert "7.8" not in str(told)
        minutes = (await builder.attaches(a_photo(shade=3), "image/jpeg", purpose="minutes")).json()
        assert minutes["latitude"] is None


class TestSee:
    async def test_minutes_are_seen_by_who_sees_the_item_in_full(self, clerk: Clerk, registry: Running) -> None:
        minutes = (await clerk.attaches(a_paper())).json()
        deed = (await clerk.attaches(a_paper(mark="deed"), purpose="deed")).json()

        for headers, seen in (
            ({}, {deed["id"]}),
            (registry.token("facilitator", regions=("33.74",)), {deed["id"]}),
            (registry.token("auditor"), {deed["id"], minutes["id"]}),
        ):
            listed = await clerk.reads(f"{ROOT}?subject={clerk.subject}", headers)
            assert {one["id"] for one in listed.json()["items"]} == seen
            for one in (minutes, deed):
                expected = 200 if one["id"] in seen else 404
                assert (await clerk.reads(f"{ROOT}/{one['id']}", headers)).status_code == expected
                assert (await clerk.reads(f"{ROOT}/{one['id']}/content", headers)).status_code == expected

    async def test_what_is_still_sent_has_no_content(self, clerk: Clerk) -> None:
        reply = await clerk.reads(f"{(await clerk.opens(a_paper())).headers['Location']}/content")

        assert (reply.status_code, code_of(reply)) == (409, "attachment.not_kept")

    async def test_a_content_that_is_gone_is_said_to_be(self, clerk: Clerk, registry: Running) -> None:
        kept = (await clerk.attaches(a_paper(mark="gone"))).json()
        storage = registry.app.state.storage
        await storage.delete(await storage.under(f"attachments/{kept['digest'][:2]}"))
        reply = await clerk.reads(f"{ROOT}/{kept['id']}/content")

        assert (reply.status_code, code_of(reply)) == (503, "content.missing")


class TestPieces:
    """A paper of three pieces of the storage's, read as a phone does whose line breaks."""

    @pytest.fixture
    def paper(self) -> bytes:
        return a_paper(2 * PIECE + 12_345, mark="a long scan")

    @pytest.fixture
    async def address(self, clerk: Clerk, paper: bytes) -> str:
        kept = await clerk.attaches(paper)
        return f"{ROOT}/{kept.json()['id']}/content"

    async def test_are_told_of_before_any_is_asked_for(self, clerk: Clerk, address: str, paper: bytes) -> None:
        whole = await clerk.reads(address)
        head = await clerk.service.http.head(address, headers=clerk.headers)

        assert (whole.status_code, whole.content) == (200, paper)
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["Content-Length"] == whole.headers["Content-Length"] == str(len(paper))
        assert head.headers["Accept-Ranges"] == whole.headers["Accept-Ranges"] == "bytes"
        for name in ("ETag", "Content-Type", "Content-Disposition", "Cache-Control", "X-Content-Type-Options"):
            assert head.headers[name] == whole.headers[name]

    @pytest.mark.parametrize(
        ("asked", "wanted"),
        [
            ("bytes=0-0", slice(0, 1)),
            ("bytes=100-", slice(100, None)),
            (f"bytes={PIECE - 1}-{PIECE}", slice(PIECE - 1, PIECE + 1)),
            (f"bytes=7-{2 * PIECE + 6}", slice(7, 2 * PIECE + 7)),
            ("bytes=-6", slice(-6, None)),
            ("bytes=-99999999", slice(None)),
            ("bytes=5-99999999", slice(5, None)),
        ],
    )
    async def test_come_as_asked(self, clerk: Clerk, address: str, paper: bytes, asked: str, wanted: slice) -> None:
        reply = await clerk.reads(address, clerk.headers | {"Range": asked})
        first, last, _ = wanted.indices(len(paper))

        assert (reply.status_code, reply.content) == (206, paper[wanted])
        assert reply.headers["Content-Range"] == f"bytes {first}-{last - 1}/{len(paper)}"
        assert reply.headers["Content-Length"] == str(last - first)

    @pytest.mark.parametrize("asked", ["bytes=-0", "bytes=99999999-", "bytes=2109497-"])
    async def test_beyond_the_end_there_are_none(self, clerk: Clerk, address: str, paper: bytes, asked: str) -> None:
        reply = await clerk.reads(address, clerk.headers | {"Range": asked})

        assert len(paper) == 2_109_497
        assert (reply.status_code, code_of(reply)) == (416, "range.unsatisfiable")
        assert reply.headers["Content-Range"] == f"bytes */{len(paper)}"

    @pytest.mark.parametrize("asked", ["bytes=0-1,5-6", "bytes=9-5", "bytes=-", "bites=0-1", "bytes=a-b", "bytes=0-1x"])
    async def test_what_is_no_one_range_asks_for_all(
        self, clerk: Clerk, address: str, paper: bytes, asked: str
    ) -> None:
        reply = await clerk.reads(address, clerk.headers | {"Range": asked})

        assert (reply.status_code, reply.content) == (200, paper)

    async def test_only_of_what_was_begun(self, clerk: Clerk, address: str, paper: bytes) -> None:
        tag = (await clerk.reads(address)).headers["ETag"]
        asked = clerk.headers | {"Range": "bytes=10-"}

        same = await clerk.reads(address, asked | {"If-Range": tag})
        assert (same.status_code, same.content) == (206, paper[10:])
        for other in ('"another"', f"W/{tag}", "Tue, 24 Nov 2026 10:00:00 GMT"):
            reply = await clerk.reads(address, asked | {"If-Range": other})
            assert (reply.status_code, reply.content) == (200, paper)
        known = await clerk.reads(address, asked | {"If-None-Match": tag})
        assert (known.status_code, known.content) == (304, b"")

    async def test_are_read_one_by_one_as_they_are_taken(self, clerk: Clerk, address: str) -> None:
        storage = clerk.service.app.state.storage
        read = []

        async def noted(name: str, begins: int, ends: int) -> bytes:
            read.append((begins, ends))
            return bytes(await type(storage).piece(storage, name, begins, ends))

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(storage, "piece", noted)
            await clerk.reads(address, clerk.headers | {"Range": "bytes=10-"})
        assert read == [(10, PIECE + 10), (PIECE + 10, 2 * PIECE + 10), (2 * PIECE + 10, 2 * PIECE + 12_345)]

    async def test_need_the_same_permission(self, clerk: Clerk, address: str) -> None:
        for sent in ({"Range": "bytes=0-9"}, {"If-None-Match": "*"}):
            assert (await clerk.reads(address, sent)).status_code == 404
        assert (await clerk.service.http.head(address)).status_code == 404


class TestWithdraw:
    async def test_stays_on_record_and_loses_its_content(self, clerk: Clerk, registry: Running) -> None:
        kept = await clerk.attaches(a_paper(mark="wrong paper"))
        address = f"{ROOT}/{kept.json()['id']}"

        gone = await registry.http.post(
            f"{address}/withdrawal", headers=clerk.headers | etag(await clerk.reads(address))
        )
        assert (gone.status_code, gone.json()["state"]) == (200, "withdrawn")
        assert code_of(await clerk.reads(f"{address}/content")) == "attachment.not_kept"
        assert kept.json()["digest"] in files(registry)
        await swept(registry, after=timedelta(hours=2))
        assert kept.json()["digest"] not in files(registry)
        (told,) = await journaled(registry, "attachment.withdrawn")
        assert told["id"] == kept.json()["id"]

    async def test_needs_the_version_and_the_right(self, clerk: Clerk, registry: Running) -> None:
        kept = await clerk.attaches(a_paper())
        address = f"{ROOT}/{kept.json()['id']}/withdrawal"

        answers = []
        for headers in (
            clerk.headers,
            clerk.headers | {"If-Match": '"1.0"'},
            registry.token("auditor") | etag(kept),
            registry.token("facilitator", regions=("33.74",)) | etag(kept),
        ):
            reply = await registry.http.post(address, headers=headers)
            answers.append((reply.status_code, code_of(reply)))
        assert answers == [
            (428, "version.missing"),
            (412, "version.stale"),
            (403, "scope.missing"),
            (404, "resource.not_found"),
        ]

    async def test_keeps_a_content_that_another_has_too(self, clerk: Clerk, registry: Running) -> None:
        first, second = await clerk.attaches(a_paper(mark="twin")), await clerk.attaches(a_paper(mark="twin"))
        await registry.http.post(f"{ROOT}/{first.json()['id']}/withdrawal", headers=clerk.headers | etag(first))
        await swept(registry, after=timedelta(hours=2))

        assert (await clerk.reads(f"{ROOT}/{second.json()['id']}/content")).content == a_paper(mark="twin")


class TestSweep:
    async def test_a_content_that_comes_again_while_it_is_swept_is_there(
        self, clerk: Clerk, registry: Running, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        first = await clerk.attaches(a_paper(mark="again"))
        await registry.http.post(f"{ROOT}/{first.json()['id']}/withdrawal", headers=clerk.headers | etag(first))
        storage, sending = registry.app.state.storage, []
        delete = storage.delete

        async def slowly(names: list[str]) -> None:
            if any(name.startswith("attachments/") for name in names):
                # The same paper comes between the look at its rows and its end.
                sending.append(asyncio.create_task(clerk.attaches(a_paper(mark="again"))))
                await asyncio.sleep(0.5)
            await delete(names)

        with monkeypatch.context() as patch:
            patch.setattr(storage, "delete", slowly)
            await swept(registry, after=timedelta(hours=2))
        (again,) = [await one for one in sending]

        assert again.json()["state"] == "kept"
        assert (await clerk.reads(f"{ROOT}/{again.json()['id']}/content")).content == a_paper(mark="again")

    async def test_parts_go_when_the_whole_is_kept(self, clerk: Clerk, registry: Running) -> None:
        kept = await clerk.attaches(a_paper(mark="parts"))
        part = f"0-{hashlib.sha256(a_paper(mark='parts')).hexdigest()}"
        assert part in files(registry)
        await swept(registry, after=timedelta(minutes=5))
        assert part in files(registry)
        await swept(registry, after=timedelta(hours=2))
        assert part not in files(registry)
        assert (await clerk.reads(f"{ROOT}/{kept.json()['id']}/content")).status_code == 200

    async def test_an_upload_that_is_given_up_goes_after_a_week(self, clerk: Clerk, registry: Running) -> None:
        opened = await clerk.opens(a_paper(mark="forgotten"))
        address = opened.headers["Location"]
        await clerk.sends(address, 0, a_paper(mark="forgotten")[:300])
        await swept(registry, after=KEPT_OPEN)
        assert (await clerk.reads(address)).json()["received"] == 300
        before = files(registry)
        await swept(registry, after=KEPT_OPEN + timedelta(hours=2))
        assert (await clerk.reads(address)).status_code == 404
        assert len(files(registry)) == len(before) - 1

    async def test_what_a_death_left_before_its_row_knew_goes_too(
        self, clerk: Clerk, registry: Running, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        # The content lies in storage, and the process dies before the row takes it.
        paper = a_paper(mark="died")
        address = (await clerk.opens(paper)).headers["Location"]

        async def dies(*_: Any, **__: Any) -> None:
            raise ConnectionError

        with monkeypatch.context() as patch:
            patch.setattr("shared.attaching.take_part", dies)
            with pytest.raises(ConnectionError):
                await clerk.sends(address, 0, paper)
        digest = hashlib.sha256(paper).hexdigest()
        assert digest in files(registry)
        assert (await clerk.reads(address)).json()["received"] == 0
        # Sent again it is kept; given up it goes.
        async with registry.database.transaction() as session:
            noted = await session.scalar(text("SELECT digest FROM attachments WHERE digest IS NOT NULL"))
        assert noted == digest
        await swept(registry, after=KEPT_OPEN + timedelta(hours=2))
        assert digest not in files(registry)
