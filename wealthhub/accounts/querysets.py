"""Which accounts, keys and audit events somebody may see."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.models import UserManager as DjangoUserManager
from django.db.models import Q, QuerySet

from wealthhub.querysets import NOTHING, OwnedQuerySet, Scope

if TYPE_CHECKING:
    from wealthhub.accounts.models import User


class FirmQuerySet(QuerySet):
    """Firms."""

    def visible_to(self, user: User) -> Self:
        """The user's own firm; every firm for the platform."""
        scope: Scope = getattr(user, "scope", NOTHING)
        if scope.platform:
            return self.all()
        return self.filter(pk=scope.firm_id) if scope.firm_id else self.none()


class UserQuerySet(QuerySet):
    """Accounts."""

    def visible_to(self, user: User) -> Self:
        """Everybody of the firm for admins and analysts, the team for managers, otherwise oneself."""
        scope: Scope = getattr(user, "scope", NOTHING)
        if scope.platform:
            return self.all()
        if scope.firm_id is None:
            return self.none()
        rows = self.filter(firm_id=scope.firm_id)
        if scope.whole_firm:
            return rows
        return rows.filter(Q(pk=user.pk) | Q(pk__in=user.team_ids))


class UserManager(DjangoUserManager.from_queryset(UserQuerySet)):  # type: ignore[misc]
    """Django's user manager with our querysets."""


class OwnQuerySet(QuerySet):
    """Rows that belong to one user alone (keys, sessions)."""

    def visible_to(self, user: User) -> Self:
        """The user's own rows."""
        return self.filter(user=user) if user.is_authenticated else self.none()


class AuditEventQuerySet(OwnedQuerySet):
    """Audit events: an admin reads the firm's."""

    def visible_to(self, user: User | AnonymousUser) -> Self:
        """The firm's events for its admins; nobody else's business."""
        if getattr(user, "is_superuser", False) or getattr(user, "role", None) == "admin":
            return super().visible_to(user)
        return self.none()
