"""Changes to opportunities: scans write the figures, people write the status, admins write the rules."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

from django.db import connection, transaction
from django.db.models.functions import Now
from django.utils import timezone

from opportunities import detectors
from opportunities.choices import OpportunityType, ScanStatus, WorkStatus
from opportunities.models import (
    DetectorSettings,
    Opportunity,
    OpportunityNote,
    ScanRun,
    ScanShard,
    TrailRate,
)
from wealthhub.accounts.models import Firm, User
from wealthhub.dates import today_ist
from wealthhub.errors import Invalid
from wealthhub.imports.models import ImportRun

CLIENTS_PER_SHARD: Final = 25_000
_LOCK_SPACE: Final = 7_301  # advisory locks (space, firm): one firm's scans
UNFINISHED: Final = (ScanStatus.QUEUED, ScanStatus.RUNNING)


# -- people ------------------------------------------------------------------------------------------------------------


@transaction.atomic
def set_status(
    *,
    opportunity: Opportunity,
    user: User,
    status: str,
    reason: str = "",
    snoozed_until: date | None = None,
) -> Opportunity:
    """Record where the advisor stands. A dismissal says why; a snooze hides it until a day to come.

    The change is kept by the table's trigger, so the former status is never lost.

    Raises: Invalid: an unknown status, a dismissal without a reason, or a snooze that is not in the future.
    """
    if status not in WorkStatus.values:
        raise Invalid(f"There is no status {status}.", code="unknown_status", status_given=status)
    reason = reason.strip()
    if status == WorkStatus.DISMISSED and not reason:
        raise Invalid("Say why it is dismissed.", code="reason_required")
    if len(reason) > 300:
        raise Invalid("The reason is longer than 300 characters.", code="too_long")
    if snoozed_until is not None and snoozed_until <= today_ist():
        raise Invalid("Snooze until a day after today.", code="snooze_in_the_past")
    held = Opportunity.objects.select_for_update().get(pk=opportunity.pk)
    held.status = status
    held.dismiss_reason = reason if status == WorkStatus.DISMISSED else ""
    held.snoozed_until = snoozed_until
    held.status_changed_at = timezone.now()
    held.status_changed_by = user
    held.save(
        update_fields=["status", "dismiss_reason", "snoozed_until", "status_changed_at", "status_changed_by"]
    )
    return held


def add_note(*, opportunity: Opportunity, user: User, text: str) -> OpportunityNote:
    """Write a note. Raises: Invalid: the note is empty or longer than 5,000 characters."""
    text = text.strip()
    if not text:
        raise Invalid("The note is empty.", code="missing_value")
    if len(text) > 5000:
        raise Invalid("The note is longer than 5,000 characters.", code="too_long")
    return OpportunityNote.objects.create(
        firm_id=opportunity.firm_id, opportunity=opportunity, author=user, text=text
    )


# -- rules of the firm -------------------------------------------------------------------------------------------------


def parameters_for(firm: Firm | int, opportunity_type: str) -> dict[str, detectors.Number]:
    """The firm's parameters of one detector, defaults where it set none."""
    detector = detectors.REGISTRY[OpportunityType(opportunity_type)]
    held = DetectorSettings.objects.filter(firm_id=_firm_id(firm), opportunity_type=opportunity_type).first()
    return detector.clean(held.parameters if held else {})


def is_on(firm: Firm | int, opportunity_type: str) -> bool:
    """Whether the firm runs this detector."""
    return not DetectorSettings.objects.filter(
        firm_id=_firm_id(firm), opportunity_type=opportunity_type, is_on=False
    ).exists()


@transaction.atomic
def save_settings(
    *, firm: Firm, opportunity_type: str, parameters: Mapping[str, Any], is_on: bool = True
) -> DetectorSettings:
    """Set a firm's parameters of one detector; what is at its default is not stored, so that it follows the default.

    Raises: Invalid: a parameter is unknown, no number or out of range.
    """
    detector = detectors.REGISTRY[OpportunityType(opportunity_type)]
    cleaned = detector.clean(parameters)
    own = {
        name: value if isinstance(value, int) else f"{value:f}"
        for name, value in cleaned.items()
        if value != detector.defaults[name]
    }
    held, _ = DetectorSettings.objects.update_or_create(
        firm=firm, opportunity_type=opportunity_type, defaults={"parameters": own, "is_on": is_on}
    )
    return held


