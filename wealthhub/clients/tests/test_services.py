"""Changes to clients: who may, what is kept, what is refused."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from wealthhub.accounts.models import AuditEvent
from wealthhub.clients import services
from wealthhub.clients.models import AdvisorAssignment, Client, Household, Note
from wealthhub.dates import today_ist
from wealthhub.errors import DomainError, Forbidden, Invalid
from wealthhub.testing import WealthhubTestCase, make_client


class CreateClientTests(WealthhubTestCase):
    def create(self, **values):
        values = {
            "user": self.asha,
            "firm": self.firm,
            "name": "Dev  Mehta",
            "advisor": self.advisor_asha,
        } | values
        return services.create_client(**values)

    def test_it_works(self):
        client = self.create(pan="abcpe1234f", phone="98765 43210", identifiers={"Wealthy": "1,608"})
        client = Client.objects.get(pk=client.pk)
        assert (client.name, client.pan, client.phone) == ("Dev Mehta", "ABCPE1234F", "+919876543210")
        assert client.identifiers.get().external_id == "1608"
        assert client.assignments.get().advisor == self.advisor_asha

    def test_the_database_never_holds_it_in_clear(self):
        client = self.create(pan="ABCPE1234F", email="dev@mehta.in", birth_date="30-07-1985")
        with connection.cursor() as cursor:
            cursor.execute("SELECT pan, email, birth_date FROM clients_client WHERE id = %s", [client.pk])
            stored = b"".join(bytes(value) for value in cursor.fetchone())
        assert b"ABCPE" not in stored
        assert b"mehta" not in stored
        assert b"1985" not in stored

    def test_the_same_pan_twice_in_a_firm_is_refused_and_writes_nothing(self):
        self.create(pan="ABCPE1234F")
        with pytest.raises(DomainError) as refusal:
            self.create(name="Other", pan="abcpe1234f")
        assert refusal.value.code == "pan_taken"
        assert not Client.objects.filter(name="Other").exists()

    def test_two_firms_may_serve_one_person(self):
        self.create(pan="ABCPE1234F")
        services.create_client(
            user=self.ravi, firm=self.other_firm, name="Dev", advisor=self.advisor_ravi, pan="ABCPE1234F"
        )
        assert Client.objects.filter(pan_hash__isnull=False).count() == 2

    def test_refusals(self):
        with pytest.raises(Invalid):
            self.create(name="   ")
        with pytest.raises(Invalid):
            self.create(pan="nonsense")
        with pytest.raises(Invalid):
            self.create(advisor=self.advisor_ravi)
        with pytest.raises(DomainError) as refusal:
            self.create(identifiers={"wealthy": "asha-1"})
        assert refusal.value.code == "identifier_taken"


class UpdateClientTests(WealthhubTestCase):
    def test_it_works(self):
        services.update_client(
            client=self.client_of_asha, user=self.asha, changes={"pan": "ABCPE1234F", "name": "M"}
        )
        client = Client.objects.get(pk=self.client_of_asha.pk)
        assert (client.pan, client.name) == ("ABCPE1234F", "M")
        event = AuditEvent.objects.get(action="client.personal_data_changed")
        assert event.details == {"kinds": ["pan"]}

    def test_empty_text_removes_what_was_stored_and_its_hash(self):
        services.update_client(client=self.client_of_asha, user=self.asha, changes={"pan": "ABCPE1234F"})
        services.update_client(client=self.client_of_asha, user=self.asha, changes={"pan": ""})
        client = Client.objects.get(pk=self.client_of_asha.pk)
        assert client.pan is None
        assert client.pan_hash is None

    def test_who_serves_the_client_is_not_changed_here(self):
        with pytest.raises(Invalid):
            services.update_client(
                client=self.client_of_asha, user=self.admin, changes={"advisor": self.advisor_arun}
            )

    def test_history_keeps_what_stood_before_and_can_be_read(self):
        services.update_client(client=self.client_of_asha, user=self.asha, changes={"pan": "ABCPE1234F"})
        services.update_client(client=self.client_of_asha, user=self.asha, changes={"pan": "ABCPE9999F"})
        known = [event.pan for event in self.client_of_asha.events.order_by("pgh_id")]
        assert known[-2:] == ["ABCPE1234F", "ABCPE9999F"]


class RevealTests(WealthhubTestCase):
    def setUp(self):
        super().setUp()
        services.update_client(client=self.client_of_asha, user=self.asha, changes={"pan": "ABCPE1234F"})
        self.subject = Client.objects.get(pk=self.client_of_asha.pk)

    def test_it_works_and_is_in_the_audit_trail(self):
        values = services.reveal(
            client=self.subject, user=self.asha, kinds=["pan", "phone"], reason="KYC call back"
        )
        assert values == {"pan": "ABCPE1234F", "phone": None}
        event = AuditEvent.objects.get(action="client.revealed")
        assert (event.user, event.object_id, event.reason) == (
            self.asha,
            str(self.subject.pk),
            "KYC call back",
        )
        assert "ABCPE" not in str(event.details)

    def test_without_a_reason_nothing_is_shown(self):
        with pytest.raises(Invalid):
            services.reveal(client=self.subject, user=self.asha, kinds=["pan"], reason=" x ")
        assert not AuditEvent.objects.filter(action="client.revealed").exists()

    def test_an_analyst_sees_masked_values_only(self):
        with pytest.raises(Forbidden):
            services.reveal(client=self.subject, user=self.analyst, kinds=["pan"], reason="KYC call back")


class NoteAndConsentTests(WealthhubTestCase):
    def test_a_note_is_kept(self):
        services.add_note(client=self.client_of_asha, user=self.asha, text="  Called. ")
        assert Note.objects.get().text == "Called."

    def test_an_analyst_writes_nothing(self):
        with pytest.raises(Forbidden):
            services.add_note(client=self.client_of_asha, user=self.analyst, text="Called.")
        assert not Note.objects.exists()

    def consent(self, **values):
        values = {"purpose": "Statements", "notice_version": "2026-1", "channel": "web"} | values
        return services.record_consent(client=self.client_of_asha, user=self.asha, **values)

    def test_a_consent_is_withdrawn_once(self):
        consent = services.withdraw_consent(consent=self.consent(), user=self.asha)
        again = services.withdraw_consent(consent=consent, user=self.asha)
        assert consent.withdrawn_at is not None
        assert again.withdrawn_at == consent.withdrawn_at

    def test_the_client_may_withdraw_their_own(self):
        assert services.withdraw_consent(consent=self.consent(), user=self.investor).withdrawn_at is not None

    def test_a_consent_from_the_future_is_refused(self):
        with pytest.raises(Invalid):
            self.consent(given_at=timezone.now() + timedelta(hours=1))


class ReassignTests(WealthhubTestCase):
    def test_it_works_and_keeps_the_history(self):
        moved = services.reassign_clients(
            clients=[self.client_of_asha.pk, self.client_of_arun.pk],
            advisor=self.advisor_arun,
            user=self.manager,
            reason="Asha on leave",
        )
        assert moved == 1
        self.client_of_asha.refresh_from_db()
        assert self.client_of_asha.advisor == self.advisor_arun
        now, before = self.client_of_asha.assignments.order_by("-since")
        assert (now.advisor, now.since, now.until) == (self.advisor_arun, today_ist(), None)
        assert (before.advisor, before.until) == (self.advisor_asha, today_ist())
        assert now.by == self.manager

    def test_repeating_it_changes_nothing(self):
        for expected in (1, 0):
            moved = services.reassign_clients(
                clients=[self.client_of_asha.pk], advisor=self.advisor_arun, user=self.admin
            )
            assert moved == expected
        assert AdvisorAssignment.objects.filter(client=self.client_of_asha).count() == 2

    def test_an_advisor_may_not(self):
        with pytest.raises(Forbidden):
            services.reassign_clients(
                clients=[self.client_of_asha.pk], advisor=self.advisor_arun, user=self.asha
            )

    def test_a_client_of_another_firm_refuses_all(self):
        with pytest.raises(Invalid):
            services.reassign_clients(
                clients=[self.client_of_asha.pk, self.client_of_ravi.pk],
                advisor=self.advisor_arun,
                user=self.admin,
            )
        self.client_of_asha.refresh_from_db()
        assert self.client_of_asha.advisor == self.advisor_asha


class HouseholdTests(WealthhubTestCase):
    def test_it_works(self):
        second = make_client(name="Jay Shah", advisor=self.advisor_asha)
        household = services.save_household(
            firm=self.firm, user=self.asha, name="Shah", members=[self.client_of_asha, second]
        )
        services.save_household(
            firm=self.firm, user=self.asha, name="Shahs", members=[second], household=household
        )
        assert list(household.members.all()) == [second]
        assert Household.objects.get().name == "Shahs"

    def test_members_one_does_not_see_stay(self):
        household = services.save_household(
            firm=self.firm, user=self.admin, name="Shah", members=[self.client_of_asha, self.client_of_arun]
        )
        second = make_client(name="Jay Shah", advisor=self.advisor_asha)
        services.save_household(
            firm=self.firm, user=self.asha, name="Shah", members=[second], household=household
        )
        assert set(household.members.all()) == {self.client_of_arun, second}

    def test_one_household_is_advised_or_distributed_to_not_both(self):
        advised = make_client(name="Jay Shah", advisor=self.advisor_asha, relationship="advisory")
        with pytest.raises(DomainError) as refusal:
            services.save_household(
                firm=self.firm, user=self.asha, name="Shah", members=[self.client_of_asha, advised]
            )
        assert refusal.value.code == "mixed_relationships"
        assert not Household.objects.exists()
