"""Normal forms, masks and hashes of personal data."""

import pytest

from wealthhub.clients import pii
from wealthhub.errors import Invalid


@pytest.mark.parametrize("typed", ["abcpe1234f", " ABCPE 1234F ", "ABCPE-1234-F"])
def test_a_pan_has_one_written_form(typed):
    assert pii.normalise_pan(typed) == "ABCPE1234F"


@pytest.mark.parametrize("typed", ["ABCXE1234F", "ABCPE123F", "ABCPE12345", "", "ABCPE1234Ｆ", "1BCPE1234F"])
def test_what_is_not_a_pan_is_refused_without_repeating_it(typed):
    with pytest.raises(Invalid) as refusal:
        pii.normalise_pan(typed)
    assert refusal.value.code == "not_a_pan"
    assert typed == "" or typed not in refusal.value.message


def test_the_fourth_letter_of_a_pan_says_who_holds_it():
    assert pii.pan_holder("ABCPE1234F") == "Individual"
    assert pii.pan_holder("ABCHE1234F") == "Hindu undivided family"


@pytest.mark.parametrize(
    "typed", ["9876543210", "+919876543210", "(+91)9876543210", "09876543210", "+91 98765-43210"]
)
def test_a_phone_has_one_written_form(typed):
    assert pii.normalise_phone(typed) == "+919876543210"


@pytest.mark.parametrize(
    "typed", ["5876543210", "987654321", "98765432100", "phone", "+1 9876543210", "९८७६५४३२१०"]
)
def test_what_is_no_indian_mobile_number_is_refused(typed):
    with pytest.raises(Invalid):
        pii.normalise_phone(typed)


def test_an_email_is_kept_in_lower_case():
    assert pii.normalise_email(" Ravi@Dhan.IN ") == "ravi@dhan.in"


@pytest.mark.parametrize(
    "typed", ["ravi", "ravi@", "ravi@dhan", "ra vi@dhan.in", "ravi@dhan..in", "@dhan.in"]
)
def test_what_is_no_email_is_refused(typed):
    with pytest.raises(Invalid):
        pii.normalise_email(typed)


def test_a_date_of_birth_puts_the_day_first():
    assert pii.normalise_birth_date("05/07/1985") == "1985-07-05"
    assert pii.normalise_birth_date("30-07-1985") == "1985-07-30"


@pytest.mark.parametrize("typed", ["31-02-1985", "01-01-2999", "01-01-1800", "07/30/1985"])
def test_an_impossible_date_of_birth_is_refused(typed):
    with pytest.raises(Invalid):
        pii.normalise_birth_date(typed)


def test_masks_show_what_the_house_allows():
    assert pii.mask_pan("ABCPE1234F") == "XXXXXX234F"
    assert pii.mask_phone("+919876543210") == "+91 XXXXXX3210"
    assert pii.mask_email("ravi@dhan.in") == "r***@d***.in"
    assert pii.mask_birth_date("1985-07-30") == "1985"
    assert pii.masked("pan", None) is None


def test_a_name_is_looked_up_by_no_hash_and_a_pan_by_one():
    assert pii.hashes_of("Meera Shah") == {}
    assert list(pii.hashes_of("abcpe1234f")) == ["pan_hash"]
    assert list(pii.hashes_of("98765 43210")) == ["phone_hash"]


def test_the_hash_depends_on_the_column():
    assert pii.PAN.hash_of("same") != pii.PHONE.hash_of("same")
