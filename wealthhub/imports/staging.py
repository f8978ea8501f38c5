"""From raw rows to the staging table: every cell converted, every fault noted, good rows streamed into COPY.

Rows are converted column by column through bounded memos: dates, amounts and flags repeat, and a memo's hit costs no
Python. COPY reads from `StageStream` while it parses, so that the server writes while we read.
"""

from __future__ import annotations

import csv
import gc
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any, Final

import psycopg2
from django.db import connection, models
from psycopg2 import sql

from wealthhub.imports import cards
from wealthhub.imports.choices import Severity
from wealthhub.imports.columns import Column, Converter, Fault, Warned, card_fault, shown
from wealthhub.imports.readers import OWN_COLUMNS, BrokenRow, FileRefused, Rows, TableReader
from wealthhub.imports.sources import Source, fold

MEMO_SIZE: Final = 8192
ISSUES_IN_MEMORY: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Issue:
    """One thing wrong with one row, or with the file where ``line`` is None. ``value`` is already safe to keep."""

    line: int | None
    column: str
    value: str
    code: str
    severity: str
    message: str
    hint: str = ""


class Issues:
    """Issues of a run, in a temporary file once they are many. Knows which lines are out and counts warnings."""

    def __init__(self) -> None:
        self._file = tempfile.SpooledTemporaryFile(  # noqa: SIM115 - closed by `close`
            ISSUES_IN_MEMORY, mode="w+", encoding="utf-8", newline=""
        )
        self._writer = csv.writer(self._file)
        self.codes: Counter[str] = Counter()
        self.warnings = 0
        self.errors = 0

    def add(self, issue: Issue) -> None:
        """Note an issue."""
        self.codes[issue.code] += 1
        if issue.severity == Severity.WARNING:
            self.warnings += 1
        else:
            self.errors += 1
        line = "" if issue.line is None else issue.line
        cells = (
            line,
            issue.column[:100],
            issue.value[:200],
            issue.code,
            issue.severity,
            issue.message[:300],
            issue.hint[:300],
        )
        self._writer.writerow(cells)

    def store(self, cursor: Any, run_id: int) -> None:
        """COPY them into the issues table."""
        self._file.flush()
        self._file.seek(0)
        names = "line, col, value, code, severity, message, hint"
        cursor.execute(
            f"CREATE TEMP TABLE import_issues ({names.replace(',', ' text,')} text) ON COMMIT DROP"
        )
        copy = f"COPY import_issues FROM STDIN (FORMAT csv, FORCE_NOT_NULL ({names}))"
        cursor.cursor.copy_expert(copy, self._file)
        cursor.execute(
            'INSERT INTO imports_importissue (run_id, line, "column", value, code, severity, message, hint) '
            "SELECT %s, NULLIF(line, '')::bigint, col, value, code, severity, message, hint FROM import_issues",
            [run_id],
        )
        cursor.execute("DROP TABLE import_issues")

    def listed(self) -> list[dict[str, Any]]:
        """All of them as dicts; for few, such as a preview's."""
        self._file.seek(0)
        names = ("line", "column", "value", "code", "severity", "message", "hint")
        return [dict(zip(names, row, strict=True)) for row in csv.reader(self._file)]

    def close(self) -> None:
        """Let the temporary file go."""
        self._file.close()


class Memo(dict[str, Any]):
    """Raw text to converted text, remembered up to a bound. Faults are not remembered, so ``marked`` tells of them."""

    def __init__(self, convert: Converter) -> None:
        super().__init__()
        self.convert = convert
        self.marked = False

    def __missing__(self, raw: str) -> Any:
        answer = self.convert(raw)
        if type(answer) is str:
            if len(self) >= MEMO_SIZE:
                self.clear()
            self[raw] = answer
        else:
            self.marked = True
        return answer


def _scan(raw: str) -> str | Fault:
    """Stands in for a column we do not know: kept out, but a card number in it sets the row aside."""
    return card_fault() if len(raw) >= 13 and cards.card_numbers(raw) else ""


