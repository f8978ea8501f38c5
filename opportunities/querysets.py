"""Which SIPs and opportunities."""

from __future__ import annotations

from typing import Self

from wealthhub.querysets import OwnedQuerySet, Scope


class SipQuerySet(OwnedQuerySet):
    """SIP registrations, seen with their client."""

    advisor_path = "client__advisor_id"
    client_path = "client_id"

    def counted(self) -> Self:
        """Without those the source marked deleted: they count nowhere."""
        return self.filter(deleted=False)


class AmountChangeQuerySet(OwnedQuerySet):
    """Amount changes, seen with their SIP's client."""

    advisor_path = "sip__client__advisor_id"
    client_path = "sip__client_id"


class OpportunityQuerySet(OwnedQuerySet):
    """Opportunities: the firm's work, not the client's to see."""

    advisor_path = "advisor_id"

    def open(self) -> Self:
        """Whose reason still stands."""
        return self.filter(closed_on__isnull=True)


class OpportunityNoteQuerySet(OwnedQuerySet):
    """Notes, seen with their opportunity."""

    advisor_path = "opportunity__advisor_id"


class StaffQuerySet(OwnedQuerySet):
    """Firm settings and scans: everybody on the staff sees them."""

    def in_scope(self, scope: Scope) -> Self:
        """The firm's rows for its staff."""
        if scope.platform:
            return self.all()
        if scope.firm_id is None or scope.is_investor:
            return self.none()
        return self.filter(firm_id=scope.firm_id)
