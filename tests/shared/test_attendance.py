import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.attendance import AttendanceInvalid, attendance_faults, require_valid_attendance

counts = st.integers(0, 500)


def codes(
    *,
    total: int = 60,
    women: int | None = 28,
    women_not_counted: str | None = None,
    poor: int | None = 20,
    poor_not_counted: str | None = None,
) -> list[tuple[str, str]]:
    found = attendance_faults(total, {"women": (women, women_not_counted), "poor": (poor, poor_not_counted)})
    return [(fault.pointer, fault.code) for fault in found]


class TestAttendance:
    @given(total=counts, women=counts, poor=counts)
    def test_no_part_exceeds_the_whole(self, total: int, women: int, poor: int) -> None:
        found = {pointer for pointer, _ in codes(total=total, women=women, poor=poor)}

        assert found == {
            pointer for pointer, part in (("/attendance/women", women), ("/attendance/poor", poor)) if part > total
        }

    def test_a_missing_number_needs_its_reason(self) -> None:
        assert codes(poor=None) == [("/attendance/poor", "attendance.reason_missing")]
        assert codes(poor=None, poor_not_counted="no_poverty_list") == []
        assert codes(women=None) == [("/attendance/women", "attendance.reason_missing")]
        assert codes(women=None, women_not_counted="list_lost") == []

    def test_a_number_that_is_there_has_no_reason(self) -> None:
        found = codes(women_not_counted="list_lost")

        assert found == [("/attendance/women_not_counted_reason", "attendance.reason_superfluous")]

    def test_zero_is_a_number_and_not_missing(self) -> None:
        assert codes(women=0, poor=0) == []

    def test_is_refused_with_every_fault_at_once(self) -> None:
        with pytest.raises(AttendanceInvalid) as refused:
            require_valid_attendance(3, {"women": (4, None), "poor": (None, None)})

        assert [fault.pointer for fault in refused.value.faults] == ["/attendance/women", "/attendance/poor"]
