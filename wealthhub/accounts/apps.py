"""Registers the app."""

from django.apps import AppConfig

from wealthhub.navigation import ADMINS, NavEntry


class AccountsConfig(AppConfig):
    """The hub's accounts."""

    name = "wealthhub.accounts"
    label = "accounts"
    nav = (
        NavEntry("Team", "team", "user-check", order=82, roles=ADMINS, group="Firm"),
        NavEntry("Firm", "firm_settings", "firm", order=84, roles=ADMINS, group="Firm"),
        NavEntry("Audit trail", "audit", "history", order=86, roles=ADMINS, group="Firm"),
    )
