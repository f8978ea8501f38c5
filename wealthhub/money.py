"""Money and numbers as an Indian reader expects them. Pure text and Decimal: no Django, no floats kept.

Rounding happens here, once, half away from zero, and nowhere inside a sum. A missing value (``None`` or not a
number) is an em dash, never 0. The minus sign is U+2212, so that it is as wide as the plus.
"""

from decimal import ROUND_HALF_UP, Decimal
from typing import Final

Number = Decimal | int | float | str | None

MISSING: Final = "—"
MINUS: Final = "−"
RUPEE: Final = "₹"
LAKH: Final = Decimal(100_000)
CRORE: Final = Decimal(10_000_000)

SYMBOLS: Final = {"INR": RUPEE, "USD": "US$", "EUR": "€", "GBP": "£", "SGD": "S$", "AED": "AED "}
_INDIAN_GROUPS: Final = frozenset({"INR"})


def quantize(value: Decimal | int | float | str, places: int = 2) -> Decimal:
    """Round half away from zero to ``places`` decimals; never a negative zero.

    Raises: decimal.InvalidOperation: the value is not a finite number.
    """
    rounded = _decimal(value).quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
    return abs(rounded) if rounded.is_zero() else rounded


def known(value: Number) -> Decimal | None:
    """The value as a Decimal; ``None`` for ``None``, an empty string, NaN and infinities."""
    if value is None or value == "":
        return None
    number = _decimal(value)
    return number if number.is_finite() else None


def is_missing(value: Number) -> bool:
    """True where there is no number to show."""
    return known(value) is None


def group_indian(value: Number, places: int = 2) -> str:
    """``1234567.5`` as ``12,34,567.50``: the last three digits together, then pairs."""
    number = known(value)
    return MISSING if number is None else _grouped(number, places, indian=True)


def group_western(value: Number, places: int = 2) -> str:
    """``1234567.5`` as ``1,234,567.50``, for amounts in other currencies."""
    number = known(value)
    return MISSING if number is None else _grouped(number, places, indian=False)


def rupees(value: Number, places: int = 2) -> str:
    """``1234567.5`` as ``₹12,34,567.50`` and ``-250000`` as ``−₹2,50,000.00``."""
    return amount(value, currency="INR", places=places)


def amount(value: Number, *, currency: str = "INR", places: int = 2) -> str:
    """An amount with its currency: rupees grouped the Indian way, all others in thousands."""
    number = known(value)
    if number is None:
        return MISSING
    text = _grouped(number, places, indian=currency in _INDIAN_GROUPS)
    symbol = SYMBOLS.get(currency, f"{currency} ")
    return f"{MINUS}{symbol}{text[1:]}" if text.startswith(MINUS) else f"{symbol}{text}"


def compact(value: Number) -> str:
    """Rupees in few characters: ``₹99,999``, ``₹1.23 L`` from one lakh, ``₹4.57 Cr`` from one crore.

    The unit is chosen after rounding, so 99,99,999.99 is ``₹1.00 Cr`` and never ``₹100.00 L``.
    """
    number = known(value)
    if number is None:
        return MISSING
    if quantize(abs(number) / LAKH) >= 100:
        return f"{rupees(number / CRORE)}\N{NO-BREAK SPACE}Cr"
    if quantize(abs(number), 0) >= LAKH:
        return f"{rupees(number / LAKH)}\N{NO-BREAK SPACE}L"
    return rupees(number, 0)


def percent(value: Number, places: int = 2, *, signed: bool = False) -> str:
    """A fraction as per cent: ``0.125`` is ``12.50%``; with ``signed`` a gain is ``+12.50%``."""
    number = known(value)
    if number is None:
        return MISSING
    rounded = quantize(number * 100, places)
    plus = "+" if signed and rounded > 0 else ""
    return f"{plus}{_grouped(rounded, places, indian=True)}%"


def _decimal(value: Decimal | int | float | str) -> Decimal:
    """Floats go through their shortest text, so 0.1 is 0.1 and not 0.1000000000000000055."""
    return value if isinstance(value, Decimal) else Decimal(str(value))


def _grouped(value: Decimal, places: int, *, indian: bool) -> str:
    rounded = quantize(value, places)
    whole, _, fraction = f"{abs(rounded):f}".partition(".")
    if indian:
        head, tail = whole[:-3], whole[-3:]
        pairs = [head[max(0, end - 2) : end] for end in range(len(head), 0, -2)]
        whole = ",".join([*reversed(pairs), tail])
    else:
        whole = f"{int(whole):,}"
    return f"{MINUS if rounded < 0 else ''}{whole}{'.' if fraction else ''}{fraction}"
