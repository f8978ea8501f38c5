"""The client list as a file."""

import tempfile
from io import BytesIO

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import override_settings

from wealthhub.clients import services as clients
from wealthhub.clients.models import Advisor, Client
from wealthhub.imports import services, sources
from wealthhub.imports.choices import Channel, OnError, RunStatus
from wealthhub.testing import WealthhubTestCase

HEADER = "user_id,name,email,phone_number,pan,date_of_birth,agent_id,agent_external_id,agent_name,member_id"
MEERA = '"1,608",Meera Shah,meera@example.in,(+91)9876543210,ABCPE1234F,30-07-1985,5001,ag_asha,Asha Rao,12'
JAY = "1609,Jay Patel,jay@example.in,(+91)9876543211,ABCPE1235F,01-01-1990,6001,ag_new,Nila Bose,13"


@override_settings(MEDIA_ROOT=tempfile.mkdtemp(prefix="wealthhub-test-"))
class ClientListTests(WealthhubTestCase):
    def take(self, *rows, header=HEADER, dry_run=False):
        content = "\n".join([header, *rows]).encode()
        run = services.receive_file(
            user=self.admin,
            firm=self.firm,
            source=sources.get("clients"),
            file=SimpleUploadedFile("clients.csv", content),
            filename="clients.csv",
            on_error=OnError.QUARANTINE,
            dry_run=dry_run,
            channel=Channel.PAGE,
        )
        run = services.execute(run.pk)
        assert run.status == RunStatus.SUCCEEDED, (run.error_code, run.error_message)
        return run

    def counts(self, run):
        return (run.rows_created, run.rows_updated, run.rows_unchanged, run.rows_duplicate, run.rows_rejected)

    def meera(self):
        return Client.objects.get(identifiers__external_id="1608", firm=self.firm)

    def test_it_works(self):
        run = self.take(MEERA, JAY)
        assert self.counts(run) == (2, 0, 0, 0, 0)
        meera = self.meera()
        assert (meera.name, meera.pan, meera.phone) == ("Meera Shah", "ABCPE1234F", "+919876543210")
        assert (meera.email, meera.birth_date) == ("meera@example.in", "1985-07-30")
        assert meera.advisor == self.advisor_asha
        assert meera.assignments.get().advisor == self.advisor_asha
        assert Advisor.objects.get(agent_external_id="ag_new").name == "Nila Bose"
        assert list(Client.objects.visible_to(self.asha).matching("abcpe1234f")) == [meera]

    def test_the_same_file_again_changes_nothing(self):
        self.take(MEERA, JAY)
        assert self.counts(self.take(MEERA, JAY)) == (0, 0, 2, 0, 0)

    def test_a_changed_phone_is_an_update(self):
        self.take(MEERA, JAY)
        run = self.take(MEERA.replace("9876543210", "9000000000"), JAY)
        assert self.counts(run) == (0, 1, 1, 0, 0)
        assert self.meera().phone == "+919000000000"

    def test_a_blank_cell_changes_nothing(self):
        self.take(MEERA)
        run = self.take("1608,,,,,,5001,ag_asha,,")
        assert self.counts(run) == (0, 0, 1, 0, 0)
        assert self.meera().pan == "ABCPE1234F"

    def test_a_short_file_leaves_the_rest_alone(self):
        self.take(MEERA)
        assert self.counts(self.take("1608,M. Shah", header="user_id,name")) == (0, 1, 0, 0, 0)
        meera = self.meera()
        assert (meera.name, meera.pan, meera.advisor) == ("M. Shah", "ABCPE1234F", self.advisor_asha)

    def test_bad_values_reject_their_rows_and_are_not_shown(self):
        run = self.take(MEERA, "7,X,not-mail,123,NOPAN,31-02-1985,5001,,,")
        assert self.counts(run) == (1, 0, 0, 0, 1)
        issues = {issue.column: (issue.code, issue.value) for issue in run.issues.all()}
        assert issues["pan"] == ("not_a_pan", "5 characters, not shown")
        assert {code for code, _ in issues.values()} == {
            "not_a_pan",
            "not_a_phone",
            "not_an_email",
            "not_a_birth_date",
        }

    def test_of_a_repeated_id_the_later_row_counts(self):
        run = self.take(MEERA, MEERA.replace("Meera Shah", "Meera S."))
        assert self.counts(run) == (1, 0, 0, 1, 0)
        assert self.meera().name == "Meera S."

    def test_a_known_pan_is_the_same_person_under_another_id(self):
        known = clients.create_client(
            user=self.asha, firm=self.firm, name="Meera", advisor=self.advisor_asha, pan="ABCPE1234F"
        )
        run = self.take(MEERA)
        assert self.counts(run) == (0, 1, 0, 0, 0)
        assert self.meera() == known

    def test_a_pan_of_somebody_else_is_left_out(self):
        self.take(MEERA, JAY)
        run = self.take(JAY.replace("ABCPE1235F", "ABCPE1234F"))
        assert [issue.code for issue in run.issues.all()] == ["pan_of_another_client"]
        jay = Client.objects.get(identifiers__external_id="1609", firm=self.firm)
        assert jay.pan == "ABCPE1235F"

    def test_one_pan_under_two_new_ids_is_booked_once(self):
        run = self.take(MEERA, JAY.replace("ABCPE1235F", "ABCPE1234F"))
        assert run.rows_created == 2
        assert [(issue.line, issue.code) for issue in run.issues.all()] == [(2, "pan_given_twice")]
        assert Client.objects.filter(firm=self.firm, pan_hash__isnull=False).count() == 1

    def test_a_person_s_decision_on_the_advisor_stands(self):
        self.take(MEERA)
        clients.reassign_clients(clients=[self.meera().pk], advisor=self.advisor_arun, user=self.admin)
        self.take(MEERA)
        assert self.meera().advisor == self.advisor_arun

    def test_an_undo_takes_the_clients_back(self):
        run = self.take(MEERA, JAY)
        services.start_undo(run=run, user=self.admin)
        services.execute_undo(run.pk)
        assert not Client.objects.filter(identifiers__external_id="1608").exists()

    def test_an_undo_puts_the_old_values_back(self):
        self.take(MEERA)
        run = self.take(MEERA.replace("ABCPE1234F", "ABCPE7777F"))
        services.start_undo(run=run, user=self.admin)
        services.execute_undo(run.pk)
        assert self.meera().pan == "ABCPE1234F"

    def test_the_template_is_a_good_file(self):
        run = services.receive_file(
            user=self.admin,
            firm=self.firm,
            source=sources.get("clients"),
            file=BytesIO(sources.template(sources.get("clients"), "csv")),
            filename="template.csv",
            on_error=OnError.ABORT,
            dry_run=False,
            channel=Channel.PAGE,
        )
        assert services.execute(run.pk).rows_created == 1
