from django.urls import reverse

from wealthhub.imports import services
from wealthhub.imports.choices import RunStatus
from wealthhub.imports.models import ImportIssue, ImportRun
from wealthhub.imports.tests.books import ImportsTestCase
from wealthhub.testing import make_run, make_user

RUNS = reverse("admin:imports_importrun_changelist")


class ImportRunAdminTests(ImportsTestCase):
    @classmethod
    def setUpTestData(cls):
        super().setUpTestData()
        cls.platform = make_user(username="platform", firm=None, is_superuser=True, is_staff=True)

    def setUp(self):
        super().setUp()
        self.sign_in(self.platform)

    def act(self, action, *runs):
        data = {"action": action, "_selected_action": [run.pk for run in runs]}
        return self.client.post(RUNS, data, follow=True)

    def test_the_list_is_found_by_file(self):
        make_run(firm=self.firm, source="sip", filename="november.json")
        make_run(firm=self.firm, source="sip", filename="december.json")
        response = self.client.get(RUNS, {"q": "novem"})
        self.assertContains(response, "november.json")
        self.assertNotContains(response, "december.json")

    def test_a_run_can_be_read_and_not_changed(self):
        run = make_run(firm=self.firm, source="sip", filename="november.json")
        ImportIssue.objects.create(run=run, line=7, column="amount", code="negative", message="Negative.")
        page = self.client.get(reverse("admin:imports_importrun_change", args=[run.pk]))
        self.assertContains(page, "november.json")
        self.assertNotContains(page, "_save")
        issues = reverse("admin:imports_importissue_changelist") + f"?run__id__exact={run.pk}"
        self.assertContains(page, issues.replace("&", "&amp;"))
        self.assertContains(self.client.get(issues), "Negative.")
        assert self.client.get(reverse("admin:imports_importrun_add")).status_code == 403

    def test_a_booked_run_is_taken_back(self):
        run = self.booked()
        self.assertContains(self.act("take_back", run), "is being taken back")
        services.execute_undo(run.pk)
        run.refresh_from_db()
        assert run.status == RunStatus.UNDONE

    def test_what_cannot_be_done_is_said(self):
        run = make_run(firm=self.firm, source="sip", dry_run=True)
        self.assertContains(self.act("take_back", run), "Only a booked import can be undone.")
        self.assertContains(self.act("try_again", run), "Only a failed import can be tried again.")

    def test_a_failed_run_is_queued_again(self):
        run = self.receive()
        ImportRun.objects.filter(pk=run.pk).update(status=RunStatus.FAILED)
        self.assertContains(self.act("try_again", run), "is queued again")
        run.refresh_from_db()
        assert run.status == RunStatus.QUEUED

    def test_the_changes_of_a_run_are_listed_without_their_contents(self):
        run = self.booked()
        self.booked(b"\n".join([*run.file.open("rb").read().replace(b",5500,", b",6000,").splitlines()]))
        response = self.client.get(reverse("admin:imports_importchange_changelist"))
        self.assertContains(response, "opportunities_sip")