@dataclass
class Layout:
    """How a header meets a source's columns. Cells at ``places`` feed ``columns``; ``absent`` get their blank."""

    columns: list[Column]
    places: list[int]
    absent: list[Column]
    unknown: list[str]
    unknown_places: list[int]


def lay_out(source: Source, header: Iterable[str]) -> Layout:
    """Match ``header`` to the source's columns.

    Raises: FileRefused: a required column is missing, or two headers mean the same one.
    """
    found: dict[str, int] = {}
    unknown, unknown_places = [], []
    names = list(header)
    if any(map(cards.card_numbers, names)):
        fault = card_fault()
        raise FileRefused(
            "A header holds what looks like a payment card number. The first row must name the columns.",
            code=fault.code,
        )
    for place, name in enumerate(names):
        column = source.column_for(name)
        if column is None:
            unknown_places.append(place)
            if name and fold(name) not in OWN_COLUMNS:
                unknown.append(shown(name))
        elif column.name in found:
            raise FileRefused(
                f"Two columns are “{column.name}”: {names[found[column.name]]} and {name}. Keep one.",
                code="duplicate_column",
            )
        else:
            found[column.name] = place
    missing = [column.name for column in source.columns if column.required and column.name not in found]
    if missing:
        raise FileRefused(
            f"Columns are missing: {', '.join(missing)}. The header has: {shown(', '.join(names)) or 'nothing'}.",
            code="missing_column",
            columns=missing,
        )
    present = [column for column in source.bound_columns if column.name in found]
    absent = [column for column in source.bound_columns if column.name not in found]
    return Layout(present, [found[column.name] for column in present], absent, unknown, unknown_places)


@dataclass
class Progress:
    """How far a run is; read by the heartbeat while the run goes on."""

    phase: str = ""
    rows_read: int = 0
    bytes_done: int = 0
    tell: Callable[[Progress], None] | None = field(default=None, repr=False)


class RowConverter:
    """Converts batches of raw rows to COPY text and notes every fault of every row."""

    def __init__(self, layout: Layout, issues: Issues) -> None:
        self.layout, self.issues = layout, issues
        self.memos = [Memo(column.converter()) for column in layout.columns]
        self.scans = [Memo(_scan) for _ in layout.unknown_places]
        self._absent = [column.blank_value() for column in layout.absent]
        places = [*layout.places, *layout.unknown_places]
        self._pick = itemgetter(*places) if len(places) > 1 else lambda row: (row[places[0]],)
        self.rejected = 0

    def convert(self, batch: Rows) -> list[str]:
        """One COPY line for each good row: staged columns in order, then the file's line."""
        for broken in batch.broken:
            self._note_broken(broken)
        if not batch.cells:
            return []
        raw = list(zip(*map(self._pick, batch.cells), strict=True))
        bad: set[int] = set()
        known = len(self.memos)
        done = [
            self._column(memo, cells, column, batch.lines, bad)
            for memo, cells, column in zip(self.memos, raw, self.layout.columns, strict=False)
        ]
        for memo, cells in zip(self.scans, raw[known:], strict=True):
            self._column(memo, cells, None, batch.lines, bad)
        tail = "\t".join([*self._absent, ""])
        rows = map("\t".join, zip(*done, [f"{tail}{line}" for line in batch.lines], strict=True))
        if not bad:
            return list(rows)
        self.rejected += len(bad)
        return [row for place, row in enumerate(rows) if place not in bad]

    def _column(
        self, memo: Memo, cells: tuple[str, ...], column: Column | None, lines: list[int], bad: set[int]
    ) -> list[str]:
        memo.marked = False
        done = list(map(memo.__getitem__, cells))
        if memo.marked:
            for place, answer in enumerate(done):
                if type(answer) is not str:
                    fault = answer.fault if isinstance(answer, Warned) else answer
                    done[place] = answer.text if isinstance(answer, Warned) else ""
                    self._note(fault, column, cells[place], lines[place])
                    if fault.severity == Severity.ERROR:
                        bad.add(place)
        return done

    def _note(self, fault: Fault, column: Column | None, raw: str, line: int) -> None:
        secret = column is not None and column.type.secret
        value = fault.value if fault.value is not None else shown(raw.strip(), secret=secret)
        name = column.name if column else ""
        self.issues.add(Issue(line, name, value, fault.code, fault.severity, fault.message, fault.hint))

    def _note_broken(self, broken: BrokenRow) -> None:
        self.rejected += 1
        if broken.code == "card_number" or any(map(cards.card_numbers, broken.raw)):
            fault = card_fault()
            self.issues.add(Issue(broken.line, "", "", fault.code, fault.severity, fault.message, fault.hint))
            return
        hint = "Check the delimiters and quotes of the line."
        self.issues.add(Issue(broken.line, "", "", "broken_row", Severity.ERROR, broken.message, hint))


