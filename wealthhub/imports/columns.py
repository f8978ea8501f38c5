"""Column types of a declared source: the raw text of a cell in, text for COPY out, or a fault that says what to do.

Every type is strict: what does not parse is a `Fault`, never a null or a 0. A type is a frozen dataclass without state;
`Column.converter` binds it to one column of one file.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any, Final

from wealthhub.dates import IST
from wealthhub.imports import cards, instants
from wealthhub.imports.choices import Severity

NULL: Final = "\\N"  # how COPY's text format writes a null
_UNPRINTABLE: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_ESCAPES: Final = str.maketrans(
    {"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r", "\v": r"\v", "\f": r"\f"}
)
_NUMBER: Final = re.compile(r"([+-]?)(\d{1,3}(?:,\d{2,3})*(?:,\d{3})|\d+)?(?:\.(\d*))?", re.ASCII)
_CURRENCY: Final = re.compile(r"^(?:₹|rs\.?|inr)\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a value is not what its column needs. ``value`` is safe to show."""

    code: str
    message: str
    hint: str = ""
    severity: str = Severity.ERROR
    value: str | None = None


@dataclass(frozen=True, slots=True)
class Warned:
    """A value that is kept as it stands, with a warning. ``text`` is ready for COPY."""

    text: str
    fault: Fault


class ColumnType:
    """Base of the column types. ``sql`` is the type of the staging column."""

    sql = "text"
    blank = NULL
    holds_cards = (
        False  # True where a card number is what the column is for or cannot be told apart from its values
    )
    secret = False  # True where values are personal data and are masked in issues

    def convert(self, raw: str) -> str | Fault | Warned:
        """``raw`` (stripped, not empty) as COPY text, a `Fault`, or a `Warned`."""
        raise NotImplementedError

    def describe(self) -> str:
        """The type in a reader's words."""
        raise NotImplementedError

    def sql_columns(self, field: str) -> tuple[tuple[str, str], ...]:
        """The staging columns a column of this type fills: name and type."""
        return ((field, self.sql),)


@dataclass(frozen=True)
class Text(ColumnType):
    """Any text up to ``max_length`` characters. Blank is the empty text."""

    max_length: int | None = None
    blank = ""

    def convert(self, raw: str) -> str | Fault | Warned:
        """The text, escaped."""
        if not raw.isprintable() and _UNPRINTABLE.search(raw):
            return Fault(
                "control_character",
                "Holds characters that are not text.",
                "Delete them or type the text anew.",
            )
        if self.max_length is not None and len(raw) > self.max_length:
            return Fault("too_long", f"{len(raw)} characters; at most {self.max_length} fit.", "Shorten it.")
        return raw.translate(_ESCAPES) if not raw.isalnum() else raw

    def describe(self) -> str:
        """Words and limit."""
        return f"text, up to {self.max_length} characters" if self.max_length else "text"


@dataclass(frozen=True)
class Identifier(Text):
    """A system's id. Thousands commas of a number ("5,872") are dropped; not looked through for card numbers."""

    holds_cards = True

    def convert(self, raw: str) -> str | Fault | Warned:
        """The id without commas where it is a number."""
        if "," in raw:
            bare = raw.replace(",", "")
            raw = bare if bare.isdigit() and bare.isascii() else raw
        return super().convert(raw)

    def describe(self) -> str:
        """Words."""
        return "identifier"


@dataclass(frozen=True)
class Choice(Text):
    """One of ``choices`` in any case of letters. Others are refused, or with ``unknown="warn"`` kept with a warning."""

    choices: tuple[str, ...] = ()
    unknown: str = "refuse"

    def convert(self, raw: str) -> str | Fault | Warned:
        """The choice as declared."""
        known = {choice.casefold(): choice for choice in self.choices}.get(raw.casefold())
        if known is not None:
            return super().convert(known)
        options = ", ".join(self.choices)
        if self.unknown == "warn":
            text = super().convert(raw)
            fault = Fault(
                "not_a_choice",
                "Not a value we know; kept as it stands.",
                f"Known: {options}.",
                Severity.WARNING,
            )
            return Warned(text, fault) if isinstance(text, str) else text
        return Fault("not_a_choice", "Not one of the values this column may hold.", f"Use one of: {options}.")

    def describe(self) -> str:
        """The options."""
        return "one of " + ", ".join(self.choices)


