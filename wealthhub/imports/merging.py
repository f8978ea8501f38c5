"""The one statement that books a stage: new rows in, changed rows updated, what they were kept for an undo."""

from __future__ import annotations

from typing import Any, Final

from django.db import models
from psycopg2 import sql

from wealthhub.dates import today_ist
from wealthhub.imports.columns import Column
from wealthhub.imports.sources import Batch, History, Join, Source

_MERGE: Final = sql.SQL(
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


def names_of(columns: list[str]) -> sql.Composable:
    """Quoted names joined by commas."""
    return sql.SQL(", ").join(map(sql.Identifier, columns))


def merge(cursor: Any, batch: Batch, joins: dict[str, Join]) -> tuple[int, int, int]:
    """Book the staged rows in one statement: new rows in, changed rows updated, unchanged rows not even locked.

    The rows as they were go to `ImportChange`, changes of watched fields to their history.
    Returns: rows created, rows updated, history rows written.
    """
    cursor.execute(_MERGE.format(**_parts(batch, joins)))
    created, changed, *history = cursor.fetchone()
    return created, changed, sum(history)


def _parts(batch: Batch, joins: dict[str, Join]) -> dict[str, sql.Composable]:
    """What `_MERGE` leaves open, for one source and one file."""
    source, key = batch.source, list(batch.source.key)
    table, by_id = source.model._meta.db_table, key == ["id"]
    stored = source.stored_columns
    fields = [name for column in stored for name, _ in column.type.sql_columns(column.target)]
    present = [column for column in stored if column.target in batch.present]
    written = [name for column in present for name, _ in column.type.sql_columns(column.target)]
    linked = [name for name in joins if name not in key]
    values: dict[str, sql.Composable] = {name: sql.Identifier("s", name) for name in fields}
    values |= {name: join.value for name, join in joins.items()}
    constants = {name: value for name, value in source.defaults.items() if name not in values}
    compared = [name for column in present for name in compared_columns(column)] + linked
    nothing = [sql.Literal(True)]  # a file with no more than its key changes no known row
    firm = sql.Literal(batch.firm_id)
    histories, counts = _histories(batch)
    return {
        "select": _listed("{} AS {}", [(value, sql.Identifier(name)) for name, value in values.items()]),
        "constants": sql.SQL("").join(
            sql.SQL(", {} AS {}").format(sql.Literal(value), sql.Identifier(name))
            for name, value in constants.items()
        ),
        "firm": firm,
        "run": sql.Literal(batch.run_id),
        "table": sql.Literal(table),
        "target": sql.Identifier(table),
        "stage": batch.stage,
        "joins": sql.SQL(" ").join(join.clause for join in joins.values()),
        "firm_is": sql.SQL("") if by_id else sql.SQL("t.firm_id = {} AND ").format(firm),
        "on": sql.SQL(" AND ").join(
            sql.SQL("{} = {}").format(sql.Identifier("t", name), values[name]) for name in key
        ),
        "old": sql.SQL(", ").join([sql.Identifier("t", name) for name in compared] or nothing),
        "new": sql.SQL(", ").join([values[name] for name in compared] or nothing),
        "columns": names_of([*values, *constants, "firm_id", "created_run_id", "changed_run_id"]),
        "conflict": names_of(key if by_id else ["firm_id", *key]),
        "assign": _listed(
            "{0} = excluded.{0}",
            [(sql.Identifier(name),) for name in (*written, *linked, "changed_run_id") if name not in key],
        ),
        "returned": _returned(source),
        "histories": histories,
        "counts": counts,
    }


def _listed(pattern: str, items: list[tuple[sql.Composable, ...]]) -> sql.Composable:
    return sql.SQL(", ").join(sql.SQL(pattern).format(*item) for item in items)


def compared_columns(column: Column) -> tuple[str, ...]:
    """The staging columns that tell whether a value of ``column`` changed: ciphers differ where their texts do not."""
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
