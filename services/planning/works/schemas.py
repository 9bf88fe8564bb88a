"""Reports of progress, photos and handovers as they come in and go out."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from services.planning.works.rules import Receiver, Stage
from shared.items import Body, Draft
from shared.lists import PageQuery

VOLUME = r"^\d{1,11}(\.\d{1,3})?$"
STAGE = "before (0 %), during (50 %), after (100 %)"

Volume = Annotated[
    str,
    Field(
        pattern=VOLUME,
        description="Built so far, in the activity's unit: a decimal with at most three places, as a string",
        examples=["60.000"],
    ),
]


class ProgressDraft(Draft):
    """A report of how far an activity has come."""

    percent: int = Field(ge=0, le=100, description="Percent built; never less than reported before, unless corrected")
    occurred_on: date = Field(description="The day on which it stood so; not in the future")
    volume_done: Volume | None = None
    minutes_reference: str | None = Field(
        None,
        min_length=1,
        max_length=100,
        description="Number of the minutes that agreed to more volume than planned (KSM-7)",
    )
    note: str | None = Field(None, max_length=1000, description="Seen only in the own region")
    correction_reason: str | None = Field(
        None, min_length=3, max_length=500, description="Why an earlier report was wrong; seen only in the own region"
    )


class ProgressView(BaseModel):
    """A report of progress."""

    id: UUID
    view: Literal["public", "full"] = Field(description="`full` in the caller's own regions")
    kelurahan_code: str
    activity_id: UUID
    number: int = Field(description="The n-th report on this activity, as they came in")
    percent: int
    occurred_on: date
    volume_done: str | None
    minutes_reference: str | None
    note: str | None = Field(description="Null in the public view")
    correction: bool = Field(description="True when it corrects an earlier report")
    correction_reason: str | None = Field(description="Null in the public view")
    version: int
    recorded_at: datetime
    changed_at: datetime


class ProgressQuery(PageQuery):
    """Filters of the list of an activity's reports of progress."""

    correction: bool | None = Field(None, description="Only corrections, or only the others")


class PhotoUpload(Body):
    """What is said of a photo beside its bytes, as query parameters."""

    stage: Stage = Field(description=STAGE)
    taken_on: date = Field(description="The day it was taken; not in the future")
    photo_id: UUID | None = Field(None, description="UUID made by the client; made here when absent")


class PhotoDraft(Draft):
    """A photo to be kept: what was said of it and the digest of what was sent, which tells it from others."""

    stage: Stage
    taken_on: date
    sent_digest: str


class PhotoView(BaseModel):
    """A photo of the works; its picture is at the same address."""

    id: UUID
    kelurahan_code: str
    activity_id: UUID
    stage: Stage = Field(description=STAGE)
    taken_on: date
    digest: str = Field(description="SHA-256 of the picture as it is kept, in hexadecimal")
    media_type: str
    width: int = Field(description="Pixels")
    height: int = Field(description="Pixels")
    version: int
    recorded_at: datetime
    changed_at: datetime


class PhotoSort(StrEnum):
    """How photos may be sorted."""

    RECORDED = "recorded"


class PhotoQuery(PageQuery):
    """Filters of the list of an activity's photos."""

    stage: Stage | None = Field(None, description=STAGE)
    sort: PhotoSort = PhotoSort.RECORDED


class HandoverDraft(Draft):
    """The handover of a finished work (serah terima)."""

    held_on: date = Field(description="The day it was held; not in the future, not before the works were finished")
    received_by: Receiver = Field(description="kpp (Kelompok Pemanfaat dan Pemelihara), group (KSM), board (BKM/LKM)")
    upkeep_plan: str = Field(
        min_length=3,
        max_length=2000,
        description="How it will be kept up, and with which money; public, so no names of residents",
        examples=["Dibersihkan tiap bulan; iuran Rp 2.000 per KK"],
    )


class HandoverView(BaseModel):
    """A handover."""

    id: UUID
    kelurahan_code: str
    activity_id: UUID
    held_on: date
    received_by: Receiver
    upkeep_plan: str
    version: int
    recorded_at: datetime
    changed_at: datetime
