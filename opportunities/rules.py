"""What each detector looks for, what a firm may set, and how the rule is told on a page. The SQL stands in ``sql/``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from opportunities.choices import InflowBasis, OpportunityType
from wealthhub.errors import Invalid

Number = int | Decimal


@dataclass(frozen=True)
class Parameter:
    """One threshold a firm may set. ``unit`` is INR, months, days or percent; counts of time are whole numbers."""

    name: str
    title: str
    default: Number
    minimum: Number
    maximum: Number
    unit: str
    help: str

    def clean(self, value: Any) -> Number:
        """The value as a number in range.

        Raises: Invalid: it is not a number, not whole where it must be, or out of range.
        """
        try:
            number = Decimal(str(value).replace(",", "").strip())
        except InvalidOperation:
            number = Decimal("NaN")
        whole = isinstance(self.default, int)
        if not number.is_finite() or (whole and number != number.to_integral_value()):
            kind = "whole number" if whole else "number"
            raise Invalid(f"{self.title} must be a {kind}.", code="not_a_number", parameter=self.name)
        if not self.minimum <= number <= self.maximum:
            raise Invalid(
                f"{self.title} must be from {self.minimum} to {self.maximum}.",
                code="out_of_range",
                parameter=self.name,
            )
        return int(number) if whole else number


@dataclass(frozen=True)
class Detector:
    """One rule: its parameters, the basis of its client money, and how it explains itself on a page."""

    opportunity_type: OpportunityType
    title: str
    basis: InflowBasis
    parameters: tuple[Parameter, ...]
    rule: str
    formula: str
    risk_formula: str
    left_out: str
    counted: str = "TRUE"
    extra: str = ""
    joined: str = ""

    @property
    def defaults(self) -> dict[str, Number]:
        """Every parameter at its default."""
        return {parameter.name: parameter.default for parameter in self.parameters}

    def clean(self, values: Mapping[str, Any]) -> dict[str, Number]:
        """All parameters, those in ``values`` checked, the others at their default.

        Raises: Invalid: a value is no number or out of range, or a name is unknown.
        """
        known = {parameter.name: parameter for parameter in self.parameters}
        unknown = sorted(set(values) - set(known))
        if unknown:
            raise Invalid(f"{self.title} has no parameter {unknown[0]}.", code="unknown_parameter")
        return self.defaults | {name: known[name].clean(value) for name, value in values.items()}


_STEP_UP_EVIDENCE = """|| CASE WHEN chosen.runs IS NOT TRUE THEN '{}'::jsonb ELSE jsonb_build_object(
                   'step_up_amount', round(chosen.step_up, 2)::text,
                   'last_rise_on', chosen.last_rise_on,
                   'rises_seen', chosen.rises_seen,
                   'step_ups_due', chosen.step_ups_due,
                   'step_ups_missed', greatest(chosen.step_ups_due - chosen.rises_seen, 0)) END"""

_LAKHS_OF_CRORES = Decimal(10) ** 13

REGISTRY: Final[dict[OpportunityType, Detector]] = {
    detector.opportunity_type: detector
    for detector in (
        Detector(
            opportunity_type=OpportunityType.NO_SIP_INCREASE,
            title="No SIP increase",
            basis=InflowBasis.MONTHLY,
            parameters=(
                Parameter(
                    "min_months",
                    "Months without an increase",
                    12,
                    1,
                    600,
                    "months",
                    "Full calendar months since the last rise or the newest start.",
                ),
                Parameter(
                    "success_within_days",
                    "Last success within",
                    45,
                    1,
                    366,
                    "days",
                    "A SIP that has not succeeded for longer does not run well.",
                ),
                Parameter(
                    "default_step_up",
                    "Step-up where none is registered",
                    Decimal(10),
                    Decimal(0),
                    Decimal(100),
                    "percent",
                    "Of the monthly amount.",
                ),
            ),
            rule="SIPs that are active, in status Success and succeeded lately, and whose amount has not risen for "
            "the given number of full calendar months: since the later of the last rise seen in the imports and "
            "the newest start date of these SIPs.",
            formula="Sum over these SIPs of monthly amount × registered step-up (the default where none is).",
            risk_formula="Months ÷ 6, at most 10.",
            left_out="SIPs marked deleted; inactive, failed and paused SIPs; clients of whose running SIPs one has no "
            "start date; rises before the first import, which no file shows.",
            counted="chosen.runs IS TRUE",
            extra=_STEP_UP_EVIDENCE,
            joined="LEFT JOIN chosen ON chosen.id = sip.id",
        ),
        Detector(
            opportunity_type=OpportunityType.FAILED_SIPS,
            title="Failed SIPs",
            basis=InflowBasis.ONE_TIME,
            parameters=(
                Parameter(
                    "min_failed_amount",
                    "Failed amount from",
                    Decimal(5000),
                    Decimal("0.01"),
                    _LAKHS_OF_CRORES,
                    "INR",
                    "Sum over the client's SIPs.",
                ),
            ),
            rule="The failed instalments of the client's SIPs add up to the given amount.",
            formula="Sum of the failed amounts, once.",
            risk_formula="Failure rate in percent ÷ 10, at most 10; failure rate = failed ÷ (failed + succeeded) over "
            "the SIPs that failed.",
            left_out="SIPs marked deleted; in the failure rate, SIPs that never failed.",
            counted="sip.failed_amount > 0",
        ),
        Detector(
            opportunity_type=OpportunityType.HIGH_VALUE_INACTIVE,
            title="High-value inactive",
            basis=InflowBasis.MONTHLY,
            parameters=(
                Parameter(
                    "min_invested_amount",
                    "Invested from",
                    Decimal(100_000),
                    Decimal("0.01"),
                    _LAKHS_OF_CRORES,
                    "INR",
                    "Sum of the amounts that succeeded over the client's SIPs.",
                ),
                Parameter(
                    "min_inactive_days",
                    "Days without a success",
                    60,
                    1,
                    36_600,
                    "days",
                    "Since the latest success of any of the client's SIPs.",
                ),
                Parameter(
                    "potential_percent",
                    "Share of the active SIPs",
                    Decimal(50),
                    Decimal(0),
                    Decimal(100),
                    "percent",
                    "Of their monthly amount: what a conversation may bring back.",
                ),
            ),
            rule="The client has invested at least the given amount through SIPs, and none of them has succeeded for "
            "the given number of days.",
            formula="The given share of the monthly amount of the active SIPs.",
            risk_formula="Days ÷ 30, at most 10.",
            left_out="SIPs marked deleted; clients who never had a success; in the potential, SIPs not active.",
        ),
    )
}
