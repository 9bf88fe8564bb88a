from hypothesis import given
from hypothesis import strategies as st

from services.registry.residents.cells import shown_beside, shown_places
from services.registry.residents.rules import CountMissing

CITY = "34.71"
CODES = [f"{CITY}.{district:02}.{1001 + number}" for district in (1, 2, 3) for number in range(4)]
COUNTS = st.dictionaries(st.sampled_from(CODES), st.integers(0, 20))


def parts_of(whole: str, codes: object) -> list[str]:
    return [code for code in codes if code.rpartition(".")[0] == whole]  # type: ignore[attr-defined]


class TestShownPlaces:
    @given(COUNTS)
    def test_no_sum_tells_a_single_count_that_is_hidden(self, counts: dict[str, int]) -> None:
        shown = shown_places(counts)

        assert all((count is None) == (reason is not None) for count, reason in shown.values())
        assert all(count is None or count >= 5 for count, _ in shown.values())
        for whole in shown:
            parts = parts_of(whole, shown)
            hidden = [code for code in parts if shown[code][0] is None]
            if shown[whole][0] is not None:
                assert len(hidden) != 1, (whole, shown)
            elif parts:
                assert hidden, (whole, shown)

    @given(COUNTS)
    def test_what_is_told_is_what_was_counted(self, counts: dict[str, int]) -> None:
        for code, (count, _) in shown_places(counts).items():
            told = sum(number for one, number in counts.items() if one == code or one.startswith(f"{code}."))
            assert count in {None, told}

    def test_a_kecamatan_hidden_for_another_keeps_a_kelurahan_hidden(self) -> None:
        shown = shown_places({"34.71.01.1001": 3, "34.71.02.1001": 9, "34.71.02.1002": 8})

        assert {code: reason for code, (_, reason) in shown.items() if reason} == {
            "34.71.01.1001": CountMissing.FEWER_THAN_FIVE,
            "34.71.01": CountMissing.FEWER_THAN_FIVE,
            "34.71.02": CountMissing.TELLS_ANOTHER,
            "34.71.02.1002": CountMissing.TELLS_ANOTHER,
        }
        assert (shown["34.71"], shown["34.71.02.1001"]) == ((20, None), (9, None))

    def test_nothing_is_shown_where_nothing_was_counted(self) -> None:
        assert shown_places({}) == {}


def test_people_are_hidden_where_their_households_are() -> None:
    few = (None, CountMissing.FEWER_THAN_FIVE)

    assert shown_beside({"a": (9, None), "b": few, "c": (7, None)}, {"a": few, "b": (6, None), "c": (6, None)}) == {
        "a": few,
        "b": few,
        "c": (7, None),
    }
