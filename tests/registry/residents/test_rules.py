from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registry.residents.numbers import kk_faults, nik_faults
from services.registry.residents.rules import (
    CountMissing,
    ResidentRules,
    is_adult,
    numbered,
    shown_parts,
)


def codes(nik: str) -> list[str]:
    return [fault.code for fault in nik_faults(nik)]


def a_nik(region: int, day: int, month: int, year: int, serial: int) -> str:
    return f"{region:06}{day:02}{month:02}{year:02}{serial:04}"


NIK_PARTS = st.tuples(
    st.integers(110101, 969999), st.integers(1, 31), st.integers(1, 12), st.integers(0, 99), st.integers(1, 9999)
)


class TestNik:
    @given(NIK_PARTS)
    def test_takes_a_man_and_a_woman_born_on_any_day(self, parts: tuple[int, int, int, int, int]) -> None:
        region, day, *others = parts

        for born in (day, day + 40):
            assert codes(a_nik(region, born, *others)) in ([], ["nik.placeholder"])

    @given(st.integers(110101, 969999), st.integers(1, 31), st.integers(1, 12))
    def test_never_takes_a_written_nik_for_a_placeholder(self, region: int, day: int, month: int) -> None:
        assert codes(a_nik(region, day, month, 79, 3)) == []

    @given(st.text(max_size=40))
    def test_judges_any_text_and_takes_only_sixteen_digits(self, text: str) -> None:
        if not codes(text):
            assert len(text) == 16
            assert text.isascii()
            assert text.isdigit()

    @given(st.sampled_from("0123456789"), st.integers(1, 40))
    def test_a_repeated_digit_is_a_placeholder(self, digit: str, times: int) -> None:
        assert codes(digit * times) == ["nik.placeholder"]

    @pytest.mark.parametrize(
        "text",
        [
            "", "0", "-", "unknown", "tidak ada", "TIDAK TAHU", "n/a", "?", "0000000000000000", "1234567890123456",
            "0123456789012345", "9876543210987654", "123456", "1212121212121212", "0034567890123456", "belum 1",
        ],
    )  # fmt: skip
    def test_what_stands_for_nothing_is_a_placeholder(self, text: str) -> None:
        assert codes(text) == ["nik.placeholder"]

    @pytest.mark.parametrize(
        "text",
        [
            "347103450280001", "34710345028000011", "3471034502800000", "3471033202800001", "3471030013800001",
            "3471037202800001", "0971034502800001", "34710345O2800001", "34.71.03.450280.0001",
        ],
    )  # fmt: skip
    def test_what_does_not_read_as_a_nik_is_malformed(self, text: str) -> None:
        assert codes(text) == ["nik.malformed"]

    def test_the_day_of_a_family_card_is_nobodys_birthday(self) -> None:
        assert kk_faults("3471031203150004") == []
        assert [fault.code for fault in kk_faults("3471035203150004")] == ["kk.malformed"]


def test_the_number_of_an_rt_is_written_one_way() -> None:
    assert [numbered(one) for one in ("3", "03", "003", "12", "7A", None)] == ["003", "003", "003", "012", "007A", None]


def test_nobody_without_a_year_of_birth_is_an_adult_or_a_child() -> None:
    rules = ResidentRules(adult_from=17)

    ages = [is_adult(year, on=date(2024, 6, 1), rules=rules) for year in (None, 2008, 2007, 2006)]

    assert ages == [None, False, True, True]


class TestShownParts:
    @given(st.dictionaries(st.text(max_size=3), st.integers(0, 30), max_size=8))
    def test_nobody_can_work_out_a_small_part_from_the_whole(self, counts: dict[str, int]) -> None:
        shown = shown_parts(counts)
        hidden = [part for part, (count, _) in shown.items() if count is None]

        assert all(count is None or count >= 5 for count, _ in shown.values())
        assert len(hidden) != 1 or len(counts) == 1
        assert all((count is None) == (reason is not None) for count, reason in shown.values())
        assert all(count in {None, counts[part]} for part, (count, _) in shown.items())

    def test_hides_the_next_smallest_with_the_only_small_one(self) -> None:
        assert shown_parts({"001": 3, "002": 9, "003": 7}) == {
            "001": (None, CountMissing.FEWER_THAN_FIVE),
            "002": (9, None),
            "003": (None, CountMissing.TELLS_ANOTHER),
        }
