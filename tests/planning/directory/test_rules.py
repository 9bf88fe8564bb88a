from dataclasses import dataclass
from datetime import date

import pytest

from services.planning.directory.rules import has_mandate


@dataclass
class Term:
    starts_on: date
    ends_on: date


TERM = Term(date(2023, 1, 1), date(2025, 12, 31))


class TestHasMandate:
    @pytest.mark.parametrize(
        ("day", "covered"),
        [
            (date(2022, 12, 31), False),
            (date(2023, 1, 1), True),
            (date(2025, 12, 31), True),
            (date(2026, 1, 1), False),
        ],
    )
    def test_covers_the_first_and_the_last_day_of_a_term(self, day: date, *, covered: bool) -> None:
        assert has_mandate([TERM], day) is covered

    def test_is_none_without_a_term(self) -> None:
        assert not has_mandate([], date(2024, 1, 1))

    def test_may_come_from_any_term(self) -> None:
        assert has_mandate([Term(date(2019, 1, 1), date(2021, 12, 31)), TERM], date(2024, 1, 1))
