"""Files opened as tables: raw rows in bounded batches, whatever the format, each with its line.

Nothing is evaluated: formulas are read as the values the workbook kept. What a file is, is read from its bytes; a file
that is not what its name claims is refused.
"""

from __future__ import annotations

import codecs
import csv
import io
import json
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import chain
from operator import itemgetter
from typing import Any, BinaryIO, Final

import ijson
import orjson
from python_calamine import CalamineError, CalamineWorkbook

from wealthhub.errors import DomainError
from wealthhub.imports import cards

ROWS_PER_BATCH: Final = 2000
BYTES_PER_READ: Final = 1 << 20
LONGEST_RECORD: Final = 16 << 20
LONGEST_CELL: Final = 1 << 20
UNPACKED_LIMIT: Final = 2 << 30
UNPACKED_RATIO: Final = 200
OWN_COLUMNS: Final = ("reason", "line")  # what our file of rejected rows adds; not read back

_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_NEVER_TABLES: Final = (
    b"%PDF",
    b"\x7fELF",
    b"MZ",
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"GIF8",
    b"\x1f\x8b",
    b"Rar!",
    b"7z\xbc\xaf",
)
_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_BETWEEN_RECORDS: Final = re.compile(rb"\}\s*,\s*(?=\{)")


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

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self.header: tuple[str, ...] = ()
        self.bytes_done = 0

    def batches(self) -> Iterator[Rows]:
        """The data rows in batches of some thousand."""
        raise NotImplementedError


def open_table(file: BinaryIO, *, filename: str, path: str | None = None) -> TableReader:
    """The reader that fits ``file``'s bytes. ``path`` is the way to the rows in nested JSON.

    Raises: FileRefused: empty, not a table, encrypted, a zip bomb, or not what ``filename`` claims.
    """
    start = file.read(BYTES_PER_READ)
    file.seek(0)
    suffix = filename.rsplit(".", 1)[-1].lower() if "." in filename else ""
    if not start.strip(b"\xef\xbb\xbf\xff\xfe \t\r\n\x00"):
        raise FileRefused("The file is empty.", code="empty_file")
    if start.startswith(_ZIP):
        _expect(suffix, {"xlsx", "xlsm"}, "an Excel workbook or zip archive")
        _check_workbook(file)
        return WorkbookReader(file, "xlsx")
    if start.startswith(_OLE):
        return _old_workbook(file, suffix)
    if start.startswith(_NEVER_TABLES) or suffix in {"xlsx", "xlsm", "xls", "pdf", "zip"}:
        raise FileRefused(
            "The file is not what it claims to be: neither text nor an Excel workbook.",
            code="wrong_file_type",
        )
    encoding = detect_encoding(start)
    first = start.decode(encoding, "replace").lstrip("\ufeff \t\r\n")[:1]
    if first in {"[", "{"} and suffix not in {"csv", "tsv", "txt"}:
        return _json_reader(file, start, encoding, path=path, lines=suffix in {"jsonl", "ndjson"})
    if suffix in {"json", "jsonl", "ndjson"}:
        raise FileRefused("The file is called JSON but does not begin with [ or {.", code="not_json")
    return DelimitedReader(file, start, encoding)


def _expect(suffix: str, suffixes: set[str], looks_like: str) -> None:
    if suffix not in suffixes:
        raise FileRefused(
            f"The file is called .{suffix or '(nothing)'} but looks like {looks_like}. Save it as what it is.",
            code="wrong_file_type",
        )


def _old_workbook(file: BinaryIO, suffix: str) -> TableReader:
    if suffix in {"xlsx", "xlsm"}:
        raise FileRefused(
            "The workbook is encrypted. Save it without a password and upload it again.",
            code="encrypted_file",
        )
    _expect(suffix, {"xls"}, "an old Excel workbook")
    return WorkbookReader(file, "xls")


def detect_encoding(start: bytes) -> str:
    """The encoding of a text file by its mark, else by what decodes. Raises: FileRefused: it is not text."""
    for mark, name in _BOMS:
        if start.startswith(mark):
            return name
    even, odd = start[::2].count(0), start[1::2].count(0)
    if max(even, odd) > len(start) // 4 and min(even, odd) <= len(start) // 100:
        return "utf-16-le" if odd > even else "utf-16-be"  # two-byte text without a mark
    if even + odd > 16 and even + odd > len(start) // 50:
        raise FileRefused("The file is not text.", code="not_text")
    try:
        codecs.getincrementaldecoder("utf-8")().decode(start)
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"


