"""How values look in HTML: numbers, days, gain and loss, icons, tiny charts, form fields.

Every number on a page passes through one of these filters, which round once by ``wealthhub.money`` and show a
missing value as an em dash.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django import template
from django.core.paginator import Page
from django.forms import BoundField
from django.http import QueryDict
from django.template.base import Parser, Token
from django.template.context import Context
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from wealthhub import dates
from wealthhub import money as moneys
from wealthhub.money import Number

register = template.Library()

# What the two controls of a range are called, in labels and in the chips of applied filters.
BOUNDS = {"min": "from", "max": "to", "after": "from", "before": "to"}

SPARK_WIDTH, SPARK_HEIGHT, SPARK_PAD = 96, 24, 2


@register.filter
def money(value: Number, currency_or_places: str | int | None = None) -> str:
    """``₹12,34,567.50``. The argument is a currency (``"USD"``) or a number of decimals (``0``)."""
    if isinstance(currency_or_places, int):
        return moneys.rupees(value, currency_or_places)
    return moneys.amount(value, currency=currency_or_places or "INR")


@register.filter
def money_compact(value: Number) -> str:
    """``₹1.23 L``, ``₹4.57 Cr``: for tiles. The exact figure belongs beside it or behind its link."""
    return moneys.compact(value)


@register.filter
def percent(value: Number, places: int = 2) -> str:
    """A fraction as per cent: 0.125 is ``12.50%``."""
    return moneys.percent(value, places)


@register.filter
def number(value: Number, places: int | None = None) -> str:
    """Grouped the Indian way; without an argument, with the decimals the value itself carries."""
    if moneys.is_missing(value):
        return moneys.MISSING
    if places is None:
        exponent = Decimal(str(value)).as_tuple().exponent
        places = max(0, -exponent) if isinstance(exponent, int) else 0
    return moneys.group_indian(value, places)


@register.filter
def delta(value: Number, kind: str = "percent") -> str:
    """A gain or a loss: arrow, sign and colour, so that none of them is needed alone.

    ``kind`` is ``percent`` (the value is a fraction), ``money``, ``compact`` or ``number``.
    """
    if value is None or moneys.is_missing(value):
        return moneys.MISSING
    formats = {
        "percent": moneys.percent,
        "money": moneys.rupees,
        "compact": moneys.compact,
        "number": number,
    }
    text = formats[kind](value)
    if not any("1" <= character <= "9" for character in text):
        return text  # nothing left after rounding: neither gain nor loss
    if text.startswith(moneys.MINUS):
        return format_html('<span class="delta delta-down"><span aria-hidden="true">▼</span> {}</span>', text)
    return format_html('<span class="delta delta-up"><span aria-hidden="true">▲</span> +{}</span>', text)


@register.filter
def day(value: date | datetime | None) -> str:
    """``21 Nov 2026``. An instant is shown as its day in India."""
    if isinstance(value, datetime):
        value = dates.ist_date(value)
    return dates.format_date(value or None)


@register.filter
def instant(value: datetime | None) -> str:
    """``21 Nov 2026, 18:30 IST``."""
    return dates.format_instant(value or None)


@register.filter
def as_of(value: date | datetime | None) -> str:
    """``As of 21 Nov 2026``: the line that stands beside every valuation."""
    return f"As of {instant(value) if isinstance(value, datetime) else day(value)}"


@register.filter
def missing(value: Any, reason: str = "") -> Any:
    """The value, or an em dash with the reason in a badge: ``{{ price|money|missing:"stale price" }}``."""
    if not (value is None or value in ("", moneys.MISSING)):
        return value
    if not reason:
        return moneys.MISSING
    return format_html(
        '<span class="missing">{}</span> <span class="tag tag-warning">{}</span>', moneys.MISSING, reason
    )


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """An icon of the sprite. Without a label it is decoration and hidden from screen readers."""
    reference = f"{static('img/icons.svg')}#{name}"
    if label:
        return format_html(
            '<svg class="wh-icon" role="img" aria-label="{}"><use href="{}"/></svg>', label, reference
        )
    return format_html(
        '<svg class="wh-icon" aria-hidden="true" focusable="false"><use href="{}"/></svg>', reference
    )


@register.simple_tag
def sparkline(values: Iterable[Number], label: str) -> str:
    """A line of about 100 by 24 px drawn by the server; gaps stay gaps. Fewer than two values: an em dash.

    ``label`` is the sentence that says what the line shows.
    """
    points = [None if value is None or moneys.is_missing(value) else float(value) for value in values]
    known = [value for value in points if value is not None]
    if len(known) < 2:
        return moneys.MISSING
    path = _spark_path(points, low=min(known), high=max(known))
    return format_html(
        '<svg class="sparkline" role="img" aria-label="{}" viewBox="0 0 {} {}" width="{}" height="{}">'
        '<path d="{}" fill="none" stroke="currentColor" stroke-width="1.5" stroke-linejoin="round" '
        'stroke-linecap="round" vector-effect="non-scaling-stroke"/></svg>',
        label,
        SPARK_WIDTH,
        SPARK_HEIGHT,
        SPARK_WIDTH,
        SPARK_HEIGHT,
        path,
    )


@register.simple_tag
def share_bar(fraction: Number, label: str = "") -> str:
    """A share of a whole as a bar, its per cent in words. Cut off beyond 0 and 1; missing is an em dash."""
    if fraction is None or moneys.is_missing(fraction):
        return moneys.MISSING
    text = label or moneys.percent(fraction, 1)
    width = min(max(float(fraction), 0.0), 1.0) * 100
    return format_html(
        '<svg class="share-bar" role="img" aria-label="{}" viewBox="0 0 100 6" preserveAspectRatio="none">'
        '<rect class="share-bar-track" width="100" height="6" rx="1"/>'
        '<rect class="share-bar-fill" width="{}" height="6" rx="1"/></svg>',
        text,
        f"{width:.2f}",
    )


@register.inclusion_tag("components/chips.html")
def chip_links(chips: Sequence[Any], clear_url: str = "?") -> dict[str, Any]:
    """The applied filters of ``wealthhub.web.applied_filters``, each with a link that takes it away."""
    return {"chips": chips, "clear_url": clear_url}


@register.inclusion_tag("components/sort_link.html", takes_context=True)
def sort_link(context: Context, label: str, field: str, param: str = "sort") -> dict[str, Any]:
    """The inside of a ``<th>``: sorts by ``field``, or the other way round where it already does.

    Other query parameters stay; the page number goes, since another order is another first page.
    """
    query = context["request"].GET.copy()
    current = query.get(param, "")
    direction = {field: "ascending", f"-{field}": "descending"}.get(current, "")
    query[param] = f"-{field}" if direction == "ascending" else field
    query.pop("page", None)
    return {"label": label, "href": f"?{query.urlencode()}", "direction": direction}


@register.simple_tag(takes_context=True)
def aria_sort(context: Context, field: str, param: str = "sort") -> str:
    """The ``aria-sort`` attribute of a sorted column's ``<th>``; nothing for the others."""
    query: QueryDict = context["request"].GET
    direction = {field: "ascending", f"-{field}": "descending"}.get(query.get(param, ""))
    return format_html('aria-sort="{}"', direction) if direction else ""


