"""Every address of the site and what each kind of person gets there: the walk's table. A new address belongs in here.

People by letter: N nobody, A administrator, M manager, V the advisor whose client it is, U another advisor, Y analyst,
I the investor whose record it is, S a stranger from another firm.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Path = Callable[[Any], str]
EVERYBODY = "NAMVUYIS"


@dataclass(frozen=True)
class Route:
    """``path`` makes the address in a given world; ``expects`` is like ``"200 AMV, 403 YI, 404 US, 302 N"``."""

    path: Path
    expects: str
    method: str = "get"
    is_page: bool = False

    def expected(self, letter: str) -> int:
        """The status for one kind of person."""
        for part in self.expects.split(","):
            status, letters = part.split()
            if letter in letters:
                return int(status)
        message = f"nothing is said of {letter} in {self.expects!r}"
        raise LookupError(message)


def page(path: str | Path, expects: str) -> Route:
    """A page that is read."""
    return Route(path if callable(path) else lambda _: path, expects, is_page=True)


def get(path: str | Path, expects: str) -> Route:
    """Something that is read by a program or downloaded."""
    return Route(path if callable(path) else lambda _: path, expects)


def post(path: str | Path, expects: str) -> Route:
    """Something that changes; called without a body, so that those who may get as far as its refusal (400, 302…)."""
    return Route(path if callable(path) else lambda _: path, expects, method="post")


ROUTES: dict[str, Route] = {}
