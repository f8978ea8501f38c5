import csv
import io
import json
from datetime import timedelta
from decimal import Decimal
from unittest import mock

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from wealthhub.clients.models import Advisor, AdvisorAssignment, Client, ClientIdentifier
from wealthhub.errors import DomainError
from wealthhub.imports import services, sources
from wealthhub.imports.models import ImportChange, ImportRun
from wealthhub.imports.undo import BuiltOn
from wealthhub.testing import WealthhubTestCase

VISA = "4111 1111 1111 1111"


def row(number="5,872", **changes):
    """One registration of the sample template, with changes."""
    columns = {column.name: column.sample for column in sources.get("sip").columns}
    return columns | {"sip_meta_id": number} | changes


class ImportTestCase(WealthhubTestCase):
    def take_in(self, rows, *, name="book.json", **options):
        data = rows if isinstance(rows, bytes) else json.dumps(rows).encode()
        run = services.receive_file(
            user=self.admin,
            firm=options.pop("firm", self.firm),
            source=sources.get("sip"),
            file=io.BytesIO(data),
            filename=name,
            queue=False,
            **options,
        )
        services.execute(run.pk)
        run.refresh_from_db()
        return run

    def counts(self, run):
        names = ("read", "created", "updated", "unchanged", "duplicate", "rejected")
        return tuple(getattr(run, f"rows_{name}") for name in names)

    def codes(self, run):
        return [(issue.line, issue.column, issue.code) for issue in run.issues.all()]

    @property
    def sips(self):
        return apps.get_model("opportunities", "Sip").objects.filter(firm=self.firm).order_by("sip_meta_id")