def _check_workbook(file: BinaryIO) -> None:
    """Refuse archives that unpack to far more than a workbook of their size would, before anything unpacks them."""
    try:
        with zipfile.ZipFile(file) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError) as error:
        raise FileRefused("The workbook is damaged.", code="wrong_file_type") from error
    if not any(part.filename.startswith("xl/") for part in parts):
        raise FileRefused("The file is a zip archive, not a workbook.", code="wrong_file_type")
    unpacked = sum(part.file_size for part in parts)
    packed = sum(part.compress_size for part in parts) or 1
    if unpacked > UNPACKED_LIMIT or (unpacked > (64 << 20) and unpacked > packed * UNPACKED_RATIO):
        raise FileRefused("The workbook unpacks to more than can be taken in.", code="zip_bomb")
    file.seek(0)


class DelimitedReader(TableReader):
    """CSV, TSV and their kin; ``line`` is the physical line a row begins on."""

    format = "csv"

    def __init__(self, file: BinaryIO, start: bytes, encoding: str) -> None:
        super().__init__(file)
        self.encoding = encoding
        self.delimiter = detect_delimiter(start.decode(encoding, "replace"))
        csv.field_size_limit(LONGEST_CELL)
        text = io.TextIOWrapper(_Counted(file, self), encoding, errors="surrogateescape", newline="")  # type: ignore[type-var]
        self._rows = csv.reader(text, delimiter=self.delimiter)
        header = next((row for row in self._read() if row), [])
        self.header = tuple(name.strip().lstrip("\ufeff") for name in header)
        self._guarded = {name.lower() for name in self.header} >= set(OWN_COLUMNS)

    def _read(self) -> Iterator[list[str]]:
        try:
            yield from self._rows
        except csv.Error as error:
            raise FileRefused(
                f"Line {self._rows.line_num} cannot be read: {error}.",
                code="broken_row",
                line=self._rows.line_num,
            ) from error

    def batches(self) -> Iterator[Rows]:
        """Rows of the right width, the others as broken. Blank lines are skipped."""
        width, batch, line = len(self.header), Rows(), self._rows.line_num + 1
        for row in self._read():
            if len(row) == width:
                batch.lines.append(line)
                batch.cells.append(tuple(map(unguarded, row)) if self._guarded else tuple(row))
            elif any(row):
                batch.broken.append(BrokenRow(line, f"{len(row)} cells where the header has {width}.", row))
            line = self._rows.line_num + 1
            if len(batch.lines) >= ROWS_PER_BATCH:
                yield batch
                batch = Rows()
        yield batch


class _Counted(io.RawIOBase):
    """Reads through, counting. Does not close the file beneath."""

    def __init__(self, file: BinaryIO, reader: TableReader) -> None:
        self._file, self._reader = file, reader

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._file.read(len(buffer))
        buffer[: len(data)] = data
        self._reader.bytes_done += len(data)
        return len(data)


def detect_delimiter(start: str) -> str:
    """The delimiter that splits the first line into the most cells; a comma where none does."""
    first = next((line for line in start.splitlines() if line.strip()), "")
    counts = {mark: len(next(csv.reader([first], delimiter=mark))) for mark in ",;\t|"}
    return max(counts, key=lambda mark: counts[mark])


