"""The hub: what every domain app stands on."""

from wealthhub.celery import app as celery_app

__all__ = ["celery_app"]
