"""The administration of clients."""

from django.apps import apps
from django.contrib import admin
from django.urls import reverse

from wealthhub.accounts.models import User
from wealthhub.clients import merging, services
from wealthhub.clients.models import Client, ClientMerge
from wealthhub.testing import WealthhubTestCase


class ClientsAdminTests(WealthhubTestCase):
    def setUp(self):
        super().setUp()
        self.root = User.objects.create_superuser("root", "root@example.in", "right-horse-battery")
        services.update_client(client=self.client_of_asha, user=self.asha, changes={"pan": "ABCPE1234F"})
        services.add_note(client=self.client_of_asha, user=self.asha, text="Called.")
        services.record_consent(
            client=self.client_of_asha, user=self.asha, purpose="Mail", notice_version="1", channel="web"
        )
        services.save_household(firm=self.firm, user=self.asha, name="Shah", members=[self.client_of_asha])
        self.merge = merging.merge_clients(
            kept=self.client_of_asha, merged=self.client_of_arun, user=self.admin
        )
        self.client.force_login(self.root)

    def test_every_table_of_the_room_has_its_list_and_its_page(self):
        models = [
            m for m in apps.get_app_config("clients").get_models() if not hasattr(m, "pgh_tracked_model")
        ]
        for model in models:
            assert admin.site.is_registered(model), model
            name = f"admin:clients_{model._meta.model_name}"
            page = self.client.get(reverse(f"{name}_changelist"), {"q": "1"})
            assert page.status_code == 200, model
            row = model.objects.first()
            page = self.client.get(reverse(f"{name}_change", args=[row.pk]))
            assert page.status_code == 200, model
            self.assertNotContains(page, "ABCPE1234F")

    def test_a_client_is_found_by_their_pan_and_shown_masked(self):
        page = self.client.get(reverse("admin:clients_client_changelist"), {"q": "ABCPE1234F"})
        self.assertContains(page, "XXXXXX234F")
        self.assertNotContains(page, "Kiran Das")

    def test_undoing_a_merge_goes_by_the_service(self):
        data = {"action": "undo", "_selected_action": [self.merge.pk]}
        self.client.post(reverse("admin:clients_clientmerge_changelist"), data)
        assert ClientMerge.objects.get().undone_by == self.root
        assert Client.objects.get(pk=self.client_of_arun.pk).merged_into is None
