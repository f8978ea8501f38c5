import hashlib

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from rest_framework.test import APIClient

from wealthhub.accounts.models import ApiKey
from wealthhub.imports import services
from wealthhub.imports.choices import RunStatus
from wealthhub.imports.models import ImportIssue, ImportRun
from wealthhub.imports.tests.books import GOOD, MIXED, ImportsTestCase
from wealthhub.testing import make_run

RUNS = "/api/imports/"


class ApiTestCase(ImportsTestCase):
    def send(self, user=None, content=GOOD, *, client=None, name="sip.csv", **data):
        client = client or self.api(user)
        body = {"source": "sip", "file": SimpleUploadedFile(name, content), **data}
        return client.post(RUNS, body, format="multipart")

    def program(self, user, *scopes):
        """A program with an API key of these scopes."""
        secret = "-".join(scopes)
        ApiKey.objects.create(
            user=user,
            name="nightly upload",
            prefix=secret[:12],
            secret_hash=hashlib.sha256(secret.encode()).hexdigest(),
            scopes=list(scopes),
        )
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION=f"Api-Key wh_{secret[:12]}_{secret}")
        return client


class UploadTests(ApiTestCase):
    def test_it_works(self):
        answer = self.send(self.admin)
        run = ImportRun.objects.get()
        assert answer.status_code == 202
        body = answer.json()
        assert (body["id"], body["status"], body["url"]) == (run.pk, "queued", f"/api/imports/{run.pk}")
        assert (run.firm, run.user, run.channel, run.on_error) == (self.firm, self.admin, "api", "quarantine")

        services.execute(run.pk)
        body = self.api(self.admin).get(body["url"]).json()
        assert (body["status"], body["rows_read"], body["rows_created"]) == ("succeeded", 3, 3)
        assert body["progress"]["fraction"] == "1.0000"
        assert body["rejected_url"] is None

    def test_options_are_taken(self):
        self.send(self.manager, on_error="abort", dry_run="true")
        run = ImportRun.objects.get()
        assert (run.on_error, run.dry_run) == ("abort", True)

    def test_without_the_slash_too(self):
        body = {"source": "sip", "file": SimpleUploadedFile("sip.csv", GOOD)}
        assert self.api(self.admin).post("/api/imports", body, format="multipart").status_code == 202

    def test_bad_input_is_named(self):
        unknown = self.send(self.admin, source="horoscope")
        assert unknown.status_code == 400
        assert unknown.json()["code"] == "invalid"
        assert "horoscope" not in unknown.json()["details"]["source"][0]
        assert "sip" in unknown.json()["details"]["source"][0]
        assert "on_error" in self.send(self.admin, on_error="explode").json()["details"]
        assert "dry_run" in self.send(self.admin, dry_run="perhaps").json()["details"]
        nothing = self.api(self.admin).post(RUNS, {"source": "sip"}, format="multipart")
        assert "file" in nothing.json()["details"]
        assert self.api(self.admin).post(RUNS, {"source": "sip"}, format="json").status_code == 415
        assert self.send(self.admin, b"").status_code == 400
        assert not ImportRun.objects.exists()

    @override_settings(IMPORT_MAX_BYTES=100)
    def test_a_file_over_the_limit_is_refused(self):
        answer = self.send(self.admin)
        assert answer.status_code == 400
        assert "the limit is 100" in answer.json()["details"]["file"][0]

    def test_only_administrators_and_managers_send_the_book(self):
        expected = {"asha": 403, "analyst": 403, "investor": 403, "ravi": 403}
        given = {
            user.username: self.send(user).status_code
            for user in (self.asha, self.analyst, self.investor, self.ravi)
        }
        assert given == expected
        assert self.send().status_code in {401, 403}
        assert not ImportRun.objects.exists()

    def test_a_key_needs_the_scope_to_upload(self):
        refused = self.send(client=self.program(self.admin, "read"))
        assert refused.status_code == 403
        assert refused.json()["code"] == "scope_missing"
        assert "import or write" in refused.json()["message"]
        assert self.send(client=self.program(self.admin, "import")).status_code == 202
        assert self.send(client=self.program(self.admin, "write")).status_code == 202

    def test_a_key_that_uploads_may_look_what_came_of_it(self):
        run, program = self.booked(MIXED), self.program(self.admin, "import")
        for tail in ("", "issues/", "rejected.csv"):
            assert program.get(f"/api/imports/{run.pk}/{tail}").status_code == 200
        assert program.get("/api/imports/sources/").status_code == 200

    def test_a_key_is_never_worth_more_than_its_owner(self):
        assert self.send(client=self.program(self.asha, "write")).status_code == 403


