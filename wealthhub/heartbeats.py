"""Signs of life of the worker and the beat, left in Redis with an end: asking them costs nothing."""

from __future__ import annotations

import time
from typing import Any

from celery import signals

WORKER, BEAT = "alive:worker", "alive:beat"
_EVERY = 10  # seconds between two signs
_LASTS = {WORKER: 45, BEAT: 150}  # the beat is heard when it sends a task, once a minute at least
_last: dict[str, float] = {}
_is_beat = False


def sign(name: str) -> None:
    """Say that the process ``name`` is alive; at most every ten seconds."""
    now = time.time()
    if now - _last.get(name, 0) < _EVERY:
        return
    _last[name] = now
    from django.core.cache import cache  # settings are not ready when celery loads this module

    cache.set(name, now, timeout=_LASTS[name])


def seen(name: str) -> float | None:
    """When the process last signed, in Unix seconds; None when that is too long ago."""
    from django.core.cache import cache

    return cache.get(name)


@signals.heartbeat_sent.connect
@signals.worker_ready.connect
def _worker_lives(**_: Any) -> None:
    sign(WORKER)


@signals.beat_init.connect
def _beat_begins(**_: Any) -> None:
    global _is_beat  # noqa: PLW0603 - one flag of one process
    _is_beat = True
    sign(BEAT)


@signals.before_task_publish.connect
def _beat_sends(**_: Any) -> None:
    if _is_beat:
        sign(BEAT)
