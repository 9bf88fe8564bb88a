"""How alike two persons are: names, placeholders, and what evidence may and may not do."""

from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registry.personal.matching import READER
from services.registry.personal.rules import Reason, Traits, known_number, known_year
from tests.registry.personal.invented_residents import LAST, MEN, WOMEN

HOME, ELSEWHERE = UUID(int=1), UUID(int=2)
BUDI = Traits(READER.words("Budi Prasetyo"), "3471031203800012", 1980, None, "male", HOME)
LEAST = READER.rules.least_score


def spoken(name: str) -> list[str]:
    return [word.spoken for word in READER.words(name)]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Soekardjo", "Sukarjo"),
        ("Tjahjono", "Cahyono"),
        ("Moh. Rizky", "Muhammad Rizki"),
        ("Achmad Yusuf", "Ahmad Jusuf"),
        ("Hj. Siti Aminah, S.Pd", "SITI AMINAH"),
        ("H.Abd. Rachman", "Abdul Rahman"),
        ("Bpk Drs. Budi Prasetyo S.H.", "Budi Prasetyo"),
        ("Ahmad bin Ali", "ahmad ali"),
        ("Nurhidayah", "Nur Hidayah"),
        ("Abdurrahman", "Abdur Rahman"),
        ("Fatimah", "Fatima"),
        ("Ma'ruf", "Maruf"),
    ],
)
def test_what_is_spoken_alike_is_alike_however_it_is_written(one: str, other: str) -> None:
    assert spoken(one) == spoken(other)


@pytest.mark.parametrize(
    "name", [None, "", " ", "0", "-", "...", "unknown", "Tidak diketahui", "tanpa nama", "N/A", "xxx"]
)
def test_a_name_that_nobody_knows_has_no_words(name: str | None) -> None:
    assert READER.words(name) == ()
    assert not set(READER.keys(Traits(READER.words(name), birth_year=1980)))
    assert not set(READER.probes(Traits(READER.words(name))))


def test_a_name_that_is_only_a_title_stays_a_name() -> None:
    assert spoken("Raden") == ["raden"]
    assert spoken("Mas Agus") == ["agus"]


@pytest.mark.parametrize(
    "nik", [None, "", "0", "0" * 16, "9" * 16, "1234567890123456", "34710312038000", "3471031203800000", "unknown", "-"]
)
def test_a_nik_that_can_be_nobodys_is_not_known(nik: str | None) -> None:
    assert known_number(nik) is None


def test_a_year_that_is_written_for_none_is_not_known() -> None:
    assert [known_year(year) for year in (None, 0, 1, 1900, 9999)] == [None] * 5
    assert known_year(1980) == 1980


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        ({"name": "Budi Prasetya"}, Reason.NAME_NEARLY),
        ({"name": "Bdui Prasetyo", "nik": None}, Reason.NAME_NEARLY),
        ({"name": "Prasetyo Budi", "nik": None, "household_id": ELSEWHERE}, Reason.NAME_SAME),
        ({"name": "Budi Prayitno Prasetyo", "nik": None, "household_id": ELSEWHERE}, Reason.NAME_PARTLY),
        ({"name": "B. Prasetyo", "nik": None}, Reason.NAME_NEARLY),
        ({"birth_year": 1981, "nik": None, "household_id": ELSEWHERE}, Reason.BIRTH_YEAR_NEARLY),
        ({"birth_year": None, "nik": None}, Reason.NAME_SAME),
        ({"name": "Slamet Widodo", "household_id": ELSEWHERE}, Reason.NIK_SAME),
        ({"name": "Slamet Widodo", "birth_year": 1950, "sex": "female"}, Reason.NIK_SAME),
    ],
)
def test_one_person_written_down_twice_is_found_and_told_why(other: dict[str, object], reason: Reason) -> None:
    read = {"name": READER.words(str(other["name"]))} if "name" in other else {}
    found = READER.likeness(BUDI, replace(BUDI, **(other | read)))

    assert found.score >= LEAST
    assert reason in found.reasons


