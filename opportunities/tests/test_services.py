from datetime import date, timedelta
from decimal import Decimal
from unittest.mock import patch

import pytest

from opportunities import services
from opportunities.models import Opportunity, ScanRun, ScanShard, Sip
from opportunities.tests.factories import AS_OF, TrailRateFactory, make_opportunity, make_sip
from wealthhub.dates import today_ist
from wealthhub.errors import Invalid
from wealthhub.testing import WealthhubTestCase


class ScanTestCase(WealthhubTestCase):
    def scan(self, *, as_of=AS_OF, firm=None):
        return services.run_scan(ScanRun.objects.create(firm=firm or self.firm, as_of=as_of))

    def only(self):
        return Opportunity.objects.get(firm=self.firm)


class ScanTests(ScanTestCase):
    def setUp(self):
        super().setUp()
        self.sip = make_sip(self.client_of_asha, failed_amount=Decimal(18_820), status="Failed")

    def test_it_works(self):
        scan = self.scan()
        assert (scan.status, scan.found, scan.opened, scan.closed, scan.reopened) == ("succeeded", 1, 1, 0, 0)
        found = self.only()
        assert found.client == self.client_of_asha
        assert found.advisor == self.advisor_asha
        assert found.opportunity_type == "failed_sips"
        assert found.potential_inflow == Decimal("18820.00")
        assert found.inflow_basis == "one_time"
        assert (found.detected_on, found.closed_on, found.status) == (AS_OF, None, "new")
        assert found.evidence[0]["sip_meta_id"] == self.sip.sip_meta_id
        assert found.facts["parameters"] == {"min_failed_amount": "5000"}

    def test_twice_is_the_same_as_once(self):
        self.scan()
        before = Opportunity.objects.values().get()
        scan = self.scan()
        assert (scan.found, scan.opened, scan.closed, scan.reopened) == (1, 0, 0, 0)
        assert Opportunity.objects.values().get() == before

    def test_it_closes_when_the_reason_is_gone_and_opens_again_when_it_is_back(self):
        self.scan()
        self.set_failed(0)
        scan = self.scan(as_of=AS_OF + timedelta(days=1))
        assert (scan.closed, self.only().closed_on) == (1, date(2026, 1, 31))
        self.set_failed(7000)
        scan = self.scan(as_of=AS_OF + timedelta(days=2))
        again = self.only()
        assert (scan.reopened, scan.opened) == (1, 0)
        assert (again.closed_on, again.detected_on, again.times_opened) == (None, date(2026, 2, 1), 2)

    def test_what_people_decided_stays(self):
        self.scan()
        services.set_status(opportunity=self.only(), user=self.asha, status="dismissed", reason="Moved bank")
        self.set_failed(25_000)
        self.scan(as_of=AS_OF + timedelta(days=1))
        held = self.only()
        assert (held.status, held.dismiss_reason) == ("dismissed", "Moved bank")
        assert held.potential_inflow == Decimal("25000.00")

    def test_one_that_comes_back_after_it_was_won_is_new_and_its_past_is_kept(self):
        self.scan()
        services.set_status(opportunity=self.only(), user=self.asha, status="won")
        self.set_failed(0)
        self.scan(as_of=AS_OF + timedelta(days=1))
        assert self.only().status == "won"
        self.set_failed(9000)
        self.scan(as_of=AS_OF + timedelta(days=2))
        assert self.only().status == "new"
        events = self.only().status_dismiss_reason_snoozed_until_events.order_by("pgh_id")
        history = events.values_list("status", flat=True)
        assert list(history) == ["won", "new"]

    def test_one_that_comes_back_while_it_was_worked_on_goes_on(self):
        self.scan()
        services.set_status(opportunity=self.only(), user=self.asha, status="contacted")
        self.set_failed(0)
        self.scan(as_of=AS_OF + timedelta(days=1))
        self.set_failed(9000)
        self.scan(as_of=AS_OF + timedelta(days=2))
        assert self.only().status == "contacted"

    def test_it_follows_the_client_to_another_advisor(self):
        self.scan()
        self.client_of_asha.advisor = self.advisor_arun
        self.client_of_asha.save()
        self.scan()
        assert self.only().advisor == self.advisor_arun

    def test_another_firm_is_left_alone(self):
        make_sip(self.client_of_ravi, failed_amount=Decimal(90_000))
        theirs = make_opportunity(self.client_of_arun, firm=self.other_firm)
        self.scan()
        assert not Opportunity.objects.filter(client=self.client_of_ravi).exists()
        theirs.refresh_from_db()
        assert theirs.closed_on is None

    def test_a_client_whose_sips_are_all_gone_is_closed_too(self):
        self.scan()
        Sip.objects.all().delete()
        assert self.scan().closed == 1

    def test_parameters_of_the_firm_are_used(self):
        services.save_settings(
            firm=self.firm, opportunity_type="failed_sips", parameters={"min_failed_amount": "20,000"}
        )
        assert self.scan().found == 0

    def test_a_detector_that_is_off_closes_what_it_found(self):
        self.scan()
        services.save_settings(firm=self.firm, opportunity_type="failed_sips", parameters={}, is_on=False)
        scan = self.scan()
        assert (scan.found, scan.closed) == (0, 1)

    def test_shards_cover_every_client_once(self):
        with patch.object(services, "CLIENTS_PER_SHARD", 1):
            scan = self.scan()
        ranges = list(scan.shards.values_list("first_client", "last_client"))
        assert len(ranges) == 2
        assert ranges[0][0] == 0
        assert ranges[1] == (ranges[0][1] + 1, 2**63 - 1)
        assert scan.found == 1

    def test_a_shard_is_done_once(self):
        scan = ScanRun.objects.create(firm=self.firm, as_of=AS_OF)
        [shard] = services.plan_scan(scan.pk)
        assert services.scan_shard(shard) is True
        assert services.scan_shard(shard) is False
        assert services.finish_scan(scan.pk) is True
        assert services.finish_scan(scan.pk) is False

    def test_a_shard_that_breaks_stays_to_be_done(self):
        scan = ScanRun.objects.create(firm=self.firm, as_of=AS_OF)
        [shard] = services.plan_scan(scan.pk)
        with patch.object(services, "_scan_with", side_effect=RuntimeError), pytest.raises(RuntimeError):
            services.scan_shard(shard)
        assert ScanShard.objects.get(pk=shard).status == "queued"
        assert services.finish_scan(scan.pk) is False
        assert services.plan_scan(scan.pk) == [shard]
        assert services.scan_shard(shard) is True

    def test_a_later_scan_takes_the_place_of_an_unfinished_one(self):
        first = ScanRun.objects.create(firm=self.firm, as_of=AS_OF)
        [shard] = services.plan_scan(first.pk)
        second = self.scan(as_of=AS_OF + timedelta(days=1))
        assert services.scan_shard(shard) is False
        first.refresh_from_db()
        assert (first.status, second.status) == ("failed", "succeeded")
        assert first.error_message == "A later scan of the same book took its place."
        assert self.only().as_of == date(2026, 1, 31)

    def set_failed(self, amount):
        Sip.objects.filter(pk=self.sip.pk).update(failed_amount=amount)


