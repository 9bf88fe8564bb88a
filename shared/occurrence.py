"""Facts happen on a date that people give: never in the future, and nothing ends before it starts."""

from datetime import date, datetime

from shared.clock import today
from shared.errors import Invalid, NotFound, Text


class InTheFuture(Invalid):
    code = "date.in_the_future"
    title = Text("Tanggal di masa depan", "Date in the future")
    detail = Text("{day} belum terjadi; hari ini {today}.", "{day} has not happened yet; today is {today}.")
    fix = Text("Catat setelah terjadi.", "Record it once it has happened.")


def require_not_future(day: date, *, now: datetime, pointer: str) -> None:
    """Refuse a day that has not come yet where the programme sits."""
    if day > today(now):
        raise InTheFuture(pointer=pointer, day=day, today=today(now))


class NotYet(NotFound):
    code = "resource.not_yet"
    title = Text("Belum ada pada hari itu", "Not there yet on that day")
    detail = Text("Ini baru ada sejak {since}; {day} lebih awal.", "It is there only since {since}; {day} is earlier.")
    fix = Text("Tanyakan untuk {since} atau sesudahnya.", "Ask as of {since} or a later day.")


def require_begun(since: date, *, on: date) -> None:
    """Refuse to tell how something stood on a day before it was there: nothing of it would be true."""
    if on < since:
        raise NotYet(since=since, day=on, members={"since": since})


class TimeReversed(Invalid):
    code = "date.before_the_start"
    title = Text("Berakhir sebelum dimulai", "Ends before it starts")
    detail = Text("{ends_on} lebih awal daripada {starts_on}.", "{ends_on} is earlier than {starts_on}.")
    fix = Text("Periksa kedua tanggal.", "Check both dates.")


def require_order(starts_on: date, ends_on: date | None, *, pointer: str = "/ends_on") -> None:
    """Refuse a time that ends before it starts; it may end on its first day, or not have ended."""
    if ends_on is not None and ends_on < starts_on:
        raise TimeReversed(pointer=pointer, starts_on=starts_on, ends_on=ends_on)