@dataclass(frozen=True)
class Amount(ColumnType):
    """A decimal number with up to ``places`` places; thousands and lakh commas and a rupee sign are dropped.

    More places than that are refused unless they are zeros: rounding money is not the importer's to do.
    """

    places: int = 2
    minimum: Decimal | int | None = None
    maximum: Decimal | int | None = None
    digits: int = 18
    sql = "numeric"

    def convert(self, raw: str) -> str | Fault | Warned:
        """A plain decimal."""
        text = _CURRENCY.sub("", raw) if not raw[0].isdigit() else raw
        match = _NUMBER.fullmatch(text)
        if match is None or (match[2] is None and not match[3]):
            return self.not_a_number()
        sign, whole, fraction = match[1], (match[2] or "0").replace(",", ""), (match[3] or "").rstrip("0")
        if len(fraction) > self.places:
            return Fault(
                "too_many_places",
                f"More than {self.places} decimal places.",
                "Round it at its source and export again.",
            )
        if len(whole.lstrip("0")) > self.digits - self.places:
            return Fault("out_of_range", "The number is too large.", "Check the decimal point.")
        plain = f"{'-' if sign == '-' else ''}{whole}{'.' if fraction else ''}{fraction}"
        return self._in_range(plain)

    def _in_range(self, plain: str) -> str | Fault:
        number = Decimal(plain)
        if self.minimum is not None and number < self.minimum:
            if self.minimum == 0:
                return Fault("negative", "A negative number where none can be.", "Correct it at its source.")
            return Fault("out_of_range", f"Less than {self.minimum}.", "Correct it at its source.")
        if self.maximum is not None and number > self.maximum:
            return Fault("out_of_range", f"More than {self.maximum}.", "Correct it at its source.")
        return plain

    def not_a_number(self) -> Fault:
        """What is said of anything else."""
        return Fault(
            "not_a_number", "Not a number.", "Write digits with a point before the decimals: 1,23,456.50."
        )

    def describe(self) -> str:
        """Words and range."""
        return "number" if self.minimum is None else f"number, at least {self.minimum}"


@dataclass(frozen=True)
class Integer(Amount):
    """A whole number; ``minimum`` and ``maximum`` default to what an ``integer`` column holds."""

    places: int = 0
    minimum: Decimal | int | None = -(2**31)
    maximum: Decimal | int | None = 2**31 - 1
    sql = "bigint"

    def convert(self, raw: str) -> str | Fault | Warned:
        """A plain integer."""
        answer = super().convert(raw)
        if isinstance(answer, Fault) and answer.code in {"not_a_number", "too_many_places"}:
            return Fault("not_an_integer", "Not a whole number.", "Write digits only.")
        return answer

    def describe(self) -> str:
        """Words."""
        return "whole number"


@dataclass(frozen=True)
class Flag(ColumnType):
    """true/false, yes/no, 1/0."""

    sql = "boolean"

    def convert(self, raw: str) -> str | Fault | Warned:
        """``t`` or ``f``."""
        word = raw.lower()
        if word in {"true", "t", "yes", "y", "1"}:
            return "t"
        if word in {"false", "f", "no", "n", "0"}:
            return "f"
        return Fault("not_a_flag", "Neither true nor false.", "Write true or false.")

    def describe(self) -> str:
        """Words."""
        return "true or false"


@dataclass(frozen=True)
class Day(ColumnType):
    """A calendar date in IST; a time beside it is dropped. Years 1900 to 2200."""

    sql = "date"

    def convert(self, raw: str) -> str | Fault | Warned:
        """``YYYY-MM-DD``."""
        found = instants.read(raw)
        if found is None:
            return not_a_date(raw)
        if not 1900 <= found[0].year <= 2200:  # looked at first: no other zone has a day before year 1
            return Fault("not_a_date", "A year before 1900 or after 2200.", "Check the year.")
        return found[0].astimezone(IST).date().isoformat()

    def describe(self) -> str:
        """Words."""
        return "date"


@dataclass(frozen=True)
class Instant(ColumnType):
    """A date with a time; without a zone it is IST, without a time midnight."""

    sql = "timestamptz"

    def convert(self, raw: str) -> str | Fault | Warned:
        """ISO 8601 with its zone."""
        day, _, clock = raw.rpartition(", ")  # few days and few minutes make up very many instants
        plain_day, plain_time = instants.plain_day(day), instants.plain_time(clock)
        if plain_day and plain_time:
            return f"{plain_day}T{plain_time}+05:30"
        found = instants.read(raw)
        if found is None:
            return not_a_date(raw)
        if not 1900 <= found[0].year <= 2200:
            return Fault("not_a_date", "A year before 1900 or after 2200.", "Check the year.")
        return found[0].isoformat()

    def describe(self) -> str:
        """Words."""
        return "date and time"


def not_a_date(raw: str) -> Fault:
    """The fault for ``raw``, with the hint that fits how it looks."""
    looks = re.fullmatch(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4}).*", raw)
    if looks and int(looks[2]) > 12 and int(looks[1]) <= 12:
        return Fault("not_a_date", "No such date: the day comes first.", "Write dd/mm/yyyy: 30/01/2026.")
    return Fault(
        "not_a_date",
        "Not a date, or a day the calendar does not have.",
        "Write 30 Jan 2026, 30-01-2026 or 2026-01-30.",
    )


def array_literal(items: list[str]) -> str:
    """PostgreSQL's ``{"a","b"}``, escaped for COPY."""
    quoted = ('"' + item.replace("\\", "\\\\").replace('"', '\\"') + '"' for item in items)
    return ("{" + ",".join(quoted) + "}").translate(_ESCAPES)


