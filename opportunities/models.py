"""The SIP book, what was found in it, and what came of it."""

from __future__ import annotations

from typing import Any

import pghistory
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from opportunities.choices import InflowBasis, OpportunityType, ScanStatus, WorkStatus
from opportunities.querysets import (
    AmountChangeQuerySet,
    OpportunityNoteQuerySet,
    OpportunityQuerySet,
    SipQuerySet,
    StaffQuerySet,
)
from wealthhub.clients.models import Advisor, Client
from wealthhub.models import ImportedModel, OwnedModel

_MONEY: dict[str, Any] = {"max_digits": 18, "decimal_places": 2}


class Sip(ImportedModel):
    """One SIP registration as the firm's system last exported it. Written by imports only.

    ``amount`` is INR per instalment day, ``monthly_amount`` = amount x num_days. The ``…_amount`` sums are lifetime
    INR. ``status`` is kept as the file says it, known or not. ``increment_percentage`` is in percent as registered
    (10 = 10 %).
    """

    sip_meta_id = models.CharField(max_length=40)
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="sips")
    advisor = models.ForeignKey(
        Advisor, on_delete=models.PROTECT, null=True, related_name="sips", help_text="The agent in the file."
    )
    uid = models.CharField(max_length=40, blank=True)
    goal_id = models.CharField(max_length=40, blank=True)
    goal_name = models.CharField(max_length=200, blank=True)
    scheme_names = ArrayField(models.CharField(max_length=300), default=list)
    sip_days = ArrayField(models.SmallIntegerField(), default=list)
    num_days = models.SmallIntegerField()
    amount = models.DecimalField(**_MONEY)
    monthly_amount = models.GeneratedField(
        expression=F("amount") * F("num_days"), output_field=models.DecimalField(**_MONEY), db_persist=True
    )
    start_date = models.DateField(null=True)
    end_date = models.DateField(null=True)
    paused_from = models.DateField(null=True)
    paused_till = models.DateField(null=True)
    paused_reason = models.CharField(max_length=40, blank=True)
    increment_percentage = models.DecimalField(max_digits=9, decimal_places=4, null=True)
    increment_amount = models.DecimalField(**_MONEY, null=True)
    increment_period = models.CharField(max_length=10, blank=True)
    stepper_enabled = models.BooleanField(null=True)
    is_active = models.BooleanField(null=True)
    deleted = models.BooleanField(default=False)
    status = models.CharField(max_length=40, blank=True)
    sales_status = models.CharField(max_length=40, blank=True)
    had_mandate_at_creation = models.BooleanField(null=True)
    has_current_mandate = models.BooleanField(null=True)
    mandate_tracking_status = models.CharField(max_length=60, blank=True)
    mandate_confirmed_date = models.DateField(null=True)
    first_order_nav_allocated_on = models.DateField(null=True)
    first_success_on = models.DateField(null=True)
    latest_success_on = models.DateField(null=True)
    success_amount = models.DecimalField(**_MONEY)
    pending_amount = models.DecimalField(**_MONEY)
    failed_amount = models.DecimalField(**_MONEY)
    in_progress_amount = models.DecimalField(**_MONEY)
    paused_amount = models.DecimalField(**_MONEY)
    success_count = models.IntegerField(null=True)
    registered_on = models.DateField(null=True, help_text="sip_meta_date in the file.")
    source_created_at = models.DateTimeField(null=True)
    source_event_at = models.DateTimeField(null=True)
    source_inserted_at = models.DateTimeField(null=True)

    objects = SipQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["firm", "sip_meta_id"], name="opportunities_sip_once"),
            models.CheckConstraint(condition=Q(amount__gte=0), name="opportunities_sip_amount_not_negative"),
            models.CheckConstraint(condition=Q(num_days__gte=1), name="opportunities_sip_has_days"),
        ]

    def __str__(self) -> str:
        return f"SIP {self.sip_meta_id}"


