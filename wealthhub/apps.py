"""The hub itself, installed for its template tags, checks and commands."""

from django.apps import AppConfig


class WealthhubConfig(AppConfig):
    """Configures logging once Django is set up."""

    name = "wealthhub"

    def ready(self) -> None:
        """Logs go out as JSON from the first request on."""
        from wealthhub import logs

        logs.configure()
