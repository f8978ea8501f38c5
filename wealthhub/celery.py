"""The Celery application: queues `default`, `imports`, `scans`, `ai`."""

import os

from celery import Celery

from wealthhub import heartbeats  # noqa: F401 - connects the signals

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "wealthhub.settings")
app = Celery("wealthhub")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
