import io
import json
from decimal import Decimal

import pytest

from opportunities.models import Opportunity, Sip
from wealthhub.imports import services, sources
from wealthhub.imports.undo import BuiltOn
from wealthhub.testing import WealthhubTestCase

SEED_KEYS = [
    "inserted_at",
    "event_date",
    "created_at",
    "sip_meta_date",
    "sip_meta_month",
    "uid",
    "sip_meta_id",
    "user_id",
    "goal_id",
    "sip_days",
    "num_days",
    "amount",
    "scheme_name",
    "goal_name",
    "start_date",
    "end_date",
    "paused_from",
    "paused_till",
    "paused_reason",
    "increment_percentage",
    "increment_amount",
    "increment_period",
    "is_active",
    "sip_sales_status",
    "had_mandate_at_creation",
    "has_current_mandate",
    "mandate_tracking_status",
    "mandate_confirmed_date",
    "stepper_enabled",
    "first_order_nav_allocated_at",
    "first_success_order_date",
    "latest_success_order_date",
    "first_success_order_month",
    "latest_success_order_month",
    "success_amount",
    "pending_amount",
    "failed_amount",
    "in_progress_amount",
    "paused_amount",
    "success_count",
    "currentSipStatus",
    "agent_external_id",
    "member_id",
    "agent_id",
    "deleted",
]


class SipBookTests(WealthhubTestCase):
    def take_in(self, **changes):
        record = {column.name: column.sample for column in sources.get("sip").columns} | changes
        run = services.receive_file(
            user=self.admin,
            firm=self.firm,
            source=sources.get("sip"),
            file=io.BytesIO(json.dumps([record]).encode()),
            filename="book.json",
            queue=False,
        )
        return services.execute(run.pk)

    def test_its_columns_are_the_exports_45_in_their_order(self):
        assert [column.name for column in sources.get("sip").columns] == SEED_KEYS

    def test_every_value_has_its_own_type(self):
        self.take_in(deleted="true", paused_from="March 1, 2026", increment_percentage="12.5")
        sip = Sip.objects.get()
        assert (sip.uid, sip.goal_id) == ("9253", "94636")
        assert (sip.num_days, sip.amount, sip.monthly_amount) == (2, Decimal("5500.00"), Decimal("11000.00"))
        assert sip.increment_percentage == Decimal("12.5")
        assert sip.deleted is True
        assert sip.is_active is True
        assert str(sip.paused_from) == "2026-03-01"
        assert sip.paused_till is None
        assert sip.mandate_confirmed_date is None
        assert sip.sales_status == "validSales"

    def test_a_blank_is_missing_and_not_zero_or_false(self):
        self.take_in(increment_percentage="", is_active="", success_count="", end_date="")
        sip = Sip.objects.get()
        assert (sip.increment_percentage, sip.is_active, sip.success_count, sip.end_date) == (None,) * 4

    def test_an_undo_takes_untouched_opportunities_along_and_stops_at_worked_ones(self):
        run = self.take_in()
        client = Sip.objects.get().client
        figures = {
            "firm": self.firm,
            "client": client,
            "advisor": client.advisor,
            "as_of": "2026-01-30",
            "description": "x",
            "current_sip_amount": 0,
            "total_invested": 0,
            "failed_amount": 0,
            "risk_score": 1,
            "detected_on": "2026-01-30",
            "inflow_basis": "monthly",
        }
        found = Opportunity.objects.create(opportunity_type="failed_sips", status="contacted", **figures)
        with pytest.raises(BuiltOn, match="opportunities"):
            services.start_undo(run=run, user=self.admin)
        assert Sip.objects.exists()
        Opportunity.objects.filter(pk=found.pk).update(status="new")
        services.start_undo(run=run, user=self.admin)
        services.execute_undo(run.pk)
        assert not Sip.objects.exists()
        assert not Opportunity.objects.exists()
