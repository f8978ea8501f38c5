"""What every API view shares: who may ask, how lists are cut, how refusals look."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.core.exceptions import PermissionDenied
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db.models import QuerySet
from django.http import Http404
from django_filters.rest_framework import DjangoFilterBackend
from django_redis import get_redis_connection
from rest_framework import exceptions, pagination, permissions
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle

from wealthhub.errors import DomainError

if TYPE_CHECKING:
    from rest_framework.views import APIView

_CODES = {
    400: "invalid",
    401: "not_signed_in",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    415: "unsupported_media_type",
    429: "too_many_requests",
}


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """Every refusal as ``{code, message, details}``; None (a 500) for what nobody foresaw."""
    from rest_framework.views import set_rollback  # that module reads the settings that name this one

    if isinstance(error, DomainError):
        set_rollback()
        return _refusal(error.status, error.code, error.message, error.details)
    if isinstance(error, Http404):
        error = exceptions.NotFound()
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    elif isinstance(error, DjangoValidationError):
        error = exceptions.ValidationError({"non_field_errors": error.messages})
    if not isinstance(error, exceptions.APIException):
        return None
    set_rollback()
    headers = {}
    if getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = error.auth_header
    if getattr(error, "wait", None):
        headers["Retry-After"] = str(int(error.wait))
    if isinstance(error, exceptions.ValidationError):
        details = error.detail if isinstance(error.detail, dict) else {"non_field_errors": error.detail}
        named = ", ".join(name for name in details if name != "non_field_errors")
        message = f"Not accepted: {named}." if named else "Not accepted."
        return _refusal(400, "invalid", message, details, headers)
    code = error.get_codes()
    default = _CODES.get(error.status_code, "error")
    chosen = code if isinstance(code, str) and code not in _DRF_CODES else default
    return _refusal(error.status_code, chosen, str(error.detail), {}, headers)


_DRF_CODES = {
    "not_authenticated",
    "authentication_failed",
    "permission_denied",
    "throttled",
    "parse_error",
    "error",
}


def _refusal(
    status: int, code: str, message: str, details: Any, headers: dict[str, str] | None = None
) -> Response:
    return Response({"code": code, "message": message, "details": details}, status=status, headers=headers)


class LimitOffsetPagination(pagination.LimitOffsetPagination):
    """``limit`` 1 to 1000 (default 100) and ``offset`` from 0; anything else is a 400 that names it."""

    default_limit = 100
    max_limit = 1000

    def get_limit(self, request: Request) -> int:
        """The asked number of rows."""
        return self._whole_number(request, "limit", default=self.default_limit, low=1, high=self.max_limit)

    def get_offset(self, request: Request) -> int:
        """How many rows to pass over."""
        return self._whole_number(request, "offset", default=0, low=0, high=10**9)

    @staticmethod
    def _whole_number(request: Request, name: str, *, default: int, low: int, high: int) -> int:
        raw = request.query_params.get(name)
        if raw is None:
            return default
        if not (raw.isascii() and raw.isdigit() and low <= int(raw) <= high):
            raise exceptions.ValidationError({name: [f"A whole number from {low} to {high} is expected."]})
        return int(raw)


class FilterBackend(DjangoFilterBackend):
    """The list's FilterSet; a bad filter is a 400, never everything."""


class IsSignedIn(permissions.IsAuthenticated):
    """Signed in, with an active firm (or the platform's own account) and the second factor the firm asks for.

    An API key needs the scope ``read`` for reading and ``write`` for the rest. A view may name other scopes in
    ``key_scopes``, by action; a key that has one of these may also read that view. ``keys_allowed = False``
    closes a view to keys.
    """

    def has_permission(self, request: Request, view: APIView) -> bool:
        """As the class says."""
        if not super().has_permission(request, view):
            return False
        firm = getattr(request.user, "firm", None)
        if firm is not None and not firm.is_active:
            return False
        if getattr(request.user, "lacks_second_factor", False) and not getattr(
            view, "before_second_factor", False
        ):
            raise exceptions.PermissionDenied(
                "Your firm asks for a second factor: set it up on the web page first.",
                code="second_factor_required",
            )
        scopes = getattr(request.auth, "scopes", None)  # only an API key has them
        return scopes is None or self._key_may(request, view, set(scopes))

    @staticmethod
    def _key_may(request: Request, view: APIView, scopes: set[str]) -> bool:
        by_action = getattr(view, "key_scopes", {})
        if not getattr(view, "keys_allowed", True):
            raise exceptions.PermissionDenied("This is not for API keys: sign in.", code="key_not_allowed")
        if request.method in permissions.SAFE_METHODS:
            wanted = {"read"}.union(*by_action.values())
        else:
            wanted = set(by_action.get(getattr(view, "action", None), {"write"}))
        if not wanted & scopes:
            message = f"This API key lacks the scope {' or '.join(sorted(wanted))}."
            raise exceptions.PermissionDenied(message, code="scope_missing")
        return True


class VisibleToUserMixin:
    """Lists and objects start from ``visible_to``: what a person may not see is a 404."""

    queryset: ClassVar[QuerySet]
    request: Request

    def get_queryset(self) -> QuerySet:
        """The visible rows."""
        return super().get_queryset().visible_to(self.request.user)


class RequestThrottle(BaseThrottle):
    """Requests a minute by user and by address, counted in Redis with one atomic increment each."""

    seconds = 60

    def __init__(self) -> None:
        self.retry_after: int | None = None

    def allow_request(self, request: Request, view: APIView) -> bool:
        """Count the request and say whether it is within both limits."""
        from django.conf import settings

        limits = [(f"address:{client_address(request)}", settings.API_RATE_PER_ADDRESS)]
        if request.user.is_authenticated:
            limits.append((f"user:{request.user.pk}", settings.API_RATE_PER_USER))
        pipe = get_redis_connection("default").pipeline(transaction=False)
        for name, _ in limits:
            pipe.incr(f"throttle:{name}")
            pipe.expire(f"throttle:{name}", self.seconds, nx=True)
            pipe.ttl(f"throttle:{name}")
        answers = pipe.execute()
        for index, (_, limit) in enumerate(limits):
            count, _, left = answers[3 * index : 3 * index + 3]
            if count > limit:
                self.retry_after = max(int(left), 1)
                return False
        return True

    def wait(self) -> int | None:
        """Seconds until the window ends."""
        return self.retry_after


def client_address(request: Any) -> str:
    """The caller's address: the entry the outermost of our own proxies wrote, or the connection's."""
    from django.conf import settings

    forwarded = [
        part.strip() for part in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if part.strip()
    ]
    if settings.TRUSTED_PROXIES and len(forwarded) >= settings.TRUSTED_PROXIES:
        return forwarded[-settings.TRUSTED_PROXIES]
    return request.META.get("REMOTE_ADDR", "")
