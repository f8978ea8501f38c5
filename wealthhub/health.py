"""Is everything up? Liveness for anybody, details for the staff."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import redis
from django.db import DatabaseError, connection
from django_redis import get_redis_connection

from wealthhub import heartbeats

LastOf = Callable[[int], dict[str, Any] | None]
_last_jobs: dict[str, LastOf] = {}


def register(name: str, last: LastOf) -> None:
    """Let an app report on its last job: ``last(firm_id)`` gives a small JSON object, or None where there was none."""
    _last_jobs[name] = last


def database() -> dict[str, Any]:
    """Whether PostgreSQL answers, and which."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SHOW server_version")
            return {"ok": True, "version": cursor.fetchone()[0]}
    except DatabaseError:
        return {"ok": False}


def redis_server() -> dict[str, Any]:
    """Whether Redis answers."""
    try:
        return {"ok": bool(get_redis_connection("default").ping())}
    except redis.RedisError:
        return {"ok": False}


def process(name: str) -> dict[str, Any]:
    """Whether the worker or the beat signed lately, and when."""
    at = heartbeats.seen(name)
    return {"ok": at is not None, "seen_at": datetime.fromtimestamp(at, tz=UTC).isoformat() if at else None}


def is_alive() -> bool:
    """The site can answer: PostgreSQL and Redis do."""
    return database()["ok"] and redis_server()["ok"]


def report(firm_id: int | None) -> dict[str, Any]:
    """All of it, with the last jobs of one firm."""
    servers = {"database": database(), "redis": redis_server()}
    processes = {name: {"ok": False, "seen_at": None} for name in ("worker", "beat")}
    if servers["redis"]["ok"]:
        processes = {"worker": process(heartbeats.WORKER), "beat": process(heartbeats.BEAT)}
    usable = servers["database"]["ok"]
    jobs = {
        name: last(firm_id) if usable and firm_id is not None else None
        for name, last in sorted(_last_jobs.items())
    }
    return {**servers, **processes, **jobs}
