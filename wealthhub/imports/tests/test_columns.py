from decimal import Decimal

import pytest

from wealthhub.imports import cards
from wealthhub.imports.columns import (
    NULL,
    Amount,
    Choice,
    Column,
    Day,
    Fault,
    Flag,
    Identifier,
    Instant,
    Integer,
    IntegerList,
    Text,
    TextList,
    Warned,
    shown,
)

VISA = "4111111111111111"  # the test number of every payment manual


@pytest.mark.parametrize(
    ("raw", "written"),
    [
        ("5,500", "5500"),
        ("1,608,045.21", "1608045.21"),
        ("1,23,456.50", "123456.5"),
        ("₹ 2,70,000", "270000"),
        ("Rs. 10", "10"),
        ("107,111.1", "107111.1"),
        ("0", "0"),
        ("-0.50", "-0.5"),
        ("+3", "3"),
        (".5", "0.5"),
        ("12.300", "12.3"),
    ],
)
def test_amounts_lose_their_commas_and_nothing_else(raw, written):
    assert Amount().convert(raw) == written


@pytest.mark.parametrize(
    "raw", ["abc", "1e5", "1,2", "12,3456", "1.2.3", "--5", "NaN", "inf", "5,500-", "$5", ".", "0x10", "１２"]
)
def test_what_is_no_amount_is_refused(raw):
    assert isinstance(Amount().convert(raw), Fault)


def test_amounts_keep_their_bounds():
    assert Amount(minimum=0).convert("-5,000").code == "negative"
    assert Amount(minimum=Decimal(1)).convert("0.5").code == "out_of_range"
    assert Amount(places=2).convert("1.005").code == "too_many_places"
    assert Amount().convert("9" * 17).code == "out_of_range"


def test_whole_numbers():
    assert Integer().convert("1,234") == "1234"
    assert Integer().convert("1.0") == "1"
    assert Integer().convert("1.5").code == "not_an_integer"
    assert Integer().convert("3000000000").code == "out_of_range"
    assert IntegerList(low=1, high=31).convert("5,10") == "{5,10}"
    assert IntegerList(low=1, high=31).convert("32").code == "out_of_range"
    assert IntegerList(low=1, high=31).convert("5;10").code == "not_an_integer"


@pytest.mark.parametrize(
    ("raw", "day"),
    [
        ("July 30, 2023", "2023-07-30"),
        ("January 12, 2026, 8:49 AM", "2026-01-12"),
        ("12 Jan 2026, 8:49 AM", "2026-01-12"),
        ("12-01-2026", "2026-01-12"),
        ("12/01/2026", "2026-01-12"),
        ("2026-01-12", "2026-01-12"),
        ("12-Jan-2026", "2026-01-12"),
        ("2026-01-12T20:00:00Z", "2026-01-13"),  # half past one the next morning in India
        ("29/02/2024", "2024-02-29"),
    ],
)
def test_days_are_read_day_first(raw, day):
    assert Day().convert(raw) == day


@pytest.mark.parametrize(
    "raw",
    [
        "30 February 2025",
        "29/02/2025",
        "01/30/2026",
        "2026-13-01",
        "tomorrow",
        "45000",
        "12/01/26",
        "1 Jan 0001",
    ],
)
def test_impossible_days_are_refused(raw):
    assert Day().convert(raw).code == "not_a_date"


def test_a_month_first_date_is_told_so():
    assert "dd/mm/yyyy" in Day().convert("01/30/2026").hint


def test_instants_without_a_zone_are_indian():
    assert Instant().convert("January 12, 2026, 8:49 AM") == "2026-01-12T08:49:00+05:30"
    assert Instant().convert("January 12, 2026, 12:05 AM") == "2026-01-12T00:05:00+05:30"
    assert Instant().convert("2026-01-12 20:15:30") == "2026-01-12T20:15:30+05:30"
    assert Instant().convert("January 12, 2026, 25:00").code == "not_a_date"
    assert Instant().convert("January 12, 2026, 13:00 PM").code == "not_a_date"


def test_flags():
    assert Flag().convert("TRUE") == "t"
    assert Flag().convert("no") == "f"
    assert Flag().convert("maybe").code == "not_a_flag"


def test_texts_are_escaped_for_copy_and_bounded():
    assert Text().convert("a\tb\\c\nd") == r"a\tb\\c\nd"
    assert Text(3).convert("abcd").code == "too_long"
    assert Text().convert("a\0b").code == "control_character"
    assert Text().convert("a\ud800b").code == "control_character"
    assert Text().convert("नमस्ते") == "नमस्ते"
    assert Text().convert("\\N") == "\\\\N"


def test_identifiers_lose_thousands_commas_only_where_they_are_numbers():
    assert Identifier().convert("5,872") == "5872"
    assert Identifier().convert("a,b") == "a,b"


def test_lists_of_names():
    assert TextList().convert("[A Fund (G), B Fund]") == '{"A Fund (G)","B Fund"}'
    assert TextList().convert("[]") == "{}"
    assert TextList().convert('[Say "hi"]') == '{"Say \\\\"hi\\\\""}'


def test_an_unknown_choice_is_refused_or_kept_with_a_warning():
    strict, lenient = Choice(choices=("Success",)), Choice(choices=("Success",), unknown="warn")
    assert strict.convert("success") == "Success"
    assert strict.convert("Odd").code == "not_a_choice"
    kept = lenient.convert("Odd")
    assert isinstance(kept, Warned)
    assert kept.text == "Odd"


def test_a_blank_is_missing_only_where_a_value_is_needed():
    assert Column("x", Amount()).converter()("  ") == NULL
    assert Column("x", Text()).converter()("") == ""
    assert Column("x", Flag(), default="false").converter()("") == "f"
    assert Column("x", Amount(), required=True).converter()("").code == "missing_value"


def test_card_numbers_are_refused_everywhere_but_in_identifiers():
    for kind in (Text(), Amount(), Choice(choices=("a",), unknown="warn")):
        assert Column("x", kind).converter()(VISA).code == "card_number"
    assert Column("x", Text()).converter()("pay 4111 1111 1111 1111 now").code == "card_number"
    assert Column("x", Identifier()).converter()(VISA) == VISA


def test_card_numbers_are_found_masked_and_blotted():
    assert cards.card_numbers("4111-1111-1111-1111 and 4111111111111112") == ["4111-1111-1111-1111"]
    assert cards.card_numbers("0000000000000000") == []
    assert cards.mask(f"card {VISA}.") == "card XXXXXXXXXXXX1111."
    assert cards.blot(b'{"a":"4111 1111 1111 1111"}') == (b'{"a":"XXXX XXXX XXXX XXXX"}', 1)


def test_what_an_issue_shows_is_masked_and_short():
    assert shown(VISA) == "XXXXXXXXXXXX1111"
    assert shown("a\0b") == "a�b"
    assert len(shown("x" * 500)) == 200
    assert shown("ABCPE1234F", secret=True) == "10 characters, not shown"
