from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registry.regions.rules import (
    CodeInvalidError,
    Kind,
    Level,
    Successor,
    kind_of,
    level_of,
    overlapping,
    parent_of,
    steps,
    wrong_bps_code,
)

TWO = st.integers(0, 99).map("{:02}".format)
FOUR = st.integers(0, 9999).map("{:04}".format)
CODES = st.one_of(
    TWO,
    st.tuples(TWO, TWO).map(".".join),
    st.tuples(TWO, TWO, TWO).map(".".join),
    st.tuples(TWO, TWO, TWO, FOUR).map(".".join),
)


class TestLevel:
    @given(CODES)
    def test_is_the_number_of_parts(self, code: str) -> None:
        assert level_of(code) is list(Level)[code.count(".")]

    @pytest.mark.parametrize(
        "code",
        ["", "3", "347", "34.7", "3471", "34.71.", "34.71.03.101", "34.71.03.1001.1", "34-71", "34\n", "٣٤", "ab"],
    )
    def test_is_refused_to_what_is_no_code(self, code: str) -> None:
        with pytest.raises(CodeInvalidError):
            level_of(code)


class TestKind:
    @pytest.mark.parametrize(
        ("code", "kind"),
        [
            ("34", Kind.PROVINSI),
            ("34.04", Kind.KABUPATEN),
            ("34.69", Kind.KABUPATEN),
            ("34.71", Kind.KOTA),
            ("34.99", Kind.KOTA),
            ("34.71.03", Kind.KECAMATAN),
            ("34.71.03.1001", Kind.KELURAHAN),
            ("34.04.01.2001", Kind.DESA),
            ("91.03.01.3001", Kind.DESA_ADAT),
        ],
    )
    def test_is_what_the_code_says(self, code: str, kind: Kind) -> None:
        assert kind_of(code) is kind

    @pytest.mark.parametrize("digit", "0456789")
    def test_is_refused_to_a_village_of_no_known_kind(self, digit: str) -> None:
        with pytest.raises(CodeInvalidError):
            kind_of(f"34.71.03.{digit}001")


class TestParent:
    @given(CODES)
    def test_is_the_code_without_its_last_part(self, code: str) -> None:
        parent = parent_of(code)

        assert parent == (code.rsplit(".", 1)[0] if "." in code else None)
        assert parent is None or list(Level).index(level_of(parent)) == list(Level).index(level_of(code)) - 1


class TestKindOfTheEvidence:
    @pytest.mark.parametrize(
        ("code", "kind", "above"),
        [("33.73.04.1001", Kind.KELURAHAN, Kind.KOTA), ("33.01.02.2003", Kind.DESA, Kind.KABUPATEN)],
    )
    def test_is_what_published_lists_say(self, code: str, kind: Kind, above: Kind) -> None:
        assert (kind_of(code), kind_of(code[:5])) == (kind, above)


class TestBpsCode:
    @pytest.mark.parametrize(
        ("kemendagri", "bps"),
        [("91", "94"), ("92.71", "9171"), ("92.71.01", "9171010"), ("92.71.01.1001", "9171010001")],
    )
    def test_may_be_any_of_its_level(self, kemendagri: str, bps: str) -> None:
        assert wrong_bps_code(kemendagri, bps) is None

    @pytest.mark.parametrize(
        ("kemendagri", "bps"),
        [
            ("91", "9"),
            ("91", "9400"),
            ("92.71", "92.71"),
            ("92.7", "9271"),
            ("91", "٩٤"),
            ("", ""),
            ("92.71.01", "927101"),
        ],
    )
    def test_of_another_form_or_level_is_told(self, kemendagri: str, bps: str) -> None:
        assert wrong_bps_code(kemendagri, bps)


DAYS = st.one_of(st.none(), st.dates(date(2020, 1, 1), date(2020, 1, 12)))
TIMES = st.lists(
    st.tuples(st.sampled_from("ab"), DAYS, DAYS).filter(lambda one: not (one[1] and one[2]) or one[1] <= one[2]),
    max_size=6,
    unique_by=lambda one: one[:2],
)


def share_a_day(one: tuple[str, date | None, date | None], other: tuple[str, date | None, date | None]) -> bool:
    begins = max(one[1] or date.min, other[1] or date.min)
    return one[0] == other[0] and begins <= min(one[2] or date.max, other[2] or date.max)


class TestOverlapping:
    @given(TIMES)
    def test_finds_exactly_those_that_share_a_day(self, times: list[tuple[str, date | None, date | None]]) -> None:
        expected = {
            one[:2]
            for index, one in enumerate(times)
            for at, other in enumerate(times)
            if at != index and share_a_day(one, other)
        }

        assert set(overlapping(times)) == expected


VILLAGES = st.sets(st.integers(1, 4).flatmap(lambda d: st.integers(1001, 1004).map(lambda v: f"34.71.{d:02}.{v}")))


class TestSteps:
    @given(VILLAGES, st.sampled_from(["34.72", "35.01", "34.71"]), st.booleans())
    def test_lead_everything_below_to_one_place_of_its_own(self, villages: set[str], heir: str, taken: bool) -> None:
        standing = villages | {one[:8] for one in villages} | {"34.71"}
        takes = [("34.71.01", "34.79.09")] if taken else []
        successors = [Successor(heir, "X"), Successor("34.79", "Y", takes)]

        made = steps(predecessors=["34.71"], successors=successors, heir=heir, standing=standing)

        below = {one.old: one.new for one in made if one.old != "34.71"}
        assert len(set(below.values())) == len(below) == len([one for one in made if one.old != "34.71"])
        for code in standing - {"34.71"}:
            if taken and code.startswith("34.71.01"):
                assert below[code] == f"34.79.09{code[8:]}"
            elif heir == "34.71":
                assert code not in below
            else:
                assert below[code] == f"{heir}{code[5:]}"
        assert {one.new: one.inherits for one in made if one.old == "34.71"} == {heir: True, "34.79": False}
