"""Emergencies as they come in and go out; the token only ever goes out in the reply to its declaration."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, Field

from services.registry.emergencies.rules import LEAST_REASON, EmergencyKind, Told
from shared.items import Draft
from shared.lists import PlacedQuery
from shared.places import KelurahanCode


class EmergencyDraft(Draft):
    """Why names, addresses and NIK must be read now (keadaan darurat)."""

    kelurahan_code: KelurahanCode
    kind: EmergencyKind = Field(
        description="disaster: bencana; health: kesehatan; violence: kekerasan; search: orang hilang; law: perintah"
        " pengadilan; other: lainnya"
    )
    reason: str = Field(
        min_length=LEAST_REASON, max_length=2000, description="Who needs what; read by the board's supervisors"
    )


class EmergencyView(BaseModel):
    """An emergency, for the supervisors of its kelurahan and for who declared it."""

    id: UUID
    kelurahan_code: KelurahanCode
    kelurahan_code_now: KelurahanCode
    account_id: UUID
    person_id: UUID
    kind: EmergencyKind
    reason: str
    told: Told | None = Field(
        description="Who is told, at `accounts/self`: supervisors (pengawas) of its kelurahan; where none serves that day,"
        " auditors; without them city (koordinator kota, KPK-D); or nobody. Null: not kept then"
    )
    told_accounts: int | None = Field(description="How many accounts these are")
    expires_at: datetime
    ended_at: datetime | None = Field(description="Ended before its hour was over")
    acknowledged_at: datetime | None = Field(description="Null: no supervisor has taken note yet")
    acknowledged_by: UUID | None
    version: int
    recorded_at: datetime
    changed_at: datetime


class NewEmergencyView(EmergencyView):
    """An emergency with the token that it opens, shown now and never again. It is not refreshed."""

    access_token: str
    token_type: str = Field(examples=["Bearer"])
    expires_in: int = Field(description="Seconds")
    scope: str


class EmergencyQuery(PlacedQuery):
    """Filters of the list of emergencies."""

    acknowledged: bool | None = Field(None, description="false: what no supervisor has taken note of yet")
    open: bool | None = Field(None, description="true: what opens now")
