"""Registers the app."""

from django.apps import AppConfig

from wealthhub.navigation import NavEntry


class ImportsConfig(AppConfig):
    """The hub's imports."""

    name = "wealthhub.imports"
    label = "imports"
    nav = (NavEntry("Imports", "imports:list", "imports", order=60, roles=frozenset({"admin", "manager"})),)
