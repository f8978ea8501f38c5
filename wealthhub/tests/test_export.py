"""A list as a file: exactly its rows, values a spreadsheet can calculate with, nothing it would run."""

import csv
import io
import tracemalloc
from datetime import UTC, date, datetime
from decimal import Decimal

import openpyxl
import pytest
from django.test import RequestFactory
from django.utils.html import format_html

from wealthhub import tables, web
from wealthhub.accounts.models import Firm, User
from wealthhub.errors import Invalid
from wealthhub.reporting import export
from wealthhub.tests.sample_site import ROWS, TOTALS, HoldingTable


class EverythingTable(tables.Table):
    text = tables.django_tables2.Column()
    link = tables.django_tables2.Column(verbose_name="Client")
    at = tables.InstantColumn()
    hidden = tables.django_tables2.Column(visible=False)
    action = tables.django_tables2.Column(exclude_from_export=True)
    amount = tables.MoneyColumn()
    count = tables.NumberColumn()

    def render_link(self, value):
        return format_html('<a href="/x/">{}</a>', value)


class FirmTable(tables.Table):
    name = tables.django_tables2.Column()


ROW = {
    "text": "a, “b”",
    "link": "Rao & Sons",
    "at": datetime(2026, 11, 21, 13, 0, tzinfo=UTC),
    "hidden": "secret",
    "action": "button",
    "amount": Decimal("1234567.50"),
    "count": 7,
}


def read_csv(table) -> list[list[str]]:
    text = b"".join(export.csv_chunks(table)).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline="")))


def read_xlsx(table, about=None):
    file = io.BytesIO()
    export.write_xlsx(table, file, about=about or {})
    return openpyxl.load_workbook(file)


def test_csv_has_the_pages_columns_with_bare_values():
    assert read_csv(EverythingTable([ROW])) == [
        ["Text", "Client", "At", "Amount", "Count"],
        ["a, “b”", "Rao & Sons", "2026-11-21T18:30:00+05:30", "1234567.50", "7"],
    ]


def test_csv_opens_in_excel_as_utf8():
    assert next(export.csv_chunks(EverythingTable([ROW]))).startswith(b"\xef\xbb\xbf")


def test_missing_values_are_empty_cells_and_never_zero():
    empty = dict.fromkeys(ROW)
    assert read_csv(EverythingTable([empty]))[1] == ["", "", "", "", ""]
    assert {cell.value for cell in read_xlsx(EverythingTable([empty]))["Rows"][2]} == {None}


def test_xlsx_has_numbers_dates_and_text_as_what_they_are():
    book = read_xlsx(HoldingTable(ROWS, totals=TOTALS), about={"As of": "21 Aug 2026", "Status": "new"})
    header, first, *_, last = book["Rows"].iter_rows(values_only=True)
    assert header == ("Holding", "Class", "Units", "Value (INR)", "Return", "Share", "Priced on", "Status")
    assert first == (
        "Parag Parikh Flexi Cap",
        "Equity fund",
        1842.511,
        155196.53,
        0.1842,
        0.1683,
        datetime(2026, 8, 21),
        "ok",
    )
    assert last[0] == "=Quant Small Cap"
    assert book["Rows"]["A4"].data_type == "s"
    assert book["Rows"]["E2"].number_format == "0.00%"
    assert "##\\,##\\,##0.00" in book["Rows"]["D2"].number_format
    assert list(book["About"].iter_rows(values_only=True)) == [
        ("As of", "21 Aug 2026"),
        ("Status", "new"),
    ]


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("=1+1", "'=1+1"),
        ("+91 98765", "'+91 98765"),
        ("-cmd|' /C calc'!A0", "'-cmd|' /C calc'!A0"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("  =1", "'  =1"),
        ("＝1", "'＝1"),
        ("-12.50", "-12.50"),
        ("+919876543210", "+919876543210"),
        ("Asha", "Asha"),
        ("a=b", "a=b"),
        ("", ""),
    ],
)
def test_text_is_never_a_formula(text, safe):
    assert export.disarm(text) == safe
    assert read_csv(EverythingTable([{**ROW, "text": text}]))[1][0] == safe


def test_long_identifiers_keep_all_their_digits_in_excel():
    sheet = read_xlsx(EverythingTable([{**ROW, "count": 12345678901234567890}]))["Rows"]
    assert sheet["E2"].value == "12345678901234567890"


def test_averages_with_many_decimals_stay_numbers():
    sheet = read_xlsx(EverythingTable([{**ROW, "amount": Decimal("123.4567890123456789")}]))["Rows"]
    assert sheet["D2"].value == pytest.approx(123.456789)


