"""Tokens for programs, out of the same sign-in as the pages: allauth's form, locks, second factor and sessions.

A pair belongs to a session row. Ending the session (sign-out, a new password, a closed account) ends both tokens.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from allauth.account.forms import LoginForm
from allauth.account.internal.stagekit import clear_login, get_pending_stage
from allauth.headless import app_settings
from allauth.headless.constants import Client
from allauth.headless.internal.authkit import authentication_context
from allauth.headless.internal.decorators import mark_request_as_headless
from allauth.headless.tokens.strategies.jwt import internal as jwt
from allauth.mfa.base.forms import AuthenticateForm
from allauth.mfa.stages import AuthenticateStage
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest

from wealthhub.accounts import services
from wealthhub.errors import DomainError


@dataclass(frozen=True)
class TokenPair:
    """``access`` signs requests for 30 minutes; ``refresh`` is exchanged once, within 7 days, for a new pair."""

    access: str
    refresh: str


class SignInRefused(DomainError):
    """The name, the password or the code is not right; which one is not told."""

    code = "sign_in_refused"
    status = 401


class Locked(DomainError):
    """Too many wrong attempts; the right password is refused as well until the time is over."""

    code = "too_many_attempts"
    status = 429


def sign_in(request: HttpRequest, *, username: str, password: str, code: str = "") -> TokenPair:
    """Sign in and return the session's tokens. ``username`` may be the e-mail address.

    Raises: SignInRefused: wrong, unknown or closed; with code ``second_factor_required`` where the password is right
    and the account has a second factor. Locked: too many wrong attempts.
    """
    mark_request_as_headless(request, Client.APP)
    with authentication_context(request):
        form = LoginForm(data={"login": username, "password": password, "remember": True}, request=request)
        if not form.is_valid():
            _raise_for(form.non_field_errors().as_data())
        form.login(request)
        stage = get_pending_stage(request)
        if stage is not None and stage.key == AuthenticateStage.key:
            _pass_second_factor(request, stage, code)
        if not request.user.is_authenticated:
            clear_login(request)
            raise SignInRefused("The user name or the password is not right.")
        pair = app_settings.TOKEN_STRATEGY.create_access_token_payload(request)
        return TokenPair(access=pair["access_token"], refresh=pair["refresh_token"])


def _pass_second_factor(request: HttpRequest, stage: Any, code: str) -> None:
    if not code:
        clear_login(request)
        request.session.flush()
        raise SignInRefused("Send the code of your second factor as well.", code="second_factor_required")
    form = AuthenticateForm(data={"code": code}, user=stage.login.user)
    if not form.is_valid():
        request.session.flush()
        _raise_for(form.errors.as_data().get("code", []), wrong="The code is not right.")
    form.save()
    stage.exit()


def _raise_for(errors: list[Any], *, wrong: str = "The user name or the password is not right.") -> None:
    if any(error.code == "too_many_login_attempts" for error in errors):
        raise Locked(
            "Too many wrong attempts. Sign-in is locked for five minutes.",
            retry_after=settings.SIGN_IN_LOCK_SECONDS,
        )
    raise SignInRefused(wrong)


def refresh(token: str) -> TokenPair:
    """A new pair for a refresh token, which is used up by it.

    Raises: SignInRefused: expired, revoked or used before.
    """
    found = jwt.validate_refresh_token(token)
    refused = SignInRefused("The refresh token is expired, revoked or used up.", code="token_invalid")
    if found is None:
        raise refused
    user, _, claims = found
    if user.firm is not None and not user.firm.is_active:
        raise refused
    # Two calls at once both find the token valid: only one of them takes it.
    lasts = settings.HEADLESS_JWT_REFRESH_TOKEN_EXPIRES_IN
    if not cache.add(f"refresh-used:{claims['jti']}", 1, timeout=lasts):
        raise refused
    pair = app_settings.TOKEN_STRATEGY.refresh_token(token)
    if pair is None:
        raise refused
    return TokenPair(access=pair[0], refresh=pair[1])


def sign_out(*, access: str = "", refresh_token: str = "") -> bool:
    """End the session behind either token, and with it every token of the session. False where there is none."""
    claims = jwt.decode_token(access, "access") if access else None
    if claims is None and refresh_token:
        claims = jwt.decode_token(refresh_token, "refresh")
    session = jwt.get_token_session(claims) if claims else None
    if session is None:
        return False
    user = jwt.validate_token_user(claims, session)
    UserSession.objects.filter(session_key=session.session_key).delete()
    session.flush()
    if user is not None:
        services.record(user=user, action="sign_out", obj=user)
    return True
