"""The app in the admin: imported and scanned rows to look at, settings to change, actions that call services."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from opportunities import detectors, services
from opportunities.choices import WorkStatus
from opportunities.models import (
    DetectorSettings,
    Opportunity,
    OpportunityNote,
    ScanRun,
    ScanShard,
    Sip,
    SipAmountChange,
    TrailRate,
)
from wealthhub.errors import DomainError


class VisibleAdmin(admin.ModelAdmin):
    """Rows of the firms the administrator may see, without a count over the whole table."""

    show_full_result_count = False
    list_per_page = 50

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """The visible rows."""
        return super().get_queryset(request).visible_to(request.user)  # type: ignore[attr-defined]


class ReadOnlyAdmin(VisibleAdmin):
    """Rows that imports and scans write and nobody edits."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """They come by import or scan."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """The source is mended and imported again."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """An import is undone as a whole."""
        return False


class AmountChangeInline(admin.TabularInline):
    """How the instalment changed."""

    model = SipAmountChange
    extra = 0
    can_delete = False
    fields = readonly_fields = ("seen_on", "old_amount", "new_amount", "run")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Seen by imports only."""
        return False


@admin.register(Sip)
class SipAdmin(ReadOnlyAdmin):
    """The SIP book."""

    list_display = (
        "sip_meta_id",
        "firm",
        "client",
        "status",
        "is_active",
        "monthly_amount",
        "latest_success_on",
        "deleted",
    )
    list_filter = ("firm", "status", "is_active", "deleted")
    list_select_related = ("firm", "client")
    search_fields = ("=sip_meta_id", "client__name")
    date_hierarchy = "registered_on"
    inlines = (AmountChangeInline,)


@admin.register(SipAmountChange)
class SipAmountChangeAdmin(ReadOnlyAdmin):
    """Amount changes seen across imports."""

    list_display = ("sip", "firm", "old_amount", "new_amount", "seen_on", "run")
    list_filter = ("firm",)
    list_select_related = ("sip", "firm", "run")
    search_fields = ("=sip__sip_meta_id",)
    date_hierarchy = "seen_on"


@admin.register(Opportunity)
class OpportunityAdmin(ReadOnlyAdmin):
    """What the scans found; the actions set where the advisor stands."""

    list_display = (
        "client",
        "firm",
        "opportunity_type",
        "advisor",
        "status",
        "potential_inflow",
        "inflow_basis",
        "risk_score",
        "detected_on",
        "closed_on",
    )
    list_filter = (
        "firm",
        "opportunity_type",
        "status",
        "inflow_basis",
        ("closed_on", admin.EmptyFieldListFilter),
    )
    list_select_related = ("client", "firm", "advisor")
    search_fields = ("client__name", "=advisor__agent_id")
    date_hierarchy = "detected_on"
    actions = ("mark_contacted", "make_new")

    def has_work_permission(self, request: HttpRequest) -> bool:
        """For those who may write."""
        return bool(request.user.may_write)

    @admin.action(description="Mark as contacted", permissions=["work"])
    def mark_contacted(self, request: HttpRequest, rows: QuerySet[Opportunity]) -> None:
        """By the same service as the pages."""
        _set_status(self, request, rows, WorkStatus.CONTACTED)

    @admin.action(description="Make new again", permissions=["work"])
    def make_new(self, request: HttpRequest, rows: QuerySet[Opportunity]) -> None:
        """By the same service as the pages."""
        _set_status(self, request, rows, WorkStatus.NEW)


def _set_status(
    page: admin.ModelAdmin, request: HttpRequest, rows: QuerySet[Opportunity], status: WorkStatus
) -> None:
    done = 0
    for opportunity in rows:
        try:
            services.set_status(opportunity=opportunity, user=request.user, status=status)
            done += 1
        except DomainError as refusal:
            page.message_user(request, f"{opportunity}: {refusal.message}", messages.ERROR)
    page.message_user(request, f"{done} set to {status.label.lower()}.", messages.SUCCESS)


@admin.register(OpportunityNote)
class OpportunityNoteAdmin(ReadOnlyAdmin):
    """Notes: never edited."""

    list_display = ("opportunity", "firm", "author", "text", "created_at")
    list_filter = ("firm",)
    list_select_related = ("opportunity", "firm", "author")
    search_fields = ("text", "author__username")
    date_hierarchy = "created_at"


class DetectorSettingsForm(forms.ModelForm):
    """Refuses what the detector would refuse."""

    class Meta:
        model = DetectorSettings
        fields = ("firm", "opportunity_type", "is_on", "parameters")

    def clean(self) -> dict[str, Any]:
        """Raises: ValidationError: a parameter is unknown, no number or out of range."""
        cleaned = super().clean() or self.cleaned_data
        detector = detectors.REGISTRY.get(cleaned.get("opportunity_type"))
        if detector:
            try:
                detector.clean(cleaned.get("parameters") or {})
            except DomainError as refusal:
                raise forms.ValidationError({"parameters": refusal.message}) from refusal
        return cleaned


@admin.register(DetectorSettings)
class DetectorSettingsAdmin(VisibleAdmin):
    """A firm's parameters; saved by the service, which checks them."""

    form = DetectorSettingsForm

    list_display = ("firm", "opportunity_type", "is_on", "parameters")
    list_filter = ("firm", "opportunity_type", "is_on")
    list_select_related = ("firm",)

    def save_model(self, request: HttpRequest, obj: DetectorSettings, form: Any, change: bool) -> None:
        """By the same service as the page."""
        held = services.save_settings(
            firm=obj.firm, opportunity_type=obj.opportunity_type, parameters=obj.parameters, is_on=obj.is_on
        )
        obj.pk = held.pk


@admin.register(TrailRate)
class TrailRateAdmin(VisibleAdmin):
    """Rate cards."""

    list_display = ("firm", "effective_from", "annual_rate")
    list_filter = ("firm",)
    list_select_related = ("firm",)
    date_hierarchy = "effective_from"


class ScanShardInline(admin.TabularInline):
    """The parts of a scan."""

    model = ScanShard
    extra = 0
    can_delete = False
    fields = readonly_fields = (
        "first_client",
        "last_client",
        "status",
        "claimed_at",
        "finished_at",
        "counts",
    )

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Cut by the scan."""
        return False


@admin.register(ScanRun)
class ScanRunAdmin(ReadOnlyAdmin):
    """Scans; the action scans the same book again as of today."""

    list_display = (
        "id",
        "firm",
        "as_of",
        "status",
        "found",
        "opened",
        "reopened",
        "closed",
        "user",
        "finished_at",
    )
    list_filter = ("firm", "status")
    list_select_related = ("firm", "user")
    search_fields = ("firm__name", "error_message")
    date_hierarchy = "created_at"
    inlines = (ScanShardInline,)
    actions = ("scan_again",)

    def has_work_permission(self, request: HttpRequest) -> bool:
        """For those who may start a scan."""
        return bool(request.user.is_superuser or request.user.role in {"admin", "manager"})

    @admin.action(description="Scan the same firms' books again, as of today", permissions=["work"])
    def scan_again(self, request: HttpRequest, rows: QuerySet[ScanRun]) -> None:
        """One scan a firm."""
        firms = {scan.firm_id: scan.firm for scan in rows.select_related("firm")}
        for firm in firms.values():
            services.start_scan(firm=firm, user=request.user)
        self.message_user(request, f"{len(firms)} scan(s) started.", messages.SUCCESS)
