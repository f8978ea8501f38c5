"""The one exception with which a rule says no."""

from typing import Any


class DomainError(Exception):
    """A rule refused. ``code`` is for programs, the message for people, ``details`` for both.

    Shown as ``{code, message, details}`` by the API, as a message by pages and as an error line by commands.
    """

    code = "refused"
    status = 409

    def __init__(
        self, message: str, *, code: str | None = None, status: int | None = None, **details: Any
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.code
        self.status = status or self.status
        self.details = details


class Forbidden(DomainError):
    """The person may see the thing but not do this to it."""

    code = "forbidden"
    status = 403


class Invalid(DomainError):
    """The input does not have the shape or range the rule needs."""

    code = "invalid"
    status = 400
