"""Import runs to look at, and the two repairs that services offer: try again, take back."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from wealthhub.errors import DomainError
from wealthhub.imports import services
from wealthhub.imports.models import ImportChange, ImportIssue, ImportRun


class ReadOnlyAdmin(admin.ModelAdmin):
    """Rows that the pipeline writes and nobody edits."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Files come in by the upload page, the API and the command line."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """What a run did is a record."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A record stays; a run is taken back by its action."""
        return False


@admin.register(ImportRun)
class ImportRunAdmin(ReadOnlyAdmin):
    """Files that came in."""

    list_display = (
        "id",
        "filename",
        "firm",
        "source",
        "status",
        "dry_run",
        "rows_read",
        "rows_created",
        "rows_updated",
        "rows_rejected",
        "user",
        "created_at",
    )
    list_display_links = ("id", "filename")
    list_filter = ("status", "source", "channel", "dry_run", "on_error", "firm")
    list_select_related = ("firm", "user")
    search_fields = ("filename", "sha256", "error_message", "user__username")
    date_hierarchy = "created_at"
    ordering = ("-pk",)
    show_full_result_count = False
    list_per_page = 50
    actions = ("try_again", "take_back")
    readonly_fields = ("issue_list", "change_list")

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """The firms the administrator may see."""
        return super().get_queryset(request).visible_to(request.user)  # type: ignore[attr-defined]

    def has_repair_permission(self, request: HttpRequest) -> bool:
        """Repairs are for those who could change the run's rows."""
        user: Any = request.user
        return user.is_active and (user.is_superuser or user.role == "admin")

    @admin.display(description="Issues")
    def issue_list(self, run: ImportRun) -> str:
        """A link to the run's issues, which may be hundreds of thousands."""
        return _link("admin:imports_importissue_changelist", run, run.issues.count())

    @admin.display(description="Rows changed or made")
    def change_list(self, run: ImportRun) -> str:
        """A link to what an undo would put back."""
        return _link("admin:imports_importchange_changelist", run, run.changes.count())

    @admin.action(description="Try failed runs again", permissions=["repair"])
    def try_again(self, request: HttpRequest, runs: QuerySet) -> None:
        """Queue the failed ones among the chosen."""
        for run in runs:
            try:
                services.retry(run=run)
            except DomainError as refusal:
                messages.error(request, f"{run}: {refusal.message}")
            else:
                messages.success(request, f"{run} is queued again.")

    @admin.action(description="Take back everything the runs booked", permissions=["repair"])
    def take_back(self, request: HttpRequest, runs: QuerySet) -> None:
        """Queue them, newest first, so that a run does not stand in the way of an older chosen one."""
        user: Any = request.user
        for run in runs.order_by("-pk"):
            try:
                services.start_undo(run=run, user=user)
            except DomainError as refusal:
                messages.error(request, f"{run}: {refusal.message}")
            else:
                messages.success(request, f"{run} is being taken back.")


class RunPartAdmin(ReadOnlyAdmin):
    """Rows that belong to a run."""

    list_select_related = ("run",)
    show_full_result_count = False
    list_per_page = 100

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """The parts of the runs the administrator may see."""
        return super().get_queryset(request).visible_to(request.user)  # type: ignore[attr-defined]

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """The run's page links here by its id."""
        return lookup in {"run", "run__exact", "run__id__exact"} or super().lookup_allowed(
            lookup, value, request
        )


@admin.register(ImportIssue)
class ImportIssueAdmin(RunPartAdmin):
    """What was wrong with rows."""

    list_display = ("run", "line", "column", "value", "code", "severity", "message", "hint")
    list_display_links = ("line",)
    list_filter = ("severity", "code")
    search_fields = ("=code", "=column", "message")


@admin.register(ImportChange)
class ImportChangeAdmin(RunPartAdmin):
    """Rows as they were before a run changed them."""

    list_display = ("run", "table", "row_id", "was_made_by_run")
    list_display_links = ("row_id",)
    list_filter = ("table",)
    search_fields = ("=row_id",)
    exclude = ("before",)  # may hold personal data of clients; the undo reads it, people need not

    @admin.display(boolean=True, description="Made by the run")
    def was_made_by_run(self, change: ImportChange) -> bool:
        """True where there was no row before."""
        return change.before is None


def _link(url_name: str, run: ImportRun, count: int) -> str:
    return format_html('<a href="{}?run__id__exact={}">{}</a>', reverse(url_name), run.pk, count)
