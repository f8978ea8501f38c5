"""Sums over opportunities by type and basis, and the rows to call about.

Client money that comes monthly and client money that comes once are summed apart everywhere, and the firm's
income stands beside them, never in them. Everything is in INR.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db.models import Case, Count, DecimalField, F, QuerySet, Sum, When

from opportunities import calculations, services
from opportunities.choices import InflowBasis, OpportunityType, ScanStatus, WorkStatus
from opportunities.models import Opportunity, ScanRun
from opportunities.querysets import OpportunityQuerySet
from wealthhub.dates import today_ist

if TYPE_CHECKING:
    from wealthhub.accounts.models import Firm, User

ZERO = Decimal(0)
DECIDED = (WorkStatus.WON, WorkStatus.LOST, WorkStatus.DISMISSED)
_MONEY = DecimalField(max_digits=18, decimal_places=2)


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


def visible_opportunities(user: User) -> OpportunityQuerySet:
    """What ``user`` may see, ready for a list: client and advisor joined, the heavy JSON left behind."""
    return (
        with_inflow_by_basis(Opportunity.objects.visible_to(user))
        .select_related("client", "advisor")
        .defer(
            "evidence", "facts",
            *(f"client__{name}" for name in ("pan", "phone", "email", "birth_date")),  # decrypted as they are read
        )
    )  # fmt: skip


def with_inflow_by_basis(rows: OpportunityQuerySet) -> OpportunityQuerySet:
    """Annotate ``monthly_inflow`` and ``one_time_inflow``: the client money on that basis, else None."""
    return rows.annotate(
        monthly_inflow=Case(
            When(inflow_basis=InflowBasis.MONTHLY, then=F("potential_inflow")), output_field=_MONEY
        ),
        one_time_inflow=Case(
            When(inflow_basis=InflowBasis.ONE_TIME, then=F("potential_inflow")), output_field=_MONEY
        ),
    )


def worklist_totals(rows: QuerySet[Opportunity], *, rate: Decimal | None) -> WorklistTotals:
    """Counts and sums of ``rows``. One query. ``rate`` is the yearly trail rate, None where it is not to be shown."""
    sums = (
        rows.order_by()
        .values("opportunity_type", "inflow_basis")
        .annotate(count=Count("*"), money=Sum("potential_inflow"))  # "*": no column beyond the index's
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


def _trail(money: Mapping[InflowBasis, Decimal], rate: Decimal | None) -> Decimal | None:
    if rate is None:
        return None
    return sum(
        (calculations.yearly_trail(amount, basis, rate) or ZERO for basis, amount in money.items()), ZERO
    )


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


def to_work_on(rows: OpportunityQuerySet) -> OpportunityQuerySet:
    """The open, undecided and unsnoozed ones: those that ask for a call today."""
    return rows.open().exclude(status__in=DECIDED).exclude(snoozed_until__gt=today_ist())


def next_to_call(user: User, *, limit: int = 20) -> list[Opportunity]:
    """What to work on first: by risk, highest first."""
    return list(to_work_on(visible_opportunities(user)).order_by("-risk_score", "pk")[:limit])


def opportunities_of_client(user: User, client_id: int) -> list[Opportunity]:
    """The client's open opportunities that ``user`` may see, the riskiest first."""
    return list(visible_opportunities(user).open().filter(client_id=client_id).order_by("-risk_score", "pk"))


def last_scan(firm: Firm | None) -> ScanRun | None:
    """The newest scan that ended well: what the stored opportunities stand on."""
    if firm is None:
        return None
    return ScanRun.objects.filter(firm=firm, status=ScanStatus.SUCCEEDED).order_by("-pk").first()


def new_since(user: User, day: date) -> int:
    """How many of those to work on were found on or after ``day``."""
    rows = to_work_on(Opportunity.objects.visible_to(user)).filter(detected_on__gte=day)
    return rows.aggregate(count=Count("*"))["count"]
