"""Who may ask the imports API."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from wealthhub.accounts.choices import KeyScope

if TYPE_CHECKING:
    from rest_framework.views import APIView

UPLOAD_SCOPES = frozenset({KeyScope.IMPORT.value, KeyScope.WRITE.value})


class SeesImports(BasePermission):
    """Everybody of a firm but its investors."""

    message = "Imports are for the firm's staff."

    def has_permission(self, request: Request, view: APIView) -> bool:
        """As the class says."""
        return request.user.is_superuser or request.user.role != "investor"
