"""What makes an activity's numbers add up (§4.1), exactly: rupiah are integers, volumes decimal."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from shared.errors import Conflict, Fault, Invalid, Text


class ActivityState(StrEnum):
    """Where an activity stands."""

    DRAFT = "draft"
    RATIFIED = "ratified"
    IN_PROGRESS = "in_progress"
    FINISHED = "finished"
    HANDED_OVER = "handed_over"


class Act(StrEnum):
    """What may be done to an activity; a report of progress builds, and at 100 % finishes."""

    RATIFY = "ratify"
    PHOTOGRAPH = "photograph"
    BUILD = "build"
    FINISH = "finish"
    HAND_OVER = "hand_over"


NEXT = {
    (ActivityState.DRAFT, Act.RATIFY): ActivityState.RATIFIED,
    (ActivityState.RATIFIED, Act.PHOTOGRAPH): ActivityState.RATIFIED,
    (ActivityState.RATIFIED, Act.BUILD): ActivityState.IN_PROGRESS,
    (ActivityState.RATIFIED, Act.FINISH): ActivityState.FINISHED,
    (ActivityState.IN_PROGRESS, Act.PHOTOGRAPH): ActivityState.IN_PROGRESS,
    (ActivityState.IN_PROGRESS, Act.BUILD): ActivityState.IN_PROGRESS,
    (ActivityState.IN_PROGRESS, Act.FINISH): ActivityState.FINISHED,
    (ActivityState.FINISHED, Act.PHOTOGRAPH): ActivityState.FINISHED,
    (ActivityState.FINISHED, Act.BUILD): ActivityState.IN_PROGRESS,
    (ActivityState.FINISHED, Act.FINISH): ActivityState.FINISHED,
    (ActivityState.FINISHED, Act.HAND_OVER): ActivityState.HANDED_OVER,
    (ActivityState.HANDED_OVER, Act.PHOTOGRAPH): ActivityState.HANDED_OVER,
}
"""The state after each act that a state allows; what is not here is refused."""


class Source(StrEnum):
    """Where an activity's money comes from (§4.1)."""

    BLM = "blm"
    SWADAYA = "swadaya"
    APBD_KABKOTA = "apbd_kabkota"
    APBD_PROVINCE = "apbd_province"
    APBN_OTHER = "apbn_other"
    CHANNELING = "channeling"
    UPK_SURPLUS = "upk_surplus"
    OTHER = "other"


class Beneficiaries(NamedTuple):
    """Whom an activity serves: households, and persons; None where nobody counted."""

    households: int
    poor_households: int | None


class ActivityStateWrong(Conflict):
    code = "activity.state"
    title = Text("Tidak mungkin pada tahap ini", "Not possible in this state")
    detail = Text("Kegiatan ini {state}; {act} tidak mungkin.", "This activity is {state}; {act} is not possible.")
    fix = Text("Lihat tahap kegiatannya.", "See the activity's state.")


class ActivityInvalid(Invalid):
    code = "activity.invalid"
    title = Text("Kegiatan tidak sah", "Invalid activity")
    detail = Text(
        "Kegiatan ini melanggar {count} aturan; lihat `errors`.", "This activity breaks {count} rule(s); see `errors`."
    )
    fix = Text("Periksa RAB dan sumber dananya.", "Check its budget and its sources of money.")


class PlanUnknown(Invalid):
    code = "plan.unknown"
    title = Text("Rencana tidak dikenal", "Unknown plan")
    detail = Text(
        "Tidak ada rencana dengan id {plan_id} di wilayah Anda.",
        "There is no plan with the id {plan_id} in your regions.",
    )
    fix = Text("Cari id-nya di /planning/v1/plans.", "Look the id up in /planning/v1/plans.")


class ProblemElsewhere(Invalid):
    code = "problem.elsewhere"
    title = Text("Masalah tidak dikenal di kelurahan ini", "Not a problem of this kelurahan")
    detail = Text(
        "Kelurahan rencana ini tidak mempunyai masalah dengan id {problem_id}.",
        "The plan's kelurahan has no problem with the id {problem_id}.",
    )
    fix = Text("Cari id-nya di /planning/v1/mapping/problems.", "Look the id up in /planning/v1/mapping/problems.")


NOTHING = Text("Volume harus lebih dari 0.", "The volume is more than 0.")
COST = Text(
    "Harus sama dengan volume kali harga satuan, yaitu {product} rupiah; bila bukan bilangan bulat, ubah satuannya.",
    "Must equal volume times unit cost, which is {product} rupiah; if that is no whole number, choose another unit.",
)
FUNDING = Text(
    "Jumlah semua sumber, {sum} rupiah, harus sama dengan biaya, {total} rupiah.",
    "All sources together, {sum} rupiah, must equal the cost, {total} rupiah.",
)
POOR = Text("Tidak boleh lebih dari rumah tangga penerima manfaat.", "Cannot exceed the households served.")
YEAR = Text("Rencana ini memuat tahun 1 sampai {years}.", "This plan covers the years 1 to {years}.")
RANK = Text("Prioritas ini sudah dipakai pada tahun yang sama.", "This rank is taken in the same year.")


def state_after(state: ActivityState, act: Act) -> ActivityState:
    """Return the state after an act, or ActivityStateWrong."""
    try:
        return NEXT[state, act]
    except KeyError:
        raise ActivityStateWrong(state=state.value, act=act.value, members={"state": state.value}) from None


def activity_faults(
    *,
    volume: Decimal,
    unit_cost: int,
    total_cost: int,
    funding: Mapping[Source, int],
    served: Beneficiaries,
    year: int,
    years: int,
    rank: int,
    taken_ranks: Iterable[int],
) -> list[Fault]:
    """Return everything that is wrong with an activity; amounts in rupiah (§4.1).

    `taken_ranks` are those of the plan's other activities in the same year.
    """
    found: list[Fault] = []
    if volume <= 0:
        found.append(Fault("/volume", "activity.volume", NOTHING, {}))
    product = volume * unit_cost
    if product != total_cost:
        # Without exponent and trailing zeros, so that a person can copy it.
        values = {"product": f"{product.normalize():f}"}
        found.append(Fault("/total_cost_rupiah", "activity.cost", COST, values))
    together = sum(funding.values())
    if together != total_cost:
        found.append(Fault("/funding", "activity.funding", FUNDING, {"sum": together, "total": total_cost}))
    if served.poor_households is not None and served.poor_households > served.households:
        found.append(Fault("/beneficiaries/poor_households", "activity.poor_exceed_households", POOR, {}))
    if not 1 <= year <= years:
        found.append(Fault("/year", "activity.year", YEAR, {"years": years}))
    if rank in taken_ranks:
        found.append(Fault("/priority_rank", "activity.rank_taken", RANK, {}))
    return found


def require_valid_activity(
    *,
    volume: Decimal,
    unit_cost: int,
    total_cost: int,
    funding: Mapping[Source, int],
    served: Beneficiaries,
    year: int,
    years: int,
    rank: int,
    taken_ranks: Iterable[int],
) -> None:
    """Refuse an activity whose numbers do not add up, naming each fault."""
    found = activity_faults(
        volume=volume,
        unit_cost=unit_cost,
        total_cost=total_cost,
        funding=funding,
        served=served,
        year=year,
        years=years,
        rank=rank,
        taken_ranks=taken_ranks,
    )
    if found:
        raise ActivityInvalid(faults=found, count=len(found))
