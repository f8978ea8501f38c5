"""Re-encrypts personal data written under older keys."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pgtrigger
from django.apps import apps
from django.db import connection, models, transaction

from wealthhub import crypto
from wealthhub.clients.fields import EncryptedField


@dataclass(frozen=True)
class EncryptedColumn:
    """One encrypted column of one table. ``bound_to`` is what its values are bound to."""

    model: type[models.Model]
    name: str
    bound_to: str

    def sql(self, statement: str) -> str:
        """The statement about this column; every name is our own model's, and quoted."""
        quote = connection.ops.quote_name
        names = {
            "table": quote(self.model._meta.db_table),
            "key": quote(str(self.model._meta.pk.column)),
            "column": quote(self.name),
        }
        return statement.format(**names)

    def __str__(self) -> str:
        return f"{self.model._meta.db_table}.{self.name}"


def encrypted_columns() -> Iterator[EncryptedColumn]:
    """Every encrypted column of every app, history tables too."""
    for model in apps.get_models():
        for column in model._meta.concrete_fields:
            if isinstance(column, EncryptedField):
                yield EncryptedColumn(model, str(column.column), column.bound_to)


def rotate(column: EncryptedColumn, *, batch: int = 1000, done: Callable[[int], None] | None = None) -> int:
    """Re-encrypt what is not under the current key and return how many values that was.

    Each batch is its own transaction, and a finished value is not read again: a run that was stopped goes on where it
    stood. ``done`` hears the running count.
    Raises: Undecryptable: a value's key is not configured; earlier batches stay done.
    """
    total, last = 0, 0
    while moved := _rotate_batch(column, after=last, size=batch):
        total, last = total + len(moved), moved[-1]
        if done is not None:
            done(total)
    return total


def left_over(column: EncryptedColumn) -> int:
    """How many values are not under the current key."""
    prefix = _prefix()
    with connection.cursor() as cursor:
        cursor.execute(
            column.sql(
                "SELECT count(*) FROM {table} WHERE {column} IS NOT NULL AND substring({column} FROM 1 FOR %s) <> %s"
            ),
            [len(prefix), prefix],
        )
        return cursor.fetchone()[0]


def _prefix() -> bytes:
    """How every value under the current key begins."""
    return crypto.current_key_id().encode() + b"\0"


@transaction.atomic
def _rotate_batch(column: EncryptedColumn, *, after: int, size: int) -> list[int]:
    """The ids of the rows that were written, in order; empty: nothing is left."""
    prefix = _prefix()
    with connection.cursor() as cursor:
        cursor.execute(
            column.sql(
                "SELECT {key}, {column} FROM {table} WHERE {key} > %s AND {column} IS NOT NULL "
                "AND substring({column} FROM 1 FOR %s) <> %s ORDER BY {key} LIMIT %s FOR UPDATE"
            ),
            [after, len(prefix), prefix, size],
        )
        rows = cursor.fetchall()
        ids = [key for key, _ in rows]
        fresh = [
            crypto.encrypt(crypto.decrypt(bytes(stored), column=column.bound_to), column=column.bound_to)
            for _, stored in rows
        ]
        if rows:
            with pgtrigger.ignore():  # a new key is no change of the value: no history row
                cursor.execute(
                    column.sql(
                        "UPDATE {table} SET {column} = fresh.value "
                        "FROM unnest(%s::bigint[], %s::bytea[]) AS fresh(id, value) WHERE {table}.{key} = fresh.id"
                    ),
                    [ids, fresh],
                )
    return ids
