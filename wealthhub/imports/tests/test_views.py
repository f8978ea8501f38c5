import csv
import io

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from wealthhub.imports import services
from wealthhub.imports.choices import RunStatus
from wealthhub.imports.models import ImportIssue, ImportRun
from wealthhub.imports.tests.books import GOOD, HEADER, MIXED, ImportsTestCase, line
from wealthhub.testing import make_run


class RunListTests(ImportsTestCase):
    url = reverse("imports:list")

    def test_it_works(self):
        run = make_run(firm=self.firm, source="sip", filename="november.json", user=self.manager)
        response = self.get_as(self.admin, self.url)
        self.assertContains(response, "november.json")
        self.assertContains(response, "SIP book")
        self.assertContains(response, run.get_absolute_url())

    def test_a_stranger_sees_nothing(self):
        make_run(firm=self.firm, source="sip", filename="november.json")
        self.assertNotContains(self.get_as(self.ravi, self.url), "november.json")

    def test_a_manager_sees_their_own_files_only(self):
        make_run(firm=self.firm, source="sip", filename="by-admin.json", user=self.admin)
        make_run(firm=self.firm, source="sip", filename="by-manager.json", user=self.manager)
        response = self.get_as(self.manager, self.url)
        self.assertContains(response, "by-manager.json")
        self.assertNotContains(response, "by-admin.json")

    def test_nobody_is_sent_to_the_sign_in_page(self):
        response = self.get_as(None, self.url)
        assert response.status_code == 302
        assert response["Location"].startswith("/accounts/")

    def test_an_investor_is_refused(self):
        assert self.get_as(self.investor, self.url).status_code == 403

    def test_empty_it_offers_the_first_upload(self):
        response = self.get_as(self.admin, self.url)
        self.assertContains(response, "No file has come in yet")
        self.assertContains(response, reverse("imports:upload"))

    def test_filters_narrow_and_a_bad_one_matches_nothing(self):
        make_run(firm=self.firm, source="sip", filename="good.json")
        make_run(firm=self.firm, source="sip", filename="bad.json", status=RunStatus.FAILED)
        failed = self.get_as(self.admin, self.url, status="failed")
        self.assertContains(failed, "bad.json")
        self.assertNotContains(failed, "good.json")
        nonsense = self.get_as(self.admin, self.url, status="nonsense")
        self.assertNotContains(nonsense, "bad.json")
        self.assertNotContains(nonsense, "good.json")
        self.assertContains(nonsense, "A filter is not valid")

    def test_the_csv_has_exactly_the_filtered_rows(self):
        make_run(firm=self.firm, source="sip", filename="good.json", rows_read=3, rows_created=3)
        make_run(firm=self.firm, source="sip", filename="bad.json", status=RunStatus.FAILED)
        response = self.get_as(self.admin, self.url, status="succeeded", export="csv")
        rows = list(csv.DictReader(io.StringIO(b"".join(response.streaming_content).decode("utf-8-sig"))))
        assert [(row["File"], row["Rows"], row["Status"]) for row in rows] == [
            ("good.json", "3", "Succeeded")
        ]

    def test_the_number_of_queries_does_not_grow(self):
        make_run(firm=self.firm, source="sip", user=self.manager)
        self.get_as(self.admin, self.url)
        with CaptureQueriesContext(connection) as few:
            self.client.get(self.url)
        for _ in range(20):
            make_run(firm=self.firm, source="sip", user=self.manager)
        with self.assertNumQueries(len(few)):
            self.client.get(self.url)


