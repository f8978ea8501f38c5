"""The pages of the app, in the reader's words."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from opportunities import services
from opportunities.choices import InflowBasis, OpportunityType, ScanStatus, WorkStatus
from opportunities.models import Opportunity, OpportunityNote, ScanRun, TrailRate
from opportunities.tests.factories import AS_OF, OpportunityFactory, SipAmountChangeFactory, SipFactory
from wealthhub.dates import today_ist
from wealthhub.testing import WealthhubTestCase, make_client


class WorklistTestCase(WealthhubTestCase):
    """Two opportunities of asha's client, one of arun's, one of the stranger's."""

    @classmethod
    def setUpTestData(cls) -> None:
        super().setUpTestData()
        cls.failed = OpportunityFactory(client=cls.client_of_asha)
        cls.idle = OpportunityFactory(
            client=cls.client_of_asha,
            opportunity_type=OpportunityType.NO_SIP_INCREASE,
            inflow_basis=InflowBasis.MONTHLY,
            potential_inflow=Decimal(550),
            risk_score=Decimal("3.00"),
        )
        cls.of_arun = OpportunityFactory(client=cls.client_of_arun, potential_inflow=Decimal(7000))
        cls.of_ravi = OpportunityFactory(client=cls.client_of_ravi)


class OpportunityListTests(WorklistTestCase):
    url = "/opportunities/"

    def test_it_works(self) -> None:
        page = self.get_as(self.asha, self.url)
        self.assertContains(page, "Meera Shah", count=2)
        self.assertContains(page, "2 rows")
        for href in (self.failed.get_absolute_url(), self.client_of_asha.get_absolute_url()):
            self.assertContains(page, f'href="{href}"')

    def test_everybody_sees_their_own(self) -> None:
        for user, count in (
            (self.admin, 3),
            (self.manager, 3),
            (self.asha, 2),
            (self.arun, 1),
            (self.analyst, 3),
        ):
            with self.subTest(user.username):
                assert self.get_as(user, self.url).context["totals"].count == count
        assert self.get_as(self.ravi, self.url).context["totals"].count == 1

    def test_an_investor_is_told_why_not(self) -> None:
        assert self.get_as(self.investor, self.url).status_code == 403

    def test_nobody_signs_in_first(self) -> None:
        assert self.client.get(self.url).status_code == 302

    def test_monthly_and_one_time_money_are_never_added(self) -> None:
        totals = self.get_as(self.asha, self.url).context["totals"]
        assert (totals.monthly, totals.one_time) == (Decimal("550.00"), Decimal("18820.00"))

    def test_the_firms_income_stands_beside_and_only_with_a_rate_card(self) -> None:
        assert self.get_as(self.asha, self.url).context["totals"].yearly_trail is None
        services.save_trail_rate(
            firm=self.firm, effective_from=date(2025, 4, 1), annual_rate=Decimal("0.008")
        )
        # 6.5 x 550 x 0.8 % = 28.60; 18,820 x 0.8 % = 150.56
        assert self.get_as(self.asha, self.url).context["totals"].yearly_trail == Decimal("179.16")
        assert self.get_as(self.analyst, self.url).context["totals"].yearly_trail is None

    def test_filters_narrow_rows_and_totals_alike(self) -> None:
        page = self.get_as(self.admin, self.url, opportunity_type="failed_sips", amount_min="10000")
        assert page.context["totals"].one_time == Decimal("18820.00")
        self.assertContains(page, "Amount (INR) from")
        assert self.get_as(self.admin, self.url, agent_id="5,002").context["totals"].count == 1
        assert self.get_as(self.admin, self.url, q="meer").context["totals"].count == 2
        assert self.get_as(self.admin, self.url, q="arun-1").context["totals"].count == 1

    def test_a_bad_filter_shows_nothing_and_says_so(self) -> None:
        page = self.get_as(self.admin, self.url, risk_min="much")
        assert page.context["totals"].count == 0
        self.assertContains(page, "A filter is not valid")

    def test_the_worklist_leaves_out_decided_snoozed_and_closed(self) -> None:
        Opportunity.objects.filter(pk=self.failed.pk).update(status=WorkStatus.WON)
        Opportunity.objects.filter(pk=self.idle.pk).update(snoozed_until=today_ist() + timedelta(days=3))
        Opportunity.objects.filter(pk=self.of_arun.pk).update(closed_on=AS_OF)
        counts = {
            state: self.get_as(self.admin, self.url, state=state).context["totals"].count
            for state in ("", "work", "snoozed", "decided", "closed", "all")
        }
        assert counts == {"": 2, "work": 0, "snoozed": 1, "decided": 1, "closed": 1, "all": 3}

    def test_the_file_has_exactly_the_filtered_rows(self) -> None:
        answer = self.get_as(
            self.admin, self.url, inflow_basis="one_time", export="csv", sort="-one_time_inflow"
        )
        lines = b"".join(answer).decode("utf-8-sig").splitlines()
        assert [line.split(",")[0] for line in lines] == ["Client", "Meera Shah", "Kiran Das"]

    def test_missing_money_comes_last_either_way(self) -> None:
        for sort in ("monthly_inflow", "-monthly_inflow"):
            rows = self.get_as(self.admin, self.url, sort=sort).context["table"].rows
            assert rows[0].record == self.idle

    def test_the_number_of_queries_does_not_grow(self) -> None:
        self.sign_in(self.admin)
        self.client.get(self.url)
        with CaptureQueriesContext(connection) as few:
            self.client.get(self.url)
        for number in range(20):
            OpportunityFactory(client=make_client(name=f"Client {number}", advisor=self.advisor_asha))
        with CaptureQueriesContext(connection) as many:
            self.client.get(self.url)
        assert len(many) == len(few)


