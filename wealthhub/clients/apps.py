"""Registers the app."""

from django.apps import AppConfig

from wealthhub.navigation import STAFF, NavEntry


class ClientsConfig(AppConfig):
    """The hub's clients."""

    name = "wealthhub.clients"
    label = "clients"
    nav = (NavEntry("Clients", "clients:list", "clients", order=30, roles=STAFF),)
