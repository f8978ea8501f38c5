"""The clients' pages: who sees what, and what a form does."""

from django.urls import reverse

from wealthhub.accounts.models import AuditEvent
from wealthhub.clients import merging, services
from wealthhub.clients.models import Client, ClientMerge, Consent, Household, Note
from wealthhub.testing import WealthhubTestCase, make_client


class ClientListTests(WealthhubTestCase):
    url = reverse("clients:list")

    def test_it_works(self):
        page = self.get_as(self.asha, self.url)
        self.assertContains(page, "Meera Shah")
        self.assertContains(page, "asha-1")
        self.assertNotContains(page, "Kiran Das")

    def test_a_stranger_sees_nothing_of_it(self):
        self.assertNotContains(self.get_as(self.ravi, self.url), "Meera Shah")

    def test_nobody_is_asked_to_sign_in(self):
        assert self.get_as(None, self.url).status_code == 302

    def test_an_investor_has_no_list(self):
        assert self.get_as(self.investor, self.url).status_code == 403

    def test_personal_data_is_masked_for_all(self):
        services.update_client(client=self.client_of_asha, user=self.asha, changes={"pan": "ABCPE1234F"})
        for user in (self.admin, self.asha, self.analyst):
            for query in ({}, {"export": "csv"}):
                page = self.get_as(user, self.url, **query)
                content = b"".join(page.streaming_content) if page.streaming else page.content
                assert b"XXXXXX234F" in content
                assert b"ABCPE1234F" not in content

    def test_a_pan_finds_its_client_and_a_part_of_it_does_not(self):
        services.update_client(client=self.client_of_asha, user=self.asha, changes={"pan": "ABCPE1234F"})
        self.assertContains(self.get_as(self.admin, self.url, q="abcpe1234f"), "Meera Shah")
        self.assertNotContains(self.get_as(self.admin, self.url, q="ABCPE123"), "Meera Shah")

    def test_filters(self):
        assert "Kiran Das" not in self.get_as(self.admin, self.url, q="meera").content.decode()
        page = self.get_as(self.manager, self.url, advisor=self.advisor_arun.pk)
        self.assertContains(page, "Kiran Das")
        self.assertNotContains(page, "Meera Shah")

    def test_a_bad_filter_shows_nothing(self):
        self.assertNotContains(self.get_as(self.admin, self.url, advisor="nonsense"), "Meera Shah")
        self.assertNotContains(self.get_as(self.admin, self.url, advisor=self.advisor_ravi.pk), "Meera Shah")

    def test_the_queries_do_not_grow_with_the_rows(self):
        self.get_as(self.admin, self.url)
        with self.assertNumQueries(FuzzyMax(12)) as few:
            self.client.get(self.url)
        for number in range(20):
            make_client(name=f"Client {number}", advisor=self.advisor_asha, external_id=f"x-{number}")
        with self.assertNumQueries(len(few.captured_queries)):
            self.client.get(self.url)

    def test_a_merged_client_is_in_no_list(self):
        merging.merge_clients(kept=self.client_of_arun, merged=self.client_of_asha, user=self.admin)
        self.assertNotContains(self.get_as(self.admin, self.url), "Meera Shah")


class FuzzyMax(int):
    """Equal to every count up to itself."""

    def __eq__(self, other):
        return int(other) <= int(self)

    __hash__ = int.__hash__