@register.inclusion_tag("forms/field.html", name="field")
def render_field(bound: BoundField) -> dict[str, Any]:
    """One form field with its label, help and errors, linked for screen readers."""
    return {"field": bound}


@register.simple_tag
def widget(bound: BoundField) -> SafeString:
    """The field's own control in our look, linked by Django to its help and errors."""
    kind = getattr(bound.field.widget, "input_type", "textarea")
    look = {
        "checkbox": "form-check-input",
        "radio": "",
        "select": "form-select",
        "hidden": "",
        "range": "form-range",
    }.get(kind, "form-control")
    if bound.widget_type in ("checkboxselectmultiple", "radioselect"):
        look = ""
    classes = [bound.field.widget.attrs.get("class", ""), look, "is-invalid" if bound.errors else ""]
    joined = " ".join(filter(None, classes))
    parts = getattr(bound.field.widget, "suffixes", ())
    for part, control in zip(parts, getattr(bound.field.widget, "widgets", ()), strict=False):
        control.attrs.setdefault("aria-label", f"{bound.label}, {BOUNDS.get(part, part)}")
    return bound.as_widget(attrs={"class": joined} if joined else {})


@register.filter
def error_sentences(errors: Mapping[str, Iterable[str]]) -> str:
    """All messages of a form's errors in one line."""
    return " ".join(str(message) for messages in errors.values() for message in messages)