class ListTests(ApiTestCase):
    def test_it_works_newest_first(self):
        first, second = make_run(firm=self.firm, source="sip"), make_run(firm=self.firm, source="sip")
        body = self.api(self.admin).get(RUNS).json()
        assert body["count"] == 2
        assert [row["id"] for row in body["results"]] == [second.pk, first.pk]

    def test_paging_is_complete(self):
        runs = [make_run(firm=self.firm, source="sip").pk for _ in range(5)]
        client, seen = self.api(self.admin), []
        for offset in (0, 2, 4):
            body = client.get(RUNS, {"limit": 2, "offset": offset, "ordering": "id"}).json()
            assert body["count"] == 5
            seen += [row["id"] for row in body["results"]]
        assert seen == runs

    def test_filters_and_ordering(self):
        make_run(firm=self.firm, source="sip", filename="a.json", rows_read=5, rows_created=5)
        make_run(firm=self.firm, source="sip", filename="b.json", rows_read=9, rows_created=9, dry_run=True)
        make_run(firm=self.firm, source="sip", filename="c.json", status=RunStatus.FAILED)

        def names(**query):
            return [row["filename"] for row in self.api(self.admin).get(RUNS, query).json()["results"]]

        assert names(ordering="filename") == ["a.json", "b.json", "c.json"]
        assert names(ordering="-rows_read") == ["b.json", "a.json", "c.json"]
        assert names(status="failed") == ["c.json"]
        assert names(dry_run="true") == ["b.json"]
        assert names(dry_run="false", ordering="id") == ["a.json", "c.json"]
        assert names(q="A.JS") == ["a.json"]
        assert names(source="sip", status="succeeded", ordering="id") == ["a.json", "b.json"]

    def test_a_bad_filter_is_refused(self):
        for query in ({"status": "nonsense"}, {"source": "x"}, {"ordering": "password"}, {"limit": "0"}):
            with self.subTest(query=query):
                assert self.api(self.admin).get(RUNS, query).status_code == 400

    def test_who_sees_what(self):
        make_run(firm=self.firm, source="sip", user=self.admin)
        make_run(firm=self.firm, source="sip", user=self.manager)
        people = {"admin": 2, "analyst": 2, "manager": 1, "asha": 0, "ravi": 0}
        for name, count in people.items():
            assert self.api(getattr(self, name)).get(RUNS).json()["count"] == count
        assert self.api(self.investor).get(RUNS).status_code == 403
        assert self.api().get(RUNS).status_code in {401, 403}

    def test_the_number_of_queries_does_not_grow(self):
        make_run(firm=self.firm, source="sip", user=self.manager)
        client = self.api(self.admin)
        client.get(RUNS)
        with CaptureQueriesContext(connection) as few:
            client.get(RUNS)
        for _ in range(20):
            make_run(firm=self.firm, source="sip", user=self.manager)
        with self.assertNumQueries(len(few)):
            client.get(RUNS)


class DetailTests(ApiTestCase):
    def test_a_stranger_finds_nothing_anywhere(self):
        run = self.booked(MIXED)
        client = self.api(self.ravi)
        for tail in ("", "/", "/issues/", "/issues", "/rejected.csv"):
            assert client.get(f"/api/imports/{run.pk}{tail}").status_code == 404
        assert client.post(f"/api/imports/{run.pk}/undo/").status_code == 404

    def test_a_number_that_cannot_be_an_id_is_not_found(self):
        assert self.api(self.admin).get("/api/imports/999999999999999999/").status_code == 404
        assert self.api(self.admin).get("/api/imports/99999999999999999999999/").status_code == 404


class IssueTests(ApiTestCase):
    def test_it_works_in_the_order_of_the_file(self):
        run = self.booked(MIXED)
        body = self.api(self.analyst).get(f"/api/imports/{run.pk}/issues/").json()
        assert [(row["line"], row["column"], row["code"], row["severity"]) for row in body["results"]][
            -3:
        ] == [
            (3, "amount", "negative", "error"),
            (4, "start_date", "not_a_date", "error"),
            (5, "currentSipStatus", "not_a_choice", "warning"),
        ]

    def test_filters_and_paging(self):
        run = make_run(firm=self.firm, source="sip")
        for line in range(1, 6):
            code = "negative" if line < 4 else "not_a_date"
            ImportIssue.objects.create(run=run, line=line, column="amount", code=code, message="Wrong.")
        url = f"/api/imports/{run.pk}/issues"
        client = self.api(self.admin)
        assert client.get(url, {"code": "negative"}).json()["count"] == 3
        assert client.get(url, {"severity": "warning"}).json()["count"] == 0
        assert client.get(url, {"severity": "loud"}).status_code == 400
        body = client.get(url, {"ordering": "-line", "limit": 2}).json()
        assert (body["count"], [row["line"] for row in body["results"]]) == (5, [5, 4])


