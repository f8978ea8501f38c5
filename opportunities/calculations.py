"""What an opportunity is worth to the firm. Decimals in, Decimals out; nothing is rounded here."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

MONTHLY: Final = "monthly"
ONE_TIME: Final = "one_time"

# Money that comes every month is in the books for 12, 11, … 1 of the first twelve months: 78 / 12 on average.
AVERAGE_MONTHS_HELD: Final = Decimal("6.5")


def yearly_trail(inflow: Decimal | None, basis: str, rate: Decimal | None) -> Decimal | None:
    """The firm's trail in the first twelve months on client money that comes in, in INR before GST, in a flat market.

    ``inflow`` is INR a month on the basis ``monthly``, INR once on ``one_time``; ``rate`` a yearly fraction (0.0080).
    Monthly money earns on 6.5 times the instalment on average, money that comes once on all of it. None where the
    inflow or the rate is not known: an estimate without a rate card is no estimate.

    Raises
    ------
    ValueError
        The basis is neither.
    """
    if basis not in {MONTHLY, ONE_TIME}:
        raise ValueError(f"{basis!r} is no basis of an inflow")
    if inflow is None or rate is None:
        return None
    return (AVERAGE_MONTHS_HELD * inflow if basis == MONTHLY else inflow) * rate
