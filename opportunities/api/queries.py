"""What a question over the API asks for: thresholds, a day, an agent; and the answer out of the stored rows or live."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db.models import Q
from rest_framework import serializers

from opportunities import detectors, selectors, services
from opportunities.choices import OpportunityType, WorkStatus
from opportunities.filters import plain_id
from opportunities.models import Opportunity, ScanRun
from wealthhub.clients.models import Advisor, Client, ClientIdentifier
from wealthhub.dates import today_ist
from wealthhub.errors import Forbidden

if TYPE_CHECKING:
    from wealthhub.accounts.models import User

SOURCE = "wealthy"  # whose user_id names a client over the API
ORDERS = {
    "risk_score": "risk_score",
    "potential_increase": "potential_inflow",
    "total_invested": "total_invested",
    "failed_amount": "failed_amount",
    "current_sip_amount": "current_sip_amount",
    "days_since_activity": "days_since_activity",
    "last_activity_date": "last_activity_on",
}
THRESHOLDS = {
    OpportunityType.NO_SIP_INCREASE: ("min_months",),
    OpportunityType.FAILED_SIPS: ("min_failed_amount",),
    OpportunityType.HIGH_VALUE_INACTIVE: ("min_invested_amount", "min_inactive_days"),
}


class QuestionSerializer(serializers.Serializer):
    """The query parameters every question takes."""

    agent_id = serializers.CharField(required=False, help_text="With or without thousands commas.")
    agent_external_id = serializers.CharField(required=False)
    as_of = serializers.DateField(
        required=False, help_text="Default: the day of the last scan, else today in India."
    )


class TypedQuestionSerializer(QuestionSerializer):
    """A question to one detector."""

    status = serializers.ChoiceField(choices=WorkStatus, required=False)
    ordering = serializers.ChoiceField(
        choices=[sign + name for name in ORDERS for sign in ("", "-")], required=False, default="-risk_score"
    )


class NoSipIncreaseQuestion(TypedQuestionSerializer):
    """Thresholds of no SIP increase."""

    min_months = serializers.IntegerField(required=False, min_value=1, max_value=600)


class FailedSipsQuestion(TypedQuestionSerializer):
    """Thresholds of failed SIPs."""

    min_failed_amount = serializers.DecimalField(
        required=False,
        min_value=Decimal("0.01"),
        max_value=Decimal(10) ** 13,
        max_digits=18,
        decimal_places=2,
    )


class HighValueInactiveQuestion(TypedQuestionSerializer):
    """Thresholds of high-value inactive."""

    min_invested_amount = serializers.DecimalField(
        required=False,
        min_value=Decimal("0.01"),
        max_value=Decimal(10) ** 13,
        max_digits=18,
        decimal_places=2,
    )
    min_inactive_days = serializers.IntegerField(required=False, min_value=1, max_value=36_600)


QUESTIONS = {
    OpportunityType.NO_SIP_INCREASE: NoSipIncreaseQuestion,
    OpportunityType.FAILED_SIPS: FailedSipsQuestion,
    OpportunityType.HIGH_VALUE_INACTIVE: HighValueInactiveQuestion,
}


def asked(serializer: type[serializers.Serializer], values: Mapping[str, Any]) -> dict[str, Any]:
    """The checked parameters; an empty one was not given. Raises: ValidationError: names those not accepted."""
    question = serializer(data={name: value for name, value in values.items() if value != ""})
    question.is_valid(raise_exception=True)
    return question.validated_data


def advisor_ids(user: User, question: Mapping[str, Any]) -> list[int] | None:
    """The advisors whose clients the answer is about: the asked agent's within what ``user`` sees. None: everybody."""
    rows = Advisor.objects.visible_to(user)
    named = Q()
    if "agent_id" in question:
        named &= Q(agent_id=plain_id(question["agent_id"]))
    if "agent_external_id" in question:
        named &= Q(agent_external_id=question["agent_external_id"])
    if named:
        return list(rows.filter(named).values_list("pk", flat=True))
    return None if user.scope.advisor_ids is None else sorted(user.scope.advisor_ids)


