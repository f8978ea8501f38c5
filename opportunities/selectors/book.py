"""The SIP book: its sums, its two charts, the advisors' and the clients' shares of it. Everything is in INR."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db.models import Count, Max, Q, QuerySet, Sum
from django.db.models.functions import TruncMonth

from opportunities.choices import InflowBasis
from opportunities.models import Opportunity, Sip, SipAmountChange
from opportunities.selectors.kept import kept
from wealthhub.clients.models import Advisor, Client

if TYPE_CHECKING:
    from wealthhub.accounts.models import User

ZERO = Decimal(0)


@dataclass(frozen=True)
class BookTotals:
    """Sums over some SIPs. ``monthly`` counts the active ones; ``monthly_all`` every one of them."""

    count: int
    active: int
    monthly: Decimal
    monthly_all: Decimal
    success: Decimal
    failed: Decimal

    def as_dict(self) -> dict[str, Any]:
        """For a table's footer."""
        return {"monthly_all": self.monthly_all, "success": self.success, "failed": self.failed}


def book_totals(rows: QuerySet[Sip]) -> BookTotals:
    """Counts and sums over ``rows``. One query."""
    active = Q(is_active=True, deleted=False)
    sums: dict[str, Any] = rows.order_by().aggregate(
        count=Count("pk"),
        active=Count("pk", filter=active),
        monthly=Sum("monthly_amount", filter=active),
        monthly_all=Sum("monthly_amount"),
        success=Sum("success_amount"),
        failed=Sum("failed_amount"),
    )
    figures: dict[str, Any] = {name: ZERO if value is None else value for name, value in sums.items()}
    return BookTotals(**figures)


def whole_book(user: User) -> BookTotals:
    """The sums over all that ``user`` sees, those marked deleted left out."""
    return kept(user, "totals", lambda: book_totals(Sip.objects.visible_to(user).counted()))


@dataclass(frozen=True)
class MonthAmount:
    """The monthly amount of the SIPs registered in one calendar month; ``month`` is its first day."""

    month: date
    monthly: Decimal


def monthly_book_by_registration(rows: QuerySet[Sip], *, months: int = 24) -> list[MonthAmount]:
    """Active monthly amount by month of registration, oldest first, at most the newest ``months`` that have any."""
    sums = (
        rows.order_by()
        .filter(is_active=True, registered_on__isnull=False)
        .annotate(month=TruncMonth("registered_on"))
        .values("month")
        .annotate(monthly=Sum("monthly_amount"))
        .order_by("-month")[:months]
    )
    return [MonthAmount(each["month"], each["monthly"]) for each in reversed(sums)]


@dataclass(frozen=True)
class StatusAmount:
    """Failed money of the SIPs whose last word from the source is ``status``."""

    status: str
    failed: Decimal


def failed_by_status(rows: QuerySet[Sip]) -> list[StatusAmount]:
    """Failed amount by the SIP's present status, the largest first; statuses without any are left out."""
    sums = (
        rows.order_by()
        .filter(failed_amount__gt=0)
        .values("status")
        .annotate(failed=Sum("failed_amount"))
        .order_by("-failed")
    )
    return [StatusAmount(each["status"] or "None given", each["failed"]) for each in sums[:8]]


@dataclass(frozen=True)
class BookPicture:
    """The sums and the two charts' figures of some SIPs."""

    totals: BookTotals
    months: list[MonthAmount]
    failed: list[StatusAmount]


def book_picture(user: User, rows: QuerySet[Sip], *, is_whole: bool) -> BookPicture:
    """The figures of ``rows``. ``is_whole``: they are everything ``user`` sees, whose figures are kept."""

    def work() -> BookPicture:
        return BookPicture(book_totals(rows), monthly_book_by_registration(rows), failed_by_status(rows))

    return kept(user, "picture", work) if is_whole else work()


def visible_sips(user: User) -> QuerySet[Sip]:
    """The SIPs ``user`` may see, ready for a list."""
    return Sip.objects.visible_to(user).select_related("client", "client__advisor")


def amount_history(sip: Sip) -> list[SipAmountChange]:
    """Every change of the instalment seen across imports, newest first."""
    return list(sip.amount_changes.select_related("run"))


