"""Files made to break the import, and files broken by accident."""

import io
import json

import pytest
from django.test import SimpleTestCase
from openpyxl import Workbook

from wealthhub.errors import DomainError
from wealthhub.imports import cards, services
from wealthhub.imports.columns import Day, Fault
from wealthhub.imports.readers import FileRefused, open_table
from wealthhub.imports.tests.books import HEADER, ImportsTestCase, line

VISA = "4111111111111111"
DEVANAGARI = "".join(chr(0x966 + int(digit)) for digit in VISA)


def workbook(rows, *, far=None):
    """The rows as XLSX; ``far`` is a (row, column) that also has a cell."""
    book = Workbook()
    for row in rows:
        book.active.append(row)
    if far:
        book.active.cell(*far, value="x")
    data = io.BytesIO()
    book.save(data)
    return data.getvalue()


class CardNumberTests(SimpleTestCase):
    def test_digits_of_any_script_are_seen(self):
        assert cards.card_numbers(f"pay {DEVANAGARI}") == [DEVANAGARI]
        assert cards.blot(DEVANAGARI.encode()) == (b"X" * 16, 1)

    def test_expiry_and_code_behind_a_card_do_not_hide_it(self):
        assert cards.card_numbers(f"{VISA} 12/27 123") == [VISA]
        assert cards.mask("4111 1111 1111 1111 2027") == "XXXX XXXX XXXX 1111 2027"

    def test_no_break_spaces_double_spaces_and_en_dashes_may_stand_between(self):
        for between in ("\u00a0", "  ", "\u2013"):
            assert cards.card_numbers(between.join(["4111", "1111", "1111", "1111"])), repr(between)

    def test_an_escaped_digit_in_json_is_crossed_out(self):
        assert cards.blot(b'"\\u0034' + VISA[1:].encode() + b'"', escapes=True) == (
            b'"' + b"X" * 16 + b'"',
            1,
        )
        assert cards.blot(b'"\\\\u0034"', escapes=True) == (b'"\\\\u0034"', 0)


class ReadingTests(SimpleTestCase):
    def read(self, data, name):
        table = open_table(io.BytesIO(data), filename=name)
        return [row for batch in table.batches() for row in batch.cells]

    def test_a_quote_that_is_never_closed_is_told_with_its_line(self):
        with pytest.raises(FileRefused) as refused:
            self.read(b'a,b\n1,2\n3,"4\n5,6\n', "x.csv")
        assert (refused.value.code, refused.value.details["line"]) == ("broken_row", 3)

    def test_an_open_quote_of_the_first_row_names_the_second_line(self):
        with pytest.raises(FileRefused) as refused:
            self.read(b'a,b\n1,"2\n3,4\n', "x.csv")
        assert refused.value.details["line"] == 2

    def test_a_file_without_a_last_line_break_is_whole(self):
        assert self.read(b'a,b\n1,"2"', "x.csv") == [("1", "2")]

    def test_a_first_line_without_end_is_refused(self):
        with pytest.raises(FileRefused) as refused:
            self.read(b"z" * 3_000_000, "x.csv")
        assert refused.value.code == "broken_row"

    def test_a_sheet_with_a_far_corner_is_refused_before_it_fills_the_memory(self):
        with pytest.raises(FileRefused) as refused:
            self.read(workbook([["a"], ["1"]], far=(1_048_576, 16_384)), "x.xlsx")
        assert refused.value.code == "too_large"

    def test_a_sheet_that_lies_about_its_size_is_refused(self):
        data = bytearray(workbook([["a"], ["1"]]))
        at = data.rindex(b"xl/worksheets/sheet1.xml") - 46
        data[at + 24 : at + 28] = (10).to_bytes(4, "little")
        with pytest.raises(FileRefused):
            self.read(bytes(data), "x.xlsx")

    def test_a_day_that_no_other_zone_has_is_no_date(self):
        for raw in ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"):
            answer = Day().convert(raw)
            assert isinstance(answer, Fault)
            assert answer.code == "not_a_date"


