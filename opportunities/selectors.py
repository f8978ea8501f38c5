"""What pages, charts and the API read: sums by basis, the SIP book, one opportunity explained.

Client money that comes monthly and client money that comes once are summed apart everywhere, and the firm's
income stands beside them, never in them. Everything is in INR.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db.models import Case, Count, DecimalField, F, Max, Q, QuerySet, Sum, When
from django.db.models.functions import TruncMonth

from opportunities import calculations, services
from opportunities.choices import InflowBasis, OpportunityType, ScanStatus, WorkStatus
from opportunities.models import Opportunity, ScanRun, Sip, SipAmountChange
from wealthhub.clients.models import Advisor
from wealthhub.dates import format_date, today_ist

if TYPE_CHECKING:
    from wealthhub.accounts.models import Firm, User

ZERO = Decimal(0)
DECIDED = (WorkStatus.WON, WorkStatus.LOST, WorkStatus.DISMISSED)
_MONEY = DecimalField(max_digits=18, decimal_places=2)


# --- Opportunities ----------------------------------------------------------------------------------------
@dataclass(frozen=True)
class TypeTotals:
    """One detector's rows: how many, the client money on its own basis, the firm's estimated yearly trail.

    ``yearly_trail`` is None where the reader may not see income or the firm has no rate card.
    """

    opportunity_type: str
    title: str
    count: int
    monthly: Decimal
    one_time: Decimal
    yearly_trail: Decimal | None


@dataclass(frozen=True)
class WorklistTotals:
    """The sums over some opportunities, by type in the order of `OpportunityType`."""

    count: int
    monthly: Decimal
    one_time: Decimal
    yearly_trail: Decimal | None
    by_type: tuple[TypeTotals, ...]


def visible_opportunities(user: User) -> QuerySet[Opportunity]:
    """What ``user`` may see, ready for a list: client and advisor joined, the heavy JSON left behind."""
    return with_inflow_by_basis(Opportunity.objects.visible_to(user)).select_related("client", "advisor").defer(
        "evidence", "facts"
    )


def with_inflow_by_basis(rows: QuerySet[Opportunity]) -> QuerySet[Opportunity]:
    """Annotate ``monthly_inflow`` and ``one_time_inflow``: the client money on that basis, else None."""
    return rows.annotate(
        monthly_inflow=Case(When(inflow_basis=InflowBasis.MONTHLY, then=F("potential_inflow")), output_field=_MONEY),
        one_time_inflow=Case(
            When(inflow_basis=InflowBasis.ONE_TIME, then=F("potential_inflow")), output_field=_MONEY
        ),
    )


def worklist_totals(rows: QuerySet[Opportunity], *, rate: Decimal | None) -> WorklistTotals:
    """Counts and sums of ``rows``. One query. ``rate`` is the yearly trail rate, None where it is not to be shown."""
    sums = (
        rows.order_by()
        .values("opportunity_type", "inflow_basis")
        .annotate(count=Count("pk"), money=Sum("potential_inflow"))
        .values_list("opportunity_type", "inflow_basis", "count", "money")
    )
    return totals_from(sums, rate=rate)


def totals_from(
    sums: Iterable[tuple[str, str, int, Decimal | None]], *, rate: Decimal | None
) -> WorklistTotals:
    """The totals out of ``(type, basis, count, money)`` groups, whoever counted them."""
    found = {(kind, basis): (count, money or ZERO) for kind, basis, count, money in sums}
    by_type = []
    for kind in OpportunityType:
        groups = {basis: found.get((kind, basis), (0, ZERO)) for basis in InflowBasis}
        money = {basis: amount for basis, (_, amount) in groups.items()}
        by_type.append(
            TypeTotals(
                opportunity_type=kind.value,
                title=kind.label,
                count=sum(count for count, _ in groups.values()),
                monthly=money[InflowBasis.MONTHLY],
                one_time=money[InflowBasis.ONE_TIME],
                yearly_trail=_trail(money, rate),
            )
        )
    return WorklistTotals(
        count=sum(each.count for each in by_type),
        monthly=sum((each.monthly for each in by_type), ZERO),
        one_time=sum((each.one_time for each in by_type), ZERO),
        yearly_trail=None if rate is None else sum((each.yearly_trail or ZERO for each in by_type), ZERO),
        by_type=tuple(by_type),
    )


def _trail(money: dict[str, Decimal], rate: Decimal | None) -> Decimal | None:
    if rate is None:
        return None
    return sum((calculations.yearly_trail(amount, basis, rate) for basis, amount in money.items()), ZERO)


def shown_trail_rate(user: User, *, as_of: date) -> Decimal | None:
    """The rate card's yearly rate, for those who may see the firm's income; None otherwise or without a card."""
    if not user.sees_revenue or user.firm is None:
        return None
    return services.current_trail_rate(user.firm, as_of)


def potential_revenue(opportunity: Any, rate: Decimal | None) -> Decimal | None:
    """The firm's estimated first-year trail on one opportunity (or finding); None where either side is unknown."""
    if rate is None or opportunity.potential_inflow is None:
        return None
    return calculations.yearly_trail(opportunity.potential_inflow, opportunity.inflow_basis, rate)


