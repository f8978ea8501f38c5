"""Shapes of the API. Money, rates and scores leave as decimal strings; a missing number is null."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from django.urls import reverse
from rest_framework import serializers

from opportunities.choices import InflowBasis, OpportunityType, ScanStatus, WorkStatus
from opportunities.models import Opportunity, OpportunityNote, ScanRun, Sip
from opportunities.selectors import potential_revenue
from wealthhub.money import quantize

_MONEY = {"max_digits": 18, "decimal_places": 2}


def text(value: Decimal | None) -> str | None:
    """Two decimals as text; None stays None."""
    return None if value is None else str(quantize(value))


# What an item is made of: a list must not fetch the evidence, nor decrypt a hundred clients' personal data.
ITEM_COLUMNS = (
    "firm_id", "client_id", "advisor_id", "opportunity_type", "as_of", "description", "current_sip_amount",
    "potential_inflow", "inflow_basis", "total_invested", "failed_amount", "last_activity_on", "days_since_activity",
    "risk_score", "detected_on", "status", "snoozed_until",
    "client__name", "advisor__agent_id", "advisor__agent_external_id",
)  # fmt: skip


class ItemSerializer(serializers.Serializer):
    """One opportunity: the first system's fields, then ours. ``potential_increase`` is client money.

    Serves stored rows and findings worked out for the request; ``id`` is null for a finding that no scan has stored.
    The context has ``user_ids`` (client id to external id), ``rate`` and, for findings, ``stored`` and ``parties``.
    """

    user_id = serializers.CharField(allow_null=True, help_text="The client's id in the SIP book.")
    agent_id = serializers.CharField(allow_null=True)
    agent_external_id = serializers.CharField(allow_null=True)
    opportunity_type = serializers.ChoiceField(choices=OpportunityType)
    opportunity_title = serializers.CharField()
    opportunity_description = serializers.CharField()
    current_sip_amount = serializers.DecimalField(**_MONEY)
    potential_increase = serializers.DecimalField(**_MONEY, allow_null=True)
    last_activity_date = serializers.DateField(allow_null=True)
    days_since_activity = serializers.IntegerField(allow_null=True)
    risk_score = serializers.DecimalField(max_digits=4, decimal_places=2, help_text="0 to 10.")
    total_invested = serializers.DecimalField(**_MONEY)
    failed_amount = serializers.DecimalField(**_MONEY)
    id = serializers.IntegerField(allow_null=True)
    client_id = serializers.IntegerField()
    client_name = serializers.CharField(allow_blank=True)
    inflow_basis = serializers.ChoiceField(choices=InflowBasis)
    potential_revenue = serializers.DecimalField(
        **_MONEY,
        allow_null=True,
        help_text="The firm's estimated first-year trail; null without a rate card or permission.",
    )
    as_of = serializers.DateField()
    status = serializers.ChoiceField(choices=WorkStatus)
    snoozed_until = serializers.DateField(allow_null=True)
    detected_on = serializers.DateField(allow_null=True)

    def to_representation(self, row: Any) -> dict[str, Any]:
        """By hand: a list of a thousand items costs a few milliseconds instead of fifty."""
        client, advisor, stored = self._parties(row)
        return {
            "user_id": self.context["user_ids"].get(row.client_id),
            "agent_id": (advisor.agent_id or None) if advisor else None,
            "agent_external_id": (advisor.agent_external_id or None) if advisor else None,
            "opportunity_type": str(row.opportunity_type),
            "opportunity_title": OpportunityType(row.opportunity_type).label,
            "opportunity_description": row.description,
            "current_sip_amount": text(row.current_sip_amount),
            "potential_increase": text(row.potential_inflow),
            "last_activity_date": _day(row.last_activity_on),
            "days_since_activity": row.days_since_activity,
            "risk_score": text(row.risk_score),
            "total_invested": text(row.total_invested),
            "failed_amount": text(row.failed_amount),
            "id": stored.pk if stored else None,
            "client_id": row.client_id,
            "client_name": client.name if client else "",
            "inflow_basis": str(row.inflow_basis),
            "potential_revenue": text(potential_revenue(row, self.context["rate"])),
            "as_of": _day(row.as_of),
            "status": stored.status if stored else WorkStatus.NEW.value,
            "snoozed_until": _day(stored.snoozed_until) if stored else None,
            "detected_on": _day(stored.detected_on) if stored else None,
        }

    def _parties(self, row: Any) -> tuple[Any, Any, Any]:
        if isinstance(row, Opportunity):
            return row.client, row.advisor, row
        client = self.context["parties"].get(row.client_id)
        return client, client.advisor if client else None, self.context["stored"].get(row.client_id)


def _day(value: date | None) -> str | None:
    return value.isoformat() if value else None


class OpportunityNoteSerializer(serializers.ModelSerializer):
    """A note on an opportunity."""

    author = serializers.CharField(source="author.username", read_only=True)

    class Meta:
        model = OpportunityNote
        fields = ("id", "author", "text", "created_at")
        read_only_fields = ("id", "author", "created_at")


class DetailSerializer(ItemSerializer):
    """One opportunity with what it rests on and what was written about it."""

    dismiss_reason = serializers.CharField(allow_blank=True)
    closed_on = serializers.DateField(allow_null=True)
    times_opened = serializers.IntegerField()
    facts = serializers.DictField(help_text="The sums and the parameters behind the description.")
    evidence = serializers.ListField(
        child=serializers.DictField(), help_text="The client's SIPs as the scan read them."
    )
    notes = OpportunityNoteSerializer(many=True)

    def to_representation(self, row: Opportunity) -> dict[str, Any]:
        """The item and the rest."""
        return super().to_representation(row) | {
            "dismiss_reason": row.dismiss_reason,
            "closed_on": _day(row.closed_on),
            "times_opened": row.times_opened,
            "facts": row.facts,
            "evidence": row.evidence,
            "notes": OpportunityNoteSerializer(row.notes.select_related("author"), many=True).data,
        }


class StatusSerializer(serializers.Serializer):
    """Where the advisor stands with an opportunity."""

    status = serializers.ChoiceField(choices=WorkStatus)
    reason = serializers.CharField(required=False, default="", allow_blank=True, max_length=300)
    snoozed_until = serializers.DateField(required=False, default=None, allow_null=True)


class ScanRequestSerializer(serializers.Serializer):
    """A scan as of a day; today in India where none is given."""

    as_of = serializers.DateField(required=False, allow_null=True, default=None)


class ScanSerializer(serializers.ModelSerializer):
    """A scan of the book. ``url`` says how far it is."""

    status = serializers.ChoiceField(choices=ScanStatus)
    url = serializers.SerializerMethodField()

    class Meta:
        model = ScanRun
        fields = (
            "id",
            "status",
            "url",
            "as_of",
            "found",
            "opened",
            "reopened",
            "closed",
            "error_message",
            "created_at",
            "started_at",
            "finished_at",
        )
        read_only_fields = fields

    def get_url(self, scan: ScanRun) -> str:
        """The address to ask again."""
        return reverse("api-scan", args=[scan.pk])


class ClientMoneySerializer(serializers.Serializer):
    """Client money by basis; the two are never added."""

    monthly = serializers.DecimalField(**_MONEY)
    one_time = serializers.DecimalField(**_MONEY)


class TypeStatsSerializer(serializers.Serializer):
    """One type's share of the statistics."""

    count = serializers.IntegerField()
    potential_revenue = serializers.DecimalField(**_MONEY, allow_null=True)
    client_money = ClientMoneySerializer()


