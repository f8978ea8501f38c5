"""Firm, user, keys and the audit trail."""

from __future__ import annotations

import pghistory
import pgtrigger
from django.apps import apps  # clients stands on accounts: its models are asked for by name
from django.contrib.auth.models import AbstractUser
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.functional import cached_property

from wealthhub.accounts.choices import FirmKind, KeyScope, Role, Theme
from wealthhub.accounts.querysets import AuditEventQuerySet, FirmQuerySet, OwnQuerySet, UserManager
from wealthhub.models import OwnedModel
from wealthhub.querysets import NOTHING, Scope


@pghistory.track()
class Firm(models.Model):
    """A tenant. Nothing of one firm is ever shown to another."""

    name = models.CharField(max_length=200)
    slug = models.SlugField(max_length=60, unique=True)
    kind = models.CharField(max_length=30, choices=FirmKind, default=FirmKind.DISTRIBUTOR)
    is_active = models.BooleanField(default=True)
    accepts_registration = models.BooleanField(
        default=False,
        help_text="Investors may register themselves; they see nothing until linked to a client.",
    )
    second_factor_roles = ArrayField(
        models.CharField(max_length=20, choices=Role),
        default=list,
        blank=True,
        help_text="Roles that must set up a second factor before they may go on.",
    )
    created_at = models.DateTimeField(auto_now_add=True)

    objects = FirmQuerySet.as_manager()

    class Meta:
        ordering = ["name", "pk"]

    def __str__(self) -> str:
        return self.name

    @property
    def advisor_word(self) -> str:
        """What the firm may call those who serve its clients: only a registered adviser may say adviser."""
        return {
            FirmKind.DISTRIBUTOR: "Partner",
            FirmKind.ADVISER: "Adviser",
            FirmKind.PORTFOLIO_MANAGER: "Portfolio manager",
        }.get(FirmKind(self.kind), "Relationship manager")


@pghistory.track(exclude=["password", "last_login"])
class User(AbstractUser):
    """Somebody who signs in. ``firm`` is None for the platform's superusers only; ``manager`` makes the team tree."""

    firm = models.ForeignKey(Firm, on_delete=models.PROTECT, null=True, blank=True, related_name="users")
    role = models.CharField(max_length=20, choices=Role, default=Role.INVESTOR)
    manager = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="reports"
    )
    client = models.OneToOneField(
        "clients.Client",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="sign_in",
        help_text="The client record an investor sees.",
    )
    theme = models.CharField(max_length=10, choices=Theme, default=Theme.SYSTEM)

    objects = UserManager()  # type: ignore[misc]

    class Meta(AbstractUser.Meta):
        ordering = ["username"]
        indexes = [models.Index(fields=["firm", "role"], name="accounts_user_firm_role")]
        constraints = [
            models.CheckConstraint(
                condition=Q(is_superuser=True) | Q(firm__isnull=False), name="accounts_user_has_firm"
            ),
            models.CheckConstraint(
                condition=Q(client__isnull=True) | Q(role=Role.INVESTOR),
                name="accounts_user_client_is_investor",
            ),
            models.UniqueConstraint(
                Lower("email"), condition=~Q(email=""), name="accounts_user_email_once"
            ),  # an e-mail address signs in, so it must name one account
            models.UniqueConstraint(Lower("username"), name="accounts_user_name_once"),
        ]

    def __str__(self) -> str:
        return self.get_full_name() or self.username

    @cached_property
    def team_ids(self) -> frozenset[int]:
        """The user and everybody below in the team tree. One query; a loop in the tree ends by itself."""
        rows = User.objects.raw(
            """WITH RECURSIVE team(id) AS (
                   SELECT id FROM accounts_user WHERE id = %s AND firm_id = %s
                   UNION SELECT u.id FROM accounts_user u JOIN team ON u.manager_id = team.id WHERE u.firm_id = %s)
               SELECT id FROM team""",
            [self.pk, self.firm_id, self.firm_id],
        )
        return frozenset(row.pk for row in rows)

    @cached_property
    def scope(self) -> Scope:
        """What this user may see: one or two small queries, kept for the life of this object (a request)."""
        if not self.is_active or (self.firm is not None and not self.firm.is_active):
            return NOTHING
        if self.is_superuser and self.firm_id is None:
            return Scope(platform=True)
        if self.firm_id is None:
            return NOTHING
        if self.role == Role.INVESTOR:
            return Scope(firm_id=self.firm_id, client_id=self.client_id, is_investor=True)
        if self.role in {Role.ADMIN, Role.ANALYST}:
            return Scope(firm_id=self.firm_id)
        advisors = apps.get_model("clients", "Advisor").objects.filter(firm_id=self.firm_id)
        if self.role == Role.MANAGER:
            advisors = advisors.filter(
                Q(user_id__in=self.team_ids) | Q(user__isnull=True, manager_id__in=self.team_ids)
            )
        else:
            advisors = advisors.filter(user_id=self.pk)
        return Scope(firm_id=self.firm_id, advisor_ids=frozenset(advisors.values_list("pk", flat=True)))

    @cached_property
    def lacks_second_factor(self) -> bool:
        """True where the firm asks this role for a second factor and none is set up yet."""
        if self.firm is None or self.role not in self.firm.second_factor_roles:
            return False
        return not self.has_second_factor

    @property
    def has_second_factor(self) -> bool:
        """True where a code is asked for after the password. One query."""
        factors = apps.get_model("mfa", "Authenticator").objects.filter(user_id=self.pk)
        return factors.exclude(type="recovery_codes").exists()

    @property
    def may_write(self) -> bool:
        """Analysts and investors only read."""
        return self.is_superuser or self.role in {Role.ADMIN, Role.MANAGER, Role.ADVISOR}

    @property
    def sees_masked_only(self) -> bool:
        """Analysts may not reveal personal data; investors see their own."""
        return self.role == Role.ANALYST and not self.is_superuser

    @property
    def sees_revenue(self) -> bool:
        """The firm's own income is shown to those who earn or run it."""
        return self.is_superuser or self.role in {Role.ADMIN, Role.MANAGER, Role.ADVISOR}


class ApiKey(models.Model):
    """A program's key for one user. The secret is shown once; only its SHA-256 is kept, ``prefix`` finds the row."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=100)
    prefix = models.CharField(max_length=12, unique=True)
    secret_hash = models.CharField(max_length=64)
    scopes = ArrayField(models.CharField(max_length=20, choices=KeyScope), default=list)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = OwnQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"


class AuditEvent(OwnedModel):
    """Something somebody did that must be answerable for. Append-only: the database refuses to change a row.

    ``firm`` is None for what the platform's own people do outside of any firm.
    """

    firm = models.ForeignKey(Firm, on_delete=models.PROTECT, null=True, related_name="+")  # type: ignore[assignment]
    at = models.DateTimeField(auto_now_add=True)
    user = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    action = models.CharField(max_length=60)
    object_type = models.CharField(max_length=60, blank=True)
    object_id = models.CharField(max_length=60, blank=True)
    reason = models.TextField(blank=True)
    address = models.GenericIPAddressField(null=True)
    request_id = models.CharField(max_length=60, blank=True)
    details = models.JSONField(default=dict)

    objects = AuditEventQuerySet.as_manager()

    class Meta:
        ordering = ["-at", "-pk"]
        indexes = [
            models.Index(fields=["firm", "-at"], name="accounts_audit_firm_at"),
            models.Index(fields=["firm", "object_type", "object_id"], name="accounts_audit_object"),
        ]
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.object_type} {self.object_id}".strip()
