"""Sums over a whole book, kept in the cache until the book changes.

A book changes by imports, by their undoing, and by people who move, merge or add clients. Each of these leaves a mark:
the import run, or the client's row in the history that the database itself writes. The marks are part of the key, so a
sum is never older than the newest of them. `LIFE` bounds what a change by hand in the database could hide.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from django.core.cache import cache
from django.db.models import Max

from wealthhub.clients.models import Client
from wealthhub.imports.models import ImportRun

if TYPE_CHECKING:
    from wealthhub.accounts.models import User

LIFE = 300  # seconds
Sums = TypeVar("Sums")
_History: Any = Client.pgh_event_model  # type: ignore[attr-defined]


def kept(user: User, name: str, work: Callable[[], Sums]) -> Sums:
    """``work()`` over all that ``user`` sees, or its answer since the last change. ``name`` tells the sums apart."""
    scope = user.scope
    if scope.firm_id is None:
        return work()
    runs = ImportRun.objects.filter(firm_id=scope.firm_id).aggregate(
        newest=Max("pk"), finished=Max("finished_at"), undone=Max("undone_at")
    )
    change = _History.objects.order_by("-pgh_id").values_list("pgh_id", flat=True).first()
    advisors = "all" if scope.advisor_ids is None else sorted(scope.advisor_ids)
    marks = (name, scope.firm_id, scope.client_id, scope.is_investor, advisors, sorted(runs.items()), change)
    key = f"book:{hashlib.sha256(repr(marks).encode()).hexdigest()}"
    found = cache.get(key)
    if found is None:
        found = work()
        cache.set(key, found, LIFE)
    return found