class CreateAndEditTests(WealthhubTestCase):
    def test_an_advisor_adds_a_client(self):
        self.sign_in(self.asha)
        data = {
            "name": "Dev Mehta",
            "relationship": "distribution",
            "advisor": self.advisor_asha.pk,
            "pan": "abcpe1234f",
            "identifier_source": "wealthy",
            "identifier": "9001",
        }
        answer = self.client.post(reverse("clients:create"), data)
        client = Client.objects.get(name="Dev Mehta")
        self.assertRedirects(answer, client.get_absolute_url(), fetch_redirect_response=False)
        assert client.pan == "ABCPE1234F"
        assert client.identifiers.get().external_id == "9001"

    def test_a_malformed_pan_is_said_at_its_field(self):
        self.sign_in(self.asha)
        data = {"name": "Dev", "relationship": "distribution", "advisor": self.advisor_asha.pk, "pan": "ABC"}
        page = self.client.post(reverse("clients:create"), data)
        assert page.status_code == 422
        self.assertContains(page, "five letters, four digits and a letter", status_code=422)
        assert not Client.objects.filter(name="Dev").exists()

    def test_an_advisor_of_another_team_cannot_be_chosen(self):
        self.sign_in(self.asha)
        data = {"name": "Dev", "relationship": "distribution", "advisor": self.advisor_arun.pk}
        assert self.client.post(reverse("clients:create"), data).status_code == 422

    def test_an_empty_personal_field_keeps_what_is_stored(self):
        services.update_client(client=self.client_of_asha, user=self.asha, changes={"pan": "ABCPE1234F"})
        url = reverse("clients:edit", args=[self.client_of_asha.pk])
        self.assertContains(self.get_as(self.asha, url), "XXXXXX234F")
        self.client.post(url, {"name": "Meera S.", "relationship": "distribution", "is_active": "on"})
        client = Client.objects.get(pk=self.client_of_asha.pk)
        assert (client.name, client.pan) == ("Meera S.", "ABCPE1234F")
        self.client.post(url, {"name": "Meera S.", "relationship": "distribution", "remove": ["pan"]})
        assert Client.objects.get(pk=self.client_of_asha.pk).pan is None

    def test_others_are_refused(self):
        url = reverse("clients:edit", args=[self.client_of_asha.pk])
        assert self.get_as(self.arun, url).status_code == 404
        assert self.get_as(self.ravi, url).status_code == 404
        assert self.get_as(self.analyst, url).status_code == 403
        assert self.get_as(self.investor, url).status_code == 403


class RevealTests(WealthhubTestCase):
    def setUp(self):
        super().setUp()
        services.update_client(client=self.client_of_asha, user=self.asha, changes={"pan": "ABCPE1234F"})
        self.url = reverse("clients:reveal", args=[self.client_of_asha.pk])

    def test_it_works_once_and_is_audited(self):
        self.sign_in(self.asha)
        page = self.client.post(self.url, {"kinds": ["pan"], "reason": "Client is on the phone"})
        self.assertContains(page, "ABCPE1234F")
        assert "no-store" in page["Cache-Control"]
        assert AuditEvent.objects.filter(action="client.revealed", user=self.asha).count() == 1

    def test_without_a_reason_nothing_is_shown(self):
        self.sign_in(self.asha)
        page = self.client.post(self.url, {"kinds": ["pan"], "reason": ""})
        self.assertNotContains(page, "ABCPE1234F", status_code=422)
        assert not AuditEvent.objects.filter(action="client.revealed").exists()

    def test_who_may_not(self):
        assert self.get_as(self.analyst, self.url).status_code == 403
        assert self.get_as(self.arun, self.url).status_code == 404
        assert self.get_as(self.ravi, self.url).status_code == 404


class NoteAndConsentTests(WealthhubTestCase):
    def test_a_note_is_kept(self):
        self.sign_in(self.asha)
        url = reverse("clients:note", args=[self.client_of_asha.pk])
        self.client.post(url, {"kind": "call", "text": "Called."})
        assert Note.objects.get().author == self.asha

    def test_others_are_refused(self):
        url = reverse("clients:note", args=[self.client_of_asha.pk])
        for user, status in ((self.ravi, 404), (self.arun, 404), (self.analyst, 403), (self.investor, 403)):
            self.sign_in(user)
            assert self.client.post(url, {"kind": "call", "text": "x"}).status_code == status
        assert not Note.objects.exists()

    def test_a_consent_is_recorded_and_withdrawn_by_the_client(self):
        self.sign_in(self.asha)
        data = {"purpose": "Statements", "notice_version": "1", "channel": "web"}
        self.client.post(reverse("clients:consent", args=[self.client_of_asha.pk]), data)
        consent = Consent.objects.get()
        url = reverse("clients:withdraw", args=[consent.pk])
        self.assertContains(self.get_as(self.investor, url), "Statements")
        self.client.post(url)
        consent.refresh_from_db()
        assert consent.withdrawn_at is not None
        assert self.get_as(self.arun, url).status_code == 404


