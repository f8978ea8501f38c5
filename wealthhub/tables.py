"""The base of every list's table: columns that show a value on the page and hand the bare value to an export.

A list has one ``Table``. The page, the CSV and the Excel file are drawn from it, so they cannot differ.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import django_tables2
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe

from wealthhub.dates import format_date, format_instant, ist_date
from wealthhub.money import amount, compact, group_indian, percent
from wealthhub.templatetags.wealthhub import delta, missing, share_bar

_ROW_END = mark_safe("</tr>")
NUMERIC = {"th": {"class": "num"}, "td": {"class": "num"}, "tf": {"class": "num"}}


class Table(django_tables2.Table):
    """A table in the house look.

    ``caption`` names it for screen readers. ``row_header`` is the column that names a row, the first where it
    is not set. ``empty_title`` and ``empty_hint`` are shown instead of rows. ``target`` is the fragment
    (``#results``) that sorting and paging swap by htmx; without it the links load the page. ``secondary``
    names columns that a phone leaves out.
    """

    caption = ""
    row_header = ""
    target = ""
    secondary: Sequence[str] = ()
    empty_title = "Nothing matches"
    empty_hint = "Remove a filter or change the search."

    def __init__(self, *args: Any, totals: Mapping[str, Any] | None = None, **kwargs: Any) -> None:
        """``totals`` are sums over the whole filter, by the name that a column gives as its ``total``."""
        self.totals = totals or {}
        kwargs.setdefault(
            "attrs", {"class": "table wh-table"}
        )  # a subclass without its own Meta inherits none
        super().__init__(*args, **kwargs)
        for name in self.secondary:
            if name not in self.columns:  # excluded on this page
                continue
            column = self.columns[name].column  # this table's own copy
            column.attrs = {
                part: _with_class(column.attrs.get(part, {}), "secondary") for part in ("th", "td", "tf")
            }

    def body_rows(self) -> Iterator[SafeString]:
        """The page's rows as HTML. Written here since a template spends ten times as long on each of the many cells."""
        header = self.header_column
        before, after = {}, {}
        for column in self.columns.iterall():
            tag = "th" if column.name == header else "td"
            scope = mark_safe(' scope="row"') if tag == "th" else ""
            before[column.name] = format_html("<{}{} {}>", tag, scope, column.attrs["td"].as_html())
            after[column.name] = format_html("</{}>", tag)
        names = [column.name for column in self.columns]
        for row in self.paginated_rows:
            cells = (before[name] + conditional_escape(row.get_cell(name)) + after[name] for name in names)
            yield format_html("<tr {}>", row.attrs.as_html()) + mark_safe("".join(cells)) + _ROW_END  # noqa: S308 - escaped above

    @property
    def header_column(self) -> str:
        """The column whose cells are ``<th scope="row">``."""
        return self.row_header or next((column.name for column in self.columns if column.visible), "")


class _Figure(django_tables2.Column):
    """A right-aligned number. ``total`` is its footer: a key of the table's ``totals``, or the number itself.

    The total must be that of the whole filter, so it is given and never added up from the page's rows.
    """

    export_format = "General"

    def __init__(self, *args: Any, total: Any = None, **kwargs: Any) -> None:
        if total is not None:
            kwargs["footer"] = lambda table: self.show(_total(table, total))
        super().__init__(*args, attrs={**NUMERIC, **kwargs.pop("attrs", {})}, **kwargs)

    def render(self, value: Any) -> Any:
        """The value in the house format."""
        return self.show(value)

    def value(self, value: Any) -> Any:
        """The bare number: a program and a spreadsheet do their own rounding."""
        return value

    def show(self, value: Any) -> str:
        """Text or HTML of one number; grouped the Indian way unless the column says otherwise."""
        return group_indian(value)


def _with_class(attrs: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {**attrs, "class": f"{attrs.get('class', '')} {name}".strip()}


def _total(table: Table, total: Any) -> Any:
    return table.totals.get(total) if isinstance(total, str) else total


class MoneyColumn(_Figure):
    """An amount in rupees, grouped and without the sign: the unit stands in the header."""

    def __init__(self, *args: Any, places: int = 2, currency: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.places, self.currency = places, currency

    @property
    def export_format(self) -> str:  # type: ignore[override]
        """Excel's own way to group in lakh and crore, for gains and for losses."""
        tail = f".{'0' * self.places}" if self.places else ""
        return f"[>=10000000]##\\,##\\,##\\,##0{tail};[>=100000]##\\,##\\,##0{tail};#,##0{tail}"

    def show(self, value: Decimal | int | float | None) -> str:
        """``12,34,567.50``, with its symbol where a currency was named."""
        if self.currency:
            return amount(value, currency=self.currency, places=self.places)
        return group_indian(value, self.places)


class CompactMoneyColumn(_Figure):
    """``₹1.23 L``: for narrow tables where the exact amount is one click away. The export has it all."""

    export_format = "#,##0.00"

    def show(self, value: Decimal | int | float | None) -> str:
        """Rupees in lakh or crore."""
        return compact(value)


class NumberColumn(_Figure):
    """A count, units or a score, with a fixed number of decimals."""

    def __init__(self, *args: Any, places: int = 0, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.places = places

    @property
    def export_format(self) -> str:  # type: ignore[override]
        """As many decimals as on the page."""
        return f"0.{'0' * self.places}" if self.places else "0"

    def show(self, value: Decimal | int | float | None) -> str:
        """Grouped the Indian way."""
        return group_indian(value, self.places)


class PercentColumn(_Figure):
    """A fraction, shown as per cent."""

    def __init__(self, *args: Any, places: int = 2, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.places = places

    @property
    def export_format(self) -> str:  # type: ignore[override]
        """Excel shows the fraction as per cent too."""
        return f"0.{'0' * self.places}%" if self.places else "0%"

    def show(self, value: Decimal | float | None) -> str:
        """``12.50%``."""
        return percent(value, self.places)


class DeltaColumn(_Figure):
    """A gain or a loss with arrow, sign and colour. ``kind`` as for the ``delta`` filter."""

    def __init__(self, *args: Any, kind: str = "percent", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind = kind

    @property
    def export_format(self) -> str:  # type: ignore[override]
        """Per cent for fractions, two decimals for the rest."""
        return "0.00%" if self.kind == "percent" else "#,##0.00"

    def show(self, value: Decimal | float | None) -> str:
        """``▲ +5.20%``."""
        return delta(value, self.kind)


class ShareColumn(PercentColumn):
    """A share of a whole: its per cent and a small bar."""

    def show(self, value: Decimal | float | None) -> str:
        """The bar repeats the number, so it is hidden from screen readers by its label being the number."""
        return format_html("{} {}", share_bar(value), percent(value, 1))


class DayColumn(django_tables2.Column):
    """A calendar date: ``21 Nov 2026``. An instant shows its day in India."""

    export_format = "dd mmm yyyy"

    def render(self, value: date | datetime) -> str:
        """The day as text."""
        return format_date(self.value(value))

    def value(self, value: date | datetime) -> date:
        """The day itself."""
        return ist_date(value) if isinstance(value, datetime) else value


class InstantColumn(django_tables2.Column):
    """A moment: ``21 Nov 2026, 18:30 IST``."""

    export_format = "dd mmm yyyy hh:mm"

    def render(self, value: datetime) -> str:
        """The moment in Indian time."""
        return format_instant(value)

    def value(self, value: datetime) -> datetime:
        """The aware datetime."""
        return value


class BadgeColumn(django_tables2.Column):
    """A status as a small badge. ``tones`` maps the stored value to success, warning, danger or neutral."""

    def __init__(self, *args: Any, tones: dict[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.tones = tones

    def render(self, value: Any, record: Any, bound_column: Any) -> str:
        """The label of the choice in the tone of its stored value."""
        stored = bound_column.accessor.resolve(record, quiet=True)
        return format_html('<span class="tag tag-{}">{}</span>', self.tones.get(stored, "neutral"), value)

    def value(self, value: Any) -> Any:
        """The label alone."""
        return value


class ReasonColumn(_Figure):
    """An amount that can be missing for a reason; ``reason`` names the record's attribute that says why."""

    export_format = "#,##0.00"

    def __init__(self, *args: Any, reason: str, **kwargs: Any) -> None:
        super().__init__(*args, empty_values=(), **kwargs)
        self.reason = reason

    def render(self, value: Any, record: Any) -> str:  # type: ignore[override]
        """The amount, or an em dash with the reason in a badge."""
        return missing(group_indian(value), getattr(record, self.reason, ""))

    def show(self, value: Decimal | float | None) -> str:
        """For the footer."""
        return group_indian(value)
