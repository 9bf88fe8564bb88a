from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given as given_that
from hypothesis import strategies as st

from services.registry.consents.rules import (
    OF_GROUPS,
    ConsentKind,
    ConsentRules,
    Data,
    Given,
    Manner,
    Purpose,
    consent_faults,
    is_child,
)
from services.registry.consents.service import CONSENT_RULES
from shared.rulesets import in_force

RULES = ConsentRules(guardian_below_age=17, least_witnesses=2)
SIGNED = Given(
    kind=ConsentKind.PERSONAL,
    purpose=Purpose.CHANNELING,
    has_recipient=True,
    data=[Data.IDENTITY, Data.WELFARE],
    manner=Manner.SIGNED_FORM,
    reference="F-12",
    witnesses=None,
    by_guardian=False,
    is_child=False,
    starts_on=date(2025, 1, 1),
    ends_on=None,
)
DECIDED = replace(
    SIGNED, kind=ConsentKind.COLLECTIVE, data=[Data.GROUP_PROFILE], manner=Manner.BOARD_MINUTES, is_child=None
)


def codes(given: Given, **changes: Any) -> set[str]:
    return {fault.code for fault in consent_faults(replace(given, **changes), RULES)}


class TestConsent:
    @pytest.mark.parametrize(
        ("given", "changes", "code"),
        [
            (SIGNED, {}, None),
            (DECIDED, {}, None),
            (SIGNED, {"manner": Manner.SPOKEN, "reference": None, "witnesses": 2}, None),
            (SIGNED, {"manner": Manner.SPOKEN, "witnesses": 1}, "consent.witnesses_missing"),
            (SIGNED, {"manner": Manner.SPOKEN, "witnesses": None}, "consent.witnesses_missing"),
            (SIGNED, {"witnesses": 2}, "consent.witnesses_superfluous"),
            (SIGNED, {"reference": None}, "consent.reference_missing"),
            (SIGNED, {"manner": Manner.BOARD_MINUTES}, "consent.manner_unfit"),
            (DECIDED, {"manner": Manner.SIGNED_FORM}, "consent.manner_unfit"),
            (SIGNED, {"purpose": Purpose.PROGRAMME}, "consent.no_recipient"),
            (SIGNED, {"purpose": Purpose.PROGRAMME, "has_recipient": False}, None),
            (SIGNED, {"is_child": True}, "consent.guardian_missing"),
            (SIGNED, {"is_child": True, "by_guardian": True}, None),
            (SIGNED, {"is_child": None, "by_guardian": True}, None),
            (SIGNED, {"is_child": None}, None),
            (SIGNED, {"by_guardian": True}, "consent.guardian_superfluous"),
            (DECIDED, {"by_guardian": True}, "consent.guardian_superfluous"),
            (SIGNED, {"ends_on": date(2024, 12, 31)}, "consent.order"),
            (SIGNED, {"ends_on": date(2025, 1, 1)}, None),
            (SIGNED, {"data": [Data.PHOTO, Data.PHOTO]}, "consent.named_twice"),
        ],
    )
    def test_is_given_as_its_kind_asks(self, given: Given, changes: dict[str, Any], code: str | None) -> None:
        assert codes(given, **changes) == (set() if code is None else {code})

    @given_that(st.lists(st.sampled_from(Data), min_size=1, unique=True))
    def test_covers_data_of_groups_or_of_persons_never_both(self, data: list[Data]) -> None:
        assert ("consent.data_unfit" in codes(SIGNED, data=data)) is bool(OF_GROUPS & set(data))
        assert ("consent.data_unfit" in codes(DECIDED, data=data)) is bool(set(data) - OF_GROUPS)


class TestChild:
    @given_that(st.integers(1950, 2025), st.dates(date(2025, 1, 1), date(2040, 1, 1)))
    def test_is_told_where_the_year_alone_tells(self, birth_year: int, on: date) -> None:
        def age(born: date) -> int:
            return on.year - born.year - ((on.month, on.day) < (born.month, born.day))

        oldest, youngest = age(date(birth_year, 1, 1)) < 17, age(date(birth_year, 12, 31)) < 17
        found = is_child(birth_year, on=on, below=17)

        assert found is None or found is oldest is youngest
        assert found is not None or on.year - birth_year == 17

    def test_is_not_known_without_a_year_of_birth(self) -> None:
        assert is_child(None, on=date(2025, 1, 1), below=17) is None


def test_a_rule_set_is_in_force_on_every_day() -> None:
    assert in_force(CONSENT_RULES, date(2010, 1, 1)).values == RULES
