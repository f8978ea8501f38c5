"""One opportunity or one SIP with all that a reader asks about it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from opportunities.choices import OpportunityType, WorkStatus
from opportunities.models import Opportunity, Sip
from opportunities.rules import REGISTRY, Parameter
from opportunities.selectors.worklist import potential_revenue
from wealthhub.dates import format_date
from wealthhub.money import group_indian, percent, rupees

if TYPE_CHECKING:
    from wealthhub.accounts.models import User

LABELS = {
    "sip_meta_id": "SIP",
    "schemes": "Schemes",
    "counted": "In the reason",
    "status": "Status",
    "is_active": "Active",
    "monthly_amount": "Monthly (INR)",
    "success_amount": "Invested (INR)",
    "failed_amount": "Failed (INR)",
    "latest_success_on": "Last success",
    "start_date": "Started",
    "increment_percentage": "Step-up (%)",
    "increment_period": "Every",
    "last_rise_on": "Last rise",
    "step_ups_missed": "Step-ups missed",
    "has_current_mandate": "Mandate",
}


_ALWAYS = ("sip_meta_id", "counted", "schemes", "status", "is_active", "monthly_amount", "latest_success_on")
COLUMNS = {
    OpportunityType.FAILED_SIPS: (*_ALWAYS, "success_amount", "failed_amount", "has_current_mandate"),
    OpportunityType.HIGH_VALUE_INACTIVE: (*_ALWAYS, "success_amount", "has_current_mandate"),
    OpportunityType.NO_SIP_INCREASE: (
        *_ALWAYS,
        "start_date",
        "last_rise_on",
        "increment_percentage",
        "increment_period",
        "step_ups_missed",
    ),
}


@dataclass(frozen=True)
class Cell:
    """A value with the way it is to be shown: ``money``, ``number``, ``day``, ``flag``, ``sip`` or ``text``."""

    kind: str
    value: Any
    sip_id: int | None = None


@dataclass(frozen=True)
class OpportunityPage:
    """What the page of one opportunity shows beside its row. ``revenue`` is None where it is not to be shown."""

    columns: list[tuple[str, str]]
    rows: list[list[Cell]]
    explanation: dict[str, Any]
    revenue: Decimal | None
    history: list[HistoryItem]


@dataclass(frozen=True)
class HistoryItem:
    """One line of a timeline. ``at`` is a day or an instant."""

    at: Any
    title: str
    text: str = ""
    who: str = ""
    icon: str = "clock"
    tone: str = ""


def opportunity_page(user: User, opportunity: Opportunity, *, rate: Decimal | None) -> OpportunityPage:
    """Evidence, explanation, history. Three or four queries. ``rate`` as from `shown_trail_rate`."""
    detector = REGISTRY[OpportunityType(opportunity.opportunity_type)]
    known = {name for line in opportunity.evidence for name in line}
    names = [name for name in COLUMNS[detector.opportunity_type] if name in known]
    return OpportunityPage(
        columns=[(_label(name), _kind(name, _first(opportunity.evidence, name))) for name in names],
        rows=[[_cell(line, name) for name in names] for line in opportunity.evidence],
        explanation={
            "formula": f"{detector.rule} Client money: {detector.formula} Risk: {detector.risk_formula}",
            "inputs": _inputs(opportunity.facts, {each.name: each for each in detector.parameters}),
            "left_out": [sentence.strip() for sentence in detector.left_out.rstrip(".").split(";")],
            "source": "SIP book, as imported",
            "as_of": opportunity.as_of,
        },
        revenue=potential_revenue(opportunity, rate),
        history=history_of(opportunity),
    )


def _first(lines: Iterable[Mapping[str, Any]], name: str) -> Any:
    return next((line[name] for line in lines if line.get(name) is not None), None)


def _label(name: str) -> str:
    return LABELS.get(name, name.replace("_", " ").capitalize())


def _kind(name: str, value: Any) -> str:
    if name == "sip_meta_id":
        return "sip"
    if isinstance(value, bool):
        return "flag"
    if "amount" in name or name in {"potential", "potential_inflow"}:
        return "money"
    if name.endswith(("_on", "_date", "since", "_from")):
        return "day"
    return "number" if isinstance(value, int | float) else "text"


def _cell(line: Mapping[str, Any], name: str) -> Cell:
    value = line.get(name)
    kind = _kind(name, value)
    if kind == "day":
        value = _as_day(value)
    if isinstance(value, list):
        value = _first_of(value)
    return Cell(kind, value, line.get("sip_id", line.get("id")))


def _first_of(names: list[Any]) -> str | None:
    """The first, and how many more."""
    more = f" +{len(names) - 1}" if len(names) > 1 else ""
    return f"{names[0]}{more}" if names else None


def _as_day(value: Any) -> date | None:
    try:
        return date.fromisoformat(value[:10]) if value else None
    except (TypeError, ValueError):
        return None


def _inputs(facts: Mapping[str, Any], parameters: Mapping[str, Parameter]) -> list[tuple[str, str | None]]:
    """The sums the detector kept, then the parameters it ran with, in words."""
    lines: list[tuple[str, str | None]] = []
    for name, value in facts.items():
        if isinstance(value, Mapping):
            lines.extend(
                (_title(key, parameters), _with_unit(key, each, parameters)) for key, each in value.items()
            )
        else:
            lines.append((_label(name).removesuffix(" (INR)"), _in_words(name, value)))
    return lines


def _title(name: str, parameters: Mapping[str, Parameter]) -> str:
    return f"Setting: {parameters[name].title.lower()}" if name in parameters else _label(name)


def _with_unit(name: str, value: Any, parameters: Mapping[str, Parameter]) -> str | None:
    unit = parameters[name].unit if name in parameters else ""
    return rupees(value) if unit == "INR" else f"{value} {'%' if unit == 'percent' else unit}".strip()


def _in_words(name: str, value: Any) -> str | None:
    if value is None:
        return None
    if name.endswith(("_rate", "_share")):
        return percent(value)
    kind = _kind(name, value)
    if kind == "money":
        return rupees(value)
    if kind == "day":
        return format_date(_as_day(value))
    if kind == "flag":
        return "yes" if value else "no"
    return group_indian(value, 0) if isinstance(value, int) else str(value)


def history_of(opportunity: Opportunity) -> list[HistoryItem]:
    """Notes and changes of status, newest first. Three queries."""
    notes = opportunity.notes.select_related("author")
    items = [
        HistoryItem(at=note.created_at, title="Note", text=note.text, who=str(note.author), icon="note")
        for note in notes
    ]
    changes = list(_status_changes(opportunity))
    people = _names({_who(change) for change in changes})
    for change in changes:
        snoozed = f"Snoozed until {format_date(change.snoozed_until)}." if change.snoozed_until else ""
        items.append(
            HistoryItem(
                at=change.pgh_created_at,
                title=f"Status: {WorkStatus(change.status).label}",
                text=" ".join(filter(None, (change.dismiss_reason, snoozed))),
                who=people.get(_who(change) or 0, ""),
                icon="flag",
            )
        )
    return sorted(items, key=lambda item: item.at, reverse=True)


def _status_changes(opportunity: Any) -> Any:
    """The rows that the table's own trigger keeps."""
    return opportunity.status_dismiss_reason_snoozed_until_events.select_related("pgh_context")


