"""What the benchmarks share: a database of their own, a generated book, and how a figure is printed."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg2
from psycopg2 import sql

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

if TYPE_CHECKING:
    from wealthhub.accounts.models import Firm

NAME = "wealthhub_bench"


def set_up() -> None:
    """Point Django at a fresh database `wealthhub_bench` beside the configured one, migrated; call before any model."""
    from wealthhub import env

    env.ensure_local_env()
    env.load()
    os.environ["HTTPS"] = os.environ["STATIC_HASHED"] = "0"
    url, redis = env.server_urls()
    connection = psycopg2.connect(url)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(NAME)))
        cursor.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(NAME)))
    connection.close()
    old = env.database(url)["NAME"]
    head, separator, query = url.partition("?")
    os.environ["DATABASE_URL"] = head.removesuffix(old) + NAME + separator + query
    os.environ["REDIS_URL"] = redis
    os.environ["REDIS_DB"] = "40"
    os.environ["DJANGO_SETTINGS_MODULE"] = "wealthhub.settings"
    os.environ["LOG_LEVEL"] = "ERROR"
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)


@contextmanager
def clock() -> Iterator[Callable[[], float]]:
    """Measure a block: what it yields tells the seconds, also afterwards."""
    started = time.perf_counter()
    ended: list[float] = []
    yield lambda: (ended[0] if ended else time.perf_counter()) - started
    ended.append(time.perf_counter())


def best(repeat: int, work: Callable[[], object]) -> float:
    """The fastest of ``repeat`` runs in seconds: what is left when the neighbours are quiet."""
    times = []
    for _ in range(repeat):
        with clock() as seconds:
            work()
        times.append(seconds())
    return min(times)


def verdict(what: str, ratio: float, *, at_most: float | None = None, at_least: float | None = None) -> bool:
    """Print a ratio with its limit and whether it holds."""
    holds = (at_most is None or ratio <= at_most) and (at_least is None or ratio >= at_least)
    limit = f"<= {at_most:g}" if at_most is not None else f">= {at_least:g}"
    print(f"{'holds' if holds else 'MISSED':7} {what:58} {ratio:8.2f}   (limit {limit})", flush=True)
    return holds


def make_book(*, sips: int, name: str = "Bench") -> Firm:
    """A firm with 40 advisors, ``sips`` registrations of a believable mix and 2.4 SIPs a client, straight by SQL."""
    from django.db import connection
    from django.utils.text import slugify

    from wealthhub.accounts.models import Firm

    firm = Firm.objects.create(name=name, slug=slugify(name))
    clients = max(int(sips / 2.4), 1)
    with connection.cursor() as cursor:
        cursor.execute(_ADVISORS, {"firm": firm.pk})
        cursor.execute("ALTER TABLE clients_client DISABLE TRIGGER USER")  # no history of invented clients
        cursor.execute(_CLIENTS, {"firm": firm.pk, "clients": clients})
        cursor.execute("ALTER TABLE clients_client ENABLE TRIGGER USER")
        cursor.execute(_IDENTIFIERS, {"firm": firm.pk})
        cursor.execute(
            "VACUUM ANALYZE clients_client"
        )  # the planner must know how many clients a SIP may belong to
        cursor.execute(_SIPS, {"firm": firm.pk, "clients": clients, "sips": sips})
        for table in ("clients_advisor", "clients_client", "clients_clientidentifier", "opportunities_sip"):
            cursor.execute(f"VACUUM ANALYZE {table}")
    return firm


_ADVISORS = """
INSERT INTO clients_advisor (firm_id, agent_id, agent_external_id, member_id, name)
SELECT %(firm)s, (1000 + n)::text, 'ag_' || %(firm)s || '_' || n, '', 'Advisor ' || n FROM generate_series(1, 40) n
"""
_CLIENTS = """
INSERT INTO clients_client (firm_id, name, relationship, advisor_id, is_active)
SELECT %(firm)s, 'Client ' || n, 'distribution', a.id, true
FROM generate_series(1, %(clients)s) n
JOIN clients_advisor a ON a.firm_id = %(firm)s AND a.agent_id = (1001 + n %% 40)::text
"""
_IDENTIFIERS = """
INSERT INTO clients_clientidentifier (firm_id, client_id, source, external_id)
SELECT firm_id, id, 'wealthy', gen_random_uuid()::text FROM clients_client WHERE firm_id = %(firm)s
"""
_SIPS = """
INSERT INTO opportunities_sip (
    firm_id, sip_meta_id, client_id, advisor_id, uid, goal_id, goal_name, scheme_names, sip_days, num_days, amount,
    start_date, end_date, paused_reason, increment_percentage, increment_amount, increment_period, stepper_enabled,
    is_active, deleted, status, sales_status, had_mandate_at_creation, has_current_mandate, mandate_tracking_status,
    first_success_on, latest_success_on, success_amount, pending_amount, failed_amount, in_progress_amount,
    paused_amount, success_count, registered_on)
SELECT c.firm_id, n::text, c.id, c.advisor_id, n::text, n::text, 'Custom Funds', ARRAY['Flexi Cap Fund (G)'],
    ARRAY[5], 1,
    500 * (1 + n %% 40), current_date - (30 + n * 7 %% 1800)::int, current_date + 3650, '',
    CASE n %% 3 WHEN 0 THEN 10 ELSE 0 END, 0, CASE n %% 3 WHEN 0 THEN '1Y' ELSE '' END, true,
    n %% 12 <> 0, n %% 60 = 0, CASE WHEN n %% 9 = 0 THEN 'Failed' WHEN n %% 17 = 0 THEN 'Paused' ELSE 'Success' END,
    'validSales', true, true, 'Already Confirmed', current_date - (30 + n * 7 %% 1800)::int,
    CASE WHEN n %% 40 <> 0
         THEN current_date - (CASE WHEN n %% 8 = 0 THEN 90 + n %% 300 ELSE n %% 31 END)::int END,
    CASE WHEN n %% 40 = 0 THEN 0 ELSE 500 * (1 + n %% 40) * (1 + n %% 36) END, 0,
    CASE WHEN n %% 9 = 0 THEN 500 * (1 + n %% 40) * (1 + n %% 4) ELSE 0 END, 0, 0, 1 + n %% 36,
    current_date - (30 + n * 7 %% 1800)::int
FROM generate_series(1, %(sips)s) n
JOIN (SELECT id, firm_id, advisor_id, row_number() OVER (ORDER BY id) AS place
      FROM clients_client WHERE firm_id = %(firm)s) c
  ON c.place = 1 + n %% %(clients)s
"""