def save_trail_rate(*, firm: Firm, effective_from: date, annual_rate: Decimal) -> TrailRate:
    """Write the rate card from a day on; the same day again replaces the rate.

    Raises: Invalid: the rate is no fraction from 0 to 1.
    """
    if not Decimal(0) <= annual_rate <= Decimal(1):
        raise Invalid("The yearly trail is a fraction from 0 to 1.", code="out_of_range")
    held, _ = TrailRate.objects.update_or_create(
        firm=firm, effective_from=effective_from, defaults={"annual_rate": annual_rate}
    )
    return held


def current_trail_rate(firm: Firm | int, as_of: date) -> Decimal | None:
    """The firm's yearly trail as a fraction on a day; None where no rate card covers it."""
    return (
        TrailRate.objects.filter(firm_id=_firm_id(firm), effective_from__lte=as_of)
        .order_by("-effective_from")
        .values_list("annual_rate", flat=True)
        .first()
    )


# -- scans -------------------------------------------------------------------------------------------------------------


@transaction.atomic
def start_scan(
    *, firm: Firm, user: User | None = None, as_of: date | None = None, import_run: ImportRun | None = None
) -> ScanRun:
    """Ask for a scan of the firm's book as of a day (default: today in IST). It runs once the transaction commits."""
    from opportunities import tasks  # tasks call this room

    scan = ScanRun.objects.create(firm=firm, user=user, as_of=as_of or today_ist(), import_run=import_run)
    tasks.plan_scan.delay_on_commit(scan.pk)
    return scan


@transaction.atomic
def plan_scan(scan_id: int) -> list[int]:
    """Cut a scan into shards by client id and return the ids of those still to do. Safe to repeat.

    Waits for shards of the firm's earlier scans that are being written, and ends those scans: their figures would
    replace newer ones.
    """
    scan = ScanRun.objects.select_for_update().filter(pk=scan_id, status__in=UNFINISHED).first()
    if scan is None:
        return []
    _lock(scan.firm_id, shared=False)
    if scan.status == ScanStatus.QUEUED:
        if ScanRun.objects.filter(firm_id=scan.firm_id, pk__gt=scan.pk, started_at__isnull=False).exists():
            _end(scan, ScanStatus.FAILED, "A later scan of the same book took its place.")
            return []
        earlier = ScanRun.objects.filter(firm_id=scan.firm_id, pk__lt=scan.pk, status__in=UNFINISHED)
        for old in earlier:
            _end(old, ScanStatus.FAILED, "A later scan of the same book took its place.")
        scan.status, scan.started_at = ScanStatus.RUNNING, timezone.now()
        scan.save(update_fields=["status", "started_at"])
        _cut(scan)
    return list(scan.shards.exclude(status=ScanStatus.SUCCEEDED).values_list("pk", flat=True))


@transaction.atomic
def scan_shard(shard_id: int) -> bool:
    """Run all detectors over one shard; False where somebody else did, or the scan is over.

    The claim is an update inside the transaction that writes: a worker that dies leaves the shard as it was, and a
    second worker waits here and then finds it done.
    """
    shard = ScanShard.objects.select_related("scan").get(pk=shard_id)
    _lock(shard.scan.firm_id, shared=True)
    running = ScanRun.objects.filter(pk=shard.scan_id, status=ScanStatus.RUNNING).exists()
    claimed = running and ScanShard.objects.filter(pk=shard_id, status=ScanStatus.QUEUED).update(
        status=ScanStatus.SUCCEEDED, claimed_at=Now()
    )
    if not claimed:
        return False
    counts = {str(kind): _scan_with(detector, shard) for kind, detector in detectors.REGISTRY.items()}
    ScanShard.objects.filter(pk=shard_id).update(counts=counts, finished_at=timezone.now())
    return True


