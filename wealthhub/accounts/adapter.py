"""What allauth asks us: who may sign in, from where, how often, and how a second factor is kept."""

from __future__ import annotations

import base64
from typing import Any, NoReturn

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from wealthhub import crypto
from wealthhub.accounts import locks, services
from wealthhub.accounts.models import User
from wealthhub.api import client_address

SECRET_COLUMN = "mfa_authenticator.data"  # noqa: S105 - what a second factor's secret is bound to


class AccountAdapter(DefaultAccountAdapter):
    """Sign-in for pages and API alike: closed registration, locks by account and by address, the audit trail."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "username_password_mismatch": "The user name or the password is not right.",
        "email_password_mismatch": "The user name or the password is not right.",
        "too_many_login_attempts": "Too many wrong attempts. Sign-in is locked for five minutes.",
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """No: accounts are made by the firm, or over the API where the firm allows it."""
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        """The caller's address as our own proxies saw it. Raises: PermissionDenied: there is none."""
        address = client_address(request)
        if not address:
            message = "The caller's address is unknown."
            raise PermissionDenied(message)
        return address

    def authenticate(self, request: HttpRequest, **credentials: Any) -> User | None:
        """The account these credentials belong to, or None. Raises: ValidationError: locked, whatever they are.

        A locked address does not count against accounts, so one caller cannot lock a firm out. The account is
        found by user name or e-mail, so that the two share one lock; an unknown name is counted as it was typed.
        """
        account = _account_of(credentials)
        attempt = locks.Attempt(
            locks.known(account.pk) if account else locks.unknown(_typed(credentials)),
            self.get_client_ip(request),
        )
        if attempt.is_locked():
            self._refuse_as_locked(request, account)
        user = super().authenticate(request, **credentials)
        if attempt.failed() if user is None else attempt.succeeded():
            self._refuse_as_locked(request, account)  # others sent side by side have locked it meanwhile
        if user is None and account is not None:  # an unknown name belongs to no firm and is not kept
            services.record(user=account, action="sign_in.failed", obj=account, request=request)
        return user

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Nothing: `authenticate` keeps the locks."""

    def _refuse_as_locked(self, request: HttpRequest, account: User | None) -> NoReturn:
        if account is not None:
            services.record(user=account, action="sign_in.refused_while_locked", obj=account, request=request)
        raise self.validation_error("too_many_login_attempts")

    def pre_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse | None:
        """Closed accounts and accounts of closed firms go no further."""
        if user.firm is not None and not user.firm.is_active:
            return self.respond_user_inactive(request, user)
        return super().pre_login(request, user, **kwargs)

    def login(self, request: HttpRequest, user: User) -> None:
        """Sign in and write it down."""
        super().login(request, user)
        services.record(user=user, action="sign_in", obj=user, request=request)

    def logout(self, request: HttpRequest) -> None:
        """Sign out and write it down."""
        user = request.user
        super().logout(request)
        if isinstance(user, User) or getattr(user, "pk", None):
            services.record(user=User.objects.get(pk=user.pk), action="sign_out", request=request)

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        """Everybody signs in again with the new password."""
        return reverse("account_login")


def _typed(credentials: dict[str, Any]) -> str:
    return str(credentials.get("email") or credentials.get("username") or "")


def _account_of(credentials: dict[str, Any]) -> User | None:
    typed = _typed(credentials)
    if not typed:
        return None
    return User.objects.filter(Q(username__iexact=typed) | Q(email__iexact=typed)).order_by("pk").first()


class SecondFactorAdapter(DefaultMFAAdapter):
    """Second factors: their secrets are encrypted like personal data."""

    def encrypt(self, text: str) -> str:
        """As it is stored."""
        return base64.b64encode(crypto.encrypt(text, column=SECRET_COLUMN)).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """The secret itself."""
        return crypto.decrypt(base64.b64decode(encrypted_text), column=SECRET_COLUMN)