class StageStream:
    """A file object for COPY that parses the next rows whenever the server wants more."""

    def __init__(self, table: TableReader, converter: RowConverter, progress: Progress) -> None:
        self._pieces = self._parse(table, converter, progress)
        self._left = ""
        self.refused: FileRefused | None = None

    def _parse(self, table: TableReader, converter: RowConverter, progress: Progress) -> Iterator[str]:
        for batch in table.batches():
            rows = converter.convert(batch)
            progress.rows_read += len(batch)
            progress.bytes_done = table.bytes_done
            if progress.tell:
                progress.tell(progress)
            if rows:
                yield "\n".join(rows) + "\n"

    def read(self, size: int = -1) -> str:
        """The next rows: one batch, or what is left of one; an empty text at the end."""
        if not self._left:
            try:
                self._left = next(self._pieces, "")
            except FileRefused as refused:
                self.refused = refused  # the driver keeps only its text
                raise
        if size < 0 or len(self._left) <= size:
            text, self._left = self._left, ""
            return text
        text, self._left = self._left[:size], self._left[size:]
        return text


def staged_columns(layout: Layout, model: type[models.Model]) -> list[tuple[str, str]]:
    """Names and types of the staging table's columns, the file's line last. Stored ones have the target's types."""
    columns = []
    for column in (*layout.columns, *layout.absent):
        for name, kind in column.type.sql_columns(column.target):
            stored = model._meta.get_field(name).db_type(connection) if column.stored else None
            columns.append((name, stored or kind))
    return [*columns, ("line", "bigint")]


def create_stage(cursor: Any, stage: sql.Identifier, layout: Layout, model: type[models.Model]) -> None:
    """Make the run's unlogged staging table. It lives in the run's transaction and is gone with it."""
    columns = sql.SQL(", ").join(
        sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL(kind))
        for name, kind in staged_columns(layout, model)
    )
    cursor.execute(sql.SQL("CREATE UNLOGGED TABLE {} ({})").format(stage, columns))


@contextmanager
def _no_cycle_search() -> Iterator[None]:
    """Millions of short-lived rows, none in a cycle: looking for cycles among them takes a third of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def fill_stage(cursor: Any, stage: sql.Identifier, stream: StageStream, *, key: Iterable[str]) -> None:
    """COPY the stream into the staging table and let the planner know its size and the spread of its ``key``.

    Raises: FileRefused: the file cannot be read to its end.
    """
    copy = sql.SQL("COPY {} FROM STDIN").format(stage).as_string(cursor.connection)
    try:
        with _no_cycle_search():
            cursor.cursor.copy_expert(copy, stream, 1 << 20)
    except psycopg2.Error:
        if stream.refused is None:
            raise
        raise stream.refused from None
    names = sql.SQL(", ").join(map(sql.Identifier, [*key, "line"]))
    cursor.execute(sql.SQL("ANALYZE {} ({})").format(stage, names))
