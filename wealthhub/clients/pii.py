"""PAN, phone, e-mail and date of birth: one written form each, a mask for the screen, a hash to look up by.

Nothing here logs or keeps a value; refusals name the kind and never repeat what was typed.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from wealthhub import crypto
from wealthhub.dates import today_ist
from wealthhub.errors import Invalid

PAN_HOLDERS = {
    "A": "Association of persons",
    "B": "Body of individuals",
    "C": "Company",
    "F": "Firm or LLP",
    "G": "Government",
    "H": "Hindu undivided family",
    "J": "Artificial juridical person",
    "L": "Local authority",
    "P": "Individual",
    "T": "Trust",
}
_PAN = re.compile(rf"[A-Z]{{3}}[{''.join(PAN_HOLDERS)}][A-Z][0-9]{{4}}[A-Z]")
_PHONE = re.compile(r"(?:\+?91|0)?([6-9][0-9]{9})")
_EMAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z]{2,63}")
_DAY_FORMATS = ("%Y-%m-%d", "%d-%m-%Y", "%d/%m/%Y", "%d-%b-%Y", "%d %b %Y", "%d %B %Y", "%B %d, %Y")
_OLDEST = 130  # years; an earlier date of birth is a slip of the pen


def normalise_pan(text: str) -> str:
    """``ABCPE1234F`` out of what was typed. Raises: Invalid: not a PAN, or its fourth letter names no holder."""
    pan = re.sub(r"[\s-]", "", text).upper()
    if not (pan.isascii() and _PAN.fullmatch(pan)):
        raise Invalid(
            "A PAN is five letters, four digits and a letter; the fourth letter says who holds it.",
            code="not_a_pan",
        )
    return pan


def pan_holder(pan: str) -> str:
    """What a normalised PAN's fourth letter says: ``Individual`` for P, ``Company`` for C."""
    return PAN_HOLDERS[pan[3]]


def normalise_phone(text: str) -> str:
    """``+919876543210`` out of ``(+91)98765 43210``. Raises: Invalid: not an Indian mobile number."""
    digits = re.sub(r"[\s().-]", "", text)
    found = _PHONE.fullmatch(digits) if digits.isascii() else None
    if found is None:
        raise Invalid(
            "A mobile number has ten digits and begins with 6, 7, 8 or 9; +91 may stand before it.",
            code="not_a_phone",
        )
    return f"+91{found[1]}"


def normalise_email(text: str) -> str:
    """The address in lower case. Raises: Invalid: not an e-mail address."""
    address = text.strip().lower()
    if len(address) > 254 or ".." in address or not _EMAIL.fullmatch(address):
        raise Invalid("An e-mail address looks like name@example.in.", code="not_an_email")
    return address


def normalise_birth_date(text: str | date) -> str:
    """``1985-07-30``. Raises: Invalid: not a date, in the future, or more than 130 years ago."""
    day = text if isinstance(text, date) else _day(text.strip())
    today = today_ist()
    if day is None or day > today or day.year < today.year - _OLDEST:
        raise Invalid("A date of birth is a past date, as 30-07-1985.", code="not_a_birth_date")
    return day.isoformat()


def _day(text: str) -> date | None:
    for known in _DAY_FORMATS:
        try:
            return datetime.strptime(text, known).date()  # noqa: DTZ007 - a calendar day has no zone
        except ValueError:
            continue
    return None


def mask_pan(pan: str) -> str:
    """``XXXXXX234F``."""
    return "XXXXXX" + pan[-4:]


def mask_phone(phone: str) -> str:
    """``+91 XXXXXX3210``."""
    return f"+91 XXXXXX{phone[-4:]}"


def mask_email(email: str) -> str:
    """``r***@d***.in``: the first letters and the last label."""
    local, _, domain = email.partition("@")
    name, _, last = domain.rpartition(".")
    return f"{local[:1]}***@{name[:1]}***.{last}"


def mask_birth_date(day: str) -> str:
    """The year alone."""
    return day[:4]


@dataclass(frozen=True)
class Kind:
    """One kind of personal data. ``is_looked_up`` says whether a hash column stands beside it."""

    name: str
    label: str
    normalise: Callable[[str], str]
    mask: Callable[[str], str]
    is_looked_up: bool = True

    @property
    def column(self) -> str:
        """The table and column that a ciphertext or hash is bound to."""
        return f"clients_client.{self.name}"

    @property
    def hash_column(self) -> str:
        """The column of `Client` with the hash."""
        return f"{self.name}_hash"

    def hash_of(self, normalised: str) -> bytes:
        """The look-up hash of a normalised value."""
        return crypto.lookup_hash(normalised, column=self.column)


PAN = Kind("pan", "PAN", normalise_pan, mask_pan)
PHONE = Kind("phone", "Phone", normalise_phone, mask_phone)
EMAIL = Kind("email", "E-mail", normalise_email, mask_email)
BIRTH_DATE = Kind("birth_date", "Date of birth", normalise_birth_date, mask_birth_date, is_looked_up=False)
KINDS = {kind.name: kind for kind in (PAN, PHONE, EMAIL, BIRTH_DATE)}


def masked(kind: str, value: str | None) -> str | None:
    """The value under its mask; None stays None."""
    return KINDS[kind].mask(value) if value else None


def columns_for(kind: str, typed: str | None) -> dict[str, str | bytes | None]:
    """The columns of `Client` that hold ``typed``, normalised and hashed; empty text clears them.

    Raises: Invalid: the text is not of this kind.
    """
    known = KINDS[kind]
    value = known.normalise(typed) if typed else None
    columns: dict[str, str | bytes | None] = {kind: value}
    if known.is_looked_up:
        columns[known.hash_column] = known.hash_of(value) if value else None
    return columns


def hashes_of(text: str) -> dict[str, bytes]:
    """The hash columns by which ``text`` could be found: those kinds whose shape it has. Empty for a name."""
    found = {}
    for kind in (PAN, PHONE, EMAIL):
        try:
            found[kind.hash_column] = kind.hash_of(kind.normalise(text))
        except Invalid:
            continue
    return found
