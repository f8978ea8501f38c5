"""The API about the API: health, metrics, schema, docs."""

from __future__ import annotations

import hmac
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import re_path
from django.views.decorators.http import require_safe
from django_prometheus.exports import ExportToDjangoView
from drf_spectacular.utils import OpenApiResponse, extend_schema, inline_serializer
from drf_spectacular.views import SpectacularJSONAPIView
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from wealthhub import health


class HealthView(APIView):
    """Liveness for anybody; with a sign-in of the staff, what each part says."""

    permission_classes = (AllowAny,)
    throttle_classes = ()

    @extend_schema(
        responses={
            200: inline_serializer(
                "Health",
                {
                    "status": serializers.ChoiceField(choices=["ok", "degraded"]),
                    "database": serializers.DictField(required=False),
                    "redis": serializers.DictField(required=False),
                    "worker": serializers.DictField(required=False),
                    "beat": serializers.DictField(required=False),
                    "last_scan": serializers.DictField(required=False, allow_null=True),
                    "last_import": serializers.DictField(required=False, allow_null=True),
                },
            ),
            503: OpenApiResponse(description="PostgreSQL or Redis does not answer."),
        }
    )
    def get(self, request: Request) -> Response:
        """`ok`: all well; `degraded`: pages work but the worker or the beat is silent (told to the staff only)."""
        if not health.is_alive():
            return Response(
                {"code": "unavailable", "message": "A server this needs is down.", "details": {}}, status=503
            )
        user = request.user
        if not user.is_authenticated or user.role == "investor":
            return Response({"status": "ok"})
        parts = health.report(user.firm_id)
        well = all(parts[name]["ok"] for name in ("database", "redis", "worker", "beat"))
        return Response({"status": "ok" if well else "degraded", **parts})


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus metrics, for whoever holds METRICS_TOKEN and for the platform's own accounts."""
    given = request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
    token = settings.METRICS_TOKEN
    holds_token = bool(token) and hmac.compare_digest(given.encode(), token.encode())
    if not holds_token and not request.user.is_superuser:
        refusal = {"code": "not_found", "message": "There is nothing here.", "details": {}}
        return JsonResponse(refusal, status=404)
    return ExportToDjangoView(request)


@require_safe
def docs(request: HttpRequest) -> HttpResponse:
    """The schema as a page to read and try."""
    return render(request, "api_docs.html")


class SchemaView(SpectacularJSONAPIView):
    """The OpenAPI 3.1 document of everything here."""

    permission_classes = (AllowAny,)

    @extend_schema(responses={200: serializers.DictField()})
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The document as JSON."""
        return super().get(request, *args, **kwargs)


urlpatterns = [
    re_path(r"^health/?$", HealthView.as_view(), name="api-health"),
    re_path(r"^metrics/?$", metrics, name="api-metrics"),
    re_path(r"^schema/?$", SchemaView.as_view(), name="api-schema"),
    re_path(r"^docs/?$", docs, name="api-docs"),
]
