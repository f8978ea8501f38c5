import random
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection

from opportunities import detectors
from opportunities.models import Sip
from opportunities.tests import plain_detectors
from opportunities.tests.factories import AS_OF, SipAmountChangeFactory, SipFactory, make_sip
from wealthhub import dates, money
from wealthhub.clients.models import Client
from wealthhub.errors import Invalid
from wealthhub.testing import WealthhubTestCase


class DetectorTestCase(WealthhubTestCase):
    kind = ""

    def find(self, *, as_of=AS_OF, **parameters):
        return detectors.detect(
            firm_id=self.firm.pk, opportunity_type=self.kind, as_of=as_of, parameters=parameters
        )

    def finds(self, **options):
        return [finding.client_id for finding in self.find(**options)]


class NoSipIncreaseTests(DetectorTestCase):
    kind = "no_sip_increase"

    def test_it_works_on_the_readme_example(self):
        """18 months, ₹5,500 a month, 10 % step-up: +₹550; last activity 5 January 2026, 25 days."""
        make_sip(self.client_of_asha, increment_percentage=Decimal(10), increment_period="6M")
        [found] = self.find()
        assert found.client_id == self.client_of_asha.pk
        assert found.advisor_id == self.advisor_asha.pk
        assert found.facts["months"] == 18
        assert found.current_sip_amount == Decimal("5500.00")
        assert found.potential_inflow == Decimal("550.00")
        assert found.inflow_basis == "monthly"
        assert found.last_activity_on == date(2026, 1, 5)
        assert found.days_since_activity == 25
        assert found.risk_score == Decimal("3.00")
        assert found.total_invested == Decimal("99000.00")
        assert found.failed_amount == Decimal("0.00")
        assert found.description == (
            "The SIPs have not grown for 18 months (since 15 Jul 2024). A step-up would take ₹5,500 a month to ₹6,050 "
            "(+₹550). 3 of 3 registered step-ups did not happen."
        )
        [evidence] = found.evidence
        assert evidence["counted"] is True
        assert evidence["step_ups_missed"] == 3
        assert evidence["step_up_amount"] == "550.00"

    def test_twelve_full_months_are_enough_and_a_day_less_is_not(self):
        make_sip(self.client_of_asha, start_date=date(2025, 1, 30))
        make_sip(self.client_of_arun, start_date=date(2025, 1, 31))
        assert self.finds() == [self.client_of_asha.pk]

    def test_a_month_end_counts_as_the_month(self):
        make_sip(self.client_of_asha, start_date=date(2025, 1, 31))
        assert self.finds(as_of=date(2026, 1, 30)) == []
        assert self.finds(as_of=date(2026, 1, 31)) == [self.client_of_asha.pk]
        Sip.objects.update(start_date=date(2024, 8, 31), latest_success_on=date(2026, 2, 20))
        assert self.find(as_of=date(2026, 2, 28))[0].facts["months"] == 18

    def test_a_success_45_days_ago_counts_and_46_days_ago_does_not(self):
        make_sip(self.client_of_asha, latest_success_on=AS_OF - timedelta(days=45))
        make_sip(self.client_of_arun, latest_success_on=AS_OF - timedelta(days=46))
        assert self.finds() == [self.client_of_asha.pk]

    def test_a_book_newer_than_the_day_looked_at_still_shows_who_runs(self):
        make_sip(self.client_of_asha, latest_success_on=AS_OF + timedelta(days=1))
        assert self.finds() == [self.client_of_asha.pk]

    def test_only_active_sips_in_status_success_count(self):
        for change in (
            {"is_active": False},
            {"is_active": None},
            {"status": "Failed"},
            {"status": "Paused"},
            {"status": ""},
            {"latest_success_on": None},
            {"deleted": True},
        ):
            Sip.objects.all().delete()
            make_sip(self.client_of_asha, **change)
            assert self.finds() == [], change

    def test_the_newest_start_decides(self):
        make_sip(self.client_of_asha, start_date=date(2020, 1, 1))
        make_sip(self.client_of_asha, start_date=date(2025, 6, 1))
        assert self.finds() == []

    def test_a_newer_sip_that_is_not_running_does_not_hide_the_others(self):
        make_sip(self.client_of_asha, start_date=date(2020, 1, 1))
        make_sip(self.client_of_asha, start_date=date(2025, 6, 1), status="Failed")
        assert self.finds() == [self.client_of_asha.pk]

    def test_an_unknown_start_leaves_the_client_out(self):
        make_sip(self.client_of_asha, start_date=None)
        make_sip(self.client_of_asha, start_date=date(2020, 1, 1))
        assert self.finds() == []

    def test_the_last_rise_in_the_history_decides(self):
        sip = make_sip(self.client_of_asha, start_date=date(2022, 1, 1))
        SipAmountChangeFactory(sip=sip, seen_on=date(2024, 6, 30))
        SipAmountChangeFactory(sip=sip, seen_on=date(2023, 6, 30))
        [found] = self.find()
        assert found.facts["months"] == 19
        assert found.facts["since"] == "2024-06-30"
        SipAmountChangeFactory(sip=sip, seen_on=date(2025, 2, 1))
        assert self.finds() == []

    def test_a_fall_is_no_rise_and_a_later_rise_is_not_known_yet(self):
        sip = make_sip(self.client_of_asha)
        SipAmountChangeFactory(
            sip=sip, seen_on=date(2025, 12, 1), old_amount=Decimal(6000), new_amount=Decimal(5500)
        )
        SipAmountChangeFactory(sip=sip, seen_on=AS_OF + timedelta(days=1))
        assert self.find()[0].facts["months"] == 18

    def test_step_ups_that_did_not_happen_are_counted(self):
        sip = make_sip(
            self.client_of_asha,
            start_date=date(2021, 1, 15),
            increment_percentage=Decimal(10),
            increment_period="1Y",
        )
        SipAmountChangeFactory(sip=sip, seen_on=date(2023, 1, 20))
        [found] = self.find()
        assert (found.facts["step_ups_due"], found.facts["step_ups_missed"]) == (5, 4)
        assert found.description.endswith("4 of 5 registered step-ups did not happen.")

    def test_the_potential_is_the_registered_step_up_or_a_tenth(self):
        make_sip(self.client_of_asha, amount=Decimal(10_000), increment_percentage=Decimal(20))
        make_sip(self.client_of_asha, amount=Decimal(2000), num_days=2)  # none registered: 10 % of 4,000
        make_sip(self.client_of_asha, amount=Decimal(3000), increment_amount=Decimal(250), num_days=2)
        [found] = self.find()
        assert found.potential_inflow == Decimal("2900.00")  # 2,000 + 400 + 500
        assert found.current_sip_amount == Decimal("20000.00")
        assert found.description.endswith("No registered step-up has fallen due.")

    def test_two_sips_make_one_finding_with_both_as_evidence(self):
        make_sip(self.client_of_asha)
        make_sip(self.client_of_asha, amount=Decimal(1000), is_active=False)
        [found] = self.find()
        assert [row["counted"] for row in found.evidence] == [True, False]
        assert found.current_sip_amount == Decimal("5500.00")

    def test_risk_is_a_sixth_of_the_months_and_ten_at_most(self):
        make_sip(self.client_of_asha, start_date=date(2024, 6, 30))
        make_sip(self.client_of_arun, start_date=date(2015, 1, 1))
        assert [found.risk_score for found in self.find()] == [Decimal("10.00"), Decimal("3.17")]

    def test_other_thresholds(self):
        make_sip(self.client_of_asha)
        assert self.finds(min_months=18) == [self.client_of_asha.pk]
        assert self.finds(min_months=19) == []
        assert self.find(default_step_up=15)[0].potential_inflow == Decimal("825.00")
        assert self.finds(success_within_days=24) == []