class ReassignTests(WealthhubTestCase):
    url = reverse("clients:reassign")

    def test_it_works(self):
        page = self.get_as(self.manager, self.url, clients=self.client_of_asha.pk)
        self.assertContains(page, "Meera Shah")
        data = {"clients": str(self.client_of_asha.pk), "advisor": self.advisor_arun.pk, "reason": "Leave"}
        self.assertRedirects(self.client.post(self.url, data), reverse("clients:list"))
        assert Client.objects.get(pk=self.client_of_asha.pk).advisor == self.advisor_arun

    def test_all_of_a_filter_can_be_chosen(self):
        page = self.get_as(self.admin, self.url, all=1, q="Meera")
        self.assertContains(page, "Reassign 1 client")

    def test_a_client_one_does_not_see_refuses_all(self):
        self.sign_in(self.manager)
        ids = f"{self.client_of_asha.pk},{self.client_of_ravi.pk}"
        answer = self.client.post(self.url, {"clients": ids, "advisor": self.advisor_arun.pk})
        assert answer.status_code == 422
        assert Client.objects.get(pk=self.client_of_asha.pk).advisor == self.advisor_asha

    def test_an_advisor_may_not(self):
        assert self.get_as(self.asha, self.url).status_code == 403


class MergeTests(WealthhubTestCase):
    url = reverse("clients:merge")

    def test_choose_preview_merge_undo(self):
        kept, merged = self.client_of_arun, self.client_of_asha
        self.assertContains(self.get_as(self.manager, self.url, q="Kiran"), f"?kept={kept.pk}")
        self.assertContains(
            self.get_as(self.manager, self.url, kept=kept.pk, q="Meera"), f"merged={merged.pk}"
        )
        preview = self.get_as(self.manager, self.url, kept=kept.pk, merged=merged.pk)
        self.assertContains(preview, "What would happen")
        answer = self.client.post(self.url, {"kept": kept.pk, "merged": merged.pk, "reason": "Same PAN card"})
        self.assertRedirects(answer, kept.get_absolute_url(), fetch_redirect_response=False)
        merge = ClientMerge.objects.get()
        self.assertContains(self.client.get(reverse("clients:merges")), "Same PAN card")
        undo = reverse("clients:undo_merge", args=[merge.pk])
        self.assertContains(self.client.get(undo), "Separate the two again?")
        self.client.post(undo)
        assert Client.objects.get(pk=merged.pk).merged_into is None

    def test_those_alike_are_offered(self):
        twin = make_client(name="meera shah", advisor=self.advisor_arun)
        page = self.get_as(self.manager, self.url, kept=self.client_of_asha.pk)
        self.assertContains(page, f"merged={twin.pk}")

    def test_a_client_of_another_firm_is_not_there(self):
        assert self.get_as(self.manager, self.url, kept=self.client_of_ravi.pk).status_code == 404
        self.client.post(self.url, {"kept": self.client_of_asha.pk, "merged": self.client_of_ravi.pk})
        assert not ClientMerge.objects.exists()

    def test_an_advisor_may_not(self):
        assert self.get_as(self.asha, self.url).status_code == 403


class HouseholdTests(WealthhubTestCase):
    def test_it_works(self):
        self.sign_in(self.asha)
        url = reverse("clients:household_create")
        self.assertContains(self.client.get(url, {"q": "Meera"}), "Meera Shah")
        self.client.post(url, {"name": "Shah", "members": [self.client_of_asha.pk]})
        household = Household.objects.get()
        self.assertContains(self.client.get(reverse("clients:households")), "Shah")
        page = self.client.get(reverse("clients:household", args=[household.pk]))
        self.assertContains(page, "Meera Shah")
        self.assertContains(
            self.client.get(reverse("clients:household_edit", args=[household.pk])), "Meera Shah"
        )

    def test_a_stranger_sees_nothing_of_it(self):
        household = services.save_household(
            firm=self.firm, user=self.asha, name="Shah", members=[self.client_of_asha]
        )
        for user in (self.ravi, self.arun):
            assert self.get_as(user, reverse("clients:household", args=[household.pk])).status_code == 404
            self.assertNotContains(self.get_as(user, reverse("clients:households")), "Shah")

    def test_a_member_one_does_not_see_cannot_be_named(self):
        self.sign_in(self.asha)
        data = {"name": "Das", "members": [self.client_of_arun.pk]}
        assert self.client.post(reverse("clients:household_create"), data).status_code == 422
        assert not Household.objects.exists()
