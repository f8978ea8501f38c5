"""One person, once, whatever system named them."""

from __future__ import annotations

import pghistory
from django.conf import settings
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Upper
from django.urls import reverse

from wealthhub.clients.choices import AssignmentOrigin, ConsentChannel, NoteKind, Relationship
from wealthhub.clients.fields import EncryptedField, LookupHashField
from wealthhub.clients.querysets import (
    AdvisorQuerySet,
    ClientQuerySet,
    HouseholdQuerySet,
    MergeQuerySet,
    OfClientQuerySet,
    StaffNoteQuerySet,
)
from wealthhub.models import ImportedModel, OwnedModel


@pghistory.track(exclude=["created_run", "changed_run"])
class Advisor(ImportedModel):
    """Somebody who serves clients, known from files before they ever sign in; ``user`` is their account, if any.

    ``agent_id`` is the seller system's number without thousands commas. ``manager`` places an advisor without an
    account in a team; one with an account stands where the account stands.
    """

    agent_id = models.CharField(max_length=40, blank=True)
    agent_external_id = models.CharField(max_length=60, blank=True)
    member_id = models.CharField(max_length=60, blank=True)
    name = models.CharField(max_length=200, blank=True)
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="advisor"
    )
    manager = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    objects = AdvisorQuerySet.as_manager()

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["firm", "agent_external_id"],
                condition=~Q(agent_external_id=""),
                name="clients_advisor_external_once",
            ),
            models.UniqueConstraint(
                fields=["firm", "agent_id"], condition=~Q(agent_id=""), name="clients_advisor_agent_once"
            ),
            models.CheckConstraint(
                condition=~Q(agent_id="", agent_external_id="", user__isnull=True),
                name="clients_advisor_is_somebody",
            ),
        ]

    def __str__(self) -> str:
        return self.name or f"Agent {self.agent_id or self.agent_external_id}"

    def get_absolute_url(self) -> str:
        """The advisor's page."""
        return reverse("overview:advisor", args=[self.pk])


@pghistory.track()
class Household(OwnedModel):
    """A family that is looked after together."""

    name = models.CharField(max_length=200)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = HouseholdQuerySet.as_manager()

    class Meta:
        ordering = ["name", "pk"]
        indexes = [models.Index(fields=["firm", "name"], name="clients_household_firm")]

    def __str__(self) -> str:
        return self.name


@pghistory.track(exclude=["created_run", "changed_run"])
class Client(ImportedModel):
    """One person or entity the firm serves.

    PAN, phone, e-mail and date of birth are encrypted (AES-256-GCM); the ``…_hash`` columns are keyed hashes by which
    an exact PAN, phone or e-mail is found. ``name`` may be empty: a SIP book names clients by id only.
    """

    name = models.CharField(max_length=200, blank=True)
    relationship = models.CharField(max_length=20, choices=Relationship, default=Relationship.DISTRIBUTION)
    advisor = models.ForeignKey(
        Advisor, on_delete=models.PROTECT, null=True, blank=True, related_name="clients"
    )
    household = models.ForeignKey(
        Household, on_delete=models.SET_NULL, null=True, blank=True, related_name="members"
    )
    pan = EncryptedField(null=True, blank=True)
    pan_hash = LookupHashField(null=True, blank=True)
    phone = EncryptedField(null=True, blank=True)
    phone_hash = LookupHashField(null=True, blank=True)
    email = EncryptedField(null=True, blank=True)
    email_hash = LookupHashField(null=True, blank=True)
    birth_date = EncryptedField(null=True, blank=True)
    is_active = models.BooleanField(default=True)
    merged_into = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="merged_clients"
    )
    created_at = models.DateTimeField(auto_now_add=True, db_default=models.functions.Now())

    objects = ClientQuerySet.as_manager()

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["firm", "pan_hash"],
                condition=Q(pan_hash__isnull=False, merged_into__isnull=True),
                name="clients_client_pan_once",
            ),
            models.CheckConstraint(
                condition=~Q(merged_into=F("id")), name="clients_client_not_merged_into_itself"
            ),
        ]
        indexes = [
            models.Index(fields=["firm", "advisor"], name="clients_client_firm_advisor"),
            models.Index(
                fields=["firm", "phone_hash"],
                name="clients_client_phone",
                condition=Q(phone_hash__isnull=False),
            ),
            models.Index(
                fields=["firm", "email_hash"],
                name="clients_client_email",
                condition=Q(email_hash__isnull=False),
            ),
            models.Index(
                fields=["firm", "name", "id"],
                name="clients_client_firm_name",
                condition=Q(merged_into__isnull=True),
            ),
            GinIndex(OpClass(Upper("name"), name="gin_trgm_ops"), name="clients_client_name_trgm"),
        ]

    def __str__(self) -> str:
        return self.name or f"Client {self.pk}"

    def get_absolute_url(self) -> str:
        """The client's page."""
        return reverse("overview:client", args=[self.pk])


