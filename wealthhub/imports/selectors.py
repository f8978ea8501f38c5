"""What the imports pages and the API show of a run: how far it is, what came of it, what was wrong."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db.models import Count, F, Min
from django.utils import timezone

from wealthhub.dates import format_instant
from wealthhub.imports import services, sources
from wealthhub.imports.choices import Phase, RunStatus, Severity
from wealthhub.imports.models import ImportRun
from wealthhub.money import group_indian

if TYPE_CHECKING:
    from datetime import datetime

    from wealthhub.accounts.models import User

READING_SHARE = Decimal("0.6")  # of a run's time, where no earlier run of the source tells better


# --- Sources ----------------------------------------------------------------------------------------------
def sources_for(user: User) -> list[sources.Source]:
    """The sources whose files this user may send, by title; none without a firm to book them for."""
    return [] if user.firm_id is None else sources.sources_for(user)


def may_upload(user: User, source: sources.Source) -> bool:
    """Whether a file of this source may be sent by this user."""
    return user.firm_id is not None and source.may_be_sent_by(user)


def known_by(source: sources.Source) -> list[str]:
    """Headers of the columns by which a row of this source is known again."""
    fields = set(source.row_key or source.key)
    return [column.name for column in source.columns if column.target in fields]


def source_title(name: str) -> str:
    """The source in words; its bare name where it is no longer declared."""
    source = sources.registry().get(name)
    return source.title if source is not None else name


# --- How far a run is -------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Progress:
    """How far a run is. ``fraction`` (0 to 1) and ``seconds_left`` are None while nobody can say."""

    phase: str
    rows: int
    fraction: Decimal | None
    seconds_elapsed: int
    seconds_left: int | None

    @property
    def percent(self) -> int | None:
        """For a progress bar: 0 to 100."""
        return None if self.fraction is None else int(self.fraction * 100)


def progress(run: ImportRun, *, now: datetime | None = None) -> Progress:
    """How far ``run`` is at ``now``. Two queries at most.

    The time left comes from how long the last good run of the same source took for each byte; without one, from
    this run's own reading so far. It is an estimate and shown as one.
    """
    now = now or timezone.now()
    started, ended = run.started_at or run.created_at, run.finished_at or now
    elapsed = max(0, int((ended - started).total_seconds()))
    phase = Phase(run.phase).label if run.status == RunStatus.RUNNING else RunStatus(run.status).label
    if run.status == RunStatus.UNDOING:
        return Progress(phase, run.rows_created + run.rows_updated, None, elapsed, None)
    if run.is_over:
        return Progress(phase, run.rows_read, Decimal(1), elapsed, 0)
    if run.status == RunStatus.QUEUED:
        return Progress(phase, 0, None, 0, None)
    expected = _expected_seconds(run)
    read = min(Decimal(1), Decimal(run.bytes_done) / run.size) if run.size else None
    if expected:
        fraction = min(Decimal("0.99"), Decimal(elapsed) / Decimal(expected))
        left = max(1, int(expected) - elapsed)
    elif run.phase == Phase.READING and read:
        fraction = read * READING_SHARE
        left = max(1, int(Decimal(elapsed) / fraction) - elapsed)
    else:
        fraction, left = None, None
    return Progress(phase, run.rows_read, fraction, elapsed, left)


def _expected_seconds(run: ImportRun) -> float | None:
    """Size times the seconds a byte took in the last good run of the source in this firm; None without one."""
    last = (
        ImportRun.objects.filter(
            firm_id=run.firm_id,
            source=run.source,
            status=RunStatus.SUCCEEDED,
            dry_run=run.dry_run,
            size__gt=0,
        )
        .annotate(took=F("finished_at") - F("started_at"))
        .filter(took__gt=timedelta(0))
        .order_by("-pk")
        .values_list("took", "size")
        .first()
    )
    return run.size * last[0].total_seconds() / last[1] if last else None


# --- What came of it --------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Part:
    """One of the numbers that add up to the rows read."""

    label: str
    rows: int
    context: str
    tone: str = ""


def parts(run: ImportRun) -> list[Part]:
    """Where the rows of the file went. Once a run has succeeded, their sum is ``rows_read``."""
    would = "would be " if run.dry_run else ""
    return [
        Part("New", run.rows_created, f"{would}booked for the first time"),
        Part("Changed", run.rows_updated, f"{would}brought up to date"),
        Part("Unchanged", run.rows_unchanged, "known, and the same as before"),
        Part("Repeated", run.rows_duplicate, "a later row of the file counts"),
        Part("Set aside", run.rows_rejected, "not booked", "loss" if run.rows_rejected else ""),
    ]


def made(run: ImportRun) -> list[tuple[str, Any]]:
    """What else the run made and how its file was read: pairs of label and value, from its summary."""
    summary = run.summary or {}
    counts = [
        (name.replace("_", " ").capitalize(), group_indian(value, 0))
        for name, value in sorted(summary.items())
        if isinstance(value, int) and value
    ]
    read_as = " · ".join(str(summary[name]) for name in ("format", "encoding") if summary.get(name))
    return [*counts, ("Read as", read_as)] if read_as else counts


def columns_set_apart(run: ImportRun) -> list[tuple[str, str]]:
    """Columns that the file has and we do not know, and the other way round: pairs of label and names."""
    summary = run.summary or {}
    listed = (("Passed over", "unknown_columns"), ("Not in the file", "absent_columns"))
    return [(label, ", ".join(summary[name])) for label, name in listed if summary.get(name)]


@dataclass(frozen=True)
class IssueGroup:
    """All issues of one code and severity; ``message`` and ``hint`` are those of one of them."""

    code: str
    severity: str
    column: str
    count: int
    message: str
    hint: str

    @property
    def is_error(self) -> bool:
        """True where these rows were set aside."""
        return self.severity == Severity.ERROR


def issue_groups(run: ImportRun) -> list[IssueGroup]:
    """What was wrong, grouped by code, severity and column; errors first, then the most frequent. One query."""
    rows = (
        run.issues.values("code", "severity", "column")
        .annotate(count=Count("pk"), message=Min("message"), hint=Min("hint"))
        .order_by("severity", "-count", "code", "column")
    )
    return [IssueGroup(**row) for row in rows]


def can_be_booked(run: ImportRun) -> bool:
    """A check that found something to book, whose file is still kept."""
    return bool(
        run.dry_run
        and run.status == RunStatus.SUCCEEDED
        and run.file
        and (run.rows_created or run.rows_updated)
    )


def can_be_retried(run: ImportRun) -> bool:
    """A failed run whose file is still kept."""
    return bool(run.status == RunStatus.FAILED and run.file)


def can_be_undone(run: ImportRun) -> bool:
    """A run that booked something and still stands. Whether later work rests on it is the service's to say."""
    return bool(
        run.status == RunStatus.SUCCEEDED and not run.dry_run and (run.rows_created or run.rows_updated)
    )


