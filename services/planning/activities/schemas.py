"""Activities as they come in and go out; amounts are whole rupiah, volumes decimal strings."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from services.planning.activities.rules import ActivityState, Source
from services.planning.mapping.service import CountMissing, Dimension
from shared.items import Body, Draft, may_change
from shared.lists import PageQuery, PlacedQuery
from shared.tables import LARGEST_RUPIAH

MOST = 1_000_000
MOST_RANKS = 10_000
VOLUME = r"^\d{1,11}(\.\d{1,3})?$"
TRIDAYA = "Tridaya: environment (lingkungan), social (sosial), economic (ekonomi)"

Volume = Annotated[
    str,
    Field(
        pattern=VOLUME,
        description="How much of the unit, a decimal above 0 with at most three places, as a string to stay exact",
        examples=["120.000"],
    ),
]
Amount = Annotated[int, Field(ge=0, le=LARGEST_RUPIAH, description="Rupiah")]


class Funding(Body):
    """Where the money comes from, in rupiah by source; together exactly the cost."""

    blm: Amount = Field(0, description="Community grant, BLM/BDI/BPM, in rupiah")
    swadaya: Amount = Field(0, description="Residents' own contribution in cash and kind (swadaya), in rupiah")
    apbd_kabkota: Amount = Field(0, description="Budget of the kabupaten or kota, in rupiah")
    apbd_province: Amount = Field(0, description="Budget of the province, in rupiah")
    apbn_other: Amount = Field(0, description="Other national budget, in rupiah")
    channeling: Amount = Field(0, description="Partners, by channeling, in rupiah")
    upk_surplus: Amount = Field(0, description="Surplus of the UPK's revolving loans, in rupiah")
    other: Amount = Field(0, description="Anything else, in rupiah")


class FundingChange(Body):
    """Sources to be changed; the others stay (RFC 7396)."""

    blm: Amount = may_change()
    swadaya: Amount = may_change()
    apbd_kabkota: Amount = may_change()
    apbd_province: Amount = may_change()
    apbn_other: Amount = may_change()
    channeling: Amount = may_change()
    upk_surplus: Amount = may_change()
    other: Amount = may_change()


class Beneficiaries(Body):
    """Whom it serves; null where nobody counted."""

    households: int = Field(ge=0, le=MOST, description="Households (KK)")
    poor_households: int | None = Field(
        None, ge=0, le=MOST, description="Poor households among them, those on the PS-2 list (KK miskin)"
    )
    women: int | None = Field(None, ge=0, le=MOST, description="Women and girls (persons)")
    men: int | None = Field(None, ge=0, le=MOST, description="Men and boys (persons)")


class BeneficiariesChange(Body):
    """Counts to be changed; the others stay (RFC 7396)."""

    households: int = may_change(ge=0, le=MOST)
    poor_households: int | None = may_change(ge=0, le=MOST)
    women: int | None = may_change(ge=0, le=MOST)
    men: int | None = may_change(ge=0, le=MOST)


class ActivityDraft(Draft):
    """A work to be put into a plan's draft."""

    title: str = Field(min_length=3, max_length=200, examples=["Saluran drainase RT 03"])
    dimension: Dimension = Field(description=TRIDAYA)
    problem_id: UUID | None = Field(None, description="The problem it answers, of the same kelurahan")
    location: str | None = Field(None, min_length=2, max_length=200, description="Where, by RT and RW; no house")
    year: int = Field(ge=1, le=10, description="Year of the plan, 1 to its horizon")
    priority_rank: int = Field(ge=1, le=MOST_RANKS, description="Place in the year's order of priority, each once")
    bappuk_reference: str | None = Field(
        None, min_length=1, max_length=100, description="Number of the BAPPUK, the minutes that set the priority (PL-6)"
    )
    volume: Volume
    unit: str = Field(min_length=1, max_length=40, description="What is counted", examples=["m"])
    unit_cost_rupiah: Amount = Field(description="Rupiah a unit")
    total_cost_rupiah: Amount = Field(description="Rupiah; exactly volume times unit cost")
    funding: Funding
    beneficiaries: Beneficiaries


class NamedActivity(ActivityDraft):
    """A work whose plan no path names, as the row of a file."""

    plan_id: UUID

    def activity(self) -> ActivityDraft:
        """Return it as it would have been sent to the plan."""
        return ActivityDraft.model_construct(**{name: getattr(self, name) for name in ActivityDraft.model_fields})


class ActivityChange(Body):
    """What may be edited while the plan is a draft; what is absent stays (RFC 7396)."""

    title: str = may_change(min_length=3, max_length=200)
    dimension: Dimension = may_change(description=TRIDAYA)
    problem_id: UUID | None = may_change()
    location: str | None = may_change(min_length=2, max_length=200)
    year: int = may_change(ge=1, le=10)
    priority_rank: int = may_change(ge=1, le=MOST_RANKS)
    bappuk_reference: str | None = may_change(min_length=1, max_length=100)
    volume: Volume = may_change()
    unit: str = may_change(min_length=1, max_length=40)
    unit_cost_rupiah: Amount = may_change()
    total_cost_rupiah: Amount = may_change()
    funding: FundingChange = may_change()
    beneficiaries: BeneficiariesChange = may_change()


class BeneficiariesView(BaseModel):
    """Whom it serves; null where nobody counted."""

    households: int
    poor_households: int | None = Field(description="Null with a reason; under 5 only in the full view")
    poor_households_missing: CountMissing | None = Field(description="Why poor_households is null")
    women: int | None
    men: int | None


class ActivityView(BaseModel):
    """A work of a plan."""

    id: UUID
    view: Literal["public", "full"] = Field(description="`full` in the caller's own regions")
    kelurahan_code: str
    kelurahan_code_now: str
    kelurahan_name: str
    plan_id: UUID
    board_id: UUID
    problem_id: UUID | None
    title: str
    dimension: Dimension
    location: str | None
    year: int
    priority_rank: int
    bappuk_reference: str | None
    volume: str = Field(description="Decimal with three places")
    unit: str
    unit_cost_rupiah: int = Field(description="Rupiah a unit")
    total_cost_rupiah: int = Field(description="Rupiah")
    funding: Funding
    beneficiaries: BeneficiariesView
    state: ActivityState = Field(
        description="draft (rancangan), ratified (disahkan rembug warga), in_progress (dikerjakan), "
        "finished (selesai 100 %), handed_over (diserahterimakan)"
    )
    version: int
    recorded_at: datetime
    changed_at: datetime


class ActivitySort(StrEnum):
    """How activities may be sorted."""

    RECORDED = "recorded"
    PRIORITY = "priority"


class PlanActivityQuery(PageQuery):
    """Filters of the list of a plan's activities."""

    dimension: Dimension | None = None
    year: int | None = Field(None, ge=1, le=10, description="Year of the plan")
    state: ActivityState | None = None
    funded_by: Source | None = Field(None, description="Only those that get money from this source")
    sort: ActivitySort = Field(ActivitySort.PRIORITY, description="`priority`: by year, then rank")


class ActivityQuery(PlacedQuery):
    """Filters of the list of activities."""

    q: str | None = Field(None, min_length=2, max_length=100, description="Words of the title, or how they begin")
    board_id: UUID | None = None
    problem_id: UUID | None = None
    dimension: Dimension | None = None
    year: int | None = Field(None, ge=1, le=10, description="Year of the plan")
    state: ActivityState | None = None
    funded_by: Source | None = Field(None, description="Only those that get money from this source")
