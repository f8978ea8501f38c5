"""JSON shapes of the imports API."""

from __future__ import annotations

from decimal import Decimal

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.urls import reverse
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from wealthhub.imports import selectors, sources
from wealthhub.imports.choices import OnError
from wealthhub.imports.columns import Column
from wealthhub.imports.models import ImportIssue, ImportRun


class ImportRunSerializer(serializers.ModelSerializer):
    """One run. Once it has succeeded, ``rows_read`` is the sum of the five other row counts."""

    url = serializers.SerializerMethodField(help_text="Where to ask how the run is.")
    page = serializers.CharField(source="get_absolute_url", read_only=True, help_text="The same for people.")
    same_as = serializers.IntegerField(
        source="same_as_id", read_only=True, allow_null=True, help_text="An earlier run of the same file."
    )
    user = serializers.CharField(source="user.username", read_only=True, allow_null=True, default=None)

    class Meta:
        model = ImportRun
        fields = (
            "id",
            "url",
            "page",
            "source",
            "status",
            "phase",
            "filename",
            "size",
            "bytes_done",
            "sha256",
            "same_as",
            "channel",
            "user",
            "on_error",
            "dry_run",
            "rows_read",
            "rows_created",
            "rows_updated",
            "rows_unchanged",
            "rows_duplicate",
            "rows_rejected",
            "warnings",
            "error_code",
            "error_message",
            "created_at",
            "started_at",
            "finished_at",
            "undone_at",
        )
        read_only_fields = fields

    def get_url(self, run: ImportRun) -> str:
        """The run in the API."""
        return reverse("api-import", args=[run.pk])


class ProgressSerializer(serializers.Serializer):
    """How far a run is. ``fraction`` and ``seconds_left`` are null while nobody can say."""

    phase = serializers.CharField()
    rows = serializers.IntegerField()
    fraction = serializers.DecimalField(max_digits=5, decimal_places=4, allow_null=True)
    seconds_elapsed = serializers.IntegerField()
    seconds_left = serializers.IntegerField(allow_null=True)


class ImportRunDetailSerializer(ImportRunSerializer):
    """One run, with how far it is and what else it made."""

    progress = serializers.SerializerMethodField()
    issues_url = serializers.SerializerMethodField()
    rejected_url = serializers.SerializerMethodField(
        help_text="The rows set aside, as CSV; null where there are none."
    )

    class Meta(ImportRunSerializer.Meta):
        fields = (*ImportRunSerializer.Meta.fields, "progress", "summary", "issues_url", "rejected_url")
        read_only_fields = fields

    @extend_schema_field(ProgressSerializer)
    def get_progress(self, run: ImportRun) -> dict[str, object]:
        """How far the run is."""
        found = selectors.progress(run)
        rounded = None if found.fraction is None else found.fraction.quantize(Decimal("0.0001"))
        return ProgressSerializer({**vars(found), "fraction": rounded}).data

    def get_issues_url(self, run: ImportRun) -> str:
        """Its issues in the API."""
        return reverse("api-import-issues", args=[run.pk])

    def get_rejected_url(self, run: ImportRun) -> str | None:
        """Its rejected rows in the API."""
        return reverse("api-import-rejected", args=[run.pk]) if run.rows_rejected and run.file else None


class ImportIssueSerializer(serializers.ModelSerializer):
    """One thing wrong with one row. ``line`` is null where it is the file as a whole."""

    class Meta:
        model = ImportIssue
        fields = ("id", "line", "column", "value", "code", "severity", "message", "hint")
        read_only_fields = fields


class UploadSerializer(serializers.Serializer):
    """A file to take in."""

    source = serializers.CharField(max_length=60, help_text="A source of `/api/imports/sources/`.")
    file = serializers.FileField(help_text="JSON, JSON lines, CSV, TSV, XLSX or XLS.")
    on_error = serializers.ChoiceField(
        OnError.choices,
        default=OnError.QUARANTINE,
        help_text="`quarantine` sets bad rows aside and books the rest; `abort` refuses the whole file.",
    )
    dry_run = serializers.BooleanField(default=False, help_text="Count what would happen and book nothing.")

    def validate_source(self, value: str) -> str:
        """The source is declared."""
        if value not in sources.registry():
            names = ", ".join(sorted(sources.registry()))
            raise serializers.ValidationError(f"No source has this name. There are: {names}.")
        return value

    def validate_file(self, value: UploadedFile) -> UploadedFile:
        """The file is within the site's limit."""
        if value.size is not None and value.size > settings.IMPORT_MAX_BYTES:
            raise serializers.ValidationError(
                f"The file has {value.size} bytes; the limit is {settings.IMPORT_MAX_BYTES}."
            )
        return value


class ColumnSerializer(serializers.Serializer):
    """One column of a source's files."""

    name = serializers.CharField()
    aliases = serializers.ListField(child=serializers.CharField(), help_text="Other headers it is known by.")
    type = serializers.SerializerMethodField(help_text="What it holds, in words.")
    required = serializers.BooleanField()
    help = serializers.CharField(allow_blank=True)
    sample = serializers.CharField(allow_blank=True)

    def get_type(self, column: Column) -> str:
        """What it holds."""
        return column.type.describe()


class SourceSerializer(serializers.Serializer):
    """A declared source: what its files hold, and template files to start from."""

    name = serializers.CharField()
    title = serializers.CharField()
    description = serializers.CharField()
    key = serializers.SerializerMethodField(help_text="Columns by which a row is known again.")
    may_upload = serializers.SerializerMethodField(help_text="Whether you may send files of it.")
    columns = ColumnSerializer(many=True)
    templates = serializers.SerializerMethodField(help_text="Address of a template file, by kind.")

    def get_key(self, source: sources.Source) -> list[str]:
        """Headers of those columns."""
        return selectors.known_by(source)

    def get_may_upload(self, source: sources.Source) -> bool:
        """Whether the asker may send files of it."""
        return selectors.may_upload(self.context["request"].user, source)

    @extend_schema_field(serializers.DictField(child=serializers.CharField()))
    def get_templates(self, source: sources.Source) -> dict[str, str]:
        """Addresses by kind."""
        return {
            kind: reverse("api-import-template", args=[source.name, kind])
            for kind in sources.TEMPLATE_FORMATS
        }