class RejectedTests(ApiTestCase):
    def test_it_has_the_bad_rows(self):
        run = self.booked(MIXED)
        answer = self.api(self.admin).get(f"/api/imports/{run.pk}/rejected.csv")
        lines = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()
        assert answer["Content-Type"] == "text/csv; charset=utf-8"
        assert len(lines) == 3
        assert lines[1].startswith("12,client-12,")

    def test_the_analyst_gets_none_and_a_missing_file_is_said(self):
        run = self.booked(MIXED)
        assert self.api(self.analyst).get(f"/api/imports/{run.pk}/rejected.csv").status_code == 403
        bare = make_run(firm=self.firm, source="sip")
        answer = self.api(self.admin).get(f"/api/imports/{bare.pk}/rejected.csv")
        assert (answer.status_code, answer.json()["code"]) == (404, "file_gone")


class UndoTests(ApiTestCase):
    def test_it_works_once(self):
        run = self.booked()
        url = f"/api/imports/{run.pk}/undo/"
        answer = self.api(self.admin).post(url)
        body = answer.json()
        assert (answer.status_code, body["id"], body["status"]) == (202, run.pk, "undoing")
        assert body["url"] == answer["Location"] == reverse("api-import", args=[run.pk])
        assert body["progress"]["phase"] == "Being undone"
        services.execute_undo(run.pk)
        assert self.api(self.admin).get(body["url"]).json()["status"] == "undone"
        again = self.api(self.admin).post(url)
        assert (again.status_code, again.json()["code"]) == (409, "not_booked")

    def test_it_is_refused_where_a_later_import_rests_on_it(self):
        run = self.booked()
        self.booked(GOOD.replace(b",5500,", b",6000,"))
        answer = self.api(self.admin).post(f"/api/imports/{run.pk}/undo")
        assert (answer.status_code, answer.json()["code"]) == (409, "built_on")
        run.refresh_from_db()
        assert run.status == RunStatus.SUCCEEDED

    def test_only_an_administrator_may(self):
        run = self.booked(user=self.manager)
        for user, status in ((self.manager, 403), (self.analyst, 403), (self.asha, 404), (self.ravi, 404)):
            assert self.api(user).post(f"/api/imports/{run.pk}/undo/").status_code == status

    def test_a_key_that_may_only_upload_may_not_undo(self):
        run = self.booked()
        answer = self.program(self.admin, "import").post(f"/api/imports/{run.pk}/undo/")
        assert (answer.status_code, answer.json()["message"]) == (403, "This API key lacks the scope write.")


class SourceTests(ApiTestCase):
    def test_each_has_its_columns_and_templates(self):
        for url in ("/api/imports/sources/", "/api/imports/sources"):
            body = self.api(self.analyst).get(url).json()
            sip = next(row for row in body["results"] if row["name"] == "sip")
            assert body["count"] == len(body["results"])
            assert sip["may_upload"] is False
            assert sip["key"] == ["sip_meta_id"]
            assert len(sip["columns"]) == 45
            assert sip["columns"][6]["name"] == "sip_meta_id"
            assert sip["columns"][6]["required"] is True
            assert sip["templates"]["csv"] == "/api/imports/sources/sip/template.csv"

    def test_a_template_can_be_sent_as_it_is(self):
        for kind in ("csv", "xlsx", "json"):
            template = self.api(self.admin).get(f"/api/imports/sources/sip/template.{kind}")
            answer = self.send(self.admin, template.content, name=f"sip.{kind}")
            run = services.execute(answer.json()["id"])
            assert (kind, run.status, run.rows_read, run.rows_rejected) == (kind, "succeeded", 1, 0)

    def test_unknown_ones_and_investors(self):
        assert self.api(self.admin).get("/api/imports/sources/horoscope/template.csv").status_code == 404
        assert self.api(self.admin).get("/api/imports/sources/sip/template.exe").status_code == 404
        assert self.api(self.investor).get("/api/imports/sources/").status_code == 403
