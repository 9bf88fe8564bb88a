from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registry.groups.rules import GroupInvalid, GroupKind, GroupRules, group_faults, require_valid_group
from services.registry.groups.service import GROUP_RULES
from shared.rulesets import in_force

RULES = GroupRules(least_members=3, least_members_economic=5, least_women_percent=30, least_savings_months=3)


class TestGroup:
    @given(st.sampled_from(GroupKind), st.integers(0, 60), st.integers(0, 60))
    def test_needs_enough_members_and_no_more_women_than_members(
        self, kind: GroupKind, members: int, women: int
    ) -> None:
        found = {fault.code for fault in group_faults(kind=kind, members=members, women=women, rules=RULES)}

        least = 5 if kind is GroupKind.ECONOMIC else 3
        assert ("group.too_few_members" in found) is (members < least)
        assert ("group.women_exceed_members" in found) is (women > members)

    def test_is_refused_with_every_fault_at_once(self) -> None:
        with pytest.raises(GroupInvalid) as refused:
            require_valid_group(kind=GroupKind.ECONOMIC, members=4, women=5, rules=RULES)

        assert [fault.pointer for fault in refused.value.faults] == ["/members", "/women"]


def test_the_rules_of_the_programme_are_in_force() -> None:
    assert in_force(GROUP_RULES, date(2012, 1, 1)).values == RULES
