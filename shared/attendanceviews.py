"""Counted attendance as it comes in and goes out."""

from pydantic import Field

from shared.attendance import PoorNotCounted, WomenNotCounted
from shared.items import Body

MOST = 100_000
"""More people than any meeting can gather; a slip of the finger beyond."""


class Attendance(Body):
    """Who attended, counted (persons); what was not counted is null, with the reason."""

    total: int = Field(ge=1, le=MOST, description="Everybody who attended (jumlah hadir)")
    women: int | None = Field(None, ge=0, description="Women among them (perempuan)")
    women_not_counted_reason: WomenNotCounted | None = Field(None, description="Needed exactly when `women` is null")
    poor: int | None = Field(None, ge=0, description="People of poor households, those on the PS-2 list (warga miskin)")
    poor_not_counted_reason: PoorNotCounted | None = Field(None, description="Needed exactly when `poor` is null")
