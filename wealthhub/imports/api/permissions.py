"""What a key must be good for, beside what its owner may do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from wealthhub.accounts.choices import KeyScope
from wealthhub.accounts.models import ApiKey

if TYPE_CHECKING:
    from rest_framework.views import APIView

IMPORTS = frozenset({KeyScope.IMPORT.value, KeyScope.WRITE.value})
WRITES = frozenset({KeyScope.WRITE.value})


class KeyReaches(BasePermission):
    """An API key needs a scope that covers the action. Tokens and sessions stand for their user in full.

    The view names the scopes in ``key_scopes``, by action; reading needs none of them.
    """

    def has_permission(self, request: Request, view: APIView) -> bool:
        """As the class says."""
        wanted = getattr(view, "key_scopes", {}).get(getattr(view, "action", ""))
        if wanted is None or not isinstance(request.auth, ApiKey):
            return True
        self.message = f"This API key lacks the scope {' or '.join(sorted(wanted))}."
        return bool(wanted & set(request.auth.scopes))


class SeesImports(BasePermission):
    """Everybody of a firm but its investors."""

    message = "Imports are for the firm's staff."

    def has_permission(self, request: Request, view: APIView) -> bool:
        """As the class says."""
        return request.user.is_superuser or request.user.role != "investor"
