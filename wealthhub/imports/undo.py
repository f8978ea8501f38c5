"""Taking a booked run back, as long as nothing later stands on it."""

from __future__ import annotations

from typing import Any, Final

from django.apps import apps
from django.db import connection, transaction
from django.utils import timezone
from psycopg2 import sql

from wealthhub.errors import DomainError
from wealthhub.imports import sources, triggers
from wealthhub.imports.choices import RunStatus
from wealthhub.imports.models import ImportChange, ImportRun
from wealthhub.models import ImportedModel

_OF_THE_IMPORT: Final = {"imports_importrun", "imports_importissue", "imports_importchange"}


class BuiltOn(DomainError):
    """Later runs or people have built on what the run booked. ``details`` counts the rows by table."""

    code = "built_on"


def undo_run(*, run: ImportRun, user: Any) -> ImportRun:
    """Put back every row the run changed, delete what it made, and mark it undone.

    Raises: DomainError: the run is not a booked one. BuiltOn: something later stands on it; nothing was changed.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, %s))", [f"import {run.source}", run.firm_id]
        )
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('parties', %s))", [run.firm_id])
        run = ImportRun.objects.select_for_update(of=("self",)).get(pk=run.pk)
        if run.status != RunStatus.SUCCEEDED or run.dry_run:
            raise DomainError("Only a booked import can be undone.", code="not_booked")
        later = built_on(run)
        if later:
            told = ", ".join(f"{count} {name}" for name, count in later.items())
            raise BuiltOn(
                f"Later work stands on this import: {told}. Undo the later imports first.", rows=later
            )
        with triggers.at_rest(cursor):
            _delete_derived(run)
            driver = (
                cursor.cursor
            )  # within a request, the history's hook on Django's own takes SQL as text only
            removed = _delete_histories(driver, run)
            removed |= _delete_made(driver, run)
            restored = _restore(driver, run)
        run.status, run.undone_at, run.undone_by = RunStatus.UNDONE, timezone.now(), user
        run.summary |= {"undone": {"restored": restored, "removed": removed}}
        run.save(update_fields=["status", "undone_at", "undone_by", "summary"])
        from wealthhub.accounts.services import (
            record,
        )  # accounts stands below; only undoing writes to its trail

        record(user=user, action="import.undo", obj=run, removed=removed, restored=restored)
        source = sources.get(run.source)
        if source.after:
            from celery import current_app

            name, arguments = source.after, [run.firm_id, run.pk]
            transaction.on_commit(lambda: current_app.send_task(name, args=arguments), robust=True)
    return run


def built_on(run: ImportRun) -> dict[str, int]:
    """Rows, by the plural name of their table, that later imports or people have built on what ``run`` booked."""
    later: dict[str, int] = {}
    for model in imported_models():
        rows = model._base_manager.filter(firm_id=run.firm_id)
        changed = rows.filter(created_run=run).exclude(changed_run=run).count()
        ids = ImportChange.objects.filter(run=run, table=model._meta.db_table).values("row_id")
        changed += rows.filter(pk__in=ids).exclude(created_run=run).exclude(changed_run=run).count()
        if changed:
            later[f"{model._meta.verbose_name_plural} changed since"] = changed
        for relation, count in _dependants(model, run):
            later[f"{relation} on its {model._meta.verbose_name_plural}"] = count
    return later


def imported_models() -> list[type[ImportedModel]]:
    """Every table that files may write."""
    return [model for model in apps.get_models() if issubclass(model, ImportedModel)]


def _dependants(model: type[ImportedModel], run: ImportRun) -> list[tuple[str, int]]:
    """Rows of other tables that point at rows the run made and that the run did not make itself."""
    found = []
    for relation in model._meta.related_objects:
        other = relation.related_model
        if other._meta.db_table in _OF_THE_IMPORT or hasattr(other, "pgh_tracked_model"):
            continue  # what the history tables hold outlives its rows
        rows = other._base_manager.filter(**{f"{relation.field.name}__created_run": run})
        for derived in sources.get(run.source).derived:
            if derived.model is other and derived.parent == relation.field.name:
                rows = rows.exclude(pk__in=rows.filter(derived.untouched).values("pk"))
        if issubclass(other, ImportedModel):
            rows = rows.exclude(created_run=run)
        elif any(field.name == "run" for field in other._meta.fields):
            rows = rows.exclude(run=run)
        count = rows.count()
        if count:
            found.append((str(other._meta.verbose_name_plural), count))
    return found


def _delete_derived(run: ImportRun) -> None:
    for derived in sources.get(run.source).derived:
        rows = derived.model._base_manager.filter(**{f"{derived.parent}__created_run": run})
        derived.model._base_manager.filter(pk__in=rows.filter(derived.untouched).values("pk")).delete()


def _delete_histories(cursor: Any, run: ImportRun) -> dict[str, int]:
    removed = {}
    tables = {history.into._meta.db_table for history in sources.get(run.source).history}
    for table in [*sorted(tables), "clients_advisorassignment"]:
        cursor.execute(sql.SQL("DELETE FROM {} WHERE run_id = %s").format(sql.Identifier(table)), [run.pk])
        removed[table] = cursor.rowcount
    return removed


def _delete_made(cursor: Any, run: ImportRun) -> dict[str, int]:
    """Delete the rows the run made, those that point to others first."""
    removed = {}
    for model in _dependants_first(imported_models()):
        cursor.execute(
            sql.SQL("DELETE FROM {} WHERE firm_id = %s AND created_run_id = %s").format(
                sql.Identifier(model._meta.db_table)
            ),
            [run.firm_id, run.pk],
        )
        if cursor.rowcount:
            removed[model._meta.db_table] = cursor.rowcount
    return removed


def _dependants_first(found: list[type[ImportedModel]]) -> list[type[ImportedModel]]:
    ordered: list[type[ImportedModel]] = []
    waiting = list(found)
    while waiting:
        free = [
            model
            for model in waiting
            if not any(
                relation.related_model in waiting and relation.related_model is not model
                for relation in model._meta.related_objects
            )
        ]
        if not free:
            raise RuntimeError("imported tables point at each other in a circle")
        ordered += free
        waiting = [model for model in waiting if model not in free]
    return ordered


def _restore(cursor: Any, run: ImportRun) -> dict[str, int]:
    """Write the kept rows back, newest change first, only the columns that were kept."""
    by_table = {model._meta.db_table: model for model in apps.get_models()}
    restored = {}
    changes = ImportChange.objects.filter(run=run, before__isnull=False)
    for table in changes.order_by().values_list("table", flat=True).distinct():
        kept = set(changes.filter(table=table).order_by("pk").values_list("before", flat=True)[:1][0] or ())
        names = [
            field.column
            for field in by_table[table]._meta.concrete_fields
            if field.column in kept and not field.primary_key and not field.generated
        ]
        cursor.execute(
            sql.SQL(
                "UPDATE {table} t SET {assign} FROM (SELECT DISTINCT ON (row_id) row_id,"
                " jsonb_populate_record(NULL::{table}, before) AS r FROM imports_importchange"
                ' WHERE run_id = %s AND "table" = %s AND before IS NOT NULL ORDER BY row_id, id) c'
                " WHERE t.id = c.row_id"
            ).format(
                table=sql.Identifier(table),
                assign=sql.SQL(", ").join(
                    sql.SQL("{0} = (c.r).{0}").format(sql.Identifier(name)) for name in names
                ),
            ),
            [run.pk, table],
        )
        restored[table] = cursor.rowcount
    return restored
