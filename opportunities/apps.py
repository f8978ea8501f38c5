"""Registers the app."""

from django.apps import AppConfig

from wealthhub.navigation import ADMINS, STAFF, NavEntry


class OpportunitiesConfig(AppConfig):
    """SIP book, detectors, the advisor's worklist."""

    name = "opportunities"
    nav = (
        NavEntry("Opportunities", "opportunities:list", "opportunities", order=20, roles=STAFF),
        NavEntry("SIP book", "opportunities:sips", "sip", order=40),
        NavEntry("Detectors", "opportunities:settings", "adjust", order=80, roles=ADMINS, group="Firm"),
    )
