"""Every change to an import run: received, executed, picked up again, undone."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import PurePath
from typing import TYPE_CHECKING, BinaryIO, Final

import structlog
from celery import current_app
from django.conf import settings
from django.core.files.base import File
from django.db import DatabaseError, OperationalError, connection, transaction
from django.db.models import F
from django.utils import timezone

from wealthhub.errors import DomainError
from wealthhub.imports import cards, pipeline, sources, triggers
from wealthhub.imports.choices import Channel, OnError, Phase, RunStatus, Severity
from wealthhub.imports.heartbeat import Heartbeat
from wealthhub.imports.kept import Preview, preview, rejected_rows, scrub, suffix_of
from wealthhub.imports.models import ImportRun
from wealthhub.imports.readers import FileRefused, open_table
from wealthhub.imports.sources import Source
from wealthhub.imports.staging import Issue, Issues, Progress
from wealthhub.imports.undo import execute_undo, recover_undos, start_undo

if TYPE_CHECKING:
    from wealthhub.accounts.models import Firm, User

MAX_ATTEMPTS: Final = 3
SILENT_FOR: Final = timedelta(minutes=2)
COPY_BYTES: Final = 1 << 20
log = structlog.get_logger(__name__)

__all__ = [
    "HasErrors",
    "Preview",
    "book_checked",
    "execute",
    "execute_undo",
    "preview",
    "receive_file",
    "recover_runs",
    "rejected_rows",
    "retry",
    "scrub",
    "start_undo",
]


class HasErrors(FileRefused):
    """The file has bad rows and was sent with ``on_error=abort``."""

    code = "has_errors"


class _Rollback(Exception):
    """Takes back what the run has written, keeping what it counted."""

    def __init__(self, outcome: pipeline.Outcome, refused: FileRefused | None) -> None:
        super().__init__()
        self.outcome, self.refused = outcome, refused


def receive_file(
    *,
    user: User | None,
    firm: Firm,
    source: Source,
    file: BinaryIO,
    filename: str,
    on_error: str = OnError.QUARANTINE,
    dry_run: bool = False,
    channel: str = Channel.PAGE,
    queue: bool = True,
    limit: int | None = None,
) -> ImportRun:
    """Keep the file with its SHA-256 and queue its run; ``queue`` False leaves executing to the caller.

    Raises: FileRefused: larger than the limit, or empty; nothing was kept.
    """
    limit = settings.IMPORT_MAX_BYTES if limit is None else limit
    name = cards.mask(PurePath(filename.replace("\\", "/")).name)[:200] or "file"
    with tempfile.TemporaryFile() as kept:
        size, digest = _take(file, kept, limit)
        kept.seek(0)
        same = (
            ImportRun.objects.filter(
                firm=firm, source=source.name, sha256=digest, status=RunStatus.SUCCEEDED, dry_run=False
            )
            .order_by("-pk")
            .first()
        )
        run = ImportRun(
            firm=firm,
            user=user,
            source=source.name,
            channel=channel,
            filename=name,
            size=size,
            sha256=digest,
            on_error=OnError(on_error),
            dry_run=dry_run,
            same_as=same,
        )
        run.file.save(f"{digest[:16]}{suffix_of(name)}", File(kept), save=False)
    run.save()
    if queue:
        _queue(run)
    return run


def _take(file: BinaryIO, kept: BinaryIO, limit: int) -> tuple[int, str]:
    size, digest = 0, hashlib.sha256()
    while data := file.read(COPY_BYTES):
        size += len(data)
        if size > limit:
            raise FileRefused(
                f"The file is larger than {limit // (1024 * 1024)} MB. Split it.",
                code="too_large",
                status=413,
            )
        digest.update(data)
        kept.write(data)
    if not size:
        raise FileRefused("The file is empty.", code="empty_file")
    return size, digest.hexdigest()


def _queue(run: ImportRun) -> None:
    from wealthhub.imports import tasks  # tasks call this module

    tasks.run_import.delay_on_commit(run.pk)


def book_checked(*, run: ImportRun, user: User | None) -> ImportRun:
    """Book the file of a dry run for real, as a new run of the same kept file.

    Raises: DomainError: the run is no finished dry run, or its file is gone.
    """
    if not run.dry_run or run.status != RunStatus.SUCCEEDED or not run.file:
        raise DomainError("Only a file that was checked and kept can be booked this way.", code="not_checked")
    with run.file.open("rb") as file:
        return receive_file(
            user=user,
            firm=run.firm,
            source=sources.get(run.source),
            file=file,
            filename=str(PurePath(run.filename).with_suffix(suffix_of(run.file.name))),
            on_error=run.on_error,
            channel=run.channel,
            limit=run.size * 8 + COPY_BYTES,
        )


def execute(run_id: int, *, on_progress: Callable[[Progress], None] | None = None) -> ImportRun | None:
    """Run a queued import to its end and return it; None where somebody else has it or it is over.

    Raises: OperationalError: the database went away; the run is picked up again.
    """
    now = timezone.now()
    claimed = ImportRun.objects.filter(pk=run_id, status=RunStatus.QUEUED).update(
        status=RunStatus.RUNNING,
        phase=Phase.READING,
        attempts=F("attempts") + 1,
        started_at=now,
        heartbeat_at=now,
        bytes_done=0,
        rows_read=0,
    )
    if claimed != 1:
        return None
    run = ImportRun.objects.select_related("firm").get(pk=run_id)
    progress, issues = Progress(tell=on_progress), Issues()
    refused: FileRefused | None = None
    try:
        with Heartbeat(run_id, progress):
            outcome, refused = _attempt(run, issues, progress)
            _finish(run, outcome, issues, refused)
    except OperationalError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever it was, the run must not stay "running"
        _fail(run, error, issues)
    finally:
        issues.close()
    # A refused file was not looked through to its end: what it holds is not known.
    if "card_number" in issues.codes or (refused is not None and not isinstance(refused, HasErrors)):
        scrub(run)
    return run


def _attempt(
    run: ImportRun, issues: Issues, progress: Progress
) -> tuple[pipeline.Outcome, FileRefused | None]:
    """Take the file in; commit with the run's end where it is booked, else roll back to nothing."""
    try:
        with run.file.open("rb") as file, transaction.atomic():
            source = sources.get(run.source)
            table = open_table(file, filename=run.file.name, path=source.path)
            with connection.cursor() as cursor, triggers.at_rest(cursor):
                outcome = pipeline.run(
                    cursor,
                    source=source,
                    table=table,
                    firm_id=run.firm_id,
                    run_id=run.pk,
                    issues=issues,
                    progress=progress,
                )
            if issues.errors and run.on_error == OnError.ABORT:
                raise _Rollback(
                    outcome,
                    HasErrors(
                        f"{issues.errors} errors; nothing was booked. Mend them or set the bad rows aside."
                    ),
                )
            if run.dry_run:
                raise _Rollback(outcome, None)
            _finish_booked(run, outcome, issues, source)
    except _Rollback as rollback:
        return rollback.outcome, rollback.refused
    except FileRefused as refused:
        line = refused.details.get("line")
        issues.add(Issue(line, "", "", refused.code, Severity.ERROR, refused.message))
        return pipeline.Outcome(read=progress.rows_read), refused
    return outcome, None


