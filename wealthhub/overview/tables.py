"""The lists of the pages that cross the apps."""

from __future__ import annotations

from typing import Any

import django_tables2
from django.utils.html import format_html

from wealthhub import tables


class AdvisorTable(tables.Table):
    """Advisors with the book of the clients they serve now. Rows are `AdvisorBook`."""

    caption = "Advisors"
    target = "#results"
    secondary = ("clients", "failed_amount", "monthly_inflow", "one_time_inflow")
    empty_title = "No advisor matches"

    advisor = django_tables2.Column(verbose_name="Advisor", linkify=True, order_by=("advisor__name",))
    clients = tables.NumberColumn(verbose_name="Clients", total="clients")
    monthly_book = tables.MoneyColumn(verbose_name="SIPs a month (INR)", places=0, total="monthly_book")
    total_invested = tables.MoneyColumn(verbose_name="Invested (INR)", places=0, total="total_invested")
    failed_amount = tables.MoneyColumn(verbose_name="Failed (INR)", places=0, total="failed_amount")
    open_opportunities = tables.NumberColumn(verbose_name="Opportunities", total="open_opportunities")
    monthly_inflow = tables.MoneyColumn(
        verbose_name="Potential monthly (INR)", places=0, total="monthly_inflow"
    )
    one_time_inflow = tables.MoneyColumn(
        verbose_name="Potential once (INR)", places=0, total="one_time_inflow"
    )

    def render_advisor(self, value: Any, record: Any) -> str:
        """The name, and the agent's number beside it."""
        return format_html("{}<small>{}</small>", value, value.agent_id)

    def value_advisor(self, value: Any) -> str:
        """The name alone, for files."""
        return str(value)
