"""What pages say about clients, and the search."""

from django.urls import reverse

from wealthhub.clients import merging, selectors, services
from wealthhub.clients.models import Client
from wealthhub.testing import WealthhubTestCase, make_client


class SearchTests(WealthhubTestCase):
    def found(self, user, text):
        return [client.name for client in selectors.search_clients(user, text)]

    def test_by_name_identifier_pan_phone_and_email(self):
        services.update_client(
            client=self.client_of_asha,
            user=self.asha,
            changes={"pan": "ABCPE1234F", "phone": "9876543210", "email": "meera@shah.in"},
        )
        for text in (
            "meera",
            "SHAH",
            "asha-1",
            "abcpe1234f",
            "98765 43210",
            "(+91)9876543210",
            "Meera@Shah.in",
        ):
            assert self.found(self.asha, text) == ["Meera Shah"], text

    def test_thousands_commas_in_an_identifier_do_not_count(self):
        make_client(name="Dev", advisor=self.advisor_asha, external_id="1608045")
        assert self.found(self.asha, "1,608,045") == ["Dev"]

    def test_others_and_strangers_find_nothing(self):
        assert self.found(self.arun, "Meera") == []
        assert self.found(self.ravi, "Meera") == []
        assert self.found(self.manager, "Meera") == ["Meera Shah"]

    def test_an_investor_finds_themselves_only(self):
        assert self.found(self.investor, "Meera") == ["Meera Shah"]
        assert self.found(self.investor, "Kiran") == []

    def test_a_slip_of_the_finger_is_forgiven(self):
        assert self.found(self.admin, "Mera Shah") == ["Meera Shah"]

    def test_an_exact_identifier_comes_first_then_names_that_begin_so(self):
        make_client(name="Asha Meera", advisor=self.advisor_asha)
        make_client(name="Zubin", advisor=self.advisor_asha, external_id="meera2")
        assert self.found(self.admin, "meera2") == ["Zubin"]
        assert self.found(self.admin, "meera") == ["Meera Shah", "Asha Meera"]

    def test_one_character_asks_nothing(self):
        with self.assertNumQueries(0):
            assert self.found(self.admin, "m") == []

    def test_the_wildcards_of_sql_are_letters(self):
        assert self.found(self.admin, "%%") == []

    def test_a_merged_client_is_found_as_the_kept_one(self):
        merging.merge_clients(kept=self.client_of_arun, merged=self.client_of_asha, user=self.admin)
        assert self.found(self.admin, "asha-1") == ["Kiran Das"]
        assert self.found(self.admin, "Meera") == []


class ClientPageTests(WealthhubTestCase):
    def setUp(self):
        super().setUp()
        services.update_client(client=self.client_of_asha, user=self.asha, changes={"pan": "ABCPE1234F"})
        services.add_note(client=self.client_of_asha, user=self.asha, text="Asked for a review.", kind="call")
        services.record_consent(
            client=self.client_of_asha, user=self.asha, purpose="Mail", notice_version="1", channel="web"
        )
        self.subject = Client.objects.get(pk=self.client_of_asha.pk)
        self.url = reverse("overview:client", args=[self.subject.pk])

    def test_the_page_has_identity_notes_consents_and_timeline(self):
        page = self.get_as(self.asha, self.url)
        for text in (
            "XXXXXX234F",
            "asha-1",
            "Asked for a review.",
            "Mail",
            "Keep the note",
            "Record a consent",
        ):
            self.assertContains(page, text)
        self.assertNotContains(page, "ABCPE1234F")

    def test_the_client_sees_neither_notes_nor_who_served_them(self):
        page = self.get_as(self.investor, self.url)
        self.assertNotContains(page, "Asked for a review.")
        self.assertContains(page, "Mail")
        assert selectors.client_facts(self.subject, self.investor).assignments == []

    def test_an_analyst_gets_no_way_to_reveal_or_write(self):
        page = self.get_as(self.analyst, self.url)
        self.assertNotContains(page, reverse("clients:reveal", args=[self.subject.pk]))
        self.assertNotContains(page, "Keep the note")

    def test_the_timeline_is_the_newest_first(self):
        services.reassign_clients(
            clients=[self.subject.pk], advisor=self.advisor_arun, user=self.admin, reason="Leave"
        )
        titles = [item.title for item in selectors.timeline(self.subject, self.admin)]
        assert titles[0] == "Consent: Mail (notice 1)"
        assert titles[1] == "Call"
        assert titles[2:] == ["Partner: Arun Iyer", "Partner: Asha Rao"]