def _finish_booked(run: ImportRun, outcome: pipeline.Outcome, issues: Issues, source: Source) -> None:
    """Write the end of a booked run in the transaction that booked it: all or nothing, the count with it."""
    _end(run, outcome, issues, None)
    transaction.on_commit(
        partial(pipeline.refresh_statistics, outcome), robust=True
    )  # before a scan plans with them
    if source.after:
        name, arguments = source.after, [run.firm_id, run.pk]
        transaction.on_commit(lambda: current_app.send_task(name, args=arguments), robust=True)


def _finish(run: ImportRun, outcome: pipeline.Outcome, issues: Issues, refused: FileRefused | None) -> None:
    if run.status == RunStatus.RUNNING:  # rolled back: nothing of the run's end is written yet
        with transaction.atomic():
            _end(run, outcome, issues, refused)


def _end(run: ImportRun, outcome: pipeline.Outcome, issues: Issues, refused: FileRefused | None) -> None:
    run.status = RunStatus.FAILED if refused else RunStatus.SUCCEEDED
    run.phase, run.finished_at = Phase.DONE, timezone.now()
    run.heartbeat_at, run.bytes_done = run.finished_at, run.size
    run.rows_read, run.rows_created, run.rows_updated = outcome.read, outcome.created, outcome.updated
    run.rows_unchanged, run.rows_duplicate = outcome.unchanged, outcome.duplicate
    run.rows_rejected, run.warnings = outcome.rejected, issues.warnings
    run.error_code = refused.code if refused else ""
    run.error_message = refused.message if refused else ""
    run.summary = outcome.summary | {"issues": dict(issues.codes)}
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM imports_importissue WHERE run_id = %s", [run.pk])
        issues.store(cursor, run.pk)
    run.save()


