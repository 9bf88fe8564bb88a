"""The time of a request, read once at its edge."""

from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Annotated

from fastapi import Depends

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