class RecordReader(TableReader):
    """A stream of JSON objects; ``line`` is the number of the record, in JSON lines that of the line."""

    def __init__(self, file: BinaryIO, kind: str, encoding: str, chunks: Iterator[list[Any]]) -> None:
        super().__init__(file)
        self.format, self.encoding = kind, encoding
        self._chunks = chunks
        self._first: list[Any] = next(chunks, [])
        names: dict[str, None] = {}
        for record in self._first:
            if isinstance(record, dict):
                names.update(dict.fromkeys(record))
        self.header = tuple(names)

    def batches(self) -> Iterator[Rows]:
        """Objects as rows of the first batch's keys. What later keys hold is looked through for card numbers only."""
        line = 0
        for records in chain([self._first], self._chunks):
            yield self._regular(records, line) or self._any(records, line)
            line += len(records)

    def _regular(self, records: list[Any], line: int) -> Rows | None:
        """The batch, fast, where every record has exactly the header's keys and only texts; else None."""
        if (
            len(self.header) < 2
            or set(map(type, records)) != {dict}
            or set(map(len, records)) != {len(self.header)}
        ):
            return None
        try:
            cells = list(map(itemgetter(*self.header), records))
        except KeyError:
            return None
        if set(map(type, chain.from_iterable(cells))) != {str}:
            return None
        return Rows(list(range(line + 1, line + len(cells) + 1)), cells)

    def _any(self, records: list[Any], before: int) -> Rows:
        batch = Rows()
        for line, record in enumerate(records, start=before + 1):
            if not isinstance(record, dict):
                batch.broken.append(BrokenRow(line, "Not an object with columns.", [cell_text(record)]))
            elif len(record) != len(self.header) and self._hides_a_card(record):
                batch.broken.append(BrokenRow(line, "", [], "card_number"))
            else:
                batch.lines.append(line)
                batch.cells.append(tuple(cell_text(record.get(name)) for name in self.header))
        return batch

    def _hides_a_card(self, record: dict[str, Any]) -> bool:
        later = record.keys() - set(self.header)
        return any(cards.card_numbers(cell_text(record[name])) for name in later)


def _json_reader(
    file: BinaryIO, start: bytes, encoding: str, *, path: str | None, lines: bool
) -> TableReader:
    text = start.decode(encoding, "replace").lstrip("\ufeff \t\r\n")
    counted = _Source(file, encoding)
    if path and text.startswith("{"):
        reader = RecordReader(file, "json", encoding, _nested(counted, path))
    elif text.startswith("{") or lines:
        if not _is_json_lines(text):
            raise FileRefused(
                "The file holds one JSON object. An array of objects is needed: [{…}, {…}].", code="not_json"
            )
        reader = RecordReader(file, "jsonl", encoding, _json_lines(counted))
    else:
        reader = RecordReader(file, "json", encoding, json_array(counted))
    counted.reader = reader
    return reader


def _is_json_lines(text: str) -> bool:
    first = text.partition("\n")[0].strip()
    try:
        return isinstance(json.loads(first), dict)
    except ValueError:
        return len(text) >= BYTES_PER_READ // 2 and "\n" not in text


class _Source:
    """Bytes of a JSON file as UTF-8, read in pieces and counted."""

    def __init__(self, file: BinaryIO, encoding: str) -> None:
        self._file = file
        self.reader: TableReader | None = None
        self._decoder = None if encoding == "utf-8" else codecs.getincrementaldecoder(encoding)("replace")

    def read(self, size: int = BYTES_PER_READ) -> bytes:
        data = self._file.read(size)
        if self.reader is not None:
            self.reader.bytes_done += len(data)
        if self._decoder is None:
            return data
        text = self._decoder.decode(data, final=not data)
        while data and not text:  # a mark alone decodes to nothing; that is not the end
            data = self._file.read(size)
            text = self._decoder.decode(data, final=not data)
        return text.encode("utf-8", "surrogatepass")


def json_array(source: _Source) -> Iterator[list[Any]]:
    """The elements of a JSON array in lists, parsed a piece at a time.

    A piece is cut after a record: where ``[piece]`` parses, the cut was between two records, for a cut inside a text or
    a nested value leaves a bracket or a quote open.
    """
    left, record = source.read().lstrip(), 0
    left = left[1:].lstrip()
    while True:
        more = source.read()
        if not more:
            break
        left += more
        cut = _last_cut(left)
        if cut is None:
            if len(left) > LONGEST_RECORD:
                raise FileRefused(
                    f"The JSON array is broken after record {record}.", code="broken_json", line=record + 1
                )
            continue
        records, end = cut
        left = left[end:]
        record += len(records)
        yield records
    last = _loads(b"[" + left)
    if last is None:
        raise FileRefused(
            f"The JSON array is broken or cut off after record {record}.", code="broken_json", line=record + 1
        )
    if last or not record:
        yield last


def _last_cut(data: bytes) -> tuple[list[Any], int] | None:
    """The records before one of the last places between two records, and where the rest begins."""
    places: list[re.Match[bytes]] = []
    end = len(data)
    for back in (64 << 10, 1 << 20, len(data)):
        places = list(_BETWEEN_RECORDS.finditer(data, max(0, len(data) - back), end))
        if places:
            break
    for place in reversed(places[-8:]):
        records = _loads(b"[" + data[: place.start() + 1] + b"]")
        if records is not None:
            return records, place.end()
    return None


