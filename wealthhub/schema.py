"""The OpenAPI schema: one error shape on every operation."""

from typing import Any

from drf_spectacular.openapi import AutoSchema

ERROR = {
    "type": "object",
    "description": "Every refusal has this shape.",
    "required": ["code", "message", "details"],
    "properties": {
        "code": {"type": "string", "description": "For programs; stable.", "examples": ["not_found"]},
        "message": {"type": "string", "description": "For people."},
        "details": {
            "description": "What the message speaks of: for `invalid`, a list of messages under each field's name.",
            "type": "object",
            "additionalProperties": True,
        },
    },
}
_ALWAYS = {
    "400": "The input is not accepted; `details` names the fields.",
    "401": "Not signed in, or the key or token is no longer valid.",
    "403": "Signed in, but not permitted.",
    "404": "There is nothing here, or nothing that this caller may see.",
    "405": "This address does not take this method.",
    "406": "The asked-for format is not offered.",
    "409": "A rule of the domain refused.",
    "415": "The body's format is not accepted.",
    "429": "Too many requests; `Retry-After` says how many seconds to wait.",
    "503": "A server this needs is down.",
}
_METHODS = {"get", "post", "put", "patch", "delete"}


class Schema(AutoSchema):
    """The schema of one operation: tagged by its first path segment, described by its docstring."""

    def get_tags(self) -> list[str]:
        """``/api/imports/{id}/`` belongs to ``imports``."""
        parts = self.path.removeprefix("/api/").strip("/").split("/")
        return [parts[0] or "api"]


def add_refusals(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Put the error shape on every operation, for each status it can end in and does not describe itself."""
    result.setdefault("components", {}).setdefault("schemas", {})["Error"] = ERROR
    body = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    for operations in result.get("paths", {}).values():
        for method, operation in operations.items():
            if method not in _METHODS:
                continue
            for status, description in _ALWAYS.items():
                described = operation["responses"].get(status)
                if described is None or "content" not in described:
                    operation["responses"][status] = {"description": description, "content": body}
    return result
