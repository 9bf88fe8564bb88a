"""The stand-alone verifier: an honest journal holds, and one changed byte anywhere is named."""

import copy
import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import rfc8785
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given, settings
from hypothesis import strategies as st

from deploy import verify_journal
from shared.sealing import HeadKey
from tests.shared.invented import SIZE, Journal


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> HeadKey:
    return made_key(tmp_path_factory.mktemp("keys"))


def made_key(folder: Path) -> HeadKey:
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    file = folder / "head.pem"
    file.write_bytes(
        private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return HeadKey(file)


@pytest.fixture(scope="module")
def honest(key: HeadKey) -> dict[str, Journal]:
    journals = {name: Journal(name, key) for name in ("registry", "planning", "monitoring")}
    for witness in ("planning", "monitoring"):
        journals[witness].head["witnessed"] = [journals["registry"].signed(key, 15)]
    return journals


@pytest.fixture
def journals(honest: dict[str, Journal]) -> dict[str, Journal]:
    return copy.deepcopy(honest)


@pytest.fixture
def address(journals: dict[str, Journal]) -> Iterator[str]:
    class Answering(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            _, service, _, _, *rest = parts.path.split("/")
            query = {name: int(values[0]) for name, values in parse_qs(parts.query).items()}
            journal = journals.get(service)
            content = journal.answer("/" + "/".join(rest), query) if journal else b"{}"
            self.send_response(200 if journal else 404)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def verdict(source: str | Path, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    command = ["verify_journal", str(source), *words]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", command)
        patch.delenv("TRIDAYA_TOKEN", raising=False)
        code = verify_journal.main()
    return code, capsys.readouterr().out


def flipped(text: str, at: int = 3) -> str:
    """Change one hex digit."""
    return f"{text[:at]}{int(text[at], 16) ^ 1:x}{text[at + 1 :]}"


def test_an_honest_journal_holds(address: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, told = verdict(address, capsys)

    assert code == 0
    assert told.count("holds.") == 3
    assert f"registry: holds. {SIZE} links; {SIZE - 2} payloads opened, 1 erased, 1 closed to you" in told
    assert "head witnessed by planning of 2026-03-01, head witnessed by monitoring of 2026-03-01" in told


def test_it_needs_nothing_but_python(address: str, tmp_path: Path) -> None:
    alone = tmp_path / "verify.py"
    alone.write_bytes(Path(verify_journal.__file__).read_bytes())

    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-I", "-S", alone, address], capture_output=True, text=True, check=False, cwd=tmp_path
    )

    assert (done.returncode, done.stdout.count("holds.")) == (0, 3), done.stderr


Tamper = Callable[[Journal], None]


def link(position: int, name: str, change: Callable[[Any], Any] = flipped) -> Tamper:
    def tamper(journal: Journal) -> None:
        one = journal.links[position - 1]
        one[name] = change(one[name])

    return tamper


def shown(position: int, change: Callable[[dict[str, Any]], None]) -> Tamper:
    def tamper(journal: Journal) -> None:
        change(next(one for one in journal.events if one["position"] == position))

    return tamper


def payload(name: str, value: Any) -> Callable[[dict[str, Any]], None]:
    def tamper(one: dict[str, Any]) -> None:
        one["data"][name] = value

    return tamper


def without(position: int) -> Tamper:
    def tamper(journal: Journal) -> None:
        del journal.links[position - 1]

    return tamper


def cut(journal: Journal) -> None:
    del journal.links[-3:]


@pytest.mark.parametrize(
    ("tamper", "position"),
    [
        (link(1, "digest"), 1),
        (link(9, "digest"), 9),
        (link(9, "payload_digest"), 9),
        (link(9, "time", lambda time: time.replace(":13.", ":14.")), 9),
        (link(9, "time", lambda time: time.replace("567", "566")), 9),
        (link(9, "service", lambda _: "planning"), 9),
        (link(9, "position", lambda position: position + 1), 9),
        (link(SIZE, "digest"), SIZE),
        (without(1), 1),
        (without(12), 12),
        (without(SIZE), SIZE),
        (cut, SIZE - 2),
        (lambda journal: journal.links.insert(5, journal.links[5]), 7),
        (shown(13, payload("place", "34.71.03.1002")), 13),
        (shown(13, payload("actor", "somebody")), 13),
        (shown(13, payload("occurred_on", "2026-01-01")), 13),
        (shown(13, lambda one: one["data"]["data"].update(name="BKM Contoh 13")), 13),
        (shown(13, lambda one: one["data"]["data"].update(id=14)), 13),
        (shown(13, lambda one: one.update(nonce=flipped(one["nonce"]))), 13),
        (shown(13, lambda one: one.update(nonce="not hex")), 13),
        (shown(13, lambda one: one.update(data=None)), 13),
        (shown(13, lambda one: one.update(type="board.changed")), 13),
        (shown(13, lambda one: one.update(subject="boards/14")), 13),
        (shown(13, lambda one: one.update(payloaddigest=flipped(one["payloaddigest"]))), 13),
        (shown(13, lambda one: one.update(previousdigest=flipped(one["previousdigest"]))), 13),
        (shown(13, lambda one: one.update(time="2026-03-01T02:03:17.567001Z")), 13),
        (shown(13, lambda one: one.update(position=12)), 12),
        (lambda journal: journal.head.update(digest=flipped(journal.head["digest"])), SIZE),
        (lambda journal: journal.head.update(position=SIZE + 1), SIZE + 1),
        (lambda journal: journal.head["signed"].update(digest=flipped(journal.head["signed"]["digest"])), 20),
        (lambda journal: journal.head["signed"].update(day="2026-03-02"), 20),
        (lambda journal: journal.head["signed"].update(position=19), 19),
    ],
)
def test_one_changed_byte_is_named(
    tamper: Tamper, position: int, journals: dict[str, Journal], address: str, capsys: pytest.CaptureFixture[str]
) -> None:
    tamper(journals["registry"])

    code, told = verdict(address, capsys)

    assert code == 1
    assert f"registry: BROKEN at position {position}: " in told
    assert told.count("holds.") == 2


def test_a_rewritten_chain_does_not_pass_its_witnesses(
    journals: dict[str, Journal], key: HeadKey, address: str, capsys: pytest.CaptureFixture[str]
) -> None:
    witnessed = journals["planning"].head["witnessed"]
    journals["registry"] = Journal("registry", key)
    journals["registry"].head["signed"] = None

    code, told = verdict(address, capsys)

    assert witnessed
    assert code == 1
    assert "registry: BROKEN at position 15: the head witnessed by planning of 2026-03-01 names another" in told


@pytest.mark.parametrize("part", [0, 1, 2])
def test_a_changed_signature_is_named(
    part: int, journals: dict[str, Journal], address: str, capsys: pytest.CaptureFixture[str]
) -> None:
    signed = journals["registry"].head["signed"]
    parts = signed["signature"].split(".")
    parts[part] = parts[part][:8] + ("A" if parts[part][8] != "A" else "B") + parts[part][9:]
    signed["signature"] = ".".join(parts)

    code, told = verdict(address, capsys, "--service", "registry")

    assert (code, told.split(" of ")[0]) == (1, "registry: BROKEN at position 20: the daily head")


def test_another_key_is_not_believed(
    journals: dict[str, Journal], address: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    journals["registry"].head["key"] = made_key(tmp_path).public

    assert verdict(address, capsys, "--service", "registry")[0] == 1


def test_a_payload_that_is_no_json_any_more_is_named(
    journals: dict[str, Journal], address: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = Journal.answer
    monkeypatch.setattr(Journal, "answer", lambda *given: answer(*given).replace(b'"boards/17"', b'"boards/17\xff'))

    code, told = verdict(address, capsys, "--service", "registry")

    assert (code, told.split(":")[1]) == (1, " BROKEN at position 17")
    assert journals


def test_a_head_on_a_notice_board_is_expected(
    journals: dict[str, Journal], address: str, capsys: pytest.CaptureFixture[str]
) -> None:
    noted = journals["registry"].links[4]["digest"][:16]

    assert verdict(address, capsys, "--expect", f"registry:5:{noted}")[0] == 0
    assert verdict(address, capsys, "--expect", f"registry:5:{flipped(noted)}")[0] == 1
    assert verdict(address, capsys, "--expect", f"registry:6:{noted}")[0] == 1


def test_it_goes_on_from_what_was_verified_before(
    journals: dict[str, Journal], address: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    registry = journals["registry"]
    words = ("--since", f"registry:8:{registry.links[7]['digest']}")
    code, told = verdict(address, capsys, *words)
    assert (code, f"registry: holds since 8. {SIZE - 8} links" in told) == (0, True)

    pages = [{"items": registry.links, "next": SIZE}, registry.head]
    assert verdict(saved(tmp_path / "all.ndjson", *pages), capsys, *words)[0] == 0
    pages[0] = {"items": registry.links[8:], "next": SIZE}
    assert verdict(saved(tmp_path / "rest.ndjson", *pages), capsys, *words)[0] == 1

    registry.links[2]["digest"] = flipped(registry.links[2]["digest"])
    assert verdict(address, capsys, *words)[0] == 0
    registry.links[11]["digest"] = flipped(registry.links[11]["digest"])
    code, told = verdict(address, capsys, *words)
    assert (code, "registry: BROKEN at position 12: " in told) == (1, True)


def test_what_was_verified_before_must_still_be_there(
    journals: dict[str, Journal], address: str, capsys: pytest.CaptureFixture[str]
) -> None:
    noted = journals["registry"].links[7]["digest"]
    for since, position in (
        (f"registry:8:{flipped(noted)}", 8),
        (f"registry:9:{noted}", 9),
        (f"registry:{SIZE + 4}:{noted}", SIZE + 4),
    ):
        code, told = verdict(address, capsys, "--since", since)
        assert (code, f"registry: BROKEN at position {position}: " in told) == (1, True), told
    for wrong in (f"registry:8:{noted[:16]}", "registry:8"):
        with pytest.raises(SystemExit) as ended:
            verdict(address, capsys, "--since", wrong)
        assert ended.value.code == 2


def test_what_cannot_be_read_is_not_called_broken(
    journals: dict[str, Journal], address: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    del journals["monitoring"]

    code, told = verdict(address, capsys)

    assert (code, told.count("holds.")) == (2, 2)
    assert verdict(tmp_path / "absent", capsys)[0] == 2
    assert verdict("http://127.0.0.1:9", capsys, "--service", "registry")[0] == 2


def saved(file: Path, *documents: Any) -> Path:
    file.write_text("\n".join(json.dumps(document) for document in documents), encoding="utf-8")
    return file


def test_a_saved_chain_is_verified_without_a_network(
    journals: dict[str, Journal], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    registry, planning = journals["registry"], journals["planning"]
    pages = [{"items": registry.links[:10], "next": 10}, {"items": registry.links[10:], "next": SIZE}]
    code, told = verdict(saved(tmp_path / "links.ndjson", *pages), capsys)
    assert (code, "registry: holds." in told, "no head to compare with" in told) == (0, True, True)

    code, _ = verdict(saved(tmp_path / "list.json", pages), capsys)
    assert code == 0

    everything = [*pages, registry.head, planning.head, {"items": registry.events, "next": SIZE}]
    code, told = verdict(saved(tmp_path / "all.ndjson", *everything), capsys, "--service", "registry")
    assert (code, "head witnessed by planning" in told, "23 payloads opened" in told) == (0, True, True)

    code, told = verdict(saved(tmp_path / "half.ndjson", pages[0], registry.head), capsys)
    assert (code, "not verified" in told) == (2, True)

    registry.links[15]["digest"] = flipped(registry.links[15]["digest"])
    code, told = verdict(saved(tmp_path / "changed.ndjson", *pages), capsys)
    assert (code, "position 16" in told) == (1, True)


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.text()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None)
@given(json_values)
def test_its_canonical_form_is_that_of_rfc_8785(value: Any) -> None:
    assert verify_journal.canonical(value) == rfc8785.dumps(value)


def test_the_worked_example_of_the_documentation_holds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = Path(verify_journal.__file__).parents[1].joinpath("docs/journal.md").read_text(encoding="utf-8")
    example = page.partition("```json\n")[2].partition("```")[0]
    program = page.partition("```python\n")[2].partition("```")[0]
    file = tmp_path / "example.ndjson"
    file.write_text(example, encoding="utf-8")
    links = "\n".join(example.splitlines()[:2])

    code, told = verdict(file, capsys)
    done = subprocess.run([sys.executable, "-c", program], input=links, capture_output=True, text=True, check=True)  # noqa: S603

    assert (code, "2 links; 1 payloads opened, 0 erased, 1 closed" in told) == (0, True)
    assert done.stdout.strip() == told.strip().rpartition(":")[2]
