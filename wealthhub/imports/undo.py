"""Taking a booked run back, as long as nothing later stands on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import structlog
from django.apps import apps
from django.db import DatabaseError, IntegrityError, OperationalError, connection, transaction
from django.db.models import F, QuerySet
from django.utils import timezone
from psycopg2 import sql

from wealthhub.errors import DomainError
from wealthhub.imports import sources, triggers
from wealthhub.imports.choices import Phase, RunStatus
from wealthhub.imports.heartbeat import Heartbeat
from wealthhub.imports.models import ImportChange, ImportRun
from wealthhub.models import ImportedModel

if TYPE_CHECKING:
    from datetime import datetime

log = structlog.get_logger(__name__)
_OF_THE_IMPORT: Final = {"imports_importrun", "imports_importissue", "imports_importchange"}


class BuiltOn(DomainError):
    """Later runs or people have built on what the run booked. ``details`` counts the rows by table."""

    code = "built_on"


def start_undo(*, run: ImportRun, user: Any) -> ImportRun:
    """Mark a booked run as being undone, queue the work and return the run.

    Raises: DomainError: the run is not a booked one. BuiltOn: something later stands on it; nothing was changed.
    """
    with transaction.atomic():
        run = ImportRun.objects.select_for_update(of=("self",)).get(pk=run.pk)
        if run.status != RunStatus.SUCCEEDED or run.dry_run:
            raise DomainError("Only a booked import can be undone.", code="not_booked")
        if not _newer(run).exists():  # else what stands on it may be gone by its turn
            _refuse_if_built_on(run)
        run.status, run.phase = RunStatus.UNDOING, Phase.WAITING
        run.attempts, run.heartbeat_at, run.undone_by = 0, timezone.now(), user
        run.error_code = run.error_message = ""
        run.save()
        queue_undo(run)
    return run


def execute_undo(run_id: int) -> ImportRun | None:
    """Undo a run that waits for it and return it; None where somebody else has it or it is over.

    The run ends undone, or booked as before with the reason as its error. Of a firm's waiting runs the newest goes
    first, so that it does not stand in the way of an older one.

    Raises: OperationalError: the database went away; the run is picked up again.
    """
    waiting = ImportRun.objects.filter(pk=run_id, status=RunStatus.UNDOING, phase=Phase.WAITING)
    run = waiting.select_related("firm", "undone_by").first()
    if run is None or _newer(run).exists():  # the newer one gives this out when it is over
        return None
    now = timezone.now()
    if waiting.update(phase=Phase.UNDOING, attempts=F("attempts") + 1, heartbeat_at=now) != 1:
        return None
    run.refresh_from_db()
    try:
        with Heartbeat(run_id):
            _take_back(run)
    except BuiltOn as refusal:
        keep_booked(run, refusal.code, refusal.message)
    except OperationalError:
        raise
    except IntegrityError:
        message = "Something was added to its rows while it was being taken back; nothing was changed."
        keep_booked(run, BuiltOn.code, message)
    except Exception as error:  # whatever it was, the run must not stay "undoing"
        log.error(
            "undo failed",
            run=run.pk,
            error=type(error).__name__,
            exc_info=None if isinstance(error, DatabaseError) else error,  # its text may quote a row
        )
        message = "Taking it back stopped on an error of ours; nothing was changed. It has been logged."
        keep_booked(run, "internal_error", message)
    run.refresh_from_db()
    following = ImportRun.objects.filter(firm=run.firm, status=RunStatus.UNDOING, phase=Phase.WAITING)
    if (next_run := following.order_by("-pk").first()) is not None:
        queue_undo(next_run)
    return run


def recover_undos(silent: datetime, max_attempts: int) -> tuple[int, int]:
    """Give out again the undos that nothing was heard of since ``silent``; give them up after ``max_attempts``.

    Returns: undos queued again, undos given up.
    """
    queued = given_up = 0
    for run in ImportRun.objects.filter(status=RunStatus.UNDOING, heartbeat_at__lt=silent).order_by("-pk"):
        if run.phase == Phase.UNDOING and run.attempts >= max_attempts:
            message = "Taking it back was interrupted three times; nothing was changed. Try it again."
            given_up += keep_booked(run, "worker_lost", message)
            continue
        same = ImportRun.objects.filter(pk=run.pk, status=RunStatus.UNDOING, heartbeat_at=run.heartbeat_at)
        if same.update(phase=Phase.WAITING, heartbeat_at=timezone.now()):
            queue_undo(run)
            queued += 1
    return queued, given_up


def queue_undo(run: ImportRun) -> None:
    """Hand the undo to a worker when the transaction commits."""
    from wealthhub.imports import tasks  # tasks call this module

    tasks.undo_run.delay_on_commit(run.pk)


def keep_booked(run: ImportRun, code: str, message: str) -> int:
    """End an undo that was not to be: booked as before, with the reason.

    Returns: 1, or 0 where it went on meanwhile.
    """
    return ImportRun.objects.filter(
        pk=run.pk, status=RunStatus.UNDOING, phase=Phase.UNDOING, attempts=run.attempts
    ).update(
        status=RunStatus.SUCCEEDED,
        phase=Phase.DONE,
        undone_by=None,
        error_code=code,
        error_message=message,
    )


def _newer(run: ImportRun) -> QuerySet[ImportRun]:
    return ImportRun.objects.filter(firm_id=run.firm_id, status=RunStatus.UNDOING, pk__gt=run.pk)


def _refuse_if_built_on(run: ImportRun) -> None:
    later = built_on(run)
    if later:
        told = ", ".join(f"{count} {name}" for name, count in later.items())
        raise BuiltOn(f"Later work stands on this import: {told}. Undo the later imports first.", rows=later)


def _take_back(run: ImportRun) -> None:
    """Put back every row the run changed, delete what it made, and mark it undone: one transaction.

    Does nothing where another worker has done it. The run's own row is locked at the very end only, so that its
    heartbeat goes on. Raises: BuiltOn: something later stands on it; nothing was changed.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, %s))", [f"import {run.source}", run.firm_id]
        )
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('parties', %s))", [run.firm_id])
        run.refresh_from_db()
        if run.status != RunStatus.UNDOING:
            return
        _refuse_if_built_on(run)
        with triggers.at_rest(cursor):
            _delete_derived(run)
            driver = cursor.cursor  # the history's hook on Django's own takes SQL as text only
            removed = _delete_histories(driver, run)
            removed |= _delete_made(driver, run)
            restored = _restore(driver, run)
        # Foreign keys would be checked at the commit, with the run's own row locked: check them here.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        run.status, run.phase, run.undone_at = RunStatus.UNDONE, Phase.DONE, timezone.now()
        run.summary |= {"undone": {"restored": restored, "removed": removed}}
        run.save(update_fields=["status", "phase", "undone_at", "summary"])
        from wealthhub.accounts.services import (
            record,
        )  # accounts stands below; only undoing writes to its trail

        record(user=run.undone_by, action="import.undo", obj=run, removed=removed, restored=restored)
        source = sources.get(run.source)
        if source.after:
            from celery import current_app

            name, arguments = source.after, [run.firm_id, run.pk]
            transaction.on_commit(lambda: current_app.send_task(name, args=arguments), robust=True)


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
            if derived.model is other:  # by whichever of its links: it goes with its parent
                gone = rows.filter(derived.untouched, **{f"{derived.parent}__created_run": run})
                rows = rows.exclude(pk__in=gone.values("pk"))
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
