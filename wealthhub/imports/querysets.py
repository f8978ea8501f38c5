"""Which import runs somebody may see."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.contrib.auth.models import AnonymousUser

from wealthhub.querysets import OwnedQuerySet

if TYPE_CHECKING:
    from wealthhub.accounts.models import User


class ImportRunQuerySet(OwnedQuerySet):
    """Runs. A file may name every client of the firm, so only those who see the whole firm, or sent it, see it."""

    def visible_to(self, user: User | AnonymousUser) -> Self:
        """The firm's runs for admins and analysts, one's own otherwise, none for investors."""
        scope = getattr(user, "scope", None)
        if scope is None or scope.is_investor or not (scope.platform or scope.firm_id):
            return self.none()
        if scope.whole_firm:
            return self.all() if scope.platform else self.filter(firm_id=scope.firm_id)
        return self.filter(firm_id=scope.firm_id, user=user)


class RunPartQuerySet(OwnedQuerySet):
    """Rows that belong to a run and are seen with it."""

    def visible_to(self, user: User | AnonymousUser) -> Self:
        """The parts of the runs the user sees."""
        from wealthhub.imports.models import ImportRun

        return self.filter(run__in=ImportRun.objects.visible_to(user))