@transaction.atomic
def finish_scan(scan_id: int) -> bool:
    """Close a scan all of whose shards are done and add up their counts; False where it is not. Safe to repeat."""
    scan = ScanRun.objects.select_for_update().filter(pk=scan_id, status=ScanStatus.RUNNING).first()
    if scan is None or scan.shards.exclude(status=ScanStatus.SUCCEEDED).exists():
        return False
    for counts in scan.shards.values_list("counts", flat=True):
        for figures in counts.values():
            scan.found += figures["found"]
            scan.opened += figures["opened"]
            scan.reopened += figures["reopened"]
            scan.closed += figures["closed"]
    _end(scan, ScanStatus.SUCCEEDED, "")
    return True


@transaction.atomic
def fail_scan(scan_id: int, message: str) -> None:
    """End a scan that cannot go on. What its finished shards wrote stays: it is true."""
    scan = ScanRun.objects.select_for_update().filter(pk=scan_id, status__in=UNFINISHED).first()
    if scan is not None:
        _end(scan, ScanStatus.FAILED, message)


def run_scan(scan: ScanRun) -> ScanRun:
    """Run a whole scan in this process: for commands, where nobody waits for a worker."""
    for shard_id in plan_scan(scan.pk):
        scan_shard(shard_id)
    finish_scan(scan.pk)
    scan.refresh_from_db()
    return scan


def unfinished_scans(*, idle_for: timedelta) -> list[int]:
    """Scans that were asked for at least ``idle_for`` ago and are not over: their tasks may have been lost."""
    before = timezone.now() - idle_for
    return list(
        ScanRun.objects.filter(status__in=UNFINISHED, created_at__lt=before)
        .order_by("pk")
        .values_list("pk", flat=True)
    )


def total_of_open(firm: Firm | int) -> int:
    """How many opportunities of the firm are open."""
    return Opportunity.objects.filter(firm_id=_firm_id(firm)).open().count()


def _firm_id(firm: Firm | int) -> int:
    return firm if isinstance(firm, int) else firm.pk


def _lock(firm_id: int, *, shared: bool) -> None:
    """Held to the end of the transaction: shards of a firm share it, planning a new scan waits for all of them."""
    name = "pg_advisory_xact_lock_shared" if shared else "pg_advisory_xact_lock"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {name}(%s, %s)", [_LOCK_SPACE, firm_id])


def _cut(scan: ScanRun) -> None:
    """One shard for every 25,000 clients. Together they cover every id there is, clients without SIPs included."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT id FROM (SELECT id, row_number() OVER (ORDER BY id) AS place FROM clients_client
                               WHERE firm_id = %s) AS client
               WHERE place > 1 AND (place - 1) %% %s = 0 ORDER BY id""",
            [scan.firm_id, CLIENTS_PER_SHARD],
        )
        starts = [0, *(row[0] for row in cursor.fetchall())]
    ends = [*(start - 1 for start in starts[1:]), detectors.LAST_CLIENT]
    ScanShard.objects.bulk_create(
        ScanShard(scan=scan, first_client=first, last_client=last)
        for first, last in zip(starts, ends, strict=True)
    )


def _scan_with(detector: detectors.Detector, shard: ScanShard) -> dict[str, int]:
    scan = shard.scan
    if not is_on(scan.firm_id, detector.opportunity_type):
        closed = Opportunity.objects.filter(
            firm_id=scan.firm_id,
            opportunity_type=detector.opportunity_type,
            client_id__gte=shard.first_client,
            client_id__lte=shard.last_client,
            closed_on__isnull=True,
        ).update(closed_on=scan.as_of)
        return {"found": 0, "opened": 0, "reopened": 0, "updated": 0, "closed": closed}
    statement, values = detectors.write_statement(
        detector,
        firm_id=scan.firm_id,
        as_of=scan.as_of,
        parameters=parameters_for(scan.firm_id, detector.opportunity_type),
        first_client=shard.first_client,
        last_client=shard.last_client,
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        row = cursor.fetchone()
    return dict(zip(("found", "opened", "reopened", "updated", "closed"), row, strict=True))


def _end(scan: ScanRun, status: str, message: str) -> None:
    scan.status, scan.error_message, scan.finished_at = status, message, timezone.now()
    scan.save(
        update_fields=[
            "status", "error_message", "finished_at", "found", "opened", "reopened", "closed"
        ]
    )  # fmt: skip
