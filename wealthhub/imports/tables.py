"""The lists of the imports room."""

from __future__ import annotations

from typing import Any

import django_tables2
from django.utils.html import format_html

from wealthhub.imports import selectors
from wealthhub.imports.choices import RunStatus, Severity
from wealthhub.imports.models import ImportIssue, ImportRun
from wealthhub.tables import BadgeColumn, InstantColumn, NumberColumn, Table

STATUS_TONES = {
    RunStatus.QUEUED.value: "info",
    RunStatus.RUNNING.value: "info",
    RunStatus.SUCCEEDED.value: "success",
    RunStatus.UNDOING.value: "info",
    RunStatus.FAILED.value: "danger",
    RunStatus.UNDONE.value: "warning",
}
SEVERITY_TONES = {Severity.ERROR.value: "danger", Severity.WARNING.value: "warning"}


class ImportRunTable(Table):
    """One line per file that came in."""

    caption = "Files that came in, newest first"
    target = "#results"
    secondary = ("source", "channel", "rows_unchanged", "user")
    empty_title = "No import matches"

    filename = django_tables2.Column("File")
    source = django_tables2.Column("Source")
    status = BadgeColumn(verbose_name="Status", accessor="status", tones=STATUS_TONES)
    rows_read = NumberColumn(verbose_name="Rows")
    rows_created = NumberColumn(verbose_name="New")
    rows_updated = NumberColumn(verbose_name="Changed")
    rows_unchanged = NumberColumn(verbose_name="Unchanged")
    rows_rejected = NumberColumn(verbose_name="Set aside")
    user = django_tables2.Column("By", order_by=("user__first_name", "user__last_name", "user__username"))
    channel = django_tables2.Column("Came by")
    created_at = InstantColumn(verbose_name="Received")

    class Meta:
        model = ImportRun
        attrs = {"class": "table wh-table"}
        fields = (
            "filename",
            "source",
            "status",
            "rows_read",
            "rows_created",
            "rows_updated",
            "rows_unchanged",
            "rows_rejected",
            "user",
            "channel",
            "created_at",
        )
        order_by = "-created_at"

    def render_filename(self, value: str, record: ImportRun) -> str:
        """The file, linked to its run."""
        note = "check only" if record.dry_run else ""
        return format_html(
            '<a href="{}">{}</a><small>#{} {}</small>', record.get_absolute_url(), value, record.pk, note
        )

    def value_filename(self, value: str) -> str:
        """The name alone."""
        return value

    def render_source(self, value: str) -> str:
        """The source in words."""
        return selectors.source_title(value)


class ImportIssueTable(Table):
    """One line per thing that was wrong."""

    caption = "What was wrong, in the order of the file"
    row_header = "message"
    target = "#issues"
    secondary = ("code",)
    empty_title = "No issue matches"
    empty_hint = "Remove a filter to see the others."

    line = NumberColumn(verbose_name="Line")
    message = django_tables2.Column("What is wrong", orderable=False)
    column = django_tables2.Column("Column")
    value = django_tables2.Column("Value in the file", orderable=False)
    severity = BadgeColumn(verbose_name="Severity", accessor="severity", tones=SEVERITY_TONES)
    code = django_tables2.Column("Problem")

    class Meta:
        model = ImportIssue
        attrs = {"class": "table wh-table"}
        fields = ("line", "message", "column", "value", "severity", "code")

    def render_message(self, value: str, record: ImportIssue) -> str:
        """What is wrong, and below it what to do."""
        return format_html("{}<small>{}</small>", value, record.hint) if record.hint else value

    def value_message(self, value: str, record: Any) -> str:
        """Both in one cell."""
        return f"{value} {record.hint}".strip()
