from datetime import timedelta
from decimal import Decimal
from unittest.mock import patch

import pytest
from django.utils import timezone

from opportunities import services, tasks
from opportunities.models import Opportunity, ScanRun
from opportunities.tests.factories import AS_OF, make_sip
from wealthhub.dates import today_ist
from wealthhub.testing import WealthhubTestCase, make_run


class TaskTests(WealthhubTestCase):
    """Run in this process: what a worker does with each message."""

    def setUp(self):
        super().setUp()
        make_sip(self.client_of_asha, failed_amount=Decimal(9000), status="Failed")
        conf = tasks.scan_shard.app.conf
        self.addCleanup(setattr, conf, "task_always_eager", conf.task_always_eager)
        conf.task_always_eager = True

    def test_a_scan_runs_to_its_end(self):
        with self.captureOnCommitCallbacks(execute=True):
            scan = services.start_scan(firm=self.firm, user=self.admin, as_of=AS_OF)
        scan.refresh_from_db()
        assert (scan.status, scan.found, scan.user) == ("succeeded", 1, self.admin)

    def test_an_import_is_scanned_once_however_often_it_is_told(self):
        run = make_run(firm=self.firm)
        for _ in range(2):
            with self.captureOnCommitCallbacks(execute=True):
                tasks.scan_after_import(self.firm.pk, run.pk)
        scan = ScanRun.objects.get(import_run=run)
        assert (scan.as_of, scan.status) == (today_ist(), "succeeded")
        tasks.scan_after_import(self.other_firm.pk, run.pk)
        assert ScanRun.objects.count() == 1

    def test_merged_clients_are_looked_at_again(self):
        with self.captureOnCommitCallbacks(execute=True):
            tasks.scan_after_merge(self.firm.pk, [self.client_of_asha.pk])
        assert ScanRun.objects.get().status == "succeeded"
        tasks.scan_after_merge(0, [])
        assert ScanRun.objects.count() == 1

    def test_every_night_every_firm(self):
        with self.captureOnCommitCallbacks(execute=True):
            tasks.scan_all_firms()
        assert set(ScanRun.objects.values_list("firm", "status")) == {
            (self.firm.pk, "succeeded"),
            (self.other_firm.pk, "succeeded"),
        }

    def test_a_lost_scan_is_taken_up_again(self):
        scan = ScanRun.objects.create(firm=self.firm, as_of=AS_OF)
        ScanRun.objects.update(created_at=timezone.now() - timedelta(minutes=11))
        tasks.resume_scans()
        scan.refresh_from_db()
        assert scan.status == "succeeded"
        assert Opportunity.objects.count() == 1

    def test_a_shard_that_breaks_ends_the_scan_with_a_message(self):
        scan = ScanRun.objects.create(firm=self.firm, as_of=AS_OF)
        [shard] = services.plan_scan(scan.pk)
        with patch.object(services, "_scan_with", side_effect=RuntimeError), pytest.raises(RuntimeError):
            tasks.scan_shard(shard)
        scan.refresh_from_db()
        assert (scan.status, scan.error_message) == ("failed", f"Shard {shard} failed: RuntimeError.")

    def test_a_shard_of_a_deleted_scan_is_nothing_to_do(self):
        tasks.scan_shard(0)