class UploadTests(ImportsTestCase):
    url = reverse("imports:upload")

    def send(self, content=GOOD, *, name="sip.csv", **data):
        file = SimpleUploadedFile(name, content)
        return self.client.post(self.url, {"source": "sip", "on_error": "quarantine", "file": file, **data})

    def test_it_works(self):
        self.sign_in(self.admin)
        self.assertContains(self.client.get(self.url), "SIP book")
        response = self.send(book="1")
        run = ImportRun.objects.get()
        self.assertRedirects(response, run.get_absolute_url())
        assert (run.firm, run.user, run.source, run.filename) == (self.firm, self.admin, "sip", "sip.csv")
        assert (run.status, run.dry_run, run.channel) == ("queued", False, "page")

    def test_a_check_is_a_dry_run(self):
        self.sign_in(self.manager)
        self.send(check="1")
        assert ImportRun.objects.get().dry_run is True

    def test_those_who_may_not_send_are_told_why(self):
        for user in (self.asha, self.analyst):
            with self.subTest(user=user.username):
                response = self.get_as(user, self.url)
                self.assertContains(response, "administrators and managers", status_code=403)
                assert self.send().status_code == 403
        assert not ImportRun.objects.exists()

    def test_an_investor_and_nobody_cannot_send(self):
        self.sign_in(self.investor)
        assert self.send().status_code == 403
        self.sign_in(None)
        assert self.send().status_code == 302
        assert not ImportRun.objects.exists()

    def test_an_empty_file_is_refused_beside_its_field(self):
        self.sign_in(self.admin)
        self.assertContains(self.send(b""), "empty", status_code=400)
        assert not ImportRun.objects.exists()

    def test_what_the_file_is_must_be_said(self):
        self.sign_in(self.admin)
        self.assertContains(self.client.get(self.url), "Choose what the file is")
        self.assertContains(self.client.get(self.url, {"source": "sip"}), '<option value="sip" selected>')
        assert self.send(source="").status_code == 400

    def test_no_file_and_an_unknown_source_are_refused(self):
        self.sign_in(self.admin)
        response = self.client.post(self.url, {"source": "horoscope", "on_error": "quarantine"})
        self.assertContains(response, "This field is required", status_code=400)
        self.assertContains(response, "Select a valid choice", status_code=400)

    @override_settings(IMPORT_MAX_BYTES=100)
    def test_a_file_over_the_limit_is_refused(self):
        self.sign_in(self.admin)
        self.assertContains(self.send(), "the limit is 100", status_code=400)
        assert not ImportRun.objects.exists()


class RunPageTests(ImportsTestCase):
    def test_the_counts_add_up_and_the_issues_are_listed(self):
        run = self.booked(MIXED)
        response = self.get_as(self.admin, run.get_absolute_url())
        # Two rows are good (one with a warning), two have errors.
        assert (run.rows_read, run.rows_created, run.rows_rejected) == (4, 2, 2)
        self.assertContains(
            response, "4 rows read = 2 new + 0 changed + 0 unchanged + 0 repeated + 2 set aside"
        )
        self.assertContains(response, "A negative number where none can be.")
        self.assertContains(response, "30-02-2026")
        self.assertContains(response, "Dormant")
        self.assertContains(response, reverse("imports:rejected", args=[run.pk]))

    def test_issues_are_filtered_by_code(self):
        run = self.booked(MIXED)
        response = self.get_as(self.admin, run.get_absolute_url(), code="not_a_date")
        assert [issue.code for issue in response.context["table"].data] == ["not_a_date"]

    def test_a_stranger_finds_nothing(self):
        run = make_run(firm=self.firm, source="sip")
        assert self.get_as(self.ravi, run.get_absolute_url()).status_code == 404

    def test_a_colleagues_run_is_not_found_by_manager_or_advisor(self):
        run = make_run(firm=self.firm, source="sip", user=self.admin)
        for user in (self.manager, self.asha):
            assert self.get_as(user, run.get_absolute_url()).status_code == 404

    def test_nobody_and_investor(self):
        run = make_run(firm=self.firm, source="sip")
        assert self.get_as(None, run.get_absolute_url()).status_code == 302
        assert self.get_as(self.investor, run.get_absolute_url()).status_code == 403

    def test_while_it_runs_the_page_asks_again_by_itself(self):
        run = self.receive()
        response = self.get_as(self.admin, run.get_absolute_url())
        self.assertContains(response, 'hx-trigger="every 2s"')
        self.assertContains(response, '<noscript><meta http-equiv="refresh"')

    def test_the_progress_part_reloads_the_page_once_it_is_over(self):
        run = self.receive()
        self.sign_in(self.admin)
        part = {"HX-Request": "true", "HX-Target": "progress"}
        waiting = self.client.get(run.get_absolute_url(), headers=part)
        self.assertContains(waiting, "Queued")
        self.assertNotContains(waiting, "<html")
        assert "HX-Refresh" not in waiting
        services.execute(run.pk)
        assert self.client.get(run.get_absolute_url(), headers=part)["HX-Refresh"] == "true"

    def test_the_same_file_twice_changes_nothing_and_says_so(self):
        first = self.booked()
        second = self.booked()
        response = self.get_as(self.admin, second.get_absolute_url())
        assert (second.rows_read, second.rows_unchanged) == (3, 3)
        self.assertContains(response, "This file changed nothing.")
        self.assertContains(response, f"import #{first.pk}")

    def test_a_refused_file_says_what_is_wrong(self):
        run = self.booked(b"this,is\nnot,a SIP book\n")
        response = self.get_as(self.admin, run.get_absolute_url())
        assert run.status == RunStatus.FAILED
        self.assertContains(response, "Nothing was booked.")

    def test_the_number_of_queries_does_not_grow_with_the_issues(self):
        run = make_run(firm=self.firm, source="sip")
        self.sign_in(self.admin)

        def add(count):
            ImportIssue.objects.bulk_create(
                ImportIssue(run=run, line=n, column="amount", code="negative", message="Negative.")
                for n in range(count)
            )

        add(1)
        self.client.get(run.get_absolute_url())
        with CaptureQueriesContext(connection) as few:
            self.client.get(run.get_absolute_url())
        add(40)
        with self.assertNumQueries(len(few)):
            self.client.get(run.get_absolute_url())


