"""How the OpenAPI schema names our ways to sign in."""

from __future__ import annotations

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema


class TokenScheme(OpenApiAuthenticationExtension):
    """How the schema speaks of tokens."""

    target_class = "wealthhub.accounts.authentication.TokenAuthentication"
    name = "token"
    priority = 1

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        """A bearer token."""
        return {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "The `access` token of `/api/auth/login/`.",
        }


class ApiKeyScheme(OpenApiAuthenticationExtension):
    """How the schema speaks of API keys."""

    target_class = "wealthhub.accounts.authentication.ApiKeyAuthentication"
    name = "apiKey"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        """A header, since OpenAPI knows no scheme of our own."""
        return {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": "`Api-Key wh_…`, made on the page “API keys” or by `/api/auth/keys/`.",
        }
