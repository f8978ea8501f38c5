"""How a program says who it is: an API key or a token."""

from __future__ import annotations

import hashlib
import hmac
from datetime import timedelta
from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from allauth.headless.contrib.rest_framework.authentication import JWTTokenAuthentication
from django.utils import timezone
from rest_framework import exceptions
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.request import Request

from wealthhub.accounts.models import ApiKey, User


class Backend(AuthenticationBackend):
    """allauth's, which fetches the user together with the firm: every request needs both."""

    def get_user(self, user_id: int) -> User | None:
        """The user of a session, or None when gone or deactivated."""
        user = User.objects.select_related("firm").filter(pk=user_id).first()
        return user if user is not None and self.user_can_authenticate(user) else None


class TokenAuthentication(JWTTokenAuthentication):
    """``Authorization: Bearer …`` with the access token of `/api/auth/login/`."""

    def authenticate_credentials(self, key: str) -> tuple[User, Any]:
        """The token's user and claims. Raises: AuthenticationFailed: expired, revoked or not ours."""
        try:
            return super().authenticate_credentials(key)
        except exceptions.AuthenticationFailed as error:
            raise exceptions.AuthenticationFailed("The token is expired, revoked or unknown.") from error


class ApiKeyAuthentication(BaseAuthentication):
    """``Authorization: Api-Key wh_<prefix>_<secret>``. ``request.auth`` is the key, whose scopes bound the request."""

    keyword = b"api-key"

    def authenticate(self, request: Request) -> tuple[User, ApiKey] | None:
        """The key's owner, or None where no key is presented."""
        parts = get_authorization_header(request).split()
        if not parts or parts[0].lower() != self.keyword:
            return None
        key = self._find(parts[1].decode("latin-1")) if len(parts) == 2 else None
        if key is None:
            raise exceptions.AuthenticationFailed("The API key is unknown, expired or revoked.")
        now = timezone.now()
        if key.last_used_at is None or now - key.last_used_at > timedelta(minutes=1):
            ApiKey.objects.filter(pk=key.pk).update(last_used_at=now)
        return key.user, key

    def authenticate_header(self, request: Request) -> str:
        """What a 401 names."""
        return "Api-Key"

    @staticmethod
    def _find(text: str) -> ApiKey | None:
        marker, _, rest = text.partition("_")
        prefix, _, secret = rest.partition("_")
        if marker != "wh" or not secret:
            return None
        key = (
            ApiKey.objects.select_related("user__firm").filter(prefix=prefix, revoked_at__isnull=True).first()
        )
        given = hashlib.sha256(secret.encode()).hexdigest()
        if key is None or not hmac.compare_digest(given, key.secret_hash) or not key.user.is_active:
            return None
        if key.expires_at is not None and key.expires_at <= timezone.now():
            return None
        return key