def _who(change: Any) -> Any:
    return change.pgh_context.metadata.get("user") if change.pgh_context else None


def _names(user_ids: set[Any]) -> dict[int, str]:
    from wealthhub.accounts.models import User

    wanted = {pk for pk in user_ids if pk}
    return {user.pk: str(user) for user in User.objects.filter(pk__in=wanted)} if wanted else {}


def sip_facts(sip: Sip) -> list[tuple[str, Any]]:
    """What the source last said about a SIP, as pairs of label and text."""
    yes_no = {True: "yes", False: "no", None: None}
    step_up = None
    if sip.increment_percentage:
        step_up = f"{group_indian(sip.increment_percentage)} % {sip.increment_period}".strip()
    return [
        ("Instalment", rupees(sip.amount)),
        ("Days of the month", ", ".join(map(str, sip.sip_days)) or f"{sip.num_days} a month"),
        ("Monthly amount", rupees(sip.monthly_amount)),
        ("Registered step-up", step_up),
        ("Schemes", ", ".join(sip.scheme_names) or None),
        ("Goal", sip.goal_name or None),
        ("Registered", format_date(sip.registered_on)),
        ("Started", format_date(sip.start_date)),
        ("Ends", format_date(sip.end_date)),
        ("Active", yes_no[sip.is_active]),
        (
            "Paused",
            f"{format_date(sip.paused_from)} to {format_date(sip.paused_till)}" if sip.paused_from else None,
        ),
        ("Mandate now", yes_no[sip.has_current_mandate]),
        ("Mandate tracking", sip.mandate_tracking_status or None),
        ("First success", format_date(sip.first_success_on)),
        ("Latest success", format_date(sip.latest_success_on)),
        ("Successful instalments", None if sip.success_count is None else str(sip.success_count)),
    ]
