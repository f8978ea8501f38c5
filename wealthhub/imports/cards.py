"""Payment card numbers: found, masked, never kept."""

from __future__ import annotations

import re
from typing import Final

_RUN: Final = re.compile(r"(?<!\d)\d(?:[ -]?\d){12,18}(?![ -]?\d)")
_RUN_BYTES: Final = re.compile(rb"(?<!\d)\d(?:[ -]?\d){12,18}(?![ -]?\d)")
_DOUBLED: Final = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)


def is_luhn_valid(digits: str) -> bool:
    """The check digit of ``digits`` (0-9 only) fits; a run of one digit, such as zeros, is no card."""
    if len(set(digits)) == 1:
        return False
    total = 0
    for place, digit in enumerate(reversed(digits)):
        number = ord(digit) - 48
        total += _DOUBLED[number] if place % 2 else number
    return total % 10 == 0


def card_numbers(text: str) -> list[str]:
    """Every Luhn-valid run of 13 to 19 digits in ``text`` as written, with single spaces or dashes between allowed."""
    if len(text) < 13:
        return []
    return [run for run in _RUN.findall(text) if is_luhn_valid(_digits(run))]


def mask(text: str) -> str:
    """``text`` with every digit of a card number but the last four crossed out."""
    return _RUN.sub(_masked, text) if len(text) >= 13 else text


def blot(data: bytes) -> tuple[bytes, int]:
    """``data`` with all digits of card numbers crossed out, same length, and how many numbers that were."""
    found = 0

    def cross_out(match: re.Match[bytes]) -> bytes:
        nonlocal found
        if not is_luhn_valid(_digits(match[0].decode("ascii"))):
            return match[0]
        found += 1
        return re.sub(rb"\d", b"X", match[0])

    return _RUN_BYTES.sub(cross_out, data), found


def _digits(run: str) -> str:
    return run.replace(" ", "").replace("-", "")


def _masked(match: re.Match[str]) -> str:
    run = match[0]
    if not is_luhn_valid(_digits(run)):
        return run
    return re.sub(r"\d", "X", run[:-4]) + run[-4:]
