"""Import of a SIP book from its JSON export, against a raw COPY of the same parsed columns into the same table.

python benchmarks/bench_import.py                  100,000 rows
python benchmarks/bench_import.py --rows 1000000   and cost a row against 100,000 rows, and peak memory
"""

from __future__ import annotations

import argparse
import datetime as dt
import random
import resource
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.common import clock, set_up, verdict

if TYPE_CHECKING:
    from wealthhub.accounts.models import Firm
    from wealthhub.imports.models import ImportRun

SMALL = 100_000
BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
FUNDS = [
    f"{house} {kind} Fund (G)"
    for house in ("Alpha", "Beta", "Gamma", "Delta")
    for kind in ("Flexi Cap", "Midcap", "Small Cap")
]
MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]


def day(value: dt.date) -> str:
    """``July 30, 2023``."""
    return f"{MONTHS[value.month - 1]} {value.day}, {value.year}"


def instant(value: dt.date, rng: random.Random) -> str:
    """``July 30, 2023, 8:49 AM``."""
    return f"{day(value)}, {rng.randint(1, 12)}:{rng.randint(0, 59):02d} {rng.choice(('AM', 'PM'))}"


def record(
    number: int, rng: random.Random, people: list[tuple[str, tuple[str, str, str]]], raised: bool
) -> dict[str, str]:
    """One registration as the export writes it: 45 keys, every value a text."""
    user, (agent, external, member) = people[number * 7919 % len(people)]
    start = dt.date(2019, 1, 1) + dt.timedelta(days=rng.randint(0, 2500))
    amount = rng.choice((500, 1000, 1500, 2000, 2500, 5000, 5500, 10000, 15000)) + (500 if raised else 0)
    count = rng.randint(0, 60)
    latest = day(dt.date(2026, 1, rng.randint(1, 28))) if count else ""
    failed = amount * rng.choice((0, 0, 0, 1, 2, 5))
    schemes = ", ".join(rng.sample(FUNDS, rng.randint(1, 3))) if rng.random() < 0.6 else ""
    return {
        "inserted_at": instant(dt.date(2026, 1, 17), rng),
        "event_date": "January 27, 2026, 11:30 AM",
        "created_at": instant(start, rng),
        "sip_meta_date": day(start),
        "sip_meta_month": day(start.replace(day=1)),
        "uid": str(number),
        "sip_meta_id": f"{number:,}",
        "user_id": user,
        "goal_id": f"{rng.randint(1000, 99999):,}",
        "sip_days": "5" if number % 9 else "5,10",
        "num_days": "1" if number % 9 else "2",
        "amount": f"{amount:,}",
        "scheme_name": f"[{schemes}]",
        "goal_name": rng.choice(
            ("Custom Funds", "Individual Fund(s)", "Micro SIP", "Wealthy Long Term Equity")
        ),
        "start_date": day(start),
        "end_date": day(start.replace(year=start.year + 24, day=1)),
        "paused_from": "",
        "paused_till": "",
        "paused_reason": "",
        "increment_percentage": rng.choice(("0", "10", "20")),
        "increment_amount": "0",
        "increment_period": rng.choice(("6M", "1Y", "")),
        "is_active": rng.choice(("true", "true", "false")),
        "sip_sales_status": "validSales",
        "had_mandate_at_creation": "true",
        "has_current_mandate": rng.choice(("true", "false")),
        "mandate_tracking_status": "Confirmed Within 45 Days",
        "mandate_confirmed_date": day(start),
        "stepper_enabled": "true",
        "first_order_nav_allocated_at": day(start),
        "first_success_order_date": day(start) if count else "",
        "latest_success_order_date": latest,
        "first_success_order_month": day(start.replace(day=1)) if count else "",
        "latest_success_order_month": "January 1, 2026" if count else "",
        "success_amount": f"{amount * count:,}",
        "pending_amount": "0",
        "failed_amount": f"{failed:,}",
        "in_progress_amount": "0",
        "paused_amount": "0",
        "success_count": str(count),
        "currentSipStatus": "Failed" if failed else "Success",
        "agent_external_id": external,
        "member_id": member,
        "agent_id": agent,
        "deleted": "false" if number % 50 else "true",
    }