class FailedSipsTests(DetectorTestCase):
    kind = "failed_sips"

    def test_it_works(self):
        make_sip(
            self.client_of_asha,
            failed_amount=Decimal(18_820),
            success_amount=Decimal(13_460),
            status="Failed",
            has_current_mandate=False,
        )
        make_sip(self.client_of_asha, success_amount=Decimal(50_000))  # never failed: not in the rate
        [found] = self.find()
        assert found.potential_inflow == Decimal("18820.00")
        assert found.inflow_basis == "one_time"
        assert found.failed_amount == Decimal("18820.00")
        assert found.total_invested == Decimal("63460.00")
        assert found.risk_score == Decimal("5.83")
        assert found.facts["failure_rate"] == "0.583024"
        assert found.description == (
            "Failed amount: ₹18,820 of ₹32,280 presented (58.3 % failure rate) in 1 SIP. Status: Failed. "
            "Without a mandate: 1. Renew the mandate."
        )

    def test_from_5000_on_over_all_sips_of_the_client(self):
        make_sip(self.client_of_asha, failed_amount=Decimal("2500.00"))
        make_sip(self.client_of_asha, failed_amount=Decimal("2500.00"))
        make_sip(self.client_of_arun, failed_amount=Decimal("4999.99"))
        assert self.finds() == [self.client_of_asha.pk]
        assert self.finds(min_failed_amount=Decimal("5000.01")) == []
        assert sorted(self.finds(min_failed_amount="4,999.99")) == sorted(
            [self.client_of_asha.pk, self.client_of_arun.pk]
        )

    def test_deleted_sips_count_nowhere(self):
        make_sip(self.client_of_asha, failed_amount=Decimal(4000))
        make_sip(self.client_of_asha, failed_amount=Decimal(90_000), deleted=True)
        assert self.finds() == []
        assert self.find(min_failed_amount=4000)[0].failed_amount == Decimal("4000.00")

    def test_a_client_who_never_succeeded_has_no_last_activity(self):
        make_sip(
            self.client_of_asha,
            failed_amount=Decimal(6000),
            success_amount=Decimal(0),
            latest_success_on=None,
        )
        [found] = self.find()
        assert (found.last_activity_on, found.days_since_activity) == (None, None)
        assert found.risk_score == Decimal("10.00")

    def test_a_missing_status_is_said(self):
        make_sip(self.client_of_asha, failed_amount=Decimal(6000), status="")
        assert "Status: not given." in self.find()[0].description