# --- Who may do what with a run ---------------------------------------------------------------------------
def may_send_again(user: User, run: ImportRun) -> bool:
    """Whether this user may have the kept file of a visible run taken in again."""
    source = sources.registry().get(run.source)
    return source is not None and run.firm_id == user.firm_id and may_upload(user, source)


def may_see_rows(user: User, run: ImportRun) -> bool:
    """Whether the kept file's rows may be shown to one who sees the run: they hold personal data in clear."""
    return bool(run.file) and not user.sees_masked_only


# --- The first rows, and the question before an undo ------------------------------------------------------
@dataclass(frozen=True)
class PreviewColumn:
    """One column of the file. ``means`` is our column; empty where the column is passed over."""

    header: str
    means: str
    holds: str


@dataclass(frozen=True)
class PreviewPage:
    """The first rows of a file: ``rows`` are pairs of line and cells, cells as they stand in the file."""

    read_as: str
    columns: list[PreviewColumn]
    absent: list[str]
    rows: list[tuple[int, tuple[str, ...]]]
    issues: list[dict[str, object]]


def preview_of(run: ImportRun) -> PreviewPage:
    """The first rows of the kept file and how they are understood. Raises: DomainError: it cannot be read."""
    source = sources.get(run.source)
    with run.file.open("rb") as file:
        found = services.preview(source=source, file=file, filename=run.file.name)
    by_name = {column.name: column for column in source.columns}
    understood = {header: by_name[name] for header, name in found.columns.items()}
    return PreviewPage(
        read_as=" · ".join(part for part in (found.format, found.encoding, found.delimiter.strip()) if part),
        columns=[
            PreviewColumn(header, understood[header].name, understood[header].type.describe())
            if header in understood
            else PreviewColumn(header, "", "")
            for header in found.header
        ],
        absent=found.absent,
        rows=list(zip(found.lines, found.rows, strict=False)),
        issues=found.issues,
    )


def facts_to_confirm(run: ImportRun) -> list[tuple[str, object]]:
    """What is taken back when ``run`` is undone: pairs of label and value."""
    return [
        ("File", run.filename),
        ("Source", source_title(run.source)),
        ("Received", format_instant(run.created_at)),
        ("Sent by", run.user or "the command line"),
        ("Rows to remove", group_indian(run.rows_created, 0)),
        ("Rows to put back as they were", group_indian(run.rows_updated, 0)),
    ]
