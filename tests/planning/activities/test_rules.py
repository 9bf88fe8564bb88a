from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.planning.activities.rules import (
    ActivityInvalid,
    Beneficiaries,
    Source,
    activity_faults,
    require_valid_activity,
)

SOUND: dict[str, Any] = {
    "volume": Decimal("120.5"),
    "unit_cost": 400_000,
    "total_cost": 48_200_000,
    "funding": {Source.BLM: 40_000_000, Source.SWADAYA: 8_200_000},
    "served": Beneficiaries(40, 12),
    "year": 1,
    "years": 3,
    "rank": 1,
    "taken_ranks": {2, 3},
}
volumes = st.decimals(min_value="0.001", max_value="99999999999.999", places=3)
amounts = st.integers(0, 2**53 - 1)


def codes(**changes: Any) -> list[str]:
    return [fault.code for fault in activity_faults(**(SOUND | changes))]


class TestActivity:
    def test_is_sound_when_everything_adds_up(self) -> None:
        assert codes() == []

    @given(volume=volumes, unit_cost=amounts, total=amounts)
    def test_costs_exactly_volume_times_unit_cost(self, volume: Decimal, unit_cost: int, total: int) -> None:
        found = codes(volume=volume, unit_cost=unit_cost, total_cost=total, funding={Source.BLM: total})

        exact = int(volume * 1000) * unit_cost == total * 1000
        assert found == ([] if exact else ["activity.cost"])

    @given(volume=volumes, unit_cost=st.integers(0, 1000))
    def test_accepts_the_product_itself_when_it_is_whole(self, volume: Decimal, unit_cost: int) -> None:
        thousandths = int(volume * 1000) * unit_cost
        total = thousandths // 1000

        found = codes(volume=volume, unit_cost=unit_cost, total_cost=total, funding={Source.OTHER: total})

        assert found == ([] if thousandths % 1000 == 0 else ["activity.cost"])

    @given(st.lists(st.integers(0, 10**12), min_size=len(Source), max_size=len(Source)), st.integers(-2, 2))
    def test_is_paid_by_its_sources_to_the_last_rupiah(self, parts: list[int], off: int) -> None:
        total = max(sum(parts) + off, 0)
        found = codes(
            volume=Decimal(1), unit_cost=total, total_cost=total, funding=dict(zip(Source, parts, strict=True))
        )

        assert found == ([] if sum(parts) == total else ["activity.funding"])

    @given(households=st.integers(0, 500), poor=st.none() | st.integers(0, 500))
    def test_serves_no_more_poor_households_than_households(self, households: int, poor: int | None) -> None:
        found = codes(served=Beneficiaries(households, poor))

        assert found == (["activity.poor_exceed_households"] if poor is not None and poor > households else [])

    @pytest.mark.parametrize(("year", "found"), [(0, ["activity.year"]), (1, []), (3, []), (4, ["activity.year"])])
    def test_stands_in_a_year_of_the_plan(self, year: int, found: list[str]) -> None:
        assert codes(year=year) == found

    def test_has_a_rank_of_its_own_in_its_year(self) -> None:
        assert codes(rank=3) == ["activity.rank_taken"]

    def test_is_more_than_nothing(self) -> None:
        found = codes(volume=Decimal(0), total_cost=0, funding={})

        assert found == ["activity.volume"]

    def test_names_every_fault_at_once(self) -> None:
        with pytest.raises(ActivityInvalid) as refused:
            require_valid_activity(**(SOUND | {"total_cost": 1, "year": 9, "rank": 2}))

        assert [fault.code for fault in refused.value.faults] == [
            "activity.cost",
            "activity.funding",
            "activity.year",
            "activity.rank_taken",
        ]

    def test_says_the_product_so_that_it_can_be_copied(self) -> None:
        fault = activity_faults(**(SOUND | {"total_cost": 5, "funding": {Source.BLM: 5}}))[0]

        assert fault.values["product"] == "48200000"
