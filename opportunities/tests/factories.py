"""Rows of the opportunities app for tests. Each factory fills what a row must have; a test names what it is about."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import factory

from opportunities.choices import InflowBasis, OpportunityType
from opportunities.models import DetectorSettings, Opportunity, ScanRun, Sip, SipAmountChange, TrailRate
from wealthhub.clients.models import Client
from wealthhub.testing.factories import ClientFactory, make_run

AS_OF = date(2026, 1, 30)


class SipFactory(factory.django.DjangoModelFactory):
    """A healthy SIP of ₹5,500 a month that began 18 months before `AS_OF` and last succeeded on 5 January 2026."""

    class Meta:
        model = Sip

    client = factory.SubFactory(ClientFactory)
    firm = factory.LazyAttribute(lambda sip: sip.client.firm)
    advisor = factory.LazyAttribute(lambda sip: sip.client.advisor)
    sip_meta_id = factory.Sequence(lambda number: str(10_000 + number))
    amount = Decimal(5500)
    num_days = 1
    sip_days = factory.LazyFunction(lambda: [5])
    scheme_names = factory.LazyFunction(lambda: ["Axis Midcap Fund (G)"])
    start_date = date(2024, 7, 15)
    latest_success_on = date(2026, 1, 5)
    is_active = True
    status = "Success"
    has_current_mandate = True
    success_amount = Decimal(99_000)
    pending_amount = failed_amount = in_progress_amount = paused_amount = Decimal(0)


class SipAmountChangeFactory(factory.django.DjangoModelFactory):
    """A rise from ₹5,000 to ₹5,500 seen on 1 July 2025."""

    class Meta:
        model = SipAmountChange

    sip = factory.SubFactory(SipFactory)
    firm = factory.LazyAttribute(lambda change: change.sip.firm)
    old_amount = Decimal(5000)
    new_amount = Decimal(5500)
    seen_on = date(2025, 7, 1)
    run = factory.LazyAttribute(lambda change: make_run(firm=change.sip.firm))


class OpportunityFactory(factory.django.DjangoModelFactory):
    """An open opportunity of failed SIPs: ₹18,820 failed."""

    class Meta:
        model = Opportunity

    client = factory.SubFactory(ClientFactory)
    firm = factory.LazyAttribute(lambda opportunity: opportunity.client.firm)
    advisor = factory.LazyAttribute(lambda opportunity: opportunity.client.advisor)
    opportunity_type = OpportunityType.FAILED_SIPS
    inflow_basis = InflowBasis.ONE_TIME
    as_of = AS_OF
    detected_on = AS_OF
    description = "Failed amount: ₹18,820."
    current_sip_amount = Decimal(5500)
    potential_inflow = Decimal(18_820)
    total_invested = Decimal(99_000)
    failed_amount = Decimal(18_820)
    last_activity_on = date(2026, 1, 5)
    days_since_activity = 25
    risk_score = Decimal("1.60")


class TrailRateFactory(factory.django.DjangoModelFactory):
    """0.80 % a year from 1 April 2025."""

    class Meta:
        model = TrailRate

    effective_from = date(2025, 4, 1)
    annual_rate = Decimal("0.008000")


class DetectorSettingsFactory(factory.django.DjangoModelFactory):
    """Settings of the failed-SIP detector at its defaults."""

    class Meta:
        model = DetectorSettings

    opportunity_type = OpportunityType.FAILED_SIPS


class ScanRunFactory(factory.django.DjangoModelFactory):
    """A scan that was asked for."""

    class Meta:
        model = ScanRun

    as_of = AS_OF


def make_sip(client: Client, **values: Any) -> Sip:
    """A SIP of a client."""
    return SipFactory(client=client, **values)


def make_opportunity(client: Client, **values: Any) -> Opportunity:
    """An opportunity of a client."""
    return OpportunityFactory(client=client, **values)