class BookingTests(ImportTestCase):
    def test_it_works(self):
        run = self.take_in([row()])
        assert run.status == "succeeded"
        assert self.counts(run) == (1, 1, 0, 0, 0, 0)
        sip = self.sips.get()
        assert sip.sip_meta_id == "5872"
        assert sip.monthly_amount == Decimal("11000.00")  # 5,500 on two days
        assert sip.success_amount == Decimal("270000.00")
        assert sip.scheme_names == ["Example Flexi Cap Fund (G)", "Example Midcap Fund (G)"]
        assert sip.sip_days == [5, 10]
        assert str(sip.latest_success_on) == "2026-01-15"
        assert sip.source_created_at.isoformat() == "2024-07-25T16:33:00+00:00"
        assert sip.created_run == run

    def test_people_are_made_once_and_known_before_they_sign_in(self):
        self.take_in([row("1"), row("2")])
        self.take_in([row("3")])
        client = Client.objects.get(identifiers__external_id=row()["user_id"])
        assert client.advisor.agent_id == "37784"
        assert client.advisor.agent_external_id == row()["agent_external_id"]
        assert client.advisor.user is None
        assert client.sips.count() == 3
        assert AdvisorAssignment.objects.filter(client=client, until=None).count() == 1

    def test_a_known_advisor_and_client_are_met_not_made(self):
        before = Advisor.objects.filter(firm=self.firm).count()
        self.take_in([row(user_id="asha-1", agent_external_id="ag_asha", agent_id="5,001", member_id="M1")])
        assert Advisor.objects.filter(firm=self.firm).count() == before
        assert self.sips.get().client == self.client_of_asha
        self.advisor_asha.refresh_from_db()
        assert self.advisor_asha.member_id == "M1"

    def test_a_client_follows_the_newest_registration_unless_a_person_decided(self):
        self.take_in([row("1")])
        client = self.sips.get().client
        self.take_in(
            [row("2", created_at="January 1, 2026, 9:00 AM", agent_external_id="ag_arun", agent_id="5,002")]
        )
        client.refresh_from_db()
        assert client.advisor == self.advisor_arun
        assert client.assignments.count() == 2
        client.assignments.filter(until=None).update(origin="person")
        self.take_in([row("3", created_at="January 2, 2026, 9:00 AM")])
        client.refresh_from_db()
        assert client.advisor == self.advisor_arun

    def test_an_older_registration_does_not_move_the_client(self):
        self.take_in([row("1")])
        client = self.sips.get().client
        self.take_in(
            [row("2", created_at="January 1, 2020, 9:00 AM", agent_external_id="ag_arun", agent_id="5,002")]
        )
        before = client.advisor
        client.refresh_from_db()
        assert client.advisor == before

    def test_the_same_file_twice_changes_nothing_and_says_so(self):
        first = self.take_in([row("1"), row("2")])
        second = self.take_in([row("1"), row("2")])
        assert self.counts(second) == (2, 0, 0, 2, 0, 0)
        assert second.same_as == first
        assert not ImportChange.objects.filter(run=second).exists()
        assert set(self.sips.values_list("changed_run", flat=True)) == {first.pk}

    def test_a_changed_amount_is_updated_with_its_history(self):
        self.take_in([row("1"), row("2")])
        run = self.take_in([row("1", amount="6,050"), row("2")])
        assert self.counts(run) == (2, 0, 1, 1, 0, 0)
        change = apps.get_model("opportunities", "SipAmountChange").objects.get()
        assert (change.old_amount, change.new_amount) == (Decimal("5500.00"), Decimal("6050.00"))
        assert str(change.seen_on) == "2026-01-27"
        assert run.summary["history_rows"] == 1

    def test_of_a_repeated_id_the_later_row_counts(self):
        run = self.take_in([row("1", amount="100"), row("1", amount="200"), row("2"), row("2")])
        assert self.counts(run) == (4, 2, 0, 0, 2, 0)
        assert self.sips[0].amount == Decimal("200.00")
        assert self.codes(run) == [(1, "sip_meta_id", "duplicate_in_file")]

    def test_bad_rows_are_set_aside_and_the_good_ones_booked(self):
        run = self.take_in(
            [
                row("1", amount="-5,000"),
                row("2", start_date="February 30, 2025"),
                row("3", currentSipStatus="Odd"),
                row("4", currentSipStatus=""),
                row("5", num_days="two", amount=""),
            ]
        )
        assert self.counts(run) == (5, 2, 0, 0, 0, 3)
        assert self.codes(run) == [
            (1, "amount", "negative"),
            (2, "start_date", "not_a_date"),
            (3, "currentSipStatus", "not_a_choice"),
            (4, "currentSipStatus", "missing_value"),
            (5, "num_days", "not_an_integer"),
            (5, "amount", "missing_value"),
        ]
        assert [sip.status for sip in self.sips] == ["Odd", ""]
        assert run.warnings == 2

    def test_abort_books_nothing_and_keeps_the_issues(self):
        run = self.take_in([row("1"), row("2", amount="x")], on_error="abort")
        assert (run.status, run.error_code) == ("failed", "has_errors")
        assert not self.sips.exists()
        assert not ClientIdentifier.objects.filter(external_id=row()["user_id"]).exists()
        assert self.codes(run) == [(2, "amount", "not_a_number")]

    def test_a_dry_run_counts_and_books_nothing(self):
        run = self.take_in([row("1"), row("2", amount="x")], dry_run=True)
        assert run.status == "succeeded"
        assert self.counts(run) == (2, 1, 0, 0, 0, 1)
        assert not self.sips.exists()
        booked = services.book_checked(run=run, user=self.admin)
        services.execute(booked.pk)
        assert self.sips.count() == 1

    def test_a_missing_required_column_refuses_the_file(self):
        short = row()
        del short["amount"]
        run = self.take_in([short])
        assert (run.status, run.error_code) == ("failed", "missing_column")
        assert "amount" in run.error_message

    def test_a_column_the_file_lacks_keeps_its_old_values(self):
        self.take_in([row("1")])
        short = row("1", amount="6,000")
        del short["goal_name"]
        run = self.take_in([short])
        assert self.counts(run) == (1, 0, 1, 0, 0, 0)
        assert self.sips.get().goal_name == "Individual Fund(s)"
        assert run.summary["absent_columns"] == ["goal_name"]

    def test_unknown_columns_are_noted(self):
        run = self.take_in([row() | {"colour": "red"}])
        assert run.summary["unknown_columns"] == ["colour"]
        assert run.status == "succeeded"

    def test_every_template_can_be_uploaded(self):
        for kind in sources.TEMPLATE_FORMATS:
            run = self.take_in(sources.template(sources.get("sip"), kind), name=f"t.{kind}")
            assert (run.status, run.rows_read, run.rows_rejected) == ("succeeded", 1, 0), run.error_message
        assert self.sips.count() == 1

    def test_two_firms_do_not_meet(self):
        self.take_in([row()])
        run = self.take_in([row()], firm=self.other_firm)
        assert run.rows_created == 1
        assert self.sips.count() == 1

    def test_history_triggers_rest_and_work_again_afterwards(self):
        events = apps.get_model("clients", "AdvisorEvent").objects
        before = events.count()
        self.take_in([row()])
        assert events.count() == before
        self.advisor_asha.name = "Asha R"
        self.advisor_asha.save()
        assert events.count() > before

    def test_nothing_of_the_stage_is_left(self):
        self.take_in([row()])
        self.take_in([row(amount="x")], on_error="abort")
        assert not [
            name for name in connection.introspection.table_names() if name.startswith("import_stage")
        ]

    def test_a_file_over_the_limit_is_refused(self):
        with pytest.raises(DomainError) as caught:
            self.take_in([row()], limit=100)
        assert caught.value.code == "too_large"

    def test_an_error_of_ours_fails_the_run_and_books_nothing(self):
        with mock.patch("wealthhub.imports.pipeline.drop_repeated", side_effect=RuntimeError("secret row")):
            run = self.take_in([row()])
        assert (run.status, run.error_code) == ("failed", "internal_error")
        assert "secret" not in run.error_message
        assert not self.sips.exists()


