"""Days, months and financial years in India, on the days where they go wrong."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wealthhub.dates import (
    IST,
    add_months,
    financial_quarter,
    financial_year,
    financial_year_end,
    financial_year_start,
    format_date,
    format_instant,
    format_month,
    full_months_between,
    ist_date,
    month_end,
    month_start,
    today_ist,
)

days = st.dates(min_value=date(1950, 1, 1), max_value=date(2100, 12, 31))


@pytest.mark.parametrize(
    ("day", "year", "quarter"),
    [
        (date(2026, 3, 31), "FY 2025-26", 4),
        (date(2026, 4, 1), "FY 2026-27", 1),
        (date(2026, 6, 30), "FY 2026-27", 1),
        (date(2026, 7, 1), "FY 2026-27", 2),
        (date(2026, 12, 31), "FY 2026-27", 3),
        (date(2027, 1, 1), "FY 2026-27", 4),
        (date(2099, 5, 1), "FY 2099-00", 1),
    ],
)
def test_the_financial_year_starts_on_the_first_of_april(day, year, quarter):
    assert financial_year(day) == year
    assert financial_quarter(day) == quarter


def test_a_financial_year_has_its_first_and_last_day():
    assert financial_year_start(date(2027, 2, 28)) == date(2026, 4, 1)
    assert financial_year_end(date(2026, 4, 1)) == date(2027, 3, 31)


@pytest.mark.parametrize(
    ("start", "end", "months"),
    [
        (date(2026, 1, 15), date(2026, 1, 15), 0),
        (date(2026, 1, 15), date(2026, 2, 14), 0),
        (date(2026, 1, 15), date(2026, 2, 15), 1),
        (date(2026, 1, 31), date(2026, 2, 27), 0),
        (date(2026, 1, 31), date(2026, 2, 28), 1),  # February ends, so the month is complete
        (date(2028, 1, 31), date(2028, 2, 28), 0),  # a leap year has one day more
        (date(2028, 1, 31), date(2028, 2, 29), 1),
        (date(2026, 3, 31), date(2026, 4, 30), 1),
        (date(2026, 2, 28), date(2026, 3, 27), 0),
        (date(2026, 2, 28), date(2026, 3, 28), 1),
        (date(2024, 2, 29), date(2025, 2, 28), 12),
        (date(2024, 7, 30), date(2026, 1, 30), 18),
        (date(2025, 11, 21), date(2026, 11, 20), 11),
        (date(2025, 11, 21), date(2026, 11, 21), 12),
        (date(2026, 2, 15), date(2026, 1, 15), -1),
    ],
)
def test_only_completed_calendar_months_count(start, end, months):
    assert full_months_between(start, end) == months


@given(days, st.integers(min_value=0, max_value=600))
def test_after_n_months_n_months_are_complete_and_a_day_earlier_they_are_not(start, months):
    end = add_months(start, months)
    assert full_months_between(start, end) == months
    if months:
        assert full_months_between(start, end - timedelta(days=1)) == months - 1


@given(days, days, days)
def test_more_time_never_means_fewer_months(start, one, other):
    first, second = sorted([max(one, start), max(other, start)])
    assert full_months_between(start, first) <= full_months_between(start, second)


@given(days)
def test_a_day_lies_in_its_month_and_its_financial_year(day):
    assert month_start(day) <= day <= month_end(day)
    assert (month_end(day) + timedelta(days=1)).day == 1
    assert financial_year_start(day) <= day <= financial_year_end(day)


def test_the_day_changes_at_midnight_in_india():
    assert ist_date(datetime(2026, 11, 20, 18, 29, tzinfo=UTC)) == date(2026, 11, 20)
    assert ist_date(datetime(2026, 11, 20, 18, 30, tzinfo=UTC)) == date(2026, 11, 21)
    before = datetime.now(IST).date()
    assert before <= today_ist() <= datetime.now(IST).date()


def test_dates_read_the_same_in_every_language():
    assert format_date(date(2026, 11, 21)) == "21 Nov 2026"
    assert format_date(date(2026, 5, 1)) == "1 May 2026"
    assert format_month(date(2026, 11, 21)) == "Nov 2026"
    assert [format_date(None), format_month(None), format_instant(None)] == ["—"] * 3


def test_instants_are_shown_in_indian_time():
    assert format_instant(datetime(2026, 11, 21, 13, 0, tzinfo=UTC)) == "21 Nov 2026, 18:30 IST"
    new_york = timezone(timedelta(hours=-5))
    assert format_instant(datetime(2026, 11, 21, 20, 5, tzinfo=new_york)) == "22 Nov 2026, 06:35 IST"


def test_an_instant_without_a_time_zone_is_refused():
    with pytest.raises(ValueError, match="no time zone"):
        format_instant(datetime(2026, 11, 21, 18, 30))