# --- The frame: pages, tables, links ---------------------------------------------------------------------


class CaptureNode(template.Node):
    """Renders its inside into a variable."""

    def __init__(self, nodelist: template.NodeList, name: str) -> None:
        self.nodelist, self.name = nodelist, name

    def render(self, context: Context) -> str:
        """Nothing in place; the text is in the variable, without the white space around it."""
        context[self.name] = mark_safe(self.nodelist.render(context).strip())  # noqa: S308 - rendered, so escaped
        return ""


@register.tag
def capture(parser: Parser, token: Token) -> CaptureNode:
    """``{% capture as name %}…{% endcapture %}``: a block shown twice, or only if it is filled."""
    bits = token.split_contents()
    if len(bits) != 3 or bits[1] != "as":
        raise template.TemplateSyntaxError("Write {% capture as name %}.")
    nodelist = parser.parse(("endcapture",))
    parser.delete_first_token()
    return CaptureNode(nodelist, bits[2])


@register.filter
def initials(user: object) -> str:
    """``AS`` for Asha Sharma: first and last word of the name."""
    words = str(user).split()
    return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper()


@register.filter
def moment(value: date | datetime | None) -> str:
    """A day as a day and an instant as an instant."""
    return instant(value) if isinstance(value, datetime) else day(value)


@register.filter
def page_numbers(page: Page) -> Iterator[int | str]:
    """The page's neighbours, both ends, and ``…`` for what is left out."""
    return page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1)


@register.inclusion_tag("components/page_link.html", takes_context=True)
def page_link(
    context: Context, number: int, param: str, target: str = "", *, icon: str = "", label: str = ""
) -> dict[str, Any]:
    """A link to another page of the same list, under the same filter and order."""
    query = context["request"].GET.copy()
    query[param] = str(number)
    href = f"?{query.urlencode()}"
    return {"href": href, "number": number, "target": target, "icon": icon, "label": label}


@register.simple_tag(takes_context=True)
def sort_url(context: Context, table: Any, column: Any) -> str:
    """The same list sorted by ``column``, or the other way round where it already is, from its first page."""
    query = context["request"].GET.copy()
    query[table.prefixed_order_by_field] = column.order_by_alias.next
    query.pop(table.prefixed_page_field, None)
    return f"?{query.urlencode()}"


def _spark_path(points: Sequence[float | None], *, low: float, high: float) -> str:
    """SVG path data; a flat line runs through the middle, a gap starts a new stroke."""
    span, step = high - low, (SPARK_WIDTH - 2 * SPARK_PAD) / (len(points) - 1)
    drawn = SPARK_HEIGHT - 2 * SPARK_PAD
    commands, pen_down = [], False
    for index, value in enumerate(points):
        if value is not None:
            share = (value - low) / span if span else 0.5
            x, y = SPARK_PAD + index * step, SPARK_PAD + (1 - share) * drawn
            commands.append(f"{'L' if pen_down else 'M'}{x:.1f} {y:.1f}")
        pen_down = value is not None
    return "".join(commands)
