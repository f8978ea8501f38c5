"""Figures of the SIP book. Decimals become floats here and nowhere earlier."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from opportunities.selectors import MonthAmount, StatusAmount
from wealthhub.dates import format_month


def registration_chart(months: Sequence[MonthAmount]) -> dict[str, Any]:
    """One bar a month of registration: the monthly amount of its SIPs that are still active."""
    if not months:
        return {}
    bars = {
        "type": "bar",
        "x": [format_month(each.month) for each in months],
        "y": [float(each.monthly) for each in months],
        "marker": {"color": "primary"},
    }
    layout = {
        "meta": {"rupees": "y"},
        "xaxis": {"type": "category", "nticks": 8},
        "yaxis": {"rangemode": "tozero"},
    }
    return {"data": [bars], "layout": layout}


def failed_chart(groups: Sequence[StatusAmount]) -> dict[str, Any]:
    """One lying bar a status: lifetime failed money, the largest on top."""
    if not groups:
        return {}
    bars = {
        "type": "bar",
        "orientation": "h",
        "y": [each.status for each in groups],
        "x": [float(each.failed) for each in groups],
        "marker": {"color": "loss"},
    }
    layout = {"meta": {"rupees": "x"}, "yaxis": {"type": "category", "autorange": "reversed"}}
    return {"data": [bars], "layout": layout}
