"""Gives every test process throw-away secrets and Redis databases of its own.

The settings module is named here and not in pyproject.toml: pytest-django would load it before this file. A parallel
worker inherits the name from the process that starts it and has loaded the settings already: hence the databases are
put into the settings themselves, before anything has connected.
"""

import os

from django.conf import settings

os.environ.setdefault("SECRET_KEY", "only-for-tests-" + "x" * 40)
os.environ.setdefault("FIELD_KEYS", "k1:MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=")
os.environ.setdefault("HASH_KEY", "only-for-tests")
os.environ["HTTPS"] = "0"
os.environ["STATIC_HASHED"] = "0"
os.environ["EMAIL_BACKEND"] = "django.core.mail.backends.locmem.EmailBackend"
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "wealthhub.settings")


def use_own_redis_databases() -> None:
    """The cache is flushed by tests: no two processes may share one."""
    from wealthhub import env

    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    number = 10 + 2 * int(worker.removeprefix("gw")) if worker else 8
    server = settings.CACHES["default"]["LOCATION"]  # loads the settings, if nothing has yet
    settings.CACHES["default"]["LOCATION"] = env.redis_url(server, db=number)
    settings.CELERY_BROKER_URL = env.redis_url(server, db=number + 1, broker=True)
    settings.CELERY_RESULT_BACKEND = settings.CELERY_BROKER_URL


use_own_redis_databases()
