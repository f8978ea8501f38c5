"""Who may see which rows: the one door all reads go through."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet

if TYPE_CHECKING:
    from wealthhub.accounts.models import User


@dataclass(frozen=True)
class Scope:
    """What one user may see, worked out once per request.

    ``firm_id`` None and ``platform`` False sees nothing. ``advisor_ids`` None means every advisor of the firm;
    ``client_id`` is set for an investor and then bounds everything.
    """

    platform: bool = False
    firm_id: int | None = None
    advisor_ids: frozenset[int] | None = None
    client_id: int | None = None
    is_investor: bool = False

    @property
    def whole_firm(self) -> bool:
        """True where every row of the firm is visible."""
        return self.platform or (
            self.firm_id is not None and self.advisor_ids is None and not self.is_investor
        )


NOTHING = Scope()


class OwnedQuerySet(QuerySet):
    """Rows that belong to a firm, and through a client or an advisor to some of its people.

    A subclass names the paths from its model: ``advisor_path`` to an advisor's id, ``client_path`` to a client's id.
    A path that is None closes the rows to the roles bounded by it.
    """

    firm_path: str = "firm_id"
    advisor_path: str | None = None
    client_path: str | None = None

    def visible_to(self, user: User | AnonymousUser) -> Self:
        """The rows ``user`` may see; none for nobody."""
        return self.in_scope(getattr(user, "scope", NOTHING))

    def in_scope(self, scope: Scope) -> Self:
        """The rows inside ``scope``."""
        if scope.platform:
            return self.all()
        if scope.firm_id is None:
            return self.none()
        rows = self.filter(**{self.firm_path: scope.firm_id})
        if scope.is_investor:
            if self.client_path is None or scope.client_id is None:
                return self.none()
            return rows.filter(**{self.client_path: scope.client_id})
        if scope.advisor_ids is None:
            return rows
        if self.advisor_path is None:
            return self.none()
        return rows.filter(**{f"{self.advisor_path}__in": scope.advisor_ids})
