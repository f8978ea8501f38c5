"""What the pages that cross the apps show: asked of each app's own selectors, never worked out here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from opportunities import selectors as opportunities
from opportunities.models import Opportunity, ScanRun
from opportunities.selectors import BookTotals, WorklistTotals
from wealthhub.dates import today_ist
from wealthhub.imports.models import ImportRun

if TYPE_CHECKING:
    from collections.abc import Sequence

    from opportunities.selectors import AdvisorBook
    from wealthhub.accounts.models import User

TOTALS = (
    "clients",
    "monthly_book",
    "total_invested",
    "failed_amount",
    "open_opportunities",
    "monthly_inflow",
    "one_time_inflow",
)


@dataclass(frozen=True)
class Morning:
    """The worklist of a member of the staff. ``rate`` None: no rate card, or not to be shown."""

    scan: ScanRun | None
    last_import: ImportRun | None
    totals: WorklistTotals
    rate: Decimal | None
    book: BookTotals
    new_count: int
    new_since: date
    first: list[Opportunity]


def morning(user: User) -> Morning:
    """What there is to do this morning. A fixed number of queries."""
    scan = opportunities.last_scan(user.firm)
    rate = opportunities.shown_trail_rate(user, as_of=scan.as_of if scan else today_ist())
    rows = opportunities.to_work_on(Opportunity.objects.visible_to(user))
    yesterday = today_ist() - timedelta(days=1)
    return Morning(
        scan=scan,
        last_import=ImportRun.objects.visible_to(user).order_by("-pk").first(),
        totals=opportunities.worklist_totals(rows, rate=rate),
        rate=rate,
        book=opportunities.whole_book(user),
        new_count=opportunities.new_since(user, yesterday),
        new_since=yesterday,
        first=opportunities.next_to_call(user),
    )


def book_sums(books: Sequence[AdvisorBook]) -> dict[str, Any]:
    """The footer of the advisors' list: sums over all its rows."""
    return {name: sum((getattr(book, name) for book in books), 0) for name in TOTALS}
