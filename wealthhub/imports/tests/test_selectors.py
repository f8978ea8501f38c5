from datetime import UTC, datetime, timedelta
from decimal import Decimal

from wealthhub.imports import selectors
from wealthhub.imports.choices import Phase, RunStatus
from wealthhub.imports.models import ImportIssue, ImportRun
from wealthhub.testing import WealthhubTestCase, make_run

START = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)


def running(firm, **fields):
    started = {"status": RunStatus.RUNNING, "phase": Phase.READING, "started_at": START, "finished_at": None}
    return make_run(firm=firm, source="sip", **{**started, **fields})


class ProgressTests(WealthhubTestCase):
    def test_it_works_from_the_pace_of_the_last_good_run(self):
        make_run(
            firm=self.firm,
            source="sip",
            size=1_000,
            status=RunStatus.SUCCEEDED,
            started_at=START,
            finished_at=START + timedelta(seconds=10),
        )
        run = running(self.firm, size=4_000, bytes_done=500, rows_read=20)

        found = selectors.progress(run, now=START + timedelta(seconds=10))

        # 4,000 bytes at 10 s per 1,000 take 40 s; 10 of them are over.
        assert found.fraction == Decimal("0.25")
        assert found.percent == 25
        assert found.seconds_elapsed == 10
        assert found.seconds_left == 30
        assert found.rows == 20
        assert found.phase == "Reading and checking"

    def test_without_an_earlier_run_its_own_reading_is_the_measure(self):
        run = running(self.firm, size=1_000, bytes_done=500)

        found = selectors.progress(run, now=START + timedelta(seconds=30))

        assert found.fraction == Decimal("0.30")  # half of the reading, which is 0.6 of the whole
        assert found.seconds_left == 70

    def test_nothing_is_guessed_where_nothing_is_known(self):
        waiting = make_run(
            firm=self.firm, source="sip", status=RunStatus.QUEUED, started_at=None, finished_at=None
        )
        merging = running(self.firm, phase=Phase.MERGING, size=1_000, bytes_done=1_000)

        for run in (waiting, merging):
            found = selectors.progress(run, now=START + timedelta(seconds=30))
            assert (found.fraction, found.percent, found.seconds_left) == (None, None, None)

    def test_a_run_that_takes_longer_than_thought_is_never_said_to_be_over(self):
        make_run(
            firm=self.firm,
            source="sip",
            size=1_000,
            status=RunStatus.SUCCEEDED,
            started_at=START,
            finished_at=START + timedelta(seconds=1),
        )
        found = selectors.progress(running(self.firm, size=1_000), now=START + timedelta(minutes=5))

        assert (found.fraction, found.seconds_left) == (Decimal("0.99"), 1)

    def test_another_firms_pace_says_nothing(self):
        make_run(
            firm=self.other_firm,
            source="sip",
            size=1_000,
            status=RunStatus.SUCCEEDED,
            started_at=START,
            finished_at=START + timedelta(seconds=1),
        )
        found = selectors.progress(running(self.firm, size=1_000), now=START + timedelta(minutes=5))

        assert found.seconds_left is None

    def test_a_finished_run_is_whole(self):
        run = make_run(
            firm=self.firm,
            source="sip",
            status=RunStatus.FAILED,
            started_at=START,
            finished_at=START + timedelta(seconds=7),
        )
        found = selectors.progress(run, now=START + timedelta(days=3))

        assert (found.fraction, found.seconds_elapsed, found.seconds_left) == (Decimal(1), 7, 0)
        assert found.phase == "Failed"


class OutcomeTests(WealthhubTestCase):
    def test_the_parts_add_up_to_the_rows_read(self):
        run = ImportRun(
            rows_read=21, rows_created=1, rows_updated=2, rows_unchanged=3, rows_duplicate=5, rows_rejected=10
        )
        assert [part.rows for part in selectors.parts(run)] == [1, 2, 3, 5, 10]
        assert sum(part.rows for part in selectors.parts(run)) == run.rows_read

    def test_issues_are_grouped_errors_first(self):
        run = make_run(firm=self.firm, source="sip")
        for line, code, severity, column in (
            (2, "not_a_choice", "warning", "status"),
            (3, "not_a_choice", "warning", "status"),
            (4, "negative", "error", "amount"),
            (5, "not_a_date", "error", "start_date"),
            (6, "not_a_date", "error", "start_date"),
        ):
            ImportIssue.objects.create(
                run=run, line=line, column=column, code=code, severity=severity, message=f"{code} here"
            )

        with self.assertNumQueries(1):
            groups = selectors.issue_groups(run)

        assert [(group.code, group.count, group.is_error) for group in groups] == [
            ("not_a_date", 2, True),
            ("negative", 1, True),
            ("not_a_choice", 2, False),
        ]


class WhatMayBeDoneTests(WealthhubTestCase):
    def test_a_check_that_found_something_can_be_booked_and_not_undone(self):
        run = make_run(
            firm=self.firm, source="sip", dry_run=True, rows_read=1, rows_created=1, file="imports/x.csv"
        )
        assert selectors.can_be_booked(run)
        assert not selectors.can_be_undone(run)

    def test_a_check_whose_file_is_gone_cannot_be_booked(self):
        run = make_run(firm=self.firm, source="sip", dry_run=True, rows_read=1, rows_created=1, file="")
        assert not selectors.can_be_booked(run)

    def test_a_run_that_changed_nothing_cannot_be_undone(self):
        run = make_run(firm=self.firm, source="sip", rows_read=1, rows_unchanged=1)
        assert not selectors.can_be_undone(run)

    def test_only_a_failed_run_can_be_retried(self):
        failed = make_run(firm=self.firm, source="sip", status=RunStatus.FAILED, file="imports/x.csv")
        good = make_run(firm=self.firm, source="sip", file="imports/x.csv")
        assert selectors.can_be_retried(failed)
        assert not selectors.can_be_retried(good)

    def test_the_analyst_sees_no_bare_rows(self):
        run = make_run(firm=self.firm, source="sip", file="imports/x.csv")
        assert selectors.may_see_rows(self.admin, run)
        assert not selectors.may_see_rows(self.analyst, run)

    def test_who_may_send_the_sip_book(self):
        names = {
            user.username: [source.name for source in selectors.sources_for(user) if source.name == "sip"]
            for user in (self.admin, self.manager, self.asha, self.analyst, self.investor)
        }
        assert names == {"admin": ["sip"], "manager": ["sip"], "asha": [], "analyst": [], "investor": []}
