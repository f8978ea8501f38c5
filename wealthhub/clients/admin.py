"""Clients in the administration: looking and rare repair. Personal data is masked here too."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from wealthhub.clients import merging, pii
from wealthhub.clients.models import (
    Advisor,
    AdvisorAssignment,
    Client,
    ClientIdentifier,
    ClientMerge,
    Consent,
    Household,
    Note,
)
from wealthhub.errors import DomainError


class VisibleAdmin(admin.ModelAdmin):
    """Shows what the signed-in person may see, whatever the model."""

    list_per_page = 50
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """The visible rows."""
        rows = super().get_queryset(request)
        return rows.visible_to(request.user)  # type: ignore[attr-defined]


class LookOnlyAdmin(VisibleAdmin):
    """Rows that are written elsewhere."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Never."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Never."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Never."""
        return False


class ImportedAdmin(VisibleAdmin):
    """Rows that files may write: read-only once a file has made or changed them."""

    imported_fields: tuple[str, ...] = ()

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """The firm never moves; what a file wrote is the file's to change."""
        fixed = tuple(super().get_readonly_fields(request, obj))
        if obj is None:
            return fixed
        imported = self.imported_fields if obj.changed_run_id else ()
        return (*fixed, "firm", *imported, "runs")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Rows of a file go by undoing its import."""
        return False

    @admin.display(description="Imports")
    def runs(self, row: Any) -> str:
        """Links to the run that made the row and the one that last changed it."""
        if row.changed_run_id is None:
            return "Made by hand"
        href = reverse("admin:imports_importrun_change", args=[row.changed_run_id])
        return format_html('Last changed by <a href="{}">import {}</a>', href, row.changed_run_id)


class IdentifierInline(admin.TabularInline):
    """What other systems call the client."""

    model = ClientIdentifier
    fields = readonly_fields = ("source", "external_id")
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Identifiers come with files."""
        return False


class AssignmentInline(admin.TabularInline):
    """Who served the client when."""

    model = AdvisorAssignment
    fields = readonly_fields = ("advisor", "since", "until", "origin", "by", "reason")
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Reassigning is done in the list of clients."""
        return False


@admin.register(Client)
class ClientAdmin(ImportedAdmin):
    """Clients, found by name or by an exact identifier, PAN, phone or e-mail."""

    list_display = (
        "__str__",
        "firm",
        "advisor",
        "relationship",
        "masked_pan",
        "masked_phone",
        "is_active",
        "merged_into",
    )
    list_filter = ("firm", "relationship", "is_active", ("merged_into", admin.EmptyFieldListFilter))
    list_select_related = ("firm", "advisor", "merged_into")
    search_fields = ("name",)
    search_help_text = "Name, identifier, or an exact PAN, phone or e-mail"
    date_hierarchy = "created_at"
    fields = (
        "firm",
        "name",
        "relationship",
        "advisor",
        "household",
        "masked_pan",
        "masked_phone",
        "masked_email",
        "birth_year",
        "is_active",
        "merged_into",
        "created_at",
        "runs",
    )
    readonly_fields = (
        "advisor",
        "merged_into",
        "created_at",
        "masked_pan",
        "masked_phone",
        "masked_email",
        "birth_year",
        "runs",
    )
    imported_fields = ("name",)
    autocomplete_fields = ("household",)
    inlines = (IdentifierInline, AssignmentInline)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """A client is added on the site, where personal data is checked and encrypted."""
        return False

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet, search_term: str
    ) -> tuple[QuerySet, bool]:
        """As the site's own search."""
        return (queryset.matching(search_term) if search_term.strip() else queryset), False

    @admin.display(description="PAN")
    def masked_pan(self, client: Client) -> str | None:
        """``XXXXXX234F``."""
        return pii.masked("pan", client.pan)

    @admin.display(description="Phone")
    def masked_phone(self, client: Client) -> str | None:
        """``+91 XXXXXX3210``."""
        return pii.masked("phone", client.phone)

    @admin.display(description="E-mail")
    def masked_email(self, client: Client) -> str | None:
        """``r***@d***.in``."""
        return pii.masked("email", client.email)

    @admin.display(description="Year of birth")
    def birth_year(self, client: Client) -> str | None:
        """The year alone."""
        return pii.masked("birth_date", client.birth_date)


