"""Days, months and financial years in India. No Django: the same answer in a page, a task and a script.

A day is a calendar date in IST. An instant is an aware datetime, shown in IST. The financial year runs from
1 April to 31 March.
"""

import calendar
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from wealthhub.money import MISSING

IST: Final = ZoneInfo("Asia/Kolkata")

# Written out: strftime("%b") speaks the language of the process, and an export must not.
MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def today_ist() -> date:
    """The calendar date in India now, wherever the server stands."""
    return datetime.now(IST).date()


def ist_date(instant: datetime) -> date:
    """The calendar date in India at an instant. Raises: ValueError: the datetime has no time zone."""
    return _in_ist(instant).date()


def financial_year_start(day: date) -> date:
    """The 1 April on or before ``day``."""
    return date(day.year if day.month >= 4 else day.year - 1, 4, 1)


def financial_year_end(day: date) -> date:
    """The 31 March on or after ``day``."""
    return date(financial_year_start(day).year + 1, 3, 31)


def financial_year(day: date) -> str:
    """``FY 2026-27`` for any day from 1 April 2026 to 31 March 2027."""
    first = financial_year_start(day).year
    return f"FY {first}-{(first + 1) % 100:02d}"


def financial_quarter(day: date) -> int:
    """1 for April to June, 2 for July to September, 3 for October to December, 4 for January to March."""
    return (day.month - 4) % 12 // 3 + 1


def month_start(day: date) -> date:
    """The first day of the month of ``day``."""
    return day.replace(day=1)


def month_end(day: date) -> date:
    """The last day of the month of ``day``."""
    return day.replace(day=_days_in_month(day.year, day.month))


def add_months(day: date, months: int) -> date:
    """The same day of the month, ``months`` later (or earlier when negative).

    A day the month does not have becomes its last day: 31 January plus one month is 28 or 29 February.
    PostgreSQL's ``day + interval 'n months'`` does the same, so both sides of a query agree.
    """
    year, month0 = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month0 + 1, min(day.day, _days_in_month(year, month0 + 1)))


def full_months_between(start: date, end: date) -> int:
    """Completed calendar months: the largest n for which ``add_months(start, n) <= end``.

    15 January to 14 February is 0, to 15 February 1. Month ends count: 31 January to 28 February 2026 is 1.
    With ``end`` before ``start`` the answer is minus the months the other way round.
    """
    if end < start:
        return -full_months_between(end, start)
    months = (end.year - start.year) * 12 + end.month - start.month
    return months if add_months(start, months) <= end else months - 1


def format_date(day: date | None) -> str:
    """``21 Nov 2026``; an em dash where there is no date."""
    return MISSING if day is None else f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def format_month(day: date | None) -> str:
    """``Nov 2026``; an em dash where there is no date."""
    return MISSING if day is None else f"{MONTHS[day.month - 1]} {day.year}"


def format_instant(instant: datetime | None) -> str:
    """``21 Nov 2026, 18:30 IST``; an em dash where there is none.

    Raises: ValueError: the datetime has no time zone, so nobody can say when it was.
    """
    if instant is None:
        return MISSING
    local = _in_ist(instant)
    return f"{format_date(local.date())}, {local:%H:%M} IST"


def _in_ist(instant: datetime) -> datetime:
    if instant.tzinfo is None:
        raise ValueError(f"{instant!r} has no time zone")
    return instant.astimezone(IST)


def _days_in_month(year: int, month: int) -> int:
    return calendar.monthrange(year, month)[1]
