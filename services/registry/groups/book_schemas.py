"""What a group keeps in its books, as it comes in and goes out: its savings and its joint liabilities."""

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel, Field

from shared.items import Body, Draft, may_change
from shared.lists import PageQuery
from shared.tables import LARGEST_RUPIAH

MONTH = r"^(19|20)\d{2}-(0[1-9]|1[0-2])$"
Signatories = Field(ge=1, le=1000, description="Members who signed (persons)")
Savings = Field(ge=0, le=LARGEST_RUPIAH, description="Saved in the month (rupiah)")
Savers = Field(ge=0, le=1000, description="Members who saved (persons)")


class LiabilityDraft(Body):
    """The members' written joint liability (tanggung renteng) for what their group borrows (KSM-4)."""

    signed_on: date = Field(description="Not in the future")
    document_reference: str = Field(min_length=1, max_length=200, description="Number of the statement")
    signatories: int = Signatories


class LiabilityView(BaseModel):
    """A joint liability; of a group the one that was signed last by the day."""

    signed_on: date
    document_reference: str = Field(description="Number of the statement")
    signatories: int = Signatories


class LiabilityEntry(LiabilityView):
    """A joint liability among all that members of a group signed."""

    id: UUID
    group_id: UUID
    kelurahan_code: str
    recorded_at: datetime


class LiabilityQuery(PageQuery):
    """Filters of the list of a group's joint liabilities."""

    as_of: date | None = Field(None, description="Only what was signed by this day")


class SavingsMonthDraft(Draft):
    """What a group saved in a month."""

    month: str = Field(pattern=MONTH, examples=["2024-06"], description="Not in the future; a month is recorded once")
    savings_rupiah: int = Savings
    savers: int = Savers
    meeting_held: bool = Field(description="Whether the group met in the month")


class SavingsMonthChange(Body):
    """What may be corrected; what is absent stays (RFC 7396)."""

    savings_rupiah: int = may_change(ge=0, le=LARGEST_RUPIAH)
    savers: int = may_change(ge=0, le=1000)
    meeting_held: bool = may_change()


class SavingsMonthView(BaseModel):
    """What a group saved in a month."""

    id: UUID
    group_id: UUID
    kelurahan_code: str
    month: str = Field(examples=["2024-06"])
    savings_rupiah: int = Savings
    savers: int = Savers
    meeting_held: bool
    version: int
    recorded_at: datetime
    changed_at: datetime


class SavingsMonthQuery(PageQuery):
    """Filters of the list of a group's savings."""

    month_from: str | None = Field(None, pattern=MONTH, examples=["2024-01"])
    month_to: str | None = Field(None, pattern=MONTH, examples=["2024-06"])
