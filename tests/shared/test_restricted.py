"""Where a reading of restricted data is recorded, so that the auditors of that place find it."""

import pytest

from shared.restricted import place_of_reading

TWO = ("34.71.03.1001", "34.71.03.1002")


@pytest.mark.parametrize(
    ("asked", "regions", "place"),
    [
        ("34.71.03", ("34.71",), "34.71.03"),
        (None, ("34.71",), "34.71"),
        ("34", ("34.71",), "34.71"),
        ("33.74", ("34.71",), "34.71"),
        (None, TWO, "34.71.03"),
        ("34.71.03.1002", TWO, "34.71.03.1002"),
        ("34", TWO, "34.71.03"),
        (None, ("34.71", "33.74"), None),
        (None, ("*",), None),
        ("34.71", ("*",), "34.71"),
        (None, (), None),
    ],
)
def test_a_reading_is_recorded_where_what_was_read_lies(
    asked: str | None, regions: tuple[str, ...], place: str | None
) -> None:
    assert place_of_reading(asked, regions) == place
