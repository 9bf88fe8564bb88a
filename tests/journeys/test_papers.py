"""A scanned paper on a bad line: parts get lost, processes are killed, and in the end it is there once and whole."""

import hashlib
import random
import threading
import time
from contextlib import suppress
from typing import Any

import httpx
import pytest

from tests.journeys.home import DEMANGAN, Home, SignedIn, done, eventually
from tests.journeys.story import elected_board

pytestmark = pytest.mark.xdist_group("house")

ROOT = "/registry/v1/attachments"
MIB = 1024 * 1024
LARGEST = 5 * MIB


def a_paper(size: int) -> bytes:
    return (b"%PDF-1.7\n" + random.Random(size).randbytes(size - 15)) + b"%%EOF\n"


def opened(by: SignedIn, board: str, paper: bytes) -> str:
    draft = {"subject": f"boards/{board}", "purpose": "minutes", "media_type": "application/pdf"}
    return str(by.made(ROOT, draft | {"size": len(paper), "sha256": hashlib.sha256(paper).hexdigest()})["id"])


def sent(by: SignedIn, upload: str, offset: int, part: Any) -> httpx.Response:
    headers = {"Authorization": f"Bearer {by.token}", "Upload-Offset": str(offset)}
    return by.http.post(f"{ROOT}/{upload}/parts", content=part, headers=headers)


def kills(home: Home, after: float) -> None:
    time.sleep(after)
    home.house.kill("registry")


def test_an_upload_goes_on_after_a_broken_line_and_the_death_of_everything(home: Home) -> None:
    clerk = home.somebody("facilitator", DEMANGAN)
    paper = a_paper(2 * LARGEST + 4321)
    upload = opened(clerk, elected_board(clerk, DEMANGAN), paper)

    assert done(sent(clerk, upload, 0, paper[:LARGEST]))["received"] == LARGEST

    def breaks() -> Any:
        yield paper[LARGEST : LARGEST + MIB]
        raise ConnectionAbortedError

    # The line breaks in the middle of a part.
    with pytest.raises(ConnectionAbortedError):
        sent(clerk, upload, LARGEST, breaks())
    assert done(clerk.get(f"{ROOT}/{upload}"))["received"] == LARGEST

    # Everything dies and comes back; the client only asks how far it is.
    parts = ("registry", "registry-worker", "postgres")
    for name in parts:
        home.house.kill(name)
    for name in parts:
        home.house.restart(name, wait=False)
    home.ready()
    received = done(clerk.get(f"{ROOT}/{upload}"))["received"]
    while received < len(paper):
        received = done(sent(clerk, upload, received, paper[received : received + LARGEST]))["received"]

    kept = done(clerk.get(f"{ROOT}/{upload}"))
    assert (kept["state"], kept["digest"]) == ("kept", hashlib.sha256(paper).hexdigest())
    assert clerk.get(f"{ROOT}/{upload}/content").content == paper
    for address in (f"{ROOT}/{upload}", f"{ROOT}/{upload}/content"):
        assert home.http.get(address).status_code == 404


def test_a_download_goes_on_where_the_line_broke(home: Home) -> None:
    clerk = home.somebody("facilitator", DEMANGAN)
    paper = a_paper(LARGEST)
    upload = opened(clerk, elected_board(clerk, DEMANGAN), paper)
    done(sent(clerk, upload, 0, paper))
    address, known = f"{ROOT}/{upload}/content", {"Authorization": f"Bearer {clerk.token}"}

    head = clerk.http.head(address, headers=known)
    assert (head.headers["Content-Length"], head.headers["Accept-Ranges"]) == (str(LARGEST), "bytes")
    begun = b""
    with clerk.http.stream("GET", address, headers=known) as reply:
        for piece in reply.iter_bytes():
            begun += piece
            if len(begun) > MIB:
                break
    # Everything dies before the phone is back.
    home.house.kill("registry")
    home.house.restart("registry", wait=False)
    home.ready()
    asked = known | {"Range": f"bytes={len(begun)}-", "If-Range": head.headers["ETag"]}
    rest = clerk.http.get(address, headers=asked)
    assert (rest.status_code, begun + rest.content) == (206, paper)
    assert rest.headers["Content-Range"] == f"bytes {len(begun)}-{LARGEST - 1}/{LARGEST}"
    beyond = clerk.http.get(address, headers=known | {"Range": f"bytes={LARGEST}-"})
    assert (beyond.status_code, beyond.json()["code"]) == (416, "range.unsatisfiable")


def test_who_complains_without_an_account_sends_a_paper_in_parts(home: Home) -> None:
    clerk = home.somebody("facilitator", DEMANGAN)
    draft = {"kelurahan_code": DEMANGAN, "scope": "financial", "category": "other", "text": "Paid twice."}
    draft |= {"accused": {"kind": "other"}, "occurred_on": "2026-03-05", "channel": "website"}
    filed = done(home.http.post("/monitoring/v1/complaints", json=draft))
    code, tracked = {"Tracking-Code": filed["tracking_code"]}, "/monitoring/v1/complaints/tracked"
    paper = a_paper(LARGEST + MIB)
    wanted = {"media_type": "application/pdf", "size": len(paper), "sha256": hashlib.sha256(paper).hexdigest()}
    upload = done(home.http.post(f"{tracked}/attachments", json=wanted, headers=code))["id"]
    for begins in (0, LARGEST):
        headers = code | {"Upload-Offset": str(begins)}
        parts = f"{tracked}/attachments/{upload}/parts"
        sent_part = home.http.post(parts, content=paper[begins : begins + LARGEST], headers=headers)
        assert sent_part.status_code == 200, sent_part.text

    address = f"/monitoring/v1/attachments/{upload}/content"
    assert sent_part.json()["state"] == "kept"
    assert clerk.get(address).content == paper
    for headers in ({}, code):
        assert home.http.get(address, headers=headers).status_code == 404


def test_a_service_killed_while_it_judges_the_whole_keeps_it_when_the_part_comes_again(home: Home) -> None:
    clerk = home.somebody("facilitator", DEMANGAN)
    board = elected_board(clerk, DEMANGAN)
    for pause in range(4):
        paper = a_paper(LARGEST - pause)
        upload = opened(clerk, board, paper)
        killed = threading.Thread(target=kills, args=(home, pause * 0.05))
        killed.start()
        with suppress(httpx.TransportError):
            sent(clerk, upload, 0, paper)
        killed.join(30)
        home.house.restart("registry", wait=False)
        home.ready()

        def again(upload: str = upload, paper: bytes = paper) -> bool:
            return sent(clerk, upload, 0, paper).status_code == 200

        eventually(again)
        assert clerk.get(f"{ROOT}/{upload}/content").content == paper


def test_the_gateway_lets_a_whole_part_through_and_no_more(home: Home) -> None:
    clerk = home.somebody("facilitator", DEMANGAN)
    upload = opened(clerk, elected_board(clerk, DEMANGAN), a_paper(3 * LARGEST))

    too_large = sent(clerk, upload, 0, bytes(LARGEST + MIB))
    assert (too_large.status_code, too_large.json()["code"]) == (413, "body.too_large")
    assert sent(clerk, upload, 0, a_paper(LARGEST)).status_code == 200
