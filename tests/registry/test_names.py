"""Wherever somebody's name or number is written down it is one: old books hold `0`, `-` and `123` where nobody asked."""

import pytest
from pydantic import BaseModel, ValidationError

from services.registry.boards.schemas import BoardChange, BoardDraft, OfficerDraft
from services.registry.elections.schemas import DelegateChange, DelegateDraft
from services.registry.facilitators.schemas import FacilitatorChange, FacilitatorDraft
from services.registry.organs.schemas import AppointmentChange, AppointmentDraft, OfficerChange
from services.registry.partners.schemas import ContactChange, ContactDraft
from services.registry.residents.schemas import ResidentChange, ResidentDraft
from services.registry.volunteers.schemas import VolunteerChange, VolunteerDraft
from tests.house import Running
from tests.registry.residents.story import a_household, a_resident
from tests.shared.importing import Sender, csv_file

SCHEMAS = (
    AppointmentChange,
    AppointmentDraft,
    ContactChange,
    ContactDraft,
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
CALLED = (
    BoardChange,
    BoardDraft,
    ContactChange,
    ContactDraft,
    FacilitatorChange,
    FacilitatorDraft,
    ResidentChange,
    ResidentDraft,
    VolunteerChange,
    VolunteerDraft,
)


def wrong(schema: type[BaseModel], field: str, value: str) -> list[str]:
    """Return what a schema finds wrong with a field."""
    try:
        schema.model_validate({field: value})
    except ValidationError as error:
        return [one["type"] for one in error.errors() if one["loc"] == (field,)]
    return []


@pytest.mark.parametrize("schema", SCHEMAS)
@pytest.mark.parametrize("name", ["00", "--", "123", "1.2 (3)", "…?"])
def test_without_a_letter_is_none(schema: type[BaseModel], name: str) -> None:
    assert wrong(schema, "name", name) == ["no_letter"]


@pytest.mark.parametrize("schema", SCHEMAS)
@pytest.mark.parametrize("name", ["Ny. 4 Sri", "Ñu", "ꦱꦿꦶ", "李四"])
def test_may_be_written_in_any_letters(schema: type[BaseModel], name: str) -> None:
    assert wrong(schema, "name", name) == []


@pytest.mark.parametrize("schema", CALLED)
@pytest.mark.parametrize("phone", ["0", "-", "tidak ada", "lihat buku", "0812x34567", "0----", "0(((((", "0" * 40])
def test_of_a_telephone_there_are_digits(schema: type[BaseModel], phone: str) -> None:
    assert wrong(schema, "phone", phone)[0] in {"no_phone", "string_too_long"}


@pytest.mark.parametrize("schema", CALLED)
@pytest.mark.parametrize("phone", ["0274000", "0812-0000-0000", "+62 812 0000 0000", "(0274) 000000", "(+62) 812 0000"])
def test_a_telephone_may_be_written_as_people_do(schema: type[BaseModel], phone: str) -> None:
    assert wrong(schema, "phone", phone) == []


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
