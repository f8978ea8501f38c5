"""A list as a file: CSV streamed, or XLSX, of exactly the rows the filter left, in their order.

Both are drawn from the page's own table. Values are bare (``1234567.50``, ``2026-11-21``), so that a
spreadsheet can calculate with them. Text that a spreadsheet would run as a formula is disarmed.
"""

import csv
import html
import inspect
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from itertools import islice
from typing import Any, BinaryIO

import xlsxwriter
from django.db.models import Model, QuerySet
from django.http import FileResponse, StreamingHttpResponse
from django.utils.html import strip_tags
from django.utils.safestring import SafeString
from django_tables2 import Column, Table
from django_tables2.columns import BoundColumn
from django_tables2.rows import BoundRow
from django_tables2.utils import Accessor

from wealthhub.dates import IST
from wealthhub.errors import Invalid

FORMATS = ("csv", "xlsx")
XLSX_MAX_ROWS = 1_048_575  # a sheet's rows less the header
XLSX_MAX_TEXT = 32_767
FETCH_ROWS = 2000
LINES_PER_CHUNK = 500

_FORMULA_START = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_PLAIN_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")


class _Echo:
    """A file for ``csv.writer`` that hands each line back instead of keeping it."""

    def write(self, line: str) -> str:
        return line


def csv_response(table: Table, *, name: str) -> StreamingHttpResponse:
    """The table as UTF-8 CSV with a byte order mark (Excel needs it), streamed as it is read."""
    response = StreamingHttpResponse(csv_chunks(table), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{_file_name(name)}.csv"'
    return response


def csv_chunks(table: Table) -> Iterator[bytes]:
    """Lines of the CSV in chunks of some hundred, header first."""
    writer = csv.writer(_Echo())
    columns = exported_columns(table)
    yield ("\ufeff" + writer.writerow([_csv_cell(header(column)) for column in columns])).encode()
    lines = (writer.writerow([_csv_cell(value) for value in row]) for row in values(table, columns))
    while chunk := "".join(islice(lines, LINES_PER_CHUNK)):
        yield chunk.encode()


def xlsx_response(table: Table, *, name: str, about: Mapping[str, object] | None = None) -> FileResponse:
    """The table as an Excel workbook, written row by row to a temporary file.

    ``about`` goes on a second sheet: as-of, filters, who exported.
    Raises: Invalid: more rows than a sheet can hold; nothing was written.
    """
    file = tempfile.TemporaryFile()  # noqa: SIM115 - the response closes it
    write_xlsx(table, file, about=about or {})
    file.seek(0)
    return FileResponse(file, as_attachment=True, filename=f"{_file_name(name)}.xlsx")


def write_xlsx(table: Table, file: BinaryIO, *, about: Mapping[str, object]) -> None:
    """Write the workbook to ``file``; memory does not grow with the rows."""
    count = len(table.data)
    if count > XLSX_MAX_ROWS:
        raise Invalid(
            f"An Excel sheet holds {XLSX_MAX_ROWS:,} rows and this list has {count:,}. "
            "Narrow the filter or take the CSV.",
            code="too_many_rows",
            rows=count,
            limit=XLSX_MAX_ROWS,
        )
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(file, options) as book:
        heading = book.add_format({"bold": True, "bottom": 1})
        sheet = book.add_worksheet("Rows")
        columns = exported_columns(table)
        formats = [book.add_format({"num_format": _number_format(column)}) for column in columns]
        sheet.freeze_panes(1, 0)
        for index, column in enumerate(columns):
            sheet.set_column(index, index, min(40, max(12, len(header(column)) + 2)))
            sheet.write_string(0, index, header(column), heading)
        for line, row in enumerate(values(table, columns), start=1):
            for index, value in enumerate(row):
                _write_cell(sheet, line, index, value, formats[index])
        if columns:
            sheet.autofilter(0, 0, max(count, 1), len(columns) - 1)
        if about:
            _write_about(book, about, heading)


def exported_columns(table: Table) -> list[BoundColumn]:
    """The visible columns, in the page's order, less those marked ``exclude_from_export``."""
    return [column for column in table.columns if not column.column.exclude_from_export]


def header(column: BoundColumn) -> str:
    """The column's heading as plain text."""
    return _plain(column.header)


def values(table: Table, columns: Sequence[BoundColumn]) -> Iterator[list[Any]]:
    """The bare values of each row. A queryset is read by a cursor in steps and never held as a whole."""
    readers = [_reader(table, column) for column in columns]
    for record in _records(table):
        yield [read(record) for read in readers]


def _reader(table: Table, column: BoundColumn) -> Callable[[Any], Any]:
    """What ``BoundRow.get_cell_value`` does, with what is the same for every row worked out before the first.

    django-tables2 inspects the signature of each column's function for each cell, most of an export's time.
    """
    accessor, empty = Accessor(column.accessor), column.column.empty_values
    wanted = inspect.signature(column.value).parameters
    takes_all = any(parameter.kind is parameter.VAR_KEYWORD for parameter in wanted.values())
    fixed = {"column": column.column, "bound_column": column, "table": table}
    offered = {"value", "record", "bound_row", *fixed}
    names = offered if takes_all else offered.intersection(wanted)
    constant = {name: value for name, value in fixed.items() if name in names}
    is_bare = column.value == column.column.value and _shows_value_as_it_is(column.column)

    def read(record: Any) -> Any:
        value = _display(record, accessor)
        if value in empty:
            return None
        if is_bare:
            return _bare(value)
        arguments = {**constant, "value": value, "record": record}
        if "bound_row" in names:
            arguments["bound_row"] = BoundRow(record, table=table)
        return _bare(column.value(**{name: arguments[name] for name in arguments if name in names}))

    return read


def _shows_value_as_it_is(column: Column) -> bool:
    return type(column).value is Column.value and type(column).render is Column.render


def _display(record: Any, accessor: Accessor) -> Any:
    """The value at the end of the path, or the words of its choice; None where the path ends early."""
    *path, last = accessor.bits
    holder = record
    if not isinstance(record, Model):
        return accessor.resolve(record, quiet=True)
    for bit in path:
        holder = getattr(holder, bit, None)
        if holder is None:
            return None
        if callable(holder):
            return accessor.resolve(record, quiet=True)
    words = getattr(holder, f"get_{last}_display", None)
    if words is not None:
        return words()
    value = getattr(holder, last, None)
    return accessor.resolve(record, quiet=True) if callable(value) else value


def _records(table: Table) -> Iterable[Any]:
    data = table.data.data
    return data.iterator(chunk_size=FETCH_ROWS) if isinstance(data, QuerySet) else data


def _bare(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float | Decimal | datetime | date):
        return value
    return _plain(value)


def _plain(value: Any) -> str:
    """HTML becomes its text; any other object its name."""
    if isinstance(value, SafeString):
        return " ".join(html.unescape(strip_tags(value)).split())
    return str(value)


def _csv_cell(value: Any) -> Any:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return value.astimezone(IST).isoformat(timespec="seconds") if value.tzinfo else value.isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return f"{value:f}"
    return disarm(value) if isinstance(value, str) else value


def disarm(text: str) -> str:
    """Text that a spreadsheet would take for a formula gets an apostrophe in front; numbers stay.

    A leading space does not help an attacker: the first character that is not one decides.
    """
    if text.lstrip(" ").startswith(_FORMULA_START) and not _PLAIN_NUMBER.fullmatch(text):
        return f"'{text}"
    return text


def _write_cell(sheet: Any, line: int, index: int, value: Any, cell_format: Any) -> None:
    """By the value's own type: a string is never read as a formula, a number or a link."""
    if value is None or value == "":
        return
    if isinstance(value, bool):
        sheet.write_string(line, index, "yes" if value else "no")
    elif isinstance(value, datetime):
        local = value.astimezone(IST).replace(tzinfo=None) if value.tzinfo else value
        sheet.write_datetime(line, index, local, cell_format)
    elif isinstance(value, date):
        sheet.write_datetime(line, index, value, cell_format)
    elif isinstance(value, int | float | Decimal) and _fits_excel(value):
        sheet.write_number(line, index, value, cell_format)
    else:
        sheet.write_string(line, index, str(value)[:XLSX_MAX_TEXT])


def _fits_excel(value: int | float | Decimal) -> bool:
    """Excel's numbers are doubles: 15 digits are safe, and there is no infinity."""
    number = Decimal(str(value))
    return number.is_finite() and number.adjusted() < 15


def _number_format(column: BoundColumn) -> str:
    return getattr(column.column, "export_format", "General")


def _write_about(book: xlsxwriter.Workbook, about: Mapping[str, object], heading: Any) -> None:
    sheet = book.add_worksheet("About")
    sheet.set_column(0, 0, 24)
    sheet.set_column(1, 1, 80)
    for line, (label, value) in enumerate(about.items()):
        sheet.write_string(line, 0, str(label), heading)
        sheet.write_string(line, 1, _plain(value))


def _file_name(name: str) -> str:
    """Letters, digits, dots, dashes: nothing that could break out of the header."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.") or "export"
