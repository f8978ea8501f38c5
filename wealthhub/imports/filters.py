"""The questions one may ask of import runs and of their issues. The pages and the API use the same ones."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import django_filters
from django import forms
from django.db.models import Q, QuerySet

from wealthhub.imports import sources
from wealthhub.imports.choices import Channel, RunStatus, Severity
from wealthhub.imports.models import ImportIssue, ImportRun

YES_NO = (("true", "Yes"), ("false", "No"))


def source_choices() -> list[tuple[str, str]]:
    """Every declared source: name and title."""
    return [(source.name, source.title) for source in sources.registry().values()]


class ImportRunFilter(django_filters.FilterSet):
    """Runs by file, source, state, way in and day."""

    q = django_filters.CharFilter(
        method="search", label="File", widget=forms.TextInput(attrs={"type": "search", "maxlength": 100})
    )
    source = django_filters.ChoiceFilter(choices=source_choices, label="Source", empty_label="All sources")
    status = django_filters.ChoiceFilter(choices=RunStatus.choices, label="Status", empty_label="Any status")
    dry_run = django_filters.ChoiceFilter(
        choices=YES_NO, method="by_dry_run", label="Check only", empty_label="Either"
    )
    channel = django_filters.ChoiceFilter(choices=Channel.choices, label="Came by", empty_label="Any way")
    received = django_filters.DateFromToRangeFilter(
        field_name="created_at",
        label="Received",
        widget=django_filters.widgets.DateRangeWidget(attrs={"type": "date"}),
    )

    class Meta:
        model = ImportRun
        fields: list[str] = []

    def by_dry_run(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        """Checks, or files meant to be booked."""
        return rows.filter(dry_run=value == "true")

    def search(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        """Part of the file's name, or the start of its SHA-256."""
        return rows.filter(Q(filename__icontains=value) | Q(sha256__startswith=value.lower()))


class ImportRunApiFilter(ImportRunFilter):
    """The same, and the order in which a program wants them."""

    ordering = django_filters.OrderingFilter(
        fields=(
            ("id", "id"),
            ("created_at", "created_at"),
            ("finished_at", "finished_at"),
            ("source", "source"),
            ("status", "status"),
            ("filename", "filename"),
            ("rows_read", "rows_read"),
            ("rows_rejected", "rows_rejected"),
        )
    )


class ImportIssueFilter(django_filters.FilterSet):
    """What was wrong, by problem, severity and column."""

    code = django_filters.CharFilter(label="Problem", widget=forms.Select)
    severity = django_filters.ChoiceFilter(choices=Severity.choices, label="Severity", empty_label="Either")
    column = django_filters.CharFilter(label="Column", widget=forms.Select)

    class Meta:
        model = ImportIssue
        fields: list[str] = []

    def __init__(
        self, *args: Any, codes: Iterable[str] = (), columns: Iterable[str] = (), **kwargs: Any
    ) -> None:
        """``codes`` and ``columns`` are those that the run has: what its page offers to choose from."""
        super().__init__(*args, **kwargs)
        offered = {"code": ("Any problem", codes), "column": ("Any column", columns)}
        for name, (nothing, values) in offered.items():
            widget = self.form.fields[name].widget
            widget.choices = [("", nothing), *((value, value.replace("_", " ")) for value in values)]
            if name == "column":
                widget.choices = [("", nothing), *((value, value) for value in values)]


class ImportIssueApiFilter(ImportIssueFilter):
    """The same, and the order in which a program wants them."""

    ordering = django_filters.OrderingFilter(
        fields=(("line", "line"), ("code", "code"), ("column", "column"), ("severity", "severity"))
    )
