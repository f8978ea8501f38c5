"""Which clients and advisors, and what belongs to them."""

from __future__ import annotations

from typing import Self

from wealthhub.querysets import OwnedQuerySet


class AdvisorQuerySet(OwnedQuerySet):
    """Those who serve clients."""

    advisor_path = "pk"
    client_path = "clients__pk"


class ClientQuerySet(OwnedQuerySet):
    """Clients. A merged one is still there, and is reached through the one that was kept."""

    advisor_path = "advisor_id"
    client_path = "pk"

    def current(self) -> Self:
        """Without those that were merged into another."""
        return self.filter(merged_into__isnull=True)


class OfClientQuerySet(OwnedQuerySet):
    """Rows with a ``client``."""

    advisor_path = "client__advisor_id"
    client_path = "client_id"


class StaffNoteQuerySet(OfClientQuerySet):
    """Rows about a client that the client does not see."""

    client_path = None


class HouseholdQuerySet(OwnedQuerySet):
    """Households: seen by whoever sees one of their members."""

    advisor_path = "members__advisor_id"
    client_path = "members__pk"

    def visible_to(self, user: object) -> Self:
        """Each household once, however many of its members are visible."""
        return super().visible_to(user).distinct()


class MergeQuerySet(OwnedQuerySet):
    """Merges, seen with the client that was kept."""

    advisor_path = "kept__advisor_id"
