"""Days and instants as files write them: day before month, Indian time where no zone is named."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from typing import Final

from wealthhub.dates import IST

_MONTHS: Final = {
    name: number
    for number, names in enumerate(
        (
            ("jan", "january"),
            ("feb", "february"),
            ("mar", "march"),
            ("apr", "april"),
            ("may",),
            ("jun", "june"),
            ("jul", "july"),
            ("aug", "august"),
            ("sep", "sept", "september"),
            ("oct", "october"),
            ("nov", "november"),
            ("dec", "december"),
        ),
        start=1,
    )
    for name in names
}
_TIME: Final = (
    r"(?:(?:,\s*|\s+|T)(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d{1,6})?)?"
    r"\s*([AaPp]\.?[Mm]\.?)?\s*(Z|[+-]\d{2}:?\d{2})?)?"
)
_DATE_FORMS: Final = tuple(
    (re.compile(form + _TIME, re.ASCII), places)
    for form, places in (
        (r"([A-Za-z]{3,9})\.? (\d{1,2}),? (\d{4})", (3, 1, 2)),  # January 12, 2026, 8:49 AM
        (r"(\d{4})-(\d{1,2})-(\d{1,2})", (1, 2, 3)),
        (r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})", (3, 2, 1)),
        (r"(\d{1,2})[ -]([A-Za-z]{3,9})[ ,-]+(\d{4})", (3, 2, 1)),  # 12 Jan 2026, 30-Jan-2026
    )
)


def read(raw: str) -> tuple[datetime, bool] | None:
    """The instant or day in ``raw`` and whether it has a time; naive ones are IST. None where it is neither.

    Day comes before month in dd-mm-yyyy and dd/mm/yyyy, always.
    """
    for form, (year, month, day) in _DATE_FORMS:
        match = form.fullmatch(raw)
        if match is None:
            continue
        named = match[month]
        number = int(named) if named.isdigit() else _MONTHS.get(named.lower(), 0)
        try:
            found = datetime(int(match[year]), number, int(match[day]), tzinfo=IST)
            return _at_time(found, match.group(4, 5, 6, 7, 8))
        except ValueError:
            return None
    return None


def _at_time(day: datetime, parts: tuple[str | None, ...]) -> tuple[datetime, bool]:
    hour, minute, second, half, zone = parts
    if hour is None or minute is None:
        return day, False
    hours = int(hour)
    if half:
        if not 1 <= hours <= 12:
            message = "no such hour"
            raise ValueError(message)
        hours = hours % 12 + (12 if half[0] in "pP" else 0)
    moment = day.replace(hour=hours, minute=int(minute), second=int(second or 0))
    if zone == "Z":
        moment = moment.replace(tzinfo=UTC)
    elif zone:
        sign = -1 if zone[0] == "-" else 1
        offset = timedelta(hours=int(zone[1:3]), minutes=int(zone[-2:]))
        moment = moment.replace(tzinfo=timezone(sign * offset))
    return moment, True


@lru_cache(maxsize=20_000)
def plain_day(raw: str) -> str:
    """The ISO date in ``raw`` where it is nothing but a day between 1900 and 2200, else an empty text."""
    found = read(raw)
    return found[0].date().isoformat() if found and not found[1] and 1900 <= found[0].year <= 2200 else ""


@lru_cache(maxsize=2_000)
def plain_time(raw: str) -> str:
    """The time in ``raw``, such as ``8:49 AM``, as ``08:49:00``; an empty text where it is none, or names a zone."""
    found = read(f"2000-01-01 {raw}") if raw else None
    return found[0].time().isoformat() if found and found[1] and found[0].tzinfo is IST else ""
