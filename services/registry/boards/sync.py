"""What is carried offline of boards."""

from services.registry.boards.models import Board
from services.registry.boards.schemas import BoardChange, BoardDraft
from services.registry.boards.service import change_board, record_board
from shared.syncables import Synced

BOARDS = Synced(
    model=Board,
    columns=(
        "kelurahan_code",
        "name",
        "founded_on",
        "legal_status",
        "deed_number",
        "phone",
        "mandate_until",
        "dissolved_on",
        "version",
    ),
    writes="registry:boards:write",
    draft=BoardDraft,
    record=record_board,
    change=BoardChange,
    edit=change_board,
)
