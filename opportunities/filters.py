"""What the lists of opportunities and SIPs can be narrowed by, on the page and over the API alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import django_filters
from django import forms
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from opportunities.choices import InflowBasis, OpportunityType, WorkStatus
from opportunities.models import Opportunity, Sip
from opportunities.selectors import DECIDED, to_work_on
from wealthhub.clients.models import Advisor, ClientIdentifier
from wealthhub.dates import today_ist

STATES = (
    ("work", "To work on"),
    ("snoozed", "Snoozed"),
    ("decided", "Decided"),
    ("closed", "Reason gone"),
    ("all", "All ever found"),
)
SIP_STATUSES = tuple((word, word) for word in ("Success", "Failed", "In Progress", "Paused"))
_MAY_BE_MISSING = (
    frozenset(  # falling, PostgreSQL puts missing values first; elsewhere the index's own order serves
        {"potential_inflow", "days_since_activity", "last_activity_on", "latest_success_on", "registered_on"}
    )
)
_SEARCH = forms.TextInput(attrs={"type": "search"})
_DAY = forms.DateInput(attrs={"type": "date"})
HIDDEN = forms.HiddenInput


def plain_id(value: str) -> str:
    """An id as it is stored: the exports write ``4,220`` for 4220."""
    return value.replace(",", "").strip()


def visible_advisors(request: Any) -> QuerySet[Advisor]:
    """Those whose rows the asker may see; nobody outside of a request."""
    if request is None:
        return Advisor.objects.none()
    return Advisor.objects.visible_to(request.user)


def of_clients_matching(rows: QuerySet, text: str, *also: Q) -> QuerySet:
    """Rows of clients whose name holds ``text`` or whose id in some system it is; ``also`` widens it."""
    known_as = ClientIdentifier.objects.filter(client_id=OuterRef("client_id"), external_id=text)
    condition = Q(client__name__icontains=text) | Exists(known_as)
    for other in also:
        condition |= other
    return rows.filter(condition)


def in_order(rows: QuerySet, names: Sequence[Any]) -> QuerySet:
    """``rows`` in the named order, missing values last, ties broken by the key so that pages never overlap."""
    order = [
        F(name[1:]).desc(nulls_last=True) if name.startswith("-") and name[1:] in _MAY_BE_MISSING else name
        for name in names
    ]
    return rows.order_by(*order, "pk")


class OpportunityFilter(django_filters.FilterSet):
    """Opportunities whose reason still stands, unless ``state`` asks for others."""

    q = django_filters.CharFilter(label="Client", method="search", widget=_SEARCH)
    opportunity_type = django_filters.ChoiceFilter(
        label="Type", choices=OpportunityType, empty_label="All types"
    )
    advisor = django_filters.ModelChoiceFilter(label="Advisor", queryset=visible_advisors, empty_label="All")
    status = django_filters.ChoiceFilter(label="Status", choices=WorkStatus, empty_label="Any status")
    state = django_filters.ChoiceFilter(
        label="Show", choices=STATES, method="in_state", empty_label="All open"
    )
    inflow_basis = django_filters.ChoiceFilter(
        label="Client money", choices=InflowBasis, empty_label="Any basis"
    )
    amount = django_filters.RangeFilter(label="Amount (INR)", field_name="potential_inflow")
    risk = django_filters.RangeFilter(label="Risk (0–10)", field_name="risk_score")
    days = django_filters.RangeFilter(label="Days since activity", field_name="days_since_activity")
    detected_from = django_filters.DateFilter(
        label="Found since", field_name="detected_on", lookup_expr="gte", widget=_DAY
    )
    client = django_filters.NumberFilter(label="Client no.", field_name="client_id", widget=HIDDEN)
    agent_id = django_filters.CharFilter(
        label="Agent id", method="by_agent_id", widget=HIDDEN, help_text="With or without thousands commas."
    )
    agent_external_id = django_filters.CharFilter(
        label="Agent", field_name="advisor__agent_external_id", widget=HIDDEN
    )
    ordering = django_filters.OrderingFilter(
        fields=(
            ("risk_score", "risk_score"),
            ("potential_inflow", "potential_increase"),
            ("total_invested", "total_invested"),
            ("failed_amount", "failed_amount"),
            ("current_sip_amount", "current_sip_amount"),
            ("days_since_activity", "days_since_activity"),
            ("last_activity_on", "last_activity_date"),
            ("detected_on", "detected_on"),
            ("pk", "id"),
        ),
        widget=HIDDEN,
    )

    class Meta:
        model = Opportunity
        fields: tuple[str, ...] = ()

    def filter_queryset(self, queryset: QuerySet) -> QuerySet:
        """Only what is open where no ``state`` is asked for; ties broken so that pages never overlap."""
        rows = super().filter_queryset(queryset)
        if not self.form.cleaned_data.get("state"):
            rows = rows.open()
        asked = self.form.cleaned_data.get("ordering")
        return in_order(rows, rows.query.order_by) if asked else rows

    def search(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        """By the client's name or id."""
        return of_clients_matching(rows, value.strip())

    def by_agent_id(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        """Of the agent with this number."""
        return rows.filter(advisor__agent_id=plain_id(value))

    def in_state(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        """``work`` is open, undecided and not snoozed: the rows that ask for a call today."""
        snoozed = Q(snoozed_until__gt=today_ist())
        match value:
            case "work":
                return to_work_on(rows)
            case "snoozed":
                return rows.open().filter(snoozed)
            case "decided":
                return rows.open().filter(status__in=DECIDED)
            case "closed":
                return rows.filter(closed_on__isnull=False)
        return rows


class SipFilter(django_filters.FilterSet):
    """SIPs of the book; those the source marked deleted only where asked for."""

    q = django_filters.CharFilter(label="Client or SIP", method="search", widget=_SEARCH)
    advisor = django_filters.ModelChoiceFilter(
        label="Advisor", field_name="client__advisor", queryset=visible_advisors, empty_label="All"
    )
    status = django_filters.ChoiceFilter(
        label="Status",
        choices=(*SIP_STATUSES, ("other", "Other or none")),
        method="in_status",
        empty_label="Any status",
    )
    active = django_filters.ChoiceFilter(
        label="Active",
        choices=(("yes", "Active"), ("no", "Not active"), ("unknown", "Not said")),
        method="is_active",
        empty_label="Either",
    )
    amount = django_filters.RangeFilter(label="Monthly (INR)", field_name="monthly_amount")
    failed = django_filters.RangeFilter(label="Failed (INR)", field_name="failed_amount")
    registered_from = django_filters.DateFilter(
        label="Registered from", field_name="registered_on", lookup_expr="gte", widget=_DAY
    )
    registered_to = django_filters.DateFilter(
        label="Registered to", field_name="registered_on", lookup_expr="lte", widget=_DAY
    )
    source = django_filters.ChoiceFilter(
        label="Deleted by the source",
        choices=(("deleted", "Only deleted"), ("all", "All")),
        method="with_deleted",
        empty_label="Left out",
    )
    client = django_filters.NumberFilter(label="Client no.", field_name="client_id", widget=HIDDEN)
    agent_id = django_filters.CharFilter(label="Agent id", method="by_agent_id", widget=HIDDEN)
    ordering = django_filters.OrderingFilter(
        fields=(
            ("pk", "id"),
            ("amount", "amount"),
            ("monthly_amount", "monthly_amount"),
            ("success_amount", "success_amount"),
            ("failed_amount", "failed_amount"),
            ("latest_success_on", "latest_success_on"),
            ("registered_on", "registered_on"),
        ),
        widget=HIDDEN,
    )

    class Meta:
        model = Sip
        fields: tuple[str, ...] = ()

    def filter_queryset(self, queryset: QuerySet) -> QuerySet:
        """Without the deleted ones where nobody asked for them."""
        rows = super().filter_queryset(queryset)
        if not self.form.cleaned_data.get("source"):
            rows = rows.counted()
        return in_order(rows, rows.query.order_by) if self.form.cleaned_data.get("ordering") else rows

    def search(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        """By the client's name or id, or the SIP's own number."""
        text = value.strip()
        return of_clients_matching(rows, text, Q(sip_meta_id=plain_id(text)))

    def in_status(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        """One of the known words, or whatever else the file said."""
        if value == "other":
            return rows.exclude(status__in=[word for word, _ in SIP_STATUSES])
        return rows.filter(status=value)

    def is_active(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        """As the file says; a file may be silent."""
        return rows.filter(is_active={"yes": True, "no": False, "unknown": None}[value])

    def with_deleted(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        """Only the deleted ones, or all."""
        return rows.filter(deleted=True) if value == "deleted" else rows

    def by_agent_id(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        """Of clients whom the agent with this number serves."""
        return rows.filter(client__advisor__agent_id=plain_id(value))
