"""What a reader sees of an amount, written out by hand."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wealthhub.money import amount as money_amount
from wealthhub.money import compact, group_indian, group_western, percent, quantize, rupees

paise = st.decimals(min_value=Decimal("-1e14"), max_value=Decimal("1e14"), places=2)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (99999, "₹99,999.00"),
        (100000, "₹1,00,000.00"),
        (Decimal("1234567.5"), "₹12,34,567.50"),
        (12345678.9, "₹1,23,45,678.90"),
        (1234567890, "₹1,23,45,67,890.00"),
        (-250000, "−₹2,50,000.00"),
        (0, "₹0.00"),
        (5, "₹5.00"),
        (999, "₹999.00"),
        (1000, "₹1,000.00"),
        ("12.5", "₹12.50"),
    ],
)
def test_rupees_are_grouped_by_three_then_two(value, shown):
    assert rupees(value) == shown


@pytest.mark.parametrize("nothing", [None, "", Decimal("NaN"), float("nan"), float("inf")])
def test_a_missing_amount_is_an_em_dash_and_never_zero(nothing):
    assert [rupees(nothing), compact(nothing), percent(nothing), group_indian(nothing)] == ["—"] * 4


@pytest.mark.parametrize(
    ("value", "places", "rounded"),
    [
        (Decimal("0.125"), 2, "0.13"),
        (Decimal("-0.125"), 2, "-0.13"),
        (Decimal("0.129"), 2, "0.13"),
        (Decimal("1999.9005"), 3, "1999.901"),
        (Decimal("2.5"), 0, "3"),
        (0.1, 2, "0.10"),
        (1.005, 2, "1.01"),
        (Decimal("-0.004"), 2, "0.00"),
    ],
)
def test_halves_round_away_from_zero_and_zero_has_no_sign(value, places, rounded):
    assert str(quantize(value, places)) == rounded


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (99999, "₹99,999"),
        (Decimal("99999.49"), "₹99,999"),
        (Decimal("99999.50"), "₹1.00 L"),
        (100000, "₹1.00 L"),
        (123456, "₹1.23 L"),
        (9999499, "₹99.99 L"),
        (9999500, "₹1.00 Cr"),
        (Decimal("9999999.99"), "₹1.00 Cr"),
        (45700000, "₹4.57 Cr"),
        (12345678901, "₹1,234.57 Cr"),
        (-123000, "−₹1.23 L"),
        (0, "₹0"),
    ],
)
def test_compact_switches_at_one_lakh_and_one_crore(value, shown):
    assert compact(value).replace("\N{NO-BREAK SPACE}", " ") == shown


@pytest.mark.parametrize(
    ("fraction", "shown"),
    [
        (Decimal("0.125"), "12.50%"),
        (0.1384, "13.84%"),
        (Decimal("-0.119"), "−11.90%"),
        (0, "0.00%"),
        (10, "1,000.00%"),
    ],
)
def test_a_fraction_is_shown_as_per_cent(fraction, shown):
    assert percent(fraction) == shown


def test_a_signed_per_cent_shows_the_plus_of_a_gain_only():
    assert [
        percent(value, signed=True)
        for value in (Decimal("0.0062"), 0, Decimal("-0.0487"), Decimal("0.00001"))
    ] == [
        "+0.62%",
        "0.00%",
        "−4.87%",
        "0.00%",
    ]


def test_other_currencies_are_grouped_in_thousands():
    assert money_amount(Decimal("1234567.5"), currency="USD") == "US$1,234,567.50"
    assert money_amount(-1234567, currency="JPY", places=0) == "−JPY 1,234,567"
    assert group_western(Decimal("1234567.5")) == "1,234,567.50"


@given(paise)
def test_no_digit_is_lost_or_added(value):
    assert Decimal(group_indian(value).replace(",", "").replace("−", "-")) == value


@given(paise)
def test_a_loss_is_the_gain_with_a_minus(value):
    assert rupees(-abs(value)).lstrip("−") == rupees(abs(value))


@given(st.integers(min_value=0, max_value=10**18))
def test_groups_are_pairs_before_the_last_three(value):
    *pairs, last = group_indian(value, 0).split(",")
    assert len(last) == 3 or (not pairs and 1 <= len(last) <= 3)
    assert all(len(pair) == 2 for pair in pairs[1:])
    assert not pairs or 1 <= len(pairs[0]) <= 2
