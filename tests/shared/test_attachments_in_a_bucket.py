"""The whole story of attachments over a bucket, with the bucket away in the middle of it."""

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from io import BytesIO

import pytest
import structlog
from PIL import Image

from shared.storage import PIECE, StorageUnavailable
from tests.bucket import Bucket
from tests.house import Prepared, Running, code_of, etag, run
from tests.shared.test_attachments import BOARD, ROOT, Clerk, a_paper, a_photo, journaled, swept

MIB = 1024 * 1024

# One process waits while the bucket's server is installed, not each.
pytestmark = pytest.mark.xdist_group("bucket")


@pytest.fixture(scope="module")
def bucket() -> Iterator[Bucket]:
    made = Bucket()
    yield made
    made.ends()


@pytest.fixture(scope="module")
async def service(
    prepared: Prepared, bucket: Bucket, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Running]:
    folder = tmp_path_factory.mktemp("over-a-bucket")
    with pytest.MonkeyPatch.context() as patch:
        bucket.known_to(patch)
        async with run(prepared, "registry", folder, storage_url=bucket.url) as running:
            yield running


@pytest.fixture
async def clerk(service: Running) -> Clerk:
    await service.empty()
    made = await service.http.post("/registry/v1/boards", json=BOARD, headers=service.token("facilitator"))
    return Clerk(service, f"boards/{made.json()['id']}")


async def names(service: Running) -> list[str]:
    """Return what lies in the bucket."""
    return sorted(
        [*await service.app.state.storage.under("uploads"), *await service.app.state.storage.under("attachments")]
    )


async def test_parts_make_the_whole_and_it_is_read_in_ranges(clerk: Clerk) -> None:
    paper = a_paper(8 * MIB + 321, mark="long")
    address = (await clerk.opens(paper)).headers["Location"]
    for begins in (0, 3 * MIB, 6 * MIB):
        sent = await clerk.sends(address, begins, paper[begins : begins + 3 * MIB])

    assert (sent.json()["state"], sent.json()["received"]) == ("kept", len(paper))
    assert (await clerk.reads(f"{address}/content")).content == paper
    rest = await clerk.reads(f"{address}/content", clerk.headers | {"Range": f"bytes={PIECE + 5}-"})
    assert (rest.status_code, rest.content) == (206, paper[PIECE + 5 :])
    head = await clerk.service.http.head(f"{address}/content", headers=clerk.headers)
    assert head.headers["Content-Length"] == str(len(paper))


async def test_photos_come_in_their_sizes(clerk: Clerk) -> None:
    kept = await clerk.attaches(a_photo(), "image/jpeg", purpose="photo")

    for size, edge in (("original", 1600), ("medium", 1024), ("small", 320)):
        reply = await clerk.reads(f"{ROOT}/{kept.json()['id']}/content?size={size}")
        assert max(Image.open(BytesIO(reply.content)).size) == edge


async def test_what_is_withdrawn_is_gone_and_so_are_parts(clerk: Clerk, service: Running) -> None:
    before = await names(service)
    kept = await clerk.attaches(a_photo(shade=7), "image/jpeg", purpose="photo")
    assert len(await names(service)) == len(before) + 4
    address = f"{ROOT}/{kept.json()['id']}/withdrawal"
    await service.http.post(address, headers=clerk.headers | etag(kept))
    await swept(service, after=timedelta(hours=2))

    assert await names(service) == before


class TestAway:
    async def test_a_part_is_refused_with_a_time_to_come_again_and_nothing_is_half_done(
        self, clerk: Clerk, service: Running, bucket: Bucket
    ) -> None:
        paper = a_paper(mark="away")
        address = (await clerk.opens(paper)).headers["Location"]
        await clerk.sends(address, 0, paper[:400])
        for _ in range(2):
            with bucket.silent():
                away = await clerk.sends(address, 400, paper[400:])
            assert (away.status_code, code_of(away), away.headers["Retry-After"]) == (503, "storage.unavailable", "5")
            known = (await clerk.reads(address)).json()
            assert (known["state"], known["received"], known["digest"]) == ("open", 400, None)

        assert (await clerk.sends(address, 400, paper[400:])).json()["state"] == "kept"
        assert (await clerk.reads(f"{address}/content")).content == paper
        assert len(await journaled(service, "attachment.added")) == 1

    async def test_the_whole_is_not_kept_before_it_lies_there(
        self, clerk: Clerk, service: Running, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        # The part is there, its whole is judged, and then the bucket takes no more.
        paper = a_paper(mark="almost")
        address = (await clerk.opens(paper)).headers["Location"]
        storage = service.app.state.storage
        put = storage.put

        async def only_parts(name: str, content: bytes) -> None:
            if not name.startswith("uploads/"):
                raise StorageUnavailable(retry_after=5)
            await put(name, content)

        with monkeypatch.context() as patch:
            patch.setattr(storage, "put", only_parts)
            assert (await clerk.sends(address, 0, paper)).status_code == 503
        known = (await clerk.reads(address)).json()
        assert (known["state"], known["received"], known["digest"]) == ("open", 0, None)
        assert (await clerk.sends(address, 0, paper)).json()["state"] == "kept"

    async def test_is_told_to_who_reads(self, clerk: Clerk, bucket: Bucket) -> None:
        kept = await clerk.attaches(a_paper(mark="read"))
        address = f"{ROOT}/{kept.json()['id']}/content"
        with bucket.silent():
            reply = await clerk.reads(address)
            head = await clerk.service.http.head(address, headers=clerk.headers)
            known = await clerk.reads(address, clerk.headers | {"If-None-Match": f'"{kept.json()["digest"]}"'})

        assert (reply.status_code, code_of(reply), reply.headers["Retry-After"]) == (503, "storage.unavailable", "5")
        assert (head.status_code, known.status_code) == (503, 304)

    async def test_sweeps_are_done_later(self, clerk: Clerk, service: Running, bucket: Bucket) -> None:
        kept = await clerk.attaches(a_paper(mark="to be erased"))
        address = f"{ROOT}/{kept.json()['id']}/withdrawal"
        await service.http.post(address, headers=clerk.headers | etag(kept))
        with bucket.silent(), pytest.raises(StorageUnavailable):
            await swept(service, after=timedelta(hours=2))

        assert kept.json()["digest"] in str(await names(service))
        await swept(service, after=timedelta(hours=2))
        assert kept.json()["digest"] not in str(await names(service))


async def test_a_bucket_that_keeps_versions_is_warned_of(clerk: Clerk, service: Running) -> None:
    """What is erased stays there as a version that no service can reach: only the bucket's own rule ends it."""
    bucket = Bucket()
    try:
        bucket.keeps_versions()
        with pytest.MonkeyPatch.context() as patch, structlog.testing.capture_logs() as told:
            # One that wrote before has kept where to.
            patch.setattr("shared.storage.log", structlog.get_logger())
            bucket.known_to(patch)
            storage = type(service.app.state.storage)(bucket.url)
            await storage.put("attachments/ab/one", b"erase me")
            await storage.put("attachments/ab/two", b"erase me")
            await storage.delete(["attachments/ab/one"])
            assert not await storage.has("attachments/ab/one")
        assert "attachments/ab/one" in bucket.http.get("?versions").text
        assert [one["event"] for one in told] == ["storage.keeps_versions"]
    finally:
        bucket.ends()
