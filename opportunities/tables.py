"""The lists of the app: one table each for the page, the CSV and the workbook."""

from __future__ import annotations

from typing import Any

import django_tables2
from django.db.models import F, QuerySet
from django.utils.html import format_html

from opportunities.choices import WorkStatus
from wealthhub import tables

STATUS_TONES = {
    WorkStatus.NEW: "info",
    WorkStatus.CONTACTED: "warning",
    WorkStatus.IN_PROGRESS: "warning",
    WorkStatus.WON: "success",
    WorkStatus.LOST: "neutral",
    WorkStatus.DISMISSED: "neutral",
}
SIP_TONES = {"Success": "success", "Failed": "danger", "In Progress": "info", "Paused": "warning"}
SCAN_TONES = {"queued": "neutral", "running": "info", "succeeded": "success", "failed": "danger"}


def _missing_last(rows: QuerySet, name: str, is_descending: bool) -> tuple[QuerySet, bool]:
    field = F(name)
    order = field.desc(nulls_last=True) if is_descending else field.asc(nulls_last=True)
    return rows.order_by(order, "pk"), True


class OpportunityTable(tables.Table):
    """Opportunities. Monthly and one-time client money stand in columns of their own: they are never added."""

    caption = "Opportunities"
    target = "#results"
    secondary = ("advisor", "last_activity_on", "days_since_activity", "status")
    empty_title = "No opportunity matches"

    client = django_tables2.Column(verbose_name="Client", linkify=True, order_by=("client__name", "pk"))
    opportunity_type = django_tables2.Column(verbose_name="Opportunity")
    monthly_inflow = tables.MoneyColumn(verbose_name="Monthly (INR)", total="monthly", places=0)
    one_time_inflow = tables.MoneyColumn(verbose_name="One-time (INR)", total="one_time", places=0)
    risk_score = tables.NumberColumn(verbose_name="Risk", places=1)
    last_activity_on = tables.DayColumn(verbose_name="Last activity", attrs=tables.NUMERIC)
    days_since_activity = tables.NumberColumn(verbose_name="Days")
    advisor = django_tables2.Column(verbose_name="Advisor", order_by=("advisor__name", "pk"))
    status = tables.BadgeColumn(verbose_name="Status", tones=STATUS_TONES)

    def render_opportunity_type(self, value: Any, record: Any) -> str:
        """The type, which leads to the opportunity, and why."""
        return format_html(
            '<a href="{}">{}</a><small>{}</small>', record.get_absolute_url(), value, record.description
        )

    def value_opportunity_type(self, value: Any, record: Any) -> str:
        """The type alone, for files."""
        return value

    def order_risk_score(self, rows: QuerySet, is_descending: bool) -> tuple[QuerySet, bool]:
        """Ties in the order of the index, so that pages never overlap and the first comes at once."""
        return rows.order_by("-risk_score" if is_descending else "risk_score", "pk"), True

    def order_monthly_inflow(self, rows: QuerySet, is_descending: bool) -> tuple[QuerySet, bool]:
        """Rows without monthly money come last either way."""
        return _missing_last(rows, "monthly_inflow", is_descending)

    def order_one_time_inflow(self, rows: QuerySet, is_descending: bool) -> tuple[QuerySet, bool]:
        """Rows without one-time money come last either way."""
        return _missing_last(rows, "one_time_inflow", is_descending)

    def order_last_activity_on(self, rows: QuerySet, is_descending: bool) -> tuple[QuerySet, bool]:
        """Unknown days come last either way."""
        return _missing_last(rows, "last_activity_on", is_descending)

    def order_days_since_activity(self, rows: QuerySet, is_descending: bool) -> tuple[QuerySet, bool]:
        """Unknown days come last either way."""
        return _missing_last(rows, "days_since_activity", is_descending)


class SipTable(tables.Table):
    """SIPs of the book."""

    caption = "SIPs"
    target = "#results"
    row_header = "sip_meta_id"
    secondary = ("advisor", "scheme_names", "latest_success_on", "amount")
    empty_title = "No SIP matches"

    sip_meta_id = django_tables2.Column(
        verbose_name="SIP", linkify=("opportunities:sip", {"pk": django_tables2.A("pk")})
    )
    client = django_tables2.Column(verbose_name="Client", linkify=True, order_by=("client__name", "pk"))
    advisor = django_tables2.Column(
        verbose_name="Advisor", accessor="client__advisor", order_by=("client__advisor__name", "pk")
    )
    scheme_names = django_tables2.Column(
        verbose_name="Schemes", orderable=False, empty_values=(None, "", [])
    )  # a third of a real book names none
    amount = tables.MoneyColumn(verbose_name="Instalment (INR)", places=0)
    monthly_amount = tables.MoneyColumn(verbose_name="Monthly (INR)", total="monthly_all", places=0)
    status = tables.BadgeColumn(verbose_name="Status", tones=SIP_TONES)
    latest_success_on = tables.DayColumn(verbose_name="Last success", attrs=tables.NUMERIC)
    success_amount = tables.MoneyColumn(verbose_name="Invested (INR)", total="success", places=0)
    failed_amount = tables.MoneyColumn(verbose_name="Failed (INR)", total="failed", places=0)

    def render_scheme_names(self, value: list[str]) -> str:
        """The first, and how many more."""
        more = f" +{len(value) - 1}" if len(value) > 1 else ""
        return f"{value[0]}{more}"

    def value_scheme_names(self, value: list[str]) -> str:
        """All of them, for files."""
        return "; ".join(value or [])

    def order_latest_success_on(self, rows: QuerySet, is_descending: bool) -> tuple[QuerySet, bool]:
        """Those that never succeeded come last either way."""
        return _missing_last(rows, "latest_success_on", is_descending)


class ScanTable(tables.Table):
    """Scans of the book."""

    caption = "Scans"
    id = django_tables2.Column(verbose_name="Scan", linkify=True)
    as_of = tables.DayColumn(verbose_name="As of")
    status = tables.BadgeColumn(verbose_name="Status", tones=SCAN_TONES)
    found = tables.NumberColumn(verbose_name="Found")
    opened = tables.NumberColumn(verbose_name="New")
    reopened = tables.NumberColumn(verbose_name="Reopened")
    closed = tables.NumberColumn(verbose_name="Closed")
    finished_at = tables.InstantColumn(verbose_name="Finished")
    user = django_tables2.Column(verbose_name="Started by")
    empty_title = "No scan yet"
    empty_hint = "A scan runs after each import and every night."
