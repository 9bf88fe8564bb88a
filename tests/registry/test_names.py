"""Wherever somebody's name is written down it is one: old books hold `0`, `-` and `123` where nobody asked."""

import pytest
from pydantic import BaseModel, ValidationError

from services.registry.boards.schemas import OfficerDraft
from services.registry.elections.schemas import DelegateChange, DelegateDraft
from services.registry.facilitators.schemas import FacilitatorChange, FacilitatorDraft
from services.registry.organs.schemas import AppointmentChange, AppointmentDraft, OfficerChange
from services.registry.residents.schemas import ResidentChange, ResidentDraft
from services.registry.volunteers.schemas import VolunteerChange, VolunteerDraft
from tests.house import Running
from tests.registry.residents.story import a_household, a_resident
from tests.shared.importing import Sender, csv_file

SCHEMAS = (
    AppointmentChange,
    AppointmentDraft,
    DelegateChange,
    DelegateDraft,
    FacilitatorChange,
    FacilitatorDraft,
    OfficerChange,
    OfficerDraft,
    ResidentChange,
    ResidentDraft,
    VolunteerChange,
    VolunteerDraft,
)


def of_name(schema: type[BaseModel], name: str) -> list[str]:
    """Return what a schema finds wrong with a name."""
    try:
        schema.model_validate({"name": name})
    except ValidationError as error:
        return [one["type"] for one in error.errors() if one["loc"] == ("name",)]
    return []


@pytest.mark.parametrize("schema", SCHEMAS)
@pytest.mark.parametrize("name", ["00", "--", "123", "1.2 (3)", "…?"])
def test_without_a_letter_is_none(schema: type[BaseModel], name: str) -> None:
    assert of_name(schema, name) == ["no_letter"]


@pytest.mark.parametrize("schema", SCHEMAS)
@pytest.mark.parametrize("name", ["Ny. 4 Sri", "Ñu", "ꦱꦿꦶ", "李四"])
def test_may_be_written_in_any_letters(schema: type[BaseModel], name: str) -> None:
    assert of_name(schema, name) == []


async def test_is_asked_of_single_requests_and_of_files_alike(registry: Running) -> None:
    household = await a_household(registry)
    refused = await a_resident(registry, household, name="0")
    sender = Sender(registry, "facilitator")
    row = {
        "ID rumah tangga": household.json()["id"],
        "Nama": "-",
        "Alasan tanpa NIK": "tidak ditunjukkan",
        "Jenis kelamin": "P",
        "Tahun lahir": "1980",
    }
    seen = await sender.imported(csv_file([row]), kind="residents")

    assert [(one["pointer"], one["code"]) for one in refused.json()["errors"]] == [("/name", "value.no_letter")]
    verdicts = await sender.verdicts(seen["id"])
    assert [(one["column"], one["code"]) for one in verdicts[0]["faults"]] == [("Nama", "value.no_letter")]
