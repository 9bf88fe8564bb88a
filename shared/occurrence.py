"""Facts happen on a date that people give: never in the future."""

from datetime import date, datetime

from shared.clock import today
from shared.errors import Invalid, Text


class InTheFuture(Invalid):
    code = "date.in_the_future"
    title = Text("Tanggal di masa depan", "Date in the future")
    detail = Text("{day} belum terjadi; hari ini {today}.", "{day} has not happened yet; today is {today}.")
    fix = Text("Catat setelah terjadi.", "Record it once it has happened.")


def require_not_future(day: date, *, now: datetime, pointer: str) -> None:
    """Refuse a day that has not come yet where the programme sits."""
    if day > today(now):
        raise InTheFuture(pointer=pointer, day=day, today=today(now))
