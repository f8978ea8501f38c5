"""The filters of the clients' lists: the same for the page and the API."""

from __future__ import annotations

from typing import Any

import django_filters as filters
from django import forms
from django.db.models import QuerySet
from django.http import HttpRequest

from wealthhub.clients.choices import Relationship
from wealthhub.clients.models import Advisor, Client, ClientMerge, Household
from wealthhub.clients.querysets import ClientQuerySet


def _advisors(request: HttpRequest | None) -> QuerySet[Advisor]:
    """The advisors the reader sees; none outside a request, as when the schema is drawn."""
    if request is None:
        return Advisor.objects.none()
    return Advisor.objects.visible_to(request.user).order_by("name", "pk")


def _households(request: HttpRequest | None) -> QuerySet[Household]:
    if request is None:
        return Household.objects.none()
    return Household.objects.visible_to(request.user).order_by("name", "pk")


def _choice(yes: str, no: str) -> forms.Select:
    """A flag in words; nothing chosen is all."""
    return forms.Select(choices=[("", "All"), ("true", yes), ("false", no)])


class ClientFilter(filters.FilterSet):
    """Clients by text, advisor, household, relationship and whether they are active."""

    q = filters.CharFilter(
        method="search", label="Search", help_text="Name, identifier, PAN, phone or e-mail."
    )
    advisor = filters.ModelChoiceFilter(queryset=_advisors, empty_label="All")
    household = filters.ModelChoiceFilter(queryset=_households, empty_label="All")
    relationship = filters.ChoiceFilter(choices=Relationship.choices, empty_label="All")
    is_active = filters.BooleanFilter(label="Active", widget=_choice("Active", "Inactive"))
    ordering = filters.OrderingFilter(
        fields=["name", "created_at", "id", "relationship"],
        label="Order",
        help_text="A field, - before it for falling.",
    )

    class Meta:
        model = Client
        fields = ["q", "advisor", "household", "relationship", "is_active"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        user = getattr(self.request, "user", None)
        if firm := getattr(user, "firm", None):
            self.filters["advisor"].label = firm.advisor_word

    def search(self, rows: ClientQuerySet, name: str, value: str) -> ClientQuerySet:
        """By name, identifier or exact personal data."""
        return rows.matching(value)


class ClientPageFilter(ClientFilter):
    """The page sorts by its table's headings, so it has no order of its own."""

    ordering = None

    class Meta(ClientFilter.Meta):
        pass


class HouseholdFilter(filters.FilterSet):
    """Households by name."""

    q = filters.CharFilter(field_name="name", lookup_expr="icontains", label="Search")

    class Meta:
        model = Household
        fields = ["q"]


class MergeFilter(filters.FilterSet):
    """Merges that stand or were undone."""

    undone = filters.BooleanFilter(
        field_name="undone_at",
        lookup_expr="isnull",
        exclude=True,
        label="Undone",
        widget=_choice("Undone", "Standing"),
    )

    class Meta:
        model = ClientMerge
        fields = ["undone"]
