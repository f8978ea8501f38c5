"""`manage.py demo`: two made-up firms to look around in."""

from __future__ import annotations

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from opportunities import demo
from wealthhub.dates import today_ist
from wealthhub.errors import DomainError


class Command(BaseCommand):
    """Loads the demo firms and their sign-ins."""

    help = "Make two made-up firms with clients, SIPs, history, opportunities and sign-ins."

    def add_arguments(self, parser: CommandParser) -> None:
        """The seed and the size."""
        parser.add_argument("--once", action="store_true", help="do nothing where the demo firms are loaded")
        parser.add_argument("--seed", type=int, default=1, help="another seed, another book (default 1)")
        parser.add_argument("--clients", type=int, default=5000, help="clients of both firms (default 5,000)")

    def handle(self, *args: Any, **options: Any) -> None:
        """Load, and print the sign-ins."""
        started = time.monotonic()
        try:
            demo.refuse_outside_demo()
            if demo.is_loaded():
                if not options["once"]:
                    raise CommandError("The demo firms are loaded. `make fresh` throws all data away.")
                self.stdout.write("The demo firms are loaded.")
                return
            if options["clients"] < 500:
                raise CommandError("At least 500 clients.")
            demo.load(seed=options["seed"], today=today_ist(), size=options["clients"], say=self.stdout.write)
        except DomainError as refusal:
            raise CommandError(refusal.message) from refusal
        self.stdout.write(
            f"Loaded in {time.monotonic() - started:.0f} s. Sign in as {', '.join(demo.SIGN_INS)} "
            f"with the password {demo.PASSWORD}."
        )
