"""Lets pages see how far a run is while its own transaction is still open."""

from __future__ import annotations

import threading
from contextlib import suppress
from types import TracebackType
from typing import Any, Final

import structlog
from django.db import Error, OperationalError, connection
from django.utils import timezone

from wealthhub.imports.staging import Progress

SECONDS: Final = 1.0
log = structlog.get_logger(__name__)


class Heartbeat:
    """Writes ``progress`` to the run about once a second, over a connection of its own, until it is left.

    Without ``progress`` (an undo has none) it writes only that the run is alive.

    The run's row is not locked by its long transaction before its very end, so the two do not wait for each other.
    """

    def __init__(self, run_id: int, progress: Progress | None = None) -> None:
        self._run_id, self._progress = run_id, progress
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._beat, name=f"import {run_id}", daemon=True)

    def __enter__(self) -> Heartbeat:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Write no more. May be called twice."""
        self._stop.set()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join()

    def _beat(self) -> None:
        database = None
        try:
            while not self._stop.wait(SECONDS):
                database = database or connection.copy()
                with (
                    database.cursor() as cursor,
                    suppress(OperationalError),
                ):  # the run's last words hold the row
                    cursor.execute("SET lock_timeout = '500ms'")
                    self._write(cursor)
        except Error as error:
            log.warning("import heartbeat stopped", run=self._run_id, error=type(error).__name__)
        finally:
            if database is not None:
                database.close()

    def _write(self, cursor: Any) -> None:
        if self._progress is None:
            cursor.execute(
                "UPDATE imports_importrun SET heartbeat_at = %s WHERE id = %s AND phase = 'undoing'",
                [timezone.now(), self._run_id],
            )
            return
        cursor.execute(
            "UPDATE imports_importrun SET heartbeat_at = %s, phase = %s, rows_read = %s, bytes_done = %s"
            " WHERE id = %s AND status = 'running'",
            [
                timezone.now(),
                self._progress.phase or "reading",
                self._progress.rows_read,
                self._progress.bytes_done,
                self._run_id,
            ],
        )