class HighValueInactiveTests(DetectorTestCase):
    kind = "high_value_inactive"

    def make(self, client, **values):
        return make_sip(
            client,
            **{
                "success_amount": Decimal(100_000),
                "latest_success_on": AS_OF - timedelta(days=60),
                **values,
            },
        )

    def test_it_works(self):
        self.make(self.client_of_asha)
        [found] = self.find()
        assert found.potential_inflow == Decimal("2750.00")
        assert found.inflow_basis == "monthly"
        assert found.days_since_activity == 60
        assert found.risk_score == Decimal("2.00")
        assert found.description == (
            "No instalment has succeeded for 60 days (last on 1 Dec 2025). Invested so far: ₹1,00,000. "
            "Active SIPs: ₹5,500 a month."
        )

    def test_sixty_days_and_one_lakh_are_enough(self):
        self.make(self.client_of_asha, latest_success_on=AS_OF - timedelta(days=59))
        self.make(self.client_of_arun, success_amount=Decimal("99999.99"))
        assert self.finds() == []
        assert self.finds(min_inactive_days=59) == [self.client_of_asha.pk]
        assert self.finds(min_invested_amount="99,999.99") == [self.client_of_arun.pk]

    def test_the_latest_success_of_any_sip_counts(self):
        self.make(self.client_of_asha)
        self.make(self.client_of_asha, success_amount=Decimal(500), latest_success_on=date(2026, 1, 20))
        assert self.finds() == []

    def test_what_is_invested_adds_up_over_the_sips(self):
        self.make(self.client_of_asha, success_amount=Decimal(60_000), is_active=False)
        self.make(self.client_of_asha, success_amount=Decimal(40_000), num_days=2)
        [found] = self.find()
        assert found.total_invested == Decimal("100000.00")
        assert found.potential_inflow == Decimal(
            "5500.00"
        )  # half of 11,000 a month: the inactive one is not in it

    def test_a_client_who_never_succeeded_is_not_in_it(self):
        self.make(self.client_of_asha, latest_success_on=None)
        assert self.finds() == []

    def test_deleted_sips_count_nowhere(self):
        self.make(self.client_of_asha)
        self.make(self.client_of_asha, latest_success_on=AS_OF, deleted=True)
        self.make(self.client_of_arun, deleted=True)
        assert self.finds() == [self.client_of_asha.pk]

    def test_risk_is_ten_at_most(self):
        self.make(self.client_of_asha, latest_success_on=AS_OF - timedelta(days=301), is_active=False)
        [found] = self.find()
        assert found.risk_score == Decimal("10.00")
        assert found.potential_inflow == Decimal("0.00")
        assert found.description.endswith("No SIP is active.")