class PreviewTests(ImportsTestCase):
    def test_it_shows_the_first_rows_and_what_they_mean(self):
        run = self.receive(MIXED, dry_run=True)
        response = self.get_as(self.admin, reverse("imports:preview", args=[run.pk]))
        self.assertContains(response, "client-11")
        self.assertContains(response, "sip_meta_id")
        self.assertContains(response, "A negative number where none can be.")

    def test_a_column_nobody_knows_is_marked(self):
        run = self.receive((HEADER + ",shoe_size\n" + line(1) + ",44").encode())
        response = self.get_as(self.admin, reverse("imports:preview", args=[run.pk]))
        self.assertContains(response, "passed over")

    def test_a_file_that_cannot_be_read_says_why(self):
        run = self.receive(b"\x00\x01\x02\x03" * 50)
        response = self.get_as(self.admin, reverse("imports:preview", args=[run.pk]))
        self.assertContains(response, "notice-error")

    def test_the_analyst_sees_no_bare_rows_and_a_stranger_nothing(self):
        run = self.receive()
        url = reverse("imports:preview", args=[run.pk])
        self.assertContains(self.get_as(self.analyst, url), "masked", status_code=403)
        assert self.get_as(self.ravi, url).status_code == 404
        assert self.get_as(None, url).status_code == 302


class RejectedTests(ImportsTestCase):
    def rows(self, user, run):
        response = self.get_as(user, reverse("imports:rejected", args=[run.pk]))
        assert response.status_code == 200
        text = b"".join(response.streaming_content).decode("utf-8-sig")
        return list(csv.DictReader(io.StringIO(text)))

    def test_it_has_the_bad_rows_with_their_reason(self):
        rows = self.rows(self.admin, self.booked(MIXED))
        assert [(row["sip_meta_id"], row["line"]) for row in rows] == [("12", "3"), ("13", "4")]
        assert rows[0]["reason"] == "amount: A negative number where none can be."

    def test_mended_and_sent_again_it_books_the_rest(self):
        run = self.booked(MIXED)
        response = self.get_as(self.admin, reverse("imports:rejected", args=[run.pk]))
        text = b"".join(response.streaming_content).decode("utf-8-sig")
        mended = text.replace(",-5,", ",5,").replace("30-02-2026", "28-02-2026")
        again = self.booked(mended.encode())
        assert (again.rows_read, again.rows_created, again.rows_rejected) == (2, 2, 0)

    def test_analyst_stranger_and_nobody_get_no_rows(self):
        run = self.booked(MIXED)
        url = reverse("imports:rejected", args=[run.pk])
        assert self.get_as(self.analyst, url).status_code == 403
        assert self.get_as(self.ravi, url).status_code == 404
        assert self.get_as(None, url).status_code == 302


class BookTests(ImportsTestCase):
    def test_a_check_is_booked_from_the_same_file(self):
        check = self.booked(dry_run=True)
        self.assertContains(self.get_as(self.admin, check.get_absolute_url()), "Book this file")
        response = self.client.post(reverse("imports:book", args=[check.pk]))
        fresh = ImportRun.objects.exclude(pk=check.pk).get()
        self.assertRedirects(response, fresh.get_absolute_url())
        services.execute(fresh.pk)
        fresh.refresh_from_db()
        assert (fresh.dry_run, fresh.rows_created, fresh.sha256) == (False, 3, check.sha256)

    def test_a_booked_run_cannot_be_booked_again(self):
        run = self.booked()
        self.sign_in(self.admin)
        response = self.client.post(reverse("imports:book", args=[run.pk]), follow=True)
        self.assertContains(response, "Only a file that was checked")
        assert ImportRun.objects.count() == 1

    def test_others_may_not(self):
        check = self.booked(dry_run=True)
        url = reverse("imports:book", args=[check.pk])
        for user, status in ((self.analyst, 403), (self.ravi, 404), (self.investor, 403), (None, 302)):
            self.sign_in(user)
            assert self.client.post(url).status_code == status
        self.sign_in(self.admin)
        assert self.client.get(url).status_code == 405
        assert ImportRun.objects.count() == 1


