"""Lists and pages of a firm with 100,000 SIPs, four callers at once, against an empty signed-in view.

The limit is measured in the same run on the same server: p95 of an API list within 4 times that of `/api/me`, p95 of a
page within 6 times that of the profile page. Aims: 2 and 3.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import os
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks import common

CALLERS = 4
LISTS = (
    "/api/opportunities?limit=100",
    "/api/opportunities/failed-sips?limit=100",
    "/api/opportunities/high-value-inactive?limit=100",
    "/api/opportunities/no-sip-increase?limit=100",
    "/api/opportunities/stats",
    "/api/agents",
)
PAGES = ("/", "/opportunities/", "/opportunities/sips/", "/clients/", "/advisors/", "/imports/")


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def site() -> Iterator[int]:
    """The site under granian as `make run` starts it; yields the port."""
    port = free_port()
    command = [
        str(Path(sys.executable).parent / "granian"), "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port),
        "--workers", "2", "--blocking-threads", "4", "--no-ws", "--log-level", "error", "wealthhub.wsgi:application",
    ]  # fmt: skip
    rates = {"API_RATE_PER_USER": "100000000", "API_RATE_PER_ADDRESS": "100000000"}
    server = subprocess.Popen(
        command, env={**os.environ, **rates}, cwd=Path(__file__).resolve().parent.parent
    )
    try:
        for _ in range(100):
            with (
                contextlib.suppress(OSError),
                contextlib.closing(http.client.HTTPConnection("127.0.0.1", port)) as probe,
            ):
                probe.request("GET", "/api/health")
                if probe.getresponse().status == 200:
                    break
            time.sleep(0.2)
        yield port
    finally:
        server.terminate()
        server.wait(20)


def call(port: int, path: str, cookie: str, times: int) -> list[float]:
    """Seconds of each of ``times`` requests over one connection."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    seconds = []
    for _ in range(times):
        started = time.perf_counter()
        connection.request("GET", path, headers={"Cookie": cookie})
        response = connection.getresponse()
        response.read()
        seconds.append(time.perf_counter() - started)
        if response.status != 200:
            raise SystemExit(f"{path}: {response.status}")
    connection.close()
    return seconds


def p95(port: int, path: str, cookie: str, times: int) -> float:
    """The 95th percentile over all callers, after a warm-up."""
    with ThreadPoolExecutor(CALLERS) as pool:
        list(pool.map(lambda _: call(port, path, cookie, 5), range(CALLERS)))
        runs = pool.map(lambda _: call(port, path, cookie, times), range(CALLERS))
        return statistics.quantiles([second for run in runs for second in run], n=20)[-1]


def main() -> int:
    """Print the ratios; 1 when a limit is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sips", type=int, default=100_000)
    parser.add_argument("--times", type=int, default=60)
    chosen = parser.parse_args()
    common.set_up()
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.cached_db import SessionStore

    from opportunities import services as opportunities
    from opportunities.models import ScanRun
    from wealthhub.accounts.models import User
    from wealthhub.dates import today_ist

    firm = common.make_book(sips=chosen.sips)
    user = User.objects.create(username="bench", firm=firm, role="admin")
    opportunities.run_scan(ScanRun.objects.create(firm=firm, as_of=today_ist()))
    session = SessionStore()
    session.update(
        {
            SESSION_KEY: str(user.pk),
            BACKEND_SESSION_KEY: settings.AUTHENTICATION_BACKENDS[0],
            HASH_SESSION_KEY: user.get_session_auth_hash(),
        }
    )
    session.save()
    cookie = f"{settings.SESSION_COOKIE_NAME}={session.session_key}"
    print(f"{chosen.sips:,} SIPs, {CALLERS} callers, {chosen.times} requests each; p95 in ms")
    held = True
    with site() as port:
        for paths, empty, limit in ((LISTS, "/api/me", 4), (PAGES, "/accounts/profile/", 6)):
            for path in paths:
                floor = p95(port, empty, cookie, chosen.times)
                measured = p95(port, path, cookie, chosen.times)
                what = f"{path}  {measured * 1000:.1f} / {floor * 1000:.1f} ms"
                held &= common.verdict(what, measured / floor, at_most=limit)
    return 0 if held else 1


if __name__ == "__main__":
    raise SystemExit(main())