class DetectTests(DetectorTestCase):
    kind = "failed_sips"

    def setUp(self):
        super().setUp()
        make_sip(self.client_of_asha, failed_amount=Decimal(9000))
        make_sip(self.client_of_arun, failed_amount=Decimal(7000))
        make_sip(self.client_of_ravi, failed_amount=Decimal(90_000))

    def detect(self, **options):
        found = detectors.detect(firm_id=self.firm.pk, opportunity_type=self.kind, as_of=AS_OF, **options)
        return [finding.client_id for finding in found]

    def test_another_firm_is_never_in_it(self):
        assert self.client_of_ravi.pk not in self.detect()

    def test_bounds(self):
        assert self.detect(advisor_ids=[self.advisor_arun.pk]) == [self.client_of_arun.pk]
        assert self.detect(advisor_ids=[]) == []
        assert self.detect(client_id=self.client_of_asha.pk) == [self.client_of_asha.pk]
        assert self.detect(client_id=self.client_of_ravi.pk) == []
        assert self.detect(first_client=self.client_of_arun.pk, last_client=self.client_of_arun.pk) == [
            self.client_of_arun.pk
        ]

    def test_order_and_pages(self):
        both = [self.client_of_arun.pk, self.client_of_asha.pk]
        assert self.detect(order_by=["potential_inflow"]) == both
        assert self.detect(order_by=["-potential_inflow"]) == both[::-1]
        assert self.detect(order_by=["potential_inflow"], limit=1, offset=1) == both[1:]
        with pytest.raises(Invalid):
            self.detect(order_by=["description; DROP TABLE"])

    def test_totals_are_complete(self):
        totals = detectors.count(firm_id=self.firm.pk, opportunity_type=self.kind, as_of=AS_OF)
        assert (totals.count, totals.potential_inflow) == (2, Decimal("16000.00"))
        none = detectors.count(firm_id=self.firm.pk, opportunity_type=self.kind, as_of=AS_OF, advisor_ids=[])
        assert (none.count, none.potential_inflow) == (0, Decimal(0))

    def test_a_parameter_out_of_range_is_refused(self):
        for name, value in (("min_failed_amount", "-1"), ("min_failed_amount", "NaN"), ("days", 3)):
            with pytest.raises(Invalid):
                self.detect(parameters={name: value})
        with pytest.raises(Invalid, match="whole number"):
            detectors.REGISTRY["no_sip_increase"].clean({"min_months": "1.5"})