@admin.register(Advisor)
class AdvisorAdmin(ImportedAdmin):
    """Advisors: linking one to an account, or placing one in a team, is done here."""

    list_display = ("__str__", "firm", "agent_id", "agent_external_id", "user", "manager")
    list_filter = ("firm", ("user", admin.EmptyFieldListFilter))
    list_select_related = ("firm", "user", "manager")
    search_fields = ("name", "agent_id", "agent_external_id", "member_id")
    fields = ("firm", "name", "agent_id", "agent_external_id", "member_id", "user", "manager", "runs")
    readonly_fields = ("runs",)
    imported_fields = ("agent_id", "agent_external_id", "member_id")
    raw_id_fields = ("user", "manager")


@admin.register(ClientIdentifier)
class ClientIdentifierAdmin(LookOnlyAdmin):
    """Identifiers."""

    list_display = ("source", "external_id", "client", "firm")
    list_filter = ("source", "firm")
    list_select_related = ("client", "firm")
    search_fields = ("external_id",)


@admin.register(AdvisorAssignment)
class AdvisorAssignmentAdmin(LookOnlyAdmin):
    """Who served whom when."""

    list_display = ("client", "advisor", "since", "until", "origin", "by", "reason")
    list_filter = ("origin", "firm", ("until", admin.EmptyFieldListFilter))
    list_select_related = ("client", "advisor", "by")
    search_fields = ("client__name", "advisor__name")
    date_hierarchy = "since"


@admin.register(Household)
class HouseholdAdmin(VisibleAdmin):
    """Households: their names; members are chosen on the site."""

    list_display = ("name", "firm", "created_at")
    list_filter = ("firm",)
    list_select_related = ("firm",)
    search_fields = ("name",)
    readonly_fields = ("firm", "created_at")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """A household is made on the site, with its members."""
        return False


@admin.register(Note)
class NoteAdmin(LookOnlyAdmin):
    """Notes."""

    list_display = ("client", "kind", "author", "created_at", "is_pinned")
    list_filter = ("kind", "firm")
    list_select_related = ("client", "author")
    search_fields = ("client__name",)
    date_hierarchy = "created_at"


@admin.register(Consent)
class ConsentAdmin(LookOnlyAdmin):
    """Consents."""

    list_display = ("client", "purpose", "notice_version", "channel", "given_at", "withdrawn_at")
    list_filter = ("channel", "firm", ("withdrawn_at", admin.EmptyFieldListFilter))
    list_select_related = ("client",)
    search_fields = ("client__name", "purpose")
    date_hierarchy = "given_at"


@admin.register(ClientMerge)
class ClientMergeAdmin(LookOnlyAdmin):
    """Merges, and undoing them."""

    list_display = ("kept", "merged", "by", "at", "undone_at", "undone_by")
    list_filter = ("firm", ("undone_at", admin.EmptyFieldListFilter))
    list_select_related = ("kept", "merged", "by", "undone_by")
    search_fields = ("kept__name", "merged__name")
    date_hierarchy = "at"
    actions = ("undo",)

    @admin.action(description="Undo the chosen merges", permissions=["view"])
    def undo(self, request: HttpRequest, merges: QuerySet[ClientMerge]) -> None:
        """One at a time, the latest first; each refusal is said."""
        user: Any = request.user
        for merge in merges.order_by("-at"):
            try:
                merging.undo_merge(merge=merge, user=user, request=request)
            except DomainError as refusal:
                messages.error(request, f"{merge}: {refusal.message}")
            else:
                messages.success(request, f"{merge.merged} stands alone again.")