class SipAmountChange(OwnedModel):
    """The instalment amount of a SIP went from ``old_amount`` to ``new_amount``, first seen in ``run``'s file.

    ``seen_on`` is the day the file speaks of (its event date), else the IST day of the import: it happened by then.
    """

    sip = models.ForeignKey(Sip, on_delete=models.CASCADE, related_name="amount_changes")
    old_amount = models.DecimalField(**_MONEY)
    new_amount = models.DecimalField(**_MONEY)
    seen_on = models.DateField()
    run = models.ForeignKey("imports.ImportRun", on_delete=models.PROTECT, related_name="+")

    objects = AmountChangeQuerySet.as_manager()

    class Meta:
        ordering = ["-seen_on", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(old_amount=F("new_amount")), name="opportunities_amount_changed"
            ),
        ]

    @property
    def is_rise(self) -> bool:
        """The client puts in more than before."""
        return self.new_amount > self.old_amount

    def __str__(self) -> str:
        return f"{self.old_amount} to {self.new_amount} on {self.seen_on}"


@pghistory.track()
class DetectorSettings(OwnedModel):
    """A firm's parameters for one detector: those of `detectors.REGISTRY` where a key is absent."""

    opportunity_type = models.CharField(max_length=30, choices=OpportunityType)
    is_on = models.BooleanField(default=True)
    parameters = models.JSONField(default=dict, blank=True)

    objects = StaffQuerySet.as_manager()

    class Meta:
        ordering = ["opportunity_type"]
        verbose_name_plural = "detector settings"
        constraints = [
            models.UniqueConstraint(fields=["firm", "opportunity_type"], name="opportunities_settings_once")
        ]

    def __str__(self) -> str:
        return self.get_opportunity_type_display()