class WholeBookTests(WealthhubTestCase):
    """The statements against the same rules in plain Python, on books full of boundaries."""

    def test_every_detector_agrees_with_plain_python(self):
        for seed in range(6):
            self.check(random.Random(seed))  # noqa: S311 - a repeatable book, not a secret

    def check(self, dice):
        Sip.objects.all().delete()
        Client.objects.filter(name="of the book").delete()
        clients = Client.objects.bulk_create(
            Client(firm=self.firm, advisor=self.advisor_asha, name="of the book") for _ in range(60)
        )
        sips = Sip.objects.bulk_create(self.sip(dice, dice.choice(clients)) for _ in range(150))
        changes = [
            SipAmountChangeFactory(
                sip=dice.choice(sips),
                seen_on=AS_OF - timedelta(days=dice.choice([-3, 0, 200, 365, 366, 800])),
                old_amount=Decimal(dice.choice([1000, 9000])),
                new_amount=Decimal(5000),
                run=self.run_of_book,
            )
            for _ in range(30)
        ]
        for kind, plain in plain_detectors.PLAIN.items():
            found = detectors.detect(
                firm_id=self.firm.pk, opportunity_type=kind, as_of=AS_OF, order_by=["client_id"]
            )
            figures = [
                (row.client_id, row.potential_inflow, row.risk_score, row.current_sip_amount) for row in found
            ]
            assert figures == plain(sips, changes, AS_OF), kind
            assert figures, kind

    @property
    def run_of_book(self):
        if not hasattr(self, "_run"):
            self._run = SipAmountChangeFactory(sip=make_sip(self.client_of_arun)).run
        return self._run

    def sip(self, dice, client):
        ago = lambda *days: dice.choice([None, *(AS_OF - timedelta(days=day) for day in days)])  # noqa: E731
        return SipFactory.build(
            client=client,
            firm=self.firm,
            advisor=self.advisor_asha,
            amount=Decimal(dice.choice(["500.00", "5500.50", "3333.33"])),
            num_days=dice.choice([1, 1, 2, 16]),
            monthly_amount=None,
            start_date=ago(0, 30, 364, 365, 366, 730, 3000),
            latest_success_on=ago(-1, 0, 44, 45, 46, 59, 60, 61, 400),
            is_active=dice.choice([True, True, True, False, None]),
            deleted=dice.random() < 0.1,
            status=dice.choice(["Success", "Success", "Failed", "Paused", ""]),
            failed_amount=Decimal(dice.choice(["0", "0", "2500", "4999.99", "5000", "70000.10"])),
            success_amount=Decimal(dice.choice(["0", "49999.99", "50000.01", "100000", "2500000"])),
            increment_percentage=dice.choice([None, Decimal(0), Decimal(10), Decimal("12.5")]),
            increment_amount=dice.choice([None, Decimal(0), Decimal(250)]),
            increment_period=dice.choice(["", "6M", "1Y"]),
        )


class FunctionTests(WealthhubTestCase):
    """The database's rupees and months mean what Python's mean."""

    def ask(self, sql, values):
        with connection.cursor() as cursor:
            cursor.execute(sql, values)
            return cursor.fetchone()[0]

    def test_rupees(self):
        for amount in ("0", "0.5", "999", "1000", "99999.99", "100000", "1234567.50", "12345678901.05"):
            text = self.ask("SELECT opportunities_rupees(%s)", [Decimal(amount)])
            assert text == money.rupees(amount).removesuffix(".00")
        assert self.ask("SELECT opportunities_rupees(%s)", [Decimal("1234567.5")]) == "₹12,34,567.50"

    def test_full_months(self):
        days = [
            date(2023, 12, 31),
            date(2024, 1, 31),
            date(2024, 2, 29),
            date(2025, 2, 28),
            date(2026, 1, 30),
        ]
        for since in days:
            for as_of in days:
                if since <= as_of:
                    months = self.ask("SELECT opportunities_full_months(%s, %s)", [since, as_of])
                    assert months == dates.full_months_between(since, as_of), (since, as_of)