class CardTests(ImportTestCase):
    def test_a_card_number_sets_its_row_aside_and_is_not_kept(self):
        for name, data in (
            ("book.json", json.dumps([row("1", goal_name=VISA), row("2")]).encode()),
            ("extra.json", json.dumps([row("1") | {"x": VISA}, row("2") | {"x": ""}]).encode()),
        ):
            run = self.take_in(data, name=name)
            assert run.rows_rejected == 1
            assert run.issues.get(severity="error").code == "card_number"
            with run.file.open("rb") as file:
                kept = file.read()
            assert b"4111" not in kept
            assert b"XXXX" in kept
            assert "4111" not in "".join(map(str, run.issues.values_list("value", "message")))

    def test_a_workbook_with_a_card_number_is_kept_as_csv_without_it(self):
        import xlsxwriter

        file, sample = io.BytesIO(), row("1", goal_name=VISA)
        with xlsxwriter.Workbook(file) as book:
            sheet = book.add_worksheet()
            sheet.write_row(0, 0, list(sample))
            sheet.write_row(1, 0, list(sample.values()))
        run = self.take_in(file.getvalue(), name="book.xlsx", dry_run=True)
        run.refresh_from_db()
        assert run.file.name.endswith(".csv")
        with run.file.open("rb") as kept:
            assert b"4111 1111 1111" not in kept.read()
        assert len(list(services.rejected_rows(run))) == 2


class RejectedRowsTests(ImportTestCase):
    def test_they_can_be_mended_and_uploaded(self):
        run = self.take_in([row("1", amount="-1"), row("2"), row("3", goal_name="=cmd()", num_days="x")])
        lines = list(services.rejected_rows(run))
        assert len(lines) == 3
        assert lines[0][-2:] == ["reason", "line"]
        assert lines[1][-1] == "1"
        assert "negative" in lines[1][-2].lower()
        assert "'=cmd()" in lines[2]
        text = io.StringIO()
        csv.writer(text).writerows(lines)
        mended = text.getvalue().replace(",-1,", ",100,").replace(",x,", ",1,")
        again = self.take_in(mended.encode(), name="rejected.csv")
        assert self.counts(again) == (2, 2, 0, 0, 0, 0)
        assert again.summary["unknown_columns"] == []
        assert self.sips.get(sip_meta_id="3").goal_name == "=cmd()"