class OpportunityPageTests(WorklistTestCase):
    def url(self, opportunity: Any = None, name: str = "opportunity") -> str:
        return reverse(f"opportunities:{name}", args=[(opportunity or self.failed).pk])

    def test_it_works(self) -> None:
        sip = SipFactory(client=self.client_of_asha, failed_amount=Decimal(18_820))
        line = {"sip_id": sip.pk, "sip_meta_id": "77", "counted": True, "failed_amount": "18820.00"}
        facts = {"failure_rate": "0.16", "parameters": {"min_failed_amount": "5000"}}
        Opportunity.objects.filter(pk=self.failed.pk).update(evidence=[line], facts=facts)
        page = self.get_as(self.asha, self.url())
        for words in ("18,820.00", "16.00%", "₹5,000.00", "SIPs marked deleted", "As of 30 Jan 2026"):
            self.assertContains(page, words)
        self.assertContains(page, reverse("opportunities:sip", args=[sip.pk]))

    def test_what_one_may_not_see_is_not_there(self) -> None:
        for user in (self.arun, self.ravi):
            assert self.get_as(user, self.url()).status_code == 404
            assert self.client.post(self.url(name="status"), {"status": "won"}).status_code == 404
            assert self.client.post(self.url(name="note"), {"text": "hello"}).status_code == 404

    def test_a_status_is_saved_with_its_history(self) -> None:
        self.sign_in(self.asha)
        self.client.post(self.url(name="status"), {"status": "contacted"})
        page = self.client.get(self.url())
        self.failed.refresh_from_db()
        assert self.failed.status == WorkStatus.CONTACTED
        self.assertContains(page, "Status: Contacted")
        self.assertContains(page, "Asha Rao")

    def test_a_dismissal_without_a_reason_is_refused(self) -> None:
        self.sign_in(self.asha)
        page = self.client.post(self.url(name="status"), {"status": "dismissed"}, follow=True)
        self.assertContains(page, "Say why it is dismissed.")
        self.failed.refresh_from_db()
        assert self.failed.status == WorkStatus.NEW

    def test_an_unknown_status_stays_on_the_page(self) -> None:
        self.sign_in(self.asha)
        assert self.client.post(self.url(name="status"), {"status": "maybe"}).status_code == 400

    def test_an_analyst_reads_only(self) -> None:
        page = self.get_as(self.analyst, self.url())
        self.assertNotContains(page, "Save status")
        assert self.client.post(self.url(name="status"), {"status": "won"}).status_code == 403
        assert self.client.post(self.url(name="note"), {"text": "x"}).status_code == 403

    def test_a_note_is_kept(self) -> None:
        self.sign_in(self.asha)
        page = self.client.post(self.url(name="note"), {"text": "Called, will renew."}, follow=True)
        self.assertContains(page, "Called, will renew.")
        assert OpportunityNote.objects.get().author == self.asha
        assert self.client.post(self.url(name="note"), {"text": " "}).status_code == 400


class ScanPageTests(WealthhubTestCase):
    def test_a_scan_is_started_and_followed(self) -> None:
        self.sign_in(self.manager)
        answer = self.client.post("/opportunities/scan/", {"as_of": "2026-01-30"})
        scan = ScanRun.objects.get()
        self.assertRedirects(answer, scan.get_absolute_url())
        assert (scan.as_of, scan.user) == (AS_OF, self.manager)
        self.assertContains(self.client.get(scan.get_absolute_url()), "every 2s")
        ScanRun.objects.update(status=ScanStatus.SUCCEEDED, found=7)
        part = self.client.get(scan.get_absolute_url(), headers={"HX-Request": "true"})
        self.assertNotContains(part, "every 2s")
        self.assertNotContains(part, "<html")

    def test_others_may_not_start_one(self) -> None:
        for user in (self.asha, self.analyst, self.investor):
            self.sign_in(user)
            assert self.client.post("/opportunities/scan/").status_code == 403
        assert not ScanRun.objects.exists()

    def test_a_stranger_sees_no_scan(self) -> None:
        scan = ScanRun.objects.create(firm=self.firm, as_of=AS_OF)
        assert self.get_as(self.ravi, scan.get_absolute_url()).status_code == 404
        assert self.get_as(self.asha, "/opportunities/scans/").status_code == 200


