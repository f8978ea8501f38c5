"""Registers the app."""

from typing import Any

from django.apps import AppConfig

from wealthhub import health
from wealthhub.navigation import NavEntry


class ImportsConfig(AppConfig):
    """The hub's imports."""

    name = "wealthhub.imports"
    label = "imports"
    nav = (NavEntry("Imports", "imports:list", "imports", order=60, roles=frozenset({"admin", "manager"})),)

    def ready(self) -> None:
        """The health page names the firm's last import."""
        health.register("last_import", _last_import)


def _last_import(firm_id: int) -> dict[str, Any] | None:
    from wealthhub.imports.models import ImportRun  # models are not loaded when this module is

    last = ImportRun.objects.filter(firm_id=firm_id).values("id", "source", "status", "finished_at").first()
    return {**last} if last else None
