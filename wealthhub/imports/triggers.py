"""Imports are recorded by their run, so the per-row history triggers rest while one writes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import pgtrigger


@contextmanager
def at_rest(cursor: Any) -> Iterator[None]:
    """Within the transaction, no history trigger fires. An error rolls the setting back with everything else.

    `pgtrigger.ignore` puts its setting before every statement and cannot do so with named parameters; once is enough.
    """
    cursor.execute("SELECT set_config('pgtrigger.ignore', %s, true)", [_all_triggers()])
    yield
    cursor.execute("SELECT set_config('pgtrigger.ignore', NULL, true)")


@lru_cache(maxsize=1)
def _all_triggers() -> str:
    names = []
    for model, trigger in pgtrigger.registered():
        pgid = trigger.get_pgid(model)
        names += [pgid, f"{model._meta.db_table}:{pgid}"]
    return "{" + ",".join(names) + "}"
