"""What Django checks about the machine before it migrates."""

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Error, Tags, register
from django.db import connections

OLDEST_POSTGRES = 18


@register(Tags.database)
def postgres_is_new_enough(*, databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """Refuse PostgreSQL before 18: imports need ``RETURNING old.*, new.*`` and ``pg_input_is_valid``."""
    errors: list[CheckMessage] = []
    for alias in databases or []:
        version: int = getattr(connections[alias], "pg_version")  # noqa: B009  the stubs know no backend
        if version // 10_000 < OLDEST_POSTGRES:
            errors.append(
                Error(
                    f"The database {alias!r} is PostgreSQL {version // 10_000}.{version % 10_000}.",
                    hint=f"WealthHub needs PostgreSQL {OLDEST_POSTGRES} or newer; see docs/operations.md.",
                    id="wealthhub.E001",
                )
            )
    return errors
