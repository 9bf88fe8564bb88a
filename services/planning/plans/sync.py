"""What is carried offline of plans: they are read there, not written."""

from services.planning.plans.models import Plan
from shared.syncables import Synced

PLANS = Synced(
    model=Plan,
    columns=(
        "kelurahan_code",
        "board_id",
        "title",
        "vision",
        "starts_on",
        "ends_on",
        "horizon_years",
        "state",
        "ratified_on",
        "version",
    ),
    writes="planning:plans:write",
)
