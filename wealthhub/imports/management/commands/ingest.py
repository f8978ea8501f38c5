"""`manage.py ingest SOURCE FILE`: one import from the command line, with a progress bar."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from wealthhub.accounts.models import Firm
from wealthhub.errors import DomainError
from wealthhub.imports import services, sources
from wealthhub.imports.choices import Channel, OnError, RunStatus
from wealthhub.imports.models import ImportRun
from wealthhub.imports.staging import Progress

COUNTS = ("read", "created", "updated", "unchanged", "duplicate", "rejected")
ISSUES_SHOWN = 20
BAR = 30


class Command(BaseCommand):
    """Take a file in for one firm and wait for its end. Exit code 1 where it fails."""

    help = "Import a file. `manage.py ingest sip book.json --firm my-firm`"

    def add_arguments(self, parser: CommandParser) -> None:
        """Source, file, and how to treat them."""
        parser.add_argument("source", help="name of a declared source")
        parser.add_argument("file", type=Path)
        parser.add_argument("--firm", help="slug of the firm; needed where there is more than one")
        parser.add_argument("--dry-run", action="store_true", help="check everything, book nothing")
        parser.add_argument("--on-error", choices=OnError.values, default=OnError.QUARANTINE)

    def handle(self, **options: Any) -> None:
        """Run the import here, not in a worker."""
        path: Path = options["file"]
        try:
            source = sources.get(options["source"])
            with path.open("rb") as file:
                run = services.receive_file(
                    user=None,
                    firm=_firm(options["firm"]),
                    source=source,
                    file=file,
                    filename=path.name,
                    on_error=options["on_error"],
                    dry_run=options["dry_run"],
                    channel=Channel.COMMAND,
                    queue=False,
                )
        except OSError as error:
            raise CommandError(f"{path}: {error.strerror}") from error
        except DomainError as error:
            raise CommandError(error.message) from error
        services.execute(run.pk, on_progress=self._bar(run.size))
        run.refresh_from_db()
        self._report(run)
        if run.status == RunStatus.FAILED:
            raise CommandError(run.error_message)

    def _bar(self, size: int) -> Any:
        def draw(progress: Progress) -> None:
            share = min(1.0, progress.bytes_done / size) if size else 1.0
            full = round(share * BAR)
            self.stderr.write(
                f"\r[{'#' * full}{'.' * (BAR - full)}] {share:4.0%}  {progress.rows_read:,} rows", ending=""
            )
            self.stderr.flush()

        return draw if sys.stderr.isatty() else None

    def _report(self, run: ImportRun) -> None:
        if sys.stderr.isatty():
            self.stderr.write("")
        dry = " (checked only, nothing booked)" if run.dry_run else ""
        self.stdout.write(f"Run #{run.pk}: {run.get_status_display()}{dry}")
        for name in COUNTS:
            self.stdout.write(f"  {name:<10} {getattr(run, 'rows_' + name):>12,}")
        if run.same_as_id and not run.dry_run:
            self.stdout.write(f"  The same file was booked before, as run #{run.same_as_id}.")
        for issue in run.issues.all()[:ISSUES_SHOWN]:
            self.stdout.write(f"  {issue.severity}: line {issue.line}, {issue.column}: {issue.message}")
        more = run.issues.count() - ISSUES_SHOWN
        if more > 0:
            self.stdout.write(f"  … and {more:,} more issues")


def _firm(slug: str | None) -> Firm:
    firms = list(Firm.objects.filter(slug=slug) if slug else Firm.objects.filter(is_active=True)[:2])
    if len(firms) == 1:
        return firms[0]
    known = ", ".join(Firm.objects.values_list("slug", flat=True)[:20]) or "none; see `manage.py add_firm`"
    raise CommandError(f"Name a firm with --firm. Known: {known}.")
