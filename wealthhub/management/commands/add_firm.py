"""Sets up a firm and its first administrator."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from wealthhub.accounts import services
from wealthhub.accounts.choices import FirmKind, Role
from wealthhub.errors import DomainError


class Command(BaseCommand):
    """``manage.py add_firm NAME --kind KIND --admin USERNAME --password PASSWORD``."""

    help = "Set up a new, empty firm with its first administrator."

    def add_arguments(self, parser: CommandParser) -> None:
        """The firm and who runs it."""
        parser.add_argument("name", help="The firm's name.")
        parser.add_argument("--kind", choices=FirmKind.values, default=FirmKind.DISTRIBUTOR.value)
        parser.add_argument("--slug", default="", help="Short name; made out of the name when left out.")
        parser.add_argument("--admin", required=True, help="User name of the first administrator.")
        parser.add_argument("--password", required=True, help="Their password, 10 characters at least.")
        parser.add_argument("--email", default="", help="Their e-mail address, for a forgotten password.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Both or neither."""
        try:
            with transaction.atomic():
                firm = services.create_firm(name=options["name"], kind=options["kind"], slug=options["slug"])
                services.create_user(
                    firm=firm,
                    username=options["admin"],
                    email=options["email"],
                    password=options["password"],
                    role=Role.ADMIN,
                )
        except DomainError as refusal:
            raise CommandError(refusal.message) from refusal
        self.stdout.write(
            f"{firm.name} ({firm.slug}) is set up; {options['admin']} can sign in as its administrator."
        )