@dataclass(frozen=True)
class TextList(Text):
    """``[A, B]``: names joined by comma and space in brackets, without quotes; or a JSON array's items."""

    sql = "text[]"
    blank = "{}"

    def convert(self, raw: str) -> str | Fault | Warned:
        """An array. A comma without a space after it belongs to the name."""
        inner = raw[1:-1] if raw.startswith("[") and raw.endswith("]") else raw
        items = [item.strip() for item in re.split(r",\s+(?![^()]*\))", inner)]
        items = [item for item in items if item]
        for item in items:
            checked = Text(self.max_length).convert(item)
            if not isinstance(checked, str):
                return checked
        return array_literal(items)

    def describe(self) -> str:
        """Words."""
        return "list of names: [A, B]"


@dataclass(frozen=True)
class IntegerList(ColumnType):
    """Whole numbers from ``low`` to ``high`` joined by commas: ``5,10``."""

    low: int = 0
    high: int = 32767
    sql = "int[]"
    blank = "{}"

    def convert(self, raw: str) -> str | Fault | Warned:
        """An array."""
        items = [item.strip() for item in raw.strip("[]").split(",") if item.strip()]
        if not all(item.isdecimal() and item.isascii() for item in items):
            return Fault("not_an_integer", "Not a list of whole numbers.", "Write 5 or 5,10.")
        if not all(self.low <= int(item) <= self.high for item in items):
            return Fault(
                "out_of_range",
                f"Each number must be from {self.low} to {self.high}.",
                "Correct it at its source.",
            )
        return "{" + ",".join(str(int(item)) for item in items) + "}"

    def describe(self) -> str:
        """Words and range."""
        return f"whole numbers from {self.low} to {self.high}, joined by commas"


Converter = Callable[[str], "str | Fault | Warned"]


@dataclass(frozen=True)
class Column:
    """One column of a source's files. ``name`` is its header; ``field`` the target column, the name where empty.

    ``required``: the header must be there and every row must have a value. ``default`` is the text read where a cell is
    blank. ``missing`` "warn" keeps a blank with a warning. ``stored`` False: staged for links and checks only.
    """

    name: str
    type: ColumnType = field(default_factory=Text)
    required: bool = False
    field: str = ""
    aliases: tuple[str, ...] = ()
    help: str = ""
    sample: str = ""
    default: str = ""
    missing: str = "accept"
    stored: bool = True

    @property
    def target(self) -> str:
        """The name of its field."""
        return self.field or self.name

    def bound_to(self, model: Any) -> Column:
        """The column with the text limits of ``model``'s field, so that the two cannot drift apart."""
        if not self.stored or not isinstance(self.type, Text) or self.type.max_length is not None:
            return self
        model_field = model._meta.get_field(self.target)
        limit = getattr(getattr(model_field, "base_field", model_field), "max_length", None)
        return replace(self, type=replace(self.type, max_length=limit)) if limit else self

    def blank_value(self) -> str:
        """COPY text of a cell left blank."""
        if not self.default:
            return self.type.blank
        value = self.type.convert(self.default)
        if not isinstance(value, str):
            raise TypeError(f"the default of column {self.name} does not parse")
        return value

    def converter(self) -> Converter:
        """A function from the raw cell to COPY text, a `Fault` or a `Warned`; card numbers are refused on the way."""
        convert, blank, scan = self.type.convert, self._blank(), not self.type.holds_cards
        trusted = isinstance(self.type, Day | Instant | Flag)  # what parses as one of these is no card number

        def read(raw: str) -> str | Fault | Warned:
            text = raw.strip()
            if not text:
                return blank
            answer = convert(text)
            if (
                scan
                and len(text) >= 13
                and not (trusted and isinstance(answer, str))
                and cards.card_numbers(text)
            ):
                return card_fault()
            return answer

        return read

    def _blank(self) -> str | Fault | Warned:
        if self.required:
            return Fault("missing_value", "No value where one is needed.", "Fill it in.")
        if self.missing == "warn":
            return Warned(self.blank_value(), Fault("missing_value", "No value.", "", Severity.WARNING))
        return self.blank_value()


def card_fault() -> Fault:
    """The fault of a row that carries a card number."""
    return Fault(
        "card_number",
        "Looks like a payment card number. The row was set aside and the number was not kept.",
        "Take the card number out and upload the row again.",
    )


def shown(raw: str, *, secret: bool = False) -> str:
    """``raw`` as an issue may show it: shortened, card numbers and personal data masked, unprintables replaced."""
    if secret:
        return f"{len(raw)} characters, not shown" if raw else ""
    return _UNPRINTABLE.sub("�", cards.mask(raw))[:200]


def as_date(raw: str) -> date | None:
    """The calendar date in ``raw``, or None; for callers outside a run."""
    found = instants.read(raw.strip())
    return found[0].astimezone(IST).date() if found and 1900 <= found[0].year <= 2200 else None