class StatusTests(ScanTestCase):
    def setUp(self):
        super().setUp()
        self.opportunity = make_opportunity(self.client_of_asha)

    def test_it_works(self):
        held = services.set_status(opportunity=self.opportunity, user=self.asha, status="contacted")
        assert (held.status, held.status_changed_by) == ("contacted", self.asha)
        assert held.status_changed_at is not None

    def test_each_refusal_writes_nothing(self):
        for options in (
            {"status": "asleep"},
            {"status": "dismissed"},
            {"status": "dismissed", "reason": "x" * 301},
            {"status": "new", "snoozed_until": today_ist()},
        ):
            with pytest.raises(Invalid):
                services.set_status(opportunity=self.opportunity, user=self.asha, **options)
        self.opportunity.refresh_from_db()
        assert self.opportunity.status == "new"

    def test_a_reason_goes_with_a_dismissal_only(self):
        services.set_status(opportunity=self.opportunity, user=self.asha, status="dismissed", reason=" Old ")
        self.opportunity.refresh_from_db()
        assert self.opportunity.dismiss_reason == "Old"
        held = services.set_status(opportunity=self.opportunity, user=self.asha, status="new", reason="Old")
        assert held.dismiss_reason == ""

    def test_notes(self):
        note = services.add_note(opportunity=self.opportunity, user=self.asha, text="  Called. ")
        assert (note.text, note.author, note.firm) == ("Called.", self.asha, self.firm)
        for text in ("  ", "x" * 5001):
            with pytest.raises(Invalid):
                services.add_note(opportunity=self.opportunity, user=self.asha, text=text)


class SettingsTests(ScanTestCase):
    def test_it_works(self):
        assert services.parameters_for(self.firm, "no_sip_increase") == {
            "min_months": 12,
            "success_within_days": 45,
            "default_step_up": Decimal(10),
        }
        held = services.save_settings(
            firm=self.firm, opportunity_type="no_sip_increase", parameters={"min_months": "18"}
        )
        assert held.parameters == {"min_months": 18}
        assert services.parameters_for(self.firm, "no_sip_increase")["min_months"] == 18
        assert services.parameters_for(self.other_firm, "no_sip_increase")["min_months"] == 12

    def test_a_value_out_of_range_changes_nothing(self):
        with pytest.raises(Invalid, match="from 1 to 600"):
            services.save_settings(
                firm=self.firm, opportunity_type="no_sip_increase", parameters={"min_months": 0}
            )
        assert services.parameters_for(self.firm, "no_sip_increase")["min_months"] == 12

    def test_the_rate_card_of_a_day(self):
        TrailRateFactory(firm=self.firm)
        services.save_trail_rate(
            firm=self.firm, effective_from=date(2026, 4, 1), annual_rate=Decimal("0.0075")
        )
        assert services.current_trail_rate(self.firm, date(2025, 3, 31)) is None
        assert services.current_trail_rate(self.firm, date(2026, 3, 31)) == Decimal("0.008")
        assert services.current_trail_rate(self.firm, date(2026, 4, 1)) == Decimal("0.0075")
        assert services.current_trail_rate(self.other_firm, date(2026, 4, 1)) is None
        with pytest.raises(Invalid):
            services.save_trail_rate(firm=self.firm, effective_from=AS_OF, annual_rate=Decimal("1.1"))
