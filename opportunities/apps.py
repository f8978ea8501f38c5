"""Registers the app."""

from typing import Any

from django.apps import AppConfig

from wealthhub import health
from wealthhub.navigation import ADMINS, STAFF, NavEntry


class OpportunitiesConfig(AppConfig):
    """SIP book, detectors, the advisor's worklist."""

    name = "opportunities"
    clients_changed_task = "opportunities.tasks.scan_after_merge"
    nav = (
        NavEntry("Opportunities", "opportunities:list", "opportunities", order=20, roles=STAFF),
        NavEntry("SIP book", "opportunities:sips", "sip", order=40),
        NavEntry("Detectors", "opportunities:settings", "adjust", order=80, roles=ADMINS, group="Firm"),
    )

    def ready(self) -> None:
        """The health page names the firm's last scan."""
        health.register("last_scan", _last_scan)


def _last_scan(firm_id: int) -> dict[str, Any] | None:
    from opportunities.models import ScanRun  # models are not loaded when this module is

    last = ScanRun.objects.filter(firm_id=firm_id).values("id", "as_of", "status", "finished_at").first()
    return {**last} if last else None
