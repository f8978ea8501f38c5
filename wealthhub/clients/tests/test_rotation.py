"""A new key: everything moves to it, and the old one is needed no more."""

from io import StringIO

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.test import override_settings

from wealthhub import crypto
from wealthhub.clients import rotation, services
from wealthhub.clients.models import Client
from wealthhub.testing import WealthhubTestCase

NEW = "k2:YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXphYmNkZWY="


class RotationTests(WealthhubTestCase):
    def setUp(self):
        super().setUp()
        for number, client in enumerate((self.client_of_asha, self.client_of_arun), start=1):
            changes = {"pan": f"ABCPE000{number}F", "email": f"c{number}@example.in"}
            services.update_client(client=client, user=self.admin, changes=changes)
        self.old = list(settings.FIELD_KEYS)

    def rotate(self, **options):
        out = StringIO()
        call_command("rotate_keys", stdout=out, **options)
        return out.getvalue()

    def test_it_works_and_the_old_key_may_go(self):
        events = self.client_of_asha.events.count()
        with override_settings(FIELD_KEYS=[NEW, *self.old]):
            said = self.rotate(batch=1)
            assert "clients_client.pan: 2 re-encrypted" in said
            assert self.client_of_asha.events.count() == events
        with override_settings(FIELD_KEYS=[NEW]):
            assert Client.objects.get(pk=self.client_of_asha.pk).pan == "ABCPE0001F"
            assert self.client_of_asha.events.latest("pgh_id").pan == "ABCPE0001F"

    def test_a_second_run_finds_nothing_to_do(self):
        with override_settings(FIELD_KEYS=[NEW, *self.old]):
            self.rotate()
            assert "clients_client.pan: 0 re-encrypted" in self.rotate()
            assert "Everything is under the key k2." in self.rotate(check=True)

    def test_a_stopped_run_goes_on_where_it_stood(self):
        pan = next(column for column in rotation.encrypted_columns() if str(column) == "clients_client.pan")

        class Stopped(Exception):
            pass

        def stop(count):
            raise Stopped

        with override_settings(FIELD_KEYS=[NEW, *self.old]):
            with pytest.raises(Stopped):
                rotation.rotate(pan, batch=1, done=stop)
            assert rotation.left_over(pan) == 1
            assert rotation.rotate(pan, batch=1) == 1

    def test_a_missing_key_is_named_and_nothing_is_lost(self):
        with override_settings(FIELD_KEYS=[NEW]), pytest.raises(CommandError, match="'k1' is not configured"):
            self.rotate()
        assert Client.objects.get(pk=self.client_of_asha.pk).pan == "ABCPE0001F"

    def test_a_value_copied_to_another_column_does_not_decrypt(self):
        stored = crypto.encrypt("ABCPE1234F", column="clients_client.pan")
        with pytest.raises(crypto.Undecryptable):
            crypto.decrypt(stored, column="clients_client.email")