def _fail(run: ImportRun, error: Exception, issues: Issues) -> None:
    """Mark the run failed. The error's own text may quote a row, so only its kind is kept."""
    cause = getattr(error, "__cause__", None)
    diagnosis = getattr(cause, "diag", None)
    log.error(
        "import failed",
        run=run.pk,
        error=type(error).__name__,
        sqlstate=getattr(cause, "pgcode", None),
        constraint=getattr(diagnosis, "constraint_name", None),
        exc_info=None if isinstance(error, DatabaseError) else error,
    )
    run.status, run.phase, run.finished_at = RunStatus.FAILED, Phase.DONE, timezone.now()
    run.error_code = "internal_error"
    run.error_message = "The import stopped on an error of ours; nothing was booked. It has been logged."
    run.warnings = issues.warnings
    run.save()


def retry(*, run: ImportRun) -> None:
    """Queue a failed run again. Raises: DomainError: it has not failed, or its file is gone."""
    if run.status == RunStatus.FAILED and not run.file:
        raise DomainError("The file of this import is not kept. Send it again.", code="file_gone")
    changed = ImportRun.objects.filter(pk=run.pk, status=RunStatus.FAILED).update(
        status=RunStatus.QUEUED,
        phase=Phase.WAITING,
        error_code="",
        error_message="",
        finished_at=None,
        attempts=0,
    )
    if changed != 1:
        raise DomainError("Only a failed import can be tried again.", code="not_failed")
    run.refresh_from_db()
    _queue(run)


def recover_runs() -> tuple[int, int]:
    """Give out again the runs whose worker fell silent or that no worker ever got; fail them after three attempts.

    So too for undos, which end booked as before when they fail. Returns: runs queued again, runs failed.
    """
    silent = timezone.now() - SILENT_FOR
    queued, failed = recover_undos(silent, MAX_ATTEMPTS)
    for run in ImportRun.objects.filter(status=RunStatus.RUNNING, heartbeat_at__lt=silent):
        same = ImportRun.objects.filter(pk=run.pk, status=RunStatus.RUNNING, heartbeat_at=run.heartbeat_at)
        if run.attempts >= MAX_ATTEMPTS:
            failed += same.update(
                status=RunStatus.FAILED,
                phase=Phase.DONE,
                finished_at=timezone.now(),
                error_code="worker_lost",
                error_message="The import was interrupted three times; nothing was booked. Try it again.",
            )
        elif same.update(status=RunStatus.QUEUED, phase=Phase.WAITING):
            _queue(run)
            queued += 1
    lost = ImportRun.objects.filter(
        status=RunStatus.QUEUED, created_at__lt=silent, channel__in=[Channel.PAGE, Channel.API], attempts=0
    )
    for run in lost:
        _queue(run)  # a second delivery finds the run taken and does nothing
        queued += 1
    return queued, failed
