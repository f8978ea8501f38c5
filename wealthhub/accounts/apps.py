"""Registers the app."""

from django.apps import AppConfig

from wealthhub.navigation import ADMINS, NavEntry

LEADS = ADMINS | {"manager"}


class AccountsConfig(AppConfig):
    """The hub's accounts."""

    name = "wealthhub.accounts"
    label = "accounts"
    nav = (
        NavEntry("Team", "team", "user-check", order=82, roles=LEADS, group="Firm"),
        NavEntry("Firm", "firm_settings", "firm", order=84, roles=ADMINS, group="Firm"),
        NavEntry("Audit trail", "audit", "history", order=86, roles=ADMINS, group="Firm"),
    )

    def ready(self) -> None:
        """Listen to allauth."""
        from wealthhub.accounts import signals  # noqa: F401 - needs the models