class UndoTests(ImportTestCase):
    def undo(self, run):
        services.start_undo(run=run, user=self.admin)
        return services.execute_undo(run.pk)

    def test_a_first_import_leaves_nothing_behind(self):
        people = Client.objects.count(), Advisor.objects.count()
        run = self.take_in([row("1"), row("2")])
        self.undo(run)
        run.refresh_from_db()
        assert run.status == "undone"
        assert not self.sips.exists()
        assert (Client.objects.count(), Advisor.objects.count()) == people

    def test_changed_rows_become_what_they_were(self):
        self.take_in([row("1"), row("2")])
        old = self.sips.values().get(sip_meta_id="1")
        run = self.take_in([row("1", amount="9,000", goal_name="Other"), row("2"), row("3")])
        self.undo(run)
        assert self.sips.values().get(sip_meta_id="1") == old
        assert self.sips.count() == 2
        assert not apps.get_model("opportunities", "SipAmountChange").objects.exists()

    def test_a_moved_client_goes_back(self):
        self.take_in([row("1")])
        client = self.sips.get().client
        before = client.advisor
        run = self.take_in(
            [row("2", created_at="January 1, 2026, 9:00 AM", agent_external_id="ag_arun", agent_id="5,002")]
        )
        self.undo(run)
        client.refresh_from_db()
        assert client.advisor == before
        assert client.assignments.get(until=None).advisor == before

    def test_it_is_refused_once_something_stands_on_it(self):
        run = self.take_in([row("1")])
        later = self.take_in([row("1", amount="9,000")])
        with pytest.raises(BuiltOn):
            self.undo(run)
        self.undo(later)
        self.undo(ImportRun.objects.get(pk=run.pk))
        assert not self.sips.exists()

    def test_it_is_refused_once_people_work_with_its_clients(self):
        run = self.take_in([row("1")])
        client = self.sips.get().client
        apps.get_model("clients", "Note").objects.create(
            firm=self.firm, client=client, author=self.asha, text="Called."
        )
        with pytest.raises(BuiltOn) as caught:
            self.undo(run)
        assert "notes" in caught.value.message
        assert self.sips.exists()

    def test_only_booked_runs_and_only_once(self):
        run = self.take_in([row("1")])
        self.undo(run)
        with pytest.raises(DomainError):
            self.undo(run)
        dry = self.take_in([row("1")], dry_run=True)
        with pytest.raises(DomainError):
            self.undo(dry)

    def test_it_waits_for_a_worker_and_changes_nothing_until_then(self):
        run = self.take_in([row("1")])
        with self.captureOnCommitCallbacks() as queued:
            waiting = services.start_undo(run=run, user=self.admin)
        assert (waiting.status, waiting.phase, waiting.undone_by) == ("undoing", "waiting", self.admin)
        assert len(queued) == 1
        assert not waiting.is_over
        assert self.sips.count() == 1
        with pytest.raises(DomainError, match="Only a booked import"):
            services.start_undo(run=run, user=self.admin)
        done = services.execute_undo(run.pk)
        assert (done.status, done.phase, done.undone_by) == ("undone", "done", self.admin)
        assert done.undone_at is not None
        assert done.summary["undone"]["removed"]["opportunities_sip"] == 1

    def test_a_second_delivery_does_nothing(self):
        run = self.take_in([row("1")])
        self.undo(run)
        self.take_in([row("1")])
        assert services.execute_undo(run.pk) is None
        assert self.sips.count() == 1

    def test_a_delivery_to_a_second_worker_while_the_first_is_at_it_does_nothing(self):
        run = self.take_in([row("1")])
        services.start_undo(run=run, user=self.admin)
        ImportRun.objects.filter(pk=run.pk).update(phase="undoing", attempts=1)
        assert services.execute_undo(run.pk) is None
        assert self.sips.count() == 1

    def test_what_comes_to_rest_on_it_while_it_waits_is_said_and_it_stays_booked(self):
        run = self.take_in([row("1")])
        services.start_undo(run=run, user=self.admin)
        apps.get_model("clients", "Note").objects.create(
            firm=self.firm, client=self.sips.get().client, author=self.asha, text="Called."
        )
        kept = services.execute_undo(run.pk)
        assert (kept.status, kept.phase, kept.error_code) == ("succeeded", "done", "built_on")
        assert "1 notes on its clients" in kept.error_message
        assert (kept.undone_at, kept.undone_by) == (None, None)
        assert self.sips.count() == 1

    def test_an_error_of_ours_leaves_it_booked_and_whole(self):
        run = self.take_in([row("1")])
        services.start_undo(run=run, user=self.admin)
        with mock.patch("wealthhub.imports.undo._restore", side_effect=ZeroDivisionError):
            kept = services.execute_undo(run.pk)
        assert (kept.status, kept.error_code) == ("succeeded", "internal_error")
        assert self.sips.count() == 1

    def test_a_refusal_is_forgotten_when_it_is_asked_again(self):
        run = self.take_in([row("1")])
        ImportRun.objects.filter(pk=run.pk).update(error_code="built_on", error_message="Later work.")
        done = self.undo(run)
        assert (done.status, done.error_code, done.error_message) == ("undone", "", "")

    def test_of_two_waiting_the_newer_goes_first(self):
        run = self.take_in([row("1")])
        later = self.take_in([row("1", amount="9,000")])
        services.start_undo(run=later, user=self.admin)
        services.start_undo(run=run, user=self.admin)
        assert services.execute_undo(run.pk) is None
        with self.captureOnCommitCallbacks() as queued:
            assert services.execute_undo(later.pk).status == "undone"
        assert len(queued) == 2  # the scan, and the older undo
        assert services.execute_undo(run.pk).status == "undone"
        assert not self.sips.exists()


