from datetime import date
from decimal import Decimal

from opportunities import detectors
from opportunities.tests.factories import AS_OF, make_sip
from wealthhub.testing import WealthhubTestCase


class DetectorTestCase(WealthhubTestCase):
    kind = ""

    def find(self, *, as_of=AS_OF, **parameters):
        return detectors.detect(
            firm_id=self.firm.pk, opportunity_type=self.kind, as_of=as_of, parameters=parameters
        )

    def found_clients(self, **options):
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
        assert found.description == (
            "The SIPs have not grown for 18 months (since 15 Jul 2024). A step-up would take ₹5,500 a month to ₹6,050 "
            "(+₹550). 3 of 3 registered step-ups did not happen."
        )
        [evidence] = found.evidence
        assert evidence["counted"] is True
        assert evidence["step_ups_missed"] == 3
        assert evidence["step_up_amount"] == "550.00"
