"""From the staging table to the tables: set checks, repeated rows, links, one merge. All in one transaction."""

from __future__ import annotations

from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

from django.db import models
from psycopg2 import sql

from wealthhub.dates import today_ist
from wealthhub.imports.choices import Phase, Severity
from wealthhub.imports.columns import shown
from wealthhub.imports.readers import TableReader
from wealthhub.imports.sources import Batch, History, Join, Source
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

STAGE = "import_stage_{}"


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
    batch = Batch(stage, firm_id, run_id, source, present)
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
    clock.lap("finishing")
    if history:
        outcome.summary["history_rows"] = history
    outcome.summary |= _about(layout, table) | {"seconds": clock.laps}
    return outcome


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
    names = _names(key)
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
    names = [name for c in batch.source.bound_columns for name in _compared(c) if c.target in batch.present]
    return sql.SQL("ROW({})").format(sql.SQL(", ").join(sql.Identifier(alias, name) for name in names))


def _names(columns: list[str]) -> sql.Composable:
    return sql.SQL(", ").join(map(sql.Identifier, columns))


def merge(cursor: Any, batch: Batch, joins: dict[str, Join]) -> tuple[int, int, int]:
    """Book the staged rows in one statement: new rows in, changed rows updated, unchanged rows not even locked.

    The rows as they were go to `ImportChange`, changes of watched fields to their history.
    Returns: rows created, rows updated, history rows written.
    """
    source, meta = batch.source, batch.source.model._meta
    fields = [name for c in source.stored_columns for name, _ in c.type.sql_columns(c.target)]
    written = [
        name
        for c in source.stored_columns
        for name, _ in c.type.sql_columns(c.target)
        if c.target in batch.present
    ]
    compared = [name for c in source.stored_columns for name in _compared(c) if c.target in batch.present]
    linked = [name for name in joins if name not in source.key]
    updated = [name for name in written if name not in source.key] + linked
    values = {name: sql.Identifier("s", name) for name in fields} | {
        name: join.value for name, join in joins.items()
    }
    constants = {name: value for name, value in source.defaults.items() if name not in values}
    target, key = sql.Identifier(meta.db_table), list(source.key)
    by_id = key == ["id"]
    on = sql.SQL(" AND ").join(
        sql.SQL("t.{} = {}").format(sql.Identifier(name), values[name]) for name in key
    )
    nothing = [sql.Literal(True)]  # a file with no more than its key changes no known row
    old = [sql.Identifier("t", name) for name in (*compared, *linked)] or nothing
    new = [values[name] for name in (*compared, *linked)] or nothing
    histories, arguments = _histories(batch)
    statement = sql.SQL(
        "WITH fresh AS ("
        " SELECT {select}, {firm}::bigint AS firm_id, {run}::bigint AS created_run_id,"
        " {run}::bigint AS changed_run_id{constants}"
        " FROM {stage} s {joins} LEFT JOIN {target} t ON {firm_is}{on}"
        " WHERE t.id IS NULL OR ROW({old}) IS DISTINCT FROM ROW({new})"
        "), merged AS ("
        " INSERT INTO {target} AS t ({columns}) SELECT {columns} FROM fresh"
        " ON CONFLICT ({conflict}) DO UPDATE SET {assign}"
        " RETURNING new.id AS id,"
        " (old.id IS NULL OR old.created_run_id IS NOT DISTINCT FROM {run}) AS is_new{returned},"
        " CASE WHEN old.id IS NOT NULL AND old.created_run_id IS DISTINCT FROM {run} THEN to_jsonb(old) END AS before"
        "), kept AS ("
        ' INSERT INTO imports_importchange (run_id, "table", row_id, before)'
        " SELECT {run}, {table}, id, before FROM merged WHERE before IS NOT NULL"
        "){histories}"
        " SELECT count(*) FILTER (WHERE is_new), count(*) FILTER (WHERE NOT is_new){counts} FROM merged"
    )
    columns = [*values, *constants, "firm_id", "created_run_id", "changed_run_id"]
    composed = statement.format(
        select=sql.SQL(", ").join(
            sql.SQL("{} AS {}").format(value, sql.Identifier(name)) for name, value in values.items()
        ),
        firm=sql.Literal(batch.firm_id),
        run=sql.Literal(batch.run_id),
        table=sql.Literal(meta.db_table),
        constants=sql.SQL("").join(
            sql.SQL(", {} AS {}").format(sql.Literal(value), sql.Identifier(name))
            for name, value in constants.items()
        ),
        stage=batch.stage,
        joins=sql.SQL(" ").join(join.clause for join in joins.values()),
        target=target,
        firm_is=sql.SQL("") if by_id else sql.SQL("t.firm_id = {} AND ").format(sql.Literal(batch.firm_id)),
        on=on,
        old=sql.SQL(", ").join(old),
        new=sql.SQL(", ").join(new),
        columns=_names(columns),
        conflict=_names(key if by_id else ["firm_id", *key]),
        assign=sql.SQL(", ").join(
            sql.SQL("{0} = excluded.{0}").format(sql.Identifier(name))
            for name in (*updated, "changed_run_id")
        ),
        returned=_returned(source),
        histories=histories,
        counts=arguments,
    )
    cursor.execute(composed)
    created, changed, *history = cursor.fetchone()
    return created, changed, sum(history)


