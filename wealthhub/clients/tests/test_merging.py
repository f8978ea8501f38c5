"""Two clients become one and two again."""

import pytest

from wealthhub.accounts.models import User
from wealthhub.clients import merging, services
from wealthhub.clients.models import Client, ClientIdentifier, ClientMerge, Note
from wealthhub.errors import DomainError, Forbidden
from wealthhub.testing import WealthhubTestCase, make_client


class MergeTests(WealthhubTestCase):
    def setUp(self):
        super().setUp()
        self.kept = self.client_of_arun
        self.merged = self.client_of_asha
        services.update_client(
            client=self.merged, user=self.asha, changes={"pan": "ABCPE1234F", "phone": "9876543210"}
        )
        self.note = services.add_note(client=self.merged, user=self.asha, text="Called.")
        self.kept, self.merged = Client.objects.get(pk=self.kept.pk), Client.objects.get(pk=self.merged.pk)

    def merge(self, **values):
        values = {"kept": self.kept, "merged": self.merged, "user": self.manager} | values
        return merging.merge_clients(**values)

    def state(self):
        return {
            "clients": list(
                Client.objects.order_by("pk").values(
                    "pk", "name", "advisor", "household", "merged_into", "pan_hash", "phone_hash"
                )
            ),
            "identifiers": list(ClientIdentifier.objects.order_by("pk").values("pk", "client")),
            "notes": list(Note.objects.order_by("pk").values("pk", "client")),
            "users": list(User.objects.order_by("pk").values("pk", "client")),
            "assignments": sorted(self.kept.assignments.values_list("pk", "client", "until")),
        }

    def test_it_works(self):
        merge = self.merge(reason="Same PAN card")
        kept = Client.objects.get(pk=self.kept.pk)
        assert sorted(kept.identifiers.values_list("external_id", flat=True)) == ["arun-1", "asha-1"]
        assert (kept.name, kept.pan, kept.phone) == ("Kiran Das", "ABCPE1234F", "+919876543210")
        assert kept.notes.get() == self.note
        assert Client.objects.get(pk=self.merged.pk).merged_into == kept
        assert User.objects.get(pk=self.investor.pk).client == kept
        assert merge.moved["clients.ClientIdentifier"] == list(
            kept.identifiers.filter(external_id="asha-1").values_list("pk", flat=True)
        )

    def test_a_preview_says_what_would_move_and_changes_nothing(self):
        before = self.state()
        preview = merging.preview_merge(kept=self.kept, merged=self.merged)
        moving = {part.model.__name__: len(part.ids) for part in preview.moving}
        assert moving == {"ClientIdentifier": 1, "Note": 1, "User": 1}
        assert preview.filled == ["PAN", "Phone"]
        assert any("different advisors" in warning for warning in preview.warnings)
        assert self.state() == before

    def test_merge_and_undo_leave_everything_as_it_was(self):
        before = self.state()
        merge = self.merge()
        merging.undo_merge(merge=merge, user=self.admin)
        assert self.state() == before
        assert Client.objects.get(pk=self.merged.pk).pan == "ABCPE1234F"
        assert Client.objects.get(pk=self.kept.pk).pan is None

    def test_what_came_after_the_merge_stays_with_the_kept_client(self):
        merge = self.merge()
        later = services.add_note(client=self.kept, user=self.arun, text="Later.")
        merging.undo_merge(merge=merge, user=self.admin)
        assert Note.objects.get(pk=later.pk).client == self.kept
        assert Note.objects.get(pk=self.note.pk).client == self.merged

    def test_a_merge_is_undone_once(self):
        merge = self.merge()
        merging.undo_merge(merge=merge, user=self.admin)
        with pytest.raises(DomainError) as refusal:
            merging.undo_merge(merge=merge, user=self.admin)
        assert refusal.value.code == "undone"

    def test_a_row_that_has_its_like_at_the_kept_client_stays(self):
        other = make_client(name="Own sign-in", advisor=self.advisor_arun)
        User.objects.filter(pk=self.analyst.pk).update(role="investor", client=other)
        preview = merging.preview_merge(kept=other, merged=self.merged)
        users = next(part for part in preview.moving if part.model is User)
        assert (users.ids, users.staying) == ([], [self.investor.pk])
        self.merge(kept=other)
        assert User.objects.get(pk=self.investor.pk).client == self.merged

    def test_two_pans_are_two_persons(self):
        services.update_client(client=self.kept, user=self.arun, changes={"pan": "ABCPE9999F"})
        with pytest.raises(DomainError) as refusal:
            self.merge()
        assert refusal.value.code == "cannot_merge"
        assert not ClientMerge.objects.exists()

    def test_refusals(self):
        with pytest.raises(Forbidden):
            self.merge(user=self.asha)
        with pytest.raises(DomainError):
            self.merge(merged=self.kept)
        with pytest.raises(DomainError):
            self.merge(merged=self.client_of_ravi)
        self.merge()
        with pytest.raises(DomainError):
            self.merge()

    def test_the_later_merge_is_undone_first(self):
        first = self.merge()
        last = make_client(name="Kiran D.", advisor=self.advisor_arun)
        merging.merge_clients(kept=last, merged=self.kept, user=self.admin)
        with pytest.raises(DomainError) as refusal:
            merging.undo_merge(merge=first, user=self.admin)
        assert refusal.value.code == "merged"
