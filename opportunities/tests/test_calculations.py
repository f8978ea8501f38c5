from decimal import Decimal
from unittest import TestCase

import pytest

from opportunities.calculations import yearly_trail

RATE = Decimal("0.0080")


class YearlyTrailTests(TestCase):
    def test_it_works_on_monthly_money(self):
        """+₹550 a month at 0.80 % a year: 6.5 × 550 × 0.0080 = ₹28.60 in the first twelve months."""
        assert yearly_trail(Decimal(550), "monthly", RATE) == Decimal("28.60")
        assert yearly_trail(Decimal(10_000), "monthly", RATE) == Decimal("520.00")

    def test_money_that_comes_once_earns_on_all_of_it(self):
        assert yearly_trail(Decimal(18_820), "one_time", RATE) == Decimal("150.56")

    def test_what_is_not_known_is_not_guessed(self):
        assert yearly_trail(None, "monthly", RATE) is None
        assert yearly_trail(Decimal(550), "monthly", None) is None
        assert yearly_trail(Decimal(0), "monthly", RATE) == Decimal(0)

    def test_another_basis_is_refused(self):
        with pytest.raises(ValueError, match="weekly"):
            yearly_trail(Decimal(550), "weekly", RATE)
