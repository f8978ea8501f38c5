"""The lists of the accounts room."""

from __future__ import annotations

import json

import django_tables2
from django.urls import reverse
from django.utils.html import format_html

from wealthhub.accounts.models import AuditEvent, User
from wealthhub.tables import BadgeColumn, InstantColumn, Table


class TeamTable(Table):
    """One line per account."""

    caption = "People with a sign-in"
    target = "#results"
    secondary = ("email", "manager", "last_login")
    empty_title = "Nobody matches"

    username = django_tables2.Column("Name", order_by=("first_name", "last_name", "username"))
    role = BadgeColumn(verbose_name="Role", tones={"admin": "info"})
    email = django_tables2.Column("E-mail")
    manager = django_tables2.Column("Reports to", order_by=("manager__first_name", "manager__username"))
    is_active = BadgeColumn(verbose_name="Account", tones={True: "success", False: "warning"})
    last_login = InstantColumn(verbose_name="Last sign-in")

    class Meta:
        model = User
        attrs = {"class": "table wh-table"}
        fields = ("username", "role", "email", "manager", "is_active", "last_login")
        order_by = "username"

    def render_username(self, record: User) -> str:
        """The person, linked to their account."""
        return format_html(
            '<a href="{}">{}</a><small>{}</small>',
            reverse("team_member", args=[record.pk]),
            record,
            record.username,
        )

    def value_username(self, record: User) -> str:
        """The user name alone."""
        return record.username

    def render_is_active(self, record: User) -> str:
        """Open or closed, in words and colour."""
        tone, word = ("success", "Open") if record.is_active else ("warning", "Closed")
        return format_html('<span class="tag tag-{}">{}</span>', tone, word)

    def value_is_active(self, record: User) -> str:
        """The word alone."""
        return "Open" if record.is_active else "Closed"


class AuditTable(Table):
    """One line per thing somebody did."""

    caption = "The audit trail, newest first"
    target = "#results"
    secondary = ("address", "details")
    empty_title = "Nothing matches"

    at = InstantColumn(verbose_name="When")
    user = django_tables2.Column("Who", order_by=("user__username",))
    action = django_tables2.Column("Action")
    object_type = django_tables2.Column("Object", orderable=False)
    reason = django_tables2.Column("Reason", orderable=False)
    address = django_tables2.Column("From", orderable=False)
    details = django_tables2.Column("Details", orderable=False)

    class Meta:
        model = AuditEvent
        attrs = {"class": "table wh-table"}
        fields = ("at", "user", "action", "object_type", "reason", "address", "details")
        order_by = "-at"

    def render_object_type(self, record: AuditEvent) -> str:
        """``client 12``."""
        return f"{record.object_type} {record.object_id}".strip()

    def value_object_type(self, record: AuditEvent) -> str:
        """The same."""
        return f"{record.object_type} {record.object_id}".strip()

    def render_details(self, value: dict) -> str:
        """Names and values in one line; cut on the page, whole in the export."""
        text = ", ".join(f"{name}: {_short(part)}" for name, part in value.items())
        return text if len(text) <= 160 else f"{text[:159]}…"

    def value_details(self, value: dict) -> str:
        """As JSON."""
        return json.dumps(value, ensure_ascii=False)


def _short(value: object) -> str:
    return ", ".join(str(part) for part in value) if isinstance(value, list) else str(value)
