"""Registers the app."""

from django.apps import AppConfig

from wealthhub.navigation import STAFF, NavEntry


class OverviewConfig(AppConfig):
    """The hub's overview."""

    name = "wealthhub.overview"
    label = "overview"
    nav = (
        NavEntry("Today", "overview:today", "home", order=10),
        NavEntry("Advisors", "overview:advisors", "advisors", order=50, roles=STAFF),
    )