@pytest.mark.parametrize(
    "other",
    [
        pytest.param({"name": "Andi Prasetyo", "nik": None}, id="a twin"),
        pytest.param({"name": "Rudi Prasetyo", "nik": "3471031203800013"}, id="a twin whose name is nearly the same"),
        pytest.param({"name": "Agus Prasetyo", "nik": None, "birth_year": 1981}, id="a brother"),
        pytest.param({"name": "Budi Prasetyo", "nik": None, "birth_year": 2005}, id="a son of the same name"),
        pytest.param({"name": "Ratna Dewi", "nik": None, "sex": "female"}, id="the wife"),
        pytest.param({"name": "", "nik": None}, id="somebody of the house without a name"),
        pytest.param(
            {"name": "Budi", "nik": None, "birth_year": None, "household_id": ELSEWHERE}, id="a common name alone"
        ),
        pytest.param({"nik": "3471031408809917", "household_id": ELSEWHERE}, id="a namesake with another NIK"),
        pytest.param({"nik": None, "sex": "female", "household_id": ELSEWHERE}, id="a namesake of the other sex"),
    ],
)
def test_another_person_is_not_taken_for_the_same(other: dict[str, object]) -> None:
    read = {"name": READER.words(str(other["name"]))} if "name" in other else {}

    assert READER.likeness(BUDI, replace(BUDI, **(other | read))).score < LEAST


def test_rare_names_weigh_more_than_common_ones() -> None:
    siti = [Traits(READER.words("Siti Nur"), None, 1980, None, "female", home) for home in (HOME, ELSEWHERE)]
    rare = [Traits(READER.words("Ponirah Tjokrowati"), None, 1980, None, "female", home) for home in (HOME, ELSEWHERE)]

    assert READER.likeness(*siti).score < LEAST < READER.likeness(*rare).score


def test_a_day_of_birth_that_stands_for_an_unknown_one_is_no_evidence() -> None:
    def born(day: date) -> Traits:
        return replace(BUDI, nik=None, household_id=None, birth_date=day)

    placeholder = READER.likeness(born(date(1980, 1, 1)), born(date(1980, 1, 1)))
    same = READER.likeness(born(date(1980, 3, 12)), born(date(1980, 3, 12)))
    other = READER.likeness(born(date(1980, 3, 12)), born(date(1980, 9, 25)))
    interchanged = READER.likeness(born(date(1980, 3, 12)), born(date(1980, 12, 3)))

    assert other.score < placeholder.score == interchanged.score < same.score


def test_who_may_be_alike_shares_a_key_also_without_a_year() -> None:
    budi, later, unknown = BUDI, replace(BUDI, birth_year=1981), replace(BUDI, birth_year=None)
    for one, other in ((budi, later), (budi, unknown), (unknown, unknown), (unknown, later)):
        assert set(READER.probes(one)) & set(READER.keys(other))
        assert set(READER.probes(other)) & set(READER.keys(one))
    assert not set(READER.probes(budi)) & set(READER.keys(replace(BUDI, birth_year=1983)))


names = st.lists(st.sampled_from([*MEN, *WOMEN, *LAST, "M.", "S", "Siti"]), max_size=4).map(" ".join)
persons = st.builds(
    Traits,
    name=names.map(READER.words),
    nik=st.sampled_from([None, "3471031203800012", "3471031203810012", "3471035508990001"]),
    birth_year=st.none() | st.integers(1940, 2020),
    birth_date=st.none(),
    sex=st.sampled_from([None, "male", "female"]),
    household_id=st.sampled_from([None, HOME, ELSEWHERE]),
)


@given(persons, persons)
def test_likeness_is_the_same_whoever_is_named_first(one: Traits, other: Traits) -> None:
    assert READER.likeness(one, other) == READER.likeness(other, one)


@given(persons, persons)
def test_nobody_is_more_alike_than_the_same_record(one: Traits, other: Traits) -> None:
    assert READER.likeness(one, other).score <= max(
        READER.likeness(one, one).score, READER.likeness(other, other).score
    )


@given(persons, persons, st.sampled_from(["name", "nik", "birth_year", "sex", "household_id"]))
def test_what_is_unknown_never_counts_as_the_same(one: Traits, other: Traits, field: str) -> None:
    nothing = () if field == "name" else None
    unknown = READER.likeness(replace(one, **{field: nothing}), other)

    # The same whether one of them is unknown or both, and never more than if both were known and the same.
    assert unknown == READER.likeness(replace(one, **{field: nothing}), replace(other, **{field: nothing}))
    assert unknown.score <= READER.likeness(replace(one, **{field: getattr(other, field)}), other).score


@given(persons, persons)
def test_a_household_alone_makes_nobody_alike(one: Traits, other: Traits) -> None:
    bare = [replace(person, name=(), nik=None, household_id=HOME) for person in (one, other)]

    assert READER.likeness(*bare).score < LEAST
