"""One row per file that came in, and all that was said about it."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from wealthhub.imports.choices import Channel, OnError, Phase, RunStatus, Severity
from wealthhub.imports.querysets import ImportRunQuerySet, RunPartQuerySet
from wealthhub.models import OwnedModel


class ImportRun(OwnedModel):
    """One file taken in for one source.

    The counts are of data rows: read = created + updated + unchanged + duplicate + rejected once it has succeeded.
    A dry run counts what would have happened and books nothing. ``file`` is the
    kept original (card numbers blotted out).
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    source = models.CharField(max_length=60)
    channel = models.CharField(max_length=10, choices=Channel, default=Channel.PAGE)
    filename = models.CharField(max_length=255)
    file = models.FileField(upload_to="imports/%Y/%m", max_length=300, blank=True)
    size = models.BigIntegerField(default=0, help_text="Bytes.")
    sha256 = models.CharField(max_length=64, blank=True)
    on_error = models.CharField(max_length=12, choices=OnError, default=OnError.QUARANTINE)
    dry_run = models.BooleanField(default=False)
    same_as = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="An earlier run of the same file.",
    )

    status = models.CharField(max_length=10, choices=RunStatus, default=RunStatus.QUEUED)
    phase = models.CharField(max_length=12, choices=Phase, default=Phase.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    bytes_done = models.BigIntegerField(default=0)
    rows_read = models.BigIntegerField(default=0)
    rows_created = models.BigIntegerField(default=0)
    rows_updated = models.BigIntegerField(default=0)
    rows_unchanged = models.BigIntegerField(default=0)
    rows_duplicate = models.BigIntegerField(default=0)
    rows_rejected = models.BigIntegerField(default=0)
    warnings = models.BigIntegerField(default=0)
    error_code = models.CharField(max_length=60, blank=True)
    error_message = models.TextField(blank=True)
    summary = models.JSONField(
        default=dict,
        blank=True,
        help_text="What else the run made: clients, advisors, history rows; phase times.",
    )

    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    objects = ImportRunQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["firm", "-id"], name="imports_run_firm"),
            models.Index(fields=["firm", "source", "sha256"], name="imports_run_same_file"),
            models.Index(
                fields=["status"],
                name="imports_run_open",
                condition=Q(status__in=["queued", "running", "undoing"]),
            ),
        ]
        constraints = [
            models.CheckConstraint(
                name="imports_run_balances",
                condition=~Q(status="succeeded")
                | Q(
                    rows_read=F("rows_created")
                    + F("rows_updated")
                    + F("rows_unchanged")
                    + F("rows_duplicate")
                    + F("rows_rejected")
                ),
            )
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.source}: {self.filename}"

    def get_absolute_url(self) -> str:
        """The run's page."""
        return reverse("imports:run", args=[self.pk])

    @property
    def is_over(self) -> bool:
        """Nothing more will happen by itself."""
        return self.status in {RunStatus.SUCCEEDED, RunStatus.FAILED, RunStatus.UNDONE}


class ImportIssue(models.Model):
    """One thing wrong with one row. ``line`` is the line of the file (a workbook's or JSON array's row number)."""

    run = models.ForeignKey(ImportRun, on_delete=models.CASCADE, related_name="issues")
    line = models.BigIntegerField(null=True)
    column = models.CharField(max_length=100, blank=True)
    value = models.CharField(
        max_length=200, blank=True, help_text="As it stood in the file, shortened; personal data masked."
    )
    code = models.CharField(max_length=60)
    severity = models.CharField(max_length=10, choices=Severity, default=Severity.ERROR)
    message = models.CharField(max_length=300)
    hint = models.CharField(max_length=300, blank=True)

    objects = RunPartQuerySet.as_manager()

    class Meta:
        ordering = ["line", "pk"]
        indexes = [
            models.Index(fields=["run", "line"], name="imports_issue_line"),
            models.Index(fields=["run", "code"], name="imports_issue_code"),
        ]

    def __str__(self) -> str:
        return f"line {self.line}, {self.column}: {self.message}"


class ImportChange(models.Model):
    """A row as it was before a run changed it: what an undo puts back. ``before`` None: the run made the row."""

    run = models.ForeignKey(ImportRun, on_delete=models.CASCADE, related_name="changes")
    table = models.CharField(max_length=63)
    row_id = models.BigIntegerField()
    before = models.JSONField(null=True)

    objects = RunPartQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        indexes = [models.Index(fields=["run", "table"], name="imports_change_run")]

    def __str__(self) -> str:
        return f"{self.table} {self.row_id}"
