"""What the list of advisors can be narrowed by."""

from __future__ import annotations

import django_filters
from django import forms
from django.db.models import Q, QuerySet

from wealthhub.clients.models import Advisor


class AdvisorFilter(django_filters.FilterSet):
    """Advisors by name or by the seller system's number."""

    q = django_filters.CharFilter(
        label="Name or agent id", method="search", widget=forms.TextInput(attrs={"type": "search"})
    )
    signs_in = django_filters.ChoiceFilter(
        label="Account", choices=(("yes", "Signs in"), ("no", "Known from files only")), method="has_account"
    )

    class Meta:
        model = Advisor
        fields: tuple[str, ...] = ()

    def search(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        """Part of the name, or the whole id with or without thousands commas."""
        text = value.strip()
        number = text.replace(",", "")
        return rows.filter(Q(name__icontains=text) | Q(agent_id=number) | Q(agent_external_id=text))

    def has_account(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        """Whether they have an account here."""
        return rows.filter(user__isnull=value == "no")
