"""What is unfinished in a kelurahan or of an account, and where each is listed."""

from enum import StrEnum

from shared.errors import Conflict, Text


class Unfinished(StrEnum):
    """What registry knows to be under way.

    Of a kelurahan: pemilihan yang berjalan, pasangan data ganda, keikutsertaan yang belum mulai, tindak lanjut KBK. Of
    an account: perbedaan luring yang belum diselesaikan, pekerjaan dan impor yang berjalan.
    """

    ELECTIONS = "elections"
    DUPLICATES = "duplicates"
    ENROLMENTS = "enrolments"
    FOLLOW_UPS = "follow_ups"
    CONFLICTS = "conflicts"
    JOBS = "jobs"


class AssignmentInProgress(Conflict):
    code = "assignment.in_progress"
    title = Text("Masih ada yang berjalan", "Something is in progress")
    detail = Text(
        "Di {code} masih ada {count} hal yang belum selesai; lihat `unfinished`.",
        "In {code} {count} things are unfinished; see `unfinished`.",
    )
    fix = Text(
        "Serahkan wilayah ini kepada fasilitator lain di /handovers; bila tidak mungkin, sebutkan `ended_because`.",
        "Hand the kelurahan over to another facilitator at /handovers; where nobody can, say `ended_because`.",
    )


def address(subject: Unfinished, *, region: str | None, what: str | None) -> str:
    """Return where what is unfinished is listed: of a region by today's code, or of the account that asks.

    `what` is the state that the list is asked for, of follow-ups the learning community whose they are.
    """
    match subject:
        case Unfinished.ELECTIONS:
            found = f"elections?region={region}&state={what}"
        case Unfinished.DUPLICATES:
            found = f"duplicates?region={region}"
        case Unfinished.ENROLMENTS:
            found = f"enrolments?region={region}&state=awaited"
        case Unfinished.FOLLOW_UPS:
            found = f"learning-communities/{what}/follow-ups?done=false"
        case Unfinished.CONFLICTS:
            found = "sync/conflicts?state=open"
        case Unfinished.JOBS:
            found = f"jobs?state={what}"
    return f"/registry/v1/{found}"
