"""What happens elsewhere when clients change hands or become one.

The hub knows no domain app. A model whose rows must go with their client says ``advisor_follows_client = True`` and has
both columns; an app that wants to look at changed clients again names a task in its ``AppConfig``:
``clients_changed_task = "opportunities.tasks.scan_after_merge"``, called with the firm's id and the clients' ids.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from celery import current_app
from django.apps import apps
from django.db import models, transaction

from wealthhub.clients.models import Advisor, Client


def following_models() -> Iterator[type[models.Model]]:
    """The models whose ``advisor`` is that of their ``client``."""
    return (model for model in apps.get_models() if getattr(model, "advisor_follows_client", False))


def move_followers(clients: Collection[int], *, advisor: Advisor | None) -> int:
    """Give everything that follows these clients to ``advisor``; returns how many rows that were."""
    return sum(
        model._base_manager.filter(client_id__in=clients).update(advisor=advisor)
        for model in following_models()
    )


def announce(*, firm_id: int, clients: Collection[int]) -> None:
    """Tell the apps, once this transaction is committed, that these clients' rows have moved."""
    ids = sorted(clients)
    for config in apps.get_app_configs():
        if task := getattr(config, "clients_changed_task", ""):
            _send_on_commit(task, firm_id, ids)


def _send_on_commit(task: str, firm_id: int, ids: list[int]) -> None:
    transaction.on_commit(lambda: current_app.send_task(task, args=[firm_id, ids]))


def is_history(model: type[models.Model]) -> bool:
    """A table that the database's own triggers write: it stays with the row it speaks of."""
    return hasattr(model, "pgh_tracked_model")


def rows_of_a_client() -> Iterator[tuple[type[models.Model], models.ForeignObject]]:
    """Every table with a key to `Client`, and that key, in a fixed order."""
    for relation in sorted(Client._meta.related_objects, key=lambda one: one.related_model._meta.label):
        yield relation.related_model, relation.field
