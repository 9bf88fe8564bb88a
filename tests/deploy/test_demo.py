"""The invented people of the demo: plainly so, and told the same each time."""

from datetime import date

from deploy.demo.boards import boards_of
from deploy.demo.places import city
from deploy.demo.residents import homes_of
from services.registry.residents.numbers import nik_faults

BOARDS = boards_of(city(), today=date(2026, 1, 15))
RESIDENTS = [one for board in BOARDS for home in homes_of(board) for one in home.residents]


def test_residents_are_called_example_and_their_numbers_have_the_form_or_a_reason() -> None:
    assert len(RESIDENTS) > 24
    for one in RESIDENTS:
        assert " Contoh " in one["name"]
        assert (one["nik"] is None) is (one["nik_absent_reason"] is not None)
        assert one["nik"] is None or nik_faults(one["nik"]) == []


def test_residents_are_the_same_each_time_the_story_is_told() -> None:
    assert [one for board in BOARDS for home in homes_of(board) for one in home.residents] == RESIDENTS
