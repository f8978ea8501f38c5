"""The lists of clients, households and merges."""

from __future__ import annotations

from typing import Any

import django_tables2 as tables
from django.urls import reverse
from django.utils.html import format_html, format_html_join

from wealthhub.clients import pii
from wealthhub.clients.models import Client, ClientMerge, Household
from wealthhub.tables import BadgeColumn, DayColumn, InstantColumn, NumberColumn, Table


class MaskedColumn(tables.Column):
    """Personal data under its mask, on the page and in every export."""

    def __init__(self, kind: str, **kwargs: Any) -> None:
        attrs = {"td": {"class": "text-nowrap"}}
        super().__init__(orderable=False, verbose_name=pii.KINDS[kind].label, attrs=attrs, **kwargs)
        self.kind = kind

    def render(self, value: str) -> str:
        """As masked."""
        return pii.KINDS[self.kind].mask(value)

    def value(self, value: str) -> str:
        """As masked: a file is no way round the mask."""
        return self.render(value)


class ClientTable(Table):
    """Clients, each a link to their page. ``chosen`` shows the boxes of a bulk action."""

    caption = "Clients"
    row_header = "name"
    target = "#results"
    secondary = ("external_ids", "household", "created_at", "relationship")
    empty_title = "No client matches"

    chosen = tables.Column(
        accessor="pk", verbose_name="Choose", orderable=False, exclude_from_export=True, empty_values=()
    )
    name = tables.Column(empty_values=())
    external_ids = tables.Column(verbose_name="Identifiers", orderable=False)
    advisor = tables.Column(order_by=("advisor__name", "pk"))
    household = tables.Column(order_by=("household__name", "pk"))
    relationship = tables.Column()
    pan = MaskedColumn("pan")
    phone = MaskedColumn("phone")
    is_active = BadgeColumn(verbose_name="Active", tones={True: "success", False: "neutral"})
    created_at = DayColumn(verbose_name="Since", attrs={"td": {"class": "text-nowrap"}})

    class Meta:
        model = Client
        attrs = {"class": "table wh-table"}
        fields = (
            "chosen",
            "name",
            "external_ids",
            "advisor",
            "household",
            "relationship",
            "pan",
            "phone",
            "is_active",
            "created_at",
        )

    def __init__(
        self, *args: Any, advisor_word: str = "Advisor", may_choose: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.columns["advisor"].column.verbose_name = advisor_word
        if not may_choose:
            self.columns.hide("chosen")

    def render_chosen(self, record: Client) -> str:
        """A box that belongs to the form around the table."""
        return format_html(
            '<input class="form-check-input" type="checkbox" name="clients" value="{}" form="reassign-form" '
            'aria-label="Choose {}">',
            record.pk,
            record,
        )

    def render_name(self, record: Client) -> str:
        """A link to the client's page."""
        return format_html('<a href="{}">{}</a>', record.get_absolute_url(), record)

    def value_name(self, record: Client) -> str:
        """The name alone."""
        return str(record)

    def render_external_ids(self, value: list[str]) -> str:
        """All of them, in order."""
        return ", ".join(value)

    def render_household(self, value: Household) -> str:
        """A link to the household."""
        return format_html('<a href="{}">{}</a>', reverse("clients:household", args=[value.pk]), value)

    def value_household(self, value: Household) -> str:
        """Its name."""
        return str(value)

    def render_is_active(self, value: bool, record: Client) -> str:
        """In words."""
        tone = "success" if record.is_active else "neutral"
        return format_html(
            '<span class="tag tag-{}">{}</span>', tone, "Active" if record.is_active else "Inactive"
        )

    def value_is_active(self, record: Client) -> bool:
        """True or False."""
        return record.is_active


class HouseholdTable(Table):
    """Households and how many of their members the reader sees."""

    caption = "Households"
    target = "#results"
    empty_title = "No household yet"
    empty_hint = "A household brings together the clients of one family."

    name = tables.Column()
    member_count = NumberColumn(verbose_name="Members")
    created_at = DayColumn(verbose_name="Since")

    class Meta:
        model = Household
        attrs = {"class": "table wh-table"}
        fields = ("name", "member_count", "created_at")

    def render_name(self, record: Household) -> str:
        """A link to the household."""
        return format_html('<a href="{}">{}</a>', reverse("clients:household", args=[record.pk]), record.name)

    def value_name(self, record: Household) -> str:
        """The name alone."""
        return record.name


class MergeTable(Table):
    """Merges, the newest first."""

    caption = "Merges"
    target = "#results"
    row_header = "kept"
    secondary = ("reason", "moved")
    empty_title = "No clients were merged"
    empty_hint = "Merging is for two records of one person."

    kept = tables.Column(order_by=("kept__name", "pk"))
    merged = tables.Column(orderable=False)
    moved = tables.Column(verbose_name="Moved", orderable=False)
    reason = tables.Column(orderable=False)
    by = tables.Column(orderable=False)
    at = InstantColumn(verbose_name="When")
    undone_at = tables.Column(verbose_name="Undo", empty_values=(), orderable=False)

    class Meta:
        model = ClientMerge
        attrs = {"class": "table wh-table"}
        fields = ("kept", "merged", "moved", "reason", "by", "at", "undone_at")

    def render_kept(self, value: Client) -> str:
        """A link to the client that was kept."""
        return format_html('<a href="{}">{}</a>', value.get_absolute_url(), value)

    def value_kept(self, value: Client) -> str:
        """The name alone."""
        return str(value)

    def render_moved(self, value: dict[str, list[int]]) -> str:
        """How many rows of each table."""
        return format_html_join(
            ", ", "{} {}", sorted((len(ids), _words(label)) for label, ids in value.items())
        )

    def render_undone_at(self, record: ClientMerge) -> str:
        """A link to the question, or when it was undone."""
        if record.undone_at:
            from wealthhub.dates import format_instant

            return f"Undone {format_instant(record.undone_at)}"
        href = reverse("clients:undo_merge", args=[record.pk])
        return format_html(
            '<a href="{}">Undo<span class="visually-hidden"> the merge of {}</span></a>', href, record.kept
        )

    def value_undone_at(self, record: ClientMerge) -> Any:
        """When it was undone, if it was."""
        return record.undone_at


def _words(label: str) -> str:
    from django.apps import apps

    try:
        return str(apps.get_model(label)._meta.verbose_name_plural)
    except LookupError:  # an app that is no longer installed
        return label
