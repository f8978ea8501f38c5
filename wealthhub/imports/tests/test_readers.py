import io
import json
import zipfile
from datetime import datetime

import pytest
import xlsxwriter

from wealthhub.imports import readers, records
from wealthhub.imports.readers import FileRefused, open_table


def read(data, name="book.csv", path=None):
    table = open_table(io.BytesIO(data), filename=name, path=path)
    batches = list(table.batches())
    cells = [row for batch in batches for row in batch.cells]
    lines = [line for batch in batches for line in batch.lines]
    broken = [row for batch in batches for row in batch.broken]
    return table, cells, lines, broken


def refusal(data, name="book.csv"):
    with pytest.raises(FileRefused) as caught:
        read(data, name)
    return caught.value.code


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_any_delimiter(mark):
    table, cells, lines, _ = read(f"a{mark}b\n1{mark}2\n".encode())
    assert (table.header, table.delimiter, cells, lines) == (("a", "b"), mark, [("1", "2")], [2])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
def test_any_encoding(encoding):
    _, cells, _, _ = read("näme,b\nçé,2\n".encode(encoding))
    assert cells == [("çé", "2")]


def test_lines_are_those_of_the_file_through_quoted_newlines_and_blank_lines():
    _, cells, lines, broken = read(b'a,b\n"x\ny",1\n\n2,3\n4\n5,6\n')
    assert cells == [("x\ny", "1"), ("2", "3"), ("5", "6")]
    assert lines == [2, 5, 7]
    assert [(row.line, row.raw) for row in broken] == [(6, ["4"])]


def test_bytes_that_are_not_utf8_stay_in_their_row():
    data = b"a,b\n" + b"x,1\n" * 400_000 + b"\xff,2\n"
    _, cells, _, _ = read(data)
    assert len(cells) == 400_001
    assert cells[-1] == ("\udcff", "2")


def test_json_arrays_are_read_in_pieces(monkeypatch):
    monkeypatch.setattr(records, "BYTES_PER_READ", 64)
    monkeypatch.setattr(records._Source.read, "__defaults__", (64,))
    rows = [{"a": f"{n}}}, {{", "b": '"[{'} for n in range(50)]
    _, cells, lines, _ = read(json.dumps(rows).encode(), "book.json")
    assert cells == [(row["a"], row["b"]) for row in rows]
    assert lines == list(range(1, 51))


def test_json_values_read_as_a_csv_would_hold_them():
    data = json.dumps([{"a": 1, "b": True, "c": None, "d": 5500.5, "e": ["x", "y"]}]).encode()
    assert read(data, "book.json")[1] == [("1", "true", "", "5500.5", "[x, y]")]


def test_json_rows_may_lack_keys_and_be_no_objects():
    _, cells, lines, broken = read(b'[{"a":"1","b":"2"},{"b":"3"},7]', "x.json")
    assert cells == [("1", "2"), ("", "3")]
    assert lines == [1, 2]
    assert [row.line for row in broken] == [3]


def test_an_empty_array_has_no_rows():
    assert read(b"[]", "x.json")[1] == []


def test_json_lines():
    _, cells, _, broken = read(b'{"a":"1"}\n{"a":"2"}\nnot json\n', "x.jsonl")
    assert cells == [("1",), ("2",)]
    assert len(broken) == 1


def test_nested_json_by_a_path():
    data = json.dumps(
        {
            "total": 1,
            "results": [
                {"user_id": "u1", "details": {"name": "Asha"}, "holdings": [{"fund": "A"}, {"fund": "B"}]},
                {"user_id": "u2", "details": {"name": "Arun"}, "holdings": []},
            ],
        }
    ).encode()
    table, cells, _, _ = read(data, "x.json", path="results.item.holdings.item")
    assert table.header == ("user_id", "details.name", "fund")
    assert cells == [("u1", "Asha", "A"), ("u1", "Asha", "B")]


def test_two_byte_json():
    assert read('[{"a":"é"}]'.encode("utf-16"), "x.json")[1] == [("é",)]


def workbook(write):
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True}) as book:
        write(book, book.add_worksheet())
    return file.getvalue()


def test_workbooks_and_their_dates_and_formulas():
    def write(book, sheet):
        sheet.write_row(0, 0, ["id", "on", "amount", "sum"])
        sheet.write_row(1, 0, ["x1"])
        sheet.write_datetime(1, 1, datetime(2026, 1, 12), book.add_format({"num_format": "dd/mm/yyyy"}))
        sheet.write_number(1, 2, 5500)
        sheet.write_formula(1, 3, "=1+1", None, 2)

    table, cells, lines, _ = read(workbook(write), "book.xlsx")
    assert table.format == "xlsx"
    assert cells == [("x1", "2026-01-12", "5500", "2")]
    assert lines == [2]


def test_files_that_are_not_what_they_claim_are_refused():
    book = workbook(lambda _, sheet: sheet.write(0, 0, "a"))
    assert refusal(book, "book.csv") == "wrong_file_type"
    assert refusal(b"a,b\n1,2\n", "book.xlsx") == "wrong_file_type"
    assert refusal(b"%PDF-1.7 ...", "book.csv") == "wrong_file_type"
    assert refusal(b"a,b\n1,2\n", "book.json") == "not_json"
    assert refusal(b'{\n "one": 1\n}', "book.json") == "not_json"


def test_a_zip_that_is_no_workbook_is_refused():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("hello.txt", "x")
    assert refusal(file.getvalue(), "book.xlsx") == "wrong_file_type"


def test_a_zip_bomb_is_refused_unopened():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"\0" * (80 << 20))
    assert len(file.getvalue()) < 200_000
    assert refusal(file.getvalue(), "book.xlsx") == "zip_bomb"


def test_an_encrypted_workbook_is_told_so():
    assert refusal(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "book.xlsx") == "encrypted_file"


def test_empty_and_binary_and_broken_files_are_refused():
    assert refusal(b"") == "empty_file"
    assert refusal(b"\xef\xbb\xbf \n") == "empty_file"
    assert refusal(b"ab\0\0\0" * 100) == "not_text"
    assert refusal(b'[{"a":"1"},{"a":', "x.json") == "broken_json"
    assert refusal(b'[{"a":"1"} {"a":"2"}]', "x.json") == "broken_json"


def test_cells_are_guarded_against_formulas_and_read_back():
    for cell in ("=1+1", "@SUM(A1)", "-cmd", "+x"):
        assert readers.guarded(cell) == "'" + cell
        assert readers.unguarded(readers.guarded(cell)) == cell
    assert readers.guarded("-5,000") == "-5,000"