@pghistory.track()
class TrailRate(OwnedModel):
    """The firm's rate card: yearly trail on assets as a fraction (0.0080 = 0.80 %), before GST, from a day on."""

    effective_from = models.DateField()
    annual_rate = models.DecimalField(max_digits=7, decimal_places=6)

    objects = StaffQuerySet.as_manager()

    class Meta:
        ordering = ["-effective_from"]
        constraints = [
            models.UniqueConstraint(fields=["firm", "effective_from"], name="opportunities_trail_rate_once"),
            models.CheckConstraint(
                condition=Q(annual_rate__gte=0, annual_rate__lte=1),
                name="opportunities_trail_rate_is_fraction",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.annual_rate} from {self.effective_from}"


@pghistory.track(
    pghistory.UpdateEvent(condition=pghistory.AnyChange("status", "dismiss_reason", "snoozed_until")),
    fields=["status", "dismiss_reason", "snoozed_until"],
)
class Opportunity(OwnedModel):
    """One reason to talk to one client, found by one detector: one row a client and detector for ever.

    The scan writes the figures, opens (``detected_on``), closes (``closed_on``) and reopens; people write ``status``.
    ``potential_inflow`` is client money in INR on ``inflow_basis``, never the firm's income. ``evidence`` lists the
    client's SIPs with the figures the detector read, ``facts`` the sums and parameters behind the description.
    """

    client = models.ForeignKey(Client, on_delete=models.CASCADE, related_name="opportunities")
    advisor = models.ForeignKey(
        Advisor,
        on_delete=models.PROTECT,
        null=True,
        related_name="opportunities",
        help_text="The client's present advisor; kept in step by the scan and by reassigning.",
    )
    opportunity_type = models.CharField(max_length=30, choices=OpportunityType)
    as_of = models.DateField()
    description = models.TextField()
    current_sip_amount = models.DecimalField(
        **_MONEY, help_text="Monthly amount of the client's active SIPs."
    )
    potential_inflow = models.DecimalField(**_MONEY, null=True)
    inflow_basis = models.CharField(max_length=10, choices=InflowBasis)
    total_invested = models.DecimalField(**_MONEY)
    failed_amount = models.DecimalField(**_MONEY)
    last_activity_on = models.DateField(null=True)
    days_since_activity = models.IntegerField(null=True)
    risk_score = models.DecimalField(max_digits=4, decimal_places=2)
    facts = models.JSONField(default=dict)
    evidence = models.JSONField(default=list)

    detected_on = models.DateField(help_text="As-of day of the scan that opened it, the last time it opened.")
    closed_on = models.DateField(null=True, blank=True)
    times_opened = models.PositiveIntegerField(default=1)

    status = models.CharField(max_length=12, choices=WorkStatus, default=WorkStatus.NEW)
    dismiss_reason = models.CharField(max_length=300, blank=True)
    snoozed_until = models.DateField(null=True, blank=True)
    status_changed_at = models.DateTimeField(null=True, blank=True)
    status_changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
    )

    objects = OpportunityQuerySet.as_manager()
    advisor_follows_client = True  # reassigning or merging clients takes their opportunities along

    class Meta:
        ordering = ["-risk_score", "pk"]
        verbose_name_plural = "opportunities"
        constraints = [
            models.UniqueConstraint(
                fields=["firm", "client", "opportunity_type"], name="opportunities_opportunity_once"
            ),
            models.CheckConstraint(
                condition=Q(risk_score__gte=0, risk_score__lte=10), name="opportunities_risk_in_range"
            ),
        ]
        indexes = [
            models.Index(
                fields=["firm", "opportunity_type", "-risk_score", "id"],
                name="opportunities_open_by_risk",
                condition=Q(closed_on__isnull=True),
            ),
            models.Index(
                fields=["firm", "advisor", "-risk_score", "id"],
                name="opportunities_open_by_advisor",
                condition=Q(closed_on__isnull=True),
            ),
            models.Index(
                fields=["firm", "-risk_score", "id"],
                name="opportunities_open_worklist",
                condition=Q(closed_on__isnull=True),
            ),
            # Sums over a firm's open rows are read off this index alone: a row is wide by its evidence.
            models.Index(
                fields=["firm", "opportunity_type", "inflow_basis"],
                include=["potential_inflow", "status", "snoozed_until", "detected_on", "advisor"],
                name="opportunities_open_sums",
                condition=Q(closed_on__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_opportunity_type_display()}: {self.client_id}"

    def get_absolute_url(self) -> str:
        """The opportunity's page."""
        return reverse("opportunities:opportunity", args=[self.pk])


class OpportunityNote(OwnedModel):
    """What somebody wrote while working an opportunity. Never edited."""

    opportunity = models.ForeignKey(Opportunity, on_delete=models.CASCADE, related_name="notes")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    text = models.TextField(max_length=5000)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = OpportunityNoteQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return self.text[:60]


class ScanRun(OwnedModel):
    """One look over a firm's book as of one day, cut into shards by client id."""

    as_of = models.DateField()
    status = models.CharField(max_length=10, choices=ScanStatus, default=ScanStatus.QUEUED)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    import_run = models.ForeignKey(
        "imports.ImportRun", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    found = models.IntegerField(default=0)
    opened = models.IntegerField(default=0)
    closed = models.IntegerField(default=0)
    reopened = models.IntegerField(default=0)
    error_message = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = StaffQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        indexes = [models.Index(fields=["firm", "-id"], name="opportunities_scan_firm")]

    def __str__(self) -> str:
        return f"Scan #{self.pk} as of {self.as_of}"

    def get_absolute_url(self) -> str:
        """The scan's page."""
        return reverse("opportunities:scan", args=[self.pk])


class ScanShard(models.Model):
    """The clients ``first_client`` to ``last_client`` of one scan. Claimed by an update that must change one row."""

    scan = models.ForeignKey(ScanRun, on_delete=models.CASCADE, related_name="shards")
    first_client = models.BigIntegerField()
    last_client = models.BigIntegerField()
    status = models.CharField(max_length=10, choices=ScanStatus, default=ScanStatus.QUEUED)
    claimed_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    counts = models.JSONField(default=dict)

    class Meta:
        ordering = ["first_client"]
        constraints = [
            models.UniqueConstraint(fields=["scan", "first_client"], name="opportunities_shard_once"),
        ]

    def __str__(self) -> str:
        return f"{self.scan_id}: {self.first_client} to {self.last_client}"