class StatsSerializer(serializers.Serializer):
    """Counts and sums over the open opportunities. Revenue is the firm's estimated first-year trail."""

    total_opportunities = serializers.IntegerField()
    total_potential_revenue = serializers.DecimalField(**_MONEY, allow_null=True)
    breakdown_by_type = serializers.DictField(child=TypeStatsSerializer())
    client_money = ClientMoneySerializer()
    as_of = serializers.DateField()


class AgentSerializer(serializers.Serializer):
    """An advisor. ``total_sips`` and ``total_aum`` (= ``total_invested``) are of the SIPs the files name them for."""

    id = serializers.IntegerField(source="advisor.pk")
    agent_id = serializers.CharField(source="advisor.agent_id")
    agent_external_id = serializers.CharField(source="advisor.agent_external_id")
    name = serializers.CharField(source="advisor.name")
    total_sips = serializers.IntegerField()
    total_aum = serializers.DecimalField(**_MONEY, source="total_invested")
    total_invested = serializers.DecimalField(**_MONEY)
    clients = serializers.IntegerField(help_text="Served now.")
    monthly_book = serializers.DecimalField(
        **_MONEY, help_text="Active SIPs a month of the clients served now."
    )
    open_opportunities = serializers.IntegerField()


class SipSerializer(serializers.ModelSerializer):
    """One SIP as the source last described it."""

    user_id = serializers.SerializerMethodField()
    agent_id = serializers.CharField(source="advisor.agent_id", allow_null=True, default=None)
    agent_external_id = serializers.CharField(
        source="advisor.agent_external_id", allow_null=True, default=None
    )
    scheme_name = serializers.ListField(child=serializers.CharField(), source="scheme_names")
    current_sip_status = serializers.CharField(source="status")

    class Meta:
        model = Sip
        fields = (
            "id",
            "sip_meta_id",
            "user_id",
            "agent_id",
            "agent_external_id",
            "goal_id",
            "goal_name",
            "scheme_name",
            "sip_days",
            "num_days",
            "amount",
            "monthly_amount",
            "start_date",
            "end_date",
            "paused_from",
            "paused_till",
            "increment_percentage",
            "increment_amount",
            "increment_period",
            "is_active",
            "deleted",
            "current_sip_status",
            "has_current_mandate",
            "mandate_tracking_status",
            "first_success_on",
            "latest_success_on",
            "success_amount",
            "pending_amount",
            "failed_amount",
            "in_progress_amount",
            "paused_amount",
            "success_count",
            "registered_on",
        )
        read_only_fields = fields

    def get_user_id(self, sip: Sip) -> str | None:
        """The client's id in the SIP book."""
        return self.context["user_ids"].get(sip.client_id)


class IdentifierSerializer(serializers.Serializer):
    """What one system calls a client."""

    source = serializers.CharField()
    external_id = serializers.CharField()


class ClientBookSerializer(serializers.Serializer):
    """A client with the figures of their SIPs and what was found."""

    user_id = serializers.CharField(allow_null=True)
    client_id = serializers.IntegerField()
    client_name = serializers.CharField(allow_blank=True)
    relationship = serializers.CharField()
    agent_id = serializers.CharField(allow_null=True)
    agent_external_id = serializers.CharField(allow_null=True)
    agent_name = serializers.CharField(allow_null=True)
    identifiers = IdentifierSerializer(many=True)
    total_sips = serializers.IntegerField()
    active_sips = serializers.IntegerField()
    current_sip_amount = serializers.DecimalField(**_MONEY)
    total_invested = serializers.DecimalField(**_MONEY)
    failed_amount = serializers.DecimalField(**_MONEY)
    last_activity_date = serializers.DateField(allow_null=True)
    opportunities = ItemSerializer(many=True)