def next_to_call(user: User, *, limit: int = 20) -> list[Opportunity]:
    """The open, undecided and unsnoozed opportunities in the order of risk, highest first."""
    rows = visible_opportunities(user).open().exclude(status__in=DECIDED)
    rows = rows.exclude(snoozed_until__gt=today_ist())
    return list(rows.order_by("-risk_score", "pk")[:limit])


def opportunities_of_client(user: User, client_id: int) -> list[Opportunity]:
    """The client's open opportunities that ``user`` may see, the riskiest first."""
    return list(visible_opportunities(user).open().filter(client_id=client_id).order_by("-risk_score", "pk"))


@dataclass(frozen=True)
class HistoryItem:
    """One line of a timeline. ``at`` is a day or an instant."""

    at: Any
    title: str
    text: str = ""
    who: str = ""
    icon: str = "clock"
    tone: str = ""


def history_of(opportunity: Opportunity) -> list[HistoryItem]:
    """Notes and changes of status, newest first. Three queries."""
    notes = opportunity.notes.select_related("author")
    items = [
        HistoryItem(at=note.created_at, title="Note", text=note.text, who=str(note.author), icon="note")
        for note in notes
    ]
    changes = list(opportunity.status_dismiss_reason_snoozed_until_events.select_related("pgh_context"))
    people = _names({_who(change) for change in changes})
    for change in changes:
        snoozed = f"Snoozed until {format_date(change.snoozed_until)}." if change.snoozed_until else ""
        items.append(
            HistoryItem(
                at=change.pgh_created_at,
                title=f"Status: {WorkStatus(change.status).label}",
                text=" ".join(filter(None, (change.dismiss_reason, snoozed))),
                who=people.get(_who(change), ""),
                icon="flag",
            )
        )
    return sorted(items, key=lambda item: item.at, reverse=True)


def _who(change: Any) -> int | None:
    return change.pgh_context.metadata.get("user") if change.pgh_context else None


def _names(user_ids: set[Any]) -> dict[int, str]:
    from wealthhub.accounts.models import User

    wanted = {pk for pk in user_ids if pk}
    return {user.pk: str(user) for user in User.objects.filter(pk__in=wanted)} if wanted else {}


def last_scan(firm: Firm | None) -> ScanRun | None:
    """The newest scan that ended well: what the stored opportunities stand on."""
    if firm is None:
        return None
    return ScanRun.objects.filter(firm=firm, status=ScanStatus.SUCCEEDED).order_by("-pk").first()


def new_since(user: User, day: date) -> int:
    """How many opportunities were found on or after ``day`` and still stand."""
    return Opportunity.objects.visible_to(user).open().filter(detected_on__gte=day).count()


# --- The SIP book -------------------------------------------------------------------------------------------
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
    sums = rows.order_by().aggregate(
        count=Count("pk"),
        active=Count("pk", filter=active),
        monthly=Sum("monthly_amount", filter=active),
        monthly_all=Sum("monthly_amount"),
        success=Sum("success_amount"),
        failed=Sum("failed_amount"),
    )
    return BookTotals(**{name: value if value is not None else ZERO for name, value in sums.items()})


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
    """Every visible advisor with their book, by invested amount, largest first. Four queries."""
    visible = Advisor.objects.visible_to(user) if advisors is None else advisors
    rows = list(visible.select_related("user"))
    sips = Sip.objects.visible_to(user).counted().order_by()
    named = _by_key(
        sips.values("advisor_id").annotate(total_sips=Count("pk"), total_invested=Sum("success_amount")), "advisor_id"
    )
    served = _by_key(
        sips.values("client__advisor_id").annotate(
            clients=Count("client_id", distinct=True),
            monthly_book=Sum("monthly_amount", filter=Q(is_active=True)),
            failed_amount=Sum("failed_amount"),
        ),
        "client__advisor_id",
    )
    monthly = Q(inflow_basis=InflowBasis.MONTHLY)
    found = _by_key(
        Opportunity.objects.visible_to(user)
        .open()
        .order_by()
        .values("advisor_id")
        .annotate(
            open_opportunities=Count("pk"),
            monthly_inflow=Sum("potential_inflow", filter=monthly),
            one_time_inflow=Sum("potential_inflow", filter=~monthly),
        ),
        "advisor_id",
    )
    books = [_book(advisor, named, served, found) for advisor in rows]
    return sorted(books, key=lambda book: (-book.total_invested, book.advisor.pk))


def _by_key(rows: Iterable[dict[str, Any]], key: str) -> dict[Any, dict[str, Any]]:
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


def yesterday() -> date:
    """The day before today in India: new since then is new this morning."""
    return today_ist() - timedelta(days=1)