class BookTests(ImportsTestCase):
    def booked_as(self, content, name, **options):
        run = self.receive(content, **options)
        kept = run.file.name
        run.file.save(name, run.file.open("rb"))
        run.file.storage.delete(kept)
        run.filename = name
        run.save()
        services.execute(run.pk)
        run.refresh_from_db()
        return run

    def kept(self, run):
        with run.file.open("rb") as file:
            return file.read()

    def test_a_late_break_of_a_file_is_told_as_such(self):
        rows = [dict(zip(HEADER.split(","), line(n).split(","), strict=True)) for n in range(9000)]
        run = self.booked_as(json.dumps(rows)[:-2000].encode(), "book.json")
        assert (run.status, run.error_code) == ("failed", "broken_json")

    def test_a_row_nested_too_deeply_is_set_aside(self):
        row = dict(zip(HEADER.split(","), line(1).split(","), strict=True))
        deep = json.dumps(row)[:-1] + ',"z":' + "[" * 900 + "]" * 900 + "}"
        run = self.booked_as(f"[{json.dumps(row | {'sip_meta_id': '2'})},{deep}]".encode(), "book.json")
        assert (run.status, run.rows_created, run.rows_rejected) == ("succeeded", 1, 1)

    def test_a_refused_file_is_kept_without_its_card_numbers(self):
        run = self.booked_as(f"a,b\n1,{VISA}\n".encode(), "book.csv")
        assert run.error_code == "missing_column"
        assert self.kept(run) == b"a,b\n1,XXXXXXXXXXXXXXXX\n"

    def test_a_refused_file_that_cannot_be_read_is_not_kept(self):
        run = self.booked_as(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 3000, "book.xlsx")
        assert (run.error_code, bool(run.file)) == ("encrypted_file", False)
        with pytest.raises(DomainError) as refused:
            services.retry(run=run)
        assert refused.value.code == "file_gone"

    def test_a_card_number_as_a_header_refuses_the_file(self):
        run = self.booked_as(f"{HEADER},{VISA}\n{line(1)},x\n".encode(), "book.csv")
        assert run.error_code == "card_number"
        assert VISA.encode() not in self.kept(run)
        assert VISA not in json.dumps(run.summary) + run.error_message

    def test_rejected_rows_of_a_cleaned_workbook_are_the_right_ones(self):
        header = [*HEADER.split(","), "goal_name"]
        rows = [
            header,
            [*line(1).split(","), "a\nb"],
            [],
            [*line(2).split(","), VISA],
            [*line(3).split(","), "c"],
        ]
        run = self.booked_as(workbook(rows), "book.xlsx")
        assert (run.rows_created, run.rows_rejected) == (2, 1)
        found = list(services.rejected_rows(run))
        assert [row[0] for row in found[1:]] == ["2"]
        assert found[1][-1] == "4"

    def test_rejected_rows_of_a_cleaned_two_byte_file_are_the_right_ones(self):
        rows = [
            dict(zip(HEADER.split(","), line(n).split(","), strict=True)) | {"goal_name": ""} for n in (1, 2)
        ]
        rows[1]["goal_name"] = VISA
        run = self.booked_as(json.dumps(rows).encode("utf-16"), "book.json")
        assert (run.rows_created, run.rows_rejected) == (1, 1)
        assert [row[0] for row in list(services.rejected_rows(run))[1:]] == ["2"]
        assert VISA.encode() not in self.kept(run)

    def test_a_checked_workbook_can_be_booked_after_its_cards_were_crossed_out(self):
        rows = [[*HEADER.split(","), "goal_name"], [*line(1).split(","), "a"], [*line(2).split(","), VISA]]
        checked = self.booked_as(workbook(rows), "book.xlsx", dry_run=True)
        run = services.book_checked(run=checked, user=self.admin)
        services.execute(run.pk)
        run.refresh_from_db()
        assert (run.status, run.error_code) == ("succeeded", "")
