"""``manage.py prepare``: what has to be true before the site can start on this machine."""

from typing import Any

from django.conf import settings
from django.core.management import call_command, get_commands
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    """Bring the database up to date; where demo sign-ins are allowed, load the demo firm once."""

    help = "Migrates the database and, where DEMO_SIGN_INS is on, loads the demo firm once."

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it. Safe to repeat."""
        call_command("migrate", interactive=False, verbosity=0)
        call_command("check", databases=["default"])
        if settings.DEMO_SIGN_INS and "demo" in get_commands():
            call_command("demo", once=True)
