"""The detectors: who should be called, why, and what it may bring. Set-based SQL over a firm's SIP book.

One finding a client and detector, with the client's SIPs as evidence. SIPs the source marked deleted count nowhere.
Everything is a function of the book, the parameters and ``as_of``: the nightly scan and a question with other
thresholds run the same statement. The SQL stands in ``sql/``; every value is bound.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, Final

from django.db import connection

from opportunities.choices import OpportunityType
from opportunities.rules import REGISTRY, Detector, Number, Parameter
from wealthhub.errors import Invalid

_SQL: Final = Path(__file__).parent / "sql"
LAST_CLIENT: Final = 2**63 - 1

__all__ = ["REGISTRY", "Detector", "Finding", "Number", "Parameter", "Totals", "count", "detect"]


@dataclass(frozen=True)
class Finding:
    """What a detector found for one client; the figures are those of `Opportunity`."""

    client_id: int
    advisor_id: int | None
    opportunity_type: str
    as_of: date
    description: str
    current_sip_amount: Decimal
    potential_inflow: Decimal | None
    inflow_basis: str
    total_invested: Decimal
    failed_amount: Decimal
    last_activity_on: date | None
    days_since_activity: int | None
    risk_score: Decimal
    facts: dict[str, Any] = field(default_factory=dict)
    evidence: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class Totals:
    """Sums over all findings of one detector. ``potential_inflow`` is client money on the detector's basis."""

    count: int
    potential_inflow: Decimal
    failed_amount: Decimal
    inflow_basis: str


_ORDERS: Final = frozenset(
    {
        "client_id",
        "current_sip_amount",
        "potential_inflow",
        "total_invested",
        "failed_amount",
        "last_activity_on",
        "days_since_activity",
        "risk_score",
    }
)


def detect(
    *,
    firm_id: int,
    opportunity_type: str,
    as_of: date,
    parameters: Mapping[str, Any] | None = None,
    first_client: int | None = None,
    last_client: int | None = None,
    advisor_ids: Iterable[int] | None = None,
    client_id: int | None = None,
    order_by: Sequence[str] = ("-risk_score", "-potential_inflow", "client_id"),
    limit: int | None = None,
    offset: int = 0,
) -> list[Finding]:
    """The firm's findings as of a day, worked out now and not stored.

    ``parameters`` overrides the detector's defaults by name. ``advisor_ids`` None means all clients, an empty one none.
    ``order_by`` names columns of `Finding`, a minus for falling; missing values come last; the client id breaks ties.

    Raises: Invalid: an unknown parameter or one out of range, or an unknown column to order by.
    """
    detector = REGISTRY[OpportunityType(opportunity_type)]
    found, values = _finding_statement(
        detector,
        firm_id,
        as_of,
        parameters,
        advisor_ids=advisor_ids,
        client_id=client_id,
        first_client=first_client,
        last_client=last_client,
    )
    values |= {"limit": limit, "offset": offset}
    order = _order(order_by)
    text = (
        f"{found}, finding AS ({_SELECT_FOUND} ORDER BY {order} LIMIT %(limit)s OFFSET %(offset)s), "  # noqa: S608 - fixed texts, bound values
        f"proof AS ({_evidence(detector)}) "
        f"SELECT finding.*, proof.evidence FROM finding JOIN proof USING (client_id) ORDER BY {order}"
    )
    with connection.cursor() as cursor:
        cursor.execute(text, values)
        return [_finding(detector, as_of, row) for row in cursor.fetchall()]


def count(
    *,
    firm_id: int,
    opportunity_type: str,
    as_of: date,
    parameters: Mapping[str, Any] | None = None,
    advisor_ids: Iterable[int] | None = None,
    client_id: int | None = None,
) -> Totals:
    """How many findings there are and what they add up to: complete, whatever page of them is shown."""
    detector = REGISTRY[OpportunityType(opportunity_type)]
    found, values = _finding_statement(
        detector, firm_id, as_of, parameters, advisor_ids=advisor_ids, client_id=client_id
    )
    with connection.cursor() as cursor:
        cursor.execute(
            f"{found} SELECT count(*), coalesce(sum(potential_inflow), 0), coalesce(sum(failed_amount), 0) "  # noqa: S608
            f"FROM ({_SELECT_FOUND}) AS finding",
            values,
        )
        findings, potential, failed = cursor.fetchone()
    return Totals(
        count=findings, potential_inflow=potential, failed_amount=failed, inflow_basis=str(detector.basis)
    )


def statement(*, firm_id: int, opportunity_type: str, as_of: date) -> tuple[str, dict[str, Any]]:
    """The SELECT of all figures with default parameters, and its values: for plans and benchmarks."""
    detector = REGISTRY[OpportunityType(opportunity_type)]
    found, values = _finding_statement(detector, firm_id, as_of, None, advisor_ids=None, client_id=None)
    return found + _SELECT_FOUND, values


