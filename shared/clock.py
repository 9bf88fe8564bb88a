"""The time of a request, read once at its edge."""

from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Annotated

from fastapi import Depends, Query

# Western Indonesian Time has had no daylight saving since 1964; a fixed offset needs no zone data.
JAKARTA = timezone(timedelta(hours=7), "WIB")


def read_clock() -> datetime:
    """Return the present moment, aware and in UTC: the only place that asks the machine."""
    return datetime.now(UTC)  # noqa: TID251


def today(now: datetime) -> date:
    """Return the programme's date at a moment: Western Indonesian Time, where the programme sits."""
    return now.astimezone(JAKARTA).date()


def end_of(day: date) -> datetime:
    """Return the moment at which the programme's day is over."""
    return datetime.combine(day + timedelta(days=1), time(), JAKARTA)


async def _moment() -> datetime:
    # A coroutine: FastAPI sends plain functions to a thread, which costs more than most requests.
    return read_clock()


Now = Annotated[datetime, Depends(_moment)]


async def _day_asked(
    now: Now, as_of: Annotated[date | None, Query(description="As it stood on this day; today when absent")] = None
) -> datetime:
    return now if as_of is None else datetime.combine(as_of, time(12), JAKARTA)


AsOf = Annotated[datetime, Depends(_day_asked)]
"""The moment for which one item is read: now, or on the day of `as_of`."""
