"""SQL that stands in files beside the code that runs it."""

from __future__ import annotations

from pathlib import Path

from django.db.migrations import RunSQL


def sql_file(migration: str, name: str) -> RunSQL:
    """The pair ``sql/<name>.up.sql`` and ``sql/<name>.down.sql`` beside a migration, as one reversible operation."""
    folder = Path(migration).parent / "sql"
    return RunSQL(
        (folder / f"{name}.up.sql").read_text(encoding="utf-8"),
        (folder / f"{name}.down.sql").read_text(encoding="utf-8"),
    )
