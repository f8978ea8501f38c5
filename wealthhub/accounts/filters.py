"""The questions one may ask of the team and of the audit trail."""

from __future__ import annotations

import django_filters
from django import forms
from django.db.models import Q, QuerySet

from wealthhub.accounts.choices import Role
from wealthhub.accounts.models import AuditEvent, User


class TeamFilter(django_filters.FilterSet):
    """Accounts by name and role."""

    q = django_filters.CharFilter(
        method="search", label="Name", widget=forms.TextInput(attrs={"type": "search", "maxlength": 100})
    )
    role = django_filters.ChoiceFilter(choices=Role.choices, label="Role", empty_label="Every role")
    is_active = django_filters.TypedChoiceFilter(
        choices=(("", "Either"), (True, "Open"), (False, "Closed")),
        coerce=lambda value: value in {True, "True"},
        label="Account",
    )

    class Meta:
        model = User
        fields: list[str] = []

    def search(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        """Part of a name, user name or address."""
        wanted = Q(username__icontains=value) | Q(first_name__icontains=value)
        return rows.filter(wanted | Q(last_name__icontains=value) | Q(email__icontains=value))


class AuditFilter(django_filters.FilterSet):
    """Audit events by what, who and when."""

    action = django_filters.CharFilter(
        lookup_expr="istartswith",
        label="Action",
        widget=forms.TextInput(attrs={"type": "search", "maxlength": 60}),
    )
    user = django_filters.CharFilter(field_name="user__username", lookup_expr="iexact", label="User name")
    object_type = django_filters.CharFilter(lookup_expr="iexact", label="Object")
    object_id = django_filters.CharFilter(label="Its number")
    at = django_filters.DateFromToRangeFilter(
        label="Day", widget=django_filters.widgets.DateRangeWidget(attrs={"type": "date"})
    )

    class Meta:
        model = AuditEvent
        fields: list[str] = []
