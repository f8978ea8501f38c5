"""Celery's way into the imports room."""

from __future__ import annotations

from celery import shared_task
from django.db import OperationalError

from wealthhub.imports import services


@shared_task(autoretry_for=(OperationalError,), retry_backoff=True, max_retries=5)
def run_import(run_id: int) -> None:
    """Run one queued import. A second delivery finds it taken and does nothing."""
    services.execute(run_id)


@shared_task
def undo_run(run_id: int) -> None:
    """Take one run back. A second delivery finds it taken and does nothing; a lost one is picked up again."""
    services.execute_undo(run_id)


@shared_task
def recover_runs() -> dict[str, int]:
    """Pick up imports and undos whose worker fell silent. Every minute."""
    queued, failed = services.recover_runs()
    return {"queued": queued, "failed": failed}
