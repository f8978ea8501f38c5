"""The SIP book: Metabase's "Download JSON" of registrations, or the same columns as CSV or Excel."""

from __future__ import annotations

from django.db.models import Q

from opportunities.choices import WorkStatus
from opportunities.models import Opportunity, Sip, SipAmountChange
from wealthhub.clients.parties import AdvisorLink, ClientLink
from wealthhub.imports.columns import (
    Amount,
    Choice,
    Column,
    Day,
    Flag,
    Identifier,
    Instant,
    Integer,
    IntegerList,
    Text,
    TextList,
)
from wealthhub.imports.sources import Derived, History, Source, register

STATUSES = ("Success", "Failed", "In Progress", "Paused")
MONEY = Amount(places=2, minimum=0)

ADVISOR = AdvisorLink()

SIP = register(
    Source(
        name="sip",
        title="SIP book",
        description="SIP registrations with their lifetime sums, one row each, as the order system exports them.",
        model=Sip,
        key=("sip_meta_id",),
        links=(
            ADVISOR,
            ClientLink(
                column="user_id",
                source="wealthy",
                advisor=ADVISOR,
                newest_by=("source_created_at", "sip_meta_id"),
            ),
        ),
        history=(History(field="amount", into=SipAmountChange, parent="sip", on="source_event_at"),),
        derived=(Derived(Opportunity, "client", Q(status=WorkStatus.NEW, notes__isnull=True)),),
        after="opportunities.tasks.scan_after_import",
        columns=(
            Column("inserted_at", Instant(), field="source_inserted_at", sample="January 17, 2026, 4:49 PM"),
            Column(
                "event_date",
                Instant(),
                field="source_event_at",
                help="When the row was last true; the day of a seen amount change.",
                sample="January 27, 2026, 11:30 AM",
            ),
            Column(
                "created_at",
                Instant(),
                field="source_created_at",
                help="When the SIP was registered.",
                sample="July 25, 2024, 10:03 PM",
            ),
            Column("sip_meta_date", Day(), field="registered_on", sample="July 25, 2024"),
            Column("sip_meta_month", Day(), stored=False, sample="July 1, 2024"),
            Column("uid", Identifier(), sample="9253"),
            Column(
                "sip_meta_id",
                Identifier(),
                required=True,
                help="The registration's number: of a repeated one the later row counts.",
                sample="9,253",
            ),
            Column(
                "user_id",
                Identifier(80),
                required=True,
                stored=False,
                help="The client.",
                sample="6f1f7c1e-3a52-4b0e-9d77-0f2c1d9e8a10",
            ),
            Column("goal_id", Identifier(), sample="94,636"),
            Column("sip_days", IntegerList(low=1, high=31), help="Days of the month.", sample="5,10"),
            Column("num_days", Integer(minimum=1, maximum=31), required=True, sample="2"),
            Column("amount", MONEY, required=True, help="INR per instalment day.", sample="5,500"),
            Column(
                "scheme_name",
                TextList(),
                field="scheme_names",
                sample="[Example Flexi Cap Fund (G), Example Midcap Fund (G)]",
            ),
            Column("goal_name", Text(), sample="Individual Fund(s)"),
            Column("start_date", Day(), sample="July 25, 2024"),
            Column("end_date", Day(), sample="March 16, 2049"),
            Column("paused_from", Day()),
            Column("paused_till", Day()),
            Column("paused_reason", Text()),
            Column(
                "increment_percentage",
                Amount(places=4, minimum=0, digits=9),
                help="Step-up in percent: 10 is 10 %.",
                sample="10",
            ),
            Column("increment_amount", MONEY, sample="0"),
            Column("increment_period", Text(), help="6M or 1Y.", sample="1Y"),
            Column("is_active", Flag(), sample="true"),
            Column("sip_sales_status", Text(), field="sales_status", sample="validSales"),
            Column("had_mandate_at_creation", Flag(), sample="true"),
            Column("has_current_mandate", Flag(), sample="true"),
            Column("mandate_tracking_status", Text(), sample="Confirmed Within 45 Days"),
            Column("mandate_confirmed_date", Day()),
            Column("stepper_enabled", Flag(), sample="true"),
            Column(
                "first_order_nav_allocated_at",
                Day(),
                field="first_order_nav_allocated_on",
                sample="July 27, 2024",
            ),
            Column("first_success_order_date", Day(), field="first_success_on", sample="July 27, 2024"),
            Column("latest_success_order_date", Day(), field="latest_success_on", sample="January 15, 2026"),
            Column("first_success_order_month", Day(), stored=False, sample="July 1, 2024"),
            Column("latest_success_order_month", Day(), stored=False, sample="January 1, 2026"),
            Column("success_amount", MONEY, required=True, help="Lifetime INR.", sample="2,70,000"),
            Column("pending_amount", MONEY, required=True, sample="0"),
            Column("failed_amount", MONEY, required=True, sample="0"),
            Column("in_progress_amount", MONEY, required=True, sample="0"),
            Column("paused_amount", MONEY, required=True, sample="0"),
            Column("success_count", Integer(minimum=0), sample="18"),
            Column(
                "currentSipStatus",
                Choice(choices=STATUSES, unknown="warn"),
                field="status",
                aliases=("current_sip_status",),
                missing="warn",
                help="Kept as it stands when it is none of these, with a warning.",
                sample="Success",
            ),
            Column("agent_external_id", Identifier(60), stored=False, sample="ag_2b7QmZr9T4sVx1LdKc0HwE"),
            Column("member_id", Identifier(60), stored=False, sample="01J0000000EXAMPLE000000000"),
            Column("agent_id", Identifier(40), stored=False, sample="37,784"),
            Column("deleted", Flag(), default="false", help="A deleted SIP counts nowhere.", sample="false"),
        ),
    )
)
