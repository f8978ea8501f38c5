"""Exit 0 when this container does its work: ``healthcheck.py web | worker | beat``."""

import os
import socket
import sys
import urllib.request


def web() -> bool:
    """Ask the site, by a name it accepts, whether it, PostgreSQL and Redis are up."""
    names = [name.strip() for name in os.environ.get("ALLOWED_HOSTS", "").split(",") if name.strip()]
    host = (names or ["localhost"])[0].lstrip(".").replace("*", "localhost")
    request = urllib.request.Request("http://127.0.0.1:8000/api/health", headers={"Host": host})
    with urllib.request.urlopen(request, timeout=4) as response:  # noqa: S310  our own address
        return response.status == 200


def worker() -> bool:
    """Ask the worker of this container, and no other, to answer over the broker."""
    from wealthhub.celery import app

    name = f"celery@{socket.gethostname()}"
    return bool(app.control.inspect(destination=[name], timeout=8).ping())


def beat() -> bool:
    """Look for the sign that beat leaves in Redis with every task it sends."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "wealthhub.settings")
    django.setup()
    from wealthhub import heartbeats

    return heartbeats.seen(heartbeats.BEAT) is not None


if __name__ == "__main__":
    sys.path.insert(0, os.getcwd())  # noqa: PTH109  the image starts every command in /app
    sys.exit(0 if {"web": web, "worker": worker, "beat": beat}[sys.argv[1]]() else 1)