@dataclass(frozen=True)
class Answer:
    """Where a question is answered: ``scan`` None means live, by the detectors, with ``parameters``."""

    scan: ScanRun | None
    as_of: date
    parameters: dict[str, Any]


def place(user: User, kind: OpportunityType, question: Mapping[str, Any]) -> Answer:
    """Stored rows answer where day and thresholds are those of the last scan; everything else is worked out.

    Raises: Forbidden: a live answer needs a firm, which the platform's own account does not have.
    """
    scan = selectors.last_scan(user.firm)
    as_of = question.get("as_of") or (scan.as_of if scan else today_ist())
    if user.firm is None:
        raise Forbidden("Questions with thresholds belong to a firm: ask as one of its people.")
    usual = services.parameters_for(user.firm, kind)
    given = {name: question[name] for name in THRESHOLDS[kind] if name in question}
    parameters = usual | given
    is_stored = (
        scan is not None and as_of == scan.as_of and parameters == usual and services.is_on(user.firm, kind)
    )
    return Answer(scan if is_stored else None, as_of, parameters)


def stored_of(user: User, kind: OpportunityType, client_ids: list[int]) -> dict[int, Opportunity]:
    """The open stored opportunities of these clients, by client."""
    rows = Opportunity.objects.visible_to(user).open().filter(opportunity_type=kind, client_id__in=client_ids)
    return {row.client_id: row for row in rows.defer("evidence", "facts", "description")}


def live_page(
    user: User, kind: OpportunityType, question: Mapping[str, Any], answer: Answer, *, limit: int, offset: int
) -> tuple[int, list[detectors.Finding]]:
    """The complete count of findings and one page of them."""
    common: dict[str, Any] = {
        "firm_id": user.firm_id,
        "opportunity_type": kind,
        "as_of": answer.as_of,
        "parameters": answer.parameters,
        "advisor_ids": advisor_ids(user, question),
    }
    sign, name = (
        ("-", question["ordering"][1:]) if question["ordering"][0] == "-" else ("", question["ordering"])
    )
    order = (sign + ORDERS[name], "client_id")
    if "status" not in question:
        total = detectors.count(**common).count
        return total, detectors.detect(**common, order_by=order, limit=limit, offset=offset)
    found = detectors.detect(**common, order_by=order)
    stored = stored_of(user, kind, [finding.client_id for finding in found])
    wanted = [
        finding
        for finding in found
        if (stored[finding.client_id].status if finding.client_id in stored else WorkStatus.NEW)
        == question["status"]
    ]
    return len(wanted), wanted[offset : offset + limit]


def live_sums(
    user: User, question: Mapping[str, Any], as_of: date
) -> list[tuple[str, str, int, Decimal | None]]:
    """``(type, basis, count, money)`` of every detector that is on, as of a day no scan has stored."""
    if user.firm is None:
        raise Forbidden("Figures as of another day belong to a firm: ask as one of its people.")
    sums = []
    for kind in OpportunityType:
        if services.is_on(user.firm, kind):
            totals = detectors.count(
                firm_id=user.firm_id,
                opportunity_type=kind,
                as_of=as_of,
                parameters=services.parameters_for(user.firm, kind),
                advisor_ids=advisor_ids(user, question),
            )
            sums.append((kind.value, totals.inflow_basis, totals.count, totals.potential_inflow))
    return sums


def external_ids(client_ids: set[int]) -> dict[int, str]:
    """The SIP book's id of each client that has one; the first where a merge left several. One query."""
    rows = ClientIdentifier.objects.filter(client_id__in=client_ids, source=SOURCE).order_by("-pk")
    return dict(rows.values_list("client_id", "external_id"))


def parties_of(user: User, client_ids: list[int]) -> dict[int, Client]:
    """The clients with their advisors. One query."""
    return Client.objects.visible_to(user).select_related("advisor").in_bulk(client_ids)
