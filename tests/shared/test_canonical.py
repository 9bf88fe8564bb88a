from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from shared.canonical import canonical_body, canonical_bytes, keyed_digest
from shared.clock import JAKARTA


class Colour(StrEnum):
    RED = "red"


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.text()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


class TestCanonicalBytes:
    @given(JSON)
    def test_are_those_of_rfc_8785(self, value: Any) -> None:
        assert canonical_bytes(value) == rfc8785.dumps(value)

    @given(st.dictionaries(st.text(st.characters(max_codepoint=127)), st.integers(-9, 9) | st.text(), max_size=5))
    def test_are_those_of_rfc_8785_on_the_fast_way_too(self, value: dict[str, Any]) -> None:
        assert canonical_bytes(value) == rfc8785.dumps(value)

    def test_write_dates_ids_and_choices_as_text(self) -> None:
        value = {
            "on": date(2026, 3, 1),
            "at": datetime(2026, 3, 1, 7, tzinfo=JAKARTA),
            "id": UUID(int=1),
            "colour": Colour.RED,
        }

        assert canonical_bytes(value) == (
            b'{"at":"2026-03-01T00:00:00Z","colour":"red","id":"00000000-0000-0000-0000-000000000001","on":"2026-03-01"}'
        )

    def test_refuse_what_has_no_json_form(self) -> None:
        with pytest.raises(TypeError):
            canonical_bytes({"what": object()})

    @given(st.binary(max_size=40))
    def test_of_a_body_never_fail(self, body: bytes) -> None:
        assert isinstance(canonical_body(body), bytes)

    @pytest.mark.parametrize(
        "body", [b'"\\ud800"', b"[" * 5000, b"1e999", b"123456789012345678901234567890", b"\xff", b"NaN"]
    )
    def test_of_a_strange_body_never_fail(self, body: bytes) -> None:
        assert isinstance(canonical_body(body), bytes)


class TestKeyedDigest:
    @given(st.lists(st.binary(max_size=6), max_size=5), st.lists(st.binary(max_size=6), max_size=5))
    def test_differs_whenever_the_parts_do(self, one: list[bytes], other: list[bytes]) -> None:
        assert (keyed_digest(b"k", *one) == keyed_digest(b"k", *other)) is (one == other)

    @given(st.binary(min_size=1, max_size=12), st.integers(0, 12))
    def test_is_not_fooled_by_moving_a_boundary(self, whole: bytes, at: int) -> None:
        parts = [whole[:at], whole[at:]]

        assert keyed_digest(b"k", *parts) != keyed_digest(b"k", whole)

    def test_differs_with_the_secret(self) -> None:
        assert keyed_digest(b"k", b"x") != keyed_digest(b"l", b"x")
