"""What every reader gives: raw rows in bounded batches, each with its line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, BinaryIO, Final

from wealthhub.errors import DomainError

ROWS_PER_BATCH: Final = 2000
BYTES_PER_READ: Final = 1 << 20


class FileRefused(DomainError):
    """The file as a whole cannot be taken in. The message says why and what to do."""

    code = "file_refused"
    status = 400


@dataclass(frozen=True)
class BrokenRow:
    """A row that could not be split into its columns."""

    line: int
    message: str
    raw: list[str]
    code: str = "broken_row"


@dataclass
class Rows:
    """A batch: ``cells[i]`` has a raw text for each header, ``lines[i]`` its line; ``broken`` are the other rows."""

    lines: list[int] = field(default_factory=list)
    cells: list[tuple[str, ...]] = field(default_factory=list)
    broken: list[BrokenRow] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.lines) + len(self.broken)


class TableReader:
    """An opened file. ``header`` is known at once; ``batches`` is read once. ``bytes_done`` grows on the way."""

    format = ""
    encoding = ""
    delimiter = ""
    header_line = 1

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self.header: tuple[str, ...] = ()
        self.bytes_done = 0

    def batches(self) -> Iterator[Rows]:
        """The data rows in batches of some thousand."""
        raise NotImplementedError


def cell_text(value: Any) -> str:
    """A JSON or Excel value as the text a CSV would hold. None is blank; a date without a time is a date."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return format(Decimal(f"{value:.15g}"), "f") if abs(value) < 1e15 else repr(value)
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time(0) else value.isoformat(" ", "seconds")
    if isinstance(value, date | time | timedelta):
        return str(value)
    if isinstance(value, list):
        return "[" + ", ".join(map(cell_text, value)) + "]"
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)
