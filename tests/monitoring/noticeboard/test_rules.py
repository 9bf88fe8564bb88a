from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.monitoring.noticeboard.rules import day, grouped, month, number, rupiah, share


def test_numbers_are_written_as_people_write_them() -> None:
    assert (number(1_500_000, "id"), number(1_500_000, "en")) == ("1.500.000", "1,500,000")
    assert (rupiah(0, "id"), rupiah(999, "id"), rupiah(40_000_000, "id")) == ("Rp0", "Rp999", "Rp40.000.000")


def test_days_and_months_are_written_out() -> None:
    assert (day(date(2026, 3, 5), "id"), day(date(2026, 5, 1), "en")) == ("5 Maret 2026", "1 May 2026")
    assert (month("2026-08", "id"), month("2026-12", "en")) == ("Agu 2026", "Dec 2026")


@pytest.mark.parametrize(
    ("fraction", "shown"), [((1, 3), "33 %"), ((999, 1000), "99 %"), ((1, 1), "100 %"), ((0, 9), "0 %")]
)
def test_a_share_never_claims_more_than_there_is(fraction: tuple[int, int], shown: str) -> None:
    assert share(*fraction) == shown


@given(st.integers(0, 10**12), st.integers(1, 10**12))
def test_only_all_is_a_hundred_percent(some: int, rest: int) -> None:
    assert share(some, some + rest) != "100 %"


def test_a_digest_is_short_enough_to_read_aloud() -> None:
    assert grouped("0123456789abcdef" * 4) == "0123 4567 89ab cdef 0123 4567 89ab cdef"
