"""From the staging table to the tables: set checks, repeated rows, links, one merge. All in one transaction."""

from __future__ import annotations

from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

from django.apps import apps
from django.db import connection
from psycopg2 import sql

from wealthhub.imports.choices import Phase, Severity
from wealthhub.imports.columns import shown
from wealthhub.imports.merging import compared_columns, merge, names_of
from wealthhub.imports.readers import TableReader
from wealthhub.imports.sources import Batch, Source
from wealthhub.imports.staging import (
    Issue,
    Issues,
    Layout,
    Progress,
    RowConverter,
    StageStream,
    create_stage,
    fill_stage,
    lay_out,
)
from wealthhub.models import ImportedModel

STAGE = "import_stage_{}"
MANY_NEW_ROWS = 1000


@dataclass
class Outcome:
    """What a run did, or in a dry run would have done. read = created + updated + unchanged + duplicate + rejected."""

    read: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    duplicate: int = 0
    rejected: int = 0
    summary: dict[str, Any] = field(default_factory=dict)


def run(
    cursor: Any,
    *,
    source: Source,
    table: TableReader,
    firm_id: int,
    run_id: int,
    issues: Issues,
    progress: Progress,
) -> Outcome:
    """Take ``table`` in for one firm. The caller holds the transaction, rolls it back or commits it.

    Raises: FileRefused: the file as a whole cannot be taken in.
    """
    cursor.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended(%s, %s))", [f"import {source.name}", firm_id]
    )
    outcome, clock = Outcome(), _Clock()
    layout = lay_out(source, table.header)
    stage = sql.Identifier(STAGE.format(run_id))
    progress.phase = Phase.READING
    create_stage(cursor, stage, layout, source.model)
    converter = RowConverter(layout, issues)
    known = {column.target for column in source.columns}
    key = [name for name in source.key if name in known]
    fill_stage(cursor, stage, StageStream(table, converter, progress), key=key)
    outcome.read, outcome.rejected = progress.rows_read, converter.rejected
    clock.lap("reading")

    progress.phase = Phase.VALIDATING
    present = frozenset(column.target for column in layout.columns)
    batch = Batch(stage, firm_id, run_id, source, present, issues)
    outcome.rejected += apply_checks(cursor, batch, issues)
    outcome.duplicate = drop_repeated(cursor, batch, issues)
    clock.lap("checking")

    progress.phase = Phase.MERGING
    joins = {link.field: link.resolve(cursor, batch) for link in source.links}
    clock.lap("linking")
    merged = merge(cursor, batch, joins)
    outcome.created, outcome.updated, history = merged
    staged = outcome.read - outcome.rejected - outcome.duplicate
    outcome.unchanged = staged - outcome.created - outcome.updated
    clock.lap("booking")
    for link in source.links:
        outcome.summary.update(link.finish(cursor, batch))
    cursor.execute(sql.SQL("DROP TABLE {}").format(stage))
    # Foreign keys would be checked at the commit, with the run's own row locked for its last words: check them here.
    cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    clock.lap("finishing")
    if history:
        outcome.summary["history_rows"] = history
    outcome.summary |= _about(layout, table) | {"seconds": clock.laps}
    return outcome


def refresh_statistics(outcome: Outcome) -> None:
    """Tell the planner of a large booking now: what reads next (a scan, a page) must not plan for an empty table."""
    if outcome.created < MANY_NEW_ROWS:
        return
    with connection.cursor() as cursor:
        for model in apps.get_models():
            if issubclass(model, ImportedModel):
                cursor.execute(f'ANALYZE "{model._meta.db_table}"')


class _Clock:
    def __init__(self) -> None:
        self.laps: dict[str, float] = {}
        self._last = perf_counter()

    def lap(self, name: str) -> None:
        now = perf_counter()
        self.laps[name] = round(now - self._last, 3)
        self._last = now


def _about(layout: Layout, table: TableReader) -> dict[str, Any]:
    return {
        "format": table.format,
        "encoding": table.encoding,
        "delimiter": table.delimiter,
        "unknown_columns": layout.unknown,
        "absent_columns": [column.name for column in layout.absent],
    }


def apply_checks(cursor: Any, batch: Batch, issues: Issues) -> int:
    """Note every row a declared check finds; take those with errors out of the stage and return how many they were."""
    bad: set[int] = set()
    for check in batch.source.checks:
        column = next((c for c in batch.source.columns if c.name == check.column), None)
        value = sql.SQL("s.{}::text").format(sql.Identifier(column.target)) if column else sql.SQL("''")
        cursor.execute(
            sql.SQL("SELECT s.line, {} FROM {} s WHERE {} ORDER BY s.line").format(
                value, batch.stage, sql.SQL(check.condition)
            )
        )
        secret = column is not None and column.type.secret
        for line, text in cursor.fetchall():
            seen = shown(text or "", secret=secret)
            issues.add(Issue(line, check.column, seen, check.code, check.severity, check.message, check.hint))
            if check.severity == Severity.ERROR:
                bad.add(line)
    if bad:
        cursor.execute(sql.SQL("DELETE FROM {} WHERE line = ANY(%s)").format(batch.stage), [list(bad)])
    return len(bad)


def drop_repeated(cursor: Any, batch: Batch, issues: Issues) -> int:
    """Keep the last row of each natural key, and return how many earlier ones went. Differing ones get a warning."""
    key = [column for column in batch.source.row_key or batch.source.key if column in batch.present]
    if not key:
        return 0
    names = names_of(key)
    cursor.execute(
        sql.SQL(
            "SELECT a.line, b.last, ({row_a}) IS DISTINCT FROM ({row_b}), a.{first}::text FROM {stage} a"
            " JOIN (SELECT {names}, max(line) AS last FROM {stage} GROUP BY {names} HAVING count(*) > 1) b"
            " USING ({names}) JOIN {stage} c ON c.line = b.last WHERE a.line <> b.last ORDER BY a.line"
        ).format(
            row_a=_row("a", batch),
            row_b=_row("c", batch),
            first=sql.Identifier(key[0]),
            names=names,
            stage=batch.stage,
        )
    )
    found = cursor.fetchall()
    column = next(c.name for c in batch.source.columns if c.target == key[0])
    for line, last, differs, value in found:
        if differs:
            message = (
                f"The same {column} comes again on line {last} with other values; that later row counts."
            )
            issues.add(
                Issue(
                    line,
                    column,
                    shown(value),
                    "duplicate_in_file",
                    Severity.WARNING,
                    message,
                    "Keep one of them.",
                )
            )
    if found:
        cursor.execute(
            sql.SQL("DELETE FROM {} WHERE line = ANY(%s)").format(batch.stage), [[row[0] for row in found]]
        )
    return len(found)


def _row(alias: str, batch: Batch) -> sql.Composable:
    names = [
        name for c in batch.source.bound_columns for name in compared_columns(c) if c.target in batch.present
    ]
    return sql.SQL("ROW({})").format(sql.SQL(", ").join(sql.Identifier(alias, name) for name in names))
