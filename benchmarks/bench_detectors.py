"""Each detector over the whole book against one sequential scan of the same table.

    python benchmarks/bench_detectors.py [--sips 1000000]

The limit of the house: five times `SELECT count(*), sum(...)`, parallel workers off for both. A detector is timed
with every figure, description and fact of every finding, thrown away by the server. The whole scan is printed beside
it: there the evidence is gathered and all is written.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks import common

LIMIT = 5.0
SCAN = "SELECT count(*), sum(amount), sum(success_amount), sum(failed_amount) FROM opportunities_sip"

BELIEVABLE = """
UPDATE opportunities_sip SET
    latest_success_on = CASE WHEN client_id % 100 < 4 THEN current_date - (75 + client_id % 250)::int
                             ELSE latest_success_on END,
    success_amount = CASE WHEN client_id % 100 < 4 THEN 60000 ELSE success_amount END,
    failed_amount = CASE WHEN client_id % 100 BETWEEN 4 AND 13 THEN 3 * amount ELSE 0 END,
    start_date = CASE WHEN client_id % 100 < 60 THEN current_date - (30 + id % 330)::int ELSE start_date END
"""


def main() -> int:
    """Print the ratios; 1 where a limit is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sips", type=int, default=1_000_000)
    parser.add_argument("--explain", action="store_true", help="print the plans too")
    options = parser.parse_args()
    common.set_up()
    firm = common.make_book(sips=options.sips)
    make_believable()
    holds = detectors_against_a_scan(firm.pk, explain=options.explain)
    whole_scan(firm)
    return 0 if holds else 1


def make_believable() -> None:
    """Troubles as often as in a real book: 4 of 100 clients dormant, 10 with failures, about 30 without a rise."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(BELIEVABLE)
        cursor.execute("VACUUM FULL ANALYZE opportunities_sip")


def detectors_against_a_scan(firm_id: int, *, explain: bool) -> bool:
    """Time the sequential scan, then each detector."""
    from django.db import connection

    from opportunities import detectors
    from wealthhub.dates import today_ist

    with connection.cursor() as cursor:
        cursor.execute("SET max_parallel_workers_per_gather = 0")
        limit = common.best(3, lambda: cursor.execute(SCAN))
        cursor.execute(SCAN)
        print(f"{cursor.fetchone()[0]:,} SIPs; one sequential scan {limit:.3f} s", flush=True)
        holds = True
        for kind in detectors.REGISTRY:
            text, values = detectors.statement(firm_id=firm_id, opportunity_type=kind, as_of=today_ist())
            question = f"SELECT count(*), sum(potential_inflow), sum(length(description)), count(facts) FROM ({text}) f"
            if explain:
                cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, COSTS OFF) {question}", values)
                print("\n".join(row[0] for row in cursor.fetchall()))
            seconds = common.best(
                3, lambda question=question, values=values: cursor.execute(question, values)
            )
            cursor.execute(question, values)
            print(f"{kind}: {cursor.fetchone()[0]:,} findings in {seconds:.3f} s")
            holds &= common.verdict(f"{kind}, in sequential scans", seconds / limit, at_most=LIMIT)
    return holds


def whole_scan(firm: object) -> None:
    """Time a first scan, one that finds nothing new, and the next day's."""
    from datetime import timedelta

    from opportunities import services
    from opportunities.models import ScanRun
    from wealthhub.dates import today_ist

    for what, days in (("first scan", 0), ("same day again", 0), ("next day", 1)):
        scan = ScanRun.objects.create(firm=firm, as_of=today_ist() + timedelta(days=days))
        with common.clock() as seconds:
            scan = services.run_scan(scan)
        print(
            f"{what}, written: {seconds():.2f} s, {scan.shards.count()} shards, {scan.found:,} found, "
            f"{scan.opened:,} opened, {scan.closed:,} closed, {scan.status}",
            flush=True,
        )


if __name__ == "__main__":
    raise SystemExit(main())