class ClientIdentifier(ImportedModel):
    """What one system calls a client: ``source`` ("wealthy" for the SIP book's ``user_id``) and its ``external_id``."""

    client = models.ForeignKey(Client, on_delete=models.CASCADE, related_name="identifiers")
    source = models.CharField(max_length=40)
    external_id = models.CharField(max_length=80)

    objects = OfClientQuerySet.as_manager()

    class Meta:
        ordering = ["source", "external_id"]
        constraints = [
            models.UniqueConstraint(fields=["firm", "source", "external_id"], name="clients_identifier_once"),
        ]
        indexes = [  # a search as one types asks for what begins so, whatever the source
            models.Index(
                fields=["external_id"], name="clients_identifier_prefix", opclasses=["varchar_pattern_ops"]
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source}: {self.external_id}"


class AdvisorAssignment(OwnedModel):
    """Who served a client when. ``until`` None is the present one: exactly one a client. Days are IST."""

    client = models.ForeignKey(Client, on_delete=models.CASCADE, related_name="assignments")
    advisor = models.ForeignKey(Advisor, on_delete=models.PROTECT, null=True, related_name="assignments")
    since = models.DateField()
    until = models.DateField(null=True, blank=True)
    origin = models.CharField(max_length=10, choices=AssignmentOrigin)
    run = models.ForeignKey(
        "imports.ImportRun", on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
    )
    reason = models.CharField(max_length=300, blank=True)

    objects = OfClientQuerySet.as_manager()

    class Meta:
        ordering = ["-since", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["client"], condition=Q(until__isnull=True), name="clients_assignment_one_present"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.advisor} since {self.since}"


@pghistory.track()
class Note(OwnedModel):
    """What somebody wrote about a client. Shown on the timeline; the client does not see it."""

    client = models.ForeignKey(Client, on_delete=models.CASCADE, related_name="notes")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=12, choices=NoteKind, default=NoteKind.GENERAL)
    text = models.TextField(max_length=5000)
    is_pinned = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = StaffNoteQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]
        indexes = [models.Index(fields=["client", "-created_at"], name="clients_note_client")]

    def __str__(self) -> str:
        return self.text[:60]


@pghistory.track()
class Consent(OwnedModel):
    """A consent for one purpose under one version of a notice. Withdrawn, it keeps its row and says when."""

    client = models.ForeignKey(Client, on_delete=models.CASCADE, related_name="consents")
    purpose = models.CharField(max_length=100)
    notice_version = models.CharField(max_length=40)
    channel = models.CharField(max_length=12, choices=ConsentChannel)
    given_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )

    objects = OfClientQuerySet.as_manager()

    class Meta:
        ordering = ["-given_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(withdrawn_at__isnull=True) | Q(withdrawn_at__gte=F("given_at")),
                name="clients_consent_withdrawn_after",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} ({self.notice_version})"


class ClientMerge(OwnedModel):
    """Two clients found to be one. ``moved`` lists, per table, the rows re-pointed: what an undo puts back."""

    kept = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="merges")
    merged = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="+")
    moved = models.JSONField(default=dict)
    filled = models.JSONField(
        default=dict, help_text="Columns the kept client took over, encrypted ones as stored."
    )
    reason = models.CharField(max_length=300, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ["-at", "-pk"]

    objects = MergeQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.merged_id} into {self.kept_id}"
