"""Indicators as they go out."""

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel, Field

from services.monitoring.indicators.rules import Indicator, NullReason
from shared.lists import Bounded, PlacedQuery

MONTH = r"^(19|20)\d{2}-(0[1-9]|1[0-2])$"


class TwoLanguages(BaseModel):
    """The same words in Indonesian and in English."""

    id: str
    en: str


class NullCase(BaseModel):
    """Why a board may have no number in a month."""

    reason: NullReason
    text: TwoLanguages


class TargetView(BaseModel):
    """What a guideline asks from a day on, and how sure that is."""

    percent: int | None = Field(description="Percent of the denominator; null where no guideline sets a target")
    valid_from: date
    phase: str
    version: str
    legal_basis: str
    confidence: str


class DefinitionView(BaseModel):
    """What an indicator means."""

    code: Indicator
    version: int
    rule: str = Field(description="Rule of the programme that it follows from")
    name: TwoLanguages
    numerator: TwoLanguages
    denominator: TwoLanguages
    unit: TwoLanguages = Field(description="What numerator and denominator count")
    null_cases: list[NullCase]
    targets: list[TargetView]


class ValueView(BaseModel):
    """One indicator of one board in one month."""

    id: UUID
    indicator: Indicator
    board_id: UUID
    kelurahan_code: str
    kelurahan_code_now: str
    month: str = Field(examples=["2026-03"])
    numerator: int | None = Field(description="In the definition's unit; null with `null_reason`")
    denominator: int | None
    null_reason: NullReason | None
    definition_version: int
    version: int = Field(description="1 when first computed, more after each restatement")
    computed_at: datetime = Field(description="When the value last changed")


class ValueQuery(PlacedQuery):
    """Filters of the list of values."""

    indicator: Indicator | None = None
    board_id: UUID | None = None
    month_from: str | None = Field(None, pattern=MONTH, examples=["2026-01"])
    month_to: str | None = Field(None, pattern=MONTH, examples=["2026-03"])


class RecordBehind(BaseModel):
    """A record behind a value: read it in its service, or find it in that service's journal."""

    service: str
    subject: str = Field(examples=["meetings/0198c0de-…"])
    position: int = Field(description="Position in the service's journal at which it was read")


class Explanation(BaseModel):
    """How a value came about: computed anew from the records now, beside what is published."""

    value: ValueView
    definition: DefinitionView
    measured_on: date = Field(description="The month's last day, or today while the month runs")
    numerator: int | None
    denominator: int | None
    null_reason: NullReason | None
    agrees: bool = Field(description="Whether computing anew gives what is published")
    records: list[RecordBehind]
    records_withheld: int = Field(description="Records that are not public, such as complaints; counted only")


class RollUpQuery(Bounded):
    """What to add up, where and when."""

    indicator: Indicator
    month: str = Field(pattern=MONTH, examples=["2026-03"])


class NullCount(BaseModel):
    """How many boards have no number, and why."""

    reason: NullReason
    boards: int


class RollUpView(BaseModel):
    """An indicator over a region: sums of numerators and denominators, never a mean of ratios."""

    indicator: Indicator
    definition_version: int
    month: str
    region: str | None
    numerator: int | None = Field(description="Null when no board has a number")
    denominator: int | None
    boards_counted: int
    boards_null: list[NullCount]