def write_statement(
    detector: Detector,
    *,
    firm_id: int,
    as_of: date,
    parameters: Mapping[str, Any],
    first_client: int,
    last_client: int,
) -> tuple[str, dict[str, Any]]:
    """The statement that finds and books one detector's opportunities for a range of clients, and its values.

    It answers one row: found, opened, reopened, updated, closed.
    """
    values = _values(detector, firm_id, as_of, parameters) | {
        "first_client": first_client,
        "last_client": last_client,
        "opportunity_type": str(detector.opportunity_type),
        "inflow_basis": str(detector.basis),
    }
    scope = "AND sip.client_id BETWEEN %(first_client)s AND %(last_client)s"
    write = _file("write").format(finding=_SELECT_FOUND, evidence=_evidence(detector))
    return _found(detector.opportunity_type, scope) + write, values


_SELECT_FOUND: Final = """
    SELECT found.client_id, client.advisor_id, found.description,
           round(found.current_sip_amount, 2) AS current_sip_amount,
           round(found.potential_inflow, 2) AS potential_inflow,
           found.total_invested, found.failed_amount, found.last_activity_on,
           CASE WHEN found.last_activity_on <= %(as_of)s::date
                THEN %(as_of)s::date - found.last_activity_on END AS days_since_activity,
           round(found.risk, 2) AS risk_score, found.facts
    FROM found JOIN clients_client client ON client.id = found.client_id"""


@cache
def _file(name: str) -> str:
    return (_SQL / f"{name}.sql").read_text(encoding="utf-8")


@cache
def _found(opportunity_type: OpportunityType, scope: str) -> str:
    """The WITH clause that ends in ``found``. Only fixed text of this room is put together here."""
    book = _file("book")
    return _file(opportunity_type.value).format(scope=scope, book=book)


def _evidence(detector: Detector) -> str:
    """The SELECT of the evidence of the rows in ``finding``."""
    return _file("evidence").format(counted=detector.counted, extra=detector.extra, joined=detector.joined)


def _values(
    detector: Detector, firm_id: int, as_of: date, parameters: Mapping[str, Any] | None
) -> dict[str, Any]:
    cleaned = detector.clean(parameters or {})
    shown = {name: value if isinstance(value, int) else f"{value:f}" for name, value in cleaned.items()}
    return {**cleaned, "firm_id": firm_id, "as_of": as_of, "parameters": json.dumps(shown)}


def _finding_statement(
    detector: Detector,
    firm_id: int,
    as_of: date,
    parameters: Mapping[str, Any] | None,
    *,
    advisor_ids: Iterable[int] | None,
    client_id: int | None,
    first_client: int | None = None,
    last_client: int | None = None,
) -> tuple[str, dict[str, Any]]:
    """The WITH clause that ends in ``found``, and its values."""
    values = _values(detector, firm_id, as_of, parameters)
    scope = []
    if first_client is not None or last_client is not None:
        scope.append("AND sip.client_id BETWEEN %(first_client)s AND %(last_client)s")
        values |= {"first_client": first_client or 0, "last_client": last_client or LAST_CLIENT}
    if client_id is not None:
        scope.append("AND sip.client_id = %(client_id)s")
        values["client_id"] = client_id
    if advisor_ids is not None:
        scope.append(
            "AND sip.client_id IN (SELECT client.id FROM clients_client client WHERE client.firm_id = %(firm_id)s "
            "AND client.advisor_id = ANY(%(advisor_ids)s::bigint[]))"
        )
        values["advisor_ids"] = sorted(advisor_ids)
    return _found(detector.opportunity_type, " ".join(scope)), values


def _order(columns: Sequence[str]) -> str:
    """An ORDER BY over known columns only."""
    terms = []
    for column in [*columns, "client_id"]:
        name = column.removeprefix("-")
        if name not in _ORDERS:
            raise Invalid(f"Findings cannot be ordered by {name}.", code="unknown_order")
        terms.append(f"{name} {'DESC' if column.startswith('-') else 'ASC'} NULLS LAST")
    return ", ".join(terms)


def _finding(detector: Detector, as_of: date, row: tuple[Any, ...]) -> Finding:
    names = (
        "client_id",
        "advisor_id",
        "description",
        "current_sip_amount",
        "potential_inflow",
        "total_invested",
        "failed_amount",
        "last_activity_on",
        "days_since_activity",
        "risk_score",
    )
    figures = dict(zip(names, row[:-2], strict=True))
    facts, evidence = (json.loads(part) if isinstance(part, str) else part for part in row[-2:])
    return Finding(
        **figures,
        facts=facts,
        evidence=evidence,
        opportunity_type=detector.opportunity_type.value,
        as_of=as_of,
        inflow_basis=detector.basis.value,
    )