class RetryTests(ImportsTestCase):
    def test_a_failed_run_is_queued_again(self):
        run = self.receive()
        ImportRun.objects.filter(pk=run.pk).update(status=RunStatus.FAILED)
        self.sign_in(self.admin)
        self.assertContains(self.client.get(run.get_absolute_url()), "Try again")
        self.client.post(reverse("imports:retry", args=[run.pk]))
        run.refresh_from_db()
        assert run.status == RunStatus.QUEUED

    def test_a_good_run_is_not(self):
        run = self.booked()
        self.sign_in(self.admin)
        response = self.client.post(reverse("imports:retry", args=[run.pk]), follow=True)
        self.assertContains(response, "Only a failed import")


class UndoTests(ImportsTestCase):
    def test_it_asks_first_and_then_takes_everything_back(self):
        run = self.booked()
        url = reverse("imports:undo", args=[run.pk])
        self.assertContains(self.get_as(self.admin, url), "Take back everything")
        run.refresh_from_db()
        assert run.status == RunStatus.SUCCEEDED  # asking changes nothing
        response = self.client.post(url, follow=True)
        self.assertContains(response, "is being taken back")
        self.assertContains(response, 'hx-trigger="every 2s"')
        services.execute_undo(run.pk)
        run.refresh_from_db()
        assert run.status == RunStatus.UNDONE
        self.assertContains(self.client.get(run.get_absolute_url()), "the rows are as they were before")

    def test_a_refusal_is_shown_with_its_reason(self):
        run = self.booked()
        changed = GOOD.replace(b",5500,", b",6000,")
        self.booked(changed)  # a later file changed the same rows
        self.sign_in(self.admin)
        response = self.client.post(reverse("imports:undo", args=[run.pk]), follow=True)
        run.refresh_from_db()
        assert run.status == RunStatus.SUCCEEDED
        self.assertContains(response, "notice-error")

    def test_why_a_worker_did_not_take_it_back_is_shown_on_its_page(self):
        run = self.booked()
        ImportRun.objects.filter(pk=run.pk).update(error_code="built_on", error_message="Later work stands.")
        page = self.get_as(self.admin, run.get_absolute_url())
        self.assertContains(page, "It was not taken back.")
        self.assertContains(page, "Later work stands.")

    def test_there_is_nothing_to_undo_after_a_check(self):
        run = self.booked(dry_run=True)
        response = self.get_as(self.admin, reverse("imports:undo", args=[run.pk]))
        self.assertContains(response, "There is nothing to undo")

    def test_only_the_firms_administrator_may(self):
        run = self.booked(user=self.manager)
        url = reverse("imports:undo", args=[run.pk])
        for user, status in ((self.manager, 403), (self.asha, 403), (self.ravi, 403), (None, 302)):
            self.sign_in(user)
            assert self.client.post(url).status_code == status
        run.refresh_from_db()
        assert run.status == RunStatus.SUCCEEDED


class SourceTests(ImportsTestCase):
    def test_each_source_has_its_columns_and_templates(self):
        response = self.get_as(self.analyst, reverse("imports:sources"))
        self.assertContains(response, "sip_meta_id")
        for kind in ("csv", "xlsx", "json"):
            self.assertContains(response, reverse("imports:template", args=["sip", kind]))

    def test_a_template_is_a_file_that_can_be_sent(self):
        response = self.get_as(self.admin, reverse("imports:template", args=["sip", "csv"]))
        assert response["Content-Disposition"] == 'attachment; filename="sip-template.csv"'
        run = self.booked(response.content)
        assert (run.status, run.rows_read, run.rows_created) == ("succeeded", 1, 1)

    def test_unknown_ones_are_not_found(self):
        assert self.get_as(self.admin, "/imports/sources/horoscope/template.csv").status_code == 404
        assert self.get_as(self.admin, "/imports/sources/sip/template.exe").status_code == 404
