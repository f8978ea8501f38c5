"""Files opened as tables: raw rows in bounded batches, whatever the format, each with its line.

Nothing is evaluated: formulas are read as the values the workbook kept. What a file is, is read from its bytes; a file
that is not what its name claims is refused.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from itertools import chain
from typing import Any, BinaryIO, Final

from python_calamine import CalamineError, CalamineWorkbook

from wealthhub.imports.records import json_reader
from wealthhub.imports.rows import (
    BYTES_PER_READ,
    ROWS_PER_BATCH,
    BrokenRow,
    FileRefused,
    Rows,
    TableReader,
    cell_text,
)

LONGEST_CELL: Final = 1 << 20
UNPACKED_LIMIT: Final = 2 << 30
UNPACKED_RATIO: Final = 200
CELLS_LIMIT: Final = 100_000_000  # a sheet's height x width: the reader keeps the blank cells too
_END: Final = "\x04 end of file"  # a line of its own after the last one, unless a quote is still open
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
        return json_reader(file, start, encoding, path=path, lines=suffix in {"jsonl", "ndjson"})
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
    with zipfile.ZipFile(file) as archive:
        for part in parts:
            if part.filename.startswith("xl/worksheets/") and part.filename.endswith(".xml"):
                _check_sheet(archive, part)
    file.seek(0)


def _check_sheet(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    """Refuse a sheet whose far corners span more cells than memory has; few cells are enough for that."""
    widest, deepest, left = 0, 0, b""
    try:
        with archive.open(part) as sheet:
            while data := sheet.read(BYTES_PER_READ):
                data = left + data
                letters = set(_CELL_COLUMN.findall(data))
                widest = max([widest, *map(_column_number, letters)])
                deepest = max([deepest, *map(int, _FAR_ROW.findall(data))])
                left = data[-32:]
    except (zipfile.BadZipFile, ValueError, OSError, RuntimeError, NotImplementedError, zlib.error) as error:
        raise FileRefused("The workbook is damaged.", code="wrong_file_type") from error
    if widest * deepest > CELLS_LIMIT:
        raise FileRefused(
            "The sheet reaches too far right and down. Delete what stands far below and beside the table.",
            code="too_large",
        )


_CELL_COLUMN: Final = re.compile(rb"""\br\s*=\s*["']([A-Z]{1,3})\d""")
_FAR_ROW: Final = re.compile(rb"""\br\s*=\s*["'][A-Z]*(\d{5,7})["']""")


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


class DelimitedReader(TableReader):
    """CSV, TSV and their kin; ``line`` is the physical line a row begins on."""

    format = "csv"

    def __init__(self, file: BinaryIO, start: bytes, encoding: str) -> None:
        super().__init__(file)
        self.encoding = encoding
        self.delimiter = detect_delimiter(start.decode(encoding, "replace"))
        csv.field_size_limit(LONGEST_CELL)
        text = io.TextIOWrapper(_Counted(file, self), encoding, errors="surrogateescape", newline="")  # type: ignore[type-var]
        self._rows = csv.reader(chain(text, [_END]), delimiter=self.delimiter)
        header = next((row for row in self._read() if row), [])
        self.header = tuple(name.strip().lstrip("\ufeff") for name in header)
        self._guarded = {name.lower() for name in self.header} >= set(OWN_COLUMNS)

    def _read(self) -> Iterator[list[str]]:
        begun = self._rows.line_num + 1
        try:
            for row in self._rows:
                if row and row[-1].endswith(_END):
                    if row != [_END]:
                        raise FileRefused(
                            f"A quote opened on line {begun} is never closed. Close or double it.",
                            code="broken_row",
                            line=begun,
                        )
                    return
                begun = self._rows.line_num + 1
                yield row
        except csv.Error as error:
            raise FileRefused(
                f"The row that begins on line {begun} cannot be read: {error}. Is a quote left open?",
                code="broken_row",
                line=begun,
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
    first = next((line for line in start.splitlines() if line.strip()), "")[:100_000]
    counts = {mark: len(next(csv.reader([first], delimiter=mark))) for mark in ",;\t|"}
    return max(counts, key=lambda mark: counts[mark])


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
        self.header, self.header_line = tuple(header), self._first

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
