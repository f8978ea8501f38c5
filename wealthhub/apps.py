"""The hub itself, installed for its template tags, checks and commands."""

from django.apps import AppConfig


class WealthhubConfig(AppConfig):
    """Configures logging once Django is set up."""

    name = "wealthhub"

    def ready(self) -> None:
        """Logs go out as JSON from the first request on."""
        from wealthhub import checks, logs  # noqa: F401  importing the checks registers them

        logs.configure()
