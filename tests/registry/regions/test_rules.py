import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registry.regions.rules import CodeInvalidError, Kind, Level, kind_of, level_of, parent_of

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
