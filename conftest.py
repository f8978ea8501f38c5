"""Gives every test process its own Redis databases and throw-away secrets, before Django reads its settings.

That is also why the settings module is named here and not in pyproject.toml: pytest-django would load it before
this file.
"""

import os

from django.conf import settings

_worker = os.environ.get("PYTEST_XDIST_WORKER", "")
os.environ["REDIS_DB"] = str(10 + 2 * int(_worker.removeprefix("gw"))) if _worker else "8"
os.environ.setdefault("SECRET_KEY", "only-for-tests-" + "x" * 40)
os.environ.setdefault("FIELD_KEYS", "k1:MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=")
os.environ.setdefault("HASH_KEY", "only-for-tests")
os.environ["HTTPS"] = "0"
os.environ["STATIC_HASHED"] = "0"
os.environ["EMAIL_BACKEND"] = "django.core.mail.backends.locmem.EmailBackend"
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "wealthhub.settings")
settings.DATABASES  # noqa: B018  loads the settings now: pytest-django sets Django up when it finds them loaded
