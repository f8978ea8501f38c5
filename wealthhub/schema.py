"""The OpenAPI schema: one error shape on every operation."""

from drf_spectacular.openapi import AutoSchema


class Schema(AutoSchema):
    """The schema of one operation."""