def test_the_file_has_all_rows_in_the_order_of_the_page_and_not_one_page_of_them():
    request = RequestFactory().get("/", {"export": "csv", "sort": "-value", "page": "2"})
    response = web.export_response(request, HoldingTable(ROWS * 40), name="my holdings")
    lines = b"".join(response.streaming_content).decode("utf-8-sig").splitlines()
    assert len(lines) == 121
    assert [line.split(",")[0] for line in lines[40:42]] == ["Parag Parikh Flexi Cap", "Infosys"]
    assert response["Content-Disposition"].startswith('attachment; filename="my-holdings-20')
    assert response["Content-Type"] == "text/csv; charset=utf-8"


def test_excel_is_a_download_too():
    request = RequestFactory().get("/", {"export": "xlsx"})
    response = web.export_response(request, HoldingTable(ROWS), name="holdings", about={"Filter": "none"})
    book = openpyxl.load_workbook(io.BytesIO(b"".join(response.streaming_content)))
    assert book.sheetnames == ["Rows", "About"]
    assert book["Rows"].max_row == 4


def test_the_page_itself_is_no_export_and_another_format_is_refused():
    assert web.export_response(RequestFactory().get("/"), HoldingTable(ROWS), name="x") is None
    with pytest.raises(Invalid, match="csv or xlsx"):
        web.export_response(RequestFactory().get("/", {"export": "pdf"}), HoldingTable(ROWS), name="x")


def test_more_rows_than_a_sheet_holds_are_refused_before_anything_is_written():
    class Many(list):
        def __len__(self):
            return 1_048_576

    table = HoldingTable(ROWS)
    table.data.data = Many()
    file = io.BytesIO()
    with pytest.raises(Invalid) as refusal:
        export.write_xlsx(table, file, about={})
    assert refusal.value.code == "too_many_rows"
    assert file.getvalue() == b""


class RowsOnDemand:
    """Rows that exist only while they are read."""

    def __init__(self, count: int):
        self.count = count

    def __len__(self):
        return self.count

    def __iter__(self):
        return ({**ROW, "count": number} for number in range(self.count))


def peak_bytes(count: int) -> int:
    table = EverythingTable([])
    table.data.data = RowsOnDemand(count)
    tracemalloc.start()
    for _ in export.csv_chunks(table):
        pass
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def test_rows_are_let_go_once_they_are_written():
    assert peak_bytes(5_000) < 1_500_000  # held, they would be some 5 MB


class UserTable(tables.Table):
    username = tables.django_tables2.Column()
    role = tables.BadgeColumn(tones={})
    firm = tables.django_tables2.Column(accessor="firm__name")
    kind = tables.django_tables2.Column(accessor="firm__kind")
    name = tables.django_tables2.Column(accessor="get_full_name")
    staff = tables.django_tables2.BooleanColumn(accessor="is_staff")
    rank = tables.NumberColumn(accessor="pk")

    def render_username(self, value, record, bound_row):
        return format_html("<b>{}</b> {}", value, record.first_name)

    def value_rank(self, value, table):
        return -1


def test_every_way_to_name_a_value_gives_what_the_table_library_gives():
    users = [
        User(
            username="asha",
            first_name="Asha",
            last_name="R",
            role="advisor",
            firm=Firm(name="S", kind="adviser"),
            pk=1,
        ),
        User(username="root", role="admin", pk=2),
    ]
    table = UserTable(users)
    assert list(export.values(table, export.exported_columns(table))) == [
        ["asha Asha", "Advisor", "S", "Investment adviser", "Asha R", "False", -1],
        ["root", "Administrator", None, None, None, "False", -1],
    ]
    columns = export.exported_columns(table)
    theirs = [[export._bare(row.get_cell_value(column.name)) for column in columns] for row in table.rows]
    assert list(export.values(table, columns)) == theirs


@pytest.mark.django_db
def test_a_queryset_is_exported_whole_sorted_and_without_filling_its_cache():
    Firm.objects.bulk_create(Firm(name=f"Firm {number:04}", slug=f"firm-{number}") for number in range(2_500))
    table = FirmTable(Firm.objects.filter(slug__startswith="firm-"), order_by="-name")
    lines = read_csv(table)
    assert lines[0] == ["Name"]
    assert [lines[1], lines[-1], len(lines)] == [["Firm 2499"], ["Firm 0000"], 2_501]
    assert table.data.data._result_cache is None


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("SIP book", "SIP-book"),
        ('a"; filename=evil', "a-filename-evil"),
        ("../../etc", "etc"),
        ("—", "export"),
    ],
)
def test_a_file_name_cannot_break_out_of_its_header(name, safe):
    response = export.csv_response(HoldingTable(ROWS), name=name)
    assert response["Content-Disposition"] == f'attachment; filename="{safe}.csv"'


def test_a_day_column_shows_the_day_in_india():
    column = tables.DayColumn()
    assert column.render(datetime(2026, 11, 20, 20, 0, tzinfo=UTC)) == "21 Nov 2026"
    assert column.value(date(2026, 11, 20)) == date(2026, 11, 20)
