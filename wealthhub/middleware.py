"""What every answer carries."""

from __future__ import annotations

from collections.abc import Callable

import structlog
from django.http import HttpRequest, HttpResponseBase
from django.middleware.http import ConditionalGetMiddleware
from django.utils.cache import patch_cache_control, patch_vary_headers
from django_structlog.middlewares import RequestMiddleware


class ApiReadMiddleware(ConditionalGetMiddleware):
    """Reads of the API carry an ETag and are kept by the caller alone; an unchanged one is a 304 without a body."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """As the class says; other addresses and methods are left alone."""
        if request.method not in {"GET", "HEAD"} or not request.path.startswith("/api/"):
            return response
        if not response.has_header("Cache-Control"):
            patch_cache_control(response, private=True, no_cache=True)
        patch_vary_headers(response, ["Authorization", "Cookie"])
        return super().process_response(request, response)


class RequestLogMiddleware(RequestMiddleware):
    """Two log lines a request. Without the query: people search by PAN, phone and e-mail."""

    @staticmethod
    def format_request(request: HttpRequest) -> str:
        """The method and the path."""
        return f"{request.method} {request.path}"


class RequestIdMiddleware:
    """The id under which the logs know this request, for the one who reports a fault."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Add ``X-Request-ID``."""
        response = self.get_response(request)
        request_id = structlog.contextvars.get_contextvars().get("request_id")
        if request_id:
            response["X-Request-ID"] = str(request_id)
        return response
