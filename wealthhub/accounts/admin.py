"""Looking at firms, accounts, keys and the audit trail, and rare repair.

The admin is for the platform's superusers. Staff of a firm, where somebody is made staff, see their own firm only and
cannot give themselves more.
"""

from __future__ import annotations

from typing import Any

from allauth.account.decorators import secure_admin_login
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.http import HttpRequest

from wealthhub.accounts import services
from wealthhub.accounts.models import ApiKey, AuditEvent, Firm, User
from wealthhub.errors import DomainError

admin.site.login = secure_admin_login(admin.site.login)  # through allauth: its locks and second factor
admin.site.unregister(Group)  # roles are ours


class _ReadOnly:
    """Nothing is added, changed or deleted here."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """No."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """No."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """No."""
        return False


class _Visible:
    """Lists start from what the person may see."""

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """The visible rows."""
        rows = super().get_queryset(request)  # type: ignore[misc]
        return rows if request.user.is_superuser else rows.visible_to(request.user)


@admin.register(Firm)
class FirmAdmin(_Visible, admin.ModelAdmin):
    """Firms; new ones with ``manage.py add_firm``, which makes their administrator too."""

    list_display = ["name", "slug", "kind", "is_active", "accepts_registration", "created_at"]
    list_filter = ["kind", "is_active", "accepts_registration"]
    search_fields = ["name", "slug"]
    readonly_fields = ["created_at"]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A firm is closed by ``is_active``, never deleted."""
        return False


@admin.register(User)
class UserAdmin(_Visible, DjangoUserAdmin):
    """Accounts."""

    list_display = ["username", "email", "firm", "role", "manager", "is_active", "is_staff", "last_login"]
    list_filter = ["role", "is_active", "is_staff", "is_superuser", "firm"]
    list_select_related = ["firm", "manager"]
    search_fields = ["username", "first_name", "last_name", "email"]
    autocomplete_fields = ["firm", "manager"]
    raw_id_fields = ["client"]
    filter_horizontal = ["user_permissions"]
    actions = ["end_all_sessions"]
    fieldsets = [
        (None, {"fields": ["username", "password"]}),
        ("Person", {"fields": ["first_name", "last_name", "email", "theme"]}),
        ("Place", {"fields": ["firm", "role", "manager", "client"]}),
        ("Access", {"fields": ["is_active", "is_staff", "is_superuser", "user_permissions"]}),
        ("Dates", {"fields": ["last_login", "date_joined"]}),
    ]
    add_fieldsets = [
        (None, {"fields": ["username", "email", "usable_password", "password1", "password2"]}),
        ("Place", {"fields": ["firm", "role", "manager"]}),
    ]

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> list[str]:
        """Dates always; what gives rights, for all but superusers."""
        fields = ["last_login", "date_joined"]
        if not request.user.is_superuser:
            fields += ["firm", "role", "manager", "client", "is_staff", "is_superuser", "user_permissions"]
        return fields

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Nobody but a superuser changes a superuser."""
        allowed = super().has_change_permission(request, obj)
        return allowed and (request.user.is_superuser or obj is None or not obj.is_superuser)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """An account is closed by ``is_active``; what it did stays answered for."""
        return False

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """Written down like every change of an account."""
        super().save_model(request, obj, form, change)
        services.record(
            user=request.user,
            action="user.changed_in_admin" if change else "user.created",
            obj=obj,
            request=request,
            fields=sorted(set(form.changed_data) - {"password1", "password2"}),
        )

    @admin.action(description="Sign out everywhere")
    def end_all_sessions(self, request: HttpRequest, rows: QuerySet[User]) -> None:
        """End the sessions of the chosen accounts."""
        ended = 0
        for user in rows:
            ended += services.end_sessions(user=user)
            services.record(user=request.user, action="sessions.ended", obj=user, request=request)
        messages.success(request, f"{ended} session{'' if ended == 1 else 's'} ended.")


@admin.register(ApiKey)
class ApiKeyAdmin(_ReadOnly, admin.ModelAdmin):
    """Keys without their secrets; they can be revoked."""

    list_display = [
        "name",
        "user",
        "prefix",
        "scopes",
        "created_at",
        "expires_at",
        "last_used_at",
        "revoked_at",
    ]
    list_filter = ["revoked_at", "created_at"]
    list_select_related = ["user"]
    search_fields = ["name", "prefix", "user__username"]
    exclude = ["secret_hash"]
    date_hierarchy = "created_at"
    actions = ["revoke"]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """Keys of the accounts one sees."""
        rows = super().get_queryset(request)
        if request.user.is_superuser:
            return rows
        return rows.filter(user__in=User.objects.visible_to(request.user))

    @admin.action(description="Revoke")
    def revoke(self, request: HttpRequest, rows: QuerySet[ApiKey]) -> None:
        """End the chosen keys."""
        if not request.user.is_superuser:
            raise DomainError(
                "Keys are revoked by their owner or the platform.", code="forbidden", status=403
            )
        for key in rows:
            services.revoke_api_key(key=key, user=request.user)
        messages.success(request, "The chosen keys are revoked.")


@admin.register(AuditEvent)
class AuditEventAdmin(_ReadOnly, _Visible, admin.ModelAdmin):
    """The audit trail; the database refuses changes as well."""

    list_display = ["at", "firm", "user", "action", "object_type", "object_id", "address", "reason"]
    list_filter = ["action", "firm"]
    list_select_related = ["firm", "user"]
    search_fields = ["user__username", "object_id", "request_id"]
    date_hierarchy = "at"