# --- Advisors -----------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class AdvisorBook:
    """An advisor and the book of the clients they serve now.

    ``total_sips`` and ``total_invested`` count the SIPs that the files name them for, as the first system did;
    ``clients``, ``monthly_book`` and the opportunities belong to the clients they serve today.
    """

    advisor: Advisor
    total_sips: int
    total_invested: Decimal
    clients: int
    monthly_book: Decimal
    failed_amount: Decimal
    open_opportunities: int
    monthly_inflow: Decimal
    one_time_inflow: Decimal


def advisor_books(user: User, advisors: QuerySet[Advisor] | None = None) -> list[AdvisorBook]:
    """Each visible advisor (or those of ``advisors``) and their book, largest invested amount first."""
    rows = list((Advisor.objects.visible_to(user) if advisors is None else advisors).distinct())
    sips = Sip.objects.visible_to(user).counted().order_by()
    opportunities = Opportunity.objects.visible_to(user).open().order_by()
    clients = Client.objects.visible_to(user).current().order_by()
    if advisors is None:
        groups = kept(user, "advisors", lambda: _groups(sips, clients))
    else:
        wanted = [advisor.pk for advisor in rows]
        sips = sips.filter(Q(advisor_id__in=wanted) | Q(client__advisor_id__in=wanted))
        groups = _groups(sips, clients.filter(advisor_id__in=wanted))
        opportunities = opportunities.filter(advisor_id__in=wanted)
    monthly = Q(inflow_basis=InflowBasis.MONTHLY)
    found = _by_key(
        opportunities.values("advisor_id").annotate(
            open_opportunities=Count("*"),
            monthly_inflow=Sum("potential_inflow", filter=monthly),
            one_time_inflow=Sum("potential_inflow", filter=~monthly),
        ),
        "advisor_id",
    )
    books = [_book(advisor, *groups, found) for advisor in rows]
    return sorted(books, key=lambda book: (-book.total_invested, book.advisor.pk))


def _groups(sips: QuerySet[Sip], clients: QuerySet[Client]) -> tuple[dict[Any, dict[str, Any]], ...]:
    """Three groups of figures by advisor: of the SIPs naming them, of the clients' SIPs, and how many clients."""
    named = sips.values("advisor_id").annotate(total_sips=Count("pk"), total_invested=Sum("success_amount"))
    served = sips.values("client__advisor_id").annotate(
        monthly_book=Sum("monthly_amount", filter=Q(is_active=True)), failed_amount=Sum("failed_amount")
    )
    people = clients.values("advisor_id").annotate(clients=Count("pk"))
    return _by_key(named, "advisor_id"), _by_key(served, "client__advisor_id"), _by_key(people, "advisor_id")


def _by_key(rows: Iterable[Any], key: str) -> dict[Any, dict[str, Any]]:
    return {row[key]: row for row in rows}


def _book(advisor: Advisor, *groups: dict[Any, dict[str, Any]]) -> AdvisorBook:
    facts: dict[str, Any] = {}
    for group in groups:
        facts |= group.get(advisor.pk, {})

    def amount(name: str) -> Decimal:
        return facts.get(name) or ZERO

    return AdvisorBook(
        advisor=advisor,
        total_sips=facts.get("total_sips") or 0,
        total_invested=amount("total_invested"),
        clients=facts.get("clients") or 0,
        monthly_book=amount("monthly_book"),
        failed_amount=amount("failed_amount"),
        open_opportunities=facts.get("open_opportunities") or 0,
        monthly_inflow=amount("monthly_inflow"),
        one_time_inflow=amount("one_time_inflow"),
    )


# --- One client ---------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class ClientBook:
    """A client's SIP figures: what the client page and the API say."""

    totals: BookTotals
    last_success_on: date | None


def client_book(user: User, client_id: int) -> ClientBook:
    """The figures over the client's SIPs, those marked deleted left out. Two queries."""
    rows = Sip.objects.visible_to(user).counted().filter(client_id=client_id)
    return ClientBook(
        totals=book_totals(rows),
        last_success_on=rows.aggregate(day=Max("latest_success_on"))["day"],
    )