def _compared(column: Any) -> tuple[str, ...]:
    chosen = getattr(column.type, "compared", None)
    if chosen is not None:
        return chosen(column.target)
    return tuple(name for name, _ in column.type.sql_columns(column.target))


def _returned(source: Source) -> sql.Composable:
    parts = []
    for number, history in enumerate(source.history):
        name = sql.Identifier(history.field)
        parts.append(sql.SQL(", old.{0} AS {1}, new.{0} AS {2}").format(name, *_pair(number)))
        if history.on:
            parts.append(
                sql.SQL(", new.{} AS {}").format(sql.Identifier(history.on), sql.Identifier(f"on_{number}"))
            )
    return sql.SQL("").join(parts)


def _pair(number: int) -> tuple[sql.Identifier, sql.Identifier]:
    return sql.Identifier(f"old_{number}"), sql.Identifier(f"new_{number}")


def _histories(batch: Batch) -> tuple[sql.Composable, sql.Composable]:
    """CTEs that write the history rows, and the expressions that count them."""
    statements, counts = [], []
    for number, history in enumerate(batch.source.history):
        name, (old, new) = sql.Identifier(f"history_{number}"), _pair(number)
        statements.append(
            sql.SQL(
                ", {name} AS (INSERT INTO {into} (firm_id, {parent}, {old_column}, {new_column}, seen_on, run_id)"
                " SELECT {firm}, id, {old}, {new}, {on}, {run} FROM merged"
                " WHERE NOT is_new AND {old} IS DISTINCT FROM {new} AND {old} IS NOT NULL AND {new} IS NOT NULL"
                " RETURNING 1)"
            ).format(
                name=name,
                into=sql.Identifier(history.into._meta.db_table),
                parent=sql.Identifier(history.into._meta.get_field(history.parent).column),  # type: ignore[union-attr]
                old_column=sql.Identifier(f"old_{history.field}"),
                new_column=sql.Identifier(f"new_{history.field}"),
                firm=sql.Literal(batch.firm_id),
                run=sql.Literal(batch.run_id),
                old=old,
                new=new,
                on=_seen_on(history, batch.source, number),
            )
        )
        counts.append(sql.SQL(", (SELECT count(*) FROM {})").format(name))
    return sql.SQL("").join(statements), sql.SQL("").join(counts)


def _seen_on(history: History, source: Source, number: int) -> sql.Composable:
    today = sql.Literal(today_ist())
    if not history.on:
        return sql.SQL("{}::date").format(today)
    said = sql.Identifier(f"on_{number}")
    if isinstance(source.model._meta.get_field(history.on), models.DateTimeField):
        return sql.SQL("COALESCE(({} AT TIME ZONE 'Asia/Kolkata')::date, {}::date)").format(said, today)
    return sql.SQL("COALESCE({}, {}::date)").format(said, today)