def write_book(path: Path, rows: int, *, changed_every: int = 0) -> None:
    """A JSON array of ``rows`` registrations; every ``changed_every``-th has a higher amount than without it."""
    import json

    rng = random.Random(7)  # noqa: S311 - sample data
    agents = [
        (f"{1000 + n:,}", "ag_" + "".join(rng.choices(BASE58, k=22)), f"01J{rng.getrandbits(100):023X}")
        for n in range(max(rows // 250, 1))
    ]
    people = [(f"{rng.getrandbits(128):032x}", rng.choice(agents)) for _ in range(max(int(rows / 2.4), 1))]
    with path.open("w", encoding="utf-8") as file:
        for number in range(1, rows + 1):
            raised = bool(changed_every) and number % changed_every == 0
            file.write("[" if number == 1 else ",\n")
            file.write(json.dumps(record(number, rng, people, raised)))
        file.write("]\n")


def take_in(path: Path, firm: Firm) -> tuple[float, ImportRun]:
    """Seconds from the kept file to the committed run."""
    from wealthhub.imports import services, sources

    with path.open("rb") as file:
        run = services.receive_file(
            user=None,
            firm=firm,
            source=sources.get("sip"),
            file=file,
            filename=path.name,
            channel="command",
            queue=False,
            limit=1 << 34,
        )
    with clock() as seconds:
        run = services.execute(run.pk)
    if run is None or run.status != "succeeded":
        raise SystemExit(f"the import failed: {run and run.error_message}")
    run.file.delete(save=False)
    return seconds(), run


def raw_copy(firm: Firm, other: Firm) -> float:
    """Seconds of a plain COPY of ``firm``'s parsed rows into the same table for ``other``; its clients are there."""
    from django.db import connection

    from opportunities.models import Sip

    names = [
        field.column for field in Sip._meta.concrete_fields if not field.primary_key and not field.generated
    ]
    listed = ", ".join(f'"{name}"' for name in names)
    values = ", ".join(str(other.pk) if name == "firm_id" else f'"{name}"' for name in names)
    with tempfile.TemporaryFile() as file, connection.cursor() as cursor:
        cursor.cursor.copy_expert(
            f"COPY (SELECT {values} FROM opportunities_sip WHERE firm_id = {firm.pk} ORDER BY id) TO STDOUT",
            file,
        )
        file.seek(0)
        with clock() as seconds:
            cursor.cursor.copy_expert(f"COPY opportunities_sip ({listed}) FROM STDIN", file)
        return seconds()


def new_firm(name: str) -> Any:
    """An empty firm, on quiet tables."""
    from django.db import connection

    from wealthhub.accounts.models import Firm

    with connection.cursor() as cursor:
        for table in (
            "opportunities_sip",
            "clients_client",
            "clients_clientidentifier",
            "imports_importchange",
        ):
            cursor.execute(f"VACUUM ANALYZE {table}")
        cursor.execute("CHECKPOINT")
    return Firm.objects.create(name=name, slug=name)


def main() -> int:
    """Measure, print, and answer 1 where a limit is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=SMALL)
    parser.add_argument("--repeat", type=int, default=3)
    options = parser.parse_args()
    set_up()
    with tempfile.TemporaryDirectory() as folder:
        held = small(Path(folder), options.repeat)
        if options.rows > SMALL:
            held.append(large(Path(folder), options.rows))
    return 0 if all(held) else 1


def small(folder: Path, repeat: int) -> list[bool]:
    """First import against raw COPY, and the import of the same book with 1 % changed."""
    first_path, second_path = folder / "book.json", folder / "changed.json"
    write_book(first_path, SMALL)
    write_book(second_path, SMALL, changed_every=100)
    ratios, again = [], []
    for number in range(repeat):
        firm = new_firm(f"import-{number}")
        first, run = take_in(first_path, firm)
        copied = raw_copy(firm, new_firm(f"copy-{number}"))
        second, changed = take_in(second_path, firm)
        print(
            f"        {SMALL:,} rows: import {first:.2f} s, raw COPY {copied:.2f} s,"
            f" again with 1 % changed {second:.2f} s"
        )
        print(f"        first: {run.summary['seconds']}  again: {changed.summary['seconds']}", flush=True)
        if (changed.rows_created, changed.rows_updated) != (0, SMALL // 100):
            raise SystemExit(f"expected {SMALL // 100} changed rows, got {changed.rows_updated}")
        ratios.append(copied / first)
        again.append(second / first)
    return [
        verdict(
            "import, share of the rows/s of a raw COPY (median)", sorted(ratios)[repeat // 2], at_least=0.30
        ),
        verdict(
            "re-import with 1 % changed, time against the first", sorted(again)[repeat // 2], at_most=1.0
        ),
    ]


def large(folder: Path, rows: int) -> bool:
    """Cost a row at ``rows`` against that at 100,000, and the memory of it all."""
    few, many = folder / "few.json", folder / "many.json"
    write_book(few, SMALL)
    seconds, _ = take_in(few, new_firm("few"))
    write_book(many, rows)
    longer, run = take_in(many, new_firm("many"))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"        {rows:,} rows: {longer:.1f} s {run.summary['seconds']}, peak memory {peak:.0f} MB")
    linear = verdict("cost a row, large against 100,000", longer / rows / (seconds / SMALL), at_most=1.5)
    return verdict("peak memory of the process, MB", peak, at_most=600) and linear


if __name__ == "__main__":
    sys.exit(main())