def _loads(data: bytes) -> list[Any] | None:
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        pass
    try:  # lone surrogates and bytes that are no UTF-8: their row is at fault, not the file
        return json.loads(data.decode("utf-8", "surrogateescape"), parse_constant=str)
    except (ValueError, RecursionError):
        return None


def _json_lines(source: _Source) -> Iterator[list[Any]]:
    left = b""
    while True:
        data = source.read()
        pieces = (left + data).split(b"\n")
        left = pieces.pop() if data else b""
        records = [_line(piece) for piece in pieces if piece.strip()]
        if len(left) > LONGEST_RECORD:
            raise FileRefused("A line of the file is too long.", code="broken_json")
        if records:
            yield records
        if not data:
            return


def _line(piece: bytes) -> Any:
    found = _loads(b"[" + piece.strip() + b"]")
    return found[0] if found is not None and len(found) == 1 else piece.decode("utf-8", "replace")[:200]


def _nested(source: _Source, path: str) -> Iterator[list[Any]]:
    """Rows at ``path``, such as ``results.item.holdings.item``; columns of the levels above go with each of them."""
    outer, _, inner = path.partition(".item.")
    prefix = f"{outer}.item" if inner else path
    try:
        rows: list[Any] = []
        for thing in ijson.items(source, prefix, use_float=True):
            rows.extend(_unfold(thing, inner.split(".item.") if inner else []))
            if len(rows) >= ROWS_PER_BATCH:
                yield rows
                rows = []
        yield rows
    except (ijson.JSONError, UnicodeDecodeError) as error:
        raise FileRefused("The JSON is broken.", code="broken_json") from error


def _unfold(thing: Any, way: list[str]) -> Iterator[Any]:
    if not way or not isinstance(thing, dict):
        yield dict(_flat(thing)) if isinstance(thing, dict) else thing
        return
    key = way[0].removesuffix(".item")
    above = dict(_flat({name: value for name, value in thing.items() if name != key}))
    for child in thing.get(key) or []:
        for row in _unfold(child, way[1:]):
            yield {**above, **row} if isinstance(row, dict) else row


def _flat(thing: dict[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in thing.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{before}{name}.")
        else:
            yield f"{before}{name}", value


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


class WorkbookReader(TableReader):
    """The first sheet of an Excel workbook with rows in it; ``line`` is the row's number."""

    def __init__(self, file: BinaryIO, kind: str) -> None:
        super().__init__(file)
        self.format = kind
        try:
            book = CalamineWorkbook.from_filelike(file)
            sheets = (book.get_sheet_by_name(name) for name in book.sheet_names)
            sheet = next((found for found in sheets if found.total_height), None)
        except (CalamineError, OSError, ValueError) as error:
            if "password" in str(error).lower():
                raise FileRefused(
                    "The workbook is encrypted. Save it without a password and upload it again.",
                    code="encrypted_file",
                ) from error
            raise FileRefused("The workbook cannot be read.", code="wrong_file_type") from error
        if sheet is None:
            raise FileRefused("The workbook has no rows.", code="empty_file")
        self._first = (sheet.start or (0, 0))[0] + 1
        self._rows = sheet.iter_rows()
        header = [cell_text(value).strip() for value in next(self._rows, [])]
        while self._first < 20 and not any(header):
            self._first += 1
            header = [cell_text(value).strip() for value in next(self._rows, [])]
        self.header = tuple(header)

    def batches(self) -> Iterator[Rows]:
        """Every row that is not blank."""
        batch = Rows()
        for line, row in enumerate(self._rows, start=self._first + 1):
            cells = tuple(map(cell_text, row))
            if any(cells):
                batch.lines.append(line)
                batch.cells.append(cells)
            if len(batch.lines) >= ROWS_PER_BATCH:
                yield batch
                batch = Rows()
        yield batch


_PLAIN_NUMBER: Final = re.compile(r"[+-]?[\d,]+(\.\d+)?")
_FORMULA_START: Final = ("=", "+", "-", "@", "\t", "\r")


def guarded(cell: str) -> str:
    """``cell`` so that no spreadsheet runs it as a formula."""
    return "'" + cell if cell.startswith(_FORMULA_START) and not _PLAIN_NUMBER.fullmatch(cell) else cell


def unguarded(cell: str) -> str:
    """What `guarded` was given."""
    return cell[1:] if cell[:1] == "'" and cell[1:].startswith(_FORMULA_START) else cell