class SipBookTests(WealthhubTestCase):
    url = "/opportunities/sips/"

    @classmethod
    def setUpTestData(cls) -> None:
        super().setUpTestData()
        cls.sip = SipFactory(client=cls.client_of_asha, registered_on=date(2024, 7, 15), sip_meta_id="5872")
        SipFactory(client=cls.client_of_asha, status="Failed", failed_amount=Decimal(6000), num_days=2)
        SipFactory(client=cls.client_of_asha, deleted=True)
        SipFactory(client=cls.client_of_arun, is_active=False)
        SipFactory(client=cls.client_of_ravi)

    def test_a_sip_that_names_no_scheme_is_shown_and_exported(self) -> None:
        SipFactory(client=self.client_of_asha, sip_meta_id="77001", scheme_names=[])
        self.client.force_login(self.asha)
        self.assertContains(self.client.get(self.url), "77001")
        lines = b"".join(self.client.get(self.url, {"export": "csv"}).streaming_content).decode()
        assert "77001" in lines

    def test_it_works(self) -> None:
        page = self.get_as(self.asha, self.url)
        totals = page.context["totals"]
        assert (totals.count, totals.monthly, totals.failed) == (2, Decimal(16500), Decimal(6000))
        assert page.context["months"]["data"][0]["y"] == [5500.0]
        assert page.context["failed"]["data"][0]["y"] == ["Failed"]

    def test_deleted_sips_count_nowhere_unless_asked_for(self) -> None:
        assert self.get_as(self.admin, self.url).context["totals"].count == 3
        assert self.get_as(self.admin, self.url, source="all").context["totals"].count == 4
        assert self.get_as(self.admin, self.url, source="all").context["totals"].monthly == Decimal(16500)

    def test_an_investor_sees_their_own_and_no_stranger_does(self) -> None:
        assert self.get_as(self.investor, self.url).context["totals"].count == 2
        assert self.get_as(self.ravi, self.url).context["totals"].count == 1

    def test_filters(self) -> None:
        for query, count in (
            ({"status": "Failed"}, 1),
            ({"active": "no"}, 1),
            ({"q": "5,872"}, 1),
            ({"q": "Kiran"}, 1),
            ({"failed_min": "1"}, 1),
            ({"registered_from": "2024-07-01", "registered_to": "2024-07-31"}, 1),
            ({"status": "other"}, 0),
        ):
            with self.subTest(query):
                assert self.get_as(self.admin, self.url, **query).context["totals"].count == count

    def test_one_sip_with_its_amount_history(self) -> None:
        SipAmountChangeFactory(sip=self.sip)
        page = self.get_as(self.investor, reverse("opportunities:sip", args=[self.sip.pk]))
        self.assertContains(page, "₹5,000 to ₹5,500")
        assert self.get_as(self.arun, reverse("opportunities:sip", args=[self.sip.pk])).status_code == 404

    def test_the_number_of_queries_does_not_grow(self) -> None:
        self.sign_in(self.admin)
        self.client.get(self.url)
        with CaptureQueriesContext(connection) as few:
            self.client.get(self.url)
        for number in range(15):
            SipFactory(client=make_client(name=f"Client {number}", advisor=self.advisor_asha))
        self.client.get(self.url)  # a new client makes the kept sums new
        with CaptureQueriesContext(connection) as many:
            self.client.get(self.url)
        assert len(many) == len(few)


class SettingsTests(WealthhubTestCase):
    url = "/opportunities/settings/"

    def test_it_works(self) -> None:
        self.sign_in(self.admin)
        self.assertContains(self.client.get(self.url), "Failed SIPs")
        self.client.post(
            self.url,
            {"save": "failed_sips", "failed_sips-is_on": "on", "failed_sips-min_failed_amount": "7500"},
        )
        assert services.parameters_for(self.firm, "failed_sips") == {"min_failed_amount": Decimal(7500)}

    def test_a_bad_value_is_refused_beside_its_field(self) -> None:
        self.sign_in(self.admin)
        page = self.client.post(self.url, {"save": "failed_sips", "failed_sips-min_failed_amount": "-1"})
        assert page.status_code == 400
        assert services.parameters_for(self.firm, "failed_sips") == {"min_failed_amount": Decimal(5000)}

    def test_the_rate_card_is_typed_in_per_cent(self) -> None:
        self.sign_in(self.admin)
        self.client.post(self.url, {"save": "rate", "effective_from": "2025-04-01", "percent": "0.80"})
        assert TrailRate.objects.get().annual_rate == Decimal("0.008")

    def test_only_an_admin_sets_them(self) -> None:
        for user in (self.manager, self.asha, self.analyst, self.investor):
            assert self.get_as(user, self.url).status_code == 403
