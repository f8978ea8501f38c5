"""How values and components look in HTML."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.core.paginator import Paginator
from django.template import Context, Template, TemplateSyntaxError
from django.template.loader import render_to_string
from django.test import RequestFactory

from wealthhub.tests.sample_site import ROWS, TOTALS, HoldingTable, SampleForm


def shown(source: str, **context: object) -> str:
    return Template(source).render(Context(context)).strip()


@pytest.mark.parametrize(
    ("source", "value", "text"),
    [
        ("{{ v|money }}", Decimal("1234567.5"), "₹12,34,567.50"),
        ('{{ v|money:"USD" }}', Decimal("1234567.5"), "US$1,234,567.50"),
        ("{{ v|money:0 }}", 5500, "₹5,500"),
        ("{{ v|money_compact }}", 45700000, "₹4.57\N{NO-BREAK SPACE}Cr"),
        ("{{ v|percent }}", Decimal("0.1384"), "13.84%"),
        ("{{ v|percent:1 }}", Decimal("0.1384"), "13.8%"),
        ("{{ v|number }}", 1234567, "12,34,567"),
        ("{{ v|number }}", Decimal("1842.511"), "1,842.511"),
        ("{{ v|number:1 }}", 7.25, "7.3"),
        ("{{ v|day }}", date(2026, 11, 21), "21 Nov 2026"),
        ("{{ v|day }}", datetime(2026, 11, 20, 20, 0, tzinfo=UTC), "21 Nov 2026"),
        ("{{ v|instant }}", datetime(2026, 11, 21, 13, 0, tzinfo=UTC), "21 Nov 2026, 18:30 IST"),
        ("{{ v|as_of }}", date(2026, 11, 21), "As of 21 Nov 2026"),
        ("{{ v|moment }}", datetime(2026, 11, 21, 13, 0, tzinfo=UTC), "21 Nov 2026, 18:30 IST"),
        ("{{ v|initials }}", "Asha Rani Sharma", "AS"),
        ("{{ v|initials }}", "asha", "A"),
    ],
)
def test_values_are_shown_the_indian_way(source, value, text):
    assert shown(source, v=value) == text


@pytest.mark.parametrize(
    "name", ["money", "money_compact", "percent", "number", "delta", "day", "instant", "missing", "moment"]
)
def test_what_is_missing_is_an_em_dash(name):
    assert shown("{{ v|" + name + " }}", v=None) == "—"
    assert shown("{{ no_such_variable|" + name + " }}") == "—"


def test_a_reason_stands_beside_a_missing_number_and_only_there():
    assert "stale price" in shown('{{ v|money|missing:"stale price" }}', v=None)
    assert shown('{{ v|money|missing:"stale price" }}', v=5) == "₹5.00"
    assert shown("{{ v|missing }}", v=0) == "0"


@pytest.mark.parametrize(
    ("value", "kind", "arrow", "text"),
    [
        (Decimal("0.1842"), "percent", "▲", "+18.42%"),
        (Decimal("-0.0487"), "percent", "▼", "−4.87%"),
        (-2500, "money", "▼", "−₹2,500.00"),
        (Decimal("0.00001"), "percent", "", "0.00%"),
        (0, "compact", "", "₹0"),
    ],
)
def test_gain_and_loss_differ_by_arrow_and_sign_and_not_by_colour_alone(value, kind, arrow, text):
    html = shown("{{ v|delta:kind }}", v=value, kind=kind)
    assert text in html
    assert [mark for mark in "▲▼" if mark in html] == list(arrow)


def test_text_from_outside_is_escaped():
    evil = "<script>alert(1)</script>"
    for source in (
        '{{ "x"|missing }}{{ v|missing }}',
        "{{ n|missing:v }}",
        "{% sparkline points v %}",
        "{% share_bar 0.5 v %}",
        '{% include "components/kpi.html" with label=v value=v %}',
        '{% include "components/empty.html" with title=v %}',
        "{% capture as c %}{{ v }}{% endcapture %}{{ c }}",
    ):
        html = shown(source, v=evil, n=None, points=[1, 2])
        assert "<script" not in html
        assert "&lt;script" in html


def test_an_icon_is_decoration_unless_it_has_a_name():
    assert 'aria-hidden="true"' in shown('{% icon "x" %}')
    assert 'role="img" aria-label="Close"' in shown('{% icon "x" "Close" %}')


def test_a_sparkline_keeps_its_gaps_and_needs_two_points():
    html = shown('{% sparkline v "Rising" %}', v=[0, None, 5, 10])
    assert 'd="M2.0 22.0M63.3 12.0L94.0 2.0"' in html
    assert 'aria-label="Rising"' in html
    assert "12.0" in shown('{% sparkline v "Flat" %}', v=[3, 3])
    assert shown('{% sparkline v "One" %}', v=[1, None]) == "—"


@pytest.mark.parametrize(("share", "width"), [(Decimal("0.25"), "25.00"), (1.7, "100.00"), (-1, "0.00")])
def test_a_share_bar_stays_inside_its_track(share, width):
    html = shown("{% share_bar v %}", v=share)
    assert f'class="share-bar-fill" width="{width}"' in html
    assert shown("{% share_bar v %}", v=None) == "—"


def test_capture_needs_its_name():
    with pytest.raises(TemplateSyntaxError):
        Template("{% capture %}x{% endcapture %}")
    assert shown("{% capture as c %}\n  x\n{% endcapture %}[{{ c }}]") == "[x]"


def test_a_sort_link_turns_round_and_keeps_the_filter():
    request = RequestFactory().get("/", {"sort": "name", "status": "new", "page": "3"})
    html = shown(
        '{% sort_link "Name" "name" %}|{% aria_sort "name" %}|{% aria_sort "other" %}', request=request
    )
    assert 'href="?sort=-name&amp;status=new"' in html
    assert html.endswith('|aria-sort="ascending"|')


def test_page_links_keep_the_filter_and_the_sort():
    request = RequestFactory().get("/", {"sort": "-name", "page": "4"})
    page = Paginator(range(1000), 50).get_page(4)
    html = render_to_string("components/pagination.html", {"page": page, "target": "#results"}, request)
    assert 'href="?sort=-name&amp;page=5"' in html
    assert 'hx-target="#results"' in html
    assert '<span aria-current="page">4</span>' in html
    assert "151–200 of 1,000" in html


def test_a_table_has_scopes_sort_state_row_headers_and_the_total_of_the_filter():
    request = RequestFactory().get("/", {"sort": "-value"})
    table = HoldingTable(ROWS, totals=TOTALS, order_by="-value")
    html = render_to_string("components/table.html", {"table": table, "id": "rows", "export": True}, request)
    assert '<th scope="row" >Parag Parikh Flexi Cap</th>' in html
    assert 'aria-sort="descending"' in html
    assert "3,77,221.52" in html
    assert '<caption class="visually-hidden">Holdings</caption>' in html
    assert 'href="?sort=-value&amp;export=csv"' in html
    assert "1,842.511" in html


def test_a_secondary_column_is_marked_in_head_body_and_foot():
    html = render_to_string(
        "django_tables2/wealthhub.html",
        {"table": HoldingTable(ROWS, totals=TOTALS)},
        RequestFactory().get("/"),
    )
    assert html.count("secondary") == 2 * (1 + len(ROWS) + 1)
    assert 'class="num"' in html


def test_a_table_without_rows_says_so():
    request = RequestFactory().get("/")
    html = render_to_string("components/table.html", {"table": HoldingTable([]), "id": "rows"}, request)
    assert "Nothing matches" in html
    assert "<table" not in html


def test_a_field_is_linked_to_its_label_help_and_error():
    html = shown("{% field form.reason %}", form=SampleForm({"reason": "x" * 30}))
    assert 'for="id_reason"' in html
    assert 'aria-describedby="id_reason_helptext id_reason_error"' in html
    assert 'aria-invalid="true"' in html
    assert "at most 20 characters" in html
    assert html.count("id_reason_error") == 2


def test_a_whole_form_is_drawn_in_the_house_look():
    html = str(SampleForm())
    assert 'class="form-control"' in html
    assert 'class="form-check-input"' in html
    assert "<fieldset" in html


@pytest.mark.parametrize(
    ("component", "context", "text"),
    [
        ("badge", {"text": "New"}, "tag-neutral"),
        ("figure", {"id": "f", "chart": {"data": []}, "title": "Flows", "label": "x"}, "Nothing to draw yet"),
        ("figure", {"id": "f", "chart": {"data": ["</script>"]}, "title": "F"}, "\\u003C/script"),
        ("progress", {"label": "Reading", "value": 12.5, "max": 50}, '<progress value="12.5" max="50"'),
        ("progress", {"label": "Reading"}, '<progress aria-label="Reading"></progress>'),
        ("timeline", {"items": []}, "Nothing has happened yet"),
        ("timeline", {"items": [{"at": date(2026, 8, 21), "title": "Called"}]}, "21 Aug 2026"),
        ("definition_list", {"rows": [("Benchmark", None)]}, "<dd>—</dd>"),
        ("explain", {"explanation": {"formula": "a ÷ b", "as_of": date(2026, 8, 21)}}, "As of 21 Aug 2026"),
        ("confirm", {"question": "Sure?", "button": "Do", "action": "/", "cancel_url": "/"}, 'method="post"'),
        ("chips", {"chips": []}, ""),
        ("kpi", {"label": "Value", "value": "₹5.00", "href": "/rows/"}, 'href="/rows/"'),
        ("copy", {"text": "wh_1", "label": "Copy"}, 'data-copy="wh_1"'),
    ],
)  # fmt: skip
def test_every_component_stands_alone(component, context, text):
    assert text in render_to_string(f"components/{component}.html", context)
