"""Payment card numbers: found, masked, never kept."""

from __future__ import annotations

import re
from typing import Final

_BETWEEN: Final = "[ \\-\u00a0\u2007\u2009-\u2015\u202f\u2212]{1,2}"
_LIKELY: Final = re.compile(rf"\d(?:(?:{_BETWEEN})?\d){{12}}")
_GROUPS: Final = re.compile(rf"\d+(?:{_BETWEEN}\d+)*")
_GROUP: Final = re.compile(r"\d+")
_ESCAPED_DIGIT: Final = re.compile(rb"(?<!\\)((?:\\\\)*)\\u003([0-9])")
_DOUBLED: Final = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)
SHORTEST, LONGEST = 13, 19


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
    """Every Luhn-valid number of 13 to 19 digits in ``text`` as written, digits of any script.

    Groups of digits may stand apart by one or two spaces or dashes; an expiry date or a code may follow.
    """
    return [text[start:end] for start, end in _spans(text)]


def mask(text: str) -> str:
    """``text`` with every digit of a card number but the last four crossed out."""
    return _crossed_out(text, keep=4)[0] if len(text) >= SHORTEST else text


def blot(data: bytes, *, escapes: bool = False) -> tuple[bytes, int]:
    """``data`` (ASCII or UTF-8) with all digits of card numbers crossed out, and how many numbers that were.

    ``escapes``: it is JSON, where a digit may be written as an escape.
    """
    if escapes and b"\\u003" in data:
        data = _ESCAPED_DIGIT.sub(rb"\1\2", data)
    text, found = _crossed_out(data.decode("utf-8", "surrogateescape"), keep=0)
    return text.encode("utf-8", "surrogateescape"), found


def _spans(text: str) -> list[tuple[int, int]]:
    """Where card numbers begin and end: whole groups of digits, the first that fit in each row of groups."""
    if len(text) < SHORTEST or _LIKELY.search(text) is None:
        return []
    spans: list[tuple[int, int]] = []
    for row in _GROUPS.finditer(text):
        groups = [match.span() for match in _GROUP.finditer(text, *row.span())]
        first = 0
        while first < len(groups):
            last = _last_of_card(text, groups, first)
            if last is not None:
                spans.append((groups[first][0], groups[last][1]))
            first = first + 1 if last is None else last + 1
    return spans


def _last_of_card(text: str, groups: list[tuple[int, int]], first: int) -> int | None:
    digits = ""
    for place in range(first, len(groups)):
        digits += text[slice(*groups[place])]
        if len(digits) > LONGEST:
            return None
        if len(digits) >= SHORTEST and is_luhn_valid(_plain(digits)):
            return place
    return None


def _plain(digits: str) -> str:
    return digits if digits.isascii() else "".join(str(int(digit)) for digit in digits)


def _crossed_out(text: str, *, keep: int) -> tuple[str, int]:
    spans = _spans(text)
    pieces, done = [], 0
    for start, end in spans:
        pieces += [text[done:start], re.sub(r"\d", "X", text[start : end - keep]), text[end - keep : end]]
        done = end
    return "".join([*pieces, text[done:]]), len(spans)
