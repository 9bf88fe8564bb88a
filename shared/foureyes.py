"""Four eyes: who touched an item since its last approval does not approve it."""

from typing import Any

from shared.errors import Conflict, Text
from shared.permissions import Caller


def touch(item: Any, *, by: Caller) -> None:
    """Note that a person changed an item since its last approval."""
    if by.person_id is not None and by.person_id not in item.touched_by:
        item.touched_by = [*item.touched_by, by.person_id]


class OwnApproval(Conflict):
    status = 403
    code = "approval.own_work"
    title = Text("Empat mata", "Four eyes")
    detail = Text(
        "Anda ikut mengubah data ini sejak persetujuan terakhirnya, jadi orang lain yang harus menyetujui.",
        "You changed this since its last approval, so somebody else has to approve it.",
    )
    fix = Text("Mintalah orang lain menyetujuinya.", "Ask another person to approve it.")


def require_other_eyes(item: Any, *, by: Caller) -> None:
    """Refuse the approval of one's own work: no person who touched it may approve it."""
    if by.person_id is None or by.person_id in item.touched_by:
        raise OwnApproval
