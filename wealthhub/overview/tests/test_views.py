"""Today, search, the client page and the advisors, in the reader's words."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from django.db import connection
from django.test.utils import CaptureQueriesContext

from opportunities import services
from opportunities.choices import InflowBasis, OpportunityType
from opportunities.models import Opportunity, ScanRun
from opportunities.tests.factories import OpportunityFactory, SipFactory
from wealthhub.dates import today_ist
from wealthhub.testing import WealthhubTestCase, make_client


class OverviewTestCase(WealthhubTestCase):
    @classmethod
    def setUpTestData(cls) -> None:
        super().setUpTestData()
        cls.sip = SipFactory(client=cls.client_of_asha, sip_meta_id="5872")
        SipFactory(client=cls.client_of_arun, success_amount=Decimal(6000), failed_amount=Decimal(7000))
        SipFactory(client=cls.client_of_ravi)
        cls.failed = OpportunityFactory(client=cls.client_of_asha)
        cls.rise = OpportunityFactory(
            client=cls.client_of_arun,
            opportunity_type=OpportunityType.NO_SIP_INCREASE,
            inflow_basis=InflowBasis.MONTHLY,
            potential_inflow=Decimal(550),
        )
        OpportunityFactory(client=cls.client_of_ravi)


class TodayTests(OverviewTestCase):
    url = "/"

    def test_it_works(self) -> None:
        page = self.get_as(self.asha, self.url)
        self.assertContains(page, "Meera Shah")
        self.assertNotContains(page, "Kiran Das")

    def test_each_tile_leads_to_exactly_its_rows(self) -> None:
        Opportunity.objects.filter(pk=self.rise.pk).update(detected_on=today_ist())
        morning = self.get_as(self.manager, self.url).context["morning"]
        assert (morning.totals.count, morning.new_count, morning.book.active) == (2, 1, 2)
        since = morning.new_since.isoformat()
        for query, count in (
            ("state=work", 2),
            (f"state=work&detected_from={since}", 1),
            ("state=work&inflow_basis=monthly", 1),
            ("state=work&opportunity_type=failed_sips", 1),
        ):
            assert self.client.get(f"/opportunities/?{query}").context["totals"].count == count
        book = self.client.get("/opportunities/sips/?active=yes").context["totals"]
        assert book.monthly == morning.book.monthly == Decimal(11_000)

    def test_what_is_decided_or_snoozed_is_not_called(self) -> None:
        Opportunity.objects.filter(pk=self.failed.pk).update(snoozed_until=today_ist() + timedelta(days=1))
        self.assertContains(self.get_as(self.asha, self.url), "No SIP book has been scanned yet")
        ScanRun.objects.create(firm=self.firm, as_of=today_ist(), status="succeeded")
        self.assertContains(self.get_as(self.asha, self.url), "Nothing waits for a call")

    def test_income_is_for_those_who_earn_it(self) -> None:
        services.save_trail_rate(
            firm=self.firm, effective_from=date(2025, 4, 1), annual_rate=Decimal("0.008")
        )
        self.assertContains(self.get_as(self.asha, self.url), "first-year trail")
        self.assertNotContains(self.get_as(self.analyst, self.url), "first-year trail")

    def test_an_investor_sees_their_sips_and_who_serves_them(self) -> None:
        page = self.get_as(self.investor, self.url)
        self.assertContains(page, "5872")
        self.assertContains(page, "Partner")
        self.assertNotContains(page, "Opportunit")

    def test_nobody_signs_in_first(self) -> None:
        assert self.client.get(self.url).status_code == 302

    def test_the_number_of_queries_does_not_grow(self) -> None:
        self.sign_in(self.manager)
        self.client.get(self.url)
        with CaptureQueriesContext(connection) as few:
            self.client.get(self.url)
        for number in range(15):
            OpportunityFactory(client=make_client(name=f"C{number}", advisor=self.advisor_asha))
        self.client.get(self.url)  # a new client makes the kept sums new
        with CaptureQueriesContext(connection) as many:
            self.client.get(self.url)
        assert len(many) == len(few)


class SearchTests(OverviewTestCase):
    def test_clients_and_sips_are_found_within_ones_own(self) -> None:
        self.assertContains(self.get_as(self.asha, "/search/", q="meera"), "Meera Shah")
        self.assertContains(self.get_as(self.asha, "/search/", q="5,872"), "SIP 5872")
        for user in (self.arun, self.ravi):
            self.assertContains(self.get_as(user, "/search/", q="meera"), "Nothing matches")
            self.assertContains(self.get_as(user, "/search/", q="5872"), "Nothing matches")

    def test_suggestions_are_a_part_of_the_page(self) -> None:
        self.sign_in(self.asha)
        part = self.client.get("/search/?q=meera", headers={"HX-Request": "true"})
        self.assertContains(part, "<li>")
        self.assertNotContains(part, "<html")

    def test_an_empty_search_says_how(self) -> None:
        self.assertContains(self.get_as(self.asha, "/search/"), "Search for a client")


class ClientPageTests(OverviewTestCase):
    def url(self) -> str:
        return self.client_of_asha.get_absolute_url()

    def test_it_works(self) -> None:
        page = self.get_as(self.asha, self.url())
        for words in ("Meera Shah", "5872", "Failed amount: ₹18,820.", "asha-1"):
            self.assertContains(page, words)

    def test_strangers_get_a_404(self) -> None:
        for user in (self.arun, self.ravi):
            assert self.get_as(user, self.url()).status_code == 404

    def test_an_investor_sees_their_own_without_the_firms_work(self) -> None:
        page = self.get_as(self.investor, self.url())
        self.assertContains(page, "5872")
        self.assertNotContains(page, "18,820")

    def test_a_merged_client_leads_to_the_one_kept(self) -> None:
        former = make_client(name="M. Shah", advisor=self.advisor_asha)
        former.merged_into = self.client_of_asha
        former.save()
        self.assertRedirects(self.get_as(self.asha, former.get_absolute_url()), self.url())


class AdvisorTests(OverviewTestCase):
    def test_the_list_adds_up(self) -> None:
        page = self.get_as(self.manager, "/advisors/")
        totals = page.context["table"].totals
        assert (totals["clients"], totals["monthly_book"], totals["open_opportunities"]) == (
            2,
            Decimal(11_000),
            2,
        )

    def test_everybody_sees_their_own(self) -> None:
        for user, count in ((self.admin, 2), (self.asha, 1), (self.ravi, 1)):
            assert len(self.get_as(user, "/advisors/").context["table"].rows) == count
        assert self.get_as(self.investor, "/advisors/").status_code == 403

    def test_filter_and_file(self) -> None:
        assert len(self.get_as(self.admin, "/advisors/", q="5,002").context["table"].rows) == 1
        text = b"".join(self.get_as(self.admin, "/advisors/", export="csv")).decode("utf-8-sig")
        assert len(text.splitlines()) == 3

    def test_one_advisor(self) -> None:
        page = self.get_as(self.manager, self.advisor_asha.get_absolute_url())
        self.assertContains(page, "Meera Shah")
        assert page.context["book"].monthly_book == Decimal(5500)
        assert self.get_as(self.arun, self.advisor_asha.get_absolute_url()).status_code == 404