class RecoveryTests(ImportTestCase):
    def silent_run(self, attempts):
        run = services.receive_file(
            user=self.admin,
            firm=self.firm,
            source=sources.get("sip"),
            file=io.BytesIO(json.dumps([row()]).encode()),
            filename="book.json",
            queue=False,
        )
        ImportRun.objects.filter(pk=run.pk).update(
            status="running", attempts=attempts, heartbeat_at=timezone.now() - timedelta(minutes=3)
        )
        return run

    def test_a_run_whose_worker_died_is_picked_up_again(self):
        run = self.silent_run(attempts=1)
        assert services.recover_runs() == (1, 0)
        services.execute(run.pk)
        run.refresh_from_db()
        assert run.status == "succeeded"
        assert self.sips.count() == 1

    def test_after_three_attempts_it_is_failed(self):
        run = self.silent_run(attempts=3)
        assert services.recover_runs() == (0, 1)
        run.refresh_from_db()
        assert (run.status, run.error_code) == ("failed", "worker_lost")

    def test_a_second_delivery_does_nothing(self):
        run = self.take_in([row()])
        assert services.execute(run.pk) is None

    def silent_undo(self, **state):
        run = self.take_in([row()])
        services.start_undo(run=run, user=self.admin)
        silent = timezone.now() - timedelta(minutes=3)
        ImportRun.objects.filter(pk=run.pk).update(heartbeat_at=silent, **state)
        return run

    def test_an_undo_whose_worker_died_is_picked_up_again(self):
        run = self.silent_undo(phase="undoing", attempts=1)
        assert services.execute_undo(run.pk) is None
        assert services.recover_runs() == (1, 0)
        assert services.execute_undo(run.pk).status == "undone"
        assert not self.sips.exists()

    def test_an_undo_that_no_worker_got_is_given_out_again(self):
        self.silent_undo()
        with self.captureOnCommitCallbacks() as queued:
            assert services.recover_runs() == (1, 0)
        assert len(queued) == 1

    def test_an_undo_that_is_heard_of_is_left_alone(self):
        run = self.take_in([row()])
        services.start_undo(run=run, user=self.admin)
        ImportRun.objects.filter(pk=run.pk).update(phase="undoing", attempts=1)
        assert services.recover_runs() == (0, 0)

    def test_after_three_attempts_an_undo_is_given_up_and_the_run_stays_booked(self):
        run = self.silent_undo(phase="undoing", attempts=3)
        assert services.recover_runs() == (0, 1)
        run.refresh_from_db()
        assert (run.status, run.error_code) == ("succeeded", "worker_lost")
        assert self.sips.count() == 1


class PreviewTests(ImportTestCase):
    def test_it_says_what_each_column_means(self):
        rows = [row(str(n), current_sip_status="Success") for n in range(30)]
        for one in rows:
            del one["currentSipStatus"]
            one["colour"] = VISA
        preview = services.preview(
            source=sources.get("sip"), file=io.BytesIO(json.dumps(rows).encode()), filename="x.json"
        )
        assert preview.columns["current_sip_status"] == "currentSipStatus"
        assert preview.unknown == ["colour"]
        assert len(preview.rows) == 20
        assert "4111" not in str(preview.rows)


class CommandTests(ImportTestCase):
    def test_ingest(self):
        import tempfile
        from pathlib import Path

        out = io.StringIO()
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "book.json"
            path.write_text(json.dumps([row("1"), row("2", amount="x")]))
            call_command("ingest", "sip", str(path), firm="alpha", stdout=out, stderr=io.StringIO())
            with pytest.raises(CommandError, match="1 error"):
                call_command(
                    "ingest",
                    "sip",
                    str(path),
                    firm="alpha",
                    on_error="abort",
                    stdout=io.StringIO(),
                    stderr=io.StringIO(),
                )
            with pytest.raises(CommandError, match="Known"):
                call_command("ingest", "sip", str(path), firm="nobody", stdout=io.StringIO())
        assert "created               1" in out.getvalue()
        assert "line 2, amount" in out.getvalue()
