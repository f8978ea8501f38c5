"""Scans in the background. Every task can run twice with the same end."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from celery import shared_task
from django.db import OperationalError

from opportunities import services
from opportunities.models import ScanRun, ScanShard
from wealthhub.accounts.models import Firm
from wealthhub.imports.models import ImportRun

_RETRY: Final = {"autoretry_for": (OperationalError,), "retry_backoff": True, "max_retries": 5}


@shared_task(**_RETRY)
def plan_scan(scan_id: int) -> None:
    """Cut a scan into shards and hand each to whichever worker is free."""
    for shard_id in services.plan_scan(scan_id):
        scan_shard.delay(shard_id)


@shared_task(**_RETRY)
def scan_shard(shard_id: int) -> None:
    """Run the detectors over one shard; the last one ends the scan."""
    shard = ScanShard.objects.filter(pk=shard_id).first()
    if shard is None:  # the scan was deleted since it was queued
        return
    try:
        services.scan_shard(shard_id)
    except OperationalError:
        raise
    except Exception as error:
        services.fail_scan(shard.scan_id, f"Shard {shard.pk} failed: {type(error).__name__}.")
        raise
    services.finish_scan(shard.scan_id)


@shared_task(**_RETRY)
def scan_after_import(firm_id: int, run_id: int) -> None:
    """Scan the firm's book after a file changed it. One scan a run, however often the task is delivered."""
    run = ImportRun.objects.filter(pk=run_id, firm_id=firm_id).select_related("firm").first()
    if run is not None and not ScanRun.objects.filter(import_run=run).exists():
        services.start_scan(firm=run.firm, import_run=run)


@shared_task(**_RETRY)
def scan_after_merge(firm_id: int, client_ids: list[int]) -> None:
    """Scan the firm's book after clients were merged or parted: their SIPs count together, or no longer do."""
    firm = Firm.objects.filter(pk=firm_id, is_active=True).first()
    if firm is not None:
        services.start_scan(firm=firm)


@shared_task(**_RETRY)
def scan_all_firms() -> None:
    """Every night: scan the book of every active firm as of today."""
    for firm in Firm.objects.filter(is_active=True):
        services.start_scan(firm=firm)


@shared_task(**_RETRY)
def resume_scans() -> None:
    """Give out again what an emptied broker or a killed worker lost."""
    for scan_id in services.unfinished_scans(idle_for=timedelta(minutes=10)):
        for shard_id in services.plan_scan(scan_id):
            scan_shard.delay(shard_id)
        services.finish_scan(scan_id)
