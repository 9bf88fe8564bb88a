"""What monitoring reads of a journal is what its owner writes there."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from services.monitoring.clients import planning as of_planning
from services.monitoring.clients import registry as of_registry
from services.monitoring.facts import service as facts
from services.planning.activities import service as activities
from services.planning.channeling import money
from services.planning.channeling import service as channeling
from services.planning.cycle import service as cycle
from services.planning.plans import service as plans
from services.planning.works import service as works
from services.registry.accounts import service as accounts
from services.registry.api_clients import service as api_clients
from services.registry.boards import entries
from services.registry.boards import service as boards
from services.registry.emergencies import service as emergencies
from services.registry.partners import service as partners
from services.registry.regions import service as regions
from shared.journal import Audience


class Anything:
    """A row that has every column."""

    def __getattr__(self, name: str) -> int:
        return 1


WRITTEN: list[tuple[Callable[[Any], Any], type[msgspec.Struct]]] = [
    (entries.board_record, of_registry.BoardFact),
    (partners.partner_record, of_registry.PartnerFact),
    (plans.plan_record, of_planning.PlanFact),
    (cycle.meeting_record, of_planning.MeetingFact),
    (activities.activity_record, of_planning.ActivityFact),
    (works.progress_record, of_planning.ProgressFact),
    (channeling.agreement_record, of_planning.AgreementFact),
    (money.disbursement_record, of_planning.DisbursementFact),
]


def lacking(written: dict[str, Any], fact: type[msgspec.Struct]) -> set[str]:
    """Return the fields that are read and not written, those of parts included."""
    found = {name for name in fact.__struct_fields__ if name not in written}
    for field in msgspec.structs.fields(fact):
        kind: Any = field.type
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct) and field.name in written:
            found |= {f"{field.name}.{name}" for name in lacking(written[field.name], kind)}
    return found


@pytest.mark.parametrize(("record", "fact"), WRITTEN, ids=lambda one: one.__name__)
def test_every_field_that_is_read_is_written(record: Callable[[Any], Any], fact: type[msgspec.Struct]) -> None:
    assert lacking(record(Anything()), fact) == set()


REGISTRY = {
    **boards.AUDIENCES,
    **partners.AUDIENCES,
    **regions.AUDIENCES,
    **accounts.AUDIENCES,
    **api_clients.AUDIENCES,
    **emergencies.AUDIENCES,
}
PLANNING = {**plans.AUDIENCES, **cycle.AUDIENCES, **activities.AUDIENCES, **works.AUDIENCES, **channeling.AUDIENCES}


@pytest.mark.parametrize(
    ("read", "written"), [(facts.OF_REGISTRY, REGISTRY), (facts.OF_PLANNING, PLANNING)], ids=["registry", "planning"]
)
def test_every_action_that_is_read_exists(read: dict[str, Any], written: dict[str, Audience]) -> None:
    assert set(read) <= set(written)


@pytest.mark.parametrize(
    "kind", ["board.", "term.", "officer.", "partner.", "plan.", "activity.", "agreement.", "disbursement."]
)
def test_no_action_about_what_is_copied_is_passed_over(kind: str) -> None:
    written = {action for action in {**REGISTRY, **PLANNING} if action.startswith(kind)}
    assert written
    assert written <= {*facts.OF_REGISTRY, *facts.OF_PLANNING}
